"""Take the sequences out of a table, once it is known what its columns are for."""

from rnn_tui.data.files.table import Table
from rnn_tui.data.options import Layout, ReadingOptions
from rnn_tui.data.roles.record import Roles
from rnn_tui.data.sequences import Sequences
from rnn_tui.data.tables.long import long_sequences
from rnn_tui.data.tables.wide import wide_sequences


def sequences_of(table: Table, roles: Roles, options: ReadingOptions) -> Sequences:
    """Return the sequences of a table.

    Raises:
        DataError: if cells do not fit to the roles of their columns.
    """
    if roles.layout is Layout.WIDE:
        return wide_sequences(table, roles, options)
    return long_sequences(table, roles, options)
