"""Every command in README and docs/ is run as it stands there, and says what the page says.

Page by page from top to bottom, each in a home of its own, by bash in a terminal of 100 columns. A
block that can't be run here says why in a comment before it: `<!-- not run: reason -->`. A `text`
block right behind is what comes out; where figures differ from machine to machine, a comment says so.
"""

import fcntl
import os
import re
import shutil
import signal
import struct
import subprocess
import termios
from contextlib import suppress
from pathlib import Path
from threading import Timer

import pytest

from tests.cli.command_line import environment, pty, screen_after
from tests.documents.pages import CHECKOUT, Block, all_pages, blocks
from tests.program import SCRIPT

WIDTH = 100
PATIENCE = 300.0
pytestmark = pytest.mark.skipif(
    shutil.which("bash") is None or not SCRIPT.exists(),
    reason="the commands in the documents are bash's, with rnn-tui installed",
)


def run(block: Block, folder: Path) -> tuple[int, list[str]]:
    """Exit code and screen after the commands of a block, in a terminal."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 40, WIDTH, 0, 0))
    path = os.pathsep.join([str(SCRIPT.parent), os.environ.get("PATH", "")])
    shell = subprocess.Popen(
        ["bash", "-euo", "pipefail", "-c", block.commands],
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        cwd=folder,
        start_new_session=True,
        env=environment(
            TERM="xterm-256color",
            RNN_TUI_HOME=str(folder.parent / "home"),
            PATH=path,
            PYTHONPATH=str(CHECKOUT),
        ),
    )
    os.close(theirs)
    in_time = Timer(PATIENCE, os.killpg, (shell.pid, signal.SIGKILL))
    in_time.start()
    printed = b""
    with suppress(OSError):  # how Linux says that the other end is closed
        while chunk := os.read(ours, 65536):
            printed += chunk
    os.close(ours)
    in_time.cancel()
    return shell.wait(PATIENCE), screen_after(printed.decode(errors="replace"))


def told(lines: list[str], how: str) -> list[str]:
    """Output as it is compared: without times, and without numbers where they may differ."""
    text = "\n".join(line.rstrip() for line in lines).strip("\n")
    text = re.sub(
        r"\d+(\.\d+)? s\b|\b\d+:\d\d\b|\b\d{8}-\d{6}-[0-9a-f]{6}\b|\d{4}-\d\d-\d\dT[\d:+]+",
        "#",
        text,
    )
    if how == "numbers differ":
        text = re.sub(r"[-+]?\d[\d,]*(\.\d+)?", "#", text)
    return [re.sub(r" {2,}", "  ", line) for line in text.splitlines()]


@pytest.mark.long
@pytest.mark.parametrize(
    "page",
    [page for page in all_pages() if any(not one.not_run for one in blocks(page))],
    ids=lambda page: page.relative_to(CHECKOUT).as_posix(),
)
def test_commands_run_as_they_stand_on_the_page(page: Path, tmp_path: Path) -> None:
    folder = tmp_path / "here"
    folder.mkdir()
    (folder / "assets").symlink_to(CHECKOUT / "assets")  # one stands in a checkout
    for block in blocks(page):
        if block.not_run:
            continue
        code, screen = run(block, folder)
        assert code == 0, f"{block}\n" + "\n".join(screen)
        if block.output is not None and block.compared != "output differs":
            assert told(screen, block.compared) == told(
                block.output.splitlines(), block.compared
            ), block


def test_whatever_is_not_run_says_why() -> None:
    reasons = [
        (str(block), block.not_run)
        for page in all_pages()
        for block in blocks(page)
        if block.not_run
    ]
    assert len(reasons) < 40, reasons
    assert [one for one, reason in reasons if len(reason) < 8] == []
