"""Keys and news that come before what they are for is there, or after it is gone."""

import asyncio
import threading
from typing import ClassVar

import pytest
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.command import CommandPalette
from textual.containers import Vertical
from textual.events import Click, Event, Key, MouseDown, MouseUp
from textual.widgets import Input, RichLog, TabbedContent, Tabs

from rnn_tui.engine import events
from rnn_tui.tasks import TASKS
from rnn_tui.ui.app import key_queue
from rnn_tui.ui.app.app import RnnTuiApp
from rnn_tui.ui.app.confirm import ConfirmScreen
from rnn_tui.ui.app.front_screen import FrontScreen
from rnn_tui.ui.app.help import HelpScreen
from rnn_tui.ui.app.key_queue import KeyQueue
from rnn_tui.ui.app.task_views import views_of
from rnn_tui.ui.calculator_prompt.calculator_answer import NumberEntry
from rnn_tui.ui.inside.view import InsideView
from rnn_tui.ui.terminal.textual_workarounds import SteadyApp
from rnn_tui.ui.training.pane import TaskPane
from rnn_tui.ui.work.threads import in_thread
from tests.ui.conftest import ScriptedRuns
from tests.ui.helpers import (
    busy,
    idle,
    notices,
    press,
    press_at_once,
    resize,
    running,
    start,
    wait_until,
)

# A tab whose parts are still being made


async def test_news_of_a_run_wait_until_all_parts_of_its_tab_are_there(runs: ScriptedRuns) -> None:
    """As where the report trains a task whose tab is opened for the first time."""
    app = RnnTuiApp(runs)
    async with running(app, size=(120, 40)) as pilot:
        [run_id] = runs.start([TASKS["adder"].config("lstm", "report")])
        await wait_until(pilot, lambda: len(runs.states[run_id].epochs) == 2 or runs.drain())
        press_at_once(app, "f5")
        while not app.query("#adder TaskPane"):
            await asyncio.sleep(0)
        pane = app.query_one("#adder TaskPane", TaskPane)
        count = 0
        while not pane.complete:
            runs._queue.append(events.LogLine(run_id, f"line {count}", "warning"))
            app.news._not_before = 0.0
            app.news.bring()
            count += 1
            await asyncio.sleep(0)
        assert count > 10
        await press(pilot, "palette:log")
        log = pane.query_one("#log-lines", RichLog)
        await wait_until(pilot, lambda: log.lines)
        lines = "\n".join(strip.text for strip in log.lines)
        assert "line 0" in lines
        assert f"line {count - 1}" in lines
        runs.stop()


# Through views


@pytest.mark.long
@pytest.mark.parametrize(("key", "task"), [("f3", "mnist"), ("f4", "recall")])
async def test_the_view_inside_has_the_focus_however_fast_keys_lead_there(
    key: str, task: str, runs: ScriptedRuns
) -> None:
    app = RnnTuiApp(runs)
    async with running(app, size=(120, 40)) as pilot:
        press_at_once(app, key)
        await wait_until(pilot, lambda: app.tabs.active == task and app.tabs.front)
        await wait_until(pilot, lambda: app.pane.complete)
        views = [view.id for view in views_of(TASKS[task])]
        press_at_once(app, *["right_square_bracket"] * views.index("inside"))
        await wait_until(pilot, lambda: app.query(InsideView) and app.focused)
        inside = app.query_one(InsideView)

        def settled() -> bool:
            if busy(inside):
                return False
            if inside.subject is None:  # nothing was read or drawn
                return isinstance(app.focused, Tabs)
            return app.focused is inside.grid

        await wait_until(pilot, settled)


# Keys that come while a screen is closed, or a run is asked for


async def test_keys_faster_than_the_palette_closes_are_not_the_end(runs: ScriptedRuns) -> None:
    app = RnnTuiApp(runs)
    async with running(app, size=(80, 24)) as pilot:
        await start(pilot, runs)
        await press(pilot, "ctrl+p")
        app.screen.dismiss()
        app.action_command_palette()  # while the one before is still being removed
        await idle(pilot)
        assert isinstance(app.screen, CommandPalette)
        press_at_once(app, "escape", "escape", "ctrl+p", *"keys")
        await pilot.pause(0.4)
        press_at_once(app, *["down", "enter"] * 3, *"abc", "pagedown")
        await pilot.pause(0.3)
        await press(pilot, "ctrl+p", *"theme")
        await resize(pilot, 5, 2)
        press_at_once(app, "pagedown", "pageup", "down")
        await idle(pilot)
        [palette] = [screen for screen in app.screen_stack if isinstance(screen, CommandPalette)]
        for at in (0, 60):
            for kind in (MouseDown, MouseUp):
                app._driver.process_message(  # type: ignore[union-attr]
                    kind(None, 0, at, 0, 0, 1, False, False, False, 0, at)
                )
            palette.post_message(Click(None, 0, at, 0, 0, 1, False, False, False, 0, at))
        await wait_until(pilot, lambda: not palette.is_attached)
        await resize(pilot, 80, 24)
        assert isinstance(app.screen, FrontScreen)
        runs.stop()


async def test_keys_wait_for_a_tab_and_requests_to_train_are_one_question(
    runs: ScriptedRuns,
) -> None:
    app = RnnTuiApp(runs)
    async with running(app, "home", size=(80, 24)) as pilot:
        press_at_once(app, "f3", *"tttt")
        await wait_until(pilot, lambda: isinstance(app.screen, ConfirmScreen))
        await idle(pilot)
        assert len(runs.started) == 1
        press_at_once(app, "s")
        await wait_until(pilot, lambda: len(runs.started) == 2)
        await pilot.pause(0.2)
        assert isinstance(app.screen, FrontScreen)
        runs.stop()
        await wait_until(pilot, lambda: not runs.busy)
        await pilot.pause(0.2)
        assert len(runs.started) == 2


async def test_a_screen_is_closed_once_and_needs_no_room(runs: ScriptedRuns) -> None:
    app = RnnTuiApp(runs)
    async with running(app, size=(80, 24)) as pilot:
        await press(pilot, "question_mark")
        below = app.screen
        assert isinstance(below, HelpScreen)
        answers: list[bool | None] = []
        app.push_screen(ConfirmScreen("Really?"), answers.append)
        await idle(pilot)
        above = app.screen
        below.dismiss()  # as a prompt is that has done its work
        await idle(pilot)
        assert app.screen is above
        above.dismiss(True)
        above.dismiss(False)
        await wait_until(pilot, lambda: isinstance(app.screen, FrontScreen))
        assert answers == [True]

        # A window without room for the words of a button ends nothing.
        app.push_screen(ConfirmScreen("Really?"))
        for columns in range(14, 0, -1):
            await resize(pilot, columns, 12)
            await idle(pilot)
        await press(pilot, "escape")
        assert isinstance(app.screen, FrontScreen)

        # Nor does a page of themes.
        await resize(pilot, 80, 24)
        app.search_themes()
        await idle(pilot)
        await press(pilot, "down")
        await resize(pilot, 5, 2)
        await press(pilot, "pagedown", "pageup")
        assert isinstance(app.screen, CommandPalette)


async def test_keys_do_what_they_say_in_their_order_however_fast_they_come() -> None:
    app = RnnTuiApp()
    async with running(app, "home", size=(120, 40)) as pilot:
        await press(pilot, "f4")
        await wait_until(pilot, lambda: app.tabs.active == "recall" and app.pane.complete)
        await press(pilot, "4")
        await wait_until(
            pilot, lambda: app.pane.view == "prompt" and bool(app.query("#recall-digits"))
        )
        digits = app.query_one("#recall-digits", Input)
        # To the field, all of it away, other digits; of these the last away again, and one more.
        press_at_once(app, "/", "ctrl+u", *"1234", "backspace", "5", "escape")
        await wait_until(pilot, lambda: not digits.has_focus and digits.value == "1235")
        # No digit of a field is a view's.
        press_at_once(app, "/", "ctrl+u", *"271", "escape", "1")
        await wait_until(pilot, lambda: app.pane.view == "training")
        assert digits.value == "271"


async def test_a_key_that_takes_long_does_not_hold_up_those_after_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(key_queue, "LOOKS_AT_A_KEY", 3)
    release = asyncio.Event()

    class SlowApp(SteadyApp):
        BINDINGS: ClassVar[list[BindingType]] = [Binding("a", "wait"), Binding("b", "mark")]
        marked = 0

        async def on_event(self, event: Event) -> None:
            if isinstance(event, Key) and not event.is_forwarded:
                await self.queue.put(event)
            else:
                await super().on_event(event)

        def __init__(self) -> None:
            super().__init__()
            self.queue = KeyQueue(self, super().on_event, lambda: True, lambda: [])

        def compose(self) -> ComposeResult:
            yield Waiting()

        def action_mark(self) -> None:
            self.marked += 1

    class Waiting(Vertical, can_focus=True):
        async def key_a(self) -> None:
            await release.wait()

    app = SlowApp()
    async with app.run_test() as pilot:
        app.query_one(Waiting).focus()
        await idle(pilot)
        for count, keys in enumerate(("ab", "cab"), 1):  # the first, and behind another
            release.clear()
            press_at_once(app, *keys)
            await wait_until(pilot, lambda: not app.queue.waiting)
            release.set()
            await wait_until(pilot, lambda count=count: app.marked == count)  # type: ignore[misc]


async def test_what_is_typed_behind_a_key_of_home_is_for_the_view_that_it_opens(
    runs: ScriptedRuns,
) -> None:
    ways = (
        (["3", "/", *"xyz"], "#photos-path", "xyz"),
        (["1", "ctrl+u", *"271"], "#recall-digits", "271"),
        (["2", "ctrl+u", *"101"], "NumberEntry", "101"),
    )
    app = RnnTuiApp(runs)
    async with running(app, "home", size=(120, 40)) as pilot:
        for keys, selector, typed in (*ways, ways[-1]):  # the last one is there, then
            press_at_once(app, *keys)
            await wait_until(pilot, lambda selector=selector: app.query(selector))  # type: ignore[misc]
            field = app.query(selector).first(Input)
            await wait_until(pilot, lambda field=field, typed=typed: field.value == typed)  # type: ignore[misc]
            await wait_until(pilot, lambda: app.keys.empty)
            assert field.value == typed, keys
            assert app.tabs.active != "home"
            field.value = ""
            await press(pilot, "escape", "f2")
            await wait_until(pilot, lambda: app.tabs.active == "home" and app.takes_keys())
        assert not runs.started


# What may never come


async def test_no_view_is_lost_whatever_its_tab_and_its_focus_do(runs: ScriptedRuns) -> None:
    app = RnnTuiApp(runs)
    async with running(app, "adder", size=(120, 40)) as pilot:
        # Textual's stack of prevented messages is one for all widgets.
        assert not app.query(NumberEntry)
        with app.prevent(TabbedContent.TabActivated):
            press_at_once(app, "3", "ctrl+u", *"1101")
            await wait_until(pilot, lambda: app.query(NumberEntry) and app.keys.empty)
        assert app.query(NumberEntry).first().value == "1101"
        # It takes the focus from a hidden widget, as if a window gets too narrow for a chart.
        await press(pilot, "escape", "f4", "f2")
        press_at_once(app, "1")
        async with asyncio.timeout(30):
            while app.tabs.active == "home" or app.pane.view != "prompt":
                app.screen.set_focus(None)
                await asyncio.sleep(0)
        await wait_until(pilot, lambda: app.takes_keys() and app.focused is not None)


async def test_keys_wait_once_for_a_view_that_does_not_come_and_those_that_end_the_app_never(
    runs: ScriptedRuns, monkeypatch: pytest.MonkeyPatch
) -> None:
    usual_looks = key_queue.LOOKS_FOR_A_VIEW
    monkeypatch.setattr(key_queue, "LOOKS_FOR_A_VIEW", 5)
    app = RnnTuiApp(runs)
    async with running(app, "adder", size=(120, 40)) as pilot:
        app.pane._focuses_to_come += 1  # it does not come
        looks = 0
        ready = app.takes_keys

        def count() -> bool:
            nonlocal looks
            looks += not ready()
            return ready()

        with monkeypatch.context() as counting:
            counting.setattr(app.keys, "_ready", count)
            press_at_once(app, "3", *"/12345678", "escape", "1")
            await wait_until(pilot, lambda: looks >= 5 and app.keys.empty)
        assert looks < 40  # not five for each key
        monkeypatch.setattr(key_queue, "LOOKS_FOR_A_VIEW", usual_looks)
        app.pane._focuses_to_come -= 1
        await wait_until(pilot, app.takes_keys)
        press_at_once(app, "3", "ctrl+u", *"1101")
        await wait_until(pilot, lambda: app.query(NumberEntry).first().value == "1101")

        await press(pilot, "escape")
        monkeypatch.setattr(key_queue, "LOOKS_FOR_A_VIEW", 1_000_000)
        for key in ("ctrl+c", "ctrl+q"):
            app.pane._focuses_to_come += 1
            press_at_once(app, "4", key, "5")
            await wait_until(pilot, lambda: notices(app) or not app.is_running)
            assert app.keys.waiting == 2 or not app.is_running
            app.pane._focuses_to_come -= 1
            if key == "ctrl+c":
                await wait_until(pilot, lambda: app.keys.empty and app.takes_keys())
                app.clear_notifications()
                app._notifications._notifications.clear()


async def test_the_help_opens_and_closes_while_all_threads_are_at_work(
    runs: ScriptedRuns,
) -> None:
    """Textual reads its text in a thread, and the app waits for that as the help closes."""
    app = RnnTuiApp(runs)
    release = threading.Event()
    async with running(app, "adder", size=(120, 40)) as pilot:
        try:
            for _ in range(40):
                app.run_worker(in_thread(app.pane, release.wait))
            press_at_once(app, "question_mark")
            async with asyncio.timeout(30):
                while not isinstance(app.screen, HelpScreen):
                    await asyncio.sleep(0.01)
            press_at_once(app, "escape", "right_square_bracket")
            async with asyncio.timeout(30):
                while app.pane.view == "training":
                    await asyncio.sleep(0.01)
        finally:
            release.set()
        await idle(pilot)
