"""Shaded areas behind the lines of a chart: the spread around a mean, and a marked range.

A terminal cell has one background and no transparency: an area is a set of whole cells, blended with others beforehand
and laid under the text that the plotting library has drawn. Where that is, is worked out here: pure, and in cells.
"""

import math
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby, pairwise

from rich.segment import Segment
from rich.style import Style

from rnn_tui.ui.chart.axes import TINY, Axis

BAND_SHARE = 0.25  # how much of a band's cells is the colour of the run; the rest is what lies behind
MARK_SHARE = 0.08  # the same of the text's colour, for the marked range: much fainter than any band
MARK_LAYER = 1  # the bit of the marked range; the bits above are those of the bands, in their order
Lines = Sequence[Sequence[float]]
Restyle = Callable[[Style | None, int], Style]  # what gives a style the background of a cell with some layers behind it


def band_share(count: int) -> float:
    """Return the share of each of ``count`` bands in a cell: together little more than one alone, or they would hide lines."""
    together = min(0.35, BAND_SHARE + 0.04 * (count - 1))
    return 1.0 - math.pow(1.0 - together, 1.0 / max(1, count))


@dataclass(frozen=True)
class VisibleBand:
    """The visible part of the spread around a line, in positions on the axes."""

    colour: int
    x: list[float]
    low: list[float]
    high: list[float]


def groups(x: Sequence[float], count: int) -> list[tuple[int, int]]:
    """Return start and stop of at most ``count`` groups of positions, none empty; of one width, as a log axis crowds points."""
    width = (x[-1] - x[0]) / count
    inner = [bisect_left(x, x[0] + index * width) for index in range(1, count)]
    return [(start, stop) for start, stop in pairwise((0, *inner, len(x))) if start < stop]


def thin(x: Sequence[float], y: Sequence[float], limit: int) -> tuple[list[float], list[float]]:
    """Thin a line to at most ``limit`` points, at least 4, that keep its outline and its ends."""
    if len(x) <= limit:
        return list(x), list(y)
    kept = {0, len(x) - 1}
    for start, stop in groups(x, (limit - 2) // 2):
        chunk = y[start:stop]
        kept |= {start + chunk.index(min(chunk)), start + chunk.index(max(chunk))}
    return [x[index] for index in sorted(kept)], [y[index] for index in sorted(kept)]


def apart(x: Sequence[float], gap: float) -> list[int]:
    """Return the last index and, going back, those at least ``gap`` from the one before."""
    kept: list[int] = []
    for index in reversed(range(len(x))):
        if not kept or x[kept[-1]] - x[index] >= gap:
            kept.append(index)
    return kept


def cut(x: Sequence[float], lines: Lines, left: float, right: float, log_y: bool) -> tuple[list[float], list[list[float]]]:
    """Cut lines over the same positions to a range, interpolated at its edges; for a log axis these are logarithms."""
    first, last = bisect_left(x, left), bisect_right(x, right)
    # One point more where an edge is between two, for the interpolation.
    if 0 < first < len(x) and x[first] > left:
        first -= 1
    if 0 < last < len(x) and x[last - 1] < right:
        last += 1
    at, kept = list(x[first:last]), [list(map(log, line[first:last]) if log_y else line[first:last]) for line in lines]
    if at and at[0] < left:
        for line in kept:
            line[0] = between(left, at, line)
        at[0] = left
    if at and at[-1] > right:
        for line in kept:
            line[-1] = between(right, at[-2:], line[-2:])
        at[-1] = right
    return at, kept


def thin_band(colour: int, x: list[float], low: list[float], high: list[float], *, limit: int) -> VisibleBand:
    """Thin a band to `limit` points if it has twice as many: up to there, drawing all takes less time than choosing."""
    if len(x) <= 2 * limit:
        return VisibleBand(colour, x, low, high)
    cuts = groups(x, limit)
    middles = [x[0], *(x[(start + stop) // 2] for start, stop in cuts[1:-1]), x[-1]]
    lows = [min(low[start:stop]) for start, stop in cuts]
    return VisibleBand(colour, middles, lows, [max(high[start:stop]) for start, stop in cuts])


def scattered(x: Sequence[float], lines: Lines, seen: tuple[float, float], width: int, log_y: bool) -> list[tuple[float, ...]]:
    """Return the points that are seen, with all their lines' values: of those in one place the last."""
    low, high = seen
    rows = [row for row in zip(x, *lines, strict=True) if low <= row[0] <= high]
    rows = [(at, *map(log, values)) for at, *values in rows] if log_y else rows
    tall = max((row[1] for row in rows), default=0.0) - min((row[1] for row in rows), default=0.0) or 1.0
    places = {(int((row[0] - low) / (high - low) * width), round(100 * row[1] / tall)): row for row in rows}
    return list(places.values())


def log(value: float) -> float:
    """Return the logarithm of a value, below all axes if it has none."""
    return math.log10(value) if value > TINY else -math.inf


def between(edge: float, x: Sequence[float], y: Sequence[float]) -> float:
    """Interpolate between the first two points, one of which may be below all axes."""
    return -math.inf if -math.inf in (y[0], y[1]) else y[0] + (edge - x[0]) / (x[1] - x[0]) * (y[1] - y[0])


def spans(band: VisibleBand, x: Axis, y: Axis, width: int, height: int) -> dict[int, tuple[float, float]]:
    """Return both ends of a band by column, in rows from the bottom: the extremes of its points there, or what lies between."""
    # What is below the axis, perhaps infinitely, slopes down to its end.
    lows, highs = (y.places([value if value > y.low else y.low for value in ends], height, 4) for ends in (band.low, band.high))
    points = list(zip(x.places(band.x, width, 2), lows, highs, strict=True))
    found: dict[int, tuple[float, float]] = {}
    for (last, last_low, last_high), (place, low, high) in pairwise([*points[:1], *points]):
        for between in range(int(last) + 1, int(place)):
            share = (between + 0.5 - last) / (place - last)
            found[between] = (last_low + share * (low - last_low), last_high + share * (high - last_high))
        merged = found.get(int(place), (low, high))
        found[int(place)] = (min(merged[0], low), max(merged[1], high))
    return found


def lay_under(segments: Iterable[Segment], left: int, row: Sequence[int], restyle: Restyle) -> Iterator[Segment]:
    """Cut a line, a character a cell, where layers behind it change, which are ``row`` after ``left`` cells, and restyle it."""
    parts = iter([(0, left), *((key, len(list(cells))) for key, cells in groupby(row))])
    behind, room = next(parts)
    for text, style, _ in segments:
        start = 0
        while start < len(text):
            while not room:
                behind, room = next(parts, (0, len(text)))  # what follows the plot is blank to the end of the line
            piece = text[start : start + room]
            yield Segment(piece, restyle(style, behind) if behind else style)
            start += len(piece)
            room -= len(piece)
