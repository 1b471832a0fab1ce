"""The columns of a table as they were understood, and the question what one is for."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.widgets import OptionList
from textual.widgets.option_list import Option

from rnn_tui.data.options import ColumnSetting, ColumnsSetting, ReadingOptions, role_of
from rnn_tui.data.understanding import FileColumn, Role
from rnn_tui.engine.options import options_of
from rnn_tui.engine.tables import Column
from rnn_tui.ui.terminal.textual_workarounds import Dialog, Options
from rnn_tui.ui.widgets.plain import PlainTable

ROLES = {
    Role.INPUT: "the network reads it at each step",
    Role.KNOWN: "it is read, and for the steps ahead too",
    Role.LABEL: "it is to be answered",
    Role.SEQUENCE: "it says which sequence a row belongs to",
    Role.GROUP: "it names a subject or the like, all in one part",
    Role.SPLIT: "it says the part: train, val or test",
    Role.STEP: "it orders the steps: a number or a date",
    Role.IGNORED: "it is not used",
}
STYLES = {Role.LABEL: "bold", Role.INPUT: "bold", Role.KNOWN: "bold", Role.IGNORED: "dim"}
CHANGES_ROLE = "Say what a column is for"
LONGEST_CELL = 24  # characters of a name or a value


def _cut(text: str) -> str:
    return text if len(text) <= LONGEST_CELL else f"{text[: LONGEST_CELL - 1]}…"


def _style(column: FileColumn) -> str:
    return STYLES.get(column.role, "")


def _dim(_column: FileColumn) -> str:
    return "dim"


NAME = Column[FileColumn]("column", lambda column: _cut(column.name), style=_style)
IS = Column[FileColumn]("is", lambda column: column.role.value, style=_style)
GAPS = Column[FileColumn](
    "gaps",
    lambda column: f"{column.missing:,}" if column.missing else "",
    style=lambda _: "yellow",
    right=True,
)
EXAMPLES = Column[FileColumn](
    "first values", lambda column: ", ".join(map(_cut, column.examples)), style=_dim
)
HOLDS = Column[FileColumn]("holds", lambda column: column.kind.value, style=_dim)


class ColumnTable(PlainTable):
    """A row for each column of a file: what it holds, and what it is for."""

    BINDINGS = [
        Binding("enter", "select_cursor", "Role", key_display="Enter", tooltip=CHANGES_ROLE)
    ]

    def __init__(self) -> None:
        super().__init__(cursor_type="row", zebra_stripes=True, id="columns", classes="panel")
        self.border_title = "Columns"
        self.border_subtitle = "Enter: what it is for"

    def show(self, file_columns: Sequence[FileColumn]) -> None:
        """Show these columns; the cursor stays."""
        columns = [NAME, IS, EXAMPLES, HOLDS]
        if any(column.missing for column in file_columns):
            columns.insert(2, GAPS)
        self.show_items(columns, file_columns)


class RoleScreen(Dialog[Role | None]):
    """Asks what a column is for; None if it is left."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "dismiss", "Leave")]

    def __init__(self, column: FileColumn) -> None:
        super().__init__()
        self._column = column

    def compose(self) -> ComposeResult:
        entries = [Option(_entry(role.value, words), role.value) for role, words in ROLES.items()]
        options = Options(*entries, compact=True, markup=False)
        options.border_title = Content(f"What is the column {_cut(self._column.name)}?")
        options.border_subtitle = "Enter chooses · Esc leaves"
        yield options

    def on_mount(self) -> None:
        self.query_one(OptionList).highlighted = list(ROLES).index(self._column.role)

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        self.dismiss(Role(event.option.id or ""))


def _entry(role: str, words: str) -> Content:
    """Return a line of the list: a role, and what that means."""
    return Content.assemble((f"{role:<9}", "bold"), (words, "$foreground 65%"))


def with_role(
    options: ReadingOptions, columns: Sequence[FileColumn], name: str, role: Role
) -> ReadingOptions:
    """Return options by which a column is for something else.

    What the user has not said of the other columns is still guessed.

    Args:
        options: what the user has said so far.
        columns: all columns as they were understood.
        name: the name of the column.
        role: what it is to be for.
    """
    values: dict[str, Any] = {}
    for field, option in options_of(ReadingOptions).items():
        value = getattr(options, field)
        is_wanted = role_of(option) is role
        match option.setting:
            case ColumnSetting() if is_wanted:
                values[field] = name
            case ColumnSetting() if value == name:
                values[field] = None
            case ColumnsSetting():
                names = tuple(other for other in value or () if other != name) or option.default
                if is_wanted:
                    guessed = [column.name for column in columns if column.role is role]
                    names = (*(guessed if names is None else names), name)
                values[field] = names
    return replace(options, **values)
