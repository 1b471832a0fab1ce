"""Opening the database, saying in a sentence what is wrong with it, and naming runs for a shell at
once.
"""

import sqlite3
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from functools import partial
from pathlib import Path
from typing import Any, Literal

from rnn_tui.engine.errors import StoreError, printable
from rnn_tui.engine.paths import run_database
from rnn_tui.runs import LAST

PATIENCE_SECONDS = 5.0  # how long to wait for other processes, which write for milliseconds
DAMAGED = (
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
# more names than a shell lists without asking first, and more characters than a name has
MOST_NAMES, LONGEST_TYPED = 500, 200
# of a damaged schema, what SQLite says of it may itself be no text
FAULTS = (sqlite3.Error, UnicodeDecodeError)
_ELSEWHERE = "choose another place (RNN_TUI_HOME moves all runs)"


def connect(path: Path) -> tuple[sqlite3.Connection, bool]:
    """A connection in autocommit mode, for one thread at a time, and whether its tables are new; or
    a StoreError.
    """
    shown = printable(path, 200)
    with ExitStack() as undo:
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            connection = sqlite3.connect(
                path, timeout=PATIENCE_SECONDS, isolation_level=None, check_same_thread=False
            )
            undo.callback(connection.close)
            connection.row_factory = sqlite3.Row
            # A text that is no UTF-8 must not keep all other rows from being read.
            connection.text_factory = partial(str, encoding="utf-8", errors="replace")
            version_of(connection, shown)  # what is not ours is not touched
            connection.execute("PRAGMA foreign_keys = ON")
            _write_ahead(connection)
            # values that a checkpoint builds on must be on the disk before it
            connection.execute("PRAGMA synchronous = FULL")
            created = migrate(connection, shown)
        except (OSError, *FAULTS) as error:
            raise explained(error, path) from error
        undo.pop_all()
    return connection, created


def _write_ahead(connection: sqlite3.Connection) -> None:
    """Let readers and one writer work at once; SQLite does not wait by itself where several
    processes change this.
    """
    until = time.monotonic() + PATIENCE_SECONDS
    while connection.execute("PRAGMA journal_mode").fetchone()[0] != "wal":
        try:
            connection.execute("PRAGMA journal_mode = WAL").fetchone()
            return  # other file systems refuse, and have their own way
        except sqlite3.OperationalError as error:
            if "locked" not in str(error) or time.monotonic() > until:  # or the disk is full
                raise
            time.sleep(0.01)


@contextmanager
def transaction(
    connection: sqlite3.Connection, kind: Literal["IMMEDIATE", "DEFERRED"] = "IMMEDIATE"
) -> Iterator[sqlite3.Connection]:
    """All that is written inside, or nothing; where it is `DEFERRED`, all that is read inside is of
    one moment.
    """
    connection.execute(f"BEGIN {kind}")
    try:
        yield connection
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


def explained(error: sqlite3.Error | UnicodeDecodeError | OSError, path: Path) -> StoreError:
    """What SQLite or the file system says, in a sentence with what to do."""
    reason = (
        "malformed names"
        if isinstance(error, UnicodeDecodeError)
        else getattr(error, "strerror", None) or str(error)
    )
    if any(word in reason for word in DAMAGED):
        what = (
            f"is damaged ({printable(reason)}); move it away, and rnn-tui makes a new one from "
            "the weights that are kept"
        )
    elif "locked" in reason:
        what = f"is locked by another program; end that, or {_ELSEWHERE}"
    else:
        what = (
            f"can't be used ({printable(reason)}); check the space and the permissions there, or "
            f"{_ELSEWHERE}"
        )
    return StoreError(f"The database of runs {printable(path, 200)} {what}.")


APPLICATION_ID = 0x726E6E74  # "rnnt": tells our files from any other program's

MIGRATIONS: tuple[tuple[str, ...], ...] = (  # the statements that bring a database to each version
    tuple(Path(__file__).with_suffix(".sql").read_text(encoding="utf-8").split("\n\n")),
    # JSON: how busy it was, `whole` of `MachineSeen`
    ("ALTER TABLE sessions ADD COLUMN load TEXT NOT NULL DEFAULT '{}'",),
    (
        # Of a sweep its plan as JSON; of its runs the trial's number and settings, and whether that
        # was pruned.
        "CREATE TABLE sweeps (name TEXT PRIMARY KEY, created REAL NOT NULL, plan TEXT NOT NULL) "
        "WITHOUT ROWID",
        "CREATE TABLE trials (run_id TEXT PRIMARY KEY REFERENCES runs (id) ON DELETE CASCADE, "
        "sweep TEXT NOT NULL,"
        " number INTEGER NOT NULL, point TEXT NOT NULL, pruned INTEGER NOT NULL) WITHOUT ROWID",
        "CREATE INDEX trials_of_sweep ON trials (sweep, number)",
    ),
)


def migrate(connection: sqlite3.Connection, shown: str) -> bool:
    """Bring a database in autocommit mode to the newest version, wholly or not at all; returns
    whether it was empty.
    """
    if version_of(connection, shown) == len(MIGRATIONS):
        return False
    with transaction(connection):
        before = version_of(connection, shown)  # another process may have been quicker
        for number, statements in enumerate(MIGRATIONS[before:], start=before + 1):
            for statement in statements:
                connection.execute(statement)
            connection.execute(f"PRAGMA user_version = {number}")
        connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
    return before == 0


def version_of(connection: sqlite3.Connection, shown: str) -> int:
    """The version of a database, 0 of an empty one; a StoreError if it is another program's, a
    later one or tampered with.
    """
    # in one statement: between two, another process may make it
    version, owner, tables, foreign = connection.execute(
        "SELECT (SELECT user_version FROM pragma_user_version), (SELECT application_id FROM "
        "pragma_application_id),"
        " (SELECT count(*) FROM sqlite_schema),"
        " (SELECT name FROM sqlite_schema WHERE type IN ('view', 'trigger') OR sql LIKE 'CREATE "
        "VIRTUAL%')"
    ).fetchone()
    if owner != APPLICATION_ID and (owner or version or tables):
        raise StoreError(f"{shown} is another program's database; move it away, or {_ELSEWHERE}.")
    if foreign is not None:  # it would be run whenever something is read or written
        what = f"has something that rnn-tui never writes, “{printable(foreign)}”; move it away"
        raise StoreError(
            f"The database of runs {shown} {what}, and rnn-tui makes a new one from the weights "
            "that are kept."
        )
    if version > len(MIGRATIONS):
        what = (
            f"was written by a later rnn-tui (its version is {printable(version)}, this one "
            f"knows {len(MIGRATIONS)})"
        )
        raise StoreError(f"The database of runs {shown} {what}; update rnn-tui.")
    return int(version)


def names_to_type(*, deleted: bool = False) -> list[str]:
    """`last`, then names of runs, the newest first, or ids for names that can't be typed; none if
    that takes too long.
    """
    rows = read_names(
        f"deleted IS {'NOT ' if deleted else ''}NULL ORDER BY created DESC, id DESC LIMIT "
        f"{MOST_NAMES}",
        0.1,
    )
    return (
        [LAST, *filter(None, (next(filter(_can_be_typed, row), None) for row in rows))]
        if rows
        else []
    )


def read_names(which: str, patience: float = PATIENCE_SECONDS) -> list[tuple[Any, Any]]:
    """Names and ids of the runs that an SQL condition is true of, as they stand there; none where
    that fails.
    """
    place = f"{run_database().absolute().as_uri()}?mode=ro"
    try:
        with closing(sqlite3.connect(place, uri=True, timeout=patience)) as connection:
            connection.text_factory = partial(str, encoding="utf-8", errors="replace")
            version_of(connection, "")
            return connection.execute(f"SELECT name, id FROM runs WHERE {which}").fetchall()
    except (*FAULTS, StoreError):
        return []


def _can_be_typed(name: object) -> bool:
    """Whether a command takes this for a name: one short line of text, and no option."""
    return (
        isinstance(name, str)
        and name not in ("", LAST)
        and name[0] != "-"
        and printable(name, LONGEST_TYPED) == name
    )
