"""Take the sequences out of a new table with a row a sequence, while it is read."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np

from rnn_tui.data.applying.answers import RightAnswers
from rnn_tui.data.applying.cells import RowFaults, Symbols, numbers_in
from rnn_tui.data.applying.columns import NewColumns, find_columns, reading_of
from rnn_tui.data.applying.preparing import RawSequences
from rnn_tui.data.applying.remarks import Remarks
from rnn_tui.data.applying.rows import NewRow, NewTable
from rnn_tui.data.bounds import check_columns
from rnn_tui.data.description import Description
from rnn_tui.data.sequences import Floats, Places, starts_of
from rnn_tui.data.tables.wide import features_of_names
from rnn_tui.engine.counts import count_of
from rnn_tui.engine.errors import DataError, printable
from rnn_tui.engine.progress import UNWATCHED, Progress

CHUNK_CELLS = 1 << 18  # read at a time
MOST_ROWS = 4096


@dataclass
class NewWideTable:
    """A new table with a row a sequence."""

    table: NewTable
    description: Description
    remarks: Remarks
    progress: Progress
    columns: NewColumns = field(init=False)

    def __post_init__(self) -> None:
        table = self.table
        self._width = len(table.header) if table.header is not None else self._longest_row()
        check_columns(self._width, table.name)
        self.columns = find_columns(table, self._width, self.description, self.remarks)
        self._answers = RightAnswers(self.description, self.remarks, table.decimal)
        self._symbols = Symbols(
            self.description.alphabet, of_characters=True, vocabulary=self.description.words
        )
        names = [column.name for column in self.columns.inputs]
        has_header = bool(reading_of(self.description).header)
        self._features = features_of_names(names, has_header=has_header)[1]

    def _longest_row(self) -> int:
        return max((len(row.cells) for row in self.table.rows(None, UNWATCHED)), default=0)

    def sequences(self) -> Iterator[RawSequences]:
        """Yield all sequences, some at a time, in the order of the file."""
        has_rows = False
        most = max(1, min(MOST_ROWS, CHUNK_CELLS // max(1, self._width)))
        chunk: list[NewRow] = []
        numbers: list[int] = []  # of the rows in the table, from 1
        count = 0
        for row in self.table.rows(self.remarks, self.progress):
            if not row.cells:
                continue
            has_rows = True
            count += 1
            squared = self._squared(row)
            if squared is not None:
                chunk.append(squared)
                numbers.append(count + self.remarks.rows)
            if len(chunk) == most:
                yield from self._of_rows(chunk, numbers)
                chunk, numbers = [], []
        if chunk:
            yield from self._of_rows(chunk, numbers)
        if not has_rows:
            raise DataError(f"{self.table.name} has no rows below its header.")

    def _squared(self, row: NewRow) -> NewRow | None:
        """Return a row with a cell for each column, as training reads short ones."""
        cells = list(row.cells)
        while len(cells) > self._width and not cells[-1].strip():
            cells.pop()  # a delimiter at the end
        if len(cells) > self._width:
            self.remarks.sequence(
                f"{self.table.at(row.line)} has {count_of(len(cells), 'cell')} for "
                f"{count_of(self._width, 'column')}; the sequence is left out."
            )
            return None
        return NewRow(row.line, [*cells, *[""] * (self._width - len(cells))])

    def _of_rows(self, rows: Sequence[NewRow], numbers: list[int]) -> Iterator[RawSequences]:
        """Yield the sequences of rows that can be read."""
        faults: RowFaults = {}
        cells = [row.cells for row in rows]
        read = self._text if self.description.alphabet else self._numbers
        values, lengths = read(cells, faults)
        for at in np.flatnonzero(lengths == 0).tolist():
            faults.setdefault(at, "there is nothing to read")
        for at in sorted(faults):
            line = self.table.at(rows[at].line)
            self.remarks.sequence(f"{line}: {faults[at]}; the sequence is left out.")
        kept = np.array([at not in faults for at in range(len(rows))])
        names = self._names(cells, numbers)
        if not kept.any():
            return
        label = self.columns.label
        targets = None
        if label is not None and self._answers.are_in_label:
            targets = self._answers.of_cells([row[label] for row in cells])[kept]
        yield RawSequences(
            tuple(name for name, stays in zip(names, kept.tolist(), strict=True) if stays),
            values[np.repeat(kept, lengths)],
            starts_of(lengths[kept]),
            targets=targets,
        )

    def _names(self, cells: Sequence[Sequence[str]], numbers: list[int]) -> list[str]:
        """Return what the rows are called: their numbers from 1 where no column says it."""
        place = self.columns.sequence
        if place is None:
            return [*map(str, numbers)]
        return [printable(row[place].strip(), 200) for row in cells]

    def _numbers(self, cells: Sequence[Sequence[str]], faults: RowFaults) -> tuple[Floats, Places]:
        """Return the numbers (T, F) of rows, and how many steps (n,) each has."""
        inputs = self.columns.inputs
        by_input = [
            numbers_in(
                [row[column.place] for row in cells], self.table.decimal, column.name, faults
            )
            for column in inputs
        ]
        # (n, steps, F)
        cube = np.stack(
            [np.stack([by_input[at] for at in places], 1) for places in self._features], 2
        )
        present = np.logical_not(np.isnan(cube).all(axis=2))
        steps = cube.shape[1]
        lengths = np.where(present.any(axis=1), steps - present[:, ::-1].argmax(axis=1), 0)
        inside = np.arange(steps) < lengths[:, None]
        return cube[inside], lengths

    def _text(self, cells: Sequence[Sequence[str]], faults: RowFaults) -> tuple[Floats, Places]:
        """Return the places (T, 1) of the symbols of rows, and how many (n,) each has."""
        [column] = self.columns.inputs
        texts = [row[column.place].strip() for row in cells]
        places: list[int] = []
        lengths = np.zeros(len(texts), np.int64)
        for at, text in enumerate(texts):
            of_text = self._symbols.of_text(text)
            if None in of_text:
                shown = printable(text[of_text.index(None)])
                faults.setdefault(at, f"“{shown}” in {column.name} is no symbol of training")
            places += [place or 0 for place in of_text]
            lengths[at] = len(of_text)
        return np.array(places, np.float64).reshape(-1, 1), lengths
