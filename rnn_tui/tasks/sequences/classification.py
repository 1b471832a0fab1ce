"""Sequences put into a class after their last step, as in recall and parity; a task only says how
they are drawn.
"""

from collections.abc import Mapping
from functools import partial

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from rnn_tui.engine.config import RunConfig
from rnn_tui.engine.metrics import Figures
from rnn_tui.engine.parallel import Workers, automatic_workers, cpu_workers
from rnn_tui.networks.replicas import Replicas
from rnn_tui.tasks.sequences.problem import Batch, Examples, SequenceProblem
from rnn_tui.tasks.task import ByLength, SequenceEvaluation

# Sequences of each length to evaluate each replica on; of any length for the matrix: a small test
# set may miss some classes.
EVALUATED, CONFUSED = 200, 1000
MOST_LENGTHS = 40


def loss_of(kind: str, logits: Tensor, targets: Tensor) -> Tensor:
    """Loss of every sequence (R, B) from logits (R, C, B) and targets (R, B).

    `ce` is cross-entropy over the C classes; `mse` the mean over them of the squared distance
    between softmax and one-hot target (Brier's score, divided by C); `bce` the mean over them of
    the cross-entropy of C separate yes-or-no questions.
    """
    if kind == "ce":
        return F.cross_entropy(logits, targets, reduction="none")
    one_hot = F.one_hot(targets, logits.shape[1]).transpose(1, 2).to(logits.dtype)  # (R, C, B)
    if kind == "mse":
        return (torch.softmax(logits, dim=1) - one_hot).square().mean(dim=1)
    return F.binary_cross_entropy_with_logits(logits, one_hot, reduction="none").mean(dim=1)


class ClassificationProblem(SequenceProblem):
    """Sequences of one of C classes each; its task has `METRICS` of `tasks.sequences` beside its
    measures.
    """

    def draw_test(self, count: int, random: torch.Generator) -> Examples:
        """Sequences to test on; by default of the lengths in training, by chance."""
        return self.draw(self.random_lengths(count, random), random)

    def losses_of(self, batch: Batch) -> Tensor:
        """Mean loss (R,) over the batch."""
        return self._losses(
            self.model.at_end(batch.inputs, batch.lengths), batch.targets.long()
        ).mean(dim=1)

    def _losses(self, logits: Tensor, targets: Tensor) -> Tensor:
        return self.losses_by(lambda loss, part: loss_of(loss, logits[part], targets[part]))

    def validate(self, model: nn.Module, workers: Workers) -> Figures:
        """Mean loss and the measures over the validation sequences."""
        return self._measured(model, self._validation, workers, "val")

    def test(self, model: nn.Module, workers: Workers) -> Figures:
        """Mean loss and the measures over the test sequences."""
        return self._measured(
            model,
            self.for_seeds(partial(self.draw_test, self.config.test_size), "test"),
            workers,
            "test",
        )

    def answers(
        self, model: nn.Module, examples: Examples, workers: Workers
    ) -> tuple[Tensor, Tensor]:
        """True classes and answers, (R, N) each."""

        def measure(network: Replicas, part: Batch) -> Mapping[str, Tensor]:
            return {"targets": part.targets.long(), "answers": _logits(network, part).argmax(dim=1)}

        found = self.evaluated(model, examples, workers, measure)
        return found["targets"], found["answers"]

    def _measured(
        self, model: nn.Module, examples: Examples, workers: Workers, prefix: str
    ) -> Figures:
        sums, count = self.evaluated(model, examples, workers, self._sums), examples.count
        means = {
            f"{prefix}_{one.name}": one.mean(sums[one.name], count) for one in self.task.measures
        }
        return self.figures({f"{prefix}_loss": sums["loss"].double() / count, **means})

    def _sums(self, network: Replicas, part: Batch) -> Mapping[str, Tensor]:
        logits, targets = _logits(network, part), part.targets.long()
        sums = {
            one.name: one.values(logits.transpose(1, 2), targets).sum(dim=1)
            for one in self.task.measures
        }
        return {"loss": self._losses(logits, targets).sum(dim=1), **sums}

    @classmethod
    def evaluate(cls, config: RunConfig, weights: Mapping[str, Tensor]) -> SequenceEvaluation:
        """Accuracy at every length in training and up to twice the longest; a confusion matrix."""
        problem = cls.with_weights(config, weights)
        settings = problem.config
        shortest, longest = settings.lengths
        # all, if few
        lengths = tuple(
            np.unique(np.linspace(shortest, 2 * longest, MOST_LENGTHS).astype(int)).tolist()
        )
        with cpu_workers(settings.workers or automatic_workers()) as workers:
            found = [
                problem.answers(problem.model, problem.draw_at(length, EVALUATED), workers)
                for length in lengths
            ]
            drawn = problem.for_seeds(partial(problem.draw_test, CONFUSED), "confusion")
            confused = problem.answers(problem.model, drawn, workers)
        accuracies = [
            100.0 * (answers == targets).sum(dim=1).double() / EVALUATED
            for targets, answers in found
        ]
        variants, size = len(settings.variants), problem.outputs
        true, said = (classes.numpy().reshape(variants, -1).astype(int) for classes in confused)
        pairs = (np.arange(variants)[:, None] * size + true) * size + said
        confusion = np.bincount(pairs.ravel(), minlength=variants * size**2).reshape(
            variants, size, size
        )
        by_length = ByLength(
            "accuracy", lengths, torch.stack(accuracies, dim=1).numpy(), (EVALUATED,) * len(lengths)
        )
        return SequenceEvaluation(settings, [by_length], confusion)


def _logits(network: Replicas, batch: Batch) -> Tensor:
    """Logits (R, C, B) after each sequence's end, without gradients."""
    assert batch.lengths is not None
    final = network.gates.new_zeros(
        batch.inputs.shape[1], network.hidden_size, batch.inputs.shape[3]
    )
    for step, states in enumerate(network.steps(batch.inputs), start=1):
        torch.where((batch.lengths == step)[:, None], states, final, out=final)
    return network.logits(final)
