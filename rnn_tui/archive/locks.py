"""Lock a run while it is in training; the system takes the lock back when the process dies.

So a run whose process was killed shows as interrupted at once, and no two processes train the same
run. The lock is on a file of its own, since the run's folder is the user's.

Beside it lie the requests of other processes. Each is an empty file, whose name says which action
is asked for. So a look for requests needs no database, and removing the file takes the request.
"""

import os
import socket
from contextlib import suppress
from pathlib import Path
from typing import IO

from rnn_tui.engine import waits
from rnn_tui.engine.errors import StoreError
from rnn_tui.engine.files.atomic import make_folder, write_file
from rnn_tui.engine.files.paths import lock_dir

# a process that only looks holds the lock for an instant, and must not pass for one that trains
TRY_SECONDS = 0.5
# the actions that the process that trains a run can be asked for; of several the last one here wins
REQUESTS = ("pause", "unpause", "stop")


class RunLock:
    """The right to train a run, held until `release` or the end of the process.

    Args:
        file: the locked file; None if the file system has no locks, and everybody may train.
        path: where it is.
    """

    def __init__(self, file: IO[bytes] | None = None, path: Path = Path()) -> None:
        self._file = file
        self._path = path

    @classmethod
    def acquire(cls, run_id: str, name: str = "") -> "RunLock":
        """Take a run's lock.

        Args:
            run_id: the run.
            name: what an error calls it; by default its id.

        Raises:
            StoreError: the run is in training already.
        """
        path = _path(run_id)
        with waits.Waiting(f"the lock of {run_id}", TRY_SECONDS) as waiting:
            while True:
                try:
                    path.parent.mkdir(parents=True, exist_ok=True)
                    file = path.open("ab")
                except OSError:
                    return cls()
                locked = try_lock(file)
                if locked and _is_at(file, path):
                    take_requests(run_id)  # those that came too late for the last process
                    return cls(file, path)
                file.close()
                if locked is None:
                    return cls()
                if not locked and waiting.is_over:
                    raise StoreError(
                        f"{name or run_id} is in training already, here or in another process."
                    )
                waiting.pause(0.01)

    def release(self) -> None:
        """Give the lock back."""
        if self._file is not None:
            with suppress(OSError):
                self._path.unlink()  # while it is held, so that nobody else's is removed
            self._file.close()


def is_held(run_id: str) -> bool | None:
    """Return whether a process holds a run's lock; None if no file could have been locked."""
    return is_locked(_path(run_id))


def is_locked(path: Path) -> bool | None:
    """Return whether a process holds the lock of a file; None if no file could have been locked."""
    try:
        with path.open("rb") as file:
            locked = try_lock(file)
    except FileNotFoundError:
        return False if os.access(path.parent, os.W_OK) else None
    except OSError:
        return None
    return None if locked is None else not locked


def lock_of_sweep(name: str) -> str:
    """Return the name of the lock held by the process that has a sweep's runs trained elsewhere."""
    return f"sweep-{name}"


def leave_request(run_id: str, action: str) -> None:
    """Ask the process that trains a run for one of `REQUESTS`.

    Raises:
        OSError: the file can't be written.
    """
    make_folder(lock_dir())
    if action == "pause":
        _path(run_id, "unpause").unlink(missing_ok=True)
    elif action == "unpause":
        _path(run_id, "pause").unlink(missing_ok=True)
    write_file(_path(run_id, action), b"")


def requested_runs() -> set[str]:
    """Return the ids of the runs for which there are requests."""
    names: list[str] = []
    with suppress(OSError):  # the folder is gone, and with it whatever was asked for
        names = os.listdir(lock_dir())
    return {name.rpartition(".")[0] for name in names if name.rpartition(".")[2] in REQUESTS}


def take_requests(run_id: str) -> list[str]:
    """Remove the requests for a run; returns their actions, in the order of `REQUESTS`."""
    actions = []
    for action in REQUESTS:
        with suppress(OSError):  # there is none, or Windows keeps it for another moment
            _path(run_id, action).unlink()
            actions.append(action)
    return actions


def is_alive(host: str, pid: int, started: float) -> bool:
    """Return whether a process of this computer still runs.

    Its number may have gone to a later process since, so that the time of its start counts as well.

    Args:
        host: the name of the computer that it is on; False if it is another one.
        pid: its number.
        started: when it started, in seconds since 1970.
    """
    if host != socket.gethostname():
        return False
    start = process_started(pid)
    return start > 0.0 and abs(start - started) < 2.0


def process_started(pid: int | None = None) -> float:
    """Return when a process started, this one by default, in seconds since 1970; 0 if unknown."""
    import psutil  # on use only

    try:
        return float(psutil.Process(pid).create_time())
    except psutil.Error:
        return 0.0


def _path(run_id: str, suffix: str = "lock") -> Path:
    """Return the file of a run's lock, or of the request for an action, its suffix."""
    return lock_dir() / f"{run_id}.{suffix}"


def _is_at(file: IO[bytes], path: Path) -> bool:
    """Return whether `file` is still at `path`: the lock's last owner may have removed it."""
    try:
        return os.path.samestat(os.fstat(file.fileno()), path.stat())
    except OSError:
        return False


def try_lock(file: IO[bytes]) -> bool | None:
    """Lock a file if it is free; returns whether it was, None if there are no locks."""
    from filelock import lock_descriptor  # on use only

    try:
        return lock_descriptor(file.fileno(), blocking=False)
    except OSError:
        return None
