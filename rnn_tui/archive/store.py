"""The runs as commands and tables ask for them: list, find, rename, tag, delete and undo."""

import itertools
import shutil
import sqlite3
import time
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext, suppress
from typing import Self

from rnn_tui.archive import LAST
from rnn_tui.archive.columns import LONGEST_NAME, LONGEST_NOTE, LONGEST_TAG, values_of
from rnn_tui.archive.curves import Curve, without_seeds
from rnn_tui.archive.database import FAULTS, OpenFile, as_store_error, connect, transaction
from rnn_tui.archive.database_rows import RecordReader, events_of, sessions, update_run
from rnn_tui.archive.locks import RunLock, is_held, leave_request, lock_of_sweep
from rnn_tui.archive.logged_values import (
    MOST_DRAWN,
    Kind,
    LoggedValues,
    logged_metrics,
    metric_name,
    read_curves,
    read_logged_values,
    read_outline,
)
from rnn_tui.archive.recorder import Spill, import_spills, recover_runs, write_lacking
from rnn_tui.archive.run_record import RunRecord, Session, id_of_row, run_condition
from rnn_tui.engine.config import RunConfig
from rnn_tui.engine.errors import (
    SafeText,
    SettingError,
    StoreError,
    printable,
    printable_lines,
    why,
)
from rnn_tui.engine.files.paths import lock_dir, run_database, run_dir
from rnn_tui.engine.state import RunState, Status
from rnn_tui.engine.suggestions import did_you_mean

DAYS_TO_UNDO = 30  # deleted runs can be restored for this long
_SECONDS_A_DAY = 86_400
_NUMBERS = itertools.count()
# The number of a store, what other connections have written, and what its own has.
StoreVersion = tuple[int, int, int]
_MOST_IDS_LISTED = 3  # ids in the message that several begin alike


class RunStore:
    """The user's database of runs, for one thread; made if there is none.

    Raises:
        StoreError: by every method: the database can't be used, or is gone.
    """

    def __init__(self) -> None:
        self._path = run_database()  #: the database's file.
        self._connection, created = connect(self._path)
        self._file = OpenFile.at(self._path)
        self._number = next(_NUMBERS)  #: unique among the stores of this process.
        self._reader = RecordReader(self._connection)
        with ExitStack() as undo, self._explaining():
            undo.callback(self.close)
            import_spills(self._connection)
            if created:
                recover_runs(self._connection)
            undo.pop_all()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the database."""
        self._connection.close()

    def runs(
        self, task: str | None = None, *, deleted: bool = False, most: int = -1
    ) -> list[RunRecord]:
        """Return the runs, the newest first.

        Args:
            task: only the runs of this task; by default those of all.
            deleted: list the deleted runs that can be restored, in place of the others.
            most: how many at most; -1 for all.
        """
        return self._records(f"{_where(deleted)} LIMIT {most}", task)

    def names(self, *, deleted: bool = False) -> dict[str, SafeText]:
        """Return the names of runs by their ids, the newest first; `deleted` as for `runs`."""
        rows = self._execute(f"SELECT rowid, id, name FROM runs {_where(deleted)}", None)
        return {id_of_row(row): printable(row["name"], LONGEST_NAME) for row in rows}

    def interrupted(self) -> list[RunRecord]:
        """Return the runs that were interrupted, the newest first."""
        where = (
            "WHERE deleted IS NULL AND status NOT IN ('finished', 'stopped', 'failed') "
            "ORDER BY created DESC"
        )
        return [run for run in self._records(where) if run.status is Status.INTERRUPTED]

    def get(self, run_id: str) -> RunRecord | None:
        """Return the run of that id, deleted or not; None if there is none."""
        records = self._records(f"WHERE {run_condition(run_id)}", run_id)
        return records[0] if records else None

    def find(self, text: str, *, deleted: bool = False) -> RunRecord:
        """Return the run that a user means.

        Args:
            text: `last` for the newest run, an id, a name, or the beginning of an id.
            deleted: as for `runs`.

        Raises:
            StoreError: it means no run, or several.
        """
        names = self.names(deleted=deleted)
        newest = list(names)[:1] if text == LAST else []
        by_id = [text] if text in names else []
        wanted_name = printable(text, LONGEST_NAME)
        by_name = [run_id for run_id, name in names.items() if name == wanted_name]
        by_beginning = [run_id for run_id in names if text and run_id.startswith(text)]
        for run_ids in (newest, by_id, by_name, by_beginning):
            run = self.get(run_ids[0]) if len(run_ids) == 1 else None
            if run is not None:
                return run
        if by_beginning:
            listed = ", ".join(map(printable, by_beginning[:_MOST_IDS_LISTED]))
            rest = ", …" if len(by_beginning) > _MOST_IDS_LISTED else ""
            raise StoreError(
                f"{len(by_beginning)} runs begin with “{printable(text)}”: {listed}{rest}; "
                "type more."
            )
        hint = did_you_mean(text, names.values())
        raise StoreError(f"There is no run “{printable(text)}”{hint}; rnn-tui runs lists them.")

    def logged_values(self, run_id: str, kind: Kind | None = None) -> list[LoggedValues]:
        """Return every value that was logged of a run, by step.

        `kind` selects one kind in place of all.
        """
        with self._reading(run_id):
            return read_logged_values(self._connection, run_id, kind)

    def curve(self, run: RunRecord, metric: str) -> Curve:
        """Return every value of a metric that was logged of a run."""
        with self._reading(run.run_id):
            [curve] = read_curves(self._connection, [run], metric)
        return curve

    def outlines(self, runs: Sequence[RunRecord], metric: str) -> list[tuple[RunRecord, Curve]]:
        """Return each run with a metric's curve, of at most as many points as a chart can show.

        Runs that differ in their seeds only share a line of a chart, so that their curves are read
        together, at the same steps.

        Args:
            runs: the runs; their order stays.
            metric: its name.
        """
        groups: dict[RunConfig, list[RunRecord]] = {}
        for run in runs:
            groups.setdefault(without_seeds(run.config), []).append(run)
        curves: dict[str, Curve] = {}
        for group in groups.values():
            with self._reading(group[0].run_id):
                group_curves = read_curves(self._connection, group, metric, MOST_DRAWN)
            for run, curve in zip(group, group_curves, strict=True):
                curves[run.run_id] = curve
        return [(run, curves[run.run_id]) for run in runs]

    def metrics(self, run_id: str) -> list[SafeText]:
        """Return the names of all that was logged of a run."""
        with self._reading():
            names = [metric_name(name) for _, name in logged_metrics(self._connection, run_id)]
        return list(dict.fromkeys(names))

    def sessions(self, run_id: str) -> list[Session]:
        """Return the stretches of training, each by one process."""
        with self._explaining():
            return sessions(self._connection, run_id)

    def log(self, run_id: str) -> list[tuple[float, SafeText, SafeText]]:
        """Return the lines of a run's log: seconds since 1970, level and text."""
        columns = ("at", "level", "text")
        rows = self._execute(
            f"SELECT {', '.join(columns)} FROM lines WHERE run_id = ? ORDER BY id", run_id
        )
        lines = []
        for row in rows:
            values, _ = values_of(row, columns)
            lines.append((values["at"], values["level"], values["text"]))
        return lines

    def state(self, run: RunRecord) -> RunState:
        """Return the state that the run's events led to, which views show."""
        run_id = run.undamaged.run_id
        with self._reading(run_id):
            values = read_outline(self._connection, run_id)
            log = self.log(run_id)
            state = RunState(run_id, run.config)
            for event in events_of(run, values, log):
                state = state.apply(event)
            return state

    def version(self) -> StoreVersion:
        """Return what changes whenever something is written, here or by another connection.

        Another store, as of a database in the place of one that is gone, never has the same.
        """
        [[written_elsewhere]] = self._execute("PRAGMA data_version")
        return self._number, written_elsewhere, self._connection.total_changes

    def rename(self, run: RunRecord, name: str) -> str:
        """Give a run another name.

        Returns:
            The name as it is stored, without spaces around it.

        Raises:
            SettingError: if it can't be a name, or another run has that name.
        """
        name = check_name(name)
        try:
            self._update(run, name=name)
        except StoreError as error:
            if getattr(error.__cause__, "sqlite_errorname", "") != "SQLITE_CONSTRAINT_UNIQUE":
                raise
            raise SettingError(f"Another run has the name “{name}”; choose another.") from error
        return name

    def set_note(self, run: RunRecord, note: str) -> None:
        """Give a run a note, in place of the one that it has; a SettingError if it is too long."""
        if len(note) > LONGEST_NOTE:
            raise SettingError(f"A note has at most {LONGEST_NOTE:,} characters.")
        self._update(run, note=printable_lines(note, LONGEST_NOTE))

    def set_tags(self, run: RunRecord, tags: Sequence[str]) -> None:
        """Give a run tags, in place of those that it has; a SettingError if one can't be a tag."""
        wanted = {tag.strip() for tag in tags}
        for tag in wanted:
            _check_line("tag", tag, LONGEST_TAG)
        with self._explaining(), transaction(self._connection):
            self._connection.execute("DELETE FROM tags WHERE run_id = ?", (run.run_id,))
            self._connection.executemany(
                "INSERT INTO tags VALUES (?, ?)", [(run.run_id, tag) for tag in sorted(wanted)]
            )

    def record(self, spill: Spill) -> None:
        """Write the values of a run that could not be written when it ended."""
        with self._explaining(), transaction(self._connection):
            write_lacking(self._connection, spill)

    def delete(self, run: RunRecord) -> None:
        """Hide a run, which `restore` brings back for `DAYS_TO_UNDO` days.

        Raises:
            StoreError: it is in training.
        """
        if run.status.active:
            raise StoreError(f"Run {run.name} is in training; stop it first.")
        self._update(run, deleted=time.time())

    def request(self, run: RunRecord, action: str) -> None:
        """Ask the process that trains a run for an action, which it does within a second.

        Args:
            run: the run.
            action: one of `locks.REQUESTS`.

        Raises:
            StoreError: the run is not in training, or the request can't be written.
        """
        status = (self.get(run.run_id) or run).status
        if not status.active:
            raise StoreError(f"Run {run.name} is {status}: it is not in training.")
        try:
            leave_request(run.run_id, action)
        except OSError as error:
            reason = f"{why(error)} ({printable(lock_dir(), 200)})"
            raise StoreError(f"Run {run.name} can't be asked to {action}: {reason}.") from error

    def restore(self, run: RunRecord) -> None:
        """Undo a deletion."""
        self._update(run, deleted=None)

    def purge(self, days: float = DAYS_TO_UNDO) -> int:
        """Remove runs for good that were deleted more than `days` ago; returns how many."""
        oldest = time.time() - _SECONDS_A_DAY * days
        expired = [run for run in self.runs(deleted=True) if run.deleted and run.deleted < oldest]
        for run in expired:
            with suppress(FileNotFoundError):
                shutil.rmtree(run_dir() / run.run_id)
            self._execute(f"DELETE FROM runs WHERE {run_condition(run.run_id)}", run.run_id)
        return len(expired)

    def claim(self, run: RunRecord) -> RunLock:
        """Take the lock of a run to resume it.

        Raises:
            StoreError: it is in training, deleted, or ended.
        """
        if run.undamaged.deleted is not None:
            raise StoreError(f"Run {run.name} is deleted; rnn-tui runs restore brings it back.")
        for (sweep,) in self._execute("SELECT sweep FROM trials WHERE run_id = ?", run.run_id):
            if is_held(lock_of_sweep(str(sweep))):
                raise StoreError(
                    f"Run {run.name} belongs to the sweep {printable(sweep)}, which is running; "
                    "stop that first."
                )
        lock = RunLock.acquire(run.run_id, run.name)
        # only now that nobody else can train it, its status is final
        status = (self.get(run.run_id) or run).status
        if status.resumable or status.active:
            return lock
        lock.release()
        raise StoreError(f"Run {run.name} is {status}: there is nothing to resume.")

    def _execute(self, sql: str, *arguments: object) -> list[sqlite3.Row]:
        with self._explaining():
            return self._connection.execute(sql, arguments).fetchall()

    def _update(self, run: RunRecord, **columns: object) -> None:
        with self._explaining():
            update_run(self._connection, run.run_id, **columns)

    def _records(self, where: str, *arguments: str | None) -> list[RunRecord]:
        with self._explaining():
            return self._reader.records(where, *arguments)

    @contextmanager
    def _explaining(self, run_id: str = "") -> Iterator[None]:
        """Raise what SQLite raises inside as a StoreError that says what to do.

        Args:
            run_id: the run whose values are read inside, so that damaged values of it are a
                StoreError as well.
        """
        self._file.check()
        try:
            yield
        except FAULTS as error:
            raise as_store_error(error, self._path) from error
        except (TypeError, ValueError) as error:
            if not run_id:
                raise
            raise StoreError(
                f"What was logged of run {run_id} is damaged in the database of runs; "
                f"rnn-tui runs delete {run_id} removes it."
            ) from error

    @contextmanager
    def _reading(self, run_id: str = "") -> Iterator[None]:
        """Explain errors like `_explaining`, and read everything inside as of one moment.

        Otherwise a process that trains could write more between two queries.
        """
        with self._explaining(run_id), transaction(self._connection, "DEFERRED"):
            yield


def existing_store() -> AbstractContextManager[RunStore | None]:
    """Return the store, or None if there is no database yet: to look for runs makes none."""
    return RunStore() if run_database().exists() else nullcontext()


def check_name(name: str) -> str:
    """Return a name for a run without spaces around it; a SettingError if it can be none."""
    name = name.strip()
    _check_line("name", name, LONGEST_NAME)
    if name == LAST or name.startswith("-"):
        raise SettingError(f"“{name}” can't be a name, since a command would misread it.")
    return name


def _check_line(noun: str, text: str, longest: int) -> None:
    """Raise a SettingError if `text` is empty, too long or more than one line."""
    if not text or printable(text, longest) != text:
        raise SettingError(f"A {noun} has 1 to {longest} characters in one line.")


def _where(deleted: bool) -> str:
    """Return the SQL for runs, the newest first.

    Its parameter is the task, or None for every task.
    """
    state = "NOT NULL" if deleted else "NULL"
    return f"WHERE deleted IS {state} AND (?1 IS NULL OR task = ?1) ORDER BY created DESC, id DESC"
