"""The fields that say how a file of sequences is read: each shows a guess until it is changed."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal, ItemGrid
from textual.message import Message
from textual.widgets import Input, Label, Select

from rnn_tui.data.description import HORIZON, WINDOW
from rnn_tui.data.options import Goal, Layout, ReadingOptions
from rnn_tui.engine.errors import SettingError
from rnn_tui.engine.settings import NumberSetting
from rnn_tui.ui.sequences.words import FILLS, GOALS, LAYOUTS, SPLITS
from rnn_tui.ui.widgets.plain import PlainSelect
from rnn_tui.ui.widgets.setting_input import SettingInput

GUESSED = "guessed"
LEAST_FIELD = 25  # cells of a field with its label
DELIMITERS = {",": "comma", ";": "semicolon", "\t": "tab", "|": "bar", " ": "blank"}
DECIMALS = {".": "point", ",": "comma"}
HEADERS = {True: "names", False: "values"}
ENCODINGS = {name: name for name in ("utf-8", "utf-16", "latin-1", "cp1252")}
AHEAD = replace(HORIZON, label="Ahead")
PIECES = replace(WINDOW, label="Pieces of")


@dataclass(frozen=True)
class ChoiceField:
    """A part of `ReadingOptions` that is chosen from a list."""

    name: str  #: of the attribute.
    label: str
    choices: dict[Any, str]  #: the words of each value.
    #: whether it means something to what was understood, or asked for.
    applies: Callable[[ReadingOptions], bool]


def _of_tables(options: ReadingOptions) -> bool:
    return options.layout in (Layout.LONG, Layout.WIDE)


def _of_texts(options: ReadingOptions) -> bool:
    return options.layout is not None


def _always(_options: ReadingOptions) -> bool:
    return True


FIELDS = (
    ChoiceField("goal", "Answer", GOALS, _always),
    ChoiceField("layout", "Rows are", LAYOUTS, _of_texts),
    ChoiceField("split", "Split", SPLITS, _always),
    ChoiceField("fill", "Gaps", FILLS, lambda options: options.layout is not Layout.TEXT),
    ChoiceField("header", "First row", HEADERS, _of_tables),
    ChoiceField("delimiter", "Between", DELIMITERS, _of_tables),
    ChoiceField("decimal", "Decimal", DECIMALS, _of_tables),
    ChoiceField("encoding", "Encoding", ENCODINGS, _of_texts),
)


class OptionFields(ItemGrid):
    """All fields, those that mean something to the file shown."""

    @dataclass
    class Changed(Message):
        """The user wants the file read otherwise."""

        options: ReadingOptions

    def __init__(self) -> None:
        super().__init__(min_column_width=LEAST_FIELD, id="reading-options")
        self._asked = ReadingOptions()  #: what the user has said.

    def compose(self) -> ComposeResult:
        for field in FIELDS:
            with Horizontal(id=f"option-{field.name}", classes="field-row"):
                yield Label(field.label, classes="field-label option-label", markup=False)
                yield PlainSelect([(GUESSED, None)], id=field.name)
        for setting in (AHEAD, PIECES):
            with Horizontal(id=f"option-{setting.name}", classes="field-row"):
                yield Label(setting.label, classes="field-label option-label", markup=False)
                yield SettingInput(setting, id=setting.name)
                yield Label("steps", classes="field-label")

    def show(self, asked: ReadingOptions, chosen: ReadingOptions | None) -> None:
        """Show how the file was read.

        Args:
            asked: what the user has said.
            chosen: that with all guesses; None if the file could not be read so.
        """
        self._asked = asked
        shown = asked if chosen is None else chosen
        for field in FIELDS:
            value = getattr(shown, field.name)
            options = [(words, value) for value, words in field.choices.items()]
            if value not in field.choices:
                words = GUESSED if value is None else str(value)
                options.insert(0, (words, value))
            select = self.query_one(f"#{field.name}", PlainSelect)
            select.offer_texts(options, value)
            applies = chosen is None or (field.applies(shown) and value is not None)
            self._place_of(field.name).display = applies
        self._show_number(AHEAD, shown.horizon)
        self._show_number(PIECES, shown.window)
        self._place_of("horizon").display = shown.goal is Goal.NEXT

    def _place_of(self, name: str) -> Horizontal:
        return self.query_one(f"#option-{name}", Horizontal)

    def _show_number(self, setting: NumberSetting, value: int | None) -> None:
        field = self.query_one(f"#{setting.name}", SettingInput)
        text = "" if value is None else str(value)
        if field.value != text:
            field.value = text

    @on(Select.Changed)
    def _choose(self, event: Select.Changed) -> None:
        event.stop()
        name = event.select.id or ""
        chosen: dict[str, Any] = {name: event.value}
        self._change(replace(self._asked, **chosen))

    @on(Input.Submitted)
    def _type(self, event: Input.Submitted) -> None:
        event.stop()
        self._take_number(event.input)

    @on(Input.Blurred)
    def _leave(self, event: Input.Blurred) -> None:
        event.stop()
        self._take_number(event.input)

    def _take_number(self, field: Input) -> None:
        """Read the file anew if another number was typed; say what is wrong with it."""
        if not isinstance(field, SettingInput):
            return
        name = field.id or ""
        try:
            value = field.setting_value()
        except SettingError as error:
            self.notify(str(error), severity="error")
            return
        if name == AHEAD.name and value is None:
            value = 1
        if value != getattr(self._asked, name):
            self._change(replace(self._asked, **{name: value}))

    def _change(self, options: ReadingOptions) -> None:
        if options != self._asked:
            self.post_message(self.Changed(options))
