"""Tabs that are made when they are first wanted, wanted by two at once, or that can't be made."""

from typing import Any

import pytest
from textual.app import ComposeResult
from textual.events import MouseDown, MouseMove, MouseUp
from textual.pilot import Pilot
from textual.widgets import OptionList, Static

from rnn_tui.engine.errors import TaskError
from rnn_tui.ui.app.app import RnnTuiApp
from rnn_tui.ui.frame import requests
from rnn_tui.ui.frame.pane import BrokenPane, Pane
from rnn_tui.ui.home.pane import HomePane
from rnn_tui.ui.training.pane import TaskPane
from tests.ui.conftest import ScriptedRuns
from tests.ui.helpers import (
    mouse,
    notices,
    press,
    press_at_once,
    running,
    screen_lines,
    screen_text,
    wait_until,
)

LINES = {
    "Ask the recall network": "recall",
    "Add two numbers": "adder",
    "Read your photos": "mnist",
    "Rerun a paper": "papers",
}


def double_click(app: RnnTuiApp, words: str, times: int = 2) -> None:
    """Click quickly on words of Home, as a terminal sends it."""
    area = app.query_one(HomePane).query_one(OptionList).region
    lines = screen_lines(app)
    row = next(row for row, line in enumerate(lines) if words in line[area.x : area.right])
    column = lines[row].index(words, area.x)
    mouse(app, *[MouseMove, MouseDown, MouseUp] * times, x=column, y=row)


async def settled(pilot: Pilot[Any], app: RnnTuiApp, tab: str) -> None:
    """Wait until the tab is in front and takes keys."""
    await wait_until(pilot, lambda: app.tabs.active == tab and app.takes_keys())


@pytest.mark.long
@pytest.mark.parametrize(("words", "tab"), LINES.items())
async def test_a_double_click_on_a_line_of_home_brings_one_tab(
    words: str, tab: str, runs: ScriptedRuns
) -> None:
    app = RnnTuiApp(runs)
    async with running(app, "home", size=(80, 24)) as pilot:
        double_click(app, words, times=3)
        await settled(pilot, app, tab)
        assert len(app.tabs.get_pane(tab).query_children(Pane)) == 1
        assert app.is_running


async def test_clicks_keys_and_requests_at_once_bring_one_tab(runs: ScriptedRuns) -> None:
    app = RnnTuiApp(runs)
    async with running(app, "home", size=(80, 24)) as pilot:
        double_click(app, "Add two numbers")
        press_at_once(app, "f5", "f2", "f5")
        for _ in range(3):
            app.post_message(requests.ViewWanted("adder", "calculator"))
        await settled(pilot, app, "adder")
        assert len(app.query("#adder TaskPane")) == 1
        assert app.pane.view == "calculator"


class Unmountable(TaskPane):
    """A pane in which something fails while it is mounted."""

    def head(self) -> ComposeResult:
        """A text that can't be mounted."""
        yield Unmounted("")


class Unmounted(Static):
    """A text that can't be mounted."""

    def on_mount(self) -> None:
        """Fail."""
        raise ZeroDivisionError("by a text")


async def test_a_tab_that_fails_says_so_and_the_next_visit_tries_again(
    runs: ScriptedRuns,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    ways = (
        ("Adder", "Add two numbers", "f5", ("__init__", lambda *_: 1 / 0)),
        ("Recall", "Ask the recall network", "f4", ("head", Unmountable.head)),
    )
    app = RnnTuiApp(runs)
    async with running(app, "home", size=(120, 40)) as pilot:
        for label, words, key, fault in ways:
            tab = label.lower()
            with monkeypatch.context() as broken:
                broken.setattr(TaskPane, *fault)
                double_click(app, words)
                await settled(pilot, app, tab)
                assert f"{label} can't be shown (ZeroDivisionError: " in screen_text(app)
                assert isinstance(app.tabs.front, BrokenPane)
                assert any(f"{label} can't be shown" in notice for notice in notices(app))
                assert "Traceback" in caplog.text
                with pytest.raises(TaskError, match="can't be shown"):
                    await app.bring(tab)
                await press(pilot, "t", "1", "right_square_bracket", "f2")  # no key ends it
            await settled(pilot, app, "home")
            await press(pilot, key)
            await settled(pilot, app, tab)
            assert isinstance(app.tabs.front, TaskPane)
            assert not app.query(BrokenPane)
            caplog.clear()
            await press(pilot, "f2")
            await settled(pilot, app, "home")
