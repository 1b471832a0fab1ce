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

from rnn_tui.runs.store import RunStore
from tests.attack.attack import Attack, Attempt, home_in
from tests.cli.command_line import run_inside

TRAINING, MANAGING = 4, 2
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
    """What six programs do at once; their operations are counted."""

    name: ClassVar[str] = "programs"
    unit: ClassVar[str] = "operations"
    share: ClassVar[int] = 60
    length: ClassVar[int] = 1500

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self._programs: subprocess.Popen[str] | None = None
        self._told: Queue[dict[str, Any]] = Queue()
        self._finished: set[str] = set()

    def attempt(self, random: Random) -> Attempt:
        """Let them go on for some operations, then look whether all is there."""
        if self._programs is None:
            self._begin(random.random())
        operations = [self._next() for _ in range(OPERATIONS_AT_A_TIME)]
        faults = [fault for one in operations if (fault := wrong(one))]
        for one in operations:
            if one["arguments"] == TRAIN and one["code"] == 0:
                self._finished.add(json.loads(one["out"])["run"])
        faults += self._missing()
        tried = f"{OPERATIONS_AT_A_TIME} operations, {len(self._finished)} runs so far"
        return Attempt(tried, "; ".join(faults), OPERATIONS_AT_A_TIME)

    def close(self) -> None:
        """End them all, in the middle of whatever they do."""
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
            self._told.put(json.loads(line))

    def _next(self) -> dict[str, Any]:
        try:
            return self._told.get(timeout=PATIENCE_SECONDS)
        except Empty:
            return {"arguments": ["nothing"], "code": -1, "out": "", "err": "they hang"}

    def _missing(self) -> list[str]:
        """What is wrong with the database."""
        path = self.folder / "runs.db"
        with contextlib.closing(sqlite3.connect(path, timeout=30)) as connection:
            ((said,),) = connection.execute("PRAGMA integrity_check").fetchall()
            rows = connection.execute("SELECT id FROM runs WHERE status = 'finished'").fetchall()
        lost = self._finished - {run_id for (run_id,) in rows}
        return [*([said] if said != "ok" else []), *(f"{run_id} is lost" for run_id in lost)]


def wrong(operation: dict[str, Any]) -> str:
    """What is wrong with an operation; empty where it is as it should be."""
    code, text = operation["code"], operation["out"] + operation["err"]
    known = (0,) if operation["arguments"][0] in ("train", "tag") else (0, 1, 2)
    words = ("Traceback", "fault of rnn-tui", "locked", "damaged", "can't be")
    if code in known and not any(word in text for word in words):
        return ""
    return f"{' '.join(operation['arguments'])}: {code}, {text}"[:600]


# --- the programs ---------------------------------------------------------------------------------


def manage(random: Random) -> tuple[list[str], int, str, str]:
    """One thing that is done with runs, by command line, or as the app does it."""
    with RunStore() as store:
        runs = [*store.runs(), *store.runs(deleted=True)]
        if not runs:
            return ["tag"], 0, "", ""
        one, other = random.choice(runs), random.choice(runs)
        if random.random() < 0.2:
            store.set_tags(one, [f"tag{random.randrange(9)}"])
            return ["tag", one.run_id], 0, "", ""
    action: list[str] = random.choice(
        [
            [],
            ["--json"],
            ["show", one.run_id],
            ["compare", one.run_id, other.run_id],
            ["export", one.run_id, other.run_id, "--to", "json"],
            ["rename", one.run_id, f"name-{random.randrange(50)}"],
            ["delete", one.run_id],
            ["restore", one.run_id],
        ]
    )
    return ["runs", *action], *run_inside(["runs", *action])


def go_on(random: Random, *, trains: bool) -> None:
    """Do one thing after the other, and tell of each on a line."""
    while True:
        arguments, code, out, err = (TRAIN, *run_inside(TRAIN)) if trains else manage(random)
        told = {"arguments": arguments, "code": code, "err": err[-1500:]}
        told["out"] = json.dumps({"run": json.loads(out)["run"]}) if trains and code == 0 else ""
        os.write(1, (json.dumps(told) + "\n").encode())  # in one piece
        if not trains:
            time.sleep(0.05)


def main(seed: str) -> None:
    """Become the programs: what is slow to import is shared."""
    import rnn_tui.engine.loop  # noqa: PLC0415 - with torch, here only
    import rnn_tui.tasks.recall.problem  # noqa: F401, PLC0415

    for at in range(TRAINING + MANAGING):
        if os.fork() == 0:
            with contextlib.suppress(BrokenPipeError):  # as where the attack itself was ended
                go_on(Random(f"{seed} {at}"), trains=at < TRAINING)
            return
    os.wait()


if __name__ == "__main__":
    main(sys.argv[1])
