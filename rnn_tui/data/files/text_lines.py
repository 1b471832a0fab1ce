"""Read a text file of a format with a head by lines, whatever its encoding."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO, TextIO, TypeVar

from rnn_tui.data.bounds import LONGEST_LINE, check_line
from rnn_tui.data.files.opening import (
    beginning,
    encodings,
    named,
    opened_text,
    wrong_encoding,
)
from rnn_tui.data.options import ReadingOptions
from rnn_tui.engine.errors import DataError
from rnn_tui.engine.progress import Progress

LINES_OF_PROGRESS = 256
T = TypeVar("T")
NumberedLines = Iterator[tuple[int, str]]


def read_lines(
    path: Path,
    options: ReadingOptions,
    progress: Progress,
    read: Callable[[NumberedLines], T],
) -> tuple[T, str]:
    """Return what `read` makes of the numbered lines of a file, and the encoding.

    Raises:
        DataError: if the file can't be read.
    """
    candidates = encodings(path, beginning(path), options.encoding)
    for encoding in candidates:
        try:
            with opened_text(path, encoding) as (text, file):
                return read(numbered(path, text, file, progress)), encoding
        except UnicodeError:
            continue
    raise wrong_encoding(path, candidates[-1])


def numbered(path: Path, text: TextIO, file: IO[bytes], progress: Progress) -> NumberedLines:
    """Yield the lines of an open file with their numbers, from 1, without space at their ends.

    Args:
        path: the file, for sentences.
        text: the file as text.
        file: its bytes, whose place is the progress.
        progress: is told of it, and may stop it.

    Raises:
        DataError: if a line is too long, or `progress` is stopped.
    """
    name = named(path)
    size = file.seek(0, 2)
    file.seek(0)
    number = 0
    while line := text.readline(LONGEST_LINE + 1):
        number += 1
        check_line(len(line), number, name)
        if number % LINES_OF_PROGRESS == 0:
            if progress.stopping:
                raise DataError("Reading was stopped.")
            progress.advance(min(file.tell(), size), size)
        yield number, line.strip()
