"""The log file, which commands, the app and the workers that they start write to.

What is repeated is folded, so that nothing pushes out what mattered: records of one kind, those of
one place in the code with one exception, may fill so many bytes a day. The others are counted.
"""

import logging
import sys
import threading
import time
from contextlib import suppress
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from rnn_tui.engine.errors import printable_lines
from rnn_tui.engine.files.paths import log_file

if TYPE_CHECKING:
    from sys import UnraisableHookArgs

logger = logging.getLogger(__name__)
# what records of a kind may fill at once, and again in a day
BYTES_OF_KIND = 20_000
SECONDS_OF_A_DAY = 86_400.0
# characters of one record; the end of a traceback says more than its beginning
HEAD = 1_500
TAIL = 4_500
# kinds that are told apart; there are as many as places in the code that log
MOST_KINDS = 500
LEFT_OUT = "%s more records like this were left out"

Kind = tuple[object, ...]


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

    def __init__(self) -> None:
        super().__init__()
        self.setFormatter(logging.Formatter("%(asctime)s %(process)d %(name)s: %(message)s"))
        self._shares: dict[Kind, _Share] = {}

    @cached_property
    def _file(self) -> logging.Handler:
        # most commands log nothing
        from rnn_tui.engine.process.log_rotation import SharedLogFile

        path = log_file()
        path.parent.mkdir(parents=True, exist_ok=True)
        return SharedLogFile(path)

    def emit(self, record: logging.LogRecord) -> None:
        """Write a record if its kind has room left, after how many before it had none."""
        text = _shortened(self.format(record))
        share = self._share_of(record)
        if not share.takes(len(text)):
            return
        if share.left_out:
            self._write(self._count(share))
        share.last = record
        self._write(text)

    def close(self) -> None:
        """Write how many records were left out since the last of their kinds."""
        for share in self._shares.values():
            if share.left_out:
                self._write(self._count(share))
        super().close()

    def _count(self, share: "_Share") -> str:
        """Return the line on records of a kind that were left out, and count from 0 again."""
        last = share.last
        count = logging.LogRecord(
            last.name, last.levelno, last.pathname, last.lineno, LEFT_OUT, (share.left_out,), None
        )
        share.left_out = 0
        return self.format(count)

    def _share_of(self, record: logging.LogRecord) -> "_Share":
        kind = _kind_of(record)
        if kind not in self._shares and len(self._shares) >= MOST_KINDS:
            kind = ("others",)
        return self._shares.setdefault(kind, _Share(record))

    def _write(self, text: str) -> None:
        with suppress(OSError):
            self._file.handle(logging.makeLogRecord({"msg": text}))


class _Share:
    """What records of one kind may still fill.

    Args:
        first: the first record.
    """

    def __init__(self, first: logging.LogRecord) -> None:
        self.last = first  #: the last record that was written.
        self.left_out = 0  #: how many had no room since.
        self._free = float(BYTES_OF_KIND)
        self._seen = time.monotonic()

    def takes(self, size: int) -> bool:
        """Return whether a record of so many bytes has room, and count it."""
        now = time.monotonic()
        regained = (now - self._seen) * BYTES_OF_KIND / SECONDS_OF_A_DAY
        self._free = min(float(BYTES_OF_KIND), self._free + regained)
        self._seen = now
        if size > self._free:
            self.left_out += 1
            return False
        self._free -= size
        return True


def _kind_of(record: logging.LogRecord) -> Kind:
    """Return what records have in common that are folded: where they and their errors come from."""
    place = (record.name, Path(record.pathname).name, record.lineno)
    error = record.exc_info[1] if record.exc_info else None
    if error is None:
        return place
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    line = 0 if trace is None else trace.tb_lineno
    return (*place, type(error).__name__, line)


def _shortened(text: str) -> str:
    """Return the text of a record without what moves a cursor, its middle left out if it is long.

    Messages of libraries may hold what strangers have sent.
    """
    if len(text) > HEAD + TAIL:
        text = f"{text[:HEAD]}\n…\n{text[-TAIL:]}"
    return str(printable_lines(text, len(text)))
