"""Ruled and boxed lines: found, and taken out of a mask without cutting strokes that cross them."""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt

from rnn_tui.imaging.prepared import Picture

# Shares of a side of the photo.
_RUN, _REACH, _THICKEST = 0.06, 0.35, 0.02
_NEAR_BORDER = 0.02


def ruled_lines(mask: Picture) -> Picture:
    """Which pixels of `mask` (H, W), 0 or 255, belong to ruled or boxed lines: 0 or 255."""
    level = _level_lines(mask)
    upright = _level_lines(np.ascontiguousarray(mask.T)).T
    return np.ascontiguousarray(level | upright)


def _level_lines(mask: Picture) -> Picture:
    height, width = mask.shape
    thickest = max(3, round(_THICKEST * max(height, width)))
    # What is thick, or tall, is no line: taken away first, so that crossings stay with the stroke.
    tall = cv2.morphologyEx(mask, cv2.MORPH_OPEN, np.ones((thickest + 1, 1), np.uint8))
    thin = mask & ~tall
    spread = cv2.dilate(thin, np.ones((3, 1), np.uint8))
    run = max(8, round(_RUN * width))
    runs = cv2.morphologyEx(spread, cv2.MORPH_OPEN, np.ones((1, run), np.uint8))
    joined = cv2.morphologyEx(runs, cv2.MORPH_CLOSE, np.ones((3, run), np.uint8))
    count, labels, stats, _ = cv2.connectedComponentsWithStats(joined, connectivity=8)
    chosen = np.zeros(count, bool)
    edge = max(2, round(_NEAR_BORDER * width))
    for label in range(1, count):
        left, _, across, down, _ = stats[label]
        reaches = left <= edge or left + across >= width - edge
        straight = down <= 0.2 * across + 2 * thickest
        chosen[label] = (reaches and straight and across >= _REACH * width) or (
            across >= 0.8 * width and straight
        )
    return np.where(chosen[labels], thin & spread, 0).astype(np.uint8)
