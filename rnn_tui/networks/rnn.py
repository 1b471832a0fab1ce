"""The simple recurrent network (Elman 1990): h = tanh(W·x + b + U·h₋₁ + b′); and the same with a
rectifier.
"""

from rnn_tui.networks.cell import Blocks, Cell, OnnxOperator, Operations, Step


class RNNCell(Cell):
    """A tanh of what is read and of the last state."""

    name, label = "rnn", "RNN"
    pytorch = "rnn_tui.networks.layers:RNNLayers"  # `nn.RNN`, quicker on the CPU
    onnx = OnnxOperator("RNN", (0,))
    replica_class = "rnn_tui.networks.rnn_replicas:ReplicaRNN"  # its backward pass is by hand

    def step(self, operations: Operations, read: Blocks, recurrent: Blocks, last: Step) -> Step:  # noqa: ARG002
        """Return h = tanh(read + recurrent)."""
        return Step(operations.tanh(read[0] + recurrent[0]), None)


class ReluRNNCell(Cell):
    """A simple recurrent network with max(0, x) in place of the tanh.

    Nothing bounds its state. With the identity as recurrent weights at first it keeps numbers over
    many steps (Le, Jaitly & Hinton 2015).
    """

    name, label = "rnn-relu", "RNN (relu)"
    onnx = OnnxOperator("RNN", (0,), activation="Relu")
    replica_class = "rnn_tui.networks.rnn_replicas:ReplicaReluRNN"  # its backward pass is by hand

    def step(self, operations: Operations, read: Blocks, recurrent: Blocks, last: Step) -> Step:  # noqa: ARG002
        """Return h = max(0, read + recurrent)."""
        return Step(operations.relu(read[0] + recurrent[0]), None)
