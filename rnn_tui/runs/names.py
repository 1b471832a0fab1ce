"""What names runs, read within milliseconds and without writing: a shell asks at every press of Tab."""

import sqlite3
from contextlib import closing
from functools import partial

from rnn_tui.engine.errors import StoreError, printable
from rnn_tui.engine.paths import run_database
from rnn_tui.runs import LAST
from rnn_tui.runs.database import FAULTS, version_of

# More than a shell lists without asking first, and than a name has.
MOST_NAMES, LONGEST = 500, 200


def names_to_type(*, deleted: bool = False) -> list[str]:
    """`last`, then the names of runs, the newest first, or the ids of those whose name can't be typed.

    None where the database can't be read within a tenth of a second; `deleted` as for `RunStore.runs`.
    """
    which = f"deleted IS {'NOT ' if deleted else ''}NULL ORDER BY created DESC, id DESC LIMIT {MOST_NAMES}"
    try:
        with closing(sqlite3.connect(f"{run_database().absolute().as_uri()}?mode=ro", uri=True, timeout=0.1)) as connection:
            connection.text_factory = partial(str, encoding="utf-8", errors="replace")
            version_of(connection, "")
            rows = connection.execute(f"SELECT name, id FROM runs WHERE {which}").fetchall()
    except (*FAULTS, StoreError):
        return []
    known = (next(filter(_can_be_typed, row), None) for row in rows)
    return [LAST, *(text for text in known if text)] if rows else []


def _can_be_typed(name: object) -> bool:
    """Whether a command takes this for a name: one short line of text, and no option."""
    return isinstance(name, str) and name not in ("", LAST) and name[0] != "-" and printable(name, LONGEST) == name
