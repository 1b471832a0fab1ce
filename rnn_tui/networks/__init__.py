"""The recurrent networks: a file for each cell, and a line in this registry, which loads no torch
before one is made.
"""

import re

from rnn_tui.engine.errors import SettingError, printable
from rnn_tui.networks.cell import Cell
from rnn_tui.networks.gru import GRUCell
from rnn_tui.networks.lstm import BiLSTMCell, LSTMCell
from rnn_tui.networks.mingru import MinGRUCell, SignedMinGRUCell
from rnn_tui.networks.rnn import ReluRNNCell, RNNCell

CELL_NAME = re.compile(r"[a-z][a-z0-9_-]{0,29}")
CELLS: dict[str, Cell] = {
    cell.name: cell
    for cell in (
        RNNCell(),
        LSTMCell(),
        BiLSTMCell(),
        GRUCell(),
        MinGRUCell(),
        SignedMinGRUCell(),
        ReluRNNCell(),
    )
}
#: the cells that ship: no script replaces them.
SHIPPED_CELLS = frozenset(CELLS)


def register(cell: Cell) -> None:
    """Add a cell of a script or a notebook, in place of an earlier one of its name.

    Raises:
        SettingError: it has no name as it is typed, or a cell that ships has it.
    """
    name = getattr(cell, "name", "")
    label = getattr(cell, "label", "")
    if not isinstance(name, str) or not CELL_NAME.fullmatch(name):
        raise SettingError("A cell's name must be short, of small letters, digits and dashes.")
    if not isinstance(label, str) or not label.strip() or label != printable(label):
        raise SettingError(f"The cell {name} needs a label: a short printable text.")
    if name in SHIPPED_CELLS and CELLS[name] is not cell:
        raise SettingError(f"There is a cell called {name} already; choose another name.")
    CELLS[name] = cell
