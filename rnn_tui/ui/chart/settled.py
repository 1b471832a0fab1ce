"""Where the axis of a loss begins: its first steps are far above all that matters later."""

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from rnn_tui.ui.chart.axes import TINY
from rnn_tui.ui.chart.bands import between

if TYPE_CHECKING:
    from rnn_tui.ui.chart.view import ChartSeries, VisibleLine

SETTLED = 20
"""The first of so many parts of a curve is where a loss falls fastest."""


def spans_a_decade(series: "Sequence[ChartSeries]", factor: float = 10.0) -> bool:
    """Whether values, but for the first twentieth of each series, differ by more than a factor."""
    values = [y for one in series for y in one.y[len(one.y) // SETTLED :] if y > TINY]
    return bool(values) and max(values) > factor * min(values)


def settled_top(series: "Sequence[ChartSeries]", lines: "Sequence[VisibleLine]") -> float | None:
    """Return the highest visible value after a twentieth of each series, None without any."""
    values: list[float] = []
    for one, line in zip(series, lines, strict=True):
        if one.x:
            start = one.x[len(one.x) // SETTLED]
            ends = (line.band.x, line.band.high) if line.band else ((), ())
            for x, y in ((line.x, line.y), ends):
                values += [value for at, value in zip(x, y, strict=True) if at >= start]
    return max(values, default=None)


def below(line: "VisibleLine", top: float) -> "VisibleLine":
    """Cut off the beginning of a line that is above the axis, and marks there."""
    last = max((at for at, y in enumerate(line.y) if y > top), default=None)
    if last is None:
        return line
    marks = [m for m in zip(line.marked_x, line.marked_y, strict=True) if m[1] <= top]
    x, y, first = line.x[last + 1 :], line.y[last + 1 :], (line.x[last], max(line.y))
    if x and line.line:
        edge = between(top, line.y[last : last + 2][::-1], line.x[last : last + 2][::-1])
        x, y, first = [edge, *x], [top, *y], (edge, first[1])
    marked_x, marked_y = [m[0] for m in marks], [m[1] for m in marks]
    return replace(line, x=x, y=y, marked_x=marked_x, marked_y=marked_y, beyond=first)
