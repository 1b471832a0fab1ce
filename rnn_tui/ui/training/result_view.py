"""The end of a run: its test accuracy beside the report's, and ten test images."""

import random

from textual import events
from textual.app import ComposeResult
from textual.containers import Grid, Vertical, VerticalScroll
from textual.widgets import Label, Static

from rnn_tui.engine.state import RunState
from rnn_tui.tasks.mnist.evaluation import ImageEvaluation
from rnn_tui.tasks.task import Task
from rnn_tui.ui.widgets.digit_image import DigitImage

IMAGES = 10
# Cells that five images side by side and two rows of them need, with captions.
FULL_WIDTH, FULL_HEIGHT = 5 * 30, 2 * 15 + 3


class ImageWithLabels(Vertical):
    """A test image with what was read and what it is."""

    def compose(self) -> ComposeResult:
        """Lay the caption out below the image."""
        yield DigitImage("")
        yield Label("", classes="caption", markup=False)

    def show(self, evaluation: ImageEvaluation, index: int, small: bool) -> None:
        """Show test image `index`."""
        read, true = int(evaluation.predictions[index]), int(evaluation.labels[index])
        self.query_one(DigitImage).show(evaluation.images[index].tolist(), small)
        right = read == true
        self.query_one(Label).update(f"✓ {read}" if right else f"✗ {read}, true {true}")
        self.set_class(not right, "-wrong")


class ResultView(VerticalScroll):
    """Test accuracy and ten random images.

    Args:
        task: has the published figures.
    """

    def __init__(self, task: Task) -> None:
        super().__init__(id="result-view")
        self._spec = task
        self._state: RunState | None = None
        self._evaluation: ImageEvaluation | None = None
        self._indices: list[int] = []

    def compose(self) -> ComposeResult:
        """Lay the headline out above the images."""
        yield Static("", id="headline", markup=False)
        with Grid(id="images"):
            for _ in range(IMAGES):
                yield ImageWithLabels()

    def show(self, state: RunState | None, evaluation: ImageEvaluation | None) -> None:
        """Show the results of a run, or say that there are none yet."""
        changed = evaluation is not self._evaluation
        self._state, self._evaluation = state, evaluation
        self.query_one("#headline", Static).update(self._headline())
        self.query_one("#images").display = evaluation is not None
        if changed and evaluation is not None:
            self.choose_others()

    def choose_others(self) -> None:
        """Draw ten other images by chance."""
        if self._evaluation is not None:
            count = len(self._evaluation.labels)
            self._indices = random.sample(range(count), min(IMAGES, count))
            self._draw()

    def on_resize(self, event: events.Resize) -> None:
        """Whole images where ten of them fit, small ones elsewhere."""
        small = event.size.width < FULL_WIDTH or event.size.height < FULL_HEIGHT
        if small != self.has_class("-small"):
            self.set_class(small, "-small")
            self._draw()

    def _draw(self) -> None:
        if self._evaluation is None:
            return
        small = self.has_class("-small")
        for widget, index in zip(self.query(ImageWithLabels), self._indices, strict=False):
            widget.show(self._evaluation, index, small)

    def _headline(self) -> str:
        if self._state is None or "test_accuracy" not in self._state.results:
            return "A run that is finished shows its test accuracy and ten test images here."
        accuracy = self._state.results["test_accuracy"]
        text = f"{self._state.config.label}: test accuracy {accuracy:.2f} %"
        published = self._spec.published_figure(self._spec.headline, self._state.config.cell)
        if published is not None:
            text += f", report {published:.2f} % ({accuracy - published:+.2f})"
        return f"{text}, loss {self._state.results['test_loss']:.4f}"
