"""A question over the screen, with two buttons as its answers."""

from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.widgets import Button, Static

from rnn_tui.ui.terminal.textual_workarounds import Dialog


class QuestionScreen(Dialog[bool]):
    """Asks whether to do something; its answer is True to do it.

    A subclass has a key for that, bound to `dismiss(True)`.
    """

    AUTO_FOCUS = "#carry-on"  # the harmless answer is the one that Enter gives
    # a slim one has no margins, or a button would lie outside
    HORIZONTAL_BREAKPOINTS = [(0, "-slim"), (60, "-usual")]
    BINDINGS = [
        Binding("escape", "dismiss(False)", "Carry on"),
        Binding("left", "app.focus_previous", show=False),
        Binding("right", "app.focus_next", show=False),
    ]

    def __init__(self, question: str, do_it: str, leave_it: str) -> None:
        """Create the question, with the words on its buttons."""
        super().__init__()
        self._question = question
        self._do_it = do_it
        self._leave_it = leave_it

    def compose(self) -> ComposeResult:
        with Vertical(id="dialog"):
            yield Static(self._question, classes="question", markup=False)
            with Horizontal(classes="buttons"):
                yield Button(
                    Content(self._do_it), "warning", id="stop", action="screen.dismiss(True)"
                )
                yield Button(
                    Content(self._leave_it),
                    "primary",
                    id="carry-on",
                    action="screen.dismiss(False)",
                )
