"""How many digits of public sets are read right, through all that the app does with a photo.

A set's picture becomes a photo of one digit: dark ink on light paper, with a margin of a quarter of
its side all around. What has fewer than 28 pixels a side is enlarged by a whole factor, smoothly.
UCI's 8×8 counts become 32×32 pixels, as many as the bitmaps had in which ink was counted. Then
`PhotoReader` finds, crops, measures and reads the digit, as in the app when photos show one digit.

*Strict* counts answers that are right and have a confidence of 50 % or more. *Top1* counts the most
probable digit, whatever the doubt. With several weights, such as of several seeds, figures are
means over them. The row *not prepared* is for the same pictures, only centred as MNIST's: without
the finder, without measuring ink, without second looks.

UCI comes with scikit-learn. The others are read from a folder (`--data`), and none is downloaded:

- `usps`: test set, `usps.t.bz2`, as torchvision reads it,
- `semeion`: `semeion.data`,
- `emnist`: test set of the split `digits`, `EMNIST/raw/emnist-digits-test-*`, as torchvision reads
  it. MNIST's hands are of the same collection (NIST SD 19),
- `ardis`: test set of dataset IV, `ARDIS_test_2828.csv` and `ARDIS_test_labels.csv`.

With `--omniglot`, a folder of Omniglot's Latin and Greek letters (Lake, Salakhutdinov & Tenenbaum
2015), the share of letters that are doubted is printed too, in both ways of reading: they are
105×105, black on white, each written by twenty people. Letters that a person may take for a digit
are counted apart.

All of them are for measuring. No network here has been trained on them.
"""

import argparse
import itertools
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeAlias

import cv2
import numpy as np
import numpy.typing as npt
from _accuracy import STRICT, Flags, Numbers, accuracy_line, print_thresholds

from rnn_tui.engine.files.weights_file import read_weights
from rnn_tui.engine.intervals import share_interval
from rnn_tui.photos import THRESHOLD
from rnn_tui.photos.digit.picture import Picture, PreparedDigit
from rnn_tui.photos.reader import Photo, PhotoReader, ask
from rnn_tui.photos.reading import Reading
from rnn_tui.tasks.images.inference import RowReaderNetwork
from rnn_tui.tasks.mnist.centre import SIDE, centre

cv2.setNumThreads(1)

MARGIN = 0.25  # paper on each side, as a share of the picture's
MOST = 2500  # more digits of a set are a sample

# Numbers of the characters that may be a digit: b g i l o q s z, and β δ ζ θ ι ο σ.
LIKE_DIGITS = {
    "Latin": (2, 7, 9, 12, 15, 17, 19, 26),
    "Greek": (2, 4, 6, 8, 9, 15, 18),
}

Plane: TypeAlias = npt.NDArray[np.float32]


@dataclass(frozen=True)
class DigitSet:
    """Digits with what they are."""

    inks: Plane  #: (N, H, W), 0 for paper … 1 for ink.
    labels: npt.NDArray[np.int64]  #: (N,).

    def sample(self, most: int) -> "DigitSet":
        """Return at most so many of them, the same ones each time."""
        if len(self.labels) <= most:
            return self
        chosen = np.random.default_rng(0).choice(len(self.labels), most, replace=False)
        return DigitSet(self.inks[chosen], self.labels[chosen])


def uci(folder: Path | None) -> DigitSet:
    """Read the 1,797 digits of scikit-learn: counts of ink, 0 … 16."""
    from sklearn.datasets import load_digits  # noqa: PLC0415

    digits = load_digits()
    return DigitSet(np.asarray(digits.images / 16, np.float32), digits.target)


def usps(folder: Path | None) -> DigitSet:
    """Read the 2,007 digits of USPS' test set, 16×16."""
    from torchvision.datasets import USPS  # noqa: PLC0415

    digits = USPS(_given(folder), train=False, download=False)
    return DigitSet(np.asarray(digits.data / 255, np.float32), np.array(digits.targets))


def semeion(folder: Path | None) -> DigitSet:
    """Read the 1,593 digits of semeion: 16×16 pixels of 0 or 1, then ten flags."""
    table = np.loadtxt(_given(folder) / "semeion.data", np.float32)  # (N, 266)
    return DigitSet(table[:, :256].reshape(-1, 16, 16), table[:, 256:].argmax(axis=1))


def emnist(folder: Path | None) -> DigitSet:
    """Read the 40,000 test digits of EMNIST's split `digits`, 28×28, which lie on their side."""
    from torchvision.datasets import EMNIST  # noqa: PLC0415

    digits = EMNIST(_given(folder), "digits", train=False, download=False)
    upright = digits.data.numpy().transpose(0, 2, 1)  # (N, H, W)
    return DigitSet(np.asarray(upright / 255, np.float32), digits.targets.numpy())


def ardis(folder: Path | None) -> DigitSet:
    """Read the 1,000 test digits of ARDIS' dataset IV: 28×28 grey levels, and ten flags."""
    table = np.loadtxt(_given(folder) / "ARDIS_test_2828.csv", np.float32)  # (N, 784)
    flags = np.loadtxt(_given(folder) / "ARDIS_test_labels.csv")  # (N, 10)
    images = table.reshape(-1, SIDE, SIDE)
    return DigitSet(np.asarray(images / 255, np.float32), flags.argmax(axis=1))


SETS: dict[str, Callable[[Path | None], DigitSet]] = {
    "uci": uci,
    "usps": usps,
    "semeion": semeion,
    "emnist": emnist,
    "ardis": ardis,
}


def sets_at_hand(
    names: Iterable[str], folder: Path | None, most: int = MOST
) -> Iterator[tuple[str, DigitSet]]:
    """Yield sets with their names, at most so many digits of each; print which are absent."""
    for name in names:
        try:
            digits = SETS[name](folder)
        except (OSError, RuntimeError, ImportError) as error:
            print(f"\n{name}: absent ({error})")
            continue
        yield name, digits.sample(most)


def _given(folder: Path | None) -> Path:
    """Return the folder of the data.

    Raises:
        FileNotFoundError: if there is none.
    """
    if folder is None:
        raise FileNotFoundError("--data names no folder")
    return folder


def photo_of(ink: Plane) -> Picture:
    """Return ink (H, W), 0 … 1, as a photo (h, w, 3) of dark ink on light paper."""
    side = max(ink.shape)
    padded = np.pad(ink, round(MARGIN * side))
    factor = -(-SIDE // side)  # rounded up
    enlarged = cv2.resize(padded, None, fx=factor, fy=factor, interpolation=cv2.INTER_CUBIC)
    grey = np.rint(255 * (1 - np.clip(enlarged, 0, 1))).astype(np.uint8)
    return np.asarray(cv2.merge([grey] * 3), np.uint8)


def _shared(photo: Photo, count: int) -> list[Photo]:
    """Return a photo of one digit for each of `count` networks; it is prepared only once."""
    [[ways]] = photo.rows
    return [replace(photo, rows=[[copy]]) for copy in itertools.tee(ways, count)]


@dataclass(frozen=True)
class Answers:
    """What networks make of a set's digits."""

    right: Flags  #: (networks, digits), whether the most probable digit is the right one.
    confidence: Numbers  #: (networks, digits); 0 where the preparation doubts the digit.


def read_as_app(pictures: Sequence[Picture], readers: Sequence[PhotoReader]) -> list[list[Reading]]:
    """Return each reader's readings of pictures."""
    first = readers[0]
    photos = [_shared(first.prepare(picture), len(readers)) for picture in pictures]
    return [
        reader.answer([copies[number] for copies in photos])
        for number, reader in enumerate(readers)
    ]


def answers_as_app(
    pictures: Sequence[Picture],
    labels: npt.NDArray[np.int64],
    networks: Sequence[RowReaderNetwork],
) -> Answers:
    """Have networks read pictures as photos of one digit."""
    readers = [PhotoReader(network, number="one") for network in networks]
    readings = read_as_app(pictures, readers)
    best = np.array([[reading.best for reading in of_network] for of_network in readings])
    confidence = np.array([list(map(_confidence, of_network)) for of_network in readings])
    return Answers(best == labels, confidence)


def _confidence(reading: Reading) -> float:
    """Return the confidence of a reading, 0 if it is doubted whatever the threshold."""
    return 0.0 if reading.judged(0).doubt else reading.confidence or 0.0


def answers_not_prepared(
    pictures: Sequence[Picture],
    labels: npt.NDArray[np.int64],
    networks: Sequence[RowReaderNetwork],
) -> Answers:
    """Have networks read pictures that are only centred as MNIST's digits."""
    inks = [1 - picture[:, :, 0] / np.float32(255) for picture in pictures]
    digits = [PreparedDigit(centre(ink)) for ink in inks]
    answers = [ask(network, digits) for network in networks]
    best = np.array([[one.probabilities.argmax() for one in each] for each in answers])
    confidence = np.array([[one.confidence for one in each] for each in answers])
    return Answers(best == labels, confidence)


def print_set(
    name: str,
    digits: DigitSet,
    networks: Sequence[RowReaderNetwork],
    plain: Sequence[RowReaderNetwork],
) -> None:
    """Print what is read of a set, by digit, and the rows beside it."""
    _, height, width = digits.inks.shape
    print(f"\n{name}: {len(digits.labels):,} digits of {height}×{width}; networks: {len(networks)}")
    pictures = [photo_of(ink) for ink in digits.inks]
    everybody = answers_as_app(pictures, digits.labels, [*networks, *plain])
    count = len(networks)
    right, confidence = everybody.right[:count], everybody.confidence[:count]
    print(accuracy_line("all", right, confidence))
    for digit in range(10):
        chosen = digits.labels == digit
        if chosen.any():
            print(accuracy_line(str(digit), right[:, chosen], confidence[:, chosen]))
    not_prepared = answers_not_prepared(pictures, digits.labels, networks)
    print(accuracy_line("not prepared", not_prepared.right, not_prepared.confidence))
    if plain:
        line = accuracy_line("plain MNIST", everybody.right[count:], everybody.confidence[count:])
        print(line)
    print_thresholds(right, confidence)


@dataclass(frozen=True)
class Letters:
    """An alphabet by hand."""

    pictures: list[Picture]  #: dark ink on light paper.
    characters: list[int]  #: the number of each one's character, from 1.


def read_letters(folder: Path) -> Letters:
    """Read an alphabet: a folder for each character, with a picture for each writer."""
    pictures: list[Picture] = []
    characters: list[int] = []
    for character in sorted(folder.glob("character*")):
        for path in sorted(character.glob("*.png")):
            pictures.append(np.asarray(cv2.imread(str(path)), np.uint8))
            characters.append(int(character.name.removeprefix("character")))
    return Letters(pictures, characters)


def print_letters(name: str, letters: Letters, networks: Sequence[RowReaderNetwork]) -> None:
    """Print the share of an alphabet's letters that is doubted, in both ways of reading."""
    characters = np.array(letters.characters)
    like_digits = np.isin(characters, LIKE_DIGITS[name])
    no_labels = np.zeros(len(characters), np.int64)
    print(f"\n{name}: {len(characters):,} letters; networks: {len(networks)}")
    for way, answer in (("as in the app", answers_as_app), ("not prepared", answers_not_prepared)):
        confidence = answer(letters.pictures, no_labels, networks).confidence
        doubted = confidence < THRESHOLD
        below_strict = float((confidence < STRICT)[:, ~like_digits].mean())
        share = float(doubted[:, ~like_digits].mean())
        count = int((~like_digits).sum())
        interval = share_interval(share, count)
        print(
            f"  {way:14} doubted {100 * share:5.1f} %  ({100 * interval.low:.1f} … "
            f"{100 * interval.high:.1f}; of {count}), of those that may be "
            f"a digit {100 * doubted[:, like_digits].mean():5.1f} %; below a "
            f"confidence of {100 * STRICT:.0f} % are {100 * below_strict:.1f} %"
        )
        shares = [
            f"{character}: {100 * doubted[:, characters == character].mean():.0f}"
            for character in np.unique(characters)
        ]
        print(f"    by character: {', '.join(shares)}")


def parsed() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n\n")[0])
    parser.add_argument("--weights", type=Path, nargs="+", required=True)
    parser.add_argument(
        "--plain-weights", type=Path, nargs="+", default=[], help="trained on plain MNIST"
    )
    parser.add_argument("--data", type=Path, metavar="FOLDER", help="where the other sets lie")
    parser.add_argument("--omniglot", type=Path, metavar="FOLDER", help="with Latin and Greek")
    parser.add_argument("--sets", nargs="*", choices=list(SETS), default=list(SETS))
    parser.add_argument(
        "--most", type=int, default=MOST, metavar="N", help="of a set (default: %(default)s)"
    )
    return parser.parse_args()


def main() -> None:
    """Print the tables."""
    options = parsed()
    networks = [RowReaderNetwork(read_weights(path)) for path in options.weights]
    plain = [RowReaderNetwork(read_weights(path)) for path in options.plain_weights]
    for name, digits in sets_at_hand(options.sets, options.data, options.most):
        print_set(name, digits, networks, plain)
    if options.omniglot is not None:
        for name in LIKE_DIGITS:
            print_letters(name, read_letters(options.omniglot / name), networks)


if __name__ == "__main__":
    main()
