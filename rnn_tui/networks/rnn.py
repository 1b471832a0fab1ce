"""The simple recurrent network (Elman 1990): h = tanh(W·x + b + U·h₋₁ + b′)."""

from rnn_tui.networks.cell import Blocks, Cell, OnnxOperator, Operations, Step


class RNNCell(Cell):
    """A tanh of what is read and of the last state."""

    name, label = "rnn", "RNN"
    pytorch = "rnn_tui.networks.layers:RNNLayers"  # `nn.RNN`, quicker on the CPU
    onnx = OnnxOperator("RNN", (0,))

    def step(self, operations: Operations, read: Blocks, recurrent: Blocks, last: Step) -> Step:  # noqa: ARG002
        """Return h = tanh(read + recurrent)."""
        return Step(operations.tanh(read[0] + recurrent[0]), None)
