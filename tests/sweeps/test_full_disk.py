"""A disk that is full for some seconds costs a sweep time, and none of its trials."""

import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from rnn_tui.engine.files.weights_file import read_description
from rnn_tui.engine.state import Status
from rnn_tui.sweeps.store import SweepStore
from tests.cli.command_line import environment
from tests.program import start_program
from tests.small_disk import fill, home_on_small_disk
from tests.sweeps.machines import wait_for

pytestmark = pytest.mark.long

TRIALS = 6
SECONDS_FULL = 12.0
RATES = ",".join(f"{0.01 * (1 + at):.2f}" for at in range(TRIALS))
SETTINGS = (
    *("recall", "--preset", "fast", "--training-size", "2000", "--batch-size", "20"),
    *("--test-size", "50", "--epochs", "8", "--grid", f"learning_rate={RATES}"),
)


@pytest.fixture
def small_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A disk of its own, with the home of the program on it."""
    disk = tmp_path / "disk"
    disk.mkdir()
    with home_on_small_disk(disk, "30m", monkeypatch):
        yield disk


def test_a_full_disk_fails_no_trial(small_disk: Path) -> None:
    process = start_program(
        *("sweep", *SETTINGS, "--on", "local:2", "--name", "full"),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
        env=environment(),
    )
    try:
        wait_for(lambda: _some_train() or process.poll() is not None)
        filler = fill(small_disk)
        time.sleep(SECONDS_FULL)
        filler.unlink()
        out, err = process.communicate(timeout=180)
    finally:
        process.kill()
    assert process.returncode == 0, err
    assert "Traceback" not in err
    messages = err.splitlines()
    assert len(messages) == len(set(messages)), err  # each is told once
    assert [line.rpartition("\t")[2] for line in out.splitlines()[1:]] == ["finished"] * TRIALS
    with SweepStore() as store:
        assert store.sweep("full").status == "finished"
        runs = store.runs()
        assert [run.status for run in runs] == [Status.FINISHED] * TRIALS
        for run in runs:
            config, step, metrics = read_description(run.weights)
            assert (config, step) == (run.config, run.step)
            assert metrics
            epochs = [one.epoch for one in store.logged_values(run.run_id) if one.kind == "epoch"]
            assert epochs == list(range(1, 9))


def _some_train() -> bool:
    with SweepStore() as store:
        return any(run.step > run.steps_per_epoch for run in store.runs())
