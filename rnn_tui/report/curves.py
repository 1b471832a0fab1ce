"""What the report plotted, as lines over seeds with its published points beside them."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from statistics import fmean
from typing import Any

from rnn_tui.engine.errors import CheckpointError
from rnn_tui.engine.metrics import Metric, Spread
from rnn_tui.report.plan import Experiment, Kept
from rnn_tui.runs.points import Line
from rnn_tui.tasks.config import SequenceConfig

LOSS = "the mean over each epoch; the report plotted its last batch's"
MARKS, MEANS = "marks are the report's values", "the report gives the means over the lengths only"
Points = tuple[tuple[float, ...], tuple[float, ...]]  # x and y
MOST_REMEMBERED = 64  # runs whose accuracy by length is: 20 × 20 × 6 numbers each, or so


@dataclass(frozen=True)
class Figure:
    """A plot."""

    key: str  #: such as `mnist-val_accuracy`.
    title: str
    x_label: str
    spec: Metric  #: what y is.
    lines: tuple[Line, ...]  #: one a network, with the values of all seeds at each x.
    #: of the report, where it has any, by the label of a line.
    published: Mapping[str, Points] = field(default_factory=dict)
    note: str = ""  #: what else one must know.


@dataclass(frozen=True)
class AccuracyByLength:
    """Bit accuracy of an adder at each length in bits, ascending, over seeds."""

    experiment: Experiment
    values: Mapping[int, Mapping[int, float]]  #: by seed, ascending, figures in percent by length.
    run_ids: tuple[str, ...]  #: the run of each seed.

    def between(self, first: int, last: int) -> dict[int, float]:
        """By seed, the mean over the lengths `first` … `last`."""
        return {
            seed: fmean(mine[at] for at in mine if first <= at <= last)
            for seed, mine in self.values.items()
        }

    @property
    def line(self) -> Line:
        """As a line to draw."""
        lengths, *_ = self.values.values()  # the same for all
        spreads = map(Spread, zip(*(mine.values() for mine in self.values.values()), strict=True))
        return Line(
            self.experiment.short_label, self.run_ids, tuple(map(float, lengths)), tuple(spreads)
        )


def accuracy_by_length(has: Kept) -> tuple[AccuracyByLength, ...]:
    """Bit accuracy of a plan's adders at each length, 1 … 20, of their own test. Takes torch, and a
    moment: not for a face.
    """
    result = []
    for experiment in has.plan.experiments:
        found = has.found(experiment) if experiment.task == "adder" else {}
        measured = {seed: _measured(one.run.run_id, one.run.weights) for seed, one in found.items()}
        values = {
            seed: measured[seed][one.at]
            for seed, one in found.items()
            if one.at < len(measured[seed])
        }
        if values:
            result.append(
                AccuracyByLength(
                    experiment, values, tuple(found[seed].run.run_id for seed in values)
                )
            )
    return tuple(result)


def figures(has: Kept, by_length: tuple[AccuracyByLength, ...]) -> tuple[Figure, ...]:
    """The report's plots, those with a line, of what is trained to the end; raises `StoreError` if
    the store can't be read.
    """

    def of(task: str, metric: str, title: str, label: str, unit: str = "", **more: Any) -> Figure:
        drawn, published = list[Line](), dict[str, Points]()
        for one in has.plan.experiments:
            line = _over_epochs(has, one, metric) if one.task == task else None
            if line is not None and line.x:
                drawn.append(line)
                if one.validation and metric == "val_accuracy":
                    known = [
                        (float(at), value)
                        for at, value in enumerate(one.validation, 1)
                        if value is not None
                    ]
                    published[line.label] = (
                        tuple(at for at, _ in known),
                        tuple(value for _, value in known),
                    )
        spec = Metric(metric, label, unit, bool(unit), upper=100.0 if unit else None)
        return Figure(f"{task}-{metric}", title, "epoch", spec, tuple(drawn), published, **more)

    made = [
        of("mnist", "train_loss", "MNIST: training loss", "training loss", note=LOSS),
        of("mnist", "val_loss", "MNIST: validation loss", "validation loss"),
        of(
            "mnist",
            "val_accuracy",
            "MNIST: validation accuracy",
            "validation accuracy",
            "%",
            note=MARKS,
        ),
        of("recall", "train_loss", "Recall: training loss", "training loss"),
    ]
    spec = Metric("bit_accuracy", "bit accuracy", "%", True, 0.0, 100.0)
    for loss in ("mse", "ce"):
        mine = tuple(
            one.line
            for one in by_length
            if one.experiment.variant and one.experiment.variant.loss == loss
        )
        title = f"Adder: bit accuracy by length, loss {loss}"
        made.append(Figure(f"adder-by-length-{loss}", title, "bits", spec, mine, note=MEANS))
    return tuple(figure for figure in made if figure.lines)


def _over_epochs(has: Kept, experiment: Experiment, metric: str) -> Line:
    """A metric over epochs, at those that all seeds have finite values of."""
    found = has.found(experiment).values()
    seeds = [has.figures(one, "epoch", metric) for one in found]
    epochs = seeds[0] if seeds else ()
    common = [
        epoch
        for epoch in epochs
        if all(math.isfinite(values.get(epoch, math.nan)) for values in seeds)
    ]
    run_ids = tuple(dict.fromkeys(one.run.run_id for one in found))
    spreads = tuple(Spread(tuple(values[epoch] for values in seeds)) for epoch in common)
    return Line(experiment.short_label, run_ids, tuple(map(float, common)), spreads)


@lru_cache(MOST_REMEMBERED)
# what is remembered is the run's
def _measured(run_id: str, path: Path) -> list[dict[int, float]]:  # noqa: ARG001
    """For each replica of a finished run its accuracy by length, in percent; none without its
    weights.
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
