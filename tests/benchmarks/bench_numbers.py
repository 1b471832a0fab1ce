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
    """Rows of digits on paper of a kind, apart by shares of their height between the two of
    `gap`.
    """
    data = load_mnist()
    paper = blank_paper(kind, random).astype(np.float32)
    height = int(random.uniform(0.5, 0.9) * paper.shape[1] / (DIGITS + 1) / (0.75 + sum(gap) / 2))
    height = min(height, int(0.8 * paper.shape[0] / rows / 1.6))
    ink = np.zeros(paper.shape[:2], np.float32)
    written, inks = [], []
    top = random.uniform(0.1, 0.9) * (paper.shape[0] - 1.6 * height * rows)
    for row in range(rows):
        numbers = random.integers(0, len(data.test_labels), DIGITS)
        left = random.uniform(0.05, 0.25) * paper.shape[1] / 2
        for number in numbers:
            inks.append(
                digit := _digit(data.test_images[number].numpy(), height * random.uniform(0.9, 1.1))
            )
            x, y = (
                round(left),
                round(max(0, top + row * 1.6 * height + random.uniform(-0.06, 0.06) * height)),
            )
            part = ink[y : y + digit.shape[0], x : x + digit.shape[1]]
            np.maximum(part, digit[: part.shape[0], : part.shape[1]], out=part)
            left += digit.shape[1] + random.uniform(*gap) * height
        written.append("".join(str(int(data.test_labels[number])) for number in numbers))
    turn = cv2.getRotationMatrix2D((ink.shape[1] / 2, ink.shape[0] / 2), random.uniform(-4, 4), 1)
    ink = np.asarray(cv2.warpAffine(ink, turn, ink.shape[::-1]), np.float32)
    colour = random.uniform(0, 0.5) + random.uniform(-0.1, 0.1, 3)
    share = random.uniform(0.6, 1) * ink[:, :, None]
    whole = paper * (1 - share) + paper * np.clip(colour, 0, 1) * share
    return Number(np.clip(np.rint(whole), 0, 255).astype(np.uint8), written, inks)


def _digit(image: npt.NDArray[np.uint8], height: float) -> Plane:
    """The ink of a test image, cut to it, its longer side so many pixels."""
    left, top, width, tall = cv2.boundingRect((image > 40).astype(np.uint8))
    part = image[top : top + tall, left : left + width].astype(np.float32) / 255
    scale = height / max(width, tall)
    size = max(2, round(width * scale)), max(2, round(tall * scale))
    large = cv2.resize(part, size, interpolation=cv2.INTER_CUBIC if scale > 1 else cv2.INTER_AREA)
    return np.asarray(np.clip(large, 0, 1), np.float32)


def read(reader: PhotoReader, picture: Picture) -> Reading:
    """What becomes of a photo, as of one in a file, where `--number auto` is given."""
    return reader.answer([reader.prepare(picture)])[0]


def _right(said: str, written: str) -> int:
    """Digits of a row that are read right; none where there are more or fewer than were written."""
    return sum(map(str.__eq__, said, written)) if len(said) == len(written) else 0


def _stand_alone(reader: PhotoReader, number: Number) -> list[bool]:
    """Of each digit before it is on paper, whether the answer stands and is right."""
    given = ask(reader.network, [PreparedDigit(centre(ink)) for ink in number.inks])
    readings = [Reading(Path()).with_answer(one).judged(reader.threshold) for one in given]
    return [one.text == digit for one, digit in zip(readings, "".join(number.rows), strict=True)]


def _told(kind: str, counts: npt.NDArray[np.int64]) -> str:
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
    given = parser.parse_args()
    reader = PhotoReader(RowReaderNetwork(read_weights(given.weights)))
    totals, alone = np.zeros((2, 4), np.int64)
    for kind in KINDS:
        counts = np.zeros(4, np.int64)
        for at in range(given.count):
            random = np.random.default_rng((given.seed, at, KINDS.index(kind)))
            number = number_photo(kind, random, rows=given.rows)
            said = read(reader, number.picture).text.split()
            right = sum(map(_right, said, number.rows))
            counts += [right, DIGITS * given.rows, said == number.rows, 1]
            stands = _stand_alone(reader, number)
            alone += [sum(stands), len(stands), all(stands), 1]
        totals += counts
        print(_told(kind, counts))
    print(_told("all", totals))
    print(_told("not on paper", alone))
    touching = [
        number_photo("plain", np.random.default_rng((given.seed, at, 99)), gap=CLOSE)
        for at in range(given.count)
    ]
    doubted = [bool(read(reader, one.picture).doubt) for one in touching]
    print(f"touching: {100 * np.mean(doubted):.0f} % doubted (of {given.count})")


if __name__ == "__main__":
    main()
