"""Works out what a chart shows: which part of which series, smoothed or not, on which scale.

All functions are pure, so that they can be tested without an app.
"""

import math
import operator
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import compress

from rnn_tui.engine.palette import curve_marker
from rnn_tui.engine.state import smooth
from rnn_tui.ui.chart import outlines, scales
from rnn_tui.ui.chart.outlines import VisibleBand, interpolate, log
from rnn_tui.ui.chart.scales import BRAILLE_HIGH, BRAILLE_WIDE, HUGE, TINY, Axis, Range, to_position
from rnn_tui.ui.chart.shades import MARK_LAYER

# the most points of one line that reach the plotting library: it walks them in Python
POINT_LIMIT = 240
ZOOM_FACTOR = 2.0  # how many times narrower the view is after a step of zooming
ZOOM_LIMIT = 1024.0  # how many times narrower than the data a view may be
FAR = 1e12  # positions beyond are dropped: they leave no digits for the parts of an epoch
SETTLED = 20  # the first of so many parts of a curve is where a loss falls fastest
MARKER_GAP = 3  # columns between two markers of a line, so that they can be told apart


@dataclass(frozen=True)
class ChartSeries:
    """A curve of a chart."""

    #: Its literal name in the legend; series of one name and colour in a row share an entry.
    name: str
    x: Sequence[float]  #: The positions.
    y: Sequence[float]  #: The values, as many as ``x``.
    colour: int  #: The index of the run; selects colour and marker shape.
    #: Whether each value counts by itself, as with one an epoch. Then it has a marker, and is not
    #: smoothed.
    points: bool = False
    #: The lower ends of a band, as many as ``x``, or none. Without a line, each point has a bar.
    low: Sequence[float] = ()
    high: Sequence[float] = ()  #: The upper ends of the band, or of the bars.
    #: A marker shape in place of the run's own. A line that is not made of points has it at its
    #: end.
    mark: str = ""
    #: Whether a line goes through the values; without one, ``points`` are all there is.
    line: bool = True
    faint: bool = False  #: Whether it is drawn in a fainter colour than the others.
    on_top: bool = False  #: Whether its marks cover those of others.

    @property
    def marker(self) -> str:
        """The marker shape: the run's, unless the series has one of its own."""
        return self.mark or curve_marker(self.colour)


@dataclass(frozen=True)
class VisibleLine:
    """The visible part of a series: a line, the points that carry a marker, a band."""

    series: ChartSeries
    x: list[float]
    y: list[float]
    marks: Sequence[tuple[float, float]]  #: The points with a marker.
    band: VisibleBand | None = None
    #: Where a line that begins above the axis becomes visible, and its highest value; else None.
    beyond: tuple[float, float] | None = None
    #: The x, lower end and upper end of each vertical line.
    bars: Sequence[tuple[float, float, float]] = ()


def clean(
    series: ChartSeries, lower: float | None, upper: float | None, log_x: bool = False
) -> ChartSeries:
    """Return a copy with x as ascending positions, and y and ends finite and within bounds.

    A copy, because callers append to their lists. Points whose x has no place on the axis or whose
    y is not finite are left out; ends that are not finite become y.

    Args:
        series: As a caller gave it.
        lower: The lowest value that the metric can have, None for none.
        upper: The highest value that the metric can have, None for none.
        log_x: Whether positions are the exponents of two of x.
    """
    floor = -HUGE if lower is None else lower
    ceiling = HUGE if upper is None else upper
    xs = tuple(map(float, series.x))
    if log_x:
        xs = tuple(to_position(x, log=True) for x in xs)
    has_band = len(series.low) > 0 and len(series.high) > 0
    lines = (series.y, series.low, series.high) if has_band else (series.y,)
    columns = [tuple(map(float, line)) for line in lines]
    if not _is_clean(xs, columns, floor, ceiling):
        rows = [
            (x, *_within_bounds((y, *ends), floor, ceiling))
            for x, y, *ends in zip(xs, *columns, strict=False)
            if abs(x) < FAR and abs(y) < HUGE
        ]
        rows.sort(key=operator.itemgetter(0))
        xs, *columns = zip(*rows, strict=True) if rows else ((), *((),) * len(columns))
    ys, lows, highs = columns if has_band else (*columns, (), ())
    # A name comes from a user: line breaks and tabs would tear the one-line legend.
    return replace(series, name=" ".join(series.name.split()), x=xs, y=ys, low=lows, high=highs)


def _is_clean(
    xs: Sequence[float], columns: Sequence[Sequence[float]], floor: float, ceiling: float
) -> bool:
    """Return whether there is nothing to clean, by a fast check.

    A sum is finite if all its values are, and comparisons with NaN are false.
    """
    return (
        all(len(column) == len(xs) and math.isfinite(sum(column)) for column in columns)
        and all(min(column, default=floor) >= floor for column in columns)
        and all(max(column, default=ceiling) <= ceiling for column in columns)
        and sum(map(abs, xs)) < FAR
        and all(map(operator.le, xs, xs[1:]))
    )


def _within_bounds(values: Sequence[float], floor: float, ceiling: float) -> list[float]:
    """Move values into the bounds; those that are not finite are as the first one."""
    finite = [value if abs(value) < HUGE else values[0] for value in values]
    return [min(max(value, floor), ceiling) for value in finite]


def prepare(series: ChartSeries, weight: float, log_y: bool) -> ChartSeries:
    """Return a clean series as it is plotted.

    Lines are smoothed by ``weight``. On a log axis only points with a positive y are left; the
    ends of their bands may be below.
    """
    x = series.x
    y, low, high = series.y, series.low, series.high
    if weight and not series.points:
        y, low, high = (smooth(line, weight) for line in (y, low, high))
    if log_y:
        positive = [value > TINY for value in y]
        x, y, low, high = (tuple(compress(line, positive)) for line in (x, y, low, high))
    return replace(series, x=tuple(x), y=tuple(y), low=tuple(low), high=tuple(high))


def extent(series: Sequence[ChartSeries]) -> Range | None:
    """Return the range of all x positions, None without any; never of zero width."""
    filled = [curve.x for curve in series if curve.x]
    if not filled:
        return None
    low = min(x[0] for x in filled)
    high = max(x[-1] for x in filled)
    return (low, high) if high - low > TINY else (low - 0.5, high + 0.5)


def are_figures(series: Sequence[ChartSeries]) -> bool:
    """Return whether there is one value each: figures, which need no plot.

    Points without a line, as the trials of a sweep, are told by their place.
    """
    filled = [curve for curve in series if curve.x]
    return bool(filled) and all(
        curve.points and curve.line and len(curve.x) == 1 for curve in filled
    )


def zoom_range(present: Range, full: Range, anchor: float, direction: int) -> Range | None:
    """Return a range zoomed by a step; None if that shows all there is.

    Args:
        present: The range that is shown now.
        full: The range of the data; the result lies within it.
        anchor: The position that keeps its place on the screen.
        direction: 1 to half the range, -1 to twice the range.
    """
    full_span = full[1] - full[0]
    present_span = present[1] - present[0]
    span = present_span * ZOOM_FACTOR**-direction
    if span >= full_span * (1 - 1e-9):
        return None
    span = max(span, full_span / ZOOM_LIMIT)
    share_left = (anchor - present[0]) / present_span
    low = anchor - share_left * span
    high = anchor + (1 - share_left) * span
    return shift_into((low, high), full)


def shift_into(present: Range, full: Range, by: float = 0.0) -> Range:
    """Return ``present`` moved ``by`` so much, and without a change of its width into ``full``."""
    low, high = present[0] + by, present[1] + by
    span = min(high - low, full[1] - full[0])
    low = min(max(low, full[0]), full[1] - span)
    return low, low + span


def nearest(series: ChartSeries, x: float) -> int:
    """Return the index of the point of a non-empty series that is closest to ``x``."""
    right = bisect_left(series.x, x)
    neighbours = range(len(series.x))[max(0, right - 1) : right + 1]
    return min(neighbours, key=lambda index: abs(series.x[index] - x))


def cut_line(series: ChartSeries, low: float, high: float, width: int, log_y: bool) -> VisibleLine:
    """Cut a series to the range of x from ``low`` to ``high``, and thin it for ``width`` columns.

    What is outside would cost the plotting library time and stretch the y axis. With ``log_y``,
    values become logarithms.
    """
    if not series.line:
        return _cut_points(series, low, high, width, log_y)
    lines = (series.y, series.low, series.high) if series.low else (series.y,)
    limit = max(4, min(POINT_LIMIT, 2 * width))  # more than two points a column cannot be seen
    x, (y, *band_ends) = outlines.cut(series.x, lines, low, high, log_y)
    band = None
    if band_ends and x:
        band = outlines.thin_band(series.colour, x, *band_ends, limit=limit)
    marks = _marks_of(series, low, high, width)
    if log_y:
        marks = [(position, log(value)) for position, value in marks]
    return VisibleLine(series, *outlines.thin(x, y, limit), marks, band)


def _cut_points(
    series: ChartSeries, low: float, high: float, width: int, log_y: bool
) -> VisibleLine:
    """Cut a series of points without a line; each may have a bar."""
    lines = (series.y, series.low, series.high) if series.low else (series.y,)
    points = outlines.visible_points(series.x, lines, (low, high), width, log_y)
    marks = [(point[0], point[1]) for point in points]
    bars = []
    if series.low:
        bars = [(x, bottom, top) for x, _, bottom, top in points if top > bottom > -math.inf]
    return VisibleLine(series, [x for x, _ in marks], [y for _, y in marks], marks, bars=bars)


def _marks_of(
    series: ChartSeries, low: float, high: float, width: int
) -> list[tuple[float, float]]:
    """Return the visible points of a line that carry a marker.

    These are as many as there is room for, the last one first, as it is the current value; or the
    last one alone.
    """
    visible = slice(bisect_left(series.x, low), bisect_right(series.x, high))
    x, y = series.x[visible], series.y[visible]
    if series.points:
        indices = outlines.spaced(x, MARKER_GAP * (high - low) / max(1, width))
    elif series.mark:
        indices = outlines.spaced(x, math.inf)
    else:
        indices = []
    return [(x[index], y[index]) for index in indices]


def spans_a_decade(series: Sequence[ChartSeries], factor: float = 10.0) -> bool:
    """Return whether values differ by more than a factor.

    The first twentieth of each series does not count.
    """
    values = [y for curve in series for y in curve.y[len(curve.y) // SETTLED :] if y > TINY]
    return bool(values) and max(values) > factor * min(values)


def settled_top(lines: Sequence[VisibleLine]) -> float | None:
    """Return the highest visible value after a twentieth of each series, None without any."""
    values: list[float] = []
    for line in lines:
        positions = line.series.x
        if not positions:
            continue
        start = positions[len(positions) // SETTLED]
        values += [y for x, y in zip(line.x, line.y, strict=True) if x >= start]
        if line.band:
            ends = zip(line.band.x, line.band.high, strict=True)
            values += [high for x, high in ends if x >= start]
    return max(values, default=None)


def below(line: VisibleLine, top: float) -> VisibleLine:
    """Cut off the beginning of a line up to where it is last above ``top``, and marks above it."""
    above = [index for index, y in enumerate(line.y) if y > top]
    if not above:
        return line
    last = above[-1]
    x, y = line.x[last + 1 :], line.y[last + 1 :]
    enters_at = line.x[last]
    if x and line.series.line:
        # Interpolated with x and y exchanged: at which x does the line come down to the top?
        enters_at = interpolate(top, [y[0], line.y[last]], [x[0], line.x[last]])
        x, y = [enters_at, *x], [top, *y]
    marks = [mark for mark in line.marks if mark[1] <= top]
    return replace(line, x=x, y=y, marks=marks, beyond=(enters_at, max(line.y)))


def stops(series: Sequence[ChartSeries], low: float, high: float, width: int) -> list[float]:
    """Return where the cursor may stop from ``low`` to ``high``, at most once a column.

    With two stops in a column, a key would seem to do nothing. Points with a marker come first.
    """
    if high <= low:
        return []
    by_column: dict[int, float] = {}
    scale = (max(2, width) - 1) / (high - low)
    for curve in sorted(series, key=lambda curve: curve.points):  # later ones replace earlier ones
        first, last = bisect_left(curve.x, low), bisect_right(curve.x, high)
        x, _ = outlines.thin(curve.x[first:last], curve.y[first:last], POINT_LIMIT)
        by_column.update((int((position - low) * scale), position) for position in x[::-1])
    return sorted(by_column.values())


Cell = tuple[int, int]  # column and row, from the bottom left
Point = tuple[float, float]  # positions on x and y


@dataclass(frozen=True)
class Frame:
    """The data of one drawing of a chart."""

    x: Axis
    y: Axis
    lines: list[VisibleLine]
    left: int  #: Columns before the plot's area.
    width: int  #: Columns of it.
    height: int  #: Rows of it.
    mark: tuple[float, float] | None = None  #: The positions between which the x range is marked.

    @property
    def bands(self) -> list[VisibleBand]:
        return [line.band for line in self.lines if line.band]

    def x_dots(self, positions: Iterable[float]) -> list[int]:
        """Return the columns of dots, two in a cell, in which x positions lie."""
        return self.x.dots(positions, self.width * BRAILLE_WIDE)

    def y_dots(self, positions: Iterable[float]) -> list[int]:
        """Return the rows of dots, four in a cell and from the bottom, in which y positions lie."""
        return self.y.dots(positions, self.height * BRAILLE_HIGH)

    def cells(self, points: Sequence[Point]) -> list[Cell]:
        """Return the cells in which points lie: those of their dots."""
        columns = [dot // BRAILLE_WIDE for dot in self.x_dots(x for x, _ in points)]
        rows = [dot // BRAILLE_HIGH for dot in self.y_dots(y for _, y in points)]
        return list(zip(columns, rows, strict=True))

    def layers(self) -> list[list[int]]:
        """Return what lies behind each cell, row by row from the top.

        Each number is the sum of the bits of the mark and of the bands.
        """
        rows = [[0] * self.width for _ in range(self.height)]
        if self.mark:
            self._add_mark(rows, self.mark)
        for index, band in enumerate(self.bands, start=1):
            self._add_band(rows, band, MARK_LAYER << index)
        return rows

    def _add_mark(self, rows: list[list[int]], mark: Range) -> None:
        axis = self.x
        visible = mark[0] <= axis.high and mark[1] >= axis.low  # never with an end that is NaN
        if not visible:
            return
        visible_ends = [min(max(end, axis.low), axis.high) for end in mark]
        first, last = axis.dots(visible_ends, self.width)
        for row in rows:
            for column in range(first, last + 1):
                row[column] |= MARK_LAYER

    def _add_band(self, rows: list[list[int]], band: VisibleBand, layer: int) -> None:
        """Put a band into the cells that it covers at least by half.

        A spread too small for any has the cell that it is in; no spread at all has none.
        """
        height = self.height
        spans = outlines.spans(band, self.x, self.y, self.width, height)
        for column, (low, high) in spans.items():
            bottom, top = min(int(low + 0.5), height), int(high + 0.5)
            if top <= bottom and high > low:
                bottom = min(int((low + high) / 2), height - 1)
                top = bottom + 1
            for row in rows[max(0, height - top) : height - bottom]:
                row[column] |= layer


def frame(
    series: Sequence[ChartSeries],
    present: Range,
    size: tuple[int, int],
    bounds: tuple[float | None, float | None],
    log_y: bool,
    *,
    log_x: bool = False,
    mark: Range | None = None,
    settled: bool = False,
) -> Frame | None:
    """Work out a drawing; None if nothing is within ``present``.

    Args:
        series: Prepared ones.
        present: The range of x positions that is shown.
        size: Columns and rows, with the axes.
        bounds: The lowest and the highest value that the metric can have, None for none.
        log_y: Whether y has a log axis.
        log_x: Whether x has a log axis; all positions are exponents of two then.
        mark: The positions between which the range is marked, None for none.
        settled: Whether y leaves out the first twentieth of the values where these are higher.
    """
    width, height = size
    rows = max(1, height - 2)  # two are the x axis and its labels
    drawing = _drawn(series, present, (width, rows), bounds, log_y=log_y, settled=settled)
    if drawing is None:
        return None
    y_axis, lines = drawing
    left = _columns_before(y_axis)
    plot_width = max(1, width - left)
    if log_x:
        x_axis = scales.log2_axis(*present, plot_width, left)
    else:
        # On a longer axis, ticks are whole numbers anyway.
        whole = present[1] - present[0] < 2 and all(map(_counts, series))
        x_axis = scales.x_axis(*present, plot_width, left, whole=whole)
    ends = x_axis.low, x_axis.high
    if any(_goes_beyond(curve, present, ends) for curve in series):
        # The columns beside the range are not left empty. Wider labels of y could not be shown.
        wider = _drawn(series, ends, (width, rows), bounds, log_y=log_y, settled=settled)
        if wider is not None and _columns_before(wider[0]) <= left:
            y_axis, lines = wider
    return Frame(x_axis, y_axis, lines, left, plot_width, rows, mark)


def _drawn(
    series: Sequence[ChartSeries],
    present: Range,
    size: tuple[int, int],
    bounds: scales.Bounds,
    *,
    log_y: bool,
    settled: bool,
) -> tuple[Axis, list[VisibleLine]] | None:
    """Return what of the series lies within a range of x, and the y axis for it; None if nothing.

    The arguments are those of `frame`, but ``size`` has the rows of the plot alone.
    """
    width, rows = size
    lines = [cut_line(curve, *present, width, log_y) for curve in series]
    if not any(line.y for line in lines):
        return None
    values = [value for line in lines for value in _values_of(line)]
    low, high = min(values), max(values)
    if settled and (top := settled_top(lines)) is not None:
        high = max(low, top)
    if log_y:
        axis = scales.log_axis(10.0**low, 10.0**high, rows, bounds[1])
    else:
        axis = scales.linear_axis(low, high, rows, *bounds)
    if settled:
        lines = [below(line, max(axis.high, high)) for line in lines]
    return axis, lines


def _columns_before(axis: Axis) -> int:
    """Return the columns that the labels of the y axis take, with the axis itself."""
    return max(map(len, axis.labels), default=0) + 1


def _goes_beyond(series: ChartSeries, present: Range, ends: Range) -> bool:
    """Return whether a series has points outside of the range that other ends could show."""
    if not series.x:
        return False
    has_room_before = ends[0] < present[0]
    has_room_after = ends[1] > present[1]
    goes_before = series.x[0] < present[0]
    goes_after = series.x[-1] > present[1]
    return (has_room_before and goes_before) or (has_room_after and goes_after)


def _values_of(line: VisibleLine) -> list[float]:
    """Return all values for which the y axis needs room."""
    values = [*line.y, *(end for _, bottom, top in line.bars for end in (bottom, top))]
    if line.band:
        values += [end for end in (*line.band.low, *line.band.high) if end > -math.inf]
    return values


def _counts(series: ChartSeries) -> bool:
    """Return whether a series has points at whole numbers only, as at epochs."""
    return series.points and all(x % 1 == 0 for x in series.x)
