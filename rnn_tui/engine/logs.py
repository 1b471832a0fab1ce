"""The log file, which commands, the app and the workers that they start write to."""

import logging
import sys
import threading
from contextlib import suppress
from functools import cached_property
from typing import TYPE_CHECKING

from rnn_tui.engine.paths import log_file

if TYPE_CHECKING:
    from sys import UnraisableHookArgs

logger = logging.getLogger(__name__)


def log_strays() -> None:
    """Log what Python would print on stderr in a whole process, which may be the app's screen.

    That are the warnings of libraries, and errors that nobody can catch: of a thread that ends by
    one, and of an object's end.
    """
    logging.captureWarnings(True)
    threading.excepthook = _log_error_of_thread
    sys.unraisablehook = _log_unraisable


def _log_error_of_thread(error: threading.ExceptHookArgs) -> None:
    if error.exc_type is not SystemExit:  # which is how a thread may end itself
        name = "" if error.thread is None else error.thread.name
        logger.error("a thread failed: %s", name, exc_info=error.exc_value)


def _log_unraisable(error: "UnraisableHookArgs") -> None:
    with suppress(Exception):  # while Python ends, there may be no log any more
        logger.error("%s", error.err_msg or "nobody could be told", exc_info=error.exc_value)


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
