"""Pictures between a photo and a digit: shrunk quickly and without moiré; and the ink of a digit.

OpenCV averages areas quickly only when it halves: a megapixel shrunk to 400 pixels at once takes
ten times as long as halved first. What is left to shrink then is less than a half: few details are
lost between bilinear interpolation's four pixels.

Ink is the share of the paper's light that is missing:

    ink = (paper − picture) / paper

The paper is estimated as the picture without anything narrow and dark (a morphological closing).
Dividing by it takes shading and coloured light away. Closing leaves edges where they are, so that
the edge of a hard shadow makes no ink.
"""

from dataclasses import dataclass
from typing import TypeAlias

import cv2
import numpy as np
import numpy.typing as npt

from rnn_tui.tasks.mnist.centre import Digit, Ink

Picture: TypeAlias = Ink
# Left, top, right and bottom of a part of a picture, as shares of its width and height, 0 … 1.
Shares: TypeAlias = tuple[float, float, float, float]


@dataclass(frozen=True)
class Stage:
    """A picture on the way from a photo to a digit."""

    name: str  #: what it shows, in a few words, such as `ink in the crop`.
    picture: Picture  #: (H, W) grey or (H, W, 3) BGR, uint8.


@dataclass(frozen=True)
class PreparedDigit:
    """A photo as a network reads it."""

    digit: Digit  #: (28, 28) float32, 0 for background … 1 for ink.
    stages: tuple[Stage, ...] = ()  #: the pictures on the way, in order; empty unless asked for.
    doubt: str = ""  #: what speaks against a digit, in a sentence for the user.
    box: Shares | None = None  #: where it lies in the photo; None if it was not looked for.
    touches: bool = False  #: whether its ink may be that of several digits.
    cut_short: bool = False  #: whether ink as tall as a digit is left out of its crop.


def halved(image: Picture, side: int) -> Picture:
    """Return `image` halved until its longer side is below 2 · `side`.

    An odd last row is left out.
    """
    while max(image.shape[:2]) >= 2 * side and min(image.shape[:2]) >= 2:
        height, width = image.shape[0] // 2, image.shape[1] // 2
        even = image[: 2 * height, : 2 * width]
        half = cv2.resize(even, (width, height), interpolation=cv2.INTER_AREA)
        image = np.asarray(half, np.uint8)
    return image


def shrunk(image: Picture, side: int) -> Picture:
    """Return `image` with a longer side of `side`; smaller ones as they are."""
    return image if max(image.shape[:2]) <= side else fitted(image, side)


def fitted(image: Picture, side: int) -> Picture:
    """Resize `image` to a longer side of `side`, by averages if that is smaller."""
    height, width = image.shape[:2]
    factor = side / max(height, width)
    size = max(1, round(width * factor)), max(1, round(height * factor))
    interpolation = cv2.INTER_LINEAR if factor < 1 else cv2.INTER_CUBIC
    resized = cv2.resize(halved(image, max(size)), size, interpolation=interpolation)
    return np.asarray(resized, np.uint8)


_DARKEST = 24  # below this of 255 a camera sees noise, which a ratio would blow up


def share_of(part: Picture, light: Picture) -> npt.NDArray[np.float32]:
    """Divide `part` (H, W) by `light` (H, W), both in grey levels: (H, W), 0 … 1.

    It is less if there is hardly any light.
    """
    visible = cv2.max(light, np.full_like(light, _DARKEST))
    return np.asarray(cv2.divide(part, visible, dtype=cv2.CV_32F), np.float32)


def contrasts(grey: Picture, side: int) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]:
    """Return how much darker, and how much lighter, what is narrow is than what surrounds it.

    A morphological closing takes away what is dark and narrow, an opening what is light.

    Args:
        grey: (H, W) grey levels.
        side: pixels; what is narrower counts.

    Returns:
        two planes (H, W), in shares of the light, 0 … 1.
    """
    kernel = np.ones((side, side), np.uint8)
    paper = cv2.morphologyEx(grey, cv2.MORPH_CLOSE, kernel)
    ground = cv2.morphologyEx(grey, cv2.MORPH_OPEN, kernel)
    darker = share_of(cv2.subtract(paper, grey), paper)
    lighter = share_of(cv2.subtract(grey, ground), grey)
    return darker, lighter


FINE = 120  # pixels that a digit is enlarged to before its strokes' edges are looked for
# The longest side of an enlarged picture. A digit has at least a quarter of its crop's longer side;
# what has less than a fifth is a speck, which is enlarged less.
LONGEST = 600
# What light ink turns to: by the logarithm, for in a shadow it is darker by a factor.
_NEGATIVE = np.rint(255 * (1 - np.log1p(np.arange(256) / 40) / np.log1p(255 / 40))).astype(np.uint8)
_AROUND = np.ones((9, 9), np.uint8)  # how far around a digit its paper is looked at
_CLOSE = np.ones((3, 3), np.uint8)  # its own blurred edge, which is no paper yet

# The paper's kernel is wider than the widest stroke by a factor and some pixels, within limits.
_WIDER = 1.6
_WIDER_PIXELS = 6
_LEAST_WIDTH = 15
_MOST_WIDTH = 72
_SAME_WIDTH = 0.15  # a kernel that differs less than this needs no second time

_STRONG = 85  # the strong ink is this percentile of the digit's
# in shares of the strong ink:
_LOW = 0.25  # above this, pixels that touch are one part
_CLEAR = 0.5  # a part is a stroke if some of it is above this
_NONE = 0.12  # below this there is no ink
_ALL = 1.0  # above this there is nothing but ink
_OWN = 0.5  # a part belongs to the digit if more than this share of it lies where the digit is


def ink_near(picture: Picture, place: npt.NDArray[np.bool_], *, is_row: bool = False) -> Ink:
    """Measure the ink of one digit in a picture, enlarged until the digit has 120 pixels.

    Args:
        picture: (H, W, 3) BGR, uint8.
        place: (H, W), roughly where the digit is.
        is_row: whether there are several digits beside each other, all 120 pixels high.

    Returns:
        (h, w), 0 … 1, neither side longer than `LONGEST`; no ink if `place` is empty.
    """
    mask: Picture = place.astype(np.uint8)
    _, _, width, height = cv2.boundingRect(mask)
    if not width:
        return np.zeros(mask.shape, np.float32)
    grey = cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY)
    beside = cv2.subtract(cv2.dilate(mask, _AROUND), cv2.dilate(mask, _CLOSE))
    is_light_ink = cv2.mean(grey, mask)[0] > cv2.mean(grey, beside)[0]
    if is_light_ink:
        grey = cv2.LUT(grey, _NEGATIVE)

    side = height if is_row else max(width, height)
    scale = min(FINE / side, LONGEST / max(mask.shape))
    enlarged = cv2.resize(grey, None, fx=scale, fy=scale, interpolation=cv2.INTER_CUBIC)
    plane = cv2.blur(enlarged, (3, 3))  # (h, w)
    mask = np.asarray(cv2.resize(255 * mask, plane.shape[::-1]) > 127, np.uint8)
    ink, mask = _measured(plane, mask)

    clear: Ink = ((ink - np.float32(_NONE)) * np.float32(1 / (_ALL - _NONE))).clip(0, 1)
    clear[cv2.dilate(mask, _CLOSE) == 0] = 0
    return clear


def _measured(plane: Picture, mask: Picture) -> tuple[Ink, Picture]:
    """Measure dark ink on paper, and find which of it is the digit's.

    Args:
        plane: (h, w) grey levels.
        mask: (h, w), 1 roughly where the digit is.

    Returns:
        the ink (h, w), in shares of the strong ink, and the digit's mask (h, w), 0 or 1.
    """
    ink = np.zeros(plane.shape, np.float32)
    width = 0
    for _ in range(2):  # the strokes' width is better known the second time
        widest_stroke = 2 * float(cv2.distanceTransform(mask, cv2.DIST_L2, 3).max())
        previous_width = width
        width = int(min(max(_WIDER * widest_stroke + _WIDER_PIXELS, _LEAST_WIDTH), _MOST_WIDTH)) | 1
        if abs(width - previous_width) <= _SAME_WIDTH * previous_width or not mask.any():
            break
        paper = cv2.morphologyEx(plane, cv2.MORPH_CLOSE, np.ones((width, width), np.uint8))
        missing = share_of(cv2.subtract(paper, plane), paper)
        strong = max(float(np.percentile(missing[mask > 0], _STRONG)), 1e-3)
        ink = np.asarray(missing / strong, np.float32)
        parts = _parts_in(ink, mask)
        if not parts.any():
            break
        mask = parts
    return ink, mask


def _parts_in(ink: Ink, mask: Picture) -> Picture:
    """Return which parts of the ink (H, W) belong to a mask: (H, W), 0 or 1.

    The ink is given in shares of the strong ink.

    These are clear parts that mostly lie in the mask (H, W), and the one with most pixels in it.
    """
    count, parts = cv2.connectedComponents((ink > _LOW).astype(np.uint8))
    is_clear = np.bincount(parts[ink > _CLEAR], minlength=count) > 0
    pixels = np.bincount(parts.ravel(), minlength=count)
    overlap = np.bincount(parts[mask > 0], minlength=count)
    overlap[0] = 0  # what is no part
    is_own = is_clear & (overlap > _OWN * pixels)
    is_own[overlap.argmax()] = overlap.max() > 0
    return np.asarray(is_own[parts], np.uint8)
