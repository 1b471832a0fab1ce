"""The report's figures beside ours, one experiment a row."""

from __future__ import annotations

from collections.abc import Collection

from rich.console import JustifyMethod
from rich.text import Text
from textual import on
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.message import Message
from textual.widgets import DataTable, Static

from rnn_tui.report.plan import Experiment
from rnn_tui.report.rows import Results, Row
from rnn_tui.report.words import HEADS, cells
from rnn_tui.ui.report.progress import place

KEYS = ("experiment", "published", "ours", "n", "place", "time")
SHORT_HEADS = ("experiment", "report", "here, mean ± sd [min, max]", "n", "report is", "time")
RIGHT = ("published", "n", "time")
# Below, a row in full words would not fit.
FULL_WIDTH = 116
CAPTION = (
    "In percent. MNIST and recall: accuracy on the test set; adder: bit accuracy, the mean over "
    "lengths 1 to 20. Enter: a row's runs."
)


class ReportTable(Vertical):
    """The table of a rerun."""

    class Chosen(Message):
        """Enter was pressed on a row, or it was clicked.

        Attributes:
            row: which.
        """

        def __init__(self, row: Row) -> None:
            self.row = row
            super().__init__()

    def __init__(self) -> None:
        super().__init__()
        self._results: Results | None = None
        self._training: Collection[Experiment] = ()
        self._shown: tuple[object, ...] = ()

    def compose(self) -> ComposeResult:
        """The table, and what its figures are."""
        table: DataTable[Text] = DataTable(
            cursor_type="row", zebra_stripes=True, cell_padding=0, id="report-figures"
        )
        yield table
        yield Static("", id="report-notes", markup=False)
        yield Static(CAPTION, id="report-caption", markup=False)

    def on_mount(self) -> None:
        """Follow the theme, whose colours are in the cells."""
        self.app.theme_changed_signal.subscribe(self, lambda _: self._fill())

    def on_resize(self) -> None:
        """In full words where there is room for them."""
        self._fill()

    @property
    def _table(self) -> DataTable[Text]:
        return self.query_one("#report-figures", DataTable)

    def focus_view(self) -> None:
        """Put the focus on the table."""
        self._table.focus()

    def show(self, results: Results, training: Collection[Experiment]) -> None:
        """Show what there is.

        Args:
            results: the figures.
            training: experiments with networks in training now.
        """
        self._results, self._training = results, training
        notes = self.query_one("#report-notes", Static)
        notes.update(" ".join(results.plan.notes))
        notes.display = bool(results.plan.notes)
        self._fill()

    def _fill(self) -> None:
        """Columns and rows anew where they are others, cells alone where they are the same."""
        if self._results is None or not self.size.width:
            return
        table, rows = self._table, self._results.rows
        short = self.size.width < FULL_WIDTH
        frame = short, tuple(row.experiment.key for row in rows)
        lines = [(row.experiment.key, self._line(row, short)) for row in rows]
        if frame == self._shown:
            for key, line in lines:
                for column, cell in zip(KEYS, line, strict=True):
                    if table.get_cell(key, column) != cell:
                        table.update_cell(key, column, cell, update_width=True)
            return
        self._shown, at = frame, table.cursor_row
        table.clear(columns=True)
        for column, head in zip(KEYS, SHORT_HEADS if short else HEADS, strict=True):
            table.add_column(_cell(column, head), key=column)
        for key, line in lines:
            table.add_row(*line, key=key)
        table.move_cursor(row=min(at, len(lines) - 1))

    def _line(self, row: Row, short: bool) -> list[Text]:
        texts = list(cells(row))
        if short:
            texts[KEYS.index("n")] = f"{row.n}/{row.wanted}"
        texts[KEYS.index("place")] = place(
            row, short=short, training=row.experiment in self._training
        )
        variables = self.app.get_css_variables()
        colours = {None: "text-muted", True: "text-success", False: "text-warning"}
        style = variables.get(colours[row.inside], "")
        return [
            _cell(column, text, style if column == "place" else "")
            for column, text in zip(KEYS, texts, strict=True)
        ]

    @on(DataTable.RowSelected)
    def _selected(self, event: DataTable.RowSelected) -> None:
        event.stop()
        if self._results is not None and 0 <= event.cursor_row < len(self._results.rows):
            self.post_message(self.Chosen(self._results.rows[event.cursor_row]))


def _cell(column: str, text: str, style: str = "") -> Text:
    """A cell; a gap before it stands in for padding on both sides, which 80 columns lack."""
    justify: JustifyMethod = "right" if column in RIGHT else "left"
    gap = "" if column == KEYS[0] else " "
    return Text(f"{gap}{text}", style, justify=justify, no_wrap=True)
