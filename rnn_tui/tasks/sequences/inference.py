"""Answers of trained replicas at once, in numpy.

The forward pass of `networks.replicas` once more, since a question asked on the command line must
not wait seconds for torch, nor a panel for the library to load. A test holds the two together.
"""

from collections.abc import Iterator, Sequence
from copy import copy
from typing import Self

import numpy as np
import numpy.typing as npt

from rnn_tui.engine.errors import CheckpointError
from rnn_tui.engine.replicas import Replica
from rnn_tui.engine.weights_file import WeightsFile
from rnn_tui.networks import CELLS
from rnn_tui.networks.stepwise import Array, CellWeights
from rnn_tui.tasks.config import SequenceConfig
from rnn_tui.tasks.task import Task


class SequenceNetwork:
    """Some or all replicas of a run of a task, for answers only; a class for one task need not be told it.

    `CheckpointError` if they are another task's, or do not fit their own settings.
    """

    task: Task  #: whose networks they are.

    def __init__(self, file: WeightsFile, task: Task | None = None) -> None:
        self.task = task or self.task
        config, shape = file.config, self.task.shape
        if not isinstance(config, SequenceConfig) or config.task != self.task.name or shape is None:
            raise CheckpointError(f"These weights are for {config.task}, not for {self.task.name}.")
        self.shape, self.features, self.outputs = shape, shape.features, len(shape.outputs)
        self.config, self.metrics, self.kind = config, file.metrics, CELLS[config.cell]
        self.replicas: tuple[Replica, ...] = config.replicas
        width = max(config.hidden_sizes)
        gates, readout = file.arrays.get("gates"), file.arrays.get("readout")
        count = len(self.replicas)
        shapes = (count, self.kind.blocks * width, width + self.features + 2), (count, self.outputs, width + 1)
        if gates is None or readout is None or (gates.shape, readout.shape) != shapes:
            raise CheckpointError("These weights do not fit the settings that come with them.")
        if not (np.isfinite(gates).all() and np.isfinite(readout).all()):
            raise CheckpointError("Some of these weights are not finite numbers.")
        self._gates = gates.astype(np.float32)
        self._readout = readout.astype(np.float32)

    def only(self, replica: int) -> Self:
        """The network with one of its replicas alone, without what others' sizes add."""
        chosen = copy(self)
        size, width = self.replicas[replica].variant.hidden_size, self._readout.shape[2] - 1
        columns = [*range(size), *range(width, self._gates.shape[2])]
        rows = [gate * width + unit for gate in range(self.kind.blocks) for unit in range(size)]
        chosen.replicas = (self.replicas[replica],)
        chosen._gates = self._gates[replica][np.ix_(rows, columns)][None]
        chosen._readout = self._readout[replica][:, [*range(size), width]][None]
        return chosen

    def cell(self, replica: int) -> CellWeights:
        """The weights of a replica's layer, in PyTorch's order, without what others' sizes add."""
        size, alone = self.replicas[replica].variant.hidden_size, self.only(replica)._gates[0]
        rows = alone.reshape(self.kind.blocks, size, -1)[self.kind.rows_to_pytorch].reshape(alone.shape)
        return CellWeights(self.kind, rows[:, size:-2].copy(), rows[:, :size].copy(), rows[:, -2], rows[:, -1])

    def readout(self, replica: int) -> tuple[Array, Array]:
        """Weights (O, H) and bias (O,) of a replica's readout."""
        size = self.replicas[replica].variant.hidden_size
        return self._readout[replica, :, :size], self._readout[replica, :, -1]

    def steps(self, inputs: npt.NDArray[np.uint8], lengths: list[int]) -> Iterator[Array]:
        """Logits (R, O, n) after each time step, of the n sequences that have not ended; as `in_order` makes them.

        Of `inputs` (T, F, B), the longest sequence first; `lengths` are B steps, descending, the first of them T.
        """
        weight, bias = self._readout[:, :, :-1], self._readout[:, :, -1:]
        for states in self.kind.replica_states(self._gates, inputs, lengths):
            yield weight @ states + bias


def in_order(sequences: Sequence[npt.NDArray[np.uint8]]) -> tuple[list[int], list[int], npt.NDArray[np.uint8]]:
    """Sequences (T, F) as `SequenceNetwork.steps` takes them: which stands at each place, lengths, inputs (T, F, B)."""
    order = sorted(range(len(sequences)), key=lambda at: -len(sequences[at]))
    lengths = [len(sequences[at]) for at in order]
    inputs = np.zeros((lengths[0], sequences[0].shape[1], len(order)), np.uint8)
    for column, at in enumerate(order):
        inputs[: lengths[column], :, column] = sequences[at]
    return order, lengths, inputs
