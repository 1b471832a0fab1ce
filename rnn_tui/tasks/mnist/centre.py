"""Ink as MNIST has its digits: 20 pixels long, strokes of an even width, the mass in the middle."""

from typing import Any, TypeAlias

import cv2
import numpy as np
import numpy.typing as npt

SIDE = 28

Digit: TypeAlias = npt.NDArray[np.float32]
# As OpenCV's own types have it, which say no more of what its functions return; bytes in fact.
Ink: TypeAlias = npt.NDArray[np.integer[Any] | np.floating[Any]]

BOX = 20  # pixels of a digit's longer side
FINE = 6  # fine pixels for each pixel of the digit, either way
THINNEST = 2.0  # the least mean stroke width, in pixels of the digit: MNIST's mostly lie above
THICKEST = 2.6  # the largest mean stroke width: MNIST's mostly lie below
FAINTEST = 0.1  # ink that is fainter than this, 0 … 1, does not count


def centre(ink: Ink) -> Digit:
    """Centre clean ink (H, W), 0 … 1, such as a drawing, as in MNIST: (28, 28), 0 … 1.

    The longer side is scaled to 20 pixels, strokes are brought to a width of 2 … 2.6 pixels, and
    the centre of mass comes to the middle. All ink is resampled once: on a grid six times finer
    than the digit's, strokes can be thickened or thinned and the digit shifted by sixths of a
    pixel, before it is averaged down. No ink gives an empty digit.
    """
    fine = _scaled(ink)
    if fine is None:
        return np.zeros((SIDE, SIDE), np.float32)
    return digit_of(_with_even_strokes(fine))


def digit_of(fine: Ink) -> Digit:
    """Scale and centre ink (H, W), 0 … 1, as in MNIST, to (28, 28); keep the stroke width."""
    digit = cv2.resize(_placed(fine), (SIDE, SIDE), interpolation=cv2.INTER_AREA)
    return np.asarray(digit.clip(0, 1), np.float32)


def _scaled(ink: Ink) -> Ink | None:
    """Return `ink` cut out, its longer side 20 · 6 fine pixels, with a margin for thicker strokes.

    None if all of it is faint.
    """
    left, top, width, height = cv2.boundingRect((ink > FAINTEST).astype(np.uint8))
    if not width:
        return None
    part = np.ascontiguousarray(ink[top : top + height, left : left + width], np.float32)
    factor = BOX * FINE / max(height, width)
    size = (max(1, round(width * factor)), max(1, round(height * factor)))
    # Averaging is slow, and between a half and one no better.
    interpolation = cv2.INTER_AREA if factor < 0.5 else cv2.INTER_LINEAR
    scaled = cv2.resize(part, size, interpolation=interpolation)
    margin = 2 * FINE
    return cv2.copyMakeBorder(scaled, margin, margin, margin, margin, cv2.BORDER_CONSTANT)


def stroke_width(mask: npt.NDArray[np.uint8]) -> float:
    """Mean width of the strokes in a mask (H, W), in its pixels; 0 without any.

    Across a stroke of width w the distance to the edge goes 0 … w/2 … 0, so that its mean is w/4.
    """
    pixels = cv2.countNonZero(mask)
    if not pixels:
        return 0.0
    distance = cv2.distanceTransform(mask, cv2.DIST_L2, 3)
    return 4 * cv2.sumElems(distance)[0] / pixels - 1


def _with_even_strokes(fine: Ink) -> Ink:
    """Return `fine` with strokes thickened or thinned until their mean width is within MNIST's."""
    width = stroke_width((fine > 0.5).astype(np.uint8)) / FINE
    wanted = min(max(width, THINNEST), THICKEST)
    radius = round((wanted - width) * FINE / 2)
    if not radius or not width:
        return fine
    side = 2 * abs(radius) + 1
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (side, side))
    change = cv2.dilate if radius > 0 else cv2.erode
    return np.asarray(change(fine, kernel))


def _placed(fine: Ink) -> Ink:
    """Return `fine` cut to its ink, on the digit's fine grid, its centre of mass in the middle."""
    side = SIDE * FINE
    canvas = np.zeros((side, side), np.float32)
    scaled = _scaled(fine)
    if scaled is None:
        return canvas
    height, width = scaled.shape
    mass = float(scaled.sum())
    x = float(scaled.sum(axis=0) @ (np.arange(width) + 0.5)) / mass
    y = float(scaled.sum(axis=1) @ (np.arange(height) + 0.5)) / mass
    left, top = round(side / 2 - x), round(side / 2 - y)
    # What falls off the grid on one side is margin, or the tail of a very lopsided digit.
    part = scaled[max(0, -top) : side - top, max(0, -left) : side - left]
    top, left = max(0, top), max(0, left)
    canvas[top : top + part.shape[0], left : left + part.shape[1]] = part
    return canvas
