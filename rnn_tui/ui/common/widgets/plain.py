"""Tables, lists and fields that show text as it is: Textual reads markup in every text, so that a
run called `[red]` would colour its cell, one called `[/]` end the app.
`tests/ui/test_plain_text.py` holds that texts take this way.
"""

from collections.abc import Iterable
from typing import Any, TypeVar

from rich.text import Text
from textual import events
from textual.content import Content
from textual.widget import Widget
from textual.widgets import Button, Checkbox, DataTable, Input
from textual.widgets.data_table import ColumnKey, RowKey

from rnn_tui.engine.errors import printable
from rnn_tui.ui.common.textual_workarounds import Compact, DrawnCells, SteadySelect

Value = TypeVar("Value")
View = TypeVar("View", bound=Widget)


class PlainTable(DrawnCells, DataTable[Text]):
    """A table whose texts are shown as they are; those with styles come as `Text`."""

    def add_column(self, label: str | Text, **options: Any) -> ColumnKey:
        return super().add_column(_text(label), **options)

    def add_row(self, *cells: str | Text, **options: Any) -> RowKey:
        return super().add_row(*map(_text, cells), **options)

    def fill(self, headings: Iterable[str | Text], rows: Iterable[Iterable[str | Text]]) -> None:
        """Show these in place of what there is; the cursor stays where it is, and what is in
        view.
        """
        at, scrolled = self.cursor_row, self.scroll_offset
        self.clear(columns=True)
        self.add_columns(*headings)
        for row in rows:
            self.add_row(*row)
        self.move_cursor(row=at, animate=False)
        self.scroll_to(*scrolled, animate=False)


class PlainSelect(SteadySelect[Value]):
    """A list to choose from, compact and without a blank, whose texts are shown as they are."""

    def __init__(self, options: Iterable[tuple[str, Value]], **more: Any) -> None:
        super().__init__(self._taken(options), allow_blank=False, compact=True, **more)

    def offer_texts(self, options: Iterable[tuple[str, Value]], *wanted: Value) -> None:
        """Offer these options in place of others, without telling; choose the first of `wanted`
        there is, or else the first.
        """
        with self.prevent(self.Changed):
            super().set_options(self._taken(options))
            self.value = next(
                (value for value in wanted if value in self._offered), self._offered[0]
            )

    def choose_next(self) -> None:
        """Choose the next option; after the last the first."""
        at = next((at for at, value in enumerate(self._offered) if value == self.value), -1)
        self.value = self._offered[(at + 1) % len(self._offered)]

    def _taken(self, options: Iterable[tuple[str, Value]]) -> list[tuple[Content, Value]]:
        contents = [(Content(text), value) for text, value in options]
        self._offered = [value for _, value in contents]
        return contents


class MarkedCheckbox(Compact, Checkbox):
    """A compact checkbox that shows its state by a mark, not by colour alone."""

    def __init__(self, label: str, value: bool = False, id: str | None = None) -> None:
        # here in place of later, for the reason that `Compact` has
        classes = f"{self.DEFAULT_CLASSES} -on" if value else None
        super().__init__(Content(label), value, id=id, classes=classes, compact=True)

    @property
    def BUTTON_INNER(self) -> str:  # type: ignore[override]
        return "✓" if self.value else " "


class MainButton(Compact, Button):
    """A compact button for what a form is there for."""

    DEFAULT_CLASSES = f"{Compact.DEFAULT_CLASSES} -primary -style-default"

    def __init__(self, label: str, id: str | None = None) -> None:
        super().__init__(Content(label), "primary", id=id, compact=True)


class TypedInput(Compact, Input):
    """An input that cuts pastes to `most` characters, and keeps control characters out."""

    def __init__(self, value: str, most: int, *, placeholder: str = "", id: str) -> None:
        super().__init__(value, placeholder, max_length=most, compact=True, id=id)
        self.cursor_blink = False
        self._most = most
        self._cut = "", ""  # what it held right after a paste that did not fit, and a note on that

    @property
    def cut(self) -> str:
        """How much of a paste fits; empty where all of it did, or other text is there by now."""
        return self._cut[1] if self._cut[0] == self.value else ""

    def hold(self, text: str) -> None:
        """Hold this text in place of what is there, with the cursor behind it."""
        self.value = text
        self.cursor_position = len(text)

    def on_paste(self, event: events.Paste) -> None:
        # Textual would take the first line alone, and nothing where it is too long
        event.prevent_default()
        event.stop()
        self._insert(event.text)

    def action_paste(self) -> None:
        self._insert(self.app.clipboard)

    def _insert(self, text: str) -> None:
        """Put `text` in place of the selection: on one line, as much of it as fits."""
        start, end = sorted(self.selection)
        # cut to first: a paste may have millions of characters
        room = max(0, self._most - len(self.value) + end - start)
        kept = "".join(" " if letter in "\t\r\n" else letter for letter in text[:room])
        self.replace(printable(kept, self._most), start, end)
        if len(text) > room:
            self._cut = (
                self.value,
                f"Only the first {room:,} of {len(text):,} pasted characters fit.",
            )
            self.post_message(self.Changed(self, self.value))


def views_in(place: Widget, kind: type[View], count: int) -> list[View]:
    """The first `count` views of a kind in a place: more are made where needed, others hidden."""
    views = list(place.query_children(kind))
    views += (new := [kind() for _ in range(count - len(views))])
    place.mount_all(new)
    for at, view in enumerate(views):
        view.display = at < count
    return views[:count]


def _text(text: str | Text) -> Text:
    return Text(text) if isinstance(text, str) else text
