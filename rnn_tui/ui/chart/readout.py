"""What a chart says in words: its legend, its readout at the cursor, its foot.

All of it is one line of a width that is not known before, so what says least gives way to
what says most.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rich.cells import cell_len, set_cell_size
from textual.content import Content

from rnn_tui.engine.palette import curve_colour
from rnn_tui.ui.chart.axes import format_value, from_position
from rnn_tui.ui.chart.view import ChartSeries, nearest

GAP = "   "

SHADE = "░"
"""What stands for the marked range in words."""


@dataclass(frozen=True)
class LegendEntry:
    """One run in a legend or readout line.

    ``long_value`` is the value with the band around it, for where there is room.
    """

    glyph: str
    name: str
    value: str
    colour: str
    long_value: str = ""


def format_position(x: float) -> str:
    """Format an x with up to three decimals, whole numbers without any."""
    if 0.0 < abs(x) < 0.0005:
        return format_value(x)
    return f"{x:.3f}".rstrip("0").rstrip(".")


def entries(
    series: Sequence[ChartSeries], dark: bool, x: float | None,
    present: tuple[float, float] | None = None, log_x: bool = False,
) -> list[LegendEntry]:  # fmt: skip
    """Return the entries of all series that have points.

    Args:
        series: The prepared series.
        dark: Whether the theme is dark.
        x: The position where to read the values, None for a legend without values.
        present: The visible range. Where the nearest point is visibly elsewhere, as with a
            run that ended earlier, the entry says where.
        log_x: Whether positions are exponents of two.
    """
    result: list[LegendEntry] = []
    for one in series:
        if not one.x or (x is None and not one.name):
            continue
        value = spread = place = ""
        if x is not None:
            index = nearest(one, x)
            value = format_value(one.y[index])
            if one.low:
                spread = f" ({format_value(one.low[index])} … {format_value(one.high[index])})"
            if present and abs(one.x[index] - x) > 0.01 * (present[1] - present[0]):
                place = f" @{format_position(from_position(one.x[index], log_x))}"
        glyph = one.marker if one.points else f"─{one.marker}"
        colour = curve_colour(one.colour, dark)
        result.append(
            LegendEntry(glyph, one.name, value + place, colour, spread and value + spread + place)
        )
    return result


def text_line(prefix: str, entries: Sequence[LegendEntry], width: int) -> Content:
    """Return one line of entries that fits ``width`` cells.

    The bands around the values give way first, all at once; then names, the longest before
    the others, until they go altogether: marker and value say more than half a name. What
    still does not fit ends in an ellipsis.
    """
    before = cell_len(prefix) + len(GAP) if prefix else 0

    def room_for(values: Sequence[str]) -> int:
        """Return the cells that such values leave for names, each with a space before."""
        glyphs = sum(cell_len(entry.glyph) + len(GAP) for entry in entries)
        return width + len(GAP) - before - glyphs - sum(map(len, values))

    values = [f" {value}" if (value := e.long_value or e.value) else "" for e in entries]
    if sum(1 + cell_len(e.name) for e in entries) > room_for(values):
        values = [f" {entry.value}" if entry.value else "" for entry in entries]
    room = room_for(values)
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


def marked_text(low: float, high: float, label: str) -> str:
    """Say which range of x is marked, so that it can be read without seeing the shade."""
    ends = f"{format_position(low)} … {format_position(high)}"
    return f"{SHADE} {label}: {ends}" if label else f"{SHADE} {ends}"


def foot_line(x_label: str, mark: tuple[float, float, str] | None, width: int) -> Content:
    """Return what x counts and what is marked; where both do not fit, the latter."""
    text = x_label
    if mark:
        low, high, label = mark
        marked = marked_text(low, high, label)
        candidates = (f"{x_label}{GAP}{marked}", marked, marked_text(low, high, ""))
        text = next((one for one in candidates if cell_len(one) <= width), candidates[-1])
    return Content(text).truncate(width, ellipsis=True)
