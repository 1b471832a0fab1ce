"""The visible part of lines, points and bands, with no more of them than can be seen."""

import math
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from rnn_tui.ui.chart.scales import TINY, Axis

# Points without a line cover each other within a column and one of so many parts of their height.
HEIGHT_PARTS = 100
Lines = Sequence[Sequence[float]]


@dataclass(frozen=True)
class VisibleBand:
    """The visible part of the spread around a line, in positions on the axes."""

    colour: int
    x: list[float]
    low: list[float]
    high: list[float]


def groups(x: Sequence[float], count: int) -> list[tuple[int, int]]:
    """Return start and stop of at most ``count`` groups of ascending positions, none empty.

    All groups span the same width on the axis, since a log axis crowds points.
    """
    group_width = (x[-1] - x[0]) / count
    edges = [x[0] + group_width * index for index in range(1, count)]
    starts = [0, *(bisect_left(x, edge) for edge in edges)]
    stops = [*starts[1:], len(x)]
    return [(start, stop) for start, stop in zip(starts, stops, strict=True) if start < stop]


def thin(x: Sequence[float], y: Sequence[float], limit: int) -> tuple[list[float], list[float]]:
    """Thin a line to at most ``limit`` points, at least 4, that keep its outline and its ends."""
    if len(x) <= limit:
        return list(x), list(y)
    indices = {0, len(x) - 1}
    for start, stop in groups(x, (limit - 2) // 2):
        chunk = y[start:stop]
        indices.add(start + chunk.index(min(chunk)))
        indices.add(start + chunk.index(max(chunk)))
    kept = sorted(indices)
    return [x[index] for index in kept], [y[index] for index in kept]


def spaced(x: Sequence[float], gap: float) -> list[int]:
    """Return indices of positions at least ``gap`` apart: the last one, then going back."""
    indices: list[int] = []
    for index in reversed(range(len(x))):
        if not indices or x[indices[-1]] - x[index] >= gap:
            indices.append(index)
    return indices


def cut(
    x: Sequence[float], lines: Lines, left: float, right: float, log_y: bool
) -> tuple[list[float], list[list[float]]]:
    """Cut lines over the same ascending positions to a range, interpolated at its edges.

    For a log axis, all values are replaced by their logarithms.

    Returns:
        The positions within the range, and for each line its values there.
    """
    first, last = bisect_left(x, left), bisect_right(x, right)
    # one point more where an edge is between two, for the interpolation
    if 0 < first < len(x) and x[first] > left:
        first -= 1
    if 0 < last < len(x) and x[last - 1] < right:
        last += 1
    positions = list(x[first:last])
    cut_lines = [list(line[first:last]) for line in lines]
    if log_y:
        cut_lines = [list(map(log, line)) for line in cut_lines]
    if positions and positions[0] < left:
        for line in cut_lines:
            line[0] = interpolate(left, positions, line)
        positions[0] = left
    if positions and positions[-1] > right:
        for line in cut_lines:
            line[-1] = interpolate(right, positions[-2:], line[-2:])
        positions[-1] = right
    return positions, cut_lines


def thin_band(
    colour: int, x: list[float], low: list[float], high: list[float], *, limit: int
) -> VisibleBand:
    """Thin a band to ``limit`` points if it has more than twice as many.

    Up to there, to draw all of them takes less time than to choose.
    """
    if len(x) > 2 * limit:
        cuts = groups(x, limit)
        ends = (x[0], x[-1])
        x = [x[(start + stop) // 2] for start, stop in cuts]
        x[0], x[-1] = ends
        low = [min(low[start:stop]) for start, stop in cuts]
        high = [max(high[start:stop]) for start, stop in cuts]
    return VisibleBand(colour, x, low, high)


def visible_points(
    x: Sequence[float], lines: Lines, visible: tuple[float, float], width: int, log_y: bool
) -> list[tuple[float, ...]]:
    """Return the points without a line that can be seen: of those that cover each other, the last.

    Two points cover each other if they share a column and nearly a height.

    Args:
        x: Their positions.
        lines: Their values first, then the ends of their bars, if any; as many each as ``x``.
        visible: Both ends of the visible range of x.
        width: The columns of that range.
        log_y: Whether values become logarithms.

    Returns:
        Of each point its x and its value of every line.
    """
    left, right = visible
    points = [point for point in zip(x, *lines, strict=True) if left <= point[0] <= right]
    if log_y:
        points = [(position, *map(log, values)) for position, *values in points]
    if not points:
        return []
    heights = [value for _, value, *_ in points]
    height = max(heights) - min(heights) or 1.0
    by_place: dict[tuple[int, int], tuple[float, ...]] = {}
    for point in points:
        column = int((point[0] - left) / (right - left) * width)
        row = round(HEIGHT_PARTS * point[1] / height)
        by_place[column, row] = point
    return list(by_place.values())


def log(value: float) -> float:
    """Return the logarithm to base ten of a value, below all axes if it has none."""
    return math.log10(value) if value > TINY else -math.inf


def interpolate(position: float, x: Sequence[float], y: Sequence[float]) -> float:
    """Interpolate between the first two points, one of which may be below all axes."""
    if -math.inf in (y[0], y[1]):
        return -math.inf
    share = (position - x[0]) / (x[1] - x[0])
    return y[0] + share * (y[1] - y[0])


def spans(
    band: VisibleBand, x: Axis, y: Axis, width: int, height: int
) -> dict[int, tuple[float, float]]:
    """Return both ends of a band by column, in rows from the bottom.

    In a column with points of the band these are the extremes of its points; in others they lie
    on the line between its neighbours.
    """
    # What is below the axis, perhaps infinitely, slopes down to its end.
    lows, highs = (
        y.places([max(y.low, value) for value in ends], height) for ends in (band.low, band.high)
    )
    # The last position may be the edge of the axis, at which no column begins.
    places = [min(place, width - 0.5) for place in x.places(band.x, width)]
    points = list(zip(places, lows, highs, strict=True))
    ends_by_column: dict[int, tuple[float, float]] = {}
    for (last, last_low, last_high), (place, low, high) in pairwise([*points[:1], *points]):
        for column in range(int(last) + 1, int(place)):
            share = (column + 0.5 - last) / (place - last)
            ends_by_column[column] = (
                last_low + share * (low - last_low),
                last_high + share * (high - last_high),
            )
        bottom, top = ends_by_column.get(int(place), (low, high))
        ends_by_column[int(place)] = (min(bottom, low), max(top, high))
    return ends_by_column
