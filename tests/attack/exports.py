"""Exports and documents to targets of every kind: each stays of its kind, and gets the data."""

from __future__ import annotations

import os
import re
import select
import socket
import subprocess
import threading
from collections.abc import Sequence
from pathlib import Path
from random import Random
from typing import ClassVar

import pytest

from rnn_tui.archive.export.formats import FORMATS
from rnn_tui.archive.export.page.blocks import DOCUMENTS
from tests.archive.kept_runs import small, train
from tests.attack.attack import Attempt, HomeAttack, home_in
from tests.cli.command_line import COMMAND, PATIENCE, run_inside
from tests.devices import device

# Kinds of targets to which a single file can be written, and to which it can't.
GOOD = ("new", "existing", "link", "dangling link", "pipe", "null", "stdout")
BAD = ("pipe without a reader", "folder", "below a file", "ring", "full", "socket")
INSIDE = ["inspect", "adder", "0d12", "0d30", "--quiet", "--npz"]
OLD_CONTENT = b"what was there before"
# The date in a document, which two documents need not share.
DATE = re.compile(rb"Written on [^ ]+")


class Reader:
    """Reads from a pipe, in a thread, once somebody writes into it."""

    def __init__(self, path: Path) -> None:
        self.data = b""
        self._pipe = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
        self._stop, self._end = os.pipe()
        self._thread = threading.Thread(target=self._read)
        self._thread.start()

    def _read(self) -> None:
        # A read before anybody has opened the pipe for writing would be at its end at once.
        if self._pipe in select.select([self._pipe, self._stop], [], [])[0]:
            os.set_blocking(self._pipe, True)
            while part := os.read(self._pipe, 65536):
                self.data += part

    def close(self) -> None:
        """Stop reading, even where nobody has opened the pipe for writing."""
        os.close(self._end)
        self._thread.join()
        os.close(self._pipe)
        os.close(self._stop)


class Exports(HomeAttack):
    """Exports of small runs."""

    name: ClassVar[str] = "exports"
    unit: ClassVar[str] = "exports"
    share: ClassVar[int] = 8
    length: ClassVar[int] = 300

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.use_home(folder / "home")
        config = small(hidden_sizes=(2,), seeds=1)
        finished = train(config)
        stopped = train(config, stop_at=13)
        several_networks = train()
        self._runs = [finished.run_id, stopped.run_id, several_networks.run_id]
        #: what each export writes into a new file, by arguments and ending
        self._expected_data: dict[tuple[str, ...], bytes | None] = {}
        self._count = 0

    def attempt(self, random: Random) -> Attempt:
        """Export something to somewhere."""
        self._count += 1
        here = self.folder / f"attempt{self._count}"
        here.mkdir()
        kind = random.choice(GOOD + BAD)
        ending = ""
        forms = list(FORMATS)
        choice = random.choice([*forms, *forms, "document", "arrays"])
        if choice == "document":
            ending = random.choice([document.suffix for document in DOCUMENTS.values()])
            arguments = ["report", "--no-training", "--only", "adder", "--quiet", "-o"]
        elif choice == "arrays":
            arguments = INSIDE
        else:
            chosen = random.sample(self._runs, random.choice((1, 1, 2)))
            arguments = ["runs", "export", *chosen, "--to", choice, "-o"]
        try:
            path = _target(here, kind, ending)
        except pytest.skip.Exception as skipped:
            return Attempt(f"nothing, since {skipped}")
        expected = self._expected(arguments, ending)
        tried = f"{' '.join(arguments)} {path} ({kind})"
        return Attempt(tried, _fault(arguments, path, kind, expected))

    def _expected(self, arguments: Sequence[str], ending: str) -> bytes | None:
        """What the same export writes into a new file; None where it writes no single file."""
        key = (*arguments, ending)
        if key not in self._expected_data:
            path = self.folder / f"expected{len(self._expected_data)}{ending}"
            code, _, _ = run_inside([*arguments, str(path)])
            is_single = code == 0 and path.is_file()
            self._expected_data[key] = path.read_bytes() if is_single else None
        return self._expected_data[key]


def _target(here: Path, kind: str, ending: str) -> Path:
    """Make a target of a kind."""
    path = here / f"target{ending}"
    match kind:
        case "existing":
            path.write_bytes(OLD_CONTENT)
        case "link" | "dangling link":
            path.symlink_to("elsewhere")
            if kind == "link":
                (here / "elsewhere").write_bytes(OLD_CONTENT)
        case "pipe" | "pipe without a reader":
            os.mkfifo(path)
        case "folder":
            path.mkdir()
        case "below a file":
            (here / "file").write_bytes(OLD_CONTENT)
            path = here / "file" / path.name
        case "ring":
            path.symlink_to(path.name)
        case "socket":
            with socket.socket(socket.AF_UNIX) as server:
                server.bind(os.path.relpath(path))
        case "null" | "full":  # through a link: the suffix of a document's name says its format
            path.symlink_to(device(kind, here))
        case "stdout":
            path.symlink_to("/dev/stdout")
    return path


def _nature(path: Path) -> object:
    """Mode, inode and link of a target, which must not change; None for a regular file."""
    if not os.path.lexists(path) or (path.is_file() and not path.is_symlink()):
        return None
    status = os.lstat(path)
    return status.st_mode, status.st_ino, path.is_symlink() and os.readlink(path)


def _fault(arguments: Sequence[str], path: Path, kind: str, expected: bytes | None) -> str:
    """Export to a target, and return what was wrong; empty where nothing was.

    Args:
        arguments: of the export, without its target.
        path: of the target.
        kind: of the target, one of `GOOD` or `BAD`.
        expected: what a new file would get; None where the export writes no single file.
    """
    nature = _nature(path)
    code, data, err = _export([*arguments, str(path)], path, kind)
    end = err[-300:]
    if nature is not None and nature != _nature(path):
        return "the target is another kind of thing now"
    if "Traceback" in err or "fault of" in err or code not in (0, 1):
        return f"exit code {code}: {end}"
    if code == 1 and err.count("\n") != 1:
        return f"no sentence: {end}"
    if expected is None or kind == "folder":
        return ""
    if code == 1:
        return f"not written: {end}" if kind in GOOD else ""
    return _fault_of_data(kind, data, expected)


def _fault_of_data(kind: str, data: bytes | None, expected: bytes) -> str:
    """What is wrong with what a target got from an export that says it succeeded."""
    if kind in BAD:
        return "it can't have been written"
    if data is not None and DATE.sub(b"", data) != DATE.sub(b"", expected):
        return "other bytes than were expected"
    return ""


def _export(arguments: Sequence[str], path: Path, kind: str) -> tuple[int, bytes | None, str]:
    """The exit code, the data that the target got (None if no file has it), and stderr."""
    if kind == "stdout":
        return _to_stdout(arguments)
    if kind == "pipe":
        reader = Reader(path)
        code, _, err = run_inside(arguments)
        reader.close()
        return code, reader.data, err
    code, _, err = run_inside(arguments)
    data = path.read_bytes() if path.is_file() else None
    return code, data, err


def _to_stdout(arguments: Sequence[str]) -> tuple[int, bytes, str]:
    """Export in a process with a stdout of its own; returns exit code, stdout and stderr."""
    home = Path(os.environ["RNN_TUI_HOME"])
    process = subprocess.run(
        [*COMMAND, *arguments],
        capture_output=True,
        env=home_in(home),
        timeout=PATIENCE,
        check=False,
    )
    return process.returncode, process.stdout, process.stderr.decode()
