"""Axes as a reader of curves expects them: the plotting library's go beyond 100 %, have odd ticks, fail on constant series."""

import itertools
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

TINY = 1e-290  # below this a value counts as 0: its logarithm and its steps would underflow
HUGE = 1e290  # values beyond are dropped as if infinite: differences of two would overflow
PAD = 0.04  # the share of the data's range left free at an end of an axis that is no tick


@dataclass(frozen=True)
class Axis:
    """Ends, ticks and labels of an axis; positions on a log axis are exponents of ten for y, of two for x."""

    low: float
    high: float
    ticks: tuple[float, ...]
    labels: tuple[str, ...]

    def position(self, dot: float, dots: int) -> float:
        """Return the position of a dot where ``dots`` dots span the axis."""
        return self.low + dot / max(1, dots - 1) * (self.high - self.low)

    def places(self, positions: Iterable[float], cells: int, dots: int) -> list[float]:
        """Return where positions lie, in ``cells`` of ``dots`` each; the ends of the axis are half a dot from the edge."""
        scale, half = (cells * dots - 1) / (self.high - self.low) / dots, 0.5 / dots
        return [(at - self.low) * scale + half for at in positions]

    def cells(self, positions: Iterable[float], cells: int, dots: int) -> list[float]:
        """Move positions to the cells of their braille dots: the library rounds others, and markers would miss their line."""
        last = max(1, cells - 1)
        found = map(math.floor, self.places(positions, cells, dots))
        return [self.low + cell / last * (self.high - self.low) for cell in found]


def to_position(x: float, log: bool) -> float:
    """Return where ``x`` lies on an axis: at itself, or at its exponent of two; infinitely far where that has no place."""
    if not log:
        return x
    if x <= TINY:
        return -math.inf
    return math.log2(x) if x < HUGE else math.inf


def from_position(position: float, log: bool) -> float:
    """Return the x at a position, on a log axis to 12 digits: whole numbers come back whole."""
    return float(f"{2.0**position:.12g}") if log else position


def nice_step(span: float, intervals: float) -> float:
    """Return the smallest of 1, 2, 5 times a power of ten that covers span / intervals."""
    raw = span / intervals
    magnitude = 10.0 ** math.floor(math.log10(raw))
    return next((step for step in (magnitude, 2 * magnitude, 5 * magnitude) if step >= raw * (1 - 1e-9)), 10 * magnitude)


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


def linear_axis(low: float, high: float, most: int, lower: float | None = None, upper: float | None = None) -> Axis:
    """Return an axis around these values; it ends at ticks, or before: at a hard bound, or where much would be left empty."""
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
        axis = linear_axis(low, high, most, None, upper)  # too narrow for 1-2-5: evenly spaced values, placed on the log scale
        start, end = (axis.low if axis.low > 0 else low), axis.high
        ticks = [tick for tick in axis.ticks if tick >= start]
        labels = axis.labels[len(axis.ticks) - len(ticks) :]
    else:
        decades = [10.0**e for e in range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)]
        grids = [[m * decade for decade in decades for m in multiples] for multiples in ((1, 2, 5), (1, 3), (1,))]
        start = max(value for value in grids[0] if value <= low * (1 + 1e-9))
        end = min(value for value in grids[0] if value >= high * (1 - 1e-9))
        end = end if upper is None else min(end, upper)
        *finer, ticks = [[v for v in grid if start * (1 - 1e-9) <= v <= end * (1 + 1e-9)] for grid in grids]
        most = max(2, most)  # of decades, too, some are left out where they are too many
        ticks = next((found for found in finer if len(found) <= most), ticks[:: max(1, math.ceil(len(ticks) / most))])
        labels = tuple(map(format_value, ticks))
    return Axis(math.log10(start), math.log10(end), tuple(map(math.log10, ticks)), labels)


def x_axis(low: float, high: float, width: int, *, whole: bool = False) -> Axis:
    """Return the axis from exactly ``low`` to ``high``; its ticks are whole if it holds two, with ``whole`` even if one."""
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
    """Return the axis from exactly ``low`` to ``high`` with those labels by position that fit beside each other."""
    kept: list[float] = []
    end = -1.0
    for at in sorted(labels):
        middle, half = (at - low) / (high - low) * width, len(labels[at]) / 2
        if low <= at <= high and middle - half > end:
            kept.append(at)
            end = middle + half + 1
    return Axis(low, high, tuple(kept), tuple(labels[at] for at in kept))


def log2_axis(low: float, high: float, width: int) -> Axis:
    """Return the log axis between two exponents of two, labelled at as many powers, evenly apart, as fit ``width`` cells."""
    first, last = math.ceil(low - 1e-9), math.floor(high + 1e-9)
    if last <= first:
        start, end = 2.0**low, 2.0**high  # too narrow for powers: evenly spaced values, placed on the log scale
        share = (end - start) / (end * math.log(2) * (high - low))  # of their mean distance, where they are closest: at its end
        axis = x_axis(start, end, math.floor(width * share))
        return Axis(low, high, tuple(map(math.log2, axis.ticks)), axis.labels)
    for step in itertools.count(1):
        ticks = [exponent for exponent in range(first, last + 1) if exponent % step == 0]
        labels = [str(2**e) if 0 <= e < 30 else format_value(2.0**e) for e in ticks]
        if len(ticks) <= 1 or (max(map(len, labels)) + 3) * (high - low) <= step * width:
            break
    return Axis(low, high, tuple(map(float, ticks)), tuple(labels))
