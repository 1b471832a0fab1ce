"""Shows series that lie on each other: each has the cells that they share in turn.

A cell of the terminal has one colour, and what is drawn later covers what is there. So of two equal
series the first would not be seen at all.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import pairwise

from rnn_tui.ui.chart.geometry import BRAILLE_HIGH, BRAILLE_WIDE
from rnn_tui.ui.chart.view import ChartSeries, Frame, VisibleLine

DASH = 3  # columns that one of several equal lines has before it is the turn of the next
Cell = tuple[int, int]  # column and row, from the bottom left


def line_turns(frame: Frame) -> Mapping[Cell, ChartSeries]:
    """Return the series that has the turn in each cell that equal lines share."""
    sharing: dict[tuple[int, int, int], list[ChartSeries]] = defaultdict(list)
    lines = [line for line in frame.lines if line.series.line and line.x]
    if len(lines) < 2:
        return {}
    for line in lines:
        for column, (low, high) in _dots_by_column(frame, line).items():
            sharing[column, low, high].append(line.series)
    turns = {}
    for (column, low, high), series in sharing.items():
        if len(series) > 1:
            owner = series[column // DASH % len(series)]
            for row in range(low // BRAILLE_HIGH, high // BRAILLE_HIGH + 1):
                turns[column, row] = owner
    return turns


def _dots_by_column(frame: Frame, line: VisibleLine) -> dict[int, tuple[int, int]]:
    """Return the lowest and the highest dot of a line in each of its columns."""
    across = [place * BRAILLE_WIDE for place in frame.x.places(line.x, frame.width, BRAILLE_WIDE)]
    up = [place * BRAILLE_HIGH for place in frame.y.places(line.y, frame.height, BRAILLE_HIGH)]
    top = frame.height * BRAILLE_HIGH - 1
    points = [(x, min(max(y, 0.0), float(top))) for x, y in zip(across, up, strict=True)]
    dots: dict[int, tuple[int, int]] = {}
    for (x, y), (next_x, next_y) in pairwise([*points[:1], *points]):
        first, last = int(x), int(next_x)
        slope = (next_y - y) / (next_x - x) if last > first else 0.0
        for dot in range(first, last + 1):
            ends = (y, next_y) if first == last else (y + slope * (dot - x),)
            column = dot // BRAILLE_WIDE
            low, high = dots.get(column, (top, 0))
            dots[column] = (
                max(0, min(low, *map(int, ends))),
                min(top, max(high, *map(int, ends))),
            )
    return dots


def marks_in_turns(frame: Frame) -> Frame:
    """Give each cell with the marks of several series to one of them.

    A series that would have no mark left has its last one moved aside.
    """
    sharing: dict[Cell, list[int]] = defaultdict(list)
    for index, line in enumerate(frame.lines):
        for cell in _cells_of_marks(frame, line):
            if index not in sharing[cell]:
                sharing[cell].append(index)
    shared = sorted(cell for cell, indices in sharing.items() if len(indices) > 1)
    if not shared:
        return frame
    owners = {cell: sharing[cell][turn % len(sharing[cell])] for turn, cell in enumerate(shared)}
    lines = []
    for index, line in enumerate(frame.lines):
        cells = _cells_of_marks(frame, line)
        marks = [
            mark
            for mark, cell in zip(line.marks, cells, strict=True)
            if owners.get(cell, index) == index
        ]
        if line.marks and not marks:
            place = sharing[cells[-1]].index(index)
            marks = [_aside(frame, line.marks[-1], cells[-1], place)]
        lines.append(replace(line, marks=marks))
    return replace(frame, lines=lines)


def _cells_of_marks(frame: Frame, line: VisibleLine) -> Sequence[Cell]:
    columns = frame.x.places((x for x, _ in line.marks), frame.width, BRAILLE_WIDE)
    rows = frame.y.places((y for _, y in line.marks), frame.height, BRAILLE_HIGH)
    return [(int(column), int(row)) for column, row in zip(columns, rows, strict=True)]


def _aside(frame: Frame, mark: tuple[float, float], cell: Cell, by: int) -> tuple[float, float]:
    """Move a mark by so many columns, to the right if there is room."""
    column, _ = cell
    by = max(1, by)
    if column + by >= frame.width:
        by = -by
    dots = (column + by) * BRAILLE_WIDE
    return frame.x.position(dots, frame.width * BRAILLE_WIDE), mark[1]
