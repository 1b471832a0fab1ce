"""Threads that nobody waits for, since their work is worth nothing once the process is to end.

As Python ends, it waits for the threads of a `ThreadPoolExecutor`, which may be inside a decoder
for seconds. It does not wait for daemon threads, but one that comes back from OpenCV while Python
is being taken apart ends the process by SIGABRT. So the code that ends a process calls
`any_left_behind`, and if there are such threads ends it by `os._exit`.
"""

import threading
from collections.abc import Callable


class DisposableThread(threading.Thread):
    """A daemon thread, which may still be running when the process ends."""

    def __init__(self, target: Callable[[], object], name: str) -> None:
        super().__init__(target=target, name=name, daemon=True)


def any_left_behind() -> bool:
    """Return whether a disposable thread has not ended yet."""
    return any(isinstance(thread, DisposableThread) for thread in threading.enumerate())
