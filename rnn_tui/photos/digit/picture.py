"""Pictures between a photo and a digit: shrunk without moiré and without waiting; and the ink of a
digit in them.

OpenCV averages areas quickly only when it halves: a megapixel shrunk to 400 pixels at once takes
ten times as long as halved first. What is left to shrink then is less than a half: few details are
lost between bilinear interpolation's four pixels. Ink is what share of the paper's light is
missing. The paper is estimated, as the picture without anything narrow and dark, and divided out:
shading and coloured light go with it. Closing leaves edges where they are: a hard shadow's edge
makes no ink.
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

    name: str  #: what was done, in a few words, such as `background divided out`.
    picture: Picture  #: (H, W) grey or (H, W, 3) BGR, uint8.


@dataclass(frozen=True)
class PreparedDigit:
    """A photo as a network reads it."""

    digit: Digit  #: (28, 28) float32, 0 for background … 1 for ink.
    stages: tuple[Stage, ...] = ()  #: the pictures on the way, in order; empty unless asked for.
    doubt: str = ""  #: what speaks against a digit, in a sentence for the user.
    box: Shares | None = None  #: where it lies in the photo; None where it was not looked for.


def halved(image: Picture, side: int) -> Picture:
    """`image` halved until its longer side is below 2 · `side`; an odd last row is left out."""
    while max(image.shape[:2]) >= 2 * side and min(image.shape[:2]) >= 2:
        height, width = image.shape[0] // 2, image.shape[1] // 2
        whole = image[: 2 * height, : 2 * width]
        image = np.asarray(
            cv2.resize(whole, (width, height), interpolation=cv2.INTER_AREA), np.uint8
        )
    return image


def shrunk(image: Picture, side: int) -> Picture:
    """`image` with a longer side of `side`; smaller ones as they are."""
    return image if max(image.shape[:2]) <= side else fitted(image, side)


def fitted(image: Picture, side: int) -> Picture:
    """`image` with a longer side of `side`: averaged if that is less than it has, smooth if
    more.
    """
    height, width = image.shape[:2]
    factor = side / max(height, width)
    size = max(1, round(width * factor)), max(1, round(height * factor))
    way = cv2.INTER_LINEAR if factor < 1 else cv2.INTER_CUBIC
    return np.asarray(cv2.resize(halved(image, max(size)), size, interpolation=way), np.uint8)


_DARKEST = 24  # below this of 255 a camera sees noise, which a ratio would blow up


def share_of(part: Picture, light: Picture) -> npt.NDArray[np.float32]:
    """What share `part` is of the light (H, W), both in grey levels: 0 … 1, less where there is
    hardly any light.
    """
    return np.asarray(
        cv2.divide(part, cv2.max(light, np.full_like(light, _DARKEST)), dtype=cv2.CV_32F),
        np.float32,
    )


FINE = 120  # pixels that a digit is enlarged to before its strokes' edges are looked for
# The longest side of an enlarged picture. A digit has at least a quarter of its cut-out's longer
# side; what has less than a fifth is a speck, which is enlarged less.
LONGEST = 600
# What light ink turns to: by the logarithm, for in a shadow it is darker by a factor.
_NEGATIVE = np.rint(255 * (1 - np.log1p(np.arange(256) / 40) / np.log1p(255 / 40))).astype(np.uint8)
# how far around a digit its paper is looked at
_AROUND, _CLOSE = np.ones((9, 9), np.uint8), np.ones((3, 3), np.uint8)
# The paper is wider than this times the widest stroke and some pixels; a reach this little
# different needs no second time.
_WIDER, _PIXELS, _LEAST, _MOST, _SAME = 1.6, 6, 15, 72, 0.15
# The strong ink is this percentile of the digit's; shares of it: from which on there is a stroke,
# some of which is above the second; below and above which there is no ink, or nothing but ink.
_STRONG, _LOW, _CLEAR, _NONE, _ALL = 85, 0.25, 0.5, 0.12, 1.0
_OWN = 0.5  # a part belongs to the digit if this share of it lies where the digit is


def ink_near(picture: Picture, near: npt.NDArray[np.bool_]) -> Ink:
    """The ink (h, w), 0 … 1, about 120 pixels long, of a digit roughly `near` (H, W) there in a
    picture (H, W, 3), BGR.

    Neither h nor w is more than `LONGEST`. Without a pixel that is near there is no ink.
    """
    mask: Picture = near.astype(np.uint8)
    _, _, wide, tall = cv2.boundingRect(mask)
    if not wide:
        return np.zeros(mask.shape, np.float32)
    grey = cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY)
    beside = cv2.subtract(cv2.dilate(mask, _AROUND), cv2.dilate(mask, _CLOSE))
    if cv2.mean(grey, mask)[0] > cv2.mean(grey, beside)[0]:
        grey = cv2.LUT(grey, _NEGATIVE)
    scale = min(FINE / max(wide, tall), LONGEST / max(mask.shape))
    plane = cv2.blur(
        cv2.resize(grey, None, fx=scale, fy=scale, interpolation=cv2.INTER_CUBIC), (3, 3)
    )
    mask = np.asarray(cv2.resize(255 * mask, plane.shape[::-1]) > 127, np.uint8)
    ink, reach = np.zeros(plane.shape, np.float32), 0
    for _ in range(2):  # the strokes' width is better known the second time
        widest = 2 * float(cv2.distanceTransform(mask, cv2.DIST_L2, 3).max())
        before, reach = reach, int(min(max(_WIDER * widest + _PIXELS, _LEAST), _MOST)) | 1
        if abs(reach - before) <= _SAME * before or not mask.any():
            break
        paper = cv2.morphologyEx(plane, cv2.MORPH_CLOSE, np.ones((reach, reach), np.uint8))
        missing = share_of(cv2.subtract(paper, plane), paper)
        ink = np.asarray(
            missing / max(float(np.percentile(missing[mask > 0], _STRONG)), 1e-3), np.float32
        )
        found = _parts_near(ink, mask)
        if not found.any():
            break
        mask = found
    alone: Ink = ((ink - np.float32(_NONE)) * np.float32(1 / (_ALL - _NONE))).clip(0, 1)
    alone[cv2.dilate(mask, _CLOSE) == 0] = 0
    return alone


def _parts_near(ink: Ink, near: Picture) -> Picture:
    """Which of the ink (H, W), in shares of the strong ink, belongs to what is near: (H, W), 0 or
    1.
    """
    count, parts = cv2.connectedComponents((ink > _LOW).astype(np.uint8))
    clear = np.bincount(parts[ink > _CLEAR], minlength=count) > 0
    pixels, overlap = (np.bincount(of.ravel(), minlength=count) for of in (parts, parts[near > 0]))
    overlap[0] = 0
    own = clear & (overlap > _OWN * pixels)
    own[overlap.argmax()] = overlap.max() > 0
    return np.asarray(own[parts], np.uint8)
