"""Read files of tagged sentences, as those of the CoNLL shared tasks: a token a line."""

from array import array
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

import numpy as np

from rnn_tui.data.bounds import MOST_SEQUENCES, check_numbers, check_words
from rnn_tui.data.columns import ColumnKind
from rnn_tui.data.files.cells import is_number
from rnn_tui.data.files.content import Content
from rnn_tui.data.files.names import is_known_name
from rnn_tui.data.files.opening import decoded, encodings, named
from rnn_tui.data.files.table import Cells, Table
from rnn_tui.data.files.text_lines import NumberedLines, read_lines
from rnn_tui.data.options import Layout, ReadingOptions
from rnn_tui.engine.counts import count_of
from rnn_tui.engine.errors import DataError, printable
from rnn_tui.engine.progress import Progress

ENDINGS = (".conll", ".conllu", ".iob", ".iob2", ".bio")
#: the columns of CoNLL-U, in which the part of speech is learned unless another one is named.
UNIVERSAL = (
    *("id", "form", "lemma", "upos", "xpos"),
    *("feats", "head", "deprel", "deps", "misc"),
)
UNIVERSAL_TOKEN, UNIVERSAL_TAG = 1, 3
DOCUMENT = "-DOCSTART-"  # begins a line between documents, which is no sentence
LEAST_SENTENCES = 3  # that a file has which is known by its looks alone
SAMPLE_LINES = 1000


def read(path: Path, options: ReadingOptions, progress: Progress) -> Content:
    """Read sentences as a table with a row a token.

    Raises:
        DataError: if a line has another number of columns than the first, or there is no tag.
    """
    rows, encoding = read_lines(path, options, progress, lambda lines: _Rows(path, lines))
    table = rows.table(encoding)
    return Content(table.format, table)


def looks_like(path: Path, start: bytes) -> bool:
    """Return whether the beginning of a file is of tagged sentences without a header.

    Lines have equally many words, of which the last are few different ones, and blank lines part
    three sentences at least.
    """
    lines = _sample(path, start)
    blocks = "\n".join(lines[:-1]).split("\n\n")
    rows = [_cells(line) for line in lines[:-1] if line and not line.startswith(DOCUMENT)]
    rows = [row for row in rows if not _is_comment(row, rows[-1])]
    if len(list(filter(None, blocks))) < LEAST_SENTENCES or len(set(map(len, rows))) != 1:
        return False
    if _is_universal(rows[0]):
        return True
    tokens = {row[0] for row in rows}
    tags = {row[-1] for row in rows}
    with_letters = [row for row in rows if any(map(str.isalpha, row[0]))]
    return (
        len(rows[0]) > 1
        and 2 * len(tags) < len(rows)
        and len(tags) < len(tokens)
        and 2 * len(with_letters) > len(rows)
        and not any(is_number(tag, ".") for tag in tags)
        and not any(map(is_known_name, rows[0]))
    )


def _sample(path: Path, start: bytes) -> list[str]:
    """Return the first lines of a file in the first encoding that fits; none if none does."""
    for encoding in encodings(path, start, None):
        with suppress(UnicodeError):
            return [line.strip() for line in decoded(start, encoding).splitlines()[:SAMPLE_LINES]]
    return []


def _cells(line: str) -> list[str]:
    """Return the columns of a line: parted by tabs, or by blanks where there is no tab."""
    return [cell.strip() for cell in line.split("\t")] if "\t" in line else line.split()


def _is_comment(cells: Sequence[str], usual: Sequence[str]) -> bool:
    """Return whether a line is a comment; a token may be a hash as well."""
    return cells[0].startswith("#") and len(cells) != len(usual)


def _is_universal(cells: Sequence[str]) -> bool:
    return len(cells) == len(UNIVERSAL) and cells[0].partition("-")[0].isdecimal()


class _Rows:
    """The tokens of a file with their columns.

    Args:
        path: of the file.
        lines: of the file, with their numbers.
    """

    def __init__(self, path: Path, lines: NumberedLines) -> None:
        self._name = named(path)
        self._columns: list[list[str]] = []
        self._known: dict[str, str] = {}
        self._lines = array("q")  # of each row
        self._blocks = array("q")  # the first row of each sentence
        self._universal = False
        self._parts = 0  # lines of CoNLL-U that are no word of the sentence
        is_new = True
        for number, line in lines:
            if not line or line.startswith(DOCUMENT):
                is_new = True
            elif self._add(number, _cells(line), is_new=is_new):
                is_new = False

    def _add(self, number: int, cells: list[str], *, is_new: bool) -> bool:
        """Add a line; return whether it is a token."""
        if cells[0].startswith("#") and len(cells) != len(self._columns):
            return False
        if not self._columns:
            self._begin(number, cells)
        if len(cells) != len(self._columns):
            raise DataError(
                f"Line {number:,} of {self._name} has {count_of(len(cells), 'column')} and the "
                f"lines before it {len(self._columns)}; a line is a token with its tag behind it, "
                "and a blank line ends a sentence."
            )
        if self._universal and not cells[0].isdecimal():
            self._parts += 1
            return False
        if is_new:
            self._blocks.append(len(self._lines))
        for column, cell in zip(self._columns, cells, strict=True):
            column.append(self._known.setdefault(cell, cell))
        self._lines.append(number)
        check_numbers(len(self._lines) * len(self._columns), self._name)
        check_words(len(self._known), self._name)
        return True

    def _begin(self, number: int, cells: list[str]) -> None:
        if len(cells) < 2:
            raise DataError(
                f"Line {number:,} of {self._name} has one column only; a line is a token with its "
                "tag behind it, parted by a tab or blanks."
            )
        self._universal = _is_universal(cells)
        self._columns = [[] for _ in cells]

    def table(self, encoding: str) -> Table:
        """Return the tokens as rows of a table, whose blocks are sentences."""
        if not self._lines:
            raise DataError(f"{self._name} has no tokens.")
        count = len(self._columns)
        token, tag = (UNIVERSAL_TOKEN, UNIVERSAL_TAG) if self._universal else (0, count - 1)
        names = UNIVERSAL if self._universal else _names(count)
        columns = [_column(*named_words) for named_words in zip(names, self._columns, strict=True)]
        which = "the part of speech" if self._universal else "the last column"
        notes = [
            f"A line is a token: {names[token]} is read, and {names[tag]}, {which}, is learned "
            "(--inputs and --label name others)."
        ]
        if self._parts:
            notes.append(f"Left out: {count_of(self._parts, 'line')} that join or split tokens.")
        if len(self._blocks) > MOST_SEQUENCES:
            check_numbers(len(self._blocks), self._name)
        lines = self._lines
        return Table(
            format=f"CoNLL{'-U' if self._universal else ''}, {encoding.upper()}, {count} columns",
            columns=tuple(columns),
            rows=len(lines),
            has_header=True,
            line_of=lambda row: lines[row],
            notes=tuple(notes),
            encoding=encoding,
            layout=Layout.LONG,
            label=tag,
            token=token,
            blocks=tuple(self._blocks),
        )


def _names(count: int) -> tuple[str, ...]:
    """Return the names of columns of which the first is the token and the last the tag."""
    return ("token", *(f"column {place + 1}" for place in range(1, count - 1)), "tag")


def _column(name: str, words: list[str]) -> Cells:
    """Return a column of words; every one is a word, those as “nan” too."""
    examples = tuple(printable(word, 24) for word in words[:3])
    return Cells(name, ColumnKind.WORD, np.zeros(0), np.array(words, object), examples)
