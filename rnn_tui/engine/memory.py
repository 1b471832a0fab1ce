"""Refusing what can't fit into memory, before the operating system ends the whole process for it.

On a GPU PyTorch raises an error of its own; on the CPU, Linux grants memory that it does not have
and then kills, without a word, whoever uses it.
"""

import psutil
import torch


def require_memory(needed: int, device: torch.device) -> None:
    """Do nothing, or raise where `needed` bytes are more than is free on the CPU.

    Raises:
        MemoryError: if so.
    """
    if device.type == "cpu" and needed > psutil.virtual_memory().available:
        raise MemoryError(f"{needed} bytes needed")
