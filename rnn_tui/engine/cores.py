"""How many cores of the machine this process may use; light, as the first frame waits for it."""

import os
import sys


def usable_cores() -> int:
    """The cores that this process may run on."""
    if sys.platform == "linux":  # other systems don't say which cores the process may use
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
