"""The bands that a `StepGrid` draws (words, heatmaps, bars), and how many lines each has.

A `Look` says which layer, quantity and unit of a trace are made into bands.
"""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal, NamedTuple, TypeAlias

import numpy as np

from rnn_tui.engine.errors import printable
from rnn_tui.inside.attribution import StepAttribution
from rnn_tui.inside.trace import Indices, LayerTrace, Trace
from rnn_tui.networks.stepwise import Array
from rnn_tui.ui.chart.ticks import nice_step
from rnn_tui.ui.widgets.digits import ruler

FEWEST_BAR_LINES = 4  # with fewer, bars are left out
GOOD_BAR_LINES = 6  # lines of bars before a heatmap has two rows a line
MOST_BAR_LINES = 10  # more lines do not make bars easier to read
MOST_READ = 16  # numbers of a step that are shown as they are read
LONGEST_LABEL = 16  # characters of the name of a number that is read
FEWEST_HEAT_LINES = 5  # with fewer, a heatmap can hardly be read


@dataclass(frozen=True, eq=False)
class WordBand:
    """A word for each step."""

    label: str  #: what they are.
    words: Sequence[str]  #: (T,); where columns are narrower, `layout` says what is shown.
    wrong: Sequence[bool] = ()  #: (T,) which to mark as wrong; empty for none.
    strong: bool = False  #: whether they are bold.
    chosen: Sequence[bool] = ()  #: (T,) which to mark as asked for; empty for none.
    #: of words that are wider than a column: `cut` for the beginning of each, `lasting` to write
    #: one once over the steps in a row that have it, `whole` for those that can be written whole.
    layout: Literal["cut", "lasting", "whole"] = "cut"


@dataclass(frozen=True, eq=False)
class HeatBand:
    """Rows of values as colours."""

    name: str  #: identifies it where a place in it is picked.
    labels: Sequence[str]  #: (R,) short names of the rows.
    values: Array  #: (R, T).
    limit: float = 1.0  #: the absolute value that gets the full colour.
    signed: bool = False  #: whether values below zero have a colour of their own.
    form: str = "+.2f"  #: how the value at the cursor is written.
    row: int | None = None  #: the row with the cursor; None for none.
    #: whether values are written into their cells, where columns are wide enough.
    written: bool = False
    prefix: str = ""  #: written before each label, if there is room.
    title: str = ""  #: begins a panel of this name; empty to continue the panel above.


@dataclass(frozen=True, eq=False)
class BarBand:
    """Values as bars from zero, up and down, in a panel of their own."""

    label: str  #: what it is.
    values: Array  #: (T,); NaN if there is none.
    low: float  #: the lower end of the range that is drawn.
    high: float  #: the upper one.
    form: str = "+.2f"  #: how values are written.


StepBand: TypeAlias = WordBand | HeatBand | BarBand


def title_of(band: StepBand, step: int) -> str:
    """Return the name of the panel that a band begins; of a curve, with its value at a step."""
    if not isinstance(band, BarBand):
        return band.title if isinstance(band, HeatBand) else ""
    value = band.values[step]
    return band.label if np.isnan(value) else f"{band.label} {value:{band.form}}"


def allot(height: int, bands: Sequence[StepBand], frame: int = 1) -> tuple[int, ...]:
    """Return how many lines each band has, at most `height` in all.

    A heatmap has a line for each row, or for two rows. If there is no room for everything, bars
    are left out first, then heatmaps shrink, then the last bands are cut.

    Args:
        height: The lines there are.
        bands: From top to bottom.
        frame: The lines that each panel but the first takes besides.
    """
    return _Allotment(height, bands, frame).lines()


class _Allotment:
    """Divides lines among bands."""

    def __init__(self, height: int, bands: Sequence[StepBand], frame: int) -> None:
        self._height = height
        #: Rows of each band.
        self._rows = [len(band.values) if isinstance(band, HeatBand) else 1 for band in bands]
        #: Lines that the panel of each band takes besides.
        self._frames = [
            frame if index and title_of(band, 0) else 0 for index, band in enumerate(bands)
        ]
        #: Lines of each band; 0 if it is left out.
        self._lines = [
            FEWEST_BAR_LINES
            if isinstance(band, BarBand)
            else min((rows + 1) // 2, FEWEST_HEAT_LINES)
            for band, rows in zip(bands, self._rows, strict=True)
        ]
        self._heats = [index for index, band in enumerate(bands) if isinstance(band, HeatBand)]
        self._bars = [index for index, band in enumerate(bands) if isinstance(band, BarBand)]

    def lines(self) -> tuple[int, ...]:
        self._shrink()
        self._grow_all()
        return tuple(self._lines)

    def _free(self) -> int:
        """Return the number of lines that are left; below 0 if there are too few."""
        taken = [
            lines + frame for lines, frame in zip(self._lines, self._frames, strict=True) if lines
        ]
        return self._height - sum(taken)

    def _shrink(self) -> None:
        """Make the fewest lines of all bands fit."""
        for index in self._bars:
            if self._free() < 0:
                self._lines[index] = 0
        while self._free() < 0 and any(self._lines[index] > 1 for index in self._heats):
            tallest = max(self._heats, key=self._lines.__getitem__)
            self._lines[tallest] -= 1
        for index in reversed(range(len(self._lines))):
            lacking = max(0, -self._free())
            self._lines[index] -= min(self._lines[index], lacking)

    def _grow_all(self) -> None:
        """Divide the lines that are left, beginning with the heatmaps of the fewest rows."""
        heats = sorted(self._heats, key=self._rows.__getitem__)
        for index in heats:
            if self._rows[index] - self._lines[index] <= self._free():
                self._grow(index, self._rows[index])
        for index in self._bars:
            self._grow(index, GOOD_BAR_LINES, share=3)
        for index in heats:
            self._grow(index, (self._rows[index] + 1) // 2)
        for index in self._bars:
            self._grow(index, MOST_BAR_LINES)

    def _grow(self, index: int, lines: int, share: int = 1) -> None:
        """Let a band that is not left out have so many lines.

        It takes at most one in `share` of those that are left.
        """
        if self._lines[index]:
            more = min(lines - self._lines[index], self._free() // share)
            self._lines[index] += max(0, more)


def rows_at(band: HeatBand, lines: int, line: int, *, alone: bool = False) -> tuple[int, ...]:
    """Return the row, or the two rows, that a line of a heatmap shows; the cursor is in view.

    Args:
        band: The heatmap.
        lines: How many lines it has.
        line: Which of them.
        alone: Whether each line shows a single row, also where not all rows fit then.
    """
    count = len(band.values)
    rows_per_line = 1 if lines >= count or alone else 2
    visible = min(count, lines * rows_per_line)
    first = max(0, min((band.row or 0) - visible // 2, count - visible))
    first -= first % rows_per_line
    start = first + line * rows_per_line
    return tuple(range(start, min(start + rows_per_line, count)))


class GridLine(NamedTuple):
    """The contents of a line of a grid."""

    kind: str  #: `ruler`, `top` or `bottom` of a panel, `band`; empty for nothing.
    band: int = 0  #: which band; at the top of a panel, the first one in it.
    line: int = 0  #: which line of the band.
    lines: int = 0  #: how many lines the band has.


def lay_out(height: int, bands: Sequence[StepBand], *, framed: bool) -> list[GridLine]:
    """Return what is on each of `height` lines: the ruler, then bands, in panels where `framed`."""
    if framed:
        outer_top, bottom = [GridLine("top")], [GridLine("bottom")]
    else:
        outer_top, bottom = [], []
    free = height - 1 - len(outer_top) - len(bottom)  # without the ruler
    lines_of_bands = allot(max(0, free), bands, frame=1 + len(bottom))
    places = [*outer_top, GridLine("ruler")]
    for index, (band, lines) in enumerate(zip(bands, lines_of_bands, strict=True)):
        begins_panel = index > 0 and lines > 0 and title_of(band, 0) != ""
        if begins_panel:
            places += [*bottom, GridLine("top", index)]
        places += [GridLine("band", index, line, lines) for line in range(lines)]
    return places + bottom


def words_text(band: WordBand, step: int, steps: range, width: int) -> str:
    """Write the words of the visible steps over their columns, each `width` cells wide.

    The word of the present step is written whatever the layout.
    """
    words = [band.words[visible_step] for visible_step in steps]
    longest = max(map(len, words), default=0)
    has_room = longest <= 1 or longest < width
    if has_room or band.layout == "cut":
        return "".join(word[:width].ljust(width) for word in words)
    if band.layout == "lasting":
        return _lasting_words(words, width)
    return _whole_words(words, step - steps.start, width)


def _lasting_words(words: Sequence[str], width: int) -> str:
    """Write each word once, with a line up to the step from which on it is another."""
    text = ""
    for word, steps in itertools.groupby(words):
        cells = len(list(steps)) * width
        written = max(1, cells - 1)  # a gap before the next word, if there is room
        line = "─" if word else " "
        text += word[:written].ljust(written, line).ljust(cells)
    return text


def _whole_words(words: Sequence[str], present: int, width: int) -> str:
    """Write the present word, and from left to right those that fit between others."""
    room = len(words) * width
    first = max(0, min(present * width, room - len(words[present])))
    end = first + len(words[present])
    cells = [" "] * room
    cells[first:end] = words[present]
    free = 0  # the first cell that the next word may begin in
    for place, word in enumerate(words):
        start = place * width
        overlaps = start <= end and first <= start + len(word)
        if start >= free and start + len(word) <= room and not overlaps:
            cells[start : start + len(word)] = word
            free = start + len(word) + 1
    return "".join(cells[:room])


def ruler_text(
    numbers: Sequence[int], step: int, steps: range, width: int, names: Sequence[str] = ()
) -> tuple[str, int, int]:
    """Write the numbers of steps over their columns, or their names in place of these.

    Args:
        numbers: Of all steps.
        step: The present step, whose number is always written.
        steps: The visible steps.
        width: The cells of a column.
        names: Of all steps, such as their times; those of round numbers are written.

    Returns:
        The text, and the first cell and the end of what is written of the present step.
    """
    longest = max(map(len, names)) if names else len(str(numbers[-1]))
    every = max(1, int(nice_step(longest + 1, width)))
    room = len(steps) * width
    present = names[step] if names else str(numbers[step])
    present = present[:room]
    start = max(0, min((step - steps.start) * width, room - len(present)))
    end = start + len(present)
    texts = []
    for column, visible_step in enumerate(steps):
        cell = column * width
        text = names[visible_step] if names else str(numbers[visible_step])
        overlaps = start <= cell + len(text) and cell <= end
        if numbers[visible_step] % every == 0 and not overlaps:
            texts.append((cell, text))
    characters = ruler(texts, room, steps.start > 0, steps.stop < len(numbers))
    characters[start:end] = present
    return "".join(characters), start, end


PROBABILITIES, UNITS = "probabilities", "units"  # names of heatmaps
IMPORTANCE, NUMBER = "importance", "number"  # orders of units
LONGEST_QUANTITY = 6  # letters of a quantity's name in the readout
MOST_NUMBERS = 3  # outputs that are drawn where they are numbers
SHORT_QUANTITY = 4  # letters of a longer name there


@dataclass(frozen=True)
class Look:
    """The layer, quantity and unit of a trace that are shown, and the order of its units.

    A trace has layers of H units each.
    """

    layer: int = 0  #: which of the trace's layers.
    quantity: str = "state"  #: its name, such as `state` or `forget gate`.
    order: str = IMPORTANCE  #: `IMPORTANCE` or `NUMBER`.
    unit: int | None = None  #: the unit at the cursor, from 0; None for the most important one.

    def fitted(self, trace: Trace) -> "Look":
        """Replace what a trace does not have: by its last layer, its state, its main unit."""
        layer_index = min(self.layer, len(trace.layers) - 1)
        layer = trace.layers[layer_index]
        quantity = self.quantity if self.quantity in layer.quantities else "state"
        unit = self.unit
        if unit is None or unit >= len(layer.importance):
            unit = int(layer.order[0])
        return replace(self, layer=layer_index, quantity=quantity, unit=unit)

    def units(self, trace: Trace) -> Indices:
        """Return the units (H,) from top to bottom."""
        layer = trace.layers[self.layer]
        return layer.order if self.order == IMPORTANCE else np.arange(len(layer.importance))

    def on_row(self, trace: Trace, row: int) -> "Look":
        """Put the cursor on the unit in a row, from 0."""
        return replace(self, unit=int(self.units(trace)[row]))

    def moved(self, trace: Trace, by: int) -> "Look":
        """Move the cursor so many rows down, at most to the last one."""
        units = self.units(trace).tolist()
        row = units.index(self.unit) + by
        return self.on_row(trace, max(0, min(row, len(units) - 1)))

    def sorted_otherwise(self) -> "Look":
        """Sort units by number in place of importance, or the other way round."""
        return replace(self, order=NUMBER if self.order == IMPORTANCE else IMPORTANCE)

    def next_quantity(self, trace: Trace) -> "Look":
        names = list(trace.layers[self.layer].quantities)
        following = (names.index(self.quantity) + 1) % len(names)
        return replace(self, quantity=names[following])

    def next_layer(self, trace: Trace) -> "Look":
        """Go to the next layer, with the cursor on its most important unit."""
        return replace(self, layer=(self.layer + 1) % len(trace.layers), unit=None).fitted(trace)


def is_signed(quantity: str, values: Array) -> bool:
    """Return whether values may be below zero, unlike those of gates."""
    return not quantity.endswith(" gate") or bool((values < 0).any())


def attribution_band(analysis: StepAttribution) -> BarBand:
    """Return what each step adds to the answer."""
    parts = analysis.steps.astype(np.float32)
    limit = max(1e-9, float(np.abs(parts).max()))
    return BarBand(f"adds to {analysis.answer}", parts, -limit, limit, ".3g")


def read_band(trace: Trace, names: Sequence[str] = ()) -> HeatBand:
    """Make a band of the first numbers that are read at each step, as colours.

    Without `names` they are called by their place.
    """
    shown = trace.inputs.T[:MOST_READ]  # (F, T)
    by_place = [f"number {place}" for place in range(1, len(shown) + 1)]
    labels = [printable(name, LONGEST_LABEL) for name in names[:MOST_READ] or by_place]
    limit = max(1e-9, float(np.abs(shown).max()))
    return HeatBand("", labels, shown, limit, signed=True)


def answer_bands(trace: Trace, step: int) -> list[StepBand]:
    """Make bands of what comes out after each step."""
    if trace.numbers:
        return number_bands(trace)
    labels, probabilities = trace.outputs, trace.probabilities.T
    if trace.one_output:
        return [HeatBand("", labels, probabilities, form=".2f", prefix="P of ")]
    answers = [trace.outputs[answer] for answer in trace.answers]
    words = WordBand("answer", answers, strong=True, layout="lasting")
    row = int(trace.answers[step])
    heat = HeatBand(PROBABILITIES, labels, probabilities, form=".3f", row=row, prefix="P of ")
    return [words, heat]


def number_bands(trace: Trace, prefix: str = "") -> list[StepBand]:
    """Make bands of the first outputs of a network that answers numbers."""
    bands: list[StepBand] = []
    for name, values in zip(trace.outputs[:MOST_NUMBERS], trace.logits.T, strict=False):
        low, high = min(0.0, float(values.min())), max(0.0, float(values.max()))
        bands.append(BarBand(f"{prefix}output {name}", values, low, max(high, low + 1e-9), ".4g"))
    return bands


def untouched_bands(untouched: Trace) -> list[StepBand]:
    """Make bands of what came out after each step without edits."""
    answers = [untouched.answer_word(step) for step in range(untouched.steps)]
    if untouched.numbers:
        return number_bands(untouched, "unedited ")
    bands: list[StepBand] = [WordBand("unedited", answers, layout="lasting")]
    if untouched.one_output:
        probabilities = untouched.probabilities.T
        bands.append(HeatBand("", ("1",), probabilities, form=".2f", prefix="P of "))
    return bands


def unit_bands(trace: Trace, look: Look) -> list[StepBand]:
    """Make bands of what the units hold, and bars of the one at the cursor.

    `look` must be fitted to the trace.
    """
    layer, units = trace.layers[look.layer], look.units(trace).tolist()
    values = layer.quantities[look.quantity]  # (T, H)
    # The full colour means 1, or the largest value of a memory, which has no bounds.
    smallest_limit = 1e-6 if look.quantity == "cell" else 1.0
    limit = max(smallest_limit, float(np.abs(values).max()))
    signed = is_signed(look.quantity, values)
    lowest, form = (-limit, "+.2f") if signed else (0.0, ".2f")
    assert look.unit is not None
    layer_name = f" · {layer.name}" if len(trace.layers) > 1 else ""
    heat = HeatBand(
        UNITS,
        tuple(map(str, units)),
        values.T[units],
        limit,
        signed,
        form,
        row=units.index(look.unit),
        prefix="unit ",
        title=f"{look.quantity.capitalize()} of {len(units)} units{layer_name} by {look.order}",
    )
    label = f"Unit {look.unit} · {look.quantity}"
    return [heat, BarBand(label, values[:, look.unit], lowest, limit, form)]


def readout_text(trace: Trace, look: Look, step: int, width: int) -> str:
    """Write the values at the cursor in a line of less than `width` cells, if that is possible.

    Digits and gaps are shortened until it fits. If there is room, the line ends with the importance
    of the unit. `look` must be fitted to the trace.
    """
    layer = trace.layers[look.layer]
    unit = look.unit
    assert unit is not None
    forms = ((3, "  "), (2, "  "), (2, " "))  # digits, and the gap between two values
    texts = [_values(layer, unit, step, digits, gap) for digits, gap in forms]
    text = next((text for text in texts if len(text) < width), texts[-1])
    importance = layer.importance[unit]
    adds_to_answer = layer.read_out and not trace.every_step
    if adds_to_answer:
        weight = f"adds {importance:+.3g} to the answer"
    else:
        weight = f"weight {importance:.3g}"
    rank = ordinal(layer.order.tolist().index(unit) + 1)
    long_text = f"{text}  · {weight}, {rank} of {len(layer.importance)}"
    return long_text if len(long_text) < width else text


def _values(layer: LayerTrace, unit: int, step: int, digits: int, gap: str) -> str:
    """Write the values of all quantities of a unit at a step."""
    texts = [f"unit {unit}"]
    for quantity, values in layer.quantities.items():
        name = quantity.removesuffix(" gate")
        if len(name) > LONGEST_QUANTITY:
            name = name[:SHORT_QUANTITY]
        sign = "+" if is_signed(quantity, values) else ""
        texts.append(f"{name} {values[step, unit]:{sign}.{digits}f}")
    return gap.join(texts)


def ordinal(number: int) -> str:
    """Write 1st, 2nd, 3rd, 4th, …"""
    is_teen = 10 <= number % 100 <= 20
    ending = "th" if is_teen else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number}{ending}"
