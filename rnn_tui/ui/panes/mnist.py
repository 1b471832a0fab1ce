"""The MNIST tab."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from textual.widget import Widget

from rnn_tui.engine.state import RunState
from rnn_tui.ui.panels.training_view import TrainingView
from rnn_tui.ui.panes.base import TaskPane
from rnn_tui.ui.widgets.chart import Chart

if TYPE_CHECKING:
    from rnn_tui.ui.panels.confusion_view import ConfusionView
    from rnn_tui.ui.panels.misread_view import MisreadView
    from rnn_tui.ui.panels.result_view import ResultView


class MnistPane(TaskPane):
    """Images read row by row."""

    help_text = """\
# MNIST, read row by row

A recurrent network reads each image as 28 time steps of 28 pixels, top to bottom, and names the
digit. The **form** says what to train; an empty number stands for the preset's value, which is
shown dimmed. Several models are trained one after another and drawn together, one colour a run.

**Training** shows loss (line: training, marks: validation) and validation accuracy. **Test** has
the accuracy on the 10,000 test images beside the published one, and ten of the images. In
**Confusion** and **Misread** one sees which digits were taken for which.
"""

    def training_view(self) -> Widget:
        """Two charts and a table of epochs."""
        return TrainingView()

    def other_views(self) -> Sequence[tuple[str, str, Widget]]:
        """Test images, confusion, misread images."""
        # Imported here, as they take as long to load as the first frame does to draw.
        from rnn_tui.ui.panels.confusion_view import ConfusionView  # noqa: PLC0415
        from rnn_tui.ui.panels.misread_view import MisreadView  # noqa: PLC0415
        from rnn_tui.ui.panels.result_view import ResultView  # noqa: PLC0415

        self._results: ResultView = ResultView(self.spec)
        self._confusion: ConfusionView = ConfusionView()
        self._misread: MisreadView = MisreadView()
        return (
            ("test", "Test", self._results),
            ("confusion-tab", "Confusion", self._confusion),
            ("misread", "Misread", self._misread),
        )

    @property
    def charts(self) -> Sequence[Chart]:
        """Loss and accuracy."""
        return self.query_one(TrainingView).charts

    def show_view(self, view: str, states: Sequence[RunState], chosen: RunState | None) -> None:
        """Bring the view of this id up to date."""
        examination = self.examination(chosen)
        match view:
            case "training":
                colours = {state.run_id: self.runs.colour(state.run_id) for state in states}
                self.query_one(TrainingView).show(states, colours, chosen)
            case "test":
                self._results.show(chosen, examination)
            case "confusion-tab":
                self._confusion.show(None if examination is None else examination.confusion)
            case "misread":
                self._misread.show(examination)

    def action_full_screen(self) -> None:
        """Enlarge the chart in focus; then the other one; then neither."""
        if self.view != "training":
            self.show_tab("training")
        super().action_full_screen()

    def offers(self, action: str) -> bool:
        """Other images only where some are."""
        return super().offers(action) and (action != "other_images" or self.view == "test")

    def action_other_images(self) -> None:
        """Show ten other test images."""
        self._results.choose_others()

    def figure(self, state: RunState) -> str:
        """The test accuracy."""
        return f"{state.results['test_accuracy']:.2f} %"

    def end_sentence(self, state: RunState) -> str:
        """Test accuracy beside the report's."""
        published = self.spec.published["test_accuracy"][state.config.key]
        return (
            f"test accuracy {state.results['test_accuracy']:.2f} % after {state.elapsed:.1f} s "
            f"(the report: {published:.2f} %)."
        )
