"""What a call costs, in memory and operations: figures that a busy machine does not change."""

import json
import subprocess
import sys
import tracemalloc
from collections.abc import Callable
from contextlib import suppress
from types import FrameType
from typing import Any, NamedTuple

from rnn_tui.engine.errors import UserError
from tests.program import COMMAND, start_program

# A process begins with the peak of the one that started it, so a small one starts what is measured.
MEASURE = """
import json, resource, subprocess, sys
process = subprocess.run(json.loads(sys.argv[1]), capture_output=True, text=True)
peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
json.dump([process.returncode, process.stderr, peak], sys.stdout)
"""


class Command(NamedTuple):
    """What became of a command."""

    code: int  #: its exit code.
    stderr: str
    peak: int  #: KiB of memory of its largest process.


def measured_command(*arguments: str) -> Command:
    """Run `rnn-tui` with these arguments, with the processes that it starts and waits for."""
    words = json.dumps([*COMMAND, *arguments])
    with start_program(words, code=MEASURE, stdout=subprocess.PIPE) as process:
        return Command(*json.load(process.stdout))


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
