"""Runs command lines one after the other, each in a fork of a process that has all imported.

A request is a line of JSON on stdin, a reply one on stdout. What a new interpreter would do before
and after the command is done here: streams are made, and flushed at the end.
"""

from __future__ import annotations

import gc
import importlib
import io
import json
import os
import signal
import sys
import time
import traceback
from typing import Any

CLOSED, NOBODY = "closed", "nobody"
MODULES = (
    "rnn_tui.photos.reader",
    "rnn_tui.archive.store",
    "rnn_tui.archive.training",
    "rnn_tui.archive.export",
    "rnn_tui.archive.export.documents",
    "rnn_tui.archive.export.plots",
    "rnn_tui.papers.document",
    "rnn_tui.papers.running",
    "rnn_tui.inside.hidden",
    "rnn_tui.inside.survival",
    "rnn_tui.inside.images",
    "rnn_tui.tasks.mnist.problem",
    "rnn_tui.tasks.adder.problem",
    "rnn_tui.tasks.recall.problem",
    "rnn_tui.cli.results",
    "rnn_tui.archive.weights",
)


def main() -> None:
    """Serve until stdin ends."""
    from rnn_tui.cli.commands import COMMANDS  # noqa: PLC0415 - in the server only

    signal.signal(signal.SIGINT, signal.default_int_handler)
    for module in (*(command.module for command in COMMANDS), *MODULES):
        importlib.import_module(module)
    gc.collect()
    gc.freeze()
    for line in sys.stdin:
        request = json.loads(line)
        pid = os.fork()
        if not pid:
            _child(request)
        print(json.dumps(_wait(pid, request["ask"], request["limit"])), flush=True)


def _wait(pid: int, ask: float, limit: float) -> int | None:
    """The exit code; None where it had to be killed, since it went on after it was asked to end."""
    began, asked = time.monotonic(), False
    while True:
        done, status = os.waitpid(pid, os.WNOHANG)
        if done:
            return os.waitstatus_to_exitcode(status)
        passed = time.monotonic() - began
        if passed > ask and not asked:
            asked = True
            os.kill(pid, signal.SIGINT)
        if passed > limit:
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)
            return None
        time.sleep(0.002)


def _child(request: dict[str, Any]) -> None:
    code = 1
    try:
        os.chdir(request["folder"])
        os.environ.clear()
        os.environ.update(request["environment"])
        _streams(request["streams"], ascii_only=request["ascii"])
        from rnn_tui.cli.main import main as command  # noqa: PLC0415 - as an interpreter would

        try:
            code = command(request["arguments"])
        except SystemExit as end:
            code = int(end.code or 0)
        try:
            if sys.stdout is not None:
                sys.stdout.flush()
        except BaseException as error:  # noqa: BLE001 - as an interpreter does
            code = 120
            os.write(2, f"Exception ignored at exit: {error}\n".encode())
    except BaseException:  # noqa: BLE001 - it is told, and is a fault
        os.write(2, traceback.format_exc().encode(errors="replace"))
    finally:
        os._exit(code)


def _streams(names: list[str], *, ascii_only: bool) -> None:
    for number, name in enumerate(names):
        if name == CLOSED:
            os.close(number)
            continue
        if name == NOBODY:
            ours, opened = os.pipe()
            os.close(ours)
        else:
            flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND if number else os.O_RDONLY
            opened = os.open(name, flags, 0o600)
        os.dup2(opened, number)
        os.close(opened)
    encoding, errors = ("ascii", "surrogateescape") if ascii_only else ("utf-8", "strict")
    made: list[Any] = [None, None, None]
    for number, name in enumerate(names):
        if name == CLOSED:
            continue
        raw = io.FileIO(number, "w" if number else "r", closefd=False)
        made[number] = io.TextIOWrapper(
            io.BufferedWriter(raw) if number else io.BufferedReader(raw),
            encoding,
            "backslashreplace" if number == 2 else errors,
            line_buffering=number == 2,
        )
    sys.stdin, sys.stdout, sys.stderr = made


if __name__ == "__main__":
    main()
