"""Hold what a reader of a format found in a file."""

from dataclasses import dataclass

from rnn_tui.data.files.table import Table
from rnn_tui.data.options import Layout
from rnn_tui.data.sequences import Sequences


@dataclass(frozen=True, eq=False)
class Content:
    """A table, whose columns are yet to be understood, or sequences."""

    format: str
    body: Table | Sequences
    layout: Layout | None = None  #: of sequences that were no table: `Layout.TEXT`, or None.
    encoding: str | None = None
