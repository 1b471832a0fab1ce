"""The way from other views into the view Inside of a task."""

from collections.abc import Hashable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rnn_tui.ui.common.requests import InsideWanted
from rnn_tui.ui.common.task_view import TaskView, task_tab_of

if TYPE_CHECKING:
    from rnn_tui.runs.weights import Source
    from rnn_tui.ui.common.digit_at_hand import DigitAtHand


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

    example: Hashable  #: digits, numbers, whatever is read; for a sequence by chance, its number.
    #: the weights; None for those that answer unless others are named.
    source: "Source | None" = None
    position: int | None = None  #: the position that the weights must recall, if the task has one.
    variant: str | None = None  #: the label of a variant; None for the largest.
    seed: int | None = None  #: None for the first.


class AskingView(InsideDoor):
    """A view in which networks that read sequences are asked; Inside reads the same question."""

    @property
    def question(self) -> SequenceQuestion:
        """The last question, and who answered."""
        raise NotImplementedError

    def ask_another(self) -> None:
        """Ask something else, drawn by chance."""
        raise NotImplementedError


class InsideLook(TaskView):
    """The view Inside of a task."""

    def look_at(self, digit: "DigitAtHand | int | None") -> None:
        """Have a network read this: a digit, the number of a test image, or None for what other
        views of the tab have at hand.
        """
        raise NotImplementedError
