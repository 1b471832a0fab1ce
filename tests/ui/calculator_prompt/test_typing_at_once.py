"""Whoever comes to Prompt or Calculator can type at once, whichever way led there."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from textual.command import CommandPalette
from textual.pilot import Pilot
from textual.widget import Widget
from textual.widgets import Input, OptionList, Tab

from rnn_tui.tasks import TASKS
from rnn_tui.ui.app.app import RnnTuiApp
from rnn_tui.ui.app.help import HelpScreen
from rnn_tui.ui.app.tabs import all_tabs
from rnn_tui.ui.app.task_views import views_of
from tests.archive.kept_runs import small, train
from tests.ui.conftest import ScriptedRuns
from tests.ui.helpers import idle, press, running, wait_until


@dataclass(frozen=True)
class Place:
    """A view that asks networks what is typed."""

    tab: str
    view: str
    field: str  #: the id of its first field.
    answers: str  #: the selector of its answers.
    typed: str  #: what is typed there.
    home_key: str  #: the key on Home that leads there.

    @property
    def tab_key(self) -> str:
        return next(tab.key for tab in all_tabs() if tab.id == self.tab)

    @property
    def view_key(self) -> str:
        views = [view.id for view in views_of(TASKS[self.tab])]
        return str(views.index(self.view) + 1)


RECALL = Place("recall", "prompt", "recall-digits", "AnswerColumns", "2718", "1")
ADDER = Place("adder", "calculator", "number-a", "ColumnAddition", "1011", "2")
# Both are one panel with other fields: either tells of the ways that lead to both.
in_prompt = pytest.mark.parametrize("place", [RECALL], ids=["prompt"])
in_calculator = pytest.mark.parametrize("place", [ADDER], ids=["calculator"])


@asynccontextmanager
async def anywhere(
    runs: ScriptedRuns | None, first: str = "home"
) -> AsyncIterator[tuple[RnnTuiApp, Pilot[Any]]]:
    app = RnnTuiApp(runs)
    async with running(app, first, size=(80, 24)) as pilot:
        yield app, pilot


async def assert_typed(app: RnnTuiApp, pilot: Pilot[Any], place: Place) -> None:
    """Type, and see the text in the field of the view, which stays in front."""
    await wait_until(pilot, lambda: app.takes_keys() and bool(app.query(f"#{place.field}")))
    field = app.query_one(f"#{place.field}", Input)
    field.value = ""
    await press(pilot, *place.typed)
    assert app.tabs.active == place.tab
    assert app.pane.view == place.view
    assert field.value == place.typed


async def go_there(app: RnnTuiApp, pilot: Pilot[Any], place: Place) -> None:
    await press(pilot, place.tab_key, place.view_key)
    await wait_until(pilot, lambda: app.takes_keys() and bool(app.query(f"#{place.field}")))


async def click_on(pilot: Pilot[Any], widget: Widget) -> None:
    await pilot.click(widget, offset=(2, 0))
    await idle(pilot)


@in_prompt
async def test_by_keys_and_back_from_another_tab(place: Place, runs: ScriptedRuns) -> None:
    async with anywhere(runs) as (app, pilot):
        await go_there(app, pilot, place)
        await assert_typed(app, pilot, place)
        await press(pilot, "f3", place.tab_key)
        await assert_typed(app, pilot, place)
        await press(pilot, "left_square_bracket", "right_square_bracket")
        await assert_typed(app, pilot, place)


@in_calculator
async def test_by_the_mouse(place: Place, runs: ScriptedRuns) -> None:
    async with anywhere(runs) as (app, pilot):
        await click_on(pilot, app.query_one(f"#tasks Tab#--content-tab-{place.tab}", Tab))
        await wait_until(pilot, lambda: app.tabs.active == place.tab and app.takes_keys())
        await click_on(pilot, app.pane.query_one(f"Tab#--content-tab-{place.view}", Tab))
        await assert_typed(app, pilot, place)
        await pilot.click(f"#{place.tab} {place.answers}", offset=(4, 3))
        await assert_typed(app, pilot, place)
        await click_on(pilot, app.query_one("#tasks Tab#--content-tab-home", Tab))
        await click_on(pilot, app.query_one(f"#tasks Tab#--content-tab-{place.tab}", Tab))
        await assert_typed(app, pilot, place)


@in_prompt
async def test_by_the_palette(place: Place, runs: ScriptedRuns) -> None:
    async with anywhere(runs, place.tab) as (app, pilot):
        await press(pilot, "ctrl+p")
        await wait_until(pilot, lambda: isinstance(app.screen, CommandPalette))
        for letter in f"Go to view {place.view_key}":
            await press(pilot, "space" if letter == " " else letter)
        await wait_until(pilot, lambda: app.screen.query_one(OptionList).option_count == 1)
        await press(pilot, "enter")
        await wait_until(pilot, lambda: app.pane.view == place.view)
        await assert_typed(app, pilot, place)


@in_calculator
async def test_from_home_and_after_the_help(place: Place, runs: ScriptedRuns) -> None:
    async with anywhere(runs) as (app, pilot):
        await press(pilot, place.home_key)
        await wait_until(pilot, lambda: app.tabs.active == place.tab)
        await assert_typed(app, pilot, place)
        await press(pilot, "question_mark")
        assert isinstance(app.screen, HelpScreen)
        await press(pilot, "escape")
        await assert_typed(app, pilot, place)


@in_prompt
async def test_from_runs(place: Place, home: Path) -> None:
    train(small(place.tab))
    async with anywhere(None) as (app, pilot):
        await app.tabs.bring("runs")
        await wait_until(pilot, lambda: app.pane.complete and app.takes_keys())
        await press(pilot, "o")
        await wait_until(pilot, lambda: app.tabs.active == place.tab)
        await assert_typed(app, pilot, place)
    assert app.runs.close(60)
