"""Curves of runs side by side: a metric as it was logged, and the lines that a chart draws."""

import math
import os
from collections.abc import Sequence
from dataclasses import dataclass
from operator import attrgetter
from typing import Literal

from rnn_tui.engine.config import RunConfig
from rnn_tui.engine.metrics import Spread
from rnn_tui.runs.run_record import RunRecord


@dataclass(frozen=True)
class Curve:
    """One metric of one run, as it was logged; all tuples are equally long."""

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
    runs: tuple[str, ...]  #: the ids of the runs behind it.
    x: tuple[float, ...]  #: where; steps, epochs or seconds.
    spreads: tuple[Spread, ...]  #: at each of them, the values of all seeds.

    @property
    def seeds(self) -> int:
        """How many seeds it is the mean of."""
        return self.spreads[0].n if self.spreads else 0


def lines(curves: Sequence[tuple[RunRecord, Curve]], against: Against) -> list[Line]:
    """A line for each network of the runs that have values; runs that differ in seeds only share
    theirs, at common steps.
    """
    groups: dict[RunConfig, list[tuple[RunRecord, Curve]]] = {}
    for run, curve in curves:
        if curve.steps:
            groups.setdefault(without_seeds(run.config), []).append((run, curve))
    result = []
    for config, members in groups.items():
        label = members[0][0].name if len(members) == 1 else _common_name(members)
        for variant in range(max(1, len(config.variants))):
            of_variant = f" {config.variants[variant].label}" if len(config.variants) > 1 else ""
            result.append(_line(f"{label}{of_variant}", members, variant, against))
    return result


def _line(
    label: str, members: Sequence[tuple[RunRecord, Curve]], variant: int, against: Against
) -> Line:
    runs = [run for run, _ in members]
    xs_of = attrgetter({"step": "steps", "epoch": "epochs", "time": "elapsed"}[against])
    by_step = [
        dict(zip(curve.steps, zip(xs_of(curve), curve.values, strict=True), strict=True))
        for _, curve in members
    ]
    spreads, xs = [], []
    for step in by_step[0]:
        if all(step in points for points in by_step):
            places, figures = zip(*(points[step] for points in by_step), strict=True)
            values = [
                one
                for run, value in zip(runs, figures, strict=True)
                for one in _of_variant(run, value, variant)
            ]
            if all(map(math.isfinite, values)):
                spreads.append(Spread(tuple(values)))
                xs.append(math.fsum(places) / len(places))
    return Line(label, tuple(run.run_id for run in runs), tuple(xs), tuple(spreads))


def _of_variant(
    run: RunRecord, value: float | tuple[float, ...], variant: int
) -> tuple[float, ...]:
    if not isinstance(value, tuple):
        return (value,)
    seeds = len(value) // max(1, len(run.config.variants))
    return value[variant * seeds : (variant + 1) * seeds]


def without_seeds(config: RunConfig) -> RunConfig:
    """The configuration apart from which seeds, and how many."""
    return config.replace(seed=0, **({"seeds": 1} if config.variants else {}))


def _common_name(members: Sequence[tuple[RunRecord, Curve]]) -> str:
    """What the names of runs that differ in their seeds have in common."""
    # names, not paths
    common = os.path.commonprefix([run.name for run, _ in members])  # noqa: RUF071
    common = common.rstrip("0123456789").removesuffix("seed").rstrip("-_ ,")
    return common or members[0][0].config.label


def shared_metrics(metrics: Sequence[Sequence[str]]) -> list[str]:
    """Every metric that some run has; those that all of them have come first."""
    names = dict.fromkeys(name for some in metrics for name in some)
    return sorted(names, key=lambda name: not all(name in some for some in metrics))
