"""Sets of small networks for the training loop, and the sequences they are trained on.

The sequences of a whole epoch are a few megabytes as bytes; they are drawn at once and read in
blocks.
"""

from abc import abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, ClassVar, Self

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from rnn_tui.engine.config import RunConfig
from rnn_tui.engine.devices import require_memory, send
from rnn_tui.engine.errors import CheckpointError, printable
from rnn_tui.engine.metrics import Figures
from rnn_tui.engine.parallel import Workers
from rnn_tui.engine.problem import Log, Problem, generator
from rnn_tui.networks import CELLS
from rnn_tui.networks.gradients import check_gradients
from rnn_tui.networks.layers import initialise, recurrent_layers
from rnn_tui.networks.replicas import Replicas, replicas_of
from rnn_tui.tasks.config import DRAWN_BYTES, EVALUATION_ROWS, SequenceConfig, as_kind
from rnn_tui.tasks.task import Task

VALIDATION_SIZE = 100  # held-out sequences of each seed
FLOATS_KEPT = 16  # kept for the backward pass, per replica, sequence, time step and unit


@dataclass(frozen=True)
class Examples:
    """Sequences with what is asked of them."""

    #: (S, N, T, F) uint8, S seeds, N sequences, T steps of F features; zero after a sequence's end.
    inputs: Tensor
    targets: Tensor  #: (S, N, …) uint8, as the task defines them.
    lengths: Tensor  #: (S, N) steps of each sequence, uint16 or wider.

    @property
    def count(self) -> int:
        """Sequences of each seed."""
        return self.inputs.shape[1]

    def part(self, start: int, stop: int) -> "Examples":
        """Return some of the sequences of every seed, cut to the longest of them."""
        lengths = self.lengths[:, start:stop]
        longest = int(lengths.max())
        inputs = self.inputs[:, start:stop, :longest]
        return Examples(inputs, self.targets[:, start:stop], lengths)

    def batch(self, device: torch.device) -> "Batch":
        """Return them as one contiguous block in the model's layout, on its device."""
        inputs = self.inputs.permute(2, 0, 3, 1)  # (T, S, F, N)
        targets = self.targets.movedim(1, -1)  # (S, …, N)
        return Batch(
            send(inputs.contiguous(), device),
            send(targets.contiguous(), device),
            send(self.lengths.long().contiguous(), device),
        )


def join(parts: Sequence[Examples], dimension: int) -> Examples:
    """Put examples together; the shorter ones get zeros at the end.

    Args:
        parts: what is put together.
        dimension: 0 for examples of other seeds, 1 for other examples of the same seeds.
    """
    longest = max(part.inputs.shape[2] for part in parts)
    inputs = [_padded(part.inputs, longest, trailing=1) for part in parts]
    targets = [part.targets for part in parts]
    if targets[0].dim() > 2:  # a target a step
        targets = [_padded(target, longest, trailing=0) for target in targets]
    lengths = [part.lengths for part in parts]
    return Examples(
        torch.cat(inputs, dimension), torch.cat(targets, dimension), torch.cat(lengths, dimension)
    )


def _padded(tensor: Tensor, longest: int, trailing: int) -> Tensor:
    """Return a tensor (S, N, T, …) with zeros up to `longest` steps.

    `trailing` dimensions follow T.
    """
    missing = longest - tensor.shape[2]
    if not missing:
        return tensor
    return F.pad(tensor, (0, 0) * trailing + (0, missing))


@dataclass(frozen=True)
class Batch:
    """The sequences of one step, of each seed; for a model of each replica, R in place of S."""

    inputs: Tensor  #: (T, S, F, B) uint8.
    targets: Tensor  #: (S, …, B) uint8.
    lengths: Tensor | None  #: (S, B); None in training if all are T.


def cut_into_batches(examples: Examples, batch_size: int, device: torch.device) -> list[Batch]:
    """Return the examples of an epoch in batches, in order.

    The last batch may be smaller than the others.
    """
    whole = examples.batch(device)  # arranged and sent at once
    assert whole.lengths is not None
    starts = range(0, examples.count, batch_size)
    lows, highs = (lengths.numpy() for lengths in examples.lengths.aminmax(dim=0))  # (N,)
    shortest = np.minimum.reduceat(lows, starts).tolist()
    longest = np.maximum.reduceat(highs, starts).tolist()
    batches = []
    for start, least, most in zip(starts, shortest, longest, strict=True):
        part = slice(start, start + batch_size)
        lengths = None if least == most else whole.lengths[:, part]
        batches.append(Batch(whole.inputs[:most, ..., part], whole.targets[..., part], lengths))
    return batches


#: Measures a batch of all replicas, which has lengths; called without gradients.
Measurement = Callable[[Replicas, Batch], Mapping[str, Tensor]]


class SequenceProblem(Problem):
    """Every variant of the settings with every seed, trained in the same operations.

    Each replica has the data, the initial weights and the order of its own seed, and no operation
    mixes replicas: it is the run that its seed would give alone. Rounding may differ, as sums may
    be taken in another order, and such differences grow in training; in double precision they stay
    invisible.

    Args:
        settings: a `SequenceConfig`.
        device: where it is trained.
        log: takes lines for the log.
        dtype: the precision of the weights.
    """

    task: ClassVar[Task]  #: its description, which needs no torch.

    def __init__(
        self,
        settings: RunConfig,
        device: torch.device,
        log: Log,
        dtype: torch.dtype = torch.float32,
    ) -> None:
        config: SequenceConfig = as_kind(settings, SequenceConfig)
        shape = self.task.shape
        assert shape is not None
        self.metric_definitions = self.task.metric_definitions
        self.features = shape.features  #: numbers F that are read at each step.
        self.outputs = len(shape.outputs)  #: numbers O of each answer.
        self.config = config
        self.device = device
        self.batch_size = config.batch_size
        self.samples_per_epoch = config.training_size
        self.replicas = config.replicas
        self.seeds = [config.seed + number for number in range(config.seeds)]
        longest = config.lengths[1]
        widest = max(config.hidden_sizes)
        self.sample_bytes = len(self.replicas) * longest * widest * FLOATS_KEPT * dtype.itemsize
        # As drawn and as arranged in batches; and one seed's as it comes from the generator.
        step_count = max(config.training_size, config.test_size) * longest
        drawn_bytes = step_count * (2 * config.seeds * self.features + DRAWN_BYTES)
        largest_batch = min(config.batch_size, config.training_size)
        require_memory(device, largest_batch, self.sample_bytes, drawn_bytes)
        check_gradients(CELLS[config.cell], device)

        self.model: Replicas = build_replicas(config, self.features, self.outputs)
        self.model.to(device, dtype)
        per_loss = len(self.replicas) // len(config.losses)
        #: which replicas are trained with each loss.
        self.loss_slices = {
            loss: slice(number * per_loss, (number + 1) * per_loss)
            for number, loss in enumerate(config.losses)
        }
        self._batches: list[Batch] = []  #: of this epoch.
        self._validation = self.for_seeds(self.draw_validation, "validation")
        log(
            f"{len(self.replicas)} networks ({len(config.variants)} variants, {config.seeds} "
            f"seeds) on {device}."
        )

    @property
    def parameters(self) -> int:
        """The number of weights, without those that a smaller network lacks beside a larger one."""
        cell = CELLS[self.config.cell]
        return sum(
            cell.weights_of_layer(self.features, size) + self.outputs * (size + 1)
            for size in self.model.hidden_sizes
        )

    def layer_gradients(self) -> Mapping[str, Sequence[Tensor]]:
        """Return the gradients of the last step by the name of their layer."""
        return self.model.layer_gradients()

    @classmethod
    def with_weights(cls, config: RunConfig, weights: Mapping[str, Tensor]) -> Self:
        """Return the problem on the CPU, its model with these weights.

        Raises:
            CheckpointError: if the weights do not fit the settings.
        """
        problem = cls(config, torch.device("cpu"), lambda _: None)
        try:
            problem.model.load_state_dict(dict(weights))
        except RuntimeError as error:
            raise CheckpointError(
                f"These weights belong to other networks ({printable(error, 120)})."
            ) from error
        return problem

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

    @abstractmethod
    def losses_of(self, batch: Batch) -> Tensor:
        """Mean loss of each replica (R,) over a batch of all replicas."""

    def begin_epoch(self, epoch: int) -> None:
        """Draw the epoch's sequences, or before the first one those of all epochs."""
        if self.config.recipe.fresh:
            # One length a batch, the same for all seeds: replicas need no padding, and no seed's
            # run depends on others.
            random = generator(0, "lengths of steps", epoch)
            of_steps = self.random_lengths(self.steps_per_epoch, random)
            lengths = of_steps.repeat_interleave(self.batch_size)[: self.samples_per_epoch]
            examples = self.for_seeds(partial(self.draw_training, lengths), "training", epoch)
        elif not self._batches:
            examples = self.for_seeds(self._draw_for_all_epochs, "training")
        else:
            return
        self._batches = cut_into_batches(examples, self.batch_size, self.device)

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

    def draw_at(self, length: int, count: int) -> Examples:
        """Return sequences of one length for every seed, to measure by length."""
        lengths = torch.full((count,), length)
        return self.for_seeds(partial(self.draw, lengths), "test", length)

    def losses(self, step: int, parts: int) -> Sequence[Callable[[], Tensor]]:  # noqa: ARG002
        """Return one part only: the operations are too small to share between threads."""
        batch = self.for_replicas(self._batches[step])
        return [partial(self.losses_of, batch)]

    def losses_by(self, loss_of: Callable[[str, slice], Tensor]) -> Tensor:
        """Return the losses (R, …) of all replicas.

        Args:
            loss_of: returns the losses of some replicas from the name of their loss and the slice
                that they are.
        """
        parts = [loss_of(loss, replicas) for loss, replicas in self.loss_slices.items()]
        return parts[0] if len(parts) == 1 else torch.cat(parts)

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
        # the replicas themselves where `model` is their average over time
        network: Any = getattr(model, "module", model)
        size = max(1, EVALUATION_ROWS // len(self.replicas))

        @torch.no_grad()  # per thread, hence in here
        def measure_from(start: int) -> Mapping[str, Tensor]:
            batch = examples.part(start, start + size).batch(self.device)
            return measure(network, self.for_replicas(batch))

        starts = range(0, examples.count, size)
        parts = workers.run([partial(measure_from, start) for start in starts])
        return {name: _combined([part[name] for part in parts]) for name in parts[0]}

    def snapshot(self, model: nn.Module) -> Mapping[str, Tensor]:
        """Return a copy of all weights; so small a network can be analysed afterwards."""
        network: nn.Module = getattr(model, "module", model)
        return {
            name: tensor.detach().to("cpu", torch.float32, copy=True)
            for name, tensor in network.state_dict().items()
        }

    @staticmethod
    def figures(values: Mapping[str, Tensor]) -> Figures:
        """Return values (R,) as the loop takes them."""
        return {name: tuple(tensor.tolist()) for name, tensor in values.items()}


def _combined(parts: list[Tensor]) -> Tensor:
    """Return values (R, n) of parts as (R, N), or sums (R,) of parts as one sum (R,)."""
    if parts[0].dim() > 1:
        return torch.cat(parts, 1)
    return torch.stack(parts).sum(0)


def build_replicas(config: SequenceConfig, features: int, outputs: int) -> Replicas:
    """Return the networks of `config`, for F features and O outputs, with their initial weights.

    Each starts as an ordinary layer and `nn.Linear` of its seed would, whatever the others.
    """
    cell, recipe = CELLS[config.cell], config.recipe
    sizes = [replica.variant.hidden_size for replica in config.replicas]
    network = replicas_of(cell, sizes, features, outputs)
    # variants that differ in their loss alone start from the same weights
    by_size_and_seed: dict[tuple[int, int], nn.ModuleDict] = {}
    for number, replica in enumerate(config.replicas):
        size, seed = replica.variant.hidden_size, replica.seed
        if (size, seed) not in by_size_and_seed:
            # the constructors draw from the global random state
            with torch.random.fork_rng(devices=()):
                recurrent_layer = recurrent_layers(cell, features, size, 1)
                linear = nn.Linear(size, outputs)
            modules = nn.ModuleDict({"recurrent": recurrent_layer, "readout": linear})
            random = generator(seed, "weights", size)
            initialise(modules, cell, recipe.initialisation, random, recipe.forget_biases)
            by_size_and_seed[size, seed] = modules
        recurrent, readout = by_size_and_seed[size, seed].values()
        assert isinstance(readout, nn.Linear)
        network.set_replica(number, recurrent, readout)
    return network
