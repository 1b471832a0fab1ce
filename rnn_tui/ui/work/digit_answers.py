"""The answers to a digit of networks that read images."""

from dataclasses import dataclass

from rnn_tui.archive.weights import NETWORKS, Source
from rnn_tui.engine.errors import CheckpointError
from rnn_tui.photos import THRESHOLD
from rnn_tui.photos.drawing import Ink
from rnn_tui.tasks.images.inference import RowReaderNetwork

MISSING = (
    "No weights to read digits: those that ship with rnn-tui are missing. Install it again, or "
    "press t to train."
)


@dataclass(frozen=True)
class DigitAnswer:
    """The answer of one network to a digit."""

    source: Source  #: the weights of the network.
    #: the probabilities of the ten digits; the rest up to 1 is that of no digit. Empty without an
    #: answer.
    probabilities: tuple[float, ...] = ()
    failure: str = ""  #: why there is no answer.

    @property
    def digit(self) -> int:
        """The most probable digit."""
        return max(range(len(self.probabilities)), key=self.probabilities.__getitem__)

    @property
    def confidence(self) -> float:
        """The probability of that digit."""
        return max(self.probabilities)

    @property
    def unsure(self) -> bool:
        """Whether the network's confidence in the answer is low."""
        return self.confidence < THRESHOLD

    @property
    def verdict(self) -> str:
        """The confidence of the network, in words."""
        if not self.unsure:
            return f"confidence {100 * self.confidence:.1f} %"
        probability_of_none = 1 - sum(self.probabilities)
        if probability_of_none > self.confidence:
            return "No digit?"
        digits = range(len(self.probabilities))
        first, second, *_ = sorted(digits, key=lambda digit: -self.probabilities[digit])
        return f"Unsure: {first} or {second}?"


def answer_digit(
    digit: Ink, source: Source, network: RowReaderNetwork | None = None
) -> DigitAnswer:
    """Have a digit (28, 28), 0 … 1, read by the network with these weights.

    Args:
        digit: As a network reads it.
        source: The weights.
        network: The network, if it is loaded already.
    """
    try:
        network = network or NETWORKS.get(source.path, RowReaderNetwork)
        network.require_digits()
        chances = network.chances(digit[None])[0]  # (11,): of the ten digits, and of none
        return DigitAnswer(source, tuple(chances[:-1].tolist()))
    except CheckpointError as error:
        return DigitAnswer(source, failure=str(error))
