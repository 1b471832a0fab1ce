"""What the database has of a run as frozen records; what each value has to be, and what stands
where it is not.

A database may be damaged, or changed by hand: what is read of it, or beside it, is checked, and
text made harmless to show.
"""

import json
import math
import re
import sqlite3
import struct
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from functools import lru_cache
from itertools import chain
from pathlib import Path
from typing import Any, Literal, Self

from rnn_tui.engine import events
from rnn_tui.engine.config import RunConfig, config_from_dict
from rnn_tui.engine.errors import (
    NO_TEXT,
    SafeText,
    SettingError,
    StoreError,
    printable,
    printable_lines,
)
from rnn_tui.engine.metrics import LONGEST_WORDS, Figures, Metric, Spread, by_variant, split_figures
from rnn_tui.engine.outside import shown
from rnn_tui.engine.paths import weights_of
from rnn_tui.engine.state import Status

LONGEST_NAME, LONGEST_NOTE, LONGEST_TAG = 80, 2000, 40
LONGEST_WORD = 200
# the year 3000: what every system can tell the date of; and what a float can count to
LATEST, MOST = 32_503_680_000.0, 2**53
# of values of a wrong kind
WRONG = (TypeError, ValueError, AttributeError, OverflowError, RecursionError, SettingError)
Kind = Literal["step", "epoch", "test"]
ID = re.compile(r"[0-9A-Za-z][0-9A-Za-z_-]{0,63}")
# what a row is called whose id is none; its number in the table comes after it
NAMELESS = "damaged-row-"


def _words(longest: int, lines: bool = False) -> Callable[[object], SafeText]:
    """Text, made harmless."""

    def check(value: object) -> SafeText:
        if not isinstance(value, str):
            raise TypeError("no text")
        return printable_lines(value, longest) if lines else printable(value, longest)

    return check


def _count(value: object) -> int:
    if not isinstance(value, int) or not 0 <= value <= MOST:
        raise ValueError("no number of things")
    return value


def _seconds(value: object) -> float:
    if not isinstance(value, int | float) or not 0 <= value <= LATEST:
        raise ValueError("no time")
    return float(value)


def figure(value: object) -> float:
    """A number, which may be infinite; a TypeError if it is none."""
    if not isinstance(value, int | float):
        raise TypeError("no number")
    return float(value)


def _or_none(check: Callable[[object], Any]) -> Callable[[object], Any]:
    """What may also be missing."""
    return lambda value: None if value is None else check(value)


def _kind(value: object) -> str:
    if value not in ("step", "epoch", "test"):
        raise ValueError("nothing that is logged")
    return str(value)


def _status(value: Any) -> Status:
    """What is written of a run: that it is damaged, only its reader says."""
    status = Status(value)
    if status is Status.DAMAGED:
        raise ValueError("no status")
    return status


@lru_cache  # all runs of a task have the same
def specs_of(text: Any) -> tuple[Metric, ...]:
    """Metrics from their JSON in the database; one of `WRONG` if it is something else."""
    return tuple(Metric(**spec) for spec in json.loads(text))


def _by_name(check: Callable[[Any], Any]) -> Callable[[Any], Mapping[str, Any]]:
    """Values by their names, as JSON."""
    return lambda text: {printable(name): check(value) for name, value in json.loads(text).items()}


# By column, which has the same in every table: what makes our value of the database's, and what
# stands in for one it refuses.
COLUMNS: Mapping[str, tuple[Callable[[Any], Any], Any]] = {
    **dict.fromkeys(
        ("created", "updated", "elapsed", "started", "process_started", "at"), (_seconds, 0.0)
    ),
    **dict.fromkeys(
        ("step", "total_steps", "samples_per_epoch", "parameters", "first_step", "pid", "workers"),
        (_count, 0),
    ),
    **dict.fromkeys(("best", "last", "final", "rate"), (_or_none(figure), None)),
    **dict.fromkeys(("metric", "final_metric"), (_words(LONGEST_WORDS), NO_TEXT)),
    **dict.fromkeys(("device", "host"), (_words(LONGEST_WORD), printable("?"))),
    "name": (_words(LONGEST_NAME), printable("?")),
    "tag": (_words(LONGEST_TAG), printable("?")),
    "config": (lambda text: config_from_dict(json.loads(text)), None),
    "status": (_status, Status.DAMAGED),
    "steps_per_epoch": (lambda value: max(1, _count(value)), 1),
    "specs": (specs_of, ()),
    "message": (_words(events.LONGEST_SENTENCE), NO_TEXT),
    "note": (_words(LONGEST_NOTE, lines=True), NO_TEXT),
    "deleted": (_or_none(_seconds), 0.0),
    "seconds": (_or_none(_seconds), None),
    "epoch": (_or_none(_count), None),
    "versions": (_by_name(lambda what: printable(what, 100)), {}),
    "load": (_by_name(figure), {}),
    "kind": (_kind, "step"),
    "level": (_words(LONGEST_WORD), printable("info")),
    "text": (_words(events.LONGEST_SENTENCE), printable("?")),
}


def values_of(
    row: Mapping[str, Any] | sqlite3.Row, names: Iterable[str]
) -> tuple[dict[str, Any], list[str]]:
    """The values of a row by column, and those columns whose values can't be what they should."""
    values: dict[str, Any] = {}
    wrong = []
    for name in names:
        check, otherwise = COLUMNS[name]
        try:
            values[name] = check(row[name])
        except WRONG:
            values[name] = otherwise
            wrong.append(name)
    return values, wrong


def sound_values(row: Mapping[str, Any] | sqlite3.Row, names: Iterable[str]) -> dict[str, Any]:
    """The values of a row by column; a ValueError if one can't be what it should."""
    values, wrong = values_of(row, names)
    if wrong:
        raise ValueError(f"no {wrong[0]}")
    return values


# events in JSON: of a file, or from another machine
KINDS = {kind.__name__: kind for kind in events.Event.__subclasses__()}
# Neither is said again with each event of a run.
_NAMES = {
    kind: [one.name for one in fields(kind) if one.name not in ("run_id", "config")]
    for kind in KINDS.values()
}


def to_document(event: events.Event) -> dict[str, Any]:
    """What JSON has of an event: all but its run and the settings."""
    kind = type(event)
    document = {"kind": kind.__name__, **{name: getattr(event, name) for name in _NAMES[kind]}}
    if isinstance(event, events.RunStarted):
        document["metric_definitions"] = [asdict(spec) for spec in event.metric_definitions]
    return document


def event_from(document: Mapping[str, Any], run_id: str, config: RunConfig) -> events.Event:
    """The inverse of `to_document`, which trusts nothing; a KeyError or one of `WRONG` if it is no
    event.
    """
    known = dict(document)
    kind = KINDS[known.pop("kind")]
    if kind is events.RunStarted:
        known["config"] = config
        known["metric_definitions"] = tuple(Metric(**spec) for spec in known["metric_definitions"])
    if "metrics" in known:
        known["metrics"] = {printable(n): float(v) for n, v in known["metrics"].items()}
        replicas = {printable(n): tuple(map(float, v)) for n, v in known["replicas"].items()}
        if any(len(values) != len(config.replicas) for values in replicas.values()):
            raise ValueError("values of other networks")
        known["replicas"] = replicas
    return kind(run_id, **known | sound_values(known, COLUMNS.keys() & known.keys() - {"config"}))


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
    def whole(self) -> Self:
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


@dataclass(frozen=True)
class Moment:
    """What was logged at one step."""

    #: `step` for means since the last log, `epoch` for an epoch's figures, `test` for those at the
    #: end.
    kind: Kind
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
    #: the figures; of a run with replicas one tuple each, a value for each.
    values: tuple[float | tuple[float, ...], ...]


# called like the record's fields
RUN_COLUMNS = tuple(one.name for one in fields(RunRecord) if one.name in COLUMNS)
# all that is asked of a run's row
RUN_ROW = f"rowid, id, task, model, preset, {', '.join(RUN_COLUMNS)}"


def pack(values: Sequence[float]) -> bytes:
    """Values as little-endian doubles."""
    return struct.pack(f"<{len(values)}d", *values)


def headline(config: RunConfig, value: float | Sequence[float], higher_is_better: bool) -> float:
    """One number for a figure: itself, or of replicas the best variant's mean over seeds; NaN where
    `best_seeds` has none.
    """
    values = best_seeds(config, value, higher_is_better)
    return Spread(values).mean if values else math.nan


def best_seeds(
    config: RunConfig, value: float | Sequence[float], higher_is_better: bool
) -> tuple[float, ...]:
    """A figure of each seed, of several variants of the best by its mean; none of a damaged file
    with too few values.
    """
    if not isinstance(value, Sequence):
        return (value,)
    variants = (
        variant for variant in by_variant(value, max(1, len(config.variants))) if variant.values
    )
    best = (max if higher_is_better else min)(
        variants, key=lambda variant: variant.mean, default=None
    )
    return () if best is None else best.values


def value_of(value: object, replicas: object) -> float | tuple[float, ...]:
    """What was logged of a metric at a step: a value, NULL for NaN, or one for each replica; a
    TypeError if it is neither.
    """
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
    return RunRecord(id_of(row), **values, tags=tuple(sorted(label["tag"] for label, _ in labels)))
