"""What this process may use of the machine: its cores, and the memory that glibc keeps for threads.

Quick to import, as the first frame waits for it.
"""

import ctypes
import os
import sys
from contextlib import suppress

M_ARENA_MAX = -8  # a constant of mallopt(3)


def usable_cores() -> int:
    """Return the cores that this process may run on."""
    if sys.platform == "linux":  # other systems don't say which cores the process may use
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


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
