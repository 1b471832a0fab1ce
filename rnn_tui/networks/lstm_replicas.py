"""Sets of LSTMs, with a backward pass by hand.

All that does not depend on the later steps is computed for a stretch of steps at once, and five
operations a time step are left. A stretch is the whole sequence for a few small networks, whose
time goes into calls; it is shorter for many or large ones, whose time goes into memory, so that
what was computed is still in the processor's cache when it is used.
"""

from collections.abc import Sequence

import torch
from torch import Tensor

from rnn_tui.networks.by_hand import ReplicasByHand, Walk, product_and_sum, tanh_, tanh_of

STRETCH_VALUES = 65_536  #: sums of gates that are worked on at once.


class LSTMWalk(Walk):
    """An LSTM over time (Hochreiter & Schmidhuber 1997, with Gers' forget gate).

    With g the candidate, i, f, o the gates and c, h cell and state of a step:

        c = f·c₋₁ + i·g
        h = o·tanh c

    The rows of the weights are g, i, f, o.
    """

    blocks = 4

    def __init__(self, gates: Tensor, steps: int, batch: int) -> None:
        super().__init__(gates, steps, batch)
        replicas, rows, _ = gates.shape
        #: how many steps are worked on at once in the walk back.
        self.stretch = min(steps, max(1, STRETCH_VALUES // (replicas * rows * batch)))
        #: (T, R, 4·H, B): g, i, f, o.
        self.activations = gates.new_empty(steps, replicas, rows, batch)
        self.cells = gates.new_zeros(steps + 1, replicas, self.width, batch)  #: c₋₁ of each step.
        self.cell_tanhs = torch.empty_like(self.cells[1:])  #: tanh c.
        #: of the steps of a stretch, (S, R, 4·H, B): what Dc (for g, i, f) and Dh (for o) are
        #: multiplied by.
        self.factors = torch.empty_like(self.activations[: self.stretch])
        #: likewise the gradients on the sums that the gates are made of.
        self.sums = torch.empty_like(self.factors)
        self._make_views(replicas, self.width)

    def _make_views(self, replicas: int, width: int) -> None:
        """Make a view of each of the T steps, or of those of a stretch."""
        self.candidate, self.write, self.keep, self.show = (
            gate.unbind(0)
            for gate in torch.split(self.activations, width, 2)  # (R, H, B)
        )
        self.sigmoids = self.activations[:, :, width:].unbind(0)  # (R, 3·H, B)
        self.cell = self.cells.unbind(0)  # (R, H, B)
        self.cell_tanh = self.cell_tanhs.unbind(0)  # (R, H, B)
        by_gate = (self.stretch, replicas, 4, width, self.batch)
        self.to_cell = self.sums.view(by_gate)[:, :, :3].unbind(0)  # (R, 3, H, B)
        self.to_output = self.sums[:, :, 3 * width :].unbind(0)  # (R, H, B)
        self.cell_factor = self.factors.view(by_gate)[:, :, :3].unbind(0)  # (R, 3, H, B)
        self.output_factor = self.factors[:, :, 3 * width :].unbind(0)  # (R, H, B)
        # A batch of one is multiplied as a row and not as a column: the library that multiplies
        # small matrices is up to seven times faster on it.
        multiplied = [self.joined, self.activations, self.sums]
        if self.batch == 1:
            multiplied = [tensor.view(len(tensor), replicas, 1, -1) for tensor in multiplied]
        self.read, self.gate_sum, self.sum = (tensor.unbind(0) for tensor in multiplied)

    def go_on(self) -> None:
        """Put what the first step left in front of it."""
        super().go_on()
        self.cell[0].copy_(self.cell[1])

    def run(self, gates: Tensor, steps: int) -> None:
        """Fill `state`, and gates and cell of each step."""
        weights = gates.transpose(1, 2).contiguous() if self.batch == 1 else gates
        state, cell, cell_tanh = self.state, self.cell, self.cell_tanh
        for step in range(steps):
            if self.batch == 1:
                torch.bmm(self.read[step], weights, out=self.gate_sum[step])  # (R, 1, 4·H)
            else:
                torch.bmm(weights, self.read[step], out=self.gate_sum[step])  # (R, 4·H, B)
            tanh_(self.candidate[step])
            self.sigmoids[step].sigmoid_()
            torch.mul(self.write[step], self.candidate[step], out=cell[step + 1])
            cell[step + 1].addcmul_(self.keep[step], cell[step])
            tanh_of(cell[step + 1], cell_tanh[step])
            torch.mul(self.show[step], cell_tanh[step], out=state[step + 1])

    def run_back(
        self, gates: Tensor, from_above: Sequence[Tensor | None], to_inputs: Tensor | None = None
    ) -> Tensor:
        """Return the gradient on `gates` (R, 4·H, H + F + 2).

        With D the gradient of the loss on what it is put before, U the recurrent weights, Ds the
        gradients on all four sums of a step, and Ds₊₁ and Dc₊₁, f₊₁ those of the step after:

            Dh = Uᵀ·Ds₊₁ + what comes from above
            Dc = Dh·o·(1 − tanh² c) + f₊₁·Dc₊₁

        and on the sums of which the gates are made

            Dg = Dc·i·(1 − g²)
            Di = Dc·g·i·(1 − i)
            Df = Dc·c₋₁·f·(1 − f)
            Do = Dh·tanh c·o·(1 − o)

        The gradient on the inputs is Dx = Wᵀ·Ds, with W the input weights.

        All factors of Dc and Dh in a stretch are known before its walk back begins
        (`_fill_factors`).
        """
        recurrent = gates[:, :, : self.width]  # (R, 4·H, H): U
        if self.batch > 1:
            recurrent = recurrent.transpose(1, 2)
        of_input = gates[:, :, self.width : -2].transpose(1, 2)  # (R, F, 4·H): Wᵀ
        gradient = torch.zeros_like(gates)
        steps = len(from_above)
        state = from_above[-1]  # (R, H, B): Dh
        assert state is not None
        later = torch.zeros_like(state)  # (R, H, B): f₊₁·Dc₊₁
        for first in reversed(range(0, steps, self.stretch)):
            end = min(first + self.stretch, steps)
            through = self._fill_factors(first, end).unbind(0)  # (R, H, B): o·(1 − tanh² c)
            for step in range(end - 1, first - 1, -1):
                place = step - first
                cell = torch.addcmul(later, state, through[place])  # (R, H, B): Dc
                torch.mul(cell.unsqueeze(1), self.cell_factor[place], out=self.to_cell[place])
                torch.mul(state, self.output_factor[place], out=self.to_output[place])
                if step:
                    state = self._state_gradient(recurrent, self.sum[place], from_above[step - 1])
                    later = cell.mul_(self.keep[step])
            self._add_to_gradient(gradient, first, end)
            if to_inputs is not None:
                torch.matmul(of_input, self.sums[: end - first], out=to_inputs[first:end])
        return gradient

    def _state_gradient(self, recurrent: Tensor, sums: Tensor, above: Tensor | None) -> Tensor:
        """Return Dh (R, H, B) of a step from Ds₊₁ and what comes from above."""
        if self.batch > 1:
            return product_and_sum(recurrent, sums, above)
        replicas, _, width = recurrent.shape
        row = None if above is None else above.view(replicas, 1, width)
        return product_and_sum(sums, recurrent, row).view(replicas, width, 1)

    def _add_to_gradient(self, gradient: Tensor, first: int, end: int) -> None:
        """Add a stretch's Σ Ds·[h₋₁ x 1 1]ᵀ, over its steps and all sequences, to the gradient."""
        replicas, rows, columns = gradient.shape
        steps = end - first
        sums = self.sums[:steps]  # (S, R, 4·H, B)
        joined = self.joined[first:end]  # (S, R, H + F + 2, B)
        if steps == 1:
            gradient.baddbmm_(sums[0], joined[0].transpose(1, 2))
        elif self.batch > 1:  # step by step, where all lies as it is read
            products = torch.bmm(sums.flatten(0, 1), joined.flatten(0, 1).transpose(1, 2))
            gradient += products.view(steps, replicas, rows, columns).sum(0)
        else:
            of_all_steps = sums.permute(1, 2, 0, 3).reshape(replicas, rows, steps)
            read = joined.permute(1, 0, 3, 2).reshape(replicas, steps, columns)
            gradient.baddbmm_(of_all_steps, read)

    def _fill_factors(self, first: int, end: int) -> Tensor:
        """Work out what Dc and Dh of `run_back` are multiplied by, at the steps of a stretch.

        Fills `factors` (S, R, 4·H, B): i·(1 − g²), g·i·(1 − i) and c₋₁·f·(1 − f), which lead from
        the cell to the sums of g, i, f; and tanh c·o·(1 − o), which leads from the state to that of
        o.

        Returns:
            o·(1 − tanh² c) (S, R, H, B), which leads from the state to the cell.
        """
        activations, width = self.activations[first:end], self.width
        cells, tanhs = self.cells[first:end], self.cell_tanhs[first:end]
        factors = self.factors[: end - first]
        candidates, writes, _, shows = activations.chunk(4, 2)  # (S, R, H, B) each
        sigmoids = activations[:, :, width:]  # (S, R, 3·H, B)
        torch.addcmul(
            sigmoids, sigmoids, sigmoids, value=-1, out=factors[:, :, width:]
        )  # σ·(1 − σ)
        to_candidate, to_write, to_keep, to_show = factors.chunk(4, 2)
        to_write.mul_(candidates)
        to_keep.mul_(cells)
        to_show.mul_(tanhs)
        torch.addcmul(writes, writes * candidates, candidates, value=-1, out=to_candidate)
        return torch.addcmul(shows, shows * tanhs, tanhs, value=-1)


class ReplicaLSTM(ReplicasByHand):
    """R one-layer LSTMs with a linear readout each; the rows of `gates` are g, i, f, o."""

    walk = LSTMWalk
