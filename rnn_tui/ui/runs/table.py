"""The table of runs: its columns, and how it is filtered, sorted and marked."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from rich.text import Text
from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.widgets import DataTable, Input, Static

from rnn_tui.engine.errors import printable
from rnn_tui.engine.palette import curve_colour, curve_marker
from rnn_tui.engine.state import Status
from rnn_tui.runs import words
from rnn_tui.runs.records import RunRecord
from rnn_tui.ui.widgets.fields import TypedInput

LONGEST_FILTER = 200
EMPTY = "No runs yet. Train something (F2 … F4, then t), and it is kept here."
NONE_LEFT = "No run has all of these words."
BAR_CELLS = 6
# Mark and colour beside the word, so that the colour alone tells nothing.
STATUS_MARKS = {
    Status.LOADING: ("…", "$text-muted"),
    Status.TRAINING: ("●", "$text-success"),
    Status.PAUSED: ("‖", "$text-warning"),
    Status.INTERRUPTED: ("!", "$text-warning"),
    Status.STOPPED: ("■", "$text-muted"),
    Status.FINISHED: ("✓", "$text-success"),
    Status.FAILED: ("✗", "$text-error"),
}


@dataclass(frozen=True)
class Column:
    """A column of the table.

    Attributes:
        label: its heading.
        text: what it shows of a run.
        order: what it sorts by; smaller ones come first.
        right: whether it is aligned at the right.
    """

    label: str
    text: Callable[[RunRecord], str]
    order: Callable[[RunRecord], Any]
    right: bool = False


def figure(run: RunRecord, metric: str, value: float | None) -> str:
    """A figure with its unit, losses with zeros at the end so that a column looks alike."""
    return words.figure(run, metric, value, "#.3g")


def variant(run: RunRecord) -> str:
    """Which networks a run trains, in a few words."""
    config = run.config
    if not config.variants:
        sizes = f" {config.hidden_size}" if hasattr(config, "hidden_size") else ""
        return f"{config.name}{sizes} {config.preset}"
    sizes = ",".join(str(size) for size in sorted({v.hidden_size for v in config.variants}))
    losses = ",".join(dict.fromkeys(v.loss for v in config.variants))
    seeds = len(config.replicas) // len(config.variants)
    return f"H {sizes} {losses} {config.preset}" + (f" ×{seeds}" if seeds > 1 else "")


def _progress(run: RunRecord) -> str:
    full = round(run.progress * BAR_CELLS)
    return f"{'━' * full}{'─' * (BAR_CELLS - full)} {run.progress:4.0%}"


def _sortable(value: float | None) -> tuple[bool, float]:
    """High figures first, runs without one last."""
    return value is None, -(value or 0.0)


COLUMNS = (
    Column("name", lambda run: printable(run.name, 80), lambda run: run.name.casefold()),
    Column("task", lambda run: run.config.task, lambda run: run.config.task),
    Column("variant", variant, variant),
    Column(
        "status",
        lambda run: f"{STATUS_MARKS[run.status][0]} {run.status}",
        lambda run: list(Status).index(run.status),
    ),
    Column("progress", _progress, lambda run: -run.progress),
    Column("best val", lambda run: figure(run, run.metric, run.best),
           lambda run: _sortable(run.best), right=True),
    Column("test", lambda run: figure(run, run.final_metric, run.final),
           lambda run: _sortable(run.final), right=True),
    Column("trained", lambda run: words.duration(run.elapsed), lambda run: -run.elapsed,
           right=True),
    Column("age", lambda run: words.age(time.time() - run.created), lambda run: -run.created,
           right=True),
    Column("tags", lambda run: " ".join(run.tags), lambda run: (not run.tags, run.tags)),
)  # fmt: skip
BY_AGE = "age"


def matches(run: RunRecord, words: list[str]) -> bool:
    """Whether each word occurs somewhere in what the table has of a run, or in its note."""
    shown = [column.text(run) for column in COLUMNS if column.label not in ("progress", "age")]
    text = " ".join([run.run_id, *shown, run.note]).casefold()
    return all(word in text for word in words)


def arranged(runs: Sequence[RunRecord], text: str, by: str, backwards: bool) -> list[RunRecord]:
    """Those runs that have all words of a text, sorted by a column."""
    words = text.casefold().split()
    column = next(column for column in COLUMNS if column.label == by)
    left = [run for run in runs if matches(run, words)]
    return sorted(left, key=column.order, reverse=backwards)


def styled(column: Column, run: RunRecord, colours: Mapping[str, str]) -> Text:
    """A cell, in the theme's colours, which are given by variable name."""
    style = ""
    if column.label == "status":
        style = colours.get(STATUS_MARKS[run.status][1].lstrip("$"), "")
    return Text(column.text(run), style, justify="right" if column.right else "left", no_wrap=True)


class FilterInput(TypedInput):
    """Words to filter by; Enter, Escape or ↓ go back to the table."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter,escape,down", "back", "Back", show=False),
    ]

    def action_back(self) -> None:
        """Go back to the table."""
        self.screen.query_one(RunsTable).focus_view()


class RunsTable(Vertical):
    """All runs, one a line.

    Attributes:
        runs: all of them, filtered or not.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("space", "mark", "Mark", key_display="␣", tooltip="Mark for comparison (Space)"),
        Binding("b", "sort", "Sort", tooltip="Sort by the next column"),
        Binding("B", "reverse", "Reverse", show=False, tooltip="Sort the other way round"),
        Binding("slash", "filter", "Filter", key_display="/", tooltip="Filter by words"),
        Binding("X", "unmark", "Unmark all", show=False, tooltip="Take all marks away"),
    ]

    def __init__(self) -> None:
        super().__init__()
        self.runs: Sequence[RunRecord] = ()
        self._shown: list[RunRecord] = []
        # In the order of marking, which is that of their colours.
        self._marked: list[str] = []
        self._sort, self._backwards = BY_AGE, False
        self._loaded = False

    def compose(self) -> ComposeResult:
        """A line to filter, the table, what to say where it is empty."""
        with Horizontal(id="runs-head"):
            yield FilterInput(
                "", LONGEST_FILTER, placeholder="/ filters by name, task, status, tag …",
                id="runs-filter",
            )  # fmt: skip
            yield Static("", id="runs-count", markup=False)
        table: DataTable[Text] = DataTable(cursor_type="row", zebra_stripes=True, id="runs-table")
        table.add_column(" ", key="mark")
        for column in COLUMNS:
            heading = Text(column.label, justify="right" if column.right else "left")
            table.add_column(heading, key=column.label)
        yield table
        yield Static("", id="runs-empty", markup=False)

    def on_mount(self) -> None:
        """Follow the theme, whose colours are in the cells."""
        self.app.theme_changed_signal.subscribe(self, lambda _: self._fill())

    @property
    def _table(self) -> DataTable[Text]:
        return self.query_one("#runs-table", DataTable)

    def focus_view(self) -> None:
        """Put the focus on the table."""
        self._table.focus()

    # What is chosen

    @property
    def highlighted(self) -> RunRecord | None:
        """The run under the cursor."""
        at = self._table.cursor_row
        return self._shown[at] if 0 <= at < len(self._shown) else None

    @property
    def marked(self) -> list[RunRecord]:
        """The marked runs, in the order of marking."""
        by_id = {run.run_id: run for run in self.runs}
        return [by_id[run_id] for run_id in self._marked if run_id in by_id]

    @property
    def chosen(self) -> list[RunRecord]:
        """What a command is for: the marked runs, or else the one under the cursor."""
        return self.marked or ([self.highlighted] if self.highlighted else [])

    # What is shown

    def show(self, runs: Sequence[RunRecord]) -> None:
        """Show these runs, with cursor and marks where they were."""
        self.runs, self._loaded = runs, True
        there = {run.run_id for run in runs}
        self._marked = [run_id for run_id in self._marked if run_id in there]
        self._fill()

    def highlight(self, run_id: str) -> None:
        """Put the cursor on a run, if it is shown."""
        ids = [run.run_id for run in self._shown]
        if run_id in ids:
            self._table.move_cursor(row=ids.index(run_id))

    def _fill(self) -> None:
        """Rows anew where other runs are shown, cells alone where the same are."""
        if not self._loaded:
            return
        table, before = self._table, [run.run_id for run in self._shown]
        under = self.highlighted
        text = self.query_one(FilterInput).value
        self._shown = arranged(self.runs, text, self._sort, self._backwards)
        colours = self.app.get_css_variables()
        if [run.run_id for run in self._shown] == before:
            for run in self._shown:
                for key, cell in self._cells(run, colours):
                    if table.get_cell(run.run_id, key) != cell:
                        table.update_cell(run.run_id, key, cell, update_width=True)
        else:
            table.clear()
            for run in self._shown:
                table.add_row(*(cell for _, cell in self._cells(run, colours)), key=run.run_id)
            if under is not None:
                self.highlight(under.run_id)
        self._tell(text)

    def _tell(self, text: str) -> None:
        """Say how many there are, and what to do where there is none."""
        shown, every = len(self._shown), len(self.runs)
        count = f"{shown:,} of {every:,} runs" if text.strip() else f"{every:,} runs"
        if every == 1 and not text.strip():
            count = "1 run"
        marks = f" · {len(self._marked)} marked" if self._marked else ""
        way = " ↑" if self._backwards else ""
        self.query_one("#runs-count", Static).update(f"{count}{marks} · by {self._sort}{way}")
        empty = self.query_one("#runs-empty", Static)
        empty.update("" if shown else (NONE_LEFT if every else EMPTY))
        empty.display = not shown
        self._table.display = bool(shown)

    def _cells(self, run: RunRecord, colours: Mapping[str, str]) -> list[tuple[str, Text]]:
        cells = [(column.label, styled(column, run, colours)) for column in COLUMNS]
        return [("mark", self._mark_of(run)), *cells]

    def _mark_of(self, run: RunRecord) -> Text:
        """The marker that its curve has."""
        if run.run_id not in self._marked:
            return Text(" ")
        at = self._marked.index(run.run_id)
        return Text(curve_marker(at), curve_colour(at, self.app.current_theme.dark))

    # Keys

    def action_mark(self) -> None:
        """Mark the run under the cursor, or take its mark away."""
        run = self.highlighted
        if run is None:
            return
        if run.run_id in self._marked:
            self._marked.remove(run.run_id)
        else:
            self._marked.append(run.run_id)
        self._fill()
        self._table.action_cursor_down()

    def mark_only(self, run_ids: Sequence[str]) -> None:
        """Mark these runs and no others, whatever the filter was; the cursor goes to the first."""
        self._marked = list(run_ids)
        field = self.query_one(FilterInput)
        with field.prevent(Input.Changed):
            field.value = ""
        self._fill()
        if run_ids:
            self.highlight(run_ids[0])

    def action_unmark(self) -> None:
        """Take all marks away."""
        self._marked.clear()
        self._fill()

    def action_sort(self) -> None:
        """Sort by the next column."""
        labels = [column.label for column in COLUMNS]
        self._sort = labels[(labels.index(self._sort) + 1) % len(labels)]
        self._backwards = False
        self._fill()

    def action_reverse(self) -> None:
        """Sort the other way round."""
        self._backwards = not self._backwards
        self._fill()

    def action_filter(self) -> None:
        """Go to the filter."""
        self.query_one(FilterInput).focus()

    @on(DataTable.HeaderSelected)
    def _header_clicked(self, event: DataTable.HeaderSelected) -> None:
        """Sort by the column that was clicked; the other way round at the second click."""
        event.stop()
        key = str(event.column_key.value)
        if key == "mark":
            return
        self._backwards = key == self._sort and not self._backwards
        self._sort = key
        self._fill()

    @on(Input.Changed, "#runs-filter")
    def _typed(self, event: Input.Changed) -> None:
        event.stop()
        self._fill()
