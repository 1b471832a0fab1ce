"""Shrinking photos without moiré and without waiting.

OpenCV averages areas quickly only when it halves: a megapixel shrunk to 400 pixels at once takes
ten times as long as halved first. What is left to shrink then is less than a half, and few details
are lost between the four pixels that bilinear interpolation looks at.
"""

from __future__ import annotations

import cv2
import numpy as np

from rnn_tui.photos.digit.prepared import Picture


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
    longest = max(image.shape[:2])
    return image if longest <= side else resized(image, side / longest)


def resized(image: Picture, factor: float) -> Picture:
    """`image` with its sides times `factor`: averaged if that is below 1, smooth if above."""
    height, width = image.shape[:2]
    size = max(1, round(width * factor)), max(1, round(height * factor))
    way = cv2.INTER_LINEAR if factor < 1 else cv2.INTER_CUBIC
    return np.asarray(cv2.resize(halved(image, max(size)), size, interpolation=way), np.uint8)
