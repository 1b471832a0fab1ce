"""Read ARFF files of the UCR and UEA archives, as Weka writes them.

An attribute is a step, and the last one the label.
"""

import csv
import re
from array import array
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from rnn_tui.data.bounds import check_columns, check_numbers, check_words
from rnn_tui.data.files.content import Content
from rnn_tui.data.files.names import LABEL_NAMES, simple
from rnn_tui.data.files.opening import named, opened_text
from rnn_tui.data.files.table import ColumnBuilder, Table, column_names
from rnn_tui.data.files.text_lines import NumberedLines, numbered, read_lines
from rnn_tui.data.options import Layout, ReadingOptions
from rnn_tui.engine.errors import DataError, printable
from rnn_tui.engine.progress import UNWATCHED, Progress

_ATTRIBUTE = re.compile(
    r"@attribute\s+(?:'(?P<single>[^']*)'|\"(?P<double>[^\"]*)\"|(?P<bare>\S+))\s+(?P<kind>.*)",
    re.IGNORECASE,
)
CHUNK_CELLS = 1 << 20


@dataclass(frozen=True)
class _Attribute:
    """An attribute of the head."""

    name: str
    kind: str  #: in small letters, such as `numeric`; `nominal` of a list.
    classes: tuple[str, ...] = ()


def read(path: Path, options: ReadingOptions, progress: Progress) -> Content:
    """Read a file.

    Raises:
        DataError: if it can't be read; it says in which line.
    """
    body, encoding = read_lines(path, options, progress, _Reading(named(path)).body)
    return Content("ARFF", body, encoding=encoding)


def attributes_of(path: Path, options: ReadingOptions) -> tuple[list[str], str]:
    """Return the names of the attributes of a file, all of which can be decoded, and its encoding.

    Raises:
        DataError: if its head can't be read.
    """

    def names_of(lines: NumberedLines) -> list[str]:
        reading = _Reading(named(path))
        reading.read_head(lines)
        for _ in lines:
            pass  # in another encoding perhaps
        return [attribute.name for attribute in reading.attributes]

    return read_lines(path, options, UNWATCHED, names_of)


def rows_of(
    path: Path, encoding: str, progress: Progress
) -> Iterator[tuple[int, list[str] | DataError]]:
    """Yield the rows of a file with the numbers of their lines, or why one can't be read."""
    reading = _Reading(named(path))
    with opened_text(path, encoding) as (text, file):
        lines = numbered(path, text, file, progress)
        reading.read_head(lines)
        for number, line in _with_values(lines):
            try:
                cells: list[str] | DataError = reading.cells(number, line)
            except DataError as error:
                cells = error
            yield number, cells


@dataclass
class _Reading:
    """One reading of a file."""

    name: str  #: of the file, for sentences.
    attributes: list[_Attribute] = field(default_factory=list)

    def body(self, lines: NumberedLines) -> Table:
        """Return the table of the numbered lines."""
        self.read_head(lines)
        return self._table(_with_values(lines))

    def read_head(self, lines: NumberedLines) -> None:
        """Read the attributes, up to the line @data."""
        self.attributes = []
        values = 0
        for attribute in self._head(lines):
            self.attributes.append(attribute)
            values += len(attribute.classes)
            check_columns(len(self.attributes), self.name)
            check_words(values, self.name)
        if not self.attributes:
            raise DataError(f"{self.name} has no attributes.")

    def _head(self, lines: NumberedLines) -> Iterator[_Attribute]:
        """Yield the attributes."""
        for number, line in lines:
            lowered = line.lower()
            if lowered.startswith("@data"):
                return
            if lowered.startswith("@attribute"):
                yield self._attribute(number, line)
        raise DataError(f"{self.name} has no line @data, so it is no ARFF file.")

    def _attribute(self, number: int, line: str) -> _Attribute:
        match = _ATTRIBUTE.fullmatch(line)
        if match is None:
            raise DataError(
                f"Line {number:,} of {self.name} is no attribute: {printable(line, 40)}"
            )
        name = match["single"] or match["double"] or match["bare"] or ""
        kind = match["kind"].strip()
        if kind.startswith("{"):
            words = self._fields(number, kind.strip("{} "))
            return _Attribute(name, "nominal", tuple(word.strip() for word in words))
        attribute = _Attribute(name, kind.split()[0].lower())
        if attribute.kind == "relational":
            raise DataError(
                f"Line {number:,} of {self.name} begins a relational attribute, which is not read: "
                f"take the archive's .ts file of the same data, or an .npz file with an array x of "
                f"sequences × steps × dimensions and the labels in y."
            )
        return attribute

    def _fields(self, number: int, line: str) -> list[str]:
        """Return what commas part in a line."""
        try:
            return next(csv.reader([line], quotechar="'", skipinitialspace=True), [])
        except csv.Error as error:
            raise DataError(
                f"Line {number:,} of {self.name} can't be read ({printable(error, 60)})."
            ) from error

    def _label_place(self) -> int | None:
        """Return the place of the label: the last attribute, if it is nominal or called so."""
        last = self.attributes[-1]
        is_label = last.kind in ("nominal", "string") or simple(last.name) in LABEL_NAMES
        return len(self.attributes) - 1 if is_label else None

    def _table(self, rows: NumberedLines) -> Table:
        count = len(self.attributes)
        builders = [ColumnBuilder(".") for _ in self.attributes]
        numbers = array("q")
        chunk: list[list[str]] = []
        for number, line in rows:
            chunk.append(self.cells(number, line))
            numbers.append(number)
            check_numbers(len(numbers) * count, self.name)
            if len(chunk) * count >= CHUNK_CELLS:
                _add(builders, chunk)
                check_words(sum(builder.words for builder in builders), self.name)
        _add(builders, chunk)
        if not numbers:
            raise DataError(f"{self.name} has no rows after @data.")
        names, notes = column_names([attribute.name for attribute in self.attributes], count)
        label = self._label_place()
        return Table(
            format="ARFF",
            columns=tuple(
                builder.column(name) for name, builder in zip(names, builders, strict=True)
            ),
            rows=len(numbers),
            has_header=True,
            line_of=numbers.__getitem__,
            notes=tuple(notes),
            layout=Layout.WIDE,
            label=label,
            classes=() if label is None else self.attributes[label].classes,
        )

    def cells(self, number: int, line: str) -> list[str]:
        """Return the cells of a line; raises `DataError` if it has others than the attributes."""
        if line.startswith("{"):
            raise DataError(f"Line {number:,} of {self.name} is sparse, which is not read.")
        cells = self._fields(number, line)
        if len(cells) != len(self.attributes):
            raise DataError(
                f"Line {number:,} of {self.name} has {len(cells)} values for "
                f"{len(self.attributes)} attributes."
            )
        return cells


def _with_values(lines: NumberedLines) -> NumberedLines:
    """Yield the lines that have values, and are no comments."""
    return ((number, line) for number, line in lines if line and not line.startswith("%"))


def _add(builders: list[ColumnBuilder], chunk: list[list[str]]) -> None:
    """Add rows to the columns and empty the list."""
    if chunk:
        for builder, cells in zip(builders, zip(*chunk, strict=True), strict=True):
            builder.add(cells)
        chunk.clear()
