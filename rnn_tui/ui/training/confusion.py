"""The confusion matrix: how often each class was taken for each other one, and which images."""

import itertools
from collections.abc import Sequence
from typing import cast

from textual import on
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import DataTable, Static

from rnn_tui.tasks.task import ImageEvaluation
from rnn_tui.ui.common.key_table import key
from rnn_tui.ui.common.requests import InsideWanted
from rnn_tui.ui.common.task_view import TEST_VIEW, TaskTab, TaskView
from rnn_tui.ui.common.widgets.confusion_table import ConfusionTable
from rnn_tui.ui.training.images import TestImagesView, image_for_inside
from rnn_tui.ui.training.run_bar import not_measured


class ConfusionView(Vertical, TaskView):
    """A view of how often each true class was answered by each other one."""

    BINDINGS = [
        key("network", "next_variant", "Network", tooltip="Confusion of the next network"),
        key(
            "inside",
            "inside",
            "Inside",
            tooltip="Look inside at the image with the highest confidence of these",
        ),
    ]

    def __init__(self, pane: TaskTab) -> None:
        super().__init__()
        self._pane = pane
        self._table = ConfusionTable()
        self._evaluation: object = None
        self._matrices: list[list[list[int]]] = []  #: (V, C, C) counts, one matrix a network.
        self._networks: Sequence[str] = ()  #: (V,) their labels; none of a single network.
        self._network = 0  #: which of them is shown.

    def compose(self) -> ComposeResult:
        with Vertical(classes="panel", id="confusion-panel"):
            yield self._table
        yield Static("", id="confusion", markup=False)

    def on_mount(self) -> None:
        # whose colours are in the fields
        self.app.theme_changed_signal.subscribe(self, lambda _: self._draw())

    def on_resize(self) -> None:
        self._draw()

    def bring_up_to_date(self, pane: TaskTab) -> None:
        evaluation, run = pane.evaluation, pane.chosen
        if evaluation is not None and evaluation is self._evaluation:
            return
        self._evaluation = evaluation
        self._table.of_images = isinstance(evaluation, ImageEvaluation)
        self._matrices = _matrices(evaluation)
        self._networks = [] if run is None else [variant.label for variant in run.config.variants]
        self._network = len(self._matrices) - 1  # the largest
        self._draw()
        if self._matrix:
            self._go_to_most_frequent_mistake()
            pane.keep_focus()

    def _go_to_most_frequent_mistake(self) -> None:
        mistakes = itertools.permutations(range(len(self._matrix)), 2)
        true, read = max(mistakes, key=lambda place: self._matrix[place[0]][place[1]])
        self._table.move_cursor(row=true, column=read, animate=False)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        if action == "next_variant":
            return self._pane.spec.shape is not None
        if action == "inside":
            return self._table.of_images
        return super().check_action(action, parameters)

    def action_next_variant(self) -> None:
        self._network = (self._network + 1) % max(1, len(self._matrices))
        self._draw()

    @property
    def _matrix(self) -> list[list[int]]:
        """The counts that are shown; none before a run is measured."""
        return self._matrices[self._network] if self._matrices else []

    @property
    def _field(self) -> tuple[int, int]:
        """True class and answer at the cursor; in the column at the right, the right answer."""
        true, read = self._table.cursor_coordinate
        return true, read if read < len(self._matrix) else true

    @on(DataTable.CellHighlighted)
    def _describe_field(self) -> None:
        """Say below the matrix what the field with the cursor is."""
        true, read = self._field
        if not true < len(self._matrix):
            return
        names = self._names
        count = self._matrix[true][read]
        total = sum(self._matrix[true])
        share = f"{count:,} of {total:,} ({100 * count / max(1, total):.1f} %)"
        text = f"true {names[true]}, read as {names[read]}: {share}"
        if count and self._table.of_images:
            text += " · Enter shows them"
        self.query_one("#confusion", Static).update(text)

    @on(DataTable.CellSelected)
    async def _show_images(self) -> None:
        true, read = self._field
        if self._table.of_images and self._matrix[true][read]:
            view = cast(TestImagesView, await self._pane.filled(TEST_VIEW))
            view.bring_up_to_date(self._pane)
            view.show_field(true, read)
            self._pane.go_to_view(TEST_VIEW)

    def action_inside(self) -> None:
        """Look inside at the image of the field that was read with the highest confidence."""
        evaluation = self._evaluation
        true, read = self._field
        if isinstance(evaluation, ImageEvaluation) and self._matrix[true][read]:
            index = int(evaluation.of_cell(true, read)[0])
            image = image_for_inside(evaluation, index, self._pane.chosen)
            self.post_message(InsideWanted(self._pane.spec.name, image))

    @property
    def _names(self) -> Sequence[str]:
        """The names of the classes."""
        shape = self._pane.spec.shape
        if shape is not None:
            return shape.outputs
        return [str(number) for number in range(len(self._matrix))]

    def _draw(self) -> None:
        panel = self.query_one("#confusion-panel")
        panel.display = bool(self._matrix)
        self._table.disabled = not self._matrix
        if not self._matrix:
            reason = not_measured(self._pane.chosen, self._pane.runs)
            self.query_one("#confusion", Static).update(reason)
            return
        panel.border_title = Content(self._title())
        self._table.show(self._matrix, self._names, self.size)
        self._describe_field()

    def _title(self) -> str:
        """Return the panel's title: the network, and the meaning of rows and columns."""
        kind = "digit" if all(name.isdigit() for name in self._names) else "class"
        axes = f"rows: true {kind}, columns: read as"
        if not self._networks:
            return axes
        network = self._networks[self._network]
        if len(self._networks) > 1:
            network += " (n: next network)"
        return f"{network}: {axes}"


def _matrices(evaluation: object) -> list[list[list[int]]]:
    """Return the confusion matrices (V, C, C) of an evaluation; none if nothing is classified."""
    matrices = getattr(evaluation, "confusion", None)
    if matrices is None:
        return []
    if matrices.ndim == 2:
        matrices = matrices[None]  # a single network's (C, C) becomes (1, C, C)
    return cast("list[list[list[int]]]", matrices.tolist())
