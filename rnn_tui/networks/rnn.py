"""The simple recurrent network (Elman 1990): h = tanh(W·x + b + U·h₋₁ + b′)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from rnn_tui.networks.cell import Cell, OnnxOperator, Operations, Step


class RNNCell(Cell):
    """A tanh of what is read and of the last state."""

    name, label = "rnn", "RNN"
    pytorch = "RNN"
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
