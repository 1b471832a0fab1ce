"""Runs that other processes train, for tests of whoever watches, stops and pauses them."""

import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rnn_tui.archive.run_record import RunRecord
from rnn_tui.archive.store import RunStore
from tests.cli.command_line import environment
from tests.program import start_program

PATIENCE = 120.0
# Long enough that no test sees its end; two seeds of two networks.
SETTINGS = (
    "--preset",
    "report",
    "--hidden-size",
    "2,3",
    "--seeds",
    "2",
    "--training-size",
    "100",
    "--test-size",
    "20",
    "--epochs",
    "1000",
    "--device",
    "cpu",
)


def record(text: str = "last") -> RunRecord:
    with RunStore() as store:
        return store.find(text)


def wait_for(true: Callable[[], object], process: "subprocess.Popen[str] | None" = None) -> None:
    """Wait until something holds, which a process that has ended can't bring about."""
    end = time.monotonic() + PATIENCE
    while not true():
        assert time.monotonic() < end
        assert process is None or process.poll() is None, process.communicate()
        time.sleep(0.05)


@contextmanager
def training_elsewhere(*arguments: str) -> Iterator[tuple["subprocess.Popen[str]", str]]:
    """A process that trains, once it has logged something, and the id of its run."""
    before = set(_ids())
    command = arguments or ("train", "recall", *SETTINGS)
    process = start_program(
        *command,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
        env=environment(),
    )
    try:
        wait_for(lambda: any(record(one).step for one in _ids() - before), process)
        (run_id,) = _ids() - before
        yield process, run_id
    finally:
        process.kill()
        process.communicate()


def _ids() -> set[str]:
    with RunStore() as store:
        return set(store.names())
