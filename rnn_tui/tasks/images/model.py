"""Readers of images for PyTorch: the model to train."""

from torch import nn

from rnn_tui.networks import CELLS
from rnn_tui.networks.layers import build_row_reader
from rnn_tui.tasks.config import ImageConfig
from rnn_tui.tasks.images.inference import CLASSES, SIDE


def build_model(config: ImageConfig) -> nn.Module:
    """Return the model that `config` describes, with memory for its weights but no values in it."""
    return build_row_reader(
        CELLS[config.cell],
        features=SIDE,
        time_steps=SIDE,
        classes=CLASSES,
        hidden_size=config.hidden_size,
        layers=config.layers,
    )
