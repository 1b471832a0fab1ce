"""Clicks that come faster than what they were for goes away."""

import asyncio

import pytest
from textual.events import MouseDown, MouseMove, MouseUp
from textual.widgets._toast import Toast

from rnn_tui.ui.app.app import RnnTuiApp
from tests.ui.conftest import ScriptedRuns
from tests.ui.helpers import idle, mouse, press, running, wait_until


@pytest.mark.parametrize(
    "keys", ["?", pytest.param("", marks=pytest.mark.long)], ids=["a dialog", "a tab"]
)
@pytest.mark.parametrize(
    "turns", [0, *(pytest.param(turns, marks=pytest.mark.long) for turns in (2, 5, 20))]
)
async def test_a_second_click_on_a_notice_that_is_going_is_passed_over(
    keys: str, turns: int, runs: ScriptedRuns
) -> None:
    """By turns of the event loop between the first click's effect and the second click."""
    app = RnnTuiApp(runs)
    async with running(app, size=(80, 24), notifications=True) as pilot:
        if keys:
            await press(pilot, keys)
        app.notify("Trained.", timeout=60)
        await wait_until(pilot, lambda: app.screen.query(Toast))
        await idle(pilot)
        [toast] = app.screen.query(Toast)
        x, y = toast.region.offset.x + 3, toast.region.offset.y
        mouse(app, MouseDown, MouseUp, x=x, y=y)
        for _ in range(10_000):
            if not toast.is_attached:
                break
            await asyncio.sleep(0)
        for _ in range(turns):
            await asyncio.sleep(0)
        mouse(app, MouseMove, MouseDown, MouseMove, MouseUp, x=x, y=y)
        await idle(pilot)
        assert not app.screen.query(Toast)
        assert app.is_running
