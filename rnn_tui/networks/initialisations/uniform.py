"""Weights as PyTorch's own modules draw them."""

import math

from torch import Tensor

from rnn_tui.networks.initialisations import Draw


def fill(weight: Tensor, draw: Draw) -> None:
    """Draw evenly from −1/√H to 1/√H, or of a readout from −1/√F to 1/√F."""
    bound = 1 / math.sqrt(draw.width)
    weight.uniform_(-bound, bound, generator=draw.generator)
