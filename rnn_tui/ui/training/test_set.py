"""The answers of a run to the test set: figures, confusion matrix, and the images themselves."""

import random
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.geometry import Size
from textual.widgets import DataTable, Static

from rnn_tui.engine.state import RunState
from rnn_tui.tasks.task import ImageEvaluation
from rnn_tui.ui.frame.inside_door import InsideDoor
from rnn_tui.ui.frame.task_view import TaskTab
from rnn_tui.ui.terminal.key_table import key, moves
from rnn_tui.ui.training.images import ImageGrid, ink_of
from rnn_tui.ui.training.run_bar import not_measured
from rnn_tui.ui.widgets.confusion_table import (
    ConfusionTable,
    count_in_words,
    most_frequent_mistake,
    scale_in_words,
)
from rnn_tui.ui.widgets.digits import ProbabilityBars
from rnn_tui.ui.widgets.ink_image import InkImage

if TYPE_CHECKING:
    from rnn_tui.ui.frame.digit_at_hand import DigitAtHand

# Columns from which the confusion matrix is beside the images, and not in their place.
WIDE = 110
# Lines from which an image is shown in full below the matrix, and what is shown so takes.
HIGH, DETAIL_HEIGHT = 34, 16
# Lines above and below the matrix: the headline, and the words on a field.
AROUND_MATRIX = 4
ALL, MISREAD, OF_FIELD = "all", "misread", "of a field"
KINDS = (ALL, MISREAD, OF_FIELD)


class TestSetView(Vertical, InsideDoor):
    """Test figures, confusion matrix and images of a run.

    In a narrow window the matrix is in the place of the images until one of its fields is chosen.
    """

    shows_results = True
    BINDINGS = [
        key("show", "show", "Show", "All test images, those misread, or the confusion matrix"),
        key("inside", "inside", "Inside"),
        Binding("enter", "inside", "Inside", show=False),
        Binding("escape", "matrix", "Matrix", show=False, tooltip="Back to the confusion matrix"),
        Binding(
            "left", "move(-1)", "Image", key_display="←→", tooltip="The previous or next image"
        ),
        *moves("move", {"right": 1, "home": -100_000, "end": 100_000}),
        *moves("move_rows", {"up": -1, "down": 1}),
        *moves("move_pages", {"pageup": -1, "pagedown": 1}),
    ]

    def __init__(self, pane: TaskTab) -> None:
        super().__init__(id="result-view")
        self._pane = pane
        self._table = ConfusionTable()
        self._table.of_images = True
        self._images = ImageGrid(id="images")
        self._evaluation: ImageEvaluation | None = None
        self._matrix: list[list[int]] = []  #: (C, C) counts, true classes in rows.
        self._kind = ALL
        self._field = (0, 0)  #: the field of the matrix: true class and answer.
        self._chooses_field = False  #: whether the matrix is in the place of the images.

    def compose(self) -> ComposeResult:
        yield Static("", id="headline", markup=False)
        yield Static("", id="test-which", markup=False)
        with Horizontal(id="test-body"):
            with Vertical(id="test-matrix"):
                with Vertical(classes="panel", id="confusion-panel") as panel:
                    panel.border_title = Content("Rows: true class, columns: read as")
                    yield self._table
                yield Static("", id="confusion", markup=False)
                with Vertical(id="test-detail", classes="panel"), Horizontal():
                    yield InkImage()
                    yield ProbabilityBars()
            yield self._images

    def on_mount(self) -> None:
        # whose colours are in the fields
        self.app.theme_changed_signal.subscribe(self, lambda _: self._draw_matrix())

    def bring_up_to_date(self, pane: TaskTab) -> None:
        run, evaluation = pane.results
        self.query_one("#headline", Static).update(self._headline(run))
        if evaluation is not self._evaluation:
            self._evaluation = evaluation
            self._show_evaluation()
            pane.keep_focus()
        for part in ("#test-body", "#test-which"):
            self.query_one(part).visible = self._evaluation is not None

    def _show_evaluation(self) -> None:
        """Show other measurements: matrix and images, from their first on."""
        if self._evaluation is None:
            self._matrix = []
            return
        self._matrix = self._evaluation.confusion.tolist()
        self._field = most_frequent_mistake(self._matrix)
        self._draw_matrix()
        self._show_kind(ALL if self._kind == OF_FIELD else self._kind)

    def on_resize(self) -> None:
        self._arrange()
        self._draw_matrix()

    @property
    def _wide(self) -> bool:
        """Whether matrix and images are side by side."""
        return self.size.width >= WIDE

    def _arrange(self) -> None:
        """Show the parts that there is room for."""
        matrix_alone = not self._wide and self._chooses_field
        self.query_one("#test-matrix").display = self._wide or matrix_alone
        self._images.display = not matrix_alone
        self._images.set_class(self._wide, "panel")
        self.query_one("#test-which").display = not self._wide and not matrix_alone
        self.query_one("#test-detail").display = self._wide and self.size.height >= HIGH

    def focus_view(self) -> None:
        (self._images if self._images.display else self._table).focus()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        if self._evaluation is None and action in (
            "show",
            "matrix",
            "move",
            "move_rows",
            "move_pages",
            "inside",
        ):
            return False
        return super().check_action(action, parameters)

    # The kind of images

    def action_show(self) -> None:
        """Show images of the next kind; in a narrow window first the matrix they are chosen in."""
        self._show_kind(KINDS[(KINDS.index(self._kind) + 1) % len(KINDS)])
        self.focus_view()

    def action_matrix(self) -> None:
        """Go to the confusion matrix."""
        if self._wide:
            self._table.focus()
        else:
            self._show_kind(OF_FIELD)
            self.focus_view()

    def _show_kind(self, kind: str) -> None:
        self._kind = kind
        self._chooses_field = kind == OF_FIELD
        self._arrange()
        self._show_images()

    def _show_images(self) -> None:
        """Show the images of the kind, from the first on."""
        if self._evaluation is not None:
            self._images.show(self._evaluation, self._indices_of_kind(self._evaluation))

    def _indices_of_kind(self, evaluation: ImageEvaluation) -> list[int]:
        """Return the indices of the kind's images in the test set."""
        if self._kind == ALL:
            count = len(evaluation.labels)
            return random.sample(range(count), count)
        if self._kind == MISREAD:
            return [int(index) for index in evaluation.misread]
        return [int(index) for index in evaluation.of_cell(*self._field)]

    # The matrix

    def _draw_matrix(self) -> None:
        if not self._matrix or not self.size:
            return
        width, height = self.size
        if self._wide:
            width //= 2
        if self._wide and height >= HIGH:
            height -= DETAIL_HEIGHT
        self._table.show(self._matrix, self._names, Size(width, height - AROUND_MATRIX))
        true, read = self._field
        self._table.move_cursor(row=true, column=read, animate=False)
        self._describe_field()

    @property
    def _names(self) -> Sequence[str]:
        """The names of the classes."""
        return [] if self._evaluation is None else self._evaluation.classes

    @on(DataTable.CellHighlighted)
    def _field_highlighted(self) -> None:
        """Show the images of the field that the cursor has moved to."""
        field = self._table.field
        # the table also says so when it is drawn anew
        if self._matrix and field != self._field and self._table.has_focus:
            self._field = field
            self._kind = OF_FIELD
            self._show_images()
            self._describe_field()

    @on(DataTable.CellSelected)
    def _field_selected(self) -> None:
        """Go to the images of a field; one without images leads nowhere."""
        true, read = self._field
        if self._matrix and self._matrix[true][read]:
            self._show_kind(OF_FIELD)
            self._chooses_field = False
            self._arrange()
            self._images.focus()

    def _describe_field(self) -> None:
        text = count_in_words(self._matrix, self._names, *self._field)
        true, read = self._field
        if self._matrix[true][read] and not self._wide:
            text += " · Enter shows them"
        text = f"{text}\n{scale_in_words(self._matrix)}"
        self.query_one("#confusion", Static).update(text)

    # The images

    @property
    def digit_at_hand(self) -> "DigitAtHand | None":
        """The image with the cursor, as networks read it; None if there is none."""
        # heavy, and the view is made right after the first frame
        from rnn_tui.ui.frame.digit_at_hand import DigitAtHand

        evaluation, index = self._evaluation, self._images.index
        run, _ = self._pane.results
        if evaluation is None or index is None:
            return None
        weights = Path(run.checkpoint) if run is not None and run.checkpoint else None
        digit = ink_of(evaluation, index)
        label = int(evaluation.labels[index])
        name = f"test image {index}"
        return DigitAtHand(name, digit, label, weights, evaluation.classes)

    def action_inside(self) -> None:
        if self._images.index is not None:
            super().action_inside()

    def action_move(self, images: int) -> None:
        self._images.move(images)

    def action_move_rows(self, rows: int) -> None:
        self._images.move_rows(rows)

    def action_move_pages(self, pages: int) -> None:
        self._images.move_pages(pages)

    @on(ImageGrid.Moved)
    def _describe_images(self) -> None:
        """Say which images are on screen, and show the one with the cursor in full."""
        evaluation, index = self._evaluation, self._images.index
        if evaluation is None:
            return
        which = self._kind_in_words(evaluation)
        self._images.border_title = Content(which)
        detail = self.query_one("#test-detail")
        detail.visible = index is not None
        line = which
        if index is not None:
            line += f" · {self._draw_detail(evaluation, index)}"
        self.query_one("#test-which", Static).update(line)

    def _draw_detail(self, evaluation: ImageEvaluation, index: int) -> str:
        """Draw an image in full; returns its number, its answer and how confident that is."""
        detail = self.query_one("#test-detail")
        true = int(evaluation.labels[index])
        read = evaluation.classes[int(evaluation.predictions[index])]
        is_right = evaluation.predictions[index] == true
        probabilities = evaluation.probabilities[index]
        confidence = f"{100 * probabilities.max():.1f} %"
        detail.query_one(InkImage).show_ink(ink_of(evaluation, index))
        detail.query_one(ProbabilityBars).show(probabilities.tolist(), true, evaluation.classes)
        verdict = "✓" if is_right else f"✗ true {evaluation.classes[true]}"
        detail.border_title = Content(f"Image {index}: {read}, confidence {confidence} {verdict}")
        return f"image {index}: {read} with {confidence}"

    def _kind_in_words(self, evaluation: ImageEvaluation) -> str:
        """Say which images are on screen, of how many of which kind."""
        true, read = (evaluation.classes[number] for number in self._field)
        if self._images.index is None:
            kind = "misread" if self._kind == MISREAD else f"true {true}, read as {read}"
            return f"no test image is {kind}"
        place = self._images.place
        if self._kind == ALL:
            return f"{place} test images, in random order"
        if self._kind == MISREAD:
            return f"{place} misread (of {len(evaluation.labels):,} test images)"
        return f"{place} test images: true {true}, read as {read}"

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
