"""Pictures in pixels: what reaches a terminal that shows them, and that nothing of them stays."""

import codecs
import fcntl
import math
import os
import re
import select
import signal
import struct
import termios
import time
import unicodedata
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from rnn_tui.ui.photos.screens import LABEL_BOX
from tests.program import start_program
from tests.ui.photos.photos_host import write_strokes

pytestmark = pytest.mark.process

pty = pytest.importorskip("pty")

ROWS, COLUMNS = 30, 100
CELL = (20, 10)  # pixels, height and width
APP = """

import sys
from pathlib import Path
from rnn_tui.engine.preferences import Preferences
from rnn_tui.ui.photos.panel import PhotosPanel
from rnn_tui.ui.terminal.textual_driver import SteadyDriver, Terminal
from tests.ui.helpers import PanelApp
app = PanelApp(PhotosPanel())
app.preferences = Preferences(graphics=sys.argv[2])
app.driver_class = SteadyDriver
SteadyDriver.terminal = Terminal()
def read():  # once the terminal has answered, as it has where somebody looks for this view
    if SteadyDriver.terminal.replies.complete:
        app.panel.read([Path(sys.argv[1])])
    else:
        app.set_timer(0.05, read)
app.call_later(read)
app.run()
"""
TOKEN = re.compile(
    r"\x1bP(?P<sixel>[0-9;]*q.*?)\x1b\\|\x1b_G(?P<kitty>.*?)\x1b\\|\x1b\](?:.*?)(?:\x07|\x1b\\)"
    r"|\x1b\[(?P<parameters>[<>?0-9;$]*)(?P<final>[A-Za-z])|\x1b.|(?P<text>.)",
    re.DOTALL,
)
# What is cut off in mid-sequence, or within the two characters that end it, waits for the rest.
UNFINISHED = re.compile(
    r"\x1b(?:|[P_](?:(?!\x1b\\).)*|\](?:(?!\x1b\\|\x07).)*|\[[<>?0-9;$]*)\Z", re.DOTALL
)


class PixelTerminal:
    """A terminal that shows pictures, with the Photos view in it.

    Attributes:
        covered: cells in which pixels are seen.
        lines: the text of the screen.
        sixels, kitty: how many pictures, or messages on them, came.
    """

    def __init__(self, folder: Path, wanted: str, answers: dict[str, str], **more: str) -> None:
        self._ours, theirs = pty.openpty()
        self._theirs = theirs
        self.resize(ROWS, COLUMNS)
        self._answers, self._rest = answers, ""
        self._decode = codecs.getincrementaldecoder("utf-8")().decode
        self._x = self._y = 0
        self.covered: set[tuple[int, int]] = set()
        self.lines = [[" "] * 250 for _ in range(80)]
        self.sixels, self.kitty = 0, list[str]()
        environment = {
            k: v for k, v in os.environ.items() if k not in ("TMUX", "NO_COLOR", "COLUMNS", "LINES")
        }
        self.process = start_program(
            str(folder),
            wanted,
            code=APP,
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            start_new_session=True,
            env=environment | {"TERM": "xterm-256color", **more},
        )

    def resize(self, rows: int, columns: int) -> None:
        """Take another size, which the app is told."""
        self._rows, self._columns = rows, columns
        size = struct.pack("HHHH", rows, columns, columns * CELL[1], rows * CELL[0])
        fcntl.ioctl(self._theirs, termios.TIOCSWINSZ, size)
        if hasattr(self, "process"):
            self.covered = set(filter(self._is_there, self.covered))
            self.lines = [[" "] * 250 for _ in range(80)]
            self.process.send_signal(signal.SIGWINCH)

    def _is_there(self, cell: tuple[int, int]) -> bool:
        """Whether a cell is on the screen: what was drawn for a larger one may still come."""
        return cell[0] < self._columns and cell[1] < self._rows

    def press(self, keys: str) -> None:
        """Type."""
        os.write(self._ours, keys.encode())

    def until(self, true: Callable[[], object], quiet: float = 0.7) -> None:
        """Show what comes until something holds and nothing more comes for a while."""
        give_up, last = time.monotonic() + 60, time.monotonic()
        while not true() or time.monotonic() - last < quiet:
            assert time.monotonic() < give_up, self.text
            if select.select([self._ours], [], [], 0.05)[0]:
                self._show(self._decode(os.read(self._ours, 65536)))
                last = time.monotonic()

    @property
    def text(self) -> str:
        """What is written on the screen."""
        return "\n".join("".join(line).rstrip() for line in self.lines).rstrip()

    def _show(self, text: str) -> None:
        for query, answer in self._answers.items():
            for _ in re.findall(query, text):
                self.press(answer)
        text = self._rest + text
        cut = UNFINISHED.search(text)
        text, self._rest = (text[: cut.start()], cut[0]) if cut else (text, "")
        for token in TOKEN.finditer(text):
            if token["sixel"] is not None:
                self._cover(token["sixel"])
            elif token["kitty"] is not None:
                self.kitty.append(token["kitty"])
            elif token["final"] is not None:
                self._move(token["final"], token["parameters"])
            elif token["text"] is not None:
                self._write(token["text"])

    def _cover(self, sixel: str) -> None:
        self.sixels += 1
        size = re.search(r'"\d+;\d+;(\d+);(\d+)', sixel)
        assert size is not None, sixel[:60]
        columns = math.ceil(int(size[1]) / CELL[1])
        rows = math.ceil(int(size[2]) / CELL[0])
        cells = ((self._x + x, self._y + y) for x in range(columns) for y in range(rows))
        self.covered.update(filter(self._is_there, cells))

    def _move(self, final: str, parameters: str) -> None:
        numbers = [int(text) if text.isdigit() else 1 for text in parameters.split(";")]
        if final in "Hf":
            self._y, self._x = numbers[0] - 1, (numbers[1] if len(numbers) > 1 else 1) - 1
        elif final == "J":
            self.covered.clear()
        elif final in "CD":
            self._x += numbers[0] if final == "C" else -numbers[0]

    def _write(self, character: str) -> None:
        if character == "\n":
            self._y, self._x = self._y + 1, 0
        elif character == "\r":
            self._x = 0
        elif character >= " " and not unicodedata.combining(character):
            self.covered.discard((self._x, self._y))
            if self._is_there((self._x, self._y)):
                self.lines[self._y][self._x] = character
            self._x += 1

    def close(self) -> None:
        """End the app."""
        self.process.kill()
        self.process.wait()
        os.close(self._ours)
        os.close(self._theirs)


# What terminals answer to the questions what they are, and whether they know Kitty's pictures.
SIXEL = {r"\x1b\[c": "\x1b[?62;4c"}
KITTY = {r"\x1b\[c": "\x1b[?62c", r"\x1b_G[^\x1b]*a=q": "\x1b_Gi=1;OK\x1b\\"}
PLACEHOLDER = "\U0010eeee"
# Cells of a picture: the photos of lines are square, as what the network received is.
SIDE = 12


@pytest.fixture
def terminal(tmp_path: Path) -> Iterator[Callable[..., PixelTerminal]]:
    """Makes terminals with four photos in them, and takes them away in the end."""
    made: list[PixelTerminal] = []

    def make(wanted: str, answers: dict[str, str], **more: str) -> PixelTerminal:
        made.append(PixelTerminal(write_strokes(tmp_path / "photos"), wanted, answers, **more))
        return made[-1]

    yield make
    for one in made:
        one.close()


@pytest.mark.long
def test_sixel_pictures_go_with_their_view(terminal: Callable[..., PixelTerminal]) -> None:
    shown = terminal("auto", SIXEL)
    four = 2 * 4 * SIDE * SIDE // 2
    shown.until(lambda: len(shown.covered) == four and "7-d.png" in shown.text)
    gallery = set(shown.covered)
    # Another view.
    shown.press("www")
    shown.until(lambda: "No photo has a label yet" in shown.text)
    assert not shown.covered
    shown.press("w")
    shown.until(lambda: "0-a.png" in shown.text)
    assert shown.covered == gallery
    # A dialog over it, with a picture of its own.
    shown.press("#")
    shown.until(lambda: "Which digit is this?" in shown.text)
    assert len(shown.covered) == LABEL_BOX[0] * LABEL_BOX[1]
    rows = shown.text.splitlines()
    top = next(at for at, row in enumerate(rows) if "Which digit is this?" in row)
    left = rows[top].index("╭")
    for row in rows[top + 1 : top + 1 + LABEL_BOX[1]]:
        assert row[left] == "│", row
        assert row[left:].count("│") == 3, row  # the dialog's, and the gallery's behind it
    shown.press("\x1b")
    shown.until(lambda: "Which digit is this?" not in shown.text)
    assert shown.covered == gallery
    # Another size.
    shown.resize(24, 80)
    shown.until(lambda: len(shown.covered) == four and shown.covered != gallery)


@pytest.mark.long
def test_kittys_pictures_go_with_their_view(terminal: Callable[..., PixelTerminal]) -> None:
    shown = terminal("auto", KITTY)
    shown.until(lambda: shown.text.count(PLACEHOLDER) == 2 * 4 * SIDE * SIDE // 2)
    assert not shown.sixels
    shown.press("www")
    shown.until(lambda: "No photo has a label yet" in shown.text)
    assert PLACEHOLDER not in shown.text


@pytest.mark.long
@pytest.mark.parametrize(
    ("wanted", "tmux", "sixels"),
    [
        ("auto", "echo 256,mouse,sixel", True),
        ("auto", "echo 256,mouse,title", False),
        ("auto", "sleep 60", False),
        ("auto", "", False),
        ("sixel", "echo 256", True),
        ("blocks", None, False),
    ],
)
def test_within_tmux_the_terminal_around_it_decides(
    terminal: Callable[..., PixelTerminal],
    tmp_path: Path,
    wanted: str,
    tmux: str | None,
    sixels: bool,
) -> None:
    more = {}
    if tmux is not None:
        more = {"TMUX": "/tmp/tmux-0/default,1,0", "PATH": str(tmp_path)}
        if tmux:
            script = tmp_path / "tmux"
            script.write_text(f"#!/bin/sh\nexec /bin/{tmux}\n")
            script.chmod(0o755)
    shown = terminal(wanted, SIXEL, **more)
    shown.until(lambda: "7-d.png" in shown.text and (shown.sixels or "▀▀▀▀" in shown.text), 1.5)
    assert bool(shown.sixels) == sixels
