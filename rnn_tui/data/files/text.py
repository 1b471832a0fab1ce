"""Read a whole file of text, a character a step."""

from pathlib import Path

from rnn_tui.data.bounds import MOST_NUMBERS, check_numbers
from rnn_tui.data.files.content import Content
from rnn_tui.data.files.opening import (
    beginning,
    encodings,
    named,
    opened_text,
    wrong_encoding,
)
from rnn_tui.data.options import Layout, ReadingOptions
from rnn_tui.data.sequences import Sequences
from rnn_tui.data.symbols import characters_to_places
from rnn_tui.engine.progress import Progress


def read(path: Path, options: ReadingOptions, progress: Progress) -> Content:
    """Read a file of text as one sequence.

    Raises:
        DataError: if it is no text, or too long.
    """
    text, encoding = characters_of(path, options, progress)
    values, starts, alphabet, notes = characters_to_places([text])
    sequences = Sequences((), alphabet, values, starts, notes=tuple(notes))
    return Content("text", sequences, Layout.TEXT, encoding)


def characters_of(path: Path, options: ReadingOptions, progress: Progress) -> tuple[str, str]:
    """Return the text of a file, with line ends as one character, and its encoding.

    Raises:
        DataError: if it is no text, or too long.
    """
    candidates = encodings(path, beginning(path), options.encoding)
    progress.advance(0, 1)
    for encoding in candidates:
        try:
            with opened_text(path, encoding) as (file, data):
                size = data.seek(0, 2)  # no file has more characters than bytes
                data.seek(0)
                text = file.read(min(size, MOST_NUMBERS) + 1)
        except UnicodeError:
            continue
        check_numbers(len(text), named(path))
        progress.advance(1, 1)
        return text.replace("\r\n", "\n").replace("\r", "\n"), encoding
    raise wrong_encoding(path, candidates[-1])
