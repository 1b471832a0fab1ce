"""Shrinking photos without moiré and without waiting.

OpenCV averages areas quickly only over whole numbers of pixels: by a factor of 2.6 a megapixel
takes ten times as long as by 2. So photos are shrunk by a whole factor first.
"""

from __future__ import annotations

import cv2

from rnn_tui.imaging.prepared import Picture


def shrunk_to_about(image: Picture, side: int) -> Picture:
    """`image` averaged by the whole factor that leaves its longer side at `side` … 2·`side`.

    Up to `factor` - 1 pixels at the right and below are left out.
    """
    factor = max(image.shape[:2]) // side
    factor = min(factor, *image.shape[:2])
    if factor <= 1:
        return image
    height, width = (length // factor for length in image.shape[:2])
    whole = image[: height * factor, : width * factor]
    small: Picture = cv2.resize(whole, (width, height), interpolation=cv2.INTER_AREA)
    return small


def shrunk(image: Picture, side: int) -> Picture:
    """`image` averaged until its longer side is `side`; smaller ones as they are."""
    longest = max(image.shape[:2])
    return image if longest <= side else resized(image, side / longest)


def resized(image: Picture, factor: float) -> Picture:
    """`image` with its sides times `factor`: averaged if that is below 1, smooth if above."""
    height, width = image.shape[:2]
    size = max(1, round(width * factor)), max(1, round(height * factor))
    near = shrunk_to_about(image, max(size)) if factor <= 0.5 else image
    way = cv2.INTER_AREA if factor < 1 else cv2.INTER_CUBIC
    result: Picture = cv2.resize(near, size, interpolation=way)
    return result
