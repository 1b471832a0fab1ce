"""The picture of digits in hands that MNIST has few of: `python -m tests.hands_picture FILE.png
BEFORE.safetensors`.

A row for each kind of hand: drawings that no network was trained with, and under each what two
networks read in it, one that learned MNIST alone (*before*: `rnn-tui train mnist --preset photos
--augment photo`) and the LSTM that ships (*now*). Without a second file: every hand there is, to be
looked at one by one, for each must be read at once as its digit.
"""

import argparse
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np

from rnn_tui.engine.paths import asset_dir
from rnn_tui.engine.weights_file import read_weights
from rnn_tui.photos import THRESHOLD
from rnn_tui.tasks.mnist.hands import Hand, all_hands, drawn_digits
from rnn_tui.tasks.mnist.inference import RowReaderNetwork

KINDS = {
    "1 with a flag": "1 flag",
    "1 with a foot": "1 foot",
    "slashed 0": "0 slashed",
    "crossed 7": "7 crossed",
    "open 4": "4 open",
    "2 without a loop": "2 round",
    "9 like a g": "9 g",
}
COLUMNS, ZOOM, MARGIN, LINE = 14, 2, 190, 22
RIGHT, INVALID_VALUE, BLACK = (30, 130, 30), (40, 40, 200), (0, 0, 0)
# No training begins from this.
SEED = 2026


def row(name: str, hand: Hand, networks: Sequence[tuple[str, RowReaderNetwork]]) -> np.ndarray:
    """Drawings in a hand (H, W, 3), black on white, with what each network reads below them."""
    images, _ = drawn_digits(COLUMNS, np.random.default_rng(SEED), (hand,))
    side = images.shape[1] * ZOOM
    picture = np.full((side + LINE * len(networks), MARGIN + COLUMNS * side, 3), 255, np.uint8)
    picture[:side, MARGIN:] = (
        255
        - np.kron(np.concatenate(list(images), axis=1), np.ones((ZOOM, ZOOM), np.uint8))[:, :, None]
    )
    _put(picture, name, (8, side // 2 + 6), BLACK)
    for at, (who, network) in enumerate(networks, 1):
        chances = network.chances(images.astype(np.float32) / 255)[:, :10]
        base = side + at * LINE - 6
        right = (chances.argmax(axis=1) == hand.digit) & (chances.max(axis=1) >= THRESHOLD)
        _put(picture, f"{who}: {100 * _share_right(hand, network):.0f} %", (30, base), BLACK)
        for column, (of, good) in enumerate(zip(chances, right, strict=True)):
            said = str(int(of.argmax())) + ("" if of.max() >= THRESHOLD else "?")
            _put(
                picture,
                said,
                (MARGIN + column * side + side // 2 - 6, base),
                RIGHT if good else INVALID_VALUE,
            )
    return picture


def _share_right(hand: Hand, network: RowReaderNetwork) -> float:
    """The share of 500 drawings that are read right, without doubt."""
    images, _ = drawn_digits(500, np.random.default_rng(SEED + 1), (hand,))
    chances = network.chances(images.astype(np.float32) / 255)[:, :10]
    return float(
        ((chances.argmax(axis=1) == hand.digit) & (chances.max(axis=1) >= THRESHOLD)).mean()
    )


def _put(picture: np.ndarray, text: str, at: tuple[int, int], colour: tuple[int, int, int]) -> None:
    cv2.putText(picture, text, at, cv2.FONT_HERSHEY_SIMPLEX, 0.5, colour, 1, cv2.LINE_AA)


def main() -> None:
    """Write the picture that the command line names."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n\n")[0])
    parser.add_argument("file", type=Path)
    parser.add_argument("before", type=Path, nargs="?", help="weights that learned MNIST alone")
    given = parser.parse_args()
    hands = {f"{hand.digit} {hand.name}": hand for hand in all_hands()}
    if given.before is None:
        rows = [row(name, hand, []) for name, hand in hands.items()]
    else:
        now = RowReaderNetwork(read_weights(asset_dir() / "pretrained" / "mnist-lstm.safetensors"))
        networks = [("before", RowReaderNetwork(read_weights(given.before))), ("now", now)]
        rows = [row(kind, hands[name], networks) for kind, name in KINDS.items()]
    cv2.imwrite(str(given.file), np.concatenate(rows))


if __name__ == "__main__":
    main()
