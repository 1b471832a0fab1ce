"""What a terminal sends to all processes is for home alone, as soon as there is a worker."""

import os
import re
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from random import Random

import psutil
import pytest

from rnn_tui.sweeps.store import SweepStore
from tests.cli.command_line import environment
from tests.program import start_program
from tests.sweeps.machines import wait_for

SETTINGS = (
    *("recall", "--preset", "fast", "--training-size", "2000", "--batch-size", "20"),
    *("--epochs", "20", "--grid", "learning_rate=0.01,0.02"),
)
MOMENTS = 5


def begin() -> "subprocess.Popen[str]":
    return start_program(
        *("sweep", *SETTINGS, "--on", "local:2"),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
        env=environment(),
        start_new_session=True,
    )


def hears(process: psutil.Process, number: int) -> bool:
    """Whether a signal does something to a process: it neither blocks nor ignores it."""
    status = Path(f"/proc/{process.pid}/status").read_text()
    masks = dict(re.findall(r"^(SigBlk|SigIgn):\s*([0-9a-f]+)$", status, re.MULTILINE))
    return not any(int(mask, 16) >> (number - 1) & 1 for mask in masks.values())


def workers(sweep: int) -> list[psutil.Process]:
    """The processes that train, from the first moment on."""
    found: list[psutil.Process] = []
    # Not their children: until such a one begins what it is for, it is called as the worker is.
    for child in psutil.Process(sweep).children():
        with suppress(psutil.Error):
            command = " ".join(child.cmdline())
            if "spawn_main" in command or command.startswith("dask worker"):
                found.append(child)
    return found


@pytest.mark.process
@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_no_worker_ever_hears_what_a_terminal_sends() -> None:
    process = begin()
    seen: set[int] = set()

    def look() -> None:
        for worker in workers(process.pid):
            with suppress(OSError):
                assert not hears(worker, signal.SIGINT)
                assert not hears(worker, signal.SIGHUP)
                seen.add(worker.pid)

    def trains() -> bool:
        look()
        with SweepStore() as store:
            return any(run.step for run in store.runs()) or process.poll() is not None

    def another_is_there() -> bool:
        look()
        return len(seen) == 3 or process.poll() is not None

    try:
        wait_for(trains)
        assert len(seen) == 2, process.communicate()
        workers(process.pid)[0].kill()  # Dask starts another one in its place
        wait_for(another_is_there)
        assert len(seen) == 3, process.communicate()
        os.killpg(process.pid, signal.SIGINT)
        _, err = process.communicate(timeout=120)
    finally:
        process.kill()
    assert process.returncode == 130, err
    assert "Traceback" not in err


@pytest.mark.long
def test_ctrl_c_at_any_moment_of_the_start_exits_130() -> None:
    random = Random(0)
    for _ in range(MOMENTS):
        process = begin()
        seconds = random.uniform(0.5, 8.0)
        try:
            process.wait(seconds)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGINT)
        out, err = process.communicate(timeout=120)
        assert process.returncode in (130, 0), (seconds, err)
        assert "Traceback" not in err, (seconds, err)
        assert process.returncode == 130 or "finished" in out
