"""Edits: a value in a network is set while it reads, and everything after it is computed anew.

What an answer loses shows what the value was for: an ablation where a unit is ablated, an
intervention in general (Pearl 2009, “Causality”, chapter 3). An edit is written as `cell[5]@3=0`: a
quantity, its units, the steps, and the value; `*` stands for all units, `10-` for all steps from
there on, no steps for every step, and `keep` for the value that the step before left.
"""

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from rnn_tui.engine.errors import QueryError, printable
from rnn_tui.inside.trace import LayerTrace, Trace
from rnn_tui.networks.cell import STATE
from rnn_tui.networks.stepwise import Array, Change

LARGEST = 1e6  # beyond it, products of 32-bit numbers have no value any more
KEEP, LONGEST = "keep", 200
_FORM = re.compile(
    r"(?:(?P<layer>[\w ]+):)? *(?P<quantity>[\w ]+?) *\[(?P<units>[\d,* ]+)\]"
    r"(?:@(?P<first>\d{1,9})(?P<to>-\d{0,9})?)? *= *(?P<value>\S+)"
)
HOW = "write one such as cell[5]@3=0, state[*]@2-4=keep or forget[0,7]@10-=1"


@dataclass(frozen=True)
class Edit:
    """What one quantity of some units of a layer is set to, at some steps."""

    layer: str  #: the layer's name in a trace.
    quantity: str  #: `state`, `cell` or the name of a gate.
    units: tuple[int, ...] | None  #: from 0; None for all.
    first: int | None  #: the first of the steps, from 0; None for every step.
    last: int | None  #: the last of them; None where there is no end.
    value: float | None  #: what to set; None for what the step before left, zero at the beginning.

    def holds_at(self, step: int) -> bool:
        """Whether it is made at a step, from 0."""
        return (self.first is None or step >= self.first) and (
            self.last is None or step <= self.last
        )

    def made(self, values: Array, before: Array) -> Array:
        """Values (N, H) with the edit in them; `before` are those that the step before left."""
        units, edited = slice(None) if self.units is None else list(self.units), values.copy()
        edited[:, units] = before[:, units] if self.value is None else self.value
        return edited

    def written(self, first_step: int, *, with_layer: bool) -> str:
        """As a user types it; the first step is called `first_step`."""
        units, steps = "*" if self.units is None else ",".join(map(str, self.units)), ""
        if self.first is not None:
            end = (
                "-"
                if self.last is None
                else f"-{self.last + first_step}"
                if self.last != self.first
                else ""
            )
            steps = f"@{self.first + first_step}{end}"
        value = KEEP if self.value is None else f"{self.value:g}"
        return f"{f'{self.layer}: ' * with_layer}{self.quantity}[{units}]{steps}={value}"


def ablated(layer: str, *units: int) -> Edit:
    """What a network does without these units of a layer: their states are zero at every step."""
    return Edit(layer, STATE, units, None, None, 0.0)


def read_edit(text: str, trace: Trace) -> Edit:
    """Read an edit of a network that left `trace`; `QueryError` if it is none, or of a layer, unit,
    … that is not there.
    """
    found, shown = (
        _FORM.fullmatch(text.strip()) if len(text) <= LONGEST else None,
        printable(text, 60),
    )
    if len(text) > LONGEST:
        raise QueryError(f"“{shown}” is too long; an edit has at most {LONGEST} characters.")
    if found is None:
        raise QueryError(f"“{shown}” is no edit; {HOW}.")
    layer, quantity = (
        _named_layer(found["layer"], trace, shown),
        found["quantity"].removesuffix(" gate"),
    )
    if quantity not in (names := editable(layer)):
        raise QueryError(
            f"“{shown}”: there is no {quantity} in this network; it has {', '.join(names)}."
        )
    units, count = None, layer.states.shape[1]
    if "*" not in found["units"]:
        units = tuple(sorted({int(one) for one in re.findall(r"\d+", found["units"])}))
        if not units or units[-1] >= count:
            raise QueryError(f"“{shown}”: units are counted from 0 to {count - 1}.")
    first = last = None
    if found["first"] is not None:
        first = last = int(found["first"]) - trace.first_step
        if found["to"]:
            last = int(found["to"][1:]) - trace.first_step if found["to"][1:] else None
        if not 0 <= first < trace.steps or (last is not None and not first <= last < trace.steps):
            end = trace.first_step + trace.steps - 1
            raise QueryError(
                f"“{shown}”: steps are counted from {trace.first_step} to {end}, the first one "
                "first."
            )
    return Edit(layer.name, quantity, units, first, last, _value(found["value"], shown))


def _named_layer(name: str | None, trace: Trace, shown: str) -> LayerTrace:
    names = [layer.name for layer in trace.layers]
    if name is None and len(names) > 1:
        raise QueryError(f"“{shown}”: say in which layer, such as “{names[-1]}: state[0]=0”.")
    if name is not None and name.strip() not in names:
        raise QueryError(f"“{shown}”: there is no such layer; there is {', '.join(names)}.")
    return trace.layers[0 if name is None else names.index(name.strip())]


def _value(text: str, shown: str) -> float | None:
    if text == KEEP:
        return None
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not abs(value) <= LARGEST:
        raise QueryError(f"“{shown}”: the value is a number of at most {LARGEST:,.0f}, or {KEEP}.")
    return value


def editable(layer: LayerTrace) -> list[str]:
    """What of a layer can be set, as edits call it."""
    return [name.removesuffix(" gate") for name in layer.quantities]


def change_of(edits: Sequence[Edit], layer: str) -> Change | None:
    """What the edits change while a layer reads one input; None for nothing. Of several edits of
    one value, the last holds.
    """
    of_quantity: dict[str, list[Edit]] = {}
    for edit in edits:
        if edit.layer == layer:
            of_quantity.setdefault(edit.quantity, []).append(edit)
    left: dict[str, Array] = {}

    def change(step: int, quantity: str, values: Array) -> Array:
        for edit in of_quantity.get(quantity, ()):
            if edit.holds_at(step):
                values = edit.made(values, left.get(quantity, np.zeros_like(values)))
        if quantity in of_quantity:
            left[quantity] = values
        return values

    return change if of_quantity else None


@dataclass(frozen=True, eq=False)
class Edited:
    """An input read as it is, and once more with edits."""

    edits: tuple[Edit, ...]  #: in the order in which they were made.
    untouched: Trace  #: without them.
    trace: Trace  #: with them.

    @property
    def written(self) -> list[str]:
        """The edits as a user types them."""
        return [
            edit.written(self.trace.first_step, with_layer=len(self.trace.layers) > 1)
            for edit in self.edits
        ]

    @property
    def summary(self) -> str:
        """What became of the answers, in a sentence."""
        before, after = self.untouched, self.trace
        edits, changed = ", ".join(self.written), np.flatnonzero(before.answers != after.answers)
        if after.every_step and not len(changed):
            return f"With {edits}, no answer changes."
        if after.every_step:
            first = changed[0] + after.first_step
            return (
                f"With {edits}, {len(changed)} of {after.steps} answers change, first at {first}."
            )
        step = after.steps - 1
        words = [
            f"{trace.answer_word(step)} ({100 * trace.confidence(step):.1f} %)"
            for trace in (before, after)
        ]
        return f"With {edits}, the answer is {words[1]}; without, {words[0]}."

    def to_dict(self) -> Mapping[str, object]:
        """A JSON-ready form."""
        return {"edits": self.written, "trace": self.trace.to_dict()}
