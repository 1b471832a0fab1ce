"""Choose the reader of a file, and read the test that lies beside it."""

from dataclasses import dataclass
from pathlib import Path

from rnn_tui.engine.progress import Progress
from rnn_tui.tasks.data_sets.files import delimited
from rnn_tui.tasks.data_sets.files.table import Table
from rnn_tui.tasks.data_sets.options import Layout, ReadingOptions
from rnn_tui.tasks.data_sets.sequences import Sequences


@dataclass(frozen=True, eq=False)
class Content:
    """What a file holds."""

    format: str
    body: Table | Sequences
    layout: Layout | None = None
    notes: tuple[str, ...] = ()


def read(path: Path, options: ReadingOptions, progress: Progress) -> Content:
    """Read a file in its format.

    Raises:
        DataError: if it can't be read.
    """
    table = delimited.read(path, options, progress)
    return Content(table.format, table)
