"""Find the columns of a data set in a new table by their names, in any order."""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

from rnn_tui.data.applying.remarks import Remarks
from rnn_tui.data.applying.rows import NewTable
from rnn_tui.data.description import LONGEST_NAME, Description
from rnn_tui.data.files.names import full_name, simple
from rnn_tui.data.options import Goal, Layout, ReadingOptions
from rnn_tui.engine.counts import count_of
from rnn_tui.engine.errors import DataError, printable

SHOWN = 5  # names of columns in a sentence


@dataclass(frozen=True)
class InputColumn:
    """A column that is read at each step."""

    name: str
    place: int  #: in the new table.
    #: the words that it is read as, each a number 1 or 0; empty of a column of numbers.
    words: tuple[str, ...] = ()


@dataclass(frozen=True)
class NewColumns:
    """What the columns of a new table are for, as places."""

    inputs: tuple[InputColumn, ...]
    sequence: int | None  #: the names of sequences.
    step: int | None  #: what orders the steps.
    label: int | None  #: the right answers, if the table has them.
    #: where sequences are counted anew, as trials of each subject: the columns whose values name
    #: one together, by their names; empty if one column does.
    naming: tuple[tuple[str, int], ...] = ()

    def sequence_name(self, cells: Sequence[str]) -> str:
        """Return the name of the sequence of a row; empty if the row has none."""
        if self.sequence is None:
            return ""
        naming = self.naming or (("", self.sequence),)
        words = [cells[place].strip() if place < len(cells) else "" for _, place in naming]
        if not all(words):
            return ""
        if not self.naming:
            return words[0]
        names = (name for name, _ in naming)
        return " ".join(itertools.starmap(full_name, zip(names, words, strict=True)))


def reading_of(description: Description) -> ReadingOptions:
    """Return how the file of a data set was read.

    Raises:
        DataError: if an earlier version kept the data set, which did not keep this.
    """
    if description.reading is None:
        raise DataError(
            f"The data set {description.name} was kept by an earlier version, without how its "
            "file was read; read that file again by rnn_tui.read_sequences(FILE).keep(), or by "
            "training on it, with the same options."
        )
    return description.reading


def find_columns(
    table: NewTable, width: int, description: Description, remarks: Remarks
) -> NewColumns:
    """Return the columns; what is not read, or not there, is told.

    Args:
        table: the new table.
        width: how many columns it has.
        description: of the data set.
        remarks: takes notes.

    Raises:
        DataError: if a column is missing that networks need.
    """
    names = table.header or tuple(f"column {place + 1}" for place in range(width))
    finder = _Finder(table, names, description)
    columns = finder.columns()
    used = {column.place for column in columns.inputs}
    used |= {place for _, place in columns.naming}
    used |= {
        place for place in (columns.sequence, columns.step, columns.label) if place is not None
    }
    used |= finder.of_parts()
    ignored = set(map(simple, finder.reading.ignored))
    extra = [
        name
        for place, name in enumerate(names)
        if place not in used and simple(name) not in ignored
    ]
    if extra:
        verb = "is" if len(extra) == 1 else "are"
        remarks.note(f"{_listed(extra)} {verb} not used.")
    return columns


class _Finder:
    """The search for the columns of one table."""

    def __init__(self, table: NewTable, names: Sequence[str], description: Description) -> None:
        self._table = table
        self._names = names
        self._description = description
        self.reading = reading_of(description)

    def columns(self) -> NewColumns:
        """Return all columns."""
        reading = self.reading
        inputs = self._inputs()
        label = None if reading.label is None else self._place(reading.label)
        places = {name: self._place(name) for name in inputs}
        missing = [name for name, place in places.items() if place is None]
        if missing and self._lacks_label_in_front(len(inputs)):
            places = dict(zip(inputs, range(len(inputs)), strict=True))
            missing = []
            label = None
        sequence = None if reading.sequence is None else self._place(reading.sequence)
        step = None if reading.step is None else self._place(reading.step)
        if reading.layout is Layout.LONG:
            if reading.sequence is not None and sequence is None:
                missing.append(reading.sequence)
            if reading.step is not None and step is None:
                missing.append(reading.step)
        if missing:
            raise self._refusal(missing)
        return NewColumns(
            tuple(
                InputColumn(name, place, inputs[name])
                for name, place in places.items()
                if place is not None
            ),
            sequence,
            step,
            label,
            self._naming(sequence),
        )

    def of_parts(self) -> set[int]:
        """Return the columns that shared out the sequences of training, if they are there."""
        names = (self.reading.group, self.reading.split_column)
        places = [self._place(name) for name in names if name is not None]
        return {place for place in places if place is not None}

    def _naming(self, sequence: int | None) -> tuple[tuple[str, int], ...]:
        """Return the columns that name a sequence together; none if one does."""
        if sequence is None or self.reading.sequence is None:
            return ()
        outer = {name: self._place(name) for name in reversed(self._description.counted_in)}
        found = [(name, place) for name, place in outer.items() if place is not None]
        return (*found, (self.reading.sequence, sequence)) if found else ()

    def _inputs(self) -> dict[str, tuple[str, ...]]:
        """Return the columns that are read, with the words of each that holds words."""
        description, reading = self._description, self.reading
        names = list(reading.inputs or ())
        is_forecast = description.horizon and description.goal is Goal.STEP_NUMBER
        if is_forecast and reading.label is not None and reading.label not in names:
            names.append(reading.label)  # what is predicted ahead is read as well
        if description.alphabet or reading.layout is Layout.WIDE:
            return dict.fromkeys(names, ())
        columns: dict[str, tuple[str, ...]] = {}
        features = list(description.features)
        for name in names:
            if features and features[0] == printable(name, LONGEST_NAME):
                columns[name] = ()
                features.pop(0)
                continue
            words: list[str] = []
            while features and features[0].startswith(f"{name}="):
                words.append(features.pop(0).removeprefix(f"{name}="))
            columns[name] = tuple(words)
        return columns

    def _place(self, name: str) -> int | None:
        """Return the place of a column, or of the only one that is called nearly so."""
        if name in self._names:
            return self._names.index(name)
        alike = [
            place for place, other in enumerate(self._names) if simple(other) == simple(name) != ""
        ]
        return alike[0] if len(alike) == 1 else None

    def _lacks_label_in_front(self, inputs: int) -> bool:
        """Return whether a table without names has the columns that are read, and no others."""
        reading = self.reading
        has_names = reading.sequence is not None or reading.step is not None
        return self._table.header is None and not has_names and len(self._names) == inputs

    def _refusal(self, missing: Sequence[str]) -> DataError:
        """Return the refusal of a table that lacks columns."""
        name = self._table.name
        if self._table.header is None:
            return DataError(
                f"{name} has {count_of(len(self._names), 'column')}, and lacks "
                f"{_listed(missing)} of the file that networks were trained on, which has no "
                "header either."
            )
        has = f"it has {_listed(self._names)}"
        return DataError(
            f"{name} has no column {_listed(missing)}; {has}. The first row must name the columns "
            f"as {printable(self._description.label)} does, in any order."
        )


def _listed(names: Sequence[str]) -> str:
    shown = ", ".join(printable(name, LONGEST_NAME) for name in names[:SHOWN])
    more = len(names) - SHOWN
    return f"{shown} and {more:,} more" if more > 0 else shown
