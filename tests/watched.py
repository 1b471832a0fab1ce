"""A progress that keeps what it is told, and asks to stop once something is so."""

from collections.abc import Callable

from rnn_tui.engine.events import Control
from rnn_tui.engine.progress import Progress


class _Until(Control):
    """Asks to stop once `until` is true."""

    def __init__(self, until: Callable[[], bool]) -> None:
        super().__init__()
        self._until = until

    @property
    def stopping(self) -> bool:
        return super().stopping or self._until()


class Watched(Progress):
    """What is told lies in `seen`: how much is done, of how much."""

    def __init__(self, until: Callable[[], bool] = lambda: False) -> None:
        super().__init__(self._keep, _Until(until))
        self.seen: list[tuple[float, float | None]] = []

    def _keep(self, now: Progress) -> None:
        self.seen.append((now.done, now.total))


def after(calls: int) -> Watched:
    """One that asks to stop once it was told so often."""
    watched = Watched(lambda: len(watched.seen) >= calls)
    return watched
