"""Threads for photos, none of which keeps the process from ending."""

from collections.abc import Callable
from concurrent.futures import Future
from functools import partial
from queue import SimpleQueue
from typing import ParamSpec, TypeVar

from rnn_tui.engine import waits
from rnn_tui.engine.process.threads import DisposableThread

P = ParamSpec("P")
T = TypeVar("T")


class DisposablePool:
    """A fixed number of disposable threads, which take calls in the order in which they come."""

    def __init__(self, count: int, name: str) -> None:
        self._calls: SimpleQueue[Callable[[], None] | None] = SimpleQueue()
        self._count = count
        self.closed = False  #: whether no more calls begin.
        for number in range(count):
            DisposableThread(self._work, f"{name}-{number}").start()

    def submit(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        """Have a thread call `function`; returns the future of its result."""
        future: Future[T] = Future()
        call = partial(function, *args, **kwargs)
        self._calls.put(partial(_settle, future, call))
        return future

    def close(self) -> None:
        """Begin no more calls; each thread ends after the one that it is at."""
        self.closed = True
        for _ in range(self._count):
            self._calls.put(None)

    def _work(self) -> None:
        """Make calls, one after another, until the pool is closed."""
        while True:
            with waits.Waiting("a photo to prepare", by_design=True):
                call = self._calls.get()
            if call is None or self.closed:
                return
            call()
            del call  # its result would stay in memory until the next one


def _settle(future: "Future[T]", call: Callable[[], T]) -> None:
    """Make a call, and hand its result or its error to a future."""
    try:
        result = call()
    except BaseException as error:  # noqa: BLE001 - raised again when the result is asked for
        future.set_exception(error)
    else:
        future.set_result(result)
