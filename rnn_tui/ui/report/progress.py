"""How far the report rerun is: what is trained, a bar, networks done, time to come."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.widgets import Label, ProgressBar

from rnn_tui.ui.report.words import doing, numbers
from rnn_tui.ui.textual_fixes import ExactBar

if TYPE_CHECKING:
    from rnn_tui.report.running import Standing


class ReportProgress(Horizontal):
    """The progress of the rerun under way, or of the plan that is looked at."""

    def compose(self) -> ComposeResult:
        """Lay out what, bar, numbers."""
        yield Label("", id="report-doing", markup=False)
        yield ExactBar(total=1, show_eta=False, show_percentage=True)
        yield Label("", id="report-numbers", markup=False)

    def show(self, now: Standing | None, *, training: bool, paused: bool = False) -> None:
        """Draw how far it is.

        Args:
            now: how far; None where that is not known yet.
            training: whether the rerun is under way here.
            paused: whether it waits.
        """
        self.query_one("#report-doing", Label).update(doing(now, training=training, paused=paused))
        self.query_one(ProgressBar).update(total=1, progress=now.share if now is not None else 0)
        self.query_one("#report-numbers", Label).update(numbers(now, training=training))
