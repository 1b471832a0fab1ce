"""Starting `rnn-tui` as a process of its own, quickly: `Program` is `subprocess.Popen` by way of
`tests.program_server`.
"""

import fcntl
import json
import os
import socket
import subprocess
import sys
import tempfile
import termios
import time
from pathlib import Path
from typing import Any

COMMAND = [sys.executable, "-m", "rnn_tui"]
# The app, as the last line of Python that changes something in it before.
START = "\nimport sys; from rnn_tui.cli.main import main; sys.exit(main([]))"
PATIENCE = 120.0
# What an interpreter or a library reads as it starts: where it differs, a new interpreter is
# started.
READ_AT_START = ("PYTHON", "LANG", "LC_", "OMP_", "MKL_", "OPENBLAS", "DASK_")
CAN_FORK = sys.platform == "linux"


def read_at_start(environment: "dict[str, str] | os._Environ[str]") -> dict[str, str]:
    return {name: value for name, value in environment.items() if name.startswith(READ_AT_START)}


def take_control() -> None:
    """Make the terminal of this process the one whose end the system tells it of."""
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)


def server_address() -> str:
    """Where the server listens that all workers of this test session share; starts it if it is not
    there.
    """
    session = os.getppid() if "PYTEST_XDIST_WORKER" in os.environ else os.getpid()
    folder = Path(tempfile.gettempdir()) / f"rnn-tui-tests-{os.getuid()}"
    folder.mkdir(mode=0o700, exist_ok=True)
    address = folder / str(session)
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not _listens(address):
            address.unlink(missing_ok=True)
            _start_server(address, session)
    return str(address)


def _start_server(address: Path, session: int) -> None:
    server = subprocess.Popen(
        [sys.executable, "-m", "tests.program_server", str(address), str(session)],
        cwd=Path(__file__).parents[1],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        start_new_session=True,
    )
    give_up = time.monotonic() + PATIENCE
    while not address.exists():
        assert server.poll() is None, "the server of programs has ended"
        assert time.monotonic() < give_up, "the server of programs does not start"
        time.sleep(0.02)


def _listens(address: Path) -> bool:
    with socket.socket(socket.AF_UNIX) as asking:
        try:
            asking.connect(str(address))
        except OSError:
            return False
    return True


class Program(subprocess.Popen[Any]):
    """`rnn-tui` with these arguments in a process: a fork of the server, unless a new interpreter
    would read something else.

    Args:
        new_interpreter: whether to start one in any case.
        module: another program in its place, by the name of its module.
        code: or a program of some lines of Python.
        controlling: whether its terminal is the one whose end the system tells it of.
    """

    def __init__(
        self,
        *arguments: str,
        new_interpreter: bool = False,
        module: str = "rnn_tui",
        code: str = "",
        controlling: bool = False,
        **options: Any,
    ) -> None:
        self._told, self._controlling = b"", controlling
        self._asking: socket.socket | None = None
        same = read_at_start(options.get("env") or os.environ) == read_at_start(os.environ)
        self._forks = CAN_FORK and same and not new_interpreter
        if controlling:
            options |= {"start_new_session": True, "preexec_fn": take_control}
        super().__init__(
            [sys.executable, *(("-c", code) if code else ("-m", module)), *arguments], **options
        )

    def _execute_child(self, *given: Any) -> None:
        if not self._forks:
            super()._execute_child(*given)  # type: ignore[misc]
            return
        (
            args,
            _,
            _,
            _,
            _,
            cwd,
            env,
            _,
            _,
            _,
            p2cread,
            p2cwrite,
            c2pread,
            c2pwrite,
            errread,
            errwrite,
            *_,
            session,
            _,
        ) = given
        about = {
            "program": args[1:3],
            "arguments": args[len(COMMAND) :],
            "folder": str(cwd or os.getcwd()),
            "session": session,
            "controlling": self._controlling,
            "environment": dict(os.environ if env is None else env),
        }
        streams = [
            own if own != -1 else number for number, own in enumerate((p2cread, c2pwrite, errwrite))
        ]
        self._asking = socket.socket(socket.AF_UNIX)
        self._asking.connect(server_address())
        socket.send_fds(self._asking, [json.dumps(about).encode() + b"\n"], streams)
        while b"\n" not in self._told:
            part = self._asking.recv(64)
            assert part, "the server of programs has not started one"
            self._told += part
        pid, _, self._told = self._told.partition(b"\n")
        self.pid = int(pid)
        self._child_created = True
        self._close_pipe_fds(p2cread, p2cwrite, c2pread, c2pwrite, errread, errwrite)  # type: ignore[attr-defined]

    def _try_wait(self, wait_flags: int) -> tuple[int, int]:
        """How it ended, as from `os.waitpid`."""
        if self._asking is None:
            return super()._try_wait(wait_flags)  # type: ignore[misc, no-any-return]
        while b"\n" not in self._told:
            try:
                part = self._asking.recv(64, socket.MSG_DONTWAIT if wait_flags & os.WNOHANG else 0)
            except BlockingIOError:
                return 0, 0
            assert part, "the server of programs is gone"
            self._told += part
        self._asking.close()
        return self.pid, int(self._told)

    def _internal_poll(self, _deadstate: int | None = None, **_: Any) -> int | None:
        if self._asking is None:
            return super()._internal_poll(_deadstate)  # type: ignore[misc, no-any-return]
        if self.returncode is None:
            pid, status = self._try_wait(os.WNOHANG)
            if pid:
                self.returncode = os.waitstatus_to_exitcode(status)
        return self.returncode
