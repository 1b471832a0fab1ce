"""Processes of `rnn-tui` without the seconds that each takes to load PyTorch: `python -m
tests.program_server ADDRESS PID`.

The server loads everything once. Whoever connects hands over arguments, folder, environment and
three streams, and gets the number of a process that is a fork of it, and how that ended. What runs
there is `rnn_tui/__main__.py`, another module that was asked for, or some lines of Python, from a
fresh `sys.argv` and fresh streams to its end. What a new interpreter alone can show is left to
tests that start one.
"""

import atexit
import gc
import importlib
import io
import json
import os
import runpy
import signal
import socket
import sys
import threading
import time
import traceback
import types
from typing import Any, NoReturn

import psutil

from tests.program import take_control

MODULES = (
    "cv2",
    "distributed",
    "safetensors.numpy",
    "scipy.stats",
    "sklearn.linear_model",
    "sklearn.model_selection",
    "torch",
    "rich.progress",
    "rnn_tui.cli.main",
    "rnn_tui.photos.reader",
    "rnn_tui.report.document",
    "rnn_tui.report.running",
    "rnn_tui.runs.export",
    "rnn_tui.runs.training",
    "rnn_tui.runs.weights",
    "rnn_tui.sweeps.kept",
    "rnn_tui.tasks.adder.problem",
    "rnn_tui.tasks.mnist.problem",
    "rnn_tui.tasks.recall.problem",
)
LONGEST = 1 << 20


def main(address: str, pid: int) -> None:
    """Serve until the process with this number is gone."""
    signal.signal(signal.SIGINT, signal.default_int_handler)
    for module in MODULES:
        try:
            importlib.import_module(module)
        except ImportError:  # of an extra that is not installed
            continue
    assert threading.active_count() == 1, threading.enumerate()
    gc.collect()
    gc.freeze()
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    listening = socket.socket(socket.AF_UNIX)
    listening.bind(f"{address}.new")
    listening.listen(64)
    listening.settimeout(1.0)
    os.rename(f"{address}.new", address)
    while psutil.pid_exists(pid):
        try:
            asking, _ = listening.accept()
        except TimeoutError:
            continue
        message, streams, _, _ = socket.recv_fds(asking, LONGEST, 3)
        if message and os.fork() == 0:
            listening.close()
            _keep(asking, message, streams)
        for stream in streams:
            os.close(stream)
        asking.close()
    os.unlink(address)


def _keep(asking: socket.socket, message: bytes, streams: list[int]) -> None:
    """Start the process, and tell how it ended; returns in the process alone."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    while not message.endswith(b"\n"):
        message += asking.recv(LONGEST)
    pid = os.fork()
    if pid == 0:
        asking.close()
        _perform(json.loads(message), streams)
    for stream in streams:
        os.close(stream)
    try:
        asking.sendall(f"{pid}\n".encode())
        _, status = os.waitpid(pid, 0)
        asking.sendall(f"{status}\n".encode())
    finally:  # who has asked may be gone
        os._exit(0)


def _perform(about: dict[str, object], streams: list[int]) -> NoReturn:
    """Be `python -m rnn_tui`, or another module."""
    arguments, folder, environment, session = (
        about["arguments"],
        about["folder"],
        about["environment"],
        about["session"],
    )
    assert isinstance(arguments, list)
    assert isinstance(environment, dict)
    if session:
        os.setsid()
    for number, stream in enumerate(streams):
        os.dup2(stream, number)
        os.close(stream)
    os.chdir(str(folder))
    os.environ.clear()
    os.environ.update(environment)
    time.tzset()
    sys.path[0] = os.getcwd()
    if about.get("controlling"):
        take_control()
    sys.argv = ["rnn-tui", *arguments]
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        old, mode = getattr(sys, f"__{name}__"), "w" if number else "r"
        # for good
        raw = open(number, f"{mode}b", -1 if number < 2 else 0, closefd=False)  # noqa: SIM115
        stream = io.TextIOWrapper(
            raw,
            old.encoding,
            old.errors,
            "\n",
            line_buffering=number == 2 or os.isatty(number),
            write_through=number == 2,
        )
        setattr(sys, name, stream)
        setattr(sys, f"__{name}__", stream)
    program: Any = about.get("program", ("-m", "rnn_tui"))
    os._exit(_end_of(*program))


def _end_of(kind: str, what: str) -> int:
    """Run the program to its end as an interpreter does, but for what C libraries do then:
    PyTorch's takes its time.
    """
    code = 0
    try:
        if kind == "-c":
            sys.modules["__main__"] = main = types.ModuleType("__main__")
            exec(compile(what, "<string>", "exec"), main.__dict__)
        else:
            runpy.run_module(what, run_name="__main__", alter_sys=True)
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else int(end.code is not None)
    except KeyboardInterrupt:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        os.kill(os.getpid(), signal.SIGINT)
    except BaseException:  # noqa: BLE001 - as the interpreter tells it
        traceback.print_exc()
        code = 1
    threading._shutdown()  # type: ignore[attr-defined]
    atexit._run_exitfuncs()
    try:
        sys.stdout.flush()
    except (OSError, ValueError):
        code = 120
    return code


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
