"""Runs and traces as a notebook shows them: small tables and drawings in HTML, without a library.

Text comes from files and databases, so all of it is escaped. Colours are those of exported charts;
words have the colour of the notebook's text, on a light ground as on a dark one.
"""

from collections.abc import Iterable, Sequence
from html import escape
from itertools import chain

import numpy as np
import numpy.typing as npt

from rnn_tui.archive.curves import Line
from rnn_tui.engine.metrics import Metric
from rnn_tui.engine.palette import LIGHT_PALETTE, curve_colour

WIDTH, HEIGHT = 420, 170  # pixels of a chart
LEFT, RIGHT, TOP, BOTTOM = 52, 8, 8, 34  # pixels of its margins
MOST_LINES = len(LIGHT_PALETTE)  # of a chart: as many as there are colours
MOST_POINTS = 200  # of a line: more than it has room for
TICKS = 3  # on the y axis
MOST_STEPS, MOST_UNITS = 120, 24  # of a heat map
CELL, LEAST_CELL = 14, 4  # pixels of a value in a heat map, at most and at least
WIDEST = 640  # pixels of all steps of a heat map
LONGEST_ANSWER = 2  # characters that have room below a column
NAMES = 70  # pixels of the names of its rows
FONT = 'font-family="sans-serif" font-size="10" fill="currentColor"'
#: the colours of values below zero and above it, and of values without a sign.
BELOW, ABOVE, UNSIGNED = LIGHT_PALETTE[:3]


def table(heads: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """Return a table: its heads, then a row of cells for each of `rows`."""
    head = "".join(f"<th>{escape(text)}</th>" for text in heads)
    body = "".join(
        f"<tr>{''.join(f'<td>{escape(str(cell))}</td>' for cell in row)}</tr>" for row in rows
    )
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def paragraph(text: str, title: str = "") -> str:
    """Return a paragraph, with a title in bold before it."""
    bold = f"<b>{escape(title)}</b> " if title else ""
    return f"<p>{bold}{escape(text)}</p>"


def preformatted(text: str) -> str:
    """Return lines of text whose columns stay below each other."""
    return f"<pre>{escape(text)}</pre>"


def line_chart(lines: Sequence[Line], metric: Metric, x_label: str) -> str:
    """Draw lines as SVG: the mean over seeds, on a band from the lowest to the highest seed.

    Args:
        lines: of one metric; those beyond the last colour are left out.
        metric: the metric, which y is.
        x_label: what x is.

    Returns:
        The drawing; empty if no line has a point.
    """
    drawn = [_thinned(line) for line in lines[:MOST_LINES] if line.x]
    if not drawn:
        return ""
    xs = [*chain.from_iterable(line.x for line in drawn)]
    spreads = [*chain.from_iterable(line.spreads for line in drawn)]
    plane = _Plane(
        (min(xs), max(xs)),
        (min(spread.low for spread in spreads), max(spread.high for spread in spreads)),
    )
    parts = [_axes(plane, metric, x_label)]
    for number, line in enumerate(drawn):
        parts.append(_drawn_line(plane, line, curve_colour(number, dark=False)))
    return _svg(WIDTH, HEIGHT, parts) + _legend(drawn, len(lines))


class _Plane:
    """Where values lie in a chart: x from left to right, y from the bottom up."""

    def __init__(self, x: tuple[float, float], y: tuple[float, float]) -> None:
        self.x = x  #: the first and the last x.
        margin = 0.5 if y[0] == y[1] else 0.0
        self.y = (y[0] - margin, y[1] + margin)  #: the lowest and the highest y, never equal.

    def point(self, x: float, y: float) -> str:
        """Return the pixel of a point, as SVG writes it."""
        (first, last), (low, high) = self.x, self.y
        share_x = (x - first) / (last - first) if last > first else 0.5
        share_y = (y - low) / (high - low)
        pixel_x = LEFT + share_x * (WIDTH - LEFT - RIGHT)
        pixel_y = HEIGHT - BOTTOM - share_y * (HEIGHT - TOP - BOTTOM)
        return f"{pixel_x:.1f},{pixel_y:.1f}"


def _thinned(line: Line) -> Line:
    """Return a line of at most so many points as there is room for, the last one among them."""
    every = -(-len(line.x) // MOST_POINTS)
    places = range(len(line.x) - 1, -1, -every)[::-1]
    x = tuple(line.x[place] for place in places)
    return Line(line.label, line.runs, x, tuple(line.spreads[place] for place in places))


def _axes(plane: _Plane, metric: Metric, x_label: str) -> str:
    """Draw ticks with their values, and the titles of both axes."""
    parts = []
    low, high = plane.y
    for value in np.linspace(low, high, TICKS):
        y = plane.point(plane.x[0], value).partition(",")[2]
        parts.append(
            f'<line x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y}" y2="{y}" stroke="currentColor" '
            f'stroke-opacity="0.2"/><text x="{LEFT - 4}" y="{y}" dy="3" text-anchor="end" {FONT}>'
            f"{escape(metric.format(float(value)))}</text>"
        )
    foot = HEIGHT - BOTTOM + 13
    for value, anchor in ((plane.x[0], "start"), (plane.x[1], "end")):
        x = plane.point(value, low).partition(",")[0]
        parts.append(f'<text x="{x}" y="{foot}" text-anchor="{anchor}" {FONT}>{value:g}</text>')
    title = escape(f"{metric.title} by {x_label}")
    middle = (LEFT + WIDTH - RIGHT) // 2
    parts.append(f'<text x="{middle}" y="{HEIGHT - 6}" text-anchor="middle" {FONT}>{title}</text>')
    return "".join(parts)


def _drawn_line(plane: _Plane, line: Line, colour: str) -> str:
    """Draw a line, on its band if it is of several seeds."""
    means = [plane.point(x, s.mean) for x, s in zip(line.x, line.spreads, strict=True)]
    title = f"<title>{escape(line.label)}</title>"
    parts = []
    if line.seeds > 1:
        upper = [plane.point(x, s.high) for x, s in zip(line.x, line.spreads, strict=True)]
        lower = [plane.point(x, s.low) for x, s in zip(line.x, line.spreads, strict=True)]
        corners = " ".join([*upper, *reversed(lower)])
        parts.append(f'<polygon points="{corners}" fill="{colour}" fill-opacity="0.18"/>')
    if len(means) == 1:
        x, _, y = means[0].partition(",")
        parts.append(f'<circle cx="{x}" cy="{y}" r="2.5" fill="{colour}"/>')
    parts.append(
        f'<polyline points="{" ".join(means)}" fill="none" stroke="{colour}" stroke-width="1.5">'
        f"{title}</polyline>"
    )
    return "".join(parts)


def _legend(lines: Sequence[Line], count: int) -> str:
    """Return the names of lines in their colours; `count` lines there are in all."""
    if count < 2:
        return ""
    names = [
        f'<span style="color:{curve_colour(number, dark=False)}">●</span> {escape(line.label)}'
        for number, line in enumerate(lines)
    ]
    if count > len(lines):
        names.append(f"and {count - len(lines)} more")
    return f"<p>{' &nbsp; '.join(names)}</p>"


def heat_map(
    values: npt.NDArray[np.float32],
    names: Sequence[str],
    steps: Sequence[str],
    answers: Sequence[str],
) -> str:
    """Draw values over steps as SVG: a row for each unit, a column for each step.

    Blue is below zero, orange above it; values without a sign are green. The deeper, the larger.

    Args:
        values: (T, H).
        names: (H,) of the rows.
        steps: (T,) of the columns, shown where the pointer rests.
        answers: (T,) below the columns, if all are short.
    """
    shown = values[:MOST_STEPS, :MOST_UNITS]
    columns, rows = shown.shape
    width = max(LEAST_CELL, min(CELL, WIDEST // max(1, columns)))
    height = max(width, 10)
    limit = float(np.abs(shown).max(initial=0.0)) or 1.0
    signed = bool((shown < 0).any())
    parts = [_heat_row_name(names[row], (row + 0.5) * height) for row in range(rows)]
    for column, row in np.ndindex(columns, rows):
        value = float(shown[column, row])
        title = escape(f"{names[row]}, {steps[column]}: {value:.3f}")
        parts.append(
            f'<rect x="{NAMES + column * width}" y="{row * height}" width="{width}" '
            f'height="{height}" fill="{_colour_of(value, signed=signed)}" '
            f'fill-opacity="{abs(value) / limit:.2f}"><title>{title}</title></rect>'
        )
    foot = 0
    if width == CELL and max(map(len, answers[:columns])) <= LONGEST_ANSWER:
        foot = height
        parts.append(_heat_row_name("answer", (rows + 0.5) * height))
        for column, answer in enumerate(answers[:columns]):
            parts.append(
                f'<text x="{NAMES + (column + 0.5) * width}" y="{(rows + 0.5) * height}" dy="3" '
                f'text-anchor="middle" {FONT}>{escape(answer)}</text>'
            )
    drawing = _svg(NAMES + columns * width, rows * height + foot, parts)
    return drawing + _left_out(*values.shape)


def _heat_row_name(name: str, y: float) -> str:
    """Write the name of a row before it."""
    return f'<text x="{NAMES - 6}" y="{y}" dy="3" text-anchor="end" {FONT}>{escape(name)}</text>'


def _left_out(steps: int, units: int) -> str:
    """Say how many steps and units a heat map leaves out; empty if none."""
    counts = ((steps - MOST_STEPS, "steps"), (units - MOST_UNITS, "units"))
    words = [f"{count:,} more {things}" for count, things in counts if count > 0]
    return paragraph(f"{' and '.join(words)} are not shown.") if words else ""


def _colour_of(value: float, *, signed: bool) -> str:
    """Return the colour of a value, apart from how deep it is."""
    if not signed:
        return UNSIGNED
    return ABOVE if value >= 0 else BELOW


def _svg(width: int, height: int, parts: Sequence[str]) -> str:
    """Return a drawing of so many pixels."""
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" '
        f'viewBox="0 0 {width} {height}" role="img">{"".join(parts)}</svg>'
    )
