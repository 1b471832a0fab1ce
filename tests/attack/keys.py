"""Keys, clicks, pastes and new sizes, faster than screens come and go, while networks train."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import threading
import traceback
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any, ClassVar
from unittest.mock import patch

from textual import events
from textual.geometry import Size
from textual.pilot import Pilot

from rnn_tui.engine.config import RunConfig
from rnn_tui.tasks import TASKS
from rnn_tui.ui.app.app import RnnTuiApp
from rnn_tui.ui.frame.requests import TrainRequested
from rnn_tui.ui.training.pane import TaskPane
from tests.archive.kept_runs import small, train
from tests.attack.attack import Attack, Attempt
from tests.conftest import write_mnist_slice
from tests.ui.helpers import press_at_once

KEYS_AN_ATTEMPT = 200
# An app that does not answer for so many seconds hangs. It may be slow on a busy machine.
PATIENCE = 60
SMALL_SEQUENCES = {"epochs": 2, "batch_size": 10, "training_size": 40, "test_size": 20}
SMALL_IMAGES = {"epochs": 1, "hidden_size": 4}

# `/` and `~` are left out: what is typed into a prompt for a file stays in the attack's folder.
LETTERS = (
    " "
    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789+-=?.,;:'\"!@#$%&*()[]{}<>|\\^`_ÄßéλЖ中🔎"
)
MOVES = (
    "up",
    "down",
    "left",
    "right",
    "home",
    "end",
    "pageup",
    "pagedown",
    "tab",
    "shift+tab",
    "enter",
    "escape",
    "backspace",
    "delete",
    "ctrl+home",
    "ctrl+end",
    "shift+left",
    "shift+end",
    "ctrl+left",
    "ctrl+w",
    "ctrl+u",
    "ctrl+k",
    "ctrl+a",
    "ctrl+e",
    "ctrl+c",
    "ctrl+x",
    "ctrl+v",
    "ctrl+z",
    "ctrl+d",
    "insert",
    "shift+enter",
    "ctrl+shift+up",
    "alt+1",
    "alt+t",
    "alt+n",
    "alt+i",
    "alt+w",
    "alt+pageup",
    "alt+pagedown",
)
TABS = ("f2", "f3", "f4", "f5", "f6", "f7", "f8", "f9", "f10", "f11", "f1", "f12")
# Keys that open dialogs and fields of a view.
DIALOG_KEYS = ("o", "e", "r", "d", "number_sign", "slash", "question_mark", "a", "x")
WORDS = (
    "train",
    "pause",
    "next",
    "chart",
    "theme",
    "max",
    "screen",
    "keys",
    "go to",
    "log",
    "zzz",
    "e",
    "t",
    "help",
    "form",
    "quit",
    "",
)
SIZES = ((80, 24), (80, 24), (120, 40), (200, 50), (100, 30), (60, 20))
TINY = (
    (4, 24),
    (4, 3),
    (40, 10),
    (20, 6),
    (10, 3),
    (5, 2),
    (3, 1),
    (1, 1),
    (1, 60),
    (300, 1),
    (2, 9),
)


@dataclass
class Press:
    """A key."""

    key: str


@dataclass
class Mouse:
    """A mouse event at a place that is given as shares of the screen."""

    kind: type[events.MouseEvent]
    x: float
    y: float
    button: int = 1


@dataclass
class Paste:
    """A paste."""

    text: str


@dataclass
class Resize:
    """Another size of the terminal, in characters."""

    width: int
    height: int


@dataclass
class Train:
    """A training of small networks, which takes a moment."""

    task: str


@dataclass
class Wait:
    """Seconds in which nothing is done."""

    seconds: float


Step = Press | Mouse | Paste | Resize | Train | Wait


class AttackedApp(RnnTuiApp):
    """The app, which stays: whatever ends it is a fault."""

    leaving = False

    def exit(self, *arguments: Any, **options: Any) -> None:
        """Go on, unless the attempt is over."""
        if self.leaving:
            super().exit(*arguments, **options)

    def _print_error_renderables(self) -> None:
        """Print no traceback: the attack reports the fault."""

    def open_url(self, url: str, *, new_tab: bool = True) -> None:
        """Open no browser."""


class KeysAttack(Attack):
    """A fault is an app that ends, or that answers no more."""

    name: ClassVar[str] = "keys"
    unit: ClassVar[str] = "keys"
    share: ClassVar[int] = 200
    length: ClassVar[int] = 20_000

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self._data = write_mnist_slice(folder / "mnist")
        self._number = 0
        self._runs = folder / "runs"
        self._runs.mkdir()
        with at_home(self._runs):
            train(small("recall"))
            train(small("adder", hidden_sizes=(3,), losses=("bce",)))
            for task in ("recall", "adder"):
                train(small(task, epochs=20), stop_at=20, interrupt=True)

    def attempt(self, random: Random) -> Attempt:
        """Some two hundred keys in an app with a home of its own."""
        steps = list(random_steps(random))
        self._number += 1
        home = self.folder / f"home-{self._number}"
        shutil.copytree(self._runs, home)
        done: list[Step] = []
        overrides: dict[str, Any] = {
            "recall": SMALL_SEQUENCES,
            "adder": SMALL_SEQUENCES,
            "mnist": SMALL_IMAGES,
        }
        with at_home(home), in_time():
            app = AttackedApp(data_dir=str(self._data), rerun_overrides=overrides)
            try:
                asyncio.run(self._type(app, steps, done))
                fault = "" if app.runs.close(PATIENCE) else "a training thread lives on"
            except Exception as error:  # noqa: BLE001 - the attack looks for all of them
                fault = description(error)
                app.runs.close(PATIENCE)
        count = sum(isinstance(step, Press | Mouse | Paste) for step in done)
        return Attempt(f"…, {', '.join(map(str, done[-40:]))}", fault, max(1, count))

    async def _type(self, app: AttackedApp, steps: list[Step], done: list[Step]) -> None:
        """Do all steps, and check on the way that the app still runs and answers.

        Args:
            app: not yet started.
            steps: to do.
            done: gets each step before it is done.

        Raises:
            Exception: what ended the app.
            AssertionError: if it has ended, or answers no more.
        """
        async with app.run_test(size=(80, 24), tooltips=True, notifications=True) as pilot:
            for number, step in enumerate(steps, 1):
                done.append(step)
                await self._do(pilot, step)
                if number % 20 == 0:
                    await answer(app)
                if app._exception is not None or not app.is_running:
                    break
            else:
                await answer(app)
            assert app._exception is not None or app.is_running, "the app has ended"
            app.leaving = True
            app.exit(0)
            assert app._task is not None
            await asyncio.wait({app._task}, timeout=PATIENCE)

    async def _do(self, pilot: Pilot[Any], step: Step) -> None:
        """Do a step as the terminal's driver would, without waiting for what comes of it."""
        app = pilot.app
        driver = app._driver
        assert driver is not None
        width, height = app.size
        match step:
            case Press(key):
                press_at_once(app, key)
            case Mouse(kind, x, y, button):
                place = int(x * width), int(y * height)
                pressed = 0 if kind is events.MouseMove else button
                event = kind(None, *place, 0, 0, pressed, False, False, False, *place)
                driver.process_message(event)
            case Paste(text):
                driver.process_message(events.Paste(text))
            case Resize(new_width, new_height):
                size = Size(new_width, new_height)
                driver._size = (new_width, new_height)
                driver.process_message(events.Resize(size, size))
            case Train(task):
                for pane in app.query(TaskPane):
                    # Only a complete pane can request a training.
                    if pane.spec.name == task and pane.complete:
                        pane.post_message(TrainRequested([tiny(task, str(self._data))]))
            case Wait(seconds):
                await asyncio.sleep(seconds)


def tiny(task: str, data: str) -> RunConfig:
    """Settings with which a task is trained in a moment."""
    spec = TASKS[task]
    settings = SMALL_IMAGES | {"data_dir": data} if spec.reads_images else SMALL_SEQUENCES
    return spec.config(spec.default_cell, device="cpu", **settings)


async def answer(app: RnnTuiApp) -> None:
    """Wait until the app and then its screen have handled all their messages, or the app fails.

    Raises:
        AssertionError: if neither happens in time.
    """
    arrived = asyncio.Event()

    def ask_screen() -> None:
        queued = app.screen.call_later(arrived.set)
        if not queued:  # the screen is closing, and handles no more
            arrived.set()

    app.call_later(ask_screen)
    failure = asyncio.ensure_future(app._exception_event.wait())
    arrival = asyncio.ensure_future(arrived.wait())
    done, _ = await asyncio.wait(
        (failure, arrival), timeout=PATIENCE, return_when=asyncio.FIRST_COMPLETED
    )
    failure.cancel()
    arrival.cancel()
    assert done, "the app answers no more"


def random_steps(random: Random) -> Iterator[Step]:
    """Random steps, with some two hundred keys, mouse events and pastes among them."""
    keys = 0
    kinds: tuple[tuple[int, Callable[[Random], Iterator[Step]]], ...] = (
        (30, _keys),
        (10, _tabs),
        (8, _palette),
        (8, _clicks),
        (4, _paste),
        (5, _sizes),
        (5, _dialogs),
        (4, _home),
        (3, _train),
        (8, _repeated_key),
        (5, _runs),
        (10, _wait),
    )
    weights = [weight for weight, _ in kinds]
    while keys < KEYS_AN_ATTEMPT:
        [(_, kind)] = random.choices(kinds, weights)
        for step in kind(random):
            keys += isinstance(step, Press | Mouse | Paste)
            yield step


def _keys(random: Random) -> Iterator[Step]:
    for _ in range(random.randint(1, 12)):
        pool = random.choice((LETTERS, LETTERS[:26], MOVES, TABS))
        yield Press(random.choice(pool))
        if random.random() < 0.1:
            yield Wait(random.choice((0, 0.01, 0.1)))


def _tabs(random: Random) -> Iterator[Step]:
    """Go to tabs, and press keys of their panes."""
    for _ in range(random.randint(1, 3)):
        yield Press(random.choice(TABS[:8]))
        for _ in range(random.randint(0, 4)):
            yield Press(random.choice("ntfsp"))


def _palette(random: Random) -> Iterator[Step]:
    """Open the palette, search it, and move in what it offers, choose or leave."""
    for _ in range(random.randint(1, 3)):
        yield Press("ctrl+p")
        for letter in random.choice(WORDS):
            if letter != " ":
                yield Press(letter)
        if random.random() < 0.6:
            yield Wait(random.choice((0, 0.02, 0.3, 0.6)))
        for _ in range(random.randint(1, 3)):
            yield Press("down")
            yield Press(random.choice(("enter", "enter", "escape", "pagedown", "ctrl+end")))


def _clicks(random: Random) -> Iterator[Step]:
    """Clicks and turns of the wheel at one place; of some clicks the mouse moves away and back."""
    x = random.random()
    y = random.choice((random.random(), 0.0, 0.999))
    for _ in range(random.randint(1, 3)):
        kind = random.choice((events.MouseDown, events.MouseScrollDown, events.MouseScrollUp))
        yield Mouse(events.MouseMove, x, y)
        button = random.choice((1, 1, 1, 2, 3))
        yield Mouse(kind, x, y, button)
        if kind is events.MouseDown:
            if random.random() < 0.2:
                yield Mouse(events.MouseMove, random.random(), random.random())
            yield Mouse(events.MouseUp, x, y, button)


def _paste(random: Random) -> Iterator[Step]:
    characters = LETTERS + "\x00\x1b\x07\r\n\t\u202e\ud800[]"
    length = random.choice((1, 10, 5_000))
    yield Paste("".join(random.choices(characters, k=length)))


def _sizes(random: Random) -> Iterator[Step]:
    """Change the size some times, with keys between, and mostly end at a usual one."""
    any_size = random.randint(1, 500), random.randint(1, 150)
    for _ in range(random.randint(1, 3)):
        yield Resize(*random.choice((*TINY, *SIZES, any_size)))
        yield from _keys(random)
    if random.random() < 0.8:
        yield Resize(*random.choice(SIZES))


def _dialogs(random: Random) -> Iterator[Step]:
    """Ask for dialogs of a tab, also twice at once, and mostly leave them."""
    yield Press(random.choice(TABS[:8]))
    yield Wait(random.choice((0, 0.05, 0.5)))
    key = random.choice(DIALOG_KEYS)
    for _ in range(random.randint(1, 2)):
        yield Press(key)
    yield Wait(random.choice((0, 0.05, 0.5)))
    if random.random() < 0.5:
        yield from _sizes(random)
    yield Press(random.choice(("enter", "escape", "escape")))


def _home(random: Random) -> Iterator[Step]:
    """Click twice, at once, on a line of Home, of a tab that may not be made yet."""
    yield Press(TABS[0])
    yield Wait(random.choice((0, 0.3)))
    x = random.uniform(0.55, 0.9)
    y = random.uniform(0.1, 0.7)
    for _ in range(random.randint(2, 3)):
        for kind in (events.MouseMove, events.MouseDown, events.MouseUp):
            yield Mouse(kind, x, y)


def _train(random: Random) -> Iterator[Step]:
    yield Train(random.choice([*TASKS]))


def _repeated_key(random: Random) -> Iterator[Step]:
    key = random.choice(("n", "g", "t", "s", "f", "c", "d", "z", "r", "e", "u", "enter", "escape"))
    for _ in range(random.randint(2, 7)):
        yield Press(key)


def _runs(random: Random) -> Iterator[Step]:
    """Go to the table of runs, and press its keys on some of its rows."""
    yield Press("f5")
    yield Wait(random.choice((0, 0.1, 0.5)))
    for _ in range(random.randint(1, 8)):
        for _ in range(random.randint(1, 3)):
            yield Press(random.choice("ggudzraoetn j"))
        yield Press(random.choice(("down", "up", "enter", "escape", "escape", "f2")))


def _wait(random: Random) -> Iterator[Step]:
    yield Wait(random.choice((0, 0.01, 0.05, 0.3, 1.0)))


@contextmanager
def at_home(home: Path) -> Iterator[None]:
    """Put whatever the app writes below `home`, also the files for which it asks the user."""
    places = {"RNN_TUI_HOME": str(home), "HOME": str(home), "XDG_DOWNLOAD_DIR": str(home)}
    original = Path.cwd()
    with patch.dict(os.environ, places):
        os.chdir(home)
        try:
            yield
        finally:
            os.chdir(original)


@contextmanager
def in_time() -> Iterator[None]:
    """Interrupt the block if it lasts for minutes, as where code blocks the event loop.

    Raises:
        TimeoutError: in the code that runs at that moment.
    """

    def ring(*_: object) -> None:
        raise TimeoutError("the app is busy and answers no more")

    with ExitStack() as stack:
        if hasattr(signal, "SIGALRM") and threading.current_thread() is threading.main_thread():
            original = signal.signal(signal.SIGALRM, ring)
            signal.alarm(PATIENCE * 5)
            stack.callback(signal.signal, signal.SIGALRM, original)
            stack.callback(signal.alarm, 0)
        yield


def description(error: BaseException) -> str:
    """An exception in one line, with the last places that it passed."""
    frames = traceback.extract_tb(error.__traceback__)[-6:]
    places = " > ".join(
        f"{Path(frame.filename).name}:{frame.lineno} {frame.name}" for frame in frames
    )
    return f"{type(error).__name__}: {error} ({places})"
