"""Sets of small networks for the training loop, wherever their sequences come from."""

from abc import abstractmethod
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any, Self

import torch
from torch import Tensor, nn

from rnn_tui.engine.config import RunConfig
from rnn_tui.engine.errors import CheckpointError, printable
from rnn_tui.engine.metrics import Figures
from rnn_tui.engine.training.devices import require_memory
from rnn_tui.engine.training.parallel import Workers
from rnn_tui.engine.training.problem import Log, Problem, generator
from rnn_tui.networks import CELLS
from rnn_tui.networks.gradients import check_gradients
from rnn_tui.networks.layers import initialise, recurrent_layers
from rnn_tui.networks.replicas import Replicas, replicas_of
from rnn_tui.tasks.config import EVALUATION_ROWS, SequenceConfig, as_kind
from rnn_tui.tasks.sequences.examples import Batch, Examples
from rnn_tui.tasks.task import ByLength, SequenceEvaluation, Task

FLOATS_KEPT = 16  # kept for the backward pass, per replica, sequence, time step and unit

#: Measures a batch of all replicas, which has lengths; called without gradients.
Measurement = Callable[[Replicas, Batch], Mapping[str, Tensor]]


class ReplicaProblem(Problem):
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

    task: Task  #: its description, which needs no torch.

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
        largest_batch = min(config.batch_size, config.training_size)
        require_memory(device, largest_batch, self.sample_bytes, self.data_bytes())
        check_gradients(CELLS[config.cell], device)

        self.model: Replicas = build_replicas(config, self.features, self.outputs)
        self.model.to(device, dtype)
        per_loss = len(self.replicas) // len(config.losses)
        #: which replicas are trained with each loss.
        self.loss_slices = {
            loss: slice(number * per_loss, (number + 1) * per_loss)
            for number, loss in enumerate(config.losses)
        }
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

    @abstractmethod
    def data_bytes(self) -> int:
        """Return the memory that the sequences take, at least; asked before the model is made."""

    @abstractmethod
    def sample(self, count: int, random: torch.Generator, length: int | None = None) -> Examples:
        """Return sequences to look at, for one seed (S = 1), that no network was trained on.

        Args:
            count: how many, at most.
            random: chooses them.
            length: of all of them; by default lengths as in training.
        """

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

    @classmethod
    def accuracy_by_length(
        cls, config: RunConfig, weights: Mapping[str, Tensor]
    ) -> ByLength | None:
        """Measure the figure of the test at each length; None for a task that has no such figure.

        Args:
            config: the settings of their run.
            weights: by parameter name, on the CPU.

        Raises:
            CheckpointError: if the weights do not fit the settings.
        """
        evaluation = cls.evaluate(config, weights)
        if isinstance(evaluation, SequenceEvaluation) and evaluation.by_length:
            return evaluation.by_length[0]
        return None

    def losses_by(self, loss_of: Callable[[str, slice], Tensor], dimension: int = 0) -> Tensor:
        """Return the losses of all replicas.

        Args:
            loss_of: returns the losses of some replicas from the name of their loss and the slice
                that they are.
            dimension: the one of replicas in them.
        """
        parts = [loss_of(loss, replicas) for loss, replicas in self.loss_slices.items()]
        return parts[0] if len(parts) == 1 else torch.cat(parts, dimension)

    def measured_in_parts(
        self,
        model: nn.Module,
        count: int,
        batch_of: Callable[[int, int], Batch],
        workers: Workers,
        measure: Measurement,
    ) -> Mapping[str, Tensor]:
        """Measure a model on sequences, some of them at a time.

        Args:
            model: the replicas, or their average over time.
            count: how many sequences there are.
            batch_of: returns those from a place up to another one, for all replicas.
            workers: the threads that measure.
            measure: what is measured.

        Returns:
            by name what `measure` returns, for all sequences: values (R, N) in their order, or
            sums (R,) over them.
        """
        # the replicas themselves where `model` is their average over time
        network: Any = getattr(model, "module", model)
        size = self.evaluation_size()

        @torch.no_grad()  # per thread, hence in here
        def measure_from(start: int) -> Mapping[str, Tensor]:
            return measure(network, batch_of(start, start + size))

        starts = range(0, count, size)
        parts = workers.run([partial(measure_from, start) for start in starts])
        return {name: _combined([part[name] for part in parts]) for name in parts[0]}

    def evaluation_size(self) -> int:
        """Return how many sequences are measured at a time."""
        return max(1, EVALUATION_ROWS // len(self.replicas))

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
    """Return values (R, n, …) of parts as (R, N, …), or sums (R,) of parts as one sum (R,)."""
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
            initialise(
                modules,
                cell,
                recipe.initialisation,
                random,
                recipe.forget_biases,
                input_gain=recipe.input_gain,
            )
            by_size_and_seed[size, seed] = modules
        recurrent, readout = by_size_and_seed[size, seed].values()
        assert isinstance(readout, nn.Linear)
        network.set_replica(number, recurrent, readout)
    return network
