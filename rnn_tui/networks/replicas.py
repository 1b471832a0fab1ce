"""Many small networks trained side by side, each with weights of its own.

A network of ten units keeps no processor busy: nearly all of a step is the overhead of calling each
operation. So R replicas run through the same operations, with a leading dimension R on every
tensor, and R seeds take little longer than one.

Replicas of different hidden sizes share one tensor. A unit that a smaller replica lacks has zero
weights everywhere: its state stays exactly zero, and so do all its gradients.

Comments give shapes: R replicas, T time steps, B sequences, F input features, H units of the
largest replica, G blocks of H rows, O outputs. The batch comes last, since there is most to
vectorise over.

The backward pass of LSTMs over time is written by hand (`_run_back` has its equations): all that
does not depend on the later steps is computed for the whole sequence at once, and five operations a
time step are left.
"""

from collections.abc import Iterator, Sequence
from pkgutil import resolve_name
from typing import Any, cast

import torch
from torch import Tensor, nn

from rnn_tui.networks.cell import Cell
from rnn_tui.networks.layers import TORCH


def replicas_of(cell: Cell, hidden_sizes: Sequence[int], features: int, outputs: int) -> "Replicas":
    """Make a set of networks of a cell, of the class that the cell names, with weights of zero."""
    kind = resolve_name(cell.replica_class)
    return cast("Replicas", kind(cell, hidden_sizes, features, outputs))


class Replicas(nn.Module):
    """R one-layer networks of a cell with a linear readout each, with PyTorch's own gradient.

    The weights are zero at first: see `set_replica`.

    Args:
        cell: the kind of all of them.
        hidden_sizes: units of each of the R replicas.
        features: F of the input.
        outputs: O of the readout.
    """

    def __init__(
        self, cell: Cell, hidden_sizes: Sequence[int], features: int, outputs: int
    ) -> None:
        super().__init__()
        self.cell = cell
        self.hidden_sizes = tuple(hidden_sizes)
        self.features = features
        self.hidden_size = max(hidden_sizes)
        replicas, width = len(hidden_sizes), self.hidden_size
        self.columns = cell.replica_columns(features, width)
        #: (R, G·H, columns), everything that the gates are made of: the columns are recurrent
        #: weights, input weights and PyTorch's two biases (input's, state's), as `self.columns`
        #: says; the rows are blocks in the order of `Cell.replica_rows`.
        self.gates = nn.Parameter(torch.zeros(replicas, cell.blocks * width, self.columns.count))
        #: (R, O, H + 1), the bias in the last column.
        self.readout = nn.Parameter(torch.zeros(replicas, outputs, width + 1))
        self.register_load_state_dict_pre_hook(_drop_lacking)  # type: ignore[no-untyped-call]

    def forward(self, inputs: Tensor) -> Tensor:
        """Return the readout's first output (T, R, B) after each step of `inputs` (T, R, F, B).

        Inputs may have any type, such as bytes.
        """
        return self.at_every_step(inputs)[:, :, 0]

    def at_every_step(self, inputs: Tensor) -> Tensor:
        """Return the readout (T, R, O, B) after each step of `inputs` (T, R, F, B)."""
        return _read_out(self.readout, torch.stack([*self.steps(inputs)]))

    def at_end(self, inputs: Tensor, lengths: Tensor | None = None) -> Tensor:
        """Return the readout (R, O, B) at each sequence's end.

        Args:
            inputs: (T, R, F, B), zero after the end of a sequence.
            lengths: (R, B) of the sequences; None if all have T steps.
        """
        states = [*self.steps(inputs)]
        if lengths is None:
            return self.logits(states[-1])
        last_steps = (lengths - 1)[None, :, None].expand(1, -1, self.hidden_size, -1)
        return self.logits(torch.stack(states).gather(0, last_steps)[0])

    def logits(self, states: Tensor) -> Tensor:
        """Return the readout (R, O, B) of states (R, H, B)."""
        return torch.baddbmm(self.readout[:, :, -1:], self.readout[:, :, :-1], states)

    def steps(self, inputs: Tensor) -> Iterator[Tensor]:
        """Yield the states (R, H, B) after each step of `inputs` (T, R, F, B), keeping none.

        Only for use without gradients.
        """
        columns = self.columns
        of_input = self.gates[:, :, columns.input]  # (R, G·H, F)
        of_state = self.gates[:, :, columns.state]  # (R, G·H, H)
        input_bias = self.gates[:, :, columns.input_bias, None]  # (R, G·H, 1)
        replicas, batch = inputs.shape[1], inputs.shape[3]
        last = self.cell.start(self.gates.new_zeros(replicas, self.hidden_size, batch))
        for at_step in inputs:
            read = torch.baddbmm(input_bias, of_input, at_step.to(self.gates.dtype))  # (R, G·H, B)
            recurrent = None
            if columns.state_bias is not None:
                state_bias = self.gates[:, :, columns.state_bias, None]  # (R, G·H, 1)
                recurrent = torch.baddbmm(state_bias, of_state, last.state)  # (R, G·H, B)
            last = self.cell.step_of_sums(TORCH, read, recurrent, last)
            yield last.state

    def layer_gradients(self) -> dict[str, list[Tensor]]:
        """Return the last gradients (R, …) of input, recurrent and readout weights, with biases."""
        gates, readout = self.gates.grad, self.readout.grad
        if gates is None or readout is None:
            return {}
        columns = self.columns
        by_layer = {"input": [gates[:, :, columns.input], gates[:, :, columns.input_bias]]}
        if columns.state_bias is not None:
            by_layer["recurrent"] = [gates[:, :, columns.state], gates[:, :, columns.state_bias]]
        by_layer["readout"] = [readout]
        return by_layer

    @torch.no_grad()
    def set_replica(self, replica: int, recurrent: nn.Module, readout: nn.Linear) -> None:
        """Take over an ordinary network of the replica's size: one layer, its weights called as
        `nn.LSTM`'s, and a readout.
        """
        size, columns = self.hidden_sizes[replica], self.columns
        gates = self.gates[replica].view(self.cell.blocks, self.hidden_size, -1)  # (G, H, columns)
        weights = dict(recurrent.named_parameters())
        rows = self.cell.rows_to_pytorch
        gates[rows, :size, columns.input] = weights["weight_ih_l0"].view(-1, size, self.features)
        gates[rows, :size, columns.input_bias] = weights["bias_ih_l0"].view(-1, size)
        if columns.state_bias is not None:
            gates[rows, :size, :size] = weights["weight_hh_l0"].view(-1, size, size)
            gates[rows, :size, columns.state_bias] = weights["bias_hh_l0"].view(-1, size)
        self.readout[replica, :, :size] = readout.weight
        self.readout[replica, :, -1] = readout.bias


def _read_out(readout: Tensor, states: Tensor) -> Tensor:
    """Return the readout (T, R, O, B), of weights (R, O, H + 1), of states (T, R, H, B)."""
    weight, bias = readout[:, :, :-1], readout[:, :, -1:]
    if readout.shape[1] == 1:  # a tenth of an LSTM's step is saved by no product of matrices
        return (states * weight.transpose(1, 2)).sum(dim=2, keepdim=True) + bias
    return torch.matmul(weight, states) + bias


def _drop_lacking(
    network: Replicas, weights: dict[str, Any], prefix: str, *_context: object
) -> None:
    """Take the recurrent weights that earlier versions kept from those of a cell that has none."""
    gates = weights.get(f"{prefix}gates")
    if gates is not None:
        columns = network.cell.columns_in_use(gates.shape[2], network.features, network.hidden_size)
        weights[f"{prefix}gates"] = gates[:, :, columns]


class ReplicaLSTM(Replicas):
    """R one-layer LSTMs with a linear readout each; the rows of `gates` are g, i, f, o."""

    def __init__(
        self, cell: Cell, hidden_sizes: Sequence[int], features: int, outputs: int
    ) -> None:
        super().__init__(cell, hidden_sizes, features, outputs)
        #: a workspace at rest or none: a backward pass brings it back, the next forward pass takes
        #: it.
        self._free: list[_Workspace] = []

    def at_every_step(self, inputs: Tensor) -> Tensor:
        """Return what `Replicas.at_every_step` does: (T, R, O, B) of `inputs` (T, R, F, B)."""
        return self._outputs(inputs, False, None)

    def at_end(self, inputs: Tensor, lengths: Tensor | None = None) -> Tensor:
        """Return what `Replicas.at_end` does.

        (R, O, B) of `inputs` (T, R, F, B) and `lengths` (R, B).
        """
        return self._outputs(inputs, True, lengths)

    def _outputs(self, inputs: Tensor, at_end: bool, lengths: Tensor | None) -> Tensor:
        outputs: Tensor = _Pass.apply(  # type: ignore[no-untyped-call]
            self.gates, self.readout, inputs, self._free, at_end, lengths
        )
        return outputs

    @torch.no_grad()
    def steps(self, inputs: Tensor) -> Iterator[Tensor]:
        """Yield what `Replicas.steps` does: (R, H, B) after each step of `inputs` (T, R, F, B)."""
        width = self.hidden_size
        replicas, _, columns = self.gates.shape
        # What the gates' weights are multiplied by: states, inputs, ones.
        joined = self.gates.new_zeros(replicas, columns, inputs.shape[3])  # (R, H + F + 2, B)
        joined[:, -2:] = 1
        cell = joined[:, :width].clone()  # (R, H, B)
        for at_step in inputs:
            joined[:, width:-2] = at_step
            activations = torch.bmm(self.gates, joined)  # (R, 4·H, B)
            activations[:, :width].tanh_()
            activations[:, width:].sigmoid_()
            candidate, write, keep, show = torch.split(activations, width, 1)  # (R, H, B) each
            cell = (keep * cell).addcmul_(write, candidate)
            joined[:, :width] = show * torch.tanh(cell)
            yield joined[:, :width]


class _Workspace:
    """The tensors that one pass over a batch fills, with their views of every time step.

    Made anew at every training step, they and their few hundred views would cost a third of it.

    Args:
        gates: weights (R, 4·H, H + F + 2) like those that the pass will have.
        steps: time steps T, at most.
        batch: sequences B.
    """

    def __init__(self, gates: Tensor, steps: int, batch: int) -> None:
        replicas, rows, columns = gates.shape
        width = rows // 4
        self.steps = steps
        self.batch = batch
        self.generation = 0  #: how many passes have used it.
        self._made_for = (batch, gates.shape, gates.dtype, gates.device)
        self._make_tensors(gates, replicas, rows, columns)
        self._make_views(replicas, width)

    def fits(self, gates: Tensor, steps: int, batch: int) -> bool:
        """Return whether a pass over so many steps and sequences can use it."""
        wanted = (batch, gates.shape, gates.dtype, gates.device)
        return self.steps >= steps and self._made_for == wanted

    def _make_tensors(self, gates: Tensor, replicas: int, rows: int, columns: int) -> None:
        width, steps, batch = rows // 4, self.steps, self.batch
        #: what the gates' weights are multiplied by: states, inputs, ones.
        self.joined = gates.new_zeros(steps + 1, replicas, columns, batch)
        self.joined[:, :, -2:] = 1
        #: (T, R, 4·H, B): g, i, f, o.
        self.activations = gates.new_empty(steps, replicas, rows, batch)
        self.cells = gates.new_empty(steps, replicas, width, batch)  #: c.
        self.cell_tanhs = torch.empty_like(self.cells)  #: tanh c.
        #: (T, R, 4·H, B): what Dc (for g, i, f) and Dh (for o) are multiplied by.
        self.factors = torch.empty_like(self.activations)
        #: (T, R, 4·H, B): the gradients on the sums that the gates are made of.
        self.sums = torch.empty_like(self.activations)

    def _make_views(self, replicas: int, width: int) -> None:
        """Make a view of each of the T steps."""
        self.candidate, self.write, self.keep, self.show = (
            gate.unbind(0)
            for gate in torch.split(self.activations, width, 2)  # (R, H, B)
        )
        self.sigmoids = self.activations[:, :, width:].unbind(0)  # (R, 3·H, B)
        self.state = self.joined[:, :, :width].unbind(0)  # (R, H, B)
        self.cell = self.cells.unbind(0)  # (R, H, B)
        self.cell_tanh = self.cell_tanhs.unbind(0)  # (R, H, B)
        by_gate = (self.steps, replicas, 4, width, self.batch)
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


def _run(gates: Tensor, inputs: Tensor, work: _Workspace) -> Tensor:
    """Take an LSTM (Hochreiter & Schmidhuber 1997, with Gers' forget gate) over time.

    With g the candidate, i, f, o the gates and c, h cell and state of a step:

        c = f·c₋₁ + i·g
        h = o·tanh c

    Args:
        gates: weights (R, 4·H, H + F + 2), whose rows are g, i, f, o.
        inputs: (T, R, F, B).
        work: gets all that a pass back needs.

    Returns:
        The states h (T, R, H, B), a view of the workspace.
    """
    steps, _, _, batch = inputs.shape
    width = gates.shape[1] // 4
    work.joined[:steps, :, width:-2] = inputs
    weights = gates.transpose(1, 2).contiguous() if batch == 1 else gates
    state, cell, cell_tanh = work.state, work.cell, work.cell_tanh
    for step in range(steps):
        if batch == 1:
            torch.bmm(work.read[step], weights, out=work.gate_sum[step])  # (R, 1, 4·H)
        else:
            torch.bmm(weights, work.read[step], out=work.gate_sum[step])  # (R, 4·H, B)
        work.candidate[step].tanh_()
        work.sigmoids[step].sigmoid_()
        torch.mul(work.write[step], work.candidate[step], out=cell[step])
        if step:
            cell[step].addcmul_(work.keep[step], cell[step - 1])
        torch.tanh(cell[step], out=cell_tanh[step])
        torch.mul(work.show[step], cell_tanh[step], out=state[step + 1])
    return work.joined[1 : steps + 1, :, :width]


def _run_back(gates: Tensor, from_above: Sequence[Tensor | None], work: _Workspace) -> Tensor:
    """Return the gradient on `gates` (R, 4·H, H + F + 2) after `_run`.

    With D the gradient of the loss on what it is put before, U the recurrent weights, Ds the
    gradients on all four sums of a step, and Ds₊₁ and Dc₊₁, f₊₁ those of the step after:

        Dh = Uᵀ·Ds₊₁ + what comes from above
        Dc = Dh·o·(1 − tanh² c) + f₊₁·Dc₊₁

    and on the sums of which the gates are made

        Dg = Dc·i·(1 − g²)
        Di = Dc·g·i·(1 − i)
        Df = Dc·c₋₁·f·(1 − f)
        Do = Dh·tanh c·o·(1 − o)

    All factors of Dc and Dh are known before the walk back begins (`_fill_factors`).

    Args:
        gates: the weights.
        from_above: for each of the T steps the readout's gradient (R, H, B) on its state, or None;
            the last has one.
        work: as `_run` left it.
    """
    steps, batch = len(from_above), work.batch
    replicas, _, _ = gates.shape
    width = gates.shape[1] // 4
    through = _fill_factors(work, steps).unbind(0)  # (R, H, B) each: o·(1 − tanh² c)
    recurrent = gates[:, :, :width]  # (R, 4·H, H): U
    if batch > 1:
        recurrent = recurrent.transpose(1, 2)
    state = from_above[-1]  # (R, H, B): Dh
    assert state is not None
    cell = state * through[-1]  # (R, H, B): Dc
    for step in range(steps - 1, -1, -1):
        torch.mul(cell.unsqueeze(1), work.cell_factor[step], out=work.to_cell[step])
        torch.mul(state, work.output_factor[step], out=work.to_output[step])
        if step == 0:
            break
        above = from_above[step - 1]
        if batch == 1:
            row = None if above is None else above.view(replicas, 1, width)
            state = _product_and_sum(work.sum[step], recurrent, row)  # (R, 1, H)
            state = state.view(replicas, width, 1)
        else:
            state = _product_and_sum(recurrent, work.sum[step], above)  # (R, H, B)
        cell = torch.addcmul(cell * work.keep[step], state, through[step - 1])
    return _gradient_on_gates(gates, steps, work)


def _product_and_sum(left: Tensor, right: Tensor, addend: Tensor | None) -> Tensor:
    """Return `left` @ `right`, of each replica, plus the addend if there is one."""
    return torch.bmm(left, right) if addend is None else torch.baddbmm(addend, left, right)


def _gradient_on_gates(gates: Tensor, steps: int, work: _Workspace) -> Tensor:
    """Return the gates' gradient from those of each step's sums.

    It is Σ Ds·[h₋₁ x 1 1]ᵀ over steps and sequences.
    """
    replicas, rows, columns = gates.shape
    if work.batch > 1:  # step by step, where all lies as it is read
        sums = work.sums[:steps].flatten(0, 1)  # (T·R, 4·H, B)
        read = work.joined[:steps].flatten(0, 1)  # (T·R, H + F + 2, B)
        products = torch.bmm(sums, read.transpose(1, 2))  # (T·R, 4·H, H + F + 2)
        return products.view(steps, replicas, rows, columns).sum(0)
    sums = work.sums[:steps].permute(1, 2, 0, 3).reshape(replicas, rows, steps)
    read = work.joined[:steps].permute(1, 0, 3, 2).reshape(replicas, steps, columns)
    return torch.bmm(sums, read)


def _fill_factors(work: _Workspace, steps: int) -> Tensor:
    """Work out what Dc and Dh of `_run_back` are multiplied by, at every step.

    Fills `work.factors` (T, R, 4·H, B): i·(1 − g²), g·i·(1 − i) and c₋₁·f·(1 − f), which lead from
    the cell to the sums of g, i, f; and tanh c·o·(1 − o), which leads from the state to that of o.

    Returns:
        o·(1 − tanh² c) (T, R, H, B), which leads from the state to the cell.
    """
    activations, cells, tanhs = (
        work.activations[:steps],
        work.cells[:steps],
        work.cell_tanhs[:steps],
    )
    factors, width = work.factors[:steps], cells.shape[2]
    candidates, writes, _, shows = activations.chunk(4, 2)  # (T, R, H, B) each
    sigmoids = activations[:, :, width:]  # (T, R, 3·H, B)
    torch.addcmul(sigmoids, sigmoids, sigmoids, value=-1, out=factors[:, :, width:])  # σ·(1 − σ)
    to_candidate, to_write, to_keep, to_show = factors.chunk(4, 2)
    to_write.mul_(candidates)
    to_keep[0] = 0  # there is no cell before the first step
    to_keep[1:].mul_(cells[:-1])
    to_show.mul_(tanhs)
    torch.addcmul(writes, writes * candidates, candidates, value=-1, out=to_candidate)
    return torch.addcmul(shows, shows * tanhs, tanhs, value=-1)


class _Pass(torch.autograd.Function):
    """Inputs to the readout, with the gradient by hand."""

    @staticmethod
    def forward(  # noqa: PLR0917 - autograd passes arguments by position
        context: Any,
        gates: Tensor,
        readout: Tensor,
        inputs: Tensor,
        free: list[_Workspace],
        at_end: bool,
        lengths: Tensor | None,
    ) -> Tensor:
        """Return the readout of `inputs`.

        Args:
            context: keeps what `backward` needs.
            gates: weights (R, 4·H, H + F + 2).
            readout: weights (R, O, H + 1).
            inputs: (T, R, F, B).
            free: a workspace at rest, or none.
            at_end: whether the sequences' ends are read out, in place of every step.
            lengths: (R, B), where the ends are; None if that is the last step.

        Returns:
            (R, O, B) at the end, else (T, R, O, B) at each step.
        """
        steps, _, _, batch = inputs.shape
        work = free.pop() if free else None
        if work is None or not work.fits(gates, steps, batch):
            work = _Workspace(gates, steps, batch)
        work.generation += 1
        states = _run(gates, inputs, work)  # (T, R, H, B)
        read = states
        if at_end and lengths is None:
            read = states[-1]  # (R, H, B)
        elif lengths is not None:
            last_steps = (lengths - 1)[None, :, None].expand(1, -1, states.shape[2], -1)
            read = states.gather(0, last_steps)[0]  # (R, H, B)
        context.save_for_backward(gates, readout)
        context.free = free
        context.work = work
        context.generation = work.generation
        context.read = read
        context.lengths = lengths
        context.steps = len(states)
        if at_end:
            return torch.baddbmm(readout[:, :, -1:], readout[:, :, :-1], read)
        return _read_out(readout, read)

    @staticmethod
    def backward(context: Any, gradient: Tensor) -> tuple[Tensor, Tensor, None, None, None, None]:
        """Return the gradients on gates and readout from that on the outputs."""
        gates, readout = context.saved_tensors
        work = context.work
        if work.generation != context.generation:
            raise RuntimeError("the gradient was asked for after a later pass over other inputs")
        from_above: Sequence[Tensor | None]
        if context.read.dim() == 4:
            from_above, to_readout = _from_every_step(context.read, readout, gradient)
        else:
            from_above, to_readout = _from_end(context, readout, gradient)
        to_gates = _run_back(gates, from_above, work)
        context.free[:] = [work]  # the next forward pass may have it
        return to_gates, to_readout, None, None, None, None


def _from_every_step(
    states: Tensor, readout: Tensor, gradient: Tensor
) -> tuple[Sequence[Tensor], Tensor]:
    """Return the gradients on the T states (R, H, B) and on the readout (R, O, H + 1).

    They follow from that on the outputs at each step (T, R, O, B).
    """
    weight = readout[:, :, :-1].transpose(1, 2)  # (R, H, O)
    if readout.shape[1] == 1:
        to_states = gradient * weight  # (T, R, H, B)
        to_weight = (states * gradient).sum(dim=(0, 3))[:, None]  # (R, 1, H)
    else:
        to_states = torch.matmul(weight, gradient)  # (T, R, H, B)
        to_weight = torch.matmul(gradient, states.transpose(2, 3)).sum(dim=0)  # (R, O, H)
    to_bias = gradient.sum(dim=(0, 3))  # (R, O)
    to_readout = torch.cat((to_weight, to_bias[:, :, None]), 2)
    return to_states.unbind(0), to_readout


def _from_end(
    context: Any, readout: Tensor, gradient: Tensor
) -> tuple[Sequence[Tensor | None], Tensor]:
    """Return the gradients on the T states, (R, H, B) or None, and on the readout (R, O, H + 1).

    They follow from that on the outputs at the sequences' ends (R, O, B).
    """
    to_end = torch.bmm(readout[:, :, :-1].transpose(1, 2), gradient)  # (R, H, B)
    to_weight = torch.bmm(gradient, context.read.transpose(1, 2))  # (R, O, H)
    to_readout = torch.cat((to_weight, gradient.sum(dim=2, keepdim=True)), 2)
    steps, lengths = context.steps, context.lengths
    if lengths is None:
        return [None] * (steps - 1) + [to_end], to_readout
    return [to_end * (lengths == step)[:, None] for step in range(1, steps + 1)], to_readout
