"""minGRU (Feng et al. 2024, “Were RNNs All We Needed?”), which has no recurrent weights, and a form
of it whose state can change sign.

With z the update gate and h̃ the candidate, z = σ(W_z·x + b_z), h̃ = W_h·x + b_h, and
h = (1 − z)·h₋₁ + z·h̃. What a step leaves of the last state, 1 − z, is never negative.
"""

from rnn_tui.networks.cell import Blocks, Cell, Operations, Step


class MinGRUCell(Cell):
    """An average over time: a gate lets go of what was there and takes a candidate in."""

    name, label = "mingru", "minGRU"
    gates = ("update", "candidate")
    keep_gate = "update"
    open_gate_keeps = False
    has_recurrent_weights = False
    largest_update = 1  #: how much of the candidate an open gate takes in.

    def step(self, operations: Operations, read: Blocks, recurrent: Blocks, last: Step) -> Step:  # noqa: ARG002
        """Return h = h₋₁ + u·(h̃ − h₋₁), where u is z, or 2·z in the form that can change sign."""
        gate = operations.edited("update", operations.sigmoid(read[0]))
        candidate = operations.edited("candidate", read[1])
        update = self.largest_update * gate
        return Step(last.state + update * (candidate - last.state), None, (gate, candidate))


class SignedMinGRUCell(MinGRUCell):
    """A minGRU whose gate counts twice: h = (1 − 2·z)·h₋₁ + 2·z·h̃.

    What a step leaves of the last state lies between −1 and 1, in place of 0 and 1 (Grazzi et al.
    2024, “Unlocking State-Tracking in Linear RNNs Through Negative Eigenvalues”). An open gate
    mirrors the state at the candidate.
    """

    name, label = "mingru-signed", "minGRU±"
    largest_update = 2
