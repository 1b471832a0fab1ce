"""Recurrent layers on top of each other with a readout, each of one or two directions.

The readout is linear. Linear layers with activations may stand before the recurrent ones and behind
the readout.

Shapes: T time steps, N sequences, F features, H units of the top layer in D directions, O outputs.
"""

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from rnn_tui.networks.cell import Cell, Operations, Step
from rnn_tui.networks.dense import NONE, Dense, activated
from rnn_tui.networks.own_options import ANSWERS
from rnn_tui.networks.stepwise import NUMPY, Activations, Array, CellWeights, Change, replica_states

#: which states of the top layer the readout takes.
READOUTS = EVERY_STEP, LAST_STEP, FINAL_STATES, ALL_STATES = ANSWERS

#: returns the change while a layer, from 0, reads the steps forward or (True) backward, or None.
Changing = Callable[[int, bool], Change | None]


def unchanged(_layer: int, _backward: bool) -> None:
    """Return None: nothing is changed in any layer."""


@dataclass(frozen=True)
class Layer:
    """A recurrent layer."""

    forward: CellWeights  #: the weights that read from the first step on.
    #: the weights that read from the last step back, if there is such a direction.
    backward: CellWeights | None = None
    #: whether the backward direction reads each step alone, from a state of zero: enough for a top
    #: layer of which the last step is read out, where that direction begins.
    backward_alone: bool = field(default=False, kw_only=True)

    @property
    def looks_ahead(self) -> bool:
        """Whether what it holds at a step depends on later ones."""
        return self.backward is not None and not self.backward_alone

    @property
    def directions(self) -> tuple[CellWeights, ...]:
        """The weights of each direction, forward first."""
        return (self.forward,) if self.backward is None else (self.forward, self.backward)

    def read(
        self, steps: Array, change: Change | None = None, backward_change: Change | None = None
    ) -> list[Activations]:
        """Read steps in each direction.

        Args:
            steps: (T, N, F).
            change: what is changed while they are read forward, at each step.
            backward_change: the same while they are read backward.

        Returns:
            what each direction holds at each of the steps (T, N, H).
        """
        directions = [self.forward.run(steps, change)]
        if self.backward is not None and self.backward_alone:
            directions.append(_read_each_alone(self.backward, steps, backward_change))
        elif self.backward is not None:
            by_step = _from_last(backward_change, len(steps))
            activations = self.backward.run(steps[::-1], by_step)
            directions.append(activations.mapped(_reversed))
        return directions

    def mapped(self, change: Callable[[Any], Any]) -> Self:
        """Return the layer with a change made to the weights of each direction."""
        backward = None if self.backward is None else self.backward.mapped(change)
        return replace(self, forward=self.forward.mapped(change), backward=backward)

    def last_states(
        self, steps: Array, change: Change | None = None, backward_change: Change | None = None
    ) -> list[Array]:
        """Return the states (1, N, H) of each direction at the last step, as `read` has them."""
        states = [self.forward.run(steps, change).states[-1:]]
        if self.backward is not None:  # begins there
            by_step = _from_last(backward_change, len(steps))
            states.append(self.backward.run(steps[-1:], by_step).states)
        return states


def direction_names(layers: int, *, bidirectional: bool) -> list[list[str]]:
    """Return what the directions of each layer are called, as in `nn.LSTM`: `l0`, `l0_reverse`."""
    ends = ("", "_reverse") if bidirectional else ("",)
    return [[f"l{layer}{end}" for end in ends] for layer in range(layers)]


def _reversed(values: Array) -> Array:
    """Return values (T, N, H), the last first."""
    return values[::-1]


def _read_each_alone(weights: CellWeights, steps: Array, change: Change | None) -> Activations:
    """Read each of the steps (T, N, F) from a state of zero."""
    count, sequences, features = steps.shape
    of_all = None if change is None else _in_one_step(change, count)
    activations = weights.run(steps.reshape(1, count * sequences, features), of_all)
    return activations.mapped(lambda values: values.reshape(count, sequences, -1))


def _in_one_step(change: Change, steps: int) -> Change:
    """Return the change at each step, if all steps are sequences of one step: (T·N, H)."""

    def change_all(_step: int, quantity: str, values: Array) -> Array:
        by_step = np.split(values, steps)
        return np.concatenate([change(step, quantity, part) for step, part in enumerate(by_step)])

    return change_all


def _from_last(change: Change | None, steps: int) -> Change | None:
    """Return the change at each step for a direction that starts at the last step."""
    if change is None:
        return None
    return lambda step, quantity, values: change(steps - 1 - step, quantity, values)


def joined_states(directions: Sequence[Activations]) -> Array:
    """Return the states (T, N, D·H) of all D directions of a layer."""
    return np.concatenate([activations.states for activations in directions], axis=2)


@dataclass(frozen=True, eq=False)
class Stack:
    """Recurrent layers and a readout: one network, whatever it was trained for."""

    layers: tuple[Layer, ...]  #: from the input up.
    #: the readout's weights by direction: (H, O) each, or (T, H, O) for `ALL_STATES`.
    weights: tuple[Any, ...]
    bias: Any  #: (O,), of the readout.
    takes: str  #: which states the readout takes, one of `READOUTS`.
    inlet: tuple[Dense, ...] = ()  #: what each step passes before the recurrent layers, in order.
    state_activation: str = NONE  #: between the states and the readout.
    readout_activation: str = NONE  #: behind the readout.
    head: tuple[Dense, ...] = ()  #: what the readout's numbers pass then, in order.
    operations: Operations = NUMPY  #: those of the arrays or tensors that it is made of.

    @classmethod
    def with_readout(
        cls,
        layers: tuple[Layer, ...],
        weight: Array,
        bias: Array,
        takes: str,
        state_activation: str = NONE,
    ) -> Self:
        """Make a network of its layers and its readout as PyTorch has it.

        Args:
            layers: from the input up.
            weight: (O, D·H), or (O, T·D·H) for `ALL_STATES`.
            bias: (O,).
            takes: which states the readout takes.
            state_activation: between the states and the readout.
        """
        directions = len(layers[-1].directions)
        if takes == ALL_STATES:
            size = directions * layers[-1].forward.hidden_size
            by_step = weight.reshape(len(weight), -1, size).transpose(1, 2, 0)  # (T, D·H, O)
            by_step = np.ascontiguousarray(by_step)
            weights = tuple(np.split(by_step, directions, axis=1))
        else:
            weights = tuple(np.split(weight.T, directions))
        return cls(layers, weights, bias, takes, state_activation=state_activation)

    @property
    def cell(self) -> Cell:
        """The kind of its layers."""
        return self.layers[0].forward.cell

    @property
    def features(self) -> int:
        """Numbers F that are read at each step."""
        first = self.inlet[0].weight if self.inlet else self.layers[0].forward.of_input
        return int(first.shape[1])

    @property
    def outputs(self) -> int:
        """Numbers O of each answer."""
        return len(self.head[-1].bias if self.head else self.bias)

    @property
    def every_step(self) -> bool:
        """Whether every step has an answer of its own."""
        return self.takes == EVERY_STEP

    @cached_property
    def bidirectional(self) -> bool:
        """Whether one of its layers reads from the last step, too."""
        return any(layer.backward is not None for layer in self.layers)

    @cached_property
    def looks_ahead(self) -> bool:
        """Whether what it holds at a step depends on later ones."""
        return any(layer.looks_ahead for layer in self.layers)

    @property
    def numbers_a_step(self) -> int:
        """Numbers that `read` returns for a step of a sequence: states, memories and gates."""
        cells = [weights for layer in self.layers for weights in layer.directions]
        return sum(weights.hidden_size * (2 + weights.cell.blocks) for weights in cells)

    @property
    def only_steps(self) -> int | None:
        """The only number of steps T that its readout takes; None if it takes any."""
        return len(self.weights[0]) if self.takes == ALL_STATES else None

    @property
    def is_plain(self) -> bool:
        """Whether no linear layer stands before the recurrent ones or behind the readout."""
        return not self.inlet and not self.head

    def mapped(self, change: Callable[[Any], Any], operations: Operations = NUMPY) -> Self:
        """Return the network with a change made to all weights.

        Args:
            change: returns other arrays, or tensors.
            operations: those of what it returns.
        """
        return replace(
            self,
            layers=tuple(layer.mapped(change) for layer in self.layers),
            weights=tuple(map(change, self.weights)),
            bias=change(self.bias),
            inlet=tuple(dense.mapped(change) for dense in self.inlet),
            head=tuple(dense.mapped(change) for dense in self.head),
            operations=operations,
        )

    def without(self, units: Collection[tuple[int, int, int]]) -> Self:
        """Return the network without some of its units, as if their states were always zero.

        Args:
            units: the layer, the direction (1 for backward) and the number of each, from 0.
        """
        layers, weights = [], []
        # what the next layer reads of the one below
        read = list(range(self.layers[0].forward.of_input.shape[1]))
        for number, layer in enumerate(self.layers):
            kept = [
                [unit for unit in range(each.hidden_size) if (number, direction, unit) not in units]
                for direction, each in enumerate(layer.directions)
            ]
            smaller = [each.cut(at, read) for each, at in zip(layer.directions, kept, strict=True)]
            layers.append(Layer(*smaller, backward_alone=layer.backward_alone))
            size = layer.forward.hidden_size
            read = [direction * size + unit for direction, at in enumerate(kept) for unit in at]
        for weight, at in zip(self.weights, kept, strict=True):
            weights.append(weight[..., at, :])
        return replace(self, layers=tuple(layers), weights=tuple(weights))

    @property
    def answers_as_it_reads(self) -> bool:
        """Whether `answers` takes it: one layer, read forward, and one of its states read out."""
        is_one = len(self.layers) == 1 and not self.bidirectional and self.is_plain
        return is_one and self.takes != ALL_STATES

    def answers(self, inputs: npt.NDArray[Any], lengths: Sequence[int]) -> Iterator[Array]:
        """Read sequences of several lengths, and give logits after each step; keeps no gates.

        Of a network that `answers_as_it_reads`, some times as fast as `logits`.

        Args:
            inputs: (T, F, N), the longest sequence first.
            lengths: the N sequences' steps, descending, the first of which is T.

        Yields:
            (O, n) of the n sequences that have not ended.
        """
        forward, [weight] = self.layers[0].forward, self.weights  # weight: (H, O)
        for [states] in replica_states(self.cell, forward.as_replica, inputs, lengths):  # (H, n)
            [taken] = self._activated([states])
            yield weight.T @ taken + self.bias[:, None]

    def answers_to_whole(self, inputs: npt.NDArray[Any], lengths: Sequence[int]) -> Array:
        """Return logits (T, O, N) of sequences of several lengths, each read to its own end.

        A backward direction begins at that end. Where there is one answer, it stands at a
        sequence's last step. What follows that step is of no use.

        Args:
            inputs: (T, F, N), the longest sequence first.
            lengths: the N sequences' steps, descending, the first of which is T.
        """
        read: Array = inputs
        for layer in self.layers:
            states = [_states_in_step(layer.forward, read, lengths)]
            if layer.backward is not None:
                backward = _states_in_step(layer.backward, _from_ends(read, lengths), lengths)
                states.append(_from_ends(backward, lengths))
            read = np.concatenate(states, axis=1)  # (T, D·H, N)
        if self.takes == FINAL_STATES:
            states[1:] = [np.broadcast_to(part[:1], part.shape) for part in states[1:]]
        states = list(self._activated(states))
        products = [weight.T @ part for weight, part in zip(self.weights, states, strict=True)]
        logits: Array = sum(products) + self.bias[:, None]
        return logits

    def read_on(
        self, inputs: Array, last: Sequence[Step] = ()
    ) -> Iterator[tuple[tuple[Step, ...], Array]]:
        """Read `inputs` (T, N, F) by layers of one direction, from where they were left.

        Args:
            inputs: the next steps.
            last: what each layer held after the step before; empty before the first one.

        Yields:
            what each layer holds after each step, without gates, and the answer (N, O) there.
        """
        [weight] = self.weights
        cells = [layer.forward for layer in self.layers]
        if not last:
            zeros = [np.zeros((inputs.shape[1], each.hidden_size), np.float32) for each in cells]
            last = [each.cell.start(state) for each, state in zip(cells, zeros, strict=True)]
        for read in self.let_in(inputs):
            steps = []
            for each, before in zip(cells, last, strict=True):
                step = each.step(NUMPY, each.read(read), before)
                steps.append(Step(step.state, step.memory))
                read = step.state  # noqa: PLW2901 - the layer above reads it
            last = steps
            sums = self._activated([read])[0] @ weight + self.bias
            yield tuple(steps), self._finished(sums)

    def let_in(self, inputs: Any) -> Any:
        """Return what the lowest recurrent layer reads (T, N, …) of `inputs` (T, N, F)."""
        for dense in self.inlet:
            inputs = dense.answer(inputs, self.operations)
        return inputs

    def read(self, inputs: Array, changing: Changing = unchanged) -> list[list[Activations]]:
        """Read `inputs` (T, N, F).

        Returns:
            what each direction of each layer holds at each of the steps (T, N, H).
        """
        activations = []
        inputs = self.let_in(inputs)
        for number, layer in enumerate(self.layers):
            directions = layer.read(inputs, changing(number, False), changing(number, True))
            inputs = joined_states(directions)
            activations.append(directions)
        return activations

    def read_below(self, inputs: Array, changing: Changing = unchanged) -> Array:
        """Return what the top layer reads (T, N, …) of `inputs` (T, N, F)."""
        inputs = self.let_in(inputs)
        for number, layer in enumerate(self.layers[:-1]):
            directions = layer.read(inputs, changing(number, False), changing(number, True))
            inputs = joined_states(directions)
        return inputs

    def logits(self, inputs: Array, changing: Changing = unchanged) -> Array:
        """Return the answers (T, N, O) to `inputs` (T, N, F), or (1, N, O) if there is one."""
        below = self.read_below(inputs, changing)
        top, number = self.layers[-1], len(self.layers) - 1
        changes = changing(number, False), changing(number, True)
        if self.takes == LAST_STEP:
            states = top.last_states(below, *changes)
        else:
            states = [activations.states for activations in top.read(below, *changes)]
        logits: Array = self.read_out(states)
        return logits

    def read_out(self, states: Sequence[Any]) -> Any:
        """Return the answers (T, N, O), or (1, N, O) if there is one.

        Args:
            states: (T, N, H) of each direction of the top layer; arrays, or tensors if the weights
                are tensors. Of `ALL_STATES`, those of later steps may be missing and count as 0.
        """
        return self._finished(self.first_sums(states))

    def first_sums(self, states: Sequence[Any]) -> Any:
        """Return what the readout itself answers to states, as `read_out` takes them."""
        states = self._activated(states)
        if self.takes == LAST_STEP:
            states = [direction[-1:] for direction in states]
        elif self.takes == FINAL_STATES:
            forward, *backward = states
            states = [forward[-1:], *(direction[:1] for direction in backward)]
        if self.takes == ALL_STATES:
            return self._product_of_all(states) + self.bias
        return self._products(states) + self.bias

    def _activated(self, states: Sequence[Any]) -> Sequence[Any]:
        """Return what the readout takes of each direction's states."""
        return [activated(self.state_activation, each, self.operations) for each in states]

    def _finished(self, sums: Any) -> Any:
        """Return the answers (…, O) to what the readout itself answers."""
        values = activated(self.readout_activation, sums, self.operations)
        for dense in self.head:
            values = dense.answer(values, self.operations)
        return values

    def _products(self, states: Sequence[Any]) -> Any:
        """Return the sum (T, N, O) of each direction's states (T, N, H) times its weights."""
        weights = self.weights
        if self.takes == ALL_STATES:
            weights = tuple(weight[: len(states[0])] for weight in weights)
        return sum(direction @ weight for direction, weight in zip(states, weights, strict=True))

    def _product_of_all(self, states: Sequence[Any]) -> Any:
        """Return the sum (1, N, O) of `_products` over the steps, by one product a direction."""
        products = []
        for direction, weight in zip(states, self.weights, strict=True):
            steps, count, _ = direction.shape
            by_sequence = direction.swapaxes(0, 1).reshape(count, -1)  # (N, T·H)
            products.append(by_sequence @ weight[:steps].reshape(-1, self.outputs))  # (N, O)
        return sum(products)[None]

    def logits_after_steps(self, inputs: Array, changing: Changing = unchanged) -> Array:
        """Return the answers (T, N, O) after each step of `inputs` (T, N, F).

        If there is one answer, an earlier one is what it would be if the sequence ended there.
        """
        return self.read_and_answer(inputs, changing)[1]

    def read_and_answer(
        self, inputs: Array, changing: Changing = unchanged
    ) -> tuple[list[list[Activations]], Array]:
        """Return what `read` and `logits_after_steps` do, of `inputs` (T, N, F)."""
        activations = self.read(inputs, changing)
        states = [direction.states for direction in activations[-1]]
        if self.every_step:
            return activations, self.read_out(states)
        if self.looks_ahead:  # where a sequence ends, the backward directions begin
            ends = range(1, len(inputs) + 1)
            answers = np.concatenate([self.logits(inputs[:end], changing) for end in ends])
            return activations, answers
        products = self._products(self._activated(states))
        if self.takes == ALL_STATES:
            products = products.cumsum(axis=0)
        return activations, np.asarray(self._finished(products + self.bias))


def _states_in_step(
    weights: CellWeights, inputs: npt.NDArray[Any], lengths: Sequence[int]
) -> Array:
    """Return the states (T, H, N) after each step of `inputs` (T, F, N), 0 after the ends."""
    states = np.zeros((len(inputs), weights.hidden_size, len(lengths)), np.float32)
    reading = replica_states(weights.cell, weights.as_replica, inputs, lengths)
    for step, [at_step] in enumerate(reading):
        states[step, :, : at_step.shape[1]] = at_step
    return states


def _from_ends(values: npt.NDArray[Any], lengths: Sequence[int]) -> npt.NDArray[Any]:
    """Return values (T, F, N) in the reverse order of each sequence's steps."""
    places = np.asarray(lengths) - 1 - np.arange(len(values))[:, None]  # (T, N)
    return np.take_along_axis(values, places.clip(min=0)[:, None], axis=0)
