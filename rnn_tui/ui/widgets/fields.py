"""Fields: a checkbox seen without colour, an input that stays quick and clean after any paste."""

from textual import events
from textual.content import Content
from textual.widgets import Checkbox, Input

from rnn_tui.engine.errors import printable


class MarkedCheckbox(Checkbox):
    """A compact checkbox that shows its state by a mark, not by colour alone."""

    def __init__(self, label: str, value: bool = False, id: str | None = None) -> None:
        super().__init__(Content(label), value, id=id, compact=True)
        self.BUTTON_INNER = "✓" if value else " "

    def watch_value(self) -> None:
        self.BUTTON_INNER = "✓" if self.value else " "
        super().watch_value()


class TypedInput(Input):
    """An input that cuts pastes to `most` characters, and keeps control characters out."""

    def __init__(self, value: str, most: int, *, placeholder: str = "", id: str) -> None:
        super().__init__(value, placeholder, max_length=most, compact=True, id=id)
        self.cursor_blink = False
        self._most = most
        self._cut = "", ""  # what it held right after a paste that did not fit, and a note on that

    @property
    def cut(self) -> str:
        """How much of a paste fits; empty where all of it did, or other text is there by now."""
        held, note = self._cut
        return note if held == self.value else ""

    def hold(self, text: str) -> None:
        """Hold this text in place of what is there, with the cursor behind it."""
        self.value = text
        self.cursor_position = len(text)

    def _on_paste(self, event: events.Paste) -> None:
        # Textual would take the first line alone, and nothing at all where it is too long.
        event.prevent_default()
        event.stop()
        self._insert(event.text)

    def action_paste(self) -> None:
        self._insert(self.app.clipboard)

    def _insert(self, text: str) -> None:
        """Put `text` in place of the selection: on one line, as much of it as fits."""
        start, end = sorted(self.selection)
        room = max(0, self._most - len(self.value) + end - start)
        # Cut first, so that a paste of millions of characters costs no more than one that fits.
        kept = "".join(" " if letter in "\t\r\n" else letter for letter in text[:room])
        self.replace(printable(kept, self._most), start, end)
        if len(text) > room:
            note = f"Only the first {room:,} of {len(text):,} pasted characters fit."
            self._cut = self.value, note
            self.post_message(self.Changed(self, self.value))
