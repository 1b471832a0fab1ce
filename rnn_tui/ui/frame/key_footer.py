"""The line of keys at the bottom of the app."""

from collections.abc import Sequence
from dataclasses import dataclass

from rich.cells import cell_len
from rich.style import Style
from rich.text import Text
from textual.binding import Binding
from textual.content import Content
from textual.dom import DOMNode
from textual.events import MouseDown, MouseMove
from textual.reactive import reactive
from textual.widget import Widget

from rnn_tui.ui.frame.pane import Pane

FIRST = ("stop", "pause", "go-on")  # these bindings come first
LATE = ("larger", "network")  # after the other keys of the view
ALWAYS = ("help", "palette", "quit")  # these come last, in the narrowest window too
MOST_KEYS = 8  # with those; a line of more is not read, and the palette has the others
GAP = "  "  # between two keys


@dataclass(frozen=True)
class FooterKey:
    """A key in the footer."""

    binding: Binding
    tooltip: str


class KeyFooter(Widget):
    """Shows the active keys in one line: at most eight, with help, palette and quit at its end.

    Textual's `Footer` makes, styles and lays out a widget for each key whenever the active keys
    change, and leaks the removed widgets. With it, a switch of tabs took 410 ms of processor time
    on a loaded machine in place of 157, and 60 switches left 3,599 widgets behind. This footer only
    draws its line again.
    """

    ALLOW_SELECT = False
    COMPONENT_CLASSES = {"key-footer--key", "key-footer--words", "key-footer--hover"}
    shown: Sequence[FooterKey] = ()  #: the keys in the line, from left to right.
    over: reactive[str | None] = reactive(None)  #: the key under the mouse.
    _look_is_due = False  #: whether `_show_keys` will be called.

    def on_mount(self) -> None:
        self.screen.bindings_updated_signal.subscribe(self, self.look)

    def on_resize(self) -> None:
        self.look()

    def look(self, _screen: object = None) -> None:
        """Update the keys soon, once for any number of calls.

        They are updated again after the next refresh, which may have changed the active keys.
        """
        if not self._look_is_due:
            self._look_is_due = True
            self.call_later(self._show_keys)
            self.call_after_refresh(self._show_keys)

    def _show_keys(self) -> None:
        """Show the active keys; while the window has no focus, the keys stay as they were."""
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
        line = Text(" ", no_wrap=True)
        for number, key in enumerate(self.shown):
            if number:
                line.append(GAP)
            binding = key.binding
            here = Style(
                bgcolor=hover_style.bgcolor if binding.key == self.over else None,
                # Read by the handlers of the mouse. Other keys may be shown by then, so the style
                # of each character holds its own key.
                meta={"key": binding.key, "tooltip": key.tooltip},
            )
            line.append(self.app.get_key_display(binding), key_style + here)
            line.append(f" {binding.description}", words_style + here)
        return line

    def on_mouse_move(self, event: MouseMove) -> None:
        """Highlight the key under the mouse, and show its tooltip."""
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
        if "key" in meta:
            self.app.simulate_key(meta["key"])

    def _keys_that_fit(self) -> Sequence[FooterKey]:
        """Return the keys that do something now and fit: `FIRST`, those of the view, `ALWAYS`."""
        keys: dict[str, FooterKey] = {}  # by action; an action with several keys shows the first
        ranks: dict[str, int] = {}
        for node, binding, enabled, tooltip in self.screen.active_bindings.values():
            offered = not isinstance(node, Pane) or node.offers(binding.action)
            if binding.show and enabled and offered:
                keys.setdefault(binding.action, FooterKey(binding, tooltip))
                ranks.setdefault(binding.action, _rank(binding, node))
        if any(key.binding.id == "stop" for key in keys.values()):  # one run trains at a time
            keys.pop("train", None)
        in_order = sorted(keys.values(), key=lambda key: ranks[key.binding.action])
        last = [key for key in in_order if key.binding.id in ALWAYS]
        room = self.size.width or self.app.size.width  # before the first layout the size is 0
        room += len(GAP) - 1  # a blank at the left, no gap at the right
        room -= sum(self._width(key) for key in last)
        others = [key for key in in_order if key not in last]
        shown = []
        for key in others[: MOST_KEYS - len(last)]:
            room -= self._width(key)
            if room >= 0:
                shown.append(key)
        return (*shown, *last)

    def _width(self, key: FooterKey) -> int:
        """Return the columns that a key takes, with the gap after it."""
        return cell_len(f"{self.app.get_key_display(key.binding)} {key.binding.description}{GAP}")


def _rank(binding: Binding, node: DOMNode) -> int:
    """Return a number by which keys are sorted; those of one number stay in their order."""
    if binding.id in FIRST:
        return 0
    if isinstance(node, Pane) and not node.keys_first:
        return 3
    return 2 if binding.id in LATE else 1
