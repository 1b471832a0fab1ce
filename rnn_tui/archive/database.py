"""Opens the database of runs, explains what is wrong with it, and names runs for a shell."""

import os
import sqlite3
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Literal, Self

from rnn_tui.archive import LAST
from rnn_tui.engine import waits
from rnn_tui.engine.errors import StoreError, StoreGoneError, printable
from rnn_tui.engine.files.paths import run_database

PATIENCE_SECONDS = 5.0  # how long to wait for other processes, which write for milliseconds
# words in what SQLite says of a damaged database
_WORDS_OF_DAMAGE = (
    "malformed",
    "not a database",
    "encrypted",
    "no such column",
    "no such table",
    "has no column",
    "columns but",
    "may not be modified",
    "cannot modify",
)
MOST_NAMES = 500  # more than a shell lists without asking first
LONGEST_TYPED = 200  # characters, more than a name has
_COMPLETION_PATIENCE = 0.1  # seconds: a user waits for the names after a key
# what SQLite raises; the second if the names in a damaged schema are no text
FAULTS = (sqlite3.Error, UnicodeDecodeError)
_ELSEWHERE = "choose another place (RNN_TUI_HOME moves all runs)"


def connect(path: Path) -> tuple[sqlite3.Connection, bool]:
    """Open the database, and make it or bring it to the newest version if that is needed.

    Returns:
        A connection in autocommit mode, for one thread at a time; and whether its tables are new.

    Raises:
        StoreError: it can't be used, or is another program's.
    """
    path_shown = printable(path, 200)
    with ExitStack() as undo:
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            connection = sqlite3.connect(
                path, timeout=PATIENCE_SECONDS, isolation_level=None, check_same_thread=False
            )
            undo.callback(connection.close)
            connection.row_factory = sqlite3.Row
            # a text that is no UTF-8 must not keep all other rows from being read
            connection.text_factory = partial(str, encoding="utf-8", errors="replace")
            version_of(connection, path_shown)  # before anything of another program's is changed
            connection.execute("PRAGMA foreign_keys = ON")
            _write_ahead(connection)
            # values that a checkpoint builds on must be on the disk before it
            connection.execute("PRAGMA synchronous = FULL")
            created = migrate(connection, path_shown)
        except (OSError, *FAULTS) as error:
            raise as_store_error(error, path) from error
        undo.pop_all()
    return connection, created


def _write_ahead(connection: sqlite3.Connection) -> None:
    """Switch to the write-ahead log, with which readers and one writer work at once.

    SQLite does not wait by itself if several processes switch, so that this tries again.
    """
    with waits.Waiting("the log of the database", PATIENCE_SECONDS) as waiting:
        while connection.execute("PRAGMA journal_mode").fetchone()[0] != "wal":
            try:
                connection.execute("PRAGMA journal_mode = WAL").fetchone()
                return  # other file systems refuse, and have their own way
            except sqlite3.OperationalError as error:
                if "locked" not in str(error) or waiting.is_over:  # or the disk is full
                    raise
                waiting.pause(0.01)


@contextmanager
def transaction(
    connection: sqlite3.Connection, kind: Literal["IMMEDIATE", "DEFERRED"] = "IMMEDIATE"
) -> Iterator[sqlite3.Connection]:
    """Open a transaction: everything written inside is stored, or nothing.

    A `DEFERRED` one is for reading: all that is read inside is as of one moment.
    """
    with waits.Waiting("another process that writes to the database", PATIENCE_SECONDS):
        connection.execute(f"BEGIN {kind}")
    try:
        yield connection
        with waits.Waiting("the disk of the database"):
            connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


@dataclass(frozen=True)
class OpenFile:
    """The file of a database that is open, which others may remove or replace meanwhile.

    SQLite would go on with the file that nobody sees any more, and what it writes would be lost.
    """

    path: Path
    status: os.stat_result | None  #: of the file when it was opened; None if that is unknown.

    @classmethod
    def at(cls, path: Path) -> Self:
        """Return the file that is at a path now."""
        try:
            return cls(path, path.stat())
        except OSError:
            return cls(path, None)

    @property
    def is_in_place(self) -> bool:
        """Whether it is still at its path."""
        try:
            return self.status is not None and os.path.samestat(self.path.stat(), self.status)
        except OSError:
            return False

    def check(self) -> None:
        """Do nothing if it is still at its path.

        Raises:
            StoreGoneError: if it is not.
        """
        if not self.is_in_place:
            raise StoreGoneError(
                f"The database of runs {printable(self.path, 200)} was removed or replaced while "
                "it was open; put it back, or what was kept in it is lost."
            )


def as_store_error(error: sqlite3.Error | UnicodeDecodeError | OSError, path: Path) -> StoreError:
    """Return the error for what SQLite or the file system says: what is wrong, and what to do."""
    if isinstance(error, UnicodeDecodeError):
        reason = "malformed names"
    else:
        reason = getattr(error, "strerror", None) or str(error)
    if any(word in reason for word in _WORDS_OF_DAMAGE):
        problem = f"is damaged ({printable(reason)})"
        remedy = "move it away, and rnn-tui makes a new one from the weights that are kept"
    elif "locked" in reason:
        problem = "is locked by another program"
        remedy = f"end that, or {_ELSEWHERE}"
    else:
        problem = f"can't be used ({printable(reason)})"
        remedy = f"check the space and the permissions there, or {_ELSEWHERE}"
    return StoreError(f"The database of runs {printable(path, 200)} {problem}; {remedy}.")


APPLICATION_ID = 0x726E6E74  # "rnnt": marks a file as a database of rnn-tui

# for each version, the statements that bring a database from the version before to it
MIGRATIONS: tuple[tuple[str, ...], ...] = (
    tuple(Path(__file__).with_suffix(".sql").read_text(encoding="utf-8").split("\n\n")),
    # how busy the machine was: `whole` of `MachineSeen` as JSON
    ("ALTER TABLE sessions ADD COLUMN load TEXT NOT NULL DEFAULT '{}'",),
    (
        # `plan` is the sweep's as JSON, `point` the settings of a trial
        "CREATE TABLE sweeps (name TEXT PRIMARY KEY, created REAL NOT NULL, plan TEXT NOT NULL) "
        "WITHOUT ROWID",
        "CREATE TABLE trials (run_id TEXT PRIMARY KEY REFERENCES runs (id) ON DELETE CASCADE, "
        "sweep TEXT NOT NULL,"
        " number INTEGER NOT NULL, point TEXT NOT NULL, pruned INTEGER NOT NULL) WITHOUT ROWID",
        "CREATE INDEX trials_of_sweep ON trials (sweep, number)",
    ),
)


def migrate(connection: sqlite3.Connection, path_shown: str) -> bool:
    """Bring a database in autocommit mode to the newest version, wholly or not at all.

    Returns:
        Whether it was empty.

    Raises:
        StoreError: as `version_of` does.
    """
    if version_of(connection, path_shown) == len(MIGRATIONS):
        return False
    with transaction(connection):
        old_version = version_of(connection, path_shown)  # another process may have been quicker
        for version, statements in enumerate(MIGRATIONS[old_version:], start=old_version + 1):
            for statement in statements:
                connection.execute(statement)
            connection.execute(f"PRAGMA user_version = {version}")
        connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
    return old_version == 0


def version_of(connection: sqlite3.Connection, path_shown: str) -> int:
    """Return the version of a database, 0 of an empty one.

    Args:
        connection: the database.
        path_shown: its path, for the error.

    Raises:
        StoreError: it is another program's or a later version's, or it runs code when it is read.
    """
    # in one statement: between two, another process may make it
    version, owner, tables, with_code = connection.execute(
        "SELECT (SELECT user_version FROM pragma_user_version), (SELECT application_id FROM "
        "pragma_application_id),"
        " (SELECT count(*) FROM sqlite_schema),"
        " (SELECT name FROM sqlite_schema WHERE type IN ('view', 'trigger') OR sql LIKE 'CREATE "
        "VIRTUAL%')"
    ).fetchone()
    if owner != APPLICATION_ID and (owner or version or tables):
        raise StoreError(
            f"{path_shown} is another program's database; move it away, or {_ELSEWHERE}."
        )
    if with_code is not None:  # it would be run whenever something is read or written
        raise StoreError(
            f"The database of runs {path_shown} has something that rnn-tui never writes, "
            f"“{printable(with_code)}”; move it away, and rnn-tui makes a new one from the weights "
            "that are kept."
        )
    if version > len(MIGRATIONS):
        raise StoreError(
            f"The database of runs {path_shown} was written by a later rnn-tui (its version is "
            f"{printable(version)}, this one knows {len(MIGRATIONS)}); update rnn-tui."
        )
    return int(version)


def names_to_type(*, deleted: bool = False) -> list[str]:
    """Return the words that a shell offers for a run: `last`, then names, the newest first.

    A run whose name can't be typed is offered by its id. Empty if there are no runs, or the
    database can't be read at once.

    Args:
        deleted: whether the deleted runs are offered, in place of the others.
    """
    state = "NOT NULL" if deleted else "NULL"
    rows = read_names(
        f"deleted IS {state} ORDER BY created DESC, id DESC LIMIT {MOST_NAMES}",
        _COMPLETION_PATIENCE,
    )
    if not rows:
        return []
    words = [LAST]
    for name, run_id in rows:
        if _can_be_typed(name):
            words.append(name)
        elif _can_be_typed(run_id):
            words.append(run_id)
    return words


def read_names(condition: str, patience: float = PATIENCE_SECONDS) -> list[tuple[Any, Any]]:
    """Return the names and ids of runs, unchecked; empty if the database can't be read.

    Args:
        condition: which runs, in SQL.
        patience: how many seconds to wait for other processes.
    """
    uri = f"{run_database().absolute().as_uri()}?mode=ro"
    try:
        with closing(sqlite3.connect(uri, uri=True, timeout=patience)) as connection:
            connection.text_factory = partial(str, encoding="utf-8", errors="replace")
            version_of(connection, "")
            return connection.execute(f"SELECT name, id FROM runs WHERE {condition}").fetchall()
    except (*FAULTS, StoreError):
        return []


def _can_be_typed(name: object) -> bool:
    """Return whether a command reads a word as a name: one short line of text, and no option."""
    return (
        isinstance(name, str)
        and name not in ("", LAST)
        and name[0] != "-"
        and printable(name, LONGEST_TYPED) == name
    )
