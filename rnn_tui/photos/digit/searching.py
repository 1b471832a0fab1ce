"""Where in a photo the digit is, before its resolution is needed."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from rnn_tui.photos.digit.ink import Ink, ink_on, noise_of, paper_of, reach_of
from rnn_tui.photos.digit.parts import Box, Parts, most_like_a_digit, parts_of, with_near
from rnn_tui.photos.digit.prepared import Picture
from rnn_tui.photos.digit.resizing import halved

# Longer side of a picture that is searched as it is.
SEARCHED = 200
# Widths that strokes may have, as shares of the longer side: the paper is what is wider. Wide ones
# are looked for in a picture that is halved so many times.
REACHES = ((0.08, 0), (0.16, 1), (0.32, 1))
# Thresholds of ink, highest first.
LEVELS = tuple(0.6 * 0.57**step for step in range(6))
FAINTEST = 0.03
# Times the paper's noise that ink is at least.
ABOVE_NOISE = 2.5
# Thresholds this far below the ink of what was found already are not tried, nor those above which
# most of the picture lies.
FAR_BELOW, MOST = 0.1, 0.5
# A lower threshold is looked at if it covers this much more.
MORE = 1.04
# How much better what a lower threshold finds must be.
BETTER = 1.02


@dataclass(frozen=True)
class Found:
    """What looks most like a digit in a picture.

    Attributes:
        score: how much it does.
        box: left, top, right, bottom of all its parts, in pixels of the picture.
        mask: (h, w) where it is, 255, on a coarser grid over the same picture.
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
    best: tuple[int, Parts, Ink] | None = None
    score = strong = 0.0
    for share, halvings in REACHES:
        small = halved(dark, max(dark.shape) // 2**halvings) if halvings else dark
        ink = ink_on(small, paper_of(small, reach_of(small.shape, share)))
        floor = max(FAINTEST, ABOVE_NOISE * noise_of(ink), FAR_BELOW * strong)
        before = 0
        for level in LEVELS:
            mask = np.asarray(ink > level, bool)
            covered = int(np.count_nonzero(mask))
            if level < floor or covered > MOST * mask.size:
                break
            if covered <= MORE * before:
                continue
            before = covered
            parts = parts_of(mask, ink, level)
            number, value = most_like_a_digit(parts, level)
            if value > BETTER * score:
                score, strong, best = value, float(parts.strong[number]), (number, parts, ink)
    return None if best is None else _found(score, *best, plane.shape)


def _darkest(plane: Picture) -> Picture:
    """The darkest of every four pixels, so that thin strokes outlast the shrinking."""
    smooth = cv2.blur(plane, (3, 3))
    if max(plane.shape) <= SEARCHED:
        return smooth
    darkest = cv2.erode(smooth, np.ones((2, 2), np.uint8), anchor=(0, 0))
    return np.ascontiguousarray(darkest[::2, ::2])


def _found(score: float, main: int, parts: Parts, ink: Ink, shape: tuple[int, ...]) -> Found:
    """What to tell of the part `main`, in pixels of a picture of `shape`."""
    chosen = with_near(parts, main)
    down, across = (whole / side for whole, side in zip(shape, ink.shape, strict=True))
    left, top, right, bottom = parts.box_of(chosen)
    box = (
        int(left * across),
        int(top * down),
        min(shape[1], round(right * across)),
        min(shape[0], round(bottom * down)),
    )
    return Found(
        score=score,
        box=box,
        mask=parts.mask_of(chosen),
        strong=float(parts.strong[main]),
        noise=noise_of(ink),
        size=float(parts.size[main]) / max(ink.shape),
    )
