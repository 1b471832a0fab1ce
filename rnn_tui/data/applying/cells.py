"""Read the cells of a new table as numbers, symbols and steps, as training did."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from rnn_tui.data.applying.columns import InputColumn
from rnn_tui.data.description import LARGEST, LONGEST_NAME, Description
from rnn_tui.data.files import dates
from rnn_tui.data.files.cells import MISSING_WORDS, as_word, number_of, numbers_of
from rnn_tui.data.sequences import Flags, Floats
from rnn_tui.data.symbols import MISSING, place_of_rare, symbol_of
from rnn_tui.data.words import word_of_cell, words_of
from rnn_tui.engine.errors import DataError, printable

#: what is wrong with some rows, by their places among those that are read.
RowFaults = dict[int, str]


def numbers_in(cells: Sequence[str], decimal: str, column: str, faults: RowFaults) -> Floats:
    """Return cells as numbers (n,), NaN where they are missing or none."""
    numbers = numbers_of(cells, decimal)
    if numbers is None:
        parsed = []
        for row, cell in enumerate(cells):
            try:
                parsed.append(number_of(cell, decimal))
            except ValueError:
                parsed.append(np.nan)
                faults.setdefault(row, f"“{printable(cell, 24)}” in {column} is no number")
        numbers = np.array(parsed)
        numbers[np.isinf(numbers)] = np.nan
    with np.errstate(invalid="ignore"):
        beyond = np.flatnonzero(np.abs(numbers) > LARGEST)
    for row in beyond.tolist():
        numbers[row] = np.nan
        faults.setdefault(row, f"“{printable(cells[row], 24)}” in {column} is beyond 1e38")
    return numbers


class Symbols:
    """The symbols that networks read, and what stands for others.

    Args:
        alphabet: all of them.
        of_characters: whether each stands for a character, in place of a word.
        vocabulary: whether they are the vocabulary of a text.
    """

    def __init__(
        self, alphabet: Sequence[str], *, of_characters: bool, vocabulary: bool = False
    ) -> None:
        self._vocabulary = vocabulary
        self._places = {symbol: place for place, symbol in enumerate(alphabet)}
        self._rare = place_of_rare(alphabet, of_characters=of_characters)

    def of_word(self, word: str) -> int | None:
        """Return the place of a word, or of what rare ones were joined to; None without either."""
        if self._vocabulary:
            return self._places.get(word_of_cell(word), 0)
        word = word.strip()
        if word in MISSING_WORDS:
            word = MISSING
        place = self._places.get(printable(word, LONGEST_NAME))
        if place is None:
            place = self._places.get(_as_number(word), self._rare)
        return place

    def of_text(self, text: str) -> list[int | None]:
        """Return the places of the characters of a text, or of its words."""
        if self._vocabulary:
            return [self._places.get(word, 0) for word in words_of(text)]
        return [*map(self.of_character, text)]

    def of_character(self, character: str) -> int | None:
        """Return the place of a character, as `of_word` does."""
        return self._places.get(symbol_of(character), self._rare)


def _as_number(word: str) -> str:
    """Return a word that is a number as it is named, such as 1 for 1.0."""
    try:
        return as_word(float(word))
    except ValueError:
        return ""


@dataclass
class InputReader:
    """The way from the cells of rows, each a step, to what is read of it."""

    columns: tuple[InputColumn, ...]
    description: Description
    decimal: str
    _symbols: dict[str, Symbols] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for column in self.columns:
            words = self.description.alphabet or column.words
            self._symbols[column.name] = Symbols(
                words, of_characters=False, vocabulary=self.description.words
            )

    def values(self, rows: Sequence[Sequence[str]], faults: RowFaults) -> Floats:
        """Return numbers, NaN where they are missing, or places in the alphabet (n, F)."""
        parts = [self._of_column(column, rows, faults) for column in self.columns]
        return np.concatenate(parts, axis=1)

    def _of_column(
        self, column: InputColumn, rows: Sequence[Sequence[str]], faults: RowFaults
    ) -> Floats:
        cells = [row[column.place] for row in rows]
        if not self.description.alphabet and not column.words:
            return numbers_in(cells, self.decimal, column.name, faults)[:, None]
        symbols = self._symbols[column.name]
        by_cell = {cell: symbols.of_word(cell) for cell in dict.fromkeys(cells)}
        places = [by_cell[cell] for cell in cells]
        for row, place in enumerate(places):
            if place is None:
                word = printable(cells[row].strip() or "an empty cell", 24)
                faults.setdefault(
                    row, f"“{word}” in {column.name} is none of the words in training"
                )
        known = np.array([0 if place is None else place for place in places])
        if self.description.alphabet:
            return known.astype(np.float64)[:, None]
        one_hot: Floats = np.eye(len(column.words))[known]
        return one_hot


@dataclass(frozen=True)
class StepReader:
    """The way from the cells of a column to numbers that order steps."""

    column: str
    decimal: str
    form: dates.DateForm | None = None  #: of dates; None of numbers.

    @classmethod
    def of(cls, column: str, sample: Sequence[str], decimal: str) -> "StepReader":
        """Return the reader that a sample of cells needs.

        Raises:
            DataError: if they are neither numbers nor dates.
        """
        numbers: RowFaults = {}
        numbers_in(sample, decimal, column, numbers)
        if 2 * len(numbers) < len(sample):
            return cls(column, decimal)
        form = dates.form_of(sample)
        if form is None:
            raise DataError(
                f"The column {column} can't order the steps: it holds words, not numbers or dates."
            )
        if form is dates.DAY_FIRST:
            month_first = np.isnan(dates.seconds_of(sample, dates.MONTH_FIRST)).sum()
            if month_first < np.isnan(dates.seconds_of(sample, form)).sum():
                form = dates.MONTH_FIRST
        return cls(column, decimal, form)

    def steps(self, cells: Sequence[str], faults: RowFaults) -> Floats:
        """Return numbers (n,), NaN where a cell is none, which is a fault."""
        if self.form is None:
            steps = numbers_in(cells, self.decimal, self.column, faults)
        else:
            steps = dates.seconds_of([cell.strip() for cell in cells], self.form)
        wrong: Flags = np.isnan(steps)
        for row in np.flatnonzero(wrong).tolist():
            cell = printable(cells[row].strip(), 24)
            kind = "number" if self.form is None else "date"
            what = f"“{cell}” in {self.column} is no {kind}" if cell else f"{self.column} is empty"
            faults.setdefault(row, what)
        return steps
