"""The question before training is cut short."""

from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.widgets import Button, Static

from rnn_tui.ui.common.key_table import key
from rnn_tui.ui.common.textual_workarounds import Dialog


class ConfirmScreen(Dialog[bool]):
    """Asks whether to stop the training under way; its answer is True to stop."""

    AUTO_FOCUS = "#carry-on"  # the harmless answer is the one that Enter gives
    # a slim one has no margins, or a button would lie outside
    HORIZONTAL_BREAKPOINTS = [(0, "-slim"), (60, "-usual")]
    BINDINGS = [
        key("stop", "dismiss(True)", "Stop and keep"),
        Binding("escape", "dismiss(False)", "Carry on"),
        Binding("left", "app.focus_previous", show=False),
        Binding("right", "app.focus_next", show=False),
    ]

    def __init__(self, question: str, stop: str = "Stop and keep") -> None:
        """Create the question, with these words on the button that stops."""
        super().__init__()
        self._question = question
        self._stop = stop

    def compose(self) -> ComposeResult:
        with Vertical(id="dialog"):
            yield Static(self._question, classes="question", markup=False)
            with Horizontal(classes="buttons"):
                yield Button(
                    Content(f"{self._stop} (s)"),
                    "warning",
                    id="stop",
                    action="screen.dismiss(True)",
                )
                yield Button(
                    "Carry on (Esc)", "primary", id="carry-on", action="screen.dismiss(False)"
                )
