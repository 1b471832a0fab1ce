"""What all tests of the app share: looking at the screen, waiting, going through a run."""

import asyncio
import time
import unicodedata
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from typing import Any, ClassVar, Generic, TypeVar

import pytest
from textual import events
from textual.app import App, ComposeResult
from textual.binding import Binding, BindingType
from textual.keys import REPLACED_KEYS, _character_to_key, _get_unicode_name_from_key
from textual.message_pump import MessagePump
from textual.pilot import Pilot
from textual.widget import Widget
from textual.widgets import Collapsible, Input, Select, Static, TabbedContent, TabPane

from rnn_tui.ui.app.app import RnnTuiApp
from rnn_tui.ui.app.palette import commands
from rnn_tui.ui.frame.key_footer import KeyFooter
from rnn_tui.ui.frame.sheets import SHEETS
from rnn_tui.ui.work.threads import threads_at_work
from tests.ui.conftest import ScriptedRuns

SIZES = [(80, 24), (120, 40), (200, 50)]
# For a test that draws one thing where there is least room; and, among the long tests, most.
AT_SIZES = [SIZES[0], pytest.param(SIZES[-1], marks=pytest.mark.long)]
SECONDS_OF_MESSAGES = 30.0
SECONDS_OF_THREADS = 1.0
# What a turn of the event loop counts for at most, in seconds.
LONGEST_TURN = 0.05
# Of the event loop: for a worker to begin, and to look again before one sleeps.
TURNS, QUICK_TURNS = 4, 100
# Single keys that are commands of the app, or may become some.
APP_KEYS = "tspnfcmlv0rhixq"

Panel = TypeVar("Panel", bound=Widget)


class PanelApp(App[None], Generic[Panel]):
    """A panel in a tab, among single keys that are commands.

    Attributes:
        panel: it.
        commands: the keys that came through as commands, in order.
    """

    CSS_PATH = [*SHEETS]
    CSS = "ContentSwitcher, TabPane, TabbedContent { height: 1fr; padding: 0; }"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(key, f"command('{key}')", key, show=False) for key in [*APP_KEYS, "plus", "minus"]
    ]

    def __init__(self, panel: Panel) -> None:
        super().__init__()
        self.panel = panel
        self.commands: list[str] = []

    def compose(self) -> ComposeResult:
        """The panel's tab, and another one."""
        with TabbedContent():
            with TabPane("Panel", id="panel"):
                yield self.panel
            with TabPane("Other", id="other"):
                yield Static("nothing")
        yield KeyFooter()

    def action_command(self, key: str) -> None:
        """A single key came through."""
        self.commands.append(key)


# The screen


def screen_lines(app: App[Any]) -> list[str]:
    """The lines of the screen in front, without blanks at their ends."""
    return [strip.text.rstrip() for strip in app.screen._compositor.render_strips()]


def screen_text(app: App[Any]) -> str:
    """All that is on the screen in front."""
    return "\n".join(screen_lines(app))


def notices(app: App[Any]) -> list[str]:
    """What the app has said, the latest last.

    Not by way of the collection's own methods, which leave out what is over: on a busy machine a
    test may come to look only then.
    """
    return [notice.message for notice in app._notifications._notifications.values()]


def last_notice(app: App[Any]) -> str:
    """The latest notice; empty before the first."""
    return notices(app)[-1] if notices(app) else ""


# Waiting


class Patience:
    """How long something is waited for, in seconds of a machine that does nothing else.

    Beside busy processes a turn of the event loop takes longer, and so does what is waited for. So
    a turn counts for little, however late the next one comes.
    """

    def __init__(self, seconds: float) -> None:
        self._left = seconds
        self._last_turn = time.monotonic()

    def lasts(self) -> bool:
        """Whether one waits on. To be asked once a turn."""
        now = time.monotonic()
        self._left -= min(now - self._last_turn, LONGEST_TURN)
        self._last_turn = now
        return self._left > 0


async def idle(pilot: Pilot[Any]) -> None:
    """Wait until no part of the app has anything left to do: to handle, to draw or to work out.

    What its threads work out is waited for at most a second, since some of them train. The pilot's
    own pause asks whether the whole process is idle instead, which it seldom is.
    """
    app = pilot.app
    messages = Patience(SECONDS_OF_MESSAGES)
    threads = Patience(SECONDS_OF_THREADS)
    while app.is_running and app.screen_stack:
        await _all_messages_handled(app, messages)
        if threads_at_work() and threads.lasts():
            await asyncio.sleep(0.005)
            continue
        await app.animator.wait_until_complete()
        with suppress(TimeoutError):  # of a screen that closes meanwhile
            await asyncio.wait_for(app.screen.wait_for_refresh(), 1)
        if await _stays_quiet(app, threads):
            return


async def press(pilot: Pilot[Any], *keys: str) -> None:
    """Press keys one after another, each once the app has done what the last one asks for.

    `palette:NAME` chooses the command of that name in `KEYS`, as the palette does.
    """
    for key in keys:
        command = key.removeprefix("palette:")
        if command == key:
            press_at_once(pilot.app, key)
        else:
            choose(pilot.app, command)
        await idle(pilot)


def choose(app: App[Any], name: str) -> None:
    """Choose what the palette has under the name of a meaning, which must hold now."""
    screen = app.screen
    words = next(
        f"{active.binding.description}: {active.binding.tooltip}"
        for active in screen.active_bindings.values()
        if active.binding.id == name
    )
    command = next(command for command in commands(screen) if command.title == words)
    command.callback()


async def _stays_quiet(app: App[Any], threads: Patience) -> bool:
    """Whether nothing is to be done after some turns of the event loop: a worker may begin."""
    for _ in range(TURNS):
        await asyncio.sleep(0)
    if threads_at_work() and threads.lasts():
        return False
    return _first_at_work(app) is None


async def _all_messages_handled(app: App[Any], patience: Patience) -> None:
    while (part := _first_at_work(app)) is not None:
        turns = 0
        while _handles(part):
            assert patience.lasts(), f"{part} is at work without end"
            turns += 1
            await asyncio.sleep(0 if turns < QUICK_TURNS else 0.005)


def _first_at_work(app: App[Any]) -> MessagePump | None:
    return next(filter(_handles, _parts(app)), None)


def _parts(app: App[Any]) -> list[MessagePump]:
    """Whatever handles messages in the app: itself, the screen in front, and all widgets of it."""
    return [app, *app.screen.walk_children(with_self=True)] if app.screen_stack else [app]


def _handles(part: MessagePump) -> bool:
    """Whether a part has messages to handle, or is about one: it doesn't wait for the next."""
    ready: Any = part._message_queue.ready_event
    return part.is_running and (ready.is_set() or not ready._waiters)


async def wait_until(pilot: Pilot[Any], true: Callable[[], object], seconds: float = 60) -> None:
    """Wait for something, and for what comes with it.

    Asleep: the pilot's own pause asks every widget whether it is done and draws, at each turn.
    """
    patience = Patience(seconds)
    if true():
        return
    while not true():
        assert patience.lasts(), screen_text(pilot.app)
        await asyncio.sleep(0.02)
    await idle(pilot)


async def resize(pilot: Pilot[Any], width: int, height: int) -> None:
    """Give the terminal another size, and wait until the app is laid out for it.

    The pilot alone waits some turns of the event loop, too few on a busy machine.
    """
    await pilot.resize_terminal(width, height)
    await wait_until(pilot, lambda: pilot.app.screen._compositor.size == (width, height))


def press_at_once(app: App[Any], *keys: str) -> None:
    """Press keys faster than anything can happen in between; the pilot would wait for that."""
    driver = app._driver
    assert driver is not None
    for key in keys:
        if len(key) == 1:
            driver.process_message(events.Key(_character_to_key(key), key))
        else:
            driver.process_message(events.Key(key, _typed(key)))


def mouse(app: App[Any], *kinds: type[events.MouseEvent], x: int, y: int) -> None:
    """Mouse events at a place of the screen, as a terminal sends them."""
    driver = app._driver
    assert driver is not None
    for kind in kinds:
        driver.process_message(kind(None, x, y, 0, 0, 1, False, False, False, x, y))


def _typed(key: str) -> str | None:
    """The character of a key that is named, such as `plus`."""
    try:
        return unicodedata.lookup(_get_unicode_name_from_key(REPLACED_KEYS.get(key, key)))
    except KeyError:
        return None


async def settled(pilot: Pilot[Any], done: Callable[[], object]) -> None:
    """Let what was sent arrive, wait until all is done, and until the screen shows it."""
    await idle(pilot)
    await wait_until(pilot, done)
    await idle(pilot)


def busy(view: Widget) -> bool:
    """Whether anything that a view shows is still to come: weights, an answer, a study, photos."""
    if any(
        view in worker.node.ancestors_with_self and not worker.is_finished
        for worker in view.workers
    ):
        return True
    reading: Any = view.query("PhotosForm, PhotoGrid")
    return any(
        part.reading if hasattr(part, "reading") else part.thumbnails._wanted for part in reading
    )


async def drawn(pilot: Pilot[Any], app: RnnTuiApp, network: str) -> Any:
    """The panel of the view Draw, with a line drawn in it that this network has read."""
    await wait_until(pilot, lambda: bool(app.query("DrawingPad")))
    app.pane.focus_view()
    await idle(pilot)
    await press(pilot, "space", *["shift+down"] * 3, "space")
    panel: Any = app.query_one("DrawingPanel")
    await wait_until(pilot, lambda: panel.digit_at_hand is not None and not busy(panel))
    panel.query_one("#drawing-network", Select).value = network
    await idle(pilot)
    await wait_until(pilot, lambda: not busy(panel))
    return panel


# The whole app


@asynccontextmanager
async def running(
    app: RnnTuiApp, first: str = "mnist", **options: Any
) -> AsyncIterator[Pilot[Any]]:
    """The app with a tab in front, once the parts that come after the first frame are there."""
    app.tabs._initial = first
    async with app.run_test(**options) as pilot:
        await wait_until(pilot, lambda: app.pane.complete)
        await idle(pilot)
        yield pilot
        # Textual can't take apart what is still being made.
        for _ in range(1000):
            if not app.is_running or app.tabs.front is None or app.takes_keys():
                break
            await asyncio.sleep(0.01)


async def start(pilot: Pilot[Any], runs: ScriptedRuns) -> None:
    """Press t, and wait until the two scripted epochs are on screen."""
    await press(pilot, "t")
    await wait_until(pilot, lambda: any(len(s.epochs) == 2 for s in runs.states.values()))
    await pilot.pause(0.1)


async def finish(pilot: Pilot[Any], runs: ScriptedRuns) -> None:
    """Let the scripted run come to its end, and wait for its results."""
    runs.go_on.set()
    await wait_until(pilot, lambda: bool(runs.evaluations) and not runs.busy)
    await pilot.pause(0.3)


async def next_view(pilot: Pilot[Any], name: str) -> None:
    """Press the key of the next view, which is the one of this name."""
    app: Any = pilot.app
    await press(pilot, "right_square_bracket")
    await wait_until(pilot, lambda: app.pane.view == name)
    await pilot.pause(0.1)
    await wait_until(pilot, app.takes_keys)  # it is made


async def unfolded(pilot: Pilot[Any]) -> None:
    """Have all settings of the form there, and to be seen."""
    app: Any = pilot.app
    app.pane.query_one("#advanced", Collapsible).collapsed = False
    await idle(pilot)


async def assert_refused(pilot: Pilot[Any], runs: ScriptedRuns, field: str, typed: str) -> None:
    """Typing that is said to be wrong at once, and starts nothing; the field is empty then."""
    app: Any = pilot.app
    entry = app.pane.query_one(f"#field-{field}", Input)
    entry.focus()
    await press(pilot, *typed)
    await idle(pilot)
    note = app.pane.form.query_one("#form-note", Static)
    assert "must be" in str(note.content), (field, typed)
    app.clear_notifications()
    await press(pilot, "t")
    await idle(pilot)
    assert runs.started == [], (field, typed)
    assert "must be" in last_notice(app), (field, typed)
    assert app.focused is entry
    assert entry.value == typed
    entry.value = ""
    await idle(pilot)
    assert "must be" not in str(note.content)
