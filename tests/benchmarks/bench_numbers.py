"""How many numbers are read right, put together from MNIST's test digits on made-up paper.

Six digits in a row, or a column of such numbers, apart from one another by a tenth to a half of
their height, on the papers of `_blank_papers`, tilted by up to 4°, in pens of several colours and
strengths. A digit is right if there is one answer at its place, that answer stands and is the
digit; a number if the row reads as it was written. Also: what the network reads of the same digits
before they are on paper, which tells its own errors from those of finding them; and how many pairs
of touching digits are doubted.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np
import numpy.typing as npt
from _blank_papers import KINDS, blank_paper

from rnn_tui.engine.weights_file import read_weights
from rnn_tui.photos.digit.picture import Picture, PreparedDigit
from rnn_tui.photos.reader import PhotoReader, ask
from rnn_tui.photos.reading import Reading
from rnn_tui.tasks.mnist.centre import centre
from rnn_tui.tasks.mnist.data import load_mnist
from rnn_tui.tasks.mnist.inference import RowReaderNetwork

DIGITS = 6
# How far apart digits are that touch: shares of their height.
CLOSE = (-0.12, -0.05)
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
    colour = random.uniform(0, 0.5) + random.uniform(-0.1, 0.1, 3)
    cover = random.uniform(0.6, 1) * ink[:, :, None]  # (H, W, 1)
    photo = paper * (1 - cover) + paper * np.clip(colour, 0, 1) * cover  # (H, W, 3)
    return Number(np.clip(np.rint(photo), 0, 255).astype(np.uint8), texts, inks)


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


def read(reader: PhotoReader, picture: Picture) -> Reading:
    """The reading of a photo, as of one in a file with `--number auto`."""
    [reading] = reader.answer([reader.prepare(picture)])
    return reading


def _count_right(answer: str, written: str) -> int:
    """How many digits of a row are read right; none where the answer is longer or shorter."""
    if len(answer) != len(written):
        return 0
    return sum(read == digit for read, digit in zip(answer, written, strict=True))


def _right_alone(reader: PhotoReader, number: Number) -> list[bool]:
    """For each digit before it is on paper, whether the answer is sure and right."""
    answers = ask(reader.network, [PreparedDigit(centre(ink)) for ink in number.inks])
    right = []
    for answer, digit in zip(answers, "".join(number.rows), strict=True):
        reading = Reading(Path()).with_answer(answer).judged(reader.threshold)
        right.append(reading.text == digit)
    return right


def _line(kind: str, counts: npt.NDArray[np.int64]) -> str:
    """A line of the table; the counts are of right digits, digits, right photos and photos."""
    right, digits, whole, photos = counts.tolist()
    return (
        f"{kind:14} digits {100 * right / digits:5.1f} %   photos {100 * whole / photos:5.1f} %  "
        f"(of {photos})"
    )


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n\n")[0])
    parser.add_argument("--weights", type=Path, required=True)
    parser.add_argument("--count", type=int, default=25, help="photos of every kind of paper")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--rows", type=int, default=1)
    options = parser.parse_args()
    reader = PhotoReader(RowReaderNetwork(read_weights(options.weights)))
    totals, alone = np.zeros((2, 4), np.int64)
    for kind in KINDS:
        counts = np.zeros(4, np.int64)
        for photo in range(options.count):
            random = np.random.default_rng((options.seed, photo, KINDS.index(kind)))
            number = number_photo(kind, random, rows=options.rows)
            rows = read(reader, number.picture).text.split()
            right = sum(map(_count_right, rows, number.rows))
            counts += [right, DIGITS * options.rows, rows == number.rows, 1]
            right_alone = _right_alone(reader, number)
            alone += [sum(right_alone), len(right_alone), all(right_alone), 1]
        totals += counts
        print(_line(kind, counts))
    print(_line("all", totals))
    print(_line("not on paper", alone))
    doubted = []
    for photo in range(options.count):
        random = np.random.default_rng((options.seed, photo, 99))
        touching = number_photo("plain", random, gap=CLOSE)
        doubted.append(bool(read(reader, touching.picture).doubt))
    print(f"touching: {100 * np.mean(doubted):.0f} % doubted (of {options.count})")


if __name__ == "__main__":
    main()
