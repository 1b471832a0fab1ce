"""Keys and news that come before what they are for is there, or after it is gone."""

import asyncio
import threading
from typing import ClassVar

import pytest
from rich.style import Style
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
from rnn_tui.ui.terminal.textual_workarounds import Options, SteadyApp
from rnn_tui.ui.training.pane import TaskPane
from rnn_tui.ui.widgets.plain import PlainTable
from rnn_tui.ui.work.threads import in_thread
from tests.ui.conftest import ScriptedRuns
from tests.ui.helpers import (
    PanelApp,
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


@pytest.mark.parametrize(
    "key", ["f3", *(pytest.param(key, marks=pytest.mark.long) for key in ("f4", "f5"))]
)
async def test_a_key_waits_for_the_tab_that_the_one_before_opens(
    key: str, runs: ScriptedRuns
) -> None:
    app = RnnTuiApp(runs)
    async with running(app, "home", size=(120, 40)) as pilot:
        press_at_once(app, key, "t")
        await wait_until(pilot, lambda: runs.states)
        runs.stop()


# Through views


async def test_a_view_is_made_when_it_is_looked_at_and_keys_wait_for_it(runs: ScriptedRuns) -> None:
    app = RnnTuiApp(runs)
    async with running(app, "adder", size=(120, 40)) as pilot:
        assert not app.query(NumberEntry)
        press_at_once(app, "3", "ctrl+u", *"1101")
        await wait_until(pilot, lambda: app.query(NumberEntry) and app.keys.empty)
        assert app.query(NumberEntry).first().value == "1101"


@pytest.mark.parametrize(
    ("key", "task"), [("f3", "mnist"), pytest.param("f4", "recall", marks=pytest.mark.long)]
)
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


async def test_a_screen_is_closed_once_and_no_other_with_it(runs: ScriptedRuns) -> None:
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


async def test_requests_to_train_while_one_is_asked_about_are_one_question(
    runs: ScriptedRuns,
) -> None:
    app = RnnTuiApp(runs)
    async with running(app, size=(80, 24)) as pilot:
        press_at_once(app, *"tttt")
        await wait_until(pilot, lambda: isinstance(app.screen, ConfirmScreen))
        await idle(pilot)
        press_at_once(app, "s")
        await wait_until(pilot, lambda: len(runs.started) == 2)
        await pilot.pause(0.2)
        assert isinstance(app.screen, FrontScreen)
        runs.stop()
        await wait_until(pilot, lambda: not runs.busy)
        await pilot.pause(0.2)
        assert len(runs.started) == 2


async def test_a_click_on_what_was_taken_away_after_it_was_drawn_does_nothing() -> None:
    table, options = PlainTable(), Options()
    app = PanelApp(Vertical(table, options))
    async with app.run_test() as pilot:
        for widget, meta in ((table, {"row": -1, "column": 3}), (options, {"option": 3})):
            drawn = Style(meta=meta)
            widget.post_message(Click(widget, 0, 0, 0, 0, 1, False, False, False, 0, 0, drawn))
        options.action_page_down()
        await idle(pilot)
        assert app.is_running


async def test_a_window_without_room_for_the_words_of_a_button_ends_nothing(
    runs: ScriptedRuns,
) -> None:
    app = RnnTuiApp(runs)
    async with running(app, size=(80, 24)) as pilot:
        app.push_screen(ConfirmScreen("Really?"))
        for columns in range(14, 0, -1):
            await resize(pilot, columns, 12)
            await idle(pilot)
        await press(pilot, "escape")
        assert isinstance(app.screen, FrontScreen)


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


@pytest.mark.parametrize("keys", ["ab", "cab"], ids=["first", "behind another"])
async def test_a_key_that_takes_long_does_not_hold_up_those_after_it(
    keys: str, monkeypatch: pytest.MonkeyPatch
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
        press_at_once(app, *keys)
        await wait_until(pilot, lambda: not app.queue.waiting)
        release.set()
        await wait_until(pilot, lambda: app.marked == 1)


@pytest.mark.parametrize("seen", [False, True])
@pytest.mark.parametrize(
    ("keys", "field", "typed"),
    [
        (["3", "/", *"xyz"], "#photos-path", "xyz"),
        (["1", "ctrl+u", *"271"], "#recall-digits", "271"),
        (["2", "ctrl+u", *"101"], "NumberEntry", "101"),
    ],
)
async def test_what_is_typed_behind_a_key_of_home_is_for_the_view_that_it_opens(
    keys: list[str], field: str, typed: str, seen: bool, runs: ScriptedRuns
) -> None:
    app = RnnTuiApp(runs)
    async with running(app, "home", size=(120, 40)) as pilot:
        if seen:
            await press(pilot, "f3")
            await wait_until(pilot, lambda: app.tabs.active == "mnist" and app.pane.complete)
            await press(pilot, "f2")
            await wait_until(pilot, lambda: app.tabs.active == "home")
        press_at_once(app, *keys)
        await wait_until(pilot, lambda: app.query(field) and app.keys.empty)
        assert app.query(field).first(Input).value == typed
        assert app.tabs.active != "home"
        assert not runs.started


# What may never come


async def test_what_a_widget_prevents_while_it_waits_loses_no_view(runs: ScriptedRuns) -> None:
    """Textual's stack of prevented messages is one for all widgets."""
    app = RnnTuiApp(runs)
    async with running(app, "adder", size=(120, 40)) as pilot:
        with app.prevent(TabbedContent.TabActivated):
            press_at_once(app, "3", "ctrl+u", *"1101")
            await wait_until(pilot, lambda: app.query(NumberEntry) and app.keys.empty)
        assert app.query(NumberEntry).first().value == "1101"


async def test_keys_wait_once_for_a_view_that_does_not_come(
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

        monkeypatch.setattr(app.keys, "_ready", count)
        press_at_once(app, "3", *"/12345678", "escape", "1")
        await wait_until(pilot, lambda: looks >= 5 and app.keys.empty)
        assert looks < 40  # not five for each key
        monkeypatch.setattr(key_queue, "LOOKS_FOR_A_VIEW", usual_looks)
        app.pane._focuses_to_come -= 1
        await wait_until(pilot, app.takes_keys)
        press_at_once(app, "3", "ctrl+u", *"1101")
        await wait_until(pilot, lambda: app.query(NumberEntry).first().value == "1101")


@pytest.mark.parametrize("key", ["ctrl+q", "ctrl+c"])
async def test_a_key_that_ends_the_app_waits_for_no_view(
    key: str, runs: ScriptedRuns, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(key_queue, "LOOKS_FOR_A_VIEW", 1_000_000)
    app = RnnTuiApp(runs)
    async with running(app, "adder", size=(120, 40)) as pilot:
        app.pane._focuses_to_come += 1  # it does not come
        press_at_once(app, "4", key, "5")
        await wait_until(pilot, lambda: notices(app) or not app.is_running)
        assert app.keys.waiting == 2 or not app.is_running
        app.pane._focuses_to_come -= 1


async def test_a_page_of_themes_in_a_window_without_room_ends_nothing(
    runs: ScriptedRuns,
) -> None:
    app = RnnTuiApp(runs)
    async with running(app, size=(80, 24)) as pilot:
        app.search_themes()
        await idle(pilot)
        await press(pilot, "down")
        await resize(pilot, 5, 2)
        await press(pilot, "pagedown", "pageup")
        assert isinstance(app.screen, CommandPalette)


async def test_a_view_opens_though_its_tab_does_not_get_the_focus(runs: ScriptedRuns) -> None:
    """Textual takes the focus from a hidden widget, as if a window gets too narrow for a chart."""
    app = RnnTuiApp(runs)
    async with running(app, "home", size=(120, 40)) as pilot:
        await press(pilot, "f3", "f2")
        press_at_once(app, "3")
        async with asyncio.timeout(30):
            while app.tabs.active == "home" or app.pane.view != "photos":
                app.screen.set_focus(None)
                await asyncio.sleep(0)
        await wait_until(pilot, lambda: app.takes_keys() and app.focused is not None)


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
