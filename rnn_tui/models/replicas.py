"""Many small LSTMs trained side by side, each with weights of its own.

A network of ten units keeps no processor busy: nearly all of a step is the overhead of calling
each operation. So R replicas run through the same operations, with a leading dimension R on every
tensor, and R seeds take little longer than one. For the same reason the backward pass over time is
written by hand: all that does not depend on the later steps is computed for the whole sequence at
once, and five operations a time step are left.

Replicas of different hidden sizes share one tensor. A unit that a smaller replica lacks has zero
weights everywhere: its cell and output stay exactly zero, and so do all its gradients.

Comments give shapes: R replicas, T time steps, B samples, F input features, H units of the largest
replica, O outputs. The batch comes last, where there is most to vectorise over.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import torch
from torch import Tensor, nn

# Rows of the gate weights: the cell's candidate g, then the gates i, f and o, so that the three
# that go through a sigmoid lie together in the forward pass, and the three that the cell's
# gradient reaches in the backward pass. PyTorch's own order is i, f, g, o.
_ROWS_FROM_PYTORCH = (2, 0, 1, 3)
_ROWS_TO_PYTORCH = (1, 2, 0, 3)


class ReplicaLSTM(nn.Module):
    """R one-layer LSTMs with a linear readout each.

    The weights hold no values yet: see `set_replica`.

    Attributes:
        gates: (R, 4·H, H + F + 2), everything that the gates are made of: the columns are recurrent
            weights, input weights and PyTorch's two biases, the rows g, i, f, o.
        readout: (R, O, H + 1), the bias in the last column.
    """

    def __init__(self, hidden_sizes: Sequence[int], features: int, outputs: int) -> None:
        super().__init__()
        self.hidden_sizes, self.features = tuple(hidden_sizes), features
        self.hidden_size = max(hidden_sizes)
        replicas, width = len(hidden_sizes), self.hidden_size
        self.gates = nn.Parameter(torch.zeros(replicas, 4 * width, width + features + 2))
        self.readout = nn.Parameter(torch.zeros(replicas, outputs, width + 1))

    def forward(self, inputs: Tensor) -> Tensor:
        """States (T, R, H, B) after each step of `inputs` (T, R, F, B), from zero states.

        Inputs may be of any type, such as bytes; they become that of the weights.
        """
        states: Tensor = _Recurrence.apply(self.gates, inputs)  # type: ignore[no-untyped-call]
        return states

    def logits(self, states: Tensor) -> Tensor:
        """The readout (R, O, B) of states (R, H, B)."""
        weight, bias = self.readout[:, :, :-1], self.readout[:, :, -1:]
        return torch.baddbmm(bias, weight, states)

    def logits_at_every_step(self, states: Tensor) -> Tensor:
        """The readout's first output (T, R, B) of states (T, R, H, B)."""
        weight, bias = self.readout[:, 0, :-1, None], self.readout[:, 0, -1:]
        return (states * weight).sum(dim=2) + bias

    @torch.no_grad()
    def steps(self, inputs: Tensor) -> Iterator[Tensor]:
        """The states (R, H, B) after each step of `inputs` (T, R, F, B), keeping none.

        For answers over thousands of steps, where `forward` would keep all that a backward pass
        needs.
        """
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

    @torch.no_grad()
    def set_replica(self, replica: int, recurrent: nn.LSTM, readout: nn.Linear) -> None:
        """Take over the weights of an ordinary network of the replica's hidden size."""
        size, width = self.hidden_sizes[replica], self.hidden_size
        gates = self.gates[replica].view(4, width, -1)  # (4, H, H + F + 2)
        weights = dict(recurrent.named_parameters())
        for mine, theirs in enumerate(_ROWS_FROM_PYTORCH):
            rows = slice(theirs * size, (theirs + 1) * size)
            gates[mine, :size, :size] = weights["weight_hh_l0"][rows]
            gates[mine, :size, width:-2] = weights["weight_ih_l0"][rows]
            gates[mine, :size, -2] = weights["bias_ih_l0"][rows]
            gates[mine, :size, -1] = weights["bias_hh_l0"][rows]
        self.readout[replica, :, :size] = readout.weight
        self.readout[replica, :, -1] = readout.bias


def pytorch_weights(weights: Mapping[str, Tensor], replica: int, size: int) -> dict[str, Tensor]:
    """One replica's weights under the names of `nn.LSTM` and `nn.Linear`.

    Args:
        weights: `gates` and `readout` of a `ReplicaLSTM`.
        replica: its index.
        size: its hidden size.

    Returns:
        `recurrent.weight_ih_l0` (4·H, F), …, `readout.weight` (O, H), `readout.bias` (O,).
    """
    width = weights["readout"].shape[2] - 1
    gates = weights["gates"][replica].view(4, width, -1)[list(_ROWS_TO_PYTORCH), :size]
    readout = weights["readout"][replica]
    rows = gates.reshape(4 * size, -1)
    return {
        "recurrent.weight_ih_l0": rows[:, width:-2].clone(),
        "recurrent.weight_hh_l0": rows[:, :size].clone(),
        "recurrent.bias_ih_l0": rows[:, -2].clone(),
        "recurrent.bias_hh_l0": rows[:, -1].clone(),
        "readout.weight": readout[:, :size].clone(),
        "readout.bias": readout[:, -1].clone(),
    }


class _Recurrence(torch.autograd.Function):
    """An LSTM over time (Hochreiter & Schmidhuber 1997, with Gers' forget gate), by hand.

    With g the candidate, i, f, o the gates and c, h cell and output of a step:
    c = f·c₋₁ + i·g and h = o·tanh c. Backward, with D the gradient of the loss on what it is put
    before: Dc = Dh·o·(1 − tanh² c) + f₊₁·Dc₊₁, and on the gates' sums Dg = Dc·i·(1 − g²),
    Di = Dc·g·i(1 − i), Df = Dc·c₋₁·f(1 − f), Do = Dh·tanh c·o(1 − o). All factors of Dc and Dh are
    known before the walk back begins.
    """

    @staticmethod
    def forward(context: Any, gates: Tensor, inputs: Tensor) -> Tensor:
        """States (T, R, H, B) of `inputs` (T, R, F, B) for `gates` (R, 4·H, H + F + 2)."""
        steps, replicas, _, batch = inputs.shape
        rows, columns = gates.shape[1:]
        width = rows // 4
        joined = gates.new_empty(steps + 1, replicas, columns, batch)
        joined[0, :, :width] = 0
        joined[:steps, :, width:-2] = inputs
        joined[:steps, :, -2:] = 1
        activations = gates.new_empty(steps, replicas, rows, batch)
        cells = gates.new_empty(steps, replicas, width, batch)
        cell_tanhs = torch.empty_like(cells)
        # Views of every step at once: cutting them one by one in Python would cost more than the
        # arithmetic on them.
        candidates, writes, keeps, shows = (
            part.unbind(0) for part in torch.split(activations, width, 2)
        )
        sigmoids = activations[:, :, width:].unbind(0)
        states = joined[:, :, :width].unbind(0)
        multiply = _multiplier(gates, joined, activations)
        cell, tanh = cells.unbind(0), cell_tanhs.unbind(0)
        for step in range(steps):
            multiply(step)
            candidates[step].tanh_()
            sigmoids[step].sigmoid_()
            torch.mul(writes[step], candidates[step], out=cell[step])
            if step:
                cell[step].addcmul_(keeps[step], cell[step - 1])
            torch.tanh(cell[step], out=tanh[step])
            torch.mul(shows[step], tanh[step], out=states[step + 1])
        context.save_for_backward(gates, joined, activations, cells, cell_tanhs)
        return joined[1:, :, :width]

    @staticmethod
    def backward(context: Any, gradient: Tensor) -> tuple[Tensor, None]:
        """The gradient on the gates' weights; there is none on the inputs."""
        gates, joined, activations, cells, cell_tanhs = context.saved_tensors
        steps, replicas, rows, batch = activations.shape
        width = rows // 4
        factors, through_cell = _factors(activations, cells, cell_tanhs)
        sums = torch.empty_like(activations)  # the gradient on the sums that the gates are made of
        to_cell = sums.view(steps, replicas, 4, width, batch)[:, :, :3].unbind(0)
        cell_factors = factors.view(steps, replicas, 4, width, batch)[:, :, :3].unbind(0)
        to_output, output_factors = (
            tensor[:, :, 3 * width :].unbind(0) for tensor in (sums, factors)
        )
        keeps = activations[:, :, 2 * width : 3 * width].unbind(0)
        through = through_cell.unbind(0)
        from_above = gradient.contiguous().unbind(0)
        back = _back_multiplier(gates, sums, from_above)
        state = from_above[-1]
        cell = state * through[-1]
        for step in range(steps - 1, -1, -1):
            torch.mul(cell.unsqueeze(1), cell_factors[step], out=to_cell[step])
            torch.mul(state, output_factors[step], out=to_output[step])
            if step:
                state = back(step)
                cell = torch.addcmul(cell * keeps[step], state, through[step - 1])
        flat = sums.permute(1, 2, 0, 3).reshape(replicas, rows, steps * batch)
        read = joined[:steps].permute(1, 0, 3, 2).reshape(replicas, steps * batch, -1)
        return torch.bmm(flat, read), None


def _factors(activations: Tensor, cells: Tensor, cell_tanhs: Tensor) -> tuple[Tensor, Tensor]:
    """What the gradients on cell and output are multiplied by, at every step.

    Returns:
        factors (T, R, 4·H, B) that lead to the sums of g, i, f (from the cell) and o (from the
        output), and (T, R, H, B) that leads from the output to the cell.
    """
    width = cells.shape[2]
    candidates, writes, _, shows = torch.split(activations, width, 2)
    factors = torch.empty_like(activations)
    sigmoids = activations[:, :, width:]
    torch.addcmul(sigmoids, sigmoids, sigmoids, value=-1, out=factors[:, :, width:])
    to_candidate, to_write, to_keep, to_show = torch.split(factors, width, 2)
    to_write.mul_(candidates)
    to_keep[0] = 0  # there is no cell before the first step
    to_keep[1:].mul_(cells[:-1])
    to_show.mul_(cell_tanhs)
    torch.addcmul(writes, writes * candidates, candidates, value=-1, out=to_candidate)
    through_cell = torch.addcmul(shows, shows * cell_tanhs, cell_tanhs, value=-1)
    return factors, through_cell


def _multiplier(gates: Tensor, joined: Tensor, activations: Tensor) -> Callable[[int], object]:
    """A function that multiplies `gates` by a step of `joined` into `activations`.

    A batch of one is a row there and not a column: the library that multiplies small matrices is
    up to seven times faster on it.
    """
    steps, replicas, rows, batch = activations.shape
    if batch > 1:
        right, sums = joined.unbind(0), activations.unbind(0)
        return lambda step: torch.bmm(gates, right[step], out=sums[step])
    transposed = gates.transpose(1, 2).contiguous()
    left = joined.view(steps + 1, replicas, 1, -1).unbind(0)
    row_sums = activations.view(steps, replicas, 1, rows).unbind(0)
    return lambda step: torch.bmm(left[step], transposed, out=row_sums[step])


def _back_multiplier(
    gates: Tensor, sums: Tensor, from_above: Sequence[Tensor]
) -> Callable[[int], Tensor]:
    """A function that carries a step's gradient on the sums to the output of the step before."""
    steps, replicas, rows, batch = sums.shape
    width = rows // 4
    recurrent = gates[:, :, :width]
    if batch > 1:
        transposed, columns = recurrent.transpose(1, 2), sums.unbind(0)
        return lambda step: torch.baddbmm(from_above[step - 1], transposed, columns[step])
    row_sums = sums.view(steps, replicas, 1, rows).unbind(0)
    return lambda step: torch.baddbmm(
        from_above[step - 1].view(replicas, 1, width), row_sums[step], recurrent
    ).view(replicas, width, 1)
