"""Alerts ring at the terminal where nobody looks at it, and only where that is wanted."""

from pathlib import Path
from typing import Any

import pytest
from textual import events

from rnn_tui.engine.files.paths import config_file
from rnn_tui.ui.app import alerts
from rnn_tui.ui.app.app import RnnTuiApp
from tests.ui.conftest import ScriptedRuns
from tests.ui.helpers import finish, running, start, wait_until

OSC_9, OSC_777, END = "\x1b]9;", "\x1b]777;notify;rnn-tui;", "\x1b\\"


@pytest.fixture(autouse=True)
def wanted(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    config_file().write_text("alerts = true\n")
    for name in alerts.NAMES:
        monkeypatch.delenv(name, raising=False)


def written(app: RnnTuiApp) -> list[str]:
    """Collects what rings, from now on."""
    found: list[str] = []
    driver: Any = app._driver
    write = driver.write

    def noting(text: str) -> None:
        if "\a" in text:
            found.append(text)
        write(text)

    driver.write = noting
    return found


async def go_to_back(pilot: Any) -> None:
    """Another window comes to the front, and the terminal says so."""
    pilot.app.post_message(events.AppBlur())
    await wait_until(pilot, lambda: not pilot.app.app_focus)


def test_a_terminal_shows_a_sentence_as_it_knows_to_and_made_harmless(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    sentence = "The loss became NaN;\x1b]0;gone\a at step 20."
    for name, value, start_of_sequence in (
        ("LC_TERMINAL", "iTerm2", OSC_9),
        ("TERM_PROGRAM", "WezTerm", OSC_777),
    ):
        with monkeypatch.context() as terminal:
            terminal.setenv(name, value)
            notification = alerts._notification(sentence)
        assert notification.startswith(start_of_sequence), value
        assert notification.endswith(END), value
        body = notification.removeprefix(start_of_sequence).removesuffix(END)
        assert "The loss became NaN" in body
        assert body.isprintable()
        assert ";" not in body
    assert alerts._notification(sentence) == ""


async def test_an_end_rings_with_a_notification_where_the_terminal_has_one(
    runs: ScriptedRuns, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TERM_PROGRAM", "WezTerm")
    async with running(app := RnnTuiApp(runs), "home") as pilot:
        rung = written(app)
        await start(pilot, runs)
        await go_to_back(pilot)
        await finish(pilot, runs)
        await wait_until(pilot, lambda: rung)
        assert len(rung) == 1  # what comes of the run behind its end is no news of it
        assert rung[0].startswith(OSC_777)
        assert rung[0].endswith(END + "\a")
        assert "98.90 %" in rung[0]
        # A failure rings, too.
        runs.failure = "The loss became NaN at step 20."
        await start(pilot, runs)
        await go_to_back(pilot)
        runs.go_on.set()
        await wait_until(pilot, lambda: len(rung) == 2)
        assert runs.failure in rung[1]


@pytest.mark.long
@pytest.mark.parametrize(("back", "rings"), [(False, ["\a"]), (True, [])])
async def test_a_terminal_that_may_be_in_front_gets_the_bell_and_one_that_is_gets_nothing(
    runs: ScriptedRuns, monkeypatch: pytest.MonkeyPatch, back: bool, rings: list[str]
) -> None:
    monkeypatch.setenv("TERM", "xterm-kitty")
    async with running(app := RnnTuiApp(runs), "home") as pilot:
        rung = written(app)
        await start(pilot, runs)
        if back:  # and to the front again
            await go_to_back(pilot)
            app.post_message(events.AppFocus())
            await wait_until(pilot, lambda: app.app_focus)
        await finish(pilot, runs)
        await pilot.pause(0.3)
        assert rung == rings


@pytest.mark.long
async def test_they_can_be_switched_off(home: Path, runs: ScriptedRuns) -> None:
    config_file().write_text("alerts = false\n")
    async with running(app := RnnTuiApp(runs), "home") as pilot:
        rung = written(app)
        await start(pilot, runs)
        await go_to_back(pilot)
        await finish(pilot, runs)
        await pilot.pause(0.3)
        assert rung == []


@pytest.mark.long
async def test_a_run_that_stands_still_rings_once(
    runs: ScriptedRuns, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TERM", "foot")
    async with running(app := RnnTuiApp(runs), "home") as pilot:
        rung = written(app)
        now = app.news.alerts.clock()
        app.news.alerts.clock = lambda: now  # until the test says else, however busy the machine
        await start(pilot, runs)
        await go_to_back(pilot)
        app.news.alerts.clock = lambda: now + alerts.SECONDS_TO_STALL - 1
        await pilot.pause(0.6)
        assert rung == []
        app.news.alerts.clock = lambda: now + alerts.SECONDS_TO_STALL + 1
        await wait_until(pilot, lambda: rung)
        await pilot.pause(0.6)
        assert len(rung) == 1
        assert "no new step for five minutes" in rung[0]
        await finish(pilot, runs)
        await wait_until(pilot, lambda: len(rung) == 2)
