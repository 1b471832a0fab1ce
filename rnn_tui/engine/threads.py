"""Threads that nobody waits for, since their work is worth nothing once the process is to end.

As Python ends, it waits for the threads of a `ThreadPoolExecutor`, which may be inside a decoder
for seconds. It does not wait for daemon threads, but one that comes back from OpenCV while Python
is being taken apart ends the process by SIGABRT. So whoever runs a process asks `any_left_behind`,
and ends it by `os._exit` where there are some.
"""

import threading
from collections.abc import Callable


class DisposableThread(threading.Thread):
    """A thread that may be left behind at any moment."""

    def __init__(self, target: Callable[[], object], name: str) -> None:
        super().__init__(target=target, name=name, daemon=True)


def any_left_behind() -> bool:
    """Whether a disposable thread has not ended yet."""
    return any(isinstance(thread, DisposableThread) for thread in threading.enumerate())
