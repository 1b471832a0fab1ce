"""Give the rows of JSON lines, an object a line, as those of a table whose columns are their names.

The names of all lines make the columns, so that an object may leave out what it lacks.
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from rnn_tui.data.applying.remarks import Remarks
from rnn_tui.data.applying.rows import ROWS_OF_PROGRESS, STOPPED, NewRow, NewTable
from rnn_tui.data.bounds import LONGEST_LINE, check_columns, check_line
from rnn_tui.data.files.frames import cell_of
from rnn_tui.data.files.opening import beginning, named, opened_text
from rnn_tui.data.files.table import column_names
from rnn_tui.engine.errors import DataError, printable
from rnn_tui.engine.progress import Progress

ENDINGS = (".jsonl", ".ndjson")
ENCODING = "utf-8-sig"
NOT_UTF_8 = "{} is not in UTF-8, as JSON is."


def are_json_lines(path: Path) -> bool:
    """Return whether a file has JSON lines: by its ending, or without one by its first sign."""
    ending = path.suffix.lower()
    return ending in ENDINGS or (not ending and beginning(path).lstrip()[:1] == b"{")


def json_lines_table(path: Path) -> NewTable:
    """Return JSON lines as a table.

    Raises:
        DataError: if they can't be read.
    """
    name = named(path)
    places: dict[str, int] = {}
    for _, values in _objects(path, None, Progress()):
        for column in values:
            places.setdefault(column, len(places))
        check_columns(len(places), name)
    if not places:
        raise DataError(f'{name} has no line with a JSON object, such as {{"time": 0, "load": 1}}.')

    def rows(remarks: Remarks | None, progress: Progress) -> Iterator[NewRow]:
        for line, values in _objects(path, remarks, progress):
            try:
                yield NewRow(line, _cells(values, places))
            except DataError as error:
                if remarks is not None:
                    remarks.row(f"Line {line:,} of {name} is left out: {error}")

    header = tuple(column_names(list(places), len(places))[0])
    return NewTable(name, header, (), ".", rows)


def _cells(values: dict[str, Any], places: dict[str, int]) -> list[str]:
    """Return the cells of an object; a `DataError` if one holds several values."""
    cells = [""] * len(places)
    for column, value in values.items():
        cells[places[column]] = cell_of(value)
    return cells


def _objects(
    path: Path, remarks: Remarks | None, progress: Progress
) -> Iterator[tuple[int, dict[str, Any]]]:
    """Yield the number and the object of each line that has one; others are told to remarks."""
    name = named(path)
    with opened_text(path, ENCODING) as (text, file):
        size = file.seek(0, 2)
        file.seek(0)
        number = 0
        while line := _line(text, name):
            number += 1
            check_line(len(line), number, name)
            if number % ROWS_OF_PROGRESS == 0:
                if progress.stopping:
                    raise DataError(STOPPED)
                progress.advance(min(file.tell(), size), size)
            if not line.strip():
                continue
            try:
                values = json.loads(line)
            except (ValueError, RecursionError) as error:
                values = printable(error, 60)
            if isinstance(values, dict):
                yield number, values
            elif remarks is not None:
                why = f" ({values})" if isinstance(values, str) else ""
                remarks.row(f"Line {number:,} of {name} is no JSON object{why}; it is left out.")


def _line(text: Any, name: str) -> str:
    """Return the next line; empty at the end."""
    try:
        line: str = text.readline(LONGEST_LINE + 1)
    except UnicodeError as error:
        raise DataError(NOT_UTF_8.format(name)) from error
    return line
