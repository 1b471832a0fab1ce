"""Round numbers for the ticks of an axis, and their labels."""

import math
from collections.abc import Iterator

CLOSE = 1e-9  # the relative rounding error that comparisons of ticks allow for


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


def nice_steps(span: float, intervals: float) -> Iterator[float]:
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


def multiples(low: float, high: float, step: float) -> list[float]:
    """Return the multiples of ``step`` from ``low`` to ``high``, free of rounding noise."""
    digits = max(0, 2 - math.floor(math.log10(step)))
    first = math.ceil(low / step - CLOSE)
    last = math.floor(high / step + CLOSE)
    return [round(factor * step, digits) for factor in range(first, last + 1)]
