"""Read a whole file of text, a character a step."""

from pathlib import Path

from rnn_tui.engine.errors import DataError
from rnn_tui.engine.progress import Progress
from rnn_tui.tasks.data_sets.files.content import Content
from rnn_tui.tasks.data_sets.files.opening import (
    beginning,
    encodings,
    named,
    opened_text,
    wrong_encoding,
)
from rnn_tui.tasks.data_sets.options import Layout, ReadingOptions
from rnn_tui.tasks.data_sets.sequences import Sequences
from rnn_tui.tasks.data_sets.symbols import characters_to_places

MOST_CHARACTERS = 50_000_000


def read(path: Path, options: ReadingOptions, progress: Progress) -> Content:
    """Read a file of text as one sequence.

    Raises:
        DataError: if it is no text, or too long.
    """
    candidates = encodings(path, beginning(path), options.encoding)
    progress.advance(0, 1)
    for encoding in candidates:
        try:
            with opened_text(path, encoding) as (file, _):
                text = file.read(MOST_CHARACTERS + 1)
        except UnicodeError:
            continue
        if len(text) > MOST_CHARACTERS:
            raise DataError(f"{named(path)} has more than {MOST_CHARACTERS:,} characters.")
        text = text.replace("\r\n", "\n").replace("\r", "\n")
        values, starts, alphabet, notes = characters_to_places([text])
        progress.advance(1, 1)
        sequences = Sequences((), alphabet, values, starts, notes=tuple(notes))
        return Content("text", sequences, Layout.TEXT, encoding)
    raise wrong_encoding(path, candidates[-1])
