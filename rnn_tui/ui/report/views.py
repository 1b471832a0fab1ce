"""The views of the Report tab: figures beside ours, plots over seeds, conclusions, how far it
is.
"""

from collections.abc import Collection, Sequence

from rich.text import Text
from textual.app import ComposeResult
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.notifications import SeverityLevel
from textual.widgets import Button, Static

from rnn_tui.engine.metrics import Metric
from rnn_tui.engine.pace import duration
from rnn_tui.engine.palette import curve_marker
from rnn_tui.report.conclusions import (
    BASIS,
    COMPARED,
    COMPARED_RIGHT_ALIGNED,
    RULE,
    Conclusion,
    Verdict,
)
from rnn_tui.report.curves import Figure
from rnn_tui.report.plan import Experiment
from rnn_tui.report.rows import EXPECTED, HEADS, RIGHT_ALIGNED, Results, Row, table_cells
from rnn_tui.report.running import Standing
from rnn_tui.runs.words import NOTHING, count_of
from rnn_tui.tasks.adder import ADDER
from rnn_tui.ui.common.chart.chart import Chart, ChartSeries, line_series
from rnn_tui.ui.common.chart_view import SpreadView
from rnn_tui.ui.common.key_table import key
from rnn_tui.ui.common.long_jobs import ReportStatus
from rnn_tui.ui.common.pane import show_line
from rnn_tui.ui.common.run_lines import ProgressLine
from rnn_tui.ui.common.task_view import TaskView
from rnn_tui.ui.common.widgets.plain import MainButton, PlainTable

KEYS = ("experiment", "published", "mean", "n", "expected", "place", "range", "time")
CAPTION = (
    "In percent. MNIST and recall: accuracy on the test set; adder: bit accuracy, the mean over "
    "lengths 1 to 20. Enter: a row's runs."
)


class ReportTable(Vertical, TaskView):
    """The table of a rerun; a row is an experiment of its results."""

    def __init__(self) -> None:
        super().__init__(classes="panel")
        self.border_title = "The report's figures beside ours"
        self._results: Results | None = None
        self._training: Collection[Experiment] = ()
        self._shown: tuple[object, ...] = ()

    def compose(self) -> ComposeResult:
        yield PlainTable(
            cursor_type="row",
            zebra_stripes=True,
            cell_padding=0,
            fixed_columns=1,
            id="report-figures",
        )
        yield Static("", id="report-notes", classes="report-note", markup=False)
        yield Static(CAPTION, id="report-caption", classes="report-note", markup=False)
        yield Static(EXPECTED, id="report-expected", classes="report-note", markup=False)

    def on_mount(self) -> None:
        # whose colours are in the cells
        self.app.theme_changed_signal.subscribe(self, lambda _: self._fill())

    def show(self, results: Results, training: Collection[Experiment]) -> None:
        """Show the figures, and which experiments have networks in training now."""
        self._results, self._training = results, training
        show_line(self, "#report-notes", " ".join(results.plan.notes))
        self._fill()

    def _fill(self) -> None:
        """Fill the table where something is new, the theme too."""
        lines = [self._line(row) for row in self._results.rows] if self._results is not None else []
        if lines and (shown := (self.app.theme, lines)) != self._shown:
            self._shown = shown
            self.query_one(PlainTable).fill(map(_cell, KEYS, HEADS), lines)

    def _line(self, row: Row) -> list[Text]:
        texts = list(table_cells(row))
        texts[KEYS.index("place")] = _place(row, training=row.experiment in self._training)
        colours = {None: "text-muted", True: "text-success", False: "text-warning"}
        style = self.app.get_css_variables().get(colours[row.inside], "")
        return [
            _cell(column, text, style if column == "place" else "")
            for column, text in zip(KEYS, texts, strict=True)
        ]


def _cell(column: str, text: str, style: str = "") -> Text:
    """A cell; a gap before it stands in for padding on both sides, which 80 columns lack."""
    gap = "" if column == KEYS[0] else " "
    return Text(
        f"{gap}{text}", style, justify="right" if column in RIGHT_ALIGNED else "left", no_wrap=True
    )


def _place(row: Row, *, training: bool) -> str:
    """Where the published figure lies, by a mark and in words."""
    if not row.n:
        return "… training" if training else NOTHING
    mark = (
        "·"
        if row.distance is None
        else "✓"
        if not row.distance
        else "▼"
        if row.distance < 0
        else "▲"
    )
    return f"{mark} {row.published_is}"


EMPTY = "Plots appear once a network has been trained to its end"
# The shape of a line's marker, not filled: the report's points of the same network.
HOLLOW = dict(zip("●■▲◆", "○□△◇", strict=True))


class ReportPlots(Vertical, SpreadView):
    """One plot at a time."""

    BINDINGS = [key("metric", "figure", "Figure", tooltip="Go to the next plot")]

    def __init__(self) -> None:
        super().__init__()
        self._figures: Sequence[Figure] = ()
        self._key, self._measuring = "", False
        self._chart = Chart(allow_smoothing=False, empty_text=EMPTY, id="report-chart")
        self.charts = (self._chart,)

    def compose(self) -> ComposeResult:
        yield Static("", id="report-figure", markup=False)
        yield self._chart

    @property
    def figure(self) -> Figure | None:
        return next(
            (one for one in self._figures if one.key == self._key), next(iter(self._figures), None)
        )

    def show(self, figures: Sequence[Figure], *, measuring: bool) -> None:
        """Show one of these plots, the chosen one if it is among them; `measuring` if more are to
        come without training.
        """
        self._figures, self._measuring = figures, measuring
        self.draw()

    def action_figure(self) -> None:
        if (figure := self.figure) is not None:
            self._key = self._figures[(self._figures.index(figure) + 1) % len(self._figures)].key
            self.draw()

    def draw(self) -> None:
        figure, head = self.figure, self.query_one("#report-figure", Static)
        more = "; measuring bit accuracy by length …" if self._measuring else ""
        if figure is None:
            head.update(more.removeprefix("; "))
            self._chart.describe("", Metric("", ""))
            self._chart.show([])
            return
        note = "hollow marks are the report's" if figure.published else figure.note
        head.update(
            f"{self._figures.index(figure) + 1} of "
            f"{len(self._figures)}{f': {note}' if note else ''}{more}"
        )
        self._chart.describe(figure.title, figure.spec, figure.x_label)
        shown = [
            line_series(line.label, line, colour, self.spread, points=True)
            for colour, line in enumerate(figure.lines)
        ]
        for colour, line in enumerate(figure.lines):
            # points alone: one network each, whose epochs in between are not a mean
            if line.label in figure.published:
                mark = HOLLOW[curve_marker(colour)]
                shown.append(
                    ChartSeries(
                        "report",
                        *figure.published[line.label],
                        colour,
                        points=True,
                        mark=mark,
                        line=False,
                    )
                )
        self._chart.show(shown)


NO_ADDER = (
    "The report's conclusions are about the adder, which is not among the tasks ticked above."
)
MEASURING = "Bit accuracy by length is being measured …"
MARKS = {  # by mark and word, and by colour only besides
    Verdict.SUPPORTED: ("✓", "$text-success"),
    Verdict.PARTLY: ("≈", "$text-warning"),
    Verdict.NOT_SUPPORTED: ("✗", "$text-error"),
    Verdict.NONE: ("?", "$text-muted"),
}


class ReportConclusions(VerticalScroll, TaskView, can_focus=True):
    """The conclusions, below each other."""

    BORDER_TITLE = "The report's conclusions, checked against the figures"
    DEFAULT_CLASSES = "panel"

    def compose(self) -> ComposeResult:
        # one: what wraps can't be laid out in lines beforehand
        yield Static("", id="report-conclusions", markup=False)

    def show(self, results: Results, found: Sequence[Conclusion], *, measuring: bool) -> None:
        """Show the conclusions, none without the adder, and what is missing; `measuring` if it
        comes without training.
        """
        parts = [_written(one) for one in found] or [Content(NO_ADDER)]
        notes = [
            MEASURING if measuring else "",
            results.missing_seeds(ADDER.name),
            *((RULE, *BASIS) if found else ()),
        ]
        parts += map(Content, filter(None, notes))
        self.query_one("#report-conclusions", Static).update(Content("\n\n").join(parts))


def _written(one: Conclusion) -> Content:
    """The verdict, the report's words, and the table, whose lines fit into 80 columns."""
    mark, colour = MARKS[one.verdict]
    verdict = Content.styled(f"{mark} {one.sentence}", f"bold {colour}")
    rows = [COMPARED, *(row.cells for row in one.comparisons)]
    forms = [
        f"{'>' if one[0] in COMPARED_RIGHT_ALIGNED else '<'}{max(map(len, one))}"
        for one in zip(*rows, strict=True)
    ]
    head, *lines = ("  ".join(map(format, row, forms)) for row in rows)
    said = f"The report: “{one.claim}” {one.measured}"
    return Content("\n").join(
        [verdict, Content(said), Content.styled(head, "bold"), *map(Content, lines)]
    )


class ReportProgress(ProgressLine):
    """The progress of the rerun under way, or of the plan that is looked at."""

    def compose(self) -> ComposeResult:
        yield MainButton("", "report-train")
        yield from super().compose()

    def show(self, now: Standing | None, *, training: bool, paused: bool, waits: str = "") -> None:
        """Draw how far it is, and whether that is in training here, or paused, or waits for its
        turn.
        """
        left = now.total - now.done - now.elsewhere if now is not None and not training else 0
        button = self.query_one("#report-train", Button)
        button.display = left > 0
        button.label = Content(f" t  Train {count_of(left, 'network')} ")
        what = doing(now, training=training, paused=paused)
        if training and waits:
            what += f" {waits}"
        self.draw(what, now.share if now is not None else 0.0, numbers(now, training=training))


def doing(now: Standing | None, *, training: bool, paused: bool) -> str:
    """What is trained now, here or elsewhere; empty where nothing is, but could be."""
    if now is None:
        return "looking at the runs" if training else ""
    if training:
        what = now.planned_run.label if now.planned_run is not None else "looking at the runs"
        return f"{what}, paused" if paused else what
    if now.complete:
        return "complete"
    return f"{count_of(now.elsewhere, 'network')} in training elsewhere" if now.elsewhere else ""


def numbers(now: Standing | None, *, training: bool) -> str:
    """How many networks are done, and how long the rest will take."""
    if now is None:
        return ""
    done = f"{now.done} of {count_of(now.total, 'network')}"
    if now.complete:
        return done
    left = " left" if training else ""
    if now.seconds_left is None:
        return f"{done} · time{left} not known yet"
    return (
        f"{done} · about {duration(now.seconds_left)}{left}"
        if training or now.seconds_left
        else done
    )


def told(report: ReportStatus, table: Results) -> tuple[str, SeverityLevel]:
    """How a rerun ended, in a sentence, and how grave that is."""
    now = report.standing
    if report.problem or now is None:
        return f"The rerun could not go on: {report.problem}", "error"
    at = f"{now.done} of {count_of(now.total, 'network')} trained"
    if now.failures:
        many = "a run" if len(now.failures) == 1 else f"{len(now.failures)} runs"
        return f"The rerun ended with {at}; {many} failed. {now.failures[0]}", "error"
    if now.complete:
        known = [row.inside for row in table.rows if row.inside is not None]
        inside = f"{sum(known)} of {len(known)} published figures could be one more seed of ours"
        text = f"The report is complete: {inside if known else 'one seed tells too little'}."
    elif now.runs_left:
        text = f"The rerun was stopped with {at}; t goes on from there."
    else:
        text = (
            f"The rerun has {at}; {count_of(now.elsewhere, 'network')} in training elsewhere "
            "will be added automatically."
        )
    return text, "information"
