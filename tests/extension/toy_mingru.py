"""A cell: minGRU (Feng et al. 2024, “Were RNNs All We Needed?”), which has no recurrent weights."""

from rnn_tui.networks.cell import Blocks, Cell, Operations, Step


class MinGRUCell(Cell):
    """An average over time, in which a gate lets go what was there and takes a candidate in."""

    name, label = "mingru", "minGRU"
    gates = ("update", "candidate")
    keep_gate = "update"
    open_gate_keeps = False
    has_recurrent_weights = False

    def step(self, operations: Operations, read: Blocks, recurrent: Blocks, last: Step) -> Step:  # noqa: ARG002
        """h = (1 − z)·h₋₁ + z·h̃, with z = σ(W_z·x + b_z) and h̃ = W_h·x + b_h."""
        update = operations.edited("update", operations.sigmoid(read[0]))
        candidate = operations.edited("candidate", read[1])
        return Step((1 - update) * last.state + update * candidate, None, (update, candidate))
