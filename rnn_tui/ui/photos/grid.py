"""The gallery: a card for each photo, with what the network received and what it answered.

Only as many cards exist as are in view.
"""

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

from textual import events, on
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.message import Message
from textual.widget import Widget
from textual.widgets import Static

from rnn_tui.engine.errors import printable
from rnn_tui.photos.collection import PhotoCollection
from rnn_tui.ui.photos.pictures import PhotoImage, Thumbnails, picture_of_digits, with_boxes
from rnn_tui.ui.terminal.key_table import moves
from rnn_tui.ui.widgets.digits import bar

if TYPE_CHECKING:
    from rnn_tui.photos.digit.picture import Picture
    from rnn_tui.photos.reading import Reading

CUT = 260  # letters of a file's name
COLOURS = {"right": "$text-success", "wrong": "$text-error", "doubtful": "$text-warning"}
VERDICT_WIDTH = 7  # cells of the longest verdict on a digit, with a space
PERCENT_WIDTH = 8  # cells of the longest percentage, with a space
TEXT_LINES = 2  # lines of a card's text
BORDER_WIDTH = 3  # cells of a card beside its pictures
LARGEST_SIDE = 40  # cells of a picture's side at most
LEAST_SIDE = 12  # the smallest side at which a digit can be read well
SMALLEST_SIDE = 10  # the side where larger ones leave a single row of cards
ENOUGH_CARDS = 12  # cards that a screen has before they grow
GUTTER = 1  # cells between two cards


class Shape(NamedTuple):
    """The shape of a gallery."""

    side: int  #: cells of a picture's side.
    columns: int  #: of cards.
    rows: int  #: of cards.


class PhotoCard(Vertical):
    """Shows one reading in two square pictures and two lines; another one when photos scroll."""

    def __init__(self, side: int) -> None:
        """Create a card whose pictures are `side` cells wide, and half as many lines high."""
        self._side = side
        self._photo = PhotoImage(side, side // 2)
        self._digit = PhotoImage(side, side // 2)
        self._text = Static("", classes="photo-words", markup=False)
        self._reading: Reading | None = None
        super().__init__(Horizontal(self._photo, self._digit, classes="pictures"), self._text)

    def resize(self, side: int) -> None:
        """Make the pictures `side` cells wide."""
        self._side = side
        for image in (self._photo, self._digit):
            image.resize(side, side // 2)
        if self._reading is not None:
            self._text.update(card_text(self._reading, 2 * side))

    def show(self, reading: "Reading", selected: bool) -> None:
        state = state_of(reading)
        states = {f"-{name}": state == name for name in ("right", "wrong", "doubtful", "failed")}
        self.update_classes({**states, "-selected": selected})
        shown = self._reading
        if reading is shown:
            return
        self._reading = reading
        same_digits = (
            shown is not None and shown.digit is reading.digit and shown.rows is reading.rows
        )
        if not same_digits:
            self._digit.show(picture_of_digits(reading))
        self._text.update(card_text(reading, 2 * self._side))

    def show_photo(self, picture: "Picture | None") -> None:
        """Show the photo itself; None while it is not decoded yet."""
        self._photo.show(with_boxes(picture, self._reading))


def card_text(reading: "Reading", width: int) -> Content:
    """Write the answer in a line of `width` cells, and the file's name below.

    Beside the answer is its confidence as a bar, or in a word why it is doubted.
    """
    name = (f"\n{printable(reading.path.name or reading.path, CUT)}", "$foreground 80%")
    if reading.error:
        return Content.assemble((f"✗ {reading.error}", "$text-error"), name)
    style = COLOURS.get(state_of(reading), "$text-primary")
    confidence = reading.confidence or 0.0
    answer = verdict(reading)
    if len(answer) > width - PERCENT_WIDTH:
        answer = f"{answer[: width - PERCENT_WIDTH - 2]}…"
    if reading.doubt:
        answer = f"{answer.rstrip()} "
        room = max(0, width - len(answer) - PERCENT_WIDTH)
        between = _shortened(reading.reason, room).ljust(room)
    else:
        answer = answer.ljust(VERDICT_WIDTH)  # for all the same, so that bars can be compared
        between = bar(confidence, max(0, width - len(answer) - PERCENT_WIDTH))
    percent = f"{100 * confidence:.1f} %".rjust(PERCENT_WIDTH)
    return Content.assemble((answer, f"{style} bold"), (between, style), percent, name)


def _shortened(text: str, width: int) -> str:
    """Return a text of at most `width` cells, with a mark where words are cut."""
    return text if len(text) <= width else f"{text[: max(0, width - 1)]}…"[:width]


def state_of(reading: "Reading") -> str:
    """Return the state of a reading, which has a colour; empty if there is nothing to say."""
    if reading.error:
        return "failed"
    if reading.correct is not None:
        return "right" if reading.correct else "wrong"
    return "doubtful" if reading.doubt else ""


def verdict(reading: "Reading") -> str:
    """Write the digit, `?` if it is unsure, and whether it is right."""
    if reading.rows:
        text = f"{reading.text} "
    else:
        digit = "–" if reading.best is None else reading.best
        text = f"{digit}?" if reading.doubt else f"{digit} "
    if reading.label is None:
        return text
    text += "✓" if reading.correct else f"✗ {reading.label}"
    return f"{text}✎" if reading.labelled_by_user else text


def layout_for(width: int, height: int) -> Shape:
    """Return the shape of a gallery of so many cells and lines.

    Pictures are as large as leaves enough cards on the screen, but no smaller than a digit can be
    read well, unless that would leave a single row.
    """
    for side in range(LARGEST_SIDE, LEAST_SIDE - 1, -2):
        shape = _shape_with(side, width, height)
        if shape.columns * shape.rows >= ENOUGH_CARDS:
            return shape
    least = _shape_with(LEAST_SIDE, width, height)
    smallest = _shape_with(SMALLEST_SIDE, width, height)
    return smallest if least.rows == 1 and smallest.rows > 1 else least


def _shape_with(side: int, width: int, height: int) -> Shape:
    """Return how many cards with pictures of this side fit; at least one."""
    card_width = 2 * side + BORDER_WIDTH
    card_height = side // 2 + TEXT_LINES
    columns = (width + GUTTER) // (card_width + GUTTER)
    return Shape(side, max(1, columns), max(1, height // card_height))


class PhotoGrid(Widget, can_focus=True):
    """Shows readings in an order; one of them is selected."""

    BINDINGS = [
        *moves("move", {"left": -1, "right": 1}),
        *moves("move_rows", {"up": -1, "down": 1}),
        *moves("move_pages", {"pageup": -1, "pagedown": 1}),
        *moves("select", {"home": 0, "end": 10**9}),
    ]

    class Selected(Message):
        """A message that another photo is selected, or that others are visible."""

    class Opened(Message):
        """A photo was clicked twice."""

    def __init__(self, photos: PhotoCollection, *, id: str) -> None:
        super().__init__(id=id)
        self._photos = photos
        self._order: Sequence[int] = ()  #: Indices of the photos that are shown.
        self.place = 0  #: The place of the selected photo in the order.
        self._top = 0  #: The first row in view.
        self._cards: list[PhotoCard] = []
        self._shape = Shape(LEAST_SIDE, 1, 1)
        self.thumbnails = Thumbnails(lambda: self.call_later(self._show_thumbnails))

    def on_unmount(self) -> None:
        self.thumbnails.want([])  # leave no thread that still reads

    def show(self, *, keep: bool = True) -> None:
        """Show the readings anew; `keep` the selected one, or else select the first."""
        selected = self.selected
        if not keep:
            selected = None
            self.place = 0
            self._top = 0
        self._order = self._photos.order
        if selected in self._order:
            self.place = self._order.index(selected)
        else:
            self.place = min(self.place, max(0, len(self._order) - 1))
        self._draw()

    @property
    def selected(self) -> int | None:
        """The index of the selected reading; None without readings."""
        return self._order[self.place] if self.place < len(self._order) else None

    @property
    def in_view(self) -> range:
        """The places of the photos in view."""
        first = self._top * self._shape.columns
        count = self._shape.columns * self._shape.rows
        return range(first, min(len(self._order), first + count))

    @property
    def _rows(self) -> int:
        """Rows that all photos take."""
        return math.ceil(len(self._order) / self._shape.columns)

    async def on_resize(self) -> None:
        """Make as many cards as there is room for."""
        if not self.size:
            return
        shape = layout_for(*self.size)
        if shape == self._shape and self._cards:
            return
        self._shape = shape
        self.styles.grid_size_columns = shape.columns
        self.styles.grid_size_rows = shape.rows
        count = shape.columns * shape.rows
        for card in self._cards:
            card.resize(shape.side)
        for card in self._cards[count:]:
            card.remove()
        new_cards = [PhotoCard(shape.side) for _ in range(len(self._cards), count)]
        self._cards = [*self._cards[:count], *new_cards]
        await self.mount_all(new_cards)  # before they are drawn
        self._draw()

    def _draw(self) -> None:
        """Show the photos around the selected one in the cards."""
        if not self._cards:  # Textual may leave Resize out if it is shown as photos come
            self.call_later(self.on_resize)
        columns, rows = self._shape.columns, self._shape.rows
        selected_row = self.place // columns
        last_top = max(0, self._rows - rows)
        self._top = min(max(self._top, selected_row - rows + 1, 0), selected_row, last_top)
        paths = []
        for index, card in enumerate(self._cards):
            place = self._top * columns + index
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
        place = min(max(0, place), max(0, len(self._order) - 1))
        if place != self.place:
            self.place = place
            self._draw()

    def action_move(self, by: int) -> None:
        self.action_select(self.place + by)

    def action_move_rows(self, by: int) -> None:
        """Go so many rows down, if there is such a row."""
        columns = self._shape.columns
        row = self.place // columns + by
        if 0 <= row < self._rows:
            self.action_select(self.place + by * columns)

    def action_move_pages(self, by: int) -> None:
        columns, rows = self._shape.columns, self._shape.rows
        # the page moves along, so that the selection keeps its place on the screen
        self._top = max(0, self._top + by * rows)
        self.action_select(self.place + by * rows * columns)

    @on(events.MouseScrollDown)
    @on(events.MouseScrollUp)
    def _wheel(self, event: events.MouseEvent) -> None:
        event.stop()
        self.action_move_rows(1 if isinstance(event, events.MouseScrollDown) else -1)

    def on_click(self, event: events.Click) -> None:
        """Select the photo on a card that was clicked; open it after a double click."""
        clicked = event.widget.ancestors_with_self if event.widget is not None else ()
        for index, card in enumerate(self._cards):
            if card in clicked:
                event.stop()
                self.focus()
                self.action_select(self._top * self._shape.columns + index)
                if event.chain > 1:
                    self.post_message(self.Opened())
