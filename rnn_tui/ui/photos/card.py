"""A card in the gallery: the photo, what the network received, and its answer."""

from __future__ import annotations

import textwrap
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
from rich.style import Style
from rich.text import Text
from textual import events
from textual.color import Color
from textual.containers import Horizontal
from textual.message import Message
from textual.widget import Widget
from textual.widgets import Static

from rnn_tui.engine.errors import printable
from rnn_tui.ui.photos.pictures import PhotoImage
from rnn_tui.ui.widgets.digits import draw_image

if TYPE_CHECKING:
    from rnn_tui.photos.digit.picture import Picture
    from rnn_tui.photos.reader import Reading

CUT = 260
LEAST_TEXT = 6
# Cells of the longest verdict with a space, of the longest number of percent.
MARK, PERCENT = 7, 7


@dataclass(frozen=True)
class CardLayout:
    """How large the cards are, and whether their text is beside the pictures or below.

    Attributes:
        side: of both pictures, in cells; half as high.
        beside: whether the text is beside them.
        gap: empty lines below.
    """

    side: int
    beside: bool
    gap: int = 0

    @property
    def least_width(self) -> int:
        """Cells that a card needs."""
        return 2 * self.side + (14 if self.beside else 3)

    @property
    def height(self) -> int:
        """Lines that a card takes, the gap among them."""
        return self.side // 2 + (0 if self.beside else 2) + self.gap


class PhotoCard(Horizontal):
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

    def __init__(self, slot: int, layout: CardLayout) -> None:
        self._slot = slot
        self._photo = PhotoImage(layout.side, layout.side // 2)
        self._digit = Static("", classes="digit", markup=False)
        self._pictures = Horizontal(self._photo, self._digit, classes="pictures")
        self._text = CardText()
        self._reading: Reading | None = None
        super().__init__(self._pictures, self._text)
        self.take_size(layout)

    def take_size(self, layout: CardLayout) -> None:
        """Take another size."""
        self._size_of = layout
        self.set_class(layout.beside, "-beside")
        self._photo.resize(layout.side, layout.side // 2)
        height = layout.side // 2
        self._pictures.styles.width, self._pictures.styles.height = 2 * layout.side + 1, height
        self._digit.styles.width, self._digit.styles.height = layout.side, height
        self.styles.height = layout.height - layout.gap
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
        self._digit.update("" if digit is None else draw_digit(digit, self._size_of.side))

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
        reading, (width, height) = self._reading, self.content_size
        if reading is None or width < LEAST_TEXT:
            return Text("")
        name = printable(reading.path.name or reading.path, CUT)
        if reading.error:
            answer = Text(f"✗ {reading.error}", self._colour("text-error"), no_wrap=True)
            lines = _wrapped(answer, width, height - 1) if height > 2 else [answer]
        else:
            lines = self._answer(reading, width, beside=height > 2)
        name_lines = _wrapped(Text(name), width, max(1, height - len(lines)))
        for line in name_lines:
            line.stylize("dim")
        for line in (*lines, *name_lines):
            line.truncate(width, overflow="ellipsis")
        return Text("\n", no_wrap=True, end="").join([*lines, *name_lines])

    def _answer(self, reading: Reading, width: int, *, beside: bool) -> list[Text]:
        """Digit, mark, bar and percent: on one line, or on three."""
        colour = {
            "right": "text-success", "wrong": "text-error", "doubtful": "text-warning",
        }.get(state_of(reading), "text-primary")  # fmt: skip
        style = self._colour(colour)
        share = reading.confidence or 0.0
        mark = Text.assemble((verdict(reading), style + Style(bold=True)))
        percent = f"{100 * share:.1f} %"
        if beside:
            return [mark, self._bar(share, width, style), Text(percent), Text("")]
        # The same width for all, so that bars can be compared.
        mark.pad_right(MARK - len(mark))
        room = max(0, width - MARK - PERCENT - 1)
        return [mark + self._bar(share, room, style) + Text(percent.rjust(PERCENT + 1))]

    def _bar(self, share: float, width: int, style: Style) -> Text:
        """A line as long as `share`, in half cells, before a dim one as long as the whole."""
        halves = round(max(0.0, min(1.0, share)) * width * 2)
        done = "━" * (halves // 2) + "╸" * (halves % 2)
        return Text.assemble(
            (done, style), ("━" * (width - len(done)), self._colour("foreground-darken-3"))
        )

    def _colour(self, name: str) -> Style:
        # Through Textual's colours: Rich knows no name such as ansi_red.
        return Style(color=Color.parse(self.app.theme_variables[name]).rich_color)


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


def _wrapped(text: Text, width: int, lines: int) -> list[Text]:
    """`text` on at most so many lines, broken anywhere."""
    cut = textwrap.wrap(text.plain, width, break_on_hyphens=False) or [""]
    if len(cut) > lines:
        cut = [*cut[: lines - 1], " ".join(cut[lines - 1 :])]
    return [Text(line, text.style, no_wrap=True) for line in cut]
