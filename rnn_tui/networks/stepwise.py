"""Recurrent layers in NumPy: their weights, and what happens in them while they read.

Answers need the states only, Inside every gate; both come from one pass, which a test holds
to PyTorch's layers.
"""

from bisect import bisect_left
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, partial
from operator import neg
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from rnn_tui.engine.errors import CheckpointError
from rnn_tui.networks.cell import STATE, Blocks, Cell, Operations, Step

Array = npt.NDArray[np.float32]
Floats = npt.NDArray[np.float64]
#: called with a step from 0, the name of a gate, `MEMORY` or `STATE`, and its values (N, H);
#: returns the values that are used in their place.
Change = Callable[[int, str, Array], Array]


def sigmoid(values: Array) -> Array:
    """Return the logistic function, by way of tanh, which does not overflow."""
    result: Array = np.tanh(values * np.float32(0.5))
    result *= np.float32(0.5)
    result += np.float32(0.5)
    return result


def softmax(logits: Array) -> Array:
    """Return the probabilities (…, O) that sum to 1 over the last axis."""
    with np.errstate(over="ignore"):  # further apart than a number can say: a power of 0
        powers = np.exp(logits - logits.max(axis=-1, keepdims=True))
    result: Array = powers / powers.sum(axis=-1, keepdims=True)
    return result


def require_finite(*arrays: npt.NDArray[Any]) -> None:
    """Raise `CheckpointError` where huge weights left something other than numbers."""
    if not all(np.isfinite(array).all() for array in arrays):
        raise CheckpointError("These weights are too large to compute with; choose others.")


def _split(rows: Array, blocks: int) -> Blocks:
    return np.split(rows, blocks, axis=1)


def _relu(values: Array) -> Array:
    result: Array = np.maximum(values, 0)
    return result


NUMPY = Operations(sigmoid, np.tanh, _relu, _split)


@dataclass(frozen=True)
class Activations:
    """The activations of a layer while it reads T steps of N sequences."""

    states: Array  #: (T, N, H), the outputs h after each step.
    cells: Array | None  #: (T, N, H), the memory c after each step; None for a cell that has none.
    gates: Mapping[str, Array]  #: (T, N, H) each, by the names of `Cell.gates`.

    def mapped(self, change: Callable[[Array], Array]) -> "Activations":
        """Return them with a change made to states, cells and gates."""
        cells = None if self.cells is None else change(self.cells)
        return Activations(
            change(self.states),
            cells,
            {gate: change(values) for gate, values in self.gates.items()},
        )


@dataclass(frozen=True)
class CellWeights:
    """The weights of one recurrent layer in one direction, in the order of PyTorch's rows.

    They are arrays, or tensors where gradients are wanted (`mapped`).
    """

    cell: Cell  #: what they are the weights of.
    of_input: Any  #: W (G·H, F).
    of_state: Any  #: U (G·H, H); None for a cell without recurrent weights.
    input_bias: Any  #: b (G·H,).
    state_bias: Any  #: b′ (G·H,); None for a cell without recurrent weights.

    @classmethod
    def named(cls, cell: Cell, weights: Mapping[str, Array]) -> Self:
        """Make them of weights by the names of `Cell.layer_shapes`."""
        return cls(
            cell,
            weights["weight_ih"],
            weights.get("weight_hh"),
            weights["bias_ih"],
            weights.get("bias_hh"),
        )

    @property
    def hidden_size(self) -> int:
        """Units H."""
        return len(self.input_bias) // self.cell.blocks

    @cached_property
    def state_columns(self) -> Any:
        """Uᵀ (H, G·H) in one piece, by which a few states are multiplied several times faster."""
        return self.of_state.T.copy()

    def mapped(self, change: Callable[[Array], Any]) -> Self:
        """Return the weights with a change made to all that there are."""
        return replace(
            self,
            of_input=change(self.of_input),
            of_state=None if self.of_state is None else change(self.of_state),
            input_bias=change(self.input_bias),
            state_bias=None if self.state_bias is None else change(self.state_bias),
        )

    def cut(self, units: Sequence[int], features: Sequence[int]) -> Self:
        """Return the weights of some of its units alone, which read some of its features."""
        blocks = range(self.cell.blocks)
        rows = [block * self.hidden_size + unit for block in blocks for unit in units]
        return replace(
            self,
            of_input=self.of_input[np.ix_(rows, features)],
            of_state=None if self.of_state is None else self.of_state[np.ix_(rows, units)],
            input_bias=self.input_bias[rows],
            state_bias=None if self.state_bias is None else self.state_bias[rows],
        )

    @cached_property
    def as_replica(self) -> Array:
        """The weights as those of a set of one (1, G·H, columns), for `replica_states`."""
        size, features = self.hidden_size, self.of_input.shape[1]
        columns = self.cell.replica_columns(features, size)
        rows = np.empty((len(self.input_bias), columns.count), self.of_input.dtype)
        rows[:, columns.input] = self.of_input
        rows[:, columns.input_bias] = self.input_bias
        if columns.state_bias is not None:
            rows[:, columns.state] = self.of_state
            rows[:, columns.state_bias] = self.state_bias
        by_gate = rows.reshape(self.cell.blocks, size, columns.count)
        return by_gate[np.argsort(self.cell.rows_to_pytorch)].reshape(1, *rows.shape)

    def read(self, inputs: Any) -> Any:
        """Return W·x + b (…, G·H) of `inputs` (…, F)."""
        return inputs @ self.of_input.T + self.input_bias

    def step(self, operations: Operations, read: Any, last: Step) -> Step:
        """Return the step of N sequences after `last`, from W·x + b (N, G·H)."""
        recurrent = None
        if self.of_state is not None:
            recurrent = last.state @ self.of_state.T + self.state_bias  # (N, G·H)
        return self.cell.step_of_sums(operations, read, recurrent, last)

    def run(self, inputs: Array, change: Change | None = None) -> Activations:
        """Read `inputs` (T, N, F) from states of zero; `change` may replace values at each step."""
        if change is None:
            activations: Activations | None = self.cell.run_faster(self, inputs)
            if activations is not None:
                return activations
        return run(self, inputs, change)


def run(weights: CellWeights, inputs: Array, change: Change | None = None) -> Activations:
    """Read `inputs` (T, N, F) by the equations of the cell's step, from states of zero.

    `change` may replace the values of gates, memory and state at each step.
    """
    cell = weights.cell
    time_steps, count, features = inputs.shape
    sums = weights.read(inputs.reshape(time_steps * count, features))  # (T·N, G·H)
    sums = sums.reshape(time_steps, count, -1)  # (T, N, G·H)
    last = cell.start(np.zeros((count, weights.hidden_size), sums.dtype))
    steps: list[Step] = []
    for number, read in enumerate(sums):
        operations = NUMPY
        if change is not None:
            operations = NUMPY._replace(edited=partial(change, number))
        last = weights.step(operations, read, last)
        if change is not None:
            last = last._replace(state=change(number, STATE, last.state))
        steps.append(last)
    return Activations(
        np.stack([step.state for step in steps]),
        np.stack([step.memory for step in steps]) if cell.has_memory else None,
        {name: np.stack([step.gates[at] for step in steps]) for at, name in enumerate(cell.gates)},
    )


def replica_states(
    cell: Cell, weights: Array, inputs: npt.NDArray[np.uint8], lengths: Sequence[int]
) -> Iterator[Array]:
    """Return the states (R, H, n) after each step, of the n sequences that have not ended.

    Args:
        cell: of all replicas.
        weights: (R, G·H, columns), as `networks.replicas.Replicas` has them.
        inputs: (T, F, B), or (T, R, F, B) of each replica, the longest sequence first.
        lengths: the B sequences' time steps, descending, the first of them T.
    """
    faster = cell.replica_states_faster(weights, inputs, lengths)
    return faster if faster is not None else _replica_states(cell, weights, inputs, lengths)


def _replica_states(
    cell: Cell, weights: Array, inputs: npt.NDArray[np.uint8], lengths: Sequence[int]
) -> Iterator[Array]:
    """Yield `replica_states` by the equations of the cell's step."""
    replicas, rows, _ = weights.shape
    width = rows // cell.blocks
    columns = cell.replica_columns(inputs.shape[-2], width)
    of_input = weights[:, :, columns.input]  # (R, G·H, F)
    of_state = weights[:, :, columns.state]  # (R, G·H, H)
    input_bias = weights[:, :, columns.input_bias, None]  # (R, G·H, 1)
    last = cell.start(np.zeros((replicas, width, len(lengths)), np.float32))
    for step, at_step in enumerate(inputs):
        active = still_going(lengths, step)
        state = last.state[:, :, :active]  # (R, H, n)
        memory = last.memory[:, :, :active] if cell.has_memory else None
        read = of_input @ at_step[..., :active].astype(np.float32) + input_bias  # (R, G·H, n)
        recurrent = None
        if columns.state_bias is not None:
            recurrent = of_state @ state + weights[:, :, columns.state_bias, None]  # (R, G·H, n)
        last = cell.step_of_sums(NUMPY, read, recurrent, Step(state, memory))
        yield last.state


def still_going(lengths: Sequence[int], step: int) -> int:
    """Return how many sequences have a step of this number, from 0; `lengths` are descending."""
    return bisect_left(lengths, -step, key=neg)
