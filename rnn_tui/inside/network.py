"""A network to look into, wherever it comes from: layers, a readout, and what its numbers mean."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any

from rnn_tui.inside.edits import Edit
from rnn_tui.inside.stack_trace import Wording, prefix_note, trace_stack
from rnn_tui.inside.trace import Trace, words_of
from rnn_tui.networks.stack import Stack
from rnn_tui.networks.stepwise import Array


class InsideNetwork(ABC):
    """A network to look into."""

    source: Any  #: the same network as it answers questions, and knows its settings.

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
