"""A sweep begun in a real terminal, and ended in mid-training: what trains for it ends with it."""

import signal
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from rnn_tui.engine.state import Status
from rnn_tui.sweeps.store import SweepStore
from tests.terminal import Terminal

pytestmark = pytest.mark.process

F8, TAB = "\x1b[19~", "\t"


@pytest.fixture
def terminal(home: Path) -> Iterator[Terminal]:
    """A terminal in which a sweep of one run trains."""
    terminal = Terminal()
    terminal.wait_for("Home")
    terminal.press(F8)
    terminal.wait_for("No trial yet")
    terminal.press("f")
    terminal.wait_for("Train the sweep")
    terminal.press(f"learning_rate=0.001{TAB}{TAB}preset=fast{TAB}{TAB}local:1")
    terminal.wait_for("1 trial, 1 run, 1 worker")
    terminal.press("\r")
    terminal.wait_for("● training [1-9]")
    yield terminal
    terminal.close()


@pytest.mark.parametrize("how", ["q", "SIGTERM"])
def test_at_the_end_of_the_app_its_workers_end_and_its_runs_are_kept(
    terminal: Terminal, how: str
) -> None:
    workers = psutil.Process(terminal.process.pid).children(recursive=True)
    assert len(workers) >= 2  # one that trains, and one of Python's own
    if how == "q":
        terminal.press("q")
        terminal.wait_for("is under way")
        terminal.press("s")
        assert terminal.wait_for_end() == 0
    else:
        terminal.send(signal.SIGTERM)
        assert terminal.wait_for_end() == 128 + signal.SIGTERM
    terminal.assert_restored()
    _, left = psutil.wait_procs(workers, timeout=60)
    assert left == []
    with SweepStore() as store:
        (name,) = store.sweep_names()
        sweep = store.sweep(name)
    assert sweep.status == "interrupted"
    (run,) = sweep.trials[0].runs
    assert run.status is Status.INTERRUPTED
    assert run.step > 0
