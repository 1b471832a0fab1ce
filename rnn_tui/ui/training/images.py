"""Test images of a run side by side, as many as fit, one of them with the cursor."""

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from textual.containers import Grid, Vertical
from textual.events import Click, MouseScrollDown, MouseScrollUp
from textual.message import Message
from textual.widgets import Label

from rnn_tui.tasks.task import ImageEvaluation
from rnn_tui.ui.widgets.ink_image import SMALL, InkImage
from rnn_tui.ui.widgets.plain import views_in

if TYPE_CHECKING:
    from rnn_tui.photos.drawing import Ink

# Cells of a small image with its caption.
WIDTH, HEIGHT = 15, 8
SHORT = 5  # letters of each of two names of classes that must stand in a caption


def ink_of(evaluation: ImageEvaluation, index: int) -> "Ink":
    """Return the ink of a test image (28, 28), 0 … 1."""
    ink: Ink = evaluation.images[index].astype(np.float32) / np.float32(255)
    return ink


def _caption(read: str, true: str) -> str:
    """Return what was read and what is true, as long as a small image is wide."""
    if read == true:
        return f"✓ {read}"[:WIDTH]
    text = f"✗ {read}, true {true}"
    return text if len(text) < WIDTH else f"✗ {read[:SHORT]}≠{true[:SHORT]}"


class ImageWithLabels(Vertical):
    """A test image with what was read and what it is."""

    def __init__(self) -> None:
        self._ink = InkImage()
        self._caption = Label("", classes="caption", markup=False)
        super().__init__(self._ink, self._caption)
        self._ink.scale = SMALL

    def show(self, evaluation: ImageEvaluation, index: int) -> None:
        read = evaluation.classes[int(evaluation.predictions[index])]
        true = evaluation.classes[int(evaluation.labels[index])]
        self._ink.show_ink(ink_of(evaluation, index))
        self._caption.update(_caption(read, true))
        self.set_class(read != true, "-wrong")


class ImageGrid(Grid, can_focus=True):
    """Rows of images through which keys and the mouse wheel go."""

    class Moved(Message):
        """A message that another image has the cursor, or that others are on screen."""

    def __init__(self, *, id: str) -> None:
        super().__init__(id=id)
        self._evaluation: ImageEvaluation | None = None
        self._indices: Sequence[int] = ()  #: the indices of the images in the test set, in order.
        self._position = 0  #: the position in these of the image with the cursor.
        self._first_row = 0  #: the row of images at the top.
        self._drawn: Sequence[int] = ()  #: the indices of the images on screen.

    def show(self, evaluation: ImageEvaluation, indices: Sequence[int]) -> None:
        """Show images of the test set, from the first of these on."""
        self._evaluation = evaluation
        self._indices = indices
        self._position = 0
        self._first_row = 0
        self._drawn = ()
        self._draw()

    @property
    def index(self) -> int | None:
        """The index in the test set of the image with the cursor; None if there is none."""
        return self._indices[self._position] if self._indices else None

    @property
    def place(self) -> str:
        """Which of how many images are on screen, such as `41–60 of 10,000`."""
        first = self._first_row * self._columns
        last = first + len(self._drawn)
        return f"{first + 1:,}–{last:,} of {len(self._indices):,}"

    @property
    def _columns(self) -> int:
        """The number of images side by side."""
        return max(1, self.content_size.width // WIDTH)

    @property
    def _rows(self) -> int:
        """The number of rows on screen."""
        return max(1, self.content_size.height // HEIGHT)

    def move(self, images: int) -> None:
        """Move the cursor by so many images, as far as there are any."""
        self._position = self._within(self._position + images)
        self._draw()

    def move_rows(self, rows: int) -> None:
        """Move the cursor by so many rows."""
        self.move(rows * self._columns)

    def move_pages(self, pages: int) -> None:
        """Move cursor and rows by as many rows as are on screen."""
        self._first_row += pages * self._rows
        self.move_rows(pages * self._rows)

    def _scroll_rows(self, rows: int) -> None:
        """Show other rows; the cursor stays where it is, or at the first or last row."""
        self._first_row = max(0, min(self._first_row + rows, self._last_first_row))
        columns = self._columns
        row = self._position // columns
        row_on_screen = max(self._first_row, min(row, self._first_row + self._rows - 1))
        self.move_rows(row_on_screen - row)

    @property
    def _last_first_row(self) -> int:
        """The row at the top if the last one is at the bottom."""
        return max(0, math.ceil(len(self._indices) / self._columns) - self._rows)

    def _within(self, position: int) -> int:
        return max(0, min(position, len(self._indices) - 1))

    def on_resize(self) -> None:
        self._draw()

    def on_mouse_scroll_down(self, event: MouseScrollDown) -> None:
        event.stop()
        self._scroll_rows(1)

    def on_mouse_scroll_up(self, event: MouseScrollUp) -> None:
        event.stop()
        self._scroll_rows(-1)

    def on_click(self, event: Click) -> None:
        for place, image in enumerate(self.children):
            if event.widget in (image, *image.children):
                first = self._first_row * self._columns
                self.move(first + place - self._position)

    def _draw(self) -> None:
        """Draw the rows on screen, of which one has the cursor."""
        evaluation = self._evaluation
        if evaluation is None:
            return
        columns = self._columns
        row = self._position // columns
        first_row = max(0, min(self._first_row, self._last_first_row))
        self._first_row = max(row - self._rows + 1, min(first_row, row))
        self.styles.grid_size_columns = columns
        first = self._first_row * columns
        indices = self._indices[first : first + columns * self._rows]
        for place, image in enumerate(views_in(self, ImageWithLabels, len(indices))):
            image.set_class(first + place == self._position, "-cursor")
            if indices != self._drawn:
                image.show(evaluation, indices[place])
        self._drawn = indices
        self.post_message(self.Moved())
