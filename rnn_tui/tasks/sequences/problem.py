"""Sets of small networks for the training loop, and their sequences: whole epochs, a few megabytes
as bytes, read in blocks.
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
from rnn_tui.tasks.config import SequenceConfig, as_kind
from rnn_tui.tasks.task import Task

VALIDATION_SIZE = 100  # held-out sequences of each seed
# rows (replicas times sequences) that an evaluation reads at a time: its states stay in the cache
EVALUATION_ROWS = 8_000
FLOATS_KEPT = 16  # by a step for the backward pass, per replica, sequence, time step and unit
DRAWN_BYTES = 8  # of a random whole number as PyTorch draws it


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
        """Some of the sequences of every seed, cut to the longest of them."""
        lengths = self.lengths[:, start:stop]
        return Examples(
            self.inputs[:, start:stop, : int(lengths.max())], self.targets[:, start:stop], lengths
        )

    def batch(self, device: torch.device) -> "Batch":
        """The same as one contiguous block in the model's layout, on its device."""
        inputs, targets = self.inputs.permute(2, 0, 3, 1), self.targets.movedim(1, -1)
        return Batch(
            *(send(one.contiguous(), device) for one in (inputs, targets, self.lengths.long()))
        )


def join(parts: Sequence[Examples], dimension: int) -> Examples:
    """Examples of other seeds (dimension 0) or of the same (1) as one set; the shorter ones get
    zeros at the end.
    """
    longest = max(part.inputs.shape[2] for part in parts)

    def padded(tensor: Tensor, features: int) -> Tensor:
        missing = longest - tensor.shape[2]
        return F.pad(tensor, (0, 0) * features + (0, missing)) if missing else tensor

    targets = [
        padded(part.targets, 0) if part.targets.dim() > 2 else part.targets for part in parts
    ]
    inputs, lengths = [padded(part.inputs, 1) for part in parts], [part.lengths for part in parts]
    return Examples(
        torch.cat(inputs, dimension), torch.cat(targets, dimension), torch.cat(lengths, dimension)
    )


@dataclass(frozen=True)
class Batch:
    """The sequences of one step, of each seed or, where it is a model's, of each replica (R in
    place of S).
    """

    inputs: Tensor  #: (T, S, F, B) uint8.
    targets: Tensor  #: (S, …, B) uint8.
    lengths: Tensor | None  #: (S, B); None in training where all are T.


def cut_into_batches(examples: Examples, batch_size: int, device: torch.device) -> list[Batch]:
    """The examples of an epoch, in order; the last batch may have fewer sequences than
    `batch_size`.
    """
    # arranged and sent at once
    whole, starts = examples.batch(device), range(0, examples.count, batch_size)
    assert whole.lengths is not None
    lows, highs = (lengths.numpy() for lengths in examples.lengths.aminmax(dim=0))
    shortest, longest = np.minimum.reduceat(lows, starts), np.maximum.reduceat(highs, starts)
    batches = []
    for start, least, most in zip(starts, shortest.tolist(), longest.tolist(), strict=True):
        at = slice(start, start + batch_size)
        lengths = None if least == most else whole.lengths[:, at]
        batches.append(Batch(whole.inputs[:most, ..., at], whole.targets[..., at], lengths))
    return batches


# a batch of all replicas, with lengths; without gradients
Measured = Callable[[Replicas, Batch], Mapping[str, Tensor]]


class SequenceProblem(Problem):
    """Every variant of `config` with every seed, trained in the same operations.

    Each replica has the data, the initial weights and the order of its own seed, and no operation
    mixes replicas: it is the run that its seed would give alone. Rounding may differ, as sums may
    be taken in another order, and such differences grow in training; in double precision they stay
    invisible. Settings are a `SequenceConfig`; weights have the precision `dtype`.
    """

    task: ClassVar[Task]  #: what is known of it without torch.

    def __init__(
        self,
        settings: RunConfig,
        device: torch.device,
        log: Log,
        dtype: torch.dtype = torch.float32,
    ) -> None:
        config: SequenceConfig = as_kind(settings, SequenceConfig)
        assert self.task.shape is not None
        self.metric_definitions = self.task.metric_definitions
        self.features, self.outputs = self.task.shape.features, len(self.task.shape.outputs)
        self.config, self.device = config, device
        replicas = len(config.replicas)
        self.sample_bytes = (
            replicas * config.lengths[1] * max(config.hidden_sizes) * FLOATS_KEPT * dtype.itemsize
        )
        # As drawn and as arranged in batches; and one seed's as it comes from the generator.
        larger = max(config.training_size, config.test_size) * config.lengths[1]
        drawn = larger * (2 * config.seeds * self.features + DRAWN_BYTES)
        require_memory(
            device, min(config.batch_size, config.training_size), self.sample_bytes, drawn
        )
        check_gradients(CELLS[config.cell], device)
        self.seeds = [config.seed + at for at in range(config.seeds)]
        self.model: Replicas = build_replicas(config, self.features, self.outputs)
        self.model.to(device, dtype)
        self.batch_size, self.samples_per_epoch, self.replicas = (
            config.batch_size,
            config.training_size,
            config.replicas,
        )
        of_loss = replicas // len(config.losses)
        self.loss_slices = {
            loss: slice(at * of_loss, (at + 1) * of_loss) for at, loss in enumerate(config.losses)
        }
        self._batches: list[Batch] = []
        self._validation = self.for_seeds(self.draw_validation, "validation")
        log(
            f"{replicas} networks ({len(config.variants)} variants, {config.seeds} seeds) on "
            f"{device}."
        )

    @classmethod
    def with_weights(cls, config: RunConfig, weights: Mapping[str, Tensor]) -> Self:
        """The problem on the CPU, its model with these weights; `CheckpointError` if they do not
        fit the settings.
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
        """Sequences of these lengths (N,) by chance, for one seed (S = 1)."""

    def draw_training(self, lengths: Tensor, random: torch.Generator) -> Examples:
        """Sequences to train on, of these lengths (N,), for one seed (S = 1)."""
        return self.draw(lengths, random)

    def training_lengths(self, random: torch.Generator) -> Tensor:
        """The lengths (N,) of a training set that is used again in every epoch: by chance."""
        return self.random_lengths(self.samples_per_epoch, random)

    def draw_validation(self, random: torch.Generator) -> Examples:
        """Held-out sequences of one seed, of the lengths in training, by chance."""
        return self.draw(self.random_lengths(VALIDATION_SIZE, random), random)

    @abstractmethod
    def losses_of(self, batch: Batch) -> Tensor:
        """Mean loss of each replica (R,) over a batch of all replicas."""

    def begin_epoch(self, epoch: int) -> None:
        """Draw the epoch's sequences, or before the first one those of all epochs."""
        if self.config.recipe.fresh:
            # One length a batch, the same for all seeds: replicas need no padding, and no seed's
            # run depends on others.
            steps = self.random_lengths(
                self.steps_per_epoch, generator(0, "lengths of steps", epoch)
            )
            lengths = steps.repeat_interleave(self.batch_size)[: self.samples_per_epoch]
            drawn = self.for_seeds(partial(self.draw_training, lengths), "training", epoch)
        elif not self._batches:
            drawn = self.for_seeds(
                lambda random: self.draw_training(self.training_lengths(random), random), "training"
            )
        else:
            return
        self._batches = cut_into_batches(drawn, self.batch_size, self.device)

    def random_lengths(self, count: int, random: torch.Generator) -> Tensor:
        """Lengths (count,) by chance, from the shortest in training to the longest."""
        shortest, longest = self.config.lengths
        return torch.randint(shortest, longest + 1, (count,), generator=random)

    def for_seeds(
        self, draw: Callable[[torch.Generator], Examples], *purpose: str | int
    ) -> Examples:
        """What `draw` returns for every seed, by a stream of its own; on the CPU, where cutting
        waits for nothing.
        """
        return join([draw(generator(seed, *purpose)) for seed in self.seeds], 0)

    def draw_at(self, length: int, count: int) -> Examples:
        """Sequences of one length for every seed, to measure by length."""
        return self.for_seeds(partial(self.draw, torch.full((count,), length)), "test", length)

    def losses(self, step: int, parts: int) -> Sequence[Callable[[], Tensor]]:  # noqa: ARG002
        """One part: the operations are too small to share between threads."""
        return [partial(self.losses_of, self.for_replicas(self._batches[step]))]

    def losses_by(self, loss_of: Callable[[str, slice], Tensor]) -> Tensor:
        """Losses (R, …) of all replicas from those of each kind of loss, by its replicas' slice."""
        parts = [loss_of(loss, part) for loss, part in self.loss_slices.items()]
        return parts[0] if len(parts) == 1 else torch.cat(parts)

    def for_replicas(self, batch: Batch) -> Batch:
        """A batch of all seeds, repeated for every variant."""
        variants = len(self.config.variants)
        if variants == 1:
            return batch
        lengths = None if batch.lengths is None else torch.cat([batch.lengths] * variants)
        return Batch(
            torch.cat([batch.inputs] * variants, 1), torch.cat([batch.targets] * variants), lengths
        )

    def evaluated(
        self, model: nn.Module, examples: Examples, workers: Workers, measure: Measured
    ) -> Mapping[str, Tensor]:
        """What `measure` returns for all `examples`: values (R, N) in their order, or the sums (R,)
        of its sums (R,).
        """
        # itself where `model` is an average of it over time
        network: Any = getattr(model, "module", model)
        size = max(1, EVALUATION_ROWS // len(self.replicas))

        @torch.no_grad()  # per thread, hence in here
        def measured(start: int) -> Mapping[str, Tensor]:
            return measure(
                network, self.for_replicas(examples.part(start, start + size).batch(self.device))
            )

        parts = workers.run([partial(measured, start) for start in range(0, examples.count, size)])
        each = {name: [part[name] for part in parts] for name in parts[0]}
        return {
            name: torch.cat(found, 1) if found[0].dim() > 1 else torch.stack(found).sum(0)
            for name, found in each.items()
        }

    def moment(self, model: nn.Module) -> Mapping[str, Tensor]:
        """All weights: networks this small can be asked anything afterwards."""
        network: nn.Module = getattr(model, "module", model)
        return {
            name: tensor.detach().to("cpu", torch.float32, copy=True)
            for name, tensor in network.state_dict().items()
        }

    @staticmethod
    def figures(values: Mapping[str, Tensor]) -> Figures:
        """Values (R,) as the loop takes them."""
        return {name: tuple(tensor.tolist()) for name, tensor in values.items()}


def build_replicas(config: SequenceConfig, features: int, outputs: int) -> Replicas:
    """The networks of `config`, each starting as an ordinary layer and `nn.Linear` of its seed
    would, whatever the others.
    """
    cell, recipe = CELLS[config.cell], config.recipe
    sizes = [replica.variant.hidden_size for replica in config.replicas]
    network = replicas_of(cell, sizes, features, outputs)
    made: dict[tuple[int, int], nn.ModuleDict] = {}
    for at, replica in enumerate(config.replicas):
        size, seed = replica.variant.hidden_size, replica.seed
        if (size, seed) not in made:
            # the constructors draw from the global random state
            with torch.random.fork_rng(devices=()):
                layers = {
                    "recurrent": recurrent_layers(cell, features, size, 1),
                    "readout": nn.Linear(size, outputs),
                }
                made[size, seed] = nn.ModuleDict(layers)
            initialise(
                made[size, seed],
                cell,
                recipe.initialisation,
                generator(seed, "weights", size),
                recipe.forget_biases,
            )
        recurrent, readout = made[size, seed].values()
        assert isinstance(readout, nn.Linear)
        network.set_replica(at, recurrent, readout)
    return network
