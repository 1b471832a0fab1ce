"""Give the rows of a new table as text, one after another, as often as they are asked for."""

import csv
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from rnn_tui.data.applying.remarks import Remarks
from rnn_tui.data.bounds import LONGEST_LINE, check_columns, check_line
from rnn_tui.data.files import arff, frames
from rnn_tui.data.files.delimited import DELIMITER_OF_ENDING
from rnn_tui.data.files.dialect import Dialect, sniff, table_reader
from rnn_tui.data.files.opening import (
    SAMPLE_BYTES,
    beginning,
    decoded,
    encodings,
    named,
    opened_text,
    wrong_encoding,
)
from rnn_tui.data.files.table import column_names
from rnn_tui.data.options import ReadingOptions
from rnn_tui.engine.errors import DataError, printable
from rnn_tui.engine.progress import Progress

ROWS_OF_PROGRESS = 4096
STOPPED = "Reading was stopped."


class NewRow(NamedTuple):
    """A row of a table."""

    line: int  #: of the file, or the number of the row, from 1.
    cells: Sequence[str]  #: none of a blank line.


#: gives all rows anew; what can't be read is told to remarks, if there are any.
RowsOf = Callable[[Remarks | None, Progress], Iterator[NewRow]]


@dataclass(frozen=True, eq=False)
class NewTable:
    """A table that is not read yet."""

    name: str  #: of the file, for sentences.
    header: tuple[str, ...] | None  #: the names of the columns; None if the file has none.
    first: tuple[str, ...]  #: the cells of the first row.
    decimal: str  #: the mark before decimals, `.` or `,`.
    rows: RowsOf
    place: str = "Line"  #: what the numbers of rows count.

    def at(self, line: int) -> str:
        """Return where a row is, for a sentence."""
        return f"{self.place} {line:,} of {self.name}"


# --- delimited tables ---


def delimited_table(path: Path, options: ReadingOptions) -> NewTable:
    """Return a delimited table.

    Args:
        path: the file.
        options: whether it has a header; the rest is guessed where they leave it open.

    Raises:
        DataError: if it can't be read.
    """
    start = beginning(path)
    candidates = encodings(path, start, options.encoding)
    for encoding in candidates:
        try:
            sample = decoded(start, encoding)
            with opened_text(path, encoding) as (text, _):
                while text.read(SAMPLE_BYTES):  # every character, before an answer is written
                    pass
        except UnicodeError:
            continue
        likely = DELIMITER_OF_ENDING.get(path.suffix.lower())
        dialect = sniff(sample, options, whole=len(start) < SAMPLE_BYTES, likely=likely)
        return _Delimited(path, encoding, dialect).table()
    raise wrong_encoding(path, candidates[-1])


@dataclass(frozen=True)
class _Delimited:
    """A delimited file, whose encoding and dialect are known."""

    path: Path
    encoding: str
    dialect: Dialect

    def table(self) -> NewTable:
        """Return the table."""
        name = named(self.path)
        beginnings = [row.cells for row, _ in zip(self._all(None, Progress()), "12", strict=False)]
        if not beginnings:
            raise DataError(f"{name} has no rows.")
        header = None
        if self.dialect.header:
            names = list(beginnings[0])
            while len(names) > 1 and not names[-1].strip():
                names.pop()  # a delimiter at the end
            check_columns(len(names), name)
            header = tuple(column_names(names, len(names))[0])
        first = tuple(beginnings[-1])
        return NewTable(name, header, first, self.dialect.decimal, self._rows)

    def _rows(self, remarks: Remarks | None, progress: Progress) -> Iterator[NewRow]:
        """Yield the rows below the header, blank lines too."""
        is_header = self.dialect.header
        for row in self._all(remarks, progress):
            if is_header and row.cells:
                is_header = False
                continue
            yield row

    def _all(self, remarks: Remarks | None, progress: Progress) -> Iterator[NewRow]:
        """Yield all rows of the table, that of the header too."""
        name = named(self.path)
        with opened_text(self.path, self.encoding) as (text, file):
            size = file.seek(0, 2)
            file.seek(0)
            lines = _Lines(text, name)
            for _ in range(self.dialect.skipped):
                next(lines, None)
            reader = table_reader(lines, self.dialect.delimiter)
            while True:
                line = lines.number + 1
                try:
                    cells = next(reader)
                except StopIteration:
                    return
                except csv.Error as error:
                    if remarks is not None:
                        why = printable(error, 60)
                        remarks.row(f"Line {line:,} of {name} can't be read ({why}).")
                    lines.read_again()
                    continue
                lines.begin_row()
                if line % ROWS_OF_PROGRESS == 0:
                    if progress.stopping:
                        raise DataError(STOPPED)
                    progress.advance(min(file.tell(), size), size)
                yield NewRow(line, cells if any(map(str.strip, cells)) else ())


class _Lines:
    """The lines of a file, counted; a `DataError` for a row that may not fit into memory."""

    def __init__(self, text: Any, name: str) -> None:
        self._text = text
        self._name = name
        self.number = 0  #: of the last line.
        self._of_row: list[str] = []  # lines since the last whole row
        self._pending = 0  # characters of these
        self._again: list[str] = []  # lines that are read once more, the next one last

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        line: str = self._again.pop() if self._again else self._text.readline(LONGEST_LINE + 1)
        if not line:
            raise StopIteration
        self.number += 1
        self._pending += len(line)
        check_line(self._pending, self.number, self._name)
        self._of_row.append(line)
        return line

    def begin_row(self) -> None:
        """Begin the next row here."""
        self._of_row.clear()
        self._pending = 0

    def read_again(self) -> None:
        """Begin the next row behind the first line of one that can't be read.

        A quotation mark that is not closed would swallow all lines that follow.
        """
        self._again += reversed(self._of_row[1:])
        self.number -= len(self._of_row) - 1
        self.begin_row()


# --- ARFF ---


def arff_table(path: Path, options: ReadingOptions) -> NewTable:
    """Return the table of an ARFF file.

    Raises:
        DataError: if its head can't be read.
    """
    name = named(path)
    names, encoding = arff.attributes_of(path, options)

    def rows(remarks: Remarks | None, progress: Progress) -> Iterator[NewRow]:
        for line, cells in arff.rows_of(path, encoding, progress):
            if isinstance(cells, DataError):
                if remarks is not None:
                    remarks.row(str(cells))
            else:
                yield NewRow(line, cells)

    return NewTable(name, tuple(column_names(names, len(names))[0]), (), ".", rows)


# --- frames of pandas and polars ---


def frame_table(frame: Any) -> NewTable:
    """Return the table of a frame, whose columns are asked for by name.

    Raises:
        DataError: if a column is none.
    """
    columns = frames.columns_of(frame)
    names = [name for name, _ in columns]
    columns_of_values = [values for _, values in columns]

    def rows(_remarks: Remarks | None, progress: Progress) -> Iterator[NewRow]:
        for number, values in enumerate(zip(*columns_of_values, strict=True), start=1):
            if number % ROWS_OF_PROGRESS == 0:
                if progress.stopping:
                    raise DataError(STOPPED)
                progress.advance(number, len(columns_of_values[0]))
            yield NewRow(number, [*map(frames.cell_of, values)])

    header = tuple(column_names(names, len(names))[0])
    return NewTable(frames.NAME, header, (), ".", rows, frames.ROW)
