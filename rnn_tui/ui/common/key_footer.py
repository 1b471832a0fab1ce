"""The line of keys at the bottom of the app."""

from collections.abc import Sequence

from rich.cells import cell_len
from rich.style import Style
from rich.text import Text
from textual.binding import Binding
from textual.content import Content
from textual.events import MouseDown, MouseMove
from textual.reactive import reactive
from textual.widget import Widget

FIRST = ("stop", "pause")  # in the footer before all others
FooterKeys = tuple[Binding, bool, str]  # with whether it can be used, and a tooltip


class KeyFooter(Widget):
    """The keys that matter here, in one line: as many as fit, and always help and quit. Textual's
    `Footer` makes, styles and lays out a widget for each key whenever another one holds, and keeps
    what it threw away; this one draws its line anew.
    """

    ALLOW_SELECT = False
    COMPONENT_CLASSES = {"key-footer--key", "key-footer--words", "key-footer--hover"}
    shown: Sequence[FooterKeys] = ()  #: the keys that are shown.
    over: reactive[str | None] = reactive(None)  #: that of them which is under the mouse.
    _looking = False

    def on_mount(self) -> None:
        self.screen.bindings_updated_signal.subscribe(self, self.look)

    def look(self, _screen: object = None) -> None:
        """Show the keys that hold, once however many ask for that; and once more when the screen
        shows what has changed.
        """
        if not self._looking:
            self._looking = True
            self.call_later(self._show_keys)
            self.call_after_refresh(self._show_keys)

    def _show_keys(self) -> None:
        """Show the keys that hold; a window in the back keeps those that it had."""
        self._looking = False
        if (
            self.app.app_focus
            and self.is_attached
            and (keys := self._keys_that_fit()) != self.shown
        ):
            self.shown = keys
            self.refresh()

    on_resize = look

    def render(self) -> Text:
        styles = [
            self.get_component_rich_style(f"key-footer--{part}")
            for part in ("key", "words", "hover")
        ]
        line = Text(no_wrap=True)
        for binding, enabled, tooltip in self.shown:
            here = Style(
                bgcolor=styles[2].bgcolor if binding.key == self.over else None,
                dim=not enabled or None,
                # what the mouse is over, also where other keys are shown by the time that is told
                meta={"key": binding.key, "enabled": enabled, "tooltip": tooltip},
            )
            line.append(self.app.get_key_display(binding), styles[0] + here)
            line.append(f" {binding.description}", styles[1] + here).append(" ")
        return line

    def on_mouse_move(self, event: MouseMove) -> None:
        """Mark the key under the mouse, and have what it does told beside it."""
        seen = event.style.meta
        self.over = seen.get("key")
        if self.over is None:
            self.tooltip = None
        else:
            self.tooltip = Content(seen["tooltip"])

    def on_leave(self) -> None:
        self.over = None

    def on_mouse_down(self, event: MouseDown) -> None:
        seen = event.style.meta
        if seen.get("enabled"):
            self.app.simulate_key(seen["key"])
        elif "key" in seen:
            self.app.bell()

    def _keys_that_fit(self) -> Sequence[FooterKeys]:
        """What stops training first, then the keys of what is in front."""
        first: dict[str, FooterKeys] = {}
        for _, binding, enabled, tooltip in self.screen.active_bindings.values():
            if binding.show:
                first.setdefault(binding.action, (binding, enabled, tooltip))
        keys = sorted(first.values(), key=lambda one: one[0].id not in FIRST)
        always = [one for one in keys if one[0].id in ("help", "quit")]
        room = self.size.width or self.app.size.width  # before the first layout
        left = room - sum(map(self._width, always))
        shown = [
            one for one in keys if one not in always and (left := left - self._width(one)) >= 0
        ]
        return (*shown, *always)

    def _width(self, key: FooterKeys) -> int:
        """The columns of a key: a blank before its words, another after them."""
        return cell_len(self.app.get_key_display(key[0]) + key[0].description) + 2
