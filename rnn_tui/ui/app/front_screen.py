"""The screen below all others, on which keys are for what is in front."""

from collections.abc import Callable, Sequence

from textual import events
from textual.binding import ActiveBinding
from textual.dom import DOMNode
from textual.keys import key_to_character
from textual.widget import Widget
from textual.widgets import TabPane

from rnn_tui.ui.terminal.textual_workarounds import SteadyScreen, active_keys_of, keys_of


class FrontScreen(SteadyScreen):
    """A screen on which what is in front has its keys wherever the focus is.

    The focus may be in a row of tabs, in the form beside a view, or nowhere. Textual's keys are
    those of what has the focus, and of what that is in. So the app asks `press` before it looks for
    them.

    Args:
        in_front: what is in front, the innermost first.
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
        """Focus a widget, unless its tab was left since `Widget.focus` asked for that.

        Else the tab would come back.
        """
        places = [] if widget is None else widget.ancestors
        if all(place.display for place in places if isinstance(place, TabPane)):
            super().set_focus(widget, scroll_visible, from_app_focus)

    async def press(self, key: str) -> bool:
        """Do what a key does in front.

        With Alt that is what the key does alone: in a field letters are typed.

        Returns:
            Whether it does anything.
        """
        active = self.active_bindings.get(key)
        if active is None:
            plain = key.removeprefix("alt+")
            return plain != key and await self._press_outside_fields(plain)
        if active.node not in self._in_front():
            return False
        return await self.app.run_action(active.binding.action, active.node)

    async def _press_outside_fields(self, key: str) -> bool:
        """Do what a key does in front, or everywhere, if no field takes it."""
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
                if not _is_taken(key, bindings.get(key), inner):
                    bindings[key] = active
        ranks: dict[DOMNode, int] = {node: rank for rank, node in enumerate(outer, 1)}
        return dict(sorted(bindings.items(), key=lambda pair: ranks.get(pair[1].node, 0)))


def _is_taken(key: str, active: ActiveBinding | None, inner: Sequence[Widget]) -> bool:
    """Return whether a key has another meaning than the one in front.

    Args:
        key: the key.
        active: the binding that Textual finds for the key; None if there is none.
        inner: what has the focus, and what that is in, within the view in front.
    """
    if active is not None and (active.node in inner or active.binding.priority):
        return True
    character = key_to_character(key)
    # what a field takes is no command, as in Textual's own
    return any(widget.check_consume_key(key, character) for widget in inner)
