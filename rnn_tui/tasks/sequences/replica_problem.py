"""Sets of small networks for the training loop, wherever their sequences come from."""

from abc import abstractmethod
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any, Self

import torch
from torch import Tensor, nn

from rnn_tui.engine.config import RunConfig
from rnn_tui.engine.errors import CheckpointError, SettingError, printable
from rnn_tui.engine.metrics import Figures, Measure
from rnn_tui.engine.training.devices import require_memory
from rnn_tui.engine.training.parallel import Workers
from rnn_tui.engine.training.problem import Log, Problem, generator
from rnn_tui.networks import CELLS
from rnn_tui.networks.gradients import check_gradients
from rnn_tui.networks.layers import initialise, recurrent_layers
from rnn_tui.networks.replicas import Embedding, Replicas, replicas_of
from rnn_tui.networks.stacked_replicas import StackedReplicas
from rnn_tui.tasks.config import EVALUATION_ROWS, SequenceConfig, as_kind, weights_of_replica
from rnn_tui.tasks.sequences.dropout import Dropout
from rnn_tui.tasks.sequences.examples import Batch, Examples
from rnn_tui.tasks.sequences.noise import InputNoise
from rnn_tui.tasks.sequences.objective import (
    BIT_LOSSES,
    CLASS_LOSSES,
    NUMBER_LOSSES,
    AnsweredBatch,
    Objective,
)
from rnn_tui.tasks.task import ByLength, SequenceEvaluation, Task

FLOATS_KEPT = 16  # kept for the backward pass, per replica, sequence, time step and unit
EMBEDDING_DEVIATION = 0.3  # of an embedding's first numbers

#: The networks of a run: one layer each, or several or both directions.
Networks = Replicas | StackedReplicas
#: Measures a batch of all replicas, which has lengths; called without gradients.
Measurement = Callable[[Networks, Batch], Mapping[str, Tensor]]


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
        self.shape = shape
        self.embedding = config.recipe.embedding  #: numbers that a symbol is read as, or 0.
        if self.embedding and "embedding" not in self.task.settings:
            raise SettingError(
                f"{self.task.label} has no alphabet to read by an embedding; choose an embedding "
                "of 0."
            )
        self.config = config
        self.device = device
        self.batch_size = config.batch_size
        self.samples_per_epoch = config.training_size
        self.replicas = config.replicas
        self.seeds = [config.seed + number for number in range(config.seeds)]
        longest = config.lengths[1]
        widest = max(config.hidden_sizes) * config.layers * config.direction_count
        self.sample_bytes = len(self.replicas) * longest * widest * FLOATS_KEPT * dtype.itemsize
        largest_batch = min(config.batch_size, config.training_size)
        require_memory(device, largest_batch, self.sample_bytes, self.data_bytes())
        check_gradients(CELLS[config.cell], device)

        self.model: Networks = build_replicas(config, self.features, self.outputs)
        self.model.to(device, dtype)
        per_loss = len(self.replicas) // len(config.losses)
        #: which replicas are trained with each loss.
        self.loss_slices = {
            loss: slice(number * per_loss, (number + 1) * per_loss)
            for number, loss in enumerate(config.losses)
        }
        self.objective = self.make_objective()
        self.noise = InputNoise(config.recipe.noise, self.seeds, len(config.variants), device)
        self.dropout = Dropout(config, device)
        log(
            f"{len(self.replicas)} networks ({len(config.variants)} variants, {config.seeds} "
            f"seeds) on {device}."
        )

    @property
    def parameters(self) -> int:
        """The number of weights, without those that a smaller network lacks beside a larger one."""
        sizes = self.model.hidden_sizes
        return sum(
            weights_of_replica(self.config, self.features, self.outputs, size) for size in sizes
        )

    def make_objective(self) -> Objective:
        """Return the losses of the replicas, by what they answer."""
        losses = CLASS_LOSSES if self.outputs > 1 else BIT_LOSSES
        if self.shape.numbers:
            losses = NUMBER_LOSSES
        return Objective(
            losses,
            self.loss_slices,
            self.config.recipe.label_smoothing,
            class_weights=self.class_weights(),
        )

    def class_weights(self) -> Tensor | None:
        """Return what a target of each class (C,) counts in the loss; None for all alike."""
        return None

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

    # Training

    def begin_epoch(self, epoch: int) -> None:
        """Draw the noise of an epoch, and what is left out of networks, from new streams."""
        self.noise.begin_epoch(epoch)
        self.dropout.begin_epoch(epoch)

    def random_states(self) -> Mapping[str, Tensor]:
        """Return the states of what draws the noise of each seed, and what is left out."""
        return {**self.noise.states(), **self.dropout.states()}

    def set_random_states(self, states: Mapping[str, Tensor]) -> None:
        """Put back what `random_states` returned."""
        self.noise.set_states(states)
        self.dropout.set_states(states)

    def losses_of(self, batch: Batch) -> Tensor:
        """Return the mean loss (R,) over a batch of all replicas."""
        return self.objective.mean(self.training_answers(batch))

    def training_answers(self, batch: Batch) -> AnsweredBatch:
        """Return the model's answers to a batch, with their graph."""
        return AnsweredBatch(self._training_outputs(batch), *self.targets_of(batch))

    def _training_outputs(self, batch: Batch) -> Tensor:
        """Return outputs (T, R, O, B) at every step or (R, O, B) at the ends, with their graph."""
        model = self.model
        if isinstance(model, StackedReplicas):
            masks = self.dropout.masks(batch.inputs.shape[-1])
            read = model.at_every_step if self.shape.every_step else model.at_end
            return read(batch.inputs, batch.lengths, masks)
        if self.shape.every_step:
            return model.at_every_step(batch.inputs)
        return model.at_end(batch.inputs, batch.lengths)

    @abstractmethod
    def targets_of(self, batch: Batch) -> tuple[Tensor, Tensor | None]:
        """Return the targets of a batch, and which are known, as `AnsweredBatch` has them."""

    # Measuring

    @property
    def measures(self) -> Sequence[Measure]:
        """What is measured of answers in validation and test."""
        return self.task.measures

    def answers(self, network: Networks, batch: Batch) -> Iterator[AnsweredBatch]:
        """Yield answers to a batch, without gradients: at the end, or at one step after another.

        Where losses are of whole sequences, they are of all steps at once.
        """
        targets, known = self.targets_of(batch)
        if not self.shape.every_step:
            yield AnsweredBatch(_at_end(network, batch), targets, known)
        elif self.objective.by_sequence:
            outputs = [network.logits(states) for states in states_of(network, batch)]
            yield AnsweredBatch(torch.stack(outputs), targets, known)
        else:
            for step, states in enumerate(states_of(network, batch)):
                is_known = None if known is None else known[step]
                yield AnsweredBatch(network.logits(states), targets[step], is_known)

    def sums_of(self, network: Networks, batch: Batch) -> Mapping[str, Tensor]:
        """Return the sums over a batch that `figures_of` takes."""
        return added(self.sums_of_answers(answers) for answers in self.answers(network, batch))

    def sums_of_answers(self, answers: AnsweredBatch) -> Mapping[str, Tensor]:
        """Return sums (R,) of losses, of measures, and of known targets."""
        sums = self.objective.sums(answers, self.measures)
        return {"loss": self.objective.loss_sum(answers), **sums}

    def figures_of(self, sums: Mapping[str, Tensor], sequences: int, prefix: str) -> Figures:
        """Return mean loss and measures, their names after `prefix`; those that the task shows.

        Args:
            sums: of `sums_of`, over all sequences.
            sequences: how many these are.
            prefix: the stage, `val` or `test`.
        """
        # on the CPU: not every device has double precision
        on_cpu = {name: values.cpu() for name, values in sums.items()}
        count: int | Tensor = sequences
        if "count" in on_cpu:
            count = on_cpu["count"].double().clamp(min=1)  # (R,)
        figures = self.means_of(on_cpu, count)
        shown = {metric.name for metric in self.metric_definitions}
        named = {f"{prefix}_{name}": values for name, values in figures.items()}
        return {name: tuple(named[name].tolist()) for name in named if name in shown}

    def means_of(self, sums: Mapping[str, Tensor], count: int | Tensor) -> dict[str, Tensor]:
        """Return figures (R,) in double by name, from sums over so many targets or sequences."""
        # of classes with weights, the loss is their mean as well
        divisor = sums["weights"].double() if "weights" in sums else count
        figures = {"loss": sums["loss"].double() / divisor}
        for measure in self.measures:
            figures[measure.name] = measure.mean(sums[measure.name], 1) / count
        return figures

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


def states_of(network: Networks, batch: Batch) -> Iterator[Tensor]:
    """Yield the states that are read out at each step of a batch, without gradients."""
    if isinstance(network, StackedReplicas):
        return network.steps(batch.inputs, batch.lengths)
    return network.steps(batch.inputs)


def _at_end(network: Networks, batch: Batch) -> Tensor:
    """Return outputs (R, O, B) after each sequence's end, without gradients or other states."""
    if isinstance(network, StackedReplicas):
        with torch.no_grad():
            return network.at_end(batch.inputs, batch.lengths)
    assert batch.lengths is not None
    replicas, sequences = batch.lengths.shape
    final = network.gates.new_zeros(replicas, network.hidden_size, sequences)
    for step, states in enumerate(network.steps(batch.inputs), start=1):
        torch.where((batch.lengths == step)[:, None], states, final, out=final)
    return network.logits(final)


def added(parts: Iterable[Mapping[str, Tensor]]) -> Mapping[str, Tensor]:
    """Return the sums of tensors by name."""
    sums: dict[str, Tensor] = {}
    for part in parts:
        for name, values in part.items():
            sums[name] = sums[name] + values if name in sums else values
    return sums


def _combined(parts: list[Tensor]) -> Tensor:
    """Return values (R, n, …) of parts as (R, N, …), or sums (R,) of parts as one sum (R,)."""
    if parts[0].dim() > 1:
        return torch.cat(parts, 1)
    return torch.stack(parts).sum(0)


def _replicas_without_weights(config: SequenceConfig, features: int, outputs: int) -> Networks:
    """Return the networks of `config`, whose weights are zero."""
    cell = CELLS[config.cell]
    sizes = [replica.variant.hidden_size for replica in config.replicas]
    if not config.stacked:
        return replicas_of(cell, sizes, features, outputs, state_activation=config.state_activation)
    return StackedReplicas(
        cell,
        sizes,
        features,
        outputs,
        layers=config.layers,
        bidirectional=config.bidirectional,
        state_activation=config.state_activation,
    )


def build_replicas(config: SequenceConfig, features: int, outputs: int) -> Networks:
    """Return the networks of `config`, for F features and O outputs, with their initial weights.

    Each starts as an ordinary layer and `nn.Linear` of its seed would, whatever the others. With an
    embedding, the features are symbols.
    """
    cell, recipe = CELLS[config.cell], config.recipe
    symbols = features
    features = recipe.embedding or features
    network = _replicas_without_weights(config, features, outputs)
    if recipe.embedding:
        _draw_embedding(network.embed(symbols), [replica.seed for replica in config.replicas])
    # variants that differ in their loss alone start from the same weights
    by_size_and_seed: dict[tuple[int, int], nn.ModuleDict] = {}
    for number, replica in enumerate(config.replicas):
        size, seed = replica.variant.hidden_size, replica.seed
        if (size, seed) not in by_size_and_seed:
            # the constructors draw from the global random state
            with torch.random.fork_rng(devices=()):
                recurrent_layer = recurrent_layers(
                    cell, features, size, config.layers, bidirectional=config.bidirectional
                )
                linear = nn.Linear(config.direction_count * size, outputs)
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


@torch.no_grad()
def _draw_embedding(embedding: Embedding, seeds: Sequence[int]) -> None:
    """Draw the first numbers of each replica by its seed, the same for all variants."""
    for weight, seed in zip(embedding.weight, seeds, strict=True):
        weight.normal_(0, EMBEDDING_DEVIATION, generator=generator(seed, "embedding"))
