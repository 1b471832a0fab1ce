"""The views of the Papers tab: the table of figures, plots, conclusions and the progress."""

from collections.abc import Callable, Collection, Sequence

from rich.console import JustifyMethod
from rich.text import Text
from textual.app import ComposeResult
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.notifications import SeverityLevel
from textual.widgets import Button, Static

from rnn_tui.archive.verdicts import COMPARED
from rnn_tui.archive.words import NOTHING
from rnn_tui.engine.counts import count_of
from rnn_tui.engine.metrics import Metric
from rnn_tui.engine.pace import roughly
from rnn_tui.engine.palette import curve_marker
from rnn_tui.engine.tables import Column, cells_of
from rnn_tui.papers.columns import LABEL, PLACE, columns_of, explanations
from rnn_tui.papers.conclusions import BASIS, RULE, Conclusion
from rnn_tui.papers.curves import Figure
from rnn_tui.papers.paper import Experiment
from rnn_tui.papers.rows import Results, Row
from rnn_tui.papers.running import Standing
from rnn_tui.tasks import TASKS
from rnn_tui.ui.chart.chart import Chart, ChartSeries, line_series
from rnn_tui.ui.frame.chart_view import SpreadView
from rnn_tui.ui.frame.pane import show_line
from rnn_tui.ui.frame.run_lines import ProgressLine
from rnn_tui.ui.frame.task_view import TaskView
from rnn_tui.ui.terminal.key_table import key
from rnn_tui.ui.widgets.marks import MARKS
from rnn_tui.ui.widgets.plain import MainButton, PlainTable
from rnn_tui.ui.work.long_jobs import RerunStatus

WIDE = 140  # columns of a table in which names are not cut, and columns have their order
LONGEST_NAME = 24  # characters in a narrower one
CAPTION = "In percent. {measured} Enter shows the runs of a row."


class RerunTable(Vertical, TaskView):
    """The table of a rerun; a row is an experiment of its results."""

    def __init__(self) -> None:
        super().__init__(classes="panel ruled")
        self._results: Results | None = None
        self._training: Collection[Experiment] = ()  #: experiments with networks in training.
        self._shown: tuple[object, ...] = ()  #: theme and lines that are in the table.

    def compose(self) -> ComposeResult:
        yield Static("", id="rerun-notes", markup=False)
        yield PlainTable(
            cursor_type="row",
            zebra_stripes=True,
            cell_padding=0,
            fixed_columns=1,
            id="rerun-figures",
        )
        yield Static("", id="rerun-caption", classes="rerun-note", markup=False)
        yield Static("", id="rerun-expected", classes="rerun-note", markup=False)

    def on_mount(self) -> None:
        # whose colours are in the cells
        self.app.theme_changed_signal.subscribe(self, lambda _: self._fill())

    def show(self, results: Results, training: Collection[Experiment]) -> None:
        """Show the figures, and which experiments have networks in training now."""
        self._results = results
        self._training = training
        paper = results.plan.paper
        self.border_title = Content(f"The {paper.kind}'s figures and ours")
        show_line(self, "#rerun-notes", " ".join(results.plan.notes))
        show_line(self, "#rerun-caption", CAPTION.format(measured=paper.measured))
        show_line(self, "#rerun-expected", " ".join(explanations(paper)))
        self._fill()

    def _fill(self) -> None:
        """Fill the table if something is new, such as the theme."""
        if self._results is None:
            return
        columns = columns_of(self._results.plan.paper)
        if self.size.width < WIDE:  # those that can be spared come last, where one scrolls to
            columns = tuple(sorted(columns, key=lambda column: column.spare > 0))
        headings = [_cell(column, column.head) for column in columns]
        lines = [self._line(row, columns) for row in self._results.rows]
        if self.size.width < WIDE:
            for line in lines:
                line[0] = Text(_cut(line[0].plain), line[0].style, no_wrap=True)
        shown = (self.app.theme, headings, lines)
        if lines and shown != self._shown:
            self._shown = shown
            # Given, as Textual finds them only when the table gets another size.
            widths = [
                max(len(cell) for cell in cells) for cells in zip(headings, *lines, strict=True)
            ]
            self.query_one(PlainTable).fill(headings, lines, widths)

    def on_resize(self) -> None:
        self._fill()

    def _line(self, row: Row, columns: Sequence[Column[Row]]) -> list[Text]:
        """Return the cells of a row; that of the place is coloured."""
        line = []
        for column in columns:
            if column.key == PLACE:
                place = _place(row, training=row.experiment in self._training)
                style = self.app.theme_variables.get(PLACE_COLOURS[row.inside], "")
                line.append(_cell(column, place, style))
            else:
                line.append(_cell(column, column.cell(row)))
        return line


# The colour of a place, by `Row.inside`.
PLACE_COLOURS = {None: "text-muted", True: "text-success", False: "text-warning"}


def _cell(column: Column[Row], text: str, style: str = "") -> Text:
    """Return a cell with a gap before it: 80 columns lack the room for padding on both sides."""
    gap = "" if column.key == LABEL else " "
    alignment: JustifyMethod = "right" if column.right else "left"
    return Text(f"{gap}{text}", style, justify=alignment, no_wrap=True)


def _cut(label: str) -> str:
    """Return the name of an experiment, with less of its task if it is long."""
    task, comma, network = label.rpartition(", ")
    most = LONGEST_NAME - len(comma) - len(network)
    return label if len(task) <= most else f"{task[: most - 1].rstrip()}…{comma}{network}"


def _place(row: Row, *, training: bool) -> str:
    """Return where the published figure is, by a mark and in words."""
    if not row.n:
        return "… training" if training else NOTHING
    return f"{_mark(row)} {row.published_is}"


def _mark(row: Row) -> str:
    """Return a mark of the published figure's place: inside, below, above, or a dot if unknown."""
    if row.distance is None:
        return "·"
    if row.distance == 0:
        return "✓"
    return "▼" if row.distance < 0 else "▲"


EMPTY = "Plots appear once a network has been trained to its end"
# The marker of published points, by that of our line of the same network: the same, hollow.
HOLLOW = {"●": "○", "■": "□", "▲": "△", "◆": "◇"}


class RerunPlots(Vertical, SpreadView):
    """The plots of a paper, one at a time."""

    BINDINGS = [key("metric", "figure", "Figure", tooltip="Go to the next plot")]

    def __init__(self) -> None:
        super().__init__()
        self._kind = ""  #: what the paper is called in sentences.
        self._figures: Sequence[Figure] = ()
        self._key = ""  #: the key of the chosen plot; empty for the first.
        self._measuring = False  #: whether more plots will come without training.
        self._chart = Chart(allow_smoothing=False, empty_text=EMPTY, id="rerun-chart")
        self.charts = (self._chart,)

    def compose(self) -> ComposeResult:
        yield Static("", id="rerun-figure", markup=False)
        yield self._chart

    @property
    def figure(self) -> Figure | None:
        """The plot that was chosen, or else the first; None if there is none."""
        for figure in self._figures:
            if figure.key == self._key:
                return figure
        return self._figures[0] if self._figures else None

    def show(self, kind: str, figures: Sequence[Figure], *, measuring: bool) -> None:
        """Show one of these plots, the chosen one if it is among them.

        Args:
            kind: what the paper is called in sentences.
            figures: the plots there are.
            measuring: whether more will come without training.
        """
        self._kind = kind
        self._figures = figures
        self._measuring = measuring
        self.draw()

    def action_figure(self) -> None:
        """Show the next plot; after the last the first."""
        figure = self.figure
        if figure is not None:
            following = (self._figures.index(figure) + 1) % len(self._figures)
            self._key = self._figures[following].key
            self.draw()

    def draw(self) -> None:
        figure = self.figure
        self.query_one("#rerun-figure", Static).update(self._heading(figure))
        if figure is None:
            self._chart.describe("", Metric("", ""))
            self._chart.show([])
            return
        self._chart.describe(figure.title, figure.spec, figure.x_label)
        curves = [
            line_series(line.label, line, colour, self.spread, points=True)
            for colour, line in enumerate(figure.lines)
        ]
        for colour, line in enumerate(figure.lines):
            if line.label in figure.published:
                points = figure.published[line.label]
                curves.append(_published_points(self._kind, points, colour))
        self._chart.show(curves)

    def _heading(self, figure: Figure | None) -> str:
        """Return the plot's name, the meaning of its marks, and what is being measured."""
        parts = []
        if figure is not None:
            number = f"{self._figures.index(figure) + 1} of {len(self._figures)}"
            note = f"hollow marks are the {self._kind}'s" if figure.published else figure.note
            parts.append(f"{number}: {note}" if note else number)
        if self._measuring:
            parts.append("measuring accuracy by length …")
        return "; ".join(parts)


def _published_points(
    kind: str, points: tuple[Sequence[float], Sequence[float]], colour: int
) -> ChartSeries:
    """Return the published points (x and y) of a network, named by the paper's kind.

    No line joins them, as they are no mean over seeds.
    """
    x, y = points
    mark = HOLLOW[curve_marker(colour)]
    return ChartSeries(kind, x, y, colour, points=True, mark=mark, line=False)


NO_CLAIMS = "The file of this {kind} has no claims."
NOT_TICKED = "The {kind}'s claims are about {tasks}, not among the tasks ticked above."
WIDEST_CLAIMS = 110  # columns, as the style sheet has it
SHORTEST_SUBJECT = 12  # characters that are left of what is compared
MEASURING = "Accuracy by length is being measured …"


class RerunConclusions(VerticalScroll, TaskView, can_focus=True):
    """The claims of a paper, one below the other."""

    def __init__(self) -> None:
        super().__init__()
        self._paragraphs: Callable[[int], list[Content]] | None = None  #: by the width they have.

    DEFAULT_CLASSES = "panel"

    def compose(self) -> ComposeResult:
        # a single widget: what wraps can't be laid out in lines beforehand
        yield Static("", id="rerun-conclusions", markup=False)

    def show(self, results: Results, conclusions: Sequence[Conclusion], *, measuring: bool) -> None:
        """Show the conclusions, and what is missing for them.

        Args:
            results: the figures of the rerun.
            conclusions: what they say of the paper's claims; empty without the tasks of these.
            measuring: whether accuracy by length is being measured, for which no training lacks.
        """
        paper = results.plan.paper
        self.border_title = Content(f"The {paper.kind}'s claims, checked against our figures")
        notes = [results.missing_seeds(*paper.claim_tasks)] if paper.claims else []
        if measuring:
            notes.insert(0, MEASURING)
        if conclusions:
            notes += [RULE, *BASIS]
        if not conclusions:
            tasks = " and ".join(TASKS[task].label for task in paper.claim_tasks)
            missing = NOT_TICKED if tasks else NO_CLAIMS
            notes.insert(0, missing.format(kind=paper.kind, tasks=tasks))

        def paragraphs(width: int) -> list[Content]:
            parts = [_conclusion(paper.kind, conclusion, width) for conclusion in conclusions]
            return parts + [Content(note) for note in notes if note]

        self._paragraphs = paragraphs
        self._draw()

    def on_resize(self) -> None:
        self._draw()

    def _draw(self) -> None:
        """Write all of it, with tables that are as wide as there is room."""
        if self._paragraphs is not None:
            width = min(self.scrollable_content_region.width, WIDEST_CLAIMS)
            text = Content("\n\n").join(self._paragraphs(width))
            self.query_one("#rerun-conclusions", Static).update(text)


def _conclusion(kind: str, conclusion: Conclusion, width: int) -> Content:
    """Return the verdict, the paper's words, and the table, whose lines fit into a width."""
    mark, colour = MARKS[conclusion.verdict]
    verdict = Content.styled(f"{mark} {conclusion.sentence}", f"bold {colour}")
    claim = Content(f"The {kind}: “{conclusion.claim}” {conclusion.measured}")
    heads = tuple(column.head for column in COMPARED)
    rows = [heads, *(cells_of(comparison, COMPARED) for comparison in conclusion.comparisons)]
    heading, *lines = _aligned(rows)
    too_wide = len(heading) - width
    if too_wide > 0:
        longest = max(len(row[0]) for row in rows)
        most = max(longest - too_wide, SHORTEST_SUBJECT)
        heading, *lines = _aligned([(_shortened(row[0], most), *row[1:]) for row in rows])
    table = [Content.styled(heading, "bold"), *map(Content, lines)]
    return Content("\n").join([verdict, claim, *table])


def _shortened(text: str, most: int) -> str:
    """Return a text, or its beginning and its end if it is longer than `most` characters."""
    if len(text) <= most:
        return text
    end = (most - 1) // 2
    return f"{text[: most - 1 - end].rstrip()}…{text[-end:].lstrip()}"


def _aligned(rows: Sequence[Sequence[str]]) -> list[str]:
    """Return the rows of a table of comparisons as lines, that of the heads first."""
    forms = []
    for column, texts in zip(COMPARED, zip(*rows, strict=True), strict=True):
        alignment = ">" if column.right else "<"
        forms.append(f"{alignment}{max(map(len, texts))}")
    return ["  ".join(map(format, row, forms)) for row in rows]


class RerunProgress(ProgressLine):
    """The progress of the rerun under way, or of the plan that is looked at."""

    def compose(self) -> ComposeResult:
        yield MainButton("", "rerun-train")
        yield from super().compose()

    def show(
        self,
        now: Standing | None,
        *,
        training: bool,
        paused: bool,
        waits: str = "",
        beside: str = "",
    ) -> None:
        """Draw the progress.

        Args:
            now: how far the rerun is, or the plan; None if that is not known yet.
            training: whether this app trains it.
            paused: whether the run in training is paused.
            waits: what it waits for, if anything.
            beside: what else is trained, if anything.
        """
        left = 0  # networks that could be trained here
        if now is not None and not training:
            left = now.total - now.done - now.elsewhere
        button = self.query_one("#rerun-train", Button)
        button.display = left > 0
        button.label = Content(f" t  Train {count_of(left, 'network')} ")
        activity = activity_of(now, training=training, paused=paused)
        if training and waits:
            activity += f" {waits}"
        activity = " · ".join(filter(None, [activity, beside]))
        share = 0.0 if now is None else now.share
        self.draw(activity, share, numbers(now, training=training))


def activity_of(now: Standing | None, *, training: bool, paused: bool) -> str:
    """Say what is being trained, here or elsewhere; empty if nothing is, but could be."""
    if now is None:
        return "reading the runs" if training else ""
    if training:
        activity = "reading the runs" if now.planned_run is None else now.planned_run.label
        return f"{activity}, paused" if paused else activity
    if now.complete:
        return "complete"
    return f"{count_of(now.elsewhere, 'network')} in training elsewhere" if now.elsewhere else ""


def numbers(now: Standing | None, *, training: bool) -> str:
    """Say how many networks are trained, and how long the rest will take."""
    if now is None:
        return ""
    done = f"{now.done} of {count_of(now.total, 'network')}"
    if now.complete:
        return done
    left = " left" if training else ""
    if now.seconds_left is None:
        return f"{done} · time{left} not known yet"
    if not training and now.seconds_left == 0:
        return done
    return f"{done} · {roughly(now.seconds_left)}{left}"


def how_it_ended(rerun: RerunStatus, results: Results) -> tuple[str, SeverityLevel]:
    """Return a sentence on how a rerun ended, and the severity of the notification."""
    now = rerun.standing
    if rerun.problem or now is None:
        return f"The rerun could not continue: {rerun.problem}", "error"
    at = f"{now.done} of {count_of(now.total, 'network')} trained"
    if now.failures:
        many = "a run" if len(now.failures) == 1 else f"{len(now.failures)} runs"
        return f"The rerun ended with {at}; {many} failed. {now.failures[0]}", "error"
    if now.complete:
        inside = [row.inside for row in results.rows if row.inside is not None]
        verdict = ": one seed is too few to compare"
        if not results.plan.recipe.compared:
            verdict = f" with preset {results.plan.preset}"
        elif inside:
            verdict = f": {sum(inside)} of {len(inside)} published figures could be a further seed"
        text = f"The {results.plan.paper.kind} is complete{verdict}."
    elif now.runs_left:
        text = f"The rerun was stopped with {at}; t resumes it."
    else:
        elsewhere = f"{count_of(now.elsewhere, 'network')} in training elsewhere"
        text = f"The rerun has {at}; {elsewhere} will be added automatically."
    return text, "information"
