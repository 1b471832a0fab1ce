"""Draws the lines, points and cursor of a chart as text, by plotext.

Plotext is imported by this module alone. What it decides badly (ranges, ticks, legend, colours) is
decided in ``ChartBase`` and the modules that it uses.
"""

import re
from collections.abc import Sequence
from itertools import groupby
from operator import itemgetter
from typing import TypeAlias

from rich.text import Text

from rnn_tui.engine.palette import curve_colour
from rnn_tui.engine.state import RunState
from rnn_tui.ui.chart import view
from rnn_tui.ui.chart.axes import AxesText
from rnn_tui.ui.chart.kept import KEPT_MARK, with_kept
from rnn_tui.ui.chart.scales import BRAILLE_HIGH, BRAILLE_WIDE
from rnn_tui.ui.chart.turns import line_turns, marks_in_turns
from rnn_tui.ui.chart.view import Cell, ChartSeries, Frame

# Plotext gets no colours, but for each element the RGB triple (number, role, 0), which comes back
# in its output. The number is that of a series. These are the roles; 0 means none.
LINE, AXIS, CURSOR = 1, 2, 3
BRAILLE = frozenset(map(chr, range(0x2800, 0x2900)))
SERIES_NUMBERS = 128  # numbers of series that are not faint; those of faint ones follow
ESCAPE = re.compile(r"\x1b\[(?:38;2;(\d+);(\d+);0|0)m")


def number_of(series: ChartSeries) -> int:
    """Return the number that stands for the colour of a series in plotext's output."""
    return series.colour % SERIES_NUMBERS + (SERIES_NUMBERS if series.faint else 0)


PlottedText: TypeAlias = tuple[int, int, str]  # a number and a role, 0 for none; and the text


def plotted(frame: Frame, height: int, cursor: float | None = None) -> list[list[PlottedText]]:
    """Draw a frame, and return its rows from the top.

    Args:
        frame: What to draw.
        height: The rows of the plot with its axes.
        cursor: The position of the cursor, None for none.
    """
    axes = AxesText(frame)
    rows = _in_turns(_drawn(frame, cursor), frame)
    lines = [[(0, AXIS, axes.before(row)), *texts] for row, texts in enumerate(rows)]
    below = [(0, AXIS, axes.line()), (0, AXIS, axes.labels())]
    return [*lines, *([text] for text in below)][:height]


def _in_turns(rows: list[list[PlottedText]], frame: Frame) -> list[list[PlottedText]]:
    """Give each cell that equal lines share the colour of the line that has the turn there."""
    owners: dict[int, dict[int, int]] = {}
    for (column, row), series in line_turns(frame).items():
        owners.setdefault(frame.height - 1 - row, {})[column] = number_of(series)
    for row, numbers in owners.items():
        cells = [(number, role, cell) for number, role, text in rows[row] for cell in text]
        for column, number in numbers.items():
            _, role, cell = cells[column] if column < len(cells) else (0, 0, "")
            if role == LINE and cell in BRAILLE:
                cells[column] = number, role, cell
        rows[row] = [
            (number, role, "".join(cell for _, _, cell in same))
            for (number, role), same in groupby(cells, itemgetter(0, 1))
        ]
    return rows


class _Canvas:
    """A canvas of cells on which plotext draws, without axes.

    It is given dots in place of positions, which it would round by itself: then a mark would stand
    in another row than its line.
    """

    def __init__(self, width: int, height: int) -> None:
        # an app without runs draws its first frame sooner
        from textual_plotext.plot import Plot

        # a fresh one each time, for a tenth of a millisecond: plotext changes its data in place
        # when it builds
        self._plot = Plot()
        self._plot.theme("clear")
        # the public plotsize() is capped by the size of the terminal at import
        self._plot._set_size(width, height)  # noqa: SLF001
        self._plot.xaxes(False, False)
        self._plot.yaxes(False, False)
        self._plot.xticks([])
        self._plot.yticks([])
        last_x = width * BRAILLE_WIDE - 1
        last_y = height * BRAILLE_HIGH - 1
        self._plot.xlim(0, last_x)
        self._plot.ylim(0, last_y)
        # plotext draws what takes a whole cell at so many dots a cell
        self._dots_per_column = last_x / max(1, width - 1)
        self._dots_per_row = last_y / max(1, height - 1)

    def draw_cursor(self, column: int) -> None:
        """Draw a line from the bottom to the top."""
        self._plot.vertical_line(column * self._dots_per_column, color=(0, CURSOR, 0))

    def draw_line(self, x: Sequence[int], y: Sequence[int], number: int) -> None:
        """Join dots by a line."""
        self._plot.plot(x, y, marker="braille", color=(number, LINE, 0))

    def draw_marks(self, cells: Sequence[Cell], marker: str, number: int) -> None:
        """Put a character into each of some cells."""
        x = [column * self._dots_per_column for column, _ in cells]
        y = [row * self._dots_per_row for _, row in cells]
        self._plot.scatter(x, y, marker=marker, color=(number, LINE, 0))

    def rows(self) -> list[list[PlottedText]]:
        """Return what was drawn, from the top."""
        return [_plotted_texts(row) for row in str(self._plot.build()).splitlines()]


def _drawn(frame: Frame, cursor: float | None) -> list[list[PlottedText]]:
    """Draw the lines, marks and cursor of a frame, and return the rows from the top."""
    canvas = _Canvas(frame.width, frame.height)
    if cursor is not None and frame.x.low <= cursor <= frame.x.high:
        ((column, _),) = frame.cells([(cursor, frame.y.low)])
        canvas.draw_cursor(column)
    for line in frame.lines:
        number = number_of(line.series)
        if line.series.line:
            canvas.draw_line(frame.x_dots(line.x), frame.y_dots(line.y), number)
        for x, low, high in line.bars:
            canvas.draw_line(frame.x_dots([x, x]), frame.y_dots([low, high]), number)
    for line in frame.lines:  # after all lines: what comes later covers what is there
        number = number_of(line.series)
        canvas.draw_marks(frame.cells(line.marks), line.series.marker, number)
        if line.beyond:
            enters_at, _ = line.beyond
            canvas.draw_marks(frame.cells([(enters_at, frame.y.high)]), "↑", number)
    return canvas.rows()


def _plotted_texts(row: str) -> list[PlottedText]:
    """Split a row of plotext's output into its texts, each with its number and role."""
    # Splitting at a pattern of two groups gives: text, number, role, text, number, role, text, ...
    parts = ["", "", *ESCAPE.split(row)]
    numbers, roles, texts = parts[::3], parts[1::3], parts[2::3]
    return [
        (int(number or 0), int(role or 0), text)
        for number, role, text in zip(numbers, roles, texts, strict=True)
    ]


def loss_chart(state: RunState, width: int, height: int) -> Text:
    """Draw the loss of a run in so many columns and rows, without an app.

    Training is drawn as lines, validation as points. Of several seeds it is the mean.
    """
    cleaned = [view.clean(curve, 0.0, None) for curve in _loss_series(state)]
    log_y = view.spans_a_decade(cleaned)
    prepared = [view.prepare(curve, 0.0, log_y) for curve in cleaned]
    present, size = view.extent(prepared), (width, height - 1)
    frame = present and view.frame(prepared, present, size, (0.0, None), log_y, settled=not log_y)
    if not frame:
        return Text("No loss was logged yet.", "dim")
    frame = marks_in_turns(frame)
    chart = Text(no_wrap=True, overflow="ellipsis")
    for curve in prepared:
        if not curve.on_top:
            glyph = curve.marker if curve.points else "─"
            chart.append(glyph, curve_colour(curve.colour, dark=True))
            chart.append(f" {curve.name}  ")
    if any(curve.on_top for curve in prepared):
        chart.append(f"{KEPT_MARK}  ")
    if log_y:
        chart.append("log scale", "dim")
    for (_, _, first), *parts in plotted(frame, size[1]):
        chart.append(f"\n{first}")
        for number, role, text in parts:
            chart.append(text, curve_colour(number, dark=True) if role == LINE else "dim")
    return chart


def _loss_series(state: RunState) -> list[ChartSeries]:
    """Return the losses of a run: of one network, or of each variant the mean over its seeds."""
    curves: list[ChartSeries] = []
    for metric in state.metric_definitions:
        if metric.chart != "loss":
            continue
        points = metric.stage != "train"
        means = [
            ChartSeries(
                f"{state.config.variants[index].label} {metric.label}",
                band.x,
                band.mean,
                index,
                points,
            )
            for index, band in enumerate(state.bands.get(metric.name, ()))
        ]
        curves += with_kept(state, metric, means)
        values = state.series.get(metric.name)
        if values is not None:
            colour = len(curves)
            curve = ChartSeries(metric.label, values.x, values.y, colour, points, line=not points)
            curves += with_kept(state, metric, [curve])
    return curves
