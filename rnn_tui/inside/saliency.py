"""What a row reader looks at: the gradient of its answer on the image."""

from __future__ import annotations

import numpy as np

from rnn_tui.networks.stepwise import Array
from rnn_tui.tasks.mnist.inference import CLASSES, PIXEL_DEVIATION, RowReaderNetwork


def saliency(network: RowReaderNetwork, digit: Array) -> Array:
    """The gradient (28, 28) of the winning logit on the pixels of `digit` (28, 28) in 0 … 1.

    Where it is positive, more ink would speak for the answer (Simonyan et al. 2014, “Deep inside
    convolutional networks”). By PyTorch's autograd, in double precision.
    """
    import torch  # noqa: PLC0415 - seconds, on use only

    from rnn_tui.networks.row_reader import build_row_reader  # noqa: PLC0415

    config = network.config
    side = len(digit)
    model = build_row_reader(
        network.cell,
        features=side,
        time_steps=side,
        classes=CLASSES,
        hidden_size=config.hidden_size,
        layers=config.layers,
    ).double()
    model.load_state_dict(
        {name: torch.from_numpy(array).double() for name, array in network.arrays.items()}
    )
    model.requires_grad_(False)
    rows = torch.from_numpy(network.rows(digit[None])[:, 0]).double().requires_grad_()
    with torch.enable_grad():
        winning = model(rows[None])[0].max()
        [gradient] = torch.autograd.grad(winning, rows)
    if config.recipe.standardise:
        gradient = gradient / PIXEL_DEVIATION
    result: Array = gradient.numpy().astype(np.float32)
    return result
