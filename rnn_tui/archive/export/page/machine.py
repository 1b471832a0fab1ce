"""The computer that a document was written on."""

import platform
import re
from contextlib import suppress
from pathlib import Path

from rnn_tui.engine.errors import printable
from rnn_tui.engine.process.machine import usable_cores

CPU_FILE = Path("/proc/cpuinfo")


def machine() -> dict[str, str | int | float]:
    """Describe this computer: its processor, the cores that this process may use, memory."""
    import psutil  # on use only

    return {
        "processor": printable(_processor(), 80),  #: its name.
        "cores": usable_cores(),  #: logical cores.
        #: memory, in units of 2³⁰ bytes.
        "memory_gib": round(psutil.virtual_memory().total / 2**30, 1),
        "system": platform.platform(),  #: operating system.
    }


def _processor() -> str:
    # On Linux, Python calls the architecture the processor, or nothing.
    with suppress(OSError):
        text = CPU_FILE.read_text(encoding="utf-8", errors="replace")
        model = re.search(r"^model name[ \t]*:[ \t]*(.*\S)", text, re.MULTILINE)
        if model:
            return model[1]
    return platform.processor() or platform.machine() or "unknown"
