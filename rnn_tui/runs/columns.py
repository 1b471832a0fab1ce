"""What each column of the database has to be, and what stands in for a value that is not.

A database may be damaged, or changed by hand: what is read of it, or beside it, is checked, and
text made harmless to show.
"""

import json
import sqlite3
from collections.abc import Callable, Iterable, Mapping
from functools import lru_cache
from typing import Any

from rnn_tui.engine import events
from rnn_tui.engine.config import config_from_dict
from rnn_tui.engine.errors import (
    NO_TEXT,
    SafeText,
    SettingError,
    printable,
    printable_lines,
)
from rnn_tui.engine.metrics import LONGEST_WORDS, Metric
from rnn_tui.engine.state import Status

LONGEST_NAME, LONGEST_NOTE, LONGEST_TAG = 80, 2000, 40


LONGEST_WORD = 200


# the year 3000: what every system can tell the date of; and what a float can count to
LATEST, MOST = 32_503_680_000.0, 2**53


# of values of a wrong kind
INVALID_VALUE = (TypeError, ValueError, AttributeError, OverflowError, RecursionError, SettingError)


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


def number(value: object) -> float:
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
    """Metrics from their JSON in the database; one of `INVALID_VALUE` if it is something else."""
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
    **dict.fromkeys(("best", "last", "final", "rate"), (_or_none(number), None)),
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
    "load": (_by_name(number), {}),
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
        except INVALID_VALUE:
            values[name] = otherwise
            wrong.append(name)
    return values, wrong


def sound_values(row: Mapping[str, Any] | sqlite3.Row, names: Iterable[str]) -> dict[str, Any]:
    """The values of a row by column; a ValueError if one can't be what it should."""
    values, wrong = values_of(row, names)
    if wrong:
        raise ValueError(f"no {wrong[0]}")
    return values
