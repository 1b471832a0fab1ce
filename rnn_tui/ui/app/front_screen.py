"""The screen below all others, on which keys are for what is in front."""

from collections.abc import Callable, Sequence

from textual import events
from textual.binding import ActiveBinding
from textual.dom import DOMNode
from textual.keys import key_to_character
from textual.widget import Widget
from textual.widgets import TabPane

from rnn_tui.ui.common.textual_workarounds import SteadyScreen, active_keys_of, keys_of


class FrontScreen(SteadyScreen):
    """A screen on which what is `in_front`, the innermost first, has its keys wherever the focus
    is: in a row of tabs, in the form beside a view, or nowhere.

    Textual's keys are those of what has the focus, and of what that is in. So the app asks `press`
    before it looks for them.
    """

    # the pane in front says where the focus begins; Textual would give it to the row of tabs first
    AUTO_FOCUS = ""

    def __init__(self, in_front: Callable[[], Sequence[Widget]]) -> None:
        super().__init__(id="_default")
        self._in_front = in_front

    def on_screen_resume(self, event: events.ScreenResume) -> None:
        # or Textual would style all once more before the first frame
        event.refresh_styles &= self.laid_out is not None

    def set_focus(
        self, widget: Widget | None, scroll_visible: bool = True, from_app_focus: bool = False
    ) -> None:
        """Focus a widget, unless its tab was left since `Widget.focus` asked for that, or it would
        come back.
        """
        if widget is None or all(
            place.display for place in widget.ancestors if isinstance(place, TabPane)
        ):
            super().set_focus(widget, scroll_visible, from_app_focus)

    async def press(self, key: str) -> bool:
        """Do what a key does in front; in a field, where letters are typed, also what it does with
        Alt. Returns whether it does anything.
        """
        active = self.active_bindings.get(key)
        if active is not None:
            mine = active.node in self._in_front()
            return mine and await self.app.run_action(active.binding.action, active.node)
        plain = key.removeprefix("alt+")
        return plain != key and await self._press_outside_fields(plain)

    async def _press_outside_fields(self, key: str) -> bool:
        for node in [*self._in_front(), self.app]:
            for binding in keys_of(node).key_to_bindings.get(key, ()):
                if await self.app.run_action(binding.action, node):
                    return True
        return False

    @property
    def active_bindings(self) -> dict[str, ActiveBinding]:
        """The keys that hold: of what has the focus, of the view, of its tab, of the app."""
        focus = self.focused.ancestors_with_self if self.focused is not None else []
        in_front = self._in_front()
        outer = [*in_front, self, self.app]
        inner = [node for node in focus if isinstance(node, Widget) and node not in outer]
        bindings = super().active_bindings
        for node in reversed(in_front):
            for key, active in active_keys_of(node).items():
                held = bindings.get(key)
                if held is not None and (held.node in inner or held.binding.priority):
                    continue
                character = key_to_character(key)
                # what a field takes is no command, as in Textual's own
                if not any(widget.check_consume_key(key, character) for widget in inner):
                    bindings[key] = active
        ranks: dict[DOMNode, int] = {node: rank for rank, node in enumerate(outer, 1)}
        return dict(sorted(bindings.items(), key=lambda pair: ranks.get(pair[1].node, 0)))
