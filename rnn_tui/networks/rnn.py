"""The simple recurrent network (Elman 1990): h = tanh(W·x + b + U·h₋₁ + b′)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from rnn_tui.networks.cell import Cell, OnnxOperator, Operations, Step

if TYPE_CHECKING:
    from torch import nn


class RNNCell(Cell):
    """A tanh of what is read and of the last state."""

    name, label = "rnn", "RNN"
    onnx = OnnxOperator("RNN", (0,))

    def step(
        self,
        operations: Operations,
        read: Sequence[Any],
        recurrent: Sequence[Any],
        state: Any,  # noqa: ARG002
        memory: Any,  # noqa: ARG002
    ) -> Step:
        """h = tanh(read + recurrent)."""
        return Step(operations.tanh(read[0] + recurrent[0]), None, ())

    def layers(self, features: int, hidden_size: int, layers: int) -> nn.Module:
        """PyTorch's own."""
        from torch import nn  # noqa: PLC0415 - on use only

        return nn.RNN(features, hidden_size, layers, batch_first=True)
