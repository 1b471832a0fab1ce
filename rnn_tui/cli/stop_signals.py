"""Signals that ask for an end, kept until there is a good moment for it.

An exception out of a signal handler can come in the middle of writing a line, which is then lost.
"""

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

# Ctrl-C, the system's request to end, and a terminal that was closed.
SIGNALS = [
    getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)
]


@contextmanager
def stopping_on_signals(stop: Callable[[], object]) -> Iterator[list[int]]:
    """Ctrl-C, SIGTERM and SIGHUP call `stop`; a second one ends the process at once.

    Yields:
        the signals that came.
    """
    received: list[int] = []

    def ask(number: int, _frame: FrameType | None) -> None:
        if received:
            raise KeyboardInterrupt
        received.append(number)
        stop()

    before = {number: signal.signal(number, ask) for number in SIGNALS}
    try:
        yield received
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
