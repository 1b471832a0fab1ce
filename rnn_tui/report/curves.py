"""Draw the report's plots as lines over seeds, with the published points beside them."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from statistics import fmean

from rnn_tui.engine.errors import CheckpointError
from rnn_tui.engine.metrics import Metric, Spread
from rnn_tui.report.inventory import Inventory
from rnn_tui.report.paper import Experiment
from rnn_tui.report.plan import VALIDATION_ACCURACY
from rnn_tui.runs.curves import Line
from rnn_tui.tasks.config import SequenceConfig

LOSS_NOTE = "the mean over each epoch; the report plotted its last batch's"
MARKS_NOTE = "marks are the report's values"
MEANS_NOTE = "the report gives the means over the lengths only"
TRAINING_LOSS = Metric("train_loss", "training loss")
VALIDATION_LOSS = Metric("val_loss", "validation loss")
MNIST_ACCURACY = Metric("val_accuracy", "validation accuracy", "%", True, upper=100.0)
BIT_ACCURACY = Metric("bit_accuracy", "bit accuracy", "%", True, upper=100.0)
Points = tuple[tuple[float, ...], tuple[float, ...]]  # x and y
MOST_REMEMBERED = 64  # runs whose accuracy by length is: 20 × 20 × 6 numbers each, or so


@dataclass(frozen=True)
class Figure:
    """A plot."""

    key: str  #: such as `mnist-val_accuracy`.
    title: str
    x_label: str
    spec: Metric  #: the metric on the y axis.
    lines: tuple[Line, ...]  #: one a network, with the values of all seeds at each x.
    #: points that the report published, if any, by the label of a line.
    published: Mapping[str, Points] = field(default_factory=dict)
    note: str = ""  #: further remarks.


@dataclass(frozen=True)
class AccuracyByLength:
    """Bit accuracy of an adder at each length in bits, ascending, over seeds."""

    experiment: Experiment
    values: Mapping[int, Mapping[int, float]]  #: figures in percent by length, by seed, ascending.
    run_ids: tuple[str, ...]  #: the run of each seed.

    def between(self, first: int, last: int) -> dict[int, float]:
        """Return by seed the mean over the lengths `first` … `last`."""
        means: dict[int, float] = {}
        for seed, by_length in self.values.items():
            means[seed] = fmean(
                accuracy for length, accuracy in by_length.items() if first <= length <= last
            )
        return means

    @property
    def line(self) -> Line:
        """The accuracies as a line to draw."""
        by_seed = list(self.values.values())
        lengths = tuple(float(length) for length in by_seed[0])  # the same for all seeds
        over_seeds = zip(*(accuracies.values() for accuracies in by_seed), strict=True)
        return Line(
            self.experiment.short_label, self.run_ids, lengths, tuple(map(Spread, over_seeds))
        )


def accuracy_by_length(inventory: Inventory) -> tuple[AccuracyByLength, ...]:
    """Measure bit accuracy of a plan's adders at each length, 1 … 20, of their own test.

    Takes torch, and a moment: not for the thread of a face.
    """
    adders = [experiment for experiment in inventory.plan.experiments if experiment.task == "adder"]
    measured = [_measured_adder(inventory, adder) for adder in adders]
    return tuple(accuracy for accuracy in measured if accuracy.values)


def _measured_adder(inventory: Inventory, experiment: Experiment) -> AccuracyByLength:
    """Return the accuracy of an adder over those of its seeds whose weights are there."""
    values = {}
    run_ids = []
    for seed, network in inventory.trained(experiment).items():
        by_replica = _measured(network.run.run_id, network.run.weights)
        if network.replica < len(by_replica):
            values[seed] = by_replica[network.replica]
            run_ids.append(network.run.run_id)
    return AccuracyByLength(experiment, values, tuple(run_ids))


def figures(inventory: Inventory, by_length: Sequence[AccuracyByLength]) -> tuple[Figure, ...]:
    """Return the report's plots of what is trained to the end, those with a line.

    Raises `StoreError` if the store can't be read.
    """
    plots = (
        _by_epoch(inventory, "mnist", TRAINING_LOSS, "MNIST: training loss", LOSS_NOTE),
        _by_epoch(inventory, "mnist", VALIDATION_LOSS, "MNIST: validation loss"),
        _by_epoch(inventory, "mnist", MNIST_ACCURACY, "MNIST: validation accuracy", MARKS_NOTE),
        _by_epoch(inventory, "recall", TRAINING_LOSS, "Recall: training loss"),
        _adder_by_length(by_length, "mse"),
        _adder_by_length(by_length, "ce"),
    )
    return tuple(figure for figure in plots if figure.lines)


def _by_epoch(
    inventory: Inventory, task: str, metric: Metric, title: str, note: str = ""
) -> Figure:
    """Return a metric of a task's networks over epochs."""
    drawn = []
    published = {}
    for experiment in inventory.plan.experiments:
        if experiment.task != task:
            continue
        line = _over_epochs(inventory, experiment, metric.name)
        if not line.x:
            continue
        drawn.append(line)
        comparable = inventory.plan.has_report_recipe
        if comparable and metric is MNIST_ACCURACY:
            published[line.label] = _published_points(experiment)
    return Figure(f"{task}-{metric.name}", title, "epoch", metric, tuple(drawn), published, note)


def _published_points(experiment: Experiment) -> Points:
    """Return the validation accuracies in the report's plot, by epoch from 1 on.

    Some are None.
    """
    accuracies = {
        float(epoch): accuracy
        for epoch, accuracy in enumerate(VALIDATION_ACCURACY[experiment.cell], 1)
        if accuracy is not None
    }
    return tuple(accuracies), tuple(accuracies.values())


def _adder_by_length(by_length: Sequence[AccuracyByLength], loss: str) -> Figure:
    """Return the bit accuracy of the adders that were trained with a loss, by length."""
    drawn = []
    for accuracy in by_length:
        variant = accuracy.experiment.variant
        if variant is not None and variant.loss == loss:
            drawn.append(accuracy.line)
    title = f"Adder: bit accuracy by length, loss {loss}"
    key = f"adder-by-length-{loss}"
    return Figure(key, title, "bits", BIT_ACCURACY, tuple(drawn), note=MEANS_NOTE)


def _over_epochs(inventory: Inventory, experiment: Experiment, metric: str) -> Line:
    """Return a metric over epochs, at those for which all seeds have finite values."""
    networks = inventory.trained(experiment).values()
    by_seed = [inventory.figures(network, "epoch", metric) for network in networks]
    epochs: list[float] = []
    spreads: list[Spread] = []
    for epoch in by_seed[0] if by_seed else ():
        values = tuple(by_epoch.get(epoch, math.nan) for by_epoch in by_seed)
        if all(map(math.isfinite, values)):
            epochs.append(float(epoch))
            spreads.append(Spread(values))
    run_ids = tuple(dict.fromkeys(network.run.run_id for network in networks))
    return Line(experiment.short_label, run_ids, tuple(epochs), tuple(spreads))


@lru_cache(MOST_REMEMBERED)
# what is remembered is the run's
def _measured(run_id: str, path: Path) -> list[dict[int, float]]:  # noqa: ARG001
    """Measure each replica's accuracy by length, in percent, of a finished run.

    Empty if its weights are missing.
    """
    from rnn_tui.engine.checkpoint import load_checkpoint  # noqa: PLC0415 - torch, on use only
    from rnn_tui.engine.parallel import automatic_workers, cpu_workers  # noqa: PLC0415
    from rnn_tui.tasks.adder.problem import TEST_LENGTHS, AdderProblem  # noqa: PLC0415

    try:
        checkpoint = load_checkpoint(path)
        config = checkpoint.config
        if not isinstance(config, SequenceConfig):
            return []
        problem = AdderProblem.with_weights(config, checkpoint.weights)
    except CheckpointError:
        return []
    with cpu_workers(config.workers or automatic_workers()) as workers:
        bits, _ = problem.at_lengths(problem.model, TEST_LENGTHS, config.test_size, workers)
    return [dict(zip(TEST_LENGTHS, row, strict=True)) for row in (100.0 * bits).tolist()]
