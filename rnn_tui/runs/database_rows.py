"""Rows of the database: records and states from them for the store, events into them; faults are
`sqlite3.Error`.
"""

import json
import math
import os
import platform
import socket
import sqlite3
import time
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import asdict, fields
from functools import cache
from importlib import metadata

from rnn_tui import __version__
from rnn_tui.engine import events
from rnn_tui.engine.config import RunConfig
from rnn_tui.engine.errors import CheckpointError
from rnn_tui.engine.metrics import Figures, Metric, best_mean, main_metric
from rnn_tui.engine.state import Status
from rnn_tui.engine.weights_file import read_description
from rnn_tui.runs.columns import values_of
from rnn_tui.runs.database import transaction
from rnn_tui.runs.locks import is_alive, is_held, lock_of_sweep, process_started
from rnn_tui.runs.logged_values import LoggedValues, forget_after, pack, read_logged_values
from rnn_tui.runs.run_record import (
    RUN_ROW,
    RunRecord,
    Session,
    is_id,
    record_from_row,
    run_condition,
)
from rnn_tui.tasks import TASKS

PACKAGES = ("torch", "numpy", "safetensors", "opencv-python-headless")
# columns as `RunStarted` has them
OF_START = ("total_steps", "steps_per_epoch", "samples_per_epoch", "parameters", "device")
SESSION_COLUMNS = tuple(one.name for one in fields(Session))
ACTIVE = [status for status in Status if status.active]


class RecordReader:
    """Reads records of runs, each anew where it changed: 20,000 runs, listed every second, cost a
    look at a few columns.
    """

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        # by rowid: what tells a change, and the run
        self._known: dict[int, tuple[tuple[object, ...], RunRecord]] = {}

    def records(self, where: str, *arguments: str | None) -> list[RunRecord]:
        """The runs that a clause of SQL with parameters chooses, in its order; a `sqlite3.Error` if
        it can't be.
        """
        tags: dict[object, list[object]] = {}
        for run_id, tag in self._connection.execute("SELECT run_id, tag FROM tags"):
            tags.setdefault(run_id, []).append(tag)
        # Whatever is written of a run changes one of these.
        columns = (
            "rowid, id, status, updated, step, name, note, deleted, (SELECT sweep FROM trials "
            "WHERE run_id = id) AS sweep"
        )
        rows = self._connection.execute(f"SELECT {columns} FROM runs {where}", arguments)
        now = {
            row["rowid"]: (*row, *tags.get(row["id"], ()), self._alive(row))
            for row in rows.fetchall()
        }
        news = [
            at for at, state in now.items() if at not in self._known or self._known[at][0] != state
        ]
        whole = f"SELECT {RUN_ROW} FROM runs WHERE rowid IN (SELECT value FROM json_each(?))"
        for row in self._connection.execute(whole, [json.dumps(news)]).fetchall():
            at = row["rowid"]
            self._known[at] = (
                now[at],
                self._settled(record_from_row(row, tags.get(row["id"], []), now[at][-1])),
            )
        return [self._known[at][1] for at in now if at in self._known]

    def _alive(self, row: sqlite3.Row) -> bool:
        if row["status"] not in ACTIVE or not is_id(row["id"]):
            return False
        held = is_held(row["id"])
        if not held and is_id(sweep := row["sweep"]):
            # of runs elsewhere the one process that watches them has one lock
            held = is_held(lock_of_sweep(sweep))
        if held is not None:
            return held
        return any(
            is_alive(one.host, one.pid, one.process_started)
            for one in sessions(self._connection, row["id"])[-1:]
        )

    def _settled(self, run: RunRecord) -> RunRecord:
        """A run that was killed after its weights were complete, but before it could say so."""
        if run.status is not Status.INTERRUPTED:
            return run
        try:
            _, step, metrics = read_description(run.weights)
        except CheckpointError:
            metrics = {}
        if not metrics:
            return run
        with transaction(self._connection):
            moment = LoggedValues.test(run.config, step, run.elapsed, metrics)
            columns = write_results(self._connection, run.run_id, run.config, run.specs, moment)
            update_run(self._connection, run.run_id, **columns)
        found = self.records("WHERE id = ?", run.run_id)
        return found[0] if found else run


def sessions(connection: sqlite3.Connection, run_id: str) -> list[Session]:
    """The stretches of training of a run, the first one first."""
    rows = connection.execute(
        f"SELECT {', '.join(SESSION_COLUMNS)} FROM sessions WHERE run_id = ? ORDER BY started",
        (run_id,),
    )
    return [Session(**values_of(row, SESSION_COLUMNS)[0]) for row in rows]


def events_of(
    run: RunRecord, logged: Iterable[LoggedValues], texts: Iterable[tuple[float, str, str]]
) -> Iterable[events.Event]:
    """The run's events once more; a ValueError if a moment has values of other networks than the
    run's.
    """
    name = run.run_id
    if run.total_steps:
        yield events.RunStarted(
            name, run.config, run.specs, **{column: getattr(run, column) for column in OF_START}
        )
    for _, level, text in texts:
        yield events.LogLine(name, text, "warning" if level == "warning" else "info")
    end: events.Event | None = None
    for m in logged:
        if any(len(values) != len(run.config.replicas) for values in m.replicas.values()):
            raise ValueError("values of other networks")
        match m.kind:
            case "step":
                yield events.StepLogged(
                    name, m.step, m.metrics, m.rate or 0.0, m.elapsed, m.replicas
                )
            case "epoch":
                yield events.EpochEnded(
                    name, m.epoch or 0, m.step, m.metrics, m.seconds or 0.0, m.elapsed, m.replicas
                )
            case "test":
                end = events.RunFinished(name, m.step, m.metrics, m.elapsed, m.replicas)
    if run.weights.is_file():
        yield events.CheckpointSaved(name, run.step, str(run.weights))
    match run.status:
        case Status.PAUSED:
            yield events.RunPaused(name, run.step)
        case Status.STOPPED | Status.INTERRUPTED:
            yield events.RunStopped(name, run.step, run.elapsed, run.status is Status.INTERRUPTED)
        case Status.FAILED:
            yield events.RunFailed(name, run.step, run.message)
        case Status.FINISHED if end is not None:
            yield end


def insert_run(
    connection: sqlite3.Connection, run_id: str, config: RunConfig, name: str, created: float
) -> None:
    """Add a run, unless it is there; its name gets a number where another has it."""
    if connection.execute("SELECT 1 FROM runs WHERE id = ?", (run_id,)).fetchone():
        return
    number, free = 1, name
    while connection.execute("SELECT 1 FROM runs WHERE name = ?", (free,)).fetchone():
        number += 1
        free = f"{name}-{number}"
    settings = (config.task, config.cell, config.preset, json.dumps(config.to_dict()))
    columns = "(id, name, task, model, preset, config, created, updated, status)"
    row = (run_id, free, *settings, created, time.time(), Status.LOADING)
    connection.execute(f"INSERT INTO runs {columns} VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", row)


class EventWriter:
    """Writes a run's events in a caller's transaction; `specs` as known before, `where` its host
    and versions if not here.
    """

    def __init__(
        self,
        run_id: str,
        config: RunConfig,
        specs: tuple[Metric, ...] = (),
        where: tuple[str, str] | None = None,
    ) -> None:
        self._id, self._config, self._specs, self._where = run_id, config, specs, where
        self._columns: dict[str, object] = {}  # columns of the run's row, written once a batch

    def write(self, connection: sqlite3.Connection, batch: Iterable[events.Event]) -> None:
        """Write events in their order."""
        self._columns = {"updated": time.time()}
        for event in batch:
            self._write(connection, event)
        update_run(connection, self._id, **self._columns)

    def _write(self, connection: sqlite3.Connection, event: events.Event) -> None:
        match event:
            case events.RunStarted():
                self._started(connection, event)
            case events.StepLogged() | events.EpochEnded():
                logged = {name: value for name, value in vars(event).items() if name != "run_id"}
                moment = LoggedValues(
                    "step" if isinstance(event, events.StepLogged) else "epoch", **logged
                )
                write_logged_values(connection, self._id, moment)
                self._columns |= {"step": event.step, "elapsed": event.elapsed}
                if moment.kind == "epoch":
                    self._update_best(connection, moment.figures)
            case events.MachineSeen():
                last = (
                    "run_id = ?1 AND started = (SELECT max(started) FROM sessions WHERE run_id = "
                    "?1)"
                )
                connection.execute(
                    f"UPDATE sessions SET load = ?2 WHERE {last}",
                    (self._id, json.dumps(event.whole)),
                )
            case events.RunPaused():
                self._columns |= {"status": Status.PAUSED}
            case events.RunResumed():
                self._columns |= {"status": Status.TRAINING}
            case events.LogLine():
                line = (self._id, time.time(), event.level, event.text)
                connection.execute(
                    "INSERT INTO lines (run_id, at, level, text) VALUES (?, ?, ?, ?)", line
                )
            case events.RunFinished():
                moment = LoggedValues(
                    "test",
                    event.step,
                    event.seconds,
                    event.metrics,
                    event.replicas,
                    self._config.epochs,
                )
                self._columns |= write_results(
                    connection, self._id, self._config, self._specs, moment
                )
                if not event.kept:  # so that it can go on to its end once more
                    self._columns |= {"status": Status.INTERRUPTED}
            case events.RunStopped():
                status = Status.INTERRUPTED if event.interrupted else Status.STOPPED
                self._columns |= {"status": status, "step": event.step, "elapsed": event.seconds}
            case events.RunFailed():
                self._columns |= {"status": Status.FAILED, "message": event.message}

    def _started(self, connection: sqlite3.Connection, event: events.RunStarted) -> None:
        """A session begins; what was logged after its first step will be logged again."""
        self._specs = event.metric_definitions
        forget_after(connection, self._id, event.first_step)
        specs = json.dumps([asdict(spec) for spec in event.metric_definitions])
        self._columns |= {"status": Status.TRAINING, "step": event.first_step, "specs": specs}
        self._columns |= {name: getattr(event, name) for name in OF_START} | {
            "message": "",
            "final": None,
            "final_metric": "",
        }
        update_run(connection, self._id, metric="", best=None, last=None)
        here = (socket.gethostname(), os.getpid(), process_started(), json.dumps(versions()))
        host, process, began, with_versions = (
            here if self._where is None else (self._where[0], 0, 0.0, self._where[1])
        )
        session = (
            self._id,
            time.time(),
            event.first_step,
            host,
            process,
            began,
            event.device,
            event.workers,
            with_versions,
        )
        connection.execute(
            "INSERT OR REPLACE INTO sessions VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, '{}')", session
        )
        # best and last value of the epochs that a resumed run has left
        for moment in read_logged_values(connection, self._id, "epoch"):
            self._update_best(connection, moment.figures)

    def _update_best(self, connection: sqlite3.Connection, figures: Figures) -> None:
        spec, value = main_figure(self._config, self._specs, figures)
        if spec is None or value is None or not math.isfinite(value):
            return
        better = "max" if spec.higher_is_better else "min"
        change = (
            f"UPDATE runs SET metric = ?, last = ?, best = {better}(coalesce(best, ?), ?) WHERE "
            "id = ?"
        )
        connection.execute(change, (spec.name, value, value, value, self._id))


def main_figure(
    config: RunConfig, specs: Sequence[Metric], figures: Figures
) -> tuple[Metric, float] | tuple[None, None]:
    """The metric that stands for a run, of those in `figures`, and its value: one for all replicas.

    Both are None where nothing was measured.
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


def write_logged_values(connection: sqlite3.Connection, run_id: str, moment: LoggedValues) -> None:
    """Write what was logged at a step; in place of what was logged there before, if anything."""
    m = moment
    row = (run_id, m.kind, m.step, m.epoch, m.elapsed, m.rate, m.seconds)
    connection.execute("INSERT OR REPLACE INTO moments VALUES (?, ?, ?, ?, ?, ?, ?)", row)
    rows: list[tuple[object, ...]] = [
        (run_id, m.kind, name, m.step, value, None) for name, value in m.metrics.items()
    ]
    rows += [(run_id, m.kind, name, m.step, None, pack(v)) for name, v in m.replicas.items()]
    connection.executemany("INSERT OR REPLACE INTO points VALUES (?, ?, ?, ?, ?, ?)", rows)


def write_results(
    connection: sqlite3.Connection,
    run_id: str,
    config: RunConfig,
    specs: Sequence[Metric],
    moment: LoggedValues,
) -> dict[str, object]:
    """Write what was measured at the end; returns the columns of the run that change with it."""
    write_logged_values(connection, run_id, moment)
    spec, final = main_figure(config, specs, moment.figures)
    metric = "" if spec is None else spec.name
    return {
        "status": Status.FINISHED,
        "step": moment.step,
        "elapsed": moment.elapsed,
        "final": final,
        "final_metric": metric,
    }


@cache
def versions() -> dict[str, str]:
    """Versions of this program, of Python, of the packages that compute, and the system."""
    result = {"rnn-tui": __version__, "python": platform.python_version()}
    for package in PACKAGES:
        with suppress(metadata.PackageNotFoundError):
            result[package] = metadata.version(package)
    result["system"] = platform.platform()
    return result
