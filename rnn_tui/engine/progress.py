"""How anything long reports how far it is, and is asked to stop."""

import time
from collections.abc import Callable

from rnn_tui.engine.events import Control
from rnn_tui.engine.pace import Pace


class Progress:
    """The progress of something long, shared with whoever waits; each may have its own thread.

    The one who works calls `advance(0, total)` at the beginning, with data and libraries loaded,
    and `advance(done, total)` after each part. Where the total is found out meanwhile, these are
    `advance(done)` and `expect(total)`. Before each part `stopping` is asked: once it is true, the
    work ends and returns None.

    The one who waits reads how far it is at any time, or is called after each change, in the thread
    that made it; `stop()` asks for the end.

    Training reports more than that, by the events of `engine.events`, and is stopped by the same
    `Control`.
    """

    def __init__(
        self,
        on_change: Callable[["Progress"], object] | None = None,
        control: Control | None = None,
    ) -> None:
        """`on_change` is called after each change; `control` stops more than this, if given."""
        self.done: float = 0  #: parts, in any unit.
        self.total: float | None = None  #: of how many; None where that is not known, or not yet.
        self.control = Control() if control is None else control  #: is asked to stop.
        self._on_change = on_change
        self._pace = Pace()

    def advance(self, done: float, total: float | None = None) -> None:
        """Report how much is done, and of how much; None leaves the total as it was."""
        self.done = done
        self._pace = self._pace.at(time.monotonic(), done)
        if total is not None:
            self.total = total
        self._report()

    def expect(self, total: float) -> None:
        """Report how much there is to do."""
        self.total = total
        self._report()

    def _report(self) -> None:
        if self._on_change is not None:
            self._on_change(self)

    def after(self, parts: float) -> "Progress":
        """A progress for the rest of the work, which begins after so many parts of this one."""

        def advance(rest: Progress) -> None:
            total = None if rest.total is None else parts + rest.total
            self.advance(parts + rest.done, total)

        return Progress(advance, self.control)

    def stop(self) -> None:
        """Ask the work to end."""
        self.control.stop()

    @property
    def stopping(self) -> bool:
        """Whether the work is to end."""
        return self.control.stopping

    @property
    def share(self) -> float:
        """The share that is done, 0 … 1; 0 where the total is not known."""
        return min(1.0, self.done / self.total) if self.total else 0.0

    @property
    def rate(self) -> float | None:
        """How much is done in a second; None where nothing tells yet."""
        return self._pace.rate

    @property
    def seconds_left(self) -> float | None:
        """How long the rest will take, as `Pace` says; None where nothing tells yet."""
        return None if self.total is None else self._pace.seconds_left(self.total)


UNWATCHED = Progress()  # where nobody looks or stops
