"""Photos of numbers, put together from MNIST's test digits on made-up paper.

`number_photo` writes six digits apart from one another across a sheet. `SCENES` are the harder
ones: digits that touch or are joined by a stroke, numbers in few pixels, crops of ruled paper, and
small digits in a large photo in which other things lie.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import cv2
import numpy as np
import numpy.typing as npt
from _blank_papers import KINDS, blank_paper

from rnn_tui.photos.digit.picture import Picture
from rnn_tui.tasks.mnist.data import load_mnist

DIGITS = 6
# How far apart digits are that touch: shares of their height.
CLOSE = (-0.12, -0.05)
APART = (0.1, 0.4)
Plane = npt.NDArray[np.float32]


class Number(NamedTuple):
    """A photo of numbers."""

    picture: Picture
    rows: list[str]  #: what was written, from the top.
    inks: list[Plane]  #: the same digits on their own, before they are on paper.


def number_photo(
    kind: str, random: np.random.Generator, *, rows: int = 1, gap: tuple[float, float] = (0.1, 0.5)
) -> Number:
    """Rows of digits on paper.

    Args:
        kind: of the paper, as `_blank_papers` names it.
        random: for all that varies.
        rows: how many.
        gap: the least and the greatest distance of digits, as shares of their height.
    """
    data = load_mnist()
    paper = blank_paper(kind, random).astype(np.float32)  # (H, W, 3)
    paper_height, paper_width = paper.shape[:2]
    share = random.uniform(0.5, 0.9)  # of the width, that the row takes
    height = int(share * paper_width / (DIGITS + 1) / (0.75 + sum(gap) / 2))
    height = min(height, int(0.8 * paper_height / rows / 1.6))
    ink = np.zeros((paper_height, paper_width), np.float32)
    texts = []
    inks = []
    top = random.uniform(0.1, 0.9) * (paper_height - 1.6 * height * rows)
    for row in range(rows):
        places = random.integers(0, len(data.test_labels), DIGITS)  # in the test set
        left = random.uniform(0.05, 0.25) * paper_width / 2
        for place in places:
            digit = _digit(data.test_images[place].numpy(), height * random.uniform(0.9, 1.1))
            inks.append(digit)
            offset = random.uniform(-0.06, 0.06) * height
            x = round(left)
            y = round(max(0, top + row * 1.6 * height + offset))
            part = ink[y : y + digit.shape[0], x : x + digit.shape[1]]
            np.maximum(part, digit[: part.shape[0], : part.shape[1]], out=part)
            left += digit.shape[1] + random.uniform(*gap) * height
        texts.append("".join(str(int(data.test_labels[place])) for place in places))
    degrees = random.uniform(-4, 4)
    turn = cv2.getRotationMatrix2D((paper_width / 2, paper_height / 2), degrees, 1)
    ink = np.asarray(cv2.warpAffine(ink, turn, (paper_width, paper_height)), np.float32)
    return Number(_inked(paper, ink, random), texts, inks)


def _inked(paper: Plane, ink: Plane, random: np.random.Generator) -> Picture:
    """Paper (H, W, 3) with ink (H, W), 0 … 1, on it, in a pen of some colour and strength."""
    colour = random.uniform(0, 0.5) + random.uniform(-0.1, 0.1, 3)
    cover = random.uniform(0.6, 1) * ink[:, :, None]  # (H, W, 1)
    photo = paper * (1 - cover) + paper * np.clip(colour, 0, 1) * cover  # (H, W, 3)
    return np.clip(np.rint(photo), 0, 255).astype(np.uint8)


def _digit(image: npt.NDArray[np.uint8], longer_side: float) -> Plane:
    """The ink of a test image (28, 28) without its margins, 0 … 1, enlarged or shrunk.

    Args:
        image: grey levels, 0 … 255.
        longer_side: of the result, in pixels.
    """
    left, top, width, height = cv2.boundingRect((image > 40).astype(np.uint8))
    part = image[top : top + height, left : left + width].astype(np.float32) / 255
    scale = longer_side / max(width, height)
    size = max(2, round(width * scale)), max(2, round(height * scale))
    interpolation = cv2.INTER_CUBIC if scale > 1 else cv2.INTER_AREA
    resized = cv2.resize(part, size, interpolation=interpolation)
    return np.asarray(np.clip(resized, 0, 1), np.float32)


class _Row(NamedTuple):
    """Digits in a row."""

    ink: Plane  #: (H, W), 0 … 1, without a margin.
    text: str
    inks: list[Plane]  #: each digit on its own.


def _row(
    count: int,
    height: float,
    gap: tuple[float, float],
    random: np.random.Generator,
    *,
    joined: bool = False,
) -> _Row:
    """Write digits in a row.

    Args:
        count: how many.
        height: of a digit, in pixels.
        gap: the least and the greatest distance of digits, as shares of their height.
        random: for the digits and their places.
        joined: whether a stroke leads from each digit to the next, where they are nearest.
    """
    data = load_mnist()
    places = random.integers(0, len(data.test_labels), count)  # in the test set
    inks = [
        _digit(data.test_images[place].numpy(), height * random.uniform(0.9, 1.1))
        for place in places
    ]
    plane = np.zeros((round(1.4 * height), round(2 * count * height)), np.float32)
    left = 0.0
    previous: npt.NDArray[np.int64] | None = None
    for digit in inks:
        x = round(left)
        # digits stand on one line, more or less
        bottom = 1.3 * height + random.uniform(-0.06, 0.06) * height
        y = max(0, min(round(bottom), len(plane)) - digit.shape[0])
        part = plane[y : y + digit.shape[0], x : x + digit.shape[1]]
        np.maximum(part, digit, out=part)
        points = np.argwhere(digit > 0.5) + np.array([y, x])
        if joined and previous is not None:
            start, end = _nearest(previous, points)
            cv2.line(plane, start, end, 1.0, max(1, round(height / 14)), cv2.LINE_AA)
        previous = points
        left += digit.shape[1] + random.uniform(*gap) * height
    x, y, width, tall = cv2.boundingRect((plane > 0.1).astype(np.uint8))
    text = "".join(str(int(data.test_labels[place])) for place in places)
    ink = np.asarray(plane[y : y + tall, x : x + width], np.float32)
    return _Row(ink, text, inks)


def _nearest(
    points: npt.NDArray[np.int64], others: npt.NDArray[np.int64]
) -> tuple[tuple[int, int], tuple[int, int]]:
    """The nearest two of points (N, 2) and others (M, 2), by row and column, as x and y."""
    some, others = points[::3], others[::3]
    distances = ((some[:, None] - others[None]) ** 2).sum(axis=-1)
    first, second = np.unravel_index(distances.argmin(), distances.shape)
    (top, left), (bottom, right) = some[first].tolist(), others[second].tolist()
    return (left, top), (right, bottom)


def _on_sheet(
    row: _Row, paper: Picture, top: int, left: int, random: np.random.Generator
) -> Number:
    """Write a row on a sheet (H, W, 3), its upper left corner at a place."""
    ink = np.zeros(paper.shape[:2], np.float32)
    height, width = row.ink.shape
    ink[top : top + height, left : left + width] = row.ink
    return Number(_inked(paper.astype(np.float32), ink, random), [row.text], row.inks)


def _close_up(row: _Row, kind: str, random: np.random.Generator) -> Number:
    """A row in the middle of a sheet that is cut around it."""
    height, width = row.ink.shape
    margins = [round(random.uniform(0.25, 0.8) * height) for _ in range(4)]
    above, below, left, right = margins
    size = left + width + right, above + height + below
    paper = blank_paper(kind, random)
    factor = max(1.0, size[0] / paper.shape[1], size[1] / paper.shape[0])
    paper = np.asarray(cv2.resize(paper, None, fx=factor, fy=factor), np.uint8)
    paper = paper[: size[1], : size[0]]
    return _on_sheet(row, paper, above, left, random)


def _any_paper(random: np.random.Generator) -> str:
    return str(random.choice(KINDS[:4]))


def touching_pair(random: np.random.Generator) -> Number:
    """Two digits that overlap by 5 to 12 % of their height."""
    return _close_up(_row(2, random.uniform(40, 160), CLOSE, random), _any_paper(random), random)


def touching_number(random: np.random.Generator) -> Number:
    """Three to six digits that overlap by 5 to 12 % of their height."""
    count = int(random.integers(3, 7))
    row = _row(count, random.uniform(40, 120), CLOSE, random)
    return _close_up(row, _any_paper(random), random)


def joined_pair(random: np.random.Generator) -> Number:
    """Two digits, from one of which a stroke leads to the other."""
    row = _row(2, random.uniform(40, 160), (0.05, 0.3), random, joined=True)
    return _close_up(row, _any_paper(random), random)


def few_pixels(random: np.random.Generator) -> Number:
    """Two or three digits, cut from a photo and shrunk to 28×28 … 28×60 pixels."""
    count = int(random.integers(2, 4))
    number = _close_up(_row(count, 100, (0.03, 0.25), random), _any_paper(random), random)
    height, width = number.picture.shape[:2]
    wide = round(28 * min(max(width / height, 1.0), 60 / 28))
    # as most do it: the whole picture to a given size, squeezed where it has another shape
    picture = cv2.resize(number.picture, (wide, 28), interpolation=cv2.INTER_AREA)
    return number._replace(picture=np.asarray(picture, np.uint8))


def squeezed(random: np.random.Generator) -> Number:
    """Two or three digits in 28×28 pixels, with their shape kept and paper above and below."""
    count = int(random.integers(2, 4))
    row = _row(count, 100, (0.03, 0.25), random)
    height, width = row.ink.shape
    side = round(max(height, width) * random.uniform(1.05, 1.35))
    paper = blank_paper(_any_paper(random), random)
    paper = np.asarray(cv2.resize(paper, (side, side)), np.uint8)
    number = _on_sheet(row, paper, (side - height) // 2, (side - width) // 2, random)
    picture = cv2.resize(number.picture, (28, 28), interpolation=cv2.INTER_AREA)
    return number._replace(picture=np.asarray(picture, np.uint8))


def ruled_crop(random: np.random.Generator) -> Number:
    """Two to five digits on ruled or squared paper, cut out closely."""
    count = int(random.integers(2, 6))
    row = _row(count, random.uniform(25, 80), APART, random)
    height, width = row.ink.shape
    period = height * random.uniform(0.7, 1.6)  # of the lines
    margins = [round(random.uniform(0.08, 0.4) * height) for _ in range(4)]
    above, below, left, right = margins
    paper = np.full((above + height + below, left + width + right, 3), 1, np.float32)
    paper *= random.uniform(150, 245)
    phase = random.uniform(0, period)
    strength = random.uniform(0.15, 0.45) * np.array([0.5, 0.8, 1.0], np.float32)  # blue
    thickness = max(1.0, height * random.uniform(0.015, 0.04))
    slope = np.tan(np.radians(random.uniform(-3, 3)))
    rows, columns = np.mgrid[: paper.shape[0], : paper.shape[1]].astype(np.float32)
    directions = [rows - slope * columns]
    if random.random() < 0.5:
        directions.append(columns + slope * rows)
    for place in directions:
        distance = np.abs((place + phase) % period - period / 2)
        line = np.clip(thickness / 2 + 0.5 - distance, 0, 1)[:, :, None]
        paper *= 1 - strength * line
    paper += random.normal(0, 2, paper.shape)
    blurred = cv2.GaussianBlur(np.clip(paper, 0, 255).astype(np.uint8), (0, 0), 0.6)
    return _on_sheet(row, np.asarray(blurred, np.uint8), above, left, random)


def small_digit(random: np.random.Generator) -> Number:
    """A digit of 12 to 25 pixels in a large photo in which other things lie."""
    return _on_desk(_row(1, random.uniform(12, 25), APART, random), random)


def small_number(random: np.random.Generator) -> Number:
    """Two to five digits of 12 to 25 pixels in a large photo in which other things lie."""
    count = int(random.integers(2, 6))
    return _on_desk(_row(count, random.uniform(12, 25), APART, random), random)


def _on_desk(row: _Row, random: np.random.Generator) -> Number:
    """A row on a sheet that lies on a desk, in a photo of 1,000 to 3,000 pixels.

    The desk shows at one side or more, a pen lies there and a shadow falls on the sheet.
    """
    width = int(random.integers(1000, 3001))
    height = round(width * random.choice((0.67, 0.75, 1.33)))
    width, height = (round(side * min(1, 3000 / max(width, height))) for side in (width, height))
    paper = cv2.resize(blank_paper(_any_paper(random), random), (width, height))
    number_width = row.ink.shape[1]
    # the sheet, of which the photo shows at least the middle
    left, top = (round(random.uniform(-0.1, 0.15) * side) for side in (width, height))
    right, bottom = (round(random.uniform(0.85, 1.1) * side) for side in (width, height))
    x = int(random.integers(int(0.3 * width), int(0.6 * width) - number_width // 2))
    y = int(random.integers(int(0.3 * height), int(0.65 * height)))
    number = _on_sheet(row, np.asarray(paper, np.uint8), y, x, random)
    photo = number.picture.astype(np.float32)

    desk = random.uniform(30, 140) * np.array([0.6, 0.8, 1.0], np.float32)
    outside = np.ones((height, width), np.float32)
    corners = np.array([(left, top), (right, top), (right, bottom), (left, bottom)], np.float32)
    corners += random.uniform(-0.02, 0.02, corners.shape).astype(np.float32) * width
    cv2.fillPoly(outside, [np.rint(corners).astype(np.int32)], 0.0, cv2.LINE_AA)
    photo = photo * (1 - outside[:, :, None]) + desk * outside[:, :, None]

    # a pen, in the lower fifth
    start = round(random.uniform(0.1, 0.4) * width), round(random.uniform(0.8, 0.95) * height)
    end = round(random.uniform(0.6, 0.9) * width), round(random.uniform(0.8, 0.95) * height)
    thickness = round(random.uniform(0.012, 0.025) * width)
    tone = random.uniform(0, 200, 3).tolist()
    cv2.line(photo, start, end, tone, thickness, cv2.LINE_AA)

    # a shadow, as of a hand
    shadow = np.zeros((height, width), np.float32)
    middle = round(random.uniform(0, 1) * width), round(random.uniform(0.6, 1.1) * height)
    axes = round(random.uniform(0.2, 0.4) * width), round(random.uniform(0.2, 0.4) * height)
    cv2.ellipse(shadow, middle, axes, random.uniform(0, 180), 0, 360, 1.0, -1)
    eighth = cv2.resize(shadow, (width // 8, height // 8), interpolation=cv2.INTER_AREA)
    soft = cv2.GaussianBlur(eighth, (0, 0), random.uniform(2, 8))
    shadow = np.asarray(cv2.resize(soft, (width, height)), np.float32)
    photo *= 1 - random.uniform(0.1, 0.4) * shadow[:, :, None]
    return number._replace(picture=np.clip(np.rint(photo), 0, 255).astype(np.uint8))


SCENES: dict[str, Callable[[np.random.Generator], Number]] = {
    "touching pair": touching_pair,
    "touching number": touching_number,
    "joined pair": joined_pair,
    "28×28 … 28×60": few_pixels,
    "28×28": squeezed,
    "ruled crop": ruled_crop,
    "small digit": small_digit,
    "small number": small_number,
}
