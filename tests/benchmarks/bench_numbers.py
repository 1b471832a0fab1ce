"""How many numbers are read right, put together from MNIST's test digits on made-up paper.

Six digits in a row, or a column of such numbers, apart from one another by a tenth to a half of
their height, on the papers of `_blank_papers`, tilted by up to 4°, in pens of several colours and
strengths; then the harder scenes of `_number_photos`. A digit is right if there is one answer at
its place, of a confidence of 50 % or more, and it is the digit; a number if all are right; a photo
is doubted if one of its digits is. Also: what the network reads of the same digits before they are
on paper, which tells its own errors from those of finding them.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np
from _accuracy import STRICT
from _blank_papers import KINDS
from _number_photos import SCENES, Number, number_photo

from rnn_tui.engine.files.weights_file import read_weights
from rnn_tui.photos.digit.picture import Picture, PreparedDigit
from rnn_tui.photos.reader import PhotoReader, ask
from rnn_tui.photos.reading import Reading
from rnn_tui.tasks.images.inference import RowReaderNetwork
from rnn_tui.tasks.mnist.centre import centre

cv2.setNumThreads(1)

Scene = Callable[[np.random.Generator], Number]


class Counts(NamedTuple):
    """What became of photos of numbers."""

    right: int = 0  #: digits that are read right.
    digits: int = 0
    whole: int = 0  #: photos read right as a whole.
    doubted: int = 0  #: photos with a doubted digit.
    photos: int = 0
    alone: int = 0  #: digits that are read right before they are on paper.
    whole_alone: int = 0  #: photos all of whose digits are.

    def plus(self, other: Counts) -> Counts:
        """The sums of both."""
        return Counts(*(one + more for one, more in zip(self, other, strict=True)))


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


def _counted(reader: PhotoReader, number: Number) -> Counts:
    """Read a photo of numbers."""
    reading = read(reader, number.picture)
    rows = reading.text.split()
    alone = _right_alone(reader, number)
    return Counts(
        right=sum(map(_count_right, rows, number.rows)),
        digits=len(alone),
        whole=rows == number.rows,
        doubted=bool(reading.doubt),
        photos=1,
        alone=sum(alone),
        whole_alone=all(alone),
    )


def _measure(reader: PhotoReader, kind: str, scene: Scene, count: int, seed: list[int]) -> Counts:
    """Read photos of a scene, and print a line."""
    total = Counts()
    for photo in range(count):
        number = scene(np.random.default_rng((seed[0], photo, *seed[1:])))
        total = total.plus(_counted(reader, number))
    print(_line(kind, total), flush=True)
    return total


def _line(kind: str, counts: Counts) -> str:
    """A line of the table, in percent."""
    return (
        f"{kind:16} digits {100 * counts.right / counts.digits:5.1f}   "
        f"whole {100 * counts.whole / counts.photos:5.1f}   "
        f"doubted {100 * counts.doubted / counts.photos:5.1f}   "
        f"not on paper: digits {100 * counts.alone / counts.digits:5.1f}   "
        f"whole {100 * counts.whole_alone / counts.photos:5.1f}   (of {counts.photos})"
    )


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n\n")[0])
    parser.add_argument("--weights", type=Path, required=True)
    parser.add_argument("--count", type=int, default=25, help="photos of every kind")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--rows", type=int, default=1)
    parser.add_argument(
        "--scenes", nargs="*", choices=["papers", *SCENES], default=["papers", *SCENES]
    )
    options = parser.parse_args()
    reader = PhotoReader(RowReaderNetwork(read_weights(options.weights)), threshold=STRICT)
    if "papers" in options.scenes:
        total = Counts()
        for place, kind in enumerate(KINDS):
            scene = partial(number_photo, kind, rows=options.rows)
            counts = _measure(reader, kind, scene, options.count, [options.seed, place])
            total = total.plus(counts)
        print(_line("all papers", total), end="\n\n")
    for place, (name, scene) in enumerate(SCENES.items()):
        if name in options.scenes:
            _measure(reader, name, scene, options.count, [options.seed, 100 + place])


if __name__ == "__main__":
    main()
