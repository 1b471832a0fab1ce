"""The parts of Home that need NumPy, loaded after the first frame: the pad and its reading."""

from collections.abc import Sequence

import numpy as np

from rnn_tui.archive.weights import NETWORKS, shipped
from rnn_tui.engine.errors import CheckpointError
from rnn_tui.inside.image_network import trace_digit
from rnn_tui.tasks.images.inference import RowReaderNetwork
from rnn_tui.tasks.mnist import MNIST
from rnn_tui.ui.frame.digit_at_hand import DigitAtHand
from rnn_tui.ui.widgets.drawing_pad import DrawingPad
from rnn_tui.ui.widgets.ink_image import Levels
from rnn_tui.ui.work.digit_answers import MISSING, DigitAnswer

DRAWING = "drawing"


def answers_to(digit_at_hand: DigitAtHand, network: int) -> list[DigitAnswer]:
    """Return a shipped network's answers to a digit after each of its rows; drawings are centred.

    Args:
        digit_at_hand: the digit.
        network: the number of the network; after the last the first comes again.

    Raises:
        CheckpointError: if the network can't be read.
    """
    sources = shipped(MNIST.name)
    if not sources:
        raise CheckpointError(MISSING)
    source = sources[network % len(sources)]
    digit = digit_at_hand.digit
    if digit_at_hand.name == DRAWING:
        # OpenCV takes a tenth of a second to load: not before anyone draws.
        from rnn_tui.tasks.mnist.centre import centre

        digit = centre(digit)
    trace = trace_digit(NETWORKS.get(source.path, RowReaderNetwork), digit)
    return [DigitAnswer(source, tuple(row)) for row in trace.probabilities.tolist()]


class HomePad(DrawingPad):
    """A pad with a digit on it, until something is drawn in its place."""

    digit: DigitAtHand | None = None  #: the digit; None if the pad is bare.
    levels: Levels  #: the shades of the digit (28, 28).

    def put(self, name: str, rows: Sequence[bytes], label: int | None) -> None:
        """Put a digit in place of what is drawn: (28, 28) grey levels, 0 … 255."""
        levels = np.array([list(row) for row in rows], np.float32)
        self.digit = DigitAtHand(name, levels / np.float32(255), label)
        self.drawing.clear()

    @property
    def digit_at_hand(self) -> DigitAtHand | None:
        return self.digit if self.drawing.empty else DigitAtHand(DRAWING, self.drawing.ink)

    def show_levels(self, levels: Levels) -> None:
        """Show the digit, or the drawing with these shades in its place."""
        has_digit = self.digit is not None and self.drawing.empty
        super().show_levels(self.levels if has_digit else levels)

    def action_clear(self) -> None:
        """Clear the pad, and take the digit away too."""
        self.digit = None
        super().action_clear()
