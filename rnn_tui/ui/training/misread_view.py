"""A browser of the test images that were read wrong."""

import numpy as np
from textual import events
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.widgets import DataTable, Static

from rnn_tui.tasks.mnist.evaluation import ImageEvaluation
from rnn_tui.ui.inside.subject import Given
from rnn_tui.ui.widgets.digit_image import DigitImage
from rnn_tui.ui.widgets.probability_bars import ProbabilityBars

FULL_WIDTH = 92


class MisreadView(Vertical):
    """A table of the misread images, the most confident first; one of them in full."""

    def compose(self) -> ComposeResult:
        """Lay the table out beside image and probabilities."""
        yield Static("", id="misread-headline", markup=False)
        with Horizontal(id="misread-body"):
            table: DataTable[str] = DataTable(id="misread-table", cursor_type="row")
            table.add_columns("image", "true", "read", "sure %")
            yield table
            with Horizontal(id="misread-detail"):
                yield DigitImage("", id="misread-image")
                yield ProbabilityBars(id="misread-bars")

    def on_mount(self) -> None:
        """Start empty."""
        self._evaluation: ImageEvaluation | None = None
        self.query_one("#misread-body").display = False

    @property
    def at_hand(self) -> Given | None:
        """The image that is looked at, as networks read it; None where there is none."""
        evaluation, row = self._evaluation, self.query_one("#misread-table", DataTable).cursor_row
        if evaluation is None or not 0 <= row < len(evaluation.misread):
            return None
        index = int(evaluation.misread[row])
        digit = evaluation.images[index].astype(np.float32) / np.float32(255)
        return Given(f"misread image {index}", digit, int(evaluation.labels[index]))

    def show(self, evaluation: ImageEvaluation | None) -> None:
        """List the misread images of a run."""
        headline = self.query_one("#misread-headline", Static)
        if evaluation is None:
            headline.update("A run that is finished lists the test images it misread here.")
        if evaluation is self._evaluation:
            return
        self._evaluation = evaluation
        self.query_one("#misread-body").display = evaluation is not None
        table = self.query_one("#misread-table", DataTable)
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
                lambda: self._show_detail(self.query_one("#misread-table", DataTable).cursor_row)
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
