"""How the C library keeps memory, where it is glibc."""

import ctypes
import sys
from contextlib import suppress

M_ARENA_MAX = -8  # of mallopt(3)


def share_arenas(arenas: int) -> None:
    """Have all threads take memory from so many arenas; to be called before many do.

    By default glibc has eight for each core, and each keeps what a thread has freed in it, since
    `parallel.keep_freed_memory` wants that for the next step of training: other threads, which
    study, answer or train next, take as much again.
    """
    if sys.platform == "linux":
        with suppress(OSError, AttributeError):  # another C library, such as musl
            ctypes.CDLL(None).mallopt(M_ARENA_MAX, arenas)
