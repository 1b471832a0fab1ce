"""What a network makes of a photo, seen in every way that is worth a look, and how far to trust it."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from rnn_tui.networks.stepwise import Array
from rnn_tui.photos.digit.picture import PreparedDigit
from rnn_tui.tasks.mnist.inference import RowReaderNetwork

# An answer this certain needs no second look at the photo.
SURE = 0.9
# How far an answer is believed that only a second look shows.
WEAK = 0.7


@dataclass(frozen=True)
class PhotoAnswer:
    """What a network makes of a photo that was prepared in one way."""

    way: PreparedDigit  #: what it read.
    probabilities: Array  #: (10,) of the digits, if it is one.
    no_digit: float  #: the probability that it is none; 0 where the network has not learned what is none.
    first: bool = True  #: whether this is the likeliest way to see the photo.

    @property
    def confidence(self) -> float:
        """How probable it is that the most probable digit is right, 0 … 1."""
        return (1 if self.first else WEAK) * float((1 - self.no_digit) * self.probabilities.max())


def answers(network: RowReaderNetwork, ways: Sequence[PreparedDigit]) -> list[PhotoAnswer]:
    """An answer to each of `ways`, which may be of several photos."""
    if not ways:
        return []
    chances = network.chances(np.stack([way.digit for way in ways]))
    some = np.maximum(1 - chances[:, -1:], np.finfo(np.float32).tiny)
    return [
        PhotoAnswer(way, one, float(none)) for way, one, none in zip(ways, chances[:, :-1] / some, chances[:, -1], strict=True)
    ]


def best_answer(network: RowReaderNetwork, first: PhotoAnswer, others: Iterable[PreparedDigit]) -> PhotoAnswer:
    """The answer that the network is surest of; others are looked at where the first is unsure."""
    if first.confidence >= SURE:
        return first
    again = [replace(one, first=False) for one in answers(network, list(others))]
    return max([first, *again], key=lambda answer: answer.confidence)


def read_best(network: RowReaderNetwork, ways: Iterator[PreparedDigit]) -> PhotoAnswer:
    """The answer to one photo, seen in any of `ways`, of which there is at least one."""
    (first,) = answers(network, [next(ways)])
    return best_answer(network, first, ways)
