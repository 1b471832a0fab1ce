"""The confusion matrix: how often each class was taken for each other one, and which images."""

import itertools
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, cast

import numpy as np
from textual import on
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import DataTable, Static

from rnn_tui.engine.state import RunState, Status
from rnn_tui.tasks.task import TEST_IMAGES, ImageEvaluation
from rnn_tui.ui.common.key_table import key
from rnn_tui.ui.common.requests import InsideWanted
from rnn_tui.ui.common.task_view import TaskView
from rnn_tui.ui.common.widgets.confusion_table import ConfusionTable

if TYPE_CHECKING:
    from rnn_tui.ui.common.digit_at_hand import Given
    from rnn_tui.ui.training.pane import TaskPane
    from rnn_tui.ui.training.results import TestImagesView


def not_measured(pane: "TaskPane") -> str:
    """Why there is nothing of the run that is looked at, in a sentence."""
    if (run := pane.chosen) is None:
        return "Train a network (t): after training it is measured on the test set and shown here."
    name = run.config.label
    if run.status.active:
        return f"{name} is measured on the test set after training, and shown here."
    if run.status is not Status.FINISHED:
        return f"{name} was not trained to its end, so it was not measured on the test set."
    if pane.runs.anything_to_come:
        return f"{name} is being measured on the test set …"
    return f"{name} could not be measured in detail; the log (G) says why."


def given_image(found: ImageEvaluation, index: int, run: RunState | None) -> "Given":
    """A test image for the look inside, with the weights of the run that read it."""
    # heavy, and the view is made right behind the first frame
    from rnn_tui.ui.common.digit_at_hand import Given  # noqa: PLC0415

    weights = Path(run.checkpoint) if run is not None and run.checkpoint else None
    digit = found.images[index].astype(np.float32) / np.float32(255)
    return Given(f"test image {index}", digit, int(found.labels[index]), weights)


class ConfusionView(Vertical, TaskView):
    """How often each true class was answered by each other one."""

    BINDINGS = [
        key("network", "next_variant", "Network", tooltip="Confusion of the next network"),
        key("inside", "inside", "Inside", tooltip="Look inside at the surest of these images"),
    ]

    def __init__(self, pane: "TaskPane") -> None:
        super().__init__()
        self._pane, self._table = pane, ConfusionTable()
        self._evaluation: object = None
        # (V, C, C) counts, and the networks that they are of
        self._matrices: list[list[list[int]]] = []
        self._networks: Sequence[str] = ()
        self._at = 0

    def compose(self) -> ComposeResult:
        with Vertical(classes="panel", id="confusion-panel"):
            yield self._table
        yield Static("", id="confusion", markup=False)

    def on_mount(self) -> None:
        # whose colours are in the fields
        self.app.theme_changed_signal.subscribe(self, lambda _: self._draw())

    def bring_up_to_date(self, pane: "TaskPane") -> None:
        found, run = pane.evaluation, pane.chosen
        if found is not None and found is self._evaluation:
            return
        self._evaluation, matrices = found, getattr(found, "confusion", None)
        self._table.of_images = isinstance(found, ImageEvaluation)
        if matrices is not None and matrices.ndim == 2:
            matrices = matrices[None]  # of a single network
        self._matrices = matrices.tolist() if matrices is not None else []
        self._networks = [one.label for one in run.config.variants] if run is not None else []
        self._at = len(self._matrices) - 1  # the largest
        self._draw()
        if self._matrix:  # begin with the most frequent mistake
            places = itertools.permutations(range(len(self._matrix)), 2)
            true, read = max(places, key=lambda place: self._matrix[place[0]][place[1]])
            self._table.move_cursor(row=true, column=read, animate=False)
            pane.keep_focus()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        there = {"next_variant": self._pane.spec.shape is not None, "inside": self._table.of_images}
        return there.get(action, super().check_action(action, parameters))

    def action_next_variant(self) -> None:
        self._at = (self._at + 1) % max(1, len(self._matrices))
        self._draw()

    @property
    def _matrix(self) -> list[list[int]]:
        return self._matrices[self._at] if self._matrices else []

    @property
    def _field(self) -> tuple[int, int]:
        """True class and answer at the cursor; in the column at the right, the right one."""
        true, read = self._table.cursor_coordinate
        return true, read if read < len(self._matrix) else true

    @on(DataTable.CellHighlighted)
    def _read_field(self) -> None:
        true, read = self._field
        if not true < len(self._matrix):
            return
        count, total, names = self._matrix[true][read], sum(self._matrix[true]), self._names
        share = f"{count:,} of {total:,} ({100 * count / max(1, total):.1f} %)"
        more = " · Enter shows them" if count and self._table.of_images else ""
        self.query_one("#confusion", Static).update(
            f"true {names[true]}, read as {names[read]}: {share}{more}"
        )

    @on(DataTable.CellSelected)
    async def _show_images(self) -> None:
        true, read = self._field
        if self._table.of_images and self._matrix[true][read]:
            view = await self._pane.filled(TEST_IMAGES.id)
            view.bring_up_to_date(self._pane)
            cast("TestImagesView", view).show_field(true, read)
            self._pane.go_to_view(TEST_IMAGES.id)

    def action_inside(self) -> None:
        found, (true, read) = self._evaluation, self._field
        if isinstance(found, ImageEvaluation) and self._matrix[true][read]:
            given = given_image(found, int(found.of_cell(true, read)[0]), self._pane.chosen)
            self.post_message(InsideWanted(self._pane.spec.name, given))

    @property
    def _names(self) -> Sequence[str]:
        shape = self._pane.spec.shape
        return shape.outputs if shape is not None else [str(at) for at in range(len(self._matrix))]

    def _draw(self) -> None:
        panel = self.query_one("#confusion-panel")
        panel.display = bool(self._matrix)
        self._table.disabled = not self._matrix
        if not self._matrix:
            self.query_one("#confusion", Static).update(not_measured(self._pane))
            return
        more = " (n: next network)" if len(self._networks) > 1 else ""
        network = f"{self._networks[self._at]}{more}: " if self._networks else ""
        what = "digit" if all(one.isdigit() for one in self._names) else "class"
        panel.border_title = Content(f"{network}rows: true {what}, columns: read as")
        self._table.show(self._matrix, self._names, self.size)
        self._read_field()

    on_resize = _draw
