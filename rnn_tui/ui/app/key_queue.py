"""Keys in their order, however fast they come."""

import logging
import time
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from typing import Any

from textual import events
from textual.app import App
from textual.dom import DOMNode
from textual.timer import Timer

from rnn_tui.ui.terminal.textual_workarounds import SteadyScreen

SECONDS_TO_LOOK = 0.02  # the time between two checks of what the next key waits for
# How many looks without progress before the next key waits no longer. Looks are counted, not
# seconds: on a busy machine the looks become as slow as the app that they wait for.
LOOKS_AT_A_KEY = 100
LOOKS_FOR_A_VIEW = 250
LOOKS_BEFORE_AN_END = 10
ENDING_KEYS = frozenset({"ctrl+q", "ctrl+c"})  # these end the app, or say how to end it
SECONDS_UNDRAWN = 0.3  # the longest time without drawing while a key is handled

logger = logging.getLogger(__name__)


class KeyQueue:
    """Makes an app handle keys and pastes one after the other.

    Textual (`App.on_event`) passes a key to the focused widget while earlier keys still bubble up
    to the widgets that handle them. So Ctrl+U would empty a field after letters that were typed
    later, and letters typed after a key that focuses a field would arrive elsewhere.

    Here a callback, the mark, follows each key through the same message queues. The next key waits
    for the mark, and until the widgets that keys go to exist. All of this happens in the app's own
    queue, never in a timer beside it: a view sets the focus by a message in that queue, too.

    Args:
        app: the app whose keys are queued.
        handle: handles an event, as `App.on_event` does.
        ready: whether the widgets that keys go to exist; if not, they will soon.
        askers: returns the innermost widgets that may have sent messages because of a key.
    """

    def __init__(
        self,
        app: App[Any],
        handle: Callable[[events.Event], Awaitable[None]],
        ready: Callable[[], bool],
        askers: Callable[[], Sequence[DOMNode]],
    ) -> None:
        self._app = app
        self._handle = handle
        self._ready = ready
        self._askers = askers
        self._waiting: deque[events.Event] = deque()
        self._in_hand: events.Event | None = None
        self._since = 0.0  # when that was taken in hand
        self._timer: Timer | None = None  # rings for looks while keys wait
        self._rung = False  # whether a look is to come
        self._looks = 0  # since the last step of what the next key waits for
        self._gave_up = False  # what keys are for, which did not come

    @property
    def empty(self) -> bool:
        """Whether no key is being handled, and none waits."""
        return self._in_hand is None and not self._waiting

    @property
    def waiting(self) -> int:
        """The number of waiting keys."""
        return len(self._waiting)

    @property
    def draws(self) -> bool:
        """Whether the screen may be drawn; False while a key is handled."""
        return self._in_hand is None or time.monotonic() > self._since + SECONDS_UNDRAWN

    async def put(self, event: events.Event) -> None:
        """Handle an event in its turn; to be called in the app's own queue."""
        self._waiting.append(event)
        if self._in_hand is None and len(self._waiting) == 1:  # or those before it wait already
            self._looks = 0
            await self._next()
        if self._waiting:
            self._watch()

    # The next key

    async def _next(self) -> None:
        """Handle the next key, if what it is for is there; else a look does so."""
        if not self._waiting or not self._may_go_on():
            return
        event = self._waiting.popleft()
        self._in_hand = event
        self._since = time.monotonic()
        self._looks = 0
        target = self._app.focused or self._app.screen
        await self._handle(event)
        self._follow(event, target, partial(self._follow_askers, event))

    def _may_go_on(self) -> bool:
        if self._ready():
            self._gave_up = False
            return True
        if self._looks >= LOOKS_FOR_A_VIEW and not self._gave_up:
            # otherwise each of the following keys would wait as long
            self._gave_up = True
            logger.warning("what keys are for did not come: %s", self._app.focused)
        return self._gave_up

    # The mark that follows it

    def _follow(
        self, event: events.Event, node: DOMNode | None, then: Callable[[], object]
    ) -> None:
        """Follow an event up the queues of all widgets that may handle it, to the app's own."""
        if event is self._in_hand:
            self._looks = 0
        while node is not None and node is not self._app:
            if node.call_later(self._follow, event, node.parent, then):
                return
            node = node.parent  # the node was removed
        # after the event, and after the messages that it caused
        self._app.call_later(self._app.call_later, then)

    def _follow_askers(self, event: events.Event) -> None:
        """Follow once more, after the messages that views have sent because of the event."""
        self._follow_each(event, self._askers())

    def _follow_each(self, event: events.Event, askers: Sequence[DOMNode]) -> None:
        if askers:
            self._follow(event, askers[0], partial(self._follow_each, event, askers[1:]))
        else:
            self._end_at_focus(event)

    def _end_at_focus(self, event: events.Event) -> None:
        """End where the next key begins, which has been told of the focus then."""
        focused = self._app.focused
        if focused is None or not focused.call_later(self._app.call_later, self._done, event):
            self._app.call_later(self._done, event)

    async def _done(self, event: events.Event) -> None:
        if event is self._in_hand:
            self._in_hand = None
            self._looks = 0
            if self._app.screen_stack and isinstance(self._app.screen, SteadyScreen):
                self._app.screen.draw_soon()
            await self._next()

    # Looks, while keys wait: what one is for may take long, or end before it is done

    def _watch(self) -> None:
        if self._timer is None:
            self._timer = self._app.set_interval(SECONDS_TO_LOOK, self._ring)
        self._timer.resume()

    def _ring(self) -> None:
        if not self._rung:
            self._rung = self._app.call_later(self._look)

    async def _look(self) -> None:
        self._rung = False
        if self._timer is not None and not self._waiting:
            self._timer.pause()
            return
        self._looks += 1
        if self._looks >= LOOKS_BEFORE_AN_END:
            await self._let_ends_pass()
        if self._in_hand is None:
            await self._next()
        elif self._looks >= LOOKS_AT_A_KEY:
            logger.warning("a key was not done: %s", self._in_hand)
            await self._done(self._in_hand)

    async def _let_ends_pass(self) -> None:
        """Handle keys that end the app, which wait for nothing that may never come."""
        for event in list(self._waiting):
            if isinstance(event, events.Key) and event.key in ENDING_KEYS:
                self._waiting.remove(event)
                await self._handle(event)
