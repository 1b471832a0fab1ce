"""What a `StepGrid` draws over time steps, how many lines each gets; of a trace, what is drawn.

Words, headings, heatmaps and bars are bands; a `Look` says which of a trace's are wanted.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import TypeAlias

import numpy as np
import numpy.typing as npt
from rich.color import Color as RichColor
from rich.style import Style
from textual.color import Color
from textual.theme import Theme

from rnn_tui.engine.palette import curve_colour
from rnn_tui.inside.trace import Indices, LayerTrace, Trace
from rnn_tui.networks.stepwise import Array

# Lines of a curve: fewest, as many as it needs, and most that it profits from.
CURVE_LINES = 4, 6, 8
# Lines below which a heatmap is no picture any more.
FEWEST_HEAT_LINES = 5
# As many levels as can be told apart; with fewer, more neighbours are drawn in one go.
LEVELS = 20
# How far what is not read yet fades towards the ground.
FADED = 0.72
_UP = " ▁▂▃▄▅▆▇█"

Levels = npt.NDArray[np.int8]


@dataclass(frozen=True, eq=False)
class WordBand:
    """A word for each step.

    Attributes:
        label: what they are.
        words: T of them; where columns are narrower, their beginnings.
        wrong: T, those to mark as wrong; empty for none.
        strong: whether they stand out.
        chosen: T, those to mark as asked for; empty for none.
    """

    label: str
    words: Sequence[str]
    wrong: Sequence[bool] = ()
    strong: bool = False
    chosen: Sequence[bool] = ()


@dataclass(frozen=True, eq=False)
class HeadingBand:
    """A line of text across.

    Attributes:
        text: shown as it is.
    """

    text: str


@dataclass(frozen=True, eq=False)
class HeatBand:
    """Rows of values as colours.

    Attributes:
        name: which one it is, for whoever picks a place in it.
        labels: R names of rows.
        values: (R, T).
        limit: the value without sign that gets the full colour.
        signed: whether values below zero have a colour of their own.
        form: how the value at the cursor is written.
        row: the row with the cursor; None for none.
        written: whether values are written into their cells, where columns are wide enough.
    """

    name: str
    labels: Sequence[str]
    values: Array
    limit: float = 1.0
    signed: bool = False
    form: str = "+.2f"
    row: int | None = None
    written: bool = False


@dataclass(frozen=True, eq=False)
class BarBand:
    """Values as bars from zero, up and down.

    Attributes:
        label: what it is, in the narrow column beside it.
        values: (T,); NaN where there is none.
        low, high: the range that is drawn.
        form: how values are written.
    """

    label: str
    values: Array
    low: float
    high: float
    form: str = "+.2f"


StepBand: TypeAlias = WordBand | HeadingBand | HeatBand | BarBand


def allot(height: int, bands: Sequence[StepBand]) -> tuple[int, ...]:
    """Lines for each of the bands, together at most `height`.

    A heatmap of as many lines as rows has a line each; of fewer, two rows a line. Where all is too
    much, curves go first, then heatmaps shrink, then what is last is cut.
    """
    lines = [_fewest(band) for band in bands]
    heats = [at for at, band in enumerate(bands) if isinstance(band, HeatBand)]
    curves = [at for at, band in enumerate(bands) if isinstance(band, BarBand)]
    for at in curves:
        if sum(lines) > height:
            lines[at] = 0
    while heats and sum(lines) > height:
        largest = max(heats, key=lines.__getitem__)
        if lines[largest] <= 1:
            break
        lines[largest] -= 1
    for at in reversed(range(len(bands))):
        lines[at] -= min(lines[at], max(0, sum(lines) - height))

    def grow(at: int, to: int, share: int = 1) -> None:
        """Let a band that is there have `to` lines, or so many as that share of the free ones."""
        if lines[at]:
            lines[at] += max(0, min(to - lines[at], (height - sum(lines)) // share))

    for at in curves:
        grow(at, CURVE_LINES[1], 3)
    for at in sorted(heats, key=lambda at: _rows(bands[at])):
        rows = _rows(bands[at])
        # A line a row where that fits, or two rows a line.
        fits = rows - lines[at] <= height - sum(lines)
        grow(at, rows if fits else (rows + 1) // 2)
    for at in curves:
        grow(at, CURVE_LINES[2])
    return tuple(lines)


def _rows(band: StepBand) -> int:
    return len(band.values) if isinstance(band, HeatBand) else 1


def _fewest(band: StepBand) -> int:
    if isinstance(band, BarBand):
        return CURVE_LINES[0]
    return min((_rows(band) + 1) // 2, FEWEST_HEAT_LINES)


def levels_of(values: Array, limit: float, *, signed: bool) -> Levels:
    """Levels −`LEVELS` … `LEVELS` of values; without a sign, from 0. NaN counts as 0."""
    scaled = np.nan_to_num(values / limit) if limit > 0 else np.zeros_like(values)
    lowest = -1.0 if signed else 0.0
    result: Levels = np.rint(np.clip(scaled, lowest, 1.0) * LEVELS).astype(np.int8)
    return result


class Heatscale:
    """The colours of a theme.

    Args:
        theme: the one in use.
        ground: what zero looks like.
    """

    def __init__(self, theme: Theme, ground: Color) -> None:
        below, above, share = (Color.parse(curve_colour(at, theme.dark)) for at in range(3))
        if ground.ansi is not None:  # there is no saying what the terminal shows
            ground = Color(0, 0, 0) if theme.dark else Color(255, 255, 255)
        self.ground = ground
        self._hues = {"below": below, "above": above, "share": share}

    def colour(self, level: int, *, signed: bool, faded: bool = False) -> RichColor:
        """The colour of a level."""
        hue = "share" if not signed else "below" if level < 0 else "above"
        return _blended(self.ground, self._hues[hue], abs(level), faded)


@lru_cache(maxsize=2048)
def _blended(ground: Color, hue: Color, level: int, faded: bool) -> RichColor:
    full = ground.blend(hue, level / LEVELS, 1.0)
    return (full.blend(ground, FADED, 1.0) if faded else full).rich_color


def rows_at(band: HeatBand, lines: int, line: int) -> tuple[int, ...]:
    """The row, or the two rows, that a line of a heatmap shows; the cursor stays in view."""
    count = len(band.values)
    a_line = 1 if lines >= count else 2
    shown = min(count, lines * a_line)
    first = max(0, min((band.row or 0) - shown // 2, count - shown))
    first -= first % a_line
    start = first + line * a_line
    return tuple(range(start, min(start + a_line, count)))


def bar_cell(
    value: float, top: float, height: float, colour: RichColor, ground: RichColor
) -> tuple[str, Style]:
    """What a cell from `top` down by `height` shows of a bar from zero to `value`."""
    covered = min(max(value, 0.0), top) - max(min(value, 0.0), top - height)
    eighths = max(0, min(8, round(covered / height * 8)))
    if value >= 0:
        # From the bottom up; where zero lies within the cell the bar begins at its foot.
        return _UP[eighths], Style(color=colour)
    # From the top down: the rest is drawn in the colour of the ground.
    return (_UP[8 - eighths], Style(color=ground, bgcolor=colour)) if eighths else (" ", Style())


PROBABILITIES, UNITS = "probabilities", "units"
IMPORTANCE, NUMBER = "importance", "number"
_ENDINGS = {1: "st", 2: "nd", 3: "rd"}
# Letters of a quantity's name in the readout.
_SHORTENED, _LONGEST = 4, 6


@dataclass(frozen=True)
class Look:
    """What is looked at.

    Attributes:
        layer: which of the trace's layers.
        quantity: by its name, such as `state` or `forget gate`.
        order: by `IMPORTANCE` or by `NUMBER`.
        unit: from 0; None for the one that matters most.
    """

    layer: int = 0
    quantity: str = "state"
    order: str = IMPORTANCE
    unit: int | None = None

    def fitted(self, trace: Trace) -> Look:
        """This, or of what the trace does not have what is most like it."""
        layer = min(self.layer, len(trace.layers) - 1)
        found = trace.layers[layer]
        quantity = self.quantity if self.quantity in found.quantities else "state"
        unit = self.unit
        if unit is None or unit >= len(found.importance):
            unit = int(found.order[0])
        return replace(self, layer=layer, quantity=quantity, unit=unit)

    def units(self, trace: Trace) -> Indices:
        """The units (H,) from top to bottom."""
        layer = trace.layers[self.layer]
        return layer.order if self.order == IMPORTANCE else np.arange(len(layer.importance))

    def on_row(self, trace: Trace, row: int) -> Look:
        """With the cursor on the unit in a row, from 0."""
        return replace(self, unit=int(self.units(trace)[row]))

    def moved(self, trace: Trace, by: int) -> Look:
        """With the cursor so many rows further down, or at the last one."""
        units = self.units(trace)
        at = int(np.flatnonzero(units == self.unit)[0])
        return self.on_row(trace, max(0, min(at + by, len(units) - 1)))

    def sorted_otherwise(self, _trace: Trace) -> Look:
        """With the units in the other order."""
        return replace(self, order=NUMBER if self.order == IMPORTANCE else IMPORTANCE)

    def next_quantity(self, trace: Trace) -> Look:
        """The next of state, memory and gates."""
        names = list(trace.layers[self.layer].quantities)
        return replace(self, quantity=names[(names.index(self.quantity) + 1) % len(names)])

    def next_layer(self, trace: Trace) -> Look:
        """The next layer, with the cursor on the unit that matters most."""
        layer = (self.layer + 1) % len(trace.layers)
        return replace(self, layer=layer, unit=None).fitted(trace)


def is_signed(quantity: str, values: Array) -> bool:
    """Whether values may lie below zero, as those of gates do not."""
    return not quantity.endswith(" gate") or bool((values < 0).any())


def answer_bands(trace: Trace, step: int) -> list[StepBand]:
    """What comes out after each step."""
    labels = tuple(f"P of {name}" for name in trace.outputs)
    if trace.one_output:
        return [HeatBand("", labels, trace.probabilities.T, form=".2f")]
    row = int(trace.answers[step])
    return [
        WordBand("answer", [trace.outputs[at] for at in trace.answers], strong=True),
        HeatBand(PROBABILITIES, labels, trace.probabilities.T, form=".3f", row=row),
    ]


def unit_bands(trace: Trace, look: Look) -> list[StepBand]:
    """What the units hold, and the one with the cursor as a curve; `look` must be fitted."""
    layer = trace.layers[look.layer]
    values = layer.quantities[look.quantity]  # (T, H)
    units = look.units(trace)
    # The value that gets the full colour: 1, or the largest of a memory, which knows no bounds.
    limit = max(1e-6 if look.quantity == "cell" else 1.0, float(np.abs(values).max()))
    signed = is_signed(look.quantity, values)
    lowest, form = (-limit, "+.2f") if signed else (0.0, ".2f")
    assert look.unit is not None
    row = int(np.flatnonzero(units == look.unit)[0])
    where = f" · {layer.name}" if len(trace.layers) > 1 else ""
    labels = tuple(f"unit {unit}" for unit in units)
    return [
        HeadingBand(f"{look.quantity} of {len(units)} units{where} · by {look.order}"),
        HeatBand(UNITS, labels, values.T[units], limit, signed, form, row),
        BarBand(f"unit {look.unit}", values[:, look.unit], lowest, limit, form),
    ]


def readout_text(trace: Trace, look: Look, step: int, width: int) -> str:
    """The values at the cursor, in a line of at most `width`; `look` must be fitted."""
    layer, unit = trace.layers[look.layer], look.unit
    assert unit is not None
    fitting = (_values(layer, unit, step, *form) for form in ((3, "  "), (2, "  ")))
    text = next((text for text in fitting if len(text) < width), _values(layer, unit, step, 2, " "))
    rank = int(np.flatnonzero(layer.order == unit)[0]) + 1
    weight = f"  · adds {layer.importance[unit]:+.3g} to the answer, {ordinal(rank)}"
    if not layer.read_out or trace.every_step:
        weight = f"  · weight {layer.importance[unit]:.3g}, {ordinal(rank)}"
    weight += f" of {len(layer.importance)}"
    return text + weight if len(text + weight) < width else text


def _values(layer: LayerTrace, unit: int, step: int, digits: int, gap: str) -> str:
    values = gap.join(
        f"{_short(name)} {values[step, unit]:{'+' if is_signed(name, values) else ''}.{digits}f}"
        for name, values in layer.quantities.items()
    )
    return f"unit {unit}{gap}{values}"


def _short(name: str) -> str:
    name = name.removesuffix(" gate")
    return name if len(name) <= _LONGEST else name[:_SHORTENED]


def ordinal(number: int) -> str:
    """1st, 2nd, 3rd, 4th, …"""
    teen = 10 <= number % 100 <= 20
    return f"{number}{'th' if teen else _ENDINGS.get(number % 10, 'th')}"
