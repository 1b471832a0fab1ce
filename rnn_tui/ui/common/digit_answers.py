"""What networks that read images say of a digit."""

from dataclasses import dataclass

from rnn_tui.engine.errors import CheckpointError
from rnn_tui.photos import THRESHOLD
from rnn_tui.photos.drawing import Ink
from rnn_tui.runs.weights import NETWORKS, Source
from rnn_tui.tasks.mnist.inference import RowReaderNetwork

MISSING = (
    "No weights to read digits: those that ship with rnn-tui are missing. Install it again, or "
    "press t to train."
)


@dataclass(frozen=True)
class DigitAnswer:
    """What one network makes of a digit."""

    source: Source  #: the weights of the network.
    #: of the ten digits; missing to 1: that it is none. Empty without an answer.
    probabilities: tuple[float, ...] = ()
    failure: str = ""  #: why there is no answer.

    @property
    def digit(self) -> int:
        return max(range(len(self.probabilities)), key=self.probabilities.__getitem__)

    @property
    def confidence(self) -> float:
        return max(self.probabilities)

    @property
    def unsure(self) -> bool:
        """Whether the answer is little better than a guess."""
        return self.confidence < THRESHOLD

    @property
    def verdict(self) -> str:
        if not self.unsure:
            return f"{100 * self.confidence:.1f} % sure"
        if 1 - sum(self.probabilities) > self.confidence:
            return "No digit?"
        first, second, *_ = sorted(
            range(len(self.probabilities)), key=lambda n: -self.probabilities[n]
        )
        return f"Unsure: {first} or {second}?"


def answer_digit(
    digit: Ink, source: Source, network: RowReaderNetwork | None = None
) -> DigitAnswer:
    """What the network with these weights, loaded or not, makes of a digit (28, 28), 0 … 1."""
    try:
        network = network or NETWORKS.get(source.path, RowReaderNetwork)
        return DigitAnswer(source, tuple(network.chances(digit[None])[0, :-1].tolist()))
    except CheckpointError as error:
        return DigitAnswer(source, failure=str(error))
