"""Splits a batch between the cores, and stays fast when other programs need a core too.

PyTorch splits every operation between OpenMP threads, which wait for each other, spinning, at the
end of each operation: hundreds of times a step in a recurrent network. If any other program (or our
own redraws) takes one core, each of these waits lasts a whole time slice. Here each worker computes
the loss and the gradients of its part of the batch in one thread, and the workers wait for each
other once a step. Images per second (`bench_contention.py`; LSTM 128, batch 100, two cores):

                        quiet     one busy process beside it     two
    2 OpenMP threads    13,700     3,500                         2,000
    1 OpenMP thread      9,200     9,200                         6,000
    2 workers, as here  15,500     8,700                         7,500

It also makes results repeatable: the parts of a batch, and the order in which their gradients are
added, do not depend on how busy the machine is. A varying number of OpenMP threads changes sums.
"""

import ctypes
import sys
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from functools import cache
from typing import TypeVar

import torch

from rnn_tui.engine import waits
from rnn_tui.engine.process.machine import usable_cores

# With more parts of a batch of 100, each is too small to keep a core's vector units busy.
MAX_AUTOMATIC_WORKERS = 4
# The numbers of these options in glibc's malloc.h.
M_TRIM_THRESHOLD, M_MMAP_THRESHOLD = -1, -3

Result = TypeVar("Result")


def automatic_workers() -> int:
    """Return how many workers a run on the CPU has if its settings don't say."""
    return max(1, min(MAX_AUTOMATIC_WORKERS, usable_cores()))


@cache
def keep_freed_memory() -> None:
    """Make glibc keep the memory that a step frees for the next step.

    Each worker allocates and frees tens of megabytes a step. By default glibc returns blocks above
    128 KiB to the kernel at once, and the kernel clears every page that is allocated again: a sixth
    of the time of an LSTM's step. See M_TRIM_THRESHOLD and M_MMAP_THRESHOLD in mallopt(3); the
    second is at most 32 MiB. Other C libraries are left alone.
    """
    if sys.platform == "linux":
        with suppress(OSError, AttributeError):  # another C library, such as musl
            mallopt = ctypes.CDLL(None).mallopt
            mallopt(M_MMAP_THRESHOLD, 32 * 2**20)
            mallopt(M_TRIM_THRESHOLD, 2**30)


class Workers:
    """A fixed number of threads that compute together; the caller's thread is one of them."""

    def __init__(self, count: int) -> None:
        self.count = count
        self._pool = ThreadPoolExecutor(count - 1, "train") if count > 1 else None

    def run(self, calls: Sequence[Callable[[], Result]]) -> list[Result]:
        """Call all functions in parallel, at most `count` at a time.

        Returns:
            Their results, in the order of `calls`.

        Raises:
            Exception: what one of the calls has raised; first all running calls have ended.
        """
        if self._pool is None or len(calls) < 2:
            return [call() for call in calls]
        waiting = deque(enumerate(calls))
        results: dict[int, Result] = {}

        def work() -> None:
            while waiting:
                try:
                    number, call = waiting.popleft()
                except IndexError:  # another thread took the last one
                    return
                results[number] = call()

        futures = [self._pool.submit(work) for _ in range(min(self.count, len(calls)) - 1)]
        try:
            work()
        finally:
            # Never leave a part running: it reads weights that the next step changes.
            with waits.Waiting("the other threads of the training"):
                for future in futures:
                    future.exception()
        for future in futures:
            future.result(0)
        return [results[number] for number in range(len(calls))]

    def close(self) -> None:
        """End the threads."""
        if self._pool is not None:
            with waits.Waiting("the threads of the training to end"):
                self._pool.shutdown()


@contextmanager
def cpu_workers(count: int) -> Iterator[Workers]:
    """Provide `count` workers, and end them afterwards.

    Meanwhile PyTorch computes each operation with one thread, in the whole process.
    """
    keep_freed_memory()
    _ONE_THREAD.enter()
    workers = Workers(count)
    try:
        yield workers
    finally:
        workers.close()
        _ONE_THREAD.leave()


class _OneThread:
    """Has PyTorch compute with one thread while there are workers, in any thread of the process.

    Several may be at work at a time, such as a training that begins while another is timed.
    """

    def __init__(self) -> None:
        self._lock = waits.Lock("the threads of PyTorch")
        self._users = 0
        self._threads_before = 1  #: threads of an operation before the first user.

    def enter(self) -> None:
        """Begin: the thread that calls computes with one thread."""
        with self._lock:
            if self._users == 0:
                self._threads_before = torch.get_num_threads()
            self._users += 1
            torch.set_num_threads(1)

    def leave(self) -> None:
        """End: once all have ended, it is as before."""
        with self._lock:
            self._users -= 1
            if self._users == 0:
                torch.set_num_threads(self._threads_before)


_ONE_THREAD = _OneThread()
