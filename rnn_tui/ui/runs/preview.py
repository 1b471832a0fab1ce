"""The run at the cursor of the table: a small chart beside its figures and settings."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from textual.app import ComposeResult
from textual.containers import Horizontal, VerticalScroll
from textual.content import Content
from textual.widgets import Static

from rnn_tui.archive.curves import Line, lines
from rnn_tui.archive.run_record import RunRecord
from rnn_tui.archive.store import RunStore
from rnn_tui.archive.words import figure, settings_of, spread_figure
from rnn_tui.engine.errors import printable
from rnn_tui.engine.metrics import Spread, as_heading
from rnn_tui.engine.state import Status
from rnn_tui.ui.chart.chart import Chart, line_series
from rnn_tui.ui.frame.task_view import pane_of
from rnn_tui.ui.runs.views import curves_of

LABEL_CELLS = 22  # cells before the value of a setting
FIRST_SETTINGS = (
    "cell",
    "hidden size",
    "hidden sizes",
    "losses",
    "preset",
    "epochs",
    "learning rate",
    "batch size",
)
LEAST_HEIGHT = 14  # rows of the table from which there is room for a preview below it


@dataclass(frozen=True)
class PreviewedRun:
    """A run with what a preview draws of it."""

    run: RunRecord
    lines: Sequence[Line]  #: the curves of `run.metric`, one of each network.
    problem: str  #: why there are none, in a sentence; empty if nothing is wrong.


def previewed(store: RunStore, run: RunRecord) -> PreviewedRun:
    """Read what a preview shows of a run."""
    if not run.metric:
        return PreviewedRun(run, (), "")
    curves, refusals = curves_of(store, [run], run.metric)
    prefix = f"{run.name} "  # it would only repeat before the label of each network
    drawn = [
        replace(line, label=line.label.removeprefix(prefix)) for line in lines(curves, "epoch")
    ]
    return PreviewedRun(run, drawn, " ".join(refusals))


class RunPreview(Horizontal):
    """Shows the run at the cursor: a chart of its metric, its figures, its settings."""

    def __init__(self) -> None:
        super().__init__()
        self._chart = Chart(empty_text="No epoch was logged", id="preview-chart")
        self._chart.can_focus = False  # Compare has the same chart, with all keys
        self._details = VerticalScroll(id="preview-details", can_focus=False)

    def compose(self) -> ComposeResult:
        yield self._chart
        with self._details:
            yield Static("", id="preview-text", markup=False)

    def show(self, previewed: PreviewedRun, resume_key: str) -> None:
        """Show a run; `resume_key` is the key that resumes it if it can be resumed."""
        run = previewed.run
        metric = run.spec(run.metric)
        spread = pane_of(self).spread
        points = metric.stage != "train"
        self._chart.describe(as_heading(metric.label), metric, "epoch")
        self._chart.show(
            [
                line_series(printable(line.label, 60), line, colour, spread, points)
                for colour, line in enumerate(previewed.lines)
            ]
        )
        self._details.border_title = Content(printable(run.name, 80))
        text = preview_text(run, resume_key, previewed.problem)
        static = self.query_one("#preview-text", Static)
        if static.content != text:
            static.update(text)


def preview_text(run: RunRecord, resume_key: str, problem: str = "") -> Content:
    """Return what a preview says of a run: how it ended, its figures, its settings.

    Args:
        run: the run.
        resume_key: the key that resumes it.
        problem: why its curve can't be drawn, in a sentence.
    """
    parts: list[Content | tuple[str, str]] = []
    for sentence in _sentences(run, resume_key, problem):
        parts.append((f"{sentence}\n", "$text-warning"))
    if run.final_metric:
        parts += _figures(run, run.final_metric, "", [network.final for network in run.networks])
    else:
        parts += _figures(run, run.metric, "last ", [network.last for network in run.networks])
    parts.append(("Settings\n", "bold"))
    for label, value in sorted(settings_of(run.config), key=_place_of_setting):
        parts += _line(label, LABEL_CELLS, value)
    return Content.assemble(*parts)


def _place_of_setting(setting: tuple[str, str]) -> int:
    """Return a sort key for a setting and its value: what a network is comes first."""
    label, _ = setting
    return FIRST_SETTINGS.index(label) if label in FIRST_SETTINGS else len(FIRST_SETTINGS)


def _sentences(run: RunRecord, resume_key: str, problem: str) -> Iterable[str]:
    """Yield what is to be known of the state that a run is in."""
    if problem:
        yield problem
    elif run.message:
        yield run.message
    if run.status.resumable:
        verb = "Interrupted" if run.status is Status.INTERRUPTED else "Stopped"
        yield f"{verb} at {run.progress:.0%}: {resume_key} resumes it."


def _figures(
    run: RunRecord, metric: str, stage: str, spreads: Sequence[Spread | None]
) -> Iterable[Content | tuple[str, str]]:
    """Yield the lines of a figure: one for each network, with its worst and its best seed."""
    if not metric or not any(spreads):
        return
    heading = as_heading(f"{stage}{run.spec(metric).label}")
    networks = run.networks
    if networks[0].n > 1:
        heading = f"{heading}, n {networks[0].n}: ± sd, min … max"
    yield f"{heading}\n", "bold"
    labels = [network.label or run.config.name for network in networks]
    texts = [spread_figure(run, metric, spread) for spread in spreads]
    cells = max(map(len, labels)) + 1
    for label, text, spread in zip(labels, texts, spreads, strict=True):
        extremes = ""
        if spread is not None and spread.n > 1:
            padding = " " * (max(map(len, texts)) - len(text))
            low = figure(run, metric, spread.low).removesuffix(" %")
            extremes = f"{padding}  {low} … {figure(run, metric, spread.high).removesuffix(' %')}"
        yield from _line(label, cells, f"{text}{extremes}")


def _line(label: str, cells: int, value: str) -> Iterable[Content | tuple[str, str]]:
    """Yield a line: a label in so many cells, and a value."""
    yield f"{label:<{cells}} ", "$foreground 60%"
    yield Content(f"{value}\n")
