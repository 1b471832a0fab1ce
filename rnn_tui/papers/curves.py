"""Draw a paper's plots as lines over seeds, with the published points beside them."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

from rnn_tui.archive.curves import Line
from rnn_tui.engine.errors import CheckpointError, TaskError
from rnn_tui.engine.metrics import Metric, Spread
from rnn_tui.papers.inventory import Inventory
from rnn_tui.papers.paper import Experiment, PaperFigure
from rnn_tui.tasks import TASKS

Points = tuple[tuple[float, ...], tuple[float, ...]]  # x and y
MOST_REMEMBERED = 64  # runs whose accuracy by length is: 20 × 20 × 6 numbers each, or so


@dataclass(frozen=True)
class Figure:
    """A plot."""

    key: str  #: such as `mnist-val_accuracy`.
    task: str  #: whose networks it shows.
    title: str
    x_label: str
    spec: Metric  #: the metric on the y axis.
    lines: tuple[Line, ...]  #: one a network, with the values of all seeds at each x.
    #: points that the paper published, if any, by the label of a line.
    published: Mapping[str, Points] = field(default_factory=dict)
    note: str = ""  #: further remarks.


@dataclass(frozen=True)
class AccuracyByLength:
    """Accuracy of an experiment's networks at each length, ascending, over seeds."""

    experiment: Experiment
    values: Mapping[int, Mapping[int, float]]  #: figures in percent by seed, ascending, by length.
    run_ids: tuple[str, ...]  #: the run of each seed.
    name: str = "accuracy"  #: what is measured, such as `bit_accuracy`.

    @property
    def line(self) -> Line:
        """The accuracies as a line to draw."""
        by_seed = list(self.values.values())
        lengths = tuple(float(length) for length in by_seed[0])  # the same for all seeds
        over_seeds = zip(*(accuracies.values() for accuracies in by_seed), strict=True)
        return Line(
            self.experiment.short_label, self.run_ids, lengths, tuple(map(Spread, over_seeds))
        )


@dataclass(frozen=True)
class _Measured:
    """Accuracy by length of a run."""

    name: str  #: what is measured.
    by_replica: tuple[Mapping[int, float], ...]  #: figures in percent by length, of each replica.


def accuracy_by_length(inventory: Inventory) -> tuple[AccuracyByLength, ...]:
    """Measure accuracy at each length, of the experiments of which claims or figures need it.

    Takes torch, and a moment: not for the thread of a face.
    """
    keys = inventory.plan.paper.by_length
    wanted = [experiment for experiment in inventory.plan.experiments if experiment.key in keys]
    measured = [_accuracy_of(inventory, experiment) for experiment in wanted]
    return tuple(accuracy for accuracy in measured if accuracy.values)


def _accuracy_of(inventory: Inventory, experiment: Experiment) -> AccuracyByLength:
    """Return the accuracy of an experiment over those of its seeds whose weights are there."""
    values = {}
    run_ids = []
    name = ""
    for seed, network in inventory.trained(experiment).items():
        measured = _measured(network.run.run_id, network.run.weights)
        if measured is not None and network.replica < len(measured.by_replica):
            values[seed] = measured.by_replica[network.replica]
            run_ids.append(network.run.run_id)
            name = measured.name
    return AccuracyByLength(experiment, values, tuple(run_ids), name)


def figures(inventory: Inventory, by_length: Sequence[AccuracyByLength]) -> tuple[Figure, ...]:
    """Return a paper's plots of what is trained to the end, those with a line.

    Raises `StoreError` if the store can't be read.
    """
    plots = [
        _by_epoch(inventory, figure) if figure.metric else _by_length(figure, by_length)
        for figure in inventory.plan.paper.figures
    ]
    return tuple(figure for figure in plots if figure.lines)


def _by_epoch(inventory: Inventory, figure: PaperFigure) -> Figure:
    """Return a metric of a task's networks over epochs."""
    lines = []
    published = {}
    for experiment in inventory.plan.experiments:
        if not figure.shows(experiment):
            continue
        line = _over_epochs(inventory, experiment, figure.metric)
        if not line.x:
            continue
        lines.append(line)
        points = figure.published.get(experiment.key)
        if points is not None and inventory.plan.recipe.compared:
            published[line.label] = _published_points(points)
    task = TASKS[figure.task]
    metric = task.metric(figure.metric)
    title = f"{task.label}: {metric.label}"
    if figure.loss:
        title += f", loss {figure.loss}"
    return Figure(
        figure.key, figure.task, title, "epoch", metric, tuple(lines), published, figure.note
    )


def _published_points(values: Sequence[float | None]) -> Points:
    """Return published values by epoch, from 1 on, without those that are not known."""
    by_epoch = {float(epoch): value for epoch, value in enumerate(values, 1) if value is not None}
    return tuple(by_epoch), tuple(by_epoch.values())


def _by_length(figure: PaperFigure, by_length: Sequence[AccuracyByLength]) -> Figure:
    """Return the accuracy of a task's networks by length."""
    shown = [accuracy for accuracy in by_length if figure.shows(accuracy.experiment)]
    name = shown[0].name if shown else ""
    metric = Metric(name, name.replace("_", " "), "%", True, upper=100.0)
    task = TASKS[figure.task]
    title = f"{task.label}: {metric.label} by length"
    if figure.loss:
        title += f", loss {figure.loss}"
    x_label = task.shape.inputs if task.shape is not None else "length"
    lines = tuple(accuracy.line for accuracy in shown)
    return Figure(figure.key, figure.task, title, x_label, metric, lines, note=figure.note)


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
def _measured(run_id: str, path: Path) -> _Measured | None:  # noqa: ARG001
    """Measure accuracy by length of each replica of a finished run.

    Returns:
        None if its weights are missing, and for a task without such a figure.
    """
    from rnn_tui.engine.training.checkpoint import load_checkpoint  # torch, on use only
    from rnn_tui.tasks.sequences.replica_problem import ReplicaProblem

    try:
        checkpoint = load_checkpoint(path)
        problem = TASKS[checkpoint.config.task].load()
        if not issubclass(problem, ReplicaProblem):
            return None
        measured = problem.accuracy_by_length(checkpoint.config, checkpoint.weights)
    except (CheckpointError, TaskError):
        return None
    if measured is None:
        return None
    by_replica = tuple(
        dict(zip(measured.lengths, row, strict=True)) for row in measured.values.tolist()
    )
    return _Measured(measured.name, by_replica)
