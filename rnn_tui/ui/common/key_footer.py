"""The line of keys at the bottom of the app."""

from collections.abc import Sequence
from dataclasses import dataclass

from rich.cells import cell_len
from rich.style import Style
from rich.text import Text
from textual.binding import Binding
from textual.content import Content
from textual.events import MouseDown, MouseMove
from textual.reactive import reactive
from textual.widget import Widget

FIRST = ("stop", "pause")  # in the footer before all others
ALWAYS = ("help", "quit")  # last, and however little room there is


@dataclass(frozen=True)
class FooterKey:
    """A key in the footer."""

    binding: Binding
    enabled: bool  #: whether it does anything now.
    tooltip: str


class KeyFooter(Widget):
    """The keys that matter here, in one line: as many as fit, and always help and quit.

    Textual's `Footer` makes, styles and lays out a widget for each key whenever another one holds,
    and keeps what it threw away. This one draws its line anew.
    """

    ALLOW_SELECT = False
    COMPONENT_CLASSES = {"key-footer--key", "key-footer--words", "key-footer--hover"}
    shown: Sequence[FooterKey] = ()
    over: reactive[str | None] = reactive(None)  #: the key under the mouse.
    _look_is_due = False

    def on_mount(self) -> None:
        self.screen.bindings_updated_signal.subscribe(self, self.look)

    def on_resize(self) -> None:
        self.look()

    def look(self, _screen: object = None) -> None:
        """Show the keys that hold, once however many ask for that.

        And once more when the screen shows what has changed.
        """
        if not self._look_is_due:
            self._look_is_due = True
            self.call_later(self._show_keys)
            self.call_after_refresh(self._show_keys)

    def _show_keys(self) -> None:
        """Show the keys that hold; a window in the back keeps those that it had."""
        self._look_is_due = False
        if not (self.app.app_focus and self.is_attached):
            return
        keys = self._keys_that_fit()
        if keys != self.shown:
            self.shown = keys
            self.refresh()

    def render(self) -> Text:
        key_style = self.get_component_rich_style("key-footer--key")
        words_style = self.get_component_rich_style("key-footer--words")
        hover_style = self.get_component_rich_style("key-footer--hover")
        line = Text(no_wrap=True)
        for key in self.shown:
            binding = key.binding
            here = Style(
                bgcolor=hover_style.bgcolor if binding.key == self.over else None,
                dim=not key.enabled or None,
                # what the mouse is over, also where other keys are shown by the time that is told
                meta={"key": binding.key, "enabled": key.enabled, "tooltip": key.tooltip},
            )
            line.append(self.app.get_key_display(binding), key_style + here)
            line.append(f" {binding.description}", words_style + here)
            line.append(" ")
        return line

    def on_mouse_move(self, event: MouseMove) -> None:
        """Mark the key under the mouse, and show what it does beside it."""
        meta = event.style.meta
        self.over = meta.get("key")
        if self.over is None:
            self.tooltip = None
        else:
            self.tooltip = Content(meta["tooltip"])

    def on_leave(self) -> None:
        self.over = None

    def on_mouse_down(self, event: MouseDown) -> None:
        meta = event.style.meta
        if meta.get("enabled"):
            self.app.simulate_key(meta["key"])
        elif "key" in meta:
            self.app.bell()

    def _keys_that_fit(self) -> Sequence[FooterKey]:
        """What stops training first, then the keys of what is in front, help and quit last."""
        keys: dict[str, FooterKey] = {}  # one an action
        for _, binding, enabled, tooltip in self.screen.active_bindings.values():
            if binding.show:
                keys.setdefault(binding.action, FooterKey(binding, enabled, tooltip))
        in_order = sorted(keys.values(), key=lambda key: key.binding.id not in FIRST)
        last = [key for key in in_order if key.binding.id in ALWAYS]
        room = self.size.width or self.app.size.width  # before the first layout
        room -= sum(self._width(key) for key in last)
        shown = []
        for key in in_order:
            if key in last:
                continue
            room -= self._width(key)
            if room >= 0:
                shown.append(key)
        return (*shown, *last)

    def _width(self, key: FooterKey) -> int:
        """The columns of a key: a blank before its words, another after them."""
        return cell_len(self.app.get_key_display(key.binding) + key.binding.description) + 2
