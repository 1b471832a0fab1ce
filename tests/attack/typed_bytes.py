"""Bytes of a terminal: keys, mouse, pastes, sizes, and sequences in parts, while networks train.

The attack `keys` posts events inside an app; this one types at the real `rnn-tui` in a terminal.

`python -m tests.attack.typed_bytes --events 20000 --columns 80 --rows 24` is one long session.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import re
import select
import signal
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random
from typing import ClassVar
from unittest import mock

import psutil

from tests.attack.attack import Attack, Attempt, home_in
from tests.terminal import Terminal

# How many events an attempt has. Long ones show whether the app's memory grows.
LENGTHS = (300, 300, 1_000, 3_000)
WINDOWS = ((80, 24), (120, 40), (200, 50))
OTHER_WINDOWS = (
    *((1, 1), (2, 1), (1, 40), (4, 24), (5, 2), (10, 3), (20, 6), (40, 10), (300, 1), (500, 150)),
    *((60, 20), (100, 30), (132, 43)),
)
LARGEST = 500, 150
# Seconds of the processor, not of the clock: they don't depend on what else the machine does.
MOST_SECONDS = 2.0
PATIENCE = 120.0  # seconds without any sign of life
MOST_SECONDS_UNREAD = 120.0  # of the processor, in which the app takes no byte
# How much the app may grow in a long attempt, once all views and tasks are loaded. Measured after
# 3,000 events on a busy machine: 60, 63 and 124 MB (seed 42 from 0 and 1, seed 41 from 1).
MOST_MEGABYTES = 200
# From so many events on, an attempt loads everything first and measures the app's growth.
LONG = 1_000
# How many characters of the app's output are kept: its beginning, and its end.
HEAD = 8_000
TAIL = 100_000
DRAWN = 20_000  # how many are searched for words to click on
AT_PLACE = re.compile(r"\x1b\[(\d+);(\d+)H([^\n]*?)(?=\x1b\[\d+;\d+H|$)")
COLOURS = re.compile(r"\x1b\[[\d;?]*[A-Za-z]")
WORDS = re.compile(r"\w\w+")

# `/` and `~` are left out: what is typed into a prompt for a file stays in the attack's folder.
# Ctrl+Q too, which ends the app.
LETTERS = (
    " abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
    "+-=?.,;:'\"!@#$%&*()[]{}<>|\\^`_ÄßéλЖ中🔎"
)
CONTROLS = "\r\t\x1b\x7f\x01\x02\x03\x04\x05\x08\x0b\x0e\x10\x15\x16\x17\x18\x1a\x1c"
SEQUENCES = (
    *("\x1b[A", "\x1b[B", "\x1b[C", "\x1b[D", "\x1b[H", "\x1b[F", "\x1b[5~", "\x1b[6~", "\x1b[Z"),
    *("\x1b[2~", "\x1b[3~", "\x1b[1;2A", "\x1b[1;2D", "\x1b[1;5C", "\x1b[1;5H", "\x1b[5;5~"),
    *("\x1b1", "\x1bt", "\x1bn", "\x1bi", "\x1bw", "\x1b[5;3~", "\x1b[6;3~"),
    *("\x1b[97;5u", "\x1b[57358u", "\x1b[13;2u", "\x1b[27u", "\x1b[I", "\x1b[O"),
)
# F2 to F12; some have no tab.
TABS = (
    *("\x1bOQ", "\x1bOR", "\x1bOS", "\x1b[15~", "\x1b[17~", "\x1b[18~", "\x1b[19~"),
    *("\x1b[20~", "\x1b[21~", "\x1b[23~", "\x1b[24~"),
)
# Keys that open dialogs and fields of a view, and what the palette has without a key.
DIALOG_KEYS = "?oerd#/axgnwb<>"
DIALOG_COMMANDS = (
    *("guide", "own network", "find a learning", "add trials", "note", "theme", "type an edit"),
    *("log", "charts", "preset", "show keys", "unmark", "clear", "language", "maximize"),
)
# Kinds of mouse events in SGR 1006: a move without a button, one with the left button, and turns of
# the wheel up, down (drawn twice as often), left, right, and up with Shift.
MOVE = 35
LEFT_DRAG = 32
WHEEL = (64, 65, 65, 66, 67, 68)
# Reports and replies of a terminal, and sequences that no terminal sends.
REPORTS = (
    *("\x1b[?62;4c", "\x1b[?6c", "\x1b_Gi=1;OK\x1b\\", "\x1b[6;20;10t", "\x1b[24;80R"),
    *("\x1b[?2026;2$y", "\x1b[48;24;80;480;800t", "\x1b[48;99999;99999;0;0t", "\x1b[48;0;0;0;0t"),
    *("\x1b]11;rgb:0000/0000/0000\x1b\\", "\x1bP1+r\x1b\\", "\x1b[<0;99999;99999M", "\x1b[<0;0;0m"),
    *("\x1b[<999999999;5;5M", "\x1b[<-1;-1;-1M", "\x1b[M !!", "\x1b[:A", "\x1b[1114112R"),
    *(
        "\x1b[55296u",
        "\x1b[" + "9" * 60 + "u",
        "\x1b[200~",
        "\x1b[201~",
        "\x1b_G",
        "\x1b[?",
        "\x1b[",
    ),
)
# Code that the app runs as it starts. Quitting shows a notification in place of ending the app. At
# SIGUSR1 it writes its stack; at SIGUSR2 or a warning of the key queue, what each task waits for.
STAYS = """
import asyncio, faulthandler, logging, signal
from rnn_tui.ui.app.app import RnnTuiApp
async def stay(self): self.notify("It stays.")
RnnTuiApp.action_quit = stay
faulthandler.register(signal.SIGUSR1, open("stacks.txt", "w"))
def frames(waiter):
    while (frame := getattr(waiter, "cr_frame", None)) is not None:
        yield f"  {frame.f_code.co_qualname}:{frame.f_lineno}"
        waiter = waiter.cr_await
    yield f"  {waiter!r}"[:300]
def tell_tasks(app):
    with open("tasks.txt", "a") as file:
        print(vars(app.keys), app.screen_stack, app.focused, app.tabs.active, app._batch_count,
            app.keys.draws, list(app.workers), file=file)
        for pane in app.query("Pane"):
            print(pane, pane.whole, pane.takes_keys, pane._focuses_to_come, file=file)
        for task in asyncio.all_tasks():
            stack = list(frames(task.get_coro()))
            if not any("Queue.get" in frame or "Timer._run:" in frame for frame in stack):
                print(task.get_name(), *stack, sep="\\n", file=file)
run_async = RnnTuiApp.run_async
async def telling(self, **options):
    loop = asyncio.get_running_loop()
    tell = lambda *_: loop.call_soon_threadsafe(tell_tasks, self)
    signal.signal(signal.SIGUSR2, tell)  # the loop's own would take the app's wake-up file
    waits = logging.Handler(logging.WARNING)
    waits.emit = tell
    logging.getLogger("rnn_tui.ui.app.key_queue").addHandler(waits)
    return await run_async(self, **options)
RnnTuiApp.run_async = telling
"""
CONFIGURATION = 'preset = "fast"\n'

# Bytes that are typed, or the columns and rows of another size.
Event = bytes | tuple[int, int]
Events = Iterator[Event]


class Fault(Exception):
    """The app did something that it must not do."""


class Window(Terminal):
    """A terminal that types as fast as the app reads, and keeps little of the app's output.

    Attributes:
        columns: the width in characters.
        rows: the height in characters.
        drawn: what was drawn last, with its codes.
    """

    def __init__(self, folder: Path) -> None:
        super().__init__(controlling=True, changed=STAYS, cwd=folder)
        os.set_blocking(self._ours, False)
        self.columns, self.rows = WINDOWS[0]
        self.drawn = ""
        self._folder = folder

    def resize(self, columns: int, rows: int) -> None:
        super().resize(columns, rows)
        self.columns, self.rows = columns, rows

    def _read(self, seconds: float = 0.1) -> str:
        text = super()._read(seconds)
        self.drawn = (self.drawn + text)[-DRAWN:]
        if len(self.output) > HEAD + 2 * TAIL:
            self.output = self.output[:HEAD] + self.output[-TAIL:]
        return text

    def type(self, data: bytes) -> None:
        """Type all of it.

        Raises:
            Fault: if the app ends, or takes nothing for long.
        """
        give_up = time.monotonic() + PATIENCE
        worked = self.main_thread_seconds()
        while data:
            readable, writable, _ = select.select([self._ours], [self._ours], [], 0.1)
            # It takes nothing while a thousand keys wait, for minutes on a busy machine.
            if readable and self._read(0):
                give_up = time.monotonic() + PATIENCE
            if writable:
                written = os.write(self._ours, data[:512])
                data = data[written:]
                give_up = time.monotonic() + PATIENCE
                worked = self.main_thread_seconds()
            if self.main_thread_seconds() - worked > MOST_SECONDS_UNREAD:
                give_up = 0.0
            self.check(give_up)

    def check(self, give_up: float) -> None:
        """Check that the app runs, and that it is not yet `give_up` by the monotonic clock.

        Raises:
            Fault: if it has ended, or time is up.
        """
        code = self.process.poll()
        if code is not None:
            raise Fault(f"it ended with {code}: {self.output[-300:]!r}")
        if time.monotonic() > give_up:
            for _ in range(3):
                self.send(signal.SIGUSR1)
                self.send(signal.SIGUSR2)
                self.watch(1)  # reads the app's output, or the app would wait to write it
            tasks = Path(self._folder, "tasks.txt")
            told = tasks.read_text(errors="replace")[-3_000:] if tasks.exists() else ""
            raise Fault(f"it does nothing any more: {told}")

    def places_of_words(self) -> list[tuple[int, int]]:
        """Columns and rows, from 1, at which words were drawn last; they may be gone by now."""
        places = []
        for drawn in AT_PLACE.finditer(self.drawn):
            row, column, text = int(drawn[1]), int(drawn[2]), COLOURS.sub("", drawn[3])
            places += [(column + word.start(), row) for word in WORDS.finditer(text)]
        return [
            (column, row) for column, row in places if column <= self.columns and row <= self.rows
        ]

    def main_thread_seconds(self) -> float:
        """The processor's seconds that the main thread has used, which draws; 0 after its end."""
        with contextlib.suppress(psutil.Error):
            for thread in psutil.Process(self.process.pid).threads():
                if thread.id == self.process.pid:
                    return float(thread.user_time + thread.system_time)
        return 0.0

    def megabytes(self) -> float:
        """The app's memory, without what it shares with other programs, such as libraries' code."""
        memory = psutil.Process(self.process.pid).memory_info()
        return float(memory.rss - getattr(memory, "shared", 0)) / (1 << 20)

    def answer(self) -> float:
        """Change the size, and wait until the app draws.

        Returns:
            The processor's seconds that the main thread used for it.

        Raises:
            Fault: if it never draws.
        """
        while self._read(0):
            pass
        began = self.main_thread_seconds()
        columns, rows = self.columns, self.rows
        self.resize(columns + 1, rows)
        give_up = time.monotonic() + PATIENCE
        while not self._read(0.02):
            self.check(give_up)
        self.resize(columns, rows)
        return self.main_thread_seconds() - began


class TypedBytes(Attack):
    """A fault is an app that ends, stands still, grows, or leaves its terminal changed."""

    name: ClassVar[str] = "bytes"
    unit: ClassVar[str] = "events"
    share: ClassVar[int] = 200
    length: ClassVar[int] = 20_000

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self._longest_frame_seconds = 0.0
        self._most_megabytes = 0.0

    def attempt(self, random: Random) -> Attempt:
        """Some hundreds or thousands of events, in an app with a home of its own."""
        home = self.folder / f"{random.getrandbits(64):x}"
        home.mkdir()
        (home / "config.toml").write_text(CONFIGURATION)
        return self.session(random, home, random.choice(LENGTHS), random.choice(WINDOWS))

    def session(self, random: Random, home: Path, number: int, size: tuple[int, int]) -> Attempt:
        """So many events, in an app that begins at a size."""
        columns, rows = size
        places = {
            "HOME": str(home),
            "XDG_DOWNLOAD_DIR": str(home),
            "BROWSER": "true",
            "PYTHONPATH": str(Path(__file__).parents[2]),
        }
        done: list[Event] = []
        fault = ""
        with mock.patch.dict(os.environ, home_in(home) | places, clear=True):
            window = Window(home)
            try:
                window.resize(columns, rows)
                self._attack(window, random, number, done)
            except (Fault, AssertionError) as error:
                fault = (str(error) or "an assertion of the attack's own") + last_traceback(home)
            finally:
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(window.process.pid, signal.SIGKILL)
                window.close()
        last = ", ".join(repr(event)[:40] for event in done[-40:])
        tried = f"{columns} × {rows}, {number} events, …, {last}"
        return Attempt(tried, fault, max(1, len(done)))

    def _attack(self, window: Window, random: Random, number: int, done: list[Event]) -> None:
        """Send events, watch the app, and end it.

        Args:
            window: the terminal in which the app starts.
            random: chooses the events.
            number: how many events.
            done: gets each event before it is sent.

        Raises:
            Fault: if the app does something that it must not do.
        """
        size = window.columns, window.rows
        window.wait_for("MNIST")
        if number >= LONG:
            load_all(window)
        megabytes_before = window.megabytes()
        for event in events(random, window):
            if len(done) >= number:
                break
            done.append(event)
            if isinstance(event, bytes):
                window.type(event)
            else:
                window.resize(*event)
            if random.random() < 0.05:
                window.watch(random.choice((0.0, 0.01, 0.1, 0.5)))
            if len(done) % 25 == 0:
                self._look(window)
            if len(done) % 1_000 == 0:
                megabytes = window.megabytes()
                print(f"bytes: {len(done):,} events, {megabytes:.0f} MB", file=sys.stderr)
        window.resize(*size)
        self._look(window)
        if number >= LONG:
            growth = window.megabytes() - megabytes_before
            self._most_megabytes = max(self._most_megabytes, growth)
            if growth > MOST_MEGABYTES:
                raise Fault(f"it has grown by {growth:.0f} MB, from {megabytes_before:.0f}")
        window.send(signal.SIGTERM)
        code = window.wait_for_end()
        if code != 128 + signal.SIGTERM:
            raise Fault(f"it ended with {code}")
        if window.not_restored():
            raise Fault(window.not_restored())

    def _look(self, window: Window) -> None:
        """Check that the app draws in time."""
        seconds = window.answer()
        self._longest_frame_seconds = max(self._longest_frame_seconds, seconds)
        if seconds > MOST_SECONDS:
            raise Fault(f"it was busy for {seconds:.1f} s before it drew another size")

    def close(self) -> None:
        """Print the longest frame and the largest growth."""
        print(
            f"bytes: at most {self._longest_frame_seconds:.2f} s of its time for a frame, "
            f"{self._most_megabytes:.0f} MB more than before",
            file=sys.stderr,
        )


def load_all(window: Window) -> None:
    """Train each task for a while, and look at all of its views, so that all is loaded."""
    for tab in TABS[1:4]:
        _press(window, tab, 3.0)
        _press(window, "t", 8.0)  # train
        _press(window, "s", 2.0)  # stop
        for view in "123456":
            _press(window, view, 1.5)
        _press(window, "\x1b", 1.0)


def _press(window: Window, key: str, seconds: float) -> None:
    """Type a key, and let the app work for some seconds."""
    window.type(key.encode())
    window.watch(seconds)


def last_traceback(home: Path) -> str:
    """The last traceback of the app's log, and the stacks that it wrote when it stood still."""
    text = ""
    with contextlib.suppress(OSError):
        log = (home / "log/rnn-tui.log").read_text(errors="replace")
        start = log.rfind("Traceback")
        if start >= 0:
            text += "\n" + log[start:][-3_000:]
    with contextlib.suppress(OSError):
        stacks = (home / "stacks.txt").read_text(errors="replace")
        for stack in stacks.split("Current thread")[1:]:
            text += "\nCurrent thread" + stack[:1_500]
    return text


def events(random: Random, window: Window) -> Events:
    """Events without end."""
    kinds: tuple[tuple[int, Callable[[Random, Window], Events]], ...] = (
        (25, _keys),
        (10, _tabs),
        (20, _clicks),
        (15, _clicks_on_words),
        (6, _clicks_and_keys),
        (8, _drag),
        (8, _wheel),
        (5, _paste),
        (6, _sizes),
        (4, _train),
        (6, _palette),
        (8, _dialogs),
        (2, _home),
        (8, _reports),
    )
    weights = [weight for weight, _ in kinds]
    while True:
        [(_, kind)] = random.choices(kinds, weights)
        yield from kind(random, window)


def _parts(random: Random, text: str) -> Events:
    """A text in one piece or in two, cut anywhere, in the middle of a character too."""
    data = text.encode(errors="surrogateescape")
    if random.random() < 0.8 or len(data) < 2:
        yield data
        return
    cut = random.randrange(1, len(data))
    yield data[:cut]
    yield data[cut:]


def _keys(random: Random, _: Window) -> Events:
    for _ in range(random.randint(1, 12)):
        pool: str | tuple[str, ...] = random.choice((LETTERS, LETTERS[:27], CONTROLS, SEQUENCES))
        yield from _parts(random, random.choice(pool))


def _tabs(random: Random, _: Window) -> Events:
    """Go to a tab, and press keys of its views."""
    yield random.choice(TABS).encode()
    for _ in range(random.randint(0, 5)):
        yield random.choice("123456[]nfckijwz\t").encode()


def _place(random: Random, window: Window) -> tuple[int, int]:
    """A column and a row, from 1; those at the edges are drawn more often."""
    any_column = random.randint(1, window.columns)
    column = random.choice((1, window.columns, any_column))
    any_rows = [random.randint(1, window.rows) for _ in range(3)]
    row = random.choice((1, 2, window.rows, *any_rows))
    return column, row


def _mouse(button: int, place: tuple[int, int], *, up: bool = False) -> str:
    """What a terminal sends of the mouse (SGR 1006).

    Args:
        button: or the kind of event, as the protocol numbers them.
        place: column and row, from 1.
        up: the button is let go.
    """
    column, row = place
    final = "m" if up else "M"
    return f"\x1b[<{button};{column};{row}{final}"


def _clicks(random: Random, window: Window) -> Events:
    """Clicks at one place, in one write or in two; also where notifications are."""
    rows_from_bottom = random.randint(1, 4)
    notification = max(1, window.columns - 10), max(1, window.rows - rows_from_bottom)
    first_place = _place(random, window)
    second_place = _place(random, window)
    place = random.choice((notification, first_place, second_place))
    button = random.choice((0, 0, 0, 1, 2, 4, 16))
    click = _mouse(button, place) + _mouse(button, place, up=True)
    yield _mouse(MOVE, place).encode()
    for _ in range(random.randint(1, 3)):
        yield from _parts(random, click)


def _word(random: Random, window: Window) -> tuple[int, int]:
    """The place of something on the screen, such as a tab, a key, a button or a row."""
    return random.choice(window.places_of_words() or [_place(random, window)])


def _clicks_on_words(random: Random, window: Window) -> Events:
    """Single, double and triple clicks on what is on the screen, in one write or in several."""
    place = _word(random, window)
    click = _mouse(MOVE, place) + _mouse(0, place) + _mouse(0, place, up=True)
    times = random.choice((1, 2, 2, 3))
    if random.random() < 0.7:
        yield (click * times).encode()
    else:
        for _ in range(times):
            yield from _parts(random, click)


def _clicks_and_keys(random: Random, window: Window) -> Events:
    """Clicks on different things, and keys between, that arrive at once."""
    parts = []
    for _ in range(random.randint(2, 5)):
        place = _word(random, window)
        click = _mouse(0, place) + _mouse(0, place, up=True)
        key = random.choice((*TABS, *SEQUENCES, *DIALOG_KEYS, "\r", "\x1b", "\x10", "t"))
        parts.append(random.choice((click, click * 2, key)))
    yield "".join(parts).encode()


def _home(random: Random, window: Window) -> Events:
    """A double click on a line of Home, wherever one is."""
    yield TABS[0].encode()
    if random.random() < 0.5:
        window.watch(0.3)
    yield from _clicks_on_words(random, window)


def _dialogs(random: Random, window: Window) -> Events:
    """Open a dialog, change the size and type there, and mostly leave it."""
    yield random.choice(TABS).encode()
    if random.random() < 0.5:
        yield random.choice(DIALOG_KEYS).encode()
    else:
        yield b"\x10"
        yield random.choice(DIALOG_COMMANDS).encode()
        window.watch(random.choice((0.0, 0.1, 0.5)))
        yield b"\x1b[B\r"
    window.watch(random.choice((0.0, 0.1, 0.5)))
    for _ in range(random.randint(0, 3)):
        kind = random.choice((_keys, _clicks_on_words, _clicks, _sizes))
        yield from kind(random, window)
    yield random.choice((b"\r", b"\x1b", b"\x1b", b"\x1b\x1b"))


def _drag(random: Random, window: Window) -> Events:
    """Press the left button, move it, and mostly let it go."""
    place = _place(random, window)
    yield _mouse(0, place).encode()
    for _ in range(random.randint(1, 8)):
        place = _place(random, window)
        yield _mouse(LEFT_DRAG, place).encode()
    if random.random() < 0.9:
        yield from _parts(random, _mouse(0, place, up=True))


def _wheel(random: Random, window: Window) -> Events:
    place = _place(random, window)
    for _ in range(random.randint(1, 15)):
        turn = random.choice(WHEEL)
        yield _mouse(turn, place).encode()


def _paste(random: Random, _: Window) -> Events:
    characters = LETTERS + "\x00\x07\r\n\t\u202e"
    length = random.choice((0, 1, 10, 300, 20_000))
    text = "".join(random.choices(characters, k=length))
    yield from _parts(random, f"\x1b[200~{text}\x1b[201~")


def _sizes(random: Random, window: Window) -> Events:
    """Change the size some times, with keys between, and mostly end at a usual one."""
    any_size = random.randint(1, LARGEST[0]), random.randint(1, LARGEST[1])
    small_size = random.randint(1, 30), random.randint(1, 30)
    for _ in range(random.randint(1, 4)):
        yield random.choice((*OTHER_WINDOWS, *WINDOWS, any_size, small_size))
        if random.random() < 0.5:
            yield from _keys(random, window)
    if random.random() < 0.8:
        yield random.choice(WINDOWS)


def _train(random: Random, _: Window) -> Events:
    """Start a training, and sometimes press another key at once."""
    yield random.choice(TABS[1:4]).encode()
    yield b"t"
    if random.random() < 0.3:
        yield random.choice("spG").encode()


def _palette(random: Random, window: Window) -> Events:
    """Open the palette, search it, and move in what it offers, choose or leave."""
    searches = ("train", "theme", "screen", "keys", "go to", "max", "log", "e", "zzz")
    yield b"\x10"
    yield random.choice(searches).encode()
    if random.random() < 0.3:
        window.watch(random.choice((0.0, 0.1, 0.5)))
        yield from _sizes(random, window)
    for _ in range(4):
        key = random.choice(("\x1b[B", "\r", "\x1b", "\x1b[6~"))
        yield key.encode()


def _reports(random: Random, _: Window) -> Events:
    """Reports of a terminal, and bytes that are no text."""
    for _ in range(random.randint(1, 3)):
        yield from _parts(random, random.choice(REPORTS))
    if random.random() < 0.3:
        length = random.randint(1, 4)
        yield bytes(random.choices(range(0x80, 0x100), k=length))
    yield b"\x1b[201~"  # the end of a paste, or the app would take all that follows for its text


def main() -> int:
    """Play one session; returns 1 if it fails."""
    parser = argparse.ArgumentParser(prog="python -m tests.attack.typed_bytes")
    parser.add_argument("--events", type=int, default=20_000)
    parser.add_argument("--columns", type=int, default=WINDOWS[0][0])
    parser.add_argument("--rows", type=int, default=WINDOWS[0][1])
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="attack-bytes-") as folder:
        attack = TypedBytes(Path(folder))
        home = Path(folder) / "home"
        home.mkdir()
        (home / "config.toml").write_text(CONFIGURATION)
        size = options.columns, options.rows
        began = time.monotonic()
        attempt = attack.session(Random(options.seed), home, options.events, size)
        attack.close()
    seconds = time.monotonic() - began
    print(f"{options.columns} × {options.rows}: {attempt.count:,} events in {seconds:.0f} s")
    if attempt.fault:
        print(f"{attempt.tried}\n  {attempt.fault}")
    return int(bool(attempt.fault))


if __name__ == "__main__":
    sys.exit(main())
