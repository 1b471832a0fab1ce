"""Axes, thinned lines and shaded areas of a chart, in cells of the terminal.

The axes are those that readers of curves expect. The plotting library's own go beyond 100 %, have
odd ticks and fail on constant series.

A terminal cell has one background and no transparency. So an area is a set of whole cells, whose
colours are blended beforehand and laid under the text that the library has drawn.
"""

import math
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import groupby, pairwise
from operator import itemgetter

from rich.segment import Segment
from rich.style import Style

TINY = 1e-290  # below this a value counts as 0: its logarithm and its steps would underflow
HUGE = 1e290  # values beyond are dropped as if infinite: differences of two would overflow
# The share of the run's colour in the cells of its band; the rest is the background.
BAND_SHARE = 0.25
# The share of the text's colour in the cells of the marked range: much fainter than any band.
MARK_SHARE = 0.08
# The bit of the marked range in a cell's layers. The bits above are those of the bands, in order.
MARK_LAYER = 1
CLOSE = 1e-9  # the relative rounding error that comparisons of ticks allow for
# How many decades lie between two ticks of a log axis, if not all decades have one.
DECADES = (1, 2, 3, 5, 10, 20, 50, 100, 200)
# How bad a scale without a tick is, and one with twice as many as wanted, beside an empty one.
TOO_FEW, TOO_MANY = 0.5, 0.25
MOST_LOG_TICKS = 8
COLUMNS_OF_TICK = 7  # columns between two ticks that leave room to read
LABEL_GAP = 2  # columns between two labels at least
# Points without a line cover each other within a column and one of so many parts of their height.
HEIGHT_PARTS = 100
BRAILLE_WIDE, BRAILLE_HIGH = 2, 4  # the dots of a cell
Lines = Sequence[Sequence[float]]
Range = tuple[float, float]
# Gives a style the background of a cell, from the bits of the layers behind that cell.
Restyle = Callable[[Style | None, int], Style]


@dataclass(frozen=True)
class Axis:
    """Edges, ticks and labels of an axis, along which cells lie from edge to edge.

    Positions on a log axis are exponents: of ten for y, of two for x.
    """

    low: float  #: The edge at which its first cell begins.
    high: float  #: The edge at which its last cell ends.
    ticks: tuple[float, ...]
    labels: tuple[str, ...]  #: one for each tick.

    def position(self, place: float, cells: int) -> float:
        """Return the position at a place, counted in cells from the start."""
        return self.low + place / cells * (self.high - self.low)

    def places(self, positions: Iterable[float], cells: int) -> list[float]:
        """Return where positions lie on a row of cells, counted in cells from its start."""
        scale = cells / (self.high - self.low)
        return [(position - self.low) * scale for position in positions]

    def dots(self, positions: Iterable[float], count: int) -> list[int]:
        """Return in which of so many dots positions lie; those outside are in the nearest one."""
        places = self.places(positions, count)
        return [int(min(max(place, 0), count - 1)) for place in places]


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


def _steps(span: float, intervals: float) -> Iterator[float]:
    """Yield nice steps from one that makes at most so many intervals to one as long as the span."""
    step = nice_step(span, intervals)
    while step < 2 * span:
        yield step
        following = _coarser_step(step)
        if math.isclose(following, 2.5 * step):  # 2.5 is between 2 and 5
            yield 1.25 * step
        step = following


def tick_label(value: float, step: float) -> str:
    """Format a tick with enough digits to distinguish it from its neighbours.

    Very small and very large values have an exponent.
    """
    step_exponent = math.floor(math.log10(step) + CLOSE)
    if math.isclose(step, 2.5 * 10.0**step_exponent):  # a digit more than 2 or 5
        step_exponent -= 1
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


@dataclass(frozen=True)
class CellGrid:
    """A scale on which whole cells lie between ticks.

    Cells are numbered: the middle of cell ``n`` is the position

        n * cell

    So a value is drawn in the cell of the tick that is nearest to it, if every cell has one.
    """

    cell: float  #: The length of a cell in positions.

    def first(self, low: float) -> int:
        """Return the cell in which the position ``low`` lies, at an edge the one after it."""
        return math.floor(low / self.cell + 0.5 + CLOSE)

    def last(self, high: float) -> int:
        """Return the cell in which the position ``high`` lies, at an edge the one before it."""
        return math.ceil(high / self.cell - 0.5 - CLOSE)

    def ends(self, first: int, cells: int, values: Range) -> Range:
        """Return the edges of so many cells around values."""
        low = (first - 0.5) * self.cell
        high = low + cells * self.cell
        return min(low, values[0]), max(high, values[1])  # not even a rounding error apart


Bounds = tuple[float | None, float | None]


def _first_cell(grid: CellGrid, values: Range, cells: int, bounds: Bounds) -> int:
    """Return the first of ``cells`` cells that hold ``values``, which lie in the middle.

    Beyond a bound there is nothing to see: then they lie at the other end. Cells that are left
    over between two bounds stay empty, at the end of the axis.
    """
    first, last = grid.first(values[0]), grid.last(values[1])
    lower, upper = bounds
    first -= (cells - (last - first + 1)) // 2
    if upper is not None:
        first = min(first, grid.last(upper) - cells + 1)
    if lower is not None:
        first = max(first, grid.first(lower))
    return first


def _cost(cells: int, grid: CellGrid, values: Range, tick_count: int, wanted: int) -> float:
    """Return how bad a scale is, by the cells without values and by the number of its ticks."""
    empty = 1 - (values[1] - values[0]) / (cells * grid.cell)
    weight = TOO_FEW if tick_count < wanted else TOO_MANY
    return empty + weight * abs(tick_count - wanted) / wanted


def wanted_ticks(rows: int) -> int:
    """Return how many ticks are good on so many rows: three rows a tick leave room to read."""
    return max(2, min(8, rows // 3 + 1))


def linear_axis(
    low: float, high: float, rows: int, lower: float | None = None, upper: float | None = None
) -> Axis:
    """Return an axis around the values from ``low`` to ``high``, with whole rows between ticks.

    It ends at ticks, or before them: at a hard bound, or where much would be left empty.

    Args:
        low: The lowest value.
        high: The highest value.
        rows: The length of the axis.
        lower: The bound below which the axis has no row; None for none.
        upper: The bound above which the axis has no tick; None for none.
    """
    if high - low <= CLOSE * max(abs(low), abs(high)) or high - low < TINY:
        pad = 0.1 * abs(high) if abs(high) > TINY else 1.0
        low, high = low - pad, high + pad
    low = low if lower is None else max(low, lower)
    high = high if upper is None else min(high, upper)
    for least_rows in (2, 1):
        axes = list(_linear_axes((low, high), rows, (lower, upper), least_rows))
        if axes:
            _, axis = min(axes, key=itemgetter(0))
            return axis
    return Axis(low, high, (), ())


def _linear_axes(
    values: Range, rows: int, bounds: Bounds, least_rows: int
) -> Iterator[tuple[float, Axis]]:
    """Yield axes that hold the values, at least so many rows from tick to tick, and their costs."""
    lower, upper = bounds
    for step in _steps(values[1] - values[0], max(1, rows - 1)):
        for ends in (_rounded(*values, step, bounds), values):
            grid = _grid_of_rows(step, ends, rows, least_rows)
            if grid is None:
                continue
            start, end = grid.ends(_first_cell(grid, ends, rows, bounds), rows, values)
            first_tick = start if lower is None else max(start, lower)
            last_tick = end if upper is None else min(end, upper)
            ticks = _multiples(first_tick, last_tick, step)
            if len(ticks) >= 2:
                labels = tuple(tick_label(tick, step) for tick in ticks)
                cost = _cost(rows, grid, values, len(ticks), wanted_ticks(rows))
                yield cost, Axis(start, end, tuple(ticks), labels)


def _rounded(low: float, high: float, step: float, bounds: Bounds) -> Range:
    """Move the ends of a range to multiples of a step where these are near, and within bounds."""
    lower, upper = bounds
    start = math.floor(low / step + CLOSE) * step
    end = math.ceil(high / step - CLOSE) * step
    start = low if low - start > step / 2 else start
    end = high if end - high > step / 2 else end
    return (
        start if lower is None else max(start, lower),
        end if upper is None else min(end, upper),
    )


def _grid_of_rows(step: float, values: Range, rows: int, least: int) -> CellGrid | None:
    """Return the widest grid of ``rows`` rows that holds the values, ``least`` or more a step."""
    most = math.floor((rows - 1) * step / (values[1] - values[0]) + 2)
    for rows_per_step in range(most, least - 1, -1):
        grid = CellGrid(step / rows_per_step)
        if grid.last(values[1]) - grid.first(values[0]) < rows:
            return grid
    return None


def log_axis(low: float, high: float, rows: int, upper: float | None = None) -> Axis:
    """Return a log axis with the positive ``low`` in its first row and ``high`` in its last.

    Its positions are exponents of ten. A label stands in the row in which its value is drawn, so
    that rows between labels may differ by one.

    Args:
        low: The lowest value.
        high: The highest value.
        rows: The length of the axis.
        upper: The bound above which there is no tick; None for none.
    """
    low, high = max(low, TINY), max(high, TINY)
    if high <= low * (1 + CLOSE):
        low, high = low / 1.1, high * 1.1
    first, last = math.log10(low), math.log10(high)
    half_row = (last - first) / max(1, rows - 1) / 2
    axis = Axis(first - half_row, last + half_row, (), ())
    highest = axis.high if upper is None else min(axis.high, math.log10(upper))
    for least_rows in (max(2, rows // MOST_LOG_TICKS), 1):
        for labels in _log_labels(low, high, rows):
            ticks = tuple(tick for tick in labels if axis.low <= tick <= highest)
            distances = [above - below for below, above in pairwise(ticks)]
            if distances and min(distances) >= least_rows * 2 * half_row:
                return replace(axis, ticks=ticks, labels=tuple(labels[tick] for tick in ticks))
    return axis


def _log_labels(low: float, high: float, rows: int) -> Iterator[dict[float, str]]:
    """Yield the labels of a log axis by their positions, the closest together first.

    Some of them lie beyond its ends.
    """
    if high < 10 * low:  # values evenly apart, placed on the log scale
        for step in _steps(high - low, rows):
            values = _multiples(max(step, low - step), high + step, step)
            yield {math.log10(value): tick_label(value, step) for value in values}
    first = math.floor(math.log10(low))
    last = math.ceil(math.log10(high))
    decades = [10.0**exponent for exponent in range(first, last + 1)]
    for factors in ((1, 2, 5), (1, 3)):
        values = [factor * decade for decade in decades for factor in factors]
        yield {math.log10(value): format_value(value) for value in values}
    for count in DECADES:
        exponents = range(first - first % count, last + 1, count)
        yield {float(exponent): format_value(10.0**exponent) for exponent in exponents}


def x_axis(low: float, high: float, width: int, left: int = 0, *, whole: bool = False) -> Axis:
    """Return the axis from ``low`` to ``high``, with whole columns between ticks.

    It begins in the column of ``low``. Columns that are left over come after ``high``.

    Args:
        low: The left end.
        high: The right end.
        width: The columns that it has.
        left: The columns before it, into which a label may reach.
        whole: Whether ticks are whole numbers if the axis holds one of these. They are in any
            case if it is at least 2 long.
    """
    span = high - low
    steps = list(_steps(span, max(1, width // 4)))
    if span >= 2.0 or (whole and math.floor(high) >= math.ceil(low)):
        steps = [step for step in steps if step % 1 == 0] or [1.0]
    return _axis_across((low, high), (width, left), steps, tick_label)


def _axis_across(
    values: Range,
    room: tuple[int, int],
    steps: Iterable[float],
    label: Callable[[float, float], str],
) -> Axis:
    """Return the best axis with ticks at the multiples of one of the steps.

    Args:
        values: The positions that it holds.
        room: Its columns, and the columns before it.
        steps: The distances of ticks to choose from.
        label: Makes the label of a tick, given its position and the step.
    """
    width, _ = room
    wanted = max(2, width // COLUMNS_OF_TICK)
    axes = []
    for step in steps:
        most = math.floor(width * step / (values[1] - values[0])) + 1
        for columns_of_step in range(min(most, 2 * width), 0, -1):
            grid = CellGrid(step / columns_of_step)
            first = grid.first(values[0])
            if grid.last(values[1]) - first >= width:
                continue
            start, end = grid.ends(first, width, values)
            ticks = _multiples(start, min(end, values[1]), step)
            labels = [label(tick, step) for tick in ticks]
            longest = max(map(len, labels), default=0)
            if len(ticks) > 1 and longest + LABEL_GAP > columns_of_step:
                break
            axis = _without_labels_outside(Axis(start, end, tuple(ticks), tuple(labels)), room)
            if ticks and axis.ticks[-1:] == (ticks[-1],):
                axes.append((_cost(width, grid, values, len(ticks), wanted), axis))
                break
    if not axes:
        return Axis(*values, (), ())
    _, axis = min(axes, key=itemgetter(0))
    return axis


def label_start(axis: Axis, index: int, width: int) -> int:
    """Return the column at which the label of a tick begins, so that its middle is at the tick."""
    (place,) = axis.places([axis.ticks[index]], width)
    return math.floor(place) - len(axis.labels[index]) // 2


def _without_labels_outside(axis: Axis, room: tuple[int, int]) -> Axis:
    """Leave out the ticks whose labels have no room at the ends, or beside the label before."""
    width, left = room
    kept = []
    free = -left
    for index, label in enumerate(axis.labels):
        start = label_start(axis, index, width)
        if free <= start and start + len(label) <= width:
            kept.append(index)
            free = start + len(label) + 1
    ticks = tuple(axis.ticks[index] for index in kept)
    return replace(axis, ticks=ticks, labels=tuple(axis.labels[index] for index in kept))


def labelled_axis(
    low: float, high: float, labels: Mapping[float, str], width: int, left: int = 0
) -> Axis:
    """Return the axis from exactly ``low`` to ``high`` with labels at positions of their own.

    Labels that would overlap the one to their left, or an end of the chart, are left out.
    """
    ticks = [position for position in sorted(labels) if low <= position <= high]
    axis = Axis(low, high, tuple(ticks), tuple(labels[tick] for tick in ticks))
    return _without_labels_outside(axis, (width, left))


def log2_axis(low: float, high: float, width: int, left: int = 0) -> Axis:
    """Return the log axis between two exponents of two.

    It has labels at as many powers of two, whole columns apart, as fit into ``width`` columns.
    """
    first = math.ceil(low - CLOSE)
    last = math.floor(high + CLOSE)
    if last <= first:
        return _narrow_log2_axis(low, high, width, left)
    steps = map(float, range(1, last - first + 1))
    return _axis_across((low, high), (width, left), steps, _power_of_two)


def _narrow_log2_axis(low: float, high: float, width: int, left: int) -> Axis:
    """Return a log axis too narrow for powers: evenly spaced values, placed on the log scale."""
    start, end = 2.0**low, 2.0**high
    # Evenly spaced values are closest at the end. There their distance has this share of the mean.
    share = (end - start) / (end * math.log(2) * (high - low))
    axis = x_axis(start, end, math.floor(width * share), left)
    labels = {math.log2(tick): label for tick, label in zip(axis.ticks, axis.labels, strict=True)}
    return labelled_axis(low, high, labels, width, left)


def round_log_axis(low: float, high: float, width: int, left: int = 0) -> Axis:
    """Return the log axis between two exponents of two with labels at round decimal numbers."""
    start, end = 2.0**low, 2.0**high
    exponents = range(math.floor(math.log10(start)), math.ceil(math.log10(end)) + 1)
    for factors in ((1, 2, 5), range(1, 10)):
        values = [factor * 10.0**exponent for exponent in exponents for factor in factors]
        labels = {math.log2(value): format_value(value) for value in values}
        axis = labelled_axis(low, high, labels, width, left)
        if len(axis.ticks) >= 2:
            return axis
    return _narrow_log2_axis(low, high, width, left)


def _power_of_two(exponent: float, _step: float) -> str:
    return str(2 ** int(exponent)) if 0 <= exponent < 30 else format_value(2.0**exponent)


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
