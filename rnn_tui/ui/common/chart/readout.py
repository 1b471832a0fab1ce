"""What a chart says in words: legend, readout at the cursor, foot. What says least gives way where
there is no room.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby, product
from operator import itemgetter

from rich.cells import cell_len
from textual.content import Content

from rnn_tui.engine.palette import curve_colour
from rnn_tui.ui.common.chart.geometry import format_value, from_position
from rnn_tui.ui.common.chart.view import ChartSeries, Range, nearest

GAP = "   "
SHADE, LINE = "░", "──"  # what stands for the marked range in words, and for a line without markers
# a word of a name, with the spaces or dashes after it
WORD = re.compile(r"[^\s_,-]*[\s_,-]+|[^\s_,-]+$")


@dataclass(frozen=True)
class LegendEntry:
    """One run in a legend or readout."""

    name: str  #: What it is called.
    colour: str  #: Of its curves.
    #: Of each curve: what stands for it, its value, if any, that with its band.
    readings: tuple[tuple[str, str, str], ...]

    def text(self, name: str, long: bool) -> Content:
        """Say it by that name, with bands or without."""
        parts = [(glyph, with_band if long else value) for glyph, value, with_band in self.readings]
        if len(parts) > 1 and parts[0][1]:  # a value each: the name comes first
            words = [name, *(f"{glyph} {value}" for glyph, value in parts)]
        else:
            words = [*(glyph for glyph, _ in parts), name, parts[0][1]]
        return Content.styled(" ".join(filter(None, words)), self.colour)


def format_position(x: float) -> str:
    """Format an x with up to three decimals, whole numbers without any."""
    return format_value(x) if 0.0 < abs(x) < 0.0005 else f"{x:.3f}".rstrip("0").rstrip(".")


def entries(
    series: Sequence[ChartSeries],
    dark: bool,
    x: float | None,
    present: Range | None = None,
    log_x: bool = False,
) -> list[LegendEntry]:
    """Return the entries of prepared series, with values at the position ``x``, if any, and places
    visibly elsewhere.
    """
    found = []
    for one in (one for one in series if one.x):
        value = spread = place = ""
        if x is not None:
            index = nearest(one, x)
            value = format_value(one.y[index])
            if one.low:
                spread = f" ({format_value(one.low[index])} … {format_value(one.high[index])})"
            if present and abs(one.x[index] - x) > 0.01 * (present[1] - present[0]):
                place = f" @{format_position(from_position(one.x[index], log_x))}"
        glyph = one.marker if one.points else f"─{one.mark}" if one.mark else LINE
        found.append(
            (
                (one.name, curve_colour(one.colour, dark)),
                (glyph, value + place, value + spread + place),
            )
        )
    shown = groupby(found, itemgetter(0))
    return [
        LegendEntry(name, colour, tuple(reading for _, reading in same))
        for (name, colour), same in shown
    ]


def told_apart(names: Sequence[str], both: bool = True) -> list[str]:
    """Return names without the words that all begin with or, if ``both``, end with; a number keeps
    the word before it.
    """
    if len(set(names)) < 2:
        return list(names)
    words = [WORD.findall(name) for name in names]
    most = min(map(len, words))
    begin = next(at for at in range(most + 1) if len({tuple(one[: at + 1]) for one in words}) > 1)
    while begin and any(one[begin : begin + 1] and one[begin][0].isdigit() for one in words):
        begin -= 1
    end = next(at for at in range(most + 1) if len({tuple(one[-at - 1 :]) for one in words}) > 1)
    end = min(end, most - begin - 1) if both else 0
    kept = ["".join(one[begin : len(one) - end]).strip(" -_,") for one in words]
    return kept if len(set(kept)) == len(set(names)) else list(names)


def text_lines(
    prefix: str, entries: Sequence[LegendEntry], width: int, most: int = 1
) -> list[Content]:
    """Return entries in ``most`` lines; in one, bands give way first, then what names share. What
    is left out is counted.
    """
    names = [entry.name for entry in entries]
    lines: list[list[Content]] = []
    for shown, long in product(
        (names, told_apart(names, both=False), told_apart(names)), (True, False)
    ):
        texts = [entry.text(name, long) for entry, name in zip(entries, shown, strict=True)]
        lines = _wrapped([Content(prefix), *texts] if prefix else texts, width)
        if len(lines) <= 1:
            return [Content(GAP).join(line) for line in lines]
    left, lines = sum(map(len, lines[most:])), lines[:most]
    kept = int(bool(prefix) and len(lines) == 1)
    while (
        left
        and len(lines[-1]) > kept
        and (_length([*lines[-1], Content(f"… {left} more")]) > width)
    ):
        lines[-1].pop()
        left += 1
    if left:
        lines[-1].append(Content(f"… {left} more"))
    return [Content(GAP).join(line).truncate(width, ellipsis=True) for line in lines]


def _wrapped(texts: Sequence[Content], width: int) -> list[list[Content]]:
    """Return texts in lines, as many beside each other as fit."""
    lines: list[list[Content]] = []
    for text in texts:
        if lines and _length([*lines[-1], text]) <= width:
            lines[-1].append(text)
        else:
            lines.append([text.truncate(width, ellipsis=True)])
    return lines


def _length(texts: Sequence[Content]) -> int:
    return sum(text.cell_length + len(GAP) for text in texts) - len(GAP)


def marked_text(low: float, high: float, label: str) -> str:
    """Say which range of x is marked, so that it can be read without seeing the shade."""
    ends = f"{format_position(low)} … {format_position(high)}"
    return f"{SHADE} {label}: {ends}" if label else f"{SHADE} {ends}"


def foot_line(x_label: str, mark: tuple[float, float, str] | None, width: int) -> Content:
    """Return what x counts and what is marked; where both do not fit, the latter."""
    marked = marked_text(*mark) if mark else ""
    texts = [f"{x_label}{GAP}{marked}", marked, marked_text(*mark[:2], "")] if mark else [x_label]
    return Content(next((one for one in texts if cell_len(one) <= width), texts[-1])).truncate(
        width, ellipsis=True
    )
