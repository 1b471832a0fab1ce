"""How the C library keeps memory, where it is glibc."""

import ctypes
import sys
from contextlib import suppress

M_ARENA_MAX = -8  # of mallopt(3)


def share_arenas(arenas: int) -> None:
    """Have all threads take memory from so many arenas; call it before many threads do.

    By default glibc has eight for each core. Each keeps what a thread has freed in it, as
    `parallel.keep_freed_memory` wants it for the next step of training, so that each other thread,
    which analyses, answers or trains next, takes as much again.
    """
    if sys.platform == "linux":
        with suppress(OSError, AttributeError):  # another C library, such as musl
            ctypes.CDLL(None).mallopt(M_ARENA_MAX, arenas)
