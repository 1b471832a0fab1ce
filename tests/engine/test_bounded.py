"""A call in a process with limits: its result, its error, or a sentence on what it took."""

import logging
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from textwrap import dedent
from typing import Any

import numpy as np
import psutil
import pytest

from rnn_tui.engine.errors import NetworkError
from rnn_tui.engine.process.bounded import BoundedCallError, BoundedProcess, Limits
from rnn_tui.engine.process.bounded_child import Message
from rnn_tui.engine.progress import Progress

pytestmark = pytest.mark.process

PATIENCE = 60.0  # seconds, on a busy machine
FUNCTIONS = "tests.engine.bounded_functions"
LIMITS = Limits(400 * 2**20, 20.0)


@pytest.fixture(scope="module")
def process() -> Iterator[BoundedProcess]:
    """One for several tests: where a call ended it, the next call starts another."""
    with BoundedProcess() as process:
        yield process


def wait_until(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def call(
    process: BoundedProcess, name: str, document: Any = None, limits: Limits = LIMITS
) -> Message:
    answer = process.call(f"{FUNCTIONS}:{name}", Message(document), limits)
    assert answer is not None
    return answer


def test_arrays_and_values_come_back_and_nothing_is_printed(
    process: BoundedProcess, capfd: pytest.CaptureFixture[str]
) -> None:
    arrays = {
        "matrix": np.arange(6, dtype=np.float32).reshape(2, 3).T,
        "none": np.zeros((0, 3), np.int64),
        "number": np.array(2.5),
    }
    answer = process.call(f"{FUNCTIONS}:doubled", Message(["é\udcff"], arrays), LIMITS)
    assert answer is not None
    assert answer.document[0] == "é\udcff"
    assert answer.document[1] != os.getpid()
    for name, array in arrays.items():
        assert np.array_equal(answer.arrays[name], 2 * array)
        assert answer.arrays[name].dtype == array.dtype
    assert capfd.readouterr() == ("", "")


def test_it_takes_no_more_memory_than_it_may(process: BoundedProcess) -> None:
    assert call(process, "large", 10**8).document == 10**8
    with pytest.raises(BoundedCallError, match="takes more than 400 MiB of memory"):
        call(process, "large", 10**9)
    with pytest.raises(BoundedCallError, match="takes more than 400 MiB of memory"):
        call(process, "large", 10**18)


def test_it_computes_no_longer_than_it_may(process: BoundedProcess) -> None:
    with pytest.raises(BoundedCallError, match=r"more than 0\.2 seconds of computing"):
        call(process, "endless", limits=Limits(LIMITS.memory, 0.2))


def test_whatever_goes_wrong_there_is_a_sentence(
    process: BoundedProcess, caplog: pytest.LogCaptureFixture
) -> None:
    with pytest.raises(NetworkError, match="No \N{REPLACEMENT CHARACTER}"):
        call(process, "refusing")
    with pytest.raises(BoundedCallError, match="exit code 7"):
        call(process, "ending")
    with caplog.at_level(logging.ERROR), pytest.raises(BoundedCallError, match="log file"):
        call(process, "faulty")
    assert "in faulty" in caplog.text
    assert "\x1b" not in caplog.text
    with pytest.raises(BoundedCallError, match="ended without an answer"):
        call(process, "garbled")
    assert call(process, "large", 9).document == 9


def test_a_stop_ends_it(process: BoundedProcess) -> None:
    progress = Progress()
    progress.stop()
    assert process.call(f"{FUNCTIONS}:endless", Message(), LIMITS, progress) is None


def test_nothing_is_imported_from_the_working_folder(
    process: BoundedProcess, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    process.end()
    (tmp_path / "numpy.py").write_text("raise SystemExit", encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    assert "" not in call(process, "imported_from").document


def test_it_ends_with_the_program_that_started_it(tmp_path: Path) -> None:
    number = tmp_path / "number"
    program = f"""
        from rnn_tui.engine.process.bounded import Limits, call_bounded
        from rnn_tui.engine.process.bounded_child import Message
        call_bounded({f"{FUNCTIONS}:note_its_number"!r}, Message({str(number)!r}),
                     Limits(2**30, 500.0))
    """
    starter = subprocess.Popen([sys.executable, "-c", dedent(program)])
    wait_until(lambda: number.exists() and number.read_text().endswith("\n"))
    child = psutil.Process(int(number.read_text()))
    starter.send_signal(signal.SIGKILL)
    starter.wait()
    wait_until(lambda: not child.is_running() or child.status() == psutil.STATUS_ZOMBIE)
