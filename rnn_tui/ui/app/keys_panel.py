"""The panel of keys beside the app, opened by the command palette; imported on first use."""

from collections.abc import Sequence

from textual.app import ComposeResult
from textual.binding import ActiveBinding
from textual.events import Mount
from textual.screen import Screen
from textual.widget import Widget
from textual.widgets import HelpPanel, KeyPanel, Static


class KeyTablePanel(KeyPanel):
    """A table of the keys that hold, drawn anew where others do.

    Textual makes it anew whenever a screen says that keys may have changed, several times a key,
    and the screen waits for each: keys typed ahead took a tenth of a second each.
    """

    _look_is_due = False
    _shown: Sequence[ActiveBinding] = ()  #: the keys in the table.

    def on_mount(self, event: Mount) -> None:  # type: ignore[override]
        """Listen in place of Textual's handler, which comes after this one."""
        event.prevent_default()
        self.set_class(bool(self.app.ansi_color), "-ansi-scrollbar")
        self.screen.bindings_updated_signal.subscribe(self, self._look)

    def _look(self, _screen: Screen[object]) -> None:
        """Look at the keys once, however many ask for that."""
        if not self._look_is_due:
            self._look_is_due = True
            self.call_after_refresh(self._show_keys)

    def _show_keys(self) -> None:
        self._look_is_due = False
        if not (self.app.app_focus and self.is_attached):
            return
        keys = list(self.screen.active_bindings.values())
        if keys != self._shown:
            self._shown = keys
            self.query_one(Static).refresh(layout=True)


class KeysPanel(HelpPanel):
    """The panel, with that table alone.

    Textual's has a text on what has the focus too, which no widget here has, and which it makes
    anew wherever the focus goes.
    """

    def compose(self) -> ComposeResult:
        yield KeyTablePanel(id="keys-help")

    def update_help(self, focused_widget: Widget | None) -> None:
        """Say nothing of what has the focus."""
