"""The app in a pseudo-terminal of its own, for tests of what no pilot can see."""

from __future__ import annotations

import contextlib
import os
import re
import select
import signal
import sqlite3
import struct
import time
from typing import Any

import psutil
import pytest

import rnn_tui.tasks  # noqa: F401 - what reads the database afterwards knows their settings
from rnn_tui.archive.store import RunStore
from rnn_tui.engine.files.paths import run_database
from rnn_tui.engine.files.weights_file import read_weights
from rnn_tui.engine.state import Status
from tests.program import START, start_program

pty = pytest.importorskip("pty")
fcntl = pytest.importorskip("fcntl")
termios = pytest.importorskip("termios")

PATIENCE = 90.0
ROWS, COLUMNS = 24, 80
CODES = re.compile(r"\x1b\[[<>?0-9;$]*[A-Za-z]|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)|\x1b.")
TO_ALTERNATE = "\x1b[?1049h"
# What the app switches on, and must switch off: screen, hidden cursor, mouse, pastes.
MODES = (
    (TO_ALTERNATE, "\x1b[?1049l"),
    ("\x1b[?25l", "\x1b[?25h"),
    ("\x1b[?1000h", "\x1b[?1000l"),
    ("\x1b[?1003h", "\x1b[?1003l"),
    ("\x1b[?2004h", "\x1b[?2004l"),
)


class Terminal:
    """A pseudo-terminal of 80 × 24 with the app in it.

    Args:
        controlling: whether the system tells the app when the terminal is gone.
        changed: Python that changes something in the app before it starts.
        options: others of its process, such as `cwd`.
    """

    def __init__(self, *, controlling: bool = False, changed: str = "", **options: Any) -> None:
        # The app's end stays open here too, so that its attributes can be read after the app ended.
        self._ours, self._theirs = pty.openpty()
        self.resize(COLUMNS, ROWS)
        self.attributes_before = self.attributes
        self.output = ""
        unwanted = ("NO_COLOR", "FORCE_COLOR", "COLUMNS", "LINES")
        environment = {k: v for k, v in os.environ.items() if k not in unwanted}
        self.process = start_program(
            code=changed and changed + START,
            controlling=controlling,
            stdin=self._theirs,
            stdout=self._theirs,
            stderr=self._theirs,
            start_new_session=True,
            env=environment | {"TERM": "xterm-256color"},
            **options,
        )

    def resize(self, columns: int, rows: int) -> None:
        """Take another size, of which the system tells the app where the terminal controls it."""
        fcntl.ioctl(self._theirs, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    @property
    def attributes(self) -> list[object]:
        """Echo, line mode and the rest, as the terminal has them now."""
        attributes: list[object] = termios.tcgetattr(self._theirs)
        return attributes

    @property
    def taken(self) -> bool:
        """Whether the app has drawn on it."""
        return TO_ALTERNATE in self.output

    def press(self, keys: str | bytes) -> None:
        """Type."""
        os.write(self._ours, keys.encode() if isinstance(keys, str) else keys)

    def wait_for(self, pattern: str) -> None:
        """Wait until text that matches is drawn, after whatever was waited for before."""
        drawn = ""
        give_up = time.monotonic() + PATIENCE
        while not re.search(pattern, CODES.sub("", drawn)):
            assert time.monotonic() < give_up, f"no {pattern!r} in {CODES.sub('', drawn)[-2000:]!r}"
            assert self.process.poll() is None, f"the app ended: {drawn[-2000:]!r}"
            drawn += self._read()

    def wait_for_codes(self, codes: str) -> None:
        """Wait until the app has written codes, which draw nothing, at any time since it began."""
        give_up = time.monotonic() + PATIENCE
        while codes not in self.output:
            assert time.monotonic() < give_up, f"no {codes!r} in {self.output[-2000:]!r}"
            assert self.process.poll() is None, f"the app ended: {self.output[-2000:]!r}"
            self._read()

    def watch(self, seconds: float) -> None:
        """Take what is drawn for so long, or until the app has ended."""
        until = time.monotonic() + seconds
        while (left := until - time.monotonic()) > 0 and self.process.poll() is None:
            self._read(min(left, 0.02))

    def send(self, number: signal.Signals) -> None:
        """Send the app a signal."""
        self.process.send_signal(number)

    def stop_and_continue(self, number: signal.Signals = signal.SIGSTOP) -> None:
        """Stop the app, and let it go on."""
        self.send(number)
        give_up = time.monotonic() + PATIENCE
        while psutil.Process(self.process.pid).status() != psutil.STATUS_STOPPED:
            assert time.monotonic() < give_up, "the app does not stop"
            self._read(0.01)
        self.send(signal.SIGCONT)

    def hang_up(self) -> None:
        """Close the terminal."""
        os.close(self._ours)
        self._ours = -1

    def wait_for_end(self, patience: float = PATIENCE, *, reading: bool = True) -> int:
        """Wait until the app has ended; returns its exit code.

        Args:
            patience: in seconds.
            reading: whether to take what is drawn until then.
        """
        give_up = time.monotonic() + patience
        while self.process.poll() is None:
            assert time.monotonic() < give_up, (
                f"the app does not end: {CODES.sub('', self.output)[-2000:]!r}"
            )
            if reading and self._ours >= 0:
                self._read(0.02)
            else:
                time.sleep(0.01)
        while self._ours >= 0 and self._read():
            pass
        return self.process.returncode

    def close(self) -> None:
        """End the app if it still runs."""
        self.process.kill()
        self.process.wait()
        if self._ours >= 0:
            os.close(self._ours)
        os.close(self._theirs)

    def _read(self, seconds: float = 0.1) -> str:
        if not select.select([self._ours], [], [], seconds)[0]:
            return ""
        text = os.read(self._ours, 65536).decode(errors="replace")
        self.output += text
        return text

    def not_restored(self) -> str:
        """What is not as it was before the app; empty where all of it is."""
        if "Traceback" in self.output:
            return f"a traceback: {self.output[-3000:]!r}"
        for on, off in MODES:
            if self.output.rfind(off) < self.output.rfind(on):
                return f"no {off!r} at the end of {self.output[-300:]!r}"
        attributes = self.attributes
        if attributes != self.attributes_before:
            return f"attributes {attributes}, before {self.attributes_before}"
        return ""

    def assert_restored(self) -> None:
        """The terminal is as it was before the app, which has changed it."""
        assert all(on in self.output for on, _ in MODES)
        fault = self.not_restored()
        assert not fault, fault


def statuses_written() -> list[str]:
    """The runs' statuses as the database has them, whoever holds their locks."""
    with contextlib.closing(sqlite3.connect(run_database())) as connection:
        return [row[0] for row in connection.execute("SELECT status FROM runs ORDER BY id")]


def assert_interrupted() -> None:
    """The one run there is was interrupted, has said so itself, and its weights are kept."""
    with RunStore() as store:
        [run] = store.runs()
    assert run.step > 0
    assert statuses_written() == [run.status] == [Status.INTERRUPTED]
    assert read_weights(run.weights).config == run.config
