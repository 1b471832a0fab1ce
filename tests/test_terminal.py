"""The app in a real terminal, since Textual's own test driver writes to none.

What is checked here can't be seen in a pilot test: that keys typed in a terminal arrive, that the
process ends with the right code, and that it leaves the terminal as it found it.
"""

import signal
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from rnn_tui.engine.files.paths import config_file
from tests.terminal import ROWS, Terminal, assert_interrupted

pytestmark = pytest.mark.process

F4, F5, F6, F7, CTRL_Q = "\x1bOS", "\x1b[15~", "\x1b[17~", "\x1b[18~", "\x11"


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


@pytest.mark.long
def test_a_size_that_a_python_prompt_has_left_in_the_environment_does_not_hold(home: Path) -> None:
    terminal = Terminal(changed="import os; os.environ.update(COLUMNS='70', LINES='9')")
    try:
        terminal.wait_for("Home")
        terminal.wait_for_codes(f"\x1b[{ROWS};1H")  # the last line
    finally:
        terminal.close()


@pytest.mark.long
def test_quit_in_mid_training_asks_first(terminal: Terminal, home: Path) -> None:
    terminal.wait_for("MNIST")
    terminal.press("t")
    # Training is under way once its rate is drawn; the preset goes on for ten epochs.
    terminal.wait_for(r"[1-9][\d,]* img/s")
    terminal.press("q")
    terminal.wait_for(r"MNIST: LSTM\S* \S*\s*is in training")
    terminal.press("c")
    time.sleep(0.5)
    terminal.press("q")
    terminal.wait_for(r"MNIST: LSTM\S* \S*\s*is in training")
    terminal.press("s")
    assert terminal.wait_for_end() == 0
    terminal.assert_restored()
    assert_interrupted()  # and the next start offers to go on


def test_told_to_end_in_mid_training_it_interrupts_the_run_and_keeps_it(terminal: Terminal) -> None:
    terminal.wait_for("MNIST")
    terminal.press("t")
    terminal.wait_for(r"[1-9][\d,]* img/s")
    terminal.send(signal.SIGTERM)
    assert terminal.wait_for_end() == 128 + signal.SIGTERM
    terminal.assert_restored()
    assert_interrupted()


@pytest.mark.long
def test_alt_with_a_key_leaves_a_field_and_types_nothing(terminal: Terminal) -> None:
    terminal.wait_for("MNIST")
    terminal.press(F5)
    terminal.wait_for("Calculator")
    terminal.press("3")
    terminal.wait_for("decimal")
    terminal.press("/")
    terminal.watch(0.5)
    terminal.press("1")
    terminal.watch(0.5)
    terminal.press("\x1b1")
    terminal.wait_for("Training loss")
    assert "¡" not in terminal.output


def train(terminal: Terminal) -> None:
    """Begin to train the adder, and wait until it gets on."""
    terminal.wait_for("MNIST")
    terminal.press(F5)
    terminal.wait_for("Calculator")
    terminal.press("t")
    terminal.wait_for(r"[1-9][\d,]* sequences/s")


@pytest.mark.long
def test_bytes_that_are_no_keys_and_a_locale_without_utf_8_end_nothing(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in (
        ("LC_ALL", "C"),
        ("LANG", "C"),
        ("PYTHONUTF8", "0"),
        ("PYTHONCOERCECLOCALE", "0"),
    ):
        monkeypatch.setenv(name, value)
    terminal = Terminal()
    try:
        terminal.wait_for("─")  # not as an escape of Python's
        # at once: nothing that follows is lost
        terminal.press(b"\xffcaf\xe9\x1b[:A\x1b[1114112R\x1b[55296u?")
        terminal.wait_for("Esc closes")
        terminal.press("\x11")
        assert terminal.wait_for_end() == 0
        terminal.assert_restored()
    finally:
        terminal.close()


@pytest.mark.long
@pytest.mark.parametrize("controlling", [True, False], ids=["told", "not told"])
def test_a_terminal_that_is_closed_while_it_draws_ends_the_app_and_keeps_the_run(
    home: Path, controlling: bool
) -> None:
    terminal = Terminal(controlling=controlling)
    try:
        train(terminal)
        terminal.press(f"{F4}{F5}{F6}n")
        terminal.hang_up()
        assert terminal.wait_for_end() == 128 + signal.SIGHUP
    finally:
        terminal.close()
    assert_interrupted()


@pytest.mark.long
def test_a_terminal_that_nobody_reads_can_be_ended_and_is_as_it_was(terminal: Terminal) -> None:
    train(terminal)
    for _ in range(20):
        terminal.press(f"{F4}{F5}{F6}n")
        time.sleep(0.05)
    terminal.send(signal.SIGTERM)
    assert terminal.wait_for_end(reading=False) == 128 + signal.SIGTERM
    assert terminal.attributes == terminal.attributes_before  # the rest could not be written
    assert_interrupted()


@pytest.mark.long
def test_an_end_rings_at_the_terminal_whose_window_is_not_in_front(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config_file().write_text('alerts = true\npreset = "fast"\n')
    monkeypatch.setenv("TERM_PROGRAM", "WezTerm")
    monkeypatch.delenv("TMUX", raising=False)
    terminal = Terminal()
    try:
        terminal.wait_for("MNIST")
        terminal.press(F5)
        terminal.wait_for("Calculator")
        assert "\x1b[?1004h" in terminal.output  # it asks to be told
        terminal.press("t\x1b[O")  # a key says that the window is in front
        terminal.wait_for("Test bit accuracy")
        terminal.wait_for_codes("\x1b]777;notify;rnn-tui;")
        terminal.wait_for_codes("\x1b\\\a")
        terminal.press("qs")  # it asks while accuracy by length is measured
        assert terminal.wait_for_end() == 0
        terminal.assert_restored()
    finally:
        terminal.close()


@pytest.mark.parametrize("number", [signal.SIGSTOP, signal.SIGTSTP])
def test_stopped_continued_and_ended_the_app_leaves_the_terminal_as_it_was(
    terminal: Terminal, number: signal.Signals
) -> None:
    terminal.wait_for("MNIST")
    terminal.watch(0.5)
    terminal.stop_and_continue(number)
    terminal.wait_for("MNIST")  # it draws all of it again
    terminal.send(signal.SIGTERM)
    assert terminal.wait_for_end() == 128 + signal.SIGTERM
    terminal.assert_restored()


@pytest.mark.long
@pytest.mark.parametrize("keys", ["", F4, F5, F6, F7])
def test_it_can_be_quit_while_something_is_being_made(terminal: Terminal, keys: str) -> None:
    if keys:
        terminal.wait_for("MNIST")
        terminal.press(keys)
        terminal.watch(0.1)
    else:
        terminal.wait_for("R")  # the first that is drawn
    terminal.press(CTRL_Q)
    assert terminal.wait_for_end() == 0
    terminal.assert_restored()


HELP = "import time; from rnn_tui.ui.app.app import RnnTuiApp\nRnnTuiApp.action_help = "
STUCK = {
    "the app": f"{HELP}lambda self: time.sleep(600)",
    "a thread": f"{HELP}lambda a: a.run_worker(a.store.ask(a, lambda _: time.sleep(600)))",
}


@pytest.mark.long
@pytest.mark.parametrize("changed", STUCK.values(), ids=list(STUCK))
def test_it_can_be_ended_where_something_in_it_hangs(home: Path, changed: str) -> None:
    terminal = Terminal(changed=changed)
    try:
        terminal.wait_for("MNIST")
        terminal.press("?")
        terminal.watch(0.3)
        terminal.send(signal.SIGTERM)
        assert terminal.wait_for_end() == 128 + signal.SIGTERM
        terminal.assert_restored()
    finally:
        terminal.close()


def test_a_fault_is_told_in_a_sentence_and_leaves_the_terminal_as_it_was(home: Path) -> None:
    terminal = Terminal(changed=f"{HELP}lambda self: 1 / 0")
    try:
        terminal.wait_for("MNIST")
        terminal.press("?")
        assert terminal.wait_for_end() == 1
        terminal.assert_restored()
    finally:
        terminal.close()
    [sentence] = [line for line in terminal.output.splitlines() if "a fault" in line]
    assert "rnn-tui: ZeroDivisionError: this is a fault of rnn-tui; " in sentence
    assert "ZeroDivisionError" in (home / "log/rnn-tui.log").read_text()


# A fault in what a key begins, by where it is raised. The log must have the lines of the cause.
BEGINS = {
    "a worker": "lambda app: app.run_worker(fails_in_worker(app))",
    "a thread": "lambda app: app.run_worker(lambda: fails(), thread=True)",
    "a handler": "lambda app: app.call_later(fails)",
    "a timer": "lambda app: app.set_timer(0.01, fails)",
    "a thread of the app": "lambda app: app.run_worker(in_thread(app.pane, fails))",
}
FAILS = """
from rnn_tui.ui.work.threads import in_thread
def fails():
    numbers = {}
    return numbers["the cause"]
async def fails_in_worker(app):
    fails()
"""


@pytest.mark.parametrize(
    "where",
    ["a worker", *(pytest.param(name, marks=pytest.mark.long) for name in [*BEGINS][1:])],
)
def test_a_fault_that_ends_the_app_leaves_the_traceback_of_its_cause_in_the_log(
    home: Path, where: str
) -> None:
    terminal = Terminal(changed=f"{FAILS}\n{HELP}{BEGINS[where]}")
    try:
        terminal.wait_for("MNIST")
        terminal.press("?")
        assert terminal.wait_for_end() == 1
        terminal.assert_restored()
    finally:
        terminal.close()
    log = home / "log/rnn-tui.log"
    assert f"rnn-tui: KeyError: this is a fault of rnn-tui; {log} has the details" in "".join(
        terminal.output.split("\r\n")
    )
    assert "in fails" in log.read_text()
    assert "KeyError: 'the cause'" in log.read_text()


@pytest.mark.parametrize(
    "begins",
    [
        "lambda app: threading.Thread(target=fails, name='a job').start()",
        pytest.param(
            "lambda app: app.call_later(asyncio.get_running_loop().call_soon, fails)",
            marks=pytest.mark.long,
        ),
    ],
)
def test_a_fault_that_ends_no_more_than_a_thread_is_in_the_log_too(home: Path, begins: str) -> None:
    terminal = Terminal(changed=f"import asyncio, threading\n{FAILS}\n{HELP}{begins}")
    try:
        terminal.wait_for("MNIST")
        terminal.press("?")
        terminal.watch(1)
        terminal.press("q")
        assert terminal.wait_for_end() == 0
        terminal.assert_restored()
    finally:
        terminal.close()
    log = (home / "log/rnn-tui.log").read_text()
    assert "in fails" in log
    assert "KeyError: 'the cause'" in log


@pytest.mark.long
def test_a_size_among_keys_is_none_and_that_of_the_window_has_bounds(home: Path) -> None:
    terminal = Terminal(controlling=True)
    try:
        terminal.wait_for("MNIST")
        for typed in ("\x1b[48;30000;30000;0;0t", "\x1b[48;0;0;0;0t", "\x1b[<0;5;9M\x1b[<0;5;9m"):
            terminal.press(typed)
            terminal.watch(0.3)
        terminal.press("?")
        terminal.wait_for("Help")
        terminal.press("\x1b")
        terminal.watch(0.5)
        terminal.resize(65535, 65535)
        terminal.watch(0.5)
        terminal.resize(80, 24)
        terminal.press("?")
        terminal.wait_for("Help")
        assert psutil.Process(terminal.process.pid).memory_info().rss < 1 << 30
        terminal.press(CTRL_Q)
        assert terminal.wait_for_end() == 0
        terminal.assert_restored()
    finally:
        terminal.close()


@pytest.mark.long
def test_the_first_look_at_photos_leaves_the_terminal_to_the_app(terminal: Terminal) -> None:
    terminal.wait_for("MNIST")
    terminal.press("\x1b[?62;4c")  # it has pictures by Sixel
    terminal.press("\x1bOR")
    terminal.wait_for("Training")
    terminal.press("3")
    for _ in range(20):
        terminal.press("\x03\x1c\x1a")
        terminal.watch(0.1)
    terminal.press("?")
    terminal.wait_for("Help")
    assert terminal.output.count("\x1b[?1049h") == 1
    assert terminal.attributes != terminal.attributes_before
    terminal.press(CTRL_Q)
    assert terminal.wait_for_end() == 0
    terminal.assert_restored()


def test_a_move_of_the_focus_draws_only_what_it_changes(terminal: Terminal) -> None:
    """Over a slow line a whole screen at each Tab would be felt."""
    terminal.wait_for("MNIST")
    terminal.press(F5)
    terminal.wait_for("Calculator")
    terminal.press("f")
    terminal.wait_for("Preset")
    terminal.watch(1)
    drawn = len(terminal.output)
    terminal.press("\t")
    terminal.wait_for(r"\S")
    terminal.watch(1)
    assert "Home" not in terminal.output[drawn:]
