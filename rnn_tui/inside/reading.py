"""A network and the input that it has read."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from rnn_tui.engine.errors import CheckpointError, QueryError
from rnn_tui.engine.training.history import TrainingHistory
from rnn_tui.inside.edits import Edit
from rnn_tui.inside.trace import Trace
from rnn_tui.networks.stepwise import Array

#: finds trained networks of a task by cell.
FindTrained: TypeAlias = Callable[[], Mapping[str, Any]]
#: finds the snapshots of a training; None if none were kept.
FindHistory: TypeAlias = Callable[[], TrainingHistory | None]


def none_trained() -> Mapping[str, Any]:
    """Return no trained networks: there are none to compare with."""
    return {}


def no_history() -> None:
    """Return None: there are no snapshots of the training."""


@dataclass(frozen=True, eq=False)
class NetworkReading:
    """A network and the input that it has read: what an analysis is made of."""

    network: Any  #: an `InsideNetwork`.
    trace: Trace  #: what it held, without edits.
    #: (T,) where every step has an answer, else (1,); empty if nobody knows it.
    right: Sequence[int] = ()
    digit: Array | None = None  #: (28, 28) in 0 … 1 if that was read.
    #: finds trained networks of the same task, to compare it with.
    trained: FindTrained = none_trained
    history: FindHistory = no_history  #: finds the snapshots of its training.
    #: whether it can be read again, which needs more than the kept states.
    retraced: bool = True

    def traced(self, edits: Sequence[Edit]) -> Trace:
        """Return the input read again with edits.

        Raises:
            QueryError: if they leave no numbers, or no weights are kept.
        """
        if not self.retraced:
            raise QueryError(
                "A snapshot of a reader of images has no weights that could be edited; Esc leaves "
                "the training history."
            )
        try:
            trace: Trace = self.network.trace(self.trace.task_inputs, self.trace.read, edits)
        except CheckpointError as error:  # the weights had numbers without the edits
            raise QueryError(
                "With these edits the network's values overflow; use smaller ones."
            ) from error
        return trace

    @property
    def targets(self) -> Sequence[int]:
        """The right outputs; the network's answers if the right ones are unknown."""
        if self.right:
            return self.right
        if self.trace.every_step:
            answers: list[int] = self.trace.answers.tolist()
            return answers
        return [self.trace.answer]
