"""The tables of the database, and how those of an earlier version become those of this one.

A version is a number in the file (`PRAGMA user_version`); each entry of `MIGRATIONS` leads from the
version before to the next. What has been released is never changed: what follows goes below.
"""

import sqlite3

from rnn_tui.engine.errors import StoreError, printable

# "rnnt": tells our files from any other program's.
APPLICATION_ID = 0x726E6E74

_FIRST = (
    """
    CREATE TABLE runs (
        id TEXT PRIMARY KEY,
        name TEXT NOT NULL UNIQUE,
        task TEXT NOT NULL,
        model TEXT NOT NULL,
        preset TEXT NOT NULL,
        config TEXT NOT NULL,             -- JSON, RunConfig.to_dict
        created REAL NOT NULL,            -- seconds since 1970
        updated REAL NOT NULL,
        status TEXT NOT NULL,             -- as last written; a killed process writes nothing
        step INTEGER NOT NULL DEFAULT 0,
        total_steps INTEGER NOT NULL DEFAULT 0,
        steps_per_epoch INTEGER NOT NULL DEFAULT 1,
        samples_per_epoch INTEGER NOT NULL DEFAULT 0,
        parameters INTEGER NOT NULL DEFAULT 0,
        device TEXT NOT NULL DEFAULT '',
        elapsed REAL NOT NULL DEFAULT 0,  -- seconds of training, pauses left out
        specs TEXT NOT NULL DEFAULT '[]', -- JSON, metric specs
        metric TEXT NOT NULL DEFAULT '',  -- which one `best` and `last` are of
        best REAL,
        last REAL,
        final_metric TEXT NOT NULL DEFAULT '',
        final REAL,
        message TEXT NOT NULL DEFAULT '',
        note TEXT NOT NULL DEFAULT '',
        deleted REAL                      -- when; NULL for runs that are shown
    )
    """,
    "CREATE INDEX runs_by_age ON runs (created)",
    """
    CREATE TABLE sessions (               -- one for each time that a process trained the run
        run_id TEXT NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
        started REAL NOT NULL,
        first_step INTEGER NOT NULL,
        host TEXT NOT NULL,
        pid INTEGER NOT NULL,
        process_started REAL NOT NULL,
        device TEXT NOT NULL,
        workers INTEGER NOT NULL,
        versions TEXT NOT NULL,           -- JSON, packages and system
        PRIMARY KEY (run_id, started)
    ) WITHOUT ROWID
    """,
    """
    CREATE TABLE tags (
        run_id TEXT NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
        tag TEXT NOT NULL,
        PRIMARY KEY (run_id, tag)
    ) WITHOUT ROWID
    """,
    """
    CREATE TABLE moments (                -- when something was logged
        run_id TEXT NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
        kind TEXT NOT NULL CHECK (kind IN ('step', 'epoch', 'test')),
        step INTEGER NOT NULL,
        epoch INTEGER,
        elapsed REAL NOT NULL,
        rate REAL,                        -- samples a second
        seconds REAL,                     -- of the epoch
        PRIMARY KEY (run_id, kind, step)
    ) WITHOUT ROWID
    """,
    """
    CREATE TABLE points (                 -- what was logged then
        run_id TEXT NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
        kind TEXT NOT NULL CHECK (kind IN ('step', 'epoch', 'test')),
        metric TEXT NOT NULL,
        step INTEGER NOT NULL,
        value REAL,                       -- NULL for NaN, and where there are replicas
        replicas BLOB,                    -- a little-endian double for each
        PRIMARY KEY (run_id, kind, metric, step)
    ) WITHOUT ROWID
    """,
    """
    CREATE TABLE lines (                  -- sentences for the log
        id INTEGER PRIMARY KEY,
        run_id TEXT NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
        at REAL NOT NULL,
        level TEXT NOT NULL,
        text TEXT NOT NULL
    )
    """,
    "CREATE INDEX lines_of_run ON lines (run_id)",
)

MIGRATIONS: tuple[tuple[str, ...], ...] = (_FIRST,)


def migrate(connection: sqlite3.Connection, shown: str) -> bool:
    """Bring a database to the newest version, wholly or not at all; returns whether it was empty.

    Args:
        connection: in autocommit mode.
        shown: the file's name for messages.

    Raises:
        StoreError: if it is another program's, or of a later version.
        sqlite3.Error: as SQLite does.
    """
    if version_of(connection, shown) == len(MIGRATIONS):
        return False
    connection.execute("BEGIN IMMEDIATE")
    try:
        before = version_of(connection, shown)  # another process may have been quicker
        for number, statements in enumerate(MIGRATIONS[before:], start=before + 1):
            for statement in statements:
                connection.execute(statement)
            connection.execute(f"PRAGMA user_version = {number}")
        connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise
    return before == 0


def version_of(connection: sqlite3.Connection, shown: str) -> int:
    """The version of a database, 0 of an empty one; only looks.

    Raises:
        StoreError: if it is another program's, or of a later version.
    """
    # In one statement: between two, another process may make it.
    version, owner, tables = connection.execute(
        "SELECT (SELECT user_version FROM pragma_user_version),"
        " (SELECT application_id FROM pragma_application_id),"
        " (SELECT count(*) FROM sqlite_schema)"
    ).fetchone()
    if owner != APPLICATION_ID and (owner or version or tables):
        raise StoreError(
            f"{shown} is another program's database; move it away, or choose another place "
            "(RNN_TUI_HOME moves all runs)."
        )
    if version > len(MIGRATIONS):
        raise StoreError(
            f"The database of runs {shown} was written by a later rnn-tui (its version is "
            f"{printable(version)}, this one knows {len(MIGRATIONS)}); update rnn-tui."
        )
    return int(version)
