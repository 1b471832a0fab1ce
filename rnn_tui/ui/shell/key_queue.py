"""Keys in their order, however fast they come."""

import time
from collections import deque
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any

from textual import events
from textual.app import App
from textual.dom import DOMNode

from rnn_tui.ui.textual_workarounds import SteadyScreen

# before the next one is handled; between looks for what is to take it
SECONDS_A_KEY, SECONDS_TO_ASK = 0.5, 0.02
SECONDS_UNDRAWN = 0.3  # at most, while a key is in hand


class KeyQueue:
    """The keys, and what is pasted, that an app handles one after the other.

    Textual (`App.on_event`) hands a key to what has the focus while those before are on their way
    up to whoever knows them: Ctrl+U empties a field after the letters typed behind it, what is
    typed after a key that goes to a field arrives elsewhere.

    Args:
        app: whose keys they are.
        handle: does what an event says, as `App.on_event` does.
        ready: whether what keys are for is there, by the seconds that the next one has waited for
            that; it comes soon where it is not.
    """

    def __init__(
        self,
        app: App[Any],
        handle: Callable[[events.Event], Awaitable[None]],
        ready: Callable[[float], bool],
    ) -> None:
        self._app = app
        self._handle = handle
        self._ready = ready
        self._waiting: deque[events.Event] = deque()
        self._in_hand: events.Event | None = None
        self._since = 0.0  # when that was taken in hand
        self._asked_since: float | None = None  # when the next key was to be handled first

    @property
    def empty(self) -> bool:
        """Whether no key is in hand, and none waits."""
        return self._in_hand is None and not self._waiting

    @property
    def waiting(self) -> int:
        """How many keys wait for their turn."""
        return len(self._waiting)

    @property
    def draws(self) -> bool:
        """Whether the screen is to be drawn; not in the middle of what a key does, or that would be
        drawn in pieces.
        """
        return self._in_hand is None or time.monotonic() > self._since + SECONDS_UNDRAWN

    async def put(self, event: events.Event) -> None:
        """Handle an event in its turn."""
        self._waiting.append(event)
        if self._in_hand is not None:
            self._limit(self._in_hand)
        elif len(self._waiting) == 1:  # or those before it wait already
            await self._next()

    async def _next(self) -> None:
        if not self._waiting:
            return
        now = time.monotonic()
        if self._asked_since is None:
            self._asked_since = now
        if not self._ready(now - self._asked_since):
            self._app.set_timer(SECONDS_TO_ASK, self._next)
            return
        self._asked_since = None
        event = self._waiting.popleft()
        self._in_hand = event
        self._since = now
        if self._waiting:
            self._limit(event)
        target = self._app.focused or self._app.screen
        await self._handle(event)
        self._follow(target, lambda: self._follow_what_it_asked(event))

    def _limit(self, event: events.Event) -> None:
        """Go on after a while: what an event is for may take long, or end before it is done."""
        self._app.set_timer(SECONDS_A_KEY, partial(self._done, event))

    def _follow(self, node: DOMNode | None, then: Callable[[], object]) -> None:
        """Go up behind an event, through the queues of all that may know it, to the app's own."""
        while node is not None and node is not self._app:
            if node.call_later(self._follow, node.parent, then):
                return
            node = node.parent  # it is gone
        # behind the event, and what it asked for
        self._app.call_later(self._app.call_later, then)

    def _follow_what_it_asked(self, event: events.Event) -> None:
        """Go up once more, from what has the focus now, behind what the event had views ask for."""
        self._follow(self._app.focused, partial(self._behind_focus, event))

    def _behind_focus(self, event: events.Event) -> None:
        focused = self._app.focused
        if focused is None or not focused.call_later(self._app.call_later, self._done, event):
            self._app.call_later(self._done, event)

    async def _done(self, event: events.Event) -> None:
        if event is self._in_hand:
            self._in_hand = None
            if self._app.screen_stack and isinstance(self._app.screen, SteadyScreen):
                self._app.screen.draw_soon()
            await self._next()
