"""A card in the gallery: the photo, what the network received, and its answer."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from textual import events
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.message import Message
from textual.widgets import Static

from rnn_tui.engine.errors import printable
from rnn_tui.ui.photos.pictures import PhotoImage, picture_of_digits, with_boxes
from rnn_tui.ui.widgets.digits import bar

if TYPE_CHECKING:
    from rnn_tui.photos.digit.picture import Picture
    from rnn_tui.photos.reader import Reading

CUT = 260
COLOURS = {"right": "$text-success", "wrong": "$text-error", "doubtful": "$text-warning"}
# Cells of the longest verdict with a space, and of the longest number of percent.
MARK, PERCENT = 7, 8
# Lines of a card's text, and cells of a card that its pictures leave.
TEXT, BORDER = 2, 3


def card_size(side: int) -> tuple[int, int]:
    """Cells and lines of a card whose two pictures are `side` cells wide and half as high."""
    return 2 * side + BORDER, side // 2 + TEXT


class PhotoCard(Vertical):
    """Shows one reading; another one when the gallery scrolls."""

    @dataclass
    class Clicked(Message):
        """A card, by its place from the upper left, was clicked, once or twice."""

        slot: int
        twice: bool

    def __init__(self, slot: int, side: int) -> None:
        self._slot, self._side = slot, side
        self._photo, self._digit = PhotoImage(side, side // 2), PhotoImage(side, side // 2)
        self._text = Static("", markup=False)
        self._reading: Reading | None = None
        super().__init__(Horizontal(self._photo, self._digit, classes="pictures"), self._text)

    def take_size(self, side: int) -> None:
        self._side = side
        for image in (self._photo, self._digit):
            image.resize(side, side // 2)
        if self._reading is not None:
            self._text.update(card_text(self._reading, 2 * side))

    def show(self, reading: "Reading", selected: bool) -> None:
        state = state_of(reading)
        for name in ("right", "wrong", "doubtful", "failed"):
            self.set_class(state == name, f"-{name}")
        self.set_class(selected, "-selected")
        if reading is not self._reading:
            before, self._reading = self._reading, reading
            if before is None or before.digit is not reading.digit or before.rows is not reading.rows:
                self._digit.show(picture_of_digits(reading))
            self._text.update(card_text(reading, 2 * self._side))

    def show_photo(self, picture: "Picture | None") -> None:
        """Show the photo itself; None for none yet."""
        self._photo.show(with_boxes(picture, self._reading))

    def on_click(self, event: events.Click) -> None:
        event.stop()
        self.post_message(self.Clicked(self._slot, event.chain > 1))


def card_text(reading: "Reading", width: int) -> Content:
    """The answer, with its confidence as a bar or why it is doubted in a word, and the file's name."""
    name = printable(reading.path.name or reading.path, CUT)
    if reading.error:
        return Content.assemble((f"✗ {reading.error}", "$text-error"), (f"\n{name}", "$foreground 80%"))
    style, share = COLOURS.get(state_of(reading), "$text-primary"), reading.confidence or 0.0
    # The same width for all, so that bars can be compared.
    said = verdict(reading)
    said = (said if len(said) <= width - PERCENT else f"{said[: width - PERCENT - 2]}…").ljust(MARK)
    room = max(0, width - len(said) - PERCENT)
    between = reading.why[:room].ljust(room) if reading.doubt else bar(share, room)
    return Content.assemble(
        (said, f"{style} bold"), (between, style), f"{100 * share:.1f} %".rjust(PERCENT), (f"\n{name}", "$foreground 80%")
    )


def state_of(reading: "Reading") -> str:
    """What there is to say of a reading in a word: its colour."""
    if reading.error:
        return "failed"
    if reading.correct is not None:
        return "right" if reading.correct else "wrong"
    return "doubtful" if reading.doubt else ""


def verdict(reading: "Reading") -> str:
    """Digit, whether it is doubtful, and whether it is right, of the same width as others."""
    best = "–" if reading.best is None else reading.best
    text = f"{reading.text} " if reading.rows else f"{best}{'?' if reading.doubt else ' '}"
    if reading.label is None:
        return text
    whose = "✎" if reading.given else ""
    return f"{text}✓{whose}" if reading.correct else f"{text}✗ {reading.label}{whose}"
