"""Where in a photo the digit is, before its resolution is needed: among its connected parts."""

from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from rnn_tui.photos.digit.ink import ink_on, noise_of, paper_of, reach_of
from rnn_tui.photos.digit.picture import Picture, halved
from rnn_tui.tasks.mnist.centre import Ink, stroke_width

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
class DigitCandidate:
    """What looks most like a digit in a picture."""

    score: float  #: how much it does.
    box: "Box"  #: left, top, right, bottom of all its parts, in pixels of the picture.
    mask: Picture  #: (h, w) where it is, 255, on a coarser grid over the same picture.
    strong: float  #: its ink, 0 … 1.


def search(plane: Picture) -> DigitCandidate | None:
    """What looks most like a digit in (H, W), ink dark; None if nothing does.

    Every width of stroke and every threshold is tried: what suits one photo is wrong for the next.
    """
    dark = _darkest(plane)
    best: tuple[int, InkParts, Ink] | None = None
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


def _found(score: float, main: int, parts: "InkParts", ink: Ink, shape: tuple[int, ...]) -> DigitCandidate:
    """What to tell of the part `main`, in pixels of a picture of `shape`."""
    chosen = with_near(parts, main)
    down, across = (whole / side for whole, side in zip(shape, ink.shape, strict=True))
    left, top, right, bottom = parts.box_of(chosen)
    right, bottom = min(shape[1], round(right * across)), min(shape[0], round(bottom * down))
    box = int(left * across), int(top * down), right, bottom
    return DigitCandidate(score, box, parts.mask_of(chosen), float(parts.strong[main]))


Numbers = npt.NDArray[np.float64]
Box = tuple[int, int, int, int]

# How much the strength of the ink counts beside the size of a part.
_STRENGTH = 0.7
# How fast a part counts less away from the middle, and for each side of the photo it touches.
_AWAY, _TOUCHING, _CUT = 2.0, 0.5, 2.0
# Strokes are narrow: width over size at which a part counts 1/e.
_SOLID = 0.3
# Digits are rarely wider than this times their height; how fast a part counts less beyond (as the
# logarithm of a factor).
_WIDEST, _WIDER = 1.3, 0.5
# Shares of a part above twice the threshold, between which it is ever more believed: a stroke stays
# about as wide at twice the threshold, what is hardly above it dissolves.
_UNCLEAR, _CLEAR = 0.15, 0.5
# The lowest threshold, in terms of the part's own ink: below, it takes in what is no stroke.
_LOWEST = 0.2
_BEST = 3
# What belongs to the digit: how near (in terms of its size), how much ink at least (of its ink),
# how strong at least (of its strength).
_NEAR, _ENOUGH, _ALIKE = 0.15, 0.04, 0.5


@dataclass(frozen=True)
class InkParts:
    """Connected parts of a mask; number 0 is the ground."""

    labels: npt.NDArray[np.uint16]  #: (H, W), each pixel's part.
    left: Numbers  #: (N,) and so on: the parts' boxes, right and bottom exclusive.
    top: Numbers
    right: Numbers
    bottom: Numbers
    pixels: Numbers  #: (N,) how many there are.
    ink: Numbers  #: (N,) sum of the ink.
    strong: Numbers  #: (N,) mean of the ink, weighted by the ink.
    clear: Numbers  #: (N,) share of the pixels above twice the threshold.
    contact: Numbers  #: (N,) pixels along the picture's border.

    @property
    def size(self) -> Numbers:
        """(N,) the longer sides of the boxes."""
        return np.asarray(np.maximum(self.right - self.left, self.bottom - self.top))

    def box_of(self, chosen: npt.NDArray[np.bool_ | np.int64]) -> Box:
        """Left, top, right and bottom of all parts together that a mask or numbers choose."""
        left, top = int(self.left[chosen].min()), int(self.top[chosen].min())
        return left, top, int(self.right[chosen].max()), int(self.bottom[chosen].max())

    def mask_of(self, chosen: npt.NDArray[np.bool_]) -> Picture:
        """(H, W), 255 where a chosen part is, 0 elsewhere."""
        return np.asarray(np.where(chosen, 255, 0).astype(np.uint8).take(self.labels))


def parts_of(mask: npt.NDArray[np.bool_], ink: Ink, level: float) -> InkParts:
    """Parts of a mask (H, W) that is about where `ink` is above `level`.

    Masks of up to 512 × 512 pixels: more might have more parts than can be told apart.
    """
    # 16 bits take a third of the time that 32 take.
    count, labels, boxes, _ = cv2.connectedComponentsWithStats(mask.view(np.uint8), ltype=cv2.CV_16U)
    left, top, width, height, pixels = boxes.T.astype(np.float64)
    places = np.flatnonzero(mask)
    owner, inks = labels.ravel().take(places).astype(np.int64), ink.ravel().take(places)
    sums = np.bincount(owner, inks, minlength=count)
    squares = np.bincount(owner, inks * inks, minlength=count)
    above = np.bincount(owner[inks > 2 * level], minlength=count)
    border = np.concatenate([labels[0], labels[-1], labels[:, 0], labels[:, -1]])
    return InkParts(
        labels=np.asarray(labels, np.uint16), left=left, top=top, right=left + width, bottom=top + height,
        pixels=pixels, ink=sums.astype(np.float64), strong=squares / np.maximum(sums, 1e-9),
        clear=above / np.maximum(pixels, 1), contact=np.bincount(border, minlength=count).astype(np.float64),
    )  # fmt: skip


def most_like_a_digit(parts: InkParts, level: float) -> tuple[int, float]:
    """The part found at `level` that looks most like a digit, and how much; (0, 0.0) for none.

    A digit is a large, strong, narrow stroke near the middle, not cut off by the photo's border,
    and stands out so well that a threshold twice as high would find it as well.
    """
    score = _likeness(parts, level)
    best, most = 0, 0.0
    for number in np.argsort(-score)[:_BEST].tolist():
        if score[number] <= most:
            break
        left, top, right, bottom = parts.box_of(np.array([number]))
        mask = (parts.labels[top:bottom, left:right] == number).view(np.uint8)
        # A margin, or the box's sides would not be edges.
        mask = cv2.copyMakeBorder(mask, 1, 1, 1, 1, cv2.BORDER_CONSTANT, value=0)
        solid = stroke_width(mask) / parts.size[number] / _SOLID
        value = float(score[number] * np.exp(-(solid**2)))
        if value > most:
            best, most = number, value
    return best, most


def _likeness(parts: InkParts, level: float) -> Numbers:
    """How much each part looks like a digit, but for its strokes' width."""
    height, width = parts.labels.shape
    across = (parts.left + parts.right) / width - 1
    down = (parts.top + parts.bottom) / height - 1
    strong = np.maximum(parts.strong, 1e-6)
    score = parts.size / max(height, width) * strong**_STRENGTH
    score *= np.exp(-_AWAY * (across**2 + down**2))
    score *= np.exp(-_CUT * parts.contact / parts.size) * _TOUCHING ** (parts.contact > 0)
    flat = (parts.right - parts.left) / np.maximum(parts.bottom - parts.top, 1)
    score *= np.exp(-np.square(np.log(np.maximum(flat / _WIDEST, 1)) / _WIDER))
    score *= np.clip((parts.clear - _UNCLEAR) / (_CLEAR - _UNCLEAR), 0.02, 1)
    score *= np.minimum(level / (_LOWEST * strong), 1) ** 2
    score[0] = 0
    return np.asarray(score)


def with_near(parts: InkParts, main: int) -> npt.NDArray[np.bool_]:
    """Which parts (N,) make up the digit: the main one and what lies near it, such as a 5's bar."""
    chosen = np.zeros(len(parts.ink), bool)
    chosen[main] = True
    size = parts.size[main]
    enough = (parts.ink > _ENOUGH * parts.ink[main]) & (parts.contact == 0)
    enough &= (parts.strong > _ALIKE * parts.strong[main]) & (parts.size <= size)
    for _ in range(3):
        left, top, right, bottom = parts.box_of(chosen)
        across = np.maximum(np.maximum(parts.left - right, left - parts.right), 0)
        down = np.maximum(np.maximum(parts.top - bottom, top - parts.bottom), 0)
        chosen |= (np.hypot(across, down) < _NEAR * size) & enough
        chosen[0] = False
    return chosen
