"""What the app needs to know of the contents of any of its tabs."""

from __future__ import annotations

from typing import ClassVar

from textual.containers import Vertical


class Pane(Vertical):
    """The contents of a tab.

    The app's keys call `action_…` of the pane in front, where it has one and `offers` it.
    """

    help_text: ClassVar[str]

    @property
    def complete(self) -> bool:
        """Whether all parts are there, those that come after the first frame too."""
        raise NotImplementedError

    def offers(self, action: str) -> bool:
        """Whether a key of the app has something to do here now."""
        return hasattr(self, f"action_{action}")

    def show_runs(self) -> None:
        """Bring whatever is visible up to date."""
        raise NotImplementedError

    def focus_view(self) -> None:
        """Put the focus where single keys are commands."""
        raise NotImplementedError
