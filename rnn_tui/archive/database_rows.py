"""Rows of the database: records of runs and their events are read from them, and written to them.

Whatever fails raises a `sqlite3.Error`.
"""

import json
import math
import os
import platform
import socket
import sqlite3
import time
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, fields
from functools import cache
from importlib import metadata

from rnn_tui import __version__
from rnn_tui.archive.columns import values_of
from rnn_tui.archive.database import transaction
from rnn_tui.archive.locks import is_alive, is_held, lock_of_sweep, process_started
from rnn_tui.archive.logged_values import LoggedValues, forget_after, pack, read_logged_values
from rnn_tui.archive.run_record import (
    RUN_ROW,
    RunRecord,
    Session,
    is_id,
    record_from_row,
    run_condition,
)
from rnn_tui.engine import events
from rnn_tui.engine.config import RunConfig
from rnn_tui.engine.errors import CheckpointError
from rnn_tui.engine.files.weights_file import read_description
from rnn_tui.engine.metrics import Figures, Metric, best_mean, main_metric
from rnn_tui.engine.state import Status
from rnn_tui.tasks import TASKS

PACKAGES = ("torch", "numpy", "safetensors", "opencv-python-headless")
# fields of `RunStarted` that are columns of the run
START_COLUMNS = ("total_steps", "steps_per_epoch", "samples_per_epoch", "parameters", "device")
SESSION_COLUMNS = tuple(field.name for field in fields(Session))
ACTIVE = [status for status in Status if status.active]


@dataclass(frozen=True)
class _CachedRecord:
    """A record that was read, with what tells whether it has changed."""

    version: tuple[object, ...]
    record: RunRecord


class RecordReader:
    """Reads records of runs; each is made once, and again when it has changed.

    So a list of 20,000 runs, asked for every second, costs a look at a few columns.
    """

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        #: records by their rowid.
        self._cache: dict[int, _CachedRecord] = {}

    def records(self, where: str, *arguments: str | None) -> list[RunRecord]:
        """Return the runs that a clause of SQL chooses, in its order.

        Args:
            where: the clause, from `WHERE` on.
            arguments: its parameters.
        """
        tags = self._tags()
        versions = self._versions(where, arguments, tags)
        changed = [
            rowid
            for rowid, version in versions.items()
            if rowid not in self._cache or self._cache[rowid].version != version
        ]
        query = f"SELECT {RUN_ROW} FROM runs WHERE rowid IN (SELECT value FROM json_each(?))"
        for row in self._connection.execute(query, [json.dumps(changed)]).fetchall():
            version = versions[row["rowid"]]
            *_, alive = version
            record = record_from_row(row, tags.get(row["id"], []), bool(alive))
            self._cache[row["rowid"]] = _CachedRecord(version, self._settled(record))
        # a row may be gone by now
        return [self._cache[rowid].record for rowid in versions if rowid in self._cache]

    def _tags(self) -> dict[object, list[object]]:
        """Return all tags in the database, by the id of their run."""
        tags: dict[object, list[object]] = {}
        for run_id, tag in self._connection.execute("SELECT run_id, tag FROM tags"):
            tags.setdefault(run_id, []).append(tag)
        return tags

    def _versions(
        self, where: str, arguments: Sequence[str | None], tags: Mapping[object, list[object]]
    ) -> dict[int, tuple[object, ...]]:
        """Return by rowid the columns that change when a run changes; last, whether it trains."""
        rows = self._connection.execute(
            "SELECT rowid, id, status, updated, step, name, note, deleted, "
            f"(SELECT sweep FROM trials WHERE run_id = id) AS sweep FROM runs {where}",
            arguments,
        )
        return {
            row["rowid"]: (*row, *tags.get(row["id"], ()), self._is_alive(row))
            for row in rows.fetchall()
        }

    def _is_alive(self, row: sqlite3.Row) -> bool:
        """Return whether a process trains a run."""
        run_id, sweep = row["id"], row["sweep"]
        if row["status"] not in ACTIVE or not is_id(run_id):
            return False
        held = is_held(run_id)
        if not held and is_id(sweep):
            # the one process that watches runs of a sweep elsewhere has one lock for all of them
            held = is_held(lock_of_sweep(sweep))
        if held is not None:
            return held
        last_sessions = sessions(self._connection, run_id)[-1:]
        return any(
            is_alive(session.host, session.pid, session.process_started)
            for session in last_sessions
        )

    def _settled(self, run: RunRecord) -> RunRecord:
        """Return the run, as finished if it was killed after its last weights were stored."""
        if run.status is not Status.INTERRUPTED:
            return run
        try:
            _, step, metrics = read_description(run.weights)
        except CheckpointError:
            return run
        if not metrics:
            return run
        with transaction(self._connection):
            tested = LoggedValues.test(run.config, step, run.elapsed, metrics)
            columns = write_results(self._connection, run.run_id, run.config, run.specs, tested)
            update_run(self._connection, run.run_id, **columns)
        records = self.records("WHERE id = ?", run.run_id)
        return records[0] if records else run


def sessions(connection: sqlite3.Connection, run_id: str) -> list[Session]:
    """Return the sessions of training of a run, the first one first."""
    rows = connection.execute(
        f"SELECT {', '.join(SESSION_COLUMNS)} FROM sessions WHERE run_id = ? ORDER BY started",
        (run_id,),
    )
    return [Session(**values_of(row, SESSION_COLUMNS)[0]) for row in rows]


def events_of(
    run: RunRecord, logged: Iterable[LoggedValues], lines: Iterable[tuple[float, str, str]]
) -> Iterable[events.Event]:
    """Yield the run's events once more.

    Args:
        run: the run.
        logged: its values, by step.
        lines: the lines of its log: time, level and text.

    Raises:
        ValueError: it has values of other networks than the run's.
    """
    run_id = run.run_id
    if run.total_steps:
        start = {column: getattr(run, column) for column in START_COLUMNS}
        yield events.RunStarted(run_id, run.config, run.specs, **start)
    for _, level, text in lines:
        yield events.LogLine(run_id, text, "warning" if level == "warning" else "info")
    end: events.Event | None = None
    for values in logged:
        event = _event_of(run, values)
        if isinstance(event, events.RunFinished):
            end = event
        else:
            yield event
    if run.weights.is_file():
        yield events.CheckpointSaved(run_id, run.step, str(run.weights))
    match run.status:
        case Status.PAUSED:
            yield events.RunPaused(run_id, run.step)
        case Status.STOPPED | Status.INTERRUPTED:
            interrupted = run.status is Status.INTERRUPTED
            yield events.RunStopped(run_id, run.step, run.elapsed, interrupted)
        case Status.FAILED:
            yield events.RunFailed(run_id, run.step, run.message)
        case Status.FINISHED if end is not None:
            yield end


def _event_of(run: RunRecord, values: LoggedValues) -> events.Event:
    """Return the event that said these values."""
    run_id = run.run_id
    replicas = len(run.config.replicas)
    if any(len(by_replica) != replicas for by_replica in values.replicas.values()):
        raise ValueError("values of other networks")
    match values.kind:
        case "step":
            return events.StepLogged(
                run_id,
                values.step,
                values.metrics,
                values.rate or 0.0,
                values.elapsed,
                values.replicas,
            )
        case "epoch":
            return events.EpochEnded(
                run_id,
                values.epoch or 0,
                values.step,
                values.metrics,
                values.seconds or 0.0,
                values.elapsed,
                values.replicas,
            )
        case "test":
            return events.RunFinished(
                run_id, values.step, values.metrics, values.elapsed, values.replicas
            )


def insert_run(
    connection: sqlite3.Connection, run_id: str, config: RunConfig, name: str, created: float
) -> None:
    """Add a run, unless it is there; its name gets a number if it is taken."""
    if connection.execute("SELECT 1 FROM runs WHERE id = ?", (run_id,)).fetchone():
        return
    values = {
        "id": run_id,
        "name": _free_name(connection, name),
        "task": config.task,
        "model": config.cell,
        "preset": config.preset,
        "config": json.dumps(config.to_dict()),
        "created": created,
        "updated": time.time(),
        "status": Status.LOADING,
    }
    places = ", ".join("?" * len(values))
    connection.execute(
        f"INSERT INTO runs ({', '.join(values)}) VALUES ({places})", tuple(values.values())
    )


def _free_name(connection: sqlite3.Connection, name: str) -> str:
    """Return `name`, or with the first number from 2 on that makes it unique."""
    number, free_name = 1, name
    while connection.execute("SELECT 1 FROM runs WHERE name = ?", (free_name,)).fetchone():
        number += 1
        free_name = f"{name}-{number}"
    return free_name


@dataclass(frozen=True)
class Place:
    """The computer and process in which a session of training runs."""

    host: str  #: the computer's name.
    versions: str  #: of packages and system, as JSON.
    pid: int = 0  #: the process; 0 for one of another computer.
    #: when that process began, in seconds since 1970; 0 for one of another computer.
    process_started: float = 0.0

    @classmethod
    def here(cls) -> "Place":
        """Describe this process."""
        return cls(socket.gethostname(), json.dumps(versions()), os.getpid(), process_started())


class EventWriter:
    """Writes a run's events, in transactions of its callers.

    Args:
        run_id: the run, which is in the database.
        config: its settings.
        specs: the definitions of its metrics, as far as they are known before it starts.
        place: where it trains; None for this process.
    """

    def __init__(
        self,
        run_id: str,
        config: RunConfig,
        specs: tuple[Metric, ...] = (),
        place: Place | None = None,
    ) -> None:
        self._id = run_id
        self._config = config
        self._specs = specs
        self._place = place
        #: columns of the run's row that change; written once a batch.
        self._columns: dict[str, object] = {}

    def write(self, connection: sqlite3.Connection, batch: Iterable[events.Event]) -> None:
        """Write events in their order."""
        self._columns = {"updated": time.time()}
        for event in batch:
            self._write(connection, event)
        update_run(connection, self._id, **self._columns)

    def _write(self, connection: sqlite3.Connection, event: events.Event) -> None:
        match event:
            case events.RunStarted():
                self._write_start(connection, event)
            case events.StepLogged():
                self._write_step(connection, event)
            case events.EpochEnded():
                self._write_epoch(connection, event)
            case events.MachineSeen():
                self._write_load(connection, event)
            case events.RunPaused():
                self._columns["status"] = Status.PAUSED
            case events.RunResumed():
                self._columns["status"] = Status.TRAINING
            case events.LogLine():
                connection.execute(
                    "INSERT INTO lines (run_id, at, level, text) VALUES (?, ?, ?, ?)",
                    (self._id, time.time(), event.level, event.text),
                )
            case events.RunFinished():
                self._write_end(connection, event)
            case events.RunStopped():
                status = Status.INTERRUPTED if event.interrupted else Status.STOPPED
                self._columns |= {"status": status, "step": event.step, "elapsed": event.seconds}
            case events.RunFailed():
                self._columns |= {"status": Status.FAILED, "message": event.message}

    def _write_start(self, connection: sqlite3.Connection, event: events.RunStarted) -> None:
        """Begin a session; what was logged after its first step will be logged again."""
        self._specs = event.metric_definitions
        forget_after(connection, self._id, event.first_step)
        self._columns |= {name: getattr(event, name) for name in START_COLUMNS}
        self._columns |= {
            "status": Status.TRAINING,
            "step": event.first_step,
            "specs": json.dumps([asdict(metric) for metric in event.metric_definitions]),
            "message": "",
            "final": None,
            "final_metric": "",
        }
        update_run(connection, self._id, metric="", best=None, last=None)
        place = self._place or Place.here()
        connection.execute(
            "INSERT OR REPLACE INTO sessions VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, '{}')",
            (
                self._id,
                time.time(),
                event.first_step,
                place.host,
                place.pid,
                place.process_started,
                event.device,
                event.workers,
                place.versions,
            ),
        )
        # best and last value of the epochs that a resumed run has left
        for values in read_logged_values(connection, self._id, "epoch"):
            self._update_best(connection, values.figures)

    def _write_step(self, connection: sqlite3.Connection, event: events.StepLogged) -> None:
        values = LoggedValues(
            "step",
            event.step,
            event.elapsed,
            event.metrics,
            event.replicas,
            rate=event.rate,
        )
        write_logged_values(connection, self._id, values)
        self._columns |= {"step": event.step, "elapsed": event.elapsed}

    def _write_epoch(self, connection: sqlite3.Connection, event: events.EpochEnded) -> None:
        values = LoggedValues(
            "epoch",
            event.step,
            event.elapsed,
            event.metrics,
            event.replicas,
            epoch=event.epoch,
            seconds=event.seconds,
        )
        write_logged_values(connection, self._id, values)
        self._columns |= {"step": event.step, "elapsed": event.elapsed}
        self._update_best(connection, values.figures)

    def _write_load(self, connection: sqlite3.Connection, event: events.MachineSeen) -> None:
        """Keep how busy the machine is, with the last session."""
        connection.execute(
            "UPDATE sessions SET load = ?2 WHERE run_id = ?1 AND started = "
            "(SELECT max(started) FROM sessions WHERE run_id = ?1)",
            (self._id, json.dumps(event.whole)),
        )

    def _write_end(self, connection: sqlite3.Connection, event: events.RunFinished) -> None:
        values = LoggedValues(
            "test",
            event.step,
            event.seconds,
            event.metrics,
            event.replicas,
            epoch=self._config.epochs,
        )
        self._columns |= write_results(connection, self._id, self._config, self._specs, values)
        if not event.kept:  # so that it can be resumed, and come to its end once more
            self._columns["status"] = Status.INTERRUPTED

    def _update_best(self, connection: sqlite3.Connection, figures: Figures) -> None:
        """Take an epoch's main figure for the run's last, and for its best if it is."""
        metric, value = main_figure(self._config, self._specs, figures)
        if metric is None or value is None or not math.isfinite(value):
            return
        better = "max" if metric.higher_is_better else "min"
        connection.execute(
            f"UPDATE runs SET metric = ?, last = ?, best = {better}(coalesce(best, ?), ?) "
            "WHERE id = ?",
            (metric.name, value, value, value, self._id),
        )


def main_figure(
    config: RunConfig, specs: Sequence[Metric], figures: Figures
) -> tuple[Metric, float] | tuple[None, None]:
    """Return the main metric of those in `figures`, and its value, one for all replicas.

    Both are None if nothing was measured.
    """
    headline = TASKS[config.task].headline if config.task in TASKS else ""
    metric = main_metric((spec for spec in specs if spec.name in figures), headline)
    if metric is None:
        return None, None
    return metric, best_mean(config, figures[metric.name], metric.higher_is_better)


def update_run(connection: sqlite3.Connection, run_id: str, **columns: object) -> None:
    """Set columns of a run."""
    names = ", ".join(f"{name} = ?" for name in columns)
    connection.execute(
        f"UPDATE runs SET {names} WHERE {run_condition(run_id)}", (*columns.values(), run_id)
    )


def write_logged_values(connection: sqlite3.Connection, run_id: str, values: LoggedValues) -> None:
    """Write what was logged at a step, in place of what was logged there before."""
    connection.execute(
        "INSERT OR REPLACE INTO moments VALUES (?, ?, ?, ?, ?, ?, ?)",
        (
            run_id,
            values.kind,
            values.step,
            values.epoch,
            values.elapsed,
            values.rate,
            values.seconds,
        ),
    )
    # a value for all networks, or one for each
    points: list[tuple[object, ...]] = [
        (run_id, values.kind, metric, values.step, value, None)
        for metric, value in values.metrics.items()
    ]
    points += [
        (run_id, values.kind, metric, values.step, None, pack(by_replica))
        for metric, by_replica in values.replicas.items()
    ]
    connection.executemany("INSERT OR REPLACE INTO points VALUES (?, ?, ?, ?, ?, ?)", points)


def write_results(
    connection: sqlite3.Connection,
    run_id: str,
    config: RunConfig,
    specs: Sequence[Metric],
    tested: LoggedValues,
) -> dict[str, object]:
    """Write what was measured at the end; returns the columns of the run that change with it."""
    write_logged_values(connection, run_id, tested)
    metric, value = main_figure(config, specs, tested.figures)
    return {
        "status": Status.FINISHED,
        "step": tested.step,
        "elapsed": tested.elapsed,
        "final": value,
        "final_metric": "" if metric is None else metric.name,
    }


@cache
def versions() -> dict[str, str]:
    """Return the versions of this program, of Python, of packages and of the system."""
    result = {"rnn-tui": __version__, "python": platform.python_version()}
    for package in PACKAGES:
        with suppress(metadata.PackageNotFoundError):
            result[package] = metadata.version(package)
    result["system"] = platform.platform()
    return result
