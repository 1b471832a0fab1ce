"""The adder for the training loop: the bits of a sum, least significant first."""

from collections.abc import Mapping, Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from rnn_tui.engine.config import RunConfig
from rnn_tui.engine.metrics import Figures, Measure
from rnn_tui.engine.training.parallel import Workers, automatic_workers, cpu_workers
from rnn_tui.tasks.adder import ADDER
from rnn_tui.tasks.config import SequenceConfig
from rnn_tui.tasks.sequences.examples import Batch, Examples, join
from rnn_tui.tasks.sequences.objective import BIT_LOSSES, AnsweredBatch, Objective
from rnn_tui.tasks.sequences.problem import SequenceProblem
from rnn_tui.tasks.sequences.replica_problem import Networks
from rnn_tui.tasks.task import ByLength

TEST_LENGTHS = range(1, 21)
LONG_LENGTHS = (32, 64, 128, 256, 512, 1024)  # the evaluation goes on with these
LONG_COUNT = 100  # pairs of each of these
EVALUATED = ("bit_accuracy", "number_accuracy")
# in the pairs made for long carries, how likely a place is of the same kind as the one before it
REPEATED = 0.6
# small enough for exp(…) to be 0 in any precision, and finite, so that times 0 it is 0
EXCLUDED = -1e9


def draw_pairs(lengths: Tensor, random: torch.Generator, runs: bool = False) -> Examples:
    """Draw pairs of numbers of N lengths, at most T, and the bits of their sums.

    A number of length L is uniform below 2^(L − 1): at each of its lower L − 1 places, a bit is 0
    or 1 with equal chance. The last place is left to the carry.

    Args:
        lengths: (N,) places of each pair.
        random: all chance.
        runs: make every other pair of runs of like places (both 0, both 1, or different). Through a
            run of different ones a carry goes far. Ten such places are a chance of 1 in 1,000
            otherwise, too rare to be got right among 1,024 bits.
    """
    longest = int(lengths.max())
    bits = torch.randint(2, (len(lengths), longest, 2), generator=random, dtype=torch.uint8)
    if runs:
        bits = _in_runs(bits, random)
    is_number = torch.arange(longest) < lengths[:, None] - 1  # (N, T)
    bits *= is_number[:, :, None]
    return Examples(bits[None], add_bits(bits)[None], lengths[None])


def _in_runs(bits: Tensor, random: torch.Generator) -> Tensor:
    """Draw pairs (N, T, 2), every other of which has runs of equal places.

    A place of a run takes the bits of the run's first place, swapped or not by chance.
    """
    count, longest, _ = bits.shape
    begins_run = torch.rand(count, longest, generator=random) >= REPEATED
    begins_run[::2] = True
    begins_run[:, 0] = True
    first = torch.where(begins_run, torch.arange(longest), 0).cummax(dim=1).values  # (N, T)
    repeated = bits.gather(1, first[:, :, None].expand(-1, -1, 2))  # (N, T, 2)
    is_swapped = torch.randint(2, (count, longest, 1), generator=random) == 1
    return torch.where(is_swapped, repeated.flip(2), repeated)


def add_bits(bits: Tensor) -> Tensor:
    """Return the bits of sums (N, T) of pairs of numbers (N, T, 2), lowest first, uint8."""
    totals = bits.sum(dim=2, dtype=torch.uint8)  # (N, T), 0 … 2
    # A place that holds one 1 hands on the carry it gets. So the carry of a place is decided at the
    # last one up to there that holds none or two: it is 1 for two.
    deciding = torch.where(totals == 1, 0, torch.arange(totals.shape[1])).cummax(dim=1).values
    carry = totals.gather(1, deciding) == 2
    carry_in = F.pad(carry[:, :-1], (1, 0))
    return (totals + carry_in) & 1


def loss_across_positions(answers: AnsweredBatch, smoothing: float) -> Tensor:
    """Return what the report calls the cross-entropy of every sequence (R, B).

    This is `nn.CrossEntropyLoss` on the vector of outputs: minus the sum over the bits of target
    times the logarithm of a softmax *across positions* of the outputs. Label smoothing is that of
    the same class, which spreads it over the positions.
    """
    outputs = torch.sigmoid(answers.outputs[..., 0, :])  # (T, R, B)
    targets = answers.targets.to(outputs.dtype, memory_format=torch.contiguous_format)
    known = answers.known
    if smoothing:
        targets = targets * (1 - smoothing)
        if known is None:
            targets = targets + smoothing / len(targets)
        else:
            targets = targets + known.to(targets.dtype) * smoothing / known.sum(dim=0)
    if known is not None:
        outputs = outputs.masked_fill(~known, EXCLUDED)
    return -(targets * torch.log_softmax(outputs, dim=0)).sum(dim=0)


def _is_right(logits: Tensor, bits: Tensor) -> Tensor:
    """Return whether logits (…, 1), which are 0 or more for a bit of 1, are right of bits (…)."""
    return (logits[..., 0] >= 0) == bits.bool()


BIT_ACCURACY = Measure("bit_accuracy", "bit accuracy", _is_right)


class AdderProblem(SequenceProblem):
    """The report's third experiment."""

    task = ADDER

    def draw(self, lengths: Tensor, random: torch.Generator) -> Examples:
        """Draw random pairs of these lengths (N,)."""
        return draw_pairs(lengths, random)

    def draw_training(self, lengths: Tensor, random: torch.Generator) -> Examples:
        """Draw random pairs, with long carries if the recipe asks for them."""
        return draw_pairs(lengths, random, self.config.recipe.augmentation == "carry")

    def make_objective(self) -> Objective:
        """Return losses of sequences, which count the same whatever their length."""
        return Objective(
            BIT_LOSSES,
            self.loss_slices,
            self.config.recipe.label_smoothing,
            sequence_losses={"ce": loss_across_positions},
            by_sequence=True,
        )

    @property
    def measures(self) -> Sequence[Measure]:
        """The share of right bits."""
        return (BIT_ACCURACY,)

    def test(self, model: nn.Module, workers: Workers) -> Figures:
        """Measure the shares of right bits and of right sums, as means over the lengths 1 … 20."""
        bits, numbers = self.at_lengths(model, TEST_LENGTHS, self.config.test_size, workers)
        return {
            "test_bit_accuracy": tuple((100.0 * bits.mean(dim=1)).tolist()),
            "test_number_accuracy": tuple((100.0 * numbers.mean(dim=1)).tolist()),
        }

    def at_lengths(
        self, model: nn.Module, lengths: Sequence[int], count: int, workers: Workers
    ) -> tuple[Tensor, Tensor]:
        """Measure the shares of right bits and of right numbers, (R, L) each.

        They are over `count` pairs a length.
        """
        # Parts of a few lengths each, since they are cut to the longest sequence in them.
        examples = join([self.draw_at(length, count) for length in lengths], 1)
        shares = self.evaluated(model, examples, workers, self._right_shares)
        shape = (-1, len(lengths), count)
        return shares["bits"].view(shape).mean(dim=2), shares["numbers"].view(shape).mean(dim=2)

    def by_length(self, workers: Workers) -> list[ByLength]:
        """Measure the shares of right bits and of right sums, at 1 … 20 bits and far beyond."""
        # lengths that are drawn together, with the pairs of each
        asked: list[tuple[Sequence[int], int]] = [(TEST_LENGTHS, self.config.test_size)]
        asked += [((length,), LONG_COUNT) for length in LONG_LENGTHS]
        shares = [self.at_lengths(self.model, *lengths, workers) for lengths in asked]
        all_lengths = tuple(length for lengths, _ in asked for length in lengths)
        counts = tuple(count for lengths, count in asked for _ in lengths)
        return [
            ByLength(name, all_lengths, 100.0 * torch.cat(parts, dim=1).numpy(), counts)
            for name, parts in zip(EVALUATED, zip(*shares, strict=True), strict=True)
        ]

    @classmethod
    def tested_lengths(cls, config: SequenceConfig) -> str:  # noqa: ARG003
        """Return the lengths of the test."""
        return f" of each of {len(TEST_LENGTHS)} lengths, 1 to {TEST_LENGTHS[-1]} places"

    @classmethod
    def accuracy_by_length(cls, config: RunConfig, weights: Mapping[str, Tensor]) -> ByLength:
        """Measure the share of right bits at the lengths of the test, of which that is the mean."""
        problem = cls.with_weights(config, weights)
        settings = problem.config
        with cpu_workers(settings.workers or automatic_workers()) as workers:
            bits, _ = problem.at_lengths(problem.model, TEST_LENGTHS, settings.test_size, workers)
        counts = (settings.test_size,) * len(TEST_LENGTHS)
        return ByLength(EVALUATED[0], tuple(TEST_LENGTHS), 100.0 * bits.numpy(), counts)

    def _right_shares(self, network: Networks, batch: Batch) -> Mapping[str, Tensor]:
        """Return of sequences (R, B) the share of right bits, and 1 if all are right, else 0."""
        [answers] = self.answers(network, batch)
        bits = self.objective.measured(BIT_ACCURACY, answers)
        return {"bits": bits, "numbers": (bits == 1).double()}
