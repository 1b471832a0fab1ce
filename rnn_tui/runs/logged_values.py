"""What was logged of a run: all of it, or as much of a long run as a chart shows.

A run may have a million points. What only shows curves reads a few thousand of them, which SQLite
picks by their place or value; what exports reads all. What a database can't have of a run is a
TypeError or a ValueError wherever something is read.
"""

import json
import math
import sqlite3
import struct
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from rnn_tui.engine.config import RunConfig
from rnn_tui.engine.errors import SafeText, printable
from rnn_tui.engine.metrics import LONGEST_WORDS, Figures, split_figures
from rnn_tui.engine.state import SERIES_CAPACITY
from rnn_tui.runs.columns import number, sound_values
from rnn_tui.runs.curves import Curve
from rnn_tui.runs.run_record import RunRecord

Kind = Literal["step", "epoch", "test"]


@dataclass(frozen=True)
class LoggedValues:
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
    def test(cls, config: RunConfig, step: int, elapsed: float, figures: Figures) -> "LoggedValues":
        """What was measured at the end of a run."""
        return cls("test", step, elapsed, *split_figures(figures), config.epochs)

    @property
    def figures(self) -> Figures:
        """Both kinds of figures."""
        return {**self.metrics, **self.replicas}


def pack(values: Sequence[float]) -> bytes:
    """Values as little-endian doubles."""
    return struct.pack(f"<{len(values)}d", *values)


def value_of(value: object, replicas: object) -> float | tuple[float, ...]:
    """What was logged of a metric at a step: a value, NULL for NaN, or one for each replica; a
    TypeError if it is neither.
    """
    if replicas is None:
        return math.nan if value is None else number(value)
    if not isinstance(replicas, bytes) or len(replicas) % 8:
        raise TypeError("no values of replicas")
    return struct.unpack(f"<{len(replicas) // 8}d", replicas)


@lru_cache(1000)  # of a million points there are few
def metric_name(name: object) -> SafeText:
    """The name of a metric, as the database has it."""
    return printable(name, LONGEST_WORDS)


# of a longer curve, Compare and pictures show an outline; far more than they have columns
MOST_DRAWN = 4000


# in the order in which things of one step are told
KINDS: tuple[Kind, ...] = ("step", "epoch", "test")


_OF_MOMENT = ("kind", "step", "epoch", "elapsed", "rate", "seconds")


_OF_METRIC = "points WHERE run_id = ? AND kind = ? AND metric = ?"


# there may be more steps than SQLite takes parameters
_AT_STEPS = "IN (SELECT value FROM json_each(?))"


_ALSO_IN = (
    " AND EXISTS (SELECT 1 FROM points other WHERE other.run_id = ? AND other.kind = points.kind "
    "AND other.metric = points.metric AND other.step = points.step)"
)


def read_logged_values(
    connection: sqlite3.Connection,
    run_id: str,
    kind: Kind | None = None,
    steps: Collection[int] | None = None,
) -> list[LoggedValues]:
    """What was logged of a run, of a kind or of all, at `steps` or at all: by step, there in the
    order of `KINDS`.
    """
    only, arguments = ("", [run_id]) if kind is None else (" AND kind = ?", [run_id, kind])
    if steps is not None:
        only, arguments = f"{only} AND step {_AT_STEPS}", [*arguments, json.dumps(sorted(steps))]
    figures: dict[tuple[str, int], dict[str, float | tuple[float, ...]]] = {}
    values_logged = f"SELECT kind, metric, step, value, replicas FROM points WHERE run_id = ?{only}"
    for row_kind, metric, step, value, replicas in connection.execute(values_logged, arguments):
        figures.setdefault((row_kind, step), {})[metric_name(metric)] = value_of(value, replicas)
    found = []
    order = "step, instr('step epoch test', kind)"
    steps_logged = (
        f"SELECT {', '.join(_OF_MOMENT)} FROM moments WHERE run_id = ?{only} ORDER BY {order}"
    )
    for row in connection.execute(steps_logged, arguments):
        metrics, replicas_of = split_figures(figures.get((row["kind"], row["step"]), {}))
        found.append(
            LoggedValues(**sound_values(row, _OF_MOMENT), metrics=metrics, replicas=replicas_of)
        )
    return found


def read_outline(connection: sqlite3.Connection, run_id: str) -> list[LoggedValues]:
    """The same without the steps that a `RunState`, whose memory is bounded, would drop."""
    steps: set[int] = set()
    for kind, metric in logged_metrics(connection, run_id):
        if kind == "step":
            chosen = outline_steps(connection, [run_id], kind, metric, SERIES_CAPACITY)
            if chosen is None:
                return read_logged_values(connection, run_id)
            steps.update(chosen)
    found = read_logged_values(connection, run_id, "step", steps)
    found += read_logged_values(connection, run_id, "epoch") + read_logged_values(
        connection, run_id, "test"
    )
    return sorted(found, key=lambda moment: moment.step)  # the order of the kinds stays


def logged_metrics(connection: sqlite3.Connection, run_id: str) -> list[tuple[Kind, str]]:
    """The kinds and metrics of what was logged of a run; a look at each, not at every point."""
    found: list[tuple[Kind, str]] = []
    for kind in KINDS:
        name = ""
        following = (
            "SELECT metric FROM points WHERE run_id = ? AND kind = ? AND metric > ? ORDER BY "
            "metric LIMIT 1"
        )
        while row := connection.execute(following, (run_id, kind, name)).fetchone():
            name = row[0]
            found.append((kind, name))
    return found


def read_curves(
    connection: sqlite3.Connection, runs: Sequence[RunRecord], metric: str, most: int | None = None
) -> list[Curve]:
    """A metric of runs, by step where logged so, else by epoch, else at the end; outlines of those
    longer than `most`.
    """
    had = {
        run.run_id: [
            kind for kind, name in logged_metrics(connection, run.run_id) if name == metric
        ]
        for run in runs
    }
    kinds = {run_id: some[0] for run_id, some in had.items() if some}
    steps: list[int] | None = None
    if most is not None and len(set(kinds.values())) == 1:
        steps = outline_steps(connection, [*kinds], next(iter(kinds.values())), metric, most)
    return [_curve(connection, run, kinds.get(run.run_id, "test"), metric, steps) for run in runs]


def _curve(
    connection: sqlite3.Connection,
    run: RunRecord,
    kind: Kind,
    metric: str,
    at_steps: Collection[int] | None,
) -> Curve:
    only = "" if at_steps is None else f" AND p.step {_AT_STEPS}"
    rows = connection.execute(
        "SELECT p.step, m.elapsed, p.value, p.replicas FROM points p JOIN moments m "
        "ON m.run_id = p.run_id AND m.kind = p.kind AND m.step = p.step "
        f"WHERE p.run_id = ? AND p.kind = ? AND p.metric = ?{only} ORDER BY p.step",
        (run.run_id, kind, metric, *([json.dumps(at_steps)] if only else [])),
    ).fetchall()
    places = [sound_values(row, ("step", "elapsed")) for row in rows]
    steps = tuple(place["step"] for place in places)
    epochs = tuple(step / run.steps_per_epoch for step in steps)
    values = tuple(value_of(row["value"], row["replicas"]) for row in rows)
    return Curve(steps, epochs, tuple(place["elapsed"] for place in places), values)


def outline_steps(
    connection: sqlite3.Connection, run_ids: Sequence[str], kind: Kind, metric: str, most: int
) -> list[int] | None:
    """About `most` steps that stand for longer curves; None where no curve is longer.

    The first and the last step, and of each stretch between those of its lowest and its highest
    value. Where a step has several values, of replicas or of several runs, the first step of a
    stretch that all runs have.
    """
    keys = [(run_id, kind, metric) for run_id in run_ids]
    if not any(
        connection.execute(f"SELECT 1 FROM {_OF_METRIC} LIMIT 1 OFFSET ?", (*key, most)).fetchone()
        for key in keys
    ):
        return None
    ends = f"SELECT (SELECT min(step) FROM {_OF_METRIC}), (SELECT max(step) FROM {_OF_METRIC})"
    lows, highs = zip(
        *(connection.execute(ends, (*key, *key)).fetchone() for key in keys), strict=True
    )
    first, last = max(lows), min(highs)
    stretch = f"SELECT step FROM {_OF_METRIC} AND step >= ? AND step < ?"
    picks = [f"{stretch} AND value IS NOT NULL ORDER BY value {way}" for way in ("ASC", "DESC")]
    if (
        len(keys) > 1
        or connection.execute(f"SELECT replicas FROM {_OF_METRIC} LIMIT 1", keys[0]).fetchone()[0]
        is not None
    ):
        picks = [f"{stretch}{_ALSO_IN * (len(keys) - 1)} ORDER BY step"]
    width = max(1, -(-(last - first + 1) * len(picks) // most))
    steps = {first, last}
    for low in range(first, last + 1, width):
        for pick in picks:
            steps.update(
                connection.execute(
                    f"{pick} LIMIT 1", (*keys[0], low, low + width, *run_ids[1:])
                ).fetchone()
                or ()
            )
    return sorted(steps)


def forget_after(connection: sqlite3.Connection, run_id: str, step: int) -> None:
    """Remove, in a transaction, what was logged of a run after a step, and at its end."""
    after = {"step": step, "epoch": step, "test": -1}
    # by all keys before the step: else SQLite looks at every point
    for kind, metric in logged_metrics(connection, run_id):
        connection.execute(
            f"DELETE FROM {_OF_METRIC} AND step > ?", (run_id, kind, metric, after[kind])
        )
    for one in after.items():
        connection.execute(
            "DELETE FROM moments WHERE run_id = ? AND kind = ? AND step > ?", (run_id, *one)
        )
