"""Where in a photo the digit is, before its resolution is needed."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from rnn_tui.imaging.ink import Ink, ink_on, noise_of, paper_of, reach_of
from rnn_tui.imaging.parts import Box, Parts, most_like_a_digit, parts_of, with_near
from rnn_tui.imaging.prepared import Picture

# Longer side of a picture that is searched as it is.
SEARCHED = 200
# Widths that strokes may have, as shares of the longer side: the paper is what is wider.
REACHES = (0.08, 0.16, 0.32)
# Thresholds of ink, highest first.
LEVELS = tuple(0.6 * 0.62**step for step in range(7))
FAINTEST = 0.03
# Times the paper's noise that ink is at least.
ABOVE_NOISE = 2.5
# How much better what a lower threshold finds must be.
BETTER = 1.02


@dataclass(frozen=True)
class Found:
    """What looks most like a digit in a picture.

    Attributes:
        score: how much it does.
        box: left, top, right, bottom of all its parts, in pixels of the picture.
        mask: (H, W) where it is, 255, in a picture that may be half as large.
        strong: its ink, 0 … 1.
        noise: of the paper around it.
        size: its longer side, as a share of the picture's.
    """

    score: float
    box: Box
    mask: Picture
    strong: float
    noise: float
    size: float


def search(plane: Picture) -> Found | None:
    """What looks most like a digit in (H, W), ink dark; None if nothing does.

    Every width of stroke and every threshold is tried: what suits one photo is wrong for the next.
    """
    dark = _darkest(plane)
    best: tuple[float, int, Parts, Ink] | None = None
    score = 0.0
    for share in REACHES:
        ink = ink_on(dark, paper_of(dark, reach_of(dark.shape, share)))
        floor = max(FAINTEST, ABOVE_NOISE * noise_of(ink))
        for level in LEVELS:
            if level < floor:
                break
            parts = parts_of(cv2.compare(ink, level, cv2.CMP_GT), ink, level)
            number, value = most_like_a_digit(parts, level)
            if value > BETTER * score:
                score, best = value, (value, number, parts, ink)
    return None if best is None else _found(best, plane)


def _darkest(plane: Picture) -> Picture:
    """The darkest of every four pixels, so that thin strokes outlast the shrinking."""
    smooth = cv2.blur(plane, (3, 3))
    if max(plane.shape) <= SEARCHED:
        return smooth
    darkest = cv2.erode(smooth, np.ones((2, 2), np.uint8), anchor=(0, 0))
    return np.ascontiguousarray(darkest[::2, ::2])


def _found(best: tuple[float, int, Parts, Ink], plane: Picture) -> Found:
    score, main, parts, ink = best
    chosen = with_near(parts, main)
    height, width = plane.shape
    factor = 2 if parts.labels.shape != plane.shape else 1
    left, top, right, bottom = (factor * side for side in parts.box_of(chosen))
    return Found(
        score=score / max(ink.shape),
        box=(left, top, min(right, width), min(bottom, height)),
        mask=parts.mask_of(chosen),
        strong=float(parts.strong[main]),
        noise=noise_of(ink),
        size=float(parts.size[main]) / max(ink.shape),
    )
