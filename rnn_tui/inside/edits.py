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
LONGEST = 200  # characters of an edit
KEEP = "keep"  # what is typed for the value that the step before left
_FORM = re.compile(
    r"(?:(?P<layer>[\w ]+):)? *(?P<quantity>[\w ]+?) *\[(?P<units>[\d,* ]+)\]"
    r"(?:@(?P<first>\d{1,9})(?P<to>-\d{0,9})?)? *= *(?P<value>\S+)"
)


@dataclass(frozen=True)
class Edit:
    """A value to which one quantity of some units of a layer is set, at some steps."""

    layer: str  #: the layer's name in a trace.
    quantity: str  #: `state`, `cell` or the name of a gate.
    units: tuple[int, ...] | None  #: from 0; None for all.
    first: int | None  #: the first of the steps, from 0; None for every step.
    last: int | None  #: the last of them; None if there is no end.
    value: float | None  #: what to set; None for what the step before left, zero at the beginning.

    def holds_at(self, step: int) -> bool:
        """Return whether the edit is made at a step, counted from 0."""
        return (self.first is None or step >= self.first) and (
            self.last is None or step <= self.last
        )

    def applied(self, values: Array, previous: Array) -> Array:
        """Return values (N, H) with the edit in them.

        `previous` are the values of the step before.
        """
        units = slice(None) if self.units is None else list(self.units)
        edited = values.copy()
        edited[:, units] = previous[:, units] if self.value is None else self.value
        return edited

    def written(self, first_step: int, *, with_layer: bool) -> str:
        """Return the edit as a user types it; the first step is called `first_step`."""
        layer = f"{self.layer}: " if with_layer else ""
        units = "*" if self.units is None else ",".join(map(str, self.units))
        value = KEEP if self.value is None else f"{self.value:g}"
        return f"{layer}{self.quantity}[{units}]{self._steps_written(first_step)}={value}"

    def _steps_written(self, first_step: int) -> str:
        if self.first is None:
            return ""
        first = f"@{self.first + first_step}"
        if self.last is None:
            return f"{first}-"
        if self.last == self.first:
            return first
        return f"{first}-{self.last + first_step}"


def ablated(layer: str, *units: int) -> Edit:
    """Return the edit that ablates units of a layer: their states are zero at every step."""
    return Edit(layer, STATE, units, None, None, 0.0)


def how_to_write(layer: LayerTrace) -> str:
    """Return an instruction with three edits of quantities that a layer has."""
    quantities = editable(layer)
    second = quantities[min(1, len(quantities) - 1)]
    return (
        f"write one such as {second}[5]@3=0, {STATE}[*]@2-4={KEEP} or {quantities[-1]}[0,7]@10-=1"
    )


def read_edit(text: str, trace: Trace) -> Edit:
    """Read an edit of the network that left a trace.

    Raises:
        QueryError: if it is none, or of a layer, quantity, unit or step that is not there.
    """
    quoted = printable(text, 60)
    if len(text) > LONGEST:
        raise QueryError(f"“{quoted}” is too long; an edit has at most {LONGEST} characters.")
    parts = _FORM.fullmatch(text.strip())
    if parts is None:
        raise QueryError(f"“{quoted}” is not an edit; {how_to_write(trace.layers[-1])}.")
    layer = _named_layer(parts["layer"], trace, quoted)
    quantity = parts["quantity"].removesuffix(" gate")
    quantities = editable(layer)
    if quantity not in quantities:
        raise QueryError(
            f"“{quoted}”: there is no {quantity} in this network; it has {', '.join(quantities)}."
        )
    units = _units(parts["units"], layer.states.shape[1], quoted)
    first, last = _steps(parts["first"], parts["to"], trace, quoted)
    return Edit(layer.name, quantity, units, first, last, _value(parts["value"], quoted))


def _units(text: str, count: int, quoted: str) -> tuple[int, ...] | None:
    """Return the units, from 0, of `count`; None for all."""
    if "*" in text:
        return None
    units = tuple(sorted({int(number) for number in re.findall(r"\d+", text)}))
    if not units or units[-1] >= count:
        raise QueryError(f"“{quoted}”: units are numbered 0 to {count - 1}.")
    return units


def _steps(
    first_text: str | None, to_text: str | None, trace: Trace, quoted: str
) -> tuple[int | None, int | None]:
    """Return the first and the last step, from 0, as in an `Edit`.

    Args:
        first_text: a number; None for every step.
        to_text: `-` and a number, `-` alone for all further steps, or nothing for one step.
        trace: has these steps.
        quoted: the edit as it was typed.
    """
    if first_text is None:
        return None, None
    first = int(first_text) - trace.first_step
    last: int | None = first
    if to_text == "-":
        last = None
    elif to_text:
        last = int(to_text[1:]) - trace.first_step
    if not 0 <= first < trace.steps or (last is not None and not first <= last < trace.steps):
        end = trace.first_step + trace.steps - 1
        raise QueryError(
            f"“{quoted}”: steps are counted from {trace.first_step} to {end}, the first one first."
        )
    return first, last


def _named_layer(name: str | None, trace: Trace, quoted: str) -> LayerTrace:
    names = [layer.name for layer in trace.layers]
    if name is None and len(names) > 1:
        raise QueryError(f"“{quoted}”: say in which layer, such as “{names[-1]}: state[0]=0”.")
    if name is not None and name.strip() not in names:
        raise QueryError(f"“{quoted}”: there is no such layer; there is {', '.join(names)}.")
    return trace.layers[0 if name is None else names.index(name.strip())]


def _value(text: str, quoted: str) -> float | None:
    if text == KEEP:
        return None
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not abs(value) <= LARGEST:
        raise QueryError(f"“{quoted}”: the value is a number of at most {LARGEST:,.0f}, or {KEEP}.")
    return value


def editable(layer: LayerTrace) -> list[str]:
    """Return the quantities of a layer that can be set, by their names in edits."""
    return [name.removesuffix(" gate") for name in layer.quantities]


def change_of(edits: Sequence[Edit], layer: str) -> Change | None:
    """Return the change that the edits make while a layer reads one input, or None."""
    of_layer = [edit for edit in edits if edit.layer == layer]
    return _LayerEdits(of_layer) if of_layer else None


class _LayerEdits:
    """Makes the edits of a layer while it reads one input. Of several of one value, the last holds.

    Args:
        edits: of this layer, in the order in which they were made.
    """

    def __init__(self, edits: Sequence[Edit]) -> None:
        self._by_quantity: dict[str, list[Edit]] = {}
        for edit in edits:
            self._by_quantity.setdefault(edit.quantity, []).append(edit)
        #: the values (N, H) that the step before left, of the quantities that are edited.
        self._previous: dict[str, Array] = {}

    def __call__(self, step: int, quantity: str, values: Array) -> Array:
        """Return the edited values (N, H) of a quantity at a step; this makes it a `Change`."""
        edits = self._by_quantity.get(quantity)
        if edits is None:
            return values
        previous = self._previous.get(quantity, np.zeros_like(values))
        for edit in edits:
            if edit.holds_at(step):
                values = edit.applied(values, previous)
        self._previous[quantity] = values
        return values


@dataclass(frozen=True, eq=False)
class Edited:
    """An input read as it is, and once more with edits."""

    edits: tuple[Edit, ...]  #: the edits in the order in which they were made.
    untouched: Trace  #: without them.
    trace: Trace  #: the trace with the edits.

    @property
    def written(self) -> list[str]:
        """The edits as a user types them."""
        return [
            edit.written(self.trace.first_step, with_layer=len(self.trace.layers) > 1)
            for edit in self.edits
        ]

    @property
    def summary(self) -> str:
        """Say in a sentence how the edits changed the answers."""
        before, after = self.untouched, self.trace
        edits = ", ".join(self.written)
        if not after.every_step:
            return f"With {edits}, the answer is {_answer(after)}; without, {_answer(before)}."
        differs = before.answers != after.answers
        if after.numbers:
            differs = (before.logits != after.logits).any(axis=1)
        changed = np.flatnonzero(differs)
        if not len(changed):
            return f"With {edits}, no answer changes."
        first = changed[0] + after.first_step
        return f"With {edits}, {len(changed)} of {after.steps} answers change, first at {first}."

    def to_dict(self) -> Mapping[str, object]:
        """Return a JSON-ready form."""
        return {"edits": self.written, "trace": self.trace.to_dict()}


def _answer(trace: Trace) -> str:
    """Return the answer after the last step, and its confidence."""
    last = trace.steps - 1
    if trace.numbers:
        return trace.answer_word(last)
    return f"{trace.answer_word(last)} ({100 * trace.confidence(last):.1f} %)"
