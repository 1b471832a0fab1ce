"""A disk that is full at any moment: nothing that was called done is lost, all else is told."""

from __future__ import annotations

import json
import os
import re
import signal
import sqlite3
import subprocess
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from random import Random
from types import FrameType
from typing import Any, ClassVar

from rnn_tui.engine.checkpoint import load_checkpoint
from rnn_tui.engine.errors import CheckpointError
from rnn_tui.engine.paths import run_database, run_dir
from rnn_tui.runs import unsaved
from tests.attack.attack import Attack, Attempt
from tests.cli.command_line import run_inside
from tests.small_disk import NoSmallDiskError, mounted

SMALL = ["--batch-size", "4", "--training-size", "40", "--test-size", "20", "--device", "cpu"]
KILOBYTES, ENOUGH = (160, 1500), "8m"
SECONDS_TO_HANG = 120
RESUME = re.compile(r"--resume (\S+) (?:goes|trains)")


class FullDisk(Attack):
    """Commands on a small disk that is filled and freed meanwhile."""

    name: ClassVar[str] = "full_disk"
    unit: ClassVar[str] = "disks"
    share: ClassVar[int] = 2
    length: ClassVar[int] = 40

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self._home = os.environ.get("RNN_TUI_HOME")
        self._patience = unsaved.PATIENCE
        unsaved.PATIENCE = 0.1
        self._disk = folder / "disk"
        self._disk.mkdir()

    def close(self) -> None:
        """Put back what was changed."""
        unsaved.PATIENCE = self._patience
        os.environ.pop("RNN_TUI_HOME", None)
        if self._home is not None:
            os.environ["RNN_TUI_HOME"] = self._home

    def attempt(self, random: Random) -> Attempt:
        """Do a few things on a disk of its own."""
        size = random.randint(*KILOBYTES)
        session = _Session(self._disk, random)
        try:
            with mounted(self._disk, f"{size}k"), _no_hang():
                os.environ["RNN_TUI_HOME"] = str(self._disk / "home")
                fault = session.fault()
        except NoSmallDiskError as error:
            return Attempt(f"nothing, since {error}")
        except TimeoutError:
            fault = "it hangs"
        return Attempt(f"{size} KB: {'; '.join(session.tried)}", fault)


@contextmanager
def _no_hang() -> Iterator[None]:
    """What takes too long ends by `TimeoutError`."""

    def ring(_number: int, _frame: FrameType | None) -> None:
        raise TimeoutError

    before = signal.signal(signal.SIGALRM, ring)
    signal.alarm(SECONDS_TO_HANG)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


class _Session:
    """What is done on one disk, and what of it was called done.

    Args:
        disk: the disk.
        random: chooses.
    """

    def __init__(self, disk: Path, random: Random) -> None:
        self.tried: list[str] = []
        self._disk, self._random = disk, random
        self._filler = disk / "filler"
        self._finished: list[str] = []
        self._resumable: list[str] = []
        self._names: dict[str, str] = {}

    def fault(self) -> str:
        """Do a few things; what was wrong, if anything."""
        fault = self._train() if self._random.random() < 0.7 else ""
        for _ in range(self._random.randint(2, 4)):
            if not fault:
                with self._filling():
                    fault = self._random.choice(
                        (
                            self._train,
                            self._train,
                            self._train,
                            self._export,
                            self._rename,
                            self._list,
                            self._document,
                        )
                    )()
        self._filler.unlink(missing_ok=True)
        more = ["mount", "-o", f"remount,size={ENOUGH}", str(self._disk)]
        subprocess.run(more, check=True, capture_output=True)
        return fault or self._lost()

    @contextmanager
    def _filling(self) -> Iterator[None]:
        """Fill the disk, but for a few kilobytes, and free it again; or only one of these."""
        random, over = self._random, threading.Event()
        waits = [random.choice((0.0, random.random() / 2)) for _ in range(random.randint(0, 3))]
        left = [random.choice((0, random.randint(0, 100))) for _ in waits]

        def work() -> None:
            for at, (wait, kilobytes) in enumerate(zip(waits, left, strict=True)):
                over.wait(wait)
                if at % 2:
                    self._filler.unlink(missing_ok=True)
                else:
                    self._fill(kilobytes)

        self.tried.append("".join(f"[{w:.2f} s, {k} KB]" for w, k in zip(waits, left, strict=True)))
        thread = threading.Thread(target=work)
        if waits and not waits[0]:
            self._fill(left[0])
        thread.start()
        try:
            yield
        finally:
            over.set()
            thread.join()

    def _fill(self, kilobytes: int) -> None:
        """Leave so much on the disk."""
        with suppress(OSError), self._filler.open("ab", buffering=0) as file:
            while True:
                disk = os.statvfs(self._disk)
                free = disk.f_bavail * disk.f_frsize - 1024 * kilobytes
                if free <= 0:
                    break
                file.write(bytes(min(free, 65536)))

    def _run(self, *arguments: str) -> tuple[int, str, str, str]:
        """Exit code, stdout and stderr of a command, and what was wrong with it in any case."""
        self.tried.append(" ".join(arguments))
        code, out, err = run_inside(arguments)
        fault = ""
        if "Traceback" in err or "fault of rnn-tui" in err or code not in (0, 1, 2):
            fault = f"{arguments[0]} ended with {code}: {err[-400:]}"
        elif code and not err.startswith("rnn-tui"):
            fault = f"{arguments[0]} says nothing and ends with {code}"
        return code, out, err, fault

    def _train(self) -> str:
        epochs = self._random.choice(("1", "3", "8"))
        task = self._random.choice(("recall", "adder"))
        code, out, err, fault = self._run("train", task, *SMALL, "--epochs", epochs, "--json")
        if fault:
            return fault
        try:
            document: dict[str, Any] = json.loads(out)
        except ValueError:
            return f"no JSON document with exit code {code}: {err[-400:]}"
        if document["kept"] is not (code == 0):
            return f"kept: {document['kept']}, but the exit code is {code}"
        if code == 0:
            self._finished.append(document["run"])
        self._resumable += RESUME.findall(err)
        return ""

    def _export(self) -> str:
        if not self._finished:
            return ""
        run, form = self._random.choice(self._finished), self._random.choice(("csv", "safetensors"))
        path = self._disk / f"export{len(self.tried)}"
        code, _, _, fault = self._run("runs", "export", run, "--to", form, "-o", str(path))
        if code == 0 and not path.stat().st_size:
            return "an export is empty"
        return fault or ("a part of an export is left" if code and path.exists() else "")

    def _document(self) -> str:
        path = self._disk / f"report{len(self.tried)}.md"
        code, _, _, fault = self._run(
            "report", "--no-training", "--only", "recall", "-o", str(path)
        )
        return fault or ("a part of a document is left" if code and path.exists() else "")

    def _rename(self) -> str:
        if not self._finished:
            return ""
        run, name = self._random.choice(self._finished), f"name{len(self.tried)}"
        code, _, _, fault = self._run("runs", "rename", run, name)
        if code == 0:
            self._names[run] = name
        return fault

    def _list(self) -> str:
        return self._run("runs", "--json")[3]

    def _lost(self) -> str:
        """With room on the disk again: what is lost of what was called done."""
        if run_database().exists():
            with closing(sqlite3.connect(run_database())) as connection:
                (state,) = connection.execute("PRAGMA integrity_check").fetchone()
            if state != "ok":
                return f"the database is damaged: {state}"
        for run in self._resumable:
            code, _, err, fault = self._run("train", "--resume", run, "--quiet")
            if code:
                return fault or f"{run} does not go on: {err[-400:]}"
        code, out, err, fault = self._run("runs", "--json")
        if code:
            return fault or f"the runs can't be listed: {err}"
        runs = {one["id"]: one for one in json.loads(out)["runs"]}
        for run in [*self._finished, *self._resumable]:
            try:
                whole = bool(load_checkpoint(run_dir() / run / "weights.safetensors").metrics)
            except CheckpointError as error:
                return str(error)
            if run not in runs or runs[run]["status"] != "finished" or not whole:
                return f"{run} is not kept: {runs.get(run)}"
        wrong = [run for run, name in self._names.items() if runs[run]["name"] != name]
        left = [str(path) for path in run_dir().glob("*/.*")]
        return f"lost names of {wrong}, files left {left}" if wrong or left else ""
