"""The machine that a report is written down on."""

from __future__ import annotations

import platform
from dataclasses import asdict, dataclass
from pathlib import Path

import psutil

from rnn_tui.engine.errors import printable
from rnn_tui.engine.resources import usable_cores

CPU_FILE = Path("/proc/cpuinfo")


@dataclass(frozen=True)
class Machine:
    """A computer.

    Attributes:
        processor: the name that it gives itself.
        cores: those that this process may run on.
        memory_gib: main memory, in GiB.
        system: operating system and its version.
    """

    processor: str
    cores: int
    memory_gib: float
    system: str

    def to_dict(self) -> dict[str, str | int | float]:
        """A JSON-ready form."""
        return asdict(self)


def machine() -> Machine:
    """This computer."""
    return Machine(
        processor=_processor(),
        cores=usable_cores(),
        memory_gib=round(psutil.virtual_memory().total / 2**30, 1),
        system=platform.platform(),
    )


def _processor() -> str:
    """What Python calls `processor` is on Linux the architecture, or nothing."""
    try:
        with CPU_FILE.open(encoding="utf-8", errors="replace") as file:
            for line in file:
                name, _, value = line.partition(":")
                if name.strip() == "model name" and value.strip():
                    return printable(value.strip(), 80)
    except OSError:
        pass
    return printable(platform.processor() or platform.machine() or "unknown", 80)
