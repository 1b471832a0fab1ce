"""What networks make of a drawing, apart from how it is shown: drawings read, answers compared.

Nothing here knows Textual; all of it may run in a thread.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from rnn_tui.engine.errors import CheckpointError
from rnn_tui.photos.strokes import Ink
from rnn_tui.runs.weights import NETWORKS, Source
from rnn_tui.tasks.mnist.inference import RowReaderNetwork

# As with photos, a digit that is less probable than this is a guess.
SURE = 0.5
MISSING = (
    "There are no weights to read drawings: those that ship with rnn-tui are missing. Install it "
    "anew, or train with t."
)


@dataclass(frozen=True)
class DrawingAnswer:
    """What one network makes of a drawing.

    Attributes:
        source: the weights of the network.
        probabilities: of the ten digits; empty where there is none.
        failure: why there is no answer.
    """

    source: Source
    probabilities: tuple[float, ...] = ()
    failure: str = ""

    @property
    def digit(self) -> int:
        """The most probable digit."""
        return max(range(len(self.probabilities)), key=self.probabilities.__getitem__)

    @property
    def confidence(self) -> float:
        """Its probability."""
        return max(self.probabilities)

    @property
    def unsure(self) -> bool:
        """Whether the answer is little better than a guess."""
        return self.confidence < SURE

    @property
    def verdict(self) -> str:
        """How sure, in words."""
        if not self.unsure:
            return f"{100 * self.confidence:.1f} % sure"
        second = sorted(self.probabilities)[-2]
        other = next(
            digit
            for digit, probability in enumerate(self.probabilities)
            if probability == second and digit != self.digit
        )
        return f"Unsure: {self.digit} or {other}?"


@dataclass(frozen=True)
class DrawingAnswers:
    """A drawing as the networks read it.

    Attributes:
        digit: (28, 28), what they see.
        each: an answer of every network that was asked, the chosen one's first; none where
            nothing is drawn.
    """

    digit: Ink
    each: tuple[DrawingAnswer, ...]


def answer_drawing(ink: Ink, sources: Sequence[Source]) -> DrawingAnswers:
    """Read a drawing (28, 28), 0 … 1, as photos are read: centred, strokes evened."""
    # OpenCV takes a tenth of a second to load: not while a view is being made.
    from rnn_tui.photos.digit.preparing import centre  # noqa: PLC0415

    digit = centre(ink)
    if not digit.any():
        return DrawingAnswers(digit, ())
    return DrawingAnswers(digit, tuple(_answer(digit, source) for source in sources))


def _answer(digit: Ink, source: Source) -> DrawingAnswer:
    try:
        network = NETWORKS.get(source.path, RowReaderNetwork)
    except CheckpointError as error:
        return DrawingAnswer(source, failure=str(error))
    with np.errstate(all="ignore"):
        probabilities = network.probabilities(digit[None])[0]
    if not np.isfinite(probabilities).all():
        return DrawingAnswer(source, failure="No number comes out of these weights.")
    return DrawingAnswer(source, tuple(probabilities.tolist()))
