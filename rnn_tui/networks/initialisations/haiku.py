"""Weights as the modules of Haiku (dm-haiku 0.0.17) draw them, by which papers are written in JAX.

Weights are normal around 0 with a deviation of 1/√n, of n numbers that they are summed over, cut at
two deviations and drawn again beyond. Biases are 0.

- `hk.LSTM` multiplies what it reads and the last state together, so that n is F + H; it adds 1 to
  what opens its forget gate. Here the bias of the gate is 1, which is the same.
- `hk.VanillaRNN`, `hk.GRU` and `hk.Linear` have n = F for what is read, and n = H for the state.
- `hk.GRU` divides the deviation by that of a cut normal distribution, so that 1/√n is what is left
  of it after the cut.
"""

import math

from torch import Tensor, nn

from rnn_tui.networks.gru import GRUCell
from rnn_tui.networks.initialisations import Draw
from rnn_tui.networks.lstm import LSTMCell

CUT = 2.0  # deviations beyond which a number is drawn again
CUT_DEVIATION = 0.87962566103423978  # of a normal distribution of deviation 1 that is cut there
FORGET_BIAS = 1.0  # of an LSTM


def fill(weight: Tensor, draw: Draw) -> None:
    """Fill a parameter of a recurrent layer or of a readout."""
    if draw.name.startswith("weight"):
        deviation = _deviation(draw)
        limit = CUT * deviation
        nn.init.trunc_normal_(weight, 0, deviation, -limit, limit, generator=draw.generator)
        return
    weight.zero_()
    # One of PyTorch's two biases is enough.
    if draw.name.startswith("bias_ih") and isinstance(draw.cell, LSTMCell):
        forget = draw.cell.gates.index("forget")
        weight.chunk(draw.cell.blocks)[forget].fill_(FORGET_BIAS)


def _deviation(draw: Draw) -> float:
    """Return the deviation of a weight before the cut."""
    if draw.name == "weight":  # of the readout
        return 1 / math.sqrt(draw.width)
    if isinstance(draw.cell, LSTMCell):
        return 1 / math.sqrt(draw.features + draw.width)
    summed = draw.width if draw.name.startswith("weight_hh") else draw.features
    deviation = 1 / math.sqrt(summed)
    return deviation / CUT_DEVIATION if isinstance(draw.cell, GRUCell) else deviation
