"""The adding problem for the training loop."""

from collections.abc import Mapping
from functools import partial

import numpy as np
import torch
from torch import Tensor, nn

from rnn_tui.engine.config import RunConfig
from rnn_tui.engine.metrics import Figures
from rnn_tui.engine.training.parallel import Workers, automatic_workers, cpu_workers
from rnn_tui.networks.replicas import Replicas
from rnn_tui.tasks.adding import ADDING, TOLERANCE
from rnn_tui.tasks.sequences.examples import Batch, Examples
from rnn_tui.tasks.sequences.problem import SequenceProblem
from rnn_tui.tasks.task import ByLength, SequenceEvaluation

SHORTEST = 2  # steps: fewer can't have two marks
MOST_LENGTHS = 10  # lengths that are evaluated, up to twice the longest in training
EVALUATED = 200  # sequences of each of them
FLOAT_BYTES = 4


class AddingProblem(SequenceProblem):
    """Numbers, two of which are marked; the target is their sum."""

    task = ADDING

    def data_bytes(self) -> int:
        """Return the memory of an epoch's sequences, which are single precision and not bytes."""
        return FLOAT_BYTES * super().data_bytes()

    def draw(self, lengths: Tensor, random: torch.Generator) -> Examples:
        """Draw sequences of these lengths (N,), of two steps at least."""
        lengths = lengths.clamp(min=SHORTEST)
        count, longest = len(lengths), int(lengths.max())
        numbers = torch.rand(count, longest, generator=random)  # (N, T)
        is_step = torch.arange(longest) < lengths[:, None]
        chances = torch.rand(count, longest, generator=random).masked_fill(~is_step, -1)
        marked = chances.topk(SHORTEST, dim=1).indices  # (N, 2)
        marks = torch.zeros(count, longest).scatter_(1, marked, 1)
        sums = (numbers * marks).sum(dim=1)  # (N,)
        inputs = torch.stack((numbers * is_step, marks), dim=2)  # (N, T, 2)
        return Examples(inputs[None], sums[None], lengths[None])

    def losses_of(self, batch: Batch) -> Tensor:
        """Mean squared error (R,) over the batch."""
        return _errors(self.model, batch).square().mean(dim=1)

    def validate(self, model: nn.Module, workers: Workers) -> Figures:
        """Mean squared error, and the share of right sums, over the validation sequences."""
        return self._measured(model, self._validation, workers, "val")

    def test(self, model: nn.Module, workers: Workers) -> Figures:
        """Measure new sequences of the lengths in training."""

        def draw_test(random: torch.Generator) -> Examples:
            return self.draw(self.random_lengths(self.config.test_size, random), random)

        return self._measured(model, self.for_seeds(draw_test, "test"), workers, "test")

    def _measured(
        self, model: nn.Module, examples: Examples, workers: Workers, prefix: str
    ) -> Figures:
        """Mean squared error and the percentage of right sums, their names after `prefix`."""
        sums = self.evaluated(model, examples, workers, _sums)
        return self.figures(
            {
                f"{prefix}_error": sums["error"] / examples.count,
                f"{prefix}_accuracy": 100.0 * sums["right"] / examples.count,
            }
        )

    @classmethod
    def evaluate(cls, config: RunConfig, weights: Mapping[str, Tensor]) -> SequenceEvaluation:
        """Measure the share of right sums at lengths up to twice the longest in training."""
        problem = cls.with_weights(config, weights)
        settings = problem.config
        shortest, longest = settings.lengths
        spread = np.linspace(max(SHORTEST, shortest), 2 * longest, MOST_LENGTHS).astype(int)
        lengths = tuple(np.unique(spread).tolist())
        with cpu_workers(settings.workers or automatic_workers()) as workers:
            measure = partial(problem.evaluated, problem.model, workers=workers, measure=_sums)
            right = [measure(problem.draw_at(length, EVALUATED))["right"] for length in lengths]
        shares = 100.0 * torch.stack(right, dim=1) / EVALUATED  # (R, L)
        counts = (EVALUATED,) * len(lengths)
        return SequenceEvaluation(settings, [ByLength("accuracy", lengths, shares.numpy(), counts)])


def _errors(network: Replicas, batch: Batch) -> Tensor:
    """Return how far each answer is from the sum (R, B)."""
    answers = network.at_end(batch.inputs.to(network.gates.dtype), batch.lengths)[:, 0]  # (R, B)
    return answers - batch.targets


def _sums(network: Replicas, batch: Batch) -> Mapping[str, Tensor]:
    """Return the sums (R,) over a batch of the squared errors and of right answers."""
    errors = _errors(network, batch).double()
    return {
        "error": errors.square().sum(dim=1),
        "right": (errors.abs() <= TOLERANCE).double().sum(dim=1),
    }
