"""Curves of runs side by side: a metric as it was logged, and the lines that a chart draws."""

import math
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Literal

from rnn_tui.archive.run_record import RunRecord
from rnn_tui.engine.averages import mean_of
from rnn_tui.engine.config import RunConfig
from rnn_tui.engine.metrics import Spread


@dataclass(frozen=True)
class Curve:
    """One metric of one run, as logged; all tuples have the same length."""

    steps: tuple[int, ...]  #: when, in steps.
    epochs: tuple[float, ...]  #: when, in epochs, fractions included.
    elapsed: tuple[float, ...]  #: when, in seconds of training.
    #: the figures; of a run with replicas one tuple each, a value for each.
    values: tuple[float | tuple[float, ...], ...]


Against = Literal["step", "epoch", "time"]


AGAINST: dict[Against, str] = {"step": "step", "epoch": "epoch", "time": "seconds of training"}


@dataclass(frozen=True)
class Line:
    """A curve to draw: one draw of a network, or the mean over several with their spread."""

    label: str  #: what to call it.
    runs: tuple[str, ...]  #: the ids of the runs that it shows.
    x: tuple[float, ...]  #: the steps, epochs or seconds.
    spreads: tuple[Spread, ...]  #: the values of all seeds at each of them.

    @property
    def seeds(self) -> int:
        """The number of seeds that it is the mean of."""
        return self.spreads[0].n if self.spreads else 0


def lines(curves: Sequence[tuple[RunRecord, Curve]], against: Against) -> list[Line]:
    """Return a line for each network of the runs that have values.

    Runs that differ in their seeds only share a line, at the steps that all of them have. No line
    has a seed twice, since the same network would count twice in its mean: a run with a seed that a
    line already has begins another line.
    """
    by_run = {run.run_id: curve for run, curve in curves}
    result = []
    for group in seed_groups([run for run, curve in curves if curve.steps]):
        members = [(run, by_run[run.run_id]) for run in group.runs]
        variants = group.runs[0].config.variants
        for index in range(max(1, len(variants))):
            variant_label = f" {variants[index].label}" if len(variants) > 1 else ""
            result.append(_line(f"{group.label}{variant_label}", members, index, against))
    return result


def kept_lines(
    curves: Sequence[tuple[RunRecord, Curve]],
    kept: Sequence[tuple[RunRecord, Curve]],
    against: Against,
) -> list[Line]:
    """Return where early stopping has the weights that it keeps: of each line, a point a seed.

    Args:
        curves: a metric of runs, with every epoch.
        kept: the epochs that are kept, as logged of these runs.
        against: what x counts.
    """
    epochs = {line.label: line.spreads[-1].values for line in lines(kept, "epoch") if line.spreads}
    kept_of = []
    for line, by_epoch in zip(lines(curves, against), lines(curves, "epoch"), strict=True):
        places = {epoch: place for place, epoch in enumerate(by_epoch.x)}
        points = sorted(
            (line.x[places[epoch]], line.spreads[places[epoch]].values[seed])
            for seed, epoch in enumerate(epochs.get(line.label, ()))
            if epoch in places and len(places) > 1
        )
        if points:
            x, values = zip(*points, strict=True)
            kept_of.append(Line(line.label, line.runs, x, tuple(Spread((y,)) for y in values)))
    return kept_of


@dataclass(frozen=True)
class SeedGroup:
    """Runs that differ in their seeds only, of which no two have the same seed."""

    label: str  #: what to call them.
    runs: tuple[RunRecord, ...]  #: at least one.


def seed_groups(runs: Sequence[RunRecord]) -> list[SeedGroup]:
    """Put runs together that differ in their seeds only.

    A run with a seed that a group already has begins another group.
    """
    by_config: dict[RunConfig, list[list[RunRecord]]] = {}
    for run in runs:
        _add(run, by_config.setdefault(without_seeds(run.config), []))
    groups = []
    for groups_of_config in by_config.values():
        for place, members in enumerate(groups_of_config):
            # The names of later groups may begin like those of the first; a run's name is its own.
            has_common_name = place == 0 and len(members) > 1
            label = _common_name(members) if has_common_name else members[0].name
            groups.append(SeedGroup(label, tuple(members)))
    return groups


def _add(run: RunRecord, groups: list[list[RunRecord]]) -> None:
    """Add a run to the first group that has none of its seeds, or to a new group."""
    seeds = _seeds(run.config)
    for members in groups:
        if all(seeds.isdisjoint(_seeds(member.config)) for member in members):
            members.append(run)
            return
    groups.append([run])


def _seeds(config: RunConfig) -> frozenset[int]:
    """Return the seeds of all networks that a run trains."""
    return frozenset(replica.seed for replica in config.replicas) or frozenset({config.seed})


def _line(
    label: str, members: Sequence[tuple[RunRecord, Curve]], variant: int, against: Against
) -> Line:
    """Return the line of a variant, by its place among those of the runs."""
    points = [_points_by_step(curve, against) for _, curve in members]
    xs = []
    spreads = []
    for step in points[0]:
        if not all(step in by_step for by_step in points):
            continue
        values: list[float] = []
        for (run, _), by_step in zip(members, points, strict=True):
            values += _of_variant(run, by_step[step][1], variant)
        if all(map(math.isfinite, values)):
            spreads.append(Spread(tuple(values)))
            xs.append(mean_of([by_step[step][0] for by_step in points]))
    return Line(label, tuple(run.run_id for run, _ in members), tuple(xs), tuple(spreads))


def _points_by_step(
    curve: Curve, against: Against
) -> dict[int, tuple[float, float | tuple[float, ...]]]:
    """Return by step a point's place on the x axis, and its value or one for each replica."""
    places: Mapping[Against, Sequence[float]] = {
        "step": curve.steps,
        "epoch": curve.epochs,
        "time": curve.elapsed,
    }
    points = zip(places[against], curve.values, strict=True)
    return dict(zip(curve.steps, points, strict=True))


def _of_variant(
    run: RunRecord, value: float | tuple[float, ...], variant: int
) -> tuple[float, ...]:
    """Return the values of a variant, one a seed."""
    if not isinstance(value, tuple):
        return (value,)
    seeds = len(value) // max(1, len(run.config.variants))
    return value[variant * seeds : (variant + 1) * seeds]


def without_seeds(config: RunConfig) -> RunConfig:
    """Return the configuration apart from which seeds, and how many."""
    if config.variants:
        return config.replace(seed=0, seeds=1)
    return config.replace(seed=0)


def _common_name(members: Sequence[RunRecord]) -> str:
    """Return the beginning that the names of runs that differ in their seeds have in common."""
    # of names, not of paths
    beginning = os.path.commonprefix([run.name for run in members])  # noqa: RUF071
    name = beginning.rstrip("0123456789").removesuffix("seed").rstrip("-_ ,")
    return name or members[0].config.label


def shared_metrics(metrics: Sequence[Sequence[str]]) -> list[str]:
    """Return every metric that some run has; those that all of them have come first."""
    names = dict.fromkeys(chain.from_iterable(metrics))
    in_all = [name for name in names if all(name in of_run for of_run in metrics)]
    others = [name for name in names if name not in in_all]
    return in_all + others
