"""Recurrent weights that hand the state on as it is (Le, Jaitly & Hinton 2015, arXiv:1504.00941).

Without an input, a unit of a rectified network then keeps its value, and the gradient on it goes
back through any number of steps as it is. Other weights are normal with a deviation of 0.001, and
biases are 0.
"""

from torch import Tensor, nn

from rnn_tui.networks.initialisations import Draw

#: of the weights that are not recurrent, as the reproduction of the paper in Keras has it.
DEVIATION = 0.001


def fill(weight: Tensor, draw: Draw) -> None:
    """Fill a parameter of a recurrent layer without gates, or of a readout."""
    if draw.name.startswith("weight_hh"):
        nn.init.eye_(weight)
    elif draw.name.startswith("weight"):
        weight.normal_(0, DEVIATION, generator=draw.generator)
    else:
        weight.zero_()
