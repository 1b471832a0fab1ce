"""Backward passes over time by hand, for sets of replicas.

PyTorch's own gradient records every operation of every step and takes as long over each record as a
small network takes over its sums. A `Walk` knows the equations of its cell both ways and keeps the
tensors of a pass for the next one; the readout is the same for all cells. So 20 seeds are cheaper
than one was before. Tests compare every gradient with PyTorch's, in double precision.

Comments give shapes: R replicas, T time steps, B sequences, F input features, H units of the
largest replica, G blocks of H rows, O outputs.
"""

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from typing import Any, ClassVar

import torch
from torch import Tensor

from rnn_tui.networks.cell import Cell
from rnn_tui.networks.dense import NONE
from rnn_tui.networks.replicas import Replicas, read_out

#: values from which `tanh_` goes by way of the sigmoid: below, its four calls take longer.
MANY_VALUES = 8_192


def tanh_(values: Tensor) -> None:
    """Take the hyperbolic tangent in place: see `tanh_of`."""
    tanh_of(values, values)


def tanh_of(values: Tensor, out: Tensor) -> None:
    """Put the hyperbolic tangent of `values` into `out`.

    Many values on the CPU are computed as

        tanh x = 2·σ(2·x) − 1

    since PyTorch's sigmoid is there up to five times faster than its tanh.
    """
    if values.numel() < MANY_VALUES or not values.is_cpu:
        torch.tanh(values, out=out)
    else:
        torch.mul(values, 2, out=out)
        out.sigmoid_().mul_(2).sub_(1)


def product_and_sum(left: Tensor, right: Tensor, addend: Tensor | None) -> Tensor:
    """Return `left` @ `right`, of each replica, plus the addend if there is one."""
    return torch.bmm(left, right) if addend is None else torch.baddbmm(addend, left, right)


class Walk(ABC):
    """A cell's pass over the steps of a batch, and the pass back.

    It holds the tensors that both fill, with their views of every time step. Made anew at every
    training step, they and their few hundred views would cost a third of it.

    Args:
        gates: weights (R, G·H, H + F + 2) like those that the pass will have.
        steps: time steps T, at most.
        batch: sequences B.
    """

    blocks: ClassVar[int]  #: G, of the cell.

    def __init__(self, gates: Tensor, steps: int, batch: int) -> None:
        replicas, rows, columns = gates.shape
        self.steps = steps
        self.batch = batch
        self.width = rows // self.blocks  #: H.
        self.generation = 0  #: how many passes have used it.
        self._made_for = self._key(gates, batch)
        #: what the gates' weights are multiplied by: states, inputs, ones.
        self.joined = gates.new_zeros(steps + 1, replicas, columns, batch)
        self.joined[:, :, -2:] = 1
        self.read = self.joined.unbind(0)  #: of each step, (R, H + F + 2, B).
        self.state = self.joined[:, :, : self.width].unbind(0)  #: before each step, (R, H, B).

    @staticmethod
    def _key(gates: Tensor, batch: int) -> tuple[object, ...]:
        return batch, gates.shape, gates.dtype, gates.device

    def fits(self, gates: Tensor, steps: int, batch: int) -> bool:
        """Return whether a pass over so many steps and sequences can use it."""
        return self.steps >= steps and self._made_for == self._key(gates, batch)

    def forward(self, gates: Tensor, inputs: Tensor) -> Tensor:
        """Return the states h (T, R, H, B) after each step of `inputs` (T, R, F, B), as a view."""
        steps = len(inputs)
        self.joined[:steps, :, self.width : -2] = inputs
        self.run(gates, steps)
        return self.joined[1 : steps + 1, :, : self.width]

    def go_on(self) -> None:
        """Put what the first step left in front of it, so that `run` takes the next one."""
        self.state[0].copy_(self.state[1])

    @abstractmethod
    def run(self, gates: Tensor, steps: int) -> None:
        """Fill `state` from `read` with the cell's equations, and keep what `run_back` needs."""

    @abstractmethod
    def run_back(
        self, gates: Tensor, from_above: Sequence[Tensor | None], to_inputs: Tensor | None = None
    ) -> Tensor:
        """Return the gradient on `gates` after `run`.

        Args:
            gates: the weights.
            from_above: for each of the T steps the readout's gradient (R, H, B) on its state, or
                None; the last has one.
            to_inputs: takes the gradient (T, R, F, B) on the inputs; None if nobody asks for it.
        """


class ReplicasByHand(Replicas):
    """Replicas of a cell that has a `Walk`."""

    walk: ClassVar[type[Walk]]

    def __init__(
        self, cell: Cell, hidden_sizes: Sequence[int], features: int, outputs: int
    ) -> None:
        super().__init__(cell, hidden_sizes, features, outputs)
        #: a walk at rest or none: a backward pass brings it back, the next forward pass takes it.
        self._free: list[Walk] = []

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
            self.gates, self.readout, self.embedded(inputs), self, at_end, lengths
        )
        return outputs

    def states(self, inputs: Tensor) -> Tensor:
        """Return what `Replicas.states` does: (T, R, H, B) of `inputs` (T, R, F, B)."""
        if torch.is_grad_enabled():
            states: Tensor = _StatesPass.apply(  # type: ignore[no-untyped-call]
                self.gates, inputs, self
            )
            return states
        return torch.stack([states.clone() for states in self.steps(inputs)])

    @torch.no_grad()
    def steps(self, inputs: Tensor) -> Iterator[Tensor]:
        """Yield what `Replicas.steps` does: (R, H, B) after each step of `inputs` (T, R, F, B).

        The next step overwrites it.
        """
        walk = self.walk(self.gates, 1, inputs.shape[-1])
        for at_step in inputs:
            yield walk.forward(self.gates, self.embedded(at_step)[None])[0]
            walk.go_on()

    def take_walk(self, steps: int, batch: int) -> Walk:
        """Return a walk for so many steps and sequences, one at rest if it fits."""
        walk = self._free.pop() if self._free else None
        if walk is None or not walk.fits(self.gates, steps, batch):
            walk = self.walk(self.gates.detach(), steps, batch)
        walk.generation += 1
        return walk

    def give_back(self, walk: Walk) -> None:
        """Keep a walk for the next forward pass."""
        self._free[:] = [walk]


class _Pass(torch.autograd.Function):
    """Inputs to the readout, with the gradient by hand."""

    @staticmethod
    def forward(  # noqa: PLR0917 - autograd passes arguments by position
        context: Any,
        gates: Tensor,
        readout: Tensor,
        inputs: Tensor,
        network: ReplicasByHand,
        at_end: bool,
        lengths: Tensor | None,
    ) -> Tensor:
        """Return the readout of `inputs`.

        Args:
            context: keeps what `backward` needs.
            gates: weights (R, G·H, H + F + 2).
            readout: weights (R, O, H + 1).
            inputs: (T, R, F, B).
            network: lends its walk.
            at_end: whether the sequences' ends are read out, in place of every step.
            lengths: (R, B), where the ends are; None if that is the last step.

        Returns:
            (R, O, B) at the end, else (T, R, O, B) at each step.
        """
        walk = network.take_walk(len(inputs), inputs.shape[3])
        states = walk.forward(gates, inputs)  # (T, R, H, B)
        read = states
        if at_end and lengths is None:
            read = states[-1]  # (R, H, B)
        elif lengths is not None:
            last_steps = (lengths - 1)[None, :, None].expand(1, -1, states.shape[2], -1)
            read = states.gather(0, last_steps)[0]  # (R, H, B)
        read = network.activated(read)
        context.save_for_backward(gates, readout)
        context.network = network
        context.walk = walk
        context.generation = walk.generation
        context.read = read
        context.lengths = lengths
        context.steps = len(states)
        context.inputs_shape = inputs.shape
        if at_end:
            return torch.baddbmm(readout[:, :, -1:], readout[:, :, :-1], read)
        return read_out(readout, read)

    @staticmethod
    def backward(
        context: Any, gradient: Tensor
    ) -> tuple[Tensor, Tensor, Tensor | None, None, None, None]:
        """Return the gradients on gates, readout and inputs from that on the outputs."""
        gates, readout = context.saved_tensors
        walk = context.walk
        _require_latest(context)
        from_above: Sequence[Tensor | None]
        if context.read.dim() == 4:
            from_above, to_readout = _from_every_step(context, readout, gradient)
        else:
            from_above, to_readout = _from_end(context, readout, gradient)
        to_inputs = None
        if context.needs_input_grad[2]:
            steps, replicas, features, batch = context.inputs_shape
            to_inputs = gates.new_empty(steps, replicas, features, batch)
        to_gates = walk.run_back(gates, from_above, to_inputs)
        context.network.give_back(walk)
        return to_gates, to_readout, to_inputs, None, None, None


class _StatesPass(torch.autograd.Function):
    """Inputs to the states at every step, with the gradient by hand."""

    @staticmethod
    def forward(context: Any, gates: Tensor, inputs: Tensor, network: ReplicasByHand) -> Tensor:
        """Return the states (T, R, H, B) of `inputs` (T, R, F, B)."""
        walk = network.take_walk(len(inputs), inputs.shape[3])
        states = walk.forward(gates, inputs).clone()
        context.save_for_backward(gates)
        context.network = network
        context.walk = walk
        context.generation = walk.generation
        context.inputs_shape = inputs.shape
        return states

    @staticmethod
    def backward(context: Any, gradient: Tensor) -> tuple[Tensor, Tensor | None, None]:
        """Return the gradients on gates and inputs from that on the states (T, R, H, B)."""
        [gates] = context.saved_tensors
        walk = context.walk
        _require_latest(context)
        to_inputs = None
        if context.needs_input_grad[1]:
            to_inputs = gates.new_empty(context.inputs_shape)  # (T, R, F, B)
        to_gates = walk.run_back(gates, gradient.contiguous().unbind(0), to_inputs)
        context.network.give_back(walk)
        return to_gates, to_inputs, None


def _require_latest(context: Any) -> None:
    """Raise an error if a later pass overwrote what the walk of a pass kept."""
    if context.walk.generation != context.generation:
        raise RuntimeError("the gradient was asked for after a later pass over other inputs")


def _from_every_step(
    context: Any, readout: Tensor, gradient: Tensor
) -> tuple[Sequence[Tensor], Tensor]:
    """Return the gradients on the T states (R, H, B) and on the readout (R, O, H + 1).

    They follow from that on the outputs at each step (T, R, O, B).
    """
    read = context.read
    weight = readout[:, :, :-1].transpose(1, 2)  # (R, H, O)
    if readout.shape[1] == 1:
        to_read = gradient * weight  # (T, R, H, B)
        to_weight = (read * gradient).sum(dim=(0, 3))[:, None]  # (R, 1, H)
    else:
        to_read = torch.matmul(weight, gradient)  # (T, R, H, B)
        to_weight = torch.matmul(gradient, read.transpose(2, 3)).sum(dim=0)  # (R, O, H)
    to_bias = gradient.sum(dim=(0, 3))  # (R, O)
    to_readout = torch.cat((to_weight, to_bias[:, :, None]), 2)
    return _to_states(context, to_read).unbind(0), to_readout


def _from_end(
    context: Any, readout: Tensor, gradient: Tensor
) -> tuple[Sequence[Tensor | None], Tensor]:
    """Return the gradients on the T states, (R, H, B) or None, and on the readout (R, O, H + 1).

    They follow from that on the outputs at the sequences' ends (R, O, B).
    """
    to_read = torch.bmm(readout[:, :, :-1].transpose(1, 2), gradient)  # (R, H, B)
    to_weight = torch.bmm(gradient, context.read.transpose(1, 2))  # (R, O, H)
    to_readout = torch.cat((to_weight, gradient.sum(dim=2, keepdim=True)), 2)
    to_end = _to_states(context, to_read)
    steps, lengths = context.steps, context.lengths
    if lengths is None:
        return [None] * (steps - 1) + [to_end], to_readout
    return [to_end * (lengths == step)[:, None] for step in range(1, steps + 1)], to_readout


def _to_states(context: Any, to_read: Tensor) -> Tensor:
    """Return the gradient on states from that on what the readout took of them."""
    if context.network.state_activation == NONE:
        return to_read
    to_states: Tensor = torch.ops.aten.threshold_backward(to_read, context.read, 0)  # of a ReLU
    return to_states
