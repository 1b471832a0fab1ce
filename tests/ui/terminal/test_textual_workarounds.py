"""What `ui/terminal/textual_workarounds.py` mends, as a user meets it, and the minor of Textual.

Each test fails without the entry that it is for.
"""

import asyncio
import importlib
import io
import pkgutil
import sys
import tomllib
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from importlib.metadata import version
from inspect import isclass, isroutine
from pathlib import Path
from typing import ClassVar

import pytest
from rich.style import Style
from textual.app import App, ComposeResult, SystemCommand
from textual.binding import Binding, BindingType
from textual.command import CommandList
from textual.containers import Vertical
from textual.events import Click, MouseDown, MouseUp, Resize
from textual.geometry import Region, Size
from textual.screen import Screen
from textual.strip import Strip
from textual.widget import Widget
from textual.widgets import Static
from textual.widgets._select import SelectOverlay

import rnn_tui.ui
from rnn_tui.ui.app import key_queue
from rnn_tui.ui.app.app import RnnTuiApp
from rnn_tui.ui.app.tabs import all_tabs
from rnn_tui.ui.terminal.textual_workarounds import SEEN_IN, Options
from rnn_tui.ui.widgets.plain import PlainSelect, PlainTable
from tests.ui.conftest import ScriptedRuns
from tests.ui.helpers import PanelApp, idle, mouse, press, resize, running, screen_lines, wait_until

ROOT = Path(__file__).parents[3]
LOOK_AGAIN = (
    "look at each entry of ui/terminal/textual_workarounds.py and at the drivers again: go where "
    "the fault is mended, say in SEEN_IN where it was seen last, and move the pin in pyproject.toml"
)


def test_the_workarounds_are_for_the_minor_of_textual_that_is_installed() -> None:
    installed = version("textual")
    assert installed.split(".")[:2] == SEEN_IN.split(".")[:2], f"Textual {installed}: {LOOK_AGAIN}"


def test_no_other_minor_of_textual_is_installed_with_the_program() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    major, minor = map(int, SEEN_IN.split(".")[:2])
    assert f"textual>={major}.{minor},<{major}.{minor + 1}" in project["dependencies"], LOOK_AGAIN


def test_no_other_module_overrides_what_is_private_to_textual() -> None:
    overridden = [
        f"{part.__module__}.{part.__qualname__}.{name}"
        for part in classes_of_ours()
        for name, value in vars(part).items()
        if name.startswith("_") and not name.startswith("__") and isroutine(value)
        if any(name in vars(base) for base in part.__mro__ if is_of_textual(base))
    ]
    assert overridden == []


def classes_of_ours() -> list[type]:
    """The classes of the app but those of `ui/terminal/textual_*.py`."""
    modules = pkgutil.walk_packages(rnn_tui.ui.__path__, "rnn_tui.ui.")
    names = [module.name for module in modules if ".textual_" not in module.name]
    return [
        part
        for name in names
        for part in vars(importlib.import_module(name)).values()
        if isclass(part) and part.__module__ == name
    ]


def is_of_textual(part: type) -> bool:
    return part.__module__.split(".")[0] == "textual"


@pytest.mark.parametrize(
    "width", [4, *(pytest.param(width, marks=pytest.mark.long) for width in (1, 2, 3, 5, 6, 7, 8))]
)
async def test_the_palette_in_a_window_of_a_few_columns(width: int, runs: ScriptedRuns) -> None:
    app = RnnTuiApp(runs)
    async with app.run_test(size=(80, 24)) as pilot:
        with pytest.raises(io.UnsupportedOperation):  # which multiprocessing takes for no file
            sys.stderr.fileno()
        await press(pilot, "ctrl+p")
        await wait_until(pilot, lambda: app.screen.query("CommandList"))
        for height in (24, 3, 1):
            await pilot.resize_terminal(width, height)
            await idle(pilot)
            await press(pilot, "e", "down")
        assert app.is_running


async def test_page_down_in_a_list_without_room_ends_nothing(runs: ScriptedRuns) -> None:
    app = RnnTuiApp(runs)
    async with running(app, "home", size=(80, 24)) as pilot:
        await resize(pilot, 2, 2)
        app.query_one(Options).action_page_down()
        await press(pilot, "pagedown", "pageup")
        for opened in ("command_palette", "change_theme"):
            await resize(pilot, 80, 24)
            await app.run_action(opened)
            await wait_until(pilot, lambda: app.screen.query(CommandList))
            await resize(pilot, 2, 2)
            await press(pilot, "pagedown", "pageup")
            assert app.is_running, opened
            await resize(pilot, 80, 24)
            await press(pilot, "escape")
            await wait_until(pilot, lambda: not app.screen.query(CommandList))


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
        for size in ((120, 40), (1, 1)):
            await resize(pilot, *size)
            for tab in all_tabs():
                await press(pilot, tab.key)
                await wait_until(pilot, lambda: app.tabs.front and app.pane.complete)
                for view in app.pane.views:
                    app.pane.go_to_view(view)
                    await wait_until(pilot, app.takes_keys)
                    assert len(screen_lines(app)) == size[1]
        assert app.is_running


class ClearedTable(PlainTable):
    """A table that is empty by the time that it is told of a click on it."""

    def on_mouse_up(self) -> None:
        self.clear(columns=True)


class ClearedOptions(Options):
    """A list that is empty by the time that it is told of a click on it."""

    def on_mouse_up(self) -> None:
        self.clear_options()


async def test_a_click_on_what_has_gone_ends_nothing() -> None:
    table = ClearedTable()
    options = ClearedOptions("first", "second")
    select = PlainSelect([("first", 1), ("second", 2)])
    app = PanelApp(Vertical(table, options, select))
    async with app.run_test(size=(80, 24)) as pilot:
        # What was drawn before it was taken away.
        for widget, meta in ((table, {"row": -1, "column": 3}), (options, {"option": 3})):
            style = Style(meta=meta)
            widget.post_message(Click(widget, 0, 0, 0, 0, 1, False, False, False, 0, 0, style))
        options.action_page_down()
        await idle(pilot)
        assert app.is_running

        table.fill(["read as", "count"], [["7", "2"], ["1", "3"]])
        await idle(pilot)
        mouse(app, MouseDown, MouseUp, x=table.region.x + 9, y=table.region.y)  # on a heading
        await idle(pilot)
        assert app.is_running
        assert table.row_count == 0

        mouse(app, MouseDown, MouseUp, x=options.region.x + 3, y=options.region.y + 1)
        await idle(pilot)
        assert app.is_running
        assert options.option_count == 0

        select.focus()
        await press(pilot, "enter")
        overlay = select.query_one(SelectOverlay)
        async with held_up(overlay):
            mouse(app, MouseDown, MouseUp, x=overlay.region.x + 3, y=overlay.region.y + 1)
            await turns()
            select.offer_texts([("first", 1)])
        await idle(pilot)
        assert app.is_running
        assert select.value == 1


@asynccontextmanager
async def held_up(widget: Widget) -> AsyncIterator[None]:
    """A widget that handles nothing meanwhile, as on a busy machine."""
    go_on = asyncio.Event()
    widget.call_later(go_on.wait)
    await turns()
    yield
    go_on.set()


async def turns() -> None:
    """Let all others do what they have to do."""
    for _ in range(100):
        await asyncio.sleep(0)


class CountingApp(RnnTuiApp):
    """The app, with a command in its palette that counts how often it is done."""

    done = 0

    def get_system_commands(self, _: Screen[object]) -> Iterable[SystemCommand]:
        yield SystemCommand("Count", "One more", self.count)

    def count(self) -> None:
        self.done += 1


async def test_a_second_click_in_the_palette_does_nothing(runs: ScriptedRuns) -> None:
    app = CountingApp(runs)
    async with running(app, "home", size=(80, 24)) as pilot:
        await press(pilot, "ctrl+p")
        commands = app.screen.query_one(CommandList)
        await wait_until(pilot, lambda: commands.option_count and commands.region.height)
        x, y = commands.region.offset.x + 5, commands.region.offset.y + 1
        mouse(app, *[MouseDown, MouseUp] * 3, x=x, y=y)
        await idle(pilot)
        assert app.done == 1


class Drawn(Static):
    """A text low on the screen that notes what of it is drawn."""

    DEFAULT_CSS = "Drawn { dock: bottom; height: 1; }"

    def __init__(self) -> None:
        super().__init__("nothing")
        self.lines: list[str] = []

    def render_lines(self, crop: Region) -> list[Strip]:
        strips = super().render_lines(crop)
        self.lines += [strip.text.strip() for strip in strips]
        return strips


class SlowApp(RnnTuiApp):
    """The app, with a key that takes longer than Textual waits until it draws."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("f12", "write", "Write")]

    def __init__(self, runs: ScriptedRuns) -> None:
        super().__init__(runs)
        self.text = Drawn()

    async def action_write(self) -> None:
        self.text.update("half")
        await asyncio.sleep(0.1)
        self.text.update("whole")


async def test_what_a_key_does_is_drawn_once(
    runs: ScriptedRuns, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(key_queue, "SECONDS_UNDRAWN", 60)
    app = SlowApp(runs)
    async with running(app, "home", size=(80, 24)) as pilot:
        await app.screen.mount(app.text)
        await idle(pilot)
        app.text.lines.clear()
        await press(pilot, "f12")
        await wait_until(pilot, lambda: "whole" in app.text.lines)
        assert "half" not in app.text.lines


async def test_a_click_beside_a_window_that_has_become_small_ends_nothing(
    runs: ScriptedRuns,
) -> None:
    app = RnnTuiApp(runs)
    async with running(app, "home", size=(80, 24)) as pilot:
        await press(pilot, "ctrl+p")
        async with held_up(app.screen):
            assert app._driver is not None
            app._driver.process_message(Resize(Size(5, 2), Size(5, 2)))
            while app.size.width > 5 or app._resize_event is not None:
                await asyncio.sleep(0.01)
            mouse(app, MouseDown, MouseUp, x=79, y=0)
            await turns()
        await idle(pilot)
        assert app.is_running
