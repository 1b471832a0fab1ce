"""Ctrl-C and the system's requests to end, while something runs that is stopped in its own way."""

import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

# Ctrl-C, the system's request to end, and a terminal that was closed.
SIGNALS = [
    getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)
]


@contextmanager
def stopping_on_signals(
    stop: Callable[[int], object], numbers: Sequence[signal.Signals] = SIGNALS
) -> Iterator[list[int]]:
    """Have Ctrl-C, SIGTERM and SIGHUP, or some of them, call `stop` with their number.

    A second one ends the process. Yields the signals that came. Python lets only the main thread
    handle signals: in another one, nothing changes.
    """
    received: list[int] = []

    def handle(number: int, _frame: object) -> None:
        if received:
            raise KeyboardInterrupt
        # The first is no exception: that could come while a line is written, and lose it.
        received.append(number)
        stop(number)

    if threading.current_thread() is not threading.main_thread():
        yield received
        return
    previous_handlers = {number: signal.signal(number, handle) for number in numbers}
    try:
        yield received
    finally:
        for number, handler in previous_handlers.items():
            signal.signal(number, handler)
