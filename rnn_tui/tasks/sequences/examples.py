"""Sequences for a set of seeds, and their arrangement for the loop.

Made whole and kept as bytes: the sequences of an epoch take a few megabytes, and a step then only
reads its block of them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor


@dataclass(frozen=True)
class Examples:
    """Sequences with what is asked of them.

    Attributes:
        inputs: (S, N, T, F) uint8, S seeds, N sequences, T steps of F features; zero after a
            sequence's end.
        targets: (S, N, …) uint8, as the task defines them.
        lengths: (S, N) steps of each sequence, uint16 or wider.
    """

    inputs: Tensor
    targets: Tensor
    lengths: Tensor

    @property
    def count(self) -> int:
        """Sequences of each seed."""
        return self.inputs.shape[1]

    def to(self, device: torch.device) -> Examples:
        """The same on a device."""
        return Examples(self.inputs.to(device), self.targets.to(device), self.lengths.to(device))

    def part(self, start: int, stop: int) -> Examples:
        """Some of the sequences of every seed, cut to the longest of them."""
        lengths = self.lengths[:, start:stop]
        longest = int(lengths.max())
        return Examples(self.inputs[:, start:stop, :longest], self.targets[:, start:stop], lengths)


def join(parts: Sequence[Examples], dimension: int) -> Examples:
    """One set of examples from several: of other seeds (dimension 0), or of the same seeds (1).

    Each is as long as its own longest sequence: the shorter ones get zeros at the end.
    """
    longest = max(part.inputs.shape[2] for part in parts)

    def padded(tensor: Tensor, features: int) -> Tensor:
        missing = longest - tensor.shape[2]
        return F.pad(tensor, (0, 0) * features + (0, missing)) if missing else tensor

    at_every_step = parts[0].targets.dim() > 2
    targets = [padded(part.targets, 0) if at_every_step else part.targets for part in parts]
    return Examples(
        torch.cat([padded(part.inputs, 1) for part in parts], dimension),
        torch.cat(targets, dimension),
        torch.cat([part.lengths for part in parts], dimension),
    )


@dataclass(frozen=True)
class Batch:
    """The sequences of one step.

    Attributes:
        inputs: (T, S, F, B) uint8.
        targets: (S, …, B) uint8.
        lengths: (S, B), or None where all are T.
    """

    inputs: Tensor
    targets: Tensor
    lengths: Tensor | None


def cut_into_batches(examples: Examples, batch_size: int) -> list[Batch]:
    """The examples of an epoch, in order; each batch a contiguous block in the model's layout.

    The last batch may have fewer sequences than `batch_size`.
    """
    batches = []
    inputs = examples.inputs.permute(1, 2, 0, 3)  # (N, T, S, F)
    targets = examples.targets.movedim(1, -1)  # (S, …, N)
    for start, lengths in zip(
        range(0, examples.count, batch_size),
        torch.split(examples.lengths.to(torch.long), batch_size, 1),
        strict=True,
    ):
        rows = slice(start, start + batch_size)
        shortest, longest = int(lengths.amin()), int(lengths.amax())
        block = inputs[rows, :longest].permute(1, 2, 3, 0)  # (T, S, F, B)
        batches.append(
            Batch(
                block.contiguous(),
                targets[..., rows].contiguous(),
                None if shortest == longest else lengths,
            )
        )
    return batches
