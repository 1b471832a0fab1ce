"""A field for a setting."""

from typing import Any

from textual import events
from textual.widgets import Input

from rnn_tui.engine.settings import Setting
from rnn_tui.ui.common.textual_workarounds import Compact


class SettingInput(Compact, Input):
    """An input that takes only the characters its setting may need: others are keys of the app,
    also while it has the focus.
    """

    def __init__(self, setting: Setting, usual: Any = None, id: str | None = None) -> None:
        super().__init__(placeholder=str(usual or ""), compact=True, id=id)
        self._setting, self._usual = setting, usual
        self._characters = frozenset(setting.characters)
        self.cursor_blink = False

    def given(self) -> Any:
        """What was typed, or what is usual where the field is empty; raises `SettingError` if it is
        not allowed.
        """
        text = self.value.strip()
        return self._setting.parse(text) if text else self._usual

    def check_consume_key(self, key: str, character: str | None) -> bool:  # noqa: ARG002
        return character is not None and character in self._characters

    def on_key(self, event: events.Key) -> None:
        """Leave what the setting does not need to the app; Textual's own handler takes the rest."""
        if event.is_printable and event.character not in self._characters:
            event.prevent_default()
