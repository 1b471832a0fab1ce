"""A field for a setting."""

from typing import Any

from textual import events
from textual.widgets import Input

from rnn_tui.engine.settings import Setting
from rnn_tui.ui.common.textual_workarounds import Compact


class SettingInput(Compact, Input):
    """An input that takes only the characters its setting may need.

    Others are keys of the app, also while it has the focus.
    """

    def __init__(self, setting: Setting, default: Any = None, id: str | None = None) -> None:
        """Make the input; `default` is what an empty field stands for."""
        super().__init__(placeholder=str(default or ""), compact=True, id=id)
        self._setting = setting
        self._default = default
        self._characters = frozenset(setting.characters)
        self.cursor_blink = False

    def setting_value(self) -> Any:
        """Return the typed value, or the default if the field is empty.

        Raises:
            SettingError: if what was typed is not allowed.
        """
        text = self.value.strip()
        return self._setting.parse(text) if text else self._default

    def check_consume_key(self, key: str, character: str | None) -> bool:  # noqa: ARG002
        return character is not None and character in self._characters

    def on_key(self, event: events.Key) -> None:
        """Leave other characters to the app; Textual's own handler takes what the setting needs."""
        if event.is_printable and event.character not in self._characters:
            event.prevent_default()
