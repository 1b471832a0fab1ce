"""The confusion matrix: how often each class was taken for each other one, and which images."""

import itertools
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, cast

import numpy as np
from rich.style import Style
from rich.text import Text
from textual import on
from textual.app import ComposeResult
from textual.binding import Binding
from textual.color import Color
from textual.containers import Vertical
from textual.content import Content
from textual.geometry import Size
from textual.widgets import DataTable, Static

from rnn_tui.engine.state import RunState, Status
from rnn_tui.tasks.task import TEST_IMAGES, ImageEvaluation
from rnn_tui.ui.common.key_table import key
from rnn_tui.ui.common.messages import InsideWanted
from rnn_tui.ui.common.views import TaskView
from rnn_tui.ui.common.widgets.plain import PlainTable

if TYPE_CHECKING:
    from rnn_tui.ui.inside.subject import Given
    from rnn_tui.ui.training.pane import TaskPane
    from rnn_tui.ui.training.results import TestImagesView

# Cells of a field, fewest and most; the column at the right; what else takes room around fields.
LEAST_WIDTH, MOST_WIDTH, MOST_HEIGHT, RIGHT_WIDTH = 5, 9, 3, 9
AROUND = Size(RIGHT_WIDTH + 10, 5)


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
    from rnn_tui.ui.inside.subject import Given  # noqa: PLC0415

    weights = Path(run.checkpoint) if run is not None and run.checkpoint else None
    digit = found.images[index].astype(np.float32) / np.float32(255)
    return Given(f"test image {index}", digit, int(found.labels[index]), weights)


class ConfusionTable(PlainTable):
    """Counts of answers in colours: the deeper, the larger a share of the row."""

    BINDINGS = [
        Binding("enter", "select_cursor", "Images", key_display="⏎", tooltip="Show these images")
    ]

    def __init__(self) -> None:
        super().__init__(cell_padding=0, cursor_background_priority="css", classes="matrix")
        self.of_images = False

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        return super().check_action(action, parameters) and (
            action != "select_cursor" or self.of_images
        )

    def show(self, matrix: Sequence[Sequence[int]], names: Sequence[str], room: Size) -> None:
        """Draw (C, C) counts, true classes in rows, or (C, C + 1), the last for answers in doubt;
        the names are of columns.
        """
        cursor, free = self.cursor_coordinate, room - AROUND
        width = max(LEAST_WIDTH, min(MOST_WIDTH, free.width // len(names)))
        height = max(1, min(MOST_HEIGHT, free.height // len(matrix)))
        self.clear(columns=True)
        for name in names:
            self.add_column(name.center(width), width=width)
        self.add_column("right %".rjust(RIGHT_WIDTH), width=RIGHT_WIDTH)
        above = "\n" * ((height - 1) // 2)
        for true, counts in enumerate(matrix):
            right = f"{100 * counts[true] / sum(counts):.2f}" if any(counts) else "–"
            label = Text(f"{above}{names[true]} ", style="bold")
            fields = self._fields(counts, true, len(matrix), Size(width, height))
            self.add_row(*fields, above + right.rjust(RIGHT_WIDTH), height=height, label=label)
        self.move_cursor(row=cursor.row, column=cursor.column, animate=False)

    def _fields(self, counts: Sequence[int], true: int, classes: int, size: Size) -> list[Text]:
        names = "success", "error", "warning", "background"
        good, bad, unsure, ground = (Color.parse(self.app.theme_variables[name]) for name in names)
        worst = max(1, *(n for read, n in enumerate(counts) if read != true))
        fields = []
        for read, count in enumerate(counts):
            hue = good if read == true else unsure if read == classes else bad
            shade = ground.blend(
                hue, 0.15 + 0.45 * count / (max(1, sum(counts)) if read == true else worst)
            )
            style = Style(
                color=shade.get_contrast_text(1.0).rich_color,
                bgcolor=shade.rich_color,
                bold=read == true,
            )
            lines = [" " * size.width] * size.height
            lines[(size.height - 1) // 2] = (f"{count:>4} " if count else "·").center(size.width)
            fields.append(Text("\n".join(lines), style=style if count else "dim"))
        return fields


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
