"""Define what each column of the database may contain, and the fallback for an invalid value.

A database may be damaged, or changed by hand: what is read of it, or beside it, is checked here,
and text is made harmless to show. Each kind of column is a class; each column is a line of
`COLUMNS`.
"""

import json
import sqlite3
import struct
from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from rnn_tui.engine import events
from rnn_tui.engine.config import RunConfig, config_from_dict
from rnn_tui.engine.errors import (
    NO_TEXT,
    SafeText,
    SettingError,
    printable,
    printable_lines,
)
from rnn_tui.engine.metrics import LONGEST_WORDS, Metric
from rnn_tui.engine.state import Status

# in characters
LONGEST_NAME = 80
LONGEST_NOTE = 2000
LONGEST_TAG = 40
LONGEST_WORD = 200
LONGEST_VERSION = 100
LATEST = 32_503_680_000.0  # the year 3000: every system can tell dates until then
LARGEST_COUNT = 2**53  # a float can count so far
KINDS_LOGGED = ("step", "epoch", "test")
UNKNOWN = printable("?")
#: the errors that a value of a wrong kind may raise.
INVALID_VALUE = (
    TypeError,
    ValueError,
    AttributeError,
    OverflowError,
    RecursionError,
    SettingError,
)


class DatabaseColumn(ABC):
    """A kind of column: it makes our value of the database's."""

    fallback: Any  #: replaces a value that `read` refuses.

    @abstractmethod
    def read(self, value: Any) -> Any:
        """Return the value for a record; raises one of `INVALID_VALUE` for a wrong one."""


@dataclass(frozen=True)
class Text(DatabaseColumn):
    """Text, made harmless to show."""

    longest: int  #: characters that are kept of it.
    fallback: SafeText = NO_TEXT
    lines: bool = False  #: whether it may have several lines.

    def read(self, value: object) -> SafeText:
        """Return the text without anything that could harm a screen."""
        if not isinstance(value, str):
            raise TypeError("no text")
        if self.lines:
            return printable_lines(value, self.longest)
        return printable(value, self.longest)


@dataclass(frozen=True)
class Count(DatabaseColumn):
    """A number of things."""

    fallback: int = 0
    least: int = 0  #: what a smaller number becomes.

    def read(self, value: object) -> int:
        """Return the number, `least` if it is smaller."""
        if not isinstance(value, int) or not 0 <= value <= LARGEST_COUNT:
            raise ValueError("no number of things")
        return max(self.least, value)


@dataclass(frozen=True)
class Seconds(DatabaseColumn):
    """A duration, or a time since 1970, in seconds."""

    fallback: float = 0.0

    def read(self, value: object) -> float:
        """Return the seconds."""
        if not isinstance(value, int | float) or not 0 <= value <= LATEST:
            raise ValueError("no time")
        return float(value)


@dataclass(frozen=True)
class Number(DatabaseColumn):
    """Any number, infinite ones too."""

    fallback: float = 0.0

    def read(self, value: object) -> float:
        """Return the number."""
        return number(value)


@dataclass(frozen=True)
class Nullable(DatabaseColumn):
    """A column whose value may also be missing: NULL in the database."""

    kind: DatabaseColumn  #: its kind if it is not missing.
    fallback: Any = None

    def read(self, value: object) -> Any:
        """Return the value converted by `kind`; None stays None."""
        return None if value is None else self.kind.read(value)


@dataclass(frozen=True)
class JsonValues(DatabaseColumn):
    """Values by name, as a JSON object; all of one kind."""

    kind: DatabaseColumn  #: what each value is.
    fallback: Mapping[str, Any] = field(default_factory=dict)

    def read(self, value: Any) -> Mapping[str, Any]:
        """Return each value converted by `kind`."""
        values = json.loads(value)
        return {printable(name): self.kind.read(entry) for name, entry in values.items()}


class JsonSettings(DatabaseColumn):
    """The settings of a run, as JSON."""

    fallback = None  #: nobody knows any other settings.

    def read(self, value: Any) -> RunConfig:
        """Return the settings, checked."""
        return config_from_dict(json.loads(value))


class JsonMetrics(DatabaseColumn):
    """The definitions of a run's metrics, as JSON."""

    fallback: tuple[Metric, ...] = ()

    def read(self, value: Any) -> tuple[Metric, ...]:
        """Return the definitions, checked."""
        return metrics_from_json(value)


class ReplicaValues(DatabaseColumn):
    """A value for each replica, as little-endian doubles; NULL for none."""

    fallback: tuple[float, ...] = ()

    def read(self, value: object) -> tuple[float, ...]:
        """Return the values, one a replica."""
        if value is None:
            return ()
        if not isinstance(value, bytes) or len(value) % 8:
            raise TypeError("no values of replicas")
        return struct.unpack(f"<{len(value) // 8}d", value)


class RunStatus(DatabaseColumn):
    """The status of a run. That it is damaged is never written: only the reader finds that."""

    fallback = Status.DAMAGED

    def read(self, value: Any) -> Status:
        """Return the status that is written."""
        status = Status(value)
        if status is Status.DAMAGED:
            raise ValueError("no status")
        return status


class LoggedKind(DatabaseColumn):
    """The kind of a logged value, one of `KINDS_LOGGED`."""

    fallback = "step"

    def read(self, value: object) -> str:
        """Return the kind."""
        if value not in KINDS_LOGGED:
            raise ValueError("nothing that is logged")
        return str(value)


#: columns by name, which means the same in every table.
COLUMNS: Mapping[str, DatabaseColumn] = {
    # a run
    "name": Text(LONGEST_NAME, UNKNOWN),
    "config": JsonSettings(),
    "status": RunStatus(),
    "created": Seconds(),
    "updated": Seconds(),
    "total_steps": Count(),
    "steps_per_epoch": Count(fallback=1, least=1),
    "samples_per_epoch": Count(),
    "parameters": Count(),
    "specs": JsonMetrics(),
    "metric": Text(LONGEST_WORDS),
    "best": Nullable(Number()),
    "last": Nullable(Number()),
    "final_metric": Text(LONGEST_WORDS),
    "final": Nullable(Number()),
    "message": Text(events.LONGEST_SENTENCE),
    "note": Text(LONGEST_NOTE, lines=True),
    "tag": Text(LONGEST_TAG, UNKNOWN),
    "deleted": Nullable(Seconds(), fallback=0.0),
    # a session of training
    "started": Seconds(),
    "first_step": Count(),
    "host": Text(LONGEST_WORD, UNKNOWN),
    "pid": Count(),
    "process_started": Seconds(),
    "device": Text(LONGEST_WORD, UNKNOWN),
    "workers": Count(),
    "versions": JsonValues(Text(LONGEST_VERSION)),
    "load": JsonValues(Number()),
    # what was logged at a step
    "kind": LoggedKind(),
    "step": Count(),
    "epoch": Nullable(Count()),
    "elapsed": Seconds(),
    "rate": Nullable(Number()),
    "values": ReplicaValues(),
    "seconds": Nullable(Seconds()),
    # a line of the log
    "at": Seconds(),
    "level": Text(LONGEST_WORD, printable("info")),
    "text": Text(events.LONGEST_SENTENCE, UNKNOWN),
}


def number(value: object) -> float:
    """Return a number, which may be infinite; a TypeError if it is none."""
    if not isinstance(value, int | float):
        raise TypeError("no number")
    return float(value)


@lru_cache  # all runs of a task have the same
def metrics_from_json(text: Any) -> tuple[Metric, ...]:
    """Read definitions of metrics from JSON.

    Raises one of `INVALID_VALUE` if it is something else.
    """
    return tuple(Metric(**values) for values in json.loads(text))


def values_of(
    row: Mapping[str, Any] | sqlite3.Row, names: Iterable[str]
) -> tuple[dict[str, Any], list[str]]:
    """Return the values of a row by column, and the columns with invalid values."""
    values: dict[str, Any] = {}
    invalid = []
    for name in names:
        column = COLUMNS[name]
        try:
            values[name] = column.read(row[name])
        except INVALID_VALUE:
            values[name] = column.fallback
            invalid.append(name)
    return values, invalid


def sound_values(row: Mapping[str, Any] | sqlite3.Row, names: Iterable[str]) -> dict[str, Any]:
    """Return the values of a row by column; a ValueError if one is not what it has to be."""
    values, invalid = values_of(row, names)
    if invalid:
        raise ValueError(f"no {invalid[0]}")
    return values
