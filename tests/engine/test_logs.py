"""What the log file says of a fault that a user reports."""

import logging
import os
import re
from pathlib import Path

from rnn_tui.engine.logs import LogFile
from rnn_tui.engine.paths import log_file


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
