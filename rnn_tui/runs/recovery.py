"""What the database lacks, and takes in when it is opened: values not written, folders not known.

A database that was locked, full or damaged for the whole of a run must not cost its values: those
events are kept in a file beside it. And where the database is new, or was moved away, there are
runs that have a folder of weights only. Faults come as `sqlite3.Error` or `OSError` has them.
"""

import json
import logging
import sqlite3
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rnn_tui.engine import events
from rnn_tui.engine.config import RunConfig, config_from_dict
from rnn_tui.engine.errors import CheckpointError
from rnn_tui.engine.files import write_file
from rnn_tui.engine.metrics import Metric
from rnn_tui.engine.paths import data_dir, weights_of
from rnn_tui.engine.state import Status
from rnn_tui.engine.weights_file import read_description
from rnn_tui.runs import kept_runs
from rnn_tui.runs.columns import WRONG, event_from, sound_values, specs_of, to_document
from rnn_tui.runs.database import transaction
from rnn_tui.runs.locks import is_held
from rnn_tui.runs.records import Moment, headline, is_id
from rnn_tui.runs.rows import EventWriter, insert_run, update_run, write_results

MOST_ADOPTED = 2000
logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Spill:
    """What the database lacks of a run."""

    run_id: str  #: the run.
    name: str  #: what to call it, if it is not in the database at all.
    created: float  #: when it began, in seconds since 1970.
    config: RunConfig  #: its settings.
    started: events.RunStarted | None  #: how its last session began, if it did.
    events: Sequence[events.Event]  #: what was not written, in order.


def spill_dir() -> Path:
    """Where the files lie."""
    return data_dir() / "unrecorded"


def spill_file(run_id: str) -> Path:
    """Where that of a run lies, if it has one."""
    return spill_dir() / f"{run_id}.json"


def write_spill(spill: Spill) -> Path:
    """Keep it; returns the file."""
    path = spill_file(spill.run_id)
    path.parent.mkdir(parents=True, exist_ok=True)
    about = {"run": spill.run_id, "name": spill.name, "created": spill.created, "config": spill.config.to_dict()}
    started = None if spill.started is None else to_document(spill.started)
    document = {**about, "started": started, "events": [to_document(event) for event in spill.events]}
    write_file(path, json.dumps(document).encode())
    return path


def take_in(connection: sqlite3.Connection) -> None:
    """Write into the database what could not be written before; where it refuses, the files are still there."""
    try:
        files = sorted(spill_dir().glob("*.json"))
    except OSError:
        return
    for path in files:
        if not path.is_file() or is_held(path.stem):
            continue  # it goes on, and its own recorder writes
        try:
            spill = _read(path)
        except (OSError, KeyError, *WRONG) as error:
            logger.warning("%s is no record of a run: %s", path, error)
            continue
        with transaction(connection):
            write_lacking(connection, spill)
        try:
            path.unlink()
        except OSError:
            logger.warning("%s can't be removed", path)


def write_lacking(connection: sqlite3.Connection, spill: Spill) -> None:
    """Write into the database what it lacks of a run, inside a transaction of the caller's."""
    known = connection.execute("SELECT specs FROM runs WHERE id = ?", (spill.run_id,)).fetchone()
    batch = list(spill.events)
    specs: tuple[Metric, ...] = ()
    if known is None:
        insert_run(connection, spill.run_id, spill.config, spill.name, spill.created)
        if spill.started is not None and spill.started not in batch:
            batch.insert(0, spill.started)
    else:
        with suppress(*WRONG):  # as of a damaged row: the figures are kept all the same
            specs = specs_of(known[0])
    EventWriter(spill.run_id, spill.config, specs).write(connection, batch)


def _read(path: Path) -> Spill:
    document: Any = json.loads(path.read_bytes())
    run_id, config = str(document["run"]), config_from_dict(document["config"])
    if not is_id(run_id) or run_id != path.stem:
        raise ValueError("another run's")
    started = document["started"] and event_from(document["started"], run_id, config)
    if not isinstance(started, events.RunStarted | None):
        raise ValueError("no start")
    about = sound_values(document, ("name", "created"))
    batch = [event_from(values, run_id, config) for values in document["events"]]
    return Spill(run_id, config=config, started=started, events=batch, **about)


def adopt_folders(connection: sqlite3.Connection, *, but: str = "") -> None:
    """Add settings and figures of what lies in the folder of runs to a new database, `but` a run that is added otherwise."""
    for name in kept_runs()[:MOST_ADOPTED]:
        if name != but and is_id(name) and not is_held(name):
            with transaction(connection):
                _adopt(connection, name)


def _adopt(connection: sqlite3.Connection, run_id: str) -> None:
    path = weights_of(run_id)
    try:
        config, step, metrics = read_description(path)
        created = _created(run_id, path)
    except (CheckpointError, OSError):
        return
    label = config.label.lower().replace(" ", "-").replace("×", "x")
    insert_run(connection, run_id, config, f"{config.task}-{label}", created)
    columns: dict[str, object] = {"status": Status.STOPPED, "step": step}
    if metrics:
        columns |= write_results(connection, run_id, config, (), Moment.test(config, step, 0.0, metrics))
        accuracy = next((name for name in metrics if name.endswith("accuracy")), None)
        if accuracy is not None:
            columns |= {"final": headline(config, metrics[accuracy], True), "final_metric": accuracy}
    update_run(connection, run_id, **columns)


def _created(run_id: str, path: Path) -> float:
    with suppress(ValueError):
        return time.mktime(time.strptime(run_id[:15], "%Y%m%d-%H%M%S"))
    return path.stat().st_mtime
