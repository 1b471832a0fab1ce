"""Marked runs side by side: their curves in one chart, and the settings in which they differ."""

from collections.abc import Mapping, Sequence

from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.widgets import Label, Select, Static

from rnn_tui.engine.errors import StoreError, printable
from rnn_tui.engine.metrics import Metric
from rnn_tui.runs.comparison import AGAINST, Against, Line, differing
from rnn_tui.runs.records import Curve, RunRecord
from rnn_tui.runs.store import RunStore
from rnn_tui.ui.chart.chart import Chart, line_series
from rnn_tui.ui.shell.key_table import key
from rnn_tui.ui.shell.views import SpreadView
from rnn_tui.ui.widgets.plain import PlainSelect, PlainTable

HINT = "Mark runs with Space to see them here side by side."
ALIKE = "No setting differs."
NONE = "none"
# Beside the chart, or below it.
BESIDE_WIDTH = 130


class RunsCompare(Vertical, SpreadView):
    """One chart for all marked runs, and a table of what distinguishes them."""

    BINDINGS = [
        key("metric", "next('metric')", "Metric", tooltip="Compare by the next metric"),
        key("axis", "next('against')", "Axis", tooltip="Compare against epochs, steps or seconds"),
    ]

    def __init__(self) -> None:
        super().__init__()
        self._chart = Chart(empty_text=HINT, id="compare-chart")
        self.charts = (self._chart,)
        self._lines: Sequence[Line] = ()
        self._points = True
        self._shown: tuple[object, ...] = ()

    def compose(self) -> ComposeResult:
        with Horizontal(id="compare-head"):
            yield Label("metric")
            yield PlainSelect([(NONE, NONE)], id="compare-metric")
            yield Label("against")
            yield PlainSelect([(label, name) for name, label in AGAINST.items()], value="epoch", id="compare-against")
            yield Static("", id="compare-note", markup=False)
        with Vertical(id="compare-body"):
            yield self._chart
            with Vertical(id="compare-settings"):
                yield Static("", id="compare-headline", markup=False)
                yield PlainTable(cursor_type="row", zebra_stripes=True, id="compare-table")

    def on_resize(self) -> None:
        self.set_class(self.size.width >= BESIDE_WIDTH, "-beside")

    @property
    def metric(self) -> str:
        """The metric that is drawn; empty where there is none."""
        value = str(self.query_one("#compare-metric", Select).value)
        return "" if value == NONE else value

    @property
    def against(self) -> Against:
        """What x counts."""
        value = self.query_one("#compare-against", Select).value
        return next(name for name in AGAINST if name == value)

    def offer(self, metrics: Mapping[str, Metric], first: str) -> None:
        """Offer these metrics; the one that is chosen stays, or else `first` is."""
        options = [(spec.title, name) for name, spec in metrics.items()] or [(NONE, NONE)]
        select = self.query_one("#compare-metric", PlainSelect)
        select.offer_texts(options, select.value, first)

    def action_next(self, of: str) -> None:
        self.query_one(f"#compare-{of}", PlainSelect).choose_next()

    def show(self, runs: Sequence[RunRecord], spec: Metric, lines: Sequence[Line], wrong: Sequence[str]) -> None:
        """Draw lines, tabulate in what their runs differ, and say what was wrong with others."""
        self._lines, self._points = lines, spec.stage != "train"
        self._chart.describe(spec.label.capitalize() if runs else "", spec, AGAINST[self.against])
        self._chart.say(f"No {spec.label} was logged" if runs else HINT)
        self.draw()
        seeds = [f"{line.label}: {line.seeds} seeds" for line in lines if len(line.runs) > 1]
        self.query_one("#compare-note", Static).update("; ".join([*wrong, *seeds[:2]]))
        rows = differing(runs) if len(runs) > 1 else []
        shown = tuple(run.name for run in runs), tuple(rows)
        if shown == self._shown:
            return
        self._shown = shown
        headline = f"The settings in which these {len(runs)} runs differ" if rows else ALIKE
        self.query_one("#compare-headline", Static).update(headline if len(runs) > 1 else "")
        table = self.query_one("#compare-table", PlainTable)
        table.display = bool(rows)
        table.fill(["setting", *(printable(run.name, 40) for run in runs)], ([name, *values] for name, values in rows))

    def draw(self) -> None:
        lines = enumerate(self._lines)
        self._chart.show([line_series(printable(one.label, 60), one, at, self.spread, self._points) for at, one in lines])


def curves_of(store: RunStore, runs: Sequence[RunRecord], metric: str) -> tuple[list[tuple[RunRecord, Curve]], list[str]]:
    """Curves of runs; of those that are damaged, the sentences that say so."""
    curves: list[tuple[RunRecord, Curve]] = []
    refused = []
    try:
        return store.outlines([run.whole for run in runs], metric), []
    except StoreError:
        for run in runs:
            try:
                curves += store.outlines([run.whole], metric)
            except StoreError as error:
                refused.append(str(error))
    return curves, refused
