"""Opening the database, and saying in a sentence what is wrong with it."""

import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from rnn_tui.engine.errors import StoreError, printable
from rnn_tui.runs.schema import migrate, version_of

# How long to wait for other processes, which write for milliseconds.
PATIENCE_SECONDS = 5.0
DAMAGED = ("malformed", "not a database", "encrypted")


def connect(path: Path, *, patience: float | None = None) -> tuple[sqlite3.Connection, bool]:
    """A connection in autocommit mode, with tables of this version, and whether they are new.

    Any thread may use it, one at a time.

    Args:
        path: the database.
        patience: seconds to wait for a lock; `PATIENCE_SECONDS` by default.

    Raises:
        StoreError: if it can't be used.
    """
    shown = printable(path, 200)
    patience = PATIENCE_SECONDS if patience is None else patience
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StoreError(_cannot(shown, error.strerror or str(error))) from error
    try:
        connection = sqlite3.connect(
            path, timeout=patience, isolation_level=None, check_same_thread=False
        )
    except sqlite3.Error as error:
        raise explained(error, path) from error
    try:
        version_of(connection, shown)  # what is not ours is not touched
        connection.execute("PRAGMA foreign_keys = ON")
        _write_ahead(connection, patience)
        # A value that a checkpoint builds on must be on the disk before the checkpoint is.
        connection.execute("PRAGMA synchronous = FULL")
        created = migrate(connection, shown)
    except sqlite3.Error as error:
        connection.close()
        raise explained(error, path) from error
    except StoreError:
        connection.close()
        raise
    return connection, created


def _write_ahead(connection: sqlite3.Connection, patience: float) -> None:
    """Let readers and one writer work at once.

    SQLite does not wait by itself where several processes change this at the same moment.
    """
    until = time.monotonic() + patience
    while connection.execute("PRAGMA journal_mode").fetchone()[0] != "wal":
        try:
            connection.execute("PRAGMA journal_mode = WAL").fetchone()
            return  # other file systems refuse, and have their own way
        except sqlite3.OperationalError:
            if time.monotonic() > until:
                raise
            time.sleep(0.01)


@contextmanager
def transaction(connection: sqlite3.Connection) -> Iterator[sqlite3.Connection]:
    """All that is written inside, or nothing."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield connection
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


def explained(error: sqlite3.Error, path: Path) -> StoreError:
    """What SQLite says, in a sentence with what to do."""
    shown, reason = printable(path, 200), str(error)
    if any(word in reason for word in DAMAGED):
        return StoreError(
            f"The database of runs {shown} is damaged ({printable(reason)}); move it away, and "
            "rnn-tui makes a new one from the weights that are kept."
        )
    if "locked" in reason:
        return StoreError(
            f"The database of runs {shown} is locked by another program; end that, or choose "
            "another place (RNN_TUI_HOME moves all runs)."
        )
    return StoreError(_cannot(shown, reason))


def _cannot(shown: str, reason: str) -> str:
    return (
        f"The database of runs {shown} can't be used ({printable(reason)}); see to the space and "
        "the permissions there, or choose another place (RNN_TUI_HOME moves all runs)."
    )
