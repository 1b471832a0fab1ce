"""A sweep whose home goes away under it ends in a sentence, and no process of it stays."""

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from rnn_tui.archive.store import RunStore
from rnn_tui.engine.files.paths import lock_dir, run_database
from tests.cli.command_line import EXIT_FAILURE, assert_one_sentence, environment
from tests.program import start_program
from tests.sweeps.machines import wait_for

LONG = (
    *("recall", "--preset", "fast", "--training-size", "20000", "--batch-size", "20"),
    *("--test-size", "50", "--epochs", "80", "--grid", "learning_rate=0.01,0.02"),
)


def _replace_by_file(home: Path) -> None:
    shutil.rmtree(home)
    home.write_text("another program's")


@pytest.mark.parametrize("remove", [shutil.rmtree, _replace_by_file])
@pytest.mark.process
def test_a_sweep_says_that_its_home_is_gone(home: Path, remove: Callable[[Path], None]) -> None:
    process = start_program(
        *("sweep", *LONG, "--on", "local:1", "--quiet"),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
        env=environment(),
    )
    try:
        wait_for(lambda: _trains() or process.poll() is not None)
        remove(home)
        _, err = process.communicate(timeout=120)
    finally:
        process.kill()
    assert process.returncode == EXIT_FAILURE
    sentence = assert_one_sentence(err)
    assert f"{run_database()} was removed or replaced while it was open" in sentence


def _trains() -> bool:
    """Whether a run of a sweep has begun to train."""
    if not lock_dir().is_dir() or not run_database().exists():
        return False
    with RunStore() as store:
        return any(run.step for run in store.runs())
