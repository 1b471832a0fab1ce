"""Leave out some units of each sequence in training."""

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor

from rnn_tui.engine.training.devices import send
from rnn_tui.engine.training.problem import generator
from rnn_tui.tasks.config import SequenceConfig


class Dropout:
    """What states are multiplied by in training: 0 for units that are left out of a sequence.

    Those are the same at all of its steps (Gal & Ghahramani 2016, “A Theoretically Grounded
    Application of Dropout in Recurrent Neural Networks”). Each hidden size and seed draws from a
    stream of its own, so a replica leaves out what it would alone.

    Args:
        config: the settings of the replicas.
        device: where they are trained.
    """

    def __init__(self, config: SequenceConfig, device: torch.device) -> None:
        self._share = config.recipe.dropout
        self._layers = config.layers
        self._directions = config.direction_count
        self._width = max(config.hidden_sizes)
        self._device = device
        #: the hidden size and the seed of each replica.
        self._kinds = [(each.variant.hidden_size, each.seed) for each in config.replicas]
        self._streams: dict[tuple[int, int], torch.Generator] = {}

    def begin_epoch(self, epoch: int) -> None:
        """Begin the streams of an epoch; there are none without dropout."""
        if self._share:
            self._streams = {
                (size, seed): generator(seed, "dropout", epoch, size) for size, seed in self._kinds
            }

    def masks(self, sequences: int) -> Sequence[Tensor]:
        """Draw what the states of each layer (R, D·H, B) are multiplied by; none if by nothing."""
        if not self._share:
            return ()
        drawn = {
            (size, seed): torch.rand(
                self._layers, self._directions, size, sequences, generator=stream
            )
            for (size, seed), stream in self._streams.items()
        }
        shape = (self._layers, len(self._kinds), self._directions, self._width, sequences)
        masks = torch.zeros(shape)
        for replica, (size, seed) in enumerate(self._kinds):
            masks[:, replica, :, :size] = (drawn[size, seed] >= self._share).float()
        masks /= 1 - self._share
        return send(masks.flatten(2, 3), self._device).unbind(0)

    def states(self) -> Mapping[str, Tensor]:
        """Return the states of the streams by name."""
        return {
            f"dropout/{size}/{seed}": stream.get_state()
            for (size, seed), stream in self._streams.items()
        }

    def set_states(self, states: Mapping[str, Tensor]) -> None:
        """Put back what `states` returned."""
        for (size, seed), stream in self._streams.items():
            stream.set_state(states[f"dropout/{size}/{seed}"])
