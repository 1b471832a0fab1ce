"""Tables, lists and fields that show text as it is.

Textual reads markup in every text: a run called `[red]` would colour its cell, and one called `[/]`
would end the app. `tests/ui/test_plain_text.py` checks that no other widgets are used.
"""

from collections.abc import Iterable, Mapping, Sequence
from itertools import zip_longest
from typing import TYPE_CHECKING, Any, TypeVar

from rich.console import JustifyMethod
from rich.text import Text
from textual import events
from textual.content import Content
from textual.widget import Widget
from textual.widgets import Button, Checkbox, DataTable, Input
from textual.widgets.data_table import ColumnKey, RowKey

from rnn_tui.engine.errors import printable
from rnn_tui.engine.tables import Column
from rnn_tui.ui.terminal.textual_workarounds import Compact, DrawnCells, SteadySelect

if TYPE_CHECKING:
    AnyInput = Input
else:
    # The mix-in below is based on it for the type checker only.
    AnyInput = object

Item = TypeVar("Item")
Value = TypeVar("Value")
View = TypeVar("View", bound=Widget)


class PlainTable(DrawnCells, DataTable[Text]):
    """A table whose texts are shown as they are; those with styles come as `Text`."""

    def add_column(self, label: str | Text, **options: Any) -> ColumnKey:
        return super().add_column(_text(label), **options)

    def add_row(self, *cells: str | Text, **options: Any) -> RowKey:
        return super().add_row(*map(_text, cells), **options)

    def show_items(self, columns: Sequence[Column[Item]], items: Iterable[Item]) -> None:
        """Show a row for each item in place of others; cursor and scroll position stay."""
        rows = ([cell_of(item, column) for column in columns] for item in items)
        self.fill(map(heading_of, columns), rows)

    def fill(
        self,
        headings: Iterable[str | Text],
        rows: Iterable[Iterable[str | Text]],
        widths: Iterable[int] = (),
    ) -> None:
        """Show these rows in place of others; cursor and scroll position stay.

        Columns without one of the `widths` are as wide as what is in them.
        """
        cursor_row, offset = self.cursor_row, self.scroll_offset
        self.clear(columns=True)
        for heading, width in zip_longest(headings, widths):
            self.add_column(heading, width=width)
        for row in rows:
            self.add_row(*row)
        self.move_cursor(row=cursor_row, animate=False)
        self.scroll_to(*offset, animate=False)
        # Textual widens the columns later, and draws them so only if the table has another size.
        self.call_after_refresh(self.refresh)


class PlainSelect(SteadySelect[Value]):
    """A list to choose from, compact and without a blank, whose texts are shown as they are."""

    def __init__(self, options: Iterable[tuple[str, Value]], **more: Any) -> None:
        super().__init__(self._as_contents(options), allow_blank=False, compact=True, **more)

    def offer_texts(self, options: Iterable[tuple[str, Value]], *preferred: Value) -> None:
        """Offer options in place of others, without a `Changed`.

        Args:
            options: Texts and values.
            preferred: The first of these that is offered is selected; without any, the first
                option.
        """
        with self.prevent(self.Changed):
            super().set_options(self._as_contents(options))
            offered = [value for value in preferred if value in self._values]
            self.value = offered[0] if offered else self._values[0]

    def choose_next(self) -> None:
        """Select the next option; after the last the first."""
        index = self._values.index(self.value) if self.value in self._values else -1
        self.value = self._values[(index + 1) % len(self._values)]

    def _as_contents(self, options: Iterable[tuple[str, Value]]) -> list[tuple[Content, Value]]:
        """Return options with texts that are no markup, and note their values."""
        contents = [(Content(text), value) for text, value in options]
        self._values = [value for _, value in contents]
        return contents


class MarkedCheckbox(Compact, Checkbox):
    """A compact checkbox that shows its state by a mark, not by colour alone."""

    def __init__(self, label: str, value: bool = False, id: str | None = None) -> None:
        # from the start: `Compact` says why
        classes = f"{self.DEFAULT_CLASSES} -on" if value else None
        super().__init__(Content(label), value, id=id, classes=classes, compact=True)

    @property
    def BUTTON_INNER(self) -> str:  # type: ignore[override]
        return "✓" if self.value else " "


class MainButton(Compact, Button):
    """The compact button of a form that does what the form is for."""

    DEFAULT_CLASSES = f"{Compact.DEFAULT_CLASSES} -primary -style-default"

    def __init__(self, label: str, id: str | None = None) -> None:
        super().__init__(Content(label), "primary", id=id, compact=True)


class TypedInput(Compact, Input):
    """An input that cuts pastes to `most` characters, and keeps control characters out."""

    def __init__(self, value: str, most: int, *, placeholder: str = "", id: str) -> None:
        super().__init__(value, placeholder, max_length=most, compact=True, id=id)
        self.cursor_blink = False
        self._most = most
        self._value_after_cut = ""  #: The text right after a paste that did not fit.
        self._cut_note = ""  #: How much of that paste fitted, in a sentence.

    @property
    def cut(self) -> str:
        """Say how much of a paste fits; empty if all of it does, or the text has changed."""
        return self._cut_note if self._value_after_cut == self.value else ""

    def hold(self, text: str) -> None:
        """Replace the text of the field, and put the cursor at its end."""
        self.value = text
        self.cursor_position = len(text)

    def on_paste(self, event: events.Paste) -> None:
        # Textual would take the first line alone, and nothing if it is too long
        event.prevent_default()
        event.stop()
        self._insert(event.text)

    def action_paste(self) -> None:
        self._insert(self.app.clipboard)

    def _insert(self, text: str) -> None:
        """Put `text` in place of the selection: on one line, as much of it as fits."""
        start, end = sorted(self.selection)
        room = max(0, self._most - len(self.value) + end - start)
        fitting = text[:room]  # first of all: a paste may have millions of characters
        one_line = "".join(" " if letter in "\t\r\n" else letter for letter in fitting)
        self.replace(printable(one_line, self._most), start, end)
        if len(text) > room:
            self._value_after_cut = self.value
            self._cut_note = f"Only the first {room:,} of {len(text):,} pasted characters fit."
            self.post_message(self.Changed(self, self.value))


class FewCharacters(AnyInput):
    """A mix-in for an input that takes only some characters.

    Others are keys of the app, also while it has the focus.
    """

    characters: frozenset[str]  #: what can be typed.

    def check_consume_key(self, key: str, character: str | None) -> bool:  # noqa: ARG002
        return character is not None and character in self.characters

    def on_key(self, event: events.Key) -> None:
        """Leave other characters to the app; Textual's own handler takes those of the input."""
        if event.is_printable and event.character not in self.characters:
            event.prevent_default()


def views_in(place: Widget, kind: type[View], count: int) -> list[View]:
    """Return so many views of a kind in a place: lacking ones are made, others hidden."""
    views = list(place.query_children(kind))
    new_views = [kind() for _ in range(count - len(views))]
    place.mount_all(new_views)
    views += new_views
    for index, view in enumerate(views):
        view.display = index < count
    return views[:count]


def _text(text: str | Text) -> Text:
    return Text(text) if isinstance(text, str) else text


def heading_of(column: Column[Any]) -> Text:
    """Return what stands above a column, above the right end of figures."""
    return Text(column.head, justify=_alignment(column))


def cell_of(item: Item, column: Column[Item], colours: Mapping[str, str] | None = None) -> Text:
    """Return a cell as a table shows it.

    Args:
        item: whose row it is in.
        column: in which it is.
        colours: the theme's by their names, for columns whose styles name one.
    """
    style = column.style(item)
    if style.startswith("$"):
        style = (colours or {}).get(style.removeprefix("$"), "")
    return Text(column.cell(item), style, justify=_alignment(column), no_wrap=True)


def _alignment(column: Column[Any]) -> JustifyMethod:
    return "right" if column.right else "left"
