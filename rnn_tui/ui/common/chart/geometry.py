"""Axes, thinned lines and shaded areas of a chart, in cells of the terminal.

The axes are those that readers of curves expect. The plotting library's own go beyond 100 %, have
odd ticks and fail on constant series.

A terminal cell has one background and no transparency. So an area is a set of whole cells, whose
colours are blended beforehand and laid under the text that the library has drawn.
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
# The share of the run's colour in the cells of its band; the rest is the background.
BAND_SHARE = 0.25
# The share of the text's colour in the cells of the marked range: much fainter than any band.
MARK_SHARE = 0.08
# The bit of the marked range in a cell's layers. The bits above are those of the bands, in order.
MARK_LAYER = 1
CLOSE = 1e-9  # the relative rounding error that comparisons of ticks allow for
# Points without a line cover each other within a column and one of so many parts of their height.
HEIGHT_PARTS = 100
BRAILLE_WIDE, BRAILLE_HIGH = 2, 4  # the dots of a cell
Lines = Sequence[Sequence[float]]
# Gives a style the background of a cell, from the bits of the layers behind that cell.
Restyle = Callable[[Style | None, int], Style]


@dataclass(frozen=True)
class Axis:
    """Ends, ticks and labels of an axis.

    Positions on a log axis are exponents: of ten for y, of two for x.
    """

    low: float
    high: float
    ticks: tuple[float, ...]
    labels: tuple[str, ...]  #: one for each tick.

    def position(self, dot: float, dots: int) -> float:
        """Return the position of a dot where ``dots`` dots span the axis."""
        return self.low + dot / max(1, dots - 1) * (self.high - self.low)

    def places(self, positions: Iterable[float], cells: int, dots: int) -> list[float]:
        """Return where positions lie on a row of cells, counted in cells from its start.

        The ends of the axis lie in the middle of the first and the last dot.

        Args:
            positions: On this axis.
            cells: The length of the row.
            dots: Braille dots in a cell, along the axis.
        """
        half_dot = 0.5 / dots
        cells_between_ends = (cells * dots - 1) / dots
        scale = cells_between_ends / (self.high - self.low)
        return [(position - self.low) * scale + half_dot for position in positions]

    def cells(self, positions: Iterable[float], cells: int, dots: int) -> list[float]:
        """Move positions to the cells of their braille dots.

        The library rounds other positions by itself, and markers would miss their line.
        """
        last_cell = max(1, cells - 1)
        return [
            self.low + math.floor(place) / last_cell * (self.high - self.low)
            for place in self.places(positions, cells, dots)
        ]


def to_position(x: float, log: bool) -> float:
    """Return where ``x`` lies on an axis: at itself, or on a log axis at its exponent of two.

    Values that have no place on a log axis are infinitely far away.
    """
    if not log:
        return x
    if x >= HUGE:
        return math.inf
    return math.log2(x) if x > TINY else -math.inf


def from_position(position: float, log: bool) -> float:
    """Return the x at a position, on a log axis to 12 digits: whole numbers come back whole."""
    return float(f"{2.0**position:.12g}") if log else position


def nice_step(span: float, intervals: float) -> float:
    """Return the smallest of 1, 2, 5 times a power of ten that covers span / intervals."""
    smallest = span / intervals
    magnitude = 10.0 ** math.floor(math.log10(smallest))
    for step in (magnitude, 2 * magnitude, 5 * magnitude):
        if step >= smallest * (1 - CLOSE):
            return step
    return 10 * magnitude


def _coarser_step(step: float) -> float:
    """Return the next larger of 1, 2, 5 times a power of ten."""
    return nice_step(step * 1.5, 1)


def tick_label(value: float, step: float) -> str:
    """Format a tick with enough digits to distinguish it from its neighbours.

    Very small and very large values have an exponent.
    """
    step_exponent = math.floor(math.log10(step) + CLOSE)
    if value and (step_exponent < -5 or abs(value) >= 1e6):
        value_exponent = math.floor(math.log10(abs(value)) + CLOSE)
        return format_value(value, max(1, value_exponent - step_exponent + 1))
    if step_exponent < -5:
        return "0"
    return f"{value:.{max(0, -step_exponent)}f}"


def format_value(value: float, digits: int = 4) -> str:
    """Format a value to some significant digits, exponents without padding."""
    mantissa, _, exponent = f"{value:.{digits}g}".partition("e")
    return f"{mantissa}e{int(exponent)}" if exponent else mantissa


def _multiples(low: float, high: float, step: float) -> list[float]:
    """Return the multiples of ``step`` from ``low`` to ``high``, free of rounding noise."""
    digits = max(0, 2 - math.floor(math.log10(step)))
    first = math.ceil(low / step - CLOSE)
    last = math.floor(high / step + CLOSE)
    return [round(factor * step, digits) for factor in range(first, last + 1)]


def linear_axis(
    low: float, high: float, most: int, lower: float | None = None, upper: float | None = None
) -> Axis:
    """Return an axis around the values from ``low`` to ``high``.

    It ends at ticks, or before them: at a hard bound, or where much would be left empty.

    Args:
        low: The lowest value.
        high: The highest value.
        most: Ticks at most; an axis across 0 keeps three, however coarse the step.
        lower: The bound below which the axis does not go; None for none.
        upper: The bound above which the axis does not go; None for none.
    """
    if high - low <= CLOSE * max(abs(low), abs(high)) or high - low < TINY:
        pad = 0.1 * abs(high) if abs(high) > TINY else 1.0
        low, high = low - pad, high + pad
    floor = -math.inf if lower is None else lower
    ceiling = math.inf if upper is None else upper
    low, high = max(low, floor), min(high, ceiling)
    step = nice_step(high - low, max(1, most - 1))
    while True:
        start = max(floor, math.floor(low / step + CLOSE) * step)
        end = min(ceiling, math.ceil(high / step - CLOSE) * step)
        ticks = _multiples(start, end, step)
        if len(ticks) <= max(3, most):
            break
        step = _coarser_step(step)
    pad = PAD * (high - low)
    tight_start = max(start, low - pad) if low - start > step / 2 else start
    tight_end = min(end, high + pad) if end - high > step / 2 else end
    tight_ticks = [tick for tick in ticks if tight_start <= tick <= tight_end]
    if len(tight_ticks) >= 2:
        start, end = tight_start, tight_end
        ticks = tight_ticks
    return Axis(start, end, tuple(ticks), tuple(tick_label(tick, step) for tick in ticks))


def log_axis(low: float, high: float, most: int, upper: float | None = None) -> Axis:
    """Return a log axis of about ``most`` ticks around the positive ``low`` to ``high``.

    Its positions are exponents of ten. It ends at the bound ``upper``, if there is one.
    """
    low, high = max(low, TINY), max(high, TINY)
    if math.log10(high) - math.log10(low) < 0.5:
        return _narrow_log_axis(low, high, most, upper)
    first_decade = math.floor(math.log10(low))
    last_decade = math.ceil(math.log10(high))
    decades = [10.0**exponent for exponent in range(first_decade, last_decade + 1)]
    fine_grid = _multiples_of_decades(decades, (1, 2, 5))
    start = max(value for value in fine_grid if value <= low * (1 + CLOSE))
    end = min(value for value in fine_grid if value >= high * (1 - CLOSE))
    if upper is not None:
        end = min(end, upper)
    ticks = _log_ticks(decades, start, end, max(2, most))
    labels = tuple(map(format_value, ticks))
    return Axis(math.log10(start), math.log10(end), tuple(map(math.log10, ticks)), labels)


def _narrow_log_axis(low: float, high: float, most: int, upper: float | None) -> Axis:
    """Return a log axis too narrow for 1-2-5: evenly spaced values, placed on the log scale."""
    axis = linear_axis(low, high, most, None, upper)
    start = axis.low if axis.low > 0 else low
    ticks = [tick for tick in axis.ticks if tick >= start]
    labels = axis.labels[len(axis.ticks) - len(ticks) :]
    return Axis(math.log10(start), math.log10(axis.high), tuple(map(math.log10, ticks)), labels)


def _log_ticks(decades: Sequence[float], start: float, end: float, most: int) -> list[float]:
    """Return the finest ticks of a log axis that are at most ``most``."""
    ticks: list[float] = []
    for multiples in ((1, 2, 5), (1, 3), (1,)):
        grid = _multiples_of_decades(decades, multiples)
        ticks = [value for value in grid if start * (1 - CLOSE) <= value <= end * (1 + CLOSE)]
        if len(ticks) <= most:
            return ticks
    return ticks[:: math.ceil(len(ticks) / most)]  # too many decades: every second, third …


def _multiples_of_decades(decades: Sequence[float], multiples: Sequence[int]) -> list[float]:
    return [multiple * decade for decade in decades for multiple in multiples]


def x_axis(low: float, high: float, width: int, *, whole: bool = False) -> Axis:
    """Return the axis from exactly ``low`` to ``high``.

    Args:
        low: The left end.
        high: The right end.
        width: The cells that it has.
        whole: Whether ticks are whole numbers if the axis holds one of these. They are in any
            case if it is at least 2 long.
    """
    span = high - low
    step = nice_step(span, max(1, width // 6))
    if span >= 2.0 or (whole and math.floor(high) >= math.ceil(low)):
        step = max(1.0, step)
    while True:
        ticks = _multiples(low, high, step)
        labels = [tick_label(tick, step) for tick in ticks]
        if _labels_fit(labels, step, span, width):
            return Axis(low, high, tuple(ticks), tuple(labels))
        step = _coarser_step(step)


def _labels_fit(labels: Sequence[str], step: float, span: float, width: int) -> bool:
    """Return whether labels a ``step`` apart fit on a ``span`` of ``width`` cells."""
    if len(labels) <= 1:
        return True
    longest = max(map(len, labels))
    return (longest + 3) * span <= step * width


def labelled_axis(low: float, high: float, labels: Mapping[float, str], width: int) -> Axis:
    """Return the axis from exactly ``low`` to ``high`` with labels at positions of their own.

    Labels that would overlap the one to their left are left out.
    """
    ticks: list[float] = []
    end = -1.0
    for position in sorted(labels):
        middle = (position - low) / (high - low) * width
        half = len(labels[position]) / 2
        if low <= position <= high and middle - half > end:
            ticks.append(position)
            end = middle + half + 1
    return Axis(low, high, tuple(ticks), tuple(labels[tick] for tick in ticks))


def log2_axis(low: float, high: float, width: int) -> Axis:
    """Return the log axis between two exponents of two.

    It has labels at as many powers of two, evenly apart, as fit into ``width`` cells.
    """
    first = math.ceil(low - CLOSE)
    last = math.floor(high + CLOSE)
    if last <= first:
        return _narrow_log2_axis(low, high, width)
    for step in count(1):
        ticks = [exponent for exponent in range(first, last + 1) if exponent % step == 0]
        labels = [_power_of_two(exponent) for exponent in ticks]
        if _labels_fit(labels, step, high - low, width):
            break
    return Axis(low, high, tuple(map(float, ticks)), tuple(labels))


def _narrow_log2_axis(low: float, high: float, width: int) -> Axis:
    """Return a log axis too narrow for powers: evenly spaced values, placed on the log scale."""
    start, end = 2.0**low, 2.0**high
    # Evenly spaced values are closest at the end. There their distance has this share of the mean.
    share = (end - start) / (end * math.log(2) * (high - low))
    axis = x_axis(start, end, math.floor(width * share))
    return Axis(low, high, tuple(map(math.log2, axis.ticks)), axis.labels)


def _power_of_two(exponent: int) -> str:
    return str(2**exponent) if 0 <= exponent < 30 else format_value(2.0**exponent)


def band_share(count: int) -> float:
    """Return the share of the colour of each of ``count`` bands that lie in one cell.

    Together they have little more than one alone, or they would hide lines:

        1 - (1 - share) ** count = together
    """
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
    """Return start and stop of at most ``count`` groups of ascending positions, none empty.

    All groups span the same width on the axis, since a log axis crowds points.
    """
    group_width = (x[-1] - x[0]) / count
    inner = [bisect_left(x, x[0] + group_width * index) for index in range(1, count)]
    return [(start, stop) for start, stop in pairwise((0, *inner, len(x))) if start < stop]


def thin(x: Sequence[float], y: Sequence[float], limit: int) -> tuple[list[float], list[float]]:
    """Thin a line to at most ``limit`` points, at least 4, that keep its outline and its ends."""
    if len(x) <= limit:
        return list(x), list(y)
    indices = {0, len(x) - 1}
    for start, stop in groups(x, (limit - 2) // 2):
        chunk = y[start:stop]
        indices |= {start + chunk.index(min(chunk)), start + chunk.index(max(chunk))}
    return [x[index] for index in sorted(indices)], [y[index] for index in sorted(indices)]


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
    return y[0] + (position - x[0]) / (x[1] - x[0]) * (y[1] - y[0])


def spans(
    band: VisibleBand, x: Axis, y: Axis, width: int, height: int
) -> dict[int, tuple[float, float]]:
    """Return both ends of a band by column, in rows from the bottom.

    In a column with points of the band these are the extremes of its points; in others they lie
    on the line between its neighbours.
    """
    # What is below the axis, perhaps infinitely, slopes down to its end.
    lows, highs = (
        y.places([max(y.low, value) for value in ends], height, BRAILLE_HIGH)
        for ends in (band.low, band.high)
    )
    points = list(zip(x.places(band.x, width, BRAILLE_WIDE), lows, highs, strict=True))
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


def lay_under(
    segments: Iterable[Segment], left: int, row: Sequence[int], restyle: Restyle
) -> Iterator[Segment]:
    """Cut a line where the layers behind it change, and restyle what has some.

    Args:
        segments: The line, one character a cell.
        left: Cells before the plot, which have no layers.
        row: The layers behind each cell of the plot, as bits.
        restyle: Puts layers behind a style.
    """
    plot_parts = [(layers, len(list(cells))) for layers, cells in groupby(row)]
    parts = iter([(0, left), *plot_parts])
    layers, room = next(parts)
    for text, style, _ in segments:
        start = 0
        while start < len(text):
            while not room:
                # what follows the plot is blank to the end of the line
                layers, room = next(parts, (0, len(text)))
            piece = text[start : start + room]
            yield Segment(piece, restyle(style, layers) if layers else style)
            start += len(piece)
            room -= len(piece)
