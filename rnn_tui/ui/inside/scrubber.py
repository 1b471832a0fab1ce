"""The bar of time steps of the look inside."""

from dataclasses import dataclass

from textual import events
from textual.content import Content
from textual.message import Message
from textual.widget import Widget

WIDEST_BAR = 40


class Scrubber(Widget):
    """One line: step, bar, sentence. A click on the bar goes there."""

    ALLOW_SELECT = False

    @dataclass
    class Moved(Message):
        """A step was chosen, from 0."""

        scrubber: "Scrubber"
        step: int

        @property
        def control(self) -> "Scrubber":
            return self.scrubber

    _step, _steps, _head, _text = 0, 0, "", ""

    def show(self, step: int, steps: int, name: str, text: str, *, playing: bool) -> None:
        """Draw that `step` of `steps`, called `name`, is the present one, and `text` beside it."""
        self._step, self._steps, self._text = step, steps, text
        self._head = f"{'▶ ' if playing else ''}{name} "
        self.refresh()

    @property
    def _width(self) -> int:
        return max(0, min(WIDEST_BAR, self.size.width - len(self._head) - len(self._text) - 2, max(8, self._steps)))

    def render(self) -> Content:
        if not self._steps:
            return Content("")
        line, width = Content.styled(self._head, "bold"), self._width
        if width > 1:
            at = round(self._step / max(1, self._steps - 1) * (width - 1))
            line += Content.styled("━" * at, "$text-accent") + Content.styled("●", "bold $text-accent")
            line += Content.styled("─" * (width - at - 1), "$foreground 40%")
        return line + Content(f"  {self._text}")

    def on_click(self, event: events.Click) -> None:
        width, x = self._width, event.x - len(self._head)
        if self._steps and width > 1 and 0 <= x < width:
            self.post_message(self.Moved(self, round(x / (width - 1) * (self._steps - 1))))
