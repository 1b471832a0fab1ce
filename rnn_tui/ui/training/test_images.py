"""The end of a run on images: ten test images beside its figures, and those that were misread."""

from __future__ import annotations

import random
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

import numpy as np
from textual import events
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Grid, Horizontal, Vertical, VerticalScroll
from textual.widgets import DataTable, Label, Static

from rnn_tui.tasks.evaluation import ImageEvaluation
from rnn_tui.ui.shell.key_table import key
from rnn_tui.ui.shell.views import TaskView
from rnn_tui.ui.widgets.digits import DigitImage, ProbabilityBars
from rnn_tui.ui.widgets.plain import PlainTable

if TYPE_CHECKING:
    from rnn_tui.engine.state import RunState
    from rnn_tui.ui.inside.subject import Given
    from rnn_tui.ui.training.pane import TaskPane

FULL_WIDTH = 92
IMAGES = 10
# Cells that five images side by side and two rows of them need, with captions.
TEN_WIDTH, TEN_HEIGHT = 5 * 30, 2 * 15 + 3


class ImageWithLabels(Vertical):
    """A test image with what was read and what it is."""

    def compose(self) -> ComposeResult:
        """Lay the caption out below the image."""
        yield DigitImage()
        yield Label("", classes="caption", markup=False)

    def show(self, evaluation: ImageEvaluation, index: int, small: bool) -> None:
        """Show test image `index`."""
        read, true = int(evaluation.predictions[index]), int(evaluation.labels[index])
        self.query_one(DigitImage).show(evaluation.images[index].tolist(), small)
        right = read == true
        self.query_one(Label).update(f"✓ {read}" if right else f"✗ {read}, true {true}")
        self.set_class(not right, "-wrong")


class TestImagesView(VerticalScroll, TaskView):
    """The figures of a run and ten random images.

    Args:
        pane: the task's.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        key("other", "other_images", "Others", tooltip="Ten other test images")
    ]

    def __init__(self, pane: TaskPane) -> None:
        super().__init__(id="result-view")
        self._spec = pane.spec
        self._evaluation: ImageEvaluation | None = None
        self._indices: list[int] = []

    def compose(self) -> ComposeResult:
        """Lay the headline out above the images."""
        yield Static("", id="headline", markup=False)
        with Grid(id="images"):
            for _ in range(IMAGES):
                yield ImageWithLabels()

    def bring_up_to_date(self, pane: TaskPane) -> None:
        """Show the results of the run that is looked at, or say that there are none yet."""
        evaluation = pane.evaluation
        changed = evaluation is not self._evaluation
        self._evaluation = evaluation
        self.query_one("#headline", Static).update(self._headline(pane.chosen))
        self.query_one("#images").display = evaluation is not None
        if changed and evaluation is not None:
            self.action_other_images()

    def action_other_images(self) -> None:
        """Draw ten other images by chance."""
        if self._evaluation is not None:
            count = len(self._evaluation.labels)
            self._indices = random.sample(range(count), min(IMAGES, count))
            self._draw()

    def on_resize(self, event: events.Resize) -> None:
        """Whole images where ten of them fit, small ones elsewhere."""
        small = event.size.width < TEN_WIDTH or event.size.height < TEN_HEIGHT
        if small != self.has_class("-small"):
            self.set_class(small, "-small")
            self._draw()

    def _draw(self) -> None:
        if self._evaluation is None:
            return
        small = self.has_class("-small")
        for widget, index in zip(self.query(ImageWithLabels), self._indices, strict=False):
            widget.show(self._evaluation, index, small)

    def _headline(self, state: RunState | None) -> str:
        task = self._spec
        headline = task.metric(task.headline)
        if state is None or headline.name not in state.results:
            return f"A run that is finished shows its {headline.label} and ten test images here."
        text = f"{state.config.label}: {task.in_words(headline.name, state.results)}"
        published = task.published_figure(headline.name, state.config.cell)
        if published is not None:
            difference = state.results[headline.name] - published
            text += f", report {published:.2f} % ({difference:+.2f})"
        others = [name for name in state.results if name != headline.name]
        return ", ".join([text, *(task.in_words(name, state.results) for name in others)])


class MisreadView(Vertical, TaskView):
    """A table of the misread images, the most confident first; one of them in full."""

    def __init__(self, pane: TaskPane) -> None:
        super().__init__()
        self._pane = pane
        self._evaluation: ImageEvaluation | None = None

    def compose(self) -> ComposeResult:
        """Lay the table out beside image and probabilities."""
        yield Static("", id="misread-headline", markup=False)
        with Horizontal(id="misread-body"):
            table = PlainTable(id="misread-table", cursor_type="row")
            table.add_columns("image", "true", "read", "sure %")
            yield table
            with Horizontal(id="misread-detail"):
                yield DigitImage(id="misread-image")
                yield ProbabilityBars(id="misread-bars")

    def on_mount(self) -> None:
        """Start empty."""
        self.query_one("#misread-body").display = False

    @property
    def at_hand(self) -> Given | None:
        """The image that is looked at, as networks read it; None where there is none."""
        # On use: this view is made right behind the first frame, and a look inside is heavy.
        from rnn_tui.ui.inside.subject import Given  # noqa: PLC0415

        evaluation, row = self._evaluation, self.query_one("#misread-table", PlainTable).cursor_row
        if evaluation is None or not 0 <= row < len(evaluation.misread):
            return None
        index = int(evaluation.misread[row])
        digit = evaluation.images[index].astype(np.float32) / np.float32(255)
        given = Given(f"misread image {index}", digit, int(evaluation.labels[index]))
        run = self._pane.chosen
        if run is None or not run.checkpoint:
            return given
        return replace(given, weights=Path(run.checkpoint))

    def bring_up_to_date(self, pane: TaskPane) -> None:
        """List the misread images of the run that is looked at."""
        evaluation = pane.evaluation
        headline = self.query_one("#misread-headline", Static)
        if evaluation is None:
            headline.update("A run that is finished lists the test images it misread here.")
        if evaluation is self._evaluation:
            return
        self._evaluation = evaluation
        self.query_one("#misread-body").display = evaluation is not None
        table = self.query_one("#misread-table", PlainTable)
        table.clear()
        if evaluation is None:
            return
        count, total = len(evaluation.misread), len(evaluation.labels)
        headline.update(
            f"{count:,} of {total:,} test images misread, the surest mistakes first. ↑/↓ browses."
        )
        for index in evaluation.misread.tolist():
            table.add_row(
                str(index),
                str(evaluation.labels[index]),
                str(evaluation.predictions[index]),
                f"{100 * evaluation.probabilities[index].max():.1f}",
            )
        self._show_detail(0)

    def on_data_table_row_highlighted(self, event: DataTable.RowHighlighted) -> None:
        """Show the image under the cursor."""
        self._show_detail(event.cursor_row)

    def on_resize(self, event: events.Resize) -> None:
        """Image beside the bars where both fit, a small one above them elsewhere."""
        small = event.size.width < FULL_WIDTH
        if small != self.has_class("-small"):
            self.set_class(small, "-small")
            self.call_after_refresh(
                lambda: self._show_detail(self.query_one("#misread-table", PlainTable).cursor_row)
            )

    def _show_detail(self, row: int) -> None:
        evaluation = self._evaluation
        if evaluation is None or not 0 <= row < len(evaluation.misread):
            return
        index = int(evaluation.misread[row])
        image = evaluation.images[index].tolist()
        self.query_one(DigitImage).show(image, self.has_class("-small"))
        self.query_one(ProbabilityBars).show(
            evaluation.probabilities[index].tolist(), int(evaluation.labels[index])
        )
