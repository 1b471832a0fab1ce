"""A table of very many items, such as runs: filtered, sorted, and marked."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice
from typing import Any, Generic, TypeVar

from rich.cells import cell_len
from rich.text import Text
from textual import getters, on
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.widgets import DataTable, Input, Static

from rnn_tui.engine.palette import curve_colour, curve_marker
from rnn_tui.engine.state import Status
from rnn_tui.ui.common.key_table import key
from rnn_tui.ui.common.textual_workarounds import ManyRows
from rnn_tui.ui.common.widgets.plain import TypedInput

Item = TypeVar("Item")
LONGEST_FILTER = 200
EMPTY = "No runs yet. Train something (F2 … F4, then t), and it is kept here."
STATUS_MARKS = {  # mark and colour beside the word, so that the colour alone tells nothing
    Status.LOADING: ("…", "$text-muted"),
    Status.TRAINING: ("●", "$text-success"),
    Status.PAUSED: ("‖", "$text-warning"),
    Status.INTERRUPTED: ("!", "$text-warning"),
    Status.STOPPED: ("■", "$text-muted"),
    Status.FINISHED: ("✓", "$text-success"),
    Status.FAILED: ("✗", "$text-error"),
    Status.DAMAGED: ("?", "$text-error"),
}


class LongTable(ManyRows, DataTable[Text]):
    """A table of very many rows, which asks `cells_of` for the cells of one when it is seen."""

    def __init__(self, cells_of: Callable[[str], list[Text]], id: str) -> None:
        super().__init__(cursor_type="row", zebra_stripes=True, id=id)
        self.cells_of = cells_of


@dataclass(frozen=True)
class TableColumn(Generic[Item]):
    """A column of the table: its heading, what it shows of an item, and what it sorts by, smaller
    ones first.
    """

    label: str
    text: Callable[[Item], str]
    order: Callable[[Item], Any]
    right: bool = False
    #: a colour of the theme, such as `$text-muted`, or a style of Rich's.
    style: Callable[[Item], str] = lambda _: ""


BY_AGE = "age"


@dataclass(frozen=True)
class Listing(Generic[Item]):
    """Items, with what is worked out once of each, in a thread: there may be 20,000 runs."""

    columns: Sequence[TableColumn[Item]]
    id_of: Callable[[Item], str]
    note_of: Callable[[Item], str] = lambda _: ""  #: what a filter looks in besides.
    items: Sequence[Item] = ()  #: runs the newest first.
    #: by id, each item and what a filter looks in: all that the table has of it, its note.
    words: Mapping[str, tuple[Item, str]] = field(default_factory=dict)
    widths: Sequence[int] = ()  #: of the widest cell of each column, also of an age that grows.

    def of(self, items: Sequence[Item]) -> "Listing[Item]":
        """A listing of other items, with what this one has of the same ones."""
        words: dict[str, tuple[Item, str]] = {}
        widths = list(
            self.widths or (len("59 min") * (column.label == BY_AGE) for column in self.columns)
        )
        for item in items:
            known = self.words.get(key := self.id_of(item))
            if known is not None and known[0] is item:
                words[key] = known
                continue
            cells = {column.label: column.text(item) for column in self.columns}
            widths = [max(pair) for pair in zip(widths, map(cell_len, cells.values()), strict=True)]
            shown = [text for label, text in cells.items() if label not in ("done", "age")]
            words[key] = item, " ".join([key, *shown, self.note_of(item)]).casefold()
        return replace(self, items=items, words=words, widths=widths)

    def arranged(self, text: str, by: str, backwards: bool) -> list[Item]:
        """Those items that have all words of a text, sorted by a column."""
        wanted = text.casefold().split()
        left = [
            item
            for item in self.items
            if all(word in self.words[self.id_of(item)][1] for word in wanted)
        ]
        return sorted(
            left, key=next(one.order for one in self.columns if one.label == by), reverse=backwards
        )


class FilterInput(TypedInput):
    """Words to filter by; Enter, Escape or ↓ go back to the table."""

    BINDINGS = [
        Binding(
            "enter,down",
            "back",
            "Filter",
            key_display="⏎",
            tooltip="Go to the runs with these words",
        ),
        Binding(
            "escape", "back(True)", "All runs", key_display="Esc", tooltip="Show all runs again"
        ),
    ]

    def action_back(self, clear: bool = False) -> None:
        if clear:
            self.value = ""
        next(node for node in self.ancestors if isinstance(node, MarkedTable)).focus_view()


class MarkedTable(Vertical, Generic[Item]):
    """Items, one a line, some of them marked; its `listing`, at first an empty one, has all of
    them, filtered or not.
    """

    noun, empty_text, hint = "run", EMPTY, "/ filters by name, task, status, tag …"
    BINDINGS = [
        Binding("space", "mark", "Mark", key_display="␣", tooltip="Mark for comparison (Space)"),
        key("sort", "sort", "Sort", tooltip="Sort by the next column"),
        key("reverse", "reverse", "Reverse", show=False, tooltip="Reverse the sort order"),
        key("type", "filter", "Filter", tooltip="Filter by words"),
        key("unmark", "unmark", "Unmark all", show=False, tooltip="Remove all marks"),
    ]

    _table = getters.query_one("#runs-table", LongTable)

    def __init__(self, listing: Listing[Item], sort: str) -> None:
        super().__init__(classes="panel")
        self.border_title = Content(f"{self.noun}s".capitalize())
        self.listing = listing
        self._shown: dict[str, Item] = {}
        self._colours: Mapping[str, str] = {}
        self._marked: list[str] = []  # in the order of marking, which is that of their colours
        self._sort, self._backwards, self._loaded = sort, False, False

    def compose(self) -> ComposeResult:
        with Horizontal(id="runs-head"):
            yield FilterInput("", LONGEST_FILTER, placeholder=self.hint, id="runs-filter")
        yield LongTable(self._cells, id="runs-table")
        yield Static("", id="runs-empty", markup=False)

    def on_mount(self) -> None:
        self._make_columns()
        # whose colours are in the cells
        self.app.theme_changed_signal.subscribe(self, lambda _: self._fill())

    def _make_columns(self) -> None:
        self._table.clear(columns=True)
        self._table.add_column(" ", key="mark")
        for column in self.listing.columns:
            self._table.add_column(
                Text(column.label, justify="right" if column.right else "left"), key=column.label
            )

    def focus_view(self) -> None:
        self._table.focus()

    @property
    def highlighted(self) -> Item | None:
        at = self._table.cursor_row
        return next(islice(self._shown.values(), at, None), None) if at >= 0 else None

    @property
    def marked(self) -> list[Item]:
        """The marked items, in the order of marking."""
        return [self.listing.words[key][0] for key in self._marked if key in self.listing.words]

    @property
    def chosen(self) -> list[Item]:
        """What a command is for: the marked items, or else the one under the cursor."""
        return self.marked or ([self.highlighted] if self.highlighted else [])

    def show(self, listing: Listing[Item], sort: str = "") -> None:
        """Show these items, with cursor and marks where they were; with a `sort`, others with other
        columns, none marked.
        """
        self.listing, self._loaded = listing, True
        if sort:
            self._shown, self._marked, self._sort, self._backwards = {}, [], sort, False
            self._make_columns()
        self._marked = [key for key in self._marked if key in listing.words]
        self._fill()

    def highlight(self, key: str) -> None:
        if key in self._shown:
            self._table.move_cursor(row=list(self._shown).index(key))

    @on(Input.Changed)
    def _fill(self) -> None:
        """Rows anew where other runs are shown, cells alone where the same are; how many there are,
        or what to do instead.
        """
        if not self._loaded:
            return
        table, before, under = self._table, list(self._shown), self.highlighted
        text, id_of = self.query_one(FilterInput).value, self.listing.id_of
        self._shown = {
            id_of(item): item for item in self.listing.arranged(text, self._sort, self._backwards)
        }
        self._colours = self.app.get_css_variables()
        widths = (1, *self.listing.widths)
        if list(self._shown) == before:
            table.show_changes(widths)
        else:
            table.show_rows(list(self._shown), widths)
            if under is not None:
                self.highlight(id_of(under))
        shown, every, noun = len(self._shown), len(self.listing.items), self.noun
        count = (
            f"{shown:,} of {every:,} {noun}s"
            if text.strip()
            else f"{every:,} {noun}{'s' * (every != 1)}"
        )
        marks = f" · {len(self._marked)} marked" if self._marked else ""
        self.border_subtitle = Content(f"{count}{marks} · by {self._sort}{' ↑' * self._backwards}")
        empty = self.query_one("#runs-empty", Static)
        empty.update(
            "" if shown else (f"No {noun} has all of these words." if every else self.empty_text)
        )
        empty.display, table.display = not shown, bool(shown)

    def _cells(self, key: str) -> list[Text]:
        item, cells = self._shown[key], [Text(" ")]
        if key in self._marked:  # as its curve is
            at = self._marked.index(key)
            cells = [Text(curve_marker(at), curve_colour(at, self.app.current_theme.dark))]
        for column in self.listing.columns:
            style = column.style(item)
            style = self._colours.get(style[1:], "") if style.startswith("$") else style
            cells.append(
                Text(
                    column.text(item),
                    style,
                    justify="right" if column.right else "left",
                    no_wrap=True,
                )
            )
        return cells

    def action_mark(self) -> None:
        if (item := self.highlighted) is not None:
            key = self.listing.id_of(item)
            rest = [one for one in self._marked if one != key]
            self._marked = rest if len(rest) < len(self._marked) else [*rest, key]
            self._fill()
            self._table.action_cursor_down()

    def mark_only(self, keys: Sequence[str]) -> None:
        """Mark these and no others, whatever the filter was; the cursor goes to the first."""
        self._marked = list(keys)
        with self.prevent(Input.Changed):
            self.query_one(FilterInput).value = ""
        self._fill()
        if keys:
            self.highlight(keys[0])

    def action_unmark(self) -> None:
        self._marked.clear()
        self._fill()

    def action_sort(self) -> None:
        labels = [column.label for column in self.listing.columns]
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
