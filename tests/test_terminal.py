"""The app in a real terminal, since Textual's own test driver writes to none.

What is checked here can't be seen in a pilot test: that keys typed in a terminal arrive, that the
process ends with the right code, and that it leaves the terminal as it found it.
"""

import os
import re
import select
import signal
import struct
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from rnn_tui.engine.state import Status
from rnn_tui.engine.weights_file import read_weights
from rnn_tui.runs.store import RunStore

pty = pytest.importorskip("pty")
fcntl = pytest.importorskip("fcntl")
termios = pytest.importorskip("termios")

PATIENCE = 90.0
ROWS, COLUMNS = 24, 80
CODES = re.compile(r"\x1b\[[<>?0-9;$]*[A-Za-z]|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)|\x1b.")
TO_ALTERNATE, FROM_ALTERNATE = "\x1b[?1049h", "\x1b[?1049l"
HIDE_CURSOR, SHOW_CURSOR = "\x1b[?25l", "\x1b[?25h"
MOUSE_ON, MOUSE_OFF = "\x1b[?1000h", "\x1b[?1000l"


class Terminal:
    """A pseudo-terminal of 80 × 24 with the app in it."""

    def __init__(self) -> None:
        # The app's end stays open here too, so that its attributes can be read after the app ended.
        self._ours, self._theirs = pty.openpty()
        size = struct.pack("HHHH", ROWS, COLUMNS, 0, 0)
        fcntl.ioctl(self._theirs, termios.TIOCSWINSZ, size)
        self.attributes_before = self.attributes
        self.output = ""
        unwanted = ("NO_COLOR", "FORCE_COLOR", "COLUMNS", "LINES")
        environment = {k: v for k, v in os.environ.items() if k not in unwanted}
        self._process = subprocess.Popen(
            [sys.executable, "-m", "rnn_tui"],
            stdin=self._theirs,
            stdout=self._theirs,
            stderr=self._theirs,
            start_new_session=True,
            env=environment | {"TERM": "xterm-256color"},
        )

    @property
    def attributes(self) -> list[object]:
        """Echo, line mode and the rest, as the terminal has them now."""
        attributes: list[object] = termios.tcgetattr(self._theirs)
        return attributes

    def press(self, keys: str) -> None:
        """Type."""
        self.type(keys.encode())

    def type(self, keys: bytes) -> None:
        """Type bytes, whether or not they are text."""
        os.write(self._ours, keys)

    def wait_for(self, pattern: str) -> None:
        """Wait until text that matches is drawn, after whatever was waited for before."""
        drawn = ""
        give_up = time.monotonic() + PATIENCE
        while not re.search(pattern, CODES.sub("", drawn)):
            assert time.monotonic() < give_up, f"no {pattern!r} in {CODES.sub('', drawn)[-2000:]!r}"
            assert self._process.poll() is None, f"the app ended: {drawn[-2000:]!r}"
            drawn += self._read()

    def send(self, number: signal.Signals) -> None:
        """Send the app a signal."""
        self._process.send_signal(number)

    def wait_for_end(self) -> int:
        """Wait until the app has ended; returns its exit code."""
        give_up = time.monotonic() + PATIENCE
        while self._process.poll() is None:
            assert time.monotonic() < give_up, "the app does not end"
            self._read()
        while self._read():
            pass
        return self._process.returncode

    def close(self) -> None:
        """End the app if it still runs."""
        self._process.kill()
        self._process.wait()
        os.close(self._ours)
        os.close(self._theirs)

    def _read(self) -> str:
        if not select.select([self._ours], [], [], 0.1)[0]:
            return ""
        text = os.read(self._ours, 65536).decode(errors="replace")
        self.output += text
        return text

    def assert_restored(self) -> None:
        """The terminal is as it was before the app."""
        assert self.attributes == self.attributes_before
        for on, off in (
            (TO_ALTERNATE, FROM_ALTERNATE),
            (HIDE_CURSOR, SHOW_CURSOR),
            (MOUSE_ON, MOUSE_OFF),
        ):
            assert on in self.output
            assert self.output.rfind(off) > self.output.rfind(on), (on, self.output[-300:])
        assert "Traceback" not in self.output


@pytest.fixture
def terminal(home: Path) -> Iterator[Terminal]:
    """A terminal in which the app has just been started."""
    terminal = Terminal()
    yield terminal
    terminal.close()


def test_q_ends_the_app_and_leaves_the_terminal_as_it_was(terminal: Terminal) -> None:
    terminal.wait_for("MNIST")
    assert terminal.attributes != terminal.attributes_before  # no echo in the app
    terminal.press("q")
    assert terminal.wait_for_end() == 0
    terminal.assert_restored()


def test_quit_in_mid_training_asks_first(terminal: Terminal, home: Path) -> None:
    terminal.wait_for("MNIST")
    terminal.press("t")
    # Training is under way once its rate is drawn; the preset goes on for ten epochs.
    terminal.wait_for(r"[1-9][\d,]* img/s")
    terminal.press("q")
    terminal.wait_for("Training is under way")
    terminal.press("c")
    time.sleep(0.5)
    terminal.press("q")
    terminal.wait_for("Training is under way")
    terminal.press("s")
    assert terminal.wait_for_end() == 0
    terminal.assert_restored()
    assert list(home.glob("runs/*/*.safetensors")), "stop and keep kept nothing"


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_told_to_end_in_mid_training_it_interrupts_the_run_and_keeps_it(
    terminal: Terminal, number: signal.Signals
) -> None:
    terminal.wait_for("MNIST")
    terminal.press("t")
    terminal.wait_for(r"[1-9][\d,]* img/s")
    terminal.send(number)
    assert terminal.wait_for_end() == 128 + number
    terminal.assert_restored()
    with RunStore() as store:
        [run] = store.runs()
    assert run.status is Status.INTERRUPTED
    assert run.step > 0
    assert read_weights(run.weights).config == run.config


def test_bytes_that_are_no_keys_and_a_locale_without_utf_8_end_nothing(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in (
        ("LC_ALL", "C"), ("LANG", "C"), ("PYTHONUTF8", "0"), ("PYTHONCOERCECLOCALE", "0")
    ):  # fmt: skip
        monkeypatch.setenv(name, value)
    terminal = Terminal()
    try:
        terminal.wait_for("─")  # not as an escape of Python's
        for keys in (b"\xff", b"caf\xe9", b"\x1b[:A", b"\x1b[1114112R", b"\x1b[55296u"):
            terminal.type(keys)
            time.sleep(0.2)  # or they would be one sequence
        terminal.press("?")
        terminal.wait_for("Help")
        terminal.press("\x11")
        assert terminal.wait_for_end() == 0
        terminal.assert_restored()
    finally:
        terminal.close()
