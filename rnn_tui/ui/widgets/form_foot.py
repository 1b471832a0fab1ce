"""What stays in place at the lower end of a form: its button, what that would take, and a note.

Hints and errors come and go with the focus, between the press and the release of a mouse button
too. If rows moved with them, a click would be lost: it counts only where both are on one widget.
"""

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Static

from rnn_tui.ui.widgets.plain import MainButton


class FormNote(Static):
    """The place of a hint or an error, whose height never depends on the text."""

    def __init__(self, id: str | None = None) -> None:
        super().__init__("", id=id, markup=False)

    def say(self, text: str, *, wrong: bool = False) -> None:
        """Show a text, in the colour of errors if something is wrong."""
        if text != str(self.content):  # or Textual would draw it anew, however often it is said
            self.update(Content(text), layout=False)
        self.set_class(wrong, "-wrong")


class FormFoot(Vertical):
    """The button of a form, what it would take to do what the form is for, and a note."""

    def __init__(self, label: str, button_id: str) -> None:
        super().__init__()
        self._button = MainButton(label, button_id)
        self._facts = FormNote("form-facts")
        self._note = FormNote("form-note")

    def compose(self) -> ComposeResult:
        yield self._button
        yield self._facts
        yield self._note

    def show_facts(self, text: str) -> None:
        """Say what it would take, such as the time."""
        self._facts.say(text)

    def show_note(self, text: str, *, wrong: bool = False) -> None:
        """Show the hint of the field in focus, or what is `wrong`."""
        self._note.say(text, wrong=wrong)
