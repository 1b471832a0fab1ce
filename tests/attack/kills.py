"""Kills of training with SIGKILL at any moment; resumed, it ends as a run that nobody killed.

Every training is a process of its own that runs the command line: `rnn-tui train …`, and after each
kill `rnn-tui train --resume`. After each kill the checkpoint must be whole, the database must have
all that was logged up to it, and the run must show as interrupted. At the end the weights must be
those of the run without kills, bit for bit, and the curve the same.
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

from rnn_tui.archive.logged_values import LoggedValues
from rnn_tui.archive.run_record import RunRecord
from rnn_tui.archive.store import RunStore
from rnn_tui.engine.state import Status
from rnn_tui.engine.training.checkpoint import load_checkpoint
from rnn_tui.engine.training.training_state import load_resume_point
from tests.attack.attack import Attack, Attempt
from tests.conftest import write_mnist_slice

# Seconds from the start of a process to its kill.
SHORTEST_LIFE = 0.01
LONGEST_LIFE = 0.35
MOST_KILLS = 12
FINISHED = 0


class Fault(Exception):
    """A killed or resumed run is not as it must be."""


@dataclass(frozen=True)
class Case:
    """A training to kill, and how it ends without kills.

    Attributes:
        arguments: of `rnn-tui train`.
        weights: the tensors at its end, by name.
        record: its logged values without times, in order.
    """

    arguments: Sequence[str]
    weights: dict[str, Any]
    record: list[Any]


def cases_of(data: Path) -> dict[str, list[str]]:
    """Arguments of `train` for every task; some recipes draw random numbers in their steps."""
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
        """Run `rnn-tui` with arguments.

        Args:
            arguments: of the command line.
            life: the seconds after which the process is killed; None to let it end.

        Returns:
            The exit code, or None where the process was killed.
        """
        assert self._server.stdin is not None
        print(json.dumps(arguments), file=self._server.stdin, flush=True)
        process = self._answer()
        if life is not None:
            time.sleep(life)
            os.kill(process, signal.SIGKILL)  # even if it has ended: its parent has not yet waited
        print(file=self._server.stdin, flush=True)
        code = self._answer()
        return None if code == -signal.SIGKILL else code

    def _answer(self) -> int:
        assert self._server.stdout is not None
        return int(self._server.stdout.readline())

    def close(self) -> None:
        """End the process that starts the others."""
        self._server.kill()
        self._server.wait()


class Kills(Attack):
    """Kills a training again and again, resumes it, and compares it with one without kills."""

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
        #: how many kills came at which moments
        self._moments: Counter[str] = Counter()

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
        """Restore the environment, and print at which moments the kills came."""
        self._trainings.close()
        self._home.stop()
        for moment, count in self._moments.most_common():
            print(f"kills: {moment}: {count}", file=sys.stderr)

    def _case(self, task: str) -> Case:
        """A training, with its weights and record without kills."""
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
        """Train, kill and resume by turns, and in the end let the run finish.

        Returns:
            How often it was killed; less than `lives` has if it finished sooner.

        Raises:
            Fault: if it is not as it must be, after a kill or at its end.
        """
        run_id = ""
        kills = 0
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
                if runs:  # else it was killed before the database had it
                    run_id = runs[0].run_id
                    self._moments[check_after_kill(runs[0], case, store)] += 1
        raise AssertionError("the last process is not killed")


def without_times(history: Sequence[LoggedValues]) -> list[Any]:
    """Logged values as tuples without times: two runs of the same settings must share them.

    Returns:
        Tuples of kind, step, epoch, metrics and replicas.
    """
    return [
        (values.kind, values.step, values.epoch, dict(values.metrics), dict(values.replicas))
        for values in history
    ]


def outcome_of(run: RunRecord, store: RunStore) -> tuple[dict[str, Any], list[Any]]:
    """Weights and record of a finished run."""
    weights = dict(load_checkpoint(run.weights).weights)
    record = without_times(store.logged_values(run.run_id))
    return weights, record


def check_after_kill(run: RunRecord, case: Case, store: RunStore) -> str:
    """Check a run whose process was killed; returns at which moment it was killed.

    Raises:
        Fault: if the run, its checkpoint or its logged values are not as they must be.
    """
    if run.status is not Status.INTERRUPTED:
        raise Fault(f"a killed run shows as {run.status}")
    if not run.weights.exists():
        return "before the first checkpoint"
    point = load_resume_point(run.weights, run.run_id, run.config)
    rows = without_times(store.logged_values(run.run_id))
    # The checkpoint has all steps up to its own, and the epochs that had ended by then.
    steps_in_whole_epochs = (point.state.epoch - 1) * run.steps_per_epoch
    last_steps = {"step": point.step, "epoch": steps_in_whole_epochs}
    for row in case.record:
        kind, step, epoch, *_ = row
        if kind in last_steps and step <= last_steps[kind] and row not in rows:
            raise Fault(
                f"the database lacks {(kind, step, epoch)}, the checkpoint is of {point.step}"
            )
    if any(row not in case.record for row in rows):
        raise Fault("the database has values that the run without kills has not")
    if any(path != run.weights for path in run.weights.parent.glob("*")):
        return "while a checkpoint was written"
    if point.state.step_in_epoch:
        return "after a checkpoint within an epoch"
    return "after a checkpoint at the end of an epoch"


def check_finished(runs: Sequence[RunRecord], case: Case, store: RunStore) -> None:
    """Check a run that finished after kills, and delete it.

    Raises:
        Fault: if it differs from the run without kills, or left files.
    """
    (run,) = runs
    weights, record = outcome_of(run, store)
    leftovers = [path for path in run.weights.parent.iterdir() if path != run.weights]
    store.delete(run)
    same_names = weights.keys() == case.weights.keys()
    if not same_names or not all(weights[name].equal(case.weights[name]) for name in weights):
        raise Fault("the weights differ from those of the run without kills")
    if record != case.record:
        raise Fault("the curve differs from that of the run without kills")
    if leftovers:
        raise Fault(f"files were left: {leftovers}")
