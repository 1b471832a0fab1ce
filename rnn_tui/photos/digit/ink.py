"""The ink of one digit, once it is known where it is: what share of the paper's light is missing.

The paper is estimated, as the picture without anything narrow and dark, and divided out: shading and coloured light go with it.
Closing leaves edges where they are, so that a hard shadow's edge makes no ink either.
"""

import cv2
import numpy as np
import numpy.typing as npt

from rnn_tui.photos.digit.picture import Picture, share_of
from rnn_tui.tasks.mnist.centre import Ink

# Pixels that a digit is enlarged to before its strokes' edges are looked for.
FINE = 120
# What light ink turns to: by the logarithm, for in a shadow it is darker by a factor.
_NEGATIVE = np.rint(255 * (1 - np.log1p(np.arange(256) / 40) / np.log1p(255 / 40))).astype(np.uint8)
# How far around a digit its paper is looked at, in pixels.
_AROUND, _CLOSE = np.ones((9, 9), np.uint8), np.ones((3, 3), np.uint8)
# The paper is wider than this times the widest stroke and some pixels; a reach this little different needs no second time.
_WIDER, _PIXELS, _LEAST, _MOST, _SAME = 1.6, 6, 15, 72, 0.15
# The strong ink is this percentile of the digit's; shares of it: from which on there is a stroke, some
# of which is above the second; below and above which there is no ink, or nothing but ink.
_STRONG, _LOW, _CLEAR, _NONE, _ALL = 85, 0.25, 0.5, 0.12, 1.0
# A part belongs to the digit if this share of it lies where the digit is.
_OWN = 0.5


def ink_near(picture: Picture, near: npt.NDArray[np.bool_]) -> Ink:
    """The ink (h, w) of a digit, 0 … 1, about 120 pixels long; nothing where none is found.

    In the picture (H, W, 3), BGR, there is paper around the digit, whose ink is roughly where it is `near` (H, W).
    """
    mask: Picture = near.astype(np.uint8)
    _, _, wide, tall = cv2.boundingRect(mask)
    grey = cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY)
    beside = cv2.subtract(cv2.dilate(mask, _AROUND), cv2.dilate(mask, _CLOSE))
    if cv2.mean(grey, mask)[0] > cv2.mean(grey, beside)[0]:
        grey = cv2.LUT(grey, _NEGATIVE)
    scale = FINE / max(wide, tall, 1)
    plane = cv2.blur(cv2.resize(grey, None, fx=scale, fy=scale, interpolation=cv2.INTER_CUBIC), (3, 3))
    mask = np.asarray(cv2.resize(255 * mask, plane.shape[::-1]) > 127, np.uint8)
    ink, reach = np.zeros(plane.shape, np.float32), 0
    for _ in range(2):
        # The strokes' width is better known the second time.
        widest = 2 * float(cv2.distanceTransform(mask, cv2.DIST_L2, 3).max())
        before, reach = reach, int(min(max(_WIDER * widest + _PIXELS, _LEAST), _MOST)) | 1
        if abs(reach - before) <= _SAME * before or not mask.any():
            break
        paper = cv2.morphologyEx(plane, cv2.MORPH_CLOSE, np.ones((reach, reach), np.uint8))
        missing = share_of(cv2.subtract(paper, plane), paper)
        ink = np.asarray(missing / max(float(np.percentile(missing[mask > 0], _STRONG)), 1e-3), np.float32)
        found = _parts_near(ink, mask)
        if not found.any():
            break
        mask = found
    alone: Ink = ((ink - np.float32(_NONE)) * np.float32(1 / (_ALL - _NONE))).clip(0, 1)
    alone[cv2.dilate(mask, _CLOSE) == 0] = 0
    return alone


def _parts_near(ink: Ink, near: Picture) -> Picture:
    """Which of the ink (H, W), in shares of the strong ink, belongs to what is near: (H, W), 0 or 1."""
    count, parts = cv2.connectedComponents((ink > _LOW).astype(np.uint8))
    clear = np.bincount(parts[ink > _CLEAR], minlength=count) > 0
    pixels, overlap = (np.bincount(of.ravel(), minlength=count) for of in (parts, parts[near > 0]))
    overlap[0] = 0
    own = clear & (overlap > _OWN * pixels)
    own[overlap.argmax()] = overlap.max() > 0
    return np.asarray(own[parts], np.uint8)
