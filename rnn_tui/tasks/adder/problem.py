"""The adder for the training loop: the bits of a sum, least significant first."""

from collections.abc import Mapping, Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from rnn_tui.engine.config import RunConfig
from rnn_tui.engine.metrics import Figures
from rnn_tui.engine.parallel import Workers, automatic_workers, cpu_workers
from rnn_tui.networks.replicas import Replicas
from rnn_tui.tasks.adder import ADDER
from rnn_tui.tasks.sequences.problem import Batch, Examples, SequenceProblem, join
from rnn_tui.tasks.task import ByLength, SequenceEvaluation

TEST_LENGTHS = range(1, 21)
# the evaluation goes on with these, and so many pairs of each
LONG_LENGTHS, LONG_COUNT = (32, 64, 128, 256, 512, 1024), 100
EVALUATED = ("bit_accuracy", "number_accuracy")
# in the pairs made for long carries, how likely a place is of the same kind as the one before it
REPEATED = 0.6
# small enough for exp(…) to be 0 in any precision, and finite, so that times 0 it is 0
EXCLUDED = -1e9


def draw_pairs(lengths: Tensor, random: torch.Generator, runs: bool = False) -> Examples:
    """Two random numbers a sequence of these lengths (N,), below 2^(length − 1), and the bits of
    their sum.

    A bit that is 0 or 1 with equal chance at each of the lower length − 1 places is a number
    uniform below 2^(length − 1).

    With `runs`, every other pair is made of runs of like places (both 0, both 1, or different):
    through a run of different ones a carry goes far. Ten such places are a chance of 1 in 1,000
    otherwise, too rare to be got right among 1,024 bits.
    """
    longest, count = int(lengths.max()), len(lengths)
    bits = torch.randint(2, (count, longest, 2), generator=random, dtype=torch.uint8)
    if runs:
        anew = torch.rand(count, longest, generator=random) >= REPEATED
        anew[::2] = anew[:, 0] = True
        # (N, T), where a run began
        first = torch.where(anew, torch.arange(longest), 0).cummax(dim=1).values
        kinds = bits.gather(1, first[:, :, None].expand(-1, -1, 2))
        swapped = torch.randint(2, (count, longest, 1), generator=random) == 1
        bits = torch.where(swapped, kinds.flip(2), kinds)
    # the last place is left to the carry
    bits *= (torch.arange(longest) < lengths[:, None] - 1)[:, :, None]
    return Examples(bits[None], add_bits(bits)[None], lengths[None])


def add_bits(bits: Tensor) -> Tensor:
    """The bits of sums (N, T) of pairs of numbers (N, T, 2), least significant first, uint8."""
    totals = bits.sum(dim=2, dtype=torch.uint8)  # (N, T), 0 … 2
    # Where a place holds one 1, it hands on the carry it gets; the last place up to there that does
    # not decides: a carry for 2.
    deciding = torch.where(totals == 1, 0, torch.arange(totals.shape[1])).cummax(dim=1).values
    carry = totals.gather(1, deciding) == 2
    return (totals + F.pad(carry[:, :-1], (1, 0))) & 1


def loss_of(kind: str, logits: Tensor, targets: Tensor, lengths: Tensor | None) -> Tensor:
    """Loss of every sequence (R, B).

    `mse` is the mean over the bits of the squared distance between output and bit. `ce` is what the
    report calls cross-entropy: `nn.CrossEntropyLoss` on the vector of outputs, that is minus the
    sum over the bits of target times the logarithm of a softmax *across positions* of the outputs.
    `bce` is the mean over the bits of each bit's own cross-entropy, the textbook's. Of `logits` (T,
    R, B) before the sigmoid, `targets` (T, R, B), 0 after the end, and `lengths` (R, B), None where
    all are T.
    """
    if kind == "ce":
        outputs = torch.sigmoid(logits)
        if lengths is not None:
            outputs = outputs.masked_fill(~_within(logits, lengths), EXCLUDED)
        return -(targets * torch.log_softmax(outputs, dim=0)).sum(dim=0)
    if kind == "mse":
        errors = (torch.sigmoid(logits) - targets).square()
    else:
        errors = F.binary_cross_entropy_with_logits(logits, targets, reduction="none")
    return (
        errors.mean(dim=0)
        if lengths is None
        else (errors * _within(logits, lengths)).sum(dim=0) / lengths
    )


class AdderProblem(SequenceProblem):
    """The report's third experiment."""

    task = ADDER

    def draw(self, lengths: Tensor, random: torch.Generator) -> Examples:
        """Random pairs of these lengths (N,)."""
        return draw_pairs(lengths, random)

    def draw_training(self, lengths: Tensor, random: torch.Generator) -> Examples:
        """Random pairs, with long carries where the recipe asks for them."""
        return draw_pairs(lengths, random, self.config.recipe.augmentation == "carry")

    def losses_of(self, batch: Batch) -> Tensor:
        """Mean loss (R,) over the batch."""
        return self._losses(self.model(batch.inputs), batch).mean(dim=1)

    def _losses(self, logits: Tensor, batch: Batch) -> Tensor:
        """Losses (R, B) of logits (T, R, B)."""
        targets, lengths = (
            _targets(batch).to(logits.dtype, memory_format=torch.contiguous_format),
            batch.lengths,
        )

        def of(loss: str, part: slice) -> Tensor:
            return loss_of(
                loss, logits[:, part], targets[:, part], None if lengths is None else lengths[part]
            )

        return self.losses_by(of)

    def validate(self, model: nn.Module, workers: Workers) -> Figures:
        """Mean loss, and the mean over the pairs of the share of right bits."""
        sums, count = (
            self.evaluated(model, self._validation, workers, self._sums),
            self._validation.count,
        )
        loss, bits = (sums[name].double() for name in ("loss", "bits"))
        return self.figures({"val_loss": loss / count, "val_bit_accuracy": 100.0 * bits / count})

    def test(self, model: nn.Module, workers: Workers) -> Figures:
        """Share of right bits, and of wholly right sums, as means over the lengths 1 … 20."""
        shares = self.at_lengths(model, TEST_LENGTHS, self.config.test_size, workers)
        bits, numbers = (100.0 * share.mean(dim=1) for share in shares)
        return self.figures({"test_bit_accuracy": bits, "test_number_accuracy": numbers})

    def at_lengths(
        self, model: nn.Module, lengths: Sequence[int], count: int, workers: Workers
    ) -> tuple[Tensor, Tensor]:
        """Shares of right bits and of right numbers, (R, L) each, over `count` pairs a length."""
        drawn = join([self.draw_at(length, count) for length in lengths], 1)
        # Parts of a few lengths each, since they are cut to the longest sequence in them.
        found = self.evaluated(
            model, drawn, workers, lambda network, part: _right(_logits(network, part), part)
        )
        bits, numbers = (
            found[name].view(-1, len(lengths), count).mean(dim=2) for name in ("bits", "numbers")
        )
        return bits, numbers

    @classmethod
    def evaluate(cls, config: RunConfig, weights: Mapping[str, Tensor]) -> SequenceEvaluation:
        """Shares of right bits and of right sums, at 1 … 20 bits and far beyond."""
        problem = cls.with_weights(config, weights)
        settings = problem.config
        asked = [
            (TEST_LENGTHS, settings.test_size),
            *(((one,), LONG_COUNT) for one in LONG_LENGTHS),
        ]
        with cpu_workers(settings.workers or automatic_workers()) as workers:
            shares = [
                problem.at_lengths(problem.model, lengths, count, workers)
                for lengths, count in asked
            ]
        lengths = tuple(one for several, _ in asked for one in several)
        counts = tuple(count for several, count in asked for _ in several)
        figures = [100.0 * torch.cat(values, dim=1).numpy() for values in zip(*shares, strict=True)]
        by_length = [
            ByLength(name, lengths, values, counts)
            for name, values in zip(EVALUATED, figures, strict=True)
        ]
        return SequenceEvaluation(settings, by_length)

    def _sums(self, network: Replicas, part: Batch) -> Mapping[str, Tensor]:
        logits = _logits(network, part)
        return {
            "loss": self._losses(logits, part).sum(dim=1),
            "bits": _right(logits, part)["bits"].sum(dim=1),
        }


def _within(logits: Tensor, lengths: Tensor) -> Tensor:
    """Which places (T, R, B) belong to sequences of these lengths (R, B)."""
    return torch.arange(len(logits), device=logits.device)[:, None, None] < lengths


def _logits(network: Replicas, batch: Batch) -> Tensor:
    """Logits (T, R, B), without gradients."""
    return torch.stack([network.logits(states)[:, 0] for states in network.steps(batch.inputs)])


def _targets(batch: Batch) -> Tensor:
    """The bits of the sums (T, R, B)."""
    return batch.targets[:, : len(batch.inputs)].movedim(1, 0)


def _right(logits: Tensor, batch: Batch) -> dict[str, Tensor]:
    """Of sequences (R, B): shares of right `bits` (1 where a logit (T, R, B) is 0 or more);
    `numbers`, 1 if all are right.
    """
    assert batch.lengths is not None
    count = (((logits >= 0) == _targets(batch).bool()) & _within(logits, batch.lengths)).sum(dim=0)
    return {"bits": count.double() / batch.lengths, "numbers": (count == batch.lengths).double()}
