"""The views of a sweep: its trials in a table and in a chart, its workers, the best trial."""

import math
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Static

from rnn_tui.archive.words import NOTHING
from rnn_tui.engine.pace import Pace, duration
from rnn_tui.engine.state import Status
from rnn_tui.engine.tables import Column, changed, chosen
from rnn_tui.sweeps.columns import FIGURE, NUMBER, STATUS, TRIAL_FIELDS, trial_columns
from rnn_tui.sweeps.jobs import ClusterState, WorkerSeen
from rnn_tui.sweeps.plan import Range, SweepPlan
from rnn_tui.sweeps.store import Sweep, Trial, format_setting, format_spread
from rnn_tui.sweeps.trials import importance
from rnn_tui.ui.chart.chart import Chart, ChartSeries
from rnn_tui.ui.chart.scales import from_position, to_position
from rnn_tui.ui.frame.chart_view import ChartView
from rnn_tui.ui.frame.run_lines import ProgressLine
from rnn_tui.ui.terminal.key_table import key
from rnn_tui.ui.widgets.marked_table import STATUS_MARKS, Listing, MarkedTable
from rnn_tui.ui.widgets.plain import PlainTable
from rnn_tui.ui.work.threads import LatestQuestion

EMPTY = "Trials appear as they are measured"
POWERS = 8  # values of a grid that lie so many times apart are placed on a logarithmic axis


@dataclass(frozen=True)
class TrialKind:
    """A kind of trials in the chart."""

    name: str
    colour: int  #: as in `curve_colour`.
    mark: str
    faint: bool = False


TRAINED = TrialKind("trials", 0, "●")
IN_TRAINING = TrialKind("in training", 0, "○")
BEST = TrialKind("best", 1, "★")
PRUNED = TrialKind("pruned", 7, "×", faint=True)
KINDS = (TRAINED, IN_TRAINING, BEST, PRUNED)
NO_WORKERS = "This window trains no sweep now, so there are no workers to see."
TOO_FEW = "known once four trials have ended, with different figures"
NO_IMPORTANCE = "can't be estimated; the log file has the details"
BLOCKS = 12  # cells of the bar of a setting that alone matters


def share_of(trial: Trial) -> float:
    """Return the share of a trial that is trained, 0 … 1."""
    return 1.0 if trial.is_over else sum(run.progress for run in trial.runs) / trial.run_count


def _dim_if_pruned(trial: Trial) -> str:
    return "dim" if trial.pruned else ""


def _mark(trial: Trial) -> tuple[str, str]:
    """Return the mark of a trial's status, and its style."""
    return ("×", "dim") if trial.pruned else STATUS_MARKS[Status(trial.status)]


def _status(trial: Trial) -> str:
    mark, _ = _mark(trial)
    text = f"{mark} {trial.status}"
    return text if trial.is_over else f"{text} {share_of(trial):.0%}"


def _status_style(trial: Trial) -> str:
    _, style = _mark(trial)
    return style


def _columns(sweep: Sweep) -> tuple[Column[Trial], ...]:
    """Return the columns of the table; the best trial has a star, pruned ones are dim."""
    plan = sweep.plan
    best = sweep.best

    def figure(trial: Trial) -> str:
        spread = format_spread(plan, trial.values)
        return f"★ {spread}" if trial is best else spread

    changes: dict[str, dict[str, Any]] = {
        name: {"style": _dim_if_pruned} for name in (NUMBER, FIGURE, *plan.varied)
    }
    changes[NUMBER]["name"] = "#"
    changes[FIGURE]["name"] = plan.metric_definition.title.replace("validation", "val.")
    changes[FIGURE]["text"] = figure
    changes[STATUS] = {"text": _status, "style": _status_style}
    return changed(trial_columns(plan, sweep.rank), **changes)


class TrialsTable(MarkedTable[Trial]):
    """The trials of a sweep."""

    noun = "trial"
    example = "trials"
    empty_text = "No trial yet. f goes to the form of a new sweep."
    hint = "/ filters by setting, figure, status"
    _sweep_shown: object = None  #: which sweep is in the table.

    def __init__(self) -> None:
        columns = changed(chosen(TRIAL_FIELDS, (NUMBER,)), trial={"name": "#"})
        super().__init__(Listing(columns, lambda trial: str(trial.number)), NUMBER)

    def show_sweep(self, sweep: Sweep) -> None:
        """Show the trials of a sweep, at first the best one first."""
        listing = Listing(_columns(sweep), self.listing.id_of).of(sweep.trials)
        is_another = self._sweep_shown != (sweep.name, sweep.created)
        self._sweep_shown = (sweep.name, sweep.created)
        self.show(listing, FIGURE if is_another else "")


class SweepScatter(Vertical, ChartView):
    """The trials by the metric and one setting at a time."""

    BINDINGS = [
        key("metric", "axis", "Setting", tooltip="Draw the trials against the next setting")
    ]

    def __init__(self) -> None:
        super().__init__()
        self._chart = Chart(allow_smoothing=False, empty_text=EMPTY, id="sweep-chart")
        self.charts = (self._chart,)
        self._sweep: Sweep | None = None
        self.setting = ""  #: the setting that is drawn.

    def compose(self) -> ComposeResult:
        yield self._chart

    def show(self, sweep: Sweep) -> None:
        """Draw a sweep's trials against the setting that was chosen, or else the first."""
        self._sweep = sweep
        if self.setting not in sweep.plan.varied:
            self.setting = sweep.plan.varied[0]
        metric = sweep.plan.metric_definition
        log, ticks = _axis(sweep.plan, self.setting)
        chart = self._chart
        chart.log_x = log
        chart.describe(f"{sweep.name}: {metric.label}", metric, self.setting)
        chart.place_ticks(ticks, only=self.setting in sweep.plan.grid)
        chart.show(self._points(sweep, log, ticks))

    def _points(self, sweep: Sweep, log: bool, ticks: dict[float, str]) -> list[ChartSeries]:
        """Return the trials that have figures, as a series a kind."""
        trials = [trial for trial in sweep.trials if trial.spread is not None]
        places = [_place(trial.point.get(self.setting), ticks) for trial in trials]
        located = list(zip(trials, _apart(places, log), strict=True))
        series = []
        for kind in KINDS:
            of_kind = [(trial, x) for trial, x in located if _kind(trial, sweep.best) is kind]
            spreads = [trial.spread for trial, _ in of_kind if trial.spread is not None]
            series.append(
                ChartSeries(
                    kind.name,
                    [x for _, x in of_kind],
                    [spread.mean for spread in spreads],
                    kind.colour,
                    points=True,
                    low=[spread.low for spread in spreads],
                    high=[spread.high for spread in spreads],
                    mark=kind.mark,
                    line=False,
                    faint=kind.faint,
                )
            )
        return series

    def action_axis(self) -> None:
        """Draw the trials against the next setting."""
        if self._sweep is None:
            return
        names = self._sweep.plan.varied
        self.setting = names[(names.index(self.setting) + 1) % len(names)]
        self.show(self._sweep)


def _kind(trial: Trial, best: Trial | None) -> TrialKind:
    if trial.pruned:
        return PRUNED
    if trial is best:
        return BEST
    return TRAINED if trial.is_over else IN_TRAINING


def _axis(plan: SweepPlan, setting: str) -> tuple[bool, dict[float, str]]:
    """Return the axis of a setting.

    Returns:
        Whether it is logarithmic, and its labels by their places; none for the usual ones.
    """
    setting_range = plan.ranges.get(setting)
    if setting_range is not None:
        return setting_range.log, _powers(setting_range) if setting_range.log else {}
    values = plan.grid[setting]
    if all(isinstance(value, int | float) for value in values):
        log = min(values) > 0 and max(values) >= POWERS * min(values)
        return log, {float(value): format_setting(value) for value in values}
    return False, {float(place): format_setting(value) for place, value in enumerate(values)}


def _powers(setting_range: Range) -> dict[float, str]:
    """Return the labels at the powers of 2, or of 10 for fractions, around a range."""
    base = 2.0 if setting_range.whole else 10.0
    first = math.floor(math.log(setting_range.low, base))
    last = math.ceil(math.log(setting_range.high, base))
    return {base**power: f"{base**power:g}" for power in range(first, last + 1)}


def _place(value: Any, ticks: dict[float, str]) -> float:
    """Return a value's place on the axis: at its label if it has one, else the value."""
    for place, label in ticks.items():
        if label == format_setting(value):
            return place
    return float(value) if isinstance(value, int | float) else math.nan


def _apart(x: Sequence[float], log: bool) -> list[float]:
    """Move points that lie at the same place side by side.

    They take at most half of the smallest distance between two places.
    """
    places = [to_position(value, log) for value in x]
    counts = Counter(places)
    distances = [right - left for left, right in pairwise(sorted(counts))]
    step = min(distances, default=1.0) / 2 / max(counts.values(), default=1)
    left_over = Counter(places)  # the number at each place not moved yet
    moved = []
    for place in places:
        left_over[place] -= 1
        offset = left_over[place] - (counts[place] - 1) / 2
        moved.append(from_position(place + step * offset, log))
    return moved


WORKER_COLUMNS: tuple[Column[WorkerSeen], ...] = (
    Column("host", lambda worker: worker.host),
    Column("address", lambda worker: worker.address),
    Column("CPU", lambda worker: f"{worker.cpu:.0f} %"),
    Column("memory", lambda worker: f"{worker.memory / 2**20:,.0f} MiB"),
)


class SweepWorkers(Vertical):
    """The workers of the sweep under way, and what each of them does."""

    BORDER_TITLE = "Workers"
    DEFAULT_CLASSES = "panel"

    def compose(self) -> ComposeResult:
        yield PlainTable(cursor_type="row", zebra_stripes=True)
        yield Static("", classes="note", markup=False)

    def show(self, state: ClusterState | None, sweep: Sweep | None) -> None:
        """Show the workers of what this app trains; None if it trains no sweep."""
        numbers: dict[str, int] = {}  # the numbers of trials, by the ids of their runs
        for trial in sweep.trials if sweep is not None else ():
            for run in trial.runs:
                numbers[run.run_id] = trial.number
        workers = state.workers if state is not None else ()
        progress = state.progress if state is not None else {}

        def trains(worker: WorkerSeen) -> str:
            parts = [
                f"trial {numbers.get(run_id, NOTHING)} {progress.get(run_id, 0.0):.0%}"
                for run_id in worker.runs
            ]
            return ", ".join(parts) or NOTHING

        note = ""
        if not workers:
            note = NO_WORKERS if state is None else state.note
        table = self.query_one(PlainTable)
        table.show_items((*WORKER_COLUMNS, Column("trains", trains)), workers)
        table.display = bool(workers)
        self.query_one(Static).update(note)


class SweepSummary(Static):
    """The best trial so far, and how much each setting matters."""

    def __init__(self) -> None:
        super().__init__(markup=False)
        self._answers = LatestQuestion[dict[str, float]](self, self._receive, NO_IMPORTANCE)
        #: shares by setting, none where too few trials have ended; or why they are not known.
        self._importance: dict[str, float] | str = {}
        self._asked: object = None  #: the sweep and number of trials of the last question.
        self._best = Content()

    def show(self, sweep: Sweep) -> None:
        """Describe a sweep; importance is computed in a thread, if a trial has ended since."""
        self._best = _best_in_words(sweep)
        asked = (sweep.name, sweep.created, sweep.done_count)
        if self._asked != asked:
            self._asked = asked
            self._answers.ask(lambda: importance(sweep.plan, sweep.trials))
        self._draw()

    async def _receive(self, answer: dict[str, float] | str) -> None:
        self._importance = answer
        self._draw()

    def _draw(self) -> None:
        line = Content("Importance: ") + _importance_in_words(self._importance)
        self.update(Content("\n").join([self._best, line]))


def _best_in_words(sweep: Sweep) -> Content:
    """Return the best trial with its figure and settings."""
    best = sweep.best
    if best is None:
        return Content.styled("Best: none yet", "$text-muted")
    metric = sweep.plan.metric_definition
    spread = format_spread(sweep.plan, best.values)
    figure = f"{metric.label} {spread} {metric.unit}".rstrip()
    settings = [f"{name} {format_setting(best.point.get(name))}" for name in sweep.plan.varied]
    return Content.assemble(
        "Best: ", (f"★ trial {best.number}", "bold"), f", {figure}: {', '.join(settings)}"
    )


def _importance_in_words(importance: dict[str, float] | str) -> Content:
    """Draw the importance of each setting, as bars and in percent; or say why it is unknown."""
    if isinstance(importance, str) or not importance:
        return Content.styled(str(importance or TOO_FEW), "$text-muted")
    shares = []
    for name, share in importance.items():
        bar = "━" * max(1, round(share * BLOCKS))
        shares.append(Content.assemble(f"{name} ", (bar, "$accent"), f" {share:.0%}"))
    return Content("   ").join(shares)


class SweepProgress(ProgressLine):
    """Say how far a sweep is, and how long the rest takes at the pace so far."""

    _sweep = ""  #: the name of the sweep whose pace is known.
    _pace = Pace()  #: the pace in shares of all trials.

    def show(self, sweep: Sweep, activity: str) -> None:
        """Draw the progress, and the current activity or what it waits for."""
        trained = sum(map(share_of, sweep.trials))
        share = min(1.0, trained / max(1, sweep.plan.trial_count))
        running = activity == "running" and share > 0
        if not running or self._sweep != sweep.name:
            self._pace = Pace()  # anew, as a pause must not count
        if running:
            self._pace = self._pace.at(time.monotonic(), share)
        self._sweep = sweep.name
        numbers = f"{sweep.done_count:,} of {sweep.plan.trial_count:,} trials"
        left = self._pace.seconds_left(1.0)
        if left is not None:
            numbers += f" · about {duration(left)} left"
        self.draw(activity, share, numbers)
