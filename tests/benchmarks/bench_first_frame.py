"""From process start to the first frame: `rnn-tui` against an almost empty Textual app.

Each starts in a pseudo-terminal of 120 × 40, and the clock stops when a word of its first frame
comes out. What an empty app needs is Python and Textual itself. Target: at most 1.5 times that.
"""

import fcntl
import os
import pty
import re
import select
import struct
import subprocess
import sys
import termios
import time

from _common import machine, median, parser, spread, take_turns, temporary_home, verdict

TARGET = 1.5
PATIENCE = 60.0
CODES = re.compile(rb"\x1b\[[<>?0-9;$]*[A-Za-z]|\x1b\][^\x07]*\x07")

EMPTY = """
from textual.app import App
from textual.widgets import Static

class Empty(App):
    BINDINGS = [("q", "quit", "Quit")]
    def compose(self):
        yield Static("READY")

Empty().run()
"""


def seconds_to(word: bytes, command: list[str]) -> float:
    """Seconds from the start of `command` until `word` is on its terminal."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 120, 0, 0))
    environment = os.environ | {"TERM": "xterm-256color"}
    # Every start but the first finds the modules compiled.
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    began = time.perf_counter()
    process = subprocess.Popen(
        command, stdin=theirs, stdout=theirs, stderr=theirs, start_new_session=True, env=environment
    )
    try:
        drawn = b""
        while word not in CODES.sub(b"", drawn):
            if time.perf_counter() > began + PATIENCE or process.poll() is not None:
                raise SystemExit(f"no frame from {command}: {drawn[-500:]!r}")
            if select.select([ours], [], [], 0.05)[0]:
                drawn += os.read(ours, 65536)
        return time.perf_counter() - began
    finally:
        # The app goes on to load PyTorch: that must not run into the next turn.
        process.kill()
        process.wait()
        os.close(ours)
        os.close(theirs)


def main() -> None:
    """Measure and print."""
    arguments = parser(__doc__, rounds=15).parse_args()
    app, empty = [sys.executable, "-m", "rnn_tui"], [sys.executable, "-c", EMPTY]
    with temporary_home():
        print(machine())
        contenders = {
            "rnn-tui": lambda: seconds_to(b"MNIST", app),
            "empty": lambda: seconds_to(b"READY", empty),
        }
        take_turns(contenders, 1)  # once for the file cache
        seconds = take_turns(contenders, arguments.rounds)
        for name, values in seconds.items():
            print(f"{name:8} {median(values):.3f} s ({spread(values)})")
        ratio = median(seconds["rnn-tui"]) / median(seconds["empty"])
        print(f"rnn-tui / empty = {verdict(ratio, TARGET, at_most=True)}")


if __name__ == "__main__":
    main()
