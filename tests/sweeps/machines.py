"""A scheduler and workers as on other machines: Dask's own commands, a home for each, no shared folder."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil

from tests.cli.command_line import environment

PATIENCE = 180.0
MODULES = {"scheduler": "distributed.cli.dask_scheduler", "worker": "distributed.cli.dask_worker"}


def wait_for(true: Callable[[], object], patience: float = PATIENCE) -> None:
    end = time.monotonic() + patience
    while not true():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.05)


class Machines:
    """A scheduler with workers, each in a process group of its own."""

    def __init__(self, folder: Path, *options: str, prefix: Sequence[str] = ()) -> None:
        self.folder, self.options, self.prefix = folder, options, tuple(prefix)
        self.workers: list[subprocess.Popen[bytes]] = []
        self.scheduler, self.address = self.start_scheduler()

    def start_scheduler(self, port: int = 0) -> tuple["subprocess.Popen[bytes]", str]:
        told = self.folder / f"scheduler-{time.monotonic_ns()}.json"
        arguments = ("--host", "127.0.0.1", "--port", str(port), "--no-dashboard", "--scheduler-file", str(told))
        process = self._start("scheduler", "scheduler", *arguments, *self.options)
        wait_for(lambda: told.exists() and told.read_text().endswith("}"))
        return process, str(json.loads(told.read_text())["address"])

    def add_worker(self, *options: str, **variables: str) -> "subprocess.Popen[bytes]":
        name = f"machine-{len(self.workers)}"
        arguments = (self.address, "--nthreads", "1", "--no-dashboard", "--memory-limit", "0", "--name", name)
        folder = self.folder / name
        process = self._start(
            "worker", name, *arguments, "--local-directory", str(folder), *self.options, *options, **variables
        )
        self.workers.append(process)
        return process

    def _start(self, kind: str, home: str, *arguments: str, **variables: str) -> "subprocess.Popen[bytes]":
        folder = self.folder / home
        folder.mkdir(exist_ok=True)
        with (folder / "log").open("ab") as log:
            return subprocess.Popen(
                [*self.prefix, sys.executable, "-m", MODULES[kind], *arguments], stdout=log, stderr=log, start_new_session=True,
                env={**environment(), "RNN_TUI_HOME": str(folder / "home"), "OMP_NUM_THREADS": "1", **variables},
            )  # fmt: skip

    def close(self) -> None:
        for process in (*self.workers, self.scheduler):
            kill(process)


def kill(process: "subprocess.Popen[bytes]") -> None:
    """A machine is gone: SIGKILL for the process and all of its children."""
    with suppress(psutil.Error):
        for child in psutil.Process(process.pid).children(recursive=True):
            with suppress(psutil.Error):
                child.kill()
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


@contextmanager
def machines(folder: Path, count: int, *options: str) -> Iterator[Machines]:
    some = Machines(folder, *options)
    try:
        for _ in range(count):
            some.add_worker()
        yield some
    finally:
        some.close()
