"""Losses of answers to a data set, of which some may be unknown."""

import torch
from torch import Tensor

from rnn_tui.engine.errors import SettingError
from rnn_tui.tasks.sequences.classification import loss_of


def known(targets: Tensor) -> Tensor:
    """Return which targets are known: classes that are not `UNKNOWN`, numbers that are not NaN."""
    if targets.is_floating_point():
        return ~targets.isnan()
    return targets >= 0


def class_losses(kind: str, logits: Tensor, targets: Tensor) -> Tensor:
    """Return the loss of every answer (…, R, B), 0 of those whose class is unknown.

    Args:
        kind: `ce`, `mse` or `bce`, as `loss_of` says.
        logits: (…, R, C, B).
        targets: (…, R, B) classes.
    """
    *_, classes, sequences = logits.shape
    classes_or_first = targets.clamp(min=0)  # any class will do where none is known
    losses = loss_of(
        kind,
        logits.reshape(-1, classes, sequences),  # (… · R, C, B)
        classes_or_first.reshape(-1, sequences),  # (… · R, B)
    )
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
    others = [other for other in range(losses.dim()) if other != dimension]
    counts = known(targets).sum(dim=others)  # (R,)
    return losses.sum(dim=others) / counts.clamp(min=1)
