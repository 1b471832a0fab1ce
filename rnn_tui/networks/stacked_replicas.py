"""Sets of networks of several layers, or of both directions, each direction a set of replicas.

A layer reads what those below and, of both directions, both of them made of the same steps. The
backward direction begins at each sequence's own end, so that it never reads padding.

Comments give shapes: R replicas, T time steps, B sequences, F input features, H units of the
largest replica, D directions, L layers, O outputs.
"""

from collections.abc import Iterator, Sequence

import torch
from torch import Tensor, nn

from rnn_tui.networks.cell import Cell
from rnn_tui.networks.dense import NONE
from rnn_tui.networks.replicas import Replicas, SymbolReader, read_out, replicas_of
from rnn_tui.networks.stack import direction_names


class StackedReplicas(SymbolReader):
    """R networks of L layers of a cell, in one or both directions, with a linear readout each.

    The readout of a whole sequence takes what each direction ends with: the forward one at the
    last step, the backward one at the first. The weights are zero at first: see `set_replica`.

    Args:
        cell: the kind of all of them.
        hidden_sizes: units of each layer and direction, of each of the R replicas.
        features: F of the input.
        outputs: O of the readout.
        layers: L.
        bidirectional: whether a second direction reads from the last step to the first.
        state_activation: between the states of the top layer and the readout.
    """

    def __init__(
        self,
        cell: Cell,
        hidden_sizes: Sequence[int],
        features: int,
        outputs: int,
        *,
        layers: int,
        bidirectional: bool,
        state_activation: str = NONE,
    ) -> None:
        super().__init__()
        self.state_activation = state_activation
        self.cell = cell
        self.hidden_sizes = tuple(hidden_sizes)
        self.features = features
        self.hidden_size = max(hidden_sizes)
        self.names = direction_names(layers, bidirectional=bidirectional)
        self.states_size = len(self.names[0]) * self.hidden_size  #: D·H.
        self.directions = nn.ModuleDict()
        for layer, names in enumerate(self.names):
            read = self.states_size if layer else features
            for name in names:
                self.directions[name] = replicas_of(cell, hidden_sizes, read, 0)
        #: (R, O, D·H + 1), the bias in the last column.
        self.readout = nn.Parameter(torch.zeros(len(hidden_sizes), outputs, self.states_size + 1))

    def at_every_step(
        self,
        inputs: Tensor,
        lengths: Tensor | None = None,
        masks: Sequence[Tensor] = (),
    ) -> Tensor:
        """Return the readout (T, R, O, B) at each step; see `at_end`."""
        states = self._top_states(inputs, lengths, masks)
        return read_out(self.readout, self.activated(torch.cat(states, 2)))

    def at_end(
        self,
        inputs: Tensor,
        lengths: Tensor | None = None,
        masks: Sequence[Tensor] = (),
    ) -> Tensor:
        """Return the readout (R, O, B) of whole sequences.

        Args:
            inputs: (T, R, F, B), zero after the end of a sequence.
            lengths: (R, B) of the sequences; None if all have T steps.
            masks: of each layer (R, D·H, B), what its states are multiplied by before they are
                read; none for nothing.
        """
        forward, *backward = self._top_states(inputs, lengths, masks)
        ends = [_at_ends(forward, lengths), *(states[0] for states in backward)]
        return self.logits(torch.cat(ends, 1))

    def logits(self, states: Tensor) -> Tensor:
        """Return the readout (R, O, B) of states (R, D·H, B)."""
        taken = self.activated(states)
        return torch.baddbmm(self.readout[:, :, -1:], self.readout[:, :, :-1], taken)

    def steps(self, inputs: Tensor, lengths: Tensor | None = None) -> Iterator[Tensor]:
        """Yield the states (R, D·H, B) of the top layer at each step."""
        with torch.no_grad():
            states = torch.cat(self._top_states(inputs, lengths, ()), 2)
        yield from states

    def _top_states(
        self, inputs: Tensor, lengths: Tensor | None, masks: Sequence[Tensor]
    ) -> list[Tensor]:
        """Return the states (T, R, H, B) of each direction of the top layer at each step."""
        read = self.embedded(inputs)
        for layer, names in enumerate(self.names):
            states = [self._states(name, read, lengths) for name in names]
            if masks:
                of_directions = masks[layer].chunk(len(names), 1)  # (R, H, B) each
                states = [part * mask for part, mask in zip(states, of_directions, strict=True)]
            read = torch.cat(states, 2)  # (T, R, D·H, B)
        return states

    def _states(self, name: str, read: Tensor, lengths: Tensor | None) -> Tensor:
        """Return the states (T, R, H, B) of a direction at each step of what it reads."""
        direction = self.directions[name]
        assert isinstance(direction, Replicas)
        if not name.endswith("_reverse"):
            return direction.states(read)
        return _reversed(direction.states(_reversed(read, lengths)), lengths)

    def layer_gradients(self) -> dict[str, list[Tensor]]:
        """Return the last gradients (R, …) of each layer, of all its directions, and readout."""
        by_layer = {
            f"layer {number}": [
                weight.grad
                for name in names
                for weight in self.directions[name].parameters()
                if weight.grad is not None
            ]
            for number, names in enumerate(self.names, start=1)
        }
        if self.readout.grad is None:
            return {}
        return {**by_layer, "readout": [self.readout.grad]}

    @torch.no_grad()
    def set_replica(self, replica: int, recurrent: nn.Module, readout: nn.Linear) -> None:
        """Take over an ordinary network of the replica's size, its weights called as `nn.LSTM`'s,
        and a readout.
        """
        size = self.hidden_sizes[replica]
        of_states = [  # the places of the replica's states among those of all units
            start + unit
            for start in range(0, self.states_size, self.hidden_size)
            for unit in range(size)
        ]
        for layer, names in enumerate(self.names):
            read = of_states if layer else list(range(self.features))
            for name in names:
                direction = self.directions[name]
                assert isinstance(direction, Replicas)
                direction.set_layer(replica, recurrent, f"_{name}", read)
        self.readout[replica][:, of_states] = readout.weight
        self.readout[replica, :, -1] = readout.bias


def _at_ends(states: Tensor, lengths: Tensor | None) -> Tensor:
    """Return the states (R, H, B) at each sequence's last step, of states (T, R, H, B)."""
    if lengths is None:
        return states[-1]
    last_steps = (lengths - 1)[None, :, None].expand(1, -1, states.shape[2], -1)
    return states.gather(0, last_steps)[0]


def _reversed(values: Tensor, lengths: Tensor | None) -> Tensor:
    """Return values (T, R, F, B) in the reverse order of each sequence's steps.

    After a sequence's end stands what is at its first step, which nothing depends on.
    """
    if lengths is None:
        return values.flip(0)
    steps = torch.arange(len(values), device=values.device)[:, None, None]  # (T, 1, 1)
    places = (lengths - 1 - steps).clamp(min=0)[:, :, None]  # (T, R, 1, B)
    return values.gather(0, places.expand(-1, -1, values.shape[2], -1))
