"""How often the screen is laid out and drawn for a key, which is what a user waits for."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from textual._compositor import Compositor
from textual.css.stylesheet import Stylesheet
from textual.screen import Screen

from rnn_tui.ui.chart.chart import ChartPlot
from rnn_tui.ui.shell import key_queue
from rnn_tui.ui.shell.app import RnnTuiApp
from tests.ui.conftest import ScriptedRuns
from tests.ui.helpers import running, start, wait_until

pytestmark = pytest.mark.usefixtures("draws")


def counting(calls: Counter[str], name: str, method: Any) -> Any:
    """A method that counts how often it is called."""

    def call(*given: Any, **more: Any) -> Any:
        calls[name] += 1
        return method(*given, **more)

    return call


@contextmanager
def counted(
    monkeypatch: pytest.MonkeyPatch, *methods: tuple[type[Any], str]
) -> Iterator[Counter[str]]:
    """How often methods are called inside."""
    calls: Counter[str] = Counter()
    with monkeypatch.context() as patch:
        for kind, name in methods:
            patch.setattr(kind, name, counting(calls, name, getattr(kind, name)))
        yield calls


DRAWING = (Compositor, "reflow"), (Screen, "_compositor_refresh")


async def test_a_tab_seen_before_is_laid_out_once_and_drawn_once(
    monkeypatch: pytest.MonkeyPatch, runs: ScriptedRuns
) -> None:
    app = RnnTuiApp(runs)
    async with running(app, size=(80, 24)) as pilot:
        for key, tab in [("f3", "recall"), ("f4", "adder"), ("f2", "mnist")] * 2:
            await pilot.press(key)
            await wait_until(pilot, lambda tab=tab: app.tabs.active == tab and app.pane.complete)  # type: ignore[misc]
            await pilot.pause(0.5)
        monkeypatch.setattr(key_queue, "SECONDS_UNDRAWN", 60)  # however slow the machine
        for key in ("f3", "f4", "f2"):
            with counted(monkeypatch, *DRAWING) as calls:
                await pilot.press(key)
                await pilot.pause(0.5)
            assert calls == {"reflow": 1, "_compositor_refresh": 1}, key
            assert app.pane.has_focus_within


async def test_a_chart_that_gets_the_focus_is_not_plotted_anew(
    monkeypatch: pytest.MonkeyPatch, runs: ScriptedRuns
) -> None:
    app = RnnTuiApp(runs)
    async with running(app, size=(80, 24)) as pilot:
        await start(pilot, runs)
        first = app.focused
        with counted(monkeypatch, (ChartPlot, "_draw"), (Compositor, "reflow")) as calls:
            await pilot.press("tab")
            await pilot.pause(0.3)
        assert app.focused is not first
        assert not calls
        runs.go_on.set()


async def test_a_focus_draws_what_has_it_and_not_the_whole_screen(
    monkeypatch: pytest.MonkeyPatch, runs: ScriptedRuns
) -> None:
    app = RnnTuiApp(runs)
    async with running(app, size=(120, 40)) as pilot:
        with counted(monkeypatch, (Screen, "_set_dirty")) as calls:
            await pilot.press("tab")
            await pilot.pause(0.3)
        assert not calls


async def test_nothing_is_styled_twice_before_the_first_frame(
    monkeypatch: pytest.MonkeyPatch, runs: ScriptedRuns
) -> None:
    applied: Counter[int] = Counter()
    apply: Any = Stylesheet.apply

    def count(self: Stylesheet, node: Any, **more: Any) -> None:
        if not app._dom_ready:
            applied[id(node)] += 1
        apply(self, node, **more)

    monkeypatch.setattr(Stylesheet, "apply", count)
    app = RnnTuiApp(runs)
    async with app.run_test(size=(120, 40)):
        tabs = list(app.query("#tasks > ContentSwitcher > TabPane"))
        assert tabs
        assert all(applied[id(tab)] == 1 for tab in tabs)
