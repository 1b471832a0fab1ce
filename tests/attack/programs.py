"""Four programs that train and two that manage runs, all at once in one home."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from pathlib import Path
from queue import Empty, Queue
from random import Random
from typing import Any, ClassVar

from rnn_tui.archive.store import RunStore
from tests.attack.attack import Attack, Attempt, home_in
from tests.cli.command_line import run_inside

# How many programs train, and how many manage runs.
TRAINING = 4
MANAGING = 2
OPERATIONS_AT_A_TIME = 30
PATIENCE_SECONDS = 120.0
TRAIN = [
    "train",
    "recall",
    "--json",
    "--device",
    "cpu",
    "--epochs",
    "1",
    "--seeds",
    "1",
    "--hidden-sizes",
    "2",
    "--training-size",
    "40",
    "--test-size",
    "20",
    "--batch-size",
    "20",
]


class Programs(Attack):
    """Six programs that work at once; their operations are counted."""

    name: ClassVar[str] = "programs"
    unit: ClassVar[str] = "operations"
    share: ClassVar[int] = 60
    length: ClassVar[int] = 1500

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self._programs: subprocess.Popen[str] | None = None
        #: the operations, as the programs report them
        self._operations: Queue[dict[str, Any]] = Queue()
        #: the names of the runs that finished
        self._finished: set[str] = set()

    def attempt(self, random: Random) -> Attempt:
        """Let the programs do some operations, then check that no finished run is lost."""
        if self._programs is None:
            self._begin(random.random())
        operations = [self._next() for _ in range(OPERATIONS_AT_A_TIME)]
        faults = []
        for operation in operations:
            fault = fault_of(operation)
            if fault:
                faults.append(fault)
            if operation["arguments"] == TRAIN and operation["code"] == 0:
                self._finished.add(json.loads(operation["out"])["run"])
        faults += self._database_faults()
        tried = f"{OPERATIONS_AT_A_TIME} operations, {len(self._finished)} runs so far"
        return Attempt(tried, "; ".join(faults), OPERATIONS_AT_A_TIME)

    def close(self) -> None:
        """Kill the programs, in the middle of whatever they do."""
        if self._programs is not None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._programs.pid, signal.SIGKILL)
            self._programs.wait()

    def _begin(self, seed: float) -> None:
        self._programs = subprocess.Popen(
            [sys.executable, "-m", "tests.attack.programs", str(seed)],
            stdout=subprocess.PIPE,
            encoding="utf-8",
            start_new_session=True,
            env=home_in(self.folder),
        )
        threading.Thread(target=self._listen, args=(self._programs,), daemon=True).start()

    def _listen(self, programs: subprocess.Popen[str]) -> None:
        assert programs.stdout is not None
        for line in programs.stdout:
            self._operations.put(json.loads(line))

    def _next(self) -> dict[str, Any]:
        try:
            return self._operations.get(timeout=PATIENCE_SECONDS)
        except Empty:
            return {"arguments": ["nothing"], "code": -1, "out": "", "err": "they hang"}

    def _database_faults(self) -> list[str]:
        """What is wrong with the database: damage, and finished runs that it has not."""
        path = self.folder / "runs.db"
        with contextlib.closing(sqlite3.connect(path, timeout=30)) as connection:
            ((integrity,),) = connection.execute("PRAGMA integrity_check").fetchall()
            rows = connection.execute("SELECT id FROM runs WHERE status = 'finished'").fetchall()
        faults = []
        if integrity != "ok":
            faults.append(integrity)
        lost = self._finished - {run_id for (run_id,) in rows}
        faults += [f"{run_id} is lost" for run_id in lost]
        return faults


def fault_of(operation: dict[str, Any]) -> str:
    """What is wrong with an operation; empty where it is as it should be."""
    code = operation["code"]
    text = operation["out"] + operation["err"]
    # Another program may have deleted or renamed a run that a command names.
    allowed = (0,) if operation["arguments"][0] in ("train", "tag") else (0, 1, 2)
    words = ("Traceback", "fault of rnn-tui", "locked", "damaged", "can't be")
    if code in allowed and not any(word in text for word in words):
        return ""
    return f"{' '.join(operation['arguments'])}: {code}, {text}"[:600]


# --- the programs ---------------------------------------------------------------------------------


def manage(random: Random) -> tuple[list[str], int, str, str]:
    """Do one operation with runs, by command line or as the app does it.

    Returns:
        The arguments, the exit code, and the text on stdout and on stderr.
    """
    with RunStore() as store:
        runs = [*store.runs(), *store.runs(deleted=True)]
        if not runs:
            return ["tag"], 0, "", ""
        run, other = random.choice(runs), random.choice(runs)
        if random.random() < 0.2:
            store.set_tags(run, [f"tag{random.randrange(9)}"])
            return ["tag", run.run_id], 0, "", ""
    action: list[str] = random.choice(
        [
            [],
            ["--json"],
            ["show", run.run_id],
            ["compare", run.run_id, other.run_id],
            ["export", run.run_id, other.run_id, "--to", "json"],
            ["rename", run.run_id, f"name-{random.randrange(50)}"],
            ["delete", run.run_id],
            ["restore", run.run_id],
        ]
    )
    return ["runs", *action], *run_inside(["runs", *action])


def train_without_end() -> None:
    """Train small networks, one after the other."""
    while True:
        code, out, err = run_inside(TRAIN)
        result = json.dumps({"run": json.loads(out)["run"]}) if code == 0 else ""
        report(TRAIN, code, result, err)


def manage_without_end(random: Random) -> None:
    """Do one operation with runs after the other."""
    while True:
        arguments, code, _, err = manage(random)
        report(arguments, code, "", err)
        time.sleep(0.05)


def report(arguments: list[str], code: int, out: str, err: str) -> None:
    """Write an operation as a line of JSON on stdout, in one piece among other programs' lines."""
    operation = {"arguments": arguments, "code": code, "out": out, "err": err[-1500:]}
    line = json.dumps(operation) + "\n"
    os.write(1, line.encode())


def main(seed: str) -> None:
    """Import what is slow to import, then fork into the programs."""
    import rnn_tui.engine.training.loop  # noqa: PLC0415 - with torch, here only
    import rnn_tui.tasks.recall.problem  # noqa: F401, PLC0415

    for number in range(TRAINING + MANAGING):
        if os.fork() == 0:
            with contextlib.suppress(BrokenPipeError):  # the attack itself has ended
                if number < TRAINING:
                    train_without_end()
                else:
                    manage_without_end(Random(f"{seed} {number}"))
            return
    os.wait()


if __name__ == "__main__":
    main(sys.argv[1])
