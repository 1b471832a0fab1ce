"""A labelled setting in a form, checked as one types; its line of help turns into the error."""

from typing import Any

from textual import events
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.validation import ValidationResult, Validator
from textual.widgets import Input, Label, Static

from rnn_tui.engine.errors import SettingError
from rnn_tui.engine.settings import Setting


class SettingValidator(Validator):
    """Accepts what the setting accepts, and nothing typed, which means the preset's value."""

    def __init__(self, setting: Setting) -> None:
        super().__init__()
        self._setting = setting

    def validate(self, value: str) -> ValidationResult:
        """Check the text of a field."""
        if not value.strip():
            return self.success()
        try:
            self._setting.parse(value)
        except SettingError as error:
            return self.failure(str(error))
        return self.success()


class SettingInput(Input):
    """An input that takes only the characters its setting may need, and leaves others to the app.

    So the single-key commands work while a field has the focus.
    """

    def __init__(self, setting: Setting) -> None:
        super().__init__(validators=[SettingValidator(setting)], compact=True)
        self._characters = frozenset(setting.characters)
        self.cursor_blink = False

    def check_consume_key(self, key: str, character: str | None) -> bool:  # noqa: ARG002
        """Whether typing this key changes the field."""
        return character is not None and character in self._characters

    async def _on_key(self, event: events.Key) -> None:
        if event.is_printable and event.character not in self._characters:
            event.prevent_default()
            return
        await super()._on_key(event)


class SettingField(Vertical):
    """A setting of a run: label, input, help or error."""

    def __init__(self, setting: Setting) -> None:
        super().__init__(id=f"field-{setting.name.replace('_', '-')}")
        self.setting = setting

    def compose(self) -> ComposeResult:
        """Lay out label and input in a row, the help below."""
        with Horizontal():
            yield Label(self.setting.label)
            yield SettingInput(self.setting)
        yield Static(self.setting.help, classes="hint", markup=False)

    @property
    def input(self) -> SettingInput:
        """The input itself."""
        return self.query_one(SettingInput)

    def value(self) -> Any:
        """What was typed, or None where the field is empty.

        Raises:
            SettingError: if it is not allowed.
        """
        text = self.input.value.strip()
        return self.setting.parse(text) if text else None

    def on_input_changed(self, event: Input.Changed) -> None:
        """Show what is wrong in place of the help."""
        result = event.validation_result
        descriptions = result.failure_descriptions if result is not None else []
        self.set_class(bool(descriptions), "-wrong")
        self.query_one(".hint", Static).update(
            descriptions[0] if descriptions else self.setting.help
        )
