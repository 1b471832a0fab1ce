"""Keys as a person meets them: those that move, the footer, and the palette with all commands."""

from typing import Any

import pytest
from textual.containers import VerticalScroll
from textual.pilot import Pilot
from textual.widgets import Input, OptionList

from rnn_tui.ui.app.app import RnnTuiApp
from rnn_tui.ui.app.palette import commands
from rnn_tui.ui.app.tabs import all_tabs
from rnn_tui.ui.frame.key_footer import MOST_KEYS, KeyFooter
from rnn_tui.ui.training.training_view import RunsTraining
from tests.ui.conftest import ScriptedRuns
from tests.ui.helpers import (
    SIZES,
    finish,
    idle,
    press,
    running,
    screen_lines,
    screen_text,
    start,
    wait_until,
)


def footer(app: RnnTuiApp) -> str:
    return screen_lines(app)[-1]


async def go_through(pilot: Pilot[Any], app: RnnTuiApp) -> Any:
    """Every view of every tab in turn, by keys; yields its name."""
    for tab in all_tabs():
        await press(pilot, tab.key)
        await wait_until(pilot, lambda: app.tabs.front is not None and app.pane.complete)
        for number, view in enumerate(app.pane.views or [""], 1):
            if view:
                await press(pilot, str(number))
                await wait_until(pilot, app.takes_keys)
            await idle(pilot)
            yield f"{tab.id} {view}"


# h, j, k, l


async def test_letters_move_in_lists_and_texts_and_are_typed_in_fields(
    runs: ScriptedRuns,
) -> None:
    app = RnnTuiApp(runs)
    async with running(app, "home") as pilot:
        ways = app.query_one(OptionList)
        await press(pilot, "j", "j", "k")
        assert ways.highlighted == 1

        await press(pilot, "f1")
        text = app.screen.query_one("#help", VerticalScroll)
        await wait_until(pilot, lambda: text.max_scroll_y > 0)
        await press(pilot, "j", "j")
        await wait_until(pilot, lambda: text.scroll_y > 0)
        await press(pilot, "f1")
        assert app.screen.query("#tasks")

        await press(pilot, "f6")
        await wait_until(pilot, lambda: app.pane.query("#runs-filter"))
        await press(pilot, "t")  # there is no form to train with
        assert not runs.started
        field = app.pane.query("#runs-filter").first(Input)
        field.focus()
        await idle(pilot)
        await press(pilot, *"hjkl")
        assert field.value == "hjkl"

        await press(pilot, "escape")
        await pilot.click(KeyFooter, offset=(footer(app).index("Commands"), 0))
        await wait_until(pilot, lambda: "Search for commands" in screen_text(app))


# The footer


def assert_short_footer(app: RnnTuiApp, place: str) -> None:
    """The footer has few keys and always the palette; a click presses a key, which has to mean the
    same.
    """
    line = footer(app)
    assert line.startswith(" "), place
    assert line.endswith("F1 Help  ^p Commands  q Quit"), place
    shown = app.query_one(KeyFooter).shown
    assert len(shown) <= MOST_KEYS == 8, place
    active = app.screen.active_bindings
    for key in shown:
        held = active.get(key.binding.key)
        assert held is not None, (place, key)
        assert held.binding.action == key.binding.action, (place, key)


def assert_palette_has_every_key(app: RnnTuiApp, place: str) -> None:
    """The palette has what every key does."""
    titles = {command.title for command in commands(app.screen)}
    for active in app.screen.active_bindings.values():
        binding = active.binding
        if binding.tooltip and binding.action not in ("quit", "help", "command_palette"):
            assert f"{binding.description}: {binding.tooltip}" in titles, place


@pytest.mark.long
@pytest.mark.parametrize("size", [SIZES[0], SIZES[-1]])
async def test_every_view_has_a_short_footer_and_a_palette_with_all_keys(
    size: tuple[int, int], runs: ScriptedRuns
) -> None:
    app = RnnTuiApp(runs)
    async with running(app, "home", size=size) as pilot:
        async for place in go_through(pilot, app):
            assert_short_footer(app, place)
            assert_palette_has_every_key(app, place)


async def test_keys_of_charts_are_offered_once_there_is_a_run_and_move_in_them(
    runs: ScriptedRuns,
) -> None:
    app = RnnTuiApp(runs)
    async with running(app, size=(120, 40)) as pilot:
        await press(pilot, "2")
        assert footer(app).startswith(" t Train  f Form  F1 Help")
        # A command without a key is found by its name.
        await press(pilot, "1", "ctrl+p", *"next preset")
        await wait_until(pilot, lambda: "Preset: The next preset" in screen_text(app))
        assert "No key, in this view" in screen_text(app)
        await press(pilot, "enter")
        await wait_until(pilot, lambda: "Preset         fast" in screen_text(app))

        await start(pilot, runs)
        await wait_until(pilot, lambda: "c Chart" in footer(app))
        assert footer(app).startswith(" s Stop  p Pause  f Form")
        assert "t Train" not in footer(app)
        await press(pilot, "l")
        chart = app.pane.query_one(RunsTraining).charts[0]
        last = chart.cursor
        assert last is not None
        await press(pilot, "h")
        assert chart.cursor is not None
        assert chart.cursor < last
        await finish(pilot, runs)
        await wait_until(pilot, lambda: footer(app).startswith(" t Train"))


# The palette


async def test_while_an_analysis_covers_the_units_no_key_of_units_is_offered() -> None:
    app = RnnTuiApp()
    async with running(app, "adder") as pilot:
        await press(pilot, str(app.pane.views.index("inside") + 1))
        await wait_until(pilot, lambda: "a Analyse" in footer(app))
        await wait_until(pilot, lambda: "↑↓ Unit" not in footer(app))  # it begins by itself
        assert "x Ablate" not in footer(app)
        await press(pilot, "a")
        await wait_until(pilot, lambda: "↑↓ Unit" in footer(app))
        await press(pilot, "j", "k", "k")
        assert "x Ablate" in footer(app)
