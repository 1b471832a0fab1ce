"""A card in the gallery: the photo, what the network received, and its answer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
from rich.style import Style
from rich.text import Text
from textual import events
from textual.containers import Horizontal, Vertical
from textual.message import Message
from textual.widget import Widget
from textual.widgets import Static

from rnn_tui.engine.errors import printable
from rnn_tui.ui.photos.pictures import PhotoImage
from rnn_tui.ui.widgets.digits import bar, draw_image
from rnn_tui.ui.widgets.plain import theme_style

if TYPE_CHECKING:
    from rnn_tui.photos.digit.picture import Picture
    from rnn_tui.photos.reader import Reading

CUT = 260
COLOURS = {"right": "text-success", "wrong": "text-error", "doubtful": "text-warning"}
# Cells of the longest verdict with a space, and of the longest number of percent.
MARK, PERCENT = 7, 7


# Lines of a card's text, and cells of a card that its pictures leave.
TEXT, BORDER = 2, 3


def card_size(side: int) -> tuple[int, int]:
    """Cells and lines of a card whose two pictures are `side` cells wide and half as high."""
    return 2 * side + BORDER, side // 2 + TEXT


class PhotoCard(Vertical):
    """Shows one reading; another one when the gallery scrolls."""

    @dataclass
    class Clicked(Message):
        """A card was clicked.

        Attributes:
            slot: which one, counted from the upper left.
            twice: whether it was a double click.
        """

        slot: int
        twice: bool

    def __init__(self, slot: int, side: int) -> None:
        self._slot, self._side = slot, side
        self._photo = PhotoImage(side, side // 2)
        self._digit = Static("", classes="digit", markup=False)
        self._text = CardText()
        self._reading: Reading | None = None
        super().__init__(Horizontal(self._photo, self._digit, classes="pictures"), self._text)

    def take_size(self, side: int) -> None:
        """Take another size."""
        self._side = side
        self._photo.resize(side, side // 2)
        self._draw_digit()

    def show(self, reading: Reading, selected: bool) -> None:
        """Show a reading."""
        state = state_of(reading)
        for name in ("right", "wrong", "doubtful", "failed"):
            self.set_class(state == name, f"-{name}")
        self.set_class(selected, "-selected")
        if reading is not self._reading:
            before, self._reading = self._reading, reading
            if before is None or before.digit is not reading.digit:
                self._draw_digit()
        self._text.show(reading)

    def show_photo(self, picture: Picture | None) -> None:
        """Show the photo itself; None for none yet."""
        self._photo.show(picture)

    def _draw_digit(self) -> None:
        digit = None if self._reading is None else self._reading.digit
        self._digit.update("" if digit is None else draw_digit(digit, self._side))

    def on_click(self, event: events.Click) -> None:
        """Tell the gallery."""
        event.stop()
        self.post_message(self.Clicked(self._slot, event.chain > 1))


class CardText(Widget):
    """The answer: digit and mark, confidence as a bar, the file's name."""

    _reading: Reading | None = None

    def show(self, reading: Reading) -> None:
        """Show another one."""
        if reading is not self._reading:
            self._reading = reading
            self.refresh()

    def render(self) -> Text:
        """Draw at the present size."""
        reading, width = self._reading, self.content_size.width
        if reading is None:
            return Text("")
        if reading.error:
            answer = Text(f"✗ {reading.error}", theme_style(self, "text-error"))
        else:
            state, share = state_of(reading), reading.confidence or 0.0
            style = theme_style(self, COLOURS.get(state, "text-primary"))
            # The same width for all, so that bars can be compared.
            room = max(0, width - MARK - PERCENT - 1)
            answer = Text.assemble(
                (verdict(reading).ljust(MARK), style + Style(bold=True)),
                (bar(share, room), style),
                f"{100 * share:.1f} %".rjust(PERCENT + 1),
            )
        name = Text(printable(reading.path.name or reading.path, CUT), "dim")
        for line in (answer, name):
            line.truncate(width, overflow="ellipsis")
        return Text("\n", no_wrap=True, end="").join([answer, name])


def state_of(reading: Reading) -> str:
    """What there is to say of a reading in a word: its colour."""
    if reading.error:
        return "failed"
    if reading.correct is not None:
        return "right" if reading.correct else "wrong"
    return "doubtful" if reading.doubt else ""


def verdict(reading: Reading) -> str:
    """Digit, whether it is doubtful, and whether it is right, of the same width as others."""
    best = "–" if reading.best is None else str(reading.best)
    text = f"{best}?" if reading.doubt else f"{best} "
    if reading.label is None:
        return text
    whose = "✎" if reading.given else ""
    return f"{text}✓{whose}" if reading.correct else f"{text}✗ {reading.label}{whose}"


def draw_digit(digit: npt.NDArray[np.float32], side: int) -> Text:
    """What the network received, in `side` cells and half as many lines."""
    # Every row of the matrix shares the 28 pixels out among the pixels that it makes.
    length = len(digit)
    edges = np.linspace(0, length, side + 1)
    at = np.arange(length)
    shares = np.clip(np.minimum(edges[1:, None], at + 1) - np.maximum(edges[:-1, None], at), 0, 1)
    shares /= shares.sum(axis=1, keepdims=True)
    image = np.rint(255 * (shares @ digit @ shares.T)).clip(0, 255).astype(int)
    return draw_image(image.tolist())
