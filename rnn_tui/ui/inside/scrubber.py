"""The bar of time steps of the look inside."""

from dataclasses import dataclass

from textual import events
from textual.content import Content
from textual.message import Message
from textual.widget import Widget

# The widest bar of steps.
WIDEST_BAR = 40


class Scrubber(Widget):
    """One line: step, bar, sentence. A click on the bar goes there."""

    ALLOW_SELECT = False

    @dataclass
    class Moved(Message):
        """A step was chosen, from 0."""

        step: int

    _steps, _step = 0, 0
    _name, _text, _playing = "", "", False

    def show(self, step: int, steps: int, name: str, text: str, *, playing: bool) -> None:
        """Draw that `step` of `steps`, called `name`, is the present one, and `text` beside it."""
        self._step, self._steps, self._name = step, steps, name
        self._text, self._playing = text, playing
        self.refresh()

    @property
    def _head(self) -> str:
        return f"{'▶ ' if self._playing else ''}{self._name} "

    @property
    def _width(self) -> int:
        room = self.size.width - len(self._head) - len(self._text) - 2
        return max(0, min(WIDEST_BAR, room, max(8, self._steps)))

    def render(self) -> Content:
        if not self._steps:
            return Content("")
        width = self._width
        at = round(self._step / max(1, self._steps - 1) * (width - 1)) if width > 1 else 0
        bar = Content("━" * at).stylize("$text-accent") + Content("●").stylize("bold $text-accent")
        bar += Content("─" * (width - at - 1)).stylize("$foreground 40%")
        head = Content(self._head).stylize("bold")
        return head + (bar if width > 1 else Content("")) + Content(f"  {self._text}")

    def on_click(self, event: events.Click) -> None:
        width, x = self._width, event.x - len(self._head)
        if self._steps and width > 1 and 0 <= x < width:
            self.post_message(self.Moved(round(x / (width - 1) * (self._steps - 1))))
