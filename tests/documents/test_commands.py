"""Every command in README, in docs/ and in the examples of `--help` is run as it stands there, and
says what the page says.

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

from rnn_tui.engine.files.paths import asset_dir
from tests.cli.command_line import environment, pty, screen_after
from tests.documents import examples
from tests.documents.pages import CHECKOUT, Block, all_pages, blocks, files
from tests.program import SCRIPT

WIDTH = 100
PATIENCE = 300.0
pytestmark = pytest.mark.skipif(
    shutil.which("bash") is None or not SCRIPT.exists(),
    reason="the commands in the documents are bash's, with rnn-tui installed",
)


def run(block: Block, folder: Path, results: Path | None = None) -> tuple[int, list[str]]:
    """Exit code and screen after the commands of a block, in a terminal.

    Args:
        block: the commands.
        folder: where they are typed.
        results: the file that stdout goes to; None for the terminal.
    """
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 40, WIDTH, 0, 0))
    path = os.pathsep.join([str(SCRIPT.parent), os.environ.get("PATH", "")])
    printed_to = theirs if results is None else os.open(results, os.O_WRONLY | os.O_CREAT)
    shell = subprocess.Popen(
        ["bash", "-euo", "pipefail", "-c", block.commands],
        stdin=theirs,
        stdout=printed_to,
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
    for end in {theirs, printed_to}:
        os.close(end)
    in_time = Timer(PATIENCE, os.killpg, (shell.pid, signal.SIGKILL))
    in_time.start()
    printed = b""
    with suppress(OSError):  # how Linux says that the other end is closed
        while chunk := os.read(ours, 65536):
            printed += chunk
    os.close(ours)
    in_time.cancel()
    return shell.wait(PATIENCE), screen_after(printed.decode(errors="replace"))


def comparable(lines: list[str], how: str) -> list[str] | set[str]:
    """Output as it is compared with what the page says.

    Args:
        lines: what was printed, or what the page says.
        how: the remark before the block. Without one, all but times, dates and ids has to agree.
            `numbers differ`: numbers may. `output differs`: rows may, too; what agrees is which
            words and fields there are.
    """
    text = "\n".join(line.rstrip() for line in lines).strip("\n")
    text = re.sub(
        r"\d+(\.\d+)? s\b|\b\d+:\d\d\b|\b\d{8}-\d{6}-[0-9a-f]{6,10}\b|\d{4}-\d\d-\d\dT[\d:+]+",
        "#",
        text,
    )
    if how == "output differs":
        return set(re.findall(r"[^\W\d]{2,}", text))
    if how == "numbers differ":
        text = re.sub(r"[-+]?\d[\d,]*(\.\d+)?(e[-+]?\d+)?", "#", text)
    return [re.sub(r" {2,}", "  ", line) for line in text.splitlines()]


PAGES = [(page.relative_to(CHECKOUT).as_posix(), list(blocks(page))) for page in all_pages()]
EXAMPLES = [(str(example), [example]) for example in examples.examples()]
SCRIPTS = {
    name: script for name, script in PAGES + EXAMPLES if any(not block.not_run for block in script)
}


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The home that examples find."""
    home = tmp_path_factory.mktemp("kept")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("RNN_TUI_HOME", str(home))
        examples.make_home()
    return home


@pytest.mark.long
@pytest.mark.parametrize("name", SCRIPTS)
def test_commands_run_as_they_stand(
    name: str, tmp_path: Path, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, results = tmp_path / "here", tmp_path / "results"
    folder.mkdir()
    monkeypatch.setenv("RNN_TUI_HOME", str(tmp_path / "home"))
    page = SCRIPTS[name][0].page
    for file, text in {} if page is None else files(page).items():
        (folder / file).parent.mkdir(parents=True, exist_ok=True)
        (folder / file).write_text(text, encoding="utf-8")
    for block in SCRIPTS[name]:
        if block.not_run:
            continue
        if block.page is None:
            shutil.copytree(request.getfixturevalue("kept"), tmp_path / "home")
            shutil.copytree(asset_dir() / "samples", folder / "photos")
            shutil.copy(asset_dir() / "sequences" / "swings.csv", folder)
            examples.prepare(block.commands)
        elif not (folder / "assets").exists():
            (folder / "assets").symlink_to(CHECKOUT / "assets")  # one stands in a checkout
        code, screen = run(block, folder, results if block.page is None else None)
        assert code == 0, f"{block}\n" + "\n".join(screen)
        if block.page is None:
            examples.check(block.commands, results.read_text(), screen, folder)
        if block.output is not None:
            printed = comparable(screen, block.compared)
            promised = comparable(block.output.splitlines(), block.compared)
            assert printed == promised, block


def test_what_is_said_of_an_example_is_said_of_one() -> None:
    lines = [name for name, _ in EXAMPLES]
    for words in (*examples.NOT_RUN, *examples.BEFORE):
        assert any(words in line for line in lines), words


def test_whatever_is_not_run_says_why() -> None:
    reasons = [
        (str(block), block.not_run)
        for page in all_pages()
        for block in blocks(page)
        if block.not_run
    ]
    assert len(reasons) < 40, reasons
    assert [one for one, reason in reasons if len(reason) < 8] == []
