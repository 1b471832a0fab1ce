"""Writes the events of a run into the database, in a thread of its own.

Training only appends to a queue. A few times a second the thread writes all queued events in one
transaction. While the database can't be written, events wait in memory; if it still can't be when
the run ends, they go into a file, a *spill*. The next time the database is opened, spills are
imported. If the database is new then, runs are recovered from their weights as well.

A checkpoint is written only after the values before it. `python -m tests.attack kills` kills runs
to check that.
"""

import json
import logging
import sqlite3
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from contextvars import copy_context
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rnn_tui.archive import run_folders
from rnn_tui.archive.columns import INVALID_VALUE, metrics_from_json, sound_values
from rnn_tui.archive.database import OpenFile, as_store_error, connect, transaction
from rnn_tui.archive.database_rows import EventWriter, insert_run, update_run, write_results
from rnn_tui.archive.event_json import event_from, to_document
from rnn_tui.archive.locks import is_held
from rnn_tui.archive.logged_values import LoggedValues
from rnn_tui.archive.run_record import is_id
from rnn_tui.engine import events, waits
from rnn_tui.engine.config import RunConfig, config_from_dict
from rnn_tui.engine.errors import CheckpointError, StoreError, printable
from rnn_tui.engine.files.atomic import write_file
from rnn_tui.engine.files.paths import data_dir, weights_of
from rnn_tui.engine.files.weights_file import read_description
from rnn_tui.engine.metrics import Metric
from rnn_tui.engine.state import Status
from rnn_tui.tasks import TASKS

# Short enough that other processes see a run live, long enough to cost nothing.
SECONDS_BETWEEN_WRITES = 0.4
# Seconds before a failed write is tried again; doubled after each failure, up to the longest.
FIRST_RETRY, LONGEST_RETRY = 1.0, 30.0
# While its folder is being removed, a write fails in many ways before the database is seen to be
# gone. So a failed write is repeated at once, for this long.
SECONDS_OF_VANISHING, SECONDS_BETWEEN_TRIES = 1.0, 0.02
LAST_PATIENCE = 10.0  # seconds that the end of a run waits for a busy database
# Events kept in memory, about 100 MB, while the database can't be written; the oldest are dropped.
MOST_WAITING = 200_000
MOST_RECOVERED = 2000  # runs recovered from their weights into a new database
logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Spill:
    """The part of a run that is not in the database, as it is stored in a file."""

    run_id: str  #: the run.
    name: str  #: its name, used if the run is not in the database at all.
    created: float  #: when it was created, in seconds since 1970.
    config: RunConfig  #: its settings.
    started: events.RunStarted | None  #: the start of its last session; None if it never started.
    events: Sequence[events.Event]  #: the events that were not written, in order.


def spill_dir() -> Path:
    """Return the folder of spills."""
    return data_dir() / "unrecorded"


def spill_file(run_id: str) -> Path:
    """Return the path of a run's spill; the file may not exist."""
    return spill_dir() / f"{run_id}.json"


def write_spill(spill: Spill) -> Path:
    """Write a spill to its file, and return the path.

    Raises:
        OSError: if the file can't be written.
    """
    path = spill_file(spill.run_id)
    path.parent.mkdir(parents=True, exist_ok=True)
    document = {
        "run": spill.run_id,
        "name": spill.name,
        "created": spill.created,
        "config": spill.config.to_dict(),
        "started": None if spill.started is None else to_document(spill.started),
        "events": [to_document(event) for event in spill.events],
    }
    write_file(path, json.dumps(document).encode())
    return path


def import_spills(connection: sqlite3.Connection) -> None:
    """Write all spills into the database, and remove their files.

    If the database refuses one, its file stays.
    """
    try:
        files = sorted(spill_dir().glob("*.json"))
    except OSError:
        return
    for path in files:
        if not path.is_file() or is_held(path.stem):
            continue  # the run is still training, and its own recorder writes
        try:
            spill = _read_spill(path)
        except (OSError, KeyError, *INVALID_VALUE) as error:
            logger.warning("%s is no record of a run: %s", path, error)
            continue
        with transaction(connection):
            write_lacking(connection, spill)
        try:
            path.unlink()
        except OSError:
            logger.warning("%s can't be removed", path)


def write_lacking(connection: sqlite3.Connection, spill: Spill) -> None:
    """Write a spill into the database; the caller has begun a transaction."""
    row = connection.execute("SELECT specs FROM runs WHERE id = ?", (spill.run_id,)).fetchone()
    batch = list(spill.events)
    specs: tuple[Metric, ...] = ()
    if row is None:
        insert_run(connection, spill.run_id, spill.config, spill.name, spill.created)
        if spill.started is not None and spill.started not in batch:
            batch.insert(0, spill.started)
    else:
        with suppress(*INVALID_VALUE):  # a damaged row: its events are written all the same
            specs = metrics_from_json(row[0])
    EventWriter(spill.run_id, spill.config, specs).write(connection, batch)


def _read_spill(path: Path) -> Spill:
    """Read the spill in a file.

    Raises:
        OSError: if the file can't be read.
        KeyError: if a field is missing. One of `INVALID_VALUE` is raised if a field is wrong.
    """
    document: Any = json.loads(path.read_bytes())
    run_id = str(document["run"])
    config = config_from_dict(document["config"])
    if not is_id(run_id) or run_id != path.stem:
        raise ValueError("another run's")
    started = None
    if document["started"]:
        started = event_from(document["started"], run_id, config)
    if not isinstance(started, events.RunStarted | None):
        raise ValueError("no start")
    batch = [event_from(values, run_id, config) for values in document["events"]]
    return Spill(
        run_id,
        config=config,
        started=started,
        events=batch,
        **sound_values(document, ("name", "created")),
    )


def recover_runs(connection: sqlite3.Connection, *, leave_out: str = "") -> None:
    """Recover runs into a new database, from the weights in the folder of runs.

    Their settings, the step and the metrics are recovered; the training history is lost.

    Args:
        connection: the database.
        leave_out: the id of a run that is not recovered, which its recorder adds itself.
    """
    for run_id in run_folders()[:MOST_RECOVERED]:
        if run_id != leave_out and is_id(run_id) and not is_held(run_id):
            with transaction(connection):
                _recover(connection, run_id)


def _recover(connection: sqlite3.Connection, run_id: str) -> None:
    """Recover one run, if its weights can be read; the caller has begun a transaction."""
    path = weights_of(run_id)
    try:
        config, step, metrics = read_description(path)
        created = path.stat().st_mtime
    except (CheckpointError, OSError):
        return
    with suppress(ValueError):
        created = time.mktime(time.strptime(run_id[:15], "%Y%m%d-%H%M%S"))
    label = config.label.lower().replace(" ", "-").replace("×", "x")
    insert_run(connection, run_id, config, f"{config.task}-{label}", created)
    columns: dict[str, object] = {"status": Status.STOPPED, "step": step}
    if metrics:
        specs = _definitions(config.task, metrics)
        values = LoggedValues.test(config, step, 0.0, metrics)
        columns |= write_results(connection, run_id, config, specs, values)
    update_run(connection, run_id, **columns)


def _definitions(task: str, names: Iterable[str]) -> list[Metric]:
    """Return the task's definitions of these metrics, or plain ones if it has none."""
    defined = {}
    if task in TASKS:
        defined = {metric.name: metric for metric in TASKS[task].metric_definitions}
    return [
        defined.get(name) or Metric(name, name, higher_is_better=name.endswith("accuracy"))
        for name in names
    ]


class Recorder:
    """Writes the events of one run into the database, in a thread of its own.

    Args:
        path: the file of the database.
        run_id: the run.
        config: its settings.
        name: its name, if it is new.
        resumed: whether the run is in the database already. If it then fails before it starts, its
            row stays as it was.
    """

    def __init__(
        self, path: Path, run_id: str, config: RunConfig, name: str, *, resumed: bool = False
    ) -> None:
        self._path = path
        self._id = run_id
        self._config = config
        self._name = name
        self._created = time.time()
        self._writer = EventWriter(run_id, config)
        self._connection: sqlite3.Connection | None = None
        #: the file of the connection, to notice that it was replaced.
        self._file: OpenFile | None = None
        #: events passed to `take()` that the thread has not fetched yet.
        self._queue: deque[events.Event] = deque()
        #: events that the thread has fetched and not yet written.
        self._pending: list[events.Event] = []
        #: the start of the last session, once it is in the database.
        self._started: events.RunStarted | None = None
        #: whether the run is resumed, and nothing of this session has been written.
        self._untouched = resumed
        #: whether the run is in the database, or in a spill that will be imported.
        self.listed = resumed
        #: whether some events are neither in the database nor in a spill.
        self.lost = False
        #: called in the thread a few times a second; must be quick.
        self.meanwhile: Callable[[], object] = lambda: None
        #: how many events were passed to `take()`.
        self._taken = 0
        #: how many of these the thread has fetched.
        self._fetched = 0
        #: how many of these are in the database.
        self._done = 0
        #: why the database can't be written now; empty if it can.
        self._problem = ""
        #: a warning that stays: the database was removed or replaced.
        self._notice = ""
        #: when to try again after a failure, by the monotonic clock.
        self._retry_at = 0.0
        #: the seconds to wait after the next failure.
        self._pause = FIRST_RETRY
        #: guards `_asked` and `_closing`; notified when these change, and after each write.
        self._wake = waits.condition("the recorder")
        #: whether to write now. A new run is written at once, before its data are loaded.
        self._asked = not resumed
        #: whether `close()` was called.
        self._closing = False
        self._thread = threading.Thread(
            target=copy_context().run, args=(self._run,), name="recorder", daemon=True
        )
        self._thread.start()

    def take(self, event: events.Event) -> None:
        """Queue an event to be written; returns at once."""
        self._queue.append(event)
        self._taken += 1

    @property
    def problem(self) -> str:
        """A sentence on why the run is not recorded, or a warning; empty if all is well."""
        return self._problem or self._notice

    def flush(self) -> bool:
        """Write all queued events, and wait for that; returns whether they are in the database."""
        with self._wake:
            target = self._taken
            self._asked = True
            self._wake.notify_all()
            waits.wait(
                lambda seconds: self._wake.wait_for(
                    lambda: self._done >= target or bool(self._problem), seconds
                ),
                f"the values of run {self._id} to be recorded",
                LAST_PATIENCE,
            )
            return self._done >= target

    def close(self) -> bool:
        """Write all queued events and end the thread; returns whether all are in the database."""
        with self._wake:
            self._closing = True
            self._wake.notify_all()
        waits.join(self._thread, LAST_PATIENCE + 2 * FIRST_RETRY)
        return not self._problem and self._done >= self._taken

    @property
    def busy(self) -> bool:
        """Whether the thread is still running."""
        return self._thread.is_alive()

    def lacking(self) -> Spill:
        """Return the part of the run that is not in the database; call it after `close()`."""
        return Spill(
            self._id, self._name, self._created, self._config, self._started, tuple(self._pending)
        )

    def _run(self) -> None:
        """Write the queued events a few times a second, until `close()`; runs in the thread."""
        closing = False
        while not closing:
            with self._wake:
                with waits.Waiting("values to record", by_design=True):
                    self._wake.wait_for(
                        lambda: self._asked or self._closing, SECONDS_BETWEEN_WRITES
                    )
                asked = self._asked
                closing = self._closing
                self._asked = False
            self.meanwhile()
            has_work = self._queue or self._pending or asked or closing
            may_try = closing or time.monotonic() >= self._retry_at
            if has_work and may_try:
                self._try_to_write()
        if self._problem:
            self._spill()
        if self._connection is not None:
            self._connection.close()

    def _spill(self) -> None:
        """Write the events that are not in the database to a file."""
        try:
            path = write_spill(self.lacking())
        except OSError as error:
            self.lost = True
            logger.warning("unrecorded events of run %s can't be written: %s", self._id, error)
        else:
            self.listed = True
            logger.info("unrecorded events of run %s are in %s", self._id, path)

    def _try_to_write(self) -> None:
        """Fetch the queued events and write them; a failure is noted, and tried again later."""
        fetched = [self._queue.popleft() for _ in range(len(self._queue))]
        self._pending += fetched
        self._fetched += len(fetched)
        del self._pending[:-MOST_WAITING]
        try:
            self._write()
        except (StoreError, sqlite3.Error, OSError) as error:
            self._note(error)
        except Exception as error:
            logger.exception("recording run %s failed", self._id)
            self._note(StoreError(f"{type(error).__name__}; the log file has the details."))
        else:
            if self._problem:
                logger.info("run %s is recorded again", self._id)
            self._pause = FIRST_RETRY
            self._problem = ""
            self._done = self._fetched
        with self._wake:
            self._wake.notify_all()

    def _write(self) -> None:
        """Write all fetched events in one transaction.

        Raises:
            StoreError, sqlite3.Error, OSError: if that fails for `SECONDS_OF_VANISHING`.
        """
        started = [event for event in self._pending if isinstance(event, events.RunStarted)]
        if self._untouched and not started:
            return  # if the run is refused before it starts, its row stays as it was
        with waits.Waiting("the database to come back", SECONDS_OF_VANISHING) as waiting:
            while True:
                try:
                    connection = self._connected()
                    with transaction(connection):
                        insert_run(connection, self._id, self._config, self._name, self._created)
                        self._writer.write(connection, self._pending)
                    break
                except (StoreError, sqlite3.Error, OSError):
                    if self._file is None or waiting.is_over:
                        raise
                    waiting.pause(SECONDS_BETWEEN_TRIES)
        self._untouched = False
        self.listed = True
        self._pending = []
        if started:
            self._started = started[-1]

    def _connected(self) -> sqlite3.Connection:
        """Return the connection; opens a new one if the file was removed or replaced."""
        if self._connection is not None:
            if self._file is not None and self._file.is_in_place:
                return self._connection
            self._connection.close()
            self._connection = None
            self._notice = (
                f"The database of runs {printable(self._path, 200)} has vanished or was replaced; "
                "the run goes on, and later values are kept in the one that is there now."
            )
            logger.warning("%s", self._notice)
            if self._started is not None:
                self._pending.insert(0, self._started)
        self._connection, created = connect(self._path)
        self._file = OpenFile.at(self._path)
        if created:
            recover_runs(self._connection, leave_out=self._id)
        return self._connection

    def _note(self, error: Exception) -> None:
        """Store why a write failed, and when to try again."""
        sentence = error
        if isinstance(error, sqlite3.Error | OSError):
            sentence = as_store_error(error, self._path)
        if not self._problem:
            logger.warning("run %s can't be recorded: %s", self._id, sentence)
        self._problem = str(sentence)
        self._retry_at = time.monotonic() + self._pause
        self._pause = min(2 * self._pause, LONGEST_RETRY)
