"""The LSTM in NumPy, twice as fast as by the equations of its step alone."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import numpy.typing as npt

from rnn_tui.networks.stepwise import Activations, Array, CellWeights, sigmoid, still_going


def run(weights: CellWeights, inputs: Array) -> Activations:
    """`Cell.run` with all gates of a step in one product, and in place."""
    steps, count, features = inputs.shape
    bias = weights.input_bias + weights.state_bias
    flat: Array = inputs.reshape(-1, features) @ weights.of_input.T + bias
    sums = flat.reshape(steps, count, -1)  # (T, N, 4·H), which become the gates in place
    width = weights.hidden_size
    states: Array = np.empty((steps, count, width), sums.dtype)
    parts = [sums[:, :, at * width : (at + 1) * width] for at in range(len(weights.cell.gates))]
    write, keep, candidate, show = parts
    cells: Array = np.empty_like(states)
    for step in range(steps):
        if step:
            sums[step] += states[step - 1] @ weights.of_state.T
        sums[step, :, : 2 * width] = sigmoid(sums[step, :, : 2 * width])
        np.tanh(candidate[step], out=candidate[step])
        show[step] = sigmoid(show[step])
        np.multiply(write[step], candidate[step], out=cells[step])
        if step:
            cells[step] += keep[step] * cells[step - 1]
        np.multiply(show[step], np.tanh(cells[step]), out=states[step])
    return Activations(states, cells, dict(zip(weights.cell.gates, parts, strict=True)))


def replica_states(
    weights: Array, inputs: npt.NDArray[np.uint8], lengths: Sequence[int]
) -> Iterator[Array]:
    """`Cell.replica_states` with one product a step."""
    replicas, rows, columns = weights.shape
    width = rows // 4
    active = len(lengths)
    joined = np.zeros((replicas, columns, active), np.float32)
    joined[:, -2:] = 1
    cell = np.zeros((replicas, width, active), np.float32)
    for step in range(len(inputs)):
        if (going := still_going(lengths, step, active)) < active:
            active = going
            joined, cell = joined[:, :, :active].copy(), cell[:, :, :active].copy()
        joined[:, width:-2] = inputs[step, :, :active]
        sums = weights @ joined  # (R, 4·H, n)
        candidate = np.tanh(sums[:, :width])
        gates = sigmoid(sums[:, width:])
        cell = gates[:, width : 2 * width] * cell + gates[:, :width] * candidate
        joined[:, :width] = gates[:, 2 * width :] * np.tanh(cell)
        yield joined[:, :width]
