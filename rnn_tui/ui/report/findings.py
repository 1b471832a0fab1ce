"""The report's own plots over our seeds, and its conclusions with what our seeds say of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.widgets import Static

from rnn_tui.report.conclusions import Conclusion, Verdict
from rnn_tui.report.curves import Figure
from rnn_tui.report.rows import Results
from rnn_tui.tasks.adder import ADDER
from rnn_tui.ui.chart.chart import Chart, ChartSeries, line_series
from rnn_tui.ui.chart.view import MARKERS
from rnn_tui.ui.shell.views import SpreadView

EMPTY = "Plots come with the first network that is trained to its end"
# The shape of a line's marker, not filled: the report's points of the same network.
HOLLOW = dict(zip("●■▲◆", "○□△◇", strict=True))
HOLLOW_NOTE = "hollow marks are the report's"
FILLED_NOTE = "marks are the report's values"


class ReportPlots(Vertical, SpreadView):
    """One plot at a time."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("j", "figure", "Figure", tooltip="Go to the next plot"),
    ]

    def __init__(self) -> None:
        super().__init__()
        self._figures: Sequence[Figure] = ()
        self._key = ""
        self._measuring = False
        self._chart = Chart("", allow_smoothing=False, empty_text=EMPTY, id="report-chart")

    def compose(self) -> ComposeResult:
        """Which plot it is, and the plot."""
        yield Static("", id="report-figure", markup=False)
        yield self._chart

    @property
    def charts(self) -> tuple[Chart]:
        """The chart."""
        return (self._chart,)

    @property
    def figure(self) -> Figure | None:
        """The plot that is shown."""
        keys = [figure.key for figure in self._figures]
        if self._key not in keys:
            return self._figures[0] if self._figures else None
        return self._figures[keys.index(self._key)]

    def show(self, figures: Sequence[Figure], *, measuring: bool) -> None:
        """Show one of these plots, the one that was chosen if it is among them.

        Args:
            figures: all there are.
            measuring: whether more are to come without training.
        """
        self._figures, self._measuring = figures, measuring
        self.draw()

    def action_figure(self) -> None:
        """Go to the next plot, and after the last to the first."""
        figure = self.figure
        if figure is not None:
            at = self._figures.index(figure) + 1
            self._key = self._figures[at % len(self._figures)].key
            self.draw()

    def draw(self) -> None:
        """Draw the plot with the spread that is wanted."""
        figure = self.figure
        head = self.query_one("#report-figure", Static)
        more = "; measuring bit accuracy by length …" if self._measuring else ""
        if figure is None:
            head.update(more.removeprefix("; "))
            self._chart.describe("")
            self._chart.show([])
            return
        note = figure.note.replace(FILLED_NOTE, HOLLOW_NOTE)
        at = f"{self._figures.index(figure) + 1} of {len(self._figures)}"
        head.update(f"{at}{f': {note}' if note else ''}{more}")
        spec = figure.spec
        self._chart.describe(
            figure.title, y_unit=spec.unit, lower=spec.lower, upper=spec.upper,
            x_label=figure.x_label,
        )  # fmt: skip
        labels = [line.label for line in figure.lines]
        ours = [
            line_series(line.label, line, colour, self.spread, points=True)
            for colour, line in enumerate(figure.lines)
        ]
        published = [
            _published(x, y, labels.index(label)) for label, (x, y) in figure.published.items()
        ]
        self._chart.show([*ours, *published])


def _published(x: Sequence[float], y: Sequence[float], colour: int) -> ChartSeries:
    """Points without a line: one network each, whose epochs in between are not a mean."""
    mark = HOLLOW[MARKERS[colour]]
    return ChartSeries("report", x, y, colour, points=True, mark=mark, line=False)


NO_ADDER = "The report's conclusions are on the adder, which is not among the tasks ticked above."
MEASURING = "Bit accuracy by length is being measured …"
# By mark and word, and by colour only besides.
MARKS = {
    Verdict.SUPPORTED: ("✓", "$text-success"),
    Verdict.PARTLY: ("≈", "$text-warning"),
    Verdict.NOT_SUPPORTED: ("✗", "$text-error"),
    Verdict.OPEN: ("?", "$text-muted"),
}


class ReportConclusions(VerticalScroll, can_focus=True):
    """The conclusions, below each other."""

    def compose(self) -> ComposeResult:
        """One text: what wraps can't be laid out in lines beforehand."""
        yield Static("", id="report-conclusions", markup=False)

    def show(self, results: Results, found: Sequence[Conclusion], *, measuring: bool) -> None:
        """Show the conclusions, and say what is missing.

        Args:
            results: the figures.
            found: the conclusions; none without the adder.
            measuring: whether figures by length are still to come without training.
        """
        parts = [_written(one) for one in found] or [Content(NO_ADDER)]
        if measuring:
            parts.append(Content(MEASURING))
        lacking = [row for row in results.rows if row.experiment.task == ADDER.name]
        few = [
            f"{row.experiment.short_label} ({row.n} of {row.wanted})"
            for row in lacking
            if row.n < row.wanted
        ]
        if few:
            parts.append(Content(f"Not complete: seeds are lacking of {', '.join(few)}."))
        self.query_one("#report-conclusions", Static).update(Content("\n\n").join(parts))


def _written(one: Conclusion) -> Content:
    mark, colour = MARKS[one.verdict]
    claim = Content.styled(one.claim, "bold")
    verdict = Content.styled(f"{mark} {one.verdict.value.capitalize()}", colour)
    return Content("\n").join([claim, verdict, *map(Content, one.sentences)])
