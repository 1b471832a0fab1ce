"""Pictures between a photo and a digit: shrunk without moiré and without waiting.

OpenCV averages areas quickly only when it halves: a megapixel shrunk to 400 pixels at once takes ten times as long as halved
first. What is left to shrink then is less than a half: few details are lost between bilinear interpolation's four pixels.
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
        image = np.asarray(cv2.resize(whole, (width, height), interpolation=cv2.INTER_AREA), np.uint8)
    return image


def shrunk(image: Picture, side: int) -> Picture:
    """`image` with a longer side of `side`; smaller ones as they are."""
    return image if max(image.shape[:2]) <= side else fitted(image, side)


def fitted(image: Picture, side: int) -> Picture:
    """`image` with a longer side of `side`: averaged if that is less than it has, smooth if more."""
    height, width = image.shape[:2]
    factor = side / max(height, width)
    size = max(1, round(width * factor)), max(1, round(height * factor))
    way = cv2.INTER_LINEAR if factor < 1 else cv2.INTER_CUBIC
    return np.asarray(cv2.resize(halved(image, max(size)), size, interpolation=way), np.uint8)


# Below this of 255 a camera sees noise, which a ratio would blow up.
_DARKEST = 24


def share_of(part: Picture, light: Picture) -> npt.NDArray[np.float32]:
    """What share `part` is of the light (H, W), both in grey levels: 0 … 1, less where there is hardly any light."""
    return np.asarray(cv2.divide(part, cv2.max(light, np.full_like(light, _DARKEST)), dtype=cv2.CV_32F), np.float32)
