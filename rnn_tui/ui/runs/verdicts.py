"""The dialog that judges which of the compared runs are better."""

from collections.abc import Iterator

from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import VerticalScroll
from textual.content import Content
from textual.widgets import Static

from rnn_tui.archive.run_comparison import RunComparison
from rnn_tui.archive.run_verdicts import RunVerdicts
from rnn_tui.ui.terminal.key_table import key
from rnn_tui.ui.terminal.textual_workarounds import Dialog
from rnn_tui.ui.widgets.marks import MARKS


class VerdictsScreen(Dialog[None]):
    """Shows each claim with its verdict and what is behind it, then what all of them share."""

    AUTO_FOCUS = "#verdicts"  # the arrow keys scroll at once
    BINDINGS = [
        Binding("escape,enter", "dismiss", "Close"),
        key("copy", "copy", "Copy", tooltip="Copy the verdicts as text"),
    ]

    def __init__(self, verdicts: RunVerdicts) -> None:
        """Show these verdicts."""
        super().__init__()
        self._verdicts = verdicts

    def compose(self) -> ComposeResult:
        with VerticalScroll(id="verdicts") as scroll:
            scroll.border_title = "Which runs are better?"
            scroll.border_subtitle = "y copies, Esc closes"
            yield Static(self._text(), classes="verdicts", markup=False)

    def action_copy(self) -> None:
        """Copy all of it."""
        self.app.copy_to_clipboard(self._text().plain)
        self.notify("The verdicts were copied.")

    def _text(self) -> Content:
        paragraphs = [_paragraph(comparison) for comparison in self._verdicts.comparisons]
        notes = "\n".join(self._verdicts.explanations)
        if notes:
            paragraphs.append(Content(notes))
        return Content("\n\n").join(paragraphs)


def _paragraph(comparison: RunComparison) -> Content:
    """Return the verdict, and below it what it rests on."""
    return Content("\n").join(_lines(comparison))


def _lines(comparison: RunComparison) -> Iterator[Content]:
    mark, colour = MARKS[comparison.verdict]
    yield Content.styled(f"{mark} {comparison.claim}: {comparison.verdict}", f"bold {colour}")
    yield from map(Content, comparison.sentences)
