"""Hold what a guess of roles goes by: the table, the user's words, what columns look like."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from rnn_tui.data.columns import ColumnKind
from rnn_tui.data.files.names import SEQUENCE_NAMES, SPLIT_NAMES, STEP_NAMES, SUBJECT_NAMES
from rnn_tui.data.files.table import Table, count_distinct
from rnn_tui.data.given_parts import says_parts
from rnn_tui.data.looks import Looks
from rnn_tui.data.options import ReadingOptions, Split
from rnn_tui.data.wishes import Wishes, read_wishes

Codes = npt.NDArray[np.int64]

LEAST_SERIES_WITH_DATE = 12
LEAST_BLOCKS = 3  # between blank lines, that are sequences


@dataclass(frozen=True)
class Evidence:
    """What a guess of the roles of one table goes by."""

    table: Table
    options: ReadingOptions
    wishes: Wishes  #: the columns that the user names.
    looks: Looks  #: what the others look like.
    split: int | None  #: the column that says the part of each row.

    def is_free(self, place: int | None) -> bool:
        """Return whether a column is there and still to be guessed."""
        return place is not None and place in self.looks.free

    def repeated_names(self) -> list[int]:
        """Return the columns called like names of sequences, whose values repeat."""
        return [place for place in self.looks.called(SEQUENCE_NAMES) if self.looks.repeats(place)]

    def has_named_step(self) -> bool:
        """Return whether a column of dates, or one called like steps, is there."""
        dates = self.looks.names_of((ColumnKind.DATE,))
        return bool(dates or self.looks.called(STEP_NAMES))

    def has_blocks(self) -> bool:
        """Return whether blank lines part the rows into sequences."""
        blocks = [*self.table.blocks, self.table.rows]
        return len(blocks) > LEAST_BLOCKS and int(np.diff(blocks).min()) >= 2

    def ascending_step(self) -> int | None:
        """Return a column of dates, or one called like steps, that grows from row to row."""
        steps = [*self.looks.names_of((ColumnKind.DATE,)), *self.looks.called(STEP_NAMES)]
        return next((place for place in steps if self.looks.ascends(place)), None)

    def has_rows_of_subjects(self) -> bool:
        """Return whether a row looks like one of many sequences of a subject, as beats of a heart.

        Many columns count, nothing orders the rows, and neighbours in a row differ no more than
        neighbours in a column do.
        """
        names = self.repeated_names()
        if not names or self.has_named_step():
            return False
        if not all(self.looks.is_called(place, SUBJECT_NAMES) for place in names):
            return False
        series = self.looks.series()
        if len(series) != 1 or self.looks.series_by_column():
            return False
        [places] = series.values()
        if len(places) < LEAST_SERIES_WITH_DATE:
            return False
        return self.looks.is_smoother_in_rows(places)

    def is_same_within(self, place: int, codes: Codes) -> bool:
        """Return whether a column has one value in each sequence, which `codes` (R,) tell apart."""
        values, names = self.table.columns[place].codes()
        return count_distinct(codes * len(names) + values) == count_distinct(codes)


def evidence_of(table: Table, options: ReadingOptions) -> Evidence:
    """Return what a guess goes by; raises `DataError` if the user names a column that is none."""
    wishes = read_wishes(table, options)
    taken = wishes.taken()
    free = [
        place
        for place, column in enumerate(table.columns)
        if place not in taken and column.kind is not ColumnKind.EMPTY
    ]
    splits = _find_splits(table, Looks(table, free))
    split = wishes.split
    if split is None and splits and _may_follow_a_column(table, options):
        split = splits[0]
    looks = Looks(table, [place for place in free if place not in splits])
    return Evidence(table, options, wishes, looks, split)


def _find_splits(table: Table, looks: Looks) -> list[int]:
    """Return the columns that look as if they say the part of each row: none is an input."""
    columns = table.columns
    return [
        place
        for place in looks.called(SPLIT_NAMES)
        if says_parts(columns[place].codes()[1], columns[place].name)
    ]


def _may_follow_a_column(table: Table, options: ReadingOptions) -> bool:
    """Return whether the user leaves it open how sequences are shared out."""
    is_open = options.split in (None, Split.COLUMN) and options.test_from is None
    return is_open and table.test_from is None
