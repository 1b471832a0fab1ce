"""Pictures between a photo and a digit: shrunk without moiré and without waiting, then centred.

OpenCV averages areas quickly only when it halves: a megapixel shrunk to 400 pixels at once takes
ten times as long as halved first. What is left to shrink then is less than a half, and few details
are lost between the four pixels that bilinear interpolation looks at.
"""

from dataclasses import dataclass
from typing import Any, TypeAlias

import cv2
import numpy as np
import numpy.typing as npt

SIDE = 28

# As OpenCV's own types have it, which say no more of what its functions return; bytes in fact.
Picture: TypeAlias = npt.NDArray[np.integer[Any] | np.floating[Any]]
Digit: TypeAlias = npt.NDArray[np.float32]
Ink: TypeAlias = npt.NDArray[np.integer[Any] | np.floating[Any]]


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
    doubt: str = ""  #: what speaks against a digit, in a sentence for the user: a hint, which the network may outweigh.
    evidence: float = 0.0  #: how much it looks like a digit to what found it, 0 … 1; photos of digits mostly above 0.05.


def halved(image: Picture, side: int) -> Picture:
    """`image` halved until its longer side is below 2 · `side`; an odd last row is left out."""
    while max(image.shape[:2]) >= 2 * side and min(image.shape[:2]) >= 2:
        height, width = image.shape[0] // 2, image.shape[1] // 2
        whole = image[: 2 * height, : 2 * width]
        image = np.asarray(cv2.resize(whole, (width, height), interpolation=cv2.INTER_AREA), np.uint8)
    return image


def shrunk(image: Picture, side: int) -> Picture:
    """`image` with a longer side of `side`; smaller ones as they are."""
    longest = max(image.shape[:2])
    return image if longest <= side else resized(image, side / longest)


def resized(image: Picture, factor: float) -> Picture:
    """`image` with its sides times `factor`: averaged if that is below 1, smooth if above."""
    height, width = image.shape[:2]
    size = max(1, round(width * factor)), max(1, round(height * factor))
    way = cv2.INTER_LINEAR if factor < 1 else cv2.INTER_CUBIC
    return np.asarray(cv2.resize(halved(image, max(size)), size, interpolation=way), np.uint8)


BOX = 20
FINE = 6
# Stroke width in pixels of the digit; MNIST's own mostly lie here.
THINNEST, THICKEST = 2.0, 2.6
FAINTEST = 0.1


def centre(ink: Ink) -> Digit:
    """Clean ink (H, W), 0 … 1, such as a drawing, as MNIST has it: (28, 28), 0 … 1.

    The longer side is scaled to 20 pixels, strokes are brought to a width of 2 … 2.6 pixels, the
    centre of mass comes to the middle. No ink gives an empty digit.

    All in one resampling: the ink is brought to a grid six times finer than the digit's, where
    strokes can be thickened or thinned and the digit shifted by sixths of a pixel, and then
    averaged down.
    """
    box = _box_of(ink > FAINTEST)
    if box is None:
        return np.zeros((SIDE, SIDE), np.float32)
    left, top, right, bottom = box
    fine = _evened(_scaled(np.ascontiguousarray(ink[top:bottom, left:right], np.float32)))
    digit = cv2.resize(_placed(fine), (SIDE, SIDE), interpolation=cv2.INTER_AREA)
    return np.asarray(np.clip(digit, 0, 1).astype(np.float32))


def _box_of(mask: npt.NDArray[np.bool_]) -> tuple[int, int, int, int] | None:
    """Left, top, right, bottom of what is true; the latter two exclusive."""
    columns, rows = np.flatnonzero(mask.any(axis=0)), np.flatnonzero(mask.any(axis=1))
    if not columns.size:
        return None
    return int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1


def _scaled(ink: Ink) -> Ink:
    """`ink` with its longer side at 20 fine pixels times six, on a margin for thicker strokes."""
    height, width = ink.shape
    factor = BOX * FINE / max(height, width)
    size = (max(1, round(width * factor)), max(1, round(height * factor)))
    # Averaging is slow, and between a half and one no better.
    way = cv2.INTER_AREA if factor < 0.5 else cv2.INTER_LINEAR
    scaled = cv2.resize(ink, size, interpolation=way)
    margin = 2 * FINE
    return cv2.copyMakeBorder(scaled, margin, margin, margin, margin, cv2.BORDER_CONSTANT, value=0)


def stroke_width(mask: npt.NDArray[np.uint8]) -> float:
    """Mean width of the strokes in a mask (H, W), in its pixels; 0 without any."""
    depth = cv2.distanceTransform(mask, cv2.DIST_L2, 3)
    pixels = cv2.countNonZero(mask)
    # Across a stroke of width w the distance to the edge goes 0 … w/2 … 0: its mean is w/4.
    return 4 * cv2.sumElems(depth)[0] / pixels - 1 if pixels else 0.0


def _evened(fine: Ink) -> Ink:
    """`fine` with strokes thickened or thinned until their width is within MNIST's."""
    width = stroke_width((fine > 0.5).astype(np.uint8)) / FINE
    wanted = min(max(width, THINNEST), THICKEST)
    radius = round((wanted - width) * FINE / 2)
    if not radius or not width:
        return fine
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * abs(radius) + 1, 2 * abs(radius) + 1))
    return np.asarray((cv2.dilate if radius > 0 else cv2.erode)(fine, kernel))


def _placed(fine: Ink) -> Ink:
    """`fine` cut to its ink, on the fine grid of the digit, its centre of mass in the middle."""
    canvas = np.zeros((SIDE * FINE, SIDE * FINE), np.float32)
    box = _box_of(fine > FAINTEST)
    if box is None:
        return canvas
    fine = _scaled(fine[box[1] : box[3], box[0] : box[2]])
    total = float(fine.sum())
    middle = SIDE * FINE / 2
    across = float(fine.sum(axis=0) @ (np.arange(fine.shape[1]) + 0.5)) / total
    down = float(fine.sum(axis=1) @ (np.arange(fine.shape[0]) + 0.5)) / total
    left, top = round(middle - across), round(middle - down)
    height, width = fine.shape
    # What would fall off the grid on one side is margin, or the tail of a very lopsided digit.
    rows = slice(max(0, -top), min(height, SIDE * FINE - top))
    columns = slice(max(0, -left), min(width, SIDE * FINE - left))
    part = fine[rows, columns]
    top, left = max(0, top), max(0, left)
    canvas[top : top + part.shape[0], left : left + part.shape[1]] = part
    return canvas
