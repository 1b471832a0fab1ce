"""The words of a chart: its legend, the values at its cursor, its foot.

If there is no room, the least important words are left out first.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby, product
from operator import itemgetter

from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style
from textual.content import Content
from textual.renderables.digits import Digits

from rnn_tui.engine.palette import curve_colour
from rnn_tui.ui.chart.scales import Range, from_position
from rnn_tui.ui.chart.ticks import format_value
from rnn_tui.ui.chart.view import ChartSeries, nearest

GAP = "   "
SHADE = "░"  # the marked range, in words
LINE = "──"  # a line without markers, in a legend
# A value further from the cursor than this share of the visible range is shown with its x.
VISIBLE_DISTANCE = 0.01
# a word of a name, with the spaces or dashes after it
WORD = re.compile(r"[^\s_,-]*[\s_,-]+|[^\s_,-]+$")


@dataclass(frozen=True)
class CurveReading:
    """A curve in a legend, or its value at the cursor."""

    glyph: str  #: The characters that show its marker or line.
    value: str = ""  #: Its value, and where that is not at the cursor its x; empty without cursor.
    value_with_band: str = ""  #: The same with the ends of its band.


@dataclass(frozen=True)
class LegendEntry:
    """A run in a legend or readout."""

    name: str  #: What it is called.
    colour: str  #: The colour of its curves.
    readings: tuple[CurveReading, ...]  #: The reading of each curve.

    def text(self, name: str, with_bands: bool) -> Content:
        """Return its text, under a name that may be shorter, with bands or without."""
        values = [
            reading.value_with_band if with_bands else reading.value for reading in self.readings
        ]
        glyphs = [reading.glyph for reading in self.readings]
        if len(values) > 1 and values[0]:  # a value each: the name comes first
            words = [name, *map(" ".join, zip(glyphs, values, strict=True))]
        else:
            words = [*glyphs, name, values[0]]
        return Content.styled(" ".join(filter(None, words)), self.colour)


def first_that_fits(texts: Iterable[str], width: int) -> str:
    """Return the first text of at most ``width`` cells, or as many words of the last as fit."""
    words: list[str] = []
    for text in texts:
        if cell_len(text) <= width:
            return text
        words = text.split()
    while words and cell_len(" ".join(words)) > width:
        words.pop()
    return " ".join(words).rstrip(",:·")


def large_figures(entries: Sequence[LegendEntry], size: tuple[int, int]) -> Content | None:
    """Return each name with its value in large digits below; None if there is no room.

    Args:
        entries: With one reading each.
        size: The columns and the rows that there are.
    """
    width, height = size
    blocks = []
    for entry in entries:
        reading = entry.readings[-1]
        parts = Digits(reading.value).render(Style())
        digits = "".join(part.text for part in parts if isinstance(part, Segment))
        name = first_that_fits([f"{reading.glyph} {entry.name}", entry.name], width)
        spread = reading.value_with_band.removeprefix(reading.value).strip()
        lines = [name, *digits.splitlines(), *filter(None, [spread])]
        blocks.append(Content.styled("\n".join(lines), entry.colour))
    large = Content("\n\n").join(blocks)
    rows = large.plain.split("\n")
    has_room = len(rows) <= height and max(map(cell_len, rows)) <= width
    return large if blocks and has_room else None


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
    """Return the legend entries of prepared series.

    Neighbouring series of one name and colour share an entry.

    Args:
        series: The series; those without points have no entry.
        dark: Whether the theme is dark.
        x: The position of the cursor, at which values are read; None for none.
        present: The visible range. A value read visibly beside the cursor is shown with its x.
        log_x: Whether positions are exponents of two.
    """
    readings = [
        ((curve.name, curve_colour(curve.colour, dark)), _read_curve(curve, x, present, log_x))
        for curve in series
        if curve.x
    ]
    return [
        LegendEntry(name, colour, tuple(reading for _, reading in pairs))
        for (name, colour), pairs in groupby(readings, itemgetter(0))
    ]


def _read_curve(
    curve: ChartSeries, x: float | None, present: Range | None, log_x: bool
) -> CurveReading:
    """Return a curve's glyph, with its value at the position ``x``, if any."""
    if curve.points:
        glyph = curve.marker
    elif curve.mark:
        glyph = f"─{curve.mark}"
    else:
        glyph = LINE
    if x is None:
        return CurveReading(glyph)
    index = nearest(curve, x)
    value = format_value(curve.y[index])
    band = ""
    if curve.low:
        low, high = format_value(curve.low[index]), format_value(curve.high[index])
        # a single seed has no spread
        band = "" if low == value == high else f" ({low} … {high})"
    place = ""
    if present and abs(curve.x[index] - x) > VISIBLE_DISTANCE * (present[1] - present[0]):
        place = f" @{format_position(from_position(curve.x[index], log_x))}"
    return CurveReading(glyph, value + place, value + band + place)


def short_names(names: Sequence[str], both_ends: bool = True) -> list[str]:
    """Return names without the words that all of them share at their beginning.

    With ``both_ends`` the words shared at their end are left out too. A number keeps the word
    before it. Where names would become the same, they stay as they are.
    """
    if len(set(names)) < 2:
        return list(names)
    words_of_names = [WORD.findall(name) for name in names]
    shortest = min(map(len, words_of_names))
    begin = _shared_words(words_of_names)
    while begin and any(
        len(words) > begin and words[begin][0].isdigit() for words in words_of_names
    ):
        begin -= 1
    end = 0
    if both_ends:
        from_the_end = [words[::-1] for words in words_of_names]
        end = min(_shared_words(from_the_end), shortest - begin - 1)
    shortened = ["".join(words[begin : len(words) - end]).strip(" -_,") for words in words_of_names]
    return shortened if len(set(shortened)) == len(set(names)) else list(names)


def _shared_words(words_of_names: Sequence[Sequence[str]]) -> int:
    """Return how many words all names, not all of them the same, begin with."""
    shared = 0
    while len({tuple(words[: shared + 1]) for words in words_of_names}) == 1:
        shared += 1
    return shared


def text_lines(
    prefix: str, entries: Sequence[LegendEntry], width: int, most: int = 1
) -> list[Content]:
    """Return entries in at most ``most`` lines of ``width`` cells.

    To make all of them fit into one line, bands are left out, then the words that names share.
    If they still need more than ``most`` lines, the last entries are left out and counted.
    """
    names = [entry.name for entry in entries]
    lines: list[list[Content]] = []
    shorter_and_shorter = (names, short_names(names, both_ends=False), short_names(names))
    for labels, with_bands in product(shorter_and_shorter, (True, False)):
        texts = [
            entry.text(label, with_bands) for entry, label in zip(entries, labels, strict=True)
        ]
        lines = _wrapped([Content(prefix), *texts] if prefix else texts, width)
        if len(lines) <= 1:
            return [Content(GAP).join(line) for line in lines]
    left_out = sum(map(len, lines[most:]))
    lines = lines[:most]
    if left_out:
        only_line_of_prefix = bool(prefix) and len(lines) == 1
        _end_with_count(lines[-1], left_out, width, fixed=1 if only_line_of_prefix else 0)
    return [Content(GAP).join(line).truncate(width, ellipsis=True) for line in lines]


def _end_with_count(line: list[Content], left_out: int, width: int, fixed: int) -> None:
    """Put how many texts are left out at the end of a line; texts beyond ``width`` are too.

    The first ``fixed`` texts stay.
    """
    while len(line) > fixed and _length([*line, Content(f"… {left_out} more")]) > width:
        line.pop()
        left_out += 1
    line.append(Content(f"… {left_out} more"))


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
    """Return which range of x is marked, for readers who cannot see the shade."""
    ends = f"{format_position(low)} … {format_position(high)}"
    return f"{SHADE} {label}: {ends}" if label else f"{SHADE} {ends}"


def foot_line(x_label: str, mark: tuple[float, float, str] | None, width: int) -> Content:
    """Return what x counts, and the marked range with its label.

    If there is no room, what x counts is left out first, then the label.
    """
    texts = [x_label]
    if mark is not None:
        low, high, label = mark
        marked = marked_text(low, high, label)
        texts = [f"{x_label}{GAP}{marked}", marked, marked_text(low, high, "")]
    fitting = next((text for text in texts if cell_len(text) <= width), texts[-1])
    return Content(fitting).truncate(width, ellipsis=True)
