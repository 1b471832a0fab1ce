"""Ink as MNIST has its digits: 20 pixels long, strokes of an even width, the centre of mass in the
middle.
"""

from typing import Any, TypeAlias

import cv2
import numpy as np
import numpy.typing as npt

SIDE = 28

Digit: TypeAlias = npt.NDArray[np.float32]
# As OpenCV's own types have it, which say no more of what its functions return; bytes in fact.
Ink: TypeAlias = npt.NDArray[np.integer[Any] | np.floating[Any]]

BOX, FINE = 20, 6
THINNEST, THICKEST = 2.0, 2.6  # stroke width in pixels of the digit; MNIST's own mostly lie here
FAINTEST = 0.1


def centre(ink: Ink) -> Digit:
    """Clean ink (H, W), 0 … 1, such as a drawing, as MNIST has it: (28, 28), 0 … 1.

    The longer side is scaled to 20 pixels, strokes are brought to a width of 2 … 2.6 pixels, the
    centre of mass comes to the middle; no ink gives an empty digit. All in one resampling: on a
    grid six times finer than the digit's, strokes can be thickened or thinned and the digit shifted
    by sixths of a pixel, before it is averaged down.
    """
    fine = _scaled(ink)
    return np.zeros((SIDE, SIDE), np.float32) if fine is None else digit_of(_evened(fine))


def digit_of(fine: Ink) -> Digit:
    """Ink (H, W), 0 … 1, as MNIST has it but for the width of its strokes, which stays: (28,
    28).
    """
    return np.asarray(
        cv2.resize(_placed(fine), (SIDE, SIDE), interpolation=cv2.INTER_AREA).clip(0, 1), np.float32
    )


def _scaled(ink: Ink) -> Ink | None:
    """`ink` with its longer side at 20 fine pixels times six, on a margin for thicker strokes; None
    where all is faint.
    """
    left, top, width, height = cv2.boundingRect((ink > FAINTEST).astype(np.uint8))
    if not width:
        return None
    part = np.ascontiguousarray(ink[top : top + height, left : left + width], np.float32)
    factor = BOX * FINE / max(height, width)
    size = (max(1, round(width * factor)), max(1, round(height * factor)))
    # Averaging is slow, and between a half and one no better.
    scaled = cv2.resize(
        part, size, interpolation=cv2.INTER_AREA if factor < 0.5 else cv2.INTER_LINEAR
    )
    return np.pad(scaled, 2 * FINE)


def stroke_width(mask: npt.NDArray[np.uint8]) -> float:
    """Mean width of the strokes in a mask (H, W), in its pixels; 0 without any."""
    depth = cv2.distanceTransform(mask, cv2.DIST_L2, 3)
    pixels = cv2.countNonZero(mask)
    # Across a stroke of width w the distance to the edge goes 0 … w/2 … 0: its mean is w/4.
    return 4 * cv2.sumElems(depth)[0] / pixels - 1 if pixels else 0.0


def _evened(fine: Ink) -> Ink:
    """`fine` with strokes thickened or thinned until their width is within MNIST's."""
    width = stroke_width((fine > 0.5).astype(np.uint8)) / FINE
    radius = round((min(max(width, THINNEST), THICKEST) - width) * FINE / 2)
    if not radius or not width:
        return fine
    kernel = cv2.getStructuringElement(
        cv2.MORPH_ELLIPSE, (2 * abs(radius) + 1, 2 * abs(radius) + 1)
    )
    return np.asarray((cv2.dilate if radius > 0 else cv2.erode)(fine, kernel))


def _placed(fine: Ink) -> Ink:
    """`fine` cut to its ink, on the fine grid of the digit, its centre of mass in the middle."""
    canvas = np.zeros((SIDE * FINE, SIDE * FINE), np.float32)
    scaled = _scaled(fine)
    if scaled is None:
        return canvas
    total, (height, width) = float(scaled.sum()), scaled.shape
    across = float(scaled.sum(axis=0) @ (np.arange(width) + 0.5)) / total
    down = float(scaled.sum(axis=1) @ (np.arange(height) + 0.5)) / total
    left, top = round(SIDE * FINE / 2 - across), round(SIDE * FINE / 2 - down)
    # What falls off the grid on one side is margin, or the tail of a very lopsided digit.
    part = scaled[max(0, -top) : SIDE * FINE - top, max(0, -left) : SIDE * FINE - left]
    top, left = max(0, top), max(0, left)
    canvas[top : top + part.shape[0], left : left + part.shape[1]] = part
    return canvas
