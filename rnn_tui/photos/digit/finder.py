"""Where digits are in a picture, as a small convolutional network marks them, and which belong to
one number.

In every pixel the network, a U-Net of 197,000 weights, tells how probable ink is there, and how
probable it is that the pixel lies in the middle of a digit. Middles are hulls of digits shrunk to
four fifths, so that those of neighbours are apart, and a digit of two strokes has one. It has
learned from made-up photos: `python -m tests.finder` makes and trains it anew.
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

from rnn_tui.engine.paths import asset_dir
from rnn_tui.photos.digit.picture import Picture, share_of
from rnn_tui.tasks.mnist.centre import Ink

FILE = "digit-finder.onnx"
_STEP = 32  # sides that the network takes are multiples of this
# deviations, of levels and of shares of light, below which none is blown up further
_LEAST_LEVELS, _LEAST_SHARE = 2.0, 0.02
_WIDEST = 0.25  # what is wider than this share of the longer side is no stroke but paper
_MIDDLE, _INK = 0.5, 0.35  # probabilities from which on a pixel is a middle's, and ink
# how far from its middle ink may be: a share of the middle's longer side, and some pixels
_REACH, _REACH_PIXELS = 0.45, 1.5
# The share of its width that a part of a digit lies above or below another, or how steeply; middles
# this share of the larger one's height apart are digits in two rows, if both are together this much
# taller than the tallest.
_STACKED, _ROW, _ONE = 0.5, 0.4, 1.2
# strokes that share no column and have this much of the height each are digits of their own
_TALL = 0.75
MOST = 200  # more digits are not looked for

Integers: TypeAlias = npt.NDArray[np.integer[Any]]
Flags: TypeAlias = npt.NDArray[np.bool_]


class Marks(NamedTuple):
    """What the network marks in a picture."""

    ink: Ink  #: (H, W) the probability of ink.
    middle: Ink  #: (H, W) the probability of a digit's middle.


@dataclass(frozen=True)
class MarkedDigit:
    """A digit as the network marks it in a picture."""

    #: left, top, right, bottom of its ink in pixels; the latter two exclusive.
    box: tuple[int, int, int, int]
    near: Flags  #: (H, W) the pixels whose ink is its own.
    sure: float  #: how sure the network is of its ink and of its middle, 0 … 1.

    @property
    def size(self) -> int:
        """Pixels of its longer side."""
        left, top, right, bottom = self.box
        return max(right - left, bottom - top)


# OpenCV's networks keep what they work on, so that each thread has its own
_of_thread = threading.local()


def planes_of(picture: Picture) -> npt.NDArray[np.float32]:
    """What the network sees of a picture (H, W, 3), BGR, uint8: (H, W, 5).

    Its colours; how much darker than the paper around it every pixel is; and how much lighter:
    shares of the light, so that shadows leave none, as closing and opening keep edges where they
    are. All have a deviation of 1, but for even pictures.
    """
    grey = cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY)
    kernel = np.ones((round(_WIDEST * max(grey.shape)) | 1,) * 2, np.uint8)
    paper = cv2.morphologyEx(grey, cv2.MORPH_CLOSE, kernel)
    ground = cv2.morphologyEx(grey, cv2.MORPH_OPEN, kernel)
    dark, light = (
        share_of(cv2.subtract(paper, grey), paper),
        share_of(cv2.subtract(grey, ground), grey),
    )
    mean, deviation = cv2.meanStdDev(picture.reshape(len(picture), -1))
    colours = np.asarray(
        (picture - mean.astype(np.float32)) / max(deviation.item(), _LEAST_LEVELS), np.float32
    )
    shares = [one / max(cv2.meanStdDev(one)[1].item(), _LEAST_SHARE) for one in (dark, light)]
    return np.asarray(cv2.merge([*cv2.split(colours), *shares]), np.float32)


def marked(picture: Picture) -> Marks:
    """What the network marks in a picture (H, W, 3), BGR, uint8."""
    if not hasattr(_of_thread, "network"):
        # photos are read side by side, each by a thread: OpenCV's own would be in the way
        cv2.setNumThreads(1)
        _of_thread.network = cv2.dnn.readNetFromONNX(
            np.fromfile(asset_dir() / "pretrained" / FILE, np.uint8)
        )
    network: Any = _of_thread.network
    height, width = picture.shape[:2]
    planes = planes_of(
        cv2.copyMakeBorder(picture, 0, -height % _STEP, 0, -width % _STEP, cv2.BORDER_REPLICATE)
    )
    # the network works on blocks of 2×2 pixels
    rows, columns = planes.shape[0] // 2, planes.shape[1] // 2
    blocks = (
        planes.reshape(rows, 2, columns, 2, -1)
        .transpose(4, 1, 3, 0, 2)
        .reshape(1, -1, rows, columns)
    )
    network.setInput(np.ascontiguousarray(blocks))
    marks = network.forward()[0].reshape(2, 2, 2, rows, columns).transpose(0, 3, 1, 4, 2)
    ink, middle = marks.reshape(2, 2 * rows, 2 * columns)[:, :height, :width]
    return Marks(ink, middle)


def digits_in(marks: Marks) -> list[MarkedDigit]:
    """The digits that are marked, in no order; at most `MOST` of them, the largest."""
    inside = (marks.middle >= _MIDDLE).astype(np.uint8)
    count, parts, boxes, _ = cv2.connectedComponentsWithStats(inside)
    if count == 1:
        return []
    if count > MOST + 1:  # a picture of nothing but dots must not take all memory
        largest = 1 + np.argsort(-boxes[1:, cv2.CC_STAT_AREA], kind="stable")[:MOST]
        kept = np.zeros(count, np.int32)
        kept[largest] = np.arange(1, MOST + 1)
        parts, boxes, count = kept[parts], boxes[[0, *largest]], MOST + 1
        inside = (parts > 0).astype(np.uint8)
    away, nearest = cv2.distanceTransformWithLabels(
        1 - inside, cv2.DIST_L2, 3, labelType=cv2.DIST_LABEL_CCOMP
    )
    # OpenCV numbers the parts in another order there
    number = np.zeros(int(nearest.max()) + 1, np.int32)
    number[nearest[parts > 0]] = parts[parts > 0]
    owner = number[nearest]
    reach = (
        _REACH * boxes[:, cv2.CC_STAT_WIDTH : cv2.CC_STAT_HEIGHT + 1].max(axis=1) + _REACH_PIXELS
    )
    owner[away > reach[owner]] = 0
    strokes_count, strokes = cv2.connectedComponents((marks.ink > _INK).astype(np.uint8))
    # Of every stroke (second axis) the pixels beside each middle, and those of the middle itself.
    counts = np.empty((2, strokes_count, count), np.int32)
    for at, of in enumerate((owner, parts)):
        pixels = np.bincount((strokes * count + of).ravel(), minlength=strokes_count * count)
        counts[at] = pixels.reshape(strokes_count, count)
    counts[:, 0] = counts[:, :, 0] = 0
    for stroke in np.flatnonzero(np.count_nonzero(counts[0], axis=1) > 1):
        _join_stacked(np.flatnonzero(counts[0, stroke]), np.asarray(boxes, np.int64), counts, owner)
    # A stroke that one middle alone lies on, or else that reaches into one digit alone, is its own
    # to the end.
    for of_strokes in counts:
        alone = np.count_nonzero(of_strokes, axis=1) == 1
        owner = np.where(alone[strokes], of_strokes.argmax(axis=1)[strokes], owner)
    pieces = _pieces(marks, np.asarray(parts), np.asarray(boxes), owner, np.asarray(strokes))
    return list(itertools.islice(pieces, MOST))


def _pieces(
    marks: Marks, parts: Integers, boxes: Integers, owner: Integers, strokes: Integers
) -> Iterator[MarkedDigit]:
    """The digits around each middle, those with the largest middles first.

    Args:
        marks: what the network marks.
        parts: (H, W) the number of the middle that a pixel lies in, 0 outside.
        boxes: (count, 5) of each number, as OpenCV tells them.
        owner: (H, W) the number of the middle whose digit a pixel belongs to, or 0.
        strokes: (H, W) the number of the stroke that a pixel lies in, 0 outside.
    """
    for part in 1 + np.argsort(-boxes[1:, cv2.CC_STAT_AREA])[:MOST]:
        middle = float(marks.middle[parts == part].mean())
        for near in _beside(owner == part, strokes):
            rows, columns = np.nonzero(near & (marks.ink > _INK))
            if not rows.size:
                continue
            left, right = int(columns.min()), int(columns.max()) + 1
            top, bottom = int(rows.min()), int(rows.max()) + 1
            sure = middle * float(marks.ink[rows, columns].mean())
            yield MarkedDigit((left, top, right, bottom), near, sure)


def _beside(near: Flags, strokes: Integers) -> Iterator[Flags]:
    """A digit's pixels; in parts where it is several, strokes beside one another that are all about
    as tall.
    """
    rows, columns = np.nonzero(near & (strokes > 0))
    if not rows.size:
        yield near
        return
    numbers = strokes[rows, columns]
    order = np.argsort(numbers, kind="stable")
    rows, columns = rows[order], columns[order]
    starts = np.flatnonzero(np.diff(numbers[order], prepend=0))
    tops, bottoms = np.minimum.reduceat(rows, starts), np.maximum.reduceat(rows, starts)
    lefts, rights = np.minimum.reduceat(columns, starts), np.maximum.reduceat(columns, starts)
    tall = np.flatnonzero(bottoms - tops + 1 >= _TALL * (np.ptp(rows) + 1))
    tall = tall[np.argsort(lefts[tall], kind="stable")]
    cuts = [
        (rights[one] + lefts[following]) / 2
        for one, following in pairwise(tall)
        if rights[one] < lefts[following]
    ]
    place = np.searchsorted(cuts, np.arange(near.shape[1]))
    for at in range(len(cuts) + 1):
        yield near & (place == at)


def _join_stacked(owners: Integers, boxes: Integers, counts: Integers, owner: Integers) -> None:
    """Give middles above each other that one stroke runs through to one digit, unless they are
    apart as rows are.
    """
    first = int(owners[np.argmax(boxes[owners, cv2.CC_STAT_AREA])])
    others = owners[owners != first]
    start, size = boxes[:, :2], boxes[:, 2:4]
    end = start + size
    tallest = boxes[1:, cv2.CC_STAT_HEIGHT].max()
    # (others, 2) how many columns and rows are common to both, negative where they are apart; and
    # twice the distance of their centres
    common = np.minimum(end[first], end[others]) - np.maximum(start[first], start[others])
    distance = np.abs(start[first] + end[first] - start[others] - end[others])
    height = np.maximum(end[first, 1], end[others, 1]) - np.minimum(
        start[first, 1], start[others, 1]
    )
    narrower = np.minimum(size[first, 0], size[others, 0])
    stacked = (common[:, 0] > _STACKED * narrower) | (distance[:, 0] < _STACKED * distance[:, 1])
    one_row = (height <= _ONE * tallest) | (-common[:, 1] < _ROW * size[first, 1])
    for other in others[stacked & one_row].tolist():
        owner[owner == other] = first
        counts[..., first] += counts[..., other]
        counts[..., other] = 0


LEAST_HEIGHT = 0.45  # digits of a number are at least this share as tall as its tallest
# Two digits found as surely as this make a number; any left out would change it: less sure ones in
# a row with them belong too.
SURE, FAINT = 0.5, 0.3
OVERLAP = 0.4  # digits stand in one row if they share this much of the lower one's height


def rows_of(digits: Sequence[MarkedDigit]) -> list[list[MarkedDigit]]:
    """The digits of the numbers in a photo: rows from the top, each from left to right."""
    tallest = max((_height(digit) for digit in digits if digit.sure >= SURE), default=0)
    rows: list[list[MarkedDigit]] = []
    for digit in sorted(digits, key=lambda digit: digit.box[0]):
        if digit.sure < FAINT or _height(digit) < LEAST_HEIGHT * tallest:
            continue
        # rows rise and fall: the digit to the left tells where a row is
        shared = [_shared(row[-1], digit) for row in rows]
        if max(shared, default=0) >= OVERLAP:
            rows[shared.index(max(shared))].append(digit)
        else:
            rows.append([digit])
    sure = [row for row in rows if any(digit.sure >= SURE for digit in row)]
    return sorted(
        sure or rows, key=lambda row: sum(digit.box[1] + digit.box[3] for digit in row) / len(row)
    )


def are_several(rows: Sequence[Sequence[MarkedDigit]]) -> bool:
    """Whether a photo shows more than one digit for sure."""
    return sum(digit.sure >= SURE for row in rows for digit in row) > 1


def _height(digit: MarkedDigit) -> int:
    return digit.box[3] - digit.box[1]


def _shared(one: MarkedDigit, other: MarkedDigit) -> float:
    """The share of the lower one's height that two digits have in common."""
    common = min(one.box[3], other.box[3]) - max(one.box[1], other.box[1])
    return common / min(_height(one), _height(other))
