"""Running the command line for tests, with pipes, in a terminal or in this process.

And what is asked of every message: one sentence, nothing that moves a terminal's cursor.
"""

import contextlib
import fcntl
import io
import os
import re
import struct
import subprocess
import sys
import termios
import unicodedata
from collections.abc import Mapping, Sequence
from unittest import mock

import pytest

from rnn_tui.cli.main import main
from tests.program import COMMAND, PATIENCE, start_program

pty = pytest.importorskip("pty")

# What a terminal or a build server may have set, and would change the output.
UNWANTED = ("FORCE_COLOR", "NO_COLOR", "TTY_COMPATIBLE", "TTY_INTERACTIVE", "COLUMNS", "LINES")
EXIT_FAILURE, EXIT_USAGE, EXIT_INTERRUPTED, EXIT_TERMINATED = 1, 2, 130, 143


def environment(**changes: str) -> dict[str, str]:
    """The environment of a plain shell, with `changes`."""
    return {k: v for k, v in os.environ.items() if k not in UNWANTED} | changes


def rnn_tui(*arguments: str, stdin: str = "", **variables: str) -> subprocess.CompletedProcess[str]:
    """Run the command with pipes for all three streams, `stdin` as its input."""
    pipe = subprocess.PIPE
    with start_program(
        *arguments,
        stdin=pipe,
        stdout=pipe,
        stderr=pipe,
        encoding="utf-8",
        env=environment(**variables),
    ) as process:
        try:
            out, err = process.communicate(stdin, PATIENCE)
        except BaseException:
            process.kill()
            raise
    return subprocess.CompletedProcess([*COMMAND, *arguments], process.returncode, out, err)


def is_harmless(text: str) -> bool:
    """Whether no character of `text` means anything to a terminal but itself."""
    joiners = "\u200c\u200d"
    return not any(
        unicodedata.category(character).startswith("C")
        for character in text
        if character not in joiners
    )


def assert_one_sentence(stderr: str) -> str:
    """Exactly one line, without traceback or control characters; returns it."""
    assert "Traceback" not in stderr
    lines = stderr.splitlines()
    assert len(lines) == 1, stderr
    assert lines[0].startswith("rnn-tui: ")
    assert is_harmless(lines[0]), ascii(lines[0])
    return lines[0]


def assert_refused(stdout: str, stderr: str) -> str:
    """Nothing on stdout; on stderr at most the usage, then one sentence, which is returned."""
    assert stdout == ""
    assert "Traceback" not in stderr
    assert is_harmless(stderr.replace("\n", "")), ascii(stderr)
    *usage, sentence = stderr.splitlines()
    assert all(line.startswith(("usage: ", " ")) for line in usage), stderr
    assert re.match(r"rnn-tui[a-z -]*: ", sentence), stderr
    return sentence


def run_inside(arguments: Sequence[str], input_bytes: bytes = b"") -> tuple[int, str, str]:
    """Exit code, stdout and stderr of `main` in this process, with `input_bytes` on stdin."""
    out, err = io.StringIO(), io.StringIO()
    stdin = io.TextIOWrapper(io.BytesIO(input_bytes), encoding="utf-8")
    with (
        contextlib.redirect_stdout(out),
        contextlib.redirect_stderr(err),
        mock.patch.object(sys, "stdin", stdin),
    ):
        try:
            code = main(arguments)
        except SystemExit as stop:
            code = int(stop.code or 0)
    return code, out.getvalue(), err.getvalue()


def in_terminal(
    arguments: Sequence[str], variables: Mapping[str, str], *, to_file: bool = False
) -> tuple[int, str]:
    """Exit code and output of the command in a terminal of 120 × 24.

    Args:
        arguments: of the command.
        variables: of its environment.
        to_file: whether results go elsewhere, so that only the rest is on the terminal.
    """
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 120, 0, 0))
    process = start_program(
        *arguments,
        stdin=theirs,
        stdout=subprocess.DEVNULL if to_file else theirs,
        stderr=theirs,
        start_new_session=True,
        env=environment(TERM="xterm-256color", **variables),
    )
    os.close(theirs)
    output = b""
    with contextlib.suppress(OSError):  # how Linux says that the other end is closed
        while chunk := os.read(ours, 65536):
            output += chunk
    os.close(ours)
    return process.wait(PATIENCE), output.decode()


def screen_after(output: str) -> list[str]:
    """The lines that a terminal shows after `output`; knows the few codes that are used here."""
    lines, row, column = [""], 0, 0
    for part in re.findall(r"\x1b\[[?0-9;]*[A-Za-z]|[^\x1b]", output):
        if part == "\r":
            column = 0
        elif part == "\n":
            row += 1
            lines += [""] * (row + 1 - len(lines))
        elif part == "\x1b[2K":
            lines[row] = ""
        elif moved := re.fullmatch(r"\x1b\[(\d*)A", part):
            row -= int(moved[1] or 1)
        elif part.startswith("\x1b"):
            assert part in ("\x1b[?25l", "\x1b[?25h") or part.endswith("m"), ascii(part)
        else:
            lines[row] = lines[row].ljust(column)[:column] + part + lines[row][column + 1 :]
            column += 1
    return [line.rstrip() for line in lines]
