"""The gated recurrent unit (Cho et al. 2014), in the form that PyTorch and cuDNN have.

With r the reset gate, z the update gate and n the candidate: n = tanh(W·x + b + r·(U·h₋₁ + b′)) and
h = (1 − z)·n + z·h₋₁. The reset gate acts on the recurrent part with its bias, so the two biases
can't be summed beforehand.
"""

from rnn_tui.networks.cell import Blocks, Cell, OnnxOperator, Operations, Step


class GRUCell(Cell):
    """A state that a gate updates, without a memory of its own."""

    name, label = "gru", "GRU"
    pytorch = "torch.nn:GRU"
    gates = ("reset", "update", "candidate")
    keep_gate = "update"
    step_bytes = 36
    # ONNX has the update gate first, and by default resets the state before it is multiplied.
    onnx = OnnxOperator("GRU", (1, 0, 2), {"linear_before_reset": 1})
    replica_class = "rnn_tui.networks.gru_replicas:ReplicaGRU"  # its backward pass is by hand

    def step(self, operations: Operations, read: Blocks, recurrent: Blocks, last: Step) -> Step:
        """Return h = (1 − z)·n + z·h₋₁, computed as n + z·(h₋₁ − n)."""
        reset = operations.edited("reset", operations.sigmoid(read[0] + recurrent[0]))
        update = operations.edited("update", operations.sigmoid(read[1] + recurrent[1]))
        candidate = operations.edited("candidate", operations.tanh(read[2] + reset * recurrent[2]))
        return Step(candidate + update * (last.state - candidate), None, (reset, update, candidate))
