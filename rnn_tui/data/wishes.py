"""Find the columns of a table that the user names."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from rnn_tui.data.files.names import simple
from rnn_tui.data.files.table import Table
from rnn_tui.data.options import ReadingOptions
from rnn_tui.engine.errors import DataError, printable


@dataclass(frozen=True)
class Wishes:
    """The columns that the user names, as places."""

    sequence: int | None
    step: int | None
    label: int | None
    group: int | None
    split: int | None
    inputs: tuple[int, ...] | None
    ignored: frozenset[int]
    known: tuple[int, ...] = ()

    def single(self) -> tuple[int | None, ...]:
        """Return the columns of the roles that one column has."""
        return (self.sequence, self.step, self.label, self.group, self.split)

    def taken(self) -> set[int]:
        """Return all that need no guess."""
        roles = {*self.single(), *(self.inputs or ()), *self.known}
        return {place for place in roles if place is not None} | self.ignored


def read_wishes(table: Table, options: ReadingOptions) -> Wishes:
    """Return the columns that the user names.

    Raises:
        DataError: if one is not there, or has two roles.
    """

    def place(name: str | None, option: str) -> int | None:
        return None if name is None else find_column(table, name, option)

    def several(names: Iterable[str], option: str) -> tuple[int, ...]:
        return tuple(dict.fromkeys(find_column(table, name, option) for name in names))

    wishes = Wishes(
        place(options.sequence, "--sequence"),
        place(options.step, "--step"),
        place(options.label, "--label"),
        place(options.group, "--group"),
        place(options.split_column, "--split-column"),
        None if options.inputs is None else several(options.inputs, "--inputs"),
        frozenset(several(options.ignored, "--ignore")),
        several(options.known, "--known"),
    )
    inputs = dict.fromkeys((*(wishes.inputs or ()), *wishes.known))  # what is known is read, too
    named = [*wishes.single(), *inputs]
    counts = Counter(column for column in [*named, *wishes.ignored] if column is not None)
    twice = [column for column, count in counts.items() if count > 1]
    if twice:
        name = table.columns[twice[0]].name
        raise DataError(f"The column {printable(name)} is given two roles; give it one.")
    return wishes


def find_column(table: Table, name: str, option: str) -> int:
    """Return the place of a column that the user names or numbers from 1.

    Raises:
        DataError: if there is none such.
    """
    names = [column.name for column in table.columns]
    if name in names:
        return names.index(name)
    alike = [place for place, other in enumerate(names) if simple(other) == simple(name) != ""]
    if len(alike) == 1:
        return alike[0]
    if name.isdecimal() and 1 <= int(name[:9]) <= len(names):
        return int(name) - 1
    some = ", ".join(names[:8]) + (", …" if len(names) > 8 else "")
    raise DataError(f"There is no column {printable(name)} ({option}); the columns are {some}.")
