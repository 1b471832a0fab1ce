"""The record of a run, as tables show it, and its sessions of training."""

import re
import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from functools import cached_property
from pathlib import Path
from typing import Self

from rnn_tui.archive.columns import COLUMNS, LONGEST_TAG, values_of
from rnn_tui.engine import events
from rnn_tui.engine.config import RunConfig
from rnn_tui.engine.errors import (
    NO_TEXT,
    SafeText,
    StoreError,
    printable,
)
from rnn_tui.engine.files.outside import shown
from rnn_tui.engine.files.paths import weights_of
from rnn_tui.engine.metrics import Metric, Spread, by_variant
from rnn_tui.engine.state import Status
from rnn_tui.networks import CELLS

ID = re.compile(r"[0-9A-Za-z][0-9A-Za-z_-]{0,63}")
# the id of a row that has no sound one; its number in the table comes after it
NAMELESS = "damaged-row-"


@dataclass(frozen=True)
class RunRecord:
    """A run as a table shows it."""

    run_id: str  #: unique, and the name of its folder.
    name: SafeText  #: unique, and the user's to change.
    config: RunConfig  #: its settings.
    status: Status  #: its status now.
    created: float  #: when it began, in seconds since 1970.
    updated: float  #: when something was last written of it.
    step: int = 0  #: steps that are logged.
    total_steps: int = 0  #: 0 before data and model are loaded.
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
    #: the last value of `metric`, of variants as `best`; None before it is measured.
    last: float | None = None
    last_values: tuple[float, ...] = ()  #: that value of each replica; none without replicas.
    final_metric: SafeText = NO_TEXT  #: the test metric that `final` is of; empty before the end.
    final: float | None = None  #: its value, of variants as `best`.
    final_values: tuple[float, ...] = ()  #: that value of each replica; none without replicas.
    message: SafeText = NO_TEXT  #: why it failed, or what of its row is damaged.
    note: SafeText = NO_TEXT  #: the user's.
    tags: tuple[SafeText, ...] = ()  #: the user's, in alphabetical order.
    deleted: float | None = None  #: when it was deleted; None if it was not.

    @property
    def progress(self) -> float:
        """The share that is done, 0 … 1; all of a finished run, which may have stopped early."""
        return 1.0 if self.status is Status.FINISHED else self.trained_share

    @property
    def trained_share(self) -> float:
        """The share of all steps that was trained, 0 … 1."""
        if not self.total_steps:
            return 0.0
        return min(1.0, self.step / self.total_steps)

    @property
    def epoch(self) -> float:
        """Epochs done, fractions included."""
        return self.step / self.steps_per_epoch

    @property
    def weights(self) -> Path:
        """The path of its weights, whether or not there are any yet."""
        return weights_of(self.run_id)

    @property
    def weights_shown(self) -> str | None:
        """The path of its weights as it may be shown; None before there are any."""
        return str(shown(self.weights)) if self.weights.is_file() else None

    @property
    def undamaged(self) -> Self:
        """The run itself, if it may be used: a damaged one can only be looked at and deleted.

        Raises:
            StoreError: it is damaged.
        """
        if self.status is Status.DAMAGED:
            raise StoreError(
                f"Run {self.name} is damaged: {self.message} It can only be deleted, and trained "
                "again."
            )
        return self

    @cached_property  # a list of runs asks for it several times
    def networks(self) -> tuple["NetworkFigures", ...]:
        """The figures of each variant over its seeds, or of the one network that it trains."""
        variants = self.config.variants
        if not variants:
            return (NetworkFigures("", 1, _spread_of(self.last), _spread_of(self.final)),)
        seeds = self.config.seed_count
        last = _by_variant(self.last_values, len(variants))
        final = _by_variant(self.final_values, len(variants))
        return tuple(
            NetworkFigures(variant.label, seeds, *figures)
            for variant, *figures in zip(variants, last, final, strict=True)
        )

    def spec(self, metric: str) -> Metric:
        """Return the definition of a metric; a bare one if the run has none of that name."""
        for definition in self.specs:
            if definition.name == metric:
                return definition
        return Metric(metric, metric)


@dataclass(frozen=True)
class NetworkFigures:
    """The figures of one network of a run over its seeds."""

    label: str  #: which it is, such as `H 5 bce`; empty if the run trains no other.
    n: int  #: the number of seeds that it is trained with.
    last: Spread | None  #: of `RunRecord.metric` after the last epoch; None before it is measured.
    final: Spread | None  #: of `RunRecord.final_metric` in the test; None before the end.


def _spread_of(value: float | None) -> Spread | None:
    """Return the spread of the value of a single network."""
    return None if value is None else Spread((value,))


def _by_variant(values: Sequence[float], variants: int) -> Sequence[Spread | None]:
    """Return a spread for each variant, from values by replica; None for each without values."""
    return list(by_variant(values, variants)) if values else [None] * variants


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
    versions: Mapping[str, SafeText]  #: those of packages and system, by name.
    #: how busy the machine was, by what was measured; empty if unknown.
    load: Mapping[str, float]


# columns of the table that are called like the fields of a record
RUN_COLUMNS = tuple(field.name for field in fields(RunRecord) if field.name in COLUMNS)
# the values by replica that a run's `last` and `final` come from
_LAST_VALUES = (
    "(SELECT replicas FROM points WHERE run_id = runs.id AND kind = 'epoch' "
    "AND metric = runs.metric ORDER BY step DESC LIMIT 1) AS last_values"
)
_FINAL_VALUES = (
    "(SELECT replicas FROM points WHERE run_id = runs.id AND kind = 'test' "
    "AND metric = runs.final_metric LIMIT 1) AS final_values"
)
# all that is asked of a run's row
RUN_ROW = (
    f"rowid, id, task, model, preset, {', '.join(RUN_COLUMNS)}, {_LAST_VALUES}, {_FINAL_VALUES}"
)


def is_id(value: object) -> bool:
    """Return whether a text is the id of a run, and so safe as the name of a folder."""
    return isinstance(value, str) and ID.fullmatch(value) is not None


def id_of_row(row: sqlite3.Row) -> str:
    """Return the id of a run from its `rowid` and `id`, or a substitute for an invalid one."""
    if is_id(row["id"]):
        return str(row["id"])
    return f"{NAMELESS}{row['rowid']}"


def run_condition(run_id: str) -> str:
    """Return the SQL condition for a run's row; its parameter is the id."""
    if run_id.startswith(NAMELESS):
        return f"'{NAMELESS}' || rowid = ?"
    return "id = ?"


def record_from_row(row: sqlite3.Row, tags: Sequence[object], alive: bool) -> RunRecord:
    """Return the record of a run from a row of `RUN_ROW`.

    Its status is damaged if a value is not what it has to be.

    Args:
        row: the row.
        tags: the run's, as they stand in the database.
        alive: whether a process trains it.
    """
    values, invalid = values_of(row, RUN_COLUMNS)
    sound_tags = []
    for tag in tags:
        tag_values, invalid_columns = values_of({"tag": tag}, ("tag",))
        sound_tags.append(tag_values["tag"])
        invalid += invalid_columns
    if not is_id(row["id"]):
        invalid.append("id")
    if values["config"] is None:
        values["config"] = _settings_in_table(row)
    if invalid:
        values["status"] = Status.DAMAGED
        values["message"] = printable(_why_damaged(invalid, row), events.LONGEST_SENTENCE)
    elif values["status"].active and not alive:
        values["status"] = Status.INTERRUPTED
    config: RunConfig = values["config"]
    replicas = len(config.variants) * config.seed_count
    return RunRecord(
        id_of_row(row),
        **values,
        last_values=_sound_replicas(row["last_values"], replicas),
        final_values=_sound_replicas(row["final_values"], replicas),
        tags=tuple(sorted(sound_tags)),
    )


def _why_damaged(invalid: Sequence[str], row: sqlite3.Row) -> str:
    """Return the sentence on a row in which these columns are invalid."""
    cell = printable(row["model"], LONGEST_TAG)
    if list(invalid) == ["config"] and cell not in CELLS:
        return f"its cell {cell} is not known here, as before rnn_tui.register in Python."
    return f"there is no sound value of {', '.join(invalid)} in the database."


def _sound_replicas(value: object, replicas: int) -> tuple[float, ...]:
    """Return the values of so many replicas; none if the database has others, or none."""
    values, _ = values_of({"values": value}, ("values",))
    by_replica: tuple[float, ...] = values["values"]
    return by_replica if len(by_replica) == replicas else ()


def _settings_in_table(row: sqlite3.Row) -> RunConfig:
    """Return a substitute for unreadable settings, from the words that a table shows."""
    task, cell, preset = (
        printable(row[column], LONGEST_TAG) for column in ("task", "model", "preset")
    )
    return RunConfig(task=task, preset=preset, cell=cell, epochs=1, batch_size=1, learning_rate=1.0)
