"""Starting `rnn-tui` as a process of its own, as a user starts it."""

import fcntl
import subprocess
import sys
import sysconfig
import termios
from pathlib import Path
from typing import Any

SCRIPT = Path(sysconfig.get_path("scripts")) / "rnn-tui"
# As it is installed; in a checkout that is not, by its module.
COMMAND = [str(SCRIPT)] if SCRIPT.exists() else [sys.executable, "-m", "rnn_tui"]
# The app, as the last line of Python that changes something in it before.
START = "\nimport sys; from rnn_tui.cli.main import main; sys.exit(main())"
PATIENCE = 120.0


def take_control() -> None:
    """Make the terminal of this process the one whose end the system tells it of."""
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)


def start_program(
    *arguments: str, code: str = "", controlling: bool = False, **options: Any
) -> "subprocess.Popen[Any]":
    """Start `rnn-tui` with these arguments.

    Args:
        arguments: of the command line.
        code: a program of some lines of Python in its place.
        controlling: whether its terminal is the one whose end the system tells it of.
        options: of `subprocess.Popen`.
    """
    if controlling:
        options |= {"start_new_session": True, "preexec_fn": take_control}
    command = [sys.executable, "-c", code] if code else COMMAND
    return subprocess.Popen([*command, *arguments], **options)
