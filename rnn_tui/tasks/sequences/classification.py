"""Sequences put into a class after their last step, as in recall and parity.

A task only says how its sequences are drawn.
"""

from collections.abc import Mapping
from functools import partial

import numpy as np
import numpy.typing as npt
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from rnn_tui.engine.config import RunConfig
from rnn_tui.engine.metrics import Figures
from rnn_tui.engine.training.parallel import Workers, automatic_workers, cpu_workers
from rnn_tui.networks.replicas import Replicas
from rnn_tui.tasks.sequences.examples import Batch, Examples
from rnn_tui.tasks.sequences.problem import SequenceProblem
from rnn_tui.tasks.task import ByLength, SequenceEvaluation

EVALUATED = 200  # sequences of each length to evaluate each replica on
# sequences of any length for the confusion matrix: a small test set may miss some classes
CONFUSED = 1000
MOST_LENGTHS = 40  # lengths that are evaluated


def loss_of(kind: str, logits: Tensor, targets: Tensor) -> Tensor:
    """Return the loss of every sequence (R, B).

    Args:
        kind: `ce` is cross-entropy over the C classes; `mse` the mean over them of the squared
            distance between softmax and one-hot target (Brier's score, divided by C); `bce` the
            mean over them of the cross-entropy of C separate yes-or-no questions.
        logits: (R, C, B).
        targets: (R, B) classes.
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
        """Return sequences to test on; by default of the lengths in training, by chance."""
        return self.draw(self.random_lengths(count, random), random)

    def losses_of(self, batch: Batch) -> Tensor:
        """Mean loss (R,) over the batch."""
        logits = self.model.at_end(batch.inputs, batch.lengths)  # (R, C, B)
        return self._losses(logits, batch.targets.long()).mean(dim=1)

    def _losses(self, logits: Tensor, targets: Tensor) -> Tensor:
        """Return the losses (R, B) of logits (R, C, B), each replica by its own loss."""
        return self.losses_by(
            lambda loss, replicas: loss_of(loss, logits[replicas], targets[replicas])
        )

    def validate(self, model: nn.Module, workers: Workers) -> Figures:
        """Mean loss and the measures over the validation sequences."""
        return self._measured(model, self._validation, workers, "val")

    def test(self, model: nn.Module, workers: Workers) -> Figures:
        """Mean loss and the measures over the test sequences."""
        examples = self.for_seeds(partial(self.draw_test, self.config.test_size), "test")
        return self._measured(model, examples, workers, "test")

    def answers(
        self, model: nn.Module, examples: Examples, workers: Workers
    ) -> tuple[Tensor, Tensor]:
        """Return the true classes and answers, (R, N) each."""
        measured = self.evaluated(model, examples, workers, _targets_and_answers)
        return measured["targets"], measured["answers"]

    def _measured(
        self, model: nn.Module, examples: Examples, workers: Workers, prefix: str
    ) -> Figures:
        """Mean loss and the measures over examples, their names after `prefix`."""
        sums = self.evaluated(model, examples, workers, self._sums)
        count = examples.count
        figures = {f"{prefix}_loss": sums["loss"].double() / count}
        for measure in self.task.measures:
            figures[f"{prefix}_{measure.name}"] = measure.mean(sums[measure.name], count)
        return self.figures(figures)

    def _sums(self, network: Replicas, batch: Batch) -> Mapping[str, Tensor]:
        """Return the sums (R,) of the losses and of the measures over a batch."""
        logits, targets = _logits(network, batch), batch.targets.long()
        sums = {"loss": self._losses(logits, targets).sum(dim=1)}
        for measure in self.task.measures:
            sums[measure.name] = measure.values(logits.transpose(1, 2), targets).sum(dim=1)
        return sums

    @classmethod
    def evaluate(cls, config: RunConfig, weights: Mapping[str, Tensor]) -> SequenceEvaluation:
        """Measure accuracy at every length up to twice the longest in training, and confusions."""
        problem = cls.with_weights(config, weights)
        settings = problem.config
        shortest, longest = settings.lengths
        spread = np.linspace(shortest, 2 * longest, MOST_LENGTHS).astype(int)
        lengths = tuple(np.unique(spread).tolist())  # all of them, if there are few
        with cpu_workers(settings.workers or automatic_workers()) as workers:
            by_length = [
                problem.answers(problem.model, problem.draw_at(length, EVALUATED), workers)
                for length in lengths
            ]
            examples = problem.for_seeds(partial(problem.draw_test, CONFUSED), "confusion")
            targets, answers = problem.answers(problem.model, examples, workers)
        accuracies = [
            100.0 * (answered == true).sum(dim=1).double() / EVALUATED  # (R,)
            for true, answered in by_length
        ]
        accuracy = ByLength(
            name="accuracy",
            lengths=lengths,
            values=torch.stack(accuracies, dim=1).numpy(),
            counts=(EVALUATED,) * len(lengths),
        )
        confusion = _confusion(targets, answers, len(settings.variants), problem.outputs)
        return SequenceEvaluation(settings, [accuracy], confusion)


def _confusion(
    targets: Tensor, answers: Tensor, variants: int, classes: int
) -> npt.NDArray[np.int64]:
    """Return counts (V, C, C) over all seeds of V variants.

    Rows are the C true classes, columns the answers.

    Args:
        targets: (R, N) true classes, the seeds of a variant one after another.
        answers: (R, N).
        variants: V.
        classes: C.
    """
    true, answered = (
        numbers.numpy().reshape(variants, -1).astype(int) for numbers in (targets, answers)
    )
    cells = (np.arange(variants)[:, None] * classes + true) * classes + answered
    counts = np.bincount(cells.ravel(), minlength=variants * classes**2)
    return counts.reshape(variants, classes, classes)


def _targets_and_answers(network: Replicas, batch: Batch) -> Mapping[str, Tensor]:
    """Return the true classes and answers (R, B) of a batch."""
    answers = _logits(network, batch).argmax(dim=1)
    return {"targets": batch.targets.long(), "answers": answers}


def _logits(network: Replicas, batch: Batch) -> Tensor:
    """Return logits (R, C, B) after each sequence's end, without gradients."""
    assert batch.lengths is not None
    _, replicas, _, sequences = batch.inputs.shape  # (T, R, F, B)
    final = network.gates.new_zeros(replicas, network.hidden_size, sequences)
    for step, states in enumerate(network.steps(batch.inputs), start=1):
        torch.where((batch.lengths == step)[:, None], states, final, out=final)
    return network.logits(final)
