"""Hold a table of a file in columns."""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from rnn_tui.data.columns import ColumnKind
from rnn_tui.data.description import LONGEST_NAME, unique_names
from rnn_tui.data.files import dates
from rnn_tui.data.files.cells import (
    MARKS,
    MISSING_WORDS,
    OTHER_MARK,
    as_word,
    has_other_mark,
    is_number,
    numbers_of,
)
from rnn_tui.data.options import Layout
from rnn_tui.data.sequences import Floats, Words
from rnn_tui.engine.errors import NO_TEXT, DataError, SafeText, printable

MOST_WORDS = 256  # different values of a column of words
MOSTLY = 0.8  # of the cells are numbers in a column of numbers with mistakes
DATE_SAMPLE = 200


def count_distinct(numbers: npt.NDArray[Any]) -> int:
    """Return how many different numbers there are."""
    in_order = np.sort(numbers)
    return int(np.count_nonzero(np.diff(in_order))) + 1 if len(in_order) else 0


@dataclass(frozen=True, eq=False)
class Cells:
    """R cells of a table."""

    name: str
    kind: ColumnKind
    #: (R,) of numbers, or seconds of dates; NaN where they are missing; empty of text.
    numbers: Floats
    words: Words  #: (R,) of text, "" where it is missing; empty of numbers and dates.
    examples: tuple[SafeText, ...]
    #: a row whose cell is no number in a column that mostly is, or no date.
    stray: int | None = None
    stray_text: SafeText = NO_TEXT
    date_form: str = ""

    @property
    def is_text(self) -> bool:
        """Whether it holds words or other text."""
        return self.kind in (ColumnKind.WORD, ColumnKind.TEXT)

    @property
    def missing(self) -> npt.NDArray[np.bool_]:
        """Which cells (R,) have no value."""
        return self.words == "" if self.is_text else np.isnan(self.numbers)

    def codes(self) -> tuple[npt.NDArray[np.int64], list[str]]:
        """Return each cell's place (R,) among the different values, and these in file order."""
        if not self.is_text:
            values, first, inverse = np.unique(
                self.numbers, return_index=True, return_inverse=True, equal_nan=True
            )
            rank = np.empty(len(values), np.int64)
            rank[np.argsort(first)] = np.arange(len(values))
            return rank[inverse], [as_word(value) for value in values[np.argsort(first)]]
        words = self.words.tolist()
        distinct = dict.fromkeys(words)
        places = dict(zip(distinct, range(len(distinct)), strict=True))
        codes = np.fromiter(map(places.__getitem__, words), np.int64, len(words))
        return codes, list(distinct)

    def distinct(self) -> int:
        """Return how many different values there are, missing ones left out."""
        if self.is_text:
            return len(set(self.words.tolist()) - {""})
        return count_distinct(self.numbers[~np.isnan(self.numbers)])

    def is_whole(self) -> bool:
        """Return whether all its values are whole numbers."""
        if self.kind is not ColumnKind.NUMBER:
            return False
        present = self.numbers[~np.isnan(self.numbers)]
        return bool(len(present)) and bool((present == np.round(present)).all())


@dataclass(frozen=True, eq=False)
class Table:
    """A table of a file."""

    format: str
    columns: tuple[Cells, ...]
    rows: int
    has_header: bool
    line_of: Callable[[int], int]  #: the line of the file at which a row begins.
    notes: tuple[str, ...] = ()
    delimiter: str | None = None
    decimal: str | None = None
    encoding: str | None = None
    short_rows: int = 0  #: rows with fewer cells than the table has columns.
    first_short: int = 0
    layout: Layout | None = None  #: if the format has only this one.
    label: int | None = None  #: the column of labels, if the format says it.
    classes: tuple[str, ...] = ()  #: of the label, if the format says them.
    #: the column of words of sentences that are its blocks, if the format says it.
    token: int | None = None
    #: the first rows, from 0 on, of what blank lines part.
    blocks: tuple[int, ...] = (0,)
    test_from: int | None = None  #: the first row of a second file, the test.
    place: str = "Line"  #: what `line_of` counts.

    def at(self, row: int) -> str:
        """Return where a row is, for a sentence."""
        if self.test_from is not None and row >= self.test_from:
            return f"{self.place} {self.line_of(row):,} of the test"
        return f"{self.place} {self.line_of(row):,}"

    def check_numbers(self, place: int, advice: str) -> None:
        """Refuse a column with a cell that does not fit to the others.

        Args:
            place: of the column.
            advice: what to do about the cell.

        Raises:
            DataError: if there is one; it says where.
        """
        column = self.columns[place]
        if column.stray is None:
            return
        cell = (
            f"{self.at(column.stray)}: “{column.stray_text}” in the column {printable(column.name)}"
        )
        decimal = self.decimal or "."
        if column.is_text and has_other_mark(column.words[column.stray], decimal):
            other = OTHER_MARK[decimal]
            raise DataError(
                f"{cell} has a decimal {MARKS[other]}, but numbers are read with decimal "
                f"{MARKS[decimal]}s; write all numbers alike (--decimal chooses the mark)."
            )
        kind = "date" if column.kind is ColumnKind.DATE else "number"
        raise DataError(f"{cell} is no {kind}, as most of its cells are; {advice}.")


@dataclass
class ColumnBuilder:
    """Collects the cells of a column, of numbers as such."""

    decimal: str
    parts: list[Any] = field(default_factory=list)  #: arrays of numbers, or lists of text.
    examples: list[SafeText] = field(default_factory=list)
    _known: dict[str, str] = field(default_factory=dict)

    @property
    def words(self) -> int:
        """How many different texts are kept."""
        return len(self._known)

    def add(self, cells: Sequence[str]) -> None:
        """Add cells."""
        for cell in cells:
            if len(self.examples) >= 3:
                break
            if cell.strip():
                self.examples.append(printable(cell.strip(), 24))
        numbers = numbers_of(cells, self.decimal)
        if numbers is not None:
            self.parts.append(numbers)
        else:
            self.parts.append(list(map(self._known.setdefault, cells, cells)))

    def column(self, name: str) -> Cells:
        """Return the column of all cells."""
        examples = tuple(self.examples)
        if all(isinstance(part, np.ndarray) for part in self.parts):
            numbers = np.concatenate(self.parts) if self.parts else np.zeros(0)
            empty = bool(np.isnan(numbers).all())
            seconds = dates.seconds_of_numbers(numbers)
            if seconds is not None:
                form = dates.NUMBERS_FORM
                return Cells(name, ColumnKind.DATE, seconds, _no_words(), examples, date_form=form)
            kind = ColumnKind.EMPTY if empty else ColumnKind.NUMBER
            return Cells(name, kind, numbers, _no_words(), examples)
        cells = [cell.strip() for cell in self._texts()]
        column = _dates(name, cells, examples)
        return column or self._text(name, cells, examples)

    def _texts(self) -> Iterable[str]:
        for part in self.parts:
            yield from map(as_word, part.tolist()) if isinstance(part, np.ndarray) else part

    def _text(self, name: str, cells: list[str], examples: tuple[SafeText, ...]) -> Cells:
        """Return a column of text; it is marked if it looks like one of numbers with a mistake."""
        counts = Counter(cells)
        clean = {cell: "" if cell in MISSING_WORDS else cell for cell in counts}
        words = np.array(list(map(clean.__getitem__, cells)), object)
        repeated = len(counts) <= max(len(cells) // 2, min(20, len(cells) - 1))
        few = repeated and len(counts) <= MOST_WORDS + 1
        kind = ColumnKind.WORD if few else ColumnKind.TEXT
        no_numbers = {cell for cell in counts if clean[cell] and not is_number(cell, self.decimal)}
        # Numbers with the other decimal mark are mistakes, even where they are many.
        strange = {cell for cell in no_numbers if not has_other_mark(cell, self.decimal)}
        others = len(cells) - sum(counts[cell] for cell in strange)
        stray = None
        text = NO_TEXT
        if no_numbers and others > MOSTLY * len(cells):
            stray = next(row for row, cell in enumerate(cells) if cell in no_numbers)
            text = printable(cells[stray], 24)
        return Cells(name, kind, np.zeros(0), words, examples, stray, text)


def _no_words() -> Words:
    return np.zeros(0, object)


def _dates(name: str, cells: list[str], examples: tuple[SafeText, ...]) -> Cells | None:
    """Return a column of dates; None if it is none."""
    sample = [cell for cell in cells[: 10 * DATE_SAMPLE] if cell not in MISSING_WORDS]
    form = dates.form_of(sample[:DATE_SAMPLE])
    if form is None:
        return None
    numbers = dates.seconds_of(cells, form)
    if form is dates.DAY_FIRST and np.isnan(numbers).any():
        month_first = dates.seconds_of(cells, dates.MONTH_FIRST)
        if np.isnan(month_first).sum() < np.isnan(numbers).sum():
            form, numbers = dates.MONTH_FIRST, month_first
    stray = None
    text = NO_TEXT
    for row in np.flatnonzero(np.isnan(numbers)).tolist():
        if cells[row] not in MISSING_WORDS:
            stray = row
            text = printable(cells[row], 24)
            break
    return Cells(
        name, ColumnKind.DATE, numbers, _no_words(), examples, stray, text, date_form=form.name
    )


def column_names(header: Sequence[str] | None, count: int) -> tuple[list[str], list[str]]:
    """Return the names of columns, all different, and sentences on what had to be changed."""
    if header is None:
        return [f"column {place + 1}" for place in range(count)], []
    names = [
        printable(cell.strip().lstrip("#").strip(), LONGEST_NAME) or f"column {place + 1}"
        for place, cell in enumerate(header)
    ]
    twice = sorted(name for name, times in Counter(names).items() if times > 1)
    notes = []
    if twice:
        listed = ", ".join(twice[:3])
        notes.append(f"Several columns are called {listed}: they are told apart by a number.")
    return unique_names(names), notes


def joined(training: Table, test: Table) -> Table:
    """Return the rows of two tables of the same columns, those of the test behind.

    Raises:
        DataError: if their columns differ.
    """
    if len(training.columns) != len(test.columns):
        raise DataError(
            f"The file for training has {len(training.columns)} columns and that for the test "
            f"{len(test.columns)}; they must be the same."
        )
    columns = tuple(map(_joined_column, training.columns, test.columns))

    def line_of(row: int) -> int:
        return training.line_of(row) if row < training.rows else test.line_of(row - training.rows)

    return replace(
        training,
        columns=columns,
        rows=training.rows + test.rows,
        line_of=line_of,
        notes=(*training.notes, *(f"In the test: {note}" for note in test.notes)),
        short_rows=training.short_rows + test.short_rows,
        first_short=training.first_short
        if training.short_rows
        else training.rows + test.first_short,
        blocks=(*training.blocks, *(training.rows + row for row in test.blocks)),
        test_from=training.rows,
    )


def _joined_column(first: Cells, second: Cells) -> Cells:
    if first.name != second.name:
        raise DataError(
            f"The file for training has a column {printable(first.name)} where that for the test "
            f"has {printable(second.name)}; they must be the same."
        )
    numbers = np.concatenate([first.numbers, second.numbers])
    words = np.concatenate([first.words, second.words])
    stray = first.stray
    stray_text = first.stray_text
    if stray is None and second.stray is not None:
        stray = len(first.missing) + second.stray
        stray_text = second.stray_text
    empty = ColumnKind.EMPTY
    kind = second.kind if first.kind is empty else first.kind
    if first.is_text != second.is_text:
        if empty not in (first.kind, second.kind):
            raise DataError(
                f"The column {printable(first.name)} holds {first.kind}s in one file and "
                f"{second.kind}s in the other."
            )
        words = np.concatenate([_as_words(first), _as_words(second)])
        numbers = np.zeros(0)
    if first.is_text and second.is_text and ColumnKind.TEXT in (first.kind, second.kind):
        kind = ColumnKind.TEXT
    return replace(
        first, kind=kind, numbers=numbers, words=words, stray=stray, stray_text=stray_text
    )


def _as_words(column: Cells) -> Words:
    """Return the words of a column, of one without any value too."""
    if column.is_text:
        return column.words
    return np.full(len(column.numbers), "", object)
