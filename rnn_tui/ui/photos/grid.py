"""The gallery: cards in rows, of which only those in view exist, each with a photo, what the
network received, its answer.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from textual import events, on
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.message import Message
from textual.widget import Widget
from textual.widgets import Static

from rnn_tui.engine.errors import printable
from rnn_tui.photos.collection import PhotoCollection
from rnn_tui.ui.common.key_table import moves
from rnn_tui.ui.common.widgets.digits import bar
from rnn_tui.ui.photos.pictures import PhotoImage, Thumbnails, picture_of_digits, with_boxes

if TYPE_CHECKING:
    from rnn_tui.photos.digit.picture import Picture
    from rnn_tui.photos.reading import Reading

CUT = 260
COLOURS = {"right": "$text-success", "wrong": "$text-error", "doubtful": "$text-warning"}
# cells of the longest verdict with a space, and of the longest number of percent
MARK, PERCENT = 7, 8
TEXT, BORDER = 2, 3  # lines of a card's text, and cells of a card that its pictures leave
# Cells of a picture's side: the most, the least at which a digit is read well, and where even that
# leaves a single row.
MOST, LEAST, SMALLEST = 40, 12, 10
ENOUGH = 12  # how many cards a screen is to have before they grow
GUTTER = 1
Shape = tuple[int, int, int]


class PhotoCard(Vertical):
    """Shows one reading, another one when the gallery scrolls, in two pictures `side` cells wide
    and half as high.
    """

    def __init__(self, side: int) -> None:
        self._side = side
        self._photo, self._digit = PhotoImage(side, side // 2), PhotoImage(side, side // 2)
        self._text = Static("", classes="photo-words", markup=False)
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
        states = {f"-{name}": state == name for name in ("right", "wrong", "doubtful", "failed")}
        self.update_classes({**states, "-selected": selected})
        if reading is not self._reading:
            before, self._reading = self._reading, reading
            if (
                before is None
                or before.digit is not reading.digit
                or before.rows is not reading.rows
            ):
                self._digit.show(picture_of_digits(reading))
            self._text.update(card_text(reading, 2 * self._side))

    def show_photo(self, picture: "Picture | None") -> None:
        """Show the photo itself; None for none yet."""
        self._photo.show(with_boxes(picture, self._reading))


def card_text(reading: "Reading", width: int) -> Content:
    """The answer, with its confidence as a bar or why it is doubted in a word, and the file's
    name.
    """
    name = printable(reading.path.name or reading.path, CUT)
    if reading.error:
        return Content.assemble(
            (f"✗ {reading.error}", "$text-error"), (f"\n{name}", "$foreground 80%")
        )
    style, share = COLOURS.get(state_of(reading), "$text-primary"), reading.confidence or 0.0
    said = verdict(reading)  # of the same width for all, so that bars can be compared
    said = (said if len(said) <= width - PERCENT else f"{said[: width - PERCENT - 2]}…").ljust(MARK)
    room = max(0, width - len(said) - PERCENT)
    between = reading.reason[:room].ljust(room) if reading.doubt else bar(share, room)
    percent = f"{100 * share:.1f} %".rjust(PERCENT)
    return Content.assemble(
        (said, f"{style} bold"), (between, style), percent, (f"\n{name}", "$foreground 80%")
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
    whose = "✎" if reading.labelled_by_user else ""
    return f"{text}✓{whose}" if reading.correct else f"{text}✗ {reading.label}{whose}"


def layout_for(width: int, height: int) -> Shape:
    """Side of the pictures in cells, columns and rows of cards, in a gallery of that size."""
    shapes = [
        (
            side,
            max(1, (width + GUTTER) // (2 * side + BORDER + GUTTER)),
            max(1, height // (side // 2 + TEXT)),
        )
        for side in range(MOST, SMALLEST - 1, -2)
    ]
    least, smallest = (shapes[(MOST - side) // 2] for side in (LEAST, SMALLEST))
    few = least if least[2] > 1 or smallest[2] == 1 else smallest
    return next((one for one in shapes if one[1] * one[2] >= ENOUGH and one[0] >= LEAST), few)


class PhotoGrid(Widget, can_focus=True):
    """Shows readings in an order; one of them is selected."""

    BINDINGS = [
        *moves("move", {"left": -1, "right": 1}),
        *moves("move_rows", {"up": -1, "down": 1}),
        *moves("move_pages", {"pageup": -1, "pagedown": 1}),
        *moves("select", {"home": 0, "end": 10**9}),
    ]

    class Selected(Message):
        """Another photo is selected, or others are in view."""

    class Opened(Message):
        """A photo was clicked twice."""

    def __init__(self, photos: PhotoCollection, *, id: str) -> None:
        super().__init__(id=id)
        self._photos = photos
        self._order: Sequence[int] = ()
        self.place = 0  #: the selected one's in the order.
        self._top = 0  # the first row in view
        self._cards: list[PhotoCard] = []
        self._shape: Shape = (LEAST, 1, 1)
        self.thumbnails = Thumbnails(lambda: self.call_later(self._show_thumbnails))

    def on_unmount(self) -> None:
        self.thumbnails.want([])  # leave nothing behind that reads

    def show(self, *, keep: bool = True) -> None:
        """Show the readings anew; `keep` the selected one, or else select the first."""
        before = self.selected
        if not keep:
            before, self.place, self._top = None, 0, 0
        self._order = order = self._photos.order
        self.place = (
            order.index(before) if before in order else min(self.place, max(0, len(order) - 1))
        )
        self._draw()

    @property
    def selected(self) -> int | None:
        """The index of the selected reading."""
        return self._order[self.place] if self.place < len(self._order) else None

    @property
    def in_view(self) -> range:
        _, columns, rows = self._shape
        first = self._top * columns
        return range(first, min(len(self._order), first + columns * rows))

    async def on_resize(self) -> None:
        if not self.size:
            return
        side, columns, rows = shape = layout_for(*self.size)
        if shape == self._shape and self._cards:
            return
        self._shape = shape
        self.styles.grid_size_columns, self.styles.grid_size_rows = columns, rows
        for card in self._cards:
            card.take_size(side)
        for card in self._cards[columns * rows :]:
            card.remove()
        new = [PhotoCard(side) for _ in range(len(self._cards), columns * rows)]
        self._cards = [*self._cards[: columns * rows], *new]
        await self.mount_all(new)  # none is drawn before
        self._draw()

    def _draw(self) -> None:
        if not self._cards:  # Textual may leave Resize out where it is shown as photos come
            self.call_later(self.on_resize)
        _, columns, rows = self._shape
        row, last = self.place // columns, max(0, -(-len(self._order) // columns) - rows)
        self._top = min(max(self._top, row - rows + 1, 0), row, last)
        paths = []
        for slot, card in enumerate(self._cards):
            place = self._top * columns + slot
            card.visible = place < len(self._order)
            if not card.visible or not card.is_mounted:
                continue
            reading = self._photos[self._order[place]]
            card.show(reading, place == self.place)
            card.show_photo(self.thumbnails.get(reading.path))
            if not reading.error:
                paths.append(reading.path)
        self.thumbnails.want(paths)
        self.post_message(self.Selected())

    def _show_thumbnails(self) -> None:
        for place, card in zip(self.in_view, self._cards, strict=False):
            card.show_photo(self.thumbnails.get(self._photos[self._order[place]].path))

    def action_select(self, place: int) -> None:
        """Select the photo at a place, or the last one before it."""
        at = min(max(0, place), max(0, len(self._order) - 1))
        if at != self.place:
            self.place = at
            self._draw()

    def action_move(self, by: int) -> None:
        self.action_select(self.place + by)

    def action_move_rows(self, by: int) -> None:
        columns = self._shape[1]
        if 0 <= self.place // columns + by < -(-len(self._order) // columns):
            self.action_select(self.place + by * columns)

    def action_move_pages(self, by: int) -> None:
        _, columns, rows = self._shape
        # the page moves along, so that the selection keeps its place on the screen
        self._top = max(0, self._top + by * rows)
        self.action_select(self.place + by * rows * columns)

    @on(events.MouseScrollDown)
    @on(events.MouseScrollUp)
    def _wheel(self, event: events.MouseEvent) -> None:
        event.stop()
        self.action_move_rows(1 if isinstance(event, events.MouseScrollDown) else -1)

    def on_click(self, event: events.Click) -> None:
        """Select the photo on a card that was clicked; open it where that was twice."""
        clicked = event.widget.ancestors_with_self if event.widget is not None else ()
        if (
            slot := next((at for at, card in enumerate(self._cards) if card in clicked), None)
        ) is not None:
            event.stop()
            self.focus()
            self.action_select(self._top * self._shape[1] + slot)
            if event.chain > 1:
                self.post_message(self.Opened())
