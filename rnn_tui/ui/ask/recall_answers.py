"""What the recall prompt shows, apart from how: weights chosen, questions answered, sentences.

Nothing here knows Textual; all of it may run in a thread.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from rnn_tui.engine.errors import CheckpointError, QueryError, printable
from rnn_tui.networks.stepwise import Array
from rnn_tui.runs.weights import NETWORKS, Source, choose
from rnn_tui.tasks.config import SequenceConfig
from rnn_tui.tasks.recall import DIGITS, RECALL
from rnn_tui.tasks.recall.questions import MOST_DIGITS, RecallNetwork

# The report's table: how many sequences of each length, at how many lengths at most.
A_LENGTH = 5
MOST_LENGTHS = 20

Digits = tuple[int, ...]


def parse_position(text: str) -> int:
    """Read a position as typed.

    Raises:
        QueryError: if it is not a whole number from 1.
    """
    typed = text.strip()
    if not typed:
        raise QueryError("Type the position to recall; the first digit's is 1.")
    if not (typed.isascii() and typed.isdigit()) or int(typed) < 1:
        raise QueryError(
            f"A position is a whole number from 1, such as 3, not “{printable(typed, 24)}”."
        )
    return int(typed)


@dataclass(frozen=True)
class RecallAnswers:
    """Sequences, and what every replica of one file of weights says to them.

    Attributes:
        source: which weights.
        config: the settings they were trained with.
        position: which digit was asked for, counted from 1.
        sequences: N of them.
        probabilities: (R, N, 10).
    """

    source: Source
    config: SequenceConfig
    position: int
    sequences: tuple[Digits, ...]
    probabilities: Array

    @property
    def trained_position(self) -> int:
        """The position that the weights recall."""
        assert self.config.position is not None  # `RecallNetworks` takes no others
        return self.config.position

    @property
    def truth(self) -> npt.NDArray[np.int64]:
        """The right answers (N,)."""
        return np.array([digits[self.position - 1] for digits in self.sequences])

    def of(self, variant: int, seed: int | None) -> Array:
        """Probabilities (N, 10) of a variant: of its `seed`-th replica, or the mean of them all."""
        replicas = self._replicas(variant)
        chosen: Array = replicas.mean(axis=0) if seed is None else replicas[seed]
        return chosen

    def _replicas(self, variant: int) -> Array:
        """Probabilities (S, N, 10) of a variant."""
        seeds = self.config.seeds
        return self.probabilities[variant * seeds : (variant + 1) * seeds]

    def right(self, variant: int, seed: int | None) -> npt.NDArray[np.bool_]:
        """Which of the answers are right (N,)."""
        right: npt.NDArray[np.bool_] = self.of(variant, seed).argmax(axis=1) == self.truth
        return right

    def seeds_right(self, variant: int) -> int:
        """How many seeds of a variant answer the first sequence rightly."""
        said = self._replicas(variant)[:, 0].argmax(axis=1)
        return int((said == self.truth[0]).sum())

    def variant_label(self, variant: int) -> str:
        """How a heading calls a variant: by the loss as well where there is more than one."""
        chosen = self.config.variants[variant]
        return chosen.label if len(self.config.losses) > 1 else f"H {chosen.hidden_size}"

    def seed_label(self, seed: int | None) -> str:
        """Which seed's answers are looked at, in words."""
        return f"mean of {self.config.seeds}" if seed is None else f"seed {self.config.seed + seed}"

    @property
    def source_text(self) -> str:
        """Which weights answer."""
        seeds = f"{self.config.seeds} seeds" if self.config.seeds > 1 else "1 seed"
        losses = ", ".join(self.config.losses)
        return f"{self.source.label}: position {self.trained_position}, {seeds}, {losses}"

    @property
    def notes(self) -> str:
        """Why the first answer may be a poor one: sentences, or nothing."""
        notes = []
        if self.position != self.trained_position:
            notes.append(
                f"No network here was trained for position {self.position}; the one for position "
                f"{self.trained_position} answers. Train one: position {self.position} needs "
                f"lengths from {self.position}."
            )
        length, (shortest, longest) = len(self.sequences[0]), self.config.lengths
        if not shortest <= length <= longest:
            digits = f"{length:,} digits" if length > 1 else "1 digit"
            lengths = f"{shortest} to {longest}" if shortest < longest else f"{shortest}"
            notes.append(f"{digits}: trained on {lengths}.")
        return " ".join(notes)


class RecallNetworks:
    """Chooses weights by position and asks them; remembers which, so that typing looks for none.

    Args:
        source: answers for its position in place of those that would be chosen for it.
    """

    def __init__(self, source: Source | None = None) -> None:
        self._sources: dict[int, Source] = {}
        if source is not None and source.position is not None:
            self._sources[source.position] = source

    def answer(self, digits: Digits, position: int) -> RecallAnswers:
        """What each replica takes the digit at `position` for.

        Raises:
            CheckpointError: if there are no weights, or they can't be read.
        """
        source, network = self._chosen(position)
        answers = network.probabilities([digits])
        return RecallAnswers(source, network.config, position, (digits,), answers)

    def table(self, position: int, random: np.random.Generator) -> RecallAnswers:
        """The report's table: random sequences of each length in training, the shortest first.

        They are asked for the position that the weights for `position` were trained for, which
        even the shortest of them has.

        Raises:
            CheckpointError: if there are no weights, or they can't be read.
        """
        source, network = self._chosen(position)
        shortest, longest = network.config.lengths
        count = min(MOST_LENGTHS, longest - shortest + 1)
        sequences = tuple(
            draw(int(length), random)
            for length in np.linspace(shortest, longest, count).round()
            for _ in range(A_LENGTH)
        )
        trained = network.config.position
        assert trained is not None
        answers = network.probabilities(sequences)
        return RecallAnswers(source, network.config, trained, sequences, answers)

    def _chosen(self, position: int) -> tuple[Source, RecallNetwork]:
        source = self._sources.get(position)
        if source is None:
            source = self._sources[position] = choose(RECALL.name, position)
        network = NETWORKS.get(source.path, RecallNetwork)
        if network.config.position is None:
            raise CheckpointError("These weights do not say which position they recall.")
        return source, network


def draw(length: int, random: np.random.Generator) -> Digits:
    """A random sequence."""
    return tuple(random.integers(DIGITS, size=length).tolist())


def draw_within(lengths: tuple[int, int], position: int, random: np.random.Generator) -> Digits:
    """A random sequence of a random length in training that has a digit at `position`."""
    shortest, longest = (min(max(length, position), MOST_DIGITS) for length in lengths)
    return draw(int(random.integers(shortest, longest + 1)), random)
