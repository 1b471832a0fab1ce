"""Test images of a run: random ones, misread ones, or those of a field of the confusion matrix."""

import random
from pathlib import Path
from typing import TYPE_CHECKING, cast

import numpy as np
from textual import on
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Grid, Horizontal, Vertical
from textual.content import Content
from textual.events import Click
from textual.message import Message
from textual.widgets import Label, Static

from rnn_tui.engine.state import RunState
from rnn_tui.tasks.task import ImageEvaluation
from rnn_tui.ui.common.inside_door import InsideDoor
from rnn_tui.ui.common.key_table import key, moves
from rnn_tui.ui.common.task_view import TaskTab
from rnn_tui.ui.common.widgets.digits import ProbabilityBars
from rnn_tui.ui.common.widgets.ink_image import LARGE, PLAIN, SMALL, InkImage
from rnn_tui.ui.common.widgets.plain import views_in
from rnn_tui.ui.training.run_bar import not_measured

if TYPE_CHECKING:
    from rnn_tui.photos.drawing import Ink
    from rnn_tui.ui.common.digit_at_hand import DigitAtHand

# Columns from which one image is shown in full beside the others.
WIDE = 100
# Columns and lines from which that image is shown at twice the size.
VERY_WIDE, HIGH = 160, 44
# Cells of a small image with its caption.
WIDTH, HEIGHT = 15, 8
# The kinds of images that a key goes through. Of a field of the confusion matrix there are some
# only once one was chosen there.
RANDOM, MISREAD, OF_FIELD = "random", "misread", "of a field"


def image_for_inside(
    evaluation: ImageEvaluation, index: int, run: RunState | None
) -> "DigitAtHand":
    """Return a test image for the look inside, with the weights of the run that read it."""
    # heavy, and the view is made right after the first frame
    from rnn_tui.ui.common.digit_at_hand import DigitAtHand  # noqa: PLC0415

    weights = Path(run.checkpoint) if run is not None and run.checkpoint else None
    digit = ink_of(evaluation, index)
    return DigitAtHand(f"test image {index}", digit, int(evaluation.labels[index]), weights)


def ink_of(evaluation: ImageEvaluation, index: int) -> "Ink":
    """Return the ink of a test image (28, 28), 0 … 1."""
    ink: Ink = evaluation.images[index].astype(np.float32) / np.float32(255)
    return ink


class ImageWithLabels(Vertical):
    """A test image with what was read and what it is."""

    def __init__(self) -> None:
        self._ink = InkImage()
        self._caption = Label("", classes="caption", markup=False)
        super().__init__(self._ink, self._caption)
        self._ink.scale = SMALL

    def show(self, evaluation: ImageEvaluation, index: int) -> None:
        read = int(evaluation.predictions[index])
        true = int(evaluation.labels[index])
        self._ink.show_ink(ink_of(evaluation, index))
        self._caption.update(f"✓ {read}" if read == true else f"✗ {read}, true {true}")
        self.set_class(read != true, "-wrong")


class ImageGrid(Grid, can_focus=True):
    """Images side by side, as many as its own size has room for."""

    class Resized(Message):
        """There is room for more of them, or fewer."""

    def on_resize(self) -> None:
        self.post_message(self.Resized())


class TestImagesView(Vertical, InsideDoor):
    """The figures of a run, and as many test images as fit, one of them with the cursor."""

    BINDINGS = [
        key("show", "show", "Show", "Random images; misread ones; those chosen under Confusion"),
        key("other", f"choose('{RANDOM}')", "Others", "Other random test images"),
        key("inside", "inside", "Inside"),
        Binding("enter", "inside", "Inside", show=False),
        Binding(
            "left", "move(-1)", "Image", key_display="←→", tooltip="The previous or next image"
        ),
        *moves("move", {"right": 1, "home": -100_000, "end": 100_000}),
        *moves("move_rows", {"up": -1, "down": 1}),
    ]

    def __init__(self, pane: TaskTab) -> None:
        super().__init__(id="result-view")
        self._pane = pane
        self._evaluation: ImageEvaluation | None = None
        self._kind = RANDOM
        self._kinds = [RANDOM, MISREAD]
        self._field = (0, 0)  #: the field of the confusion matrix: true class and answer.
        self._indices: list[int] = []  #: the indices of the images of the kind, in order.
        self._position = 0  #: the position in these of the image with the cursor.
        self._drawn: list[int] = []  #: indices of the images on screen.
        self._columns = 1  #: images side by side.
        self._page = 1  #: images on screen at once.

    def compose(self) -> ComposeResult:
        yield Static("", id="headline", markup=False)
        yield Static("", id="test-which", markup=False)
        with Horizontal(id="test-body"):
            yield ImageGrid(id="images")
            with Vertical(id="test-detail", classes="panel"):
                yield InkImage()
                yield ProbabilityBars()

    def bring_up_to_date(self, pane: TaskTab) -> None:
        self.query_one("#headline", Static).update(self._headline(pane.chosen))
        if pane.evaluation is not self._evaluation:
            self._evaluation = pane.evaluation
            self._kinds = [RANDOM, MISREAD]
            self.action_choose(self._kind if self._kind in self._kinds else RANDOM)
            pane.keep_focus()
        for part in ("#test-body", "#test-which"):
            self.query_one(part).visible = self._evaluation is not None

    def on_resize(self) -> None:
        width, height = self.size
        large = width >= VERY_WIDE and height >= HIGH
        self.query_one("#test-detail InkImage", InkImage).scale = LARGE if large else PLAIN
        self.query_one(ImageGrid).set_class(width >= WIDE, "panel", update=False)
        self.update_classes({"-wide": width >= WIDE, "-large": large})

    def show_field(self, true: int, read: int) -> None:
        """Show the images of class `true` that were read as `read`."""
        self._kinds = [RANDOM, MISREAD, OF_FIELD]
        self._field = (true, read)
        self.action_choose(OF_FIELD)

    def action_choose(self, kind: str) -> None:
        """Show images of this kind, from the first on."""
        self._kind = kind
        self._indices = self._images_of(kind)
        self._position = 0
        self._drawn = []
        self._draw()

    def _images_of(self, kind: str) -> list[int]:
        """Return the indices of a kind's images in the test set; none before a run is measured."""
        evaluation = self._evaluation
        if evaluation is None:
            return []
        if kind == RANDOM:
            count = len(evaluation.labels)
            return random.sample(range(count), count)
        if kind == MISREAD:
            return cast("list[int]", evaluation.misread.tolist())
        return cast("list[int]", evaluation.of_cell(*self._field).tolist())

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        if action in ("show", "choose", "move", "move_rows", "inside"):
            return self._evaluation is not None
        return super().check_action(action, parameters)

    def action_show(self) -> None:
        """Show images of the next kind."""
        position = self._kinds.index(self._kind)
        self.action_choose(self._kinds[(position + 1) % len(self._kinds)])

    @property
    def digit_at_hand(self) -> "DigitAtHand | None":
        """The image with the cursor, as networks read it; None if there is none."""
        if self._evaluation is None or not self._indices:
            return None
        index = self._indices[self._position]
        return image_for_inside(self._evaluation, index, self._pane.chosen)

    def action_move(self, images: int) -> None:
        self._position = max(0, min(self._position + images, len(self._indices) - 1))
        self._draw()

    def action_move_rows(self, rows: int) -> None:
        self.action_move(rows * self._columns)

    def on_click(self, event: Click) -> None:
        for place, image in enumerate(self.query_one(ImageGrid).children):
            if event.widget in (image, *image.children):
                self.action_move(place - self._position % self._page)

    @on(ImageGrid.Resized)
    def _draw(self) -> None:
        """Draw as many images as fit, those around the cursor, and the one with the cursor."""
        evaluation = self._evaluation
        if evaluation is None:
            return
        grid = self.query_one(ImageGrid)
        self._columns = max(1, grid.content_size.width // WIDTH)
        self._page = self._columns * max(1, grid.content_size.height // HEIGHT)
        grid.styles.grid_size_columns = self._columns
        self._draw_page(grid, evaluation)
        kind = self._kind_in_words(evaluation)
        caption = self._draw_detail(evaluation)
        grid.border_title = Content(kind)
        self.query_one("#test-detail").border_title = Content(caption)
        self.query_one("#test-which", Static).update(f"{kind} · {caption}")

    def _draw_page(self, grid: ImageGrid, evaluation: ImageEvaluation) -> None:
        """Draw the small images of the page that the cursor is on."""
        first = self._position - self._position % self._page
        indices = self._indices[first : first + self._page]
        for place, image in enumerate(views_in(grid, ImageWithLabels, len(indices))):
            image.set_class(first + place == self._position, "-cursor")
            if indices != self._drawn:
                image.show(evaluation, indices[place])
        self._drawn = indices

    def _draw_detail(self, evaluation: ImageEvaluation) -> str:
        """Draw the image with the cursor in full; returns what it is, in words."""
        detail = self.query_one("#test-detail")
        detail.visible = bool(self._indices)
        if not self._indices:
            return "none"
        index = self._indices[self._position]
        read = int(evaluation.predictions[index])
        true = int(evaluation.labels[index])
        probabilities = evaluation.probabilities[index]
        detail.query_one(InkImage).show_ink(ink_of(evaluation, index))
        detail.query_one(ProbabilityBars).show(probabilities.tolist(), true)
        verdict = "✓" if read == true else f"✗ true {true}"
        return f"image {index}: {read}, confidence {100 * probabilities.max():.1f} % {verdict}"

    def _kind_in_words(self, evaluation: ImageEvaluation) -> str:
        """Say how many images of the kind there are, and which of them are shown."""
        count = f"{len(self._indices):,}"
        if self._kind == RANDOM:
            return f"{count} random test images"
        count = f"{count} of {len(evaluation.labels):,}"
        if self._kind == MISREAD:
            return f"{count} misread"
        true, read = self._field
        return f"{count}: true {true}, read as {read}"

    def _headline(self, run: RunState | None) -> str:
        """Return the test figures of a run, the headline and its published figure first."""
        task = self._pane.spec
        if run is None or task.headline not in run.results:
            return not_measured(run, self._pane.runs)
        headline = task.metric(task.headline)
        text = f"{run.config.label}: {headline.in_words(run.results[headline.name])}"
        published = task.published_figure(headline.name, run.config)
        if published is not None:
            text += f" (report: {published:.2f} %)"
        parts = [text]
        for name, value in run.results.items():
            if name != headline.name:
                parts.append(task.metric(name).in_words(value))
        return ", ".join(parts)
