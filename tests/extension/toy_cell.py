"""A cell: the minimal gated unit (Zhou et al. 2016), which neither PyTorch nor ONNX has."""

from rnn_tui.networks.cell import Blocks, Cell, Operations, Step


class MGUCell(Cell):
    """One gate that both forgets and resets."""

    name, label = "mgu", "MGU"
    gates = ("forget", "candidate")
    keep_gate = "forget"

    def step(self, operations: Operations, read: Blocks, recurrent: Blocks, last: Step) -> Step:
        """h = f·h₋₁ + (1 − f)·tanh(W·x + f·U·h₋₁)."""
        forget = operations.edited("forget", operations.sigmoid(read[0] + recurrent[0]))
        candidate = operations.edited("candidate", operations.tanh(read[1] + forget * recurrent[1]))
        return Step(forget * last.state + (1 - forget) * candidate, None, (forget, candidate))
