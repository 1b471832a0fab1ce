"""What the database has of a run, as frozen records."""

from __future__ import annotations

import json
import re
import sqlite3
from array import array
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from functools import lru_cache
from pathlib import Path
from sys import byteorder
from typing import Any, Literal

from rnn_tui.engine.config import RunConfig, config_from_dict
from rnn_tui.engine.errors import SettingError
from rnn_tui.engine.metrics import Figures, Metric, split_figures
from rnn_tui.engine.paths import weights_of
from rnn_tui.engine.replicas import by_variant
from rnn_tui.engine.state import Status

Kind = Literal["step", "epoch", "test"]
ID = re.compile(r"[0-9A-Za-z][0-9A-Za-z_-]{0,63}")


@dataclass(frozen=True)
class RunRecord:
    """A run as a table shows it.

    Attributes:
        run_id: unique, and the name of its folder.
        name: unique, and the user's to change.
        config: its settings.
        status: where it stands now.
        created: when it began, in seconds since 1970.
        updated: when something was last written of it.
        step: steps that are logged.
        total_steps: 0 before data and model stand.
        elapsed: seconds of training, pauses left out.
        specs: its metrics.
        metric: the validation metric that `best` and `last` are of; empty before the first epoch.
        best: its best value over epochs; of several variants, the best one's mean over seeds.
        last: its last value, likewise.
        final_metric: the test metric that `final` is of; empty before the end.
        final: its value.
        message: why it failed.
        note: the user's.
        tags: the user's, in alphabetical order.
        deleted: when it was deleted; None if it was not.
    """

    run_id: str
    name: str
    config: RunConfig
    status: Status
    created: float
    updated: float
    step: int = 0
    total_steps: int = 0
    steps_per_epoch: int = 1
    samples_per_epoch: int = 0
    parameters: int = 0
    device: str = ""
    elapsed: float = 0.0
    specs: tuple[Metric, ...] = ()
    metric: str = ""
    best: float | None = None
    last: float | None = None
    final_metric: str = ""
    final: float | None = None
    message: str = ""
    note: str = ""
    tags: tuple[str, ...] = ()
    deleted: float | None = None

    @property
    def progress(self) -> float:
        """The share of all steps that is done, 0 … 1."""
        return min(1.0, self.step / self.total_steps) if self.total_steps else 0.0

    @property
    def epoch(self) -> float:
        """Epochs done, fractions included."""
        return self.step / self.steps_per_epoch

    @property
    def weights(self) -> Path:
        """Where its weights are, if there are any yet."""
        return weights_of(self.run_id)

    def spec(self, metric: str) -> Metric:
        """How to show a metric."""
        return next((s for s in self.specs if s.name == metric), Metric(metric, metric))


@dataclass(frozen=True)
class Session:
    """A stretch of training by one process.

    Attributes:
        started: when, in seconds since 1970.
        first_step: steps that were done before.
        host: the computer's name.
        pid: the process.
        process_started: when that process began.
        device: where it trained.
        workers: threads that shared a batch.
        versions: of packages and system, by name.
    """

    started: float
    first_step: int
    host: str
    pid: int
    process_started: float
    device: str
    workers: int
    versions: Mapping[str, str]


@dataclass(frozen=True)
class Moment:
    """What was logged at one step.

    Attributes:
        kind: `step` for means since the last log, `epoch` for an epoch's figures, `test` for those
            at the end.
        step: steps done.
        elapsed: seconds of training, pauses left out.
        metrics: a value by name.
        replicas: a value for each replica, by name.
        epoch: of an epoch's figures, which.
        rate: samples a second, if it was measured.
        seconds: the epoch's own time, if it is one.
    """

    kind: Kind
    step: int
    elapsed: float
    metrics: Mapping[str, float]
    replicas: Mapping[str, tuple[float, ...]]
    epoch: int | None = None
    rate: float | None = None
    seconds: float | None = None

    @classmethod
    def test(cls, config: RunConfig, step: int, elapsed: float, figures: Figures) -> Moment:
        """What was measured at the end of a run."""
        return cls("test", step, elapsed, *split_figures(figures), config.epochs)

    @property
    def figures(self) -> Figures:
        """Both kinds of figures."""
        return {**self.metrics, **self.replicas}


@dataclass(frozen=True)
class Curve:
    """One metric of one run, as it was logged; all tuples are equally long.

    Attributes:
        metric: its name.
        steps: when, in steps.
        epochs: when, in epochs, fractions included.
        elapsed: when, in seconds of training.
        values: the figures; of a run with replicas one tuple each, a value for each replica.
    """

    metric: str
    steps: tuple[int, ...]
    epochs: tuple[float, ...]
    elapsed: tuple[float, ...]
    values: tuple[float | tuple[float, ...], ...]


_FIELDS = {one.name for one in fields(RunRecord)}


def pack(values: Sequence[float]) -> bytes:
    """Values as little-endian doubles."""
    packed = array("d", values)
    if byteorder == "big":
        packed.byteswap()
    return packed.tobytes()


def unpack(data: bytes) -> tuple[float, ...]:
    """The inverse of `pack`; a part of a value at the end is left out."""
    packed = array("d")
    packed.frombytes(data[: len(data) // 8 * 8])
    if byteorder == "big":
        packed.byteswap()
    return tuple(packed)


def headline(config: RunConfig, value: float | Sequence[float], higher_is_better: bool) -> float:
    """One number for a figure: itself, or of replicas the best variant's mean over seeds."""
    if not isinstance(value, Sequence):
        return value
    means = [spread.mean for spread in by_variant(value, len(config.variants))]
    return max(means) if higher_is_better else min(means)


@lru_cache  # all runs of a task have the same
def specs_of(text: str) -> tuple[Metric, ...]:
    """Metrics from their JSON in the database; none where it is something else."""
    try:
        return tuple(Metric(**spec) for spec in json.loads(text))
    except (TypeError, ValueError):
        return ()


def is_id(value: object) -> bool:
    """Whether this is what a run is called, so that a folder may be."""
    return isinstance(value, str) and ID.fullmatch(value) is not None


def record_from_row(row: sqlite3.Row, tags: Sequence[str], alive: bool) -> RunRecord | None:
    """A record; None of a row that no version of this program can have written.

    Args:
        row: of table `runs`.
        tags: the run's.
        alive: whether a process trains it.
    """
    try:
        config = config_from_dict(json.loads(row["config"]))
        status = Status(row["status"])
    except (TypeError, ValueError, RecursionError, SettingError):
        return None
    if not is_id(row["id"]):
        return None
    if status.active and not alive:
        status = Status.INTERRUPTED
    known: dict[str, Any] = {name: row[name] for name in {*row.keys()} & _FIELDS}
    known |= {"run_id": row["id"], "config": config, "status": status}
    return RunRecord(**{**known, "specs": specs_of(row["specs"]), "tags": tuple(sorted(tags))})
