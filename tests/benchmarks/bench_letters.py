"""How many letters by hand are doubted, as what is no digit should be.

The letters are Omniglot's (Lake, Salakhutdinov & Tenenbaum 2015), which is read from a folder
(`--omniglot`) and not downloaded: black on white, 105×105, each written by twenty people. Nobody
trains on them. Letters that a person may take for a digit are counted apart, by a list. Each letter
is read as a photo of one digit in the app, and, *not prepared*, only centred as MNIST's digits.
"""

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from _accuracy import STRICT
from bench_digits import answers_as_app, answers_not_prepared

from rnn_tui.engine.files.weights_file import read_weights
from rnn_tui.papers.intervals import share_interval
from rnn_tui.photos import THRESHOLD
from rnn_tui.photos.digit.picture import Picture
from rnn_tui.tasks.images.inference import RowReaderNetwork

cv2.setNumThreads(1)

# Numbers of the characters that may be a digit: b g i l o q s z, and β δ ζ θ ι ο σ.
LIKE_DIGITS = {
    "Latin": (2, 7, 9, 12, 15, 17, 19, 26),
    "Greek": (2, 4, 6, 8, 9, 15, 18),
}


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
        "--omniglot", type=Path, metavar="FOLDER", required=True, help="with Latin and Greek"
    )
    return parser.parse_args()


def main() -> None:
    """Print the tables."""
    options = parsed()
    networks = [RowReaderNetwork(read_weights(path)) for path in options.weights]
    for name in LIKE_DIGITS:
        print_letters(name, read_letters(options.omniglot / name), networks)


if __name__ == "__main__":
    main()
