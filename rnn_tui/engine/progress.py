"""How something long tells how far it is, and is asked to stop: one way for all of it."""

import time
from collections.abc import Callable

from rnn_tui.engine.events import Control
from rnn_tui.engine.pace import Pace


class Progress:
    """What something long and whoever waits for it share; each may have a thread of its own.

    Whoever does it calls `advance(0, total)` once it begins, with data and libraries loaded, and
    `advance(done, total)` after each part. Where the total is found out meanwhile, `advance(done)`
    does, and `expect(total)` says it. Before a part it asks `stopping`: once that is true it leaves
    the rest, and returns None.

    Whoever waits reads how far it is at any time, or is called after each change, in the thread
    that made it; `stop()` asks for the end.

    Training tells more than that, by the events of `engine.events`, and is stopped by the same
    `Control`.
    """

    def __init__(
        self, told: Callable[["Progress"], object] | None = None, control: Control | None = None
    ) -> None:
        self.done: float = 0  #: parts, in any unit.
        self.total: float | None = None  #: of how many; None where that is not known, or not yet.
        self._told = told
        self.control = Control() if control is None else control  #: is asked to stop.
        self._pace = Pace()

    def advance(self, done: float, total: float | None = None) -> None:
        """Say how much is done, and of how much; None leaves that as it was said."""
        self.done = done
        self._pace = self._pace.at(time.monotonic(), done)
        if total is not None:
            self.total = total
        self._tell()

    def expect(self, total: float) -> None:
        """Say how much there is to do."""
        self.total = total
        self._tell()

    def _tell(self) -> None:
        if self._told is not None:
            self._told(self)

    def behind(self, parts: float) -> "Progress":
        """The progress of what comes behind so many parts, which ends what this one is of."""

        def told(rest: Progress) -> None:
            self.advance(parts + rest.done, None if rest.total is None else parts + rest.total)

        return Progress(told, self.control)

    def stop(self) -> None:
        """Ask that the rest is left."""
        self.control.stop()

    @property
    def stopping(self) -> bool:
        """Whether the rest is to be left."""
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


UNWATCHED = Progress()  # for whoever neither looks nor stops
