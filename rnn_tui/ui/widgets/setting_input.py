"""A field for a setting."""

from typing import Any

from textual.widgets import Input

from rnn_tui.engine.settings import Setting
from rnn_tui.ui.terminal.textual_workarounds import Compact
from rnn_tui.ui.widgets.plain import FewCharacters


class SettingInput(FewCharacters, Compact, Input):
    """An input that takes only the characters its setting may need."""

    def __init__(self, setting: Setting, default: Any = None, id: str | None = None) -> None:
        """Make the input; `default` is what an empty field stands for."""
        super().__init__(placeholder=str(default or ""), compact=True, id=id)
        self._setting = setting
        self._default = default
        self.characters = frozenset(setting.characters)
        self.cursor_blink = False

    def setting_value(self) -> Any:
        """Return the typed value, or the default if the field is empty.

        Raises:
            SettingError: if what was typed is not allowed.
        """
        text = self.value.strip()
        return self._setting.parse(text) if text else self._default
