"""What `rnn_tui/ui/textual_workarounds.py` mends, as a user meets it, and the minor of Textual."""

import io
import sys
import tomllib
from importlib.metadata import version
from pathlib import Path

import pytest
from textual.app import App, ComposeResult
from textual.command import CommandList

from rnn_tui.ui.shell.app import RnnTuiApp
from rnn_tui.ui.textual_workarounds import SEEN_IN, Options
from rnn_tui.ui.widgets.plain import PlainTable
from tests.ui.conftest import ScriptedRuns
from tests.ui.helpers import press, running, screen_lines, wait_until

ROOT = Path(__file__).parents[2]
LOOK_AGAIN = (
    "look at each entry of ui/textual_workarounds.py and at the drivers again: go where the fault "
    "is mended, say in SEEN_IN where it was seen last, and move the pin in pyproject.toml"
)


def test_the_workarounds_are_for_the_minor_of_textual_that_is_installed() -> None:
    installed = version("textual")
    assert installed.split(".")[:2] == SEEN_IN.split("."), f"Textual {installed}: {LOOK_AGAIN}"


def test_no_other_minor_of_textual_is_installed_with_the_program() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    major, minor = map(int, SEEN_IN.split("."))
    assert f"textual>={major}.{minor},<{major}.{minor + 1}" in project["dependencies"], LOOK_AGAIN


async def test_what_stands_in_for_stderr_lets_processes_start(runs: ScriptedRuns) -> None:
    async with running(RnnTuiApp(runs), size=(80, 24)):
        with pytest.raises(io.UnsupportedOperation):  # which multiprocessing takes for no file
            sys.stderr.fileno()


async def test_page_down_in_a_list_without_room_ends_nothing(runs: ScriptedRuns) -> None:
    app = RnnTuiApp(runs)
    async with running(app, "home", size=(80, 24)) as pilot:
        await pilot.resize_terminal(2, 2)
        app.query_one(Options).action_page_down()
        await pilot.press("pagedown", "pageup")
        await pilot.resize_terminal(80, 24)
        assert app.is_running


@pytest.mark.parametrize("opened", ["command_palette", "change_theme"])
async def test_page_down_in_a_palette_without_room_ends_nothing(
    opened: str, runs: ScriptedRuns
) -> None:
    app = RnnTuiApp(runs)
    async with running(app, "home", size=(80, 24)) as pilot:
        await app.run_action(opened)
        await wait_until(pilot, lambda: app.screen.query(CommandList))
        await pilot.resize_terminal(2, 2)
        await press(pilot, "pagedown", "pageup")
        await pilot.resize_terminal(80, 24)
        assert app.is_running


class FadedTable(App[None]):
    """A table that is off, with a column that has neither width nor padding."""

    def compose(self) -> ComposeResult:
        table = PlainTable(cell_padding=0, disabled=True)
        yield table
        table.fill(["read as", ""], [["7", ""], ["1", ""]])


async def test_a_table_that_is_off_shows_a_column_without_width() -> None:
    app = FadedTable()
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        assert screen_lines(app)[:3] == ["read as", "7", "1"]


class FadedApp(RnnTuiApp):
    """The app with all that it draws faded, so that each piece of a line must have a style."""

    CSS = "* { opacity: 90%; }"


@pytest.mark.long
async def test_all_views_can_be_faded_in_tiny_windows(home: Path) -> None:
    app = FadedApp()
    async with running(app, size=(120, 40)) as pilot:
        for tab, views in (("f2", 6), ("f3", 5), ("f4", 5), ("f5", 1), ("f6", 2), ("f7", 2)):
            await press(pilot, tab)
            await wait_until(pilot, lambda: app.tabs.front and app.pane.complete)
            for view in range(1, views + 1):
                await press(pilot, str(view))
                for size in ((5, 3), (1, 1), (120, 40)):
                    await pilot.resize_terminal(*size)
                    assert len(screen_lines(app)) == size[1]
        assert app.is_running
