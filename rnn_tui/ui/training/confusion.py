"""The confusion matrix of sequences: how often each class was taken for each other one."""

from collections.abc import Sequence
from typing import cast

from textual import on
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import DataTable, Static

from rnn_tui.ui.frame.task_view import FieldView, TaskTab, TaskView
from rnn_tui.ui.terminal.key_table import key
from rnn_tui.ui.training.run_bar import not_measured
from rnn_tui.ui.widgets.confusion_table import (
    SequenceMatrix,
    count_in_words,
    most_frequent_mistake,
    scale_in_words,
)

TEST_VIEW = "test"  # the id of the view that lists test sequences


class ConfusionView(Vertical, TaskView):
    """A view of how often each true class was answered by each other one."""

    shows_results = True
    BINDINGS = [
        key("network", "next_variant", "Network", tooltip="Confusion of the next network"),
    ]

    def __init__(self, pane: TaskTab) -> None:
        super().__init__()
        self._pane = pane
        lists_sequences = pane.spec.shape is not None and TEST_VIEW in pane.views
        self._table = SequenceMatrix(leads=lists_sequences)
        self._evaluation: object = None
        self._matrices: list[list[list[int]]] = []  #: (V, C, C) counts, one matrix a network.
        self._networks: Sequence[str] = ()  #: (V,) their labels; none of a single network.
        self._seeds = 1  #: how many seeds of a network are counted together.
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
        run, evaluation = pane.results
        if evaluation is not None and evaluation is self._evaluation:
            return
        self._evaluation = evaluation
        self._matrices = _matrices(evaluation)
        self._networks = [] if run is None else [variant.label for variant in run.config.variants]
        self._seeds = 1 if run is None else run.config.seed_count
        self._network = len(self._matrices) - 1  # the largest
        self._draw()
        if self._matrix:
            self._go_to_most_frequent_mistake()
            pane.keep_focus()

    def _go_to_most_frequent_mistake(self) -> None:
        true, read = most_frequent_mistake(self._matrix)
        self._table.move_cursor(row=true, column=read, animate=False)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        if action == "next_variant":
            if self._pane.spec.shape is None:
                return False
            return True if len(self._matrices) > 1 else None
        return super().check_action(action, parameters)

    def action_next_variant(self) -> None:
        self._network = (self._network + 1) % max(1, len(self._matrices))
        self._draw()

    @on(DataTable.CellSelected)
    async def _show_sequences(self, event: DataTable.CellSelected) -> None:
        """Go to the sequences of the field at the cursor, in the view Test."""
        event.stop()
        true, answer = self._table.field
        if not self._table.of_images or not self._matrix[true][answer]:
            return
        view = await self._pane.filled(TEST_VIEW)
        if isinstance(view, FieldView):  # which it is not if it can't be made
            view.bring_up_to_date(self._pane)
            view.show_field(self._network, true, answer)
            self._pane.go_to_view(TEST_VIEW)

    @property
    def _matrix(self) -> list[list[int]]:
        """The counts that are shown; none before a run is measured."""
        return self._matrices[self._network] if self._matrices else []

    @on(DataTable.CellHighlighted)
    def _describe_field(self) -> None:
        """Say below the matrix what the field with the cursor is."""
        true, read = self._table.field
        if true < len(self._matrix):
            text = count_in_words(self._matrix, self._names, true, read)
            text = f"{text}\n{scale_in_words(self._matrix)}"
            self.query_one("#confusion", Static).update(text)

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
        together = f"{self._seeds} seeds together" if self._seeds > 1 else ""
        panel.border_subtitle = Content(together)
        self._table.show(self._matrix, self._names, self.size)
        self._describe_field()

    def _title(self) -> str:
        """Return the panel's title: the network, and the meaning of rows and columns."""
        kind = "digit" if all(name.isdigit() for name in self._names) else "class"
        axes = f"true {kind}, columns: read as"
        if not self._networks:
            return f"Rows: {axes}"
        network = self._networks[self._network]
        if len(self._networks) > 1:
            network += " (n: next network)"
        return f"{network} · rows: {axes}"


def _matrices(evaluation: object) -> list[list[list[int]]]:
    """Return the confusion matrices (V, C, C) of an evaluation; none if nothing is classified."""
    matrices = getattr(evaluation, "confusion", None)
    if matrices is None:
        return []
    if matrices.ndim == 2:
        matrices = matrices[None]  # a single network's (C, C) becomes (1, C, C)
    return cast("list[list[list[int]]]", matrices.tolist())
