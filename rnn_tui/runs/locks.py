"""Whether a run is in training: a lock that the system takes back when a process dies.

So a run whose process was killed shows as interrupted at once, and no two processes train the same
run. The lock is on a file of its own, since the run's folder is the user's. Beside it lie requests
of other processes, an empty file each, whose name says what is asked for: to look for one costs no
reading of the database, and to remove it is to take it.
"""

import os
import socket
import time
from contextlib import suppress
from pathlib import Path
from typing import IO

from rnn_tui.engine.errors import StoreError
from rnn_tui.engine.files import write_file
from rnn_tui.engine.paths import lock_dir

# who only looks holds the lock for an instant: that must not pass for a training process
TRY_SECONDS = 0.5
# what can be asked of who trains a run; of several the last one here holds
REQUESTS = ("pause", "unpause", "stop")


class RunLock:
    """The right to train a run, held until `release` or the end of the process; without a file
    where none can be locked.
    """

    def __init__(self, file: IO[bytes] | None = None, path: Path = Path()) -> None:
        self._file, self._path = file, path

    @classmethod
    def acquire(cls, run_id: str, name: str = "") -> "RunLock":
        """Take a run's lock; a StoreError if the run is in training already."""
        path = _path(run_id)
        until = time.monotonic() + TRY_SECONDS
        while True:
            try:
                path.parent.mkdir(parents=True, exist_ok=True)
                file = path.open("ab")
            except OSError:
                return cls()
            locked = try_lock(file)
            if locked and _is_at(file, path):
                take_requests(run_id)  # which came too late for the process that had it before
                return cls(file, path)
            file.close()
            if locked is None:
                return cls()
            if not locked and time.monotonic() > until:
                raise StoreError(
                    f"{name or run_id} is in training already, here or in another process."
                )
            time.sleep(0.01)

    def release(self) -> None:
        """Give the lock back."""
        if self._file is not None:
            with suppress(OSError):
                self._path.unlink()  # while it is held, so that nobody else's is removed
            self._file.close()


def is_held(run_id: str) -> bool | None:
    """Whether a process holds a run's lock; None where no file could have been locked."""
    return is_locked(_path(run_id))


def is_locked(path: Path) -> bool | None:
    """Whether a process holds the lock of a file; None where no file could have been locked."""
    try:
        with path.open("rb") as file:
            locked = try_lock(file)
    except FileNotFoundError:
        return False if os.access(path.parent, os.W_OK) else None
    except OSError:
        return None
    return None if locked is None else not locked


def lock_of_sweep(name: str) -> str:
    """What the process that has a sweep's runs trained elsewhere holds the lock of."""
    return f"sweep-{name}"


def leave_request(run_id: str, what: str) -> None:
    """Ask the process that trains a run for one of `REQUESTS`; an OSError if the file can't be
    written.
    """
    if what != "stop":  # and no more for the contrary
        _path(run_id, "unpause" if what == "pause" else "pause").unlink(missing_ok=True)
    write_file(_path(run_id, what), b"")


def take_requests(run_id: str) -> list[str]:
    """What was asked for since the last time; then it waits no more."""
    taken = []
    for what in REQUESTS:
        with suppress(OSError):  # there is none, or Windows keeps it for another moment
            _path(run_id, what).unlink()
            taken.append(what)
    return taken


def is_alive(host: str, pid: int, started: float) -> bool:
    """Whether the process of that number on `host` is still the one that `started` then, in seconds
    since 1970.
    """
    began = process_started(pid) if host == socket.gethostname() else 0.0
    return began > 0.0 and abs(began - started) < 2.0


def process_started(pid: int | None = None) -> float:
    """When a process began, this one by default, in seconds since 1970; 0 where nothing tells."""
    import psutil  # noqa: PLC0415 - on use only

    try:
        return float(psutil.Process(pid).create_time())
    except psutil.Error:
        return 0.0


def _path(run_id: str, what: str = "lock") -> Path:
    return lock_dir() / f"{run_id}.{what}"


def _is_at(file: IO[bytes], path: Path) -> bool:
    """Whether `file` still is what lies at `path`: its last owner may have removed it."""
    try:
        return os.path.samestat(os.fstat(file.fileno()), path.stat())
    except OSError:
        return False


def try_lock(file: IO[bytes]) -> bool | None:
    """Whether the lock was free and is taken now; None where the file system has no locks."""
    from filelock import lock_descriptor  # noqa: PLC0415 - on use only

    try:
        return lock_descriptor(file.fileno(), blocking=False)
    except OSError:
        return None
