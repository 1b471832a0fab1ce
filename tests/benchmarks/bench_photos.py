"""How many photos are read right, by kind, as they are and under stresses; milliseconds a photo.

*Strict* counts answers that are right and have a confidence of 50 % or more. *Top1* counts the most
probable digit, whatever the doubt. With several weights, such as of several seeds, figures are
means over them. Of a folder whose `labels.csv` has a column `core`, only the photos with a 1 there
are read.

Also: how well confidence says how often an answer is right, what becomes of the answers at other
thresholds, and how much of what is no digit is doubted. `--fit` says what a calibration of the
confidence would be worth elsewhere: the photos are split by source into five parts, and each part
is judged by constants that were found without it.

Milliseconds are of processor time in one thread, for preparing without decoding; the photos brought
to a megapixel are told as well. For the report's own figures, `--report-weights` names a network of
preset `report`, which `--methods report` then asks.
"""

from __future__ import annotations

import argparse
import csv
import hashlib
import itertools
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt
from _accuracy import STRICT, Flags, Numbers, accuracy_line, print_thresholds
from _no_digits import KINDS, no_digit
from _photo_stresses import STRESSES
from sklearn.linear_model import LogisticRegression

from rnn_tui.engine.files.weights_file import read_weights
from rnn_tui.photos import METHODS, THRESHOLD
from rnn_tui.photos.digit.picture import Picture, PreparedDigit
from rnn_tui.photos.digit.prepare import proposals
from rnn_tui.photos.files import read_image
from rnn_tui.photos.reader import ask, best_answer
from rnn_tui.photos.reading import PhotoAnswer
from rnn_tui.tasks.images.inference import RowReaderNetwork

cv2.setNumThreads(1)

OTHERS, PARTS, BINS = 40, 5, 10
UNSTRESSED = next(iter(STRESSES))


@dataclass(frozen=True)
class Photo:
    """A photo with what it shows."""

    name: str
    label: int
    kind: str
    source: str
    picture: Picture


@dataclass(frozen=True)
class Answers:
    """What networks make of photos that were prepared in one way, under one stress.

    Attributes:
        each: an answer of every network to every photo.
        milliseconds: a photo, for preparing it in the likeliest way.
        megapixels: a photo.
    """

    each: list[list[PhotoAnswer]]
    milliseconds: float
    megapixels: float

    @property
    def digits(self) -> npt.NDArray[np.int64]:
        """(networks, photos): the most probable digits."""
        digits = [
            [int(answer.probabilities.argmax()) for answer in answers] for answers in self.each
        ]
        return np.array(digits)

    @property
    def confidence(self) -> Numbers:
        """(networks, photos); 0 where the preparation doubts that there is one digit."""
        confidences = [
            [0.0 if answer.prepared.doubt else answer.confidence for answer in answers]
            for answers in self.each
        ]
        return np.array(confidences)

    @property
    def evidence(self) -> Numbers:
        """(networks, photos, 1): the logit of the confidence."""
        sure = np.clip(self.confidence, 1e-6, 1 - 1e-6)
        return np.log(sure / (1 - sure))[..., None]


def read_photos(folders: Sequence[Path]) -> list[Photo]:
    """The photos that `labels.csv` in each folder names, of those with a column `core` the core
    alone.
    """
    photos = []
    for folder in folders:
        with (folder / "labels.csv").open(newline="", encoding="utf-8") as file:
            for row in csv.DictReader(file):
                if row.get("core", "1") == "1":
                    picture = read_image(folder / "images" / row["file"])
                    source = row.get("source", "")
                    photos.append(
                        Photo(row["file"], int(row["label"]), row["kind"], source, picture)
                    )
    return photos


def ask_all(
    networks: Sequence[RowReaderNetwork], ways: list[list[PreparedDigit]]
) -> list[list[PhotoAnswer]]:
    """Each network's answers for photos, as the app asks it.

    Args:
        networks: to ask.
        ways: for each photo, its digit as prepared in several ways.

    Returns:
        A list for each network, with an answer for each photo.
    """
    return [_answers_of(network, ways) for network in networks]


def _answers_of(network: RowReaderNetwork, ways: list[list[PreparedDigit]]) -> list[PhotoAnswer]:
    first_answers = ask(network, [digits[0] for digits in ways])
    return [
        best_answer(network, first, digits[1:])
        for first, digits in zip(first_answers, ways, strict=True)
    ]


def measure(
    photos: Sequence[Photo], networks: Sequence[RowReaderNetwork], method: str, stress: str
) -> Answers:
    """Prepare and read all photos."""
    ways, spent, size = [], 0.0, 0
    for number, photo in enumerate(photos):
        picture = STRESSES[stress](photo.picture, np.random.default_rng(number))
        start = time.process_time()
        rest = proposals(picture, method)
        first = next(rest)
        spent += time.process_time() - start
        size += picture.shape[0] * picture.shape[1]
        ways.append([first, *rest])
    return Answers(ask_all(networks, ways), 1000 * spent / len(photos), size / len(photos) / 1e6)


def print_accuracy(photos: Sequence[Photo], answered: Answers) -> None:
    """Strict and top1 of all photos and of every kind, with the 95 % intervals of the first."""
    kinds = np.array([photo.kind for photo in photos])
    right = _right(photos, answered)
    confidence = answered.confidence
    print(accuracy_line("all", right, confidence))
    for kind in sorted(set(kinds.tolist())):
        chosen = kinds == kind
        print(accuracy_line(kind, right[:, chosen], confidence[:, chosen]))


def _right(photos: Sequence[Photo], answered: Answers) -> Flags:
    """(networks, photos): whether the most probable digit is the right one."""
    labels = np.array([photo.label for photo in photos])
    return np.asarray(answered.digits == labels, np.bool_)


def calibration_error(confidence: Numbers, right: npt.NDArray[np.bool_]) -> float:
    """Expected calibration error in per cent: ten bins of as many answers each, as Nguyen &
    O'Connor (2015).
    """
    order = np.argsort(confidence, kind="stable")
    bins = np.array_split(order, BINS)
    return (
        100
        * float(sum(len(one) * abs(confidence[one].mean() - right[one].mean()) for one in bins))
        / len(order)
    )


def print_confidence(photos: Sequence[Photo], answered: Answers) -> None:
    """How well confidence says how often an answer is right, and what becomes of those that
    stand.
    """
    right = _right(photos, answered).ravel()
    sure = answered.confidence.ravel()
    stands = sure >= STRICT
    print(
        f"  calibration error {calibration_error(sure, right):.2f} %; "
        f"{100 * (~stands).mean():.1f} % doubted "
        f"({100 * (right & ~stands).mean():.1f} % would be right); "
        f"{100 * right[stands].mean():.2f} % of the others are right"
    )


def print_misread(photos: Sequence[Photo], answered: Answers) -> None:
    """Print the photos that are not read right, with the answers of all networks."""
    all_digits = answered.digits
    all_confidences = answered.confidence
    for index, photo in enumerate(photos):
        digits = all_digits[:, index]
        confidences = all_confidences[:, index]
        if (digits != photo.label).any() or (confidences < STRICT).any():
            answers = [
                f"{digit} {100 * confidence:.0f} %"
                for digit, confidence in zip(digits, confidences, strict=True)
            ]
            print(f"    {photo.name} ({photo.label}): {', '.join(answers)}")


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
            next(proposals(picture, method))
            spent += time.process_time() - start
        rounds.append(1000 * spent / len(photos))
    print(f"\n{method}, brought to a megapixel: {sorted(rounds)[1]:.1f} ms a photo")


def print_no_digits(networks: Sequence[RowReaderNetwork]) -> None:
    """Share of what is no digit that the app doubts, by kind."""
    print("\nwhat is no digit and is doubted:")
    for kind in KINDS:
        ways = [
            list(proposals(no_digit(kind, np.random.default_rng(seed)), "mnist"))
            for seed in range(OTHERS)
        ]
        doubted = [
            one.confidence < THRESHOLD or bool(one.prepared.doubt)
            for of in ask_all(networks, ways)
            for one in of
        ]
        print(f"  {kind:20} {100 * np.mean(doubted):5.1f} %  (of {OTHERS})")


def fitted(evidence: Numbers, right: npt.NDArray[np.bool_]) -> Numbers:
    """The constants (features + 1,) of a logistic regression, the bias last."""
    model = LogisticRegression(C=10.0).fit(evidence, right)
    return np.append(model.coef_[0], model.intercept_)


def print_fit(photos: Sequence[Photo], answered: Answers) -> None:
    """Constants for all photos, and what those of four parts are worth for the fifth."""
    right = _right(photos, answered)
    parts = np.array(
        [int(hashlib.md5(photo.source.encode()).hexdigest(), 16) % PARTS for photo in photos]
    )
    evidence = answered.evidence
    size = evidence.shape[-1]
    sure = np.zeros(right.shape)
    for part in range(PARTS):
        here = parts == part
        constants = fitted(evidence[:, ~here].reshape(-1, size), right[:, ~here].ravel())
        sure[:, here] = 1 / (1 + np.exp(-evidence[:, here] @ constants[:-1] - constants[-1]))
    stands = sure >= STRICT
    print(
        f"\ncross-validated by source: strict {100 * (right & stands).mean():.2f} %, top1 "
        f"{100 * right.mean():.2f} %, "
        f"doubted {100 * (~stands).mean():.2f} %, of those that stand "
        f"{100 * right[stands].mean():.2f} % right, "
        f"calibration error {calibration_error(sure.ravel(), right.ravel()):.2f} %"
    )
    constants = fitted(evidence.reshape(-1, size), right.ravel())
    print("constants from all:", ", ".join(f"{constant:.3g}" for constant in constants))


def parsed() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n\n")[0])
    parser.add_argument(
        "--photos", type=Path, nargs="+", required=True, help="folders with labels.csv"
    )
    parser.add_argument("--weights", type=Path, nargs="+", required=True)
    parser.add_argument("--report-weights", type=Path, nargs="+", help="for --methods report")
    parser.add_argument("--methods", nargs="+", choices=METHODS, default=list(METHODS))
    parser.add_argument("--stresses", nargs="+", choices=list(STRESSES), default=list(STRESSES))
    parser.add_argument(
        "--misread", action="store_true", help="name the photos that are not read right"
    )
    parser.add_argument(
        "--fit", action="store_true", help="calibrate the confidence, cross-validated by source"
    )
    return parser.parse_args()


def main() -> None:
    """Print the tables."""
    options = parsed()
    photos = read_photos(options.photos)
    for method, stress in itertools.product(options.methods, options.stresses):
        paths = (
            options.report_weights
            if method == "report" and options.report_weights
            else options.weights
        )
        networks = [RowReaderNetwork(read_weights(path)) for path in paths]
        answered = measure(photos, networks, method, stress)
        print(
            f"\n{method}, {stress}: {answered.milliseconds:.1f} ms a photo of "
            f"{answered.megapixels:.2f} megapixels, networks: {len(networks)}"
        )
        print_accuracy(photos, answered)
        print_confidence(photos, answered)
        if stress == UNSTRESSED:
            print_thresholds(_right(photos, answered), answered.confidence)
        if options.misread:
            print_misread(photos, answered)
        if options.fit and method == "mnist":
            print_fit(photos, answered)
    for method in options.methods:
        print_megapixel(photos, method)
    print_no_digits([RowReaderNetwork(read_weights(path)) for path in options.weights])


if __name__ == "__main__":
    main()
