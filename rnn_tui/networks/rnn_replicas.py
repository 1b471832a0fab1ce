"""Sets of simple RNNs, with tanh or rectifier, with a backward pass by hand."""

from collections.abc import Sequence

import torch
from torch import Tensor

from rnn_tui.networks.by_hand import ReplicasByHand, Walk, product_and_sum, tanh_


class RNNWalk(Walk):
    """A simple RNN over time: h = tanh(W·x + b + U·h₋₁ + b′)."""

    blocks = 1

    @staticmethod
    def activate_(sums: Tensor) -> None:
        """Put the states in the place of the sums s that they are made of."""
        tanh_(sums)

    @staticmethod
    def sum_gradient(state_gradient: Tensor, states: Tensor) -> Tensor:
        """Return Ds (R, H, B) from Dh and h, as `run_back` calls them."""
        sums: Tensor = torch.ops.aten.tanh_backward(state_gradient, states)
        return sums

    def run(self, gates: Tensor, steps: int) -> None:
        """Fill `state`."""
        for step in range(steps):
            torch.bmm(gates, self.read[step], out=self.state[step + 1])  # (R, H, B)
            self.activate_(self.state[step + 1])

    def run_back(
        self, gates: Tensor, from_above: Sequence[Tensor | None], to_inputs: Tensor | None = None
    ) -> Tensor:
        """Return the gradient on `gates` (R, H, H + F + 2).

        With D the gradient of the loss on what it is put before, s the sum in the tanh, U the
        recurrent weights, and s₊₁ the sum of the step after:

            Dh = Uᵀ·Ds₊₁ + what comes from above
            Ds = Dh·(1 − h²)

        the gradient on the weights is Σ Ds·[h₋₁ x 1 1]ᵀ, and Dx = Wᵀ·Ds.
        """
        recurrent = gates[:, :, : self.width].transpose(1, 2)  # (R, H, H): Uᵀ
        of_input = gates[:, :, self.width : -2].transpose(1, 2)  # (R, F, H): Wᵀ
        gradient = torch.zeros_like(gates)
        state = from_above[-1]  # (R, H, B): Dh
        for step in range(len(from_above) - 1, -1, -1):
            assert state is not None
            sums = self.sum_gradient(state, self.state[step + 1])  # (R, H, B)
            gradient.baddbmm_(sums, self.read[step].transpose(1, 2))
            if to_inputs is not None:
                torch.bmm(of_input, sums, out=to_inputs[step])
            if step:
                state = product_and_sum(recurrent, sums, from_above[step - 1])
        return gradient


class ReluRNNWalk(RNNWalk):
    """A rectified RNN over time: h = max(0, s), and Ds = Dh where h > 0, else 0."""

    @staticmethod
    def activate_(sums: Tensor) -> None:
        """Put max(0, s) in the place of the sums s."""
        sums.relu_()

    @staticmethod
    def sum_gradient(state_gradient: Tensor, states: Tensor) -> Tensor:
        """Return Ds (R, H, B) from Dh and h."""
        sums: Tensor = torch.ops.aten.threshold_backward(state_gradient, states, 0)
        return sums


class ReplicaRNN(ReplicasByHand):
    """R one-layer simple RNNs with a linear readout each."""

    walk = RNNWalk


class ReplicaReluRNN(ReplicasByHand):
    """R one-layer rectified RNNs with a linear readout each."""

    walk = ReluRNNWalk
