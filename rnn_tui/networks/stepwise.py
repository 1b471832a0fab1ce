"""Recurrent layers in NumPy: their weights, and what happens in them while they read.

Answers need the states only, a look inside every gate; both come from one pass, which a test holds
to PyTorch's layers.
"""

from bisect import bisect_left
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from operator import neg
from typing import Any

import numpy as np
import numpy.typing as npt

from rnn_tui.engine.errors import CheckpointError
from rnn_tui.networks.cell import STATE, Cell, Operations, Step

Array = npt.NDArray[np.float32]
Floats = npt.NDArray[np.float64]
# Takes a step, from 0, the name of a gate, `MEMORY` or `STATE`, and its values (N, H); returns
# those to go on with.
Change = Callable[[int, str, Array], Array]


def sigmoid(values: Array) -> Array:
    """The logistic function, by way of tanh, which does not overflow."""
    result: Array = np.tanh(values * np.float32(0.5))
    result *= np.float32(0.5)
    result += np.float32(0.5)
    return result


def softmax(logits: Array) -> Array:
    """Probabilities (…, O) that sum to 1 over the last axis."""
    with np.errstate(over="ignore"):  # further apart than a number can say: a power of 0
        powers = np.exp(logits - logits.max(axis=-1, keepdims=True))
    result: Array = powers / powers.sum(axis=-1, keepdims=True)
    return result


def require_finite(*arrays: npt.NDArray[Any]) -> None:
    """Raise `CheckpointError` where huge weights left something other than numbers."""
    if not all(np.isfinite(array).all() for array in arrays):
        raise CheckpointError("These weights are too large to compute with; choose others.")


NUMPY = Operations(sigmoid, np.tanh)


@dataclass(frozen=True)
class Activations:
    """All that a layer holds while it reads T steps of N sequences."""

    states: Array  #: (T, N, H), the outputs h after each step.
    cells: Array | None  #: (T, N, H), the memory c after each step; None for a cell that has none.
    gates: Mapping[str, Array]  #: (T, N, H) each, by the names of `Cell.gates`.

    def mapped(self, change: Callable[[Array], Array]) -> "Activations":
        """The same of states, cells and gates."""
        cells = None if self.cells is None else change(self.cells)
        return Activations(
            change(self.states),
            cells,
            {gate: change(values) for gate, values in self.gates.items()},
        )


@dataclass(frozen=True)
class CellWeights:
    """The weights of one recurrent layer in one direction, in the order of PyTorch's rows."""

    cell: Cell  #: what they are the weights of.
    of_input: Array  #: (G·H, F).
    of_state: Array  #: (G·H, H).
    input_bias: Array  #: (G·H,).
    state_bias: Array  #: (G·H,).

    @property
    def hidden_size(self) -> int:
        """Units H."""
        return int(self.of_state.shape[1])

    def run(self, inputs: Array, change: Change | None = None) -> Activations:
        """Read `inputs` (T, N, F), from states of zero; with what `change` makes of the values."""
        return self.cell.run(self, inputs) if change is None else run(self, inputs, change)


def run(weights: CellWeights, inputs: Array, change: Change | None = None) -> Activations:
    """`Cell.run` by the equations of its step; with what `change` makes of gates, memory and state
    as they come.
    """
    cell = weights.cell
    steps, count, features = inputs.shape
    read = inputs.reshape(-1, features) @ weights.of_input.T + weights.input_bias
    read = read.reshape(steps, count, -1)  # (T, N, G·H)
    last, done = cell.start(np.zeros((count, weights.hidden_size), read.dtype)), []
    for step, at_step in enumerate(read):
        operations = NUMPY if change is None else NUMPY._replace(edited=partial(change, step))
        last = _step(
            cell, at_step, last.state @ weights.of_state.T + weights.state_bias, last, operations
        )
        if change is not None:
            last = last._replace(state=change(step, STATE, last.state))
        done.append(last)
    return Activations(
        np.stack([step.state for step in done]),
        np.stack([step.memory for step in done]) if cell.has_memory else None,
        {name: np.stack([step.gates[at] for step in done]) for at, name in enumerate(cell.gates)},
    )


def _step(
    cell: Cell, read: Array, recurrent: Array, last: Step, operations: Operations = NUMPY
) -> Step:
    """`Cell.step` of sums (…, G·H, …) of all blocks, along the second axis."""
    return cell.step(
        operations,
        np.split(read, cell.blocks, axis=1),
        np.split(recurrent, cell.blocks, axis=1),
        last,
    )


def replica_states(
    cell: Cell, weights: Array, inputs: npt.NDArray[np.uint8], lengths: Sequence[int]
) -> Iterator[Array]:
    """`Cell.replica_states` by the equations of its step."""
    width = weights.shape[1] // cell.blocks
    of_state, of_input = weights[:, :, :width], weights[:, :, width:-2]
    last = cell.start(np.zeros((len(weights), width, len(lengths)), np.float32))
    for step, at_step in enumerate(inputs):
        active = still_going(lengths, step)
        state = last.state[:, :, :active]
        memory = last.memory[:, :, :active] if cell.has_memory else None
        read = of_input @ at_step[:, :active].astype(np.float32) + weights[:, :, -2:-1]
        last = _step(cell, read, of_state @ state + weights[:, :, -1:], Step(state, memory))
        yield last.state


def still_going(lengths: Sequence[int], step: int) -> int:
    """How many sequences have a step of that number, from 0; `lengths` are descending."""
    return bisect_left(lengths, -step, key=neg)
