"""Sets of small networks that are trained on sequences drawn by chance.

The sequences of a whole epoch are a few megabytes as bytes; they are drawn at once and read in
blocks.
"""

from abc import abstractmethod
from collections.abc import Callable, Mapping, Sequence
from functools import partial

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from rnn_tui.engine.config import RunConfig
from rnn_tui.engine.files.seal import digest_of
from rnn_tui.engine.metrics import ACCURACY, Figures
from rnn_tui.engine.training.parallel import Workers, automatic_workers, cpu_workers
from rnn_tui.engine.training.problem import Log, generator
from rnn_tui.tasks.config import DRAWN_BYTES, SequenceConfig, as_kind
from rnn_tui.tasks.sequences.examples import Batch, Examples, cut_into_batches, join
from rnn_tui.tasks.sequences.replica_problem import Measurement, Networks, ReplicaProblem, added
from rnn_tui.tasks.task import ByLength, SequenceEvaluation

VALIDATION_SIZE = 100  # held-out sequences of each seed
EVALUATED = 200  # sequences of each length to evaluate each replica on
GROWTH = 0.6  # share of all steps in which growing lengths reach the longest
FIRST_LENGTHS = 5  # lengths, the shortest ones, that growing lengths begin with
MOST_LENGTHS = 40  # lengths that are evaluated


class SequenceProblem(ReplicaProblem):
    """Sets of small networks on sequences that are drawn by chance, for each seed its own.

    Args:
        settings: a `SequenceConfig`.
        device: where it is trained.
        log: takes lines for the log.
        dtype: the precision of the weights.
    """

    def __init__(
        self,
        settings: RunConfig,
        device: torch.device,
        log: Log,
        dtype: torch.dtype = torch.float32,
    ) -> None:
        super().__init__(settings, device, log, dtype)
        self._batches: list[Batch] = []  #: of this epoch.
        self._validation = self.for_seeds(self.draw_validation, "validation")

    def data_bytes(self) -> int:
        """Return the memory of an epoch's sequences: as drawn, and as arranged in batches.

        And of one seed's as it comes from the generator.
        """
        config = self.config
        step_count = max(config.training_size, config.test_size) * config.lengths[1]
        return step_count * (2 * config.seeds * self.features + DRAWN_BYTES)

    def data_digests(self) -> Mapping[str, str]:
        """Return a digest of the held-out sequences, which tells what is drawn."""
        return {"the sequences that are drawn": digest_of(vars(self._validation))}

    @abstractmethod
    def draw(self, lengths: Tensor, random: torch.Generator) -> Examples:
        """Return sequences of these lengths (N,) by chance, for one seed (S = 1)."""

    def draw_training(self, lengths: Tensor, random: torch.Generator) -> Examples:
        """Return sequences to train on, of these lengths (N,), for one seed (S = 1)."""
        return self.draw(lengths, random)

    def training_lengths(self, random: torch.Generator) -> Tensor:
        """Draw the lengths (N,) of a training set that is used in every epoch."""
        return self.random_lengths(self.samples_per_epoch, random)

    def draw_validation(self, random: torch.Generator) -> Examples:
        """Draw held-out sequences of one seed, of the lengths in training."""
        return self.draw(self.random_lengths(VALIDATION_SIZE, random), random)

    def draw_test(self, count: int, random: torch.Generator) -> Examples:
        """Return sequences to test on; by default of the lengths in training, by chance."""
        return self.draw(self.random_lengths(count, random), random)

    def begin_epoch(self, epoch: int) -> None:
        """Draw the epoch's sequences, or before the first one those of all epochs."""
        super().begin_epoch(epoch)
        if self.config.recipe.fresh:
            # One length a batch, the same for all seeds: replicas need no padding, and no seed's
            # run depends on others.
            random = generator(0, "lengths of steps", epoch)
            of_steps = self._lengths_of_steps(epoch, random)
            lengths = of_steps.repeat_interleave(self.batch_size)[: self.samples_per_epoch]
            examples = self.for_seeds(partial(self.draw_training, lengths), "training", epoch)
        elif not self._batches:
            examples = self.for_seeds(self._draw_for_all_epochs, "training")
        else:
            return
        self._batches = cut_into_batches(examples, self.batch_size, self.device)

    def _lengths_of_steps(self, epoch: int, random: torch.Generator) -> Tensor:
        """Draw the length of each step of an epoch, which are counted from 1.

        Where lengths grow, they are drawn up to a longest one, which is a function of the step
        alone: a run that is resumed, or trained for one seed of several, has the same.
        """
        count = self.steps_per_epoch
        if self.config.recipe.training_lengths == "even":
            return self.random_lengths(count, random)
        shortest, longest = self.config.lengths
        step = torch.arange((epoch - 1) * count, epoch * count, dtype=torch.float64)
        share = (step / (GROWTH * count * self.config.epochs)).clamp(max=1)
        kinds = longest + 1 - shortest
        first = min(FIRST_LENGTHS, kinds)
        known = (first + share * (kinds - first)).floor()  # lengths drawn from, at each step
        chance = torch.rand(count, generator=random, dtype=torch.float64)
        return shortest + (chance * known).long()

    def _draw_for_all_epochs(self, random: torch.Generator) -> Examples:
        """Return sequences to train one seed on in every epoch."""
        return self.draw_training(self.training_lengths(random), random)

    def random_lengths(self, count: int, random: torch.Generator) -> Tensor:
        """Draw lengths (count,) from the shortest in training to the longest."""
        shortest, longest = self.config.lengths
        return torch.randint(shortest, longest + 1, (count,), generator=random)

    def for_seeds(
        self, draw: Callable[[torch.Generator], Examples], *purpose: str | int
    ) -> Examples:
        """Call `draw` for every seed with a random stream of its own, and join the results.

        It is on the CPU, where cutting waits for nothing.

        Args:
            draw: draws the examples of one seed.
            purpose: names the stream, as for `generator`.
        """
        return join([draw(generator(seed, *purpose)) for seed in self.seeds], 0)

    def sample(self, count: int, random: torch.Generator, length: int | None = None) -> Examples:
        """Draw new sequences; they are as many as asked for."""
        if length is None:
            lengths = self.random_lengths(count, random)
        else:
            lengths = torch.full((count,), length)
        return self.draw(lengths, random)

    def draw_at(self, length: int, count: int) -> Examples:
        """Return sequences of one length for every seed, to measure by length."""
        lengths = torch.full((count,), length)
        return self.for_seeds(partial(self.draw, lengths), "test", length)

    def losses(self, step: int, parts: int) -> Sequence[Callable[[], Tensor]]:  # noqa: ARG002
        """Return one part only: the operations are too small to share between threads."""
        batch = self._batches[step]
        of_replicas = self.for_replicas(batch)
        if self.config.recipe.noise:
            of_replicas = self.noise.added(of_replicas, _longest_of_seeds(batch))
        return [partial(self.losses_of, of_replicas)]

    def for_replicas(self, batch: Batch) -> Batch:
        """Return a batch of all seeds, repeated for every variant."""
        variants = len(self.config.variants)
        if variants == 1:
            return batch
        lengths = None if batch.lengths is None else torch.cat([batch.lengths] * variants)
        return Batch(
            torch.cat([batch.inputs] * variants, 1), torch.cat([batch.targets] * variants), lengths
        )

    def evaluated(
        self, model: nn.Module, examples: Examples, workers: Workers, measure: Measurement
    ) -> Mapping[str, Tensor]:
        """Measure a model on examples, some of them at a time.

        Returns:
            by name what `measure` returns, for all `examples`: values (R, N) in their order, or
            sums (R,) over them.
        """

        def batch_of(start: int, stop: int) -> Batch:
            return self.for_replicas(examples.part(start, stop).batch(self.device))

        return self.measured_in_parts(model, examples.count, batch_of, workers, measure)

    def targets_of(self, batch: Batch) -> tuple[Tensor, Tensor | None]:
        """Return the targets of a batch; those after a sequence's end are unknown.

        They are those of the sequences as drawn: classes or numbers of whole sequences, (R, B) or
        (R, O, B), or classes of every step, (R, T, B).
        """
        if self.shape.numbers:
            return batch.targets, None
        if not self.shape.every_step:
            return batch.targets.long(), None
        targets = batch.targets[:, : len(batch.inputs)].movedim(1, 0)  # (T, R, B)
        if batch.lengths is None:
            return targets, None
        steps = torch.arange(len(targets), device=targets.device)[:, None, None]
        return targets, steps < batch.lengths

    def validate(self, model: nn.Module, workers: Workers) -> Figures:
        """Return the figures over the validation sequences."""
        return self._figures(model, self._validation, workers, "val")

    def test(self, model: nn.Module, workers: Workers) -> Figures:
        """Return the figures over new sequences."""
        examples = self.for_seeds(partial(self.draw_test, self.config.test_size), "test")
        return self._figures(model, examples, workers, "test")

    def _figures(
        self, model: nn.Module, examples: Examples, workers: Workers, prefix: str
    ) -> Figures:
        """Return the figures over examples, their names after `prefix`."""
        sums = self.evaluated(model, examples, workers, self.sums_of)
        return self.figures_of(sums, examples.count, prefix)

    # In more detail

    @classmethod
    def parts_in_words(cls, config: RunConfig) -> Sequence[tuple[str, str]]:
        """Return how many sequences are drawn for each part, of each seed."""
        settings: SequenceConfig = as_kind(config, SequenceConfig)
        recipe = settings.recipe
        again = "others in every epoch" if recipe.fresh else "the same in every epoch"
        if recipe.training_words == "dirichlet":
            again += ", some of nearly one symbol"
        if recipe.training_lengths == "growing":
            again += ", short ones first"
        return (
            ("training", f"{settings.training_size:,} sequences an epoch, {again}"),
            ("validation", f"{VALIDATION_SIZE:,} sequences"),
            ("test", f"{settings.test_size:,} sequences{cls.tested_lengths(settings)}"),
        )

    @classmethod
    def tested_lengths(cls, config: SequenceConfig) -> str:  # noqa: ARG003
        """Return what follows the number of sequences in the test, if it is one of each length."""
        return ""

    accuracy = ACCURACY  #: which answers are right, at each length.
    most_lengths = MOST_LENGTHS  #: how many lengths are evaluated, at most.
    shortest = 1  #: steps of the shortest sequence that there can be.

    def evaluated_lengths(self) -> Sequence[int]:
        """Return the lengths that are evaluated, up to twice the longest in training."""
        shortest, longest = self.config.lengths
        first = max(self.shortest, shortest)
        spread = np.linspace(first, 2 * longest, self.most_lengths).astype(int)
        lengths: list[int] = np.unique(spread).tolist()  # all of them, if there are few
        return lengths

    def evaluated_count(self) -> int:
        """Return how many sequences of each length are evaluated, of each replica."""
        return EVALUATED

    def accuracies_at(
        self, model: nn.Module, lengths: Sequence[int], count: int, workers: Workers
    ) -> Tensor:
        """Return the percentage of right answers (R, L) to `count` sequences of each length."""
        accuracies = []
        for length in lengths:
            sums = self.evaluated(model, self.draw_at(length, count), workers, self._right)
            total = sums[self.accuracy.name].cpu().double()
            accuracies.append(100.0 * total / sums.get("count", torch.tensor(count)).cpu())
        return torch.stack(accuracies, dim=1)

    def _right(self, network: Networks, batch: Batch) -> Mapping[str, Tensor]:
        """Return the number of right answers to a batch, and of known targets."""
        return added(
            self.objective.sums(answers, [self.accuracy])
            for answers in self.answers(network, batch)
        )

    @classmethod
    def evaluate(cls, config: RunConfig, weights: Mapping[str, Tensor]) -> SequenceEvaluation:
        """Measure figures at lengths in training and beyond, and confusions."""
        problem = cls.with_weights(config, weights)
        with cpu_workers(problem.config.workers or automatic_workers()) as workers:
            by_length = problem.by_length(workers)
            confusion = problem.confusion(workers)
        return SequenceEvaluation(problem.config, by_length, confusion)

    def by_length(self, workers: Workers) -> list[ByLength]:
        """Measure figures of the model at several lengths."""
        lengths = tuple(self.evaluated_lengths())
        count = self.evaluated_count()
        accuracies = self.accuracies_at(self.model, lengths, count, workers)
        return [ByLength("accuracy", lengths, accuracies.numpy(), (count,) * len(lengths))]

    def confusion(self, workers: Workers) -> npt.NDArray[np.int64] | None:  # noqa: ARG002
        """Count true classes and answers, if sequences are classified."""
        return None


def _longest_of_seeds(batch: Batch) -> list[int]:
    """Return the steps of each seed's longest sequence in a batch of all seeds."""
    if batch.lengths is None:
        return [len(batch.inputs)] * batch.inputs.shape[1]
    longest: list[int] = batch.lengths.amax(dim=1).tolist()
    return longest
