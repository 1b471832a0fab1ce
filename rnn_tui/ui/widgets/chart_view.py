"""What a chart shows, worked out without a terminal or a plotting library.

The widget only draws; which part of which series is visible, what smoothing and a log scale
make of it, and what the legend and the readout say, is decided here. Being pure, all of it
can be tested without an app.
"""

from __future__ import annotations

import math
import operator
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from rich.cells import cell_len, set_cell_size
from textual.content import Content

from rnn_tui.engine.history import decimate, smooth
from rnn_tui.ui.widgets.chart_axes import TINY, Axis, format_value, linear_axis, log_axis, x_axis

POINT_LIMIT = 240
"""The most points of one line that reach the plotting library: it walks them in Python."""

# After Okabe and Ito's colour-blind-friendly set, its hues lightened or darkened until each
# has a contrast of at least 3 to background and surface of every built-in theme.
DARK_PALETTE = (
    "#56B4E9", "#E69F00", "#2FBF94", "#F0E442", "#E8714A", "#CC79A7", "#9B8CFF", "#BDBDBD",
)  # fmt: skip
LIGHT_PALETTE = (
    "#0067A6", "#A85D00", "#00755A", "#7A6A00", "#C03A00", "#A8407E", "#5B45C9", "#555555",
)  # fmt: skip

MARKERS = "●■▲◆▼○□△"
"""One shape a colour, so that runs can be told apart without colours."""

GAP = "   "
ZOOM_FACTOR = 2.0
ZOOM_LIMIT = 1024.0
"""How many times a view may be narrower than the data."""

HUGE = 1e290
"""Values beyond are dropped as if infinite: differences of two would overflow."""
FAR = 1e12
"""Positions beyond are dropped: they leave no digits for the parts of an epoch."""


@dataclass(frozen=True)
class ChartSeries:
    """One curve.

    Attributes:
        name: What the legend calls it; shown literally. Without one, the series is left out of
            the legend, as a second series of a run that is named already.
        x: The positions.
        y: The values, as many as ``x``.
        colour: The index of the run; selects colour and marker shape.
        points: Whether each value counts, as with one value an epoch: then every one gets
            a marker and smoothing leaves them alone.
    """

    name: str
    x: Sequence[float]
    y: Sequence[float]
    colour: int
    points: bool = False

    @property
    def marker(self) -> str:
        """The marker shape of the run."""
        return MARKERS[self.colour % len(MARKERS)]


@dataclass(frozen=True)
class Trace:
    """The visible part of a series: a line, and the positions that carry a marker."""

    colour: int
    marker: str
    x: list[float]
    y: list[float]
    marked_x: list[float]
    marked_y: list[float]


def clean(series: ChartSeries, lower: float | None, upper: float | None) -> ChartSeries:
    """Return an immutable copy with finite values within the bounds, ascending in x.

    The copy matters: a caller may append to the lists it passed, and a comparison with
    the very same lists would then never see a change.
    """
    low = -HUGE if lower is None else lower
    high = HUGE if upper is None else upper
    # A name comes from a user: line breaks and tabs would tear the one-line legend.
    name = " ".join(series.name.split())
    xs, ys = tuple(map(float, series.x)), tuple(map(float, series.y))
    # The usual case has nothing to clean; seeing that is many times faster than cleaning.
    # Its sums are non-finite if any value is, and comparisons with NaN are false.
    if not (
        len(xs) == len(ys)
        and sum(map(abs, xs)) < FAR
        and math.isfinite(sum(ys))
        and min(ys, default=low) >= low
        and max(ys, default=high) <= high
        and all(map(operator.le, xs, xs[1:]))
    ):
        pairs = [
            (x, min(max(y, low), high))
            for x, y in zip(xs, ys, strict=False)
            if abs(x) < FAR and abs(y) < HUGE
        ]
        pairs.sort(key=lambda pair: pair[0])
        xs, ys = tuple(pair[0] for pair in pairs), tuple(pair[1] for pair in pairs)
    return replace(series, name=name, x=xs, y=ys)


def prepare(series: ChartSeries, weight: float, log_y: bool) -> ChartSeries:
    """Return a clean series as it is plotted: smoothed, and positive for a log axis."""
    ys = series.y if series.points or not weight else tuple(smooth(series.y, weight))
    if not log_y or all(y > TINY for y in ys):
        return replace(series, y=ys)
    pairs = [(x, y) for x, y in zip(series.x, ys, strict=True) if y > TINY]
    return replace(series, x=tuple(p[0] for p in pairs), y=tuple(p[1] for p in pairs))


def extent(series: Sequence[ChartSeries]) -> tuple[float, float] | None:
    """Return the range of all x positions, None without any; never of zero width."""
    filled = [one.x for one in series if one.x]
    if not filled:
        return None
    low, high = min(x[0] for x in filled), max(x[-1] for x in filled)
    return (low, high) if high > low else (low - 0.5, high + 0.5)


def zoom_range(
    present: tuple[float, float], full: tuple[float, float], anchor: float, direction: int
) -> tuple[float, float] | None:
    """Return ``present`` zoomed by one step, None where that shows all there is.

    The anchor keeps its place on the screen, unless the ends of the data forbid it.
    """
    whole = full[1] - full[0]
    span = (present[1] - present[0]) * ZOOM_FACTOR**-direction
    if span >= whole * (1 - 1e-9):
        return None
    span = max(span, whole / ZOOM_LIMIT)
    share = (anchor - present[0]) / (present[1] - present[0])
    return shift_into((anchor - share * span, anchor + (1 - share) * span), full)


def shift_into(present: tuple[float, float], full: tuple[float, float]) -> tuple[float, float]:
    """Return ``present`` moved, without a change of its width, to lie within ``full``."""
    span = min(present[1] - present[0], full[1] - full[0])
    low = min(max(present[0], full[0]), full[1] - span)
    return low, low + span


def nearest(series: ChartSeries, x: float) -> int:
    """Return the index of the point of a non-empty series that is closest to ``x``."""
    right = bisect_left(series.x, x)
    if right == 0:
        return 0
    if right == len(series.x) or x - series.x[right - 1] <= series.x[right] - x:
        return right - 1
    return right


def trace(series: ChartSeries, low: float, high: float, width: int, log_y: bool) -> Trace:
    """Cut a series to the range ``low`` to ``high`` and thin it.

    Lines that leave the range are cut at its edge: left to the plotting library, the part
    outside would cost time and stretch the y axis.
    """
    first, last = bisect_left(series.x, low), bisect_right(series.x, high)
    values = list(map(math.log10, series.y[first:last])) if log_y else series.y[first:last]
    # More than two points a column cannot be seen; two of the limit are for the cut ends.
    limit = max(4, min(POINT_LIMIT, 2 * width) - 2)
    x, y = decimate(series.x[first:last], values, limit)
    # Markers need room to be told apart; the last one is the current value.
    stride = max(1, math.ceil(3 * len(x) / max(1, width))) if series.points else len(x) or 1
    marked_x, marked_y = x[::-1][::stride], y[::-1][::stride]

    def cut(right: int, edge: float) -> float:
        """Interpolate the value at ``edge``, between the points ``right - 1`` and ``right``."""
        before, after = series.y[right - 1 : right + 1]
        if log_y:
            before, after = math.log10(before), math.log10(after)
        share = (edge - series.x[right - 1]) / (series.x[right] - series.x[right - 1])
        return before + share * (after - before)

    count = len(series.x)
    if 0 < first < count and series.x[first] > low:
        x.insert(0, low)
        y.insert(0, cut(first, low))
    if 0 < last < count and series.x[last - 1] < high:
        x.append(high)
        y.append(cut(last, high))
    return Trace(series.colour, series.marker, x, y, marked_x, marked_y)


def stops(series: Sequence[ChartSeries], low: float, high: float, width: int) -> list[float]:
    """Return where the cursor may stop between ``low`` and ``high``, ascending.

    At most one position a column of the plot, or a key press would seem to do nothing;
    within a column, a point with a marker wins over a point of a line.
    """
    if high <= low:
        return []
    chosen: dict[int, float] = {}
    scale = (max(2, width) - 1) / (high - low)
    for one in sorted(series, key=lambda one: one.points):
        first, last = bisect_left(one.x, low), bisect_right(one.x, high)
        x, _ = decimate(one.x[first:last], one.y[first:last], POINT_LIMIT)
        chosen.update((int((position - low) * scale), position) for position in x[::-1])
    return sorted(chosen.values())


@dataclass(frozen=True)
class Frame:
    """All that one drawing needs.

    The plot's area begins after ``left`` columns and is ``width`` by ``height`` cells.
    """

    x: Axis
    y: Axis
    traces: list[Trace]
    left: int
    width: int
    height: int

    def x_cells(self, positions: Iterable[float]) -> list[float]:
        """Move x positions to the cells of their braille dots, two in a row."""
        return self.x.cells(positions, self.width, 2)

    def y_cells(self, positions: Iterable[float]) -> list[float]:
        """Move y positions to the cells of their braille dots, four in a column."""
        return self.y.cells(positions, self.height, 4)


def frame(
    series: Sequence[ChartSeries],
    present: tuple[float, float],
    size: tuple[int, int],
    bounds: tuple[float | None, float | None],
    log_y: bool,
) -> Frame | None:
    """Work out a drawing of prepared series in ``size`` columns and rows.

    Returns:
        The drawing, None where no part of a series is within ``present``.
    """
    width, height = size
    traces = [trace(one, *present, width, log_y) for one in series]
    values = [value for one in traces for value in one.y]
    if not values:
        return None
    low, high = min(values), max(values)
    # Two rows are the x axis and its labels; three rows a tick leave room to read.
    rows = max(1, height - 2)
    most = max(2, min(8, rows // 3 + 1))
    if log_y:
        y = log_axis(10.0**low, 10.0**high, most, bounds[1])
    else:
        y = linear_axis(low, high, most, *bounds)
    left = max(map(len, y.labels), default=0) + 1
    plot_width = max(1, width - left)
    return Frame(x_axis(*present, plot_width), y, traces, left, plot_width, rows)


@dataclass(frozen=True)
class Entry:
    """One run in a legend or readout line."""

    glyph: str
    name: str
    value: str
    colour: str


def format_position(x: float) -> str:
    """Format an x position with up to three decimals, whole numbers without any."""
    return f"{x:.3f}".rstrip("0").rstrip(".")


def entries(
    series: Sequence[ChartSeries],
    palette: Sequence[str],
    x: float | None,
    present: tuple[float, float] | None = None,
) -> list[Entry]:
    """Return the entries of all series that have points.

    Args:
        series: The prepared series.
        palette: The colours of the runs.
        x: Where to read the values, None for a legend without values.
        present: The visible range. Where the nearest point is visibly elsewhere, as with a
            run that ended earlier, the entry says where.
    """
    result: list[Entry] = []
    for one in series:
        if not one.x or (x is None and not one.name):
            continue
        value = ""
        if x is not None:
            index = nearest(one, x)
            value = format_value(one.y[index])
            if present and abs(one.x[index] - x) > 0.01 * (present[1] - present[0]):
                value += f" @{format_position(one.x[index])}"
        glyph = one.marker if one.points else f"─{one.marker}"
        result.append(Entry(glyph, one.name, value, palette[one.colour % len(palette)]))
    return result


def text_line(prefix: str, entries: Sequence[Entry], width: int) -> Content:
    """Return one line of entries that fits ``width`` cells.

    Names give way first, the longest before the others, then they go altogether: marker
    and value say more than half a name. What still does not fit ends in an ellipsis.
    """
    values = [f" {entry.value}" if entry.value else "" for entry in entries]
    fixed = sum(cell_len(e.glyph) + len(v) + len(GAP) for e, v in zip(entries, values, strict=True))
    room = width - fixed + len(GAP) - (cell_len(prefix) + len(GAP) if prefix else 0)
    cap = max((cell_len(entry.name) for entry in entries), default=0)
    while cap and sum(1 + min(cell_len(entry.name), cap) for entry in entries) > room:
        cap -= 1
    parts: list[Content] = [Content(prefix)] if prefix else []
    for entry, value in zip(entries, values, strict=True):
        name = entry.name
        if cell_len(name) > cap:
            name = set_cell_size(name, cap - 1).rstrip() + "…" if cap >= 3 else ""
        text = f"{entry.glyph} {name}{value}" if name else f"{entry.glyph}{value}"
        parts.append(Content(GAP if parts else "") + Content.styled(text, entry.colour))
    return Content.assemble(*parts).truncate(width, ellipsis=True)
