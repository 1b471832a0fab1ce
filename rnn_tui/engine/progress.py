"""Lets a long task report its progress, and be stopped."""

import time
from collections.abc import Callable

from rnn_tui.engine.events import Control
from rnn_tui.engine.pace import Pace


class Progress:
    """The progress of a long task, shared by the task and its caller, possibly in two threads.

    The task calls `advance(0, total)` once its data and libraries are loaded, and
    `advance(done, total)` after each part. If the total becomes known only later, it calls
    `advance(done)` and `expect(total)` instead. Before each part it reads `stopping`; if that is
    true, it ends and returns None.

    The caller may read the progress at any time, or pass `on_change`. It calls `stop()` to end the
    task.

    Training reports more, through the events of `engine.events`; the same `Control` stops it.
    """

    def __init__(
        self,
        on_change: Callable[["Progress"], object] | None = None,
        control: Control | None = None,
    ) -> None:
        """Start at zero, with an unknown total.

        Args:
            on_change: called after each change, in the thread of the task.
            control: stops the task; pass one to stop several tasks together.
        """
        self.done: float = 0  #: the parts done, in any unit.
        self.total: float | None = None  #: the number of parts; None while it is unknown.
        self.control = Control() if control is None else control  #: stops the task.
        self._on_change = on_change
        self._pace = Pace()

    def advance(self, done: float, total: float | None = None) -> None:
        """Report how many parts are done, and of how many; None leaves the total as it was."""
        self.done = done
        self._pace = self._pace.at(time.monotonic(), done)
        if total is not None:
            self.total = total
        self._report()

    def expect(self, total: float) -> None:
        """Report how many parts there are in all."""
        self.total = total
        self._report()

    def _report(self) -> None:
        if self._on_change is not None:
            self._on_change(self)

    def after(self, parts: float) -> "Progress":
        """Return a progress for the rest of the task, which counts from 0 after `parts` of it."""

        def advance(rest: Progress) -> None:
            total = None if rest.total is None else parts + rest.total
            self.advance(parts + rest.done, total)

        return Progress(advance, self.control)

    def stop(self) -> None:
        """Ask the task to end."""
        self.control.stop()

    @property
    def stopping(self) -> bool:
        """Whether the task has been asked to end."""
        return self.control.stopping

    @property
    def share(self) -> float:
        """The share of the parts that is done, 0 … 1; 0 while the total is unknown."""
        return min(1.0, self.done / self.total) if self.total else 0.0

    @property
    def rate(self) -> float | None:
        """The parts done per second; None before it can be measured."""
        return self._pace.rate

    @property
    def seconds_left(self) -> float | None:
        """The seconds that the rest takes, as `Pace` estimates; None before it can."""
        return None if self.total is None else self._pace.seconds_left(self.total)


UNWATCHED = Progress()  # for a call whose progress is not shown, and which is not stopped
