"""The report's conclusions on the adder, each with what our seeds say of it."""

from __future__ import annotations

from collections.abc import Sequence

from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.content import Content
from textual.widgets import Static

from rnn_tui.report.conclusions import Conclusion, Verdict
from rnn_tui.report.rows import Results
from rnn_tui.tasks.adder import ADDER

NO_ADDER = "The report's conclusions are on the adder, which is not among the tasks ticked above."
MEASURING = "Bit accuracy by length is being measured …"
# By mark and word, and by colour only besides.
MARKS = {
    Verdict.SUPPORTED: ("✓", "$text-success"),
    Verdict.PARTLY: ("≈", "$text-warning"),
    Verdict.NOT_SUPPORTED: ("✗", "$text-error"),
    Verdict.OPEN: ("?", "$text-muted"),
}


class ReportConclusions(VerticalScroll, can_focus=True):
    """The conclusions, below each other."""

    def compose(self) -> ComposeResult:
        """One text: what wraps can't be laid out in lines beforehand."""
        yield Static("", id="report-conclusions", markup=False)

    def show(self, results: Results, found: Sequence[Conclusion], *, measuring: bool) -> None:
        """Show the conclusions, and say what is missing.

        Args:
            results: the figures.
            found: the conclusions; none without the adder.
            measuring: whether figures by length are still to come without training.
        """
        parts = [_written(one) for one in found] or [Content(NO_ADDER)]
        if measuring:
            parts.append(Content(MEASURING))
        lacking = [row for row in results.rows if row.experiment.task == ADDER.name]
        few = [
            f"{row.experiment.short_label} ({row.n} of {row.wanted})"
            for row in lacking
            if row.n < row.wanted
        ]
        if few:
            parts.append(Content(f"Not complete: seeds are lacking of {', '.join(few)}."))
        self.query_one("#report-conclusions", Static).update(Content("\n\n").join(parts))


def _written(one: Conclusion) -> Content:
    mark, colour = MARKS[one.verdict]
    claim = Content.styled(one.claim, "bold")
    verdict = Content.styled(f"{mark} {one.verdict.value.capitalize()}", colour)
    return Content("\n").join([claim, verdict, *map(Content, one.sentences)])
