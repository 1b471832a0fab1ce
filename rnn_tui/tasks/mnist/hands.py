"""Digits drawn to train with, in hands that MNIST has few of: a 1 with a flag, a crossed 7.

MNIST was written by Americans in the 1990s: a network that has never seen a 1 with a flag reads a
7.

A hand (`hands.txt`) is a digit in a few ways of drawing it, point for point the same strokes. A
drawing is made in these steps:

1. Its points are drawn at random between those ways, and are out of place by chance.
2. The strokes are led through their points as a pen would, as a chain of straight lines, or between
   the two; corners are more or less rounded. Whole strokes and their ends are out of place by
   chance, which leaves gaps and overshoots.
3. The digit is made wide or narrow at its top, its bottom or all over, bent, slanted and turned.
4. It is drawn with a round or a flat pen; some on few pixels, as with a mouse or cut from a photo.

A 1 or a 7 that is not surely one after step 3 (`ones_and_sevens`) is drawn again from step 1; what
may be either is drawn apart.
"""

import itertools
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

import cv2
import numpy as np
import numpy.typing as npt
from scipy.linalg import block_diag

from rnn_tui.tasks.mnist.centre import BOX, FINE, SIDE, centre, digit_of
from rnn_tui.tasks.mnist.ones_and_sevens import (
    ONE,
    SEVEN,
    Form,
    form_of,
    is_in_doubt,
    sure_digit,
)

Points = npt.NDArray[np.float64]

STEPS = 6  # steps of a curve between two of its points
MOUSE = 0.15  # the share of drawings on few pixels, as with a mouse
CUT = 0.15  # the share of drawings on few pixels, as cut from a photo
_SHIFT = 4  # fractions of a pixel that OpenCV draws with, as a power of two

Drawing = npt.NDArray[np.float32]


@dataclass(frozen=True)
class Hand:
    """A way that a digit, a letter or a sign is written."""

    sign: str  #: the digit, letter or sign.
    name: str  #: such as `flag`.
    share: float  #: its weight among the hands of this digit, or among all that are no digits.
    narrowest: float  #: the least factor of its width.
    widest: float  #: the largest factor of its width.
    backmost: float  #: its least slant, to the right for each step up.
    foremost: float  #: its largest slant.
    thickest: float  #: its thickest pen, in pixels of the digit; loops must stay open.
    ways: Points  #: (W, P, 2) the points of all strokes, in heights of the digit.
    strokes: tuple[slice, ...]  #: which of a curve's T steps belong to each stroke.
    #: (3, T, P) weights of the points at each step of the curve: for a pen, for a pen that cuts
    #: corners, and in straight lines.
    curves: Points
    #: of a 1 or a 7 with a top stroke: the steps of its left end, its corner and the stem's end.
    top: tuple[int, int, int] | None

    def form(self, curve: Points) -> Form | None:
        """Return the form of a curve (T, 2) in this hand; None without a top stroke."""
        if self.top is None:
            return None
        start, corner, end = self.top
        has_more = len(self.strokes) > 1
        return form_of(
            curve[start],
            curve[corner],
            curve[end],
            foot=has_more and self.digit == ONE,
            bar=has_more and self.digit == SEVEN,
            serif=start > 0,
        )

    @property
    def is_plain(self) -> bool:
        """Whether nothing but its lean and fall tell this 1 or 7 from the other."""
        return self.top is not None and len(self.strokes) == 1

    @property
    def digit(self) -> int:
        """The digit, 0 … 9, of a hand that writes one."""
        return int(self.sign)


def drawn_digits(
    count: int, random: np.random.Generator, hands: tuple[Hand, ...] = ()
) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.int64]]:
    """Draw digits, all about as often; among the hands of a digit each has its share.

    Args:
        count: how many, N.
        random: all chance; the same state gives the same drawings.
        hands: the hands to draw; all of them if there are none.

    Returns:
        ink (N, 28, 28), 0 … 255 as in MNIST, and the digits (N,).
    """
    images, chosen = drawn_in_hands(count, random, hands)
    return images, np.array([hand.digit for hand in chosen], np.int64)


def drawn_in_hands(
    count: int, random: np.random.Generator, hands: tuple[Hand, ...] = ()
) -> tuple[npt.NDArray[np.uint8], list[Hand]]:
    """Draw digits as `drawn_digits` does, and return ink (N, 28, 28) with the hand of each."""
    hands = hands or all_hands()
    totals = [sum(hand.share for hand in hands if hand.digit == digit) for digit in range(10)]
    weights = np.array([hand.share / totals[hand.digit] for hand in hands])
    numbers = random.choice(len(hands), count, p=weights / weights.sum())
    chosen = [hands[number] for number in numbers]
    return _images_of(drawing(hand, random) for hand in chosen), chosen


def drawn_in_doubt(count: int, random: np.random.Generator) -> npt.NDArray[np.uint8]:
    """Draw what may as well be a 1 as a 7.

    Returns:
        ink (N, 28, 28), 0 … 255 as in MNIST.
    """
    curves = itertools.islice(curves_in_doubt(random), count)
    return _images_of(_inked_by_pen(curve, hand, random) for hand, curve in curves)


def _images_of(drawings: Iterable[Drawing]) -> npt.NDArray[np.uint8]:
    """Return drawings (28, 28), 0 … 1, as MNIST's images are: (N, 28, 28), 0 … 255."""
    images = [np.rint(drawing * 255).astype(np.uint8) for drawing in drawings]
    return np.array(images, np.uint8).reshape(-1, SIDE, SIDE)


def curves_in_doubt(random: np.random.Generator) -> Iterator[tuple[Hand, Points]]:
    """Yield plain hands of 1 and 7, each with a curve (T, 2) of it that may as well be the other.

    There is no end to them.
    """
    plain = [hand for hand in all_hands() if hand.is_plain]
    while True:
        hand = plain[random.integers(len(plain))]
        curve = distorted(curve_of(hand, random), hand, random)
        form = hand.form(curve)
        if form is not None and is_in_doubt(form):
            yield hand, curve


@cache
def all_hands() -> tuple[Hand, ...]:
    """Return the hands of all digits, those of `hands.txt`, in its order."""
    return hands_in("hands.txt")


@cache
def hands_in(name: str) -> tuple[Hand, ...]:
    """Return the hands of a file beside this one, in its order."""
    text = files(__package__).joinpath(name).read_text("utf-8")
    hands: list[tuple[str, list[str]]] = []  # the line that begins a hand, and its ways
    for line in text.splitlines():
        if not line or line.startswith("#"):
            continue
        is_way = "," in line.split()[0]
        if is_way:
            hands[-1][1].append(line)
        else:
            hands.append((line, []))
    return tuple(_hand(head, ways) for head, ways in hands)


def _hand(head: str, ways: list[str]) -> Hand:
    """Return a hand from its lines in a file of hands."""
    sign, name, *numbers = head.split()
    share, narrowest, widest, backmost, foremost, thickest = map(float, numbers)
    points = [
        [point.strip("!").split(",") for point in way.replace("/", " ").split()] for way in ways
    ]
    # all ways have the same strokes, with the same corners
    curves_of_strokes = [
        _stroke_curves([point.endswith("!") for point in stroke.split()])
        for stroke in ways[0].split("/")
    ]
    # (3, T, P): each kind of curve for all strokes at once, which share no points
    curves = np.stack([block_diag(*pieces) for pieces in zip(*curves_of_strokes, strict=True)])
    ends = np.cumsum([curve.shape[1] for curve in curves_of_strokes]).tolist()
    starts = [0, *ends[:-1]]
    return Hand(
        sign=sign,
        name=name,
        share=share,
        narrowest=narrowest,
        widest=widest,
        backmost=backmost,
        foremost=foremost,
        thickest=thickest,
        ways=np.array(points, np.float64) / 100,
        strokes=tuple(map(slice, starts, ends)),
        curves=curves,
        top=_top(ways[0].split("/")[0].split()) if sign in {str(ONE), str(SEVEN)} else None,
    )


def _top(stroke: list[str]) -> tuple[int, int, int] | None:
    """Return the steps of `Hand.top` from the points of a stroke; None if it has no corner."""
    corners = [0] + [number for number, point in enumerate(stroke[1:-1], 1) if point.endswith("!")]
    if len(corners) == 1:
        return None
    *_, start, corner = corners
    return start * STEPS, corner * STEPS, (len(stroke) - 1) * STEPS


def _stroke_curves(corners: list[bool]) -> Points:
    """Return the weights (3, T, P) of a stroke's points at each step, as in `Hand.curves`.

    Args:
        corners: whether each of the P points is a corner; the ends always are.
    """
    between = len(corners) - 2
    pen = _spline([True, *corners[1:-1], True])
    cut_corners = _spline([True, *[False] * between, True])
    straight = _spline([True] * len(corners))
    return np.stack([pen, cut_corners, straight])


def _spline(breaks: list[bool]) -> Points:
    """Return the weights (T, P) of a Catmull-Rom curve through P points.

    It has a corner at each break.

    Between the points p₀ and p₁, with tangents m₀ and m₁, it is the cubic Hermite curve

        (2t³ − 3t² + 1) p₀ + (3t² − 2t³) p₁ + (t³ − 2t² + t) m₀ + (t³ − t²) m₁,    0 ≤ t < 1.

    The tangent at a point is half the way from the point before it to the one after it; at a corner
    it is the way between p₀ and p₁.
    """
    count = len(breaks)
    rows = []
    for start in range(count - 1):
        end = start + 1
        # the points that a tangent leads from, and to, with its factor
        tangent_at_start = (start, end, 1.0) if breaks[start] else (start - 1, end, 0.5)
        tangent_at_end = (start, end, 1.0) if breaks[end] else (start, end + 1, 0.5)
        for t in np.arange(STEPS) / STEPS:
            row = np.zeros(count)
            row[start] += 2 * t**3 - 3 * t**2 + 1
            row[end] += 3 * t**2 - 2 * t**3
            for (low, high, factor), slope in (
                (tangent_at_start, t**3 - 2 * t**2 + t),
                (tangent_at_end, t**3 - t**2),
            ):
                row[high] += factor * slope
                row[low] -= factor * slope
            rows.append(row)
    last_point = np.eye(count)[-1]
    return np.stack([*rows, last_point])


def drawing(hand: Hand, random: np.random.Generator) -> Drawing:
    """Draw a digit, letter or sign (28, 28) in a hand, 0 … 1, as in MNIST."""
    return _inked_by_pen(drawn_curve(hand, random), hand, random)


def _inked_by_pen(curve: Points, hand: Hand, random: np.random.Generator) -> Drawing:
    """Draw a curve (T, 2) in a hand with one of its pens: (28, 28), 0 … 1."""
    low, high = curve.min(axis=0), curve.max(axis=0)
    curve = (curve - (low + high) / 2) / max(float((high - low).max()), 1e-6)
    way = random.random()
    # Mostly as photos are brought to, sometimes as thin as a mouse's or as thick as a marker's.
    is_usual_pen = random.random() < 0.7
    pen = float(random.uniform(1.9, 2.7) if is_usual_pen else random.uniform(1.2, hand.thickest))
    if way < MOUSE:
        return _by_mouse(curve, hand, random)
    fine = _inked(curve, hand, pen, random)
    if way >= MOUSE + CUT:
        return digit_of(fine)
    return _on_few_pixels(fine, hand, random)


def drawn_curve(hand: Hand, random: np.random.Generator) -> Points:
    """Return a distorted curve (T, 2); one of a 1 or a 7 is surely that digit."""
    while True:
        curve = distorted(curve_of(hand, random), hand, random)
        form = hand.form(curve)
        if form is None or sure_digit(form) == hand.digit:
            return curve


def _by_mouse(curve: Points, hand: Hand, random: np.random.Generator) -> Drawing:
    """Draw a curve, its longer side 1, on few pixels without grey.

    The line is one or two pixels wide.
    """
    side = int(random.integers(_fewest_pixels(hand), 29))
    width = 2 if side > 20 and random.random() < 0.5 else 1
    placed = curve * (side - width - 1) + side / 2
    return centre(lines_of([placed], hand, side + 1, width))


def _on_few_pixels(fine: Drawing, hand: Hand, random: np.random.Generator) -> Drawing:
    """Return ink (H, W) as if cut from a photo: on few pixels, grey at its edges."""
    side = int(random.integers(_fewest_pixels(hand) * 3 // 4, 29))
    small = np.asarray(cv2.resize(fine, (side, side), interpolation=cv2.INTER_AREA), np.float32)
    return centre(small / max(float(small.max()), 1e-6))


def _fewest_pixels(hand: Hand) -> int:
    """Return the least number of pixels on which a hand can be read; thin pens need more."""
    return round(48 / hand.thickest)


def curve_of(hand: Hand, random: np.random.Generator) -> Points:
    """Return the curve (T, 2) of a drawing: all strokes, one after another."""
    # Close to one of the ways or between two of them: the mean of many would be the same each time.
    way_weights = random.dirichlet(np.full(len(hand.ways), 2 / len(hand.ways)))
    points = np.tensordot(way_weights, hand.ways, 1)  # (P, 2)
    points += random.normal(0, random.uniform(0.006, 0.03), points.shape)

    rounded = random.uniform(0, 0.5)
    straight = max(0.0, random.uniform(-1, 1))
    if hand.name == "segments":
        rounded = random.uniform(0, 0.25)
        straight = 1
    curve_weights = [(1 - rounded) * (1 - straight), rounded, (1 - rounded) * straight]
    curve = np.tensordot(np.array(curve_weights), hand.curves, 1) @ points

    for stroke in hand.strokes:
        part = curve[stroke]  # a view: what changes here changes the curve
        middle = part.mean(axis=0)
        distortion = np.eye(2) + random.normal(0, 0.04, (2, 2))
        part[:] = middle + (part - middle) @ distortion + random.normal(0, 0.012, 2)
        for end, inner in ((0, 3), (-1, -4)):
            along = part[end] - part[inner]
            direction = along / max(float(np.hypot(*along)), 1e-6)
            part[end] += direction * random.normal(0.01, 0.025)
    return curve


def distorted(curve: Points, hand: Hand, random: np.random.Generator) -> Points:
    """Return a curve (T, 2) made wider or narrower, bent, slanted and turned."""
    x, y = (curve - (curve.min(axis=0) + curve.max(axis=0)) / 2).T
    # Loops grow at the top as they shrink at the bottom, in height and in width.
    top_wider = np.clip(random.normal(0, 0.25), -0.5, 0.5)
    bend = random.normal(0, 0.12)
    top_higher = np.clip(random.normal(0, 0.16), -0.35, 0.35)
    x = x * (1 + y * top_wider) + bend * (y**2 - 0.25)
    y = y + top_higher * (y**2 - 0.25)

    width = np.exp(random.uniform(np.log(hand.narrowest), np.log(hand.widest)))
    slant = float(np.clip(random.normal(0.1, 0.2), hand.backmost, hand.foremost))
    angle = float(np.clip(random.normal(0, 0.06), -0.13, 0.13))
    x = width * x - slant * y
    cosine, sine = np.cos(angle), np.sin(angle)
    return np.stack([cosine * x - sine * y, sine * x + cosine * y], 1)


def _inked(curve: Points, hand: Hand, pen: float, random: np.random.Generator) -> Drawing:
    """Return a curve, its longer side 1, in fine pixels with a pen, round or flat: (H, W), 0 or 1.

    `pen` is its width in pixels of the digit.
    """
    side, width = SIDE * FINE, pen * FINE
    curve = curve * (BOX * FINE - width) + side / 2
    is_flat = random.random() < 0.3
    flatness = random.uniform(0, 0.35) if is_flat else 0.0
    angle = random.uniform(0, np.pi)
    # a flat pen is a thinner line drawn twice, from one end of the nib and from the other
    nib = np.array([np.cos(angle), np.sin(angle)]) * flatness * width / 2
    curves = [curve - nib, curve + nib] if flatness else [curve]
    return lines_of(curves, hand, side, round(width * (1 - flatness)))


def lines_of(curves: list[Points], hand: Hand, side: int, width: int) -> Drawing:
    """Draw the strokes of curves as lines so many pixels wide: (side, side), 0 or 1."""
    sheet = np.zeros((side, side), np.uint8)
    lines = [
        np.rint(curve[stroke] * (1 << _SHIFT)).astype(np.int32)
        for curve in curves
        for stroke in hand.strokes
    ]
    cv2.polylines(sheet, lines, False, 1, max(1, width), cv2.LINE_8, _SHIFT)
    return sheet.astype(np.float32)
