"""Beside the grid of steps: the bar of steps, and a digit as far as a network has read it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from rich.color import Color as RichColor
from rich.style import Style
from textual import events
from textual.color import Color
from textual.content import Content
from textual.geometry import Size
from textual.message import Message
from textual.widget import Widget

from rnn_tui.photos.drawing import SIDE, Ink
from rnn_tui.ui.draw.ink_image import LARGE, Cell, InkImage
from rnn_tui.ui.inside.bands import LEVELS, Heatscale, levels_of

WIDEST = 40
# The paper of rows that are not read yet, and how much of their ink shows.
UNREAD_PAPER, UNREAD_INK = 58, 0.35
# The column of the mark beside the row.
MARGIN = 2


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
        return max(0, min(WIDEST, room, max(8, self._steps)))

    def render(self) -> Content:
        """Draw at the present width."""
        if not self._steps:
            return Content("")
        width = self._width
        at = round(self._step / max(1, self._steps - 1) * (width - 1)) if width > 1 else 0
        bar = Content("━" * at).stylize("$text-accent") + Content("●").stylize("bold $text-accent")
        bar += Content("─" * (width - at - 1)).stylize("$foreground 40%")
        head = Content(self._head).stylize("bold")
        return head + (bar if width > 1 else Content("")) + Content(f"  {self._text}")

    def on_click(self, event: events.Click) -> None:
        """Go to the step that lies there."""
        width, x = self._width, event.x - len(self._head)
        if self._steps and width > 1 and 0 <= x < width:
            self.post_message(self.Moved(round(x / (width - 1) * (self._steps - 1))))


class ReadImage(InkImage):
    """A picture of which rows that are not read yet lie on grey paper.

    A mark stands beside the row that is being read.
    """

    @dataclass
    class Picked(Message):
        """A row was clicked, from 0."""

        row: int

    def __init__(self) -> None:
        super().__init__()
        self._ink: Ink = np.zeros((SIDE, SIDE), np.float32)
        self._gradient: Ink | None = None
        self._last_row = SIDE - 1

    def show(self, ink: Ink, row: int, gradient: Ink | None = None) -> None:
        """Draw a digit.

        Args:
            ink: (28, 28), 0 … 1.
            row: the last one read, from 0.
            gradient: (28, 28), drawn in place of the ink: for the answer, or against it.
        """
        self._ink, self._last_row, self._gradient = ink, row, gradient
        self.refresh()

    def get_content_width(self, container: Size, viewport: Size) -> int:
        """That of the picture, and the mark."""
        return super().get_content_width(container, viewport) + MARGIN

    def on_click(self, event: events.Click) -> None:
        """Read up to the row that was clicked."""
        row = event.y if self.scale == LARGE else 2 * event.y + 1
        if 0 <= row < SIDE:
            self.post_message(self.Picked(row))

    def _cells(self, y: int) -> list[Cell]:
        """The cells of a line, and the mark."""
        if self.scale == LARGE:
            rows, marks = range(y, y + 1), "◀"
            cells = [("  ", Style(bgcolor=only)) for only in self._colours(y)]
        else:
            rows, marks = range(2 * y, 2 * y + 2), "▀▄"
            pairs = zip(*map(self._colours, rows), strict=True)
            cells = [("▀", Style(color=upper, bgcolor=lower)) for upper, lower in pairs]
        if self._last_row in rows:
            accent = Color.parse(self.app.theme_variables["accent"]).rich_color
            style = self.rich_style + Style(color=accent, bold=True)
            cells.append((marks[rows.index(self._last_row)], style))
        return cells

    def _colours(self, row: int) -> list[RichColor]:
        read = row <= self._last_row
        if self._gradient is not None:
            scale = Heatscale(self.app.current_theme, self.styles.background)
            largest = float(np.abs(self._gradient).max())
            levels = levels_of(self._gradient[row], largest, signed=True).tolist()
            return [scale.colour(level, signed=True, faded=not read) for level in levels]
        shades = np.rint(np.clip(self._ink[row], 0, 1) * LEVELS).astype(int).tolist()
        return [_READ[shade] if read else _UNREAD[shade] for shade in shades]


def _greys(paper: float, ink: float) -> list[RichColor]:
    """The colours from bare paper to full ink."""
    values = [round(paper + (ink - paper) * level / LEVELS) for level in range(LEVELS + 1)]
    return [Color(value, value, value).rich_color for value in values]


_READ = _greys(0, 255)
_UNREAD = _greys(UNREAD_PAPER, UNREAD_PAPER + UNREAD_INK * (255 - UNREAD_PAPER))
