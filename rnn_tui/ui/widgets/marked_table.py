"""A table of very many items, such as runs: filtered, sorted, and marked."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice
from typing import Generic, TypeVar

from rich.cells import cell_len
from rich.text import Text
from textual import getters, on
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.events import Resize
from textual.geometry import Size
from textual.widgets import DataTable, Input, Static

from rnn_tui.engine.palette import curve_colour, curve_marker
from rnn_tui.engine.state import Status
from rnn_tui.engine.tables import Column, cells_of
from rnn_tui.ui.terminal.key_table import key
from rnn_tui.ui.terminal.textual_workarounds import ManyRows
from rnn_tui.ui.widgets.example_table import example_table
from rnn_tui.ui.widgets.plain import TypedInput, cell_of, heading_of

Item = TypeVar("Item")
LONGEST_FILTER = 200  # characters
CELL_PADDING = 2  # blanks around a cell
MARK_WIDTH = 1  # of the column of marks
SCROLLBAR_WIDTH = 1
EMPTY = "No runs yet. Train something (F3 … F5, then t), and it is kept here."
STATUS_MARKS = {  # mark and colour of each status; the mark is there for those who see no colours
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
    """A table of very many rows, whose cells are made when they are seen."""

    def __init__(self, cells_of: Callable[[str], list[Text]], id: str) -> None:
        """Make the table; `cells_of` makes the cells of a row, by its key."""
        super().__init__(cursor_type="row", zebra_stripes=True, id=id)
        self.cells_of = cells_of


@dataclass(frozen=True)
class FilterText(Generic[Item]):
    """The text that a filter searches."""

    item: Item
    text: str  #: its key, all cells but those that change by themselves, and its note; casefolded.


@dataclass(frozen=True)
class Listing(Generic[Item]):
    """Items, with what is worked out once for each, in a thread: there may be 20,000 runs."""

    columns: Sequence[Column[Item]]
    id_of: Callable[[Item], str]
    note_of: Callable[[Item], str] = lambda _: ""  #: what a filter looks in besides the cells.
    items: Sequence[Item] = ()  #: runs the newest first.
    #: filter texts by the ids of items.
    texts: Mapping[str, FilterText[Item]] = field(default_factory=dict)
    widths: Sequence[int] = ()  #: the width of the widest cell of each column.
    short_widths: Sequence[int] = ()  #: the same with its short texts.

    def of(self, items: Sequence[Item]) -> "Listing[Item]":
        """Return a listing of other items; what was worked out for the same ones is taken over."""
        texts: dict[str, FilterText[Item]] = {}
        least = [len(column.widest) for column in self.columns]
        widths = list(self.widths) or least
        short_widths = list(self.short_widths) or least
        for item in items:
            key = self.id_of(item)
            known = self.texts.get(key)
            if known is not None and known.item is item:
                texts[key] = known
                continue
            cells = cells_of(item, self.columns)
            widths = _wider(widths, cells)
            short_cells = (
                cell if column.short is None else column.short(item)
                for column, cell in zip(self.columns, cells, strict=True)
            )
            short_widths = _wider(short_widths, short_cells)
            words = [
                cell for column, cell in zip(self.columns, cells, strict=True) if not column.widest
            ]
            text = " ".join([key, *words, self.note_of(item)]).casefold()
            texts[key] = FilterText(item, text)
        return replace(self, items=items, texts=texts, widths=widths, short_widths=short_widths)

    def fitting(self, room: int) -> list[tuple[Column[Item], int]]:
        """Return the columns that fit into so many cells, each with its width without padding."""
        shown = {
            column.key: (column, max(width, cell_len(column.head)))
            for column, width in zip(self.columns, self.widths, strict=True)
        }
        short_widths = dict(
            zip((column.key for column in self.columns), self.short_widths, strict=True)
        )
        for column in sorted(self.columns, key=lambda column: column.spare):
            if sum(width + CELL_PADDING for _, width in shown.values()) <= room:
                break
            if column.short is not None:
                width = max(short_widths[column.key], cell_len(column.head))
                shown[column.key] = (column.shortened, width)
            elif column.spare:
                del shown[column.key]
        return list(shown.values())

    def column(self, key: str) -> Column[Item]:
        """Return the column of this key."""
        [column] = [column for column in self.columns if column.key == key]
        return column

    def arranged(self, text: str, by: str, backwards: bool) -> list[Item]:
        """Return the items with all words of a text, sorted by the column with the key `by`."""
        words = text.casefold().split()
        items = [item for item in self.items if self._has_all(item, words)]
        return sorted(items, key=self.column(by).rank, reverse=backwards)

    def _has_all(self, item: Item, words: Sequence[str]) -> bool:
        text = self.texts[self.id_of(item)].text
        return all(word in text for word in words)


def _headings(columns: Sequence[Column[Item]]) -> list[tuple[str, bool]]:
    """Return the heads of columns, with whether their texts are the short ones."""
    return [
        (column.head, column.short is not None and column.text == column.short)
        for column in columns
    ]


def _wider(widths: Sequence[int], texts: Iterable[str]) -> list[int]:
    """Return the widths of columns, at least those that these texts need."""
    return [max(width, cell_len(text)) for width, text in zip(widths, texts, strict=True)]


class FilterInput(TypedInput):
    """Words to filter by; Enter, Escape or ↓ go back to the table."""

    BINDINGS = [
        Binding(
            "enter,down",
            "back",
            "Filter",
            key_display="Enter",
            tooltip="Go to the runs with these words",
        ),
        Binding(
            "escape", "back(True)", "All runs", key_display="Esc", tooltip="Show all runs again"
        ),
    ]

    def action_back(self, clear: bool = False) -> None:
        """Go back to the table, with `clear` to all items."""
        if clear:
            self.value = ""
        next(node for node in self.ancestors if isinstance(node, MarkedTable)).focus_view()


class MarkedTable(Vertical, Generic[Item]):
    """Items, one a line, some of them marked."""

    noun = "run"  #: what an item is called.
    empty_text = EMPTY  #: what is shown if there is none.
    example = ""  #: the name of the table that is shown below that, as `example_table` takes it.
    hint = "/ filters by name, task, status, tag …"  #: the text in the empty filter.
    BINDINGS = [
        Binding("space", "mark", "Mark", key_display="Space", tooltip="Mark for comparison"),
        key("sort", "sort", "Sort", show=False, tooltip="Sort by the next column"),
        key("reverse", "reverse", "Reverse", tooltip="Reverse the sort order"),
        key("type", "filter", "Filter", tooltip="Filter by words"),
        key("unmark", "unmark", "Unmark all", tooltip="Remove all marks"),
    ]

    _table = getters.query_one("#runs-table", LongTable)

    def __init__(self, listing: Listing[Item], sort: str) -> None:
        """Make the table of an empty listing, sorted by the column of the key `sort`."""
        super().__init__(classes="panel")
        self.border_title = Content(f"{self.noun}s".capitalize())
        self.listing = listing  #: all items, filtered or not.
        self._columns: Sequence[Column[Item]] = ()  #: those that are shown.
        self._shown: dict[str, Item] = {}  #: the items in the table by id, in their order.
        self._colours: Mapping[str, str] = {}  #: the theme's colours, by their names.
        self._marked: list[str] = []  #: ids in the order of marking, which is that of colours.
        self._sort = sort  #: the key of the column that it is sorted by.
        self._backwards = False  #: whether that is reversed.
        self._loaded = False  #: whether there were ever items to show.
        self._filled_for = Size(0, 0)  #: the size for which the table was filled last.

    def compose(self) -> ComposeResult:
        with Horizontal(id="runs-head"):
            yield FilterInput("", LONGEST_FILTER, placeholder=self.hint, id="runs-filter")
        yield LongTable(self._cells, id="runs-table")
        yield Static("", id="runs-empty", markup=False)

    def on_mount(self) -> None:
        # whose colours are in the cells
        self.app.theme_changed_signal.subscribe(self, lambda _: self._fill())

    def on_resize(self, event: Resize) -> None:
        """Fill the table if it has another size, which it has not where it is shown again."""
        if event.size != self._filled_for:
            self._filled_for = event.size
            self._fill()

    def _make_columns(self) -> None:
        """Make the columns of the table anew, without rows."""
        self._table.clear(columns=True)
        self._table.add_column(" ", key="mark")
        for column in self._columns:
            self._table.add_column(heading_of(column), key=column.key)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:  # noqa: ARG002
        """Grey out everything while there is no item."""
        return True if self.listing.items else None

    def focus_view(self) -> None:
        self._table.focus()

    @property
    def highlighted(self) -> Item | None:
        """The item at the cursor; None if there is none."""
        row = self._table.cursor_row
        return next(islice(self._shown.values(), row, None), None) if row >= 0 else None

    @property
    def marked(self) -> list[Item]:
        """The marked items, in the order of marking."""
        texts = self.listing.texts
        return [texts[key].item for key in self._marked if key in texts]

    @property
    def chosen(self) -> list[Item]:
        """The items that a command applies to: the marked ones, or else the one at the cursor."""
        if self.marked:
            return self.marked
        return [] if self.highlighted is None else [self.highlighted]

    def show(self, listing: Listing[Item], sort: str = "") -> None:
        """Show items.

        Args:
            listing: the items.
            sort: for items of other columns than before, the key of the one to sort them by;
                none is marked then. Empty for the same columns; marks and cursor stay then.
        """
        was_empty = not self.listing.items
        self.listing = listing
        self._loaded = True
        if was_empty != (not listing.items):
            self.refresh_bindings()
        if sort:
            self._shown = {}
            self._marked = []
            self._sort = sort
            self._backwards = False
            self._columns = ()
        self._marked = [key for key in self._marked if key in listing.texts]
        self._fill()

    def highlight(self, key: str) -> None:
        """Move the cursor to the item of this id, if it is shown."""
        if key in self._shown:
            self._table.move_cursor(row=list(self._shown).index(key))

    @on(Input.Changed)
    def _fill(self) -> None:
        """Fill the table, and say how many items there are, or what to do if there is none."""
        if not self._loaded:
            return
        text = self.query_one(FilterInput).value
        self._colours = self.app.theme_variables
        self._fill_rows(self.listing.arranged(text, self._sort, self._backwards))
        self.border_subtitle = Content(self._summary(filtered=bool(text.strip())))
        empty = self.query_one("#runs-empty", Static)
        empty.display = not self._shown
        self._table.display = bool(self._shown)
        if self._shown:
            empty.update("")
        elif self.listing.items:
            empty.update(f"No {self.noun} has all of these words.")
        else:
            empty.update(self._empty_words())

    def _empty_words(self) -> Content:
        """Return what to do if there is no item, and what the table will hold then."""
        words = Content(self.empty_text)
        example = example_table(self.example) if self.example else Content("")
        return Content("\n\n").join([words, example]) if example else words

    def _fill_rows(self, items: Sequence[Item]) -> None:
        """Make the rows anew where these are other items, else only their cells."""
        before = list(self._shown)
        highlighted = self.highlighted
        id_of = self.listing.id_of
        self._shown = {id_of(item): item for item in items}
        room = self.size.width - SCROLLBAR_WIDTH - MARK_WIDTH - CELL_PADDING
        fitting = self.listing.fitting(room) if self.listing.widths else []
        widths = (MARK_WIDTH, *(width for _, width in fitting))
        columns = [column for column, _ in fitting]
        remade = _headings(columns) != _headings(self._columns)
        self._columns = columns
        if remade:
            self._make_columns()
        elif list(self._shown) == before:
            self._table.show_changes(widths)
            return
        self._table.show_rows(list(self._shown), widths)
        if highlighted is not None:
            self.highlight(id_of(highlighted))

    def _summary(self, *, filtered: bool) -> str:
        """Say how many items there are, how many are marked, and by what they are sorted."""
        count = len(self.listing.items)
        parts = [f"{count:,} {self.noun}" if count == 1 else f"{count:,} {self.noun}s"]
        if filtered:
            parts = [f"{len(self._shown):,} of {count:,} {self.noun}s"]
        if self._marked:
            parts.append(f"{len(self._marked)} marked")
        head = self.listing.column(self._sort).head
        parts.append(f"by {head} ↑" if self._backwards else f"by {head}")
        return " · ".join(parts)

    def _cells(self, key: str) -> list[Text]:
        """Return the cells of an item: its mark as on its curve, then the columns."""
        item = self._shown[key]
        mark = Text(" ")
        if key in self._marked:
            colour = self._marked.index(key)
            mark = Text(curve_marker(colour), curve_colour(colour, self.app.current_theme.dark))
        return [mark, *(cell_of(item, column, self._colours) for column in self._columns)]

    def action_mark(self) -> None:
        """Mark the item at the cursor, or take its mark away; go to the next one."""
        item = self.highlighted
        if item is None:
            return
        key = self.listing.id_of(item)
        if key in self._marked:
            self._marked.remove(key)
        else:
            self._marked.append(key)
        self._fill()
        self._table.action_cursor_down()

    def mark_only(self, keys: Sequence[str]) -> None:
        """Mark these items and no others, show all, and go to the first of these."""
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
        """Sort by the next column."""
        keys = [column.key for column in self.listing.columns]
        self._sort = keys[(keys.index(self._sort) + 1) % len(keys)]
        self._backwards = False
        self._fill()

    def action_reverse(self) -> None:
        self._backwards = not self._backwards
        self._fill()

    def action_filter(self) -> None:
        self.query_one(FilterInput).focus()

    @on(DataTable.HeaderSelected)
    def _header_clicked(self, event: DataTable.HeaderSelected) -> None:
        """Sort by the column that was clicked; the other way round at the second click."""
        key = str(event.column_key.value)
        if key == "mark":
            return
        self._backwards = key == self._sort and not self._backwards
        self._sort = key
        self._fill()
