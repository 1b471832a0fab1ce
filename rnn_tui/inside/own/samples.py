"""Random inputs for the analyses of an own network: nothing says what it was trained on."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from rnn_tui.inside.own.inputs import (
    Alphabet,
    InputSequence,
    sequence_of_numbers,
    sequence_of_symbols,
)
from rnn_tui.networks.stepwise import Array


@dataclass(frozen=True, eq=False)
class RandomInputs:
    """N sequences of T steps."""

    inputs: Array  #: (T, N, F).
    places: npt.NDArray[np.int64] | None  #: (T, N) the symbols; None for numbers.

    @property
    def in_words(self) -> str:
        """What they are."""
        steps, count, _ = self.inputs.shape
        kind = "normally distributed numbers" if self.places is None else "symbols of the alphabet"
        sequences = "1 sequence" if count == 1 else f"{count:,} sequences"
        return f"{sequences} of {steps:,} random {kind}"


def draw_inputs(
    features: int, alphabet: Alphabet | None, steps: int, count: int, seed: int
) -> RandomInputs:
    """Draw sequences of symbols, all as likely, or of numbers of mean 0 and deviation 1."""
    random = np.random.default_rng(seed)
    if alphabet is None:
        numbers = random.normal(size=(steps, count, features)).astype(np.float32)
        return RandomInputs(numbers, None)
    places = random.integers(0, len(alphabet.symbols), (steps, count))
    return RandomInputs(alphabet.vectors[places], places)


def random_sequence(
    features: int, alphabet: Alphabet | None, steps: int, seed: int
) -> InputSequence:
    """Draw one sequence, as it is looked at."""
    drawn = draw_inputs(features, alphabet, steps, 1, seed)
    if alphabet is None or drawn.places is None:
        return sequence_of_numbers(drawn.inputs[:, 0])
    return sequence_of_symbols(drawn.places[:, 0].tolist(), alphabet)
