"""What the log file says of a fault that a user reports."""

import logging
import os
import re
import time
from pathlib import Path

import pytest

from rnn_tui.engine.files.paths import log_file
from rnn_tui.engine.process.log_rotation import MOST_BYTES, SharedLogFile
from rnn_tui.engine.process.logs import BYTES_OF_KIND, HEAD, TAIL, LogFile


def record(message: str) -> logging.LogRecord:
    return logging.LogRecord("rnn_tui.tried", logging.INFO, __file__, 1, message, (), None)


def test_a_line_says_when_in_which_process_and_where_it_was(home: Path) -> None:
    log = LogFile()
    log.emit(record("it went wrong"))
    log.close()
    line = log_file().read_text()
    when = r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3}"
    assert re.fullmatch(rf"{when} {os.getpid()} rnn_tui\.tried: it went wrong\n", line)


def test_a_log_that_can_not_be_written_costs_nothing(home: Path) -> None:
    log_file().parent.write_text("")  # a file where the folder would be
    LogFile().emit(record("it went wrong"))
    assert log_file().parent.read_text() == ""


def fault(message: str = "it failed") -> logging.LogRecord:
    """A record with a traceback."""
    failed = record(message)
    try:
        raise ValueError("what failed")
    except ValueError as error:
        failed.exc_info = (type(error), error, error.__traceback__)
    return failed


def test_what_is_repeated_is_counted_and_pushes_nothing_out(home: Path) -> None:
    log = LogFile()
    log.emit(fault("what mattered"))
    for number in range(20_000):
        log.emit(record(f"line {number} that a stranger has written"))
    log.close()
    text = log_file().read_text()
    assert len(text) < 2 * BYTES_OF_KIND
    assert "what mattered\nTraceback" in text
    written = len(re.findall(r"line \d+ that", text))
    assert re.search(rf"rnn_tui\.tried: {20_000 - written} more records like this", text)
    assert len(list(log_file().parent.iterdir())) == 1


def test_another_fault_at_the_same_place_is_another_kind(home: Path) -> None:
    log = LogFile()
    for _ in range(1_000):
        log.emit(fault())
    log.emit(record("without a fault"))
    log.close()
    assert "without a fault" in log_file().read_text()


def test_in_time_a_kind_has_room_again(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    log = LogFile()
    for _ in range(1_000):
        log.emit(record("again"))
    now = time.monotonic()
    monkeypatch.setattr("time.monotonic", lambda: now + 3600)
    log.emit(record("an hour later"))
    lines = log_file().read_text().splitlines()
    log.close()
    assert "more records like this were left out" in lines[-2]
    assert lines[-1].endswith("an hour later")


def test_a_record_is_short_and_moves_no_cursor(home: Path) -> None:
    log = LogFile()
    log.emit(record(f"\x1b[31m{'x' * 100_000}\x07 at the end"))
    log.close()
    text = log_file().read_text()
    assert len(text) < HEAD + TAIL + 100
    assert "\x1b" not in text
    assert "\x07" not in text
    assert text.endswith("at the end\n")


def test_a_full_file_is_renamed_by_one_of_several_processes(home: Path) -> None:
    path = log_file()
    path.parent.mkdir()
    first, second = SharedLogFile(path), SharedLogFile(path)
    line = record("x" * (MOST_BYTES // 4))
    for log in (first, second) * 3:
        log.handle(line)
    first.close()
    second.close()
    # with each process at its own file, there would be a third
    assert len(list(path.parent.iterdir())) == 2
