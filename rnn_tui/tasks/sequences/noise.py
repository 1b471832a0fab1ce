"""Normal noise on what networks read in training."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import torch
from torch import Tensor

from rnn_tui.engine.training.devices import send
from rnn_tui.engine.training.problem import generator
from rnn_tui.tasks.sequences.examples import Batch


class InputNoise:
    """Noise that each seed draws from a stream of its own, the same for all variants.

    Args:
        deviation: its standard deviation; 0 for none.
        seeds: of the replicas of each variant.
        variants: how many variants there are.
        device: where batches are.
    """

    def __init__(
        self, deviation: float, seeds: Sequence[int], variants: int, device: torch.device
    ) -> None:
        self._deviation = deviation
        self._seeds = seeds
        self._variants = variants
        self._device = device
        self._streams: list[torch.Generator] = []  #: of each seed; none without noise.

    def begin_epoch(self, epoch: int) -> None:
        """Begin the streams of an epoch."""
        if self._deviation:
            self._streams = [generator(seed, "noise", epoch) for seed in self._seeds]

    def added(self, batch: Batch, longest_of_seeds: Sequence[int]) -> Batch:
        """Return a batch of all replicas with noise on its inputs (T, R, F, B).

        Args:
            batch: as it is without.
            longest_of_seeds: steps of each seed's longest sequence. The noise is as long, so what
                a seed draws does not depend on the sequences of others.
        """
        steps, _, features, count = batch.inputs.shape
        noise = torch.zeros(steps, len(self._seeds), features, count)
        for place, stream in enumerate(self._streams):
            longest = longest_of_seeds[place]
            noise[:longest, place] = torch.randn(longest, features, count, generator=stream)
        noise *= self._deviation
        of_replicas = send(noise.repeat(1, self._variants, 1, 1), self._device)
        return replace(batch, inputs=batch.inputs + of_replicas)

    def states(self) -> Mapping[str, Tensor]:
        """Return the states of the streams by name."""
        return {
            f"noise/{seed}": stream.get_state()
            for seed, stream in zip(self._seeds, self._streams, strict=False)
        }

    def set_states(self, states: Mapping[str, Tensor]) -> None:
        """Put back what `states` returned."""
        for seed, stream in zip(self._seeds, self._streams, strict=False):
            stream.set_state(states[f"noise/{seed}"])
