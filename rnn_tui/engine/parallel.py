"""Sharing a batch between the cores, in a way that keeps its speed when others want a core too.

PyTorch's own way splits every operation between OpenMP threads that meet, spinning, at the end of
each: hundreds of meetings a step in a recurrent network. When any other program (or our own
redraws) takes one core, every meeting waits for a whole time slice. Here each worker computes the
loss and the gradients of its part of the batch from start to end with one thread, and they meet
once a step. Images a second (`bench_contention.py`; LSTM 128, batch 100, two cores):

                        quiet     one busy process beside it     two
    2 OpenMP threads    13,700     3,500                         2,000
    1 OpenMP thread      9,200     9,200                         6,000
    2 workers, as here  15,500     8,700                         7,500

It also makes results repeatable: the parts and the order in which they are added are the same
whether the machine is busy or not, where a changing number of OpenMP threads changes the sums.
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

from rnn_tui.engine.cores import usable_cores

# With more parts of a batch of 100, each is too small to keep a core's vector units busy.
MAX_AUTOMATIC_WORKERS = 4

Result = TypeVar("Result")


def automatic_workers() -> int:
    """How many workers a run on the CPU takes unless told otherwise."""
    return max(1, min(MAX_AUTOMATIC_WORKERS, usable_cores()))


@cache
def keep_freed_memory() -> None:
    """Let the C library keep what a step frees for the next step, where it is glibc.

    Each worker's step takes and frees tens of megabytes. By default glibc returns blocks above
    128 KiB to the kernel at once, which clears every page when they are taken again: a sixth of a
    step of the LSTM. (mallopt(3): M_TRIM_THRESHOLD, and M_MMAP_THRESHOLD, at most 32 MiB.)
    """
    if sys.platform == "linux":
        with suppress(OSError, AttributeError):  # another C library, such as musl
            mallopt = ctypes.CDLL(None).mallopt
            trim_threshold, mmap_threshold = -1, -3
            mallopt(mmap_threshold, 32 * 2**20)
            mallopt(trim_threshold, 2**30)


class Workers:
    """A fixed number of threads, the caller's being one of them."""

    def __init__(self, count: int) -> None:
        self.count = count
        self._pool = ThreadPoolExecutor(count - 1, "train") if count > 1 else None

    def run(self, calls: Sequence[Callable[[], Result]]) -> list[Result]:
        """Call all functions side by side.

        Returns:
            Their results, in order.

        Raises:
            Exception: that of a call, once none runs any more.
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
            for future in futures:
                future.exception()
        for future in futures:
            future.result()
        return [results[number] for number in range(len(calls))]

    def close(self) -> None:
        """End the threads."""
        if self._pool is not None:
            self._pool.shutdown()


@contextmanager
def cpu_workers(count: int) -> Iterator[Workers]:
    """So many workers.

    Meanwhile PyTorch has one thread for each operation, in the whole process.
    """
    keep_freed_memory()
    torch_threads = torch.get_num_threads()
    torch.set_num_threads(1)
    workers = Workers(count)
    try:
        yield workers
    finally:
        workers.close()
        torch.set_num_threads(torch_threads)
