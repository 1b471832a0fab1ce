"""Digits drawn in hands that MNIST has few of, such as a 1 with a flag or a crossed 7, to train
with.

MNIST was written by Americans in the 1990s: a network that has never seen a 1 with a flag reads a
7.

A hand (`hands.txt`) is a digit drawn in a few ways, point for point the same strokes. A drawing is
a point at random between those ways. The strokes are led through their points as a pen would, as a
chain of straight lines, or between the two; corners are more or less rounded; points, whole strokes
and their ends are out of place by chance, which leaves gaps and overshoots. Then the digit is made
wide or narrow at its top, its bottom or all over, bent, slanted and turned, and drawn with a round
or a flat pen; some on few pixels, as with a mouse or cut from a photo.
"""

from dataclasses import dataclass
from functools import cache
from importlib.resources import files

import cv2
import numpy as np
import numpy.typing as npt
from scipy.linalg import block_diag

from rnn_tui.tasks.mnist.centre import BOX, FINE, SIDE, centre, digit_of

Points = npt.NDArray[np.float64]

STEPS = 6  # steps of a curve between two of its points
MOUSE, CUT = 0.15, 0.15  # the shares of drawings on few pixels: with a mouse, and cut from a photo
_SHIFT = 4  # fractions of a pixel that OpenCV draws with, as a power of two


@dataclass(frozen=True)
class Hand:
    """A way that a digit is written."""

    digit: int
    name: str
    share: float  #: its weight among the hands of this digit.
    narrowest: float  #: the least factor of its width.
    widest: float
    backmost: float  #: its least slant, to the right for each step up.
    foremost: float
    thickest: float  #: of its pens, in pixels of the digit; loops must stay open.
    ways: Points  #: (W, P, 2) the points of all strokes, in heights of the digit.
    strokes: tuple[slice, ...]  #: which rows of a curve belong to a stroke.
    #: (3, T, P) which curve goes with points, for a pen, for one that cuts corners, and in straight
    #: lines.
    curves: Points


def drawn_digits(
    count: int, random: np.random.Generator, hands: tuple[Hand, ...] = ()
) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.int64]]:
    """Drawings (N, 28, 28) of ink, 0 … 255 as MNIST has it, and their digits (N,).

    Every digit is about as frequent as every other; among its hands each has its share. Only these
    `hands` are drawn, if there are any. All chance comes from `random`: the same state gives the
    same drawings.
    """
    hands = hands or all_hands()
    weights = np.array(
        [hand.share / sum(one.share for one in hands if one.digit == hand.digit) for hand in hands]
    )
    chosen = random.choice(len(hands), count, p=weights / weights.sum())
    drawn = [np.rint(_drawing(hands[number], random) * 255).astype(np.uint8) for number in chosen]
    digits = [hands[number].digit for number in chosen]
    return np.array(drawn, np.uint8).reshape(-1, SIDE, SIDE), np.array(digits, np.int64)


@cache
def all_hands() -> tuple[Hand, ...]:
    """The hands of `hands.txt`, in its order."""
    blocks: list[tuple[str, list[str]]] = []
    for line in files(__package__).joinpath("hands.txt").read_text("utf-8").splitlines():
        if line[:1].isdigit() and "," not in line.split()[0]:
            blocks.append((line, []))
        elif line and not line.startswith("#"):
            blocks[-1][1].append(line)
    return tuple(_hand(head, ways) for head, ways in blocks)


def _hand(head: str, ways: list[str]) -> Hand:
    """A hand from its lines."""
    digit, name, *numbers = head.split()
    strokes = [stroke.split() for stroke in ways[0].split("/")]
    points = [
        [point.strip("!").split(",") for point in way.replace("/", " ").split()] for way in ways
    ]
    pieces = [_stroke_curves([point.endswith("!") for point in stroke]) for stroke in strokes]
    curves = np.stack([block_diag(*alike) for alike in zip(*pieces, strict=True)])
    ends = np.cumsum([piece.shape[1] for piece in pieces]).tolist()
    share, narrowest, widest, backmost, foremost, thickest = map(float, numbers)
    return Hand(
        int(digit),
        name,
        share,
        narrowest,
        widest,
        backmost,
        foremost,
        thickest,
        np.array(points, np.float64) / 100,
        tuple(map(slice, [0, *ends], ends)),
        curves,
    )


def _stroke_curves(corners: list[bool]) -> Points:
    """(3, T, P): the weights of a stroke's points at each step of its curve, as `Hand.curves`."""
    between = len(corners) - 2
    return np.stack(
        [
            _spline([True, *some, True])
            for some in (corners[1:-1], [False] * between, [True] * between)
        ]
    )


def _spline(breaks: list[bool]) -> Points:
    """Weights (T, P) of a Catmull-Rom curve through P points, with a corner at each break."""
    count = len(breaks)
    rows = []
    for at in range(count - 1):
        before = at if breaks[at] else at - 1
        after = at + 1 if breaks[at + 1] else at + 2
        for t in np.arange(STEPS) / STEPS:
            row = np.zeros(count)
            row[at] += 2 * t**3 - 3 * t**2 + 1
            row[at + 1] += 3 * t**2 - 2 * t**3
            for place, far, slope in (
                (at, before, t**3 - 2 * t**2 + t),
                (at + 1, after, t**3 - t**2),
            ):
                # At a corner the curve leaves along its chord; elsewhere along its neighbours'.
                low, high = (at, at + 1) if breaks[place] else (min(far, at), max(far, at + 1))
                factor = 1.0 if breaks[place] else 0.5
                row[high] += factor * slope
                row[low] -= factor * slope
            rows.append(row)
    return np.stack([*rows, np.eye(count)[-1]])


def _drawing(hand: Hand, random: np.random.Generator) -> npt.NDArray[np.float32]:
    """One drawing (28, 28) of a hand, 0 … 1."""
    curve = _turned(_curve(hand, random), hand, random)
    low, high = curve.min(axis=0), curve.max(axis=0)
    curve = (curve - (low + high) / 2) / max(float((high - low).max()), 1e-6)
    way = random.random()
    # Mostly as photos are brought to, sometimes as thin as a mouse's or as thick as a marker's.
    pen = float(
        random.uniform(1.9, 2.7) if random.random() < 0.7 else random.uniform(1.2, hand.thickest)
    )
    if way < MOUSE:  # on few pixels, one wide or two, without grey
        side = int(random.integers(_fewest(hand), 29))
        wide = 2 if side > 20 and random.random() < 0.5 else 1
        return centre(_lines([curve * (side - wide - 1) + side / 2], hand, side + 1, wide))
    fine = _inked(curve, hand, pen, random)
    if way >= MOUSE + CUT:
        return digit_of(fine)
    side = int(random.integers(_fewest(hand) * 3 // 4, 29))  # on few pixels, grey at its edges
    small = np.asarray(cv2.resize(fine, (side, side), interpolation=cv2.INTER_AREA), np.float32)
    return centre(small / max(float(small.max()), 1e-6))


def _curve(hand: Hand, random: np.random.Generator) -> Points:
    """The curve (T, 2) of a drawing: all strokes, one after another."""
    # Close to one of the ways or between two of them: the mean of many would be the same each time.
    points = np.tensordot(
        random.dirichlet(np.full(len(hand.ways), 2 / len(hand.ways))), hand.ways, 1
    )
    points += random.normal(0, random.uniform(0.006, 0.03), points.shape)
    rounded, straight = random.uniform(0, 0.5), max(0.0, random.uniform(-1, 1))
    if hand.name == "segments":
        rounded, straight = random.uniform(0, 0.25), 1
    mix = np.array([(1 - rounded) * (1 - straight), rounded, (1 - rounded) * straight])
    curve = np.tensordot(mix, hand.curves, 1) @ points
    for stroke in hand.strokes:
        part = curve[stroke]
        middle = part.mean(axis=0)
        part[:] = (
            middle
            + (part - middle) @ (np.eye(2) + random.normal(0, 0.04, (2, 2)))
            + random.normal(0, 0.012, 2)
        )
        for end, inner in ((0, 3), (-1, -4)):
            along = part[end] - part[inner]
            part[end] += along / max(float(np.hypot(*along)), 1e-6) * random.normal(0.01, 0.025)
    return curve


def _turned(curve: Points, hand: Hand, random: np.random.Generator) -> Points:
    """A curve made wider or narrower, bent, slanted and turned."""
    x, y = (curve - (curve.min(axis=0) + curve.max(axis=0)) / 2).T
    # Loops grow at the top as they shrink at the bottom, in height and in width.
    x = x * (1 + y * np.clip(random.normal(0, 0.25), -0.5, 0.5)) + random.normal(0, 0.12) * (
        y**2 - 0.25
    )
    y = y + np.clip(random.normal(0, 0.16), -0.35, 0.35) * (y**2 - 0.25)
    width = np.exp(random.uniform(np.log(hand.narrowest), np.log(hand.widest)))
    slant = float(np.clip(random.normal(0.1, 0.2), hand.backmost, hand.foremost))
    angle = float(np.clip(random.normal(0, 0.06), -0.13, 0.13))
    x = width * x - slant * y
    return np.stack(
        [np.cos(angle) * x - np.sin(angle) * y, np.sin(angle) * x + np.cos(angle) * y], 1
    )


def _inked(
    curve: Points, hand: Hand, pen: float, random: np.random.Generator
) -> npt.NDArray[np.float32]:
    """A curve, its longer side 1, drawn in fine pixels with a pen, round or flat: (H, W), 0 … 1."""
    side, wide = SIDE * FINE, pen * FINE
    curve = curve * (BOX * FINE - wide) + side / 2
    flat = random.uniform(0, 0.35) if random.random() < 0.3 else 0.0
    angle = random.uniform(0, np.pi)
    nib = np.array([np.cos(angle), np.sin(angle)]) * flat * wide / 2
    return _lines(
        [curve - nib, curve + nib] if flat else [curve], hand, side, round(wide * (1 - flat))
    )


def _fewest(hand: Hand) -> int:
    """On how many pixels a hand is still read: what asks for a thin pen asks for more of them."""
    return round(48 / hand.thickest)


def _lines(curves: list[Points], hand: Hand, side: int, wide: int) -> npt.NDArray[np.float32]:
    """The strokes of curves in pixels, drawn (side, side), 0 or 1."""
    sheet = np.zeros((side, side), np.uint8)
    lines = [
        np.rint(curve[stroke] * (1 << _SHIFT)).astype(np.int32)
        for curve in curves
        for stroke in hand.strokes
    ]
    cv2.polylines(sheet, lines, False, 1, max(1, wide), cv2.LINE_8, _SHIFT)
    return sheet.astype(np.float32)
