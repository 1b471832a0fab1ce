"""The fields that say how a file of sequences is read: each shows a guess until it is changed."""

from dataclasses import dataclass, replace
from typing import Any

from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal, ItemGrid
from textual.message import Message
from textual.widgets import Input, Label, Select

from rnn_tui.data.options import ReadingOptions, role_of
from rnn_tui.engine.errors import SettingError
from rnn_tui.engine.options import Option, in_form_order, options_of
from rnn_tui.ui.widgets.plain import PlainSelect
from rnn_tui.ui.widgets.setting_input import SettingInput

GUESSED = "guessed"
LEAST_FIELD = 25  # cells of a field with its label
#: the others are chosen in the table of columns.
FIELDS = [option for option in in_form_order(ReadingOptions) if role_of(option) is None]


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
        for option in FIELDS:
            with Horizontal(id=f"option-{option.name}", classes="field-row"):
                yield Label(option.label, classes="field-label option-label", markup=False)
                if option.choices:
                    yield PlainSelect([(GUESSED, None)], id=option.name)
                else:
                    yield SettingInput(option.form_setting, id=option.name)
                    yield Label(option.unit, classes="field-label", markup=False)

    def show(self, asked: ReadingOptions, chosen: ReadingOptions | None) -> None:
        """Show how the file was read.

        Args:
            asked: what the user has said.
            chosen: that with all guesses; None if the file could not be read so.
        """
        self._asked = asked
        shown = asked if chosen is None else chosen
        for option in FIELDS:
            value = getattr(shown, option.name)
            applies = option.applies(shown)
            if option.choices:
                self._show_choice(option, value)
                applies = chosen is None or (applies and value is not None)
            else:
                self._show_number(option, value)
            self.query_one(f"#option-{option.name}", Horizontal).display = applies

    def _show_choice(self, option: Option, value: Any) -> None:
        choices = [(words, choice) for choice, words in option.choices.items()]
        if value not in option.choices:
            choices.insert(0, (GUESSED if value is None else str(value), value))
        self.query_one(f"#{option.name}", PlainSelect).offer_texts(choices, value)

    def _show_number(self, option: Option, value: int | None) -> None:
        field = self.query_one(f"#{option.name}", SettingInput)
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
        if value is None:
            value = options_of(ReadingOptions)[name].default
        if value != getattr(self._asked, name):
            self._change(replace(self._asked, **{name: value}))

    def _change(self, options: ReadingOptions) -> None:
        if options != self._asked:
            self.post_message(self.Changed(options))
