"""Sets of LSTMs whose backward pass over time is written by hand.

All that does not depend on the later steps is computed for the whole sequence at once, and five
operations a time step are left.

Comments give shapes, as in `replicas`: R replicas, T time steps, B sequences, F input features, H
units of the largest replica, O outputs.
"""

from collections.abc import Iterator, Sequence
from typing import Any

import torch
from torch import Tensor

from rnn_tui.networks.cell import Cell
from rnn_tui.networks.replicas import Replicas


class ReplicaLSTM(Replicas):
    """R one-layer LSTMs with a linear readout each; the rows of `gates` are g, i, f, o."""

    def __init__(self, cell: Cell, hidden_sizes: Sequence[int], features: int, outputs: int) -> None:
        super().__init__(cell, hidden_sizes, features, outputs)
        self._workspaces = _Workspaces()

    def forward(self, inputs: Tensor) -> Tensor:
        """As `Replicas.forward` says: (T, R, B) of `inputs` (T, R, F, B)."""
        outputs: Tensor = _EveryStep.apply(self.gates, self.readout, inputs, self._workspaces)  # type: ignore[no-untyped-call]
        return outputs

    def at_end(self, inputs: Tensor, lengths: Tensor | None = None) -> Tensor:
        """As `Replicas.at_end` says: (R, O, B) of `inputs` (T, R, F, B), `lengths` (R, B)."""
        outputs: Tensor = _LastStep.apply(  # type: ignore[no-untyped-call]
            self.gates, self.readout, inputs, lengths, self._workspaces
        )
        return outputs

    @torch.no_grad()
    def steps(self, inputs: Tensor) -> Iterator[Tensor]:
        """As `Replicas.steps` says: (R, H, B) after each step of `inputs` (T, R, F, B)."""
        steps, replicas, _, batch = inputs.shape
        width = self.hidden_size
        joined = self.gates.new_zeros(replicas, self.gates.shape[2], batch)
        joined[:, -2:] = 1
        cell = self.gates.new_zeros(replicas, width, batch)
        for step in range(steps):
            joined[:, width:-2] = inputs[step]
            activations = torch.bmm(self.gates, joined)  # (R, 4·H, B)
            activations[:, :width].tanh_()
            activations[:, width:].sigmoid_()
            candidate, write, keep, show = torch.split(activations, width, 1)
            cell = (keep * cell).addcmul_(write, candidate)
            joined[:, :width] = show * torch.tanh(cell)
            yield joined[:, :width]


class _Workspace:
    """The tensors that one pass over a batch fills, with their views of every time step.

    Taken anew at every training step, they and their few hundred views would cost a third of it.

    Args:
        like: gate weights (R, 4·H, H + F + 2), for sizes, type and device.
        steps: the most time steps T to come.
        batch: sequences B.
    """

    def __init__(self, like: Tensor, steps: int, batch: int) -> None:
        replicas, rows, columns = like.shape
        width = rows // 4
        self.steps, self.batch, self.generation = steps, batch, 0
        # What the gates' weights are multiplied by: states, inputs, ones.
        self.joined = like.new_zeros(steps + 1, replicas, columns, batch)
        self.joined[:, :, -2:] = 1
        self.activations = like.new_empty(steps, replicas, rows, batch)
        self.cells = like.new_empty(steps, replicas, width, batch)
        self.cell_tanhs = torch.empty_like(self.cells)
        self.factors = torch.empty_like(self.activations)
        self.sums = torch.empty_like(self.activations)  # gradients on what the gates are made of
        self.candidate, self.write, self.keep, self.show = (part.unbind(0) for part in torch.split(self.activations, width, 2))
        self.sigmoids = self.activations[:, :, width:].unbind(0)
        self.state = self.joined[:, :, :width].unbind(0)
        self.cell, self.cell_tanh = self.cells.unbind(0), self.cell_tanhs.unbind(0)
        by_gate = (steps, replicas, 4, width, batch)
        self.to_cell = self.sums.view(by_gate)[:, :, :3].unbind(0)
        self.to_output = self.sums[:, :, 3 * width :].unbind(0)
        self.cell_factor = self.factors.view(by_gate)[:, :, :3].unbind(0)
        self.output_factor = self.factors[:, :, 3 * width :].unbind(0)
        # A batch of one is multiplied as a row and not as a column: the library that multiplies
        # small matrices is up to seven times faster on it.
        if batch == 1:
            self.read = self.joined.view(steps + 1, replicas, 1, columns).unbind(0)
            self.gate_sum = self.activations.view(steps, replicas, 1, rows).unbind(0)
            self.sum = self.sums.view(steps, replicas, 1, rows).unbind(0)
        else:
            self.read, self.gate_sum = self.joined.unbind(0), self.activations.unbind(0)
            self.sum = self.sums.unbind(0)

    def check(self, generation: int) -> None:
        """Raise `RuntimeError` if a later pass has overwritten what that one left."""
        if self.generation != generation:
            raise RuntimeError("the gradient was asked for after a later pass over other inputs")

    def fits(self, like: Tensor, steps: int, batch: int) -> bool:
        """Whether a pass over (`steps`, `batch`) finds room in it."""
        mine = self.activations
        return (
            self.batch == batch
            and self.steps >= steps
            and mine.shape[1:3] == like.shape[:2]
            and mine.dtype == like.dtype
            and mine.device == like.device
        )


class _Workspaces:
    """Keeps a workspace at rest. A backward pass brings it back, the next forward pass takes it."""

    def __init__(self) -> None:
        self._free: _Workspace | None = None

    def take(self, like: Tensor, steps: int, batch: int) -> _Workspace:
        """The workspace at rest, or a new one where that does not fit or there is none."""
        found, self._free = self._free, None
        if found is None or not found.fits(like, steps, batch):
            found = _Workspace(like, steps, batch)
        found.generation += 1
        return found

    def give_back(self, workspace: _Workspace) -> None:
        """Let the next forward pass have it."""
        self._free = workspace


def _run(gates: Tensor, inputs: Tensor, work: _Workspace) -> Tensor:
    """Take an LSTM (Hochreiter & Schmidhuber 1997, with Gers' forget gate) over time.

    With g the candidate, i, f, o the gates and c, h cell and state of a step:
    c = f·c₋₁ + i·g and h = o·tanh c.

    Args:
        gates: (R, 4·H, H + F + 2).
        inputs: (T, R, F, B).
        work: where everything lands that a pass back needs.

    Returns:
        The states (T, R, H, B), a view of the workspace.
    """
    steps, _, _, batch = inputs.shape
    width = gates.shape[1] // 4
    work.joined[:steps, :, width:-2] = inputs
    right = gates.transpose(1, 2).contiguous() if batch == 1 else gates
    state, cell, cell_tanh = work.state, work.cell, work.cell_tanh
    for step in range(steps):
        if batch == 1:
            torch.bmm(work.read[step], right, out=work.gate_sum[step])
        else:
            torch.bmm(right, work.read[step], out=work.gate_sum[step])
        work.candidate[step].tanh_()
        work.sigmoids[step].sigmoid_()
        torch.mul(work.write[step], work.candidate[step], out=cell[step])
        if step:
            cell[step].addcmul_(work.keep[step], cell[step - 1])
        torch.tanh(cell[step], out=cell_tanh[step])
        torch.mul(work.show[step], cell_tanh[step], out=state[step + 1])
    return work.joined[1 : steps + 1, :, :width]


def _run_back(gates: Tensor, from_above: Sequence[Tensor | None], work: _Workspace) -> Tensor:
    """The gradient on `gates` after `_run`.

    With D the gradient of the loss on what it is put before: Dc = Dh·o·(1 − tanh² c) + f₊₁·Dc₊₁,
    and on the gates' sums Dg = Dc·i·(1 − g²), Di = Dc·g·i(1 − i), Df = Dc·c₋₁·f(1 − f),
    Do = Dh·tanh c·o(1 − o). All factors of Dc and Dh are known before the walk back begins.

    Args:
        gates: (R, 4·H, H + F + 2).
        from_above: for each of the T steps the gradient (R, H, B) that reaches its state from the
            readout, or None; the last has one.
        work: as `_run` left it.
    """
    steps, batch = len(from_above), work.batch
    replicas, rows, columns = gates.shape
    width = rows // 4
    through = _fill_factors(work, steps).unbind(0)
    recurrent = gates[:, :, :width]
    if batch > 1:
        recurrent = recurrent.transpose(1, 2)
    state = from_above[-1]
    assert state is not None
    cell = state * through[-1]
    for step in range(steps - 1, -1, -1):
        torch.mul(cell.unsqueeze(1), work.cell_factor[step], out=work.to_cell[step])
        torch.mul(state, work.output_factor[step], out=work.to_output[step])
        if step == 0:
            break
        left, right = (work.sum[step], recurrent) if batch == 1 else (recurrent, work.sum[step])
        above = from_above[step - 1]
        if above is None:
            state = torch.bmm(left, right)
        elif batch == 1:
            state = torch.baddbmm(above.view(replicas, 1, width), left, right)
        else:
            state = torch.baddbmm(above, left, right)
        if batch == 1:
            state = state.view(replicas, width, 1)
        cell = torch.addcmul(cell * work.keep[step], state, through[step - 1])
    sums = work.sums[:steps].permute(1, 2, 0, 3).reshape(replicas, rows, steps * batch)
    read = work.joined[:steps].permute(1, 0, 3, 2).reshape(replicas, steps * batch, columns)
    return torch.bmm(sums, read)


class _EveryStep(torch.autograd.Function):
    """Inputs to the readout's first output after every step, with the gradient by hand."""

    @staticmethod
    def forward(context: Any, gates: Tensor, readout: Tensor, inputs: Tensor, workspaces: _Workspaces) -> Tensor:
        """Outputs (T, R, B) of `inputs` (T, R, F, B)."""
        work = workspaces.take(gates, inputs.shape[0], inputs.shape[3])
        states = _run(gates, inputs, work)
        context.save_for_backward(gates, readout)
        context.workspaces, context.work, context.states = workspaces, work, states
        context.generation = work.generation
        return (states * readout[:, 0, :-1, None]).sum(dim=2) + readout[:, 0, -1:]

    @staticmethod
    def backward(context: Any, gradient: Tensor) -> tuple[Tensor, Tensor, None, None]:
        """Gradients on gates and readout."""
        gates, readout = context.saved_tensors
        work, states = context.work, context.states
        work.check(context.generation)
        to_states = gradient.unsqueeze(2) * readout[:, 0, :-1, None]  # (T, R, H, B)
        to_readout = torch.zeros_like(readout)
        to_readout[:, 0, :-1] = (states * gradient.unsqueeze(2)).sum(dim=(0, 3))
        to_readout[:, 0, -1] = gradient.sum(dim=(0, 2))
        to_gates = _run_back(gates, to_states.unbind(0), work)
        context.workspaces.give_back(work)
        return to_gates, to_readout, None, None


class _LastStep(torch.autograd.Function):
    """Inputs to the readout after the last step, with the gradient by hand."""

    @staticmethod
    def forward(  # noqa: PLR0917 - autograd passes arguments by position
        context: Any, gates: Tensor, readout: Tensor, inputs: Tensor, lengths: Tensor | None, workspaces: _Workspaces
    ) -> Tensor:
        """Outputs (R, O, B) of `inputs` (T, R, F, B), sequences of `lengths` (R, B)."""
        work = workspaces.take(gates, inputs.shape[0], inputs.shape[3])
        states = _run(gates, inputs, work)
        if lengths is None:
            last = states[-1]
        else:
            at = (lengths - 1)[None, :, None].expand(1, -1, states.shape[2], -1)
            last = states.gather(0, at)[0]
        context.save_for_backward(gates, readout)
        context.workspaces, context.work, context.last = workspaces, work, last
        context.lengths, context.steps = lengths, len(states)
        context.generation = work.generation
        return torch.baddbmm(readout[:, :, -1:], readout[:, :, :-1], last)

    @staticmethod
    def backward(context: Any, gradient: Tensor) -> tuple[Tensor, Tensor, None, None, None]:
        """Gradients on gates and readout."""
        gates, readout = context.saved_tensors
        work, last, lengths = context.work, context.last, context.lengths
        work.check(context.generation)
        to_last = torch.bmm(readout[:, :, :-1].transpose(1, 2), gradient)  # (R, H, B)
        to_readout = torch.empty_like(readout)
        to_readout[:, :, :-1] = torch.bmm(gradient, last.transpose(1, 2))
        to_readout[:, :, -1] = gradient.sum(dim=2)
        from_above: list[Tensor | None]
        if lengths is None:
            from_above = [None] * (context.steps - 1) + [to_last]
        else:
            ends = [(lengths == step)[:, None] for step in range(1, context.steps + 1)]
            from_above = [to_last * end for end in ends]
        to_gates = _run_back(gates, from_above, work)
        context.workspaces.give_back(work)
        return to_gates, to_readout, None, None, None


def _fill_factors(work: _Workspace, steps: int) -> Tensor:
    """Work out what the gradients on cell and output are multiplied by, at every step.

    Fills `work.factors` (T, R, 4·H, B), which lead to the sums of g, i, f (from the cell) and o
    (from the output).

    Returns:
        (T, R, H, B), which leads from the output to the cell.
    """
    activations, cells, tanhs = (tensor[:steps] for tensor in (work.activations, work.cells, work.cell_tanhs))
    factors = work.factors[:steps]
    width = cells.shape[2]
    candidates, writes, _, shows = torch.split(activations, width, 2)
    sigmoids = activations[:, :, width:]
    torch.addcmul(sigmoids, sigmoids, sigmoids, value=-1, out=factors[:, :, width:])
    to_candidate, to_write, to_keep, to_show = torch.split(factors, width, 2)
    to_write.mul_(candidates)
    to_keep[0] = 0  # there is no cell before the first step
    to_keep[1:].mul_(cells[:-1])
    to_show.mul_(tanhs)
    torch.addcmul(writes, writes * candidates, candidates, value=-1, out=to_candidate)
    return torch.addcmul(shows, shows * tanhs, tanhs, value=-1)
