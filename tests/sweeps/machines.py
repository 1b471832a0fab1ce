"""A scheduler and workers as on other machines: Dask's own commands, a home for each, no shared
folder.
"""

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil

from tests.cli.command_line import environment

PATIENCE = 180.0
COMMANDS = {
    "scheduler": "from distributed.cli.dask_scheduler import main\nmain()",
    "worker": "import dask\nfrom distributed.cli.dask_worker import "
    "main\ndask.config.set({config})\nmain()",
}
METHOD = "distributed.worker.multiprocessing-method"


def wait_for(condition: Callable[[], object], patience: float = PATIENCE) -> None:
    end = time.monotonic() + patience
    while not condition():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.05)


class Machines:
    """A scheduler with workers, each in a process group of its own.

    The process of a worker that trains is a fork of the one that watches over it: a new interpreter
    would load PyTorch for seconds. Where `method` is `spawn` it is one all the same: the end of a
    fork alone is noticed late.
    """

    def __init__(
        self,
        folder: Path,
        *options: str,
        host: str = "127.0.0.1",
        method: str = "fork",
        **variables: str,
    ) -> None:
        self.folder = folder
        self.options = options
        self.host = host
        self.variables = variables
        self.config = {METHOD: method}
        self.workers: list[subprocess.Popen[bytes]] = []
        self.scheduler, self.address = self.start_scheduler()

    def start_scheduler(self, port: int = 0) -> tuple["subprocess.Popen[bytes]", str]:
        scheduler_file = self.folder / f"scheduler-{time.monotonic_ns()}.json"
        arguments = (
            "--host",
            self.host,
            "--port",
            str(port),
            "--no-dashboard",
            "--scheduler-file",
            str(scheduler_file),
        )
        process = self._start("scheduler", "scheduler", *arguments, *self.options, **self.variables)
        wait_for(lambda: scheduler_file.exists() and scheduler_file.read_text().endswith("}"))
        return process, str(json.loads(scheduler_file.read_text())["address"])

    def add_worker(
        self, *options: str, within: Sequence[str] = (), **variables: str
    ) -> "subprocess.Popen[bytes]":
        name = f"machine-{len(self.workers)}"
        arguments = (
            self.address,
            "--nthreads",
            "1",
            "--no-dashboard",
            "--memory-limit",
            "0",
            "--name",
            name,
        )
        folder = self.folder / name
        arguments = (*arguments, "--local-directory", str(folder), *self.options, *options)
        process = self._start("worker", name, *arguments, within=within, **variables)
        self.workers.append(process)
        return process

    def _start(
        self, kind: str, home: str, *arguments: str, within: Sequence[str] = (), **variables: str
    ) -> "subprocess.Popen[bytes]":
        folder = self.folder / home
        folder.mkdir(exist_ok=True)
        env = {
            **environment(),
            "RNN_TUI_HOME": str(folder / "home"),
            "OMP_NUM_THREADS": "1",
            **variables,
        }
        with (folder / "log").open("ab") as log:
            streams = {"stdout": log, "stderr": log}
            command = [*within, sys.executable, "-c", COMMANDS[kind].format(config=self.config)]
            return subprocess.Popen(
                [*command, *arguments], start_new_session=True, env=env, **streams
            )

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
def machines(folder: Path, count: int, *options: str, **more: str) -> Iterator[Machines]:
    fleet = Machines(folder, *options, **more)
    try:
        for _ in range(count):
            fleet.add_worker()
        yield fleet
    finally:
        fleet.close()


class Wire:
    """A way to an address that can be cut, as when a machine sleeps."""

    def __init__(self, address: str) -> None:
        host, _, port = address.rpartition("//")[2].rpartition(":")
        self._target = (host, int(port))
        self._sockets = [socket.create_server(("127.0.0.1", 0))]
        self._cut = False
        self.address = f"tcp://127.0.0.1:{self._sockets[0].getsockname()[1]}"
        threading.Thread(target=self._accept, daemon=True).start()

    def cut(self) -> None:
        self._cut = True
        for connection in self._sockets[1:]:
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

    def mend(self) -> None:
        self._cut = False

    def _accept(self) -> None:
        while True:
            incoming, _ = self._sockets[0].accept()
            if self._cut:
                incoming.close()
                continue
            outgoing = socket.create_connection(self._target)
            self._sockets += [incoming, outgoing]
            for source, target in ((incoming, outgoing), (outgoing, incoming)):
                threading.Thread(target=_copy, args=(source, target), daemon=True).start()


def _copy(source: socket.socket, target: socket.socket) -> None:
    with suppress(OSError):
        while data := source.recv(65536):
            target.sendall(data)
    for connection in (source, target):
        with suppress(OSError):
            connection.shutdown(socket.SHUT_RDWR)
