"""The view of what a run forecasts: the end of each series, and the steps to come."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Static

from rnn_tui.data.time_axis import TimeAxis
from rnn_tui.engine.counts import count_of
from rnn_tui.engine.errors import printable
from rnn_tui.ui.chart.chart import ChartSeries
from rnn_tui.ui.frame.task_view import TaskTab, TaskView
from rnn_tui.ui.sequences.drawing import LONGEST_NAME, DrawnChart, SequencesDrawn
from rnn_tui.ui.terminal.key_table import key, moves
from rnn_tui.ui.work.threads import LatestQuestion

if TYPE_CHECKING:
    from rnn_tui.engine.config import RunConfig
    from rnn_tui.tasks.data_sets.forecast_curves import Ahead, ForecastCurve
    from rnn_tui.tasks.task import Task

FAILURE = "The forecast can't be shown; the log file has the details."
NOT_YET = "Train a network (t): what it forecasts after the end of the file appears here."
NO_PLACES = "Where the windows come from isn't known; read the file again."
IN_FILE, CHECKED, TO_COME = "in the file", "as a check", "to come"


@dataclass(frozen=True, eq=False)
class Forecasts:
    """What a network of a run forecasts."""

    network: str  #: its variant, and of several seeds how many.
    horizon: int  #: steps ahead.
    interval: float  #: the share of true numbers in the bands; 0 for none.
    curves: "Sequence[ForecastCurve]"
    series: int  #: how many there are, of which the first are drawn.


class ForecastCharts(SequencesDrawn):
    """Charts of forecasts, as wide as labels of dates and the names of lines need."""

    least_width, least_height = 44, 11


class ForecastView(Vertical, TaskView):
    """Charts of series, each with the forecast of its last steps, and of those to come."""

    DEFAULT_CLASSES = "lone-panel"
    can_focus = True
    shows_results = True
    BINDINGS = [
        key("network", "next_variant", "Network", tooltip="Forecasts of the next network"),
        Binding(
            "left", "move(-1)", "Series", key_display="←→", tooltip="The previous or next series"
        ),
        *moves("move", {"right": 1, "home": -1_000_000, "end": 1_000_000}),
    ]

    def __init__(self, pane: TaskTab) -> None:
        super().__init__()
        self._spec = pane.spec
        self._run_id = ""  #: the run whose forecasts are shown.
        self._config: RunConfig | None = None  #: its own; None before there is one.
        self._variant = 0  #: the number of the network that forecasts.
        self._forecasts: Forecasts | None = None
        self._first = 0  #: the place of the first chart.
        self._asking = LatestQuestion[Forecasts](self, self._receive, FAILURE)

    def compose(self) -> ComposeResult:
        yield Static(NOT_YET, id="forecast-message", markup=False)
        yield ForecastCharts()

    def on_mount(self) -> None:
        self.query_one(ForecastCharts).display = False

    def bring_up_to_date(self, pane: TaskTab) -> None:
        run, evaluation = pane.results
        if run is None or evaluation is None or run.run_id == self._run_id:
            return
        self._run_id = run.run_id
        self._config = run.config
        self._variant = min(self._variant, len(run.config.variants) - 1)
        self._ask()

    def _ask(self) -> None:
        self._asking.ask(partial(_forecast, self._spec, self._run_id, self._variant))

    async def _receive(self, outcome: "Forecasts | str") -> None:
        """Draw forecasts, or say why there are none."""
        message = ""
        if isinstance(outcome, str):
            message = outcome
            self._forecasts = None
        else:
            self._forecasts = outcome
            message = "" if outcome.curves else NO_PLACES
        line = self.query_one("#forecast-message", Static)
        line.update(message)
        line.display = bool(message)
        self.query_one(ForecastCharts).display = not message
        self._draw()
        self.app.refresh_bindings()

    def _draw(self) -> None:
        """Draw the charts that there is room for, from the first one that was moved to."""
        forecasts = self._forecasts
        if forecasts is None or not forecasts.curves:
            self.border_title = self.border_subtitle = ""
            return
        charts = self.query_one(ForecastCharts)
        self._first = max(0, min(self._first, len(forecasts.curves) - charts.at_once))
        charts.draw([chart_of(curve) for curve in forecasts.curves[self._first :]])
        self.border_title = Content(title_of(forecasts))
        self.border_subtitle = Content(forecasts.network)

    def action_move(self, charts: int) -> None:
        """Begin so many charts further."""
        self._first += charts
        self._draw()

    def action_next_variant(self) -> None:
        """Show the forecasts of the next network."""
        assert self._config is not None
        self._variant = (self._variant + 1) % len(self._config.variants)
        self._ask()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        if action == "next_variant":
            return self._config is not None and len(self._config.variants) > 1
        if action == "move":
            forecasts = self._forecasts
            room = self.query_one(ForecastCharts).at_once
            return forecasts is not None and len(forecasts.curves) > room
        return super().check_action(action, parameters)


def _forecast(task: "Task", run_id: str, variant: int) -> Forecasts:
    """Forecast by all seeds of a network; call it in a thread.

    Raises:
        UserError: if data set or weights are missing or damaged.
    """
    from rnn_tui.archive.weights import NETWORKS, run_weights
    from rnn_tui.data import store
    from rnn_tui.data.conformal import INTERVAL
    from rnn_tui.engine.progress import UNWATCHED
    from rnn_tui.tasks.data_sets.applying import Voters
    from rnn_tui.tasks.data_sets.forecast_curves import forecast_curves
    from rnn_tui.tasks.sequences.inference import ReplicaChoice

    data_set = store.load(task.name)
    network = NETWORKS.get(run_weights(task.name, run_id).path, task.network)
    chosen = network.config.variants[variant]
    choice = ReplicaChoice(chosen.hidden_size, chosen.loss)
    voters = Voters(network, data_set, choice, UNWATCHED)
    seeds = f" · mean of {len(voters.seeds)} seeds" if len(voters.seeds) > 1 else ""
    return Forecasts(
        network=f"{voters.label}{seeds}",
        horizon=data_set.description.horizon,
        interval=0.0 if voters.intervals is None else INTERVAL,
        curves=forecast_curves(voters, data_set),
        series=len(np.unique(data_set.origin.places)),
    )


def title_of(forecasts: Forecasts) -> str:
    """Say which steps are forecast, with which band, and of how many series."""
    parts: list[str] = []
    if len(forecasts.curves) == 1:
        parts.append(printable(forecasts.curves[0].title, LONGEST_NAME))
    ahead = f"{count_of(forecasts.horizon, 'step')} to come"
    checked = max(
        0 if curve.checked is None else len(curve.checked.x) for curve in forecasts.curves
    )
    if checked:
        each = " one by one" if forecasts.horizon == 1 else ""
        ahead += f", the last {checked}{each} as a check"
    parts.append(ahead)
    if forecasts.interval:
        parts.append(f"{100 * forecasts.interval:.0f} % bands")
    drawn = len({curve.series for curve in forecasts.curves})
    if forecasts.series > drawn:
        parts.append(f"{drawn} of {forecasts.series:,} series")
    return " · ".join(parts)


def chart_of(curve: "ForecastCurve") -> DrawnChart:
    """Return the chart of the end of a series with its forecasts."""
    lines = [ChartSeries(IN_FILE, curve.x.tolist(), curve.numbers.tolist(), 0)]
    lines.extend(_lines_of(curve))
    positions = [curve.x, curve.to_come.x]
    return DrawnChart(
        printable(curve.title, LONGEST_NAME),
        printable(curve.column, LONGEST_NAME),
        lines,
        TimeAxis(curve.x_name, positions, curve.dated),
    )


def _lines_of(curve: "ForecastCurve") -> Iterator[ChartSeries]:
    if curve.checked is not None:
        yield _line_of(CHECKED, curve.checked, 2)
    yield _line_of(TO_COME, curve.to_come, 1)


def _line_of(name: str, ahead: "Ahead", colour: int) -> ChartSeries:
    """Return a forecast with its band; a single step has a bar."""
    is_one = len(ahead.x) == 1
    return ChartSeries(
        name,
        ahead.x.tolist(),
        ahead.numbers.tolist(),
        colour,
        points=is_one,
        low=ahead.low.tolist(),
        high=ahead.high.tolist(),
        line=not is_one,
    )
