"""Read delimited tables: CSV, TSV and their kin."""

import csv
from array import array
from collections.abc import Iterator
from pathlib import Path
from typing import IO, TYPE_CHECKING, TextIO

from rnn_tui.data.bounds import (
    LONGEST_LINE,
    MOST_SEQUENCES,
    check_columns,
    check_line,
    check_numbers,
    check_words,
)
from rnn_tui.data.files.dialect import WORDS, Dialect, Rows, sniff, table_reader
from rnn_tui.data.files.opening import (
    SAMPLE_BYTES,
    beginning,
    decoded,
    encodings,
    named,
    opened_text,
    wrong_encoding,
)
from rnn_tui.data.files.table import Cells, ColumnBuilder, Table, column_names
from rnn_tui.data.options import ReadingOptions
from rnn_tui.engine.counts import count_of
from rnn_tui.engine.errors import DataError, printable
from rnn_tui.engine.progress import Progress

if TYPE_CHECKING:
    from _csv import Reader

PROSE_ENDINGS = (".txt", ".md", "")  # of files that may be no tables
#: an ending may speak for a delimiter; commas are what any ending may have.
DELIMITER_OF_ENDING = {".tsv": "\t", ".tab": "\t"}
CHUNK_ROWS = 1 << 15
CHUNK_CELLS = 1 << 20
LONGEST_CELL = csv.field_size_limit()  # characters: the limit of Python's reader


def read(path: Path, options: ReadingOptions, progress: Progress) -> Table:
    """Read a table.

    Raises:
        DataError: if it can't be read.
    """
    start = beginning(path)
    candidates = encodings(path, start, options.encoding)
    for encoding in candidates:
        try:
            return _Reading(path, options, encoding, progress).table(start)
        except UnicodeError:
            continue
    raise wrong_encoding(path, candidates[-1])


class _Reading:
    """One reading of a table in an encoding that may turn out to be wrong."""

    def __init__(
        self, path: Path, options: ReadingOptions, encoding: str, progress: Progress
    ) -> None:
        self._path = path
        self._name = named(path)
        self._encoding = encoding
        self._progress = progress
        self._options = options
        self._builders: list[ColumnBuilder] = []
        self._header: list[str] | None = None
        self._rows = 0
        self._blank = 0
        self._is_after_blank = False
        self._seen = 0  # rows with cells, the header among them
        self._blocks = array("q")  # of these rows, the ones behind blank lines
        self._line = 0  # that was read last
        self._pending = 0  # characters since the last whole row
        self._short = 0
        self._first_short = 0
        self._dialect: Dialect

    def table(self, start: bytes) -> Table:
        """Read it all.

        Args:
            start: the beginning of the file.

        Raises:
            DataError: if it can't be read.
            UnicodeError: if the encoding is wrong.
        """
        sample = decoded(start, self._encoding)
        self._dialect = sniff(
            sample,
            self._options,
            whole=len(start) < SAMPLE_BYTES,
            likely=DELIMITER_OF_ENDING.get(self._path.suffix.lower()),
        )
        with opened_text(self._path, self._encoding) as (text, file):
            for rows in self._chunks(text, file):
                self._add(rows)
        if not self._rows:
            raise DataError(f"{self._name} has no rows below its header.")
        return self._finished()

    def _chunks(self, text: TextIO, file: IO[bytes]) -> Iterator[Rows]:
        """Yield rows with cells, many at a time."""
        size = self._path_size(file)
        reader = self._reader(text)
        while True:
            if self._progress.stopping:
                raise DataError("Reading was stopped.")
            try:
                rows = self._next_rows(reader)
            except csv.Error as error:
                raise self._refusal(reader.line_num, error) from error
            if not rows:
                return
            self._progress.advance(min(file.tell(), size), size)
            yield rows

    def _next_rows(self, reader: "Reader") -> Rows:
        """Return the next rows, about `CHUNK_CELLS` cells; no row at the end of the file."""
        rows: Rows = []
        cells = 0
        for row in reader:
            self._pending = 0
            rows.append(row)
            cells += max(len(row), len(self._builders))
            if len(rows) == CHUNK_ROWS or cells >= CHUNK_CELLS:
                break
        return rows

    @staticmethod
    def _path_size(file: IO[bytes]) -> int:
        size = file.seek(0, 2)
        file.seek(0)
        return size

    def _reader(self, text: TextIO) -> "Reader":
        lines = self._lines(text)
        for _ in range(self._dialect.skipped):
            next(lines, None)
        return table_reader(lines, self._dialect.delimiter)

    def _lines(self, text: TextIO) -> Iterator[str]:
        """Yield the lines of the file; a `DataError` for a row that may not fit into memory.

        A row is a line, or several if line ends are within quotation marks.
        """
        while line := text.readline(LONGEST_LINE + 1):
            self._line += 1
            self._pending += len(line)
            check_line(self._pending, self._line, self._name)
            yield line

    def _refusal(self, line: int, error: csv.Error) -> DataError:
        at = f"Line {line + self._dialect.skipped:,} of {self._name}"
        if "field larger" in str(error):
            return DataError(
                f"{at} is in a cell of more than {LONGEST_CELL:,} characters; perhaps a quotation "
                "mark before it is not closed."
            )
        return DataError(f"{at} has quotation marks that do not match ({printable(error, 60)}).")

    def _add(self, rows: Rows) -> None:
        """Add rows to the columns."""
        rows = self._without_blank(rows)
        if rows and not self._builders:
            self._begin(rows)
            if self._dialect.header:
                rows = rows[1:]
        if not rows:
            return
        check_numbers((self._rows + len(rows)) * len(self._builders), self._name)
        self._square(rows)
        for builder, cells in zip(self._builders, zip(*rows, strict=True), strict=True):
            builder.add(cells)
        self._rows += len(rows)
        check_words(sum(builder.words for builder in self._builders), self._name)

    def _without_blank(self, rows: Rows) -> Rows:
        """Return the rows with cells, and note those behind blank lines."""
        filled = [row for row in rows if row and (row[0] or any(map(str.strip, row)))]
        self._blank += len(rows) - len(filled)
        if len(filled) < len(rows) or self._is_after_blank:
            place = self._seen
            for row in rows:
                if not any(map(str.strip, row)):
                    self._is_after_blank = True
                    continue
                if self._is_after_blank and len(self._blocks) <= MOST_SEQUENCES:
                    self._blocks.append(place)
                self._is_after_blank = False
                place += 1
        self._seen += len(filled)
        return filled

    def _begin(self, rows: Rows) -> None:
        """Begin the columns at the first row."""
        first = rows[0]
        if self._dialect.header:
            while len(first) > 1 and not first[-1].strip():
                first = first[:-1]  # a delimiter at the end
            self._header = first
        self._widen(len(first))

    def _widen(self, count: int) -> None:
        """Have at least so many columns; rows before lack a value in what is new."""
        check_columns(count, self._name)
        check_numbers(self._rows * count, self._name)
        for _ in range(count - len(self._builders)):
            builder = ColumnBuilder(self._dialect.decimal)
            if self._rows:
                builder.add([""] * self._rows)
            self._builders.append(builder)

    def _square(self, rows: Rows) -> None:
        """Give all rows as many cells as there are columns.

        Raises:
            DataError: if a row has more cells than the header has names.
        """
        width = len(self._builders)
        lengths = set(map(len, rows))
        if lengths == {width}:
            return
        for place, row in enumerate(rows):
            while len(row) > width and not row[-1].strip():
                row.pop()  # a delimiter at the end
            if len(row) > width and self._header is not None:
                line = self._line_of(self._rows + place)
                advice = "correct the line, or say how cells are parted (--delimiter)"
                if self._path.suffix.lower() in PROSE_ENDINGS:
                    advice += "; text is read character by character with --layout text"
                raise DataError(
                    f"Line {line:,} of {self._name} has {len(row)} cells and the header "
                    f"{width}; {advice}."
                )
            if len(row) < width and not self._short:
                self._first_short = self._rows + place
            self._short += len(row) < width
        if self._header is None:
            longest = max(map(len, rows))
            if longest > width:
                if not self._rows or not self._short:
                    self._first_short = 0
                self._short += self._rows
            self._widen(longest)
            check_numbers((self._rows + len(rows)) * longest, self._name)
            self._short += sum(width <= len(row) < longest for row in rows)
            width = len(self._builders)
        for row in rows:
            row.extend([""] * (width - len(row)))

    def _line_of(self, row: int) -> int:
        """Return the line at which a row begins, by reading the file again."""
        with opened_text(self._path, self._encoding) as (text, _):
            reader = self._reader(text)
            place = -1 if self._dialect.header else 0
            line = 1
            for cells in reader:
                if any(cell.strip() for cell in cells):
                    if place == row:
                        break
                    place += 1
                line = reader.line_num + 1
            return line + self._dialect.skipped

    def _finished(self) -> Table:
        dialect = self._dialect
        builders = self._builders
        if self._header is None and len(builders) > 1 and _is_empty(builders[-1]):
            builders = builders[:-1]  # every row ends in a delimiter
        names, notes = column_names(self._header, len(builders))
        if self._blank:
            notes.append(f"Left out: {count_of(self._blank, 'blank line')}.")
        if dialect.skipped:
            notes.append(f"Left out: {count_of(dialect.skipped, 'line')} before the table.")
        columns: list[Cells] = []
        for name, builder in zip(names, builders, strict=True):
            columns.append(builder.column(name))
            builder.parts.clear()
        return Table(
            format=self._format(),
            columns=tuple(columns),
            rows=self._rows,
            has_header=dialect.header,
            line_of=self._line_of,
            notes=tuple(notes),
            delimiter=dialect.delimiter,
            decimal=dialect.decimal,
            encoding=self._encoding,
            short_rows=self._short,
            first_short=self._first_short,
            blocks=self._block_rows(),
        )

    def _block_rows(self) -> tuple[int, ...]:
        """Return the first rows of what blank lines part, the header not counted."""
        header = self._header is not None
        if len(self._blocks) > MOST_SEQUENCES:
            return (0,)  # no blocks of a user's
        return (0, *(place - header for place in self._blocks if place > header))

    def _format(self) -> str:
        dialect = self._dialect
        name = "TSV" if dialect.delimiter == "\t" else "CSV"
        encoding = {"utf-8-sig": "UTF-8 with a mark", "cp1252": "Windows-1252"}.get(
            self._encoding, self._encoding.upper()
        )
        delimiter = WORDS.get(dialect.delimiter, f"“{dialect.delimiter}”")
        decimal = ", decimal commas" if dialect.decimal == "," else ""
        header = "with a header" if dialect.header else "no header"
        return f"{name}, {encoding}, {delimiter}{decimal}, {header}"


def _is_empty(builder: ColumnBuilder) -> bool:
    return not builder.examples
