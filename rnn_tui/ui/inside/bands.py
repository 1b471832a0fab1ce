"""Bands that a `StepGrid` draws: words, heatmaps, bars; the lines each gets; by a `Look`, which are
drawn of a trace.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple, TypeAlias

import numpy as np

from rnn_tui.inside.trace import Indices, LayerTrace, Trace
from rnn_tui.networks.stepwise import Array
from rnn_tui.ui.common.chart.geometry import nice_step
from rnn_tui.ui.common.widgets.digits import ruler

# Lines of a curve: fewest, as many as it needs, most that it profits from; below which a heatmap is
# no picture any more.
CURVE_LINES, FEWEST_HEAT_LINES = (4, 6, 10), 5


@dataclass(frozen=True, eq=False)
class WordBand:
    """A word for each step."""

    label: str  #: what they are.
    words: Sequence[str]  #: T of them; where columns are narrower, their beginnings.
    wrong: Sequence[bool] = ()  #: T, those to mark as wrong; empty for none.
    strong: bool = False  #: whether they stand out.
    chosen: Sequence[bool] = ()  #: T, those to mark as asked for; empty for none.


@dataclass(frozen=True, eq=False)
class HeatBand:
    """Rows of values as colours."""

    name: str  #: which one it is, for whoever picks a place in it.
    labels: Sequence[str]  #: R names of rows, short.
    values: Array  #: (R, T).
    limit: float = 1.0  #: the value without sign that gets the full colour.
    signed: bool = False  #: whether values below zero have a colour of their own.
    form: str = "+.2f"  #: how the value at the cursor is written.
    row: int | None = None  #: the row with the cursor; None for none.
    #: whether values are written into their cells, where columns are wide enough.
    written: bool = False
    what: str = ""  #: stands before each label, where there is room.
    title: str = ""  #: begins a panel of this name; empty where it belongs to the one before.


@dataclass(frozen=True, eq=False)
class BarBand:
    """Values as bars from zero, up and down, in a panel of their own."""

    label: str  #: what it is.
    values: Array  #: (T,); NaN where there is none.
    low: float  #: the lower end of the range that is drawn.
    high: float  #: the upper one.
    form: str = "+.2f"  #: how values are written.


StepBand: TypeAlias = WordBand | HeatBand | BarBand


def title_of(band: StepBand, step: int) -> str:
    """The name of the panel that a band begins; of a curve, with its value at a step."""
    if not isinstance(band, BarBand):
        return band.title if isinstance(band, HeatBand) else ""
    value = band.values[step]
    return band.label if np.isnan(value) else f"{band.label} {value:{band.form}}"


def allot(height: int, bands: Sequence[StepBand], frame: int = 1) -> tuple[int, ...]:
    """Lines for each of the bands, at most `height` in all; each panel but the first takes `frame`
    besides. A heatmap has a line a row, or for two rows. Where all is too much, curves go first,
    then heatmaps shrink, then what is last is cut.
    """
    rows = [len(band.values) if isinstance(band, HeatBand) else 1 for band in bands]
    fewest = (min((count + 1) // 2, FEWEST_HEAT_LINES) for count in rows)
    lines = [
        CURVE_LINES[0] if isinstance(band, BarBand) else own
        for band, own in zip(bands, fewest, strict=True)
    ]
    over = [frame if at and title_of(band, 0) else 0 for at, band in enumerate(bands)]

    def free() -> int:
        return height - sum(own + more for own, more in zip(lines, over, strict=True) if own)

    heats = [at for at, band in enumerate(bands) if isinstance(band, HeatBand)]
    curves = [at for at, band in enumerate(bands) if isinstance(band, BarBand)]
    for at in curves:
        if free() < 0:
            lines[at] = 0
    while free() < 0 and any(lines[at] > 1 for at in heats):
        lines[max(heats, key=lines.__getitem__)] -= 1
    for at in reversed(range(len(bands))):
        lines[at] -= min(lines[at], max(0, -free()))

    def grow(at: int, to: int, share: int = 1) -> None:
        """Let a band that is there have `to` lines, or so many as that share of the free ones."""
        if lines[at]:
            lines[at] += max(0, min(to - lines[at], free() // share))

    heats.sort(key=rows.__getitem__)
    for at in heats:  # a line a row where that fits
        if rows[at] - lines[at] <= free():
            grow(at, rows[at])
    for at in curves:
        grow(at, CURVE_LINES[1], 3)
    for at in heats:  # or two rows a line
        grow(at, (rows[at] + 1) // 2)
    for at in curves:
        grow(at, CURVE_LINES[2])
    return tuple(lines)


def rows_at(band: HeatBand, lines: int, line: int, *, alone: bool = False) -> tuple[int, ...]:
    """The row, or unless `alone` the two, that a line of a heatmap shows; the cursor is in view."""
    count = len(band.values)
    a_line = 1 if lines >= count or alone else 2
    shown = min(count, lines * a_line)
    first = max(0, min((band.row or 0) - shown // 2, count - shown))
    first -= first % a_line
    start = first + line * a_line
    return tuple(range(start, min(start + a_line, count)))


class Place(NamedTuple):
    """What is on a line: the ruler, top or bottom of a panel, a line of a band; else nothing."""

    kind: str
    at: int = 0
    line: int = 0
    lines: int = 0


def laid_out(height: int, bands: Sequence[StepBand], *, framed: bool) -> list[Place]:
    """What stands on each of `height` lines: the ruler, then bands, in panels where `framed`."""
    lines = allot(max(0, height - 1 - 2 * framed), bands, 2 if framed else 1)
    places = [Place("top")] * framed + [Place("ruler")]
    for at, (band, count) in enumerate(zip(bands, lines, strict=True)):
        if at and count and title_of(band, 0):
            places += [Place("bottom")] * framed + [Place("top", at)]
        places += (Place("band", at, line, count) for line in range(count))
    return places + [Place("bottom")] * framed


def ruler_text(numbers: Sequence[int], step: int, steps: range, width: int) -> tuple[str, int, int]:
    """Numbers of visible steps over columns of a width; where that of the present one is."""
    every = max(1, int(nice_step(len(str(numbers[-1])) + 1, width)))
    room, here = len(steps) * width, str(numbers[step])
    start = max(0, min((step - steps.start) * width, room - len(here)))
    end = start + len(here)
    written = (
        (column * width, str(numbers[one]))
        for column, one in enumerate(steps)
        if numbers[one] % every == 0
    )
    free = ((at, number) for at, number in written if at + len(number) < start or at > end)
    text = ruler(free, room, steps.start > 0, steps.stop < len(numbers))
    text[start:end] = here
    return "".join(text), start, end


PROBABILITIES, UNITS = "probabilities", "units"
IMPORTANCE, NUMBER = "importance", "number"
_SHORTENED, _LONGEST = 4, 6  # letters of a quantity's name in the readout


@dataclass(frozen=True)
class Look:
    """What is looked at."""

    layer: int = 0  #: which of the trace's layers.
    quantity: str = "state"  #: by its name, such as `state` or `forget gate`.
    order: str = IMPORTANCE  #: by `IMPORTANCE` or by `NUMBER`.
    unit: int | None = None  #: from 0; None for the one that matters most.

    def fitted(self, trace: Trace) -> "Look":
        """This, or of what the trace does not have what is most like it."""
        layer = min(self.layer, len(trace.layers) - 1)
        found = trace.layers[layer]
        unit = (
            int(found.order[0])
            if self.unit is None or self.unit >= len(found.importance)
            else self.unit
        )
        return replace(
            self,
            layer=layer,
            quantity=self.quantity if self.quantity in found.quantities else "state",
            unit=unit,
        )

    def units(self, trace: Trace) -> Indices:
        """The units (H,) from top to bottom."""
        layer = trace.layers[self.layer]
        return layer.order if self.order == IMPORTANCE else np.arange(len(layer.importance))

    def on_row(self, trace: Trace, row: int) -> "Look":
        """With the cursor on the unit in a row, from 0."""
        return replace(self, unit=int(self.units(trace)[row]))

    def moved(self, trace: Trace, by: int) -> "Look":
        """With the cursor so many rows further down, or at the last one."""
        units = self.units(trace).tolist()
        return self.on_row(trace, max(0, min(units.index(self.unit) + by, len(units) - 1)))

    def sorted_otherwise(self, _trace: Trace) -> "Look":
        return replace(self, order=NUMBER if self.order == IMPORTANCE else IMPORTANCE)

    def next_quantity(self, trace: Trace) -> "Look":
        names = list(trace.layers[self.layer].quantities)
        return replace(self, quantity=names[(names.index(self.quantity) + 1) % len(names)])

    def next_layer(self, trace: Trace) -> "Look":
        """The next layer, with the cursor on the unit that matters most."""
        return replace(self, layer=(self.layer + 1) % len(trace.layers), unit=None).fitted(trace)


def is_signed(quantity: str, values: Array) -> bool:
    """Whether values may lie below zero, as those of gates do not."""
    return not quantity.endswith(" gate") or bool((values < 0).any())


def answer_bands(trace: Trace, step: int) -> list[StepBand]:
    """What comes out after each step."""
    labels, what = trace.outputs, "P of "
    if trace.one_output:
        return [HeatBand("", labels, trace.probabilities.T, form=".2f", what=what)]
    words = WordBand("answer", [trace.outputs[at] for at in trace.answers], strong=True)
    row = int(trace.answers[step])
    return [
        words,
        HeatBand(PROBABILITIES, labels, trace.probabilities.T, form=".3f", row=row, what=what),
    ]


def untouched_bands(before: Trace) -> list[StepBand]:
    """What came out after each step without edits."""
    words = WordBand("untouched", [before.answer_word(step) for step in range(before.steps)])
    return (
        [words, HeatBand("", ("1",), before.probabilities.T, form=".2f", what="P of ")]
        if before.one_output
        else [words]
    )


def unit_bands(trace: Trace, look: Look) -> list[StepBand]:
    """What the units hold, and the one with the cursor as a curve; `look` must be fitted."""
    layer, units = trace.layers[look.layer], look.units(trace).tolist()
    values = layer.quantities[look.quantity]  # (T, H)
    # The value that gets the full colour: 1, or the largest of a memory, which knows no bounds.
    limit = max(1e-6 if look.quantity == "cell" else 1.0, float(np.abs(values).max()))
    signed = is_signed(look.quantity, values)
    lowest, form = (-limit, "+.2f") if signed else (0.0, ".2f")
    assert look.unit is not None
    row, labels = units.index(look.unit), tuple(map(str, units))
    where = f" · {layer.name}" if len(trace.layers) > 1 else ""
    title = f"{look.quantity} of {len(units)} units{where} by {look.order}"
    return [
        HeatBand(
            UNITS, labels, values.T[units], limit, signed, form, row, what="unit ", title=title
        ),
        BarBand(f"unit {look.unit} · {look.quantity}", values[:, look.unit], lowest, limit, form),
    ]


def readout_text(trace: Trace, look: Look, step: int, width: int) -> str:
    """The values at the cursor, in a line of at most `width`; `look` must be fitted."""
    layer, unit = trace.layers[look.layer], look.unit
    assert unit is not None
    texts = [_values(layer, unit, step, *form) for form in ((3, "  "), (2, "  "), (2, " "))]
    text = next((text for text in texts if len(text) < width), texts[-1])
    adds, importance = layer.read_out and not trace.every_step, layer.importance[unit]
    weight = f"adds {importance:+.3g} to the answer" if adds else f"weight {importance:.3g}"
    long = (
        f"{text}  · {weight}, {ordinal(layer.order.tolist().index(unit) + 1)} of "
        f"{len(layer.importance)}"
    )
    return long if len(long) < width else text


def _values(layer: LayerTrace, unit: int, step: int, digits: int, gap: str) -> str:
    texts = [f"unit {unit}"]
    for name, values in layer.quantities.items():
        sign, short = "+" if is_signed(name, values) else "", name.removesuffix(" gate")
        texts.append(
            f"{short if len(short) <= _LONGEST else short[:_SHORTENED]} "
            f"{values[step, unit]:{sign}.{digits}f}"
        )
    return gap.join(texts)


def ordinal(number: int) -> str:
    """1st, 2nd, 3rd, 4th, …"""
    endings = {} if 10 <= number % 100 <= 20 else {1: "st", 2: "nd", 3: "rd"}
    return f"{number}{endings.get(number % 10, 'th')}"
