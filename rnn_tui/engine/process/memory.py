"""Limits the memory that glibc keeps for threads; other C libraries are left alone."""

import ctypes
import sys
from contextlib import suppress

M_ARENA_MAX = -8  # a constant of mallopt(3)


def share_arenas(arenas: int) -> None:
    """Make all threads allocate from at most `arenas` arenas; call this before threads start.

    An arena is a heap of malloc's; by default glibc has up to eight for each core. After
    `parallel.keep_freed_memory` each arena keeps the memory that its threads have freed, which
    makes training faster. With an arena for each thread, every further thread (an analysis, an
    answer, the next training) would keep as much again.
    """
    if sys.platform == "linux":
        with suppress(OSError, AttributeError):  # another C library, such as musl
            ctypes.CDLL(None).mallopt(M_ARENA_MAX, arenas)
