"""What the look inside of each task says, for the frame that all have in common."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from textual.app import ComposeResult
from textual.containers import Vertical

from rnn_tui.ui.inside.bands import Look
from rnn_tui.ui.inside.step_bands import Band
from rnn_tui.ui.inside.subject import Request, Subject


class TaskInside(Vertical):
    """What `InsideView` asks of a task."""

    ruler: ClassVar[str] = "step"
    first_number: ClassVar[int] = 1
    # Whether a study takes no longer than a look.
    studies_at_once: ClassVar[bool] = False

    @property
    def look(self) -> Look:
        """What is looked at."""
        raise NotImplementedError

    def choices(self) -> ComposeResult:
        """What can be chosen, in a line above."""
        return iter(())

    def pictures(self) -> ComposeResult:
        """What stands at the left of the grid."""
        return iter(())

    def study_pictures(self) -> ComposeResult:
        """What shows a study apart from the steps of the input at hand."""
        return iter(())

    def request(self) -> Request | str:
        """What to look at now; or why there is nothing."""
        raise NotImplementedError

    def taken(self, subject: Subject) -> None:
        """Something new is looked at, and about to be shown."""

    def input_bands(self, subject: Subject, study: Any) -> Sequence[Band]:
        """What was read, and what should have come out; `study` is None where there is none."""
        raise NotImplementedError

    def study_bands(self, subject: Subject, study: Any) -> Sequence[Band]:
        """What a study adds to the steps of the input at hand."""
        raise NotImplementedError

    def study_text(self, study: Any) -> str:
        """What a study found, in a sentence or two."""
        raise NotImplementedError

    def step_name(self, step: int, steps: int) -> str:
        """Which step, from 0, of how many."""
        return f"{self.ruler} {step + 1:,} of {steps:,}"

    def sentence(self, subject: Subject, step: int) -> str:
        """What the network says after a step."""
        raise NotImplementedError

    def note(self, subject: Subject, step: int) -> str:
        """What to know of what is shown; where that is nothing, who answers."""
        layer = subject.trace.layers[self.look.layer]
        if layer.note:
            return layer.note
        return subject.trace.prefix_note if step < subject.trace.steps - 1 else subject.about

    def show_pictures(self, subject: Subject, step: int) -> None:
        """Bring the pictures up to date."""

    def action_other(self) -> None:
        """Look at another input."""
        raise NotImplementedError

    def action_next_network(self) -> None:
        """Look into the next network."""
        raise NotImplementedError
