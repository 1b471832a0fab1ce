"""Read ARFF files of the UCR and UEA archives, as Weka writes them.

In a file of one dimension, an attribute is a step and the last one the label. In one of several,
the first attribute is relational: its text has a line for each dimension, with `\\n` between them,
and its inner attributes are the steps.
"""

import csv
import re
from array import array
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from rnn_tui.data.description import MOST_FEATURES
from rnn_tui.data.files.bounds import (
    check_columns,
    check_numbers,
    check_sequences,
    check_words,
)
from rnn_tui.data.files.cells import Floats, number_of
from rnn_tui.data.files.content import Content
from rnn_tui.data.files.names import LABEL_NAMES, simple
from rnn_tui.data.files.opening import named
from rnn_tui.data.files.table import ColumnBuilder, Table, column_names
from rnn_tui.data.files.text_lines import NumberedLines, read_lines
from rnn_tui.data.options import Layout, ReadingOptions
from rnn_tui.data.sequences import Label, Sequences, starts_of
from rnn_tui.engine.errors import DataError, printable
from rnn_tui.engine.progress import Progress

_ATTRIBUTE = re.compile(
    r"@attribute\s+(?:'(?P<single>[^']*)'|\"(?P<double>[^\"]*)\"|(?P<bare>\S+))\s+(?P<kind>.*)",
    re.IGNORECASE,
)
_RELATIONAL_ROW = re.compile(r"\s*(['\"])(?P<text>.*)\1\s*(?:,\s*(?P<label>.*))?", re.DOTALL)
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


@dataclass
class _Reading:
    """One reading of a file."""

    name: str  #: of the file, for sentences.
    attributes: list[_Attribute] = field(default_factory=list)

    def body(self, lines: NumberedLines) -> Table | Sequences:
        """Return the table, or the sequences of several dimensions, of the numbered lines."""
        self.attributes = []
        values = 0
        for attribute in self._head(lines):
            self.attributes.append(attribute)
            values += len(attribute.classes)
            check_columns(len(self.attributes), self.name)
            check_words(values, self.name)
        if not self.attributes:
            raise DataError(f"{self.name} has no attributes.")
        rows = ((number, line) for number, line in lines if line and not line.startswith("%"))
        if any(attribute.kind == "relational" for attribute in self.attributes):
            return self._relational(rows)
        return self._table(rows)

    def _head(self, lines: NumberedLines) -> Iterator[_Attribute]:
        """Yield the attributes; those within a relational one are left out."""
        inside = False
        for number, line in lines:
            lowered = line.lower()
            if lowered.startswith("@data"):
                return
            if lowered.startswith("@end"):
                inside = False
            if not lowered.startswith("@attribute") or inside:
                continue
            attribute = self._attribute(number, line)
            inside = attribute.kind == "relational"
            yield attribute
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
        return _Attribute(name, kind.split()[0].lower())

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
            chunk.append(self._cells(number, line))
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

    def _cells(self, number: int, line: str) -> list[str]:
        if line.startswith("{"):
            raise DataError(f"Line {number:,} of {self.name} is sparse, which is not read.")
        cells = self._fields(number, line)
        if len(cells) != len(self.attributes):
            raise DataError(
                f"Line {number:,} of {self.name} has {len(cells)} values for "
                f"{len(self.attributes)} attributes."
            )
        return cells

    def _relational(self, rows: NumberedLines) -> Sequences:
        label = self.attributes[1] if len(self.attributes) == 2 else None
        if self.attributes[0].kind != "relational" or len(self.attributes) > 2:
            raise DataError(
                f"{self.name} needs a relational attribute first, and a label after it."
            )
        blocks: list[Floats] = []
        labels: list[str] = []
        size = 0
        for number, line in rows:
            at = f"Line {number:,} of {self.name}"
            match = _RELATIONAL_ROW.fullmatch(line)
            if match is None:
                raise DataError(f"{at} does not begin with quoted dimensions.")
            block = _block(at, match["text"])
            size += block.size
            check_numbers(size, self.name)
            check_sequences(len(blocks) + 1, self.name)
            if blocks and block.shape[1] != blocks[0].shape[1]:
                raise DataError(
                    f"{at} has {block.shape[1]} dimensions and the first sequence "
                    f"{blocks[0].shape[1]}."
                )
            blocks.append(block)
            labels.append((match["label"] or "").strip().strip("'\""))
        if not blocks:
            raise DataError(f"{self.name} has no rows after @data.")
        return Sequences(
            features=tuple(f"dimension {place + 1}" for place in range(blocks[0].shape[1])),
            alphabet=(),
            values=np.concatenate(blocks),
            starts=starts_of(np.array([len(block) for block in blocks])),
            label=None if label is None else self._label_of(label, labels),
        )

    def _label_of(self, attribute: _Attribute, labels: list[str]) -> Label:
        if attribute.kind in ("nominal", "string"):
            words = np.array(["" if label == "?" else label for label in labels], object)
            return Label(attribute.name, False, words, attribute.classes, is_class=True)
        try:
            numbers = np.array([number_of(label, ".") for label in labels])
        except ValueError as error:
            raise DataError(
                f"{self.name} has a label that is no number ({printable(error, 60)})."
            ) from error
        return Label(attribute.name, False, numbers, is_number=True)


def _add(builders: list[ColumnBuilder], chunk: list[list[str]]) -> None:
    """Add rows to the columns and empty the list."""
    if chunk:
        for builder, cells in zip(builders, zip(*chunk, strict=True), strict=True):
            builder.add(cells)
        chunk.clear()


def _block(at: str, text: str) -> Floats:
    """Return the numbers (steps, F) of a relational text, without empty steps at its end.

    Raises:
        DataError: if it holds other than numbers, or dimensions of different lengths.
    """
    lines = re.split(r"\\n|\n", text, maxsplit=MOST_FEATURES)
    if len(lines) > MOST_FEATURES:
        raise DataError(f"{at} has more than {MOST_FEATURES} dimensions, the most that are read.")
    try:
        dimensions = [
            np.array([number_of(cell, ".") for cell in line.split(",")]) for line in lines
        ]
    except ValueError as error:
        raise DataError(f"{at} can't be read ({printable(error, 60)}).") from error
    lengths = {len(dimension) for dimension in dimensions}
    if len(lengths) > 1:
        raise DataError(f"{at} has dimensions of {min(lengths)} and {max(lengths)} steps.")
    block = np.stack(dimensions, 1)
    block[np.isinf(block)] = np.nan
    present = np.flatnonzero(~np.isnan(block).all(axis=1))
    return block[: present[-1] + 1 if len(present) else 0]
