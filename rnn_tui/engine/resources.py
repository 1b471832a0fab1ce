"""What of the machine this process may use: its cores, its memory; and imports without a pause.

Python looks for garbage by walking through all objects, the more often the more are made. Importing
PyTorch makes half a million, all to stay: looking through them costs a seventh of the time that the
imports take, and 0.2 ... 0.3 s each time later, in which nothing else goes on. Loads no torch.
"""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import torch


def usable_cores() -> int:
    """The cores that this process may run on."""
    if sys.platform == "linux":  # elsewhere nothing tells which of them it may use
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def require_memory(needed: int, device: torch.device) -> None:
    """Do nothing, or raise where `needed` bytes are more than is free on the CPU.

    On a GPU PyTorch raises an error of its own; on the CPU, Linux grants memory that it does not
    have and then kills, without a word, whoever uses it.

    Raises:
        MemoryError: if so.
    """
    import psutil  # noqa: PLC0415 - on use: the first frame of the app needs this module

    if device.type == "cpu" and needed > psutil.virtual_memory().available:
        raise MemoryError(f"{needed} bytes needed")


@contextmanager
def heavy_imports() -> Iterator[None]:
    """Look for no garbage while the imports inside go on, and nowhere in what they made later."""
    enabled, before = gc.isenabled(), len(sys.modules)
    gc.disable()
    try:
        yield
    finally:
        if len(sys.modules) > before:
            gc.freeze()
        if enabled:
            gc.enable()
