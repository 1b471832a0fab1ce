"""The log file, which commands, the app and the workers that they start write to."""

import logging
from contextlib import suppress
from functools import cached_property

from rnn_tui.engine.paths import log_file


class LogFile(logging.Handler):
    """The log file, made for the first record; nothing if it can't be written."""

    @cached_property
    def _file(self) -> logging.Handler:
        from logging.handlers import RotatingFileHandler  # noqa: PLC0415 - most commands log nothing

        path = log_file()
        path.parent.mkdir(parents=True, exist_ok=True)
        handler = RotatingFileHandler(
            path, maxBytes=1_000_000, backupCount=2, encoding="utf-8", delay=True
        )
        handler.setFormatter(logging.Formatter("%(asctime)s %(process)d %(name)s: %(message)s"))
        return handler

    def emit(self, record: logging.LogRecord) -> None:
        """Write a record."""
        with suppress(OSError):
            self._file.handle(record)
