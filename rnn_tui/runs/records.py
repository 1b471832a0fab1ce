"""What the database has of a run, as frozen records."""

import math
import re
import sqlite3
import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from functools import lru_cache
from itertools import chain
from pathlib import Path
from typing import Literal, Self

from rnn_tui.engine.config import RunConfig
from rnn_tui.engine.errors import NO_TEXT, SafeText, StoreError, printable
from rnn_tui.engine.events import LONGEST_SENTENCE
from rnn_tui.engine.metrics import LONGEST_WORDS, Figures, Metric, Spread, by_variant, split_figures
from rnn_tui.engine.paths import weights_of
from rnn_tui.engine.state import Status
from rnn_tui.runs.columns import COLUMNS, LONGEST_TAG, figure, values_of

Kind = Literal["step", "epoch", "test"]
ID = re.compile(r"[0-9A-Za-z][0-9A-Za-z_-]{0,63}")
NAMELESS = "damaged-row-"  # what a row is called whose id is none; its number in the table comes after it


@dataclass(frozen=True)
class RunRecord:
    """A run as a table shows it."""

    run_id: str  #: unique, and the name of its folder.
    name: SafeText  #: unique, and the user's to change.
    config: RunConfig  #: its settings.
    status: Status  #: where it stands now.
    created: float  #: when it began, in seconds since 1970.
    updated: float  #: when something was last written of it.
    step: int = 0  #: steps that are logged.
    total_steps: int = 0  #: 0 before data and model stand.
    steps_per_epoch: int = 1
    samples_per_epoch: int = 0
    parameters: int = 0
    device: SafeText = NO_TEXT
    elapsed: float = 0.0  #: seconds of training, pauses left out.
    specs: tuple[Metric, ...] = ()  #: its metrics.
    metric: SafeText = NO_TEXT  #: the validation metric that `best` and `last` are of; empty before the first epoch.
    best: float | None = None  #: its best value over epochs; of several variants, the best one's mean over seeds.
    last: float | None = None  #: its last value, likewise.
    final_metric: SafeText = NO_TEXT  #: the test metric that `final` is of; empty before the end.
    final: float | None = None  #: its value.
    message: SafeText = NO_TEXT  #: why it failed, or what of its row is damaged.
    note: SafeText = NO_TEXT  #: the user's.
    tags: tuple[SafeText, ...] = ()  #: the user's, in alphabetical order.
    deleted: float | None = None  #: when it was deleted; None if it was not.

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

    @property
    def whole(self) -> Self:
        """The run itself; a StoreError if it is damaged: then it can only be looked at, and deleted."""
        if self.status is Status.DAMAGED:
            raise StoreError(f"Run {self.name} is damaged: {self.message} It can only be deleted, and trained again.")
        return self

    def spec(self, metric: str) -> Metric:
        """How to show a metric."""
        return next((s for s in self.specs if s.name == metric), Metric(metric, metric))


@dataclass(frozen=True)
class Session:
    """A stretch of training by one process."""

    started: float  #: when, in seconds since 1970.
    first_step: int  #: steps that were done before.
    host: SafeText  #: the computer's name.
    pid: int  #: the process.
    process_started: float  #: when that process began.
    device: SafeText  #: where it trained.
    workers: int  #: threads that shared a batch.
    versions: Mapping[str, SafeText]  #: of packages and system, by name.
    load: Mapping[str, float]  #: how busy the machine was, as `whole` of `events.MachineSeen`; empty if unknown.


@dataclass(frozen=True)
class Moment:
    """What was logged at one step."""

    kind: Kind  #: `step` for means since the last log, `epoch` for an epoch's figures, `test` for those at the end.
    step: int  #: steps done.
    elapsed: float  #: seconds of training, pauses left out.
    metrics: Mapping[str, float]  #: a value by name.
    replicas: Mapping[str, tuple[float, ...]]  #: a value for each replica, by name.
    epoch: int | None = None  #: of an epoch's figures, which.
    rate: float | None = None  #: samples a second, if it was measured.
    seconds: float | None = None  #: the epoch's own time, if it is one.

    @classmethod
    def test(cls, config: RunConfig, step: int, elapsed: float, figures: Figures) -> "Moment":
        """What was measured at the end of a run."""
        return cls("test", step, elapsed, *split_figures(figures), config.epochs)

    @property
    def figures(self) -> Figures:
        """Both kinds of figures."""
        return {**self.metrics, **self.replicas}


@dataclass(frozen=True)
class Curve:
    """One metric of one run, as it was logged; all tuples are equally long."""

    steps: tuple[int, ...]  #: when, in steps.
    epochs: tuple[float, ...]  #: when, in epochs, fractions included.
    elapsed: tuple[float, ...]  #: when, in seconds of training.
    values: tuple[float | tuple[float, ...], ...]  #: the figures; of a run with replicas one tuple each, a value for each.


RUN_COLUMNS = tuple(one.name for one in fields(RunRecord) if one.name in COLUMNS)  # called like the record's fields
RUN_ROW = f"rowid, id, task, model, preset, {', '.join(RUN_COLUMNS)}"  # all that is asked of a run's row


def pack(values: Sequence[float]) -> bytes:
    """Values as little-endian doubles."""
    return struct.pack(f"<{len(values)}d", *values)


def headline(config: RunConfig, value: float | Sequence[float], higher_is_better: bool) -> float:
    """One number for a figure: itself, or of replicas the best variant's mean over seeds; NaN where `best_seeds` has none."""
    values = best_seeds(config, value, higher_is_better)
    return Spread(values).mean if values else math.nan


def best_seeds(config: RunConfig, value: float | Sequence[float], higher_is_better: bool) -> tuple[float, ...]:
    """A figure of each seed, of several variants of the best by its mean; none of a damaged file with too few values."""
    if not isinstance(value, Sequence):
        return (value,)
    variants = (variant for variant in by_variant(value, max(1, len(config.variants))) if variant.values)
    best = (max if higher_is_better else min)(variants, key=lambda variant: variant.mean, default=None)
    return () if best is None else best.values


def value_of(value: object, replicas: object) -> float | tuple[float, ...]:
    """What was logged of a metric at a step: a value, NULL for NaN, or one for each replica; a TypeError if it is neither."""
    if replicas is None:
        return math.nan if value is None else figure(value)
    if not isinstance(replicas, bytes) or len(replicas) % 8:
        raise TypeError("no values of replicas")
    return struct.unpack(f"<{len(replicas) // 8}d", replicas)


@lru_cache(1000)  # of a million points there are few
def metric_name(name: object) -> SafeText:
    """The name of a metric, as the database has it."""
    return printable(name, LONGEST_WORDS)


def is_id(value: object) -> bool:
    """Whether this is what a run is called, so that a folder may be."""
    return isinstance(value, str) and ID.fullmatch(value) is not None


def id_of(row: sqlite3.Row) -> str:
    """The id of a run, or what is told in its place, of its `rowid` and `id`."""
    return str(row["id"]) if is_id(row["id"]) else f"{NAMELESS}{row['rowid']}"


def the_run(run_id: str) -> str:
    """The condition for a run's row, with its id as the parameter."""
    return f"'{NAMELESS}' || rowid = ?" if run_id.startswith(NAMELESS) else "id = ?"


def record_from_row(row: sqlite3.Row, tags: Sequence[object], alive: bool) -> RunRecord:
    """A record of a row of `RUN_ROW`, which says that it is damaged where something can't be."""
    values, wrong = values_of(row, RUN_COLUMNS)
    labels = [values_of({"tag": tag}, ("tag",)) for tag in tags]
    wrong += chain.from_iterable(wrong_tag for _, wrong_tag in labels)
    if not is_id(row["id"]):
        wrong.append("id")
    if values["config"] is None:  # in place of settings that nobody knows any more, the words that a table shows
        task, cell, preset = (printable(row[column], LONGEST_TAG) for column in ("task", "model", "preset"))
        values["config"] = RunConfig(task=task, preset=preset, cell=cell, epochs=1, batch_size=1, learning_rate=1.0)
    if wrong:
        what = f"there is no sound value of {', '.join(wrong)} in the database."
        values |= {"status": Status.DAMAGED, "message": printable(what, LONGEST_SENTENCE)}
    elif values["status"].active and not alive:
        values["status"] = Status.INTERRUPTED
    return RunRecord(id_of(row), **values, tags=tuple(sorted(label["tag"] for label, _ in labels)))
