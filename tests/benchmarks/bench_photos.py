"""Accuracy on photos by kind, as they are and under three stresses; milliseconds a photo.

Milliseconds are of processor time in one thread, for preparing without decoding; the photos brought
to a megapixel are told as well.

Also: how sure the answers are and how many of those are right, and how much blank paper is doubted.
With several weights, such as of several seeds, figures are means over them. For the report's own
figures, `--report-weights` names a network of preset `report`, which `--methods report` then asks.
"""

from __future__ import annotations

import argparse
import csv
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt
from _blank_papers import KINDS, blank_paper
from _photo_stresses import STRESSES

from rnn_tui.engine.weights_file import read_weights
from rnn_tui.photos import METHODS
from rnn_tui.photos.digit.picture import Picture
from rnn_tui.photos.digit.prepare import prepare
from rnn_tui.photos.files import read_image
from rnn_tui.tasks.mnist.inference import RowReaderNetwork

cv2.setNumThreads(1)

Numbers = npt.NDArray[np.float64]

THRESHOLDS = (0.5, 0.6, 0.7, 0.8, 0.9)
BLANKS = 25


@dataclass(frozen=True)
class Photo:
    """A photo with what it shows."""

    name: str
    label: int
    kind: str
    picture: Picture


@dataclass(frozen=True)
class Answers:
    """What networks make of photos that were prepared in one way, under one stress.

    Attributes:
        probabilities: (networks, photos, 10).
        doubted: (photos,) whether preparing found no plausible digit.
        milliseconds: a photo, for preparing.
        megapixels: a photo.
    """

    probabilities: Numbers
    doubted: npt.NDArray[np.bool_]
    milliseconds: float
    megapixels: float


def read_photos(folder: Path) -> list[Photo]:
    """All photos that `labels.csv` in `folder` names."""
    with (folder / "labels.csv").open(newline="", encoding="utf-8") as file:
        return [
            Photo(row["file"], int(row["label"]), row["kind"], read_image(folder / "images" / row["file"]))
            for row in csv.DictReader(file)
        ]


def wilson(share: float, count: int) -> tuple[float, float]:
    """The 95 % interval of a share of so many, in per cent."""
    z = 1.96
    middle = (share + z * z / (2 * count)) / (1 + z * z / count)
    half = z / (1 + z * z / count) * np.sqrt(share * (1 - share) / count + (z / 2 / count) ** 2)
    return 100 * (middle - half), 100 * (middle + half)


def measure(photos: Sequence[Photo], networks: Sequence[RowReaderNetwork], method: str, stress: str) -> Answers:
    """Prepare and read all photos."""
    digits, doubted, spent, size = [], [], 0.0, 0
    for number, photo in enumerate(photos):
        picture = STRESSES[stress](photo.picture, np.random.default_rng(number))
        start = time.process_time()
        prepared = prepare(picture, method)
        spent += time.process_time() - start
        size += picture.shape[0] * picture.shape[1]
        digits.append(prepared.digit)
        doubted.append(bool(prepared.doubt))
    inputs = np.stack(digits)
    return Answers(
        np.stack([network.probabilities(inputs) for network in networks]),
        np.array(doubted),
        1000 * spent / len(photos),
        size / len(photos) / 1e6,
    )


def print_accuracy(photos: Sequence[Photo], answers: Answers) -> None:
    """Accuracy of all photos and of every kind, with 95 % intervals."""
    labels, kinds = np.array([photo.label for photo in photos]), [photo.kind for photo in photos]
    right = (answers.probabilities.argmax(axis=2) == labels).mean(axis=0)
    for kind in ("all", *sorted(set(kinds))):
        chosen = right[[kind in ("all", one) for one in kinds]]
        share = float(chosen.mean())
        low, high = wilson(share, len(chosen))
        total = f"{chosen.sum():.4g} of {len(chosen)}"
        print(f"  {kind:14} {100 * share:5.1f} %  ({low:.1f} … {high:.1f}; {total})")


def print_confidence(photos: Sequence[Photo], answers: Answers) -> None:
    """How sure the answers are, and how many are right above and below thresholds."""
    labels = np.array([photo.label for photo in photos])
    right = answers.probabilities.argmax(axis=2) == labels
    sure = answers.probabilities.max(axis=2)
    print(f"  mean confidence {100 * sure.mean():.1f} %, right {100 * right.mean():.1f} %")
    for threshold in THRESHOLDS:
        above = sure >= threshold
        texts = [
            f"{side} {right[chosen].sum() / len(sure):.4g} of {chosen.sum() / len(sure):.4g} right"
            for side, chosen in (("above", above), ("below", ~above))
        ]
        print(f"    {100 * threshold:.0f} %: {', '.join(texts)}")
    wrong = ~right.all(axis=0)
    print(f"  doubted as no digit: {answers.doubted.sum()}, {(answers.doubted & wrong).sum()} misread")


def print_misread(photos: Sequence[Photo], answers: Answers) -> None:
    """Name the photos that are misread, with what they are read as by every network."""
    found = answers.probabilities.argmax(axis=2).T
    for photo, digits in zip(photos, found, strict=True):
        if (digits != photo.label).any():
            print(f"    {photo.name} as {' '.join(map(str, digits))}")


def print_megapixel(photos: Sequence[Photo], method: str) -> None:
    """Milliseconds for photos brought to a megapixel: the median of three rounds' means."""
    rounds = []
    for _ in range(3):
        spent = 0.0
        for photo in photos:
            height, width = photo.picture.shape[:2]
            factor = (1e6 / (height * width)) ** 0.5
            way = cv2.INTER_AREA if factor < 1 else cv2.INTER_CUBIC
            size = max(1, round(factor * width)), max(1, round(factor * height))
            picture = cv2.resize(photo.picture, size, interpolation=way)
            start = time.process_time()
            prepare(picture, method)
            spent += time.process_time() - start
        rounds.append(1000 * spent / len(photos))
    print(f"\n{method}, brought to a megapixel: {sorted(rounds)[1]:.1f} ms a photo")


def print_blanks() -> None:
    """Share of blank paper that is doubted, by kind."""
    print("\nblank paper that is doubted:")
    for kind in KINDS:
        papers = (blank_paper(kind, np.random.default_rng(seed)) for seed in range(BLANKS))
        doubted = sum(bool(prepare(paper, "mnist").doubt) for paper in papers)
        print(f"  {kind:14} {doubted} of {BLANKS}")


def parsed() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n\n")[0])
    parser.add_argument("--photos", type=Path, required=True, help="folder with labels.csv")
    parser.add_argument("--weights", type=Path, nargs="+", required=True)
    parser.add_argument("--report-weights", type=Path, nargs="+", help="for --methods report")
    parser.add_argument("--methods", nargs="+", choices=METHODS, default=list(METHODS))
    parser.add_argument("--stresses", nargs="+", choices=list(STRESSES), default=list(STRESSES))
    parser.add_argument("--misread", action="store_true", help="name the misread photos")
    return parser.parse_args()


def main() -> None:
    """Print the tables."""
    options = parsed()
    photos = read_photos(options.photos)
    for method in options.methods:
        paths = options.weights
        if method == "report" and options.report_weights:
            paths = options.report_weights
        networks = [RowReaderNetwork(read_weights(path)) for path in paths]
        for stress in options.stresses:
            answers = measure(photos, networks, method, stress)
            print(
                f"\n{method}, {stress}: {answers.milliseconds:.1f} ms a photo of "
                f"{answers.megapixels:.2f} megapixels, networks: {len(networks)}"
            )
            print_accuracy(photos, answers)
            print_confidence(photos, answers)
            if options.misread:
                print_misread(photos, answers)
        print_megapixel(photos, method)
    print_blanks()


if __name__ == "__main__":
    main()
