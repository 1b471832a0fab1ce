"""Brings one run's events into the database, off the training thread's path.

A thread empties its queue a few times a second in one transaction. Where the database can't be
written, events wait in memory, and at the end go into a file, a *spill*. Spills are taken in when
the database is opened next; a new database takes in the folders of weights as well.
"""

import json
import logging
import os
import sqlite3
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rnn_tui.engine import events
from rnn_tui.engine.config import RunConfig, config_from_dict
from rnn_tui.engine.errors import CheckpointError, StoreError, printable
from rnn_tui.engine.files import write_file
from rnn_tui.engine.metrics import Metric
from rnn_tui.engine.paths import data_dir, weights_of
from rnn_tui.engine.state import Status
from rnn_tui.engine.weights_file import read_description
from rnn_tui.runs import kept_runs
from rnn_tui.runs.columns import INVALID_VALUE, metrics_from_json, sound_values
from rnn_tui.runs.database import connect, explained, transaction
from rnn_tui.runs.database_rows import EventWriter, insert_run, update_run, write_results
from rnn_tui.runs.event_json import event_from, to_document
from rnn_tui.runs.locks import is_held
from rnn_tui.runs.logged_values import LoggedValues
from rnn_tui.runs.run_record import is_id
from rnn_tui.tasks import TASKS

# often enough for others to see a run live, seldom enough to cost nothing
SECONDS_BETWEEN_WRITES = 0.4
# after a failure: the first pause, doubled each time up to the longest
FIRST_RETRY, LONGEST_RETRY = 1.0, 30.0
# A folder that is being removed fails in many ways before its database is gone: for so long a write
# there is tried again.
SECONDS_OF_VANISHING, SECONDS_BETWEEN_TRIES = 1.0, 0.02
LAST_PATIENCE = 10.0  # how long the end of a run may wait for a database that is busy
# of what waits for a database that stays away: about 100 MB; then the oldest go
MOST_WAITING = 200_000
MOST_ADOPTED = 2000
logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Spill:
    """What the database lacks of a run, as a file keeps it."""

    run_id: str  #: the run.
    name: str  #: what to call it, if it is not in the database at all.
    created: float  #: when it began, in seconds since 1970.
    config: RunConfig  #: its settings.
    started: events.RunStarted | None  #: how its last session began, if it did.
    events: Sequence[events.Event]  #: what was not written, in order.


def spill_dir() -> Path:
    """The folder of spills."""
    return data_dir() / "unrecorded"


def spill_file(run_id: str) -> Path:
    """The path of a run's spill, whether or not it has one."""
    return spill_dir() / f"{run_id}.json"


def write_spill(spill: Spill) -> Path:
    """Keep a spill; returns its file."""
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


def take_in(connection: sqlite3.Connection) -> None:
    """Write all spills into the database, and remove their files.

    Where the database refuses one, its file stays.
    """
    try:
        files = sorted(spill_dir().glob("*.json"))
    except OSError:
        return
    for path in files:
        if not path.is_file() or is_held(path.stem):
            continue  # the run goes on, and its own recorder writes
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
    """Write into the database what it lacks of a run, inside a transaction of the caller's."""
    row = connection.execute("SELECT specs FROM runs WHERE id = ?", (spill.run_id,)).fetchone()
    batch = list(spill.events)
    specs: tuple[Metric, ...] = ()
    if row is None:
        insert_run(connection, spill.run_id, spill.config, spill.name, spill.created)
        if spill.started is not None and spill.started not in batch:
            batch.insert(0, spill.started)
    else:
        with suppress(*INVALID_VALUE):  # as of a damaged row: the figures are kept all the same
            specs = metrics_from_json(row[0])
    EventWriter(spill.run_id, spill.config, specs).write(connection, batch)


def _read_spill(path: Path) -> Spill:
    """The spill in a file; a KeyError or one of `INVALID_VALUE` if it is none."""
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


def adopt_folders(connection: sqlite3.Connection, *, but: str = "") -> None:
    """Add settings and figures of the runs in the folder of runs to a new database.

    Args:
        connection: the database.
        but: a run that is added otherwise.
    """
    for run_id in kept_runs()[:MOST_ADOPTED]:
        if run_id != but and is_id(run_id) and not is_held(run_id):
            with transaction(connection):
                _adopt(connection, run_id)


def _adopt(connection: sqlite3.Connection, run_id: str) -> None:
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
    """The metrics of these names: as the task defines them, or bare ones where it does not."""
    defined = {}
    if task in TASKS:
        defined = {metric.name: metric for metric in TASKS[task].metric_definitions}
    return [
        defined.get(name) or Metric(name, name, higher_is_better=name.endswith("accuracy"))
        for name in names
    ]


class Recorder:
    """Records the events of one run.

    Args:
        path: the database.
        run_id: the run.
        config: its settings.
        name: what to call it, if it is new.
        resumed: whether it is in the database already; then a failure before it starts changes
            nothing.
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
        #: what was at the path when the connection was opened.
        self._file: os.stat_result | None = None
        #: events that `take` was given, for the thread.
        self._queue: deque[events.Event] = deque()
        #: events that the thread has fetched and not yet written.
        self._pending: list[events.Event] = []
        #: how the last session began, once that is written.
        self._started: events.RunStarted | None = None
        #: whether nothing has been written of a resumed run.
        self._untouched = resumed
        #: whether the run is in the database, or will be when that is opened.
        self.listed = resumed
        #: whether something was written neither to the database nor to a file beside it.
        self.lost = False
        #: called in the thread a few times a second; must be quick.
        self.meanwhile: Callable[[], object] = lambda: None
        # counts of events: given to `take`, fetched by the thread, and in the database
        self._taken = 0
        self._fetched = 0
        self._done = 0
        #: why the database can't be written now; empty where it can.
        self._problem = ""
        #: what else the user must know of the database.
        self._notice = ""
        #: when to try again after a failure, by the monotonic clock.
        self._retry_at = 0.0
        self._pause = FIRST_RETRY
        #: guards the next two, and wakes whoever waits for a write.
        self._wake = threading.Condition()
        #: whether to write now; a new run shows at once, before its data and model stand.
        self._asked = not resumed
        self._closing = False
        self._thread = threading.Thread(target=self._run, name="recorder", daemon=True)
        self._thread.start()

    def take(self, event: events.Event) -> None:
        """Take an event; quick."""
        self._queue.append(event)
        self._taken += 1

    @property
    def problem(self) -> str:
        """What the user must know: why the run can't be recorded; empty where all is well."""
        return self._problem or self._notice

    def flush(self) -> bool:
        """Wait until all that was taken is in the database; False if it can't be, for now."""
        with self._wake:
            target = self._taken
            self._asked = True
            self._wake.notify_all()
            self._wake.wait_for(lambda: self._done >= target or bool(self._problem), LAST_PATIENCE)
            return self._done >= target

    def close(self) -> bool:
        """Write what is left and end; returns whether all is in the database."""
        with self._wake:
            self._closing = True
            self._wake.notify_all()
        self._thread.join(LAST_PATIENCE + 2 * FIRST_RETRY)
        return not self._problem and self._done >= self._taken

    @property
    def busy(self) -> bool:
        """Whether it still writes."""
        return self._thread.is_alive()

    def lacking(self) -> Spill:
        """What the database has not taken; once nothing is written any more."""
        return Spill(
            self._id, self._name, self._created, self._config, self._started, tuple(self._pending)
        )

    def _run(self) -> None:
        """In the thread: write a few times a second, and what is left at the end."""
        closing = False
        while not closing:
            with self._wake:
                self._wake.wait_for(lambda: self._asked or self._closing, SECONDS_BETWEEN_WRITES)
                asked, closing = self._asked, self._closing
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
        """Keep what the database lacks in a file."""
        try:
            path = write_spill(self.lacking())
        except OSError as error:
            self.lost = True
            logger.warning("what is not recorded of run %s has no place: %s", self._id, error)
        else:
            self.listed = True
            logger.info("what is not recorded of run %s is in %s", self._id, path)

    def _try_to_write(self) -> None:
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
        started = [event for event in self._pending if isinstance(event, events.RunStarted)]
        if self._untouched and not started:
            return  # a run that is refused before it starts stays as it was
        until = time.monotonic() + SECONDS_OF_VANISHING
        while True:
            try:
                connection = self._connected()
                with transaction(connection):
                    insert_run(connection, self._id, self._config, self._name, self._created)
                    self._writer.write(connection, self._pending)
                break
            except (StoreError, sqlite3.Error, OSError):
                if self._file is None or time.monotonic() > until:
                    raise
                time.sleep(SECONDS_BETWEEN_TRIES)
        self._untouched = False
        self.listed = True
        self._pending = []
        if started:
            self._started = started[-1]

    def _connected(self) -> sqlite3.Connection:
        """The connection; a new one where the file has vanished or was replaced."""
        if self._connection is not None:
            with suppress(OSError):
                if self._file is not None and os.path.samestat(os.stat(self._path), self._file):
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
        self._file = os.stat(self._path)
        if created:
            adopt_folders(self._connection, but=self._id)
        return self._connection

    def _note(self, error: Exception) -> None:
        """Remember why a write failed, and when to try again."""
        sentence = error
        if isinstance(error, sqlite3.Error | OSError):
            sentence = explained(error, self._path)
        if not self._problem:
            logger.warning("run %s can't be recorded: %s", self._id, sentence)
        self._problem = str(sentence)
        self._retry_at = time.monotonic() + self._pause
        self._pause = min(2 * self._pause, LONGEST_RETRY)
