"""What is shown of runs: marked ones side by side, all that is kept of one; and the prompt to
export.
"""

import asyncio
import io
import time
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from functools import partial
from itertools import chain
from pathlib import Path

from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.content import Content
from textual.widgets import Label, Select, Static

from rnn_tui.engine.errors import ExportError, StoreError, printable, why
from rnn_tui.engine.files import make_folder
from rnn_tui.engine.metrics import Metric
from rnn_tui.engine.pace import time_left
from rnn_tui.engine.progress import Progress
from rnn_tui.runs.curves import AGAINST, Against, Curve, Line
from rnn_tui.runs.export.formats import FORMATS, Export, name_for, write
from rnn_tui.runs.run_record import RunRecord, Session
from rnn_tui.runs.store import RunStore
from rnn_tui.runs.words import differing, run_summary, session_summary, settings_of
from rnn_tui.ui.common.chart.chart import Chart, line_series
from rnn_tui.ui.common.chart_view import SpreadView
from rnn_tui.ui.common.key_table import key
from rnn_tui.ui.common.textual_workarounds import Dialog
from rnn_tui.ui.common.threads import StoreAccess
from rnn_tui.ui.common.widgets.plain import PlainSelect, PlainTable
from rnn_tui.ui.common.widgets.prompts import ExportPrompt

HINT = "Mark runs with Space to see them here side by side."
NONE = "none"
BESIDE_WIDTH = 130  # beside the chart, or below it
LABEL_CELLS, MOST_LINES = 22, 200  # of what is kept of a run, and of its log
SECONDS_BETWEEN_LOOKS = 0.2  # at how far an export is


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
            yield Label("metric", classes="field-label")
            yield PlainSelect([(NONE, NONE)], id="compare-metric")
            yield Label("against", classes="field-label")
            yield PlainSelect(
                [(label, name) for name, label in AGAINST.items()],
                value="epoch",
                id="compare-against",
            )
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
        return next(
            name for name in AGAINST if name == self.query_one("#compare-against", Select).value
        )

    def offer(self, metrics: Mapping[str, Metric], first: str) -> None:
        """Offer these metrics; the one that is chosen stays, or else `first` is."""
        options = [(spec.title, name) for name, spec in metrics.items()] or [(NONE, NONE)]
        select = self.query_one("#compare-metric", PlainSelect)
        select.offer_texts(options, select.value, first)

    def action_next(self, of: str) -> None:
        self.query_one(f"#compare-{of}", PlainSelect).choose_next()

    def show(
        self, runs: Sequence[RunRecord], spec: Metric, lines: Sequence[Line], wrong: Sequence[str]
    ) -> None:
        """Draw lines, tabulate in what their runs differ, and say what was wrong with others."""
        self._lines, self._points = lines, spec.stage != "train"
        self._chart.describe(spec.label.capitalize() if runs else "", spec, AGAINST[self.against])
        self._chart.say(f"No {spec.label} was logged" if runs else HINT)
        self.draw()
        seeds = [f"{line.label}: {line.seeds} seeds" for line in lines if len(line.runs) > 1]
        self.query_one("#compare-note", Static).update("; ".join([*wrong, *seeds[:2]]))
        rows, before = differing(runs) if len(runs) > 1 else [], self._shown
        self._shown = tuple(run.name for run in runs), tuple(rows)
        if self._shown == before:
            return
        headline = (
            f"The settings in which these {len(runs)} runs differ"
            if rows
            else "No setting differs."
        )
        self.query_one("#compare-settings").display = len(runs) > 1
        self.query_one("#compare-headline", Static).update(headline)
        table = self.query_one("#compare-table", PlainTable)
        table.display = bool(rows)
        table.fill(
            ["setting", *(printable(run.name, 40) for run in runs)],
            ([name, *values] for name, values in rows),
        )

    def draw(self) -> None:
        lines = enumerate(self._lines)
        self._chart.show(
            [
                line_series(printable(one.label, 60), one, at, self.spread, self._points)
                for at, one in lines
            ]
        )


def named(runs: Sequence[RunRecord]) -> str:
    """The name of a single run, or how many there are."""
    return runs[0].name if len(runs) == 1 else f"{len(runs)} runs"


def curves_of(
    store: RunStore, runs: Sequence[RunRecord], metric: str
) -> tuple[list[tuple[RunRecord, Curve]], list[str]]:
    """Curves of runs; of those that are damaged, the sentences that say so."""
    with suppress(StoreError):
        return store.outlines([run.undamaged for run in runs], metric), []
    curves, refused = list[tuple[RunRecord, Curve]](), list[str]()
    for run in runs:
        try:
            curves += store.outlines([run.undamaged], metric)
        except StoreError as error:
            refused.append(str(error))
    return curves, refused


class RunDetailsScreen(Dialog[None]):
    """Shows a run and what else is kept of it: stretches of its training, and what was told."""

    AUTO_FOCUS = "#details"  # the arrow keys scroll at once
    BINDINGS = [Binding("escape,enter", "dismiss", "Close")]

    def __init__(
        self, run: RunRecord, sessions: Sequence[Session], log: Sequence[tuple[float, str, str]]
    ) -> None:
        super().__init__()
        self._run, self._sessions, self._told = run, sessions, log

    def compose(self) -> ComposeResult:
        with VerticalScroll(id="details") as scroll:
            scroll.border_title, scroll.border_subtitle = Content(self._run.name), "Esc closes"
            yield Static(self._text(), classes="details", markup=False)

    def _text(self) -> Content:
        sections: dict[str, Iterable[tuple[str, str]]] = {
            "": run_summary(self._run, _time),
            "\nSettings\n": settings_of(self._run.config),
            "\nSessions\n": chain.from_iterable(
                session_summary(one, _time) for one in self._sessions
            ),
        }
        if self._told:
            sections["\nLog\n"] = [(_time(at), text) for at, _, text in self._told[-MOST_LINES:]]
        parts: list[Content | tuple[str, str]] = []
        for heading, pairs in sections.items():
            parts.append((heading, "bold"))
            for label, value in pairs:
                parts += [(f"{label:<{LABEL_CELLS}}", "$foreground 60%"), Content(f" {value}\n")]
        return Content.assemble(*parts)


def _time(at: float) -> str:
    return time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(at))


class ExportRunsScreen(ExportPrompt):
    """Writes values, charts or weights of runs; without a `metric` charts show what there is."""

    def __init__(
        self, store: StoreAccess, runs: Sequence[RunRecord], metric: str, against: Against
    ) -> None:
        super().__init__({name: f"{name}: {one.help}" for name, one in FORMATS.items()})
        self._store, self._runs = store, list(runs)
        self._metric, self._against = metric, against

    def default(self, form: str) -> str:
        return f"{name_for(self._runs)}{FORMATS[form].ending}"

    def explanation(self) -> str:
        return named(self._runs)

    async def in_the_way(self, form: str, path: Path) -> Sequence[Path]:
        """The file that is there; into folders files are added."""
        return [] if FORMATS[form].in_folder else await super().in_the_way(form, path)

    def _say_how_far(self, progress: Progress) -> None:
        if progress.done:
            numbers = [f"{progress.done:,} of {progress.total:,}", time_left(progress.seconds_left)]
            self.say(f"Writing: {' · '.join(filter(None, numbers))} · Esc stops")

    async def write(self, form: str, path: Path) -> str:
        progress = Progress()

        def job(store: RunStore) -> list[Path]:
            if FORMATS[form].in_folder:  # a single file would otherwise get the name that was typed
                try:
                    make_folder(path)
                except OSError as error:
                    reason = f"{printable(path, 200)} can't be made ({why(error, 60)})"
                    raise ExportError(f"The folder {reason}; choose another place.") from error
            metrics = [self._metric] if self._metric else None
            export = Export(
                FORMATS[form],
                store,
                self._runs,
                path,
                io.StringIO(),
                metrics,
                self._against,
                progress,
            )
            return write(export)

        ticking = self.set_interval(SECONDS_BETWEEN_LOOKS, partial(self._say_how_far, progress))
        try:
            paths = await self._store.ask(self, job)
        except asyncio.CancelledError:  # whoever leaves the prompt wants no file
            progress.stop()
            self.app.notify("The export was stopped.")
            raise
        finally:
            ticking.stop()
        return f"Written: {', '.join(printable(path, 200) for path in paths[:3])}."
