"""Workarounds for what Textual 8 gets wrong or can't say: what breaks without each, until Textual
gets it right.
"""

import gc
import time
from collections import deque
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from textual import events
from textual._compositor import CompositorMap
from textual.app import App
from textual.binding import ActiveBinding, BindingsMap
from textual.dom import DOMNode
from textual.errors import NoWidget
from textual.geometry import Size
from textual.keys import key_to_character
from textual.message_pump import MessagePump
from textual.reactive import Reactive
from textual.screen import Screen
from textual.widget import Widget
from textual.widgets import Static, TabbedContent, TabPane, Tabs

from rnn_tui.ui import textual_mended  # noqa: F401 - mends on import

HERE = Path(__file__).parent
# before the next one is handled; between looks for what is to take it
SECONDS_A_KEY, SECONDS_TO_ASK = 0.5, 0.02
SECONDS_UNDRAWN = 0.3  # at most, while a key is in hand
# Until, without keys, garbage is looked for among all objects; how often among young ones before
# that, and while one types.
SECONDS_OF_REST, YOUNG_PER_FULL, YOUNG_WHILE_TYPING = 2.0, 10, 200
# where the styles that are read late are from, as far as Textual is concerned
LATE_STYLES = (str(HERE), "*.tcss")


def joined_styles(apart_from: Sequence[object] = ()) -> str:
    """All style sheets as one source, but for the files that are read already. Textual keeps 64
    parsed; of more, it parses every one again for each new widget, and a tab takes seconds to open.
    Waits for no limit in `textual.css.stylesheet`.
    """
    return "\n".join(
        path.read_text(encoding="utf-8")
        for path in sorted(HERE.rglob("*.tcss"))
        if path not in apart_from
    )


def read_late_styles(app: App[Any]) -> None:
    """Let `app` know the styles of what its first frame does not show, before that is made."""
    if not app.stylesheet.has_source(*LATE_STYLES):
        app.stylesheet.add_source(joined_styles(app.css_path), LATE_STYLES)


class ViewTabs(TabbedContent):
    """Tabs that a late word of the focus does not switch back, and that show where there are more.
    Textual brings the view with the focus to the front, but on a message, which on a busy machine
    arrives when the user is in another view already: `n` pressed fast would end where it began
    (Textualize/textual#4955). And it cuts off tabs unseen.
    """

    def on_mount(self) -> None:
        tabs = self.query_one(Tabs)
        self._before, self._after = (
            Static("‹", classes="more -before"),
            Static("›", classes="more -after"),
        )
        tabs.mount(self._before, self._after)
        for what in ("scroll_x", "virtual_size"):
            self.watch(tabs.query_one("#tabs-scroll"), what, self.on_resize)

    def on_resize(self) -> None:
        self.call_after_refresh(self._show_more)  # once the row is laid out

    def _show_more(self) -> None:
        row = self.query_one("#tabs-scroll")
        self._before.visible = row.scroll_x > 0
        self._after.visible = row.scroll_x < row.max_scroll_x

    def _on_tab_pane_focused(self, event: TabPane.Focused) -> None:
        if not event.tab_pane.has_focus_within:
            event.stop()
            event.prevent_default()  # of Textual, whose handler comes after this one


class OrderedApp(App[int]):
    """An app that handles one key after the other, however fast they come. Textual (`App.on_event`)
    hands a key to what has the focus while those before are on their way up to whoever knows them:
    Ctrl+U empties a field after the letters typed behind it, what is typed after a key that goes to
    a field arrives elsewhere.
    """

    _in_hand: events.Event | None = None
    _since = 0.0  # when that was taken in hand

    def __init__(self) -> None:
        super().__init__()
        self._typed: deque[events.Event] = deque()

    def on_mount(self) -> None:
        self._at_rest = self.set_interval(SECONDS_OF_REST, self._collect, pause=True)

    def _collect(self) -> None:
        """Look for garbage among all objects, which takes a fifth of a second, once nobody
        types.
        """
        self._at_rest.pause()
        if gc.isenabled() and gc.get_count()[2] >= YOUNG_PER_FULL:
            gc.collect()

    @property
    def draws(self) -> bool:
        """Whether the screen is to be drawn; not in the middle of what a key does, or that would be
        drawn in pieces.
        """
        return self._in_hand is None or time.monotonic() > self._since + SECONDS_UNDRAWN

    async def on_event(self, event: events.Event) -> None:
        """Take a key, or what is pasted, in its turn; a press on what is gone is none.

        Textual begins to select text in the widget that was drawn there, looks for the one around
        it, and ends where there is none any more, as at a second click on a notice.
        """
        if isinstance(event, events.MouseDown | events.MouseMove) and self._is_gone_at(event):
            return
        if event.is_forwarded or not isinstance(event, events.Key | events.Paste):
            await super().on_event(event)
            return
        self._typed.append(event)
        if self._in_hand is not None:  # which may take long, or end with what it was for
            self.set_timer(SECONDS_A_KEY, partial(self._key_done, self._in_hand))
        elif len(self._typed) == 1:  # or those before it wait already
            await self._next_key()

    def _is_gone_at(self, event: events.MouseEvent) -> bool:
        """Whether the widget that is drawn under the mouse has been removed since."""
        try:
            widget, _ = self.get_widget_at(event.x, event.y)
        except NoWidget:
            return False
        return not widget.is_attached

    @property
    def typing(self) -> bool:
        """Whether a key is in hand, or waits."""
        return self._in_hand is not None or bool(self._typed)

    @property
    def keys_waiting(self) -> int:
        """How many keys wait for their turn."""
        return len(self._typed)

    def takes_keys(self) -> bool:
        """Whether what keys are for is there; it comes soon where it is not."""
        return True

    async def _next_key(self) -> None:
        if self._typed and not self.takes_keys():
            self.set_timer(SECONDS_TO_ASK, self._next_key)
        elif self._typed:
            self._in_hand, self._since = self._typed.popleft(), time.monotonic()
            self._at_rest.reset()
            target = self.focused or self.screen
            read_late_styles(self)  # it may bring what the first frame does not show
            await super().on_event(self._in_hand)
            self._follow(target, self._in_hand)

    def _follow(self, node: MessagePump | None, event: events.Event) -> None:
        """Go up behind a key, through the queues of all that may know it, to the app's own."""
        while node is not None and node is not self:
            if node.call_later(self._follow, node._parent, event):
                return
            node = node._parent  # it is gone
        # behind the key, and what it asked for
        self.call_later(self.call_later, self._behind_focus, event)

    def _behind_focus(self, event: events.Event) -> None:
        if self.focused is None or not self.focused.call_later(
            self.call_later, self._key_done, event
        ):
            self.call_later(self._key_done, event)

    async def _key_done(self, event: events.Event) -> None:
        if event is self._in_hand:
            self._in_hand = None
            for screen in self.screen_stack[-1:]:
                for widget in screen.walk_children(Widget):
                    # what it has to say of its own accord comes one by one, and is drawn so
                    widget._check_refresh()
                screen.call_later(screen._on_timer_update)
            await self._next_key()


class ExactScreen(Screen[object]):
    """A screen that tells every widget of its size. Textual compares a layout with where widgets
    were when that was last looked up. Where that is between a change and its layout, as with a
    style after a scroll, the layout finds nothing new: a view is empty, or drawn for the size that
    it had. Waits for `Compositor.reflow` to compare with the last layout.
    """

    # or each change of it would draw the whole screen anew
    focused: Reactive[Widget | None] = Reactive(None, repaint=False)
    _laid_out: "CompositorMap | None" = None

    def _refresh_layout(self, size: Size | None = None, scroll: bool = False) -> None:
        all_of_it = not scroll or bool(self._layout_widgets)  # else what is visible only
        if all_of_it and self._laid_out is not None:
            self._compositor._full_map = self._laid_out
        super()._refresh_layout(size, scroll)
        if all_of_it:
            self._laid_out = self._compositor._full_map


class FrontScreen(ExactScreen):
    """A screen on which what is `in_front`, the innermost first, has its keys wherever the focus
    is. Textual's binding chain goes from the focus up: with that in a row of tabs, or nowhere, a
    view's keys do nothing. Waits for a way to add to it.
    """

    # the pane in front says where the focus begins; Textual would give it to the row of tabs first
    AUTO_FOCUS = ""

    def __init__(self, in_front: Callable[[], Sequence[Widget]]) -> None:
        super().__init__(id="_default")
        self._in_front = in_front

    def _on_screen_resume(self, event: events.ScreenResume) -> None:
        # or Textual would style all once more before the first frame
        event.refresh_styles &= self._laid_out is not None

    def _on_timer_update(self) -> None:
        if not isinstance(self.app, OrderedApp) or self.app.draws:
            super()._on_timer_update()

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

    async def press_outside_fields(self, key: str) -> bool:
        """Do what a key does where the focus is in no field; returns whether it does anything."""
        for node in [*self._in_front(), self.app]:
            bindings = node._bindings.copy()
            bindings.apply_keymap(self.app._keymap)
            for binding in bindings.key_to_bindings.get(key, ()):
                if await self.app.run_action(binding.action, node):
                    return True
        return False

    @property
    def _binding_chain(self) -> list[tuple[DOMNode, BindingsMap]]:
        chain = super()._binding_chain
        nodes: list[DOMNode] = [node for node, _ in chain]
        for node in self._in_front():
            if node in nodes:
                continue
            at = next(at for at, one in enumerate(nodes) if one in node.ancestors)
            bindings = node._bindings.copy()
            for key in list(bindings.key_to_bindings):
                if any(one.check_consume_key(key, key_to_character(key)) for one in nodes[:at]):
                    # what a field takes is no command, as in Textual's own chain
                    del bindings.key_to_bindings[key]
            nodes.insert(at, node)
            chain.insert(at, (node, bindings))
        return chain

    @property
    def active_bindings(self) -> dict[str, ActiveBinding]:
        """The keys that hold: of what has the focus, of the view, of its tab, of the app."""
        ranks: dict[DOMNode, int] = {
            node: at for at, node in enumerate([*self._in_front(), self, self.app], 1)
        }
        return dict(
            sorted(super().active_bindings.items(), key=lambda pair: ranks.get(pair[1].node, 0))
        )
