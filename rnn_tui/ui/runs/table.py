"""The table of runs: its columns, and how it is filtered, sorted and marked."""

from collections.abc import Mapping, Sequence
from itertools import islice

from rich.text import Text
from textual import getters, on
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.widgets import DataTable, Input, Static

from rnn_tui.engine.palette import curve_colour, curve_marker
from rnn_tui.runs.records import RunRecord
from rnn_tui.ui.runs.listing import BY_AGE, COLUMNS, STATUS_MARKS, Listing
from rnn_tui.ui.shell.key_table import key
from rnn_tui.ui.textual_fixes import LongTable
from rnn_tui.ui.widgets.plain import TypedInput

LONGEST_FILTER = 200
EMPTY = "No runs yet. Train something (F2 … F4, then t), and it is kept here."
NONE_LEFT = "No run has all of these words."


class FilterInput(TypedInput):
    """Words to filter by; Enter, Escape or ↓ go back to the table."""

    BINDINGS = [
        Binding("enter,down", "back", "Filter", key_display="⏎", tooltip="Go to the runs with these words"),
        Binding("escape", "back(True)", "All runs", key_display="Esc", tooltip="Show all runs again"),
    ]

    def action_back(self, clear: bool = False) -> None:
        if clear:
            self.value = ""
        self.screen.query_one(RunsTable).focus_view()


class RunsTable(Vertical):
    """All runs, one a line; its `listing` has all of them, filtered or not."""

    BINDINGS = [
        Binding("space", "mark", "Mark", key_display="␣", tooltip="Mark for comparison (Space)"),
        key("sort", "sort", "Sort", tooltip="Sort by the next column"),
        key("reverse", "reverse", "Reverse", show=False, tooltip="Reverse the sort order"),
        key("type", "filter", "Filter", tooltip="Filter by words"),
        key("unmark", "unmark", "Unmark all", show=False, tooltip="Remove all marks"),
    ]

    _table = getters.query_one("#runs-table", LongTable)

    def __init__(self) -> None:
        super().__init__(classes="panel")
        self.border_title = "Runs"
        self.listing = Listing()
        self._shown: dict[str, RunRecord] = {}
        self._colours: Mapping[str, str] = {}
        # In the order of marking, which is that of their colours.
        self._marked: list[str] = []
        self._sort, self._backwards = BY_AGE, False
        self._loaded = False

    def compose(self) -> ComposeResult:
        with Horizontal(id="runs-head"):
            yield FilterInput("", LONGEST_FILTER, placeholder="/ filters by name, task, status, tag …", id="runs-filter")
        table = LongTable(self._cells, id="runs-table")
        table.add_column(" ", key="mark")
        for column in COLUMNS:
            table.add_column(Text(column.label, justify="right" if column.right else "left"), key=column.label)
        yield table
        yield Static("", id="runs-empty", markup=False)

    def on_mount(self) -> None:
        self.app.theme_changed_signal.subscribe(self, lambda _: self._fill())  # whose colours are in the cells

    def focus_view(self) -> None:
        self._table.focus()

    @property
    def highlighted(self) -> RunRecord | None:
        """The run under the cursor."""
        at = self._table.cursor_row
        return next(islice(self._shown.values(), at, None), None) if at >= 0 else None

    @property
    def marked(self) -> list[RunRecord]:
        """The marked runs, in the order of marking."""
        return [self.listing.words[run_id][0] for run_id in self._marked if run_id in self.listing.words]

    @property
    def chosen(self) -> list[RunRecord]:
        """What a command is for: the marked runs, or else the one under the cursor."""
        return self.marked or ([self.highlighted] if self.highlighted else [])

    def show(self, listing: Listing) -> None:
        """Show these runs, with cursor and marks where they were."""
        self.listing, self._loaded = listing, True
        self._marked = [run_id for run_id in self._marked if run_id in listing.words]
        self._fill()

    def highlight(self, run_id: str) -> None:
        """Put the cursor on a run, if it is shown."""
        if run_id in self._shown:
            self._table.move_cursor(row=list(self._shown).index(run_id))

    @on(Input.Changed)
    def _fill(self) -> None:
        """Rows anew where other runs are shown, cells alone where the same are."""
        if not self._loaded:
            return
        table, before, under = self._table, list(self._shown), self.highlighted
        text = self.query_one(FilterInput).value
        self._shown = {run.run_id: run for run in self.listing.arranged(text, self._sort, self._backwards)}
        self._colours = self.app.get_css_variables()
        widths = (1, *self.listing.widths)
        if list(self._shown) == before:
            table.show_changes(widths)
        else:
            table.show_rows(list(self._shown), widths)
            if under is not None:
                self.highlight(under.run_id)
        self._tell(text)

    def _tell(self, text: str) -> None:
        """Say how many there are, and what to do where there is none."""
        shown, every = len(self._shown), len(self.listing.runs)
        count = f"{shown:,} of {every:,} runs" if text.strip() else f"{every:,} run{'s' * (every != 1)}"
        marks = f" · {len(self._marked)} marked" if self._marked else ""
        self.border_subtitle = Content(f"{count}{marks} · by {self._sort}{' ↑' * self._backwards}")
        empty = self.query_one("#runs-empty", Static)
        empty.update("" if shown else (NONE_LEFT if every else EMPTY))
        empty.display = not shown
        self._table.display = bool(shown)

    def _cells(self, run_id: str) -> list[Text]:
        run, cells = self._shown[run_id], [Text(" ")]
        if run_id in self._marked:  # as its curve is
            at = self._marked.index(run_id)
            cells = [Text(curve_marker(at), curve_colour(at, self.app.current_theme.dark))]
        for column in COLUMNS:
            cells.append(Text(column.text(run), justify="right" if column.right else "left", no_wrap=True))
            if column.label == "status":
                cells[-1].style = self._colours.get(STATUS_MARKS[run.status][1].lstrip("$"), "")
        return cells

    def action_mark(self) -> None:
        if (run := self.highlighted) is None:
            return
        rest = [one for one in self._marked if one != run.run_id]
        self._marked = rest if len(rest) < len(self._marked) else [*rest, run.run_id]
        self._fill()
        self._table.action_cursor_down()

    def mark_only(self, run_ids: Sequence[str]) -> None:
        """Mark these runs and no others, whatever the filter was; the cursor goes to the first."""
        self._marked = list(run_ids)
        with self.prevent(Input.Changed):
            self.query_one(FilterInput).value = ""
        self._fill()
        if run_ids:
            self.highlight(run_ids[0])

    def action_unmark(self) -> None:
        self._marked.clear()
        self._fill()

    def action_sort(self) -> None:
        labels = [column.label for column in COLUMNS]
        self._sort, self._backwards = labels[(labels.index(self._sort) + 1) % len(labels)], False
        self._fill()

    def action_reverse(self) -> None:
        self._backwards = not self._backwards
        self._fill()

    def action_filter(self) -> None:
        self.query_one(FilterInput).focus()

    @on(DataTable.HeaderSelected)
    def _header_clicked(self, event: DataTable.HeaderSelected) -> None:
        """Sort by the column that was clicked; the other way round at the second click."""
        if (key := str(event.column_key.value)) != "mark":
            self._backwards = key == self._sort and not self._backwards
            self._sort = key
            self._fill()
