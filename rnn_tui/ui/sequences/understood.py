"""What was understood of a file, shown before anything is trained, and changed by the user."""

from dataclasses import dataclass
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.content import Content
from textual.message import Message
from textual.widgets import Button, DataTable, OptionList, Static

from rnn_tui.data.options import ReadingOptions
from rnn_tui.data.sketches import first_sequences
from rnn_tui.data.understanding import Role, Understanding
from rnn_tui.engine.errors import printable
from rnn_tui.ui.sequences.columns import ColumnTable, RoleScreen, with_role
from rnn_tui.ui.sequences.drawing import SequencesDrawn, unit_of
from rnn_tui.ui.sequences.fields import OptionFields
from rnn_tui.ui.sequences.wording import in_fields
from rnn_tui.ui.sequences.words import classes_of, size_of
from rnn_tui.ui.widgets.form_foot import FormNote
from rnn_tui.ui.widgets.plain import MainButton

CHANGE = "Change how the file is read; Esc leaves it."
DRAWN = 3  # sequences, of different classes as far as there are some


class UnderstandingView(Vertical):
    """Format, columns, classes, parts and the first sequences of a file, and how it is read."""

    BINDINGS: ClassVar[list[BindingType]] = [
        # Before the table's own: the notes have the page keys where they are longer than shown.
        Binding(
            "pagedown",
            "scroll_notes(1)",
            "Notes",
            key_display="PgUp PgDn",
            tooltip="Scroll the notes",
            priority=True,
        ),
        Binding("pageup", "scroll_notes(-1)", show=False, priority=True),
    ]

    @dataclass
    class Changed(Message):
        """The user wants the file read otherwise."""

        options: ReadingOptions

    class Accepted(Message):
        """The user wants the data set as it was understood."""

    def __init__(self, *, id: str) -> None:
        super().__init__(id=id)
        self._asked = ReadingOptions()  #: what the user has said.
        self.understanding: Understanding | None = None  #: what is shown; None if nothing is.

    def compose(self) -> ComposeResult:
        with VerticalScroll(id="facts", can_focus=False):
            yield Static("", id="facts-text", markup=False)
        with Horizontal(id="understood-body"):
            yield ColumnTable()
            with Vertical(id="drawn", classes="lone-panel"):
                yield SequencesDrawn()
        yield OptionFields()
        with Horizontal(id="accept-row"):
            yield MainButton("Use this data", "accept")
            yield FormNote("accept-note")

    def show(self, asked: ReadingOptions, understanding: Understanding | None) -> None:
        """Show what was understood; None if the file can't be read so.

        Args:
            asked: what the user has said.
            understanding: what came of it.
        """
        self._asked = asked
        self.understanding = understanding
        self.query_one("#understood-body").display = understanding is not None
        self.query_one("#facts").display = understanding is not None
        self.query_one(MainButton).disabled = understanding is None
        if understanding is None:
            self.query_one(OptionFields).show(asked, None)
            self.query_one(FormNote).say(CHANGE)
            return
        self.query_one(OptionFields).show(asked, understanding.chosen)
        self.query_one(FormNote).say("o uses it too · t trains at once")
        self.query_one("#facts-text", Static).update(facts_of(understanding))
        table = self.query_one(ColumnTable)
        table.display = bool(understanding.columns)
        table.show(understanding.columns)
        drawn = self.query_one("#drawn")
        indices = first_sequences(understanding.data_set, DRAWN)
        self.query_one(SequencesDrawn).show(understanding.data_set, indices)
        first = "First sequences" if len(indices) > 1 else "The sequence"
        drawn.border_title = Content(f"{first}{unit_of(understanding.data_set)}")

    def focus_view(self) -> None:
        """Focus the columns, or what accepts where there is no table."""
        table = self.query_one(ColumnTable)
        if self.understanding is None:
            self.query_one(OptionFields).query("PlainSelect").first().focus()
        elif table.display:
            table.focus()
        else:
            self.query_one(MainButton).focus()

    def action_scroll_notes(self, pages: int) -> None:
        """Scroll the notes above the columns by so many pages."""
        facts = self.query_one("#facts")
        facts.scroll_relative(y=pages * max(1, facts.size.height - 1), animate=False)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Leave the page keys to a table or an open list unless notes are cut."""
        if action == "scroll_notes":
            in_list = isinstance(self.app.focused, OptionList)
            return not in_list and self.query_one("#facts").max_scroll_y > 0
        return super().check_action(action, parameters)

    @on(OptionFields.Changed)
    def _change_options(self, event: OptionFields.Changed) -> None:
        self.post_message(self.Changed(event.options))

    @on(Button.Pressed)
    def _accept(self, event: Button.Pressed) -> None:
        event.stop()
        self.post_message(self.Accepted())

    @on(DataTable.RowSelected)
    def _ask_role(self, event: DataTable.RowSelected) -> None:
        """Ask what the column at the cursor is for."""
        event.stop()
        understanding = self.understanding
        if understanding is None or event.cursor_row >= len(understanding.columns):
            return
        column = understanding.columns[event.cursor_row]

        def answered(role: Role | None) -> None:
            if role is not None and role is not column.role:
                options = with_role(self._asked, understanding.columns, column.name, role)
                self.post_message(self.Changed(options))

        self.app.push_screen(RoleScreen(column), answered)


def facts_of(understanding: Understanding) -> Content:
    """Return what was understood in lines: the format, the sequences, answers, notes."""
    data_set = understanding.data_set
    description = data_set.description
    parts: list[Content | tuple[str, str]] = [
        (f"{printable(understanding.path.name, 80)}: ", "bold"),
        Content(f"{understanding.format}\n"),
        (f"{size_of(description)}\n", "bold"),
        (classes_of(data_set), "bold"),
    ]
    parts += [(f"\n• {in_fields(note)}", "$foreground 75%") for note in understanding.notes]
    return Content.assemble(*parts)
