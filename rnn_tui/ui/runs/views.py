"""The views of runs: several compared, all that is kept of one, and the prompt to export."""

import asyncio
import io
import time
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from functools import partial
from itertools import chain
from pathlib import Path

from textual import work
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.content import Content
from textual.widgets import Label, Select, Static

from rnn_tui.archive.curves import AGAINST, Against, Curve, Line
from rnn_tui.archive.export.formats import FORMATS, Export, name_for, write
from rnn_tui.archive.run_record import RunRecord, Session
from rnn_tui.archive.run_verdicts import verdicts_of
from rnn_tui.archive.store import RunStore
from rnn_tui.archive.words import (
    compared_figures,
    differing,
    run_summary,
    session_summary,
    settings_of,
)
from rnn_tui.engine.errors import StoreError, printable
from rnn_tui.engine.metrics import Metric, as_heading
from rnn_tui.engine.options import options_of
from rnn_tui.engine.pace import time_left
from rnn_tui.engine.progress import Progress
from rnn_tui.ui.chart.chart import Chart, line_series
from rnn_tui.ui.frame.chart_view import SpreadView
from rnn_tui.ui.frame.pane import show_line
from rnn_tui.ui.runs.verdicts import VerdictsScreen
from rnn_tui.ui.terminal.key_table import key
from rnn_tui.ui.terminal.textual_workarounds import Dialog
from rnn_tui.ui.widgets.plain import PlainSelect, PlainTable
from rnn_tui.ui.widgets.prompts import ExportPrompt
from rnn_tui.ui.widgets.question import QuestionScreen
from rnn_tui.ui.work.threads import in_thread

HINT = "Mark runs with Space to see them here side by side."
NONE = "none"
BESIDE_WIDTH = 130  # with so many columns the settings are beside the chart, otherwise below it
LABEL_CELLS = 22  # cells before the values of a run's details
MOST_NAMED = 8  # runs in a question
MOST_LINES = 200  # lines of a run's log
SECONDS_BETWEEN_LOOKS = 0.2  # the time between two looks at an export's progress


class RunsCompare(Vertical, SpreadView):
    """One chart of all marked runs, and a table of figures and of settings that differ."""

    BINDINGS = [
        key("metric", "next_metric", "Metric", tooltip="Compare by the next metric"),
        key("axis", "next_axis", "Axis", tooltip="Compare against epochs, steps or seconds"),
        key("verdicts", "judge", "Verdicts", tooltip="Judge over seeds which runs are better"),
    ]

    def __init__(self) -> None:
        super().__init__()
        self._runs: Sequence[RunRecord] = ()  #: those that are shown.
        self._chart = Chart(empty_text=HINT, id="compare-chart")
        self.charts = (self._chart,)
        self._lines: Sequence[Line] = ()  #: the lines that are drawn.
        self._points = True  #: whether their values are marked.
        self._shown: tuple[object, ...] = ()  #: what the table was filled from.

    def compose(self) -> ComposeResult:
        with Horizontal(id="compare-head"):
            yield Label("Metric", classes="field-label")
            yield PlainSelect([(NONE, NONE)], id="compare-metric")
            axis = options_of(Export)["against"]
            yield Label(axis.label, classes="field-label", markup=False)
            axes = [(label, name) for name, label in axis.choices.items()]
            yield PlainSelect(axes, value="epoch", id="compare-against")
        yield Static("", id="compare-note", markup=False)
        with Vertical(id="compare-body"):
            yield self._chart
            with Vertical(id="compare-settings"):
                yield Static("", id="compare-headline", markup=False)
                yield PlainTable(cursor_type="row", zebra_stripes=True, id="compare-table")

    def on_resize(self) -> None:
        self.set_class(self.size.width >= BESIDE_WIDTH, "-beside")

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        if action == "next_metric" and not self.metric:
            return None
        if action == "judge" and len(self._runs) < 2:
            return None
        return super().check_action(action, parameters)

    @property
    def metric(self) -> str:
        """The metric that is drawn; empty if there is none."""
        value = str(self.query_one("#compare-metric", Select).value)
        return "" if value == NONE else value

    @property
    def against(self) -> Against:
        """The quantity on the chart's x axis."""
        chosen = self.query_one("#compare-against", Select).value
        return next(name for name in AGAINST if name == chosen)

    def offer(self, metrics: Mapping[str, Metric], preferred: str) -> None:
        """Offer these metrics; the chosen one stays if it is among them, else `preferred` is."""
        options = [(metric.title, name) for name, metric in metrics.items()] or [(NONE, NONE)]
        select = self.query_one("#compare-metric", PlainSelect)
        select.offer_texts(options, select.value, preferred)

    def action_next_metric(self) -> None:
        self.query_one("#compare-metric", PlainSelect).choose_next()

    def action_next_axis(self) -> None:
        self.query_one("#compare-against", PlainSelect).choose_next()

    @work(group="verdicts", exclusive=True)
    async def action_judge(self) -> None:
        """Show which of the runs are better, which SciPy works out in a thread."""
        verdicts = await in_thread(self, verdicts_of, self._runs)
        self.app.push_screen(VerdictsScreen(verdicts))

    def show(
        self,
        runs: Sequence[RunRecord],
        metric: Metric,
        lines: Sequence[Line],
        refusals: Sequence[str],
    ) -> None:
        """Draw runs, and tabulate their figures and the settings in which they differ.

        Args:
            runs: those that can be drawn.
            metric: that is drawn.
            lines: their curves; those of runs that differ only in seeds are one line.
            refusals: why some runs are not drawn, in sentences.
        """
        self._runs = runs
        self.refresh_bindings()
        self._lines = lines
        self._points = metric.stage != "train"
        title = as_heading(metric.label) if runs else ""
        self._chart.describe(title, metric, AGAINST[self.against])
        self._chart.say(f"No {metric.label} was logged" if runs else HINT)
        self.draw()
        show_line(self, "#compare-note", " ".join(refusals))
        self._tabulate(runs)

    def _tabulate(self, runs: Sequence[RunRecord]) -> None:
        """Tabulate figures and differing settings of several runs, if others than before."""
        settings = differing(runs) if len(runs) > 1 else []
        rows = [*compared_figures(runs), *settings]
        shown = (tuple(run.name for run in runs), tuple(rows))
        if self._shown == shown:
            return
        self._shown = shown
        headline = f"Figures of these {len(runs)} runs, mean ± sd; no setting differs"
        if settings:
            headline = f"Figures of these {len(runs)} runs, mean ± sd, and the settings that differ"
        self.query_one("#compare-settings").display = len(runs) > 1
        self.query_one("#compare-headline", Static).update(headline)
        table = self.query_one("#compare-table", PlainTable)
        table.display = bool(rows)
        headings = ["", *(printable(run.name, 40) for run in runs)]
        table.fill(headings, ([name, *values] for name, values in rows))

    def draw(self) -> None:
        curves = [
            line_series(printable(line.label, 60), line, colour, self.spread, self._points)
            for colour, line in enumerate(self._lines)
        ]
        self._chart.show(curves)


class DeleteRunsScreen(QuestionScreen):
    """Asks whether to delete the marked runs; its answer is True to delete them."""

    BINDINGS = [key("delete", "dismiss(True)", "Delete")]

    def __init__(self, runs: Sequence[RunRecord]) -> None:
        """Ask about these runs, by their names."""
        names = [str(run.name) for run in runs[:MOST_NAMED]]
        if len(runs) > MOST_NAMED:
            names.append(f"and {len(runs) - MOST_NAMED} more")
        marked = "the marked run" if len(runs) == 1 else f"the {len(runs)} marked runs"
        question = "\n".join([f"Delete {marked}?", "", *names])
        super().__init__(question, "Delete (d)", "Keep (Esc)")


def name_or_count(runs: Sequence[RunRecord]) -> str:
    """Return the name of a single run, or how many runs there are."""
    return runs[0].name if len(runs) == 1 else f"{len(runs)} runs"


def curves_of(
    store: RunStore, runs: Sequence[RunRecord], metric: str
) -> tuple[list[tuple[RunRecord, Curve]], list[str]]:
    """Return the curves of runs, and of those that are damaged the sentences that say so."""
    with suppress(StoreError):
        return store.outlines([run.undamaged for run in runs], metric), []
    curves: list[tuple[RunRecord, Curve]] = []
    refusals: list[str] = []
    for run in runs:
        try:
            curves += store.outlines([run.undamaged], metric)
        except StoreError as error:
            refusals.append(str(error))
    return curves, refusals


class RunDetailsScreen(Dialog[None]):
    """Shows all that is kept of a run: summary, settings, sessions of training, log."""

    AUTO_FOCUS = "#details"  # the arrow keys scroll at once
    BINDINGS = [Binding("escape,enter", "dismiss", "Close")]

    def __init__(
        self, run: RunRecord, sessions: Sequence[Session], log: Sequence[tuple[float, str, str]]
    ) -> None:
        """Make the screen; `log` has time, level and text of each line."""
        super().__init__()
        self._run = run
        self._sessions = sessions
        self._log_lines = log

    def compose(self) -> ComposeResult:
        with VerticalScroll(id="details") as scroll:
            scroll.border_title = Content(self._run.name)
            scroll.border_subtitle = "Esc closes"
            yield Static(self._text(), classes="details", markup=False)

    def _text(self) -> Content:
        sections: dict[str, Iterable[tuple[str, str]]] = {
            "": run_summary(self._run, _time),
            "\nSettings\n": settings_of(self._run.config),
            "\nSessions\n": chain.from_iterable(
                session_summary(session, _time) for session in self._sessions
            ),
        }
        if self._log_lines:
            lines = self._log_lines[-MOST_LINES:]
            sections["\nLog\n"] = [(_time(seconds), text) for seconds, _, text in lines]
        parts: list[Content | tuple[str, str]] = []
        for heading, pairs in sections.items():
            parts.append((heading, "bold"))
            for label, value in pairs:
                parts += [(f"{label:<{LABEL_CELLS}}", "$foreground 60%"), Content(f" {value}\n")]
        return Content.assemble(*parts)


def _time(seconds: float) -> str:
    """Return a time in words, from seconds since the epoch."""
    return time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(seconds))


class ExportRunsScreen(ExportPrompt):
    """Writes values, charts or weights of runs."""

    def __init__(self, runs: Sequence[RunRecord], metric: str, against: Against) -> None:
        """Make the prompt.

        Args:
            runs: those to be exported.
            metric: that charts show; empty for every metric there is.
            against: what charts show it against.
        """
        super().__init__({name: f"{name}: {format.help}" for name, format in FORMATS.items()})
        self._runs = list(runs)
        self._metric = metric
        self._against = against

    def default(self, form: str) -> str:
        return f"{name_for(self._runs)}{FORMATS[form].ending}"

    def explanation(self) -> str:
        return name_or_count(self._runs)

    async def in_the_way(self, form: str, path: Path) -> Sequence[Path]:
        """Return the file that is there already; to folders files are added."""
        return [] if FORMATS[form].in_folder else await super().in_the_way(form, path)

    def _show_progress(self, progress: Progress) -> None:
        if not progress.done:
            return
        parts = [f"Writing: {progress.done:,} of {progress.total:,}"]
        left = time_left(progress.seconds_left)
        if left:
            parts.append(left)
        self.say(" · ".join([*parts, "Esc stops"]))

    async def write(self, form: str, path: Path) -> str:
        progress = Progress()

        # With a store of its own: a document measures for seconds, and the app's would wait.
        def write_runs() -> list[Path]:
            metrics = [self._metric] if self._metric else None
            with RunStore() as store:
                export = Export(
                    FORMATS[form],
                    store,
                    self._runs,
                    path,
                    io.StringIO(),
                    metrics,
                    self._against,
                    progress,
                    always_folder=FORMATS[form].in_folder,
                )
                return write(export)

        timer = self.set_interval(SECONDS_BETWEEN_LOOKS, partial(self._show_progress, progress))
        try:
            paths = await in_thread(self, write_runs)
        except asyncio.CancelledError:  # the user has left the prompt, and wants no file
            progress.stop()
            self.app.notify("The export was stopped.")
            raise
        finally:
            timer.stop()
        return f"Written: {', '.join(printable(path, 200) for path in paths[:3])}."
