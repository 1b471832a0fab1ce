"""Tasks of the hierarchy for the training loop: words are read, then blanks, at which answers are.

As in the paper, a network reads a word and then a blank for each answer, and answers while it reads
the blanks; each batch has words of one length, drawn evenly from those in training, so nothing is
padded in training. The score is the mean over lengths beyond those in training.

Shapes: S seeds, R replicas, N or B words, K symbols, A answers, C classes of an answer, and T
steps, those of the word and its blanks.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
import torch
from torch import Tensor, nn

from rnn_tui.engine.config import RunConfig
from rnn_tui.engine.metrics import Figures
from rnn_tui.engine.training.parallel import Workers, automatic_workers, cpu_workers
from rnn_tui.engine.training.problem import Log
from rnn_tui.networks.replicas import Replicas
from rnn_tui.tasks import hierarchy
from rnn_tui.tasks.hierarchy.rule import UNASKED, rule_of
from rnn_tui.tasks.sequences.classification import loss_of
from rnn_tui.tasks.sequences.examples import Batch, Examples
from rnn_tui.tasks.sequences.problem import SequenceProblem
from rnn_tui.tasks.task import ByLength, SequenceEvaluation

LONGEST = 500  # symbols of the longest words of the test
TEST_LENGTHS = 24  # lengths of the test, evenly spaced: all 460 would take twenty times as long
TRAINED_LENGTHS = 8  # lengths within those in training that are evaluated as well
VALIDATION_LENGTHS = 10  # lengths of validation
VALIDATED = 10  # words of each of them
NO_ANSWER = 255  # a target where nothing is asked


class HierarchyProblem(SequenceProblem):
    """A set of networks on the words of one rule."""

    def __init__(
        self,
        settings: RunConfig,
        device: torch.device,
        log: Log,
        dtype: torch.dtype = torch.float32,
    ) -> None:
        self.task = hierarchy.TASKS_BY_NAME[settings.task]
        assert self.task.shape is not None
        self.rule = rule_of(settings.task)
        super().__init__(settings, device, log, dtype)
        #: the number of answers by the steps of a word and its blanks.
        self._answer_counts = {
            symbols + self.rule.answer_length(symbols): self.rule.answer_length(symbols)
            for symbols in range(1, max(LONGEST, self.config.lengths[1]) + 1)
        }

    @property
    def test_lengths(self) -> tuple[int, ...]:
        """The lengths of the test, from the first beyond those in training to `LONGEST`."""
        first = self.config.lengths[1] + 1
        return _evenly(first, max(first, LONGEST), TEST_LENGTHS)

    def draw(self, lengths: Tensor, random: torch.Generator) -> Examples:
        """Draw words of these lengths (N,), with a blank for each answer."""
        seed = int(torch.randint(2**62, (1,), generator=random))
        numbers = np.random.default_rng(seed)
        of_words = lengths.numpy()  # (N,)
        kinds = np.unique(of_words).tolist()
        longest = max(self._step_count(length) for length in kinds)
        inputs = np.zeros((len(of_words), longest, self.features), np.uint8)  # (N, T, K + 1)
        targets = np.full((len(of_words), longest), NO_ANSWER, np.uint8)  # (N, T)
        steps = np.empty(len(of_words), np.int64)  # (N,)
        # all words of a length at once: a rule's calls cost more than what they compute
        for length in kinds:
            places = np.flatnonzero(of_words == length)
            # (n, symbols), (n, A)
            words, answers = self.rule.draw_answered(len(places), length, numbers)
            symbols = words.shape[1]
            end = symbols + answers.shape[1]
            inputs[places[:, None], np.arange(symbols), words] = 1
            inputs[places, symbols:end, -1] = 1
            targets[places, symbols:end] = np.where(answers < 0, NO_ANSWER, answers)
            steps[places] = end
        return Examples(*(torch.from_numpy(array)[None] for array in (inputs, targets, steps)))

    def _step_count(self, length: int) -> int:
        """Return the steps of a word of a length and of its blanks."""
        symbols = self.rule.word_length(length)
        return symbols + self.rule.answer_length(symbols)

    def sample(self, count: int, random: torch.Generator, length: int | None = None) -> Examples:
        """Draw words to look into; their targets are −1 where nothing is asked."""
        examples = super().sample(count, random, length)
        targets = examples.targets.long()
        return replace(examples, targets=targets.masked_fill(targets == NO_ANSWER, UNASKED))

    def draw_validation(self, random: torch.Generator) -> Examples:
        """Draw held-out words of lengths evenly spaced among those in training."""
        lengths = torch.tensor(_evenly(*self.config.lengths, VALIDATION_LENGTHS))
        return self.draw(lengths.repeat_interleave(VALIDATED), random)

    def losses_of(self, batch: Batch) -> Tensor:
        """Mean loss (R,) over all answers in the batch, whose words are of one length."""
        steps = len(batch.inputs)
        count = self._answer_counts[steps]
        if count == 1:
            logits = self.model.at_end(batch.inputs)[None]  # (1, R, C, B)
        else:
            logits = self.model.at_every_step(batch.inputs)[-count:]  # (A, R, C, B)
        losses, asked = self._losses(logits, batch.targets[:, steps - count : steps])
        return losses.sum(dim=1) / asked.sum(dim=1)

    def _losses(self, logits: Tensor, targets: Tensor) -> tuple[Tensor, Tensor]:
        """Return the loss of each answer, 0 where nothing is asked, and which are asked.

        Args:
            logits: (A, R, C, B).
            targets: (R, A, B).

        Returns:
            (R, A·B) each.
        """
        flat_logits = logits.permute(1, 2, 0, 3).flatten(2)  # (R, C, A·B)
        flat_targets = targets.flatten(1)  # (R, A·B)
        asked = flat_targets != NO_ANSWER
        classes = flat_targets.long().masked_fill(~asked, 0)
        losses = self.losses_by(
            lambda loss, replicas: loss_of(loss, flat_logits[replicas], classes[replicas])
        )
        return losses * asked, asked

    def validate(self, model: nn.Module, workers: Workers) -> Figures:
        """Mean loss and the share of right answers over words of the lengths in training."""
        sums = self.evaluated(model, self._validation, workers, self._sums)
        return self.figures(
            {
                "val_loss": sums["loss"] / sums["asked"],
                "val_accuracy": 100.0 * sums["right"] / sums["asked"],
            }
        )

    def test(self, model: nn.Module, workers: Workers) -> Figures:
        """Mean over lengths beyond those in training of the share of right answers."""
        accuracies = self.at_lengths(model, self.test_lengths, workers)
        return self.figures({"test_accuracy": accuracies.mean(dim=1)})

    def test_part(self, model: nn.Module, workers: Workers) -> float:
        """Test at the shortest length alone; the work is in proportion to lengths."""
        shortest = self.test_lengths[0]
        self.at_lengths(model, (shortest,), workers)
        return shortest / sum(self.test_lengths)

    def at_lengths(self, model: nn.Module, lengths: Sequence[int], workers: Workers) -> Tensor:
        """Return the percentage of right answers at each of L lengths (R, L)."""
        accuracies = []
        for length in lengths:
            examples = self.draw_at(length, self.config.test_size)
            sums = self.evaluated(model, examples, workers, self._sums)
            accuracies.append(100.0 * sums["right"] / sums["asked"])
        return torch.stack(accuracies, dim=1)

    def _sums(self, network: Replicas, batch: Batch) -> Mapping[str, Tensor]:
        """Return sums (R,) over a batch: of losses, of right answers, and of all that are asked."""
        steps = len(batch.inputs)
        targets = batch.targets[:, :steps]  # (R, T, B)
        first = int((targets != NO_ANSWER).any(dim=2).any(dim=0).nonzero()[0])
        logits = torch.stack(
            [
                network.logits(states)
                for step, states in enumerate(network.steps(batch.inputs))
                if step >= first
            ]
        )  # (A, R, C, B)
        targets = targets[:, first:]
        losses, asked = self._losses(logits, targets)
        answers = logits.argmax(dim=2).transpose(0, 1).flatten(1)  # (R, A·B)
        right = answers == targets.flatten(1)
        return {
            "loss": losses.sum(dim=1).double(),
            "right": right.sum(dim=1).double(),
            "asked": asked.sum(dim=1).double(),
        }

    @classmethod
    def evaluate(cls, config: RunConfig, weights: Mapping[str, Tensor]) -> SequenceEvaluation:
        """Measure the share of right answers at lengths in training and beyond."""
        problem = cls.with_weights(config, weights)
        settings = problem.config
        trained = _evenly(*settings.lengths, TRAINED_LENGTHS)
        lengths = (*trained, *problem.test_lengths)
        with cpu_workers(settings.workers or automatic_workers()) as workers:
            accuracies = problem.at_lengths(problem.model, lengths, workers)
        counts = (settings.test_size,) * len(lengths)
        accuracy = ByLength("accuracy", lengths, accuracies.numpy(), counts)
        return SequenceEvaluation(settings, [accuracy])


def _evenly(first: int, last: int, count: int) -> tuple[int, ...]:
    """Return at most `count` whole numbers, evenly spaced from the first to the last."""
    return tuple(np.unique(np.linspace(first, last, count).round().astype(int)).tolist())
