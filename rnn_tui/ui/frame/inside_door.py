"""The way from other views into the view Inside of a task."""

from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rnn_tui.ui.frame.requests import InsideWanted
from rnn_tui.ui.frame.task_view import TaskView, task_tab_of

if TYPE_CHECKING:
    from rnn_tui.archive.weights import Source
    from rnn_tui.ui.frame.digit_at_hand import DigitAtHand


class InsideDoor(TaskView):
    """A view with a key, `inside`, by which a network reads what is at hand in Inside."""

    @property
    def digit_at_hand(self) -> "DigitAtHand | None":
        """The digit at hand; None if there is none, and where Inside asks for what is typed."""
        return None

    def action_inside(self) -> None:
        self.post_message(InsideWanted(task_tab_of(self).spec.name, self.digit_at_hand))


@dataclass(frozen=True)
class SequenceQuestion:
    """A sequence to read, and the networks to read it unless others are chosen in Inside."""

    example: Hashable  #: as it is typed; for a sequence by chance, its number.
    #: the weights; None for those that answer unless others are named.
    source: "Source | None" = None
    position: int | None = None  #: the position that the weights must recall, if the task has one.
    variant: str | None = None  #: the label of a variant; None for the largest.
    seed: int | None = None  #: None for the first.


@dataclass(frozen=True)
class NetworkChoice:
    """A network in a file of weights."""

    source: "Source"  #: the file.
    variant: str | None = None  #: the label of a variant; None for the largest.
    seed: int | None = None  #: None for the first.


class AskingView(InsideDoor):
    """A view in which networks that read sequences are asked; Inside reads the same question."""

    #: whether `question` is another one as soon as `ask_another` is through.
    draws_at_once = False

    @property
    def question(self) -> SequenceQuestion:
        """The last question, and who answered."""
        raise NotImplementedError

    def ask_another(self) -> None:
        """Ask something else, drawn by chance."""
        raise NotImplementedError

    def ask_of(self, text: str, network: "NetworkChoice") -> None:
        """Ask a network this, and nothing of what was typed or chosen before.

        Args:
            text: the question as it is typed: `1111 + 1` in binary, or `3 1 4 1 5`.
            network: whom to ask.

        Raises:
            QueryError: if that is no question.
        """
        raise NotImplementedError


class InsideLook(TaskView):
    """The view Inside of a task."""

    def look_at(self, digit: "DigitAtHand | int | None") -> None:
        """Have a network read this: a digit, the number of a test image, or None for what other
        views of the tab have at hand.
        """
        raise NotImplementedError

    def read_input(self, text: str, network: NetworkChoice) -> None:
        """Have a network read this, without edits.

        Args:
            text: what is typed in the task's own view; if it has none, the number of an input.
            network: what reads.

        Raises:
            QueryError: if it can't be read.
        """
        raise NotImplementedError

    def request_analysis(self, name: str) -> None:
        """Make an analysis of what is read, and show it at the last step.

        Args:
            name: that of an `AnalysisKind`; empty to show the units in place of analyses.

        Raises:
            QueryError: if there is no such analysis.
        """
        raise NotImplementedError

    def ablate(self) -> None:
        """Ablate the unit at the cursor."""
        raise NotImplementedError

    def play_steps(self) -> None:
        """Play the steps from the first to the last."""
        raise NotImplementedError

    @property
    def figures(self) -> Mapping[str, object]:
        """What is shown, as numbers and words: the answer, the unit at the cursor, the analysis."""
        raise NotImplementedError
