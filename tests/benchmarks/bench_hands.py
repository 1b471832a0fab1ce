"""How many digits of each drawn hand are read right, by a network and by one of plain MNIST.

The hands are those of `rnn_tui.tasks.mnist.hands`, which preset `photos` trains with. The drawings
here are others, in the same hands. *Strict* counts answers that are right and have a confidence of
50 % or more.

`--picture FILE.png` draws some hands with both answers: `docs/pictures/hands.png` is drawn with the
LSTM that ships.
"""

import argparse
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

import cv2
import numpy as np
import numpy.typing as npt
from _accuracy import STRICT, Flags

from rnn_tui.engine.files.weights_file import read_weights
from rnn_tui.photos.digit.picture import PreparedDigit
from rnn_tui.photos.reader import ask
from rnn_tui.tasks.images.inference import RowReaderNetwork
from rnn_tui.tasks.mnist.hands import Hand, all_hands, drawn_digits

COUNT = 500  # drawings of a hand
SEED = 1  # those of training are drawn with 0

Image: TypeAlias = npt.NDArray[np.uint8]

# The hands of the picture, by digit and name, in words.
SHOWN = {
    (1, "flag"): "1 with a flag",
    (1, "foot"): "1 with a foot",
    (0, "slashed"): "slashed 0",
    (7, "crossed"): "crossed 7",
    (4, "open"): "open 4",
    (2, "round"): "2 without a loop",
    (9, "g"): "9 like a g",
}
COLUMNS = 14
DRAWING = 40  # pixels a side of one of them in the picture
CELL = 56  # pixels from one to the next
NAMES = 200  # pixels for what stands before them
ROW = 100  # pixels for a hand
WRONG, RIGHT, INK = (30, 30, 200), (20, 130, 20), (0, 0, 0)  # BGR


@dataclass(frozen=True)
class HandAnswers:
    """What a network reads of drawings in one hand."""

    name: str  #: of the network.
    digits: npt.NDArray[np.int64]  #: (N,) the most probable.
    is_right: Flags  #: (N,), strictly.
    stands: Flags  #: (N,) whether the confidence is 50 % or more.

    @property
    def share(self) -> float:
        """The share that is right, in percent."""
        return 100 * float(self.is_right.mean())


def answers_of(name: str, network: RowReaderNetwork, hand: Hand, images: Image) -> HandAnswers:
    """Have a network read drawings (N, 28, 28) in a hand."""
    answers = ask(network, [PreparedDigit(image / np.float32(255)) for image in images])
    digits = np.array([answer.probabilities.argmax() for answer in answers])
    stands = np.array([answer.confidence >= STRICT for answer in answers])
    return HandAnswers(name, digits, (digits == hand.digit) & stands, stands)


def picture(rows: list[tuple[str, Image, list[HandAnswers]]]) -> Image:
    """Draw hands below one another: their names, drawings (N, 28, 28) and the answers to them."""
    drawing = np.full((ROW * len(rows), NAMES + CELL * COLUMNS, 3), 255, np.uint8)
    for row, (name, images, answers) in enumerate(rows):
        top = ROW * row
        _put(drawing, name, (8, top + 34), INK)
        for line, of_network in enumerate(answers):
            height = top + 70 + 22 * line
            _put(drawing, f"{of_network.name}: {of_network.share:.0f} %", (30, height), INK)
            for column in range(COLUMNS):
                text = f"{of_network.digits[column]}{'' if of_network.stands[column] else '?'}"
                colour = RIGHT if of_network.is_right[column] else WRONG
                _put(drawing, text, (NAMES + CELL * column + 14, height), colour)
        for column, image in enumerate(images[:COLUMNS]):
            large = cv2.resize(255 - image, (DRAWING, DRAWING), interpolation=cv2.INTER_CUBIC)
            left = NAMES + CELL * column
            drawing[top + 8 : top + 8 + DRAWING, left : left + DRAWING] = large[:, :, None]
    return drawing


def _put(drawing: Image, text: str, place: tuple[int, int], colour: tuple[int, int, int]) -> None:
    cv2.putText(drawing, text, place, cv2.FONT_HERSHEY_SIMPLEX, 0.45, colour, 1, cv2.LINE_AA)


def parsed() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n\n")[0])
    parser.add_argument("--weights", type=Path, required=True)
    parser.add_argument("--plain-weights", type=Path, required=True, help="trained on plain MNIST")
    parser.add_argument("--picture", type=Path, help="draw some of the hands, as PNG")
    return parser.parse_args()


def main() -> None:
    """Print a line a hand, and draw some."""
    options = parsed()
    networks = {
        "plain MNIST": RowReaderNetwork(read_weights(options.plain_weights)),
        "photos": RowReaderNetwork(read_weights(options.weights)),
    }
    rows = []
    for hand in all_hands():
        images, _ = drawn_digits(COUNT, np.random.default_rng(SEED), (hand,))
        answers = [answers_of(name, network, hand, images) for name, network in networks.items()]
        shares = "   ".join(f"{one.name} {one.share:5.1f} %" for one in answers)
        print(f"{hand.digit} {hand.name:12} {shares}", flush=True)
        if (hand.digit, hand.name) in SHOWN:
            rows.append((SHOWN[hand.digit, hand.name], images, answers))
    if options.picture:
        cv2.imwrite(str(options.picture), picture(rows), [cv2.IMWRITE_PNG_COMPRESSION, 9])


if __name__ == "__main__":
    main()
