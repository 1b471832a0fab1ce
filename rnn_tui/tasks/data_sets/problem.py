"""A user's data set for the training loop."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from rnn_tui.data import store
from rnn_tui.data.data_set import PART_NAMES, TEST, TRAINING, UNKNOWN, VALIDATION
from rnn_tui.data.options import Goal
from rnn_tui.data.sequences import positions_of
from rnn_tui.engine.config import RunConfig
from rnn_tui.engine.counts import count_of
from rnn_tui.engine.errors import SettingError
from rnn_tui.engine.metrics import Figures, Spread
from rnn_tui.engine.training.parallel import Workers, automatic_workers, cpu_workers
from rnn_tui.engine.training.problem import Log, generator
from rnn_tui.tasks.config import EVALUATION_NUMBERS, EVALUATION_ROWS
from rnn_tui.tasks.data_sets import figures
from rnn_tui.tasks.data_sets.batches import Cut, Indices, SequencesOnDevice, cut_epoch
from rnn_tui.tasks.data_sets.calibration import (
    AnsweredTargets,
    ReliabilityBin,
    calibration_error,
    probabilities_of,
    reliability,
    useful_temperature,
)
from rnn_tui.tasks.data_sets.evaluation import (
    DataSetEvaluation,
    OutputErrors,
    accuracy_by_length,
    figures_of_groups,
)
from rnn_tui.tasks.data_sets.task import has_classes, stored_task
from rnn_tui.tasks.sequences.examples import Batch, Examples
from rnn_tui.tasks.sequences.objective import AnsweredBatch
from rnn_tui.tasks.sequences.replica_problem import Networks, ReplicaProblem

MOST_LOGITS = 10_000_000  # of answers whose probabilities are looked at
SEPARATE = "bce"  # the loss after which each class has a probability by itself
ERROR_SUMS = ("squared", "absolute", "counts", "targets", "squares")


class DataSetProblem(ReplicaProblem):
    """Networks on a data set that is kept.

    All replicas read the same sequences, which are on the device once; the seed of each decides
    its initial weights, and the order of the sequences in each epoch.

    Args:
        settings: a `SequenceConfig`, whose task is the data set.
        device: where they are trained.
        log: takes lines for the log.
        dtype: the precision of the weights.

    Raises:
        DataError: if the data set is not there, or damaged.
        SettingError: if its answers can't be trained with a loss or the directions of the settings.
    """

    def __init__(
        self,
        settings: RunConfig,
        device: torch.device,
        log: Log,
        dtype: torch.dtype = torch.float32,
    ) -> None:
        self.data_set = store.load(settings.task)
        self.description = self.data_set.description
        self.task = stored_task(settings.task)
        self._classifies = self.description.classifies
        if self.task.one_way and settings.setting("directions") != "forward":
            raise SettingError(self.task.one_way)
        super().__init__(settings, device, log, dtype)
        self.samples_per_epoch = self.description.training
        self._sequences = SequencesOnDevice(self.data_set, device)
        self._training = self.data_set.of_part(TRAINING)
        self._naive_errors = figures.naive_errors(self.data_set)
        self._order = torch.empty(0)  #: (R, n) indices on the device, in the order of this epoch.
        self._cuts: list[Cut] = []

    def class_weights(self) -> Tensor | None:
        """Return the weights (C,) if they are to balance the classes: n / (C · n of the class).

        These are scikit-learn's `class_weight="balanced"`, with C classes that occur in training.
        """
        if self.config.recipe.class_weights == "none" or not has_classes(self.description):
            return None
        trained = self.data_set.parts == TRAINING
        if self.shape.every_step:
            trained = np.repeat(trained, self.data_set.lengths)
        targets = self.data_set.targets[trained].astype(np.int64)
        counts = np.bincount(targets[targets >= 0], minlength=self.outputs)
        occurring = max(1, int((counts > 0).sum()))
        weights = counts.sum() / (occurring * np.maximum(counts, 1))
        return torch.from_numpy(np.where(counts > 0, weights, 1.0))

    def data_bytes(self) -> int:
        """Return the memory of the data set: as it is kept, and on the device."""
        arrays = (self.data_set.values, self.data_set.targets)
        return 2 * sum(array.nbytes for array in arrays)

    # Training

    def begin_epoch(self, epoch: int) -> None:
        """Shuffle the training sequences, for each seed in an order of its own."""
        super().begin_epoch(epoch)
        count = len(self._training)
        orders = [
            self._training[torch.randperm(count, generator=generator(seed, "order", epoch)).numpy()]
            for seed in self.seeds
        ]
        self._cuts = cut_epoch(orders, self._sequences.lengths, self.batch_size)
        of_replicas = np.stack(orders * len(self.config.variants))  # (R, n)
        self._order = torch.from_numpy(of_replicas).to(self.device)

    def losses(self, step: int, parts: int) -> Sequence[Any]:  # noqa: ARG002
        """Return one part only: the operations are too small to share between threads."""
        cut = self._cuts[step]
        indices = self._order[:, cut.places]
        embedded = self.embedding > 0
        batch = self._sequences.batch(indices, cut.longest, equal=cut.equal, embedded=embedded)
        if self.config.recipe.noise:
            batch = replace(batch, inputs=self.model.embedded(batch.inputs))
            batch = self.noise.added(batch, cut.longest_of_seeds)
        return [partial(self.losses_of, batch)]

    def targets_of(self, batch: Batch) -> tuple[Tensor, Tensor | None]:
        """Return the targets of a batch, and which are known."""
        if self._classifies:
            return batch.targets.clamp(min=0), batch.targets >= 0
        return batch.targets.nan_to_num(0.0), ~batch.targets.isnan()

    # Measuring

    def validate(self, model: nn.Module, workers: Workers) -> Figures:
        """Return the figures over the validation sequences."""
        return self._measured(model, VALIDATION, workers, "val")

    def test(self, model: nn.Module, workers: Workers) -> Figures:
        """Return the figures over the test sequences."""
        measured = self._measured(model, TEST, workers, "test")
        if has_classes(self.description):
            return {**measured, **self._of_probabilities(model, workers)}
        return measured

    def _measured(self, model: nn.Module, part: int, workers: Workers, prefix: str) -> Figures:
        """Return the figures over a part, their names after `prefix`."""
        order = self._by_length(part)
        sums = self._walk_part(model, order, workers, self.sums_of)
        return self.figures_of(sums, len(order), prefix)

    def _of_probabilities(self, model: nn.Module, workers: Workers) -> Figures:
        """Return the figures of the test that take the probabilities of all classes."""
        temperatures = self._temperatures(model, workers)
        answered = self._answered(model, self._by_length(TEST), workers)
        areas = []
        errors = []
        for replica, temperature in enumerate(temperatures):
            probabilities = self._calibrated(answered, replica, temperature)
            areas.append(figures.area_under_curve(answered.targets, probabilities))
            errors.append(100 * calibration_error(reliability(probabilities, answered.targets)))
        measured = {"test_ece": tuple(errors), "test_temperature": tuple(temperatures)}
        curves = [area for area in areas if area is not None]
        # of a test with one class there is none
        return measured | ({"test_auc": tuple(curves)} if len(curves) == len(areas) else {})

    def _temperatures(self, model: nn.Module, workers: Workers) -> list[float]:
        """Return the temperature of each replica (R,), fitted on the validation sequences."""
        order = self._by_length(VALIDATION)
        halves = [self._answered(model, part, workers) for part in (order[::2], order[1::2])]
        return [
            useful_temperature(halves, number, separate=replica.variant.loss == SEPARATE)
            for number, replica in enumerate(self.replicas)
        ]

    def _calibrated(
        self, answered: AnsweredTargets, replica: int, temperature: float
    ) -> npt.NDArray[np.float64]:
        """Return the probabilities (n, C) of a replica's answers."""
        separate = self.replicas[replica].variant.loss == SEPARATE
        return probabilities_of(answered.logits[replica] / temperature, separate=separate)

    def _answered(self, model: nn.Module, order: Indices, workers: Workers) -> AnsweredTargets:
        """Return the answers to sequences; to some of them by chance, if they are very many."""
        logits = np.zeros((len(self.replicas), 0, self.outputs), np.float32)
        targets = np.zeros(0, np.int64)
        if len(order):
            measured = self._walk_part(model, self._some(order), workers, self._known_logits)
            logits = measured["logits"].cpu().numpy()
            targets = measured["targets"][0].cpu().numpy()
        return AnsweredTargets(logits, targets)

    def _some(self, order: Indices) -> Indices:
        """Return sequences whose answers fit into memory, in their order."""
        steps = self._sequences.lengths[order] if self.shape.every_step else np.ones(len(order))
        most = MOST_LOGITS / (len(self.replicas) * self.outputs)
        if steps.sum() <= most:
            return order
        shuffled = np.random.default_rng(0).permutation(len(order))
        fitting = int(np.searchsorted(steps[shuffled].cumsum(), most, side="right"))
        return order[np.sort(shuffled[: max(1, fitting)])]

    def _known_logits(self, network: Networks, batch: Batch) -> Mapping[str, Tensor]:
        """Return logits (R, n, C) where targets (1, n) are known, and these."""
        logits = []
        targets = []
        for answers in self.answers(network, batch):
            assert answers.known is not None
            known = answers.known[0]  # (B,), the same of all replicas
            logits.append(answers.outputs[:, :, known].transpose(1, 2))
            targets.append(answers.targets[:1, known])
        return {"logits": torch.cat(logits, 1), "targets": torch.cat(targets, 1)}

    def sums_of_answers(self, answers: AnsweredBatch) -> Mapping[str, Tensor]:
        """Return sums (R,) over known targets, and flat ones of each class or output."""
        sums = super().sums_of_answers(answers)
        if has_classes(self.description):
            return {**sums, **_class_sums(answers)}
        return sums if self._classifies else {**sums, **_error_sums(answers)}

    def means_of(self, sums: Mapping[str, Tensor], count: int | Tensor) -> dict[str, Tensor]:
        """Return figures (R,) by name, with those of classes or of errors."""
        means = super().means_of(sums, count)
        outputs = self.outputs
        if has_classes(self.description):
            counts = [sums[name].view(-1, outputs) for name in ("right", "true", "answered")]
            return {**means, **figures.of_counts(*counts)}
        if self._classifies:
            return means
        arrays = {name: sums[name].double().numpy() for name in ERROR_SUMS}
        for name in ("squared", "absolute"):
            arrays[name] = arrays[name].reshape(-1, outputs)
        errors = figures.of_sums(self.description, self._naive_errors, arrays)
        return {**means, **{name: torch.from_numpy(values) for name, values in errors.items()}}

    def _by_length(self, part: int) -> Indices:
        """Return the sequences of a part, the shortest first, so that little of them is padding."""
        indices = self.data_set.of_part(part)
        return indices[np.argsort(self._sequences.lengths[indices], kind="stable")]

    def _walk_part(
        self, model: nn.Module, order: Indices, workers: Workers, measure: Any
    ) -> Mapping[str, Tensor]:
        """Measure a model on some sequences; see `measured_in_parts`."""
        replicas = len(self.replicas)
        lengths = self._sequences.lengths

        def batch_of(start: int, stop: int) -> Batch:
            chosen = order[start:stop]
            indices = torch.from_numpy(chosen[None]).to(self.device)
            batch = self._sequences.batch(
                indices, int(lengths[chosen].max()), equal=False, embedded=self.embedding > 0
            )
            return _for_replicas(batch, replicas, 1 if self.shape.every_step else 0)

        return self.measured_in_parts(model, len(order), batch_of, workers, measure)

    def evaluation_size(self) -> int:
        """Return how many sequences are measured at a time."""
        longest = self.description.longest
        of_sequence = longest * ((self.embedding or self.features) + self.outputs)
        if self.config.stacked:  # the states of a layer at every step are in memory
            states = self.config.direction_count * self.model.hidden_size
            of_sequence += longest * len(self.replicas) * states
        rows = EVALUATION_ROWS // len(self.replicas)
        return max(1, min(rows, EVALUATION_NUMBERS // of_sequence))

    # In more detail

    @classmethod
    def parts_in_words(cls, config: RunConfig) -> Sequence[tuple[str, str]]:
        """Return how many sequences each part has."""
        description = store.describe(config.task)
        counts = (description.training, description.validation, description.test)
        parts = zip(PART_NAMES, counts, strict=True)
        return [(name, count_of(count, description.noun)) for name, count in parts]

    @classmethod
    def evaluate(cls, config: RunConfig, weights: Mapping[str, Tensor]) -> DataSetEvaluation:
        """Measure each test sequence: the answers to it, confusions, and accuracy by length."""
        problem = cls.with_weights(config, weights)
        with cpu_workers(problem.config.workers or automatic_workers()) as workers:
            return problem.evaluated(problem.model, workers)

    def evaluated(self, model: nn.Module, workers: Workers) -> DataSetEvaluation:
        """Measure each test sequence; see `evaluate`."""
        order = self._by_length(TEST)
        names = tuple(map(self.data_set.sequence_name, order.tolist()))
        temperatures = [1.0] * len(self.replicas)
        if has_classes(self.description):
            temperatures = self._temperatures(model, workers)
        measure = partial(self._of_sequences, torch.tensor(temperatures)[:, None, None])
        measured = self._walk_part(model, order, workers, measure)
        variants = len(self.config.variants)
        # by name (V, S, …)
        arrays = {
            name: values.cpu().numpy().reshape(variants, -1, *values.shape[1:])
            for name, values in measured.items()
        }
        wrong, count = arrays["wrong"], arrays["count"]  # (V, S, N)
        errors = wrong / np.maximum(count, 1)
        groups = figures_of_groups(
            self.data_set.origin, order, wrong, count, are_numbers=not self._classifies
        )
        if not self._classifies:
            return DataSetEvaluation(
                self.config,
                by_length=[],
                outputs=self.description.outputs,
                indices=order,
                names=names,
                errors=np.sqrt(errors).mean(axis=1),
                errors_of_outputs=self._errors_of_outputs(model, order, workers),
                groups=groups,
            )
        lengths = self._sequences.lengths[order]
        of_replicas = (len(self.replicas), len(order))
        whole = self.description.goal is Goal.CLASS
        return DataSetEvaluation(
            self.config,
            accuracy_by_length(lengths, wrong.reshape(of_replicas), count.reshape(of_replicas)),
            arrays["confusion"].sum(axis=(1, 2)),
            outputs=self.description.outputs,
            indices=order,
            names=names,
            errors=errors.mean(axis=1),
            targets=arrays["target"][0, 0] if whole else None,
            probabilities=arrays["probabilities"].mean(axis=1) if whole else None,
            confusions=arrays["confusion"].sum(axis=2) if has_classes(self.description) else None,
            reliability=self._reliability(model, order, workers, temperatures),
            temperatures=np.reshape(temperatures, (variants, -1)).tolist(),
            groups=groups,
        )

    def _reliability(
        self, model: nn.Module, order: Indices, workers: Workers, temperatures: Sequence[float]
    ) -> list[list[ReliabilityBin]]:
        """Return the bins of each variant, of all its seeds together; none without classes."""
        if not has_classes(self.description):
            return []
        answered = self._answered(model, order, workers)
        seeds = self.config.seeds
        bins = []
        for first in range(0, len(self.replicas), seeds):
            probabilities = [
                self._calibrated(answered, replica, temperatures[replica])
                for replica in range(first, first + seeds)
            ]
            targets = np.tile(answered.targets, seeds)
            bins.append(reliability(np.concatenate(probabilities), targets))
        return bins

    def _errors_of_outputs(
        self, model: nn.Module, order: Indices, workers: Workers
    ) -> list[list[OutputErrors]]:
        """Return the errors of each number by each variant, in the units of its column."""
        sums = self._walk_part(model, order, workers, self.sums_of)
        counts = sums["counts"].cpu().double().clamp(min=1)
        units = self.error_units()
        shape = (len(self.config.variants), -1, self.outputs)
        squared = sums["squared"].cpu().double().view(shape) / counts  # (V, S, O)
        rmse = (squared.sqrt() * units).transpose(1, 2).tolist()
        mae = (sums["absolute"].cpu().double().view(shape) / counts * units).transpose(1, 2)
        return [
            [
                OutputErrors(name, int(count), Spread(tuple(squares)), Spread(tuple(absolute)))
                for name, count, squares, absolute in zip(
                    self.description.outputs, sums["counts"].tolist(), *of_variant, strict=True
                )
            ]
            for of_variant in zip(rmse, mae.tolist(), strict=True)
        ]

    def error_units(self) -> Tensor:
        """Return what errors (O,) as they are summed up are multiplied by, to be in the file's."""
        return torch.tensor(self.description.output_deviations, dtype=torch.float64)

    def _of_sequences(
        self, temperatures: Tensor, network: Networks, batch: Batch
    ) -> Mapping[str, Tensor]:
        """Return of each sequence (R, B) what is wrong, as a count or a squared error.

        Of classes there are confusions (R, 1, C, C) as well, and of whole sequences' classes the
        true ones (R, B) and the probabilities (R, B, C).

        Args:
            temperatures: (R, 1, 1) what logits are divided by.
            network: the replicas.
            batch: sequences.
        """
        squared_units = torch.from_numpy(figures.units_of(self.description) ** 2)[:, None]  # (O, 1)
        shape = (len(self.replicas), batch.inputs.shape[-1])
        wrong = torch.zeros(shape, device=self.device)
        count = torch.zeros(shape, device=self.device)
        of_classes: dict[str, Tensor] = {}
        classes = self.outputs
        cells = torch.zeros(shape[0], classes**2, dtype=torch.long, device=self.device)
        for answers in self.answers(network, batch):
            assert answers.known is not None
            outputs, targets, known = answers.outputs, answers.targets, answers.known
            if not self._classifies:
                wrong += (self.objective.losses(answers) * squared_units).sum(dim=1)
                count += known.sum(dim=1)
                continue
            classes_answered = outputs.argmax(dim=1)  # (R, B)
            wrong += (classes_answered != targets) & known
            count += known
            cells.scatter_add_(1, targets * classes + classes_answered, known.long())
            if self.description.goal is Goal.CLASS:
                of_classes["target"] = torch.where(known, targets, UNKNOWN)
                of_classes["probabilities"] = self._probabilities(
                    outputs / temperatures.to(outputs)
                ).transpose(1, 2)
        if self._classifies:
            of_classes["confusion"] = cells.view(shape[0], 1, classes, classes)
        return {"wrong": wrong, "count": count, **of_classes}

    def _probabilities(self, logits: Tensor) -> Tensor:
        """Return probabilities (R, C, B): separate ones after the loss `bce`, else a softmax."""
        parts = [
            logits[replicas].sigmoid() if loss == "bce" else logits[replicas].softmax(dim=1)
            for loss, replicas in self.loss_slices.items()
        ]
        return torch.cat(parts)

    def sample(self, count: int, random: torch.Generator, length: int | None = None) -> Examples:
        """Return test sequences by chance, at most as many as there are.

        Each is cut after the last step whose answer is known. With a length, they are cut to that
        or, where no test sequence is so long, all sequences of the data set are that are.
        """
        lengths = self._known_lengths()
        indices = self.data_set.of_part(TEST)
        if length is None:
            indices = indices[lengths[indices] > 0]
        else:
            long_enough = indices[lengths[indices] >= length]
            indices = long_enough if len(long_enough) else np.flatnonzero(lengths >= length)
            if not len(indices):
                length = int(lengths.max())
                indices = np.flatnonzero(lengths == length)
        chosen = indices[torch.randperm(len(indices), generator=random)[:count].numpy()]
        of_chosen = lengths[chosen] if length is None else np.full(len(chosen), length)
        on_device = torch.from_numpy(chosen[None]).to(self.device)
        words = self.description.words
        batch = self._sequences.batch(
            on_device, int(self.description.longest), equal=False, embedded=words
        )
        longest = int(of_chosen.max(initial=1))
        targets = batch.targets
        if self.shape.every_step:
            targets = targets[:longest].movedim(1, 0)  # (1, T, …, n)
        inputs = batch.inputs[:longest]  # (T, 1, F, n), or places (T, 1, n)
        if words:
            inputs = inputs[:, :, None]
        inputs = inputs.permute(1, 3, 0, 2)  # (1, n, T, F)
        within = torch.arange(longest) < torch.from_numpy(of_chosen)[:, None]  # (n, T)
        return Examples(
            inputs.cpu() * within[None, :, :, None],
            targets.movedim(-1, 1).cpu(),  # (1, n, …)
            torch.from_numpy(of_chosen[None]),
        )

    def _known_lengths(self) -> Indices:
        """Return the steps (N,) of each sequence up to the last one whose answer is known."""
        lengths = self._sequences.lengths
        goal = self.description.goal
        if goal is Goal.NEXT:
            ahead = self.description.horizon if self._classifies else 1
            return np.maximum(lengths - ahead, 0)
        targets = self.data_set.targets
        is_known = targets >= 0 if self._classifies else ~np.isnan(targets).any(axis=1)
        if not goal.every_step:
            return lengths * is_known
        known_lengths = np.where(is_known, positions_of(self.data_set.starts) + 1, 0)
        longest: Indices = np.maximum.reduceat(known_lengths, self.data_set.starts[:-1])
        return longest


def _for_replicas(batch: Batch, replicas: int, dimension: int) -> Batch:
    """Return a batch (…, 1, …) for replicas that all read the same, without a copy."""
    inputs = batch.inputs.expand(-1, replicas, *batch.inputs.shape[2:])
    shape = list(batch.targets.shape)
    shape[dimension] = replicas
    lengths = None if batch.lengths is None else batch.lengths.expand(replicas, -1)
    return Batch(inputs, batch.targets.expand(shape), lengths)


def _class_sums(answers: AnsweredBatch) -> dict[str, Tensor]:
    """Return how many answers of each class are right, are asked for, are given, (R·C,) each."""
    assert answers.known is not None
    classes = torch.arange(answers.outputs.shape[1], device=answers.outputs.device)
    known = answers.known[..., None]  # (R, B, 1)
    true = known & (answers.targets[..., None] == classes)  # (R, B, C)
    answered = known & (answers.outputs.argmax(dim=1)[..., None] == classes)
    cells = {"right": true & answered, "true": true, "answered": answered}
    return {name: values.sum(dim=1).flatten() for name, values in cells.items()}


def _error_sums(answers: AnsweredBatch) -> dict[str, Tensor]:
    """Return sums over known targets that `figures.of_sums` takes, flat."""
    assert answers.known is not None
    outputs = answers.outputs
    # of one replica: they are the same of all
    targets = answers.targets[0].to(outputs.dtype)  # (O, B)
    errors = (outputs - answers.targets.to(outputs.dtype)) * answers.known  # (R, O, B)
    return {
        "squared": errors.square().sum(dim=2).flatten(),
        "absolute": errors.abs().sum(dim=2).flatten(),
        "counts": answers.known[0].sum(dim=1),
        "targets": targets.sum(dim=1),
        "squares": targets.square().sum(dim=1),
    }
