"""What a call costs, in memory and operations: figures that a busy machine does not change."""

import sys
import tracemalloc
from collections.abc import Callable
from contextlib import suppress
from types import FrameType
from typing import Any

from rnn_tui.engine.errors import UserError


def peak_memory(call: Callable[[], object]) -> int:
    """Return the most bytes that a call holds at once; a refusal of `call` is no failure.

    Counts what Python and NumPy allocate. Slows the call down several times.
    """
    tracemalloc.start()
    try:
        before, _ = tracemalloc.get_traced_memory()
        tracemalloc.reset_peak()
        with suppress(UserError):
            call()
        _, peak = tracemalloc.get_traced_memory()
        return peak - before
    finally:
        tracemalloc.stop()


def operations(call: Callable[[], object]) -> int:
    """Return how many functions, of Python and of C, a call calls; a refusal is no failure."""
    count = 0

    def note(frame: FrameType, event: str, argument: Any) -> None:
        nonlocal count
        count += event in ("call", "c_call")

    sys.setprofile(note)
    try:
        with suppress(UserError):
            call()
    finally:
        sys.setprofile(None)
    return count
