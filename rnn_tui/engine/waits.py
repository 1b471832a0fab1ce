"""Waits with a name, a limit, and a line in the log when they are long.

Whatever blocks a thread goes through this module, and whatever an event loop awaits for long
through `awaits.py`; a test finds the waits that do not. So a program that stands still says
in its log what for. A wait that is long by design, as for a user, is named and not logged.
"""

import logging
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from types import TracebackType
from typing import Any, Self, cast

# Longer waits are logged: once after this time, then whenever the time has doubled, and at the end.
SECONDS_LONG = 5.0
# how long a wait without news or limit blocks at a time
SECONDS_OF_A_SLICE = 3600.0

logger = logging.getLogger(__name__)


class Waiting:
    """A wait, within a `with` statement.

    Args:
        what: what it waits for, with an article: "the lock of the database".
        limit: the seconds after which `is_over` says so; None for no limit.
        by_design: whether it may be long, so that the log says nothing about it.
        holder: returns in words who keeps it waiting; may return an empty text.
    """

    def __init__(
        self,
        what: str,
        limit: float | None = None,
        *,
        by_design: bool = False,
        holder: Callable[[], str] | None = None,
    ) -> None:
        self.what = what
        self.limit = limit
        self.by_design = by_design
        self.began = 0.0  #: when it began, by the monotonic clock.
        self._holder = holder
        self._thread = ""
        self._told_at = SECONDS_LONG  #: the seconds after which the next line is due.

    def __enter__(self) -> Self:
        self.began = time.monotonic()
        self._thread = threading.current_thread().name
        _GOING_ON[id(self)] = self
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        del _GOING_ON[id(self)]
        if self.seconds >= SECONDS_LONG and not self.by_design:
            logger.info("waited %.1f s for %s in %s", self.seconds, self.what, self._thread)

    @property
    def seconds(self) -> float:
        """How long it has lasted."""
        return time.monotonic() - self.began

    @property
    def is_over(self) -> bool:
        """Whether the limit is reached."""
        return self.limit is not None and self.seconds >= self.limit

    @property
    def seconds_to_news(self) -> float:
        """How long to block before `tell_if_long` or `is_over` is to be asked again."""
        due = SECONDS_OF_A_SLICE if self.by_design else self._told_at - self.seconds
        if self.limit is not None:
            due = min(due, self.limit - self.seconds)
        return max(0.0, due)

    def tell_if_long(self) -> None:
        """Log that this wait is long, if it is and that is due."""
        if self.by_design or self.seconds < self._told_at:
            return
        self._told_at = 2 * self.seconds
        logger.warning("has %s", str(self))

    def pause(self, seconds: float) -> None:
        """Sleep before the next look at what is waited for."""
        time.sleep(seconds)
        self.tell_if_long()

    def __str__(self) -> str:
        holder = ""
        with suppress(Exception):  # it may look at what changes meanwhile
            holder = self._holder() if self._holder is not None else ""
        held = f", held by {holder}" if holder else ""
        return f"waited {self.seconds:.1f} s for {self.what} in {self._thread}{held}"


_GOING_ON: dict[int, Waiting] = {}  # the waits of all threads, the oldest first


def going_on() -> list[str]:
    """Return a phrase for each wait of this process that is going on, the oldest first."""
    return [str(waiting) for waiting in list(_GOING_ON.values())]


def wait(
    attempt: Callable[[float], object],
    what: str,
    limit: float | None = None,
    *,
    by_design: bool = False,
    holder: Callable[[], str] | None = None,
) -> bool:
    """Wait until an attempt succeeds; returns whether one did within the limit.

    Args:
        attempt: blocks for at most so many seconds, and returns whether the wait has ended, such as
            the method `wait` of an event.
        what: as of `Waiting`, like the rest.
        limit: seconds; None for none.
        by_design: whether it may be long.
        holder: returns in words who keeps it waiting.
    """
    with Waiting(what, limit, by_design=by_design, holder=holder) as waiting:
        while True:
            if attempt(waiting.seconds_to_news):
                return True
            if waiting.is_over:
                return False
            waiting.tell_if_long()


def poll(
    is_done: Callable[[], object],
    what: str,
    limit: float | None = None,
    *,
    every: float = 0.01,
    by_design: bool = False,
) -> bool:
    """Look again and again whether something is done; returns whether it was within the limit."""
    with Waiting(what, limit, by_design=by_design) as waiting:
        while not is_done():
            if waiting.is_over:
                return False
            waiting.pause(every)
        return True


def join(thread: threading.Thread, limit: float) -> bool:
    """Wait for the end of a thread; returns whether it has ended within the limit."""

    def attempt(seconds: float) -> bool:
        thread.join(seconds)
        return not thread.is_alive()

    return wait(attempt, f"the end of thread {thread.name}", max(0.0, limit))


class Lock:
    """A lock with a name, for `with` statements: `threading.Lock`, or `RLock` if `again` is True.

    Args:
        name: what it guards, with an article.
        again: whether the thread that holds it may take it once more.
    """

    def __init__(self, name: str, *, again: bool = False) -> None:
        self._name = name
        self._lock: Any = threading.RLock() if again else threading.Lock()
        self._holder = ""  #: the thread that took it last.

    def acquire(self, blocking: bool = True, timeout: float = -1) -> bool:
        """Take the lock; returns whether that was possible within `timeout` seconds, if given."""
        taken = self._lock.acquire(blocking=False)
        if not taken and blocking:
            taken = wait(
                lambda seconds: self._lock.acquire(timeout=seconds),
                f"the lock of {self._name}",
                timeout if timeout >= 0 else None,
                holder=lambda: self._holder,
            )
        if taken:
            self._holder = threading.current_thread().name
        return bool(taken)

    def release(self) -> None:
        """Give the lock back."""
        self._lock.release()

    def __enter__(self) -> bool:
        return self.acquire()

    def __exit__(self, *_: object) -> None:
        self.release()


def condition(name: str) -> threading.Condition:
    """Return a condition whose lock has a name; its own waits go through `wait`."""
    return threading.Condition(cast("threading.Lock", Lock(name)))
