"""Exports and documents to targets of every kind: these stay, and have what was wanted."""

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

from rnn_tui.report.rows import DOCUMENTS
from rnn_tui.runs.export.formats import FORMATS
from tests.attack.attack import Attack, Attempt, home_in
from tests.cli.command_line import COMMAND, PATIENCE, run_inside
from tests.devices import device
from tests.runs.kept_runs import small, train

# Where a single file can be written, and where it can't.
GOOD = ("new", "existing", "link", "dangling link", "pipe", "null", "stdout")
BAD = ("pipe without a reader", "folder", "below a file", "ring", "full", "socket")
INSIDE = ["inspect", "adder", "0d12", "0d30", "--quiet", "--npz"]
BEFORE = b"what was there before"
# Of documents: what is another at every moment.
MOMENT = re.compile(rb"Written on [^ ]+")


class Reader:
    """Reads from a pipe, in a thread, once somebody writes into it."""

    def __init__(self, path: Path) -> None:
        self.data = b""
        self._pipe = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
        self._stop, self._end = os.pipe()
        self._thread = threading.Thread(target=self._read)
        self._thread.start()

    def _read(self) -> None:
        # What nobody has opened for writing yet would be at its end at once.
        if self._pipe in select.select([self._pipe, self._stop], [], [])[0]:
            os.set_blocking(self._pipe, True)
            while part := os.read(self._pipe, 65536):
                self.data += part

    def close(self) -> None:
        """Come to the end, though nobody wrote."""
        os.close(self._end)
        self._thread.join()
        os.close(self._pipe)
        os.close(self._stop)


class Exports(Attack):
    """Exports of small runs."""

    name: ClassVar[str] = "exports"
    unit: ClassVar[str] = "exports"
    share: ClassVar[int] = 8
    length: ClassVar[int] = 300

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self._home = os.environ.get("RNN_TUI_HOME")
        os.environ["RNN_TUI_HOME"] = str(folder / "home")
        one = small(hidden_sizes=(2,), seeds=1)
        self._runs = [train(one).run_id, train(one, stop_at=13).run_id, train().run_id]
        self._wanted: dict[tuple[str, ...], bytes | None] = {}
        self._count = 0

    def close(self) -> None:
        """Give the home back."""
        del os.environ["RNN_TUI_HOME"]
        if self._home is not None:
            os.environ["RNN_TUI_HOME"] = self._home

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
            ending = random.choice([one.suffix for one in DOCUMENTS.values()])
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
        wanted = self._expected(arguments, ending)
        return Attempt(
            f"{' '.join(arguments)} {path} ({kind})", _fault(arguments, path, kind, wanted)
        )

    def _expected(self, arguments: Sequence[str], ending: str) -> bytes | None:
        """What the same writes into a new file; None where that does not become a single file."""
        key = (*arguments, ending)
        if key not in self._wanted:
            path = self.folder / f"wanted{len(self._wanted)}{ending}"
            code, _, _ = run_inside([*arguments, str(path)])
            whole = code == 0 and path.is_file()
            self._wanted[key] = path.read_bytes() if whole else None
        return self._wanted[key]


def _target(here: Path, kind: str, ending: str) -> Path:
    """Make a target of a kind."""
    path = here / f"target{ending}"
    match kind:
        case "existing":
            path.write_bytes(BEFORE)
        case "link" | "dangling link":
            path.symlink_to("elsewhere")
            if kind == "link":
                (here / "elsewhere").write_bytes(BEFORE)
        case "pipe" | "pipe without a reader":
            os.mkfifo(path)
        case "folder":
            path.mkdir()
        case "below a file":
            (here / "file").write_bytes(BEFORE)
            path = here / "file" / path.name
        case "ring":
            path.symlink_to(path.name)
        case "socket":
            with socket.socket(socket.AF_UNIX) as one:
                one.bind(os.path.relpath(path))
        case "null" | "full":  # through a link, since a document's name says what it is
            path.symlink_to(device(kind, here))
        case "stdout":
            path.symlink_to("/dev/stdout")
    return path


def _nature(path: Path) -> object:
    """What must not change of anything that is no regular file."""
    if not os.path.lexists(path) or (path.is_file() and not path.is_symlink()):
        return None
    status = os.lstat(path)
    return status.st_mode, status.st_ino, path.is_symlink() and os.readlink(path)


def _fault(arguments: Sequence[str], path: Path, kind: str, wanted: bytes | None) -> str:
    """Export, and look at what came of it."""
    before = _nature(path)
    found: bytes | None
    if kind == "stdout":
        code, found, err = _to_stdout([*arguments, str(path)])
    else:
        reader = Reader(path) if kind == "pipe" else None
        code, _, err = run_inside([*arguments, str(path)])
        if reader is not None:
            reader.close()
        found = reader.data if reader is not None else _contents(path)
    told = err[-300:]
    single = wanted is not None and kind != "folder"
    differs = found is not None and MOMENT.sub(b"", found) != MOMENT.sub(b"", wanted or b"")
    faults = {
        "the target is another kind of thing now": before is not None and before != _nature(path),
        f"exit code {code}: {told}": "Traceback" in err or "fault of" in err or code not in (0, 1),
        f"no sentence: {told}": code == 1 and err.count("\n") != 1,
        "it can't have been written": single and kind in BAD and code == 0,
        f"not written: {told}": single and kind in GOOD and code == 1,
        "other bytes than were wanted": single and code == 0 and differs,
    }
    return next((what for what, is_so in faults.items() if is_so), "")


def _contents(path: Path) -> bytes | None:
    return path.read_bytes() if path.is_file() else None


def _to_stdout(arguments: Sequence[str]) -> tuple[int, bytes, str]:
    """The same with a real stdout."""
    home = Path(os.environ["RNN_TUI_HOME"])
    done = subprocess.run(
        [*COMMAND, *arguments],
        capture_output=True,
        env=home_in(home),
        timeout=PATIENCE,
        check=False,
    )
    return done.returncode, done.stdout, done.stderr.decode()
