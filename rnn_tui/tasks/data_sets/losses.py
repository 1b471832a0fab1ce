"""Losses of answers to a data set, of which some may be unknown."""

import torch
from torch import Tensor

from rnn_tui.engine.errors import SettingError
from rnn_tui.tasks.sequences.classification import loss_of


def known(targets: Tensor) -> Tensor:
    """Return which targets are known: classes that are not `UNKNOWN`, numbers that are not NaN."""
    return ~targets.isnan() if targets.is_floating_point() else targets >= 0


def class_losses(kind: str, logits: Tensor, targets: Tensor) -> Tensor:
    """Return the loss of every answer (…, R, B), 0 of those whose class is unknown.

    Args:
        kind: `ce`, `mse` or `bce`, as `loss_of` says.
        logits: (…, R, C, B).
        targets: (…, R, B) classes.
    """
    flat = logits.reshape(-1, *logits.shape[-2:])  # (… · R, C, B)
    losses = loss_of(kind, flat, targets.clamp(min=0).reshape(-1, targets.shape[-1]))
    return losses.view(targets.shape) * known(targets)


def number_losses(kind: str, outputs: Tensor, targets: Tensor) -> Tensor:
    """Return the squared error of every number (…, R, O, B), 0 of those that are unknown.

    Raises:
        SettingError: for another loss than `mse`.
    """
    if kind != "mse":
        raise SettingError(f"Numbers are answered with the loss mse, not {kind}.")
    targets = targets.to(outputs.dtype)
    return torch.where(known(targets), outputs - targets, 0).square()


def mean_of_known(losses: Tensor, targets: Tensor, dimension: int) -> Tensor:
    """Return the mean loss (R,) over the targets that are known, 0 where none is.

    Args:
        losses: of each target; 0 of unknown ones.
        targets: of the same shape.
        dimension: that of the R replicas.
    """
    others = [at for at in range(losses.dim()) if at != dimension]
    return losses.sum(dim=others) / known(targets).sum(dim=others).clamp(min=1)
