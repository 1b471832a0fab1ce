"""The app as a page in the browser, by Textual's own protocol: it starts, hears, draws and ends."""

import fcntl
import signal
import struct
import sys
import termios
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from rnn_tui.engine.page import STORE_VARIABLE
from tests.terminal import assert_interrupted
from tests.web.page_process import PageProcess

pytestmark = [
    pytest.mark.process,
    pytest.mark.skipif(sys.platform == "win32", reason="pages are for systems with signals"),
]

F5 = "\x1b[15~"


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder for the runs of a page; this process looks at it too."""
    monkeypatch.setenv(STORE_VARIABLE, str(tmp_path / "store"))
    return tmp_path / "store"


@pytest.fixture
def page(store: Path) -> Iterator[PageProcess]:
    """A page that has drawn its first frame."""
    with PageProcess(store=store) as page:
        page.wait_for("Home")
        yield page


def train(page: PageProcess, *, long: bool = False) -> None:
    """Begin to train the adder, if asked with the preset that takes longest, and wait until it gets
    on.
    """
    page.press(F5)
    page.wait_for("Calculator")
    for _ in range(2 * long):
        page.press("\x10")
        page.wait_for("Search")
        page.press("next preset")
        page.wait_for("Preset: The next preset")
        page.press("\r")
    page.press("t")
    page.wait_for(r"[1-9][\d,]* seq")


# Starting, hearing, drawing


def test_a_page_starts_without_a_terminal_and_q_ends_it(page: PageProcess) -> None:
    assert page.other == b""
    page.press("q")
    assert page.wait_for_end() == 0
    assert page.meta[-1] == {"type": "exit"}


@pytest.mark.long
def test_plain_textual_serve_starts_it_as_well(home: Path) -> None:
    """Another server sets these variables and no other, and runs go where they always go."""
    environment = {
        "TERM_PROGRAM": "textual",
        "TEXTUAL_FPS": "60",
        "TEXTUAL_COLOR_SYSTEM": "truecolor",
    }
    with PageProcess(environment=environment) as page:
        page.wait_for("Home")
        train(page)
        page.tell(type="quit")
        page.wait_for_end()
    assert (home / "runs.db").is_file()
    assert_interrupted()


def test_without_its_variable_the_app_wants_a_terminal() -> None:
    with PageProcess(environment={"TEXTUAL_DRIVER": ""}) as page:
        assert page.process.wait() == 2
        assert page.process.stderr is not None
        assert b"needs a terminal" in page.process.stderr.read()


def test_runs_and_settings_lie_in_the_folder_of_the_page(home: Path, store: Path) -> None:
    store.mkdir()
    (store / "config.toml").write_text('[keys]\nhelp = "y"\n')
    (home / "config.toml").write_text('[keys]\nhelp = "z"\n')
    with PageProcess(store=store) as page:
        page.wait_for("Home")
        page.press("y")
        page.wait_for("Help")
        page.press("\x1b")
        train(page)
        page.tell(type="quit")
        page.wait_for_end()
    assert_interrupted()
    assert not (home / "runs.db").exists()


def test_it_hears_keys_and_sizes(page: PageProcess) -> None:
    page.press(F5)
    page.wait_for("Calculator")
    page.press("3")
    page.wait_for("decimal")
    page.press("/")
    page.watch(0.5)
    page.press("1100")
    page.wait_for("39")
    page.resize(60, 20)
    page.watch(1)
    page.screen = ""
    page.resize(140, 50)
    page.wait_for("Calculator")
    assert page.process.poll() is None


@pytest.mark.long
@pytest.mark.parametrize("columns", ["0", "-5", "1000000", "many", ""])
def test_a_size_that_can_not_be_is_put_right(store: Path, columns: str) -> None:
    with PageProcess(store=store, environment={"COLUMNS": columns, "ROWS": columns}) as page:
        page.wait_for_start()
        page.resize(100, 30)
        page.wait_for("Home")
        page.press("q")
        assert page.wait_for_end() == 0


@pytest.mark.long
def test_packets_that_make_no_sense_are_passed_over(page: PageProcess) -> None:
    for width, height in ((0, 0), (-1, 5), (10**6, 10**9), ("a", None), (1e400, 3), ([], {})):
        page.resize(width, height)
    page.resize(100, 30)
    senseless = (
        b"",
        b"\xff\xfe",
        b"[]",
        b"{}",
        b"null",
        b'{"type": 5}',
        b'{"type": "resize"}',
        b"[" * 100_000,
        b'{"type": "deliver_chunk_request"}',
        b'{"type": "deliver_chunk_request", "key": [], "size": "x"}',
        b'{"type": "deliver_chunk_request", "key": "no", "size": -5}',
        b'{"type": "open_url"}',
        b"9" * 9000,
    )
    for payload in senseless:
        page.send(b"M", payload)
    for kind in (b"X", b"\xff", b"P"):
        page.send(kind, b"\x00\xff")
    for keys in (
        b"\xff",
        b"caf\xe9",
        b"\x1b[:A",
        b"\x1b[1114112R",
        b"\x1b[55296u",
        b"\x1b[<99999999999999999999;1;1M",
    ):
        page.press(keys)
        page.watch(0.3)  # or they would be one sequence
    page.screen = ""
    page.press("?")
    page.wait_for("Help")
    assert page.process.poll() is None


@pytest.mark.long
def test_a_character_that_two_packets_share_is_one(page: PageProcess) -> None:
    page.press("\x10")
    page.wait_for("Search")
    for byte in "né".encode():
        page.send(b"D", bytes([byte]))
    page.wait_for("né")


@pytest.mark.long
def test_what_anybody_prints_is_no_packet(store: Path) -> None:
    noise = (
        "import os, sys, threading, time\n"
        "def noise():\n"
        "    for _ in range(200):\n"
        "        os.write(1, b'printed by a library\\n'); time.sleep(0.02)\n"
        "import rnn_tui.ui.terminal.textual_page as page\n"
        "start = page.PageDriver.start_application_mode\n"
        "def started(driver):\n"
        "    threading.Thread(target=noise, daemon=True).start(); start(driver)\n"
        "    print('printed', flush=True); os.system('echo of another program; cat')\n"
        "page.PageDriver.start_application_mode = started\n"
    )
    with PageProcess(store=store, changed=noise) as page:  # which fails at what is no packet
        page.wait_for("Home")
        page.press("?")
        page.wait_for("Help")
        page.press("\x11")
        assert page.wait_for_end() == 0
        assert page.process.stderr is not None
        printed = page.process.stderr.read()
    assert b"printed by a library" in printed
    assert b"of another program" in printed


@pytest.mark.long
def test_ctrl_z_and_ctrl_c_end_nothing(page: PageProcess) -> None:
    page.press("\x1a")
    page.press("\x03")
    page.watch(0.5)
    page.screen = ""
    page.press("?")
    page.wait_for("Help")


@pytest.mark.long
def test_photos_are_drawn_in_half_cells_and_nothing_is_asked_of_the_browser(
    page: PageProcess,
) -> None:
    page.press("\x1bOR")
    page.wait_for("Photos")
    raw: list[bytes] = []
    take = page._take
    page._take = lambda kind, payload: (raw.append(payload), take(kind, payload))[1]  # type: ignore[method-assign]
    page.press("3")
    page.wait_for(r"\d+ photos")
    page.watch(1)
    drawn = b"".join(raw)
    assert "▀".encode() in drawn or "▄".encode() in drawn
    for asked in (b"\x1b_G", b"\x1bP", b"\x1b[c", b"\x1b[16t", b"\x1b[14t"):
        assert asked not in drawn


# Ending

WAYS: dict[str, tuple[Callable[[PageProcess], object], int]] = {
    "quit": (lambda page: page.tell(type="quit"), 128 + signal.SIGHUP),
    "the end of its stdin": (
        lambda page: page.process.stdin and page.process.stdin.close(),
        128 + signal.SIGHUP,
    ),
    "nobody reads any more": (
        lambda page: page.process.stdout and page.process.stdout.close(),
        128 + signal.SIGHUP,
    ),
    # The other signals are heard in the same place, as tests/test_terminal.py shows.
    "SIGTERM": (lambda page: page.process.send_signal(signal.SIGTERM), 128 + signal.SIGTERM),
}


@pytest.mark.long
@pytest.mark.parametrize("way", WAYS)
def test_each_end_keeps_the_training_and_the_next_page_offers_to_go_on(
    store: Path, way: str
) -> None:
    end, code = WAYS[way]
    with PageProcess(store=store) as page:
        page.wait_for("Home")
        train(page)
        end(page)
        assert page.wait_for_end(reading=way != "nobody reads any more") == code
    assert_interrupted()
    with PageProcess(store=store) as page:
        page.wait_for("interrupted")


@pytest.mark.long
@pytest.mark.parametrize("way", ["the end of its stdin", "SIGTERM"])
def test_it_ends_where_it_hangs_in_a_write(store: Path, way: str) -> None:
    end, code = WAYS[way]
    with PageProcess(store=store) as page:
        page.wait_for("Home")
        train(page, long=True)
        fill(page)
        end(page)
        assert page.wait_for_end(reading=False) == code
    assert_interrupted()


def fill(page: PageProcess) -> None:
    """Have it draw until nothing more goes into its pipe."""
    assert page.process.stdout is not None
    waiting = since = 0
    while True:
        page.resize(100 + since % 2, 30)
        since += 1
        time.sleep(0.3)
        [waiting_bytes] = struct.unpack(
            "i", fcntl.ioctl(page.process.stdout, termios.FIONREAD, b"\0" * 4)
        )
        if waiting_bytes == waiting and waiting_bytes > 30_000:
            return
        waiting = waiting_bytes


@pytest.mark.long
def test_a_screenshot_is_a_download(page: PageProcess) -> None:
    page.press("\x10")
    page.wait_for("Search")
    page.press("screenshot\r")
    offer = page.wait_for_meta("deliver_file_start")
    assert Path(offer["path"]).parent == Path("/")
    name, picture = page.download()
    assert name.endswith(".svg")
    assert picture.startswith(b"<svg")
