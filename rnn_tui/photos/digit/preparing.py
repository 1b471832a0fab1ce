"""From a photo to what a network reads, in the two ways that there are."""

from __future__ import annotations

from rnn_tui.photos import METHODS
from rnn_tui.photos.digit.centring import centre
from rnn_tui.photos.digit.plain import prepare_report
from rnn_tui.photos.digit.prepared import Picture, Prepared
from rnn_tui.photos.digit.robust import prepare_mnist

__all__ = ["METHODS", "centre", "prepare"]


def prepare(image: Picture, method: str, *, stages: bool = False) -> Prepared:
    """A photo as a network reads it.

    Args:
        image: (H, W, 3) BGR, uint8, any size.
        method: one of `METHODS`: `mnist`, what MNIST did to its images, made robust for photos; or
            `report`, the report's steps.
        stages: whether to keep the pictures on the way.

    Raises:
        ValueError: for an unknown method.
    """
    if method not in METHODS:
        raise ValueError(f"no way to prepare a photo is called {method!r}")
    way = prepare_mnist if method == "mnist" else prepare_report
    return way(image, stages=stages)
