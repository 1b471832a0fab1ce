"""Hold sequences with what is asked of them, for several seeds, and cut them into batches."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from rnn_tui.engine.training.devices import send


@dataclass(frozen=True)
class Examples:
    """Sequences with what is asked of them."""

    #: (S, N, T, F), S seeds, N sequences, T steps of F features; zero after a sequence's end. uint8
    #: where they are drawn by chance, which takes the least memory; else float32.
    inputs: Tensor
    targets: Tensor  #: (S, N, …), as the task defines them.
    lengths: Tensor  #: (S, N) steps of each sequence, uint16 or wider.

    @property
    def count(self) -> int:
        """Sequences of each seed."""
        return self.inputs.shape[1]

    def part(self, start: int, stop: int) -> "Examples":
        """Return some of the sequences of every seed, cut to the longest of them."""
        lengths = self.lengths[:, start:stop]
        longest = int(lengths.max())
        inputs = self.inputs[:, start:stop, :longest]
        return Examples(inputs, self.targets[:, start:stop], lengths)

    def batch(self, device: torch.device) -> "Batch":
        """Return them as one contiguous block in the model's layout, on its device."""
        inputs = self.inputs.permute(2, 0, 3, 1)  # (T, S, F, N)
        targets = self.targets.movedim(1, -1)  # (S, …, N)
        return Batch(
            send(inputs.contiguous(), device),
            send(targets.contiguous(), device),
            send(self.lengths.long().contiguous(), device),
        )


def join(parts: Sequence[Examples], dimension: int) -> Examples:
    """Put examples together; the shorter ones get zeros at the end.

    Args:
        parts: what is put together.
        dimension: 0 for examples of other seeds, 1 for other examples of the same seeds.
    """
    longest = max(part.inputs.shape[2] for part in parts)
    inputs = [_padded(part.inputs, longest, trailing=1) for part in parts]
    targets = [part.targets for part in parts]
    if targets[0].dim() > 2:  # a target a step
        targets = [_padded(target, longest, trailing=0) for target in targets]
    lengths = [part.lengths for part in parts]
    return Examples(
        torch.cat(inputs, dimension), torch.cat(targets, dimension), torch.cat(lengths, dimension)
    )


def _padded(tensor: Tensor, longest: int, trailing: int) -> Tensor:
    """Return a tensor (S, N, T, …) with zeros up to `longest` steps.

    `trailing` dimensions follow T.
    """
    missing = longest - tensor.shape[2]
    if not missing:
        return tensor
    return F.pad(tensor, (0, 0) * trailing + (0, missing))


@dataclass(frozen=True)
class Batch:
    """The sequences of one step, of each seed; for a model of each replica, R in place of S."""

    inputs: Tensor  #: (T, S, F, B) of any type.
    targets: Tensor  #: (S, …, B), or as the problem arranges them.
    lengths: Tensor | None  #: (S, B); None in training if all are T.


def cut_into_batches(examples: Examples, batch_size: int, device: torch.device) -> list[Batch]:
    """Return the examples of an epoch in batches, in order.

    The last batch may be smaller than the others.
    """
    whole = examples.batch(device)  # arranged and sent at once
    assert whole.lengths is not None
    starts = range(0, examples.count, batch_size)
    lows, highs = (lengths.numpy() for lengths in examples.lengths.aminmax(dim=0))  # (N,)
    shortest = np.minimum.reduceat(lows, starts).tolist()
    longest = np.maximum.reduceat(highs, starts).tolist()
    batches = []
    for start, least, most in zip(starts, shortest, longest, strict=True):
        part = slice(start, start + batch_size)
        lengths = None if least == most else whole.lengths[:, part]
        batches.append(Batch(whole.inputs[:most, ..., part], whole.targets[..., part], lengths))
    return batches
