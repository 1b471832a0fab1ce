"""Axes as readers of curves expect them (the plotting library's go beyond 100 %, have odd ticks,
fail on constant series), and the shaded areas behind lines. A terminal cell has one background and
no transparency: an area is a set of whole cells, blended with others beforehand and laid under the
text that the library has drawn. Where that is, is worked out here, in cells.
"""

import math
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import count, groupby, pairwise

from rich.segment import Segment
from rich.style import Style

TINY = 1e-290  # below this a value counts as 0: its logarithm and its steps would underflow
HUGE = 1e290  # values beyond are dropped as if infinite: differences of two would overflow
PAD = 0.04  # the share of the data's range left free at an end of an axis that is no tick
# how much of a band's cells is the colour of the run; the rest is what lies behind
BAND_SHARE = 0.25
MARK_SHARE = 0.08  # the same of the text's colour, for the marked range: much fainter than any band
MARK_LAYER = 1  # the bit of the marked range; the bits above are those of the bands, in their order
Lines = Sequence[Sequence[float]]
# what gives a style the background of a cell with some layers behind it
Restyle = Callable[[Style | None, int], Style]


@dataclass(frozen=True)
class Axis:
    """Ends, ticks and labels of an axis; positions on a log axis are exponents of ten for y, of two
    for x.
    """

    low: float
    high: float
    ticks: tuple[float, ...]
    labels: tuple[str, ...]

    def position(self, dot: float, dots: int) -> float:
        """Return the position of a dot where ``dots`` dots span the axis."""
        return self.low + dot / max(1, dots - 1) * (self.high - self.low)

    def places(self, positions: Iterable[float], cells: int, dots: int) -> list[float]:
        """Return where positions lie, in ``cells`` of ``dots`` each; the ends of the axis are half
        a dot from the edge.
        """
        scale, half = (cells * dots - 1) / (self.high - self.low) / dots, 0.5 / dots
        return [(at - self.low) * scale + half for at in positions]

    def cells(self, positions: Iterable[float], cells: int, dots: int) -> list[float]:
        """Move positions to the cells of their braille dots: the library rounds others, and markers
        would miss their line.
        """
        last = max(1, cells - 1)
        return [
            self.low + math.floor(at) / last * (self.high - self.low)
            for at in self.places(positions, cells, dots)
        ]


def to_position(x: float, log: bool) -> float:
    """Return where ``x`` lies on an axis: at itself, or at its exponent of two; infinitely far
    where that has no place.
    """
    if log and x > TINY:
        return math.log2(x) if x < HUGE else math.inf
    return -math.inf if log else x


def from_position(position: float, log: bool) -> float:
    """Return the x at a position, on a log axis to 12 digits: whole numbers come back whole."""
    return float(f"{2.0**position:.12g}") if log else position


def nice_step(span: float, intervals: float) -> float:
    """Return the smallest of 1, 2, 5 times a power of ten that covers span / intervals."""
    raw = span / intervals
    magnitude = 10.0 ** math.floor(math.log10(raw))
    return next(
        (step for step in (magnitude, 2 * magnitude, 5 * magnitude) if step >= raw * (1 - 1e-9)),
        10 * magnitude,
    )


def tick_label(value: float, step: float) -> str:
    """Format a tick with as many digits as tell it from its neighbours."""
    place = math.floor(math.log10(step) + 1e-9)
    if value and (place < -5 or abs(value) >= 1e6):
        return format_value(value, max(1, math.floor(math.log10(abs(value)) + 1e-9) - place + 1))
    return f"{value:.{max(0, -place) if place >= -5 else 0}f}"


def format_value(value: float, digits: int = 4) -> str:
    """Format a value to some significant digits, exponents without padding."""
    mantissa, _, exponent = f"{value:.{digits}g}".partition("e")
    return f"{mantissa}e{int(exponent)}" if exponent else mantissa


def _multiples(low: float, high: float, step: float) -> list[float]:
    """Return the multiples of ``step`` from ``low`` to ``high``, free of rounding noise."""
    digits = max(0, 2 - math.floor(math.log10(step)))
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    return [round(k * step, digits) for k in range(first, last + 1)]


def linear_axis(
    low: float, high: float, most: int, lower: float | None = None, upper: float | None = None
) -> Axis:
    """Return an axis around these values; it ends at ticks, or before: at a hard bound, or where
    much would be left empty.
    """
    if high - low <= 1e-9 * max(abs(low), abs(high)) or high - low < TINY:
        pad = 0.1 * abs(high) if abs(high) > TINY else 1.0
        low, high = low - pad, high + pad
    floor, ceiling = -math.inf if lower is None else lower, math.inf if upper is None else upper
    low, high = max(low, floor), min(high, ceiling)
    step = nice_step(high - low, max(1, most - 1))
    while True:
        start = max(floor, math.floor(low / step + 1e-9) * step)
        end = min(ceiling, math.ceil(high / step - 1e-9) * step)
        ticks = _multiples(start, end, step)
        if len(ticks) <= max(3, most):  # an axis across 0 keeps three however coarse the step
            break
        step = nice_step(step * 1.5, 1)
    pad = PAD * (high - low)
    tight_start = max(start, low - pad) if low - start > step / 2 else start
    tight_end = min(end, high + pad) if end - high > step / 2 else end
    kept = [tick for tick in ticks if tight_start <= tick <= tight_end]
    if len(kept) >= 2:
        start, end, ticks = tight_start, tight_end, kept
    return Axis(start, end, tuple(ticks), tuple(tick_label(tick, step) for tick in ticks))


def log_axis(low: float, high: float, most: int, upper: float | None = None) -> Axis:
    """Return a log axis of about ``most`` ticks around the positive ``low`` to ``high``."""
    low, high = max(low, TINY), max(high, TINY)
    if math.log10(high) - math.log10(low) < 0.5:
        # too narrow for 1-2-5: evenly spaced values, placed on the log scale
        axis = linear_axis(low, high, most, None, upper)
        start, end = (axis.low if axis.low > 0 else low), axis.high
        ticks = [tick for tick in axis.ticks if tick >= start]
        labels = axis.labels[len(axis.ticks) - len(ticks) :]
    else:
        decades = [
            10.0**e for e in range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
        ]
        grids = [
            [m * decade for decade in decades for m in multiples]
            for multiples in ((1, 2, 5), (1, 3), (1,))
        ]
        start = max(value for value in grids[0] if value <= low * (1 + 1e-9))
        end = min(value for value in grids[0] if value >= high * (1 - 1e-9))
        end = end if upper is None else min(end, upper)
        *finer, ticks = [
            [v for v in grid if start * (1 - 1e-9) <= v <= end * (1 + 1e-9)] for grid in grids
        ]
        most = max(2, most)  # of decades, too, some are left out where they are too many
        ticks = next(
            (found for found in finer if len(found) <= most),
            ticks[:: max(1, math.ceil(len(ticks) / most))],
        )
        labels = tuple(map(format_value, ticks))
    return Axis(math.log10(start), math.log10(end), tuple(map(math.log10, ticks)), labels)


def x_axis(low: float, high: float, width: int, *, whole: bool = False) -> Axis:
    """Return the axis from exactly ``low`` to ``high``; its ticks are whole if it holds two, with
    ``whole`` even if one.
    """
    span = high - low
    step = nice_step(span, max(1, width // 6))
    if span >= 2.0 or (whole and math.floor(high) >= math.ceil(low)):
        step = max(1.0, step)
    while True:
        ticks = _multiples(low, high, step)
        labels = [tick_label(tick, step) for tick in ticks]
        if len(ticks) <= 1 or (max(map(len, labels)) + 3) * span <= step * width:
            return Axis(low, high, tuple(ticks), tuple(labels))
        step = nice_step(step * 1.5, 1)


def labelled_axis(low: float, high: float, labels: Mapping[float, str], width: int) -> Axis:
    """Return the axis from exactly ``low`` to ``high`` with those labels by position that fit
    beside each other.
    """
    kept: list[float] = []
    end = -1.0
    for at in sorted(labels):
        middle, half = (at - low) / (high - low) * width, len(labels[at]) / 2
        if low <= at <= high and middle - half > end:
            kept.append(at)
            end = middle + half + 1
    return Axis(low, high, tuple(kept), tuple(labels[at] for at in kept))


def log2_axis(low: float, high: float, width: int) -> Axis:
    """Return the log axis between two exponents of two, labelled at as many powers, evenly apart,
    as fit ``width`` cells.
    """
    first, last = math.ceil(low - 1e-9), math.floor(high + 1e-9)
    if last <= first:
        # too narrow for powers: evenly spaced values, placed on the log scale
        start, end = 2.0**low, 2.0**high
        # of their mean distance, where they are closest: at its end
        share = (end - start) / (end * math.log(2) * (high - low))
        axis = x_axis(start, end, math.floor(width * share))
        return Axis(low, high, tuple(map(math.log2, axis.ticks)), axis.labels)
    for step in count(1):
        ticks = [exponent for exponent in range(first, last + 1) if exponent % step == 0]
        labels = [str(2**e) if 0 <= e < 30 else format_value(2.0**e) for e in ticks]
        if len(ticks) <= 1 or (max(map(len, labels)) + 3) * (high - low) <= step * width:
            break
    return Axis(low, high, tuple(map(float, ticks)), tuple(labels))


def band_share(count: int) -> float:
    """Return the share of each of ``count`` bands in a cell: together little more than one alone,
    or they would hide lines.
    """
    return 1.0 - math.pow(1.0 - min(0.35, BAND_SHARE + 0.04 * (count - 1)), 1.0 / max(1, count))


@dataclass(frozen=True)
class VisibleBand:
    """The visible part of the spread around a line, in positions on the axes."""

    colour: int
    x: list[float]
    low: list[float]
    high: list[float]


def groups(x: Sequence[float], count: int) -> list[tuple[int, int]]:
    """Return start and stop of at most ``count`` groups of positions, none empty; of one width, as
    a log axis crowds points.
    """
    inner = [bisect_left(x, x[0] + (x[-1] - x[0]) / count * index) for index in range(1, count)]
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


def cut(
    x: Sequence[float], lines: Lines, left: float, right: float, log_y: bool
) -> tuple[list[float], list[list[float]]]:
    """Cut lines over the same positions to a range, interpolated at its edges; for a log axis these
    are logarithms.
    """
    first, last = bisect_left(x, left), bisect_right(x, right)
    # one point more where an edge is between two, for the interpolation
    if 0 < first < len(x) and x[first] > left:
        first -= 1
    if 0 < last < len(x) and x[last - 1] < right:
        last += 1
    at, kept = (
        list(x[first:last]),
        [list(map(log, line[first:last]) if log_y else line[first:last]) for line in lines],
    )
    if at and at[0] < left:
        for line in kept:
            line[0] = between(left, at, line)
        at[0] = left
    if at and at[-1] > right:
        for line in kept:
            line[-1] = between(right, at[-2:], line[-2:])
        at[-1] = right
    return at, kept


def thin_band(
    colour: int, x: list[float], low: list[float], high: list[float], *, limit: int
) -> VisibleBand:
    """Thin a band to `limit` points if it has twice as many: up to there, drawing all takes less
    time than choosing.
    """
    if len(x) > 2 * limit:
        cuts = groups(x, limit)
        x = [x[0], *(x[(start + stop) // 2] for start, stop in cuts[1:-1]), x[-1]]
        low, high = (
            [min(low[start:stop]) for start, stop in cuts],
            [max(high[start:stop]) for start, stop in cuts],
        )
    return VisibleBand(colour, x, low, high)


def scattered(
    x: Sequence[float], lines: Lines, seen: tuple[float, float], width: int, log_y: bool
) -> list[tuple[float, ...]]:
    """Return the points that are seen, with all their lines' values: of those in one place the
    last.
    """
    low, high = seen
    rows = [row for row in zip(x, *lines, strict=True) if low <= row[0] <= high]
    rows = [(at, *map(log, values)) for at, *values in rows] if log_y else rows
    tall = (
        max((row[1] for row in rows), default=0.0) - min((row[1] for row in rows), default=0.0)
        or 1.0
    )
    return list(
        {
            (int((row[0] - low) / (high - low) * width), round(100 * row[1] / tall)): row
            for row in rows
        }.values()
    )


def log(value: float) -> float:
    """Return the logarithm of a value, below all axes if it has none."""
    return math.log10(value) if value > TINY else -math.inf


def between(edge: float, x: Sequence[float], y: Sequence[float]) -> float:
    """Interpolate between the first two points, one of which may be below all axes."""
    return (
        -math.inf
        if -math.inf in (y[0], y[1])
        else y[0] + (edge - x[0]) / (x[1] - x[0]) * (y[1] - y[0])
    )


def spans(
    band: VisibleBand, x: Axis, y: Axis, width: int, height: int
) -> dict[int, tuple[float, float]]:
    """Return both ends of a band by column, in rows from the bottom: the extremes of its points
    there, or what lies between.
    """
    # What is below the axis, perhaps infinitely, slopes down to its end.
    lows, highs = (
        y.places([value if value > y.low else y.low for value in ends], height, 4)
        for ends in (band.low, band.high)
    )
    points = list(zip(x.places(band.x, width, 2), lows, highs, strict=True))
    found: dict[int, tuple[float, float]] = {}
    for (last, last_low, last_high), (place, low, high) in pairwise([*points[:1], *points]):
        for between in range(int(last) + 1, int(place)):
            share = (between + 0.5 - last) / (place - last)
            found[between] = (
                last_low + share * (low - last_low),
                last_high + share * (high - last_high),
            )
        bottom, top = found.get(int(place), (low, high))
        found[int(place)] = (min(bottom, low), max(top, high))
    return found


def lay_under(
    segments: Iterable[Segment], left: int, row: Sequence[int], restyle: Restyle
) -> Iterator[Segment]:
    """Cut a line, a character a cell, where layers behind it change, which are ``row`` after
    ``left`` cells, and restyle it.
    """
    parts = iter([(0, left), *((key, len(list(cells))) for key, cells in groupby(row))])
    behind, room = next(parts)
    for text, style, _ in segments:
        start = 0
        while start < len(text):
            while not room:
                # what follows the plot is blank to the end of the line
                behind, room = next(parts, (0, len(text)))
            piece = text[start : start + room]
            yield Segment(piece, restyle(style, behind) if behind else style)
            start += len(piece)
            room -= len(piece)
