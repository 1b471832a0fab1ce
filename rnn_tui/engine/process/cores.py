"""Count the cores that this process may use; quick to import, as the first frame waits for it."""

import os
import sys


def usable_cores() -> int:
    """Return the cores that this process may run on."""
    if sys.platform == "linux":  # other systems don't say which cores the process may use
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
