"""A log file that several processes write to, and that does not grow without end."""

import os
from logging import LogRecord
from logging.handlers import RotatingFileHandler
from pathlib import Path
from typing import IO

MOST_BYTES = 1_000_000
FILES_BEFORE = 2


class SharedLogFile(RotatingFileHandler):
    """Renames the file when it is full, and goes on in the new one when another process did.

    Otherwise each process would rename the new files of the others, and soon nothing old was left.
    """

    def __init__(self, path: Path) -> None:
        super().__init__(
            path, maxBytes=MOST_BYTES, backupCount=FILES_BEFORE, encoding="utf-8", delay=True
        )

    def shouldRollover(self, record: LogRecord) -> bool:
        """Return whether the file at its path is full."""
        if self.stream is not None and not _is_at(self.stream, self.baseFilename):
            self.stream.close()
            self.stream = self._open()
        return bool(super().shouldRollover(record))


def _is_at(file: IO[str], path: str) -> bool:
    """Return whether a file is still the one at its path."""
    try:
        return os.path.samestat(os.fstat(file.fileno()), os.stat(path))
    except OSError:
        return False
