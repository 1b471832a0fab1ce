"""What an event loop awaits: waits with a name as in `waits.py`, and a watch on the loop."""

import asyncio
import logging
import os
import sys
import threading
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from types import FrameType
from typing import Any, Literal, Self

from rnn_tui.engine import waits
from rnn_tui.engine.waits import SECONDS_LONG, Waiting

SECONDS_BETWEEN_LOOKS = 3.0  # two questions of the watch to the loop
MOST_LINES = 120  # of what the log says of a stall
# the functions in which tasks are that have nothing to do
IDLE = frozenset({"Queue.get", "sleep", "Timer._run"})

logger = logging.getLogger(__name__)


@contextmanager
def awaiting(
    what: str,
    limit: float | None = None,
    *,
    by_design: bool = False,
    holder: Callable[[], str] | None = None,
) -> Iterator[Waiting]:
    """Name what is awaited inside; the arguments are those of `Waiting`.

    Yields:
        The wait, whose `is_over` a loop may ask.

    """
    with Waiting(what, limit, by_design=by_design, holder=holder) as waiting:
        alarm = _Alarm(waiting)
        try:
            yield waiting
        finally:
            alarm.cancel()


class _Alarm:
    """Has the running loop log a wait whenever that is due, until `cancel`."""

    def __init__(self, waiting: Waiting) -> None:
        self._waiting = waiting
        self._loop = asyncio.get_running_loop()
        self._set()

    def _set(self) -> None:
        self._handle = self._loop.call_later(self._waiting.seconds_to_news, self._ring)

    def _ring(self) -> None:
        self._waiting.tell_if_long()
        self._set()

    def cancel(self) -> None:
        """Log nothing more."""
        self._handle.cancel()


class OneAtATime(asyncio.Lock):
    """An `asyncio.Lock` with a name.

    Args:
        name: what it guards, with an article.
    """

    def __init__(self, name: str) -> None:
        super().__init__()
        self._name = name

    async def acquire(self) -> Literal[True]:
        """Wait until it is free, and take it."""
        if not self.locked():
            return await super().acquire()
        with awaiting(f"the turn at {self._name}"):
            return await super().acquire()


class Places(asyncio.Semaphore):
    """An `asyncio.Semaphore` with a name.

    Args:
        name: what only so many may do at once, with an article.
        value: how many.
    """

    def __init__(self, name: str, value: int) -> None:
        super().__init__(value)
        self._name = name

    async def acquire(self) -> Literal[True]:
        """Wait until there is a place, and take it."""
        if not self.locked():
            return await super().acquire()
        with awaiting(f"a place at {self._name}"):
            return await super().acquire()


class LoopWatch:
    """Logs what an event loop is at whenever it answers nobody for long.

    A thread asks the loop for an answer every few seconds. If none comes, it logs the stack of the
    loop's thread, what suspended tasks await and the waits of all threads, once, and at the end how
    long that took. While the interpreter itself is held, as by a C library, or the process is
    stopped, it can only say so afterwards.

    Args:
        name: whose loop it is.
        loop: the running loop of the thread that calls.
        ask: called in the loop with a function, which it has called once all that came before is
            handled; by default that is at once.
    """

    def __init__(
        self,
        name: str,
        loop: asyncio.AbstractEventLoop,
        ask: Callable[[Callable[[], None]], object] | None = None,
    ) -> None:
        self._name = name
        self._loop = loop
        self._ask = ask
        self._thread_id = threading.get_ident()
        self._over = threading.Event()

    def __enter__(self) -> Self:
        name = f"watch on {self._name}"
        threading.Thread(target=self._run, name=name, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()

    def _run(self) -> None:
        """Ask the loop every few seconds; runs in the thread."""
        with suppress(RuntimeError):  # the loop is closed
            while not self._is_over_within(SECONDS_BETWEEN_LOOKS):
                self._look()

    def _is_over_within(self, seconds: float) -> bool:
        """Sleep, unless the watch ends before; log that the whole process slept for longer."""
        began = _Moment()
        is_over = self._over.wait(seconds)
        if not is_over and began.seconds > seconds + SECONDS_LONG:
            logger.warning("%s: no thread went on for %s", self._name, began)
        return is_over

    def _look(self) -> None:
        """Have the loop answer, and log it if that takes long."""
        asked = _Moment()
        answered = threading.Event()
        if self._ask is None:
            self._loop.call_soon_threadsafe(answered.set)
        else:
            self._loop.call_soon_threadsafe(self._ask, answered.set)
        if answered.wait(SECONDS_LONG):
            if asked.seconds > 2 * SECONDS_LONG:  # this thread did not get to look before
                logger.warning("%s has answered nobody for %s", self._name, asked)
            return
        logger.warning("%s answers nobody, for %s; it is at\n%s", self._name, asked, self._place())
        while not answered.wait(SECONDS_BETWEEN_LOOKS):
            if self._over.is_set() or self._loop.is_closed():
                return
        logger.warning("%s answers again, after %s", self._name, asked)

    def _place(self) -> str:
        """Return what the loop's thread is at, what its tasks await, and who waits, in lines."""
        stack = traceback.extract_stack(sys._current_frames().get(self._thread_id))  # noqa: SLF001
        lines = [_line_of(frame.filename, frame.lineno, frame.name) for frame in stack]
        for task in asyncio.all_tasks(self._loop):
            frames = frames_awaited(task)
            if IDLE.isdisjoint(frame.f_code.co_qualname for frame in frames):
                lines.append(f"  task {task.get_name()} awaits")
                for frame in frames:
                    code = frame.f_code
                    lines.append(_line_of(code.co_filename, frame.f_lineno, code.co_qualname))
        lines += [f"  {waiting}" for waiting in waits.going_on()]
        return "\n".join(lines[-MOST_LINES:])


class _Moment:
    """A moment, and what the process has computed since."""

    def __init__(self) -> None:
        self._clock = time.monotonic()
        self._computed = time.process_time()

    @property
    def seconds(self) -> float:
        """The seconds since."""
        return time.monotonic() - self._clock

    def __str__(self) -> str:
        computed = time.process_time() - self._computed
        load = ""
        if sys.platform != "win32":
            load = f", load {os.getloadavg()[0]:.1f}"
        return f"{self.seconds:.1f} s (computed for {computed:.1f} s{load})"


def frames_awaited(task: "asyncio.Task[Any]") -> list[FrameType]:
    """Return the frames of a suspended task, from its coroutine down to what that awaits."""
    frames: list[FrameType] = []
    awaited: Any = task.get_coro()
    while awaited is not None and len(frames) < MOST_LINES:
        if hasattr(awaited, "cr_frame"):
            frame, awaited = awaited.cr_frame, awaited.cr_await
        elif hasattr(awaited, "gi_frame"):
            frame, awaited = awaited.gi_frame, awaited.gi_yieldfrom
        else:
            break
        if frame is not None:
            frames.append(frame)
    return frames


def _line_of(path: str, line: int | None, function: str) -> str:
    return f"    {path}:{line} {function}"
