"""The runs as commands and tables ask for them: list, find, rename, tag, delete and undo."""

import shutil
import sqlite3
import time
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext, suppress
from functools import reduce
from typing import Self

from rnn_tui.engine.config import RunConfig
from rnn_tui.engine.errors import (
    SafeText,
    SettingError,
    StoreError,
    printable,
    printable_lines,
    why,
)
from rnn_tui.engine.paths import lock_dir, run_database, run_dir
from rnn_tui.engine.state import RunState, Status
from rnn_tui.runs import LAST
from rnn_tui.runs.columns import LONGEST_NAME, LONGEST_NOTE, LONGEST_TAG, values_of
from rnn_tui.runs.curves import Curve, without_seeds
from rnn_tui.runs.database import FAULTS, connect, explained, transaction
from rnn_tui.runs.database_rows import RecordReader, events_of, sessions, update_run
from rnn_tui.runs.locks import RunLock, is_held, leave_request, lock_of_sweep
from rnn_tui.runs.logged_values import (
    MOST_DRAWN,
    Kind,
    LoggedValues,
    logged_metrics,
    metric_name,
    read_curves,
    read_logged_values,
    read_outline,
)
from rnn_tui.runs.recorder import Spill, adopt_folders, take_in, write_lacking
from rnn_tui.runs.run_record import RunRecord, Session, id_of_row, run_condition

DAYS_TO_UNDO = 30  # deleted runs can be had back for this long
_MOST_NAMED = 3


class RunStore:
    """The user's database of runs, made where there is none, for one thread; methods raise
    StoreError if it can't be used.
    """

    def __init__(self) -> None:
        self._path = run_database()
        self._connection, created = connect(self._path)
        self._reader = RecordReader(self._connection)
        with ExitStack() as undo, self._explaining():
            undo.callback(self.close)
            take_in(self._connection)
            if created:
                adopt_folders(self._connection)
            undo.pop_all()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the database."""
        self._connection.close()

    def runs(
        self, task: str | None = None, *, deleted: bool = False, most: int = -1
    ) -> list[RunRecord]:
        """All runs, or those of a task, the newest first; with `deleted` those that can be had back
        in place of the others.
        """
        return self._records(f"{_where(deleted)} LIMIT {most}", task)

    def names(self, *, deleted: bool = False) -> dict[str, SafeText]:
        """The names of runs by their ids, the newest first; `deleted` as for `runs`."""
        rows = self._execute(f"SELECT rowid, id, name FROM runs {_where(deleted)}", None)
        return {id_of_row(row): printable(row["name"], LONGEST_NAME) for row in rows}

    def interrupted(self) -> list[RunRecord]:
        """The runs that were interrupted, the newest first."""
        where = (
            "WHERE deleted IS NULL AND status NOT IN ('finished', 'stopped', 'failed') ORDER BY "
            "created DESC"
        )
        return [run for run in self._records(where) if run.status is Status.INTERRUPTED]

    def get(self, run_id: str) -> RunRecord | None:
        """The run of that id, deleted or not; None if there is none."""
        found = self._records(f"WHERE {run_condition(run_id)}", run_id)
        return found[0] if found else None

    def find(self, text: str, *, deleted: bool = False) -> RunRecord:
        """The run that a user means, or a StoreError: by its id, its name, the beginning of its id,
        or `last`, the newest.
        """
        names = self.names(deleted=deleted)
        newest = list(names)[:1] if text == LAST else []
        called = printable(text, LONGEST_NAME)
        by_name = [run_id for run_id, name in names.items() if name == called]
        beginning = [run_id for run_id in names if text and run_id.startswith(text)]
        for fitting in (newest, [text] if text in names else [], by_name, beginning):
            if len(fitting) == 1 and (found := self.get(fitting[0])):
                return found
        if beginning:
            some = ", ".join(map(printable, beginning[:_MOST_NAMED]))
            more = ", …" if len(beginning) > _MOST_NAMED else ""
            raise StoreError(
                f"{len(beginning)} runs begin with “{printable(text)}”: {some}{more}; type more."
            )
        raise StoreError(f"There is no run “{printable(text)}”; rnn-tui runs lists them.")

    def logged_values(self, run_id: str, kind: Kind | None = None) -> list[LoggedValues]:
        """Every value that was logged of a run, by step."""
        with self._reading(run_id):
            return read_logged_values(self._connection, run_id, kind)

    def outlines(self, runs: Sequence[RunRecord], metric: str) -> list[tuple[RunRecord, Curve]]:
        """A metric over runs, of long ones as much as a chart can show: by step where it was logged
        so, else by epoch.
        """
        groups: dict[RunConfig, list[RunRecord]] = {}
        for run in runs:
            groups.setdefault(without_seeds(run.config), []).append(run)
        curves: dict[str, Curve] = {}
        for some in groups.values():
            with self._reading(some[0].run_id):
                found = read_curves(self._connection, some, metric, MOST_DRAWN)
                curves |= zip((run.run_id for run in some), found, strict=True)
        return [(run, curves[run.run_id]) for run in runs]

    def metrics(self, run_id: str) -> list[SafeText]:
        """The names of all that was logged of a run."""
        with self._reading():
            return list(
                dict.fromkeys(
                    metric_name(name) for _, name in logged_metrics(self._connection, run_id)
                )
            )

    def sessions(self, run_id: str) -> list[Session]:
        """The stretches of training, each by one process."""
        with self._explaining():
            return sessions(self._connection, run_id)

    def log(self, run_id: str) -> list[tuple[float, SafeText, SafeText]]:
        """The sentences of a run's log: time, level, text."""
        columns = ("at", "level", "text")
        rows = self._execute(
            f"SELECT {', '.join(columns)} FROM lines WHERE run_id = ? ORDER BY id", run_id
        )
        return [
            (one["at"], one["level"], one["text"])
            for one in (values_of(row, columns)[0] for row in rows)
        ]

    def state(self, run: RunRecord) -> RunState:
        """The state that the run's events led to, for whoever shows runs."""
        with self._reading(run.undamaged.run_id):
            told = events_of(run, read_outline(self._connection, run.run_id), self.log(run.run_id))
            return reduce(RunState.apply, told, RunState(run.run_id, run.config))

    def version(self) -> int:
        """A number that changes when another connection has written something."""
        return int(self._execute("PRAGMA data_version")[0][0])

    def rename(self, run: RunRecord, name: str) -> str:
        """Give a run another name; returns it as it is kept, a SettingError if it is no name or
        another run's.
        """
        name = name.strip()
        _check_line("name", name, LONGEST_NAME)
        if name == LAST or name.startswith("-"):
            raise SettingError(f"“{name}” can't be a name, since a command would misread it.")
        try:
            self._update(run, name=name)
        except StoreError as error:
            if getattr(error.__cause__, "sqlite_errorname", "") != "SQLITE_CONSTRAINT_UNIQUE":
                raise
            raise SettingError(f"Another run has the name “{name}”; choose another.") from error
        return name

    def set_note(self, run: RunRecord, note: str) -> None:
        """Keep a note with a run; a SettingError if it is too long."""
        if len(note) > LONGEST_NOTE:
            raise SettingError(f"A note has at most {LONGEST_NOTE:,} characters.")
        self._update(run, note=printable_lines(note, LONGEST_NOTE))

    def set_tags(self, run: RunRecord, tags: Sequence[str]) -> None:
        """Give a run these tags, in place of those that it has; a SettingError for what is no
        tag.
        """
        wanted = {tag.strip() for tag in tags}
        for tag in wanted:
            _check_line("tag", tag, LONGEST_TAG)
        with self._explaining(), transaction(self._connection):
            self._connection.execute("DELETE FROM tags WHERE run_id = ?", (run.run_id,))
            self._connection.executemany(
                "INSERT INTO tags VALUES (?, ?)", [(run.run_id, tag) for tag in sorted(wanted)]
            )

    def record(self, spill: Spill) -> None:
        """Write what could not be written of a run when it ended."""
        with self._explaining(), transaction(self._connection):
            write_lacking(self._connection, spill)

    def delete(self, run: RunRecord) -> None:
        """Hide a run, a StoreError if it is in training; `restore` brings it back for
        `DAYS_TO_UNDO` days.
        """
        if run.status.active:
            raise StoreError(f"Run {run.name} is in training; stop it first.")
        self._update(run, deleted=time.time())

    def request(self, run: RunRecord, what: str) -> None:
        """Ask who trains a run for one of `locks.REQUESTS`, done within a second; a StoreError if
        nobody can be asked.
        """
        now = self.get(run.run_id) or run
        if not now.status.active:
            raise StoreError(f"Run {run.name} is {now.status}: it is not in training.")
        try:
            leave_request(run.run_id, what)
        except OSError as error:
            reason = f"{why(error)} ({printable(lock_dir(), 200)})"
            raise StoreError(f"Run {run.name} can't be asked to {what}: {reason}.") from error

    def restore(self, run: RunRecord) -> None:
        """Undo a deletion."""
        self._update(run, deleted=None)

    def purge(self, days: float = DAYS_TO_UNDO) -> int:
        """Remove for good what was deleted longer ago; returns how many runs."""
        old = [
            run
            for run in self.runs(deleted=True)
            if run.deleted and run.deleted < time.time() - 86_400 * days
        ]
        for run in old:
            with suppress(FileNotFoundError):
                shutil.rmtree(run_dir() / run.run_id)
            self._execute(f"DELETE FROM runs WHERE {run_condition(run.run_id)}", run.run_id)
        return len(old)

    def claim(self, run: RunRecord) -> RunLock:
        """The right to go on with a run; a StoreError if it trains or can't go on."""
        if run.undamaged.deleted is not None:
            raise StoreError(f"Run {run.name} is deleted; rnn-tui runs restore brings it back.")
        for (sweep,) in self._execute("SELECT sweep FROM trials WHERE run_id = ?", run.run_id):
            if is_held(lock_of_sweep(str(sweep))):
                raise StoreError(
                    f"Run {run.name} belongs to the sweep {printable(sweep)}, which is running; "
                    "stop that first."
                )
        lock = RunLock.acquire(run.run_id, run.name)
        now = self.get(run.run_id) or run
        if now.status.resumable or now.status.active:
            return lock
        lock.release()
        raise StoreError(f"Run {run.name} is {now.status}: there is nothing to resume.")

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
        """What SQLite says becomes a sentence, and so does that a run's values can't be."""
        try:
            yield
        except FAULTS as error:
            raise explained(error, self._path) from error
        except (TypeError, ValueError) as error:
            if not run_id:
                raise
            what = f"What was logged of run {run_id} is damaged in the database of runs"
            raise StoreError(f"{what}; rnn-tui runs delete {run_id} removes it.") from error

    @contextmanager
    def _reading(self, run_id: str = "") -> Iterator[None]:
        """The same where several things are read, all of one moment: meanwhile a process that
        trains may write more.
        """
        with self._explaining(run_id), transaction(self._connection, "DEFERRED"):
            yield


def existing_store() -> AbstractContextManager[RunStore | None]:
    """The runs, or None where there are none yet: a question makes no database."""
    return RunStore() if run_database().exists() else nullcontext()


def _check_line(what: str, text: str, longest: int) -> None:
    """Refuse with a SettingError what is not some text in one line."""
    if not text or printable(text, longest) != text:
        raise SettingError(f"A {what} has 1 to {longest} characters in one line.")


def _where(deleted: bool) -> str:
    """Which runs, the newest first, where the task, or None for any, is a parameter."""
    return (
        f"WHERE deleted IS {'NOT ' if deleted else ''}NULL AND (?1 IS NULL OR task = ?1) ORDER "
        "BY created DESC, id DESC"
    )
