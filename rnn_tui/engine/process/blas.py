"""One thread for NumPy's products, where other threads are busy beside them.

OpenBLAS has a thread for each core. After a product, each of them spins for the next one, which
takes as much processor time as work does.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from threadpoolctl import threadpool_limits

from rnn_tui.engine import waits

_limited = waits.Lock("the threads of NumPy")


@contextmanager
def single_blas_thread() -> Iterator[None]:
    """Compute the whole process's products in the threads that ask for them.

    A second user of the limit has it for as long as the first: one that set it back to what it
    found would leave it there for ever.
    """
    if not _limited.acquire(blocking=False):
        yield
        return
    try:
        with threadpool_limits(1, "blas"):
            yield
    finally:
        _limited.release()
