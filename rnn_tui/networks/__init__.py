"""The recurrent networks: a file for each cell, and a line in this registry, which loads no torch
before one is made.
"""

from rnn_tui.networks.cell import Cell
from rnn_tui.networks.gru import GRUCell
from rnn_tui.networks.lstm import BiLSTMCell, LSTMCell
from rnn_tui.networks.rnn import RNNCell

CELLS: dict[str, Cell] = {
    cell.name: cell for cell in (RNNCell(), LSTMCell(), BiLSTMCell(), GRUCell())
}
