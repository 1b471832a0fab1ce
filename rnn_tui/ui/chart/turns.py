"""Shows series that lie on each other: each has the cells that they share in turn.

A cell of the terminal has one colour, and what is drawn later covers what is there. So of two equal
series the first would not be seen at all. Nothing is moved: a mark beside its value would be read
as another value.
"""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import replace
from itertools import pairwise

from rnn_tui.ui.chart.scales import BRAILLE_HIGH, BRAILLE_WIDE
from rnn_tui.ui.chart.view import Cell, ChartSeries, Frame, VisibleLine

DASH = 3  # columns that one of several equal lines has before it is the turn of the next


def line_turns(frame: Frame) -> Mapping[Cell, ChartSeries]:
    """Return the series that has the turn in each cell that equal lines share."""
    sharing: dict[tuple[int, int, int], list[ChartSeries]] = defaultdict(list)
    lines = [line for line in frame.lines if line.series.line and line.x]
    if len(lines) < 2:
        return {}
    for line in lines:
        for column, dots in _dots_by_column(frame, line).items():
            sharing[column, min(dots), max(dots)].append(line.series)
    turns = {}
    for (column, low, high), series in sharing.items():
        if len(series) > 1:
            owner = series[column // DASH % len(series)]
            for row in range(low // BRAILLE_HIGH, high // BRAILLE_HIGH + 1):
                turns[column, row] = owner
    return turns


def _dots_by_column(frame: Frame, line: VisibleLine) -> Mapping[int, list[int]]:
    """Return the rows of the dots that a line has in each of its columns."""
    points = list(zip(frame.x_dots(line.x), frame.y_dots(line.y), strict=True))
    dots_by_column: dict[int, list[int]] = defaultdict(list)
    for (x, y), (next_x, next_y) in pairwise([*points[:1], *points]):
        slope = (next_y - y) / max(1, next_x - x)
        for step in range(next_x - x):
            dots_by_column[(x + step) // BRAILLE_WIDE].append(round(y + slope * step))
        dots_by_column[next_x // BRAILLE_WIDE].append(next_y)
    return dots_by_column


def marks_in_turns(frame: Frame) -> Frame:
    """Give each cell with the marks of several series to one of them, or of those on top."""
    sharing: dict[Cell, list[int]] = defaultdict(list)
    for index, line in enumerate(frame.lines):
        for cell in dict.fromkeys(frame.cells(line.marks)):
            sharing[cell].append(index)
    owners = {}
    for turn, cell in enumerate(sorted(cell for cell in sharing if len(sharing[cell]) > 1)):
        on_top = [index for index in sharing[cell] if frame.lines[index].series.on_top]
        sharers = on_top or sharing[cell]
        owners[cell] = sharers[turn % len(sharers)]
    if not owners:
        return frame
    lines = []
    for index, line in enumerate(frame.lines):
        marks_and_cells = zip(line.marks, frame.cells(line.marks), strict=True)
        marks = [mark for mark, cell in marks_and_cells if owners.get(cell, index) == index]
        lines.append(replace(line, marks=marks))
    return replace(frame, lines=lines)
