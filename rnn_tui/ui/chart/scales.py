"""The axes of a chart: which part of the numbers lies in which cells, and where ticks are.

They are those that readers of curves expect. The plotting library's own go beyond 100 %, have odd
ticks and fail on constant series.
"""

import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import pairwise
from operator import itemgetter

from rnn_tui.ui.chart.ticks import CLOSE, format_value, multiples, nice_steps, tick_label

TINY = 1e-290  # below this a value counts as 0: its logarithm and its steps would underflow
HUGE = 1e290  # values beyond are dropped as if infinite: differences of two would overflow
# How many decades lie between two ticks of a log axis, if not all decades have one.
DECADES = (1, 2, 3, 5, 10, 20, 50, 100, 200)
# How bad a scale without a tick is, and one with twice as many as wanted, beside an empty one.
TOO_FEW, TOO_MANY = 0.5, 0.25
MOST_LOG_TICKS = 8  # with room for two rows each
COLUMNS_OF_TICK = 7  # columns between two ticks that leave room to read
LABEL_GAP = 2  # columns between two labels at least
BRAILLE_WIDE, BRAILLE_HIGH = 2, 4  # the dots of a cell
Range = tuple[float, float]


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
    length = cells * grid.cell
    empty_share = 1 - (values[1] - values[0]) / length
    weight = TOO_FEW if tick_count < wanted else TOO_MANY
    return empty_share + weight * abs(tick_count - wanted) / wanted


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
    for step in nice_steps(values[1] - values[0], max(1, rows - 1)):
        for ends in (_rounded(*values, step, bounds), values):
            grid = _grid_of_rows(step, ends, rows, least_rows)
            if grid is None:
                continue
            start, end = grid.ends(_first_cell(grid, ends, rows, bounds), rows, values)
            first_tick = start if lower is None else max(start, lower)
            last_tick = end if upper is None else min(end, upper)
            ticks = multiples(first_tick, last_tick, step)
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
        for step in nice_steps(high - low, rows):
            values = multiples(max(step, low - step), high + step, step)
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
    steps = list(nice_steps(span, max(1, width // 4)))
    holds_whole_number = math.floor(high) >= math.ceil(low)
    if span >= 2.0 or (whole and holds_whole_number):
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
            ticks = multiples(start, min(end, values[1]), step)
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
