"""Find the digits in a picture, and which of them belong to one number.

A small convolutional network, a U-Net of 197,000 weights, gives two probabilities for every pixel:
that there is ink, and that the pixel lies in the middle of a digit. A middle is the hull of a digit
shrunk to four fifths. So the middles of neighbours are apart, and a digit of two strokes has one.
The network has learned from made-up photos: `python -m tests.finder` makes them and trains it.
"""

import itertools
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, NamedTuple, TypeAlias

import cv2
import numpy as np
import numpy.typing as npt

from rnn_tui.engine.files.paths import asset_dir
from rnn_tui.photos.digit.picture import Picture, contrasts
from rnn_tui.tasks.mnist.centre import Ink

FILE = "digit-finder.onnx"
MOST = 200  # more digits are not looked for

_SIDE_STEP = 32  # the network takes pictures whose sides are multiples of this

# Planes of an even picture are not blown up to a deviation of 1: they are divided by at least this.
_LEAST_LEVELS = 2.0  # the least deviation of colours, in grey levels
_LEAST_SHARE = 0.02  # the least deviation of shares of the light
_WIDEST = 0.25  # what is wider than this share of the longer side is no stroke but paper

_MIDDLE = 0.5  # the probability from which on a pixel belongs to a middle
_INK = 0.35  # the probability above which a pixel is ink
# Ink belongs to a middle up to this distance: a share of the middle's longer side, and some pixels.
_REACH = 0.45
_REACH_PIXELS = 1.5

# Two middles are above each other if they have more than this share of the narrower one's width in
# common, or if their centres are less than this share as far apart in width as in height.
_STACKED = 0.5
# They are in two rows, not parts of one digit, if this share of the larger one's height is between
# them and both together are higher than the highest middle by this factor.
_ROW_GAP = 0.4
_ROW_HEIGHT = 1.2
# Strokes that share no column, and have this share of a digit's height each, are digits of their
# own.
_TALL = 0.75

Integers: TypeAlias = npt.NDArray[np.integer[Any]]
Flags: TypeAlias = npt.NDArray[np.bool_]


class Marks(NamedTuple):
    """The marks that the finder's network makes in a picture."""

    ink: Ink  #: (H, W) the probability of ink.
    middle: Ink  #: (H, W) the probability of a digit's middle.


@dataclass(frozen=True)
class MarkedDigit:
    """A digit as the network marks it in a picture."""

    #: left, top, right, bottom of its ink in pixels; the latter two exclusive.
    box: tuple[int, int, int, int]
    mask: Flags  #: (H, W) the pixels whose ink is its own.
    confidence: float  #: the mean probability of its middle times that of its ink, 0 … 1.

    @property
    def width(self) -> int:
        """Pixels from left to right."""
        left, _, right, _ = self.box
        return right - left

    @property
    def height(self) -> int:
        """Pixels from top to bottom."""
        _, top, _, bottom = self.box
        return bottom - top

    @property
    def size(self) -> int:
        """Pixels of its longer side."""
        return max(self.width, self.height)


# OpenCV's networks keep what they work on, so that each thread has its own.
_of_thread = threading.local()


def planes_of(picture: Picture) -> npt.NDArray[np.float32]:
    """Return the planes (H, W, 5) that the network reads of a picture (H, W, 3), BGR, uint8.

    Three planes are its colours. The fourth says how much darker every pixel is than the paper
    around it, the fifth how much lighter, both as shares of the light. Shadows leave nothing in
    these two, since closing and opening keep edges where they are. Each plane is divided by its
    deviation (the colours by one for all three), unless the picture is nearly even.
    """
    grey = cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY)
    side = round(_WIDEST * max(grey.shape)) | 1
    darker, lighter = contrasts(grey, side)

    # in one row, all colours have one mean and one deviation
    mean, deviation = cv2.meanStdDev(picture.reshape(len(picture), -1))
    colours = np.asarray(
        (picture - mean.astype(np.float32)) / max(deviation.item(), _LEAST_LEVELS), np.float32
    )
    planes = [*cv2.split(colours), _scaled(darker), _scaled(lighter)]
    return np.asarray(cv2.merge(planes), np.float32)


def _scaled(shares: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """Scale shares of the light (H, W) to a deviation of 1, or less if they are nearly even."""
    _, deviation = cv2.meanStdDev(shares)
    return shares / max(deviation.item(), _LEAST_SHARE)


def marks_in(picture: Picture) -> Marks:
    """Ask the network about a picture (H, W, 3), BGR, uint8."""
    height, width = picture.shape[:2]
    padded = cv2.copyMakeBorder(
        picture, 0, -height % _SIDE_STEP, 0, -width % _SIDE_STEP, cv2.BORDER_REPLICATE
    )
    planes = planes_of(padded)  # (2 R, 2 C, 5)
    rows, columns = planes.shape[0] // 2, planes.shape[1] // 2
    # The network works on blocks of 2×2 pixels, each pixel of which has planes of its own.
    blocks = (
        planes.reshape(rows, 2, columns, 2, -1)  # (R, 2, C, 2, 5)
        .transpose(4, 1, 3, 0, 2)  # (5, 2, 2, R, C)
        .reshape(1, -1, rows, columns)  # (1, 20, R, C)
    )
    network = _network()
    network.setInput(np.ascontiguousarray(blocks))
    outputs = network.forward()[0]  # (8, R, C)
    marks = (
        outputs.reshape(2, 2, 2, rows, columns)
        .transpose(0, 3, 1, 4, 2)  # (2, R, 2, C, 2)
        .reshape(2, 2 * rows, 2 * columns)
    )
    ink, middle = marks[:, :height, :width]
    return Marks(ink, middle)


def _network() -> Any:
    """Return this thread's copy of the network, an OpenCV `Net`, read at its first use."""
    if not hasattr(_of_thread, "network"):
        # photos are read side by side, each by a thread: OpenCV's own would be in the way
        cv2.setNumThreads(1)
        contents = np.fromfile(asset_dir() / "pretrained" / FILE, np.uint8)
        _of_thread.network = cv2.dnn.readNetFromONNX(contents)
    return _of_thread.network


def digits_in(marks: Marks) -> list[MarkedDigit]:
    """Return the marked digits, at most `MOST`, those with the largest middles first."""
    middles = _middles_in(marks)
    if not middles.count:
        return []
    shares = _StrokeShares(marks, middles)
    shares.join_stacked()
    shares.give_whole_strokes()
    return list(itertools.islice(_cut_out(marks, middles, shares), MOST))


@dataclass(frozen=True)
class _Middles:
    """M middles of digits, numbered 1 … M; 0 is what lies in none of them."""

    numbers: Integers  #: (H, W) the number of the middle that a pixel lies in, or 0.
    stats: Integers  #: (M + 1, 5) left, top, width, height and area of each number, as in OpenCV.

    @property
    def count(self) -> int:
        """M."""
        return len(self.stats) - 1

    @property
    def areas(self) -> Integers:
        """Pixels (M + 1,) of each number."""
        return self.stats[:, cv2.CC_STAT_AREA]


def _middles_in(marks: Marks) -> _Middles:
    """Return the largest middles that are marked, at most `MOST`."""
    inside = (marks.middle >= _MIDDLE).astype(np.uint8)
    # In small pictures, the default way to number them takes three times as long as all blocks.
    count, numbers, stats, _ = cv2.connectedComponentsWithStatsWithAlgorithm(
        inside, connectivity=8, ltype=cv2.CV_32S, ccltype=cv2.CCL_BBDT
    )
    middles = _Middles(np.asarray(numbers), np.asarray(stats))
    if middles.count <= MOST:
        return middles
    # A picture of nothing but dots must not take all memory.
    largest = 1 + np.argsort(-middles.areas[1:], kind="stable")[:MOST]
    new_numbers = np.zeros(count, np.int32)
    new_numbers[largest] = np.arange(1, MOST + 1)
    return _Middles(new_numbers[middles.numbers], middles.stats[[0, *largest]])


def _nearest_middles(middles: _Middles) -> Integers:
    """Return for each pixel (H, W) the number of the nearest middle, or 0 if none is in reach."""
    inside = middles.numbers > 0
    distance, nearest = cv2.distanceTransformWithLabels(
        (~inside).astype(np.uint8), cv2.DIST_L2, 3, labelType=cv2.DIST_LABEL_CCOMP
    )
    # OpenCV numbers the middles in another order there.
    number_of_label = np.zeros(int(nearest.max()) + 1, np.int32)
    number_of_label[nearest[inside]] = middles.numbers[inside]
    owner: Integers = number_of_label[nearest]
    longer_sides = middles.stats[:, cv2.CC_STAT_WIDTH : cv2.CC_STAT_HEIGHT + 1].max(axis=1)
    reach = _REACH * longer_sides + _REACH_PIXELS
    owner[distance > reach[owner]] = 0
    return owner


class _StrokeShares:
    """The assignment of the strokes in a picture to M middles.

    At first a pixel belongs to the nearest middle. Strokes are numbered 1 … S − 1; 0 is no stroke.
    """

    def __init__(self, marks: Marks, middles: _Middles) -> None:
        self._middles = middles
        ink = (marks.ink > _INK).astype(np.uint8)
        stroke_count, strokes = cv2.connectedComponents(ink)
        self._stroke_count = stroke_count
        #: (H, W) the number of the stroke that a pixel lies in, or 0.
        self.strokes: Integers = np.asarray(strokes)
        #: (H, W) the number of the middle whose digit a pixel belongs to, or 0.
        self.owner = _nearest_middles(middles)
        #: (S, M + 1) pixels of each stroke that belong to each middle's digit.
        self._owned = self._pixels(self.owner)
        #: (S, M + 1) pixels of each stroke that lie in each middle itself.
        self._crossed = self._pixels(middles.numbers)

    def _pixels(self, numbers: Integers) -> Integers:
        """Count the pixels (S, M + 1) of each stroke by their numbers (H, W), 0 left out."""
        shape = self._stroke_count, self._middles.count + 1
        pairs = self.strokes * shape[1] + numbers
        pixels = np.bincount(pairs.ravel(), minlength=shape[0] * shape[1]).reshape(shape)
        pixels[0] = 0
        pixels[:, 0] = 0
        return pixels

    def join_stacked(self) -> None:
        """Make one digit of middles above each other that one stroke runs through."""
        shared_strokes = np.flatnonzero(np.count_nonzero(self._owned, axis=1) > 1)
        for stroke in shared_strokes:
            numbers = np.flatnonzero(self._owned[stroke])
            largest = int(numbers[np.argmax(self._middles.areas[numbers])])
            others = numbers[numbers != largest]
            for other in others[_same_digit(self._middles.stats, largest, others)].tolist():
                self._join(largest, other)

    def _join(self, number: int, other: int) -> None:
        """Join two middles: everything of `other` becomes part of `number`."""
        self.owner[self.owner == other] = number
        for pixels in (self._owned, self._crossed):
            pixels[:, number] += pixels[:, other]
            pixels[:, other] = 0

    def give_whole_strokes(self) -> None:
        """Assign a whole stroke to one digit, if it can only belong to that digit.

        It can if it reaches only one digit, or crosses the middle of only one. If these differ, the
        digit whose middle it crosses gets it.
        """
        owner_of_stroke = np.zeros(self._stroke_count, self.owner.dtype)  # 0 if there are several
        for pixels in (self._owned, self._crossed):
            has_one_owner = np.count_nonzero(pixels, axis=1) == 1
            owner_of_stroke[has_one_owner] = pixels[has_one_owner].argmax(axis=1)
        owner = owner_of_stroke[self.strokes]  # (H, W)
        self.owner = np.where(owner > 0, owner, self.owner)


def _same_digit(stats: Integers, number: int, others: Integers) -> Flags:
    """Decide which middles on one stroke are parts of the same digit as a given middle.

    They must lie above or below it, and nearer to it than two rows of digits are to each other.

    Args:
        stats: (M + 1, 5) the statistics of all middles, as OpenCV returns them.
        number: the number of the given middle.
        others: (N,) the numbers of the other middles on the stroke.

    Returns:
        (N,) whether each of `others` belongs to the same digit.
    """
    stats = stats.astype(np.int64)
    start, size = stats[:, :2], stats[:, 2:4]  # (M + 1, 2) by column and row
    end = start + size
    # (N, 2) how many columns and rows both share; negative if there is a gap between them
    common = np.minimum(end[number], end[others]) - np.maximum(start[number], start[others])
    # (N, 2) twice the distance between their centres
    distance = np.abs(start[number] + end[number] - start[others] - end[others])
    narrower = np.minimum(size[number, 0], size[others, 0])
    overlapping = common[:, 0] > _STACKED * narrower
    steep = distance[:, 0] < _STACKED * distance[:, 1]

    top = np.minimum(start[number, 1], start[others, 1])
    bottom = np.maximum(end[number, 1], end[others, 1])
    highest = stats[1:, cv2.CC_STAT_HEIGHT].max()
    low = bottom - top <= _ROW_HEIGHT * highest
    close = -common[:, 1] < _ROW_GAP * size[number, 1]
    return np.asarray((overlapping | steep) & (low | close), np.bool_)


def _cut_out(marks: Marks, middles: _Middles, shares: _StrokeShares) -> Iterator[MarkedDigit]:
    """Yield the digits around each middle, those with the largest middles first."""
    for number in 1 + np.argsort(-middles.areas[1:])[:MOST]:
        of_middle = float(marks.middle[middles.numbers == number].mean())
        for mask in _side_by_side(shares.owner == number, shares.strokes):
            rows, columns = np.nonzero(mask & (marks.ink > _INK))
            if not rows.size:
                continue
            box = (
                int(columns.min()),
                int(rows.min()),
                int(columns.max()) + 1,
                int(rows.max()) + 1,
            )
            of_ink = float(marks.ink[rows, columns].mean())
            yield MarkedDigit(box, mask, of_middle * of_ink)


def _side_by_side(mask: Flags, strokes: Integers) -> Iterator[Flags]:
    """Yield a digit's mask (H, W), cut at columns between strokes that are digits of their own.

    Such strokes share no column and are nearly as tall as all of them. `strokes` (H, W) are numbers
    of strokes, 0 outside.
    """
    numbers = strokes[mask]
    numbers = numbers[numbers > 0]
    if not numbers.size or numbers.min() == numbers.max():
        yield mask  # of one stroke at most
        return
    rows, columns = np.nonzero(mask & (strokes > 0))
    by_stroke = np.argsort(numbers, kind="stable")
    rows, columns = rows[by_stroke], columns[by_stroke]
    starts = np.flatnonzero(np.diff(numbers[by_stroke], prepend=0))
    tops, bottoms = np.minimum.reduceat(rows, starts), np.maximum.reduceat(rows, starts)
    lefts, rights = np.minimum.reduceat(columns, starts), np.maximum.reduceat(columns, starts)

    heights = bottoms - tops + 1
    tall = np.flatnonzero(heights >= _TALL * (np.ptp(rows) + 1))
    tall = tall[np.argsort(lefts[tall], kind="stable")]
    cuts = [
        (rights[stroke] + lefts[following]) / 2
        for stroke, following in pairwise(tall)
        if rights[stroke] < lefts[following]
    ]
    part_of_column = np.searchsorted(cuts, np.arange(mask.shape[1]))
    for part in range(len(cuts) + 1):
        yield mask & (part_of_column == part)


# Digits of a number are at least this share as tall as its tallest.
LEAST_HEIGHT = 0.45
# Two digits of this confidence make a number.
SURE = 0.5
# Any digit left out would change the number: those of this confidence belong to it too.
FAINT = 0.3
# Digits stand in one row if they have this share of the lower one's height in common.
OVERLAP = 0.4


def rows_of(digits: Sequence[MarkedDigit]) -> list[list[MarkedDigit]]:
    """Return the digits of the numbers in a photo: rows from the top, each from left to right."""
    tallest = max((digit.height for digit in digits if digit.confidence >= SURE), default=0)
    rows: list[list[MarkedDigit]] = []
    for digit in sorted(digits, key=lambda digit: digit.box[0]):
        if digit.confidence < FAINT or digit.height < LEAST_HEIGHT * tallest:
            continue
        # rows rise and fall: the digit to the left tells where a row is
        overlaps = [_overlap(row[-1], digit) for row in rows]
        largest = max(overlaps, default=0)
        if largest >= OVERLAP:
            rows[overlaps.index(largest)].append(digit)
        else:
            rows.append([digit])
    sure_rows = [row for row in rows if any(digit.confidence >= SURE for digit in row)]
    return sorted(sure_rows or rows, key=_level)


def count_unread(digits: Sequence[MarkedDigit], rows: Sequence[Sequence[MarkedDigit]]) -> int:
    """Return how many digits that are surely there no row holds, as they are much too small."""
    sure = sum(digit.confidence >= SURE for digit in digits)
    held = sum(digit.confidence >= SURE for row in rows for digit in row)
    return sure - held


def are_several(rows: Sequence[Sequence[MarkedDigit]]) -> bool:
    """Return whether a photo surely shows more than one digit."""
    return sum(digit.confidence >= SURE for row in rows for digit in row) > 1


def _overlap(left: MarkedDigit, right: MarkedDigit) -> float:
    """Return the share of the lower one's height that two digits have in common.

    It is below 0 if they are apart.
    """
    common = min(left.box[3], right.box[3]) - max(left.box[1], right.box[1])
    return common / min(left.height, right.height)


def _level(row: Sequence[MarkedDigit]) -> float:
    """Return twice the mean height at which the digits of a row are, from the top, in pixels."""
    return sum(digit.box[1] + digit.box[3] for digit in row) / len(row)
