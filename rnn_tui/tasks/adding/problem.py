"""The adding problem for the training loop."""

from collections.abc import Sequence

import torch
from torch import Tensor

from rnn_tui.engine.metrics import Measure
from rnn_tui.tasks.adding import ADDING, TOLERANCE
from rnn_tui.tasks.sequences.examples import Batch, Examples
from rnn_tui.tasks.sequences.problem import SequenceProblem

MARKS = 2  # numbers of each sequence that are added
FLOAT_BYTES = 4


def _errors(answers: Tensor, sums: Tensor) -> Tensor:
    """Return how far answers are from sums, in double precision."""
    return (answers - sums).cpu().double()  # not every device has double precision


# Their labels are those of the task's metrics.
SQUARED_ERROR = Measure("error", "", lambda answers, sums: _errors(answers, sums).square(), unit="")
WITHIN_TOLERANCE = Measure(
    "accuracy", "", lambda answers, sums: _errors(answers, sums).abs() <= TOLERANCE
)


class AddingProblem(SequenceProblem):
    """Numbers, two of which are marked; the target is their sum."""

    task = ADDING
    accuracy = WITHIN_TOLERANCE
    most_lengths = 10
    shortest = MARKS  # fewer steps can't have two marks

    def data_bytes(self) -> int:
        """Return the memory of an epoch's sequences, which are single precision and not bytes."""
        return FLOAT_BYTES * super().data_bytes()

    def draw(self, lengths: Tensor, random: torch.Generator) -> Examples:
        """Draw sequences of these lengths (N,), of two steps at least."""
        lengths = lengths.clamp(min=self.shortest)
        count, longest = len(lengths), int(lengths.max())
        numbers = torch.rand(count, longest, generator=random)  # (N, T)
        is_step = torch.arange(longest) < lengths[:, None]
        chances = torch.rand(count, longest, generator=random).masked_fill(~is_step, -1)
        marked = chances.topk(MARKS, dim=1).indices  # (N, 2)
        marks = torch.zeros(count, longest).scatter_(1, marked, 1)
        sums = (numbers * marks).sum(dim=1)  # (N,)
        inputs = torch.stack((numbers * is_step, marks), dim=2)  # (N, T, 2)
        return Examples(inputs[None], sums[None], lengths[None])

    def targets_of(self, batch: Batch) -> tuple[Tensor, Tensor | None]:
        """Return the sums (R, 1, B), which are all known."""
        return batch.targets[:, None], None

    @property
    def measures(self) -> Sequence[Measure]:
        """The squared errors, and which sums are right."""
        return (SQUARED_ERROR, self.accuracy)
