"""Read what was logged of a run: all of it, or as much of a long run as a chart shows.

A run may have a million points. Views that show curves read a few thousand of them, which SQLite
picks by their place or value; exports read all. Whatever reads raises a TypeError or a ValueError
for values that a run can't have, as in a damaged database.
"""

import json
import math
import sqlite3
import struct
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from rnn_tui.archive.columns import ReplicaValues, number, sound_values
from rnn_tui.archive.curves import Curve
from rnn_tui.archive.run_record import RunRecord
from rnn_tui.engine.config import RunConfig
from rnn_tui.engine.errors import SafeText, printable
from rnn_tui.engine.metrics import LONGEST_WORDS, Figures, split_figures
from rnn_tui.engine.state import SERIES_CAPACITY

Kind = Literal["step", "epoch", "test"]
REPLICAS = ReplicaValues()


@dataclass(frozen=True)
class LoggedValues:
    """The values that were logged at one step."""

    #: `step` for means since the last log, `epoch` for an epoch's figures, `test` for those at the
    #: end.
    kind: Kind
    step: int  #: steps done.
    elapsed: float  #: seconds of training, pauses left out.
    metrics: Mapping[str, float]  #: a value by name.
    replicas: Mapping[str, tuple[float, ...]]  #: a value for each replica, by name.
    epoch: int | None = None  #: the epoch, for an epoch's figures.
    rate: float | None = None  #: samples a second, if it was measured.
    seconds: float | None = None  #: the epoch's own time, if it is one.

    @classmethod
    def test(cls, config: RunConfig, step: int, elapsed: float, figures: Figures) -> "LoggedValues":
        """Make the values of the test at the end of a run."""
        return cls("test", step, elapsed, *split_figures(figures), config.epochs)

    @property
    def figures(self) -> Figures:
        """Both kinds of figures."""
        return {**self.metrics, **self.replicas}


def pack(values: Sequence[float]) -> bytes:
    """Return values as little-endian doubles."""
    return struct.pack(f"<{len(values)}d", *values)


def value_of(value: object, replicas: object) -> float | tuple[float, ...]:
    """Return a metric's value at a step: one number, or one for each replica.

    Args:
        value: the number; NULL for NaN.
        replicas: numbers as `pack` writes them; NULL if there is one for all.

    Raises:
        TypeError: it is neither.
    """
    if replicas is None:
        return math.nan if value is None else number(value)
    return REPLICAS.read(replicas)


@lru_cache(1000)  # there are few for a million points
def metric_name(name: object) -> SafeText:
    """Return the name of a metric in the database."""
    return printable(name, LONGEST_WORDS)


# Compare and pictures show an outline of a longer curve; far more than they have columns
MOST_DRAWN = 4000


# in the order in which the values of one step are logged
KINDS: tuple[Kind, ...] = ("step", "epoch", "test")


_MOMENT_COLUMNS = ("kind", "step", "epoch", "elapsed", "rate", "seconds")


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
    """Return the logged values of a run by step; those of one step in the order of `KINDS`.

    Args:
        connection: the database.
        run_id: the run.
        kind: what to read; by default all kinds.
        steps: where to read it; by default everywhere.
    """
    condition = "run_id = ?"
    arguments = [run_id]
    if kind is not None:
        condition += " AND kind = ?"
        arguments.append(kind)
    if steps is not None:
        condition += f" AND step {_AT_STEPS}"
        arguments.append(json.dumps(sorted(steps)))
    # by kind and step, then by metric
    figures: dict[tuple[str, int], dict[str, float | tuple[float, ...]]] = {}
    points = f"SELECT kind, metric, step, value, replicas FROM points WHERE {condition}"
    for row_kind, metric, step, value, replicas in connection.execute(points, arguments):
        at_step = figures.setdefault((row_kind, step), {})
        at_step[metric_name(metric)] = value_of(value, replicas)
    logged = []
    moments = (
        f"SELECT {', '.join(_MOMENT_COLUMNS)} FROM moments WHERE {condition} "
        "ORDER BY step, instr('step epoch test', kind)"
    )
    for row in connection.execute(moments, arguments):
        single, of_replicas = split_figures(figures.get((row["kind"], row["step"]), {}))
        columns = sound_values(row, _MOMENT_COLUMNS)
        logged.append(LoggedValues(**columns, metrics=single, replicas=of_replicas))
    return logged


def read_outline(connection: sqlite3.Connection, run_id: str) -> list[LoggedValues]:
    """Read what was logged of a run, without the steps that a `RunState` drops to limit memory."""
    steps: set[int] = set()
    for kind, metric in logged_metrics(connection, run_id):
        if kind == "step":
            chosen = outline_steps(connection, [run_id], kind, metric, SERIES_CAPACITY)
            if chosen is None:
                return read_logged_values(connection, run_id)
            steps.update(chosen)
    logged = [
        *read_logged_values(connection, run_id, "step", steps),
        *read_logged_values(connection, run_id, "epoch"),
        *read_logged_values(connection, run_id, "test"),
    ]
    return sorted(logged, key=lambda values: values.step)  # the order of the kinds stays


def logged_metrics(connection: sqlite3.Connection, run_id: str) -> list[tuple[Kind, str]]:
    """Return the kinds and metrics that were logged of a run, without reading every point."""
    following = (
        "SELECT metric FROM points WHERE run_id = ? AND kind = ? AND metric > ? "
        "ORDER BY metric LIMIT 1"
    )
    metrics: list[tuple[Kind, str]] = []
    for kind in KINDS:
        name = ""
        while row := connection.execute(following, (run_id, kind, name)).fetchone():
            name = row[0]
            metrics.append((kind, name))
    return metrics


def read_curves(
    connection: sqlite3.Connection, runs: Sequence[RunRecord], metric: str, most: int | None = None
) -> list[Curve]:
    """Return a metric of runs: by step if it was logged so, else by epoch, else at the end.

    Args:
        connection: the database.
        runs: the runs.
        metric: its name.
        most: steps of a curve; of longer ones an outline is read. By default all is read.
    """
    kinds: dict[str, Kind] = {}  # by run, the first kind that has the metric
    for run in runs:
        for kind, name in logged_metrics(connection, run.run_id):
            if name == metric:
                kinds.setdefault(run.run_id, kind)
    steps: list[int] | None = None
    if most is not None and len(set(kinds.values())) == 1:
        [kind] = set(kinds.values())
        steps = outline_steps(connection, [*kinds], kind, metric, most)
    return [
        _read_curve(connection, run, kinds.get(run.run_id, "test"), metric, steps) for run in runs
    ]


def _read_curve(
    connection: sqlite3.Connection,
    run: RunRecord,
    kind: Kind,
    metric: str,
    at_steps: Collection[int] | None,
) -> Curve:
    query = (
        "SELECT p.step, m.elapsed, p.value, p.replicas FROM points p JOIN moments m "
        "ON m.run_id = p.run_id AND m.kind = p.kind AND m.step = p.step "
        "WHERE p.run_id = ? AND p.kind = ? AND p.metric = ?"
    )
    arguments: list[str] = [run.run_id, kind, metric]
    if at_steps is not None:
        query += f" AND p.step {_AT_STEPS}"
        arguments.append(json.dumps(list(at_steps)))
    rows = connection.execute(f"{query} ORDER BY p.step", arguments).fetchall()
    places = [sound_values(row, ("step", "elapsed")) for row in rows]
    steps = tuple(place["step"] for place in places)
    return Curve(
        steps=steps,
        epochs=tuple(step / run.steps_per_epoch for step in steps),
        elapsed=tuple(place["elapsed"] for place in places),
        values=tuple(value_of(row["value"], row["replicas"]) for row in rows),
    )


def outline_steps(
    connection: sqlite3.Connection, run_ids: Sequence[str], kind: Kind, metric: str, most: int
) -> list[int] | None:
    """Return about `most` steps that represent longer curves; None if no curve is longer.

    They are the first and the last step, and of each stretch between those of its lowest and its
    highest value. If a step has several values, of replicas or of several runs, it is the first
    step of a stretch that all runs have.
    """
    keys = [(run_id, kind, metric) for run_id in run_ids]
    if not any(_is_longer(connection, key, most) for key in keys):
        return None
    ends = f"SELECT (SELECT min(step) FROM {_OF_METRIC}), (SELECT max(step) FROM {_OF_METRIC})"
    starts_and_ends = [connection.execute(ends, (*key, *key)).fetchone() for key in keys]
    first = max(start for start, _ in starts_and_ends)
    last = min(end for _, end in starts_and_ends)
    stretch = f"SELECT step FROM {_OF_METRIC} AND step >= ? AND step < ?"
    if len(keys) > 1 or _has_replicas(connection, keys[0]):
        in_all_runs = _ALSO_IN * (len(keys) - 1)
        queries = [f"{stretch}{in_all_runs} ORDER BY step LIMIT 1"]
    else:
        lowest = f"{stretch} AND value IS NOT NULL ORDER BY value ASC LIMIT 1"
        highest = f"{stretch} AND value IS NOT NULL ORDER BY value DESC LIMIT 1"
        queries = [lowest, highest]
    width = max(1, math.ceil((last - first + 1) * len(queries) / most))
    steps = {first, last}
    for low in range(first, last + 1, width):
        for query in queries:
            arguments = (*keys[0], low, low + width, *run_ids[1:])
            row = connection.execute(query, arguments).fetchone()
            if row is not None:
                steps.add(row[0])
    return sorted(steps)


def _is_longer(connection: sqlite3.Connection, key: tuple[str, str, str], most: int) -> bool:
    """Return whether there are more points of a run, kind and metric than `most`."""
    query = f"SELECT 1 FROM {_OF_METRIC} LIMIT 1 OFFSET ?"
    return connection.execute(query, (*key, most)).fetchone() is not None


def _has_replicas(connection: sqlite3.Connection, key: tuple[str, str, str]) -> bool:
    """Return whether the points of a run, kind and metric have a value for each replica."""
    row = connection.execute(f"SELECT replicas FROM {_OF_METRIC} LIMIT 1", key).fetchone()
    return row[0] is not None


def forget_after(connection: sqlite3.Connection, run_id: str, step: int) -> None:
    """Remove, in a transaction, what was logged of a run after a step, and at its end."""
    last_kept = {"step": step, "epoch": step, "test": -1}
    # by all keys before the step: else SQLite looks at every point
    for kind, metric in logged_metrics(connection, run_id):
        connection.execute(
            f"DELETE FROM {_OF_METRIC} AND step > ?", (run_id, kind, metric, last_kept[kind])
        )
    for kind_kept, last_step in last_kept.items():
        connection.execute(
            "DELETE FROM moments WHERE run_id = ? AND kind = ? AND step > ?",
            (run_id, kind_kept, last_step),
        )
