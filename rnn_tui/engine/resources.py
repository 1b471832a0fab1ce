"""What of the machine this process may use: its cores, its memory. Loads no torch."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

import psutil

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
    if device.type == "cpu" and needed > psutil.virtual_memory().available:
        raise MemoryError(f"{needed} bytes needed")
