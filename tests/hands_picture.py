"""The picture of handwritings that are rare in MNIST: `python -m tests.hands_picture FILE.png`.

A row for each handwriting has drawings that no network was trained with. With a second argument,
`BEFORE.safetensors`, the answers of two networks are below each drawing: one that was trained on
MNIST alone (*before*: `rnn-tui train mnist --preset photos --augment photo`) and the LSTM that
ships (*now*). Without it, all handwritings are drawn, so that a person can check that each digit
can be read at once.
"""

import argparse
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np

from rnn_tui.engine.files.paths import asset_dir
from rnn_tui.engine.files.weights_file import read_weights
from rnn_tui.photos import THRESHOLD
from rnn_tui.tasks.images.inference import RowReaderNetwork
from rnn_tui.tasks.mnist.hands import Hand, all_hands, drawn_digits

KINDS = {
    "1 with a flag": "1 flag",
    "1 with a foot": "1 foot",
    "slashed 0": "0 slashed",
    "crossed 7": "7 crossed",
    "open 4": "4 open",
    "2 without a loop": "2 round",
    "9 like a g": "9 g",
}
COLUMNS = 14
# How much drawings are enlarged, and the pixels for names at the left and for a line of answers.
ZOOM = 2
MARGIN = 190
LINE = 22
# Colours in blue, green and red.
RIGHT = (30, 130, 30)
WRONG = (40, 40, 200)
BLACK = (0, 0, 0)
# No training draws from this seed.
SEED = 2026


def row(name: str, hand: Hand, networks: Sequence[tuple[str, RowReaderNetwork]]) -> np.ndarray:
    """Drawings in a handwriting (H, W, 3), black on white, with each network's answers below."""
    images, _ = drawn_digits(COLUMNS, np.random.default_rng(SEED), (hand,))
    side = images.shape[1] * ZOOM
    picture = np.full((side + LINE * len(networks), MARGIN + COLUMNS * side, 3), 255, np.uint8)
    strip = np.concatenate(list(images), axis=1)
    enlarged = np.kron(strip, np.ones((ZOOM, ZOOM), np.uint8))
    picture[:side, MARGIN:] = 255 - enlarged[:, :, None]
    _put(picture, name, (8, side // 2 + 6), BLACK)
    for number, (title, network) in enumerate(networks, 1):
        base = side + number * LINE - 6
        _put(picture, f"{title}: {100 * _share_right(hand, network):.0f} %", (30, base), BLACK)
        answers, sure = _answers(network, images)
        for column in range(COLUMNS):
            text = f"{answers[column]}" if sure[column] else f"{answers[column]}?"
            is_right = sure[column] and answers[column] == hand.digit
            left = MARGIN + column * side + side // 2 - 6
            _put(picture, text, (left, base), RIGHT if is_right else WRONG)
    return picture


def _answers(network: RowReaderNetwork, images: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The digits (N,) that a network reads in drawings (N, H, W), and whether it is sure (N,)."""
    chances = network.chances(images.astype(np.float32) / 255)[:, :10]  # (N, 10)
    return chances.argmax(axis=1), chances.max(axis=1) >= THRESHOLD


def _share_right(hand: Hand, network: RowReaderNetwork) -> float:
    """The share of 500 drawings that a network reads right and is sure of."""
    images, _ = drawn_digits(500, np.random.default_rng(SEED + 1), (hand,))
    answers, sure = _answers(network, images)
    return float(((answers == hand.digit) & sure).mean())


def _put(
    picture: np.ndarray, text: str, place: tuple[int, int], colour: tuple[int, int, int]
) -> None:
    """Write a text; `place` is the left end of its base line."""
    cv2.putText(picture, text, place, cv2.FONT_HERSHEY_SIMPLEX, 0.5, colour, 1, cv2.LINE_AA)


def main() -> None:
    """Write the picture that the command line names."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n\n")[0])
    parser.add_argument("file", type=Path)
    parser.add_argument("before", type=Path, nargs="?", help="weights trained on MNIST alone")
    options = parser.parse_args()
    hands = {f"{hand.digit} {hand.name}": hand for hand in all_hands()}
    if options.before is None:
        rows = [row(name, hand, []) for name, hand in hands.items()]
    else:
        now = RowReaderNetwork(read_weights(asset_dir() / "pretrained" / "mnist-lstm.safetensors"))
        before = RowReaderNetwork(read_weights(options.before))
        networks = [("before", before), ("now", now)]
        rows = [row(kind, hands[name], networks) for kind, name in KINDS.items()]
    cv2.imwrite(str(options.file), np.concatenate(rows))


if __name__ == "__main__":
    main()
