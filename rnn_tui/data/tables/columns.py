"""Take labels, groups and parts out of the columns of a table, whichever way round it is."""

from typing import Any

import numpy as np

from rnn_tui.data.columns import ColumnKind
from rnn_tui.data.description import LONGEST_NAME
from rnn_tui.data.files.table import Table
from rnn_tui.data.given_parts import parts_by_words
from rnn_tui.data.roles.record import Roles
from rnn_tui.data.sequences import Flags, Floats, Label, Places, Words
from rnn_tui.engine.errors import DataError, printable


def groups_of(table: Table, roles: Roles, rows: Places) -> dict[str, Any]:
    """Return `groups`, `members` and `grouped_by` of sequences, by a row of each, if there are any.

    Raises:
        DataError: if a row has none.
    """
    if roles.group is None:
        return {}
    column = table.columns[roles.group]
    without = np.flatnonzero(column.missing[rows])
    if len(without):
        raise DataError(
            f"{table.at(int(rows[without[0]]))} has no group in the column {column.name}; complete "
            f"it or delete it (--ignore {column.name} does without groups)."
        )
    codes, names = column.codes()
    kept, members = np.unique(codes[rows], return_inverse=True)
    groups = tuple(printable(names[code], LONGEST_NAME) for code in kept.tolist())
    return {
        "groups": groups,
        "members": members.astype(np.int64),
        "grouped_by": column.name,
    }


def given_of(table: Table, roles: Roles) -> Places:
    """Return the parts (R,) that a column says of rows; (0,) without one."""
    if roles.split is None:
        return np.zeros(0, np.int64)
    column = table.columns[roles.split]
    codes, words = column.codes()
    return parts_by_words(words, codes, column.name)


def given_by(table: Table, roles: Roles) -> str:
    """Return the name of the column that says the part of each row; none without one."""
    return "" if roles.split is None else table.columns[roles.split].name


def tests_of(table: Table) -> Flags:
    """Return which rows (R,) are of a second file."""
    rows = np.arange(table.rows)
    return rows >= (table.rows if table.test_from is None else table.test_from)


def label_of(table: Table, place: int, *, every_step: bool) -> Label:
    """Return the label that a column holds; raises `DataError` if it holds dates."""
    column = table.columns[place]
    values: Floats | Words = column.words if column.is_text else column.numbers
    if column.kind is ColumnKind.DATE:
        raise DataError(f"The label {column.name} holds dates; classes or numbers are learned.")
    is_class = place == table.label and bool(table.classes)
    return Label(column.name, every_step, values, table.classes if is_class else (), is_class)


def check_number(table: Table, place: int, advice: str) -> None:
    """Refuse an input that is no column of numbers, with advice on a cell that is none."""
    table.check_numbers(place, advice)
    column = table.columns[place]
    if column.kind not in (ColumnKind.NUMBER, ColumnKind.EMPTY):
        raise DataError(
            f"The column {column.name} holds {column.kind}s and can't be read as numbers; leave it "
            "out (--ignore)."
        )
