"""Probabilities that change at every move of a brush: drawn again without laying the screen out."""

from __future__ import annotations

from collections.abc import Sequence

from textual.geometry import Size

from rnn_tui.ui.widgets.probability_bars import ProbabilityBars

CLASSES = 10


class DrawingBars(ProbabilityBars):
    """Ten bars, always: laying the whole screen out takes longer than all networks' answers."""

    def show(self, probabilities: Sequence[float], true: int | None = None) -> None:
        """Draw the bars; what is true nobody but the person who draws can tell."""
        self._probabilities, self._true = tuple(probabilities), true
        self.refresh()

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:  # noqa: ARG002
        """A line a class."""
        return CLASSES
