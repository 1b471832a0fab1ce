"""Say what the columns of a table look like, by their names and their cells."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from rnn_tui.data.columns import ColumnKind
from rnn_tui.data.files.names import (
    COLUMN_SERIES_NAMES,
    LABEL_NAMES,
    SEQUENCE_NAMES,
    STEP_NAMES,
    simple,
    stem_and_number,
)
from rnn_tui.data.files.table import Table
from rnn_tui.data.sequences import Floats

MOST_CLASSES_OF_NUMBERS = 20  # whole numbers of a label that are still taken as classes
#: of a label that counts them from 0 or 1 on, as archives of sequences do.
MOST_CLASSES_IN_A_ROW = 60
LEAST_SERIES = 3  # columns that are numbered, of a table with a row a sequence
MOST_LEADING = 6  # columns that are looked at for sequences and steps without such names
MOST_COMPARED = 1000  # rows whose neighbours are compared
ALIKE = 1.1  # times a difference that is not called larger
LEAST_CHARACTERS = 4  # of a cell that is a sequence of symbols


def is_numbered(numbers: Floats, most: int) -> bool:
    """Return whether numbers, NaN left out, are 0 or 1 and all that follow, at most so many."""
    distinct = np.unique(numbers[~np.isnan(numbers)])
    if not 1 < len(distinct) <= most or distinct[0] not in (0, 1):
        return False
    return bool((np.diff(distinct) == 1).all())


@dataclass(frozen=True)
class Looks:
    """What the columns look like whose roles the user does not say."""

    table: Table
    free: list[int]  #: their places.

    def names_of(self, kinds: Iterable[ColumnKind]) -> list[int]:
        """Return the columns of these kinds."""
        kinds = tuple(kinds)
        return [place for place in self.free if self.table.columns[place].kind in kinds]

    @property
    def numbers(self) -> list[int]:
        """The columns that hold numbers."""
        return [place for place in self.free if self.is_measured(place)]

    def is_measured(self, place: int) -> bool:
        """Return whether a column holds numbers, perhaps with a mistake among them."""
        column = self.table.columns[place]
        return column.kind is ColumnKind.NUMBER or (column.is_text and column.stray is not None)

    def called(self, names: frozenset[str]) -> list[int]:
        """Return the columns that are called so."""
        return [place for place in self.free if self.is_called(place, names)]

    def is_called(self, place: int, names: frozenset[str]) -> bool:
        """Return whether a column has one of these names."""
        if not self.table.has_header:
            return False
        name = self.table.columns[place].name
        # Tables of pandas have the number of the row in a column without a name.
        return simple(name) in names or (name == f"column {place + 1}" and "unnamed_0" in names)

    def repeats(self, place: int) -> bool:
        """Return whether a column names each of its values more than once, by and large."""
        column = self.table.columns[place]
        return 2 * column.distinct() <= self.table.rows

    def has_few_values(self, place: int) -> bool:
        """Return whether a column looks like one of classes."""
        column = self.table.columns[place]
        if column.kind is ColumnKind.WORD:
            return True
        if not column.is_whole():
            return False
        most = min(MOST_CLASSES_OF_NUMBERS, max(2, self.table.rows // 2))
        return column.distinct() <= most

    def may_label_rows(self, place: int) -> bool:
        """Return whether a column of whole numbers may be the classes of rows without names."""
        column = self.table.columns[place]
        if self.has_few_values(place):
            return True
        most = min(MOST_CLASSES_IN_A_ROW, self.table.rows // 4)
        return column.is_whole() and is_numbered(column.numbers, most)

    def series(self) -> dict[str, list[int]]:
        """Return the columns of numbers whose names count, such as `t0`, `t1`, by what they share.

        Only groups as large as the largest count: they are one and the same sequence's features.
        """
        groups: dict[str, list[int]] = {}
        for place in self.numbers:
            parts = stem_and_number(self.table.columns[place].name)
            if parts is not None and self.table.has_header:
                groups.setdefault(parts[0], []).append(place)
        longest = max(map(len, groups.values()), default=0)
        if longest < LEAST_SERIES:
            return {}
        return {stem: places for stem, places in groups.items() if len(places) == longest}

    def series_by_column(self) -> list[int]:
        """Return the columns each of which is called like a series of its own, as `store_01`."""
        series = self.series()
        if not all(simple(stem) in COLUMN_SERIES_NAMES for stem in series):
            return []
        return [place for places in series.values() for place in places]

    def ascends(self, place: int) -> bool:
        """Return whether the dates or numbers of a column grow from row to row."""
        numbers = self.table.columns[place].numbers
        return len(numbers) > 1 and bool((np.diff(numbers) > 0).all())

    def is_smoother_in_rows(self, places: list[int]) -> bool:
        """Return whether neighbours differ no more from column to column than from row to row."""
        columns = [self.table.columns[place].numbers[:MOST_COMPARED] for place in places]
        values: Floats = np.stack(columns, 1)
        with np.errstate(invalid="ignore"):
            in_rows = np.abs(np.diff(values, axis=1))
            in_columns = np.abs(np.diff(values, axis=0))
        if np.isnan(in_rows).all() or np.isnan(in_columns).all():
            return True
        return bool(np.nanmean(in_rows) <= ALIKE * np.nanmean(in_columns))

    def text_column(self) -> int | None:
        """Return a column of text whose cells look like sequences of symbols, if there is one."""
        for place in self.free:
            column = self.table.columns[place]
            if not column.is_text or self.is_called(place, LABEL_NAMES | SEQUENCE_NAMES):
                continue
            words = [word for word in column.words[:1000].tolist() if word]
            lengths = sorted(map(len, words))
            varied = 2 * len(set(words)) > len(words)
            long_enough = lengths and lengths[len(lengths) // 2] >= LEAST_CHARACTERS
            # Prose in a column of its own is a text with line ends, and no list of sequences.
            spaced = sum(" " in word for word in words)
            is_prose = len(self.free) == 1 and 2 * spaced > len(words)
            if long_enough and varied and not is_prose:
                return place
        # A column may well be called `sequence` and hold one in each cell.
        for place in self.called(SEQUENCE_NAMES):
            column = self.table.columns[place]
            long_enough = column.is_text and np.median([*map(len, column.words)]) >= 8
            if long_enough and not any(" " in word for word in column.words[:100]):
                return place
        return None

    def counts_pieces(self, place: int, step: int) -> bool:
        """Return whether whole numbers change where the steps begin again, and nowhere else."""
        column = self.table.columns[place]
        steps = self.table.columns[step].numbers
        if not column.is_whole() or not len(steps):
            return False
        begins_again = np.diff(steps) <= 0
        return bool(np.array_equal(np.diff(column.numbers) != 0, begins_again))

    def is_row_number(self, place: int) -> bool:
        """Return whether a column that is called like an identity only counts the rows."""
        if not self.is_called(place, SEQUENCE_NAMES | STEP_NAMES):
            return False
        column = self.table.columns[place]
        return column.is_whole() and column.distinct() == self.table.rows

    def is_constant(self, place: int) -> bool:
        """Return whether a column holds the same in every row."""
        column = self.table.columns[place]
        if column.missing.any():
            return False
        if column.is_text:
            return len(set(column.words.tolist())) <= 1
        return bool(column.numbers.min() == column.numbers.max())

    def counted_steps(self) -> tuple[int, int] | None:
        """Return the column of sequences and that of steps, if names are no help.

        Steps count up by one and begin again at the same number, three times at least; the column
        of sequences changes in the same rows.
        """
        whole = [place for place in self.free[:MOST_LEADING] if self._is_whole(place)]
        for step in whole:
            numbers = self.table.columns[step].numbers
            differences = np.diff(numbers)
            again = np.flatnonzero(differences != 1) + 1
            firsts = numbers[again]
            if not 2 <= len(again) <= len(numbers) // 3 or (firsts != numbers[0]).any():
                continue
            for sequence in whole:
                if sequence != step and self.counts_pieces(sequence, step):
                    return sequence, step
        return None

    def _is_whole(self, place: int) -> bool:
        column = self.table.columns[place]
        return column.is_whole() and not column.missing.any()
