"""Readers of images for PyTorch: the model to train, and its gradients through the rows."""

import numpy as np
import numpy.typing as npt
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from rnn_tui.networks import CELLS
from rnn_tui.networks.gradients import gradient_norms
from rnn_tui.networks.layers import build_row_reader
from rnn_tui.networks.stepwise import Array, Floats
from rnn_tui.tasks.config import ImageConfig
from rnn_tui.tasks.images.inference import CLASSES, SIDE, RowReaderNetwork


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


def digit_norms(network: RowReaderNetwork, digits: Array, labels: npt.NDArray[np.int64]) -> Floats:
    """Measure how strongly each state of the top layer, read forward, changes the loss.

    Args:
        network: what reads, of H units in its top layer.
        digits: (N, 28, 28), 0 … 1.
        labels: (N,).

    Returns:
        ‖∂loss/∂h_t‖ (28, N), where the loss is the cross-entropy of the labels.
    """
    weight, bias = (torch.from_numpy(part).double() for part in network.readout)
    targets = torch.from_numpy(labels)
    top = network.layers[-1]
    rows = network.stack.read_below(network.rows(digits))  # (28, N, F)
    backward: Tensor | None = None  # (N, H), which the forward states do not change
    if top.backward is not None:
        backward = torch.from_numpy(top.backward.run(rows[-1:]).states[0]).double()

    def loss(states: list[Tensor]) -> Tensor:
        """Return the losses (N,) of states (N, H) after each row."""
        # a biLSTM reads out both directions' last states, others all states
        read_out = states if backward is None else [states[-1], backward]
        logits = torch.cat(read_out, 1) @ weight.T + bias
        return F.cross_entropy(logits, targets, reduction="none")

    return gradient_norms(top.forward, rows, loss)
