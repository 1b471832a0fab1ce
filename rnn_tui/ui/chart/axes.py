"""Axes with ends and ticks that a reader of training curves expects.

The plotting library scales and labels axes on its own terms: it shows accuracies above
100 %, puts ticks at odd values, lets labels collide, and fails on constant series in log
mode. So the ends, the ticks and their labels are worked out here and handed to it.
"""

import math
from collections.abc import Iterable
from dataclasses import dataclass

TINY = 1e-290
"""Below this a value counts as 0: its logarithm and its steps would underflow."""

HUGE = 1e290
"""Values beyond are dropped as if infinite: differences of two would overflow."""

PAD = 0.04
"""The share of the data's range left free at an end of an axis that is no tick."""


@dataclass(frozen=True)
class Axis:
    """The ends of an axis and its labelled positions.

    ``low``, ``high`` and ``ticks`` are positions: on a log axis, exponents of ten for y and
    of two for x.
    """

    low: float
    high: float
    ticks: tuple[float, ...]
    labels: tuple[str, ...]

    def position(self, dot: float, dots: int) -> float:
        """Return the position of a dot where ``dots`` dots span the axis."""
        return self.low + dot / max(1, dots - 1) * (self.high - self.low)

    def places(self, positions: Iterable[float], cells: int, dots: int) -> list[float]:
        """Return where positions lie on ``cells`` of ``dots`` each, in cells from the low end.

        Lines are drawn in dots, the first and the last of which are the ends of the axis: it
        begins half a dot from the edge.
        """
        scale, half = (cells * dots - 1) / (self.high - self.low) / dots, 0.5 / dots
        return [(at - self.low) * scale + half for at in positions]

    def cells(self, positions: Iterable[float], cells: int, dots: int) -> list[float]:
        """Move positions so that they land in the cells of their braille dots.

        The plotting library rounds positions to cells for markers and ticks, but to dots,
        with another result, for braille lines: markers would lie beside their line.
        """
        last = max(1, cells - 1)
        found = map(math.floor, self.places(positions, cells, dots))
        return [self.low + cell / last * (self.high - self.low) for cell in found]


def to_position(x: float, log: bool) -> float:
    """Return where ``x`` lies on an x axis: at itself, or on a log axis at its exponent of two.

    What a log axis has no place for is infinitely far, 0 and below at its left.
    """
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
    for factor in (1.0, 2.0, 5.0):
        if factor * magnitude >= raw * (1.0 - 1e-9):
            return factor * magnitude
    return 10.0 * magnitude


def tick_label(value: float, step: float) -> str:
    """Format a tick with as many digits as tell it from its neighbours."""
    place = math.floor(math.log10(step) + 1e-9)
    if value and (place < -5 or abs(value) >= 1e6):
        return format_value(value, max(1, math.floor(math.log10(abs(value)) + 1e-9) - place + 1))
    return f"{value:.{max(0, -place) if place >= -5 else 0}f}"


def format_value(value: float, digits: int = 4) -> str:
    """Format a value to some significant digits, exponents without padding."""
    text = f"{value:.{digits}g}"
    if "e" not in text:
        return text
    mantissa, exponent = text.split("e")
    return f"{mantissa}e{int(exponent)}"


def _multiples(low: float, high: float, step: float) -> list[float]:
    """Return the multiples of ``step`` from ``low`` to ``high``, free of rounding noise."""
    digits = max(0, 2 - math.floor(math.log10(step)))
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    return [round(k * step, digits) for k in range(first, last + 1)]


def linear_axis(low: float, high: float, most: int, lower: float | None = None, upper: float | None = None) -> Axis:
    """Return an axis of at most ``most`` ticks around the values ``low`` to ``high``.

    It ends at ticks, except where a hard bound of the metric comes first, or where the data
    stay so far from the next tick that much of the plot would be left empty.
    """
    if high - low <= 1e-9 * max(abs(low), abs(high)) or high - low < TINY:
        pad = 0.1 * abs(high) if abs(high) > TINY else 1.0
        low, high = low - pad, high + pad
    floor = -math.inf if lower is None else lower
    ceiling = math.inf if upper is None else upper
    low, high = max(low, floor), min(high, ceiling)
    step = nice_step(high - low, max(1, most - 1))
    while True:
        start = max(floor, math.floor(low / step + 1e-9) * step)
        end = min(ceiling, math.ceil(high / step - 1e-9) * step)
        ticks = _multiples(start, end, step)
        # An axis across 0 keeps three ticks however coarse the step: stop there.
        if len(ticks) <= max(3, most):
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
        # Too narrow for 1-2-5: evenly spaced values, placed on the log scale.
        axis = linear_axis(low, high, most, None, upper)
        start, end = (axis.low if axis.low > 0 else low), axis.high
        ticks = [tick for tick in axis.ticks if tick >= start]
        labels = list(axis.labels[len(axis.ticks) - len(ticks) :])
    else:
        first, last = math.floor(math.log10(low)), math.ceil(math.log10(high))
        grid = [m * 10.0**e for e in range(first, last + 1) for m in (1.0, 2.0, 5.0)]
        start = max(value for value in grid if value <= low * (1 + 1e-9))
        end = min(value for value in grid if value >= high * (1 - 1e-9))
        end = end if upper is None else min(end, upper)
        ticks = _log_ticks(start, end, most)
        labels = [format_value(tick) for tick in ticks]
    return Axis(math.log10(start), math.log10(end), tuple(map(math.log10, ticks)), tuple(labels))


def _log_ticks(start: float, end: float, most: int) -> list[float]:
    """Return 1-2-5 values from ``start`` to ``end``, thinned to decades where too many."""
    first, last = math.floor(math.log10(start)), math.ceil(math.log10(end))
    ticks: list[float] = []
    for multiples in ((1.0, 2.0, 5.0), (1.0, 3.0), (1.0,)):
        grid = [m * 10.0**e for e in range(first, last + 1) for m in multiples]
        ticks = [v for v in grid if start * (1 - 1e-9) <= v <= end * (1 + 1e-9)]
        if len(ticks) <= max(2, most):
            return ticks
    return ticks[:: math.ceil(len(ticks) / max(2, most))]


def x_axis(low: float, high: float, width: int, *, whole: bool = False) -> Axis:
    """Return the axis from exactly ``low`` to ``high`` with labels that fit ``width`` cells.

    Ticks are whole numbers as long as the range holds two of them: epochs are counted. With
    ``whole``, where there is nothing in between, they are so even if it holds a single one.
    """
    span = high - low
    step = nice_step(span, max(1, width // 6))
    if span >= 2.0 or (whole and math.floor(high) >= math.ceil(low)):
        step = max(1.0, step)
    while True:
        ticks = _multiples(low, high, step)
        labels = [tick_label(tick, step) for tick in ticks]
        longest = max(map(len, labels), default=0)
        if len(ticks) <= 1 or (longest + 3) * span <= step * width:
            return Axis(low, high, tuple(ticks), tuple(labels))
        step = nice_step(step * 1.5, 1)


def log2_axis(low: float, high: float, width: int) -> Axis:
    """Return the log axis from exactly ``low`` to ``high``, labelled at powers of two.

    Args:
        low: The exponent of two at the left end.
        high: The exponent of two at the right end.
        width: How many cells the labels have to fit; exponents are thinned to the multiples
            of 2, of 3 and so on until they do.
    """
    first, last = math.ceil(low - 1e-9), math.floor(high + 1e-9)
    if last <= first:
        # Too narrow for powers: evenly spaced values, placed on the log scale. They are
        # closest at its right end, by this share of their mean distance.
        start, end = 2.0**low, 2.0**high
        share = (end - start) / (end * math.log(2) * (high - low))
        axis = x_axis(start, end, math.floor(width * share))
        return Axis(low, high, tuple(map(math.log2, axis.ticks)), axis.labels)
    step = 1
    while True:
        ticks = [exponent for exponent in range(first, last + 1) if exponent % step == 0]
        labels = [str(2**e) if 0 <= e < 30 else format_value(2.0**e) for e in ticks]
        longest = max(map(len, labels), default=0)
        if len(ticks) <= 1 or (longest + 3) * (high - low) <= step * width:
            return Axis(low, high, tuple(map(float, ticks)), tuple(labels))
        step += 1
