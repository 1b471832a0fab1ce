"""What a view is told that is made when it is looked at."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from textual import events
from textual.app import App, ComposeResult
from textual.containers import Vertical, VerticalScroll
from textual.widgets import Static

from rnn_tui.ui.app.app import RnnTuiApp
from rnn_tui.ui.frame.late_part import PartStage
from rnn_tui.ui.terminal.textual_workarounds import SteadyScreen
from rnn_tui.ui.training.pane import TaskPane
from tests.ui.conftest import ScriptedRuns
from tests.ui.helpers import idle, press_at_once, running, wait_until


class Told(Static):
    """Counts what it is told."""

    def __init__(self) -> None:
        super().__init__("content")
        self.shown = 0
        self.sizes: list[tuple[int, int]] = []

    def on_show(self) -> None:
        """It is in view."""
        self.shown += 1

    def on_resize(self, event: events.Resize) -> None:
        """It has a size."""
        self.sizes.append((event.size.width, event.size.height))


class PlaceApp(App[None]):
    """A place for a view, and something that scrolls."""

    def get_default_screen(self) -> SteadyScreen:
        """The app's kind of screen."""
        return SteadyScreen(id="_default")

    def compose(self) -> ComposeResult:
        """The place above what scrolls."""
        yield Vertical(id="place")
        with VerticalScroll():
            yield Static("\n" * 100)


async def test_it_is_told_that_it_is_shown_and_how_large_it_is() -> None:
    app = PlaceApp()
    async with app.run_test() as pilot:
        place = app.query_one("#place")
        await place.mount(view := Told())
        await idle(pilot)
        assert view.shown
        assert view.sizes[-1] == tuple(view.size)

        # What a scroll does between making a widget and laying it out, and a look at where widgets
        # are: as of now Textual knows the view, and does not take it for a new one.
        await place.mount(scrolled := Told())
        app.screen._compositor.reflow_visible(app.screen, app.size)
        assert scrolled in app.screen._compositor.full_map
        await idle(pilot)
        assert scrolled.shown
        assert scrolled.sizes[-1] == tuple(scrolled.size)

        # One that is behind is told once it is in front.
        place.display = False
        await place.mount(behind := Told())
        await idle(pilot)
        assert behind.shown == 0
        place.display = True
        await idle(pilot)
        assert behind.shown == 1


async def test_a_view_is_made_once_and_is_there_as_soon_as_all_of_it_is(runs: ScriptedRuns) -> None:
    async with running(app := RnnTuiApp(runs), "recall"):
        pane: Any = app.pane
        making = [asyncio.create_task(pane.filled("inside")) for _ in range(2)]
        while pane._contents["prompt"].stage is PartStage.ABSENT:
            await asyncio.sleep(0)
        assert pane.content("prompt") is None
        first, second = await asyncio.gather(*making)
        assert first is second is pane.content("inside")
        assert pane.content("prompt").query("#recall-digits")
        assert pane.content("results") is None


@pytest.mark.parametrize("turns", [2, pytest.param(4, marks=pytest.mark.long)])
async def test_a_tab_made_while_a_screen_above_closes_gets_its_form(
    turns: int, runs: ScriptedRuns
) -> None:
    """Textual loses what a closing screen was to call after its next refresh."""
    app = RnnTuiApp(runs)
    async with running(app, "home", size=(120, 40)) as pilot:
        press_at_once(app, "f5")
        await turns_until(lambda: bool(app.query("#adder #views")))
        pane = app.query_one("#adder TaskPane", TaskPane)
        await turns_until(lambda: pane.query_one("#views").is_mounted)
        assert not pane.is_mounted
        app.action_command_palette()  # as behind a click, which waits for no tab
        await turns_until(lambda: pane.is_mounted)
        for _ in range(turns):
            await asyncio.sleep(0)
        app.screen.dismiss(None)
        await wait_until(pilot, lambda: pane.whole and app.takes_keys())


async def turns_until(condition: Callable[[], bool]) -> None:
    """Give the event loop turns until something is so."""
    while not condition():
        await asyncio.sleep(0)
