"""A cell: the minimal gated unit (Zhou et al. 2016), which neither PyTorch nor ONNX has."""

from collections.abc import Sequence
from typing import Any

from rnn_tui.networks.cell import Cell, Operations, Step


class MGUCell(Cell):
    """One gate that both forgets and resets."""

    name, label = "mgu", "MGU"
    gates = ("forget", "candidate")
    keep_gate = "forget"

    def step(
        self,
        operations: Operations,
        read: Sequence[Any],
        recurrent: Sequence[Any],
        state: Any,
        memory: Any,  # noqa: ARG002
    ) -> Step:
        """h = f·h₋₁ + (1 − f)·tanh(W·x + f·U·h₋₁)."""
        forget = operations.sigmoid(read[0] + recurrent[0])
        candidate = operations.tanh(read[1] + forget * recurrent[1])
        return Step(forget * state + (1 - forget) * candidate, None, (forget, candidate))
