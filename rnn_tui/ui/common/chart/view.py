"""What a chart shows, which part of which series, smoothed, on a log scale: pure, to be tested
without an app.
"""

import math
import operator
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import compress

from rnn_tui.engine.palette import curve_marker
from rnn_tui.engine.state import smooth
from rnn_tui.ui.common.chart import geometry
from rnn_tui.ui.common.chart.geometry import (
    HUGE,
    MARK_LAYER,
    TINY,
    Axis,
    VisibleBand,
    between,
    log,
    to_position,
)

# the most points of one line that reach the plotting library: it walks them in Python
POINT_LIMIT = 240
# a step of zooming; how many times a view may be narrower than the data
ZOOM_FACTOR, ZOOM_LIMIT = 2.0, 1024.0
FAR = 1e12  # positions beyond are dropped: they leave no digits for the parts of an epoch
SETTLED = 20  # the first of so many parts of a curve is where a loss falls fastest
Range = tuple[float, float]


@dataclass(frozen=True)
class ChartSeries:
    """One curve."""

    #: What the legend calls it, literally; series of one name and colour in a row share an entry.
    name: str
    x: Sequence[float]  #: The positions.
    y: Sequence[float]  #: The values, as many as ``x``.
    colour: int  #: The index of the run; selects colour and marker shape.
    #: Whether each value counts, as one an epoch, and so has a marker and is not smoothed; a line
    #: has one at a `mark` alone.
    points: bool = False
    #: The lower ends of a band, as many as ``x``, or none. Without a line, each point has a bar.
    low: Sequence[float] = ()
    high: Sequence[float] = ()  #: The upper ends of the band, or of the bars.
    mark: str = ""  #: A marker shape in place of the run's own; for a line, one at its end.
    #: Whether a line goes through the values; without one, ``points`` are all there is.
    line: bool = True
    faint: bool = False  #: Whether it stands back behind the others.

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
    marks: Sequence[tuple[float, float]]
    band: VisibleBand | None = None
    #: Where a line that begins above the axis comes into sight; its first value.
    beyond: tuple[float, float] | None = None
    bars: Sequence[tuple[float, float, float]] = ()  #: Places and ends of upright lines.


def clean(
    series: ChartSeries, lower: float | None, upper: float | None, log_x: bool = False
) -> ChartSeries:
    """Return a copy, as a caller may append to its lists: x as ascending positions, y finite and
    within bounds, as are ends.
    """
    floor, ceiling = -HUGE if lower is None else lower, HUGE if upper is None else upper
    xs = (
        tuple(to_position(x, log=True) for x in map(float, series.x))
        if log_x
        else tuple(map(float, series.x))
    )
    banded = len(series.low) > 0 and len(series.high) > 0
    columns = [
        tuple(map(float, line))
        for line in ((series.y, series.low, series.high) if banded else (series.y,))
    ]
    # Mostly there is nothing to clean, which is seen fast: sums are finite if all values are,
    # comparisons with NaN are false.
    finite = all(len(column) == len(xs) and math.isfinite(sum(column)) for column in columns)
    within = all(
        min(column, default=floor) >= floor and max(column, default=ceiling) <= ceiling
        for column in columns
    )
    if not (finite and within and sum(map(abs, xs)) < FAR and all(map(operator.le, xs, xs[1:]))):
        rows = [
            (x, *(min(max(v if abs(v) < HUGE else y, floor), ceiling) for v in (y, *ends)))
            for x, y, *ends in zip(xs, *columns, strict=False)
            if abs(x) < FAR and abs(y) < HUGE
        ]
        rows.sort(key=operator.itemgetter(0))
        xs, *columns = zip(*rows, strict=True) if rows else ((), *((),) * len(columns))
    ys, lows, highs = columns if banded else (*columns, (), ())
    # A name comes from a user: line breaks and tabs would tear the one-line legend.
    return replace(series, name=" ".join(series.name.split()), x=xs, y=ys, low=lows, high=highs)


def prepare(series: ChartSeries, weight: float, log_y: bool) -> ChartSeries:
    """Return a clean series as it is plotted: smoothed, and for a log axis positive, but for the
    ends of bands.
    """
    x, lines, smoothed = (
        series.x,
        (series.y, series.low, series.high),
        bool(weight) and not series.points,
    )
    y, low, high = (tuple(smooth(line, weight) if smoothed else line) for line in lines)
    if log_y and not all(kept := [value > TINY for value in y]):
        x, y, low, high = (tuple(compress(line, kept)) for line in (x, y, low, high))
    return replace(series, x=x, y=y, low=low, high=high)


def extent(series: Sequence[ChartSeries]) -> Range | None:
    """Return the range of all x positions, None without any; never of zero width."""
    if not (filled := [one.x for one in series if one.x]):
        return None
    low, high = min(x[0] for x in filled), max(x[-1] for x in filled)
    return (low, high) if high - low > TINY else (low - 0.5, high + 0.5)


def zoom_range(present: Range, full: Range, anchor: float, direction: int) -> Range | None:
    """Return ``present`` zoomed by a step around the anchor, as far as data go; None where that
    shows all there is.
    """
    whole = full[1] - full[0]
    span = (present[1] - present[0]) * ZOOM_FACTOR**-direction
    if span >= whole * (1 - 1e-9):
        return None
    span = max(span, whole / ZOOM_LIMIT)
    share = (anchor - present[0]) / (present[1] - present[0])
    return shift_into((anchor - share * span, anchor + (1 - share) * span), full)


def shift_into(present: Range, full: Range, by: float = 0.0) -> Range:
    """Return ``present`` moved ``by`` so much, and without a change of its width into ``full``."""
    low, high = present[0] + by, present[1] + by
    span = min(high - low, full[1] - full[0])
    low = min(max(low, full[0]), full[1] - span)
    return low, low + span


def nearest(series: ChartSeries, x: float) -> int:
    """Return the index of the point of a non-empty series that is closest to ``x``."""
    right = bisect_left(series.x, x)
    return min(
        range(len(series.x))[max(0, right - 1) : right + 1], key=lambda at: abs(series.x[at] - x)
    )


def cut_line(series: ChartSeries, low: float, high: float, width: int, log_y: bool) -> VisibleLine:
    """Cut a series to a range and thin it: what is outside would cost the plotting library time and
    stretch the y axis.
    """
    limit = max(4, min(POINT_LIMIT, 2 * width))  # more than two points a column cannot be seen
    lines = (series.y, series.low, series.high) if series.low else (series.y,)
    if not series.line:
        rows = geometry.scattered(series.x, lines, (low, high), width, log_y)
        x, y = [row[0] for row in rows], [row[1] for row in rows]
        bars = [
            (row[0], row[2], row[3]) for row in rows if series.low and row[3] > row[2] > -math.inf
        ]
        return VisibleLine(series, x, y, list(zip(x, y, strict=True)), bars=bars)
    x, (y, *spread) = geometry.cut(series.x, lines, low, high, log_y)
    band = geometry.thin_band(series.colour, x, *spread, limit=limit) if spread and x else None
    seen = slice(bisect_left(series.x, low), bisect_right(series.x, high))
    points_x, points_y = series.x[seen], series.y[seen]
    # Markers need room to be told apart; the last one is the current value.
    gap = 3 * (high - low) / max(1, width) if series.points else math.inf
    marked = geometry.apart(points_x, gap) if series.points or series.mark else []
    marks = [(points_x[at], log(points_y[at]) if log_y else points_y[at]) for at in marked]
    return VisibleLine(series, *geometry.thin(x, y, limit), marks, band)


def spans_a_decade(series: Sequence[ChartSeries], factor: float = 10.0) -> bool:
    """Whether values, but for the first twentieth of each series, differ by more than a factor."""
    values = [y for one in series for y in one.y[len(one.y) // SETTLED :] if y > TINY]
    return bool(values) and max(values) > factor * min(values)


def settled_top(lines: Sequence[VisibleLine]) -> float | None:
    """Return the highest visible value after a twentieth of each series, None without any."""
    values: list[float] = []
    for line in lines:
        if positions := line.series.x:
            start = positions[len(positions) // SETTLED]
            for x, y in (
                (line.x, line.y),
                (line.band.x, line.band.high) if line.band else ((), ()),
            ):
                values += [value for at, value in zip(x, y, strict=True) if at >= start]
    return max(values, default=None)


def below(line: VisibleLine, top: float) -> VisibleLine:
    """Cut off the beginning of a line that is above the axis, and marks there."""
    if (last := max((at for at, y in enumerate(line.y) if y > top), default=None)) is None:
        return line
    x, y, first = line.x[last + 1 :], line.y[last + 1 :], (line.x[last], max(line.y))
    if x and line.series.line:
        edge = between(top, line.y[last : last + 2][::-1], line.x[last : last + 2][::-1])
        x, y, first = [edge, *x], [top, *y], (edge, first[1])
    return replace(
        line, x=x, y=y, marks=[mark for mark in line.marks if mark[1] <= top], beyond=first
    )


def stops(series: Sequence[ChartSeries], low: float, high: float, width: int) -> list[float]:
    """Return where the cursor may stop, at most once a column, or a key would seem to do nothing;
    points with a marker win.
    """
    if high <= low:
        return []
    chosen: dict[int, float] = {}
    scale = (max(2, width) - 1) / (high - low)
    for one in sorted(series, key=lambda one: one.points):
        first, last = bisect_left(one.x, low), bisect_right(one.x, high)
        x, _ = geometry.thin(one.x[first:last], one.y[first:last], POINT_LIMIT)
        chosen.update((int((position - low) * scale), position) for position in x[::-1])
    return sorted(chosen.values())


@dataclass(frozen=True)
class Frame:
    """All that one drawing needs."""

    x: Axis
    y: Axis
    lines: list[VisibleLine]
    left: int  #: Columns before the plot's area.
    width: int  #: Columns of it.
    height: int  #: Rows of it.
    mark: tuple[float, float] | None = None  #: The positions between which the x range is marked.

    @property
    def bands(self) -> list[VisibleBand]:
        return [one.band for one in self.lines if one.band]

    def x_cells(self, positions: Iterable[float]) -> list[float]:
        """Move x positions to the cells of their braille dots, two in a row."""
        return self.x.cells(positions, self.width, 2)

    def y_cells(self, positions: Iterable[float]) -> list[float]:
        """Move y positions to the cells of their braille dots, four in a column."""
        return self.y.cells(positions, self.height, 4)

    def layers(self) -> list[list[int]]:
        """Return what lies behind each cell, row by row from the top: the sum of the bits of the
        mark and of the bands.
        """
        width, height, x = self.width, self.height, self.x
        rows = [[0] * width for _ in range(height)]
        if self.mark and self.mark[0] <= x.high and self.mark[1] >= x.low:
            first, last = map(
                int, x.places([min(max(at, x.low), x.high) for at in self.mark], width, 2)
            )
            for row in rows:
                row[first : last + 1] = [MARK_LAYER] * (last + 1 - first)
        for index, band in enumerate(self.bands, start=1):
            for column, (low, high) in geometry.spans(band, x, self.y, width, height).items():
                # Cells at least half covered; a spread too small for any has the one it is in, no
                # spread at all has none.
                bottom, top = min(int(low + 0.5), height), int(high + 0.5)
                if top <= bottom and high > low:
                    bottom, top = int((low + high) / 2), int((low + high) / 2) + 1
                for row in rows[max(0, height - top) : height - bottom]:
                    row[column] |= MARK_LAYER << index
        return rows


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
    """Work out a drawing; None where nothing is within ``present``. Once ``settled``, y leaves out
    a higher first twentieth.
    """
    width, height = size
    lines = [cut_line(one, *present, width, log_y) for one in series]
    if not (values := [value for one in lines for value in one.y]):
        return None
    values += [
        end
        for one in lines
        if one.band
        for end in (*one.band.low, *one.band.high)
        if end > -math.inf
    ]
    values += [value for one in lines for bar in one.bars for value in bar[1:]]
    low, high = min(values), max(values)
    if settled and (top := settled_top(lines)) is not None:
        high = max(low, top)
    rows = max(1, height - 2)  # two are the x axis and its labels
    most = max(2, min(8, rows // 3 + 1))  # three rows a tick leave room to read
    y = (
        geometry.log_axis(10.0**low, 10.0**high, most, bounds[1])
        if log_y
        else geometry.linear_axis(low, high, most, *bounds)
    )
    lines = [below(one, max(y.high, high)) for one in lines] if settled else lines
    left = max(map(len, y.labels), default=0) + 1
    plot_width = max(1, width - left)
    # On a longer axis, ticks are whole numbers anyway.
    counted = present[1] - present[0] < 2 and all(
        one.points and all(x % 1 == 0 for x in one.x) for one in series
    )
    x = (
        geometry.log2_axis(*present, plot_width)
        if log_x
        else geometry.x_axis(*present, plot_width, whole=counted)
    )
    return Frame(x, y, lines, left, plot_width, rows, mark)
