"""Tasks of the hierarchy for the training loop: words are read, then blanks, at which answers are.

As in the paper, a network reads a word and then a blank for each answer, and answers while it reads
the blanks; each batch has words of one length, so nothing is padded in training. The score is the
mean over lengths beyond those in training.

Shapes: S seeds, R replicas, N or B words, K symbols, A answers, C classes of an answer, and T
steps, those of the word and its blanks.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace

import numpy as np
import torch
from torch import Tensor, nn

from rnn_tui.engine.config import RunConfig
from rnn_tui.engine.errors import SettingError
from rnn_tui.engine.metrics import Figures, Measure
from rnn_tui.engine.training.parallel import Workers
from rnn_tui.engine.training.problem import Log
from rnn_tui.tasks import hierarchy
from rnn_tui.tasks.config import SequenceConfig
from rnn_tui.tasks.hierarchy.rule import UNASKED, Answered, rule_of
from rnn_tui.tasks.sequences.examples import Batch, Examples
from rnn_tui.tasks.sequences.objective import AnsweredBatch
from rnn_tui.tasks.sequences.problem import SequenceProblem
from rnn_tui.tasks.sequences.replica_problem import Networks, states_of

LONGEST = 500  # symbols of the longest words of the test
TEST_LENGTHS = 24  # lengths of a test of evenly spaced ones: all 460 take twenty times as long
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
        uneven = settings.recipe.training_words != "even"
        if uneven and not hierarchy.DEFINITIONS_BY_NAME[settings.task].free:
            raise SettingError(
                f"{self.task.label} has words in which not every symbol may follow any other, so "
                "that they are not drawn symbol by symbol; choose even training words."
            )
        super().__init__(settings, device, log, dtype)
        #: the number of answers by the steps of a word and its blanks.
        self._answer_counts = {
            symbols + self.rule.answer_length(symbols): self.rule.answer_length(symbols)
            for symbols in range(1, max(LONGEST, self.config.lengths[1]) + 1)
        }

    @property
    def test_lengths(self) -> tuple[int, ...]:
        """The lengths of the test, from the first beyond those in training to `LONGEST`."""
        return _test_lengths(self.config)

    @classmethod
    def tested_lengths(cls, config: SequenceConfig) -> str:
        """Return the lengths of the test."""
        lengths = _test_lengths(config)
        return f" of each of {len(lengths)} lengths, {lengths[0]} to {lengths[-1]} symbols"

    def draw(self, lengths: Tensor, random: torch.Generator) -> Examples:
        """Draw words of these lengths (N,) as in the paper, with a blank for each answer."""
        return self._drawn(lengths, random, self.rule.draw_answered)

    def draw_training(self, lengths: Tensor, random: torch.Generator) -> Examples:
        """Draw words of these lengths (N,) as the recipe has them in training."""
        if self.config.recipe.training_words == "even":
            return self.draw(lengths, random)
        return self._drawn(lengths, random, self.rule.draw_uneven)

    def _drawn(
        self,
        lengths: Tensor,
        random: torch.Generator,
        draw: Callable[[int, int, np.random.Generator], Answered],
    ) -> Examples:
        """Draw words of these lengths (N,), with a blank for each answer.

        Args:
            lengths: of words, before the rule makes them fit.
            random: gives the seed of all chance.
            draw: a way of the rule to draw words of a length with their answers.
        """
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
            words, answers = draw(len(places), length, numbers)
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

    @property
    def measures(self) -> Sequence[Measure]:
        """The share of right answers."""
        return (self.accuracy,)

    def training_answers(self, batch: Batch) -> AnsweredBatch:
        """Return answers at the blanks of words of one length."""
        steps = len(batch.inputs)
        count = self._answer_counts[steps]
        if count == 1:
            logits = self.model.at_end(batch.inputs)[None]  # (1, R, C, B)
        else:
            logits = self.model.at_every_step(batch.inputs)[-count:]  # (A, R, C, B)
        return _answers(logits, batch.targets[:, steps - count : steps])

    def answers(self, network: Networks, batch: Batch) -> Iterator[AnsweredBatch]:
        """Yield all answers from the first blank on, without gradients."""
        targets = batch.targets[:, : len(batch.inputs)]  # (R, T, B)
        first = int((targets != NO_ANSWER).any(dim=2).any(dim=0).nonzero()[0])
        logits = torch.stack(
            [
                network.logits(states)
                for step, states in enumerate(states_of(network, batch))
                if step >= first
            ]
        )  # (A, R, C, B)
        yield _answers(logits, targets[:, first:])

    def sums_of_answers(self, answers: AnsweredBatch) -> Mapping[str, Tensor]:
        """Return sums in double precision, before those of parts are added."""
        sums = super().sums_of_answers(answers)
        return {name: values.cpu().double() for name, values in sums.items()}

    def test(self, model: nn.Module, workers: Workers) -> Figures:
        """Mean over lengths beyond those in training of the share of right answers."""
        count = self.config.test_size
        accuracies = self.accuracies_at(model, self.test_lengths, count, workers)
        return {"test_accuracy": tuple(accuracies.mean(dim=1).tolist())}

    def test_part(self, model: nn.Module, workers: Workers) -> float:
        """Test at the shortest length alone; the work is in proportion to lengths."""
        shortest = self.test_lengths[0]
        self.accuracies_at(model, (shortest,), self.config.test_size, workers)
        return shortest / sum(self.test_lengths)

    def evaluated_lengths(self) -> Sequence[int]:
        """Return lengths in training, and those of the test beyond."""
        return (*_evenly(*self.config.lengths, TRAINED_LENGTHS), *self.test_lengths)

    def evaluated_count(self) -> int:
        """Return as many words of each length as in the test."""
        return self.config.test_size


def _answers(logits: Tensor, targets: Tensor) -> AnsweredBatch:
    """Return answers at A steps side by side, as if to A·B sequences.

    Args:
        logits: (A, R, C, B).
        targets: (R, A, B), `NO_ANSWER` where nothing is asked.
    """
    flat_targets = targets.flatten(1)  # (R, A·B)
    known = flat_targets != NO_ANSWER
    classes = flat_targets.long().masked_fill(~known, 0)
    return AnsweredBatch(logits.permute(1, 2, 0, 3).flatten(2), classes, known)


def _test_lengths(config: SequenceConfig) -> tuple[int, ...]:
    first = config.lengths[1] + 1
    last = max(first, LONGEST)
    if config.test_lengths == "all":
        return tuple(range(first, last + 1))
    return _evenly(first, last, TEST_LENGTHS)


def _evenly(first: int, last: int, count: int) -> tuple[int, ...]:
    """Return at most `count` whole numbers, evenly spaced from the first to the last."""
    return tuple(np.unique(np.linspace(first, last, count).round().astype(int)).tolist())
