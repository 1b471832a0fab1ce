"""Everything that a network holds while it reads one input, step by step: one record, and so one
view, for every task.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
import numpy.typing as npt

from rnn_tui.networks.stepwise import Array, require_finite

if TYPE_CHECKING:  # the first frame knows traces, and must not load what reads weights
    from rnn_tui.tasks.shapes import Symbol

Indices = npt.NDArray[np.intp]
SHOWN_NUMBERS = 4  # of a step, in a word


class Record:
    """The JSON form of a dataclass of numbers and arrays."""

    in_json: ClassVar[tuple[str, ...]]  #: its fields and properties there, in their order.

    def to_dict(self) -> dict[str, Any]:
        """Return a JSON-ready form, with null for what is no number."""
        return {name: _json_ready(getattr(self, name)) for name in self.in_json}


def _json_ready(value: Any) -> Any:
    """Return the value in lists and dictionaries, with null for what is no number."""
    match value:
        case Record():
            return value.to_dict()
        case np.ndarray():
            listed = value.astype(object)
            listed[~np.isfinite(value)] = None
            return listed.tolist()
        case Mapping():
            return {name: _json_ready(item) for name, item in value.items()}
        case tuple():
            return [_json_ready(item) for item in value]
        case _:
            return value


# compared by identity: arrays have no single truth value, and nobody asks for equal ones
@dataclass(frozen=True, eq=False)
class LayerTrace(Record):
    """The activations of one recurrent layer in one direction; units are counted from 0."""

    in_json = ("name", "note", "read_out", "importance", "order", "states", "cells", "gates")

    name: str  #: such as `layer 1`, or `layer 1 backward`.
    states: Array  #: (T, H), the outputs h on each step, in the order of the input.
    cells: Array | None  #: (T, H), the memory c; None for a cell without one.
    #: (T, H) each, by the names that the cell gives them; empty for an RNN.
    gates: Mapping[str, Array]
    #: (H,), how much each unit matters for the answer. Of a layer that the readout reads, what the
    #: unit adds to the winning logit less the mean of all logits; with the same of the biases these
    #: make up the whole difference. If there is one output, what it adds to that logit. Where
    #: every step has an answer, as in the adder, the mean over the steps, without the sign. Where
    #: layers with activations follow, what it would add if they went on as steep as they are there.
    #: Of a layer below, the mean of its absolute state times the sum of the absolute weights of the
    #: one above.
    importance: Array
    read_out: bool = True  #: whether the readout reads it.
    note: str = ""  #: what to know of these states, in a sentence; mostly empty.
    #: those of `gates` that are no gates but what one lets in, as `Cell.candidates` says.
    candidates: tuple[str, ...] = ()

    @property
    def order(self) -> Indices:
        """The units (H,), those first that matter most, whether for the answer or against it."""
        return np.argsort(-np.abs(self.importance), kind="stable")

    @property
    def quantities(self) -> Mapping[str, Array]:
        """All quantities that can be shown over steps × units, (T, H) each, by name."""
        quantities = {"state": self.states}
        if self.cells is not None:
            quantities["cell"] = self.cells
        for name, values in self.gates.items():
            quantities[name if name in self.candidates else f"{name} gate"] = values
        return quantities

    def arrays(self) -> dict[str, Array]:
        """Return all arrays of the layer by name."""
        cells = {} if self.cells is None else {"cells": self.cells}
        return {"states": self.states, **cells, **self.gates, "importance": self.importance}


@dataclass(frozen=True, eq=False)
class Trace(Record):
    """The activations of one network while it reads one input over T time steps.

    Raises `CheckpointError` if they are not finite because weights are too large.
    """

    in_json = (
        "task",
        "steps",
        "read",
        "settled",
        "prefix_note",
        "outputs",
        "answers",
        "probabilities",
        "logits",
        "inputs",
        "layers",
    )

    task: str  #: its name.
    read: tuple[str, ...]  #: (T) what is read at each step, in a word or two.
    inputs: Array  #: (T, F), as the network reads them.
    layers: tuple[LayerTrace, ...]  #: from the input up.
    outputs: tuple[str, ...]  #: (O) what the outputs mean, such as the ten digits.
    every_step: bool  #: whether every step has an answer of its own, such as a bit of a sum.
    logits: Array  #: (T, O) after each step.
    probabilities: Array  #: (T, O) after each step, 0 … 1.
    #: (T,) after each step: the most probable class, or whether one output is at least 0.5.
    answers: npt.NDArray[np.int64]
    prefix_note: str  #: what an answer before the last step means, in a sentence.
    first_step: int = 1  #: the number of the first step, 0 or 1.
    #: whether the outputs are numbers, in place of classes: `logits` has them, and there are no
    #: probabilities (T, 0).
    numbers: bool = False
    #: (T, 1) the words by their places, where `inputs` are what an embedding makes of them.
    places: npt.NDArray[np.int64] | None = None

    def __post_init__(self) -> None:
        require_finite(*self.arrays().values())

    @property
    def steps(self) -> int:
        """Time steps T."""
        return len(self.inputs)

    @property
    def task_inputs(self) -> npt.NDArray[Any]:
        """What the network's task gives it to read (T, F): the inputs, or the places of words."""
        return self.inputs if self.places is None else self.places

    @property
    def one_output(self) -> bool:
        """Whether the answer is a yes or no, 1 or 0, by a single output."""
        return len(self.outputs) == 1 and not self.numbers

    def answer_word(self, step: int) -> str:
        """Return the answer after a step, from 0, as it is shown."""
        if self.numbers:
            return number_words(self.logits[step])
        answer = int(self.answers[step])
        return str(answer) if self.one_output else self.outputs[answer]

    def confidence(self, step: int) -> float:
        """Return the probability, 0 … 1, that the network gives its answer after a step, from 0.

        Numbers have none: it is 1.
        """
        if self.numbers:
            return 1.0
        answer = int(self.answers[step])
        if not self.one_output:
            return float(self.probabilities[step, answer])
        of_one = float(self.probabilities[step, 0])
        return of_one if answer else 1 - of_one

    @property
    def answer(self) -> int:
        """The answer after the last step."""
        return int(self.answers[-1])

    @property
    def leading(self) -> tuple[LayerTrace, int]:
        """The unit that matters most for the answer, with its layer, of those that are read out."""
        read_out = [layer for layer in self.layers if layer.read_out]
        largest = [float(np.abs(layer.importance).max()) for layer in read_out]
        layer = read_out[int(np.argmax(largest))]
        return layer, int(layer.order[0])

    @property
    def settled(self) -> int | None:
        """The step, from 1, from which on the answer stays as it is; None if each has its
        own.
        """
        if self.every_step or self.numbers:
            return None
        others = np.flatnonzero(self.answers != self.answers[-1])
        return int(others[-1]) + 2 if len(others) else 1

    def arrays(self) -> dict[str, npt.NDArray[Any]]:
        """Return all numbers by their names in an NPZ file, such as `layer_1_states`."""
        names = ("inputs", "logits", "probabilities", "answers")
        arrays: dict[str, npt.NDArray[Any]] = {name: getattr(self, name) for name in names}
        for layer in self.layers:
            prefix = layer.name.replace(" ", "_")
            for name, values in layer.arrays().items():
                arrays[f"{prefix}_{name}"] = values
        return arrays


def number_words(numbers: Array) -> str:
    """Return numbers (O,) in words, the first few of many."""
    words = " ".join(f"{number:.4g}" for number in numbers[:SHOWN_NUMBERS])
    return f"{words} …" if len(numbers) > SHOWN_NUMBERS else words


def words_of(inputs: npt.NDArray[Any], alphabet: "Sequence[Symbol]" = ()) -> list[str]:
    """Return a word for each step of `inputs` (T, F).

    It is the symbol, or of inputs without an alphabet the class of a one-hot step, else its
    numbers.
    """
    words = {symbol.features: symbol.shown for symbol in alphabet}
    steps = [tuple(step) for step in inputs.tolist()]
    if steps and all(step in words for step in steps):
        return [words[step] for step in steps]
    has_one_1 = ((inputs == 1).sum(axis=1) == 1).all() and (inputs.sum(axis=1) == 1).all()
    if inputs.shape[1] > 1 and has_one_1:
        return [str(step.argmax()) for step in inputs]
    return [" ".join(f"{value:g}" for value in step) for step in inputs]
