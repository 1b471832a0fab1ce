"""What a run is: its record as a table shows it, and its sessions of training."""

import re
import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from itertools import chain
from pathlib import Path
from typing import Self

from rnn_tui.engine import events
from rnn_tui.engine.config import RunConfig
from rnn_tui.engine.errors import (
    NO_TEXT,
    SafeText,
    StoreError,
    printable,
)
from rnn_tui.engine.metrics import Metric
from rnn_tui.engine.outside import shown
from rnn_tui.engine.paths import weights_of
from rnn_tui.engine.state import Status
from rnn_tui.runs.columns import COLUMNS, LONGEST_TAG, values_of

ID = re.compile(r"[0-9A-Za-z][0-9A-Za-z_-]{0,63}")


# what a row is called whose id is none; its number in the table comes after it
NAMELESS = "damaged-row-"


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
    #: the validation metric that `best` and `last` are of; empty before the first epoch.
    metric: SafeText = NO_TEXT
    #: its best value over epochs; of several variants, the best one's mean over seeds.
    best: float | None = None
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
    def weights_shown(self) -> str | None:
        """The same as it may be shown; None without any."""
        return str(shown(self.weights)) if self.weights.is_file() else None

    @property
    def undamaged(self) -> Self:
        """The run itself; a StoreError if it is damaged: then it can only be looked at, and
        deleted.
        """
        if self.status is Status.DAMAGED:
            raise StoreError(
                f"Run {self.name} is damaged: {self.message} It can only be deleted, and trained "
                "again."
            )
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
    #: how busy the machine was, as `whole` of `events.MachineSeen`; empty if unknown.
    load: Mapping[str, float]


# called like the record's fields
RUN_COLUMNS = tuple(one.name for one in fields(RunRecord) if one.name in COLUMNS)


# all that is asked of a run's row
RUN_ROW = f"rowid, id, task, model, preset, {', '.join(RUN_COLUMNS)}"


def is_id(value: object) -> bool:
    """Whether this is what a run is called, so that a folder may be."""
    return isinstance(value, str) and ID.fullmatch(value) is not None


def id_of_row(row: sqlite3.Row) -> str:
    """The id of a run, or what is told in its place, of its `rowid` and `id`."""
    return str(row["id"]) if is_id(row["id"]) else f"{NAMELESS}{row['rowid']}"


def run_condition(run_id: str) -> str:
    """The condition for a run's row, with its id as the parameter."""
    return f"'{NAMELESS}' || rowid = ?" if run_id.startswith(NAMELESS) else "id = ?"


def record_from_row(row: sqlite3.Row, tags: Sequence[object], alive: bool) -> RunRecord:
    """A record of a row of `RUN_ROW`, which says that it is damaged where something can't be."""
    values, wrong = values_of(row, RUN_COLUMNS)
    labels = [values_of({"tag": tag}, ("tag",)) for tag in tags]
    wrong += chain.from_iterable(wrong_tag for _, wrong_tag in labels)
    if not is_id(row["id"]):
        wrong.append("id")
    # in place of settings that nobody knows any more, the words that a table shows
    if values["config"] is None:
        task, cell, preset = (
            printable(row[column], LONGEST_TAG) for column in ("task", "model", "preset")
        )
        values["config"] = RunConfig(
            task=task, preset=preset, cell=cell, epochs=1, batch_size=1, learning_rate=1.0
        )
    if wrong:
        what = f"there is no sound value of {', '.join(wrong)} in the database."
        values |= {"status": Status.DAMAGED, "message": printable(what, events.LONGEST_SENTENCE)}
    elif values["status"].active and not alive:
        values["status"] = Status.INTERRUPTED
    return RunRecord(
        id_of_row(row), **values, tags=tuple(sorted(label["tag"] for label, _ in labels))
    )
