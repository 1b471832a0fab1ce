"""Part digits that touch: cut their ink in many ways, and take the cuts a network reads best.

This is recognition by over-segmentation, as in Fujisawa et al., Segmentation methods for character
recognition (1992), and LeCun et al., Gradient-based learning applied to document recognition
(1998), section VIII. Cuts run from the top to the bottom through as little ink as possible. Every
piece between two cuts that may be a digit is read; the best way from the first cut to the last is
the one whose pieces' confidences have the highest product.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from rnn_tui.tasks.mnist.centre import FAINTEST, Ink, stroke_width

_LONGEST = 12  # ink wider than so many times its height is a line, no row of digits
_HEIGHT = 40  # rows in which cuts are looked for
_STEP = 0.06  # the distance of places where a cut is looked for, in heights of the ink
_REACH = 0.3  # how far a cut may run to either side of its place, in heights
_SIDEWAYS = 0.6  # the cost of a step to the side, in pixels of ink
_STRAY = 0.02  # the cost of a pixel's distance from the cut's place, so that paper does not decide
_APART = 0.03  # two cuts are the same unless they are this far apart on average, in heights

# A piece may be a digit if it has these shares of the height of all ink.
_LEAST_HEIGHT = 0.45
_WIDEST = 1.35
_LEAST_INK = 0.04  # of all ink
# Most digits are at most as wide as they are high: the chance of wider ones falls by e for so much.
_WIDTH_COST = 3.0
PIECE = 0.8  # the chance of each digit, which keeps digits from being cut into ones

# A piece that is at most so large, in heights, may be the stroke that leads to the next digit.
_LIGATURE = 0.45
_LIGATURE_CHANCE = 0.4  # how probable it is that such a piece is none of a digit
NO_PIECE = -1
# The chance of a cut falls by e for so much ink along it, in strokes' widths.
_INK_OF_CUT = 6.0


@dataclass(frozen=True)
class Piece:
    """What lies between two cuts."""

    first: int  #: the number of the cut at its left.
    last: int  #: the number of the cut at its right.
    ink: Ink  #: (h, w) its own, 0 … 1, without paper around it.
    left: int  #: where that begins in all ink, in columns.
    top: int  #: where that begins in all ink, in rows.


@dataclass(frozen=True)
class Pieces:
    """The pieces that ink may be parted into."""

    count: int  #: how many cuts there are, with those at the beginning and the end.
    pieces: Sequence[Piece]  #: those that may be digits.
    ligatures: frozenset[tuple[int, int]]  #: cuts around what may be a stroke between digits.
    chances: Sequence[float]  #: how probable each cut is by the ink along it, 0 … 1.

    def least_chance(self, places: Sequence[int]) -> float:
        """Return how probable the least probable cut between pieces beside each other is, 0 … 1."""
        cuts = [self.pieces[place].last for place in places[:-1]]
        return min((self.chances[cut] for cut in cuts), default=1.0)

    def least_height(self, places: Sequence[int]) -> float:
        """Return the height of the lowest of pieces as a share of the height of all of them."""
        pieces = [self.pieces[place] for place in places]
        top = min(piece.top for piece in pieces)
        bottom = max(piece.top + len(piece.ink) for piece in pieces)
        return min(len(piece.ink) for piece in pieces) / (bottom - top)


def pieces_of(ink: Ink) -> Pieces:
    """Cut ink (h, w), 0 … 1, in all ways that are likely to part digits."""
    left, top, width, height = cv2.boundingRect((ink > FAINTEST).astype(np.uint8))
    if not width or width > _LONGEST * height:
        return Pieces(0, (), frozenset(), ())
    ink = ink[top : top + height, left : left + width]
    scale = _HEIGHT / height
    small = cv2.resize(
        np.asarray(ink, np.float32),
        (max(1, round(width * scale)), _HEIGHT),
        interpolation=cv2.INTER_AREA,
    )
    seams, crossed = _seams(np.asarray(small, np.float32))
    rows = np.arange(height)
    places = np.minimum((rows + 0.5) * scale, _HEIGHT - 1).astype(int)
    # (cuts, h) the column at which each cut crosses each row of the ink
    bounds = np.vstack([np.zeros(height), seams[:, places] / scale, np.full(height, width)])
    columns = np.arange(width) + 0.5
    # (cuts, h, w) whether a pixel lies to the right of a cut
    to_right = columns[None, None] >= bounds[:, :, None]
    pieces = []
    ligatures = set()
    total = float(ink.sum())
    for first in range(len(bounds) - 1):
        for last in range(first + 1, len(bounds)):
            part = np.where(to_right[first] & ~to_right[last], ink, np.float32(0))
            x, y, wide, tall = cv2.boundingRect((part > FAINTEST).astype(np.uint8))
            if wide > _WIDEST * height:
                break
            if max(wide, tall) <= _LIGATURE * height:
                ligatures.add((first, last))
            if tall >= _LEAST_HEIGHT * height and part.sum() >= _LEAST_INK * total:
                own = part[y : y + tall, x : x + wide].copy()
                pieces.append(Piece(first, last, own, left + x, top + y))
    stroke = max(1.0, stroke_width((small > 0.5).astype(np.uint8)))
    chances = [1.0, *np.exp(-crossed / stroke / _INK_OF_CUT).tolist(), 1.0]
    return Pieces(len(bounds), pieces, frozenset(ligatures), chances)


def chance_of(width: float) -> float:
    """Return how probable it is that ink is one digit, by its width as a share of its height."""
    return math.exp(-_WIDTH_COST * max(0.0, width - 1))


def _seams(ink: npt.NDArray[np.float32]) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Find the ways from the top to the bottom through little ink, near each of many places.

    Dynamic programming from row to row, as in seam carving (Avidan & Shamir 2007), for all places
    at once.

    Args:
        ink: (R, C), 0 … 1.

    Returns:
        (S, R) the column in which each way crosses each row, sorted from the left, and (S,) the
        ink along it.
    """
    height, width = ink.shape
    reach = round(_REACH * height)
    step = max(1.0, _STEP * height)
    places = np.arange(step, width - step / 2, step)
    if not len(places):
        return np.zeros((0, height)), np.zeros(0)
    offsets = np.arange(-reach, reach + 1)
    columns = np.rint(places)[:, None].astype(int) + offsets  # (P, 2 reach + 1)
    outside = (columns < 0) | (columns >= width)
    windows = ink[:, columns.clip(0, width - 1)]  # (R, P, 2 reach + 1)
    windows = windows + _STRAY * np.abs(offsets) / reach + np.where(outside, 1e3, 0)
    cost = windows[0]
    steps = np.zeros(windows.shape, np.int64)
    for row in range(1, height):
        padded = np.pad(cost, ((0, 0), (1, 1)), constant_values=1e6)
        ways = np.stack([padded[:, :-2] + _SIDEWAYS, padded[:, 1:-1], padded[:, 2:] + _SIDEWAYS])
        best = ways.argmin(axis=0)  # (P, 2 reach + 1)
        steps[row] = best - 1
        cost = np.take_along_axis(ways, best[None], 0)[0] + windows[row]
    at = cost.argmin(axis=1)  # (P,)
    each = np.arange(len(places))
    seams = np.zeros((len(places), height))
    for row in range(height - 1, -1, -1):
        seams[:, row] = columns[each, at]
        at = at + steps[row, each, at]
    crossed = ink[np.arange(height), seams.astype(int)].sum(axis=1)  # (P,)
    return _different(seams, crossed, _APART * height)


def _different(
    seams: npt.NDArray[np.float64], crossed: npt.NDArray[np.float64], apart: float
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Return seams (S, R) without those too near to one with less ink, sorted from the left."""
    kept: list[int] = []
    for number in np.argsort(crossed, kind="stable").tolist():
        if all(np.abs(seams[number] - seams[other]).mean() >= apart for other in kept):
            kept.append(number)
    kept.sort(key=lambda number: float(seams[number].mean()))
    return seams[kept], crossed[kept]


def best_pieces(parted: Pieces, confidences: Sequence[float]) -> tuple[list[int], float]:
    """Return which pieces together are most probable, from the left, and their probability.

    Args:
        parted: the pieces.
        confidences: of each that it is the digit it is read as, 0 … 1.

    Returns:
        places in `parted.pieces`; none, with 0, if no way leads from the first cut to the last.
    """
    arcs = []
    for place, piece in enumerate(parted.pieces):
        height, width = piece.ink.shape
        chance = PIECE * chance_of(width / height) * confidences[place]
        arcs.append((piece.first, piece.last, place, chance))
    arcs += [(first, last, NO_PIECE, _LIGATURE_CHANCE) for first, last in parted.ligatures]
    # by the last cut, so that the best way to the first one is known
    arcs.sort(key=lambda arc: (arc[1], arc[0]))
    best = [0.0] * parted.count
    ways: list[list[int]] = [[] for _ in best]
    best[:1] = [1.0] * min(1, parted.count)
    for first, last, place, confidence in arcs:
        probability = best[first] * confidence * parted.chances[last]
        if probability > best[last]:
            best[last] = probability
            ways[last] = ways[first] + ([place] if place != NO_PIECE else [])
    return (ways[-1], best[-1]) if parted.count else ([], 0.0)
