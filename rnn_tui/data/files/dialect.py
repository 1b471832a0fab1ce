"""Guess how a delimited table is written: its delimiter, decimal mark and header.

`csv.Sniffer` counts characters. So it takes the comma of German numbers, the space of a date or a
letter of a word for the delimiter, and finds none in rows of unequal length.
"""

import csv
import io
import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING

from rnn_tui.data.files.cells import is_missing, is_number
from rnn_tui.data.files.dates import form_of
from rnn_tui.data.files.names import is_known_name
from rnn_tui.data.options import ReadingOptions

if TYPE_CHECKING:
    from _csv import Reader

DELIMITERS = (",", ";", "\t", "|")
SPACE = " "
SAMPLE_ROWS = 200
WORDS = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "bars", " ": "spaces"}
_COMMA_NUMBER = re.compile(r"\s*[+-]?(\d+|\d{1,3}(\.\d{3})+),\d+([eE][+-]?\d+)?\s*")
_POINT_NUMBER = re.compile(r"\s*[+-]?(\d+|\d{1,3}(,\d{3})+)?\.\d+([eE][+-]?\d+)?\s*")
_COMMA_THOUSANDS = re.compile(r"\s*[+-]?\d{1,3}(,\d{3})+\s*")
Rows = list[list[str]]


@dataclass(frozen=True)
class Dialect:
    """How a delimited table is written."""

    delimiter: str
    decimal: str
    header: bool
    skipped: int  #: lines before the table: comments, or Excel's `sep=;`.


def table_reader(lines: Iterable[str], delimiter: str) -> "Reader":
    """Return a reader of rows; it raises `csv.Error` where quotation marks do not match."""
    return csv.reader(lines, delimiter=delimiter, skipinitialspace=delimiter in " ,;|", strict=True)


def sniff(
    sample: str, options: ReadingOptions, *, whole: bool, likely: str | None = None
) -> Dialect:
    """Return how the beginning of a table is written, where the options do not say it.

    Args:
        sample: the beginning.
        options: what the user says.
        whole: whether it is all of the file.
        likely: the delimiter that the file's name speaks for; it is taken if it parts the rows.
    """
    skipped, stated = _preface(sample)
    body = "".join(sample.splitlines(keepends=True)[skipped:])
    delimiter = options.delimiter or stated
    if delimiter is None:
        delimiter = _guess_delimiter(body, whole, likely)
    rows = sample_rows(body, delimiter, whole)
    decimal = options.decimal or _guess_decimal(rows, delimiter)
    header = _guess_header(rows, decimal) if options.header is None else options.header
    return Dialect(delimiter, decimal, header, skipped)


def _preface(sample: str) -> tuple[int, str | None]:
    """Return how many lines come before the table, and the delimiter if one of them says it."""
    lines = sample.splitlines()[:SAMPLE_ROWS]
    if lines and re.fullmatch(r"\ufeff?sep=[^\w\"]", lines[0].strip("\r\n")):
        return 1, lines[0][-1]
    comments = 0
    while comments < len(lines) and lines[comments].startswith("#"):
        comments += 1
    if comments == 0 or comments == len(lines):
        return 0, None
    # The last one may be a header that begins with a hash.
    last, following = lines[comments - 1], lines[comments]
    for delimiter in DELIMITERS:
        if delimiter in last and last.count(delimiter) == following.count(delimiter):
            return comments - 1, None
    return comments, None


def sample_rows(text: str, delimiter: str, whole: bool) -> Rows:
    """Return the first rows of a table; not the last of a text that goes on."""
    reader = table_reader(io.StringIO(text, newline=""), delimiter)
    rows: Rows = []
    try:
        for row in islice(reader, SAMPLE_ROWS):
            rows.append(row)
    except csv.Error:
        whole = True  # it ended within quotes
    if not whole and 1 < len(rows) < SAMPLE_ROWS:
        rows.pop()
    return [row for row in rows if any(cell.strip() for cell in row)]


def _guess_delimiter(text: str, whole: bool, likely: str | None) -> str:
    """Return the delimiter with which most rows have as many cells, of the sort that tables have.

    A space is taken if nothing else parts the rows; a comma of a table of one column.
    """
    scores = {}
    for delimiter in DELIMITERS:
        scores[delimiter] = _score(sample_rows(text, delimiter, whole), delimiter)
    if likely is not None and _parts_evenly(sample_rows(text, likely, whole)):
        return likely
    best = max(scores, key=lambda delimiter: scores[delimiter])
    if scores[best] > 0:
        return best
    by_space = sample_rows(text, SPACE, whole)
    numbers = [is_number(cell, ".") for row in by_space[1:] or by_space for cell in row if cell]
    if _score(by_space, SPACE) > 0 and sum(numbers) > 0.5 * len(numbers):
        return SPACE
    return ","


def _parts_evenly(rows: Rows) -> bool:
    """Return whether all rows have as many cells, more than one."""
    lengths = set(map(len, rows))
    return len(lengths) == 1 and lengths != {1}


def _score(rows: Rows, delimiter: str) -> float:
    """Return how well a delimiter parts rows: 0 if it does not, at most 1."""
    lengths = Counter(len(row) for row in rows)
    if not lengths:
        return 0.0
    common = lengths.most_common(1)[0][0]
    parted = sum(count for length, count in lengths.items() if length > 1)
    if common == 1 or parted < 0.5 * len(rows):
        return 0.0
    others = [other for other in DELIMITERS if other != delimiter]
    cells = [cell for row in rows for cell in row]
    clean = sum(_is_clean(cell, others) for cell in cells) / len(cells)
    regular = lengths[common] / len(rows)
    return (clean * regular) ** 2


def _is_clean(cell: str, others: list[str]) -> bool:
    """Return whether a cell holds no delimiter of others, other than the mark of a number."""
    if not any(other in cell for other in others):
        return True
    return _COMMA_NUMBER.fullmatch(cell) is not None


def _guess_decimal(rows: Rows, delimiter: str) -> str:
    """Return the decimal mark that more numbers have."""
    commas = 0
    points = 0
    for row in rows:
        for cell in row:
            thousands = delimiter == "," and _COMMA_THOUSANDS.fullmatch(cell)
            commas += _COMMA_NUMBER.fullmatch(cell) is not None and not thousands
            points += _POINT_NUMBER.fullmatch(cell) is not None
    return "," if commas > points else "."


def _guess_header(rows: Rows, decimal: str) -> bool:
    """Return whether the first row has names.

    It has if numbers or dates stand below most of its words, if a known name such as `label` is
    among them, if it counts columns, or if none of its words comes again below.
    """
    if len(rows) < 2:
        return bool(rows) and not any(is_number(cell, decimal) for cell in rows[0])
    first, body = rows[0], rows[1:]
    words_over_numbers = 0
    numbers_over_numbers = 0
    comes_again = False
    for place, cell in enumerate(first):
        below = [row[place] for row in body if place < len(row)]
        present = [value for value in below if not is_missing(value)]
        comes_again = comes_again or cell in below
        if not present or not _are_numbers_or_dates(present, decimal):
            continue
        if _are_numbers_or_dates([cell], decimal) or is_missing(cell):
            numbers_over_numbers += 1
        else:
            words_over_numbers += 1
    if words_over_numbers or numbers_over_numbers:
        if words_over_numbers > numbers_over_numbers:
            return True
        return any(map(is_known_name, first)) or _counts_up(first)
    if any(map(is_known_name, first)):
        return True
    return not comes_again and len(set(first)) == len(first) > 1


def _are_numbers_or_dates(cells: list[str], decimal: str) -> bool:
    numbers = sum(is_number(cell, decimal) for cell in cells)
    return numbers > 0.8 * len(cells) or form_of(cells) is not None


def _counts_up(cells: list[str]) -> bool:
    """Return whether most of the cells are whole numbers that count by one.

    These are three at least from 0 or 1 on, or eight, such as years.
    """
    whole = [int(cell) for cell in cells if cell.strip().isdecimal() and len(cell) < 7]
    least = 3 if whole and whole[0] in (0, 1) else 8
    if len(whole) < least or len(whole) < len(cells) - 5:
        return False
    return whole == list(range(whole[0], whole[0] + len(whole)))
