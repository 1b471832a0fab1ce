"""How the C library keeps memory, seen from a process of its own."""

import platform
import subprocess
import sys

import pytest

SHARED = "from rnn_tui.engine.process.machine import share_arenas; share_arenas(2)"
# Threads that hold memory at the same time, then how many heaps glibc has for them.
COUNT = """
import ctypes, os, tempfile, threading
together = threading.Barrier(6)
def hold():
    together.wait()
    memory = [bytearray(100_000) for _ in range(20)]
    together.wait()
threads = [threading.Thread(target=hold) for _ in range(6)]
for thread in threads: thread.start()
for thread in threads: thread.join()
library = ctypes.CDLL(None)
library.fopen.restype = ctypes.c_void_p
library.malloc_info.argtypes = [ctypes.c_int, ctypes.c_void_p]
library.fclose.argtypes = [ctypes.c_void_p]
with tempfile.TemporaryDirectory() as folder:
    path = os.path.join(folder, "heaps.xml")
    file = library.fopen(path.encode(), b"w")
    library.malloc_info(0, file)
    library.fclose(file)
    print(open(path).read().count("<heap "))
"""


def heaps(code: str) -> int:
    """How many heaps a process has after some code and threads that take memory."""
    command = [sys.executable, "-c", f"{code}\n{COUNT}"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return int(done.stdout)


@pytest.mark.process
@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="another C library")
def test_threads_share_as_many_arenas_as_are_said() -> None:
    assert heaps("") > 2
    assert heaps(SHARED) <= 2
