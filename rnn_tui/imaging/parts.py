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
_LEVEL = 0.2
_STRENGTH, _SOLID, _SOFT = 0.7, 0.3, 0.2
_ALIKE = 0.5
_NEAR, _ENOUGH = 0.15, 0.04


@dataclass(frozen=True)
class Parts:
    """Connected parts of a mask; number 0 is the ground.

    Attributes:
        labels: (H, W), each pixel's part.
        left: (N,) and so on: the parts' boxes, right and bottom exclusive.
        ink: (N,) sum of the ink.
        strong: (N,) mean of the ink, weighted by the ink.
        contact: (N,) pixels along the picture's border.
    """

    labels: npt.NDArray[np.int32]
    left: npt.NDArray[np.float64]
    top: npt.NDArray[np.float64]
    right: npt.NDArray[np.float64]
    bottom: npt.NDArray[np.float64]
    ink: npt.NDArray[np.float64]
    strong: npt.NDArray[np.float64]
    width: npt.NDArray[np.float64]
    soft: npt.NDArray[np.float64]
    clear: npt.NDArray[np.float64]
    contact: npt.NDArray[np.float64]


def parts_of(mask: Picture, ink: Ink, level: float) -> Parts:
    """Parts of a mask (H, W), 0 or 255."""
    count, labels, boxes, _ = cv2.connectedComponentsWithStats(mask, connectivity=8)
    at = np.flatnonzero(labels)
    sums = np.bincount(labels.ravel()[at], ink.ravel()[at], minlength=count)
    left, top, width, height, area = boxes.T.astype(np.float64)
    border = np.concatenate([labels[0], labels[-1], labels[:, 0], labels[:, -1]])
    contact = np.bincount(border, minlength=count).astype(np.float64)
    squares = np.bincount(labels.ravel()[at], np.square(ink.ravel()[at]), minlength=count)
    strong = squares / np.maximum(sums, 1e-9)
    above = np.bincount(labels[ink > 2 * level], minlength=count) / np.maximum(area, 1)
    gx, gy = cv2.Sobel(ink, cv2.CV_32F, 1, 0, scale=0.125), cv2.Sobel(ink, cv2.CV_32F, 0, 1, scale=0.125)
    steep = cv2.magnitude(gx, gy)
    g = steep.ravel()[at]
    flat = labels.ravel()[at]
    edge = np.bincount(flat, g*g, minlength=count) / np.maximum(np.bincount(flat, g, minlength=count), 1e-9)
    soft = strong / np.maximum(edge, 1e-6)
    depth = cv2.distanceTransform(mask, cv2.DIST_L2, 3)
    thick = 4 * np.bincount(labels.ravel()[at], depth.ravel()[at], minlength=count) / np.maximum(area, 1) - 1
    return Parts(labels, left, top, left + width, top + height, sums, strong, thick, soft, above, contact)


def scores(parts: Parts, level: float) -> npt.NDArray[np.float64]:
    """How much each part looks like the digit: a strong stroke in the middle, not cut off."""
    height, width = parts.labels.shape
    across = (parts.left + parts.right) / width - 1
    down = (parts.top + parts.bottom) / height - 1
    size = np.maximum(parts.right - parts.left, parts.bottom - parts.top)
    score = size * np.maximum(parts.strong, 1e-6) ** _STRENGTH
    score = score * np.exp(-_AWAY * (across**2 + down**2))
    score = score * np.exp(-_CUT * parts.contact / size) * _TOUCHING ** (parts.contact > 0)
    score = score * np.exp(-np.square(parts.width / size / _SOLID))
    score = score * np.exp(-np.square(parts.soft / size / _SOFT))
    score = score * np.clip((parts.clear - 0.15) / 0.35, 0.02, 1)
    score = score * np.clip(level / (_LEVEL * np.maximum(parts.strong, 1e-6)), 0, 1) ** 2
    score[0] = 0
    return score


def with_near(parts: Parts, main: int) -> npt.NDArray[np.bool_]:
    """Which parts (N,) make up the digit: the main one and what lies near it, such as a 5's bar."""
    chosen = np.zeros(len(parts.ink), bool)
    chosen[main] = True
    size = max(parts.right[main] - parts.left[main], parts.bottom[main] - parts.top[main])
    enough = (parts.ink > _ENOUGH * parts.ink[main]) & (parts.contact == 0)
    enough &= parts.strong > _ALIKE * parts.strong[main]
    enough &= np.maximum(parts.right - parts.left, parts.bottom - parts.top) <= size
    for _ in range(3):
        left, top = parts.left[chosen].min(), parts.top[chosen].min()
        right, bottom = parts.right[chosen].max(), parts.bottom[chosen].max()
        across = np.maximum(np.maximum(parts.left - right, left - parts.right), 0)
        down = np.maximum(np.maximum(parts.top - bottom, top - parts.bottom), 0)
        chosen |= (np.hypot(across, down) < _NEAR * size) & enough
        chosen[0] = False
    return chosen
