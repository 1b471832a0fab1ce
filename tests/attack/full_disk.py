"""A disk that is full at any moment: no run that was kept is lost, and each failure is reported."""

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

from rnn_tui.archive import unsaved
from rnn_tui.engine.errors import CheckpointError
from rnn_tui.engine.files.paths import run_database, run_dir
from rnn_tui.engine.training.checkpoint import load_checkpoint
from tests.attack.attack import Attack, Attempt
from tests.cli.command_line import run_inside
from tests.small_disk import NoSmallDiskError, mounted

SMALL = ["--batch-size", "4", "--training-size", "40", "--test-size", "20", "--device", "cpu"]
# The disk has between so many kilobytes; in the end it is enlarged so that all has room.
KILOBYTES = (160, 1500)
ENOUGH = "8m"
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
        #: what the attack changes: the home, and the seconds before another try to save
        self._outer_home = os.environ.get("RNN_TUI_HOME")
        self._outer_patience = unsaved.PATIENCE
        unsaved.PATIENCE = 0.1
        self._disk = folder / "disk"
        self._disk.mkdir()

    def close(self) -> None:
        """Put back what the attack changed."""
        unsaved.PATIENCE = self._outer_patience
        os.environ.pop("RNN_TUI_HOME", None)
        if self._outer_home is not None:
            os.environ["RNN_TUI_HOME"] = self._outer_home

    def attempt(self, random: Random) -> Attempt:
        """Run a few commands on a disk of their own."""
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
    """Interrupt the block after `SECONDS_TO_HANG`.

    Raises:
        TimeoutError: in the code that runs at that moment.
    """

    def ring(_number: int, _frame: FrameType | None) -> None:
        raise TimeoutError

    original = signal.signal(signal.SIGALRM, ring)
    signal.alarm(SECONDS_TO_HANG)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, original)


class _Session:
    """Commands on one disk, and what they said is kept.

    Args:
        disk: the folder where the disk is mounted.
        random: chooses the commands.

    Attributes:
        tried: what was done, in order.
    """

    def __init__(self, disk: Path, random: Random) -> None:
        self.tried: list[str] = []
        self._disk = disk
        self._random = random
        #: the file that fills the disk
        self._filler = disk / "filler"
        #: runs that finished and are kept, and runs that a message offers to resume
        self._finished: list[str] = []
        self._resumable: list[str] = []
        #: the names that runs were given, by run
        self._names: dict[str, str] = {}

    def fault(self) -> str:
        """Run a few commands; returns what was wrong, empty where nothing was."""
        commands = (
            self._train,
            self._train,
            self._train,
            self._export,
            self._rename,
            self._list,
            self._document,
        )
        fault = self._train() if self._random.random() < 0.7 else ""
        for _ in range(self._random.randint(2, 4)):
            if not fault:
                with self._filling():
                    command = self._random.choice(commands)
                    fault = command()
        self._filler.unlink(missing_ok=True)
        enlarge = ["mount", "-o", f"remount,size={ENOUGH}", str(self._disk)]
        subprocess.run(enlarge, check=True, capture_output=True)
        return fault or self._lost()

    @contextmanager
    def _filling(self) -> Iterator[None]:
        """Fill the disk but for a few kilobytes, free it, and fill it again, while the block runs.

        There are up to three such steps, each after a wait of up to half a second.
        """
        random = self._random
        count = random.randint(0, 3)
        waits = [random.choice((0.0, random.random() / 2)) for _ in range(count)]
        free_kilobytes = [random.choice((0, random.randint(0, 100))) for _ in range(count)]
        steps = list(zip(waits, free_kilobytes, strict=True))
        over = threading.Event()

        def work() -> None:
            for number, (wait, kilobytes) in enumerate(steps):
                over.wait(wait)
                if number % 2 == 0:
                    self._fill(kilobytes)
                else:
                    self._filler.unlink(missing_ok=True)

        self.tried.append("".join(f"[{wait:.2f} s, {free} KB]" for wait, free in steps))
        thread = threading.Thread(target=work)
        if waits and not waits[0]:
            self._fill(free_kilobytes[0])  # before the block begins
        thread.start()
        try:
            yield
        finally:
            over.set()
            thread.join()

    def _fill(self, kilobytes: int) -> None:
        """Fill the disk until only so many kilobytes are free."""
        with suppress(OSError), self._filler.open("ab", buffering=0) as file:
            while True:
                disk = os.statvfs(self._disk)
                free = disk.f_bavail * disk.f_frsize - 1024 * kilobytes
                if free <= 0:
                    break
                file.write(bytes(min(free, 65536)))

    def _run(self, *arguments: str) -> tuple[int, str, str, str]:
        """Run a command.

        Returns:
            Exit code, stdout, stderr, and a fault that would be one of any command; empty for none.
        """
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
        run = self._random.choice(self._finished)
        form = self._random.choice(("csv", "safetensors"))
        path = self._disk / f"export{len(self.tried)}"
        code, _, _, fault = self._run("runs", "export", run, "--to", form, "-o", str(path))
        if code == 0 and not path.stat().st_size:
            return "an export is empty"
        if not fault and code and path.exists():
            return "a part of an export is left"
        return fault

    def _document(self) -> str:
        path = self._disk / f"report{len(self.tried)}.md"
        code, _, _, fault = self._run(
            "report", "--no-training", "--only", "recall", "-o", str(path)
        )
        if not fault and code and path.exists():
            return "a part of a document is left"
        return fault

    def _rename(self) -> str:
        if not self._finished:
            return ""
        run = self._random.choice(self._finished)
        name = f"name{len(self.tried)}"
        code, _, _, fault = self._run("runs", "rename", run, name)
        if code == 0:
            self._names[run] = name
        return fault

    def _list(self) -> str:
        _, _, _, fault = self._run("runs", "--json")
        return fault

    def _lost(self) -> str:
        """What is lost of the runs that were kept, once the disk has room again."""
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
        runs = {record["id"]: record for record in json.loads(out)["runs"]}
        for run in [*self._finished, *self._resumable]:
            try:
                metrics = load_checkpoint(run_dir() / run / "weights.safetensors").metrics
            except CheckpointError as error:
                return str(error)
            if run not in runs or runs[run]["status"] != "finished" or not metrics:
                return f"{run} is not kept: {runs.get(run)}"
        nameless = [run for run, name in self._names.items() if runs[run]["name"] != name]
        leftovers = [str(path) for path in run_dir().glob("*/.*")]
        return f"lost names of {nameless}, files left {leftovers}" if nameless or leftovers else ""
