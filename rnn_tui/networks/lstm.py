"""Long short-term memory (Hochreiter & Schmidhuber 1997), with Gers' forget gate.

With i, f, o the gates and g the candidate: c = f·c₋₁ + i·g and h = o·tanh c.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from rnn_tui.networks.cell import Cell, OnnxOperator, Operations, Step

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt
    from torch import nn

    from rnn_tui.networks.replicas import Replicas
    from rnn_tui.networks.stepwise import Activations, Array, CellWeights


class LSTMCell(Cell):
    """A memory that gates write, keep and show."""

    name, label = "lstm", "LSTM"
    gates = ("input", "forget", "candidate", "output")
    has_memory = True
    keep_gate = "forget"
    step_bytes = 48
    onnx = OnnxOperator("LSTM", (0, 3, 1, 2))
    # The candidate first, so that the three that go through a sigmoid lie together, and likewise
    # the three that the gradient of the memory reaches.
    replica_rows = (2, 0, 1, 3)

    def step(
        self,
        operations: Operations,
        read: Sequence[Any],
        recurrent: Sequence[Any],
        state: Any,  # noqa: ARG002
        memory: Any,
    ) -> Step:
        """c = f·c₋₁ + i·g and h = o·tanh c."""
        sums = [x + h for x, h in zip(read, recurrent, strict=True)]
        write, keep, show = (operations.sigmoid(sums[at]) for at in (0, 1, 3))
        candidate = operations.tanh(sums[2])
        memory = keep * memory + write * candidate
        return Step(show * operations.tanh(memory), memory, (write, keep, candidate, show))

    def layers(self, features: int, hidden_size: int, layers: int) -> nn.Module:
        """PyTorch's own."""
        from torch import nn  # noqa: PLC0415 - on use only

        return nn.LSTM(features, hidden_size, layers, batch_first=True)

    def replicas(self, hidden_sizes: Sequence[int], features: int, outputs: int) -> Replicas:
        """Those whose backward pass is written by hand."""
        from rnn_tui.networks.replica_lstm import ReplicaLSTM  # noqa: PLC0415 - torch, on use only

        return ReplicaLSTM(self, hidden_sizes, features, outputs)

    def run(self, weights: CellWeights, inputs: Array) -> Activations:
        """With all gates of a step in one product, and in place: twice as fast."""
        from rnn_tui.networks.stepwise_lstm import run  # noqa: PLC0415 - numpy, on use only

        return run(weights, inputs)

    def replica_states(
        self, weights: Array, inputs: npt.NDArray[np.uint8], lengths: Sequence[int]
    ) -> Iterator[Array]:
        """With one product a step."""
        from rnn_tui.networks.stepwise_lstm import replica_states  # noqa: PLC0415 - as above

        return replica_states(weights, inputs, lengths)


class BiLSTMCell(LSTMCell):
    """Two LSTMs, one of which reads the sequence from its end."""

    name, label = "bilstm", "biLSTM"
    bidirectional = True
