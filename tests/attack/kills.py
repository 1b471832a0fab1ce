"""Kills of training with SIGKILL at any moment; resumed, it is the run that nobody killed.

Every training is a process of its own that runs the command line: `rnn-tui train …`, and after each
kill `rnn-tui train --resume`. After each kill the checkpoint must be whole, the database must have
all that was logged up to it, and the run must show as interrupted. At the end the weights must be
those of the run that was left alone, bit for bit, and the curve the same.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any
from unittest import mock

from rnn_tui.engine.checkpoint import load_checkpoint
from rnn_tui.engine.state import Status
from rnn_tui.engine.training_state import load_resume_point
from rnn_tui.runs.logged_values import LoggedValues
from rnn_tui.runs.run_record import RunRecord
from rnn_tui.runs.store import RunStore
from tests.attack.attack import Attack, Attempt
from tests.conftest import write_mnist_slice

# From the start of a process to its death, in seconds.
SHORTEST_LIFE, LONGEST_LIFE = 0.01, 0.35
MOST_KILLS = 12
FINISHED = 0


class Fault(Exception):
    """What must not happen did."""


@dataclass(frozen=True)
class Case:
    """A training to kill, and how it ends when nobody does."""

    arguments: Sequence[str]
    weights: dict[str, Any]
    record: list[Any]


def cases_of(data: Path) -> dict[str, list[str]]:
    """What to train: every task, recipes with and without chance in the steps."""
    sequences = ["--seeds", "2", "--batch-size", "8", "--training-size", "800", "--epochs", "6"]
    images = ["--data-dir", str(data), "--hidden-size", "10", "--workers", "2", "--epochs", "6"]
    return {
        "recall": ["recall", "--preset", "fast", "--hidden-size", "2,4", *sequences],
        "mnist": ["mnist", "--preset", "best", "--batch-size", "20", *images],
        "adder": ["adder", "--preset", "report", "--hidden-size", "3", *sequences],
    }


class Trainings:
    """Starts the command line in processes that have PyTorch loaded from the beginning.

    They are forked from `tests.attack.trainings`: a kill then costs a fraction of a second.
    """

    def __init__(self) -> None:
        self._server = subprocess.Popen(
            [sys.executable, "-m", "tests.attack.trainings"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def run(self, arguments: Sequence[str], life: float | None = None) -> int | None:
        """Run the command, and kill it after `life` seconds; its exit code, None if killed."""
        assert self._server.stdin is not None
        print(json.dumps(arguments), file=self._server.stdin, flush=True)
        process = self._answer()
        if life is not None:
            time.sleep(life)
            os.kill(process, signal.SIGKILL)  # it is there until its parent has seen its end
        print(file=self._server.stdin, flush=True)
        code = self._answer()
        return None if code == -signal.SIGKILL else code

    def _answer(self) -> int:
        assert self._server.stdout is not None
        return int(self._server.stdout.readline())

    def close(self) -> None:
        """End what starts them."""
        self._server.kill()
        self._server.wait()


class Kills(Attack):
    """Kills training again and again, resumes it, and compares it with one left alone."""

    name = "kills"
    unit = "kills"
    share = 8
    length = 200

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self._home = mock.patch.dict(os.environ, RNN_TUI_HOME=str(folder), OMP_NUM_THREADS="1")
        self._home.start()
        self._trainings = Trainings()
        self._arguments = cases_of(write_mnist_slice(folder / "data"))
        self._cases: dict[str, Case] = {}
        self._seen: Counter[str] = Counter()

    def attempt(self, random: Random) -> Attempt:
        """One run, killed several times."""
        task = random.choice(list(self._arguments))
        lives = [
            random.uniform(SHORTEST_LIFE, LONGEST_LIFE)
            for _ in range(random.randint(1, MOST_KILLS))
        ]
        seconds = ", ".join(f"{life:.3f}" for life in lives)
        tried = f"{' '.join(self._arguments[task])}, killed after {seconds} s"
        try:
            kills = self._kill_until_finished(self._case(task), lives)
        except Fault as fault:
            return Attempt(tried, str(fault), len(lives))
        return Attempt(tried, count=max(1, kills))

    def close(self) -> None:
        """Tell in what moments kills came."""
        self._trainings.close()
        self._home.stop()
        for what, count in self._seen.most_common():
            print(f"kills: {what}: {count}", file=sys.stderr)

    def _case(self, task: str) -> Case:
        """A training, and what it comes to without a kill."""
        if task not in self._cases:
            arguments = self._arguments[task]
            if self._trainings.run(["train", *arguments]) != FINISHED:
                raise Fault("a training that nobody killed failed")
            with RunStore() as store:
                run = store.find("last")
                weights, record = outcome_of(run, store)
                store.delete(run)
            self._cases[task] = Case(arguments, weights, record)
        return self._cases[task]

    def _kill_until_finished(self, case: Case, lives: Sequence[float]) -> int:
        """Train, kill, resume, and so on, and in the end let it finish; returns how many kills."""
        run_id, kills = "", 0
        for life in (*lives, None):
            arguments = ["--resume", run_id] if run_id else case.arguments
            code = self._trainings.run(["train", *arguments], life)
            with RunStore() as store:
                runs = store.runs()
                if code is not None:
                    if code != FINISHED:
                        raise Fault(f"a resumed run ended with exit code {code}")
                    check_finished(runs, case, store)
                    return kills
                kills += 1
                if runs:  # else it died before there was anything of it
                    run_id = runs[0].run_id
                    self._seen[check_after_kill(runs[0], case, store)] += 1
        raise AssertionError("the last one is not killed")


def without_times(moments: Sequence[LoggedValues]) -> list[Any]:
    """What two runs of the same settings must share."""
    return [(m.kind, m.step, m.epoch, dict(m.metrics), dict(m.replicas)) for m in moments]


def outcome_of(run: RunRecord, store: RunStore) -> tuple[dict[str, Any], list[Any]]:
    """Weights and record of a finished run."""
    return dict(load_checkpoint(run.weights).weights), without_times(
        store.logged_values(run.run_id)
    )


def check_after_kill(run: RunRecord, case: Case, store: RunStore) -> str:
    """What must hold whenever a process was killed; returns in what moment that was."""
    if run.status is not Status.INTERRUPTED:
        raise Fault(f"a killed run shows as {run.status}")
    if not run.weights.exists():
        return "before the first checkpoint"
    point = load_resume_point(run.weights, run.run_id, run.config)
    state, per_epoch = point.state, run.steps_per_epoch
    kept = without_times(store.logged_values(run.run_id))
    done = (state.epoch - 1) * per_epoch
    expected = [
        row
        for row in case.record
        if (row[0] == "step" and row[1] <= point.step) or (row[0] == "epoch" and row[1] <= done)
    ]
    missing = [row for row in expected if row not in kept]
    if missing:
        raise Fault(f"the database lacks {missing[0][:3]}, the checkpoint is of {point.step}")
    if any(row not in case.record for row in kept):
        raise Fault("the database has what never was")
    if any(path != run.weights for path in run.weights.parent.glob("*")):
        return "while a checkpoint was written"
    within = point.state.step_in_epoch
    return f"after a checkpoint {'within an epoch' if within else 'at the end of an epoch'}"


def check_finished(runs: Sequence[RunRecord], case: Case, store: RunStore) -> None:
    """What a run must be in the end, however often it was killed; removes it."""
    (run,) = runs
    weights, record = outcome_of(run, store)
    leftovers = [path for path in run.weights.parent.iterdir() if path != run.weights]
    store.delete(run)
    if weights.keys() != case.weights.keys() or not all(
        tensor.equal(case.weights[name]) for name, tensor in weights.items()
    ):
        raise Fault("the weights differ from those of the run that was left alone")
    if record != case.record:
        raise Fault("the curve differs from that of the run that was left alone")
    if leftovers:
        raise Fault(f"files were left: {leftovers}")
