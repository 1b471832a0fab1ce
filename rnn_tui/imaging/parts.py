"""Connected parts of a thresholded photo: which is the digit, and which belong to it."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from rnn_tui.imaging.ink import Ink
from rnn_tui.imaging.prepared import Picture

# How fast a part counts less away from the middle, and for each side of the photo it touches.
_AWAY, _TOUCHING, _CUT = 2.0, 0.5, 2.0
_NEAR, _ENOUGH = 0.15, 0.04


@dataclass(frozen=True)
class Parts:
    """Connected parts of a mask; number 0 is the ground.

    Attributes:
        labels: (H, W), each pixel's part.
        left: (N,) and so on: the parts' boxes, right and bottom exclusive.
        ink: (N,) sum of the ink.
        contact: (N,) pixels along the picture's border.
    """

    labels: npt.NDArray[np.int32]
    left: npt.NDArray[np.float64]
    top: npt.NDArray[np.float64]
    right: npt.NDArray[np.float64]
    bottom: npt.NDArray[np.float64]
    ink: npt.NDArray[np.float64]
    contact: npt.NDArray[np.float64]


def parts_of(mask: Picture, ink: Ink) -> Parts:
    """Parts of a mask (H, W), 0 or 255."""
    count, labels, boxes, _ = cv2.connectedComponentsWithStats(mask, connectivity=8)
    at = np.flatnonzero(labels)
    sums = np.bincount(labels.ravel()[at], ink.ravel()[at], minlength=count)
    left, top, width, height, _ = boxes.T.astype(np.float64)
    border = np.concatenate([labels[0], labels[-1], labels[:, 0], labels[:, -1]])
    contact = np.bincount(border, minlength=count).astype(np.float64)
    return Parts(labels, left, top, left + width, top + height, sums, contact)


def scores(parts: Parts) -> npt.NDArray[np.float64]:
    """How much each part looks like the digit: much ink, in the middle, not cut by the border."""
    height, width = parts.labels.shape
    across = (parts.left + parts.right) / width - 1
    down = (parts.top + parts.bottom) / height - 1
    size = np.maximum(parts.right - parts.left, parts.bottom - parts.top)
    score = np.sqrt(parts.ink * size) * np.exp(-_AWAY * (across**2 + down**2))
    score = score * np.exp(-_CUT * parts.contact / size) * _TOUCHING ** (parts.contact > 0)
    score[0] = 0
    return score


def with_near(parts: Parts, main: int) -> npt.NDArray[np.bool_]:
    """Which parts (N,) make up the digit: the main one and what lies near it, such as a 5's bar."""
    chosen = np.zeros(len(parts.ink), bool)
    chosen[main] = True
    size = max(parts.right[main] - parts.left[main], parts.bottom[main] - parts.top[main])
    enough = (parts.ink > _ENOUGH * parts.ink[main]) & (parts.contact == 0)
    for _ in range(3):
        left, top = parts.left[chosen].min(), parts.top[chosen].min()
        right, bottom = parts.right[chosen].max(), parts.bottom[chosen].max()
        across = np.maximum(np.maximum(parts.left - right, left - parts.right), 0)
        down = np.maximum(np.maximum(parts.top - bottom, top - parts.bottom), 0)
        chosen |= (np.hypot(across, down) < _NEAR * size) & enough
        chosen[0] = False
    return chosen
