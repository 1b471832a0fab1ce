"""The MNIST tab."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from textual.widget import Widget

from rnn_tui.engine.state import RunState
from rnn_tui.tasks.task import Task
from rnn_tui.ui.chart.chart import Chart
from rnn_tui.ui.shell.lazy_view import LazyView
from rnn_tui.ui.shell.pane import CHART_ACTIONS
from rnn_tui.ui.training.manager import TrainingManager
from rnn_tui.ui.training.pane import TaskPane
from rnn_tui.ui.training.training_view import TrainingView

if TYPE_CHECKING:
    from rnn_tui.runs.weights import Source
    from rnn_tui.ui.inside.subject import Given
    from rnn_tui.ui.training.confusion_view import ConfusionView
    from rnn_tui.ui.training.misread_view import MisreadView
    from rnn_tui.ui.training.result_view import ResultView


def _photos_panel() -> Widget:
    from rnn_tui.ui.photos.panel import PhotosPanel  # noqa: PLC0415 - OpenCV, on use only

    return PhotosPanel()


def _drawing_panel() -> Widget:
    from rnn_tui.ui.draw.panel import DrawingPanel  # noqa: PLC0415 - OpenCV, on use only

    return DrawingPanel()


def _inside_view(given: Callable[[], Given | None]) -> Widget:
    from rnn_tui.ui.inside.mnist import MnistInside  # noqa: PLC0415 - numpy, on use only

    return MnistInside(given)


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

**Photos** reads photos of digits, files or whole folders, and shows what the network received; the
right digits can be typed, and images kept to train on. **Draw** reads what one draws. Both work
from the start, with weights that ship.

**Inside** shows, row by row, what a network holds while it reads a test image, a misread one, a
photo or a drawing: whichever was looked at last. `k` there measures how early it could have
decided; `o` colours the pixels that speak for its answer, or against it.
"""

    def __init__(self, task: Task, runs: TrainingManager, data_dir: str | None = None) -> None:
        super().__init__(task, runs, data_dir)
        self._laters = {
            "photos": LazyView(_photos_panel),
            "draw": LazyView(_drawing_panel),
            "inside": LazyView(lambda: _inside_view(self._digit_at_hand)),
        }

    def training_view(self) -> Widget:
        """Two charts and a table of epochs."""
        return TrainingView()

    def other_views(self) -> Sequence[tuple[str, str, Widget]]:
        """Test images, confusion, misread images."""
        # Imported here, as they take as long to load as the first frame does to draw.
        from rnn_tui.ui.training.confusion_view import ConfusionView  # noqa: PLC0415
        from rnn_tui.ui.training.misread_view import MisreadView  # noqa: PLC0415
        from rnn_tui.ui.training.result_view import ResultView  # noqa: PLC0415

        self._results: ResultView = ResultView(self.spec)
        self._confusion: ConfusionView = ConfusionView()
        self._misread: MisreadView = MisreadView()
        return (
            ("test", "Test", self._results),
            ("confusion-tab", "Confusion", self._confusion),
            ("misread", "Misread", self._misread),
            ("photos", "Photos", self._laters["photos"]),
            ("draw", "Draw", self._laters["draw"]),
            ("inside", "Inside", self._laters["inside"]),
        )

    @property
    def charts(self) -> Sequence[Chart]:
        """Loss and accuracy."""
        return self.query_one(TrainingView).charts

    def show_view(self, view: str, states: Sequence[RunState], chosen: RunState | None) -> None:
        """Bring the view of this id up to date."""
        evaluation = self.evaluation(chosen)
        match view:
            case "training":
                colours = {state.run_id: self.runs.colour(state.run_id) for state in states}
                self.query_one(TrainingView).show(states, colours, chosen)
            case "test":
                self._results.show(chosen, evaluation)
            case "confusion-tab":
                self._confusion.show(None if evaluation is None else evaluation.confusion)
            case "misread":
                self._misread.show(evaluation)
                self._last_input = view
            case "photos" | "draw" | "inside":
                if view != "inside":
                    self._last_input = view
                content = self._laters[view].content
                if content is None:
                    self.run_worker(self._fill(view), group=view)
                elif view == "inside":
                    cast("Any", content).ask()

    _last_input = ""

    def _digit_at_hand(self) -> Given | None:
        """What was drawn, photographed or misread, whichever was looked at last."""
        if self._last_input == "misread":
            image, run = self._misread.at_hand, self.chosen
            if image is None or run is None or not run.checkpoint:
                return image
            return replace(image, weights=Path(run.checkpoint))
        content = self._laters[self._last_input].content if self._last_input else None
        if content is None:
            return None
        found: Given | None = cast("Any", content).at_hand
        return found

    async def _fill(self, view: str) -> None:
        await self._laters[view].fill()
        if self.view == view:
            self.focus_view()

    def focus_view(self) -> None:
        """In photos and drawing, what is shown and not a field."""
        later = self._laters.get(self.view)
        if later is None:
            super().focus_view()
        elif later.content is not None:
            cast("Any", later.content).focus_view()

    async def use_weights(self, source: Source) -> None:
        """Let them read drawings and photos, and show the former."""
        for later in self._laters.values():
            cast("Any", await later.fill()).use(source)
        self.show_tab("draw")
        self.call_after_refresh(self.focus_view)

    def ended(self, state: RunState) -> None:  # noqa: ARG002 - whichever it was
        """What was trained may read photos and drawings from now on."""
        for later in self._laters.values():
            if later.content is not None:
                cast("Any", later.content).refresh_weights()

    def offers(self, action: str) -> bool:
        """Chart keys only where there are charts, other images only where some are."""
        if action in CHART_ACTIONS:
            return self.view == "training"
        return super().offers(action) and (action != "other_images" or self.view == "test")

    def action_other_images(self) -> None:
        """Show ten other test images."""
        self._results.choose_others()

    def figure(self, state: RunState) -> str:
        """The test accuracy."""
        return f"{state.results['test_accuracy']:.2f} %"

    def end_sentence(self, state: RunState) -> str:
        """Test accuracy beside the report's."""
        published = self.spec.published_figure(self.spec.headline, state.config.cell)
        beside = "" if published is None else f" (the report: {published:.2f} %)"
        accuracy = state.results[self.spec.headline]
        return f"test accuracy {accuracy:.2f} % after {state.elapsed:.1f} s{beside}."
