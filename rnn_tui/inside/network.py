"""A network to look into, wherever it comes from: layers, a readout, and what its numbers mean."""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple

import numpy as np
import numpy.typing as npt

from rnn_tui.engine.errors import QueryError
from rnn_tui.inside.edits import Edit
from rnn_tui.inside.stack_trace import Wording, prefix_note, trace_stack
from rnn_tui.inside.trace import Trace, words_of
from rnn_tui.networks.stack import Stack
from rnn_tui.networks.stepwise import Array

if TYPE_CHECKING:  # the first frame knows networks to look into, and asks no words
    from rnn_tui.tasks.sequences.words import TaskWords

UNKNOWN = -1  # in the place of a right answer
#: with more kinds of steps, a constant input is none that the network meets.
MOST_CONSTANT_INPUTS = 16


@dataclass(frozen=True, eq=False)
class DrawnSequences:
    """Sequences by chance, or of a set of data, with what is right."""

    inputs: Array  #: (T, N, F), zero after a sequence's end.
    #: (N, T) where each step has an answer, else (N, 1); `UNKNOWN` where nobody knows.
    targets: npt.NDArray[Any]
    lengths: npt.NDArray[np.int64]  #: (N,) steps.
    in_words: str = ""  #: what they are, where nobody knows what the network was trained on.


class Colouring(NamedTuple):
    """What states are coloured by."""

    labels: npt.NDArray[np.int64]  #: (N,), from 0; `UNKNOWN` where nobody knows.
    names: tuple[str, ...]  #: what each label stands for.
    coloured_by: str  #: what the labels are, such as `carry` or `class`.


class InsideNetwork(ABC):
    """A network to look into."""

    source: Any  #: the same network as it answers questions, and knows its settings.
    #: whether it is known what is right; else its own answers are what others are compared with.
    knows_right: ClassVar[bool] = True

    @property
    @abstractmethod
    def stack(self) -> Stack:
        """Its layers and its readout."""

    @property
    @abstractmethod
    def wording(self) -> Wording:
        """What its inputs and outputs mean."""

    @property
    def prefix_note(self) -> str:
        """What an answer before the last step means, in a sentence."""
        return prefix_note(self.stack, self.wording)

    def words(self, inputs: Array) -> Sequence[str]:
        """Return what is read at each step of inputs (T, F), in a word or two."""
        return words_of(inputs)

    def trace(self, inputs: Array, read: Sequence[str] = (), edits: Sequence[Edit] = ()) -> Trace:
        """Trace the network while it reads a sequence.

        Args:
            inputs: (T, F).
            read: (T,) what is read at each step, in a word or two; by default `words`.
            edits: values that are set in the network while it reads.

        Raises:
            CheckpointError: if weights or inputs are too large to compute with.
        """
        return trace_stack(self.stack, self.wording, inputs, read or self.words(inputs), edits)

    @abstractmethod
    def draw(self, count: int, seed: int, steps: int) -> DrawnSequences:
        """Return sequences by chance, as in training, or of a set of data.

        Args:
            count: how many; a set of data may have fewer.
            seed: draws others for another one.
            steps: of each, where nobody knows how many are usual.

        Raises:
            DataError: if a set of data can't be read.
            TaskError: if the task gives none.
        """

    @abstractmethod
    def colouring(
        self, drawn: DrawnSequences, steps: npt.NDArray[np.int64], answers: Array
    ) -> Colouring:
        """Return what the states after chosen steps are coloured by.

        Args:
            drawn: N sequences.
            steps: (N,) the chosen ones, from 0.
            answers: (N, O) the network's own there; empty if it is known what is right.
        """

    def constant_inputs(self, drawn: DrawnSequences) -> Mapping[str, Array] | None:
        """Return inputs of a step (F,), by name, that may be read again and again.

        None where the network has no fixed points, since its states depend on what comes later.
        """
        del drawn
        return None

    def words_to_ask(self) -> "TaskWords":
        """Return the words that an automaton is learned from.

        Raises:
            UserError: if there is no automaton of the network.
        """
        raise QueryError("An automaton is of a network that reads symbols.")
