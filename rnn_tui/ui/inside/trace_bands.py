"""What a look inside shows of a trace: words, heatmaps and a curve over its steps."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from rnn_tui.inside.trace import Indices, LayerTrace, Trace
from rnn_tui.networks.stepwise import Array
from rnn_tui.ui.inside.bands import BarBand, HeadingBand, HeatBand, StepBand, WordBand

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
