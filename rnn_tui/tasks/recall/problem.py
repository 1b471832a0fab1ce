"""Recall for the training loop: which digit stood at the position?"""

import torch
from torch import Tensor

from rnn_tui.engine.errors import SettingError
from rnn_tui.tasks.recall import DIGITS, RECALL
from rnn_tui.tasks.sequences.classification import ClassificationProblem
from rnn_tui.tasks.sequences.examples import Examples


def draw_digits(lengths: Tensor, position: int, random: torch.Generator) -> Examples:
    """Draw sequences of digits of N lengths, at most T, with the digit at a position as target.

    Args:
        lengths: (N,).
        position: counted from 1.
        random: all chance.

    Returns:
        one-hot inputs (1, N, T, 10) and targets (1, N), for one seed.
    """
    longest = int(lengths.max())
    digits = torch.randint(DIGITS, (len(lengths), longest), generator=random)  # (N, T)
    is_within = (torch.arange(longest) < lengths[:, None]).to(torch.uint8)  # (N, T)
    # Straight into bytes: `one_hot` would take eight times the memory in between.
    inputs = torch.zeros(len(lengths), longest, DIGITS, dtype=torch.uint8)  # (N, T, 10)
    inputs.scatter_(2, digits[:, :, None], is_within[:, :, None])
    targets = digits[:, position - 1].to(torch.uint8)
    return Examples(inputs[None], targets[None], lengths[None])


class RecallProblem(ClassificationProblem):
    """The report's second experiment."""

    task = RECALL

    def draw(self, lengths: Tensor, random: torch.Generator) -> Examples:
        """Draw random digits of these lengths (N,)."""
        if self.config.position is None:
            raise SettingError("Recall needs a position.")
        return draw_digits(lengths, self.config.position, random)

    def training_lengths(self, random: torch.Generator) -> Tensor:  # noqa: ARG002
        """Return the lengths, each equally often, the shortest first, as in the report."""
        shortest, longest = self.config.lengths
        count = self.samples_per_epoch
        return shortest + torch.arange(count) * (longest - shortest + 1) // count

    def draw_test(self, count: int, random: torch.Generator) -> Examples:
        """Return sequences of a random length up to one less than the longest, as in the report."""
        shortest, longest = self.config.lengths
        above = max(shortest + 1, longest)  # `randint` draws below that
        return self.draw(torch.randint(shortest, above, (count,), generator=random), random)
