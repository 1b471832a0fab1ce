"""Sets of GRUs, with a backward pass by hand."""

from collections.abc import Sequence

import torch
from torch import Tensor

from rnn_tui.networks.by_hand import ReplicasByHand, Walk, tanh_


class GRUWalk(Walk):
    """A GRU over time.

    With r and z the gates, n the candidate, and m = U·h₋₁ + b′ what the reset gate acts on:

        n = tanh(W·x + b + r·m)
        h = n + z·(h₋₁ − n)
    """

    blocks = 3

    def __init__(self, gates: Tensor, steps: int, batch: int) -> None:
        super().__init__(gates, steps, batch)
        replicas, rows, _ = gates.shape
        width = self.width
        sums = gates.new_empty(steps, replicas, rows, batch)  # r, z, m
        self.sums = sums.unbind(0)  #: (R, 3·H, B).
        self.sigmoids = sums[:, :, : 2 * width].unbind(0)  #: (R, 2·H, B): r and z.
        #: (R, H, B) each.
        self.reset, self.update, self.recurrent = (
            block.unbind(0) for block in torch.split(sums, width, 2)
        )
        self.candidate = gates.new_empty(steps, replicas, width, batch).unbind(0)  #: (R, H, B).
        self.input = self.joined[:, :, width:-1].unbind(0)  #: x and 1, (R, F + 1, B).

    def run(self, gates: Tensor, steps: int) -> None:
        """Fill `state`, and gates and candidate of each step."""
        of_sums, of_candidate = self._parts(gates)
        for step in range(steps):
            candidate = self.candidate[step]
            torch.bmm(of_sums, self.read[step], out=self.sums[step])  # (R, 3·H, B)
            self.sigmoids[step].sigmoid_()
            torch.bmm(of_candidate, self.input[step], out=candidate)  # (R, H, B)
            candidate.addcmul_(self.reset[step], self.recurrent[step])
            tanh_(candidate)
            torch.lerp(candidate, self.state[step], self.update[step], out=self.state[step + 1])

    def _parts(self, gates: Tensor) -> tuple[Tensor, Tensor]:
        """Return the weights of r, z and m (R, 3·H, H + F + 2), and W and b of the candidate."""
        candidate_rows = slice(2 * self.width, None)
        input_columns = slice(self.width, -1)
        of_sums = gates.clone()
        of_sums[:, candidate_rows, input_columns] = 0
        return of_sums, gates[:, candidate_rows, input_columns].contiguous()

    def run_back(
        self, gates: Tensor, from_above: Sequence[Tensor | None], to_inputs: Tensor | None = None
    ) -> Tensor:
        """Return the gradient on `gates` (R, 3·H, H + F + 2).

        With D the gradient of the loss on what it is put before, U the recurrent weights of all
        three, and the sums r̂, ẑ, n̂ in the sigmoids and the tanh:

            Dn̂ = Dh·(1 − z)·(1 − n²)
            Dr̂ = Dn̂·m·r·(1 − r)
            Dẑ = Dh·(h₋₁ − n)·z·(1 − z)
            Dm = Dn̂·r
            Dh₋₁ = Dh·z + Uᵀ·[Dr̂ Dẑ Dm] + what comes from above

        The gradient on the weights is Σ [Dr̂ Dẑ Dm]·[h₋₁ x 1 1]ᵀ, and for W and b of the candidate
        Σ Dn̂·[x 1]ᵀ. With W the input weights of all three, Dx = Wᵀ·[Dr̂ Dẑ Dn̂].
        """
        width = self.width
        recurrent = gates[:, :, :width].transpose(1, 2)  # (R, H, 3·H): Uᵀ
        of_input = gates[:, :, width:-2].transpose(1, 2)  # (R, F, 3·H): Wᵀ
        gradient = torch.zeros_like(gates)
        of_candidate = gradient[:, 2 * width :, width:-1].contiguous()  # (R, H, F + 1)
        to_sums = torch.empty_like(self.sums[0])  # (R, 3·H, B): Dr̂, Dẑ, Dm
        to_sigmoids = to_sums[:, : 2 * width]
        to_reset, to_update, to_recurrent = torch.split(to_sums, width, 1)
        state = from_above[-1]  # (R, H, B): Dh
        assert state is not None
        for step in range(len(from_above) - 1, -1, -1):
            candidate = self.candidate[step]
            last = state * self.update[step]  # (R, H, B), the beginning of Dh₋₁
            to_candidate = torch.ops.aten.tanh_backward(state - last, candidate)  # (R, H, B): Dn̂
            torch.mul(to_candidate, self.recurrent[step], out=to_reset)
            torch.mul(state, self.state[step] - candidate, out=to_update)
            torch.ops.aten.sigmoid_backward.grad_input(
                to_sigmoids, self.sigmoids[step], grad_input=to_sigmoids
            )
            torch.mul(to_candidate, self.reset[step], out=to_recurrent)
            gradient.baddbmm_(to_sums, self.read[step].transpose(1, 2))
            of_candidate.baddbmm_(to_candidate, self.input[step].transpose(1, 2))
            if to_inputs is not None:
                to_read = torch.cat((to_sigmoids, to_candidate), 1)  # (R, 3·H, B)
                torch.bmm(of_input, to_read, out=to_inputs[step])
            if step:
                above = from_above[step - 1]
                if above is not None:
                    last += above
                state = last.baddbmm_(recurrent, to_sums)
        gradient[:, 2 * width :, width:-1] = of_candidate
        return gradient


class ReplicaGRU(ReplicasByHand):
    """R one-layer GRUs with a linear readout each."""

    walk = GRUWalk
