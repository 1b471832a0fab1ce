"""The question before training is cut short."""

from rnn_tui.ui.terminal.key_table import key
from rnn_tui.ui.widgets.question import QuestionScreen


class ConfirmScreen(QuestionScreen):
    """Asks whether to stop the training under way; its answer is True to stop."""

    BINDINGS = [key("stop", "dismiss(True)", "Stop and keep")]

    def __init__(self, question: str, stop: str = "Stop and keep") -> None:
        """Create the question, with these words on the button that stops."""
        super().__init__(question, f"{stop} (s)", "Carry on (Esc)")
