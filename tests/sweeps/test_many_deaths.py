"""Many runs while workers are killed every few seconds: none is lost, none is trained twice."""

import random
import threading
from collections import Counter
from pathlib import Path

import psutil
import pytest

from rnn_tui.archive.store import RunStore
from rnn_tui.engine.state import Status
from rnn_tui.sweeps.store import SweepStore
from tests.cli.command_line import rnn_tui
from tests.sweeps.machines import machines

pytestmark = pytest.mark.long

RUNS = 40
RUNS_BETWEEN_KILLS = 10  # a few seconds' work, on a machine however busy
SMALL = ("--preset", "fast", "--training-size", "200", "--test-size", "20", "--epochs", "2")


def finished() -> int:
    with RunStore() as store:
        return sum(run.status is Status.FINISHED for run in store.runs())


def test_many_runs_with_a_kill_every_few_seconds(tmp_path: Path) -> None:
    chance = random.Random(0)
    over = threading.Event()
    kills = 0
    with machines(tmp_path, 2, method="spawn") as fleet:

        def kill_now_and_then() -> None:
            """The process that trains; Dask starts another one in its place."""
            nonlocal kills
            while not over.wait(0.2):
                if finished() < RUNS_BETWEEN_KILLS * (kills + 1):
                    continue
                trains = [
                    child
                    for worker in fleet.workers
                    for child in psutil.Process(worker.pid).children(recursive=True)
                ]
                busy = [child for child in trains if child.cpu_times().user > 1.0]
                if busy:
                    chance.choice(busy).kill()
                    kills += 1

        rates = ",".join(f"{0.001 * (1 + at):.3f}" for at in range(RUNS))
        grid = ("--grid", f"learning_rate={rates}")
        killer = threading.Thread(target=kill_now_and_then)
        killer.start()
        try:
            done = rnn_tui(
                "sweep", "recall", *SMALL, *grid, "--on", fleet.address, "--name", "many"
            )
        finally:
            over.set()
            killer.join()
    assert done.returncode == 0, done.stderr[-2000:]
    assert kills >= 3
    with SweepStore() as store:
        sweep = store.sweep("many")
    assert [trial.status for trial in sweep.trials] == ["finished"] * RUNS
    with RunStore() as store:
        runs = store.runs()
        assert len(runs) == RUNS
        assert {run.status for run in runs} == {Status.FINISHED}
        assert len({run.config.learning_rate for run in runs}) == RUNS
        for run in runs:
            logged_values = store.logged_values(run.run_id)
            assert Counter(logged.epoch for logged in logged_values if logged.kind == "epoch") == {
                1: 1,
                2: 1,
            }
            assert sum(logged.kind == "test" for logged in logged_values) == 1
            assert run.weights.is_file()
