"""A recurrent layer in numpy: its weights, and what happens in it while it reads.

Answers need its states only, a look inside needs every gate; both come from the one pass here, so
that what is shown is what answered. A test holds it to PyTorch's layers.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float32]

# PyTorch's order of the rows of an LSTM's weights.
GATES = ("input", "forget", "candidate", "output")


def sigmoid(values: Array) -> Array:
    """The logistic function, by way of tanh, which does not overflow."""
    result: Array = np.tanh(values * np.float32(0.5))
    result *= np.float32(0.5)
    result += np.float32(0.5)
    return result


def softmax(logits: Array) -> Array:
    """Probabilities (…, O) that sum to 1 over the last axis."""
    powers = np.exp(logits - logits.max(axis=-1, keepdims=True))
    result: Array = powers / powers.sum(axis=-1, keepdims=True)
    return result


@dataclass(frozen=True)
class Activations:
    """All that a layer holds while it reads T steps of N sequences.

    Attributes:
        states: (T, N, H), the outputs h after each step.
        cells: (T, N, H), the cells c after each step; None for an RNN, which has none.
        gates: by the names of `GATES`, (T, N, H) each: i, f and o in 0 … 1, the candidate g in
            −1 … 1, so that c = f·c₋₁ + i·g and h = o·tanh c; empty for an RNN.
    """

    states: Array
    cells: Array | None
    gates: Mapping[str, Array]


@dataclass(frozen=True)
class CellWeights:
    """The weights of one recurrent layer in one direction.

    Attributes:
        kind: `rnn` (tanh) or `lstm`.
        of_input: (G·H, F), G = 4 gates in the order of `GATES` for an LSTM and 1 for an RNN.
        of_state: (G·H, H).
        bias: (G·H,), the sum of PyTorch's two.
    """

    kind: Literal["rnn", "lstm"]
    of_input: Array
    of_state: Array
    bias: Array

    @property
    def hidden_size(self) -> int:
        """Units H."""
        return int(self.of_state.shape[1])

    def run(self, inputs: Array) -> Activations:
        """Read `inputs` (T, N, F), from states and cells of zero."""
        steps, count, features = inputs.shape
        sums = inputs.reshape(-1, features) @ self.of_input.T + self.bias
        sums = sums.reshape(steps, count, -1)  # (T, N, G·H), which become the gates in place
        states = np.empty((steps, count, self.hidden_size), sums.dtype)
        if self.kind == "rnn":
            for step in range(steps):
                if step:
                    sums[step] += states[step - 1] @ self.of_state.T
                np.tanh(sums[step], out=states[step])
            return Activations(states, None, {})
        width = self.hidden_size
        parts = [sums[:, :, at * width : (at + 1) * width] for at in range(len(GATES))]
        write, keep, candidate, show = parts
        cells = np.empty_like(states)
        for step in range(steps):
            if step:
                sums[step] += states[step - 1] @ self.of_state.T
            sums[step, :, : 2 * width] = sigmoid(sums[step, :, : 2 * width])
            np.tanh(candidate[step], out=candidate[step])
            show[step] = sigmoid(show[step])
            np.multiply(write[step], candidate[step], out=cells[step])
            if step:
                cells[step] += keep[step] * cells[step - 1]
            np.multiply(show[step], np.tanh(cells[step]), out=states[step])
        return Activations(states, cells, dict(zip(GATES, parts, strict=True)))
