"""What all views have in common: one left edge, titles that begin alike, a help that is short."""

from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest
from textual.pilot import Pilot

from rnn_tui.ui.app.app import RnnTuiApp
from rnn_tui.ui.app.help import HelpScreen, KeyHelp, in_columns
from rnn_tui.ui.runs.table import RunsTable
from tests.ui.conftest import ScriptedRuns
from tests.ui.helpers import (
    finish,
    idle,
    press,
    resize,
    running,
    screen_text,
    start,
    wait_until,
)

SMALL = (80, 24)
LARGE = (120, 40)
EDGE = 1  # the column in which everything begins
TABS = ("f2", "f3", "f4", "f5", "f6", "f7", "f8", "f9")


def begins(lines: list[str]) -> set[int]:
    """The columns in which lines begin that are not blank."""
    return {len(line) - len(line.lstrip()) for line in lines if line.strip()}


def titles(app: RnnTuiApp) -> Iterator[str]:
    """The titles of all frames on screen, except for names of runs."""
    names = {run.name for table in app.query(RunsTable) for run in table.listing.items}
    for widget in app.screen.walk_children():
        if widget.is_on_screen and widget.border_title and str(widget.border_title) not in names:
            yield str(widget.border_title)


async def assert_alike(app: RnnTuiApp, pilot: Any, name: str) -> None:
    """The view in front begins where all do, and so do its titles."""
    lines = screen_text(app).splitlines()
    assert min(begins(lines[:-1])) == EDGE, f"{name}\n{screen_text(app)}"
    for title in titles(app):
        assert title[0] == title[0].upper(), f"{name}: {title}"


async def assert_short_help(app: RnnTuiApp, pilot: Any, name: str) -> None:
    """The help of the view in front takes two screens at most."""
    await press(pilot, "f1")
    await wait_until(pilot, lambda: isinstance(app.screen, HelpScreen))
    await idle(pilot)
    scroll = app.screen.query_one("#help")
    rows = scroll.virtual_size.height
    assert rows <= 2 * scroll.scrollable_content_region.height, f"{name}: {rows} rows"
    await press(pilot, "escape")


async def go_through(pilot: Pilot[Any], app: RnnTuiApp) -> AsyncIterator[str]:
    """Every view of every tab in turn; yields its name."""
    for tab in TABS:
        await press(pilot, tab)
        await wait_until(pilot, lambda: app.pane.complete)
        for view in app.pane.views or [""]:
            if view:
                app.pane.go_to_view(view)
                await wait_until(pilot, app.takes_keys)
            await idle(pilot)
            yield f"{tab} {view}"


@pytest.mark.long
async def test_all_views_look_alike(runs: ScriptedRuns) -> None:
    app = RnnTuiApp(runs)
    async with running(app, size=SMALL) as pilot:
        await start(pilot, runs)
        await finish(pilot, runs)
        async for name in go_through(pilot, app):
            await assert_alike(app, pilot, name)
            await assert_short_help(app, pilot, name)
        await resize(pilot, *LARGE)  # once: every widget of all tabs is given its style anew
        async for name in go_through(pilot, app):
            await assert_alike(app, pilot, name)


def test_keys_stand_in_columns_that_are_read_downwards() -> None:
    lines = [KeyHelp(key, f"what {key} does") for key in "abcdef"]
    rows = [row.plain for row in in_columns(lines, 70)]
    assert [row.split() for row in rows] == [
        ["a", "what", "a", "does", "d", "what", "d", "does"],
        ["b", "what", "b", "does", "e", "what", "e", "does"],
        ["c", "what", "c", "does", "f", "what", "f", "does"],
    ]
    assert len(in_columns(lines, 40)) == len(lines)


@pytest.mark.parametrize("width", [24, 34, 70, 110, 200])
def test_no_word_of_the_help_is_lost_or_too_wide(width: int) -> None:
    words = "words that are too long for a line of their own column in a narrow window"
    lines = [KeyHelp("Home End", words), KeyHelp("x", "short"), KeyHelp("y", words)]
    rows = in_columns(lines, width)
    assert all(row.cell_length <= width for row in rows)
    text = " ".join(row.plain for row in rows)
    for word in (*words.split(), "short", "Home", "x", "y"):
        assert text.split().count(word) >= 1
