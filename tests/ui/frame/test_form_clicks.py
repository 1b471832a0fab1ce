"""Clicks in forms: what is pressed stays where it is until the button of the mouse is released."""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from textual.errors import NoWidget
from textual.events import MouseDown, MouseUp
from textual.geometry import Region
from textual.pilot import Pilot
from textual.widget import Widget
from textual.widgets import Button, Checkbox, Collapsible, Input, Select
from textual.widgets._collapsible import CollapsibleTitle

from rnn_tui.ui.app.app import RnnTuiApp
from tests.ui.conftest import ScriptedRuns
from tests.ui.helpers import (
    SIZES,
    busy,
    idle,
    last_notice,
    mouse,
    press,
    running,
    unfolded,
    wait_until,
)

# Of each form: its tab, its view if not the first, its widget, and the keys that lead there.
FORMS = {
    "training": ("adder", "", "SettingsForm", "f"),
    "sweep": ("sweeps", "form", "SweepForm", "f"),
    "papers": ("papers", "", "RerunForm", "f"),
    "photos": ("mnist", "photos", "PhotosForm", ""),
    "calculator": ("adder", "calculator", "CalculatorPanel", ""),
    "prompt": ("recall", "prompt", "RecallPromptPanel", ""),
}
# Typed into a field, each of these is wrong in some of them, and has something to say about it.
WRONG = ("", "0", "2")


# Tried among the long tests.
REMAINING = ("sweep", "papers", "calculator", "prompt")


@asynccontextmanager
async def opened(
    name: str, size: tuple[int, int], runs: ScriptedRuns
) -> AsyncIterator[tuple[RnnTuiApp, Pilot[Any], Widget]]:
    """The app with a form in front, all of it made."""
    tab, view, selector, keys = FORMS[name]
    app = RnnTuiApp(runs)
    async with running(app, tab, size=size) as pilot:
        if view:
            app.pane.go_to_view(view)
        await wait_until(pilot, lambda: bool(app.query(selector)) and app.takes_keys())
        await press(pilot, *keys)
        form = app.query_one(selector)
        if form.query(Collapsible):
            await unfolded_to_the_end(pilot, form)
        await wait_until(pilot, lambda: not busy(app.pane))
        await idle(pilot)
        yield app, pilot, form


async def unfolded_to_the_end(pilot: Pilot[Any], form: Widget) -> None:
    """Unfold all settings, and wait until the form has scrolled down to them."""
    await unfolded(pilot)
    fields, more = form.query_one("#fields"), form.query_one("#advanced")

    def is_at_the_end() -> bool:
        # folded, there is nothing to scroll, and it is at the end, too
        return more.size.height > 2 and fields.scroll_y == fields.max_scroll_y

    await wait_until(pilot, is_at_the_end)


def in_sight(app: RnnTuiApp, form: Widget) -> list[Widget]:
    """The parts of a form that can be clicked where they are."""

    def is_seen(widget: Widget) -> bool:
        try:
            top, _ = app.screen.get_widget_at(*middle(widget.region))
        except NoWidget:
            return False
        return widget in top.ancestors_with_self

    parts = [part for part in form.walk_children(Widget) if part.focusable]
    return [part for part in parts if part.focus_on_click() and is_seen(part)]


def middle(region: Region) -> tuple[int, int]:
    return region.x + min(3, region.width // 2), region.y + region.height // 2


def places(app: RnnTuiApp) -> dict[Widget, Region]:
    """Where all that can be clicked is in the tab, of the form and below it."""
    return {part: part.region for part in app.pane.walk_children(Widget) if part.focusable}


async def click(app: RnnTuiApp, pilot: Pilot[Any], target: Widget) -> None:
    """Press and release at one place; what the press causes is done before the release."""
    x, y = middle(target.region)
    mouse(app, MouseDown, x=x, y=y)
    await idle(pilot)
    mouse(app, MouseUp, x=x, y=y)
    await idle(pilot)


def state(app: RnnTuiApp, target: Widget) -> object:
    """What a click on a part of a form changes."""
    match target:
        case Checkbox():
            return target.value
        case Select():
            return target.expanded
        case CollapsibleTitle():
            return target.collapsed
        case _:
            return app.focused is target


@pytest.mark.parametrize(
    "name",
    ["training", "photos", *(pytest.param(name, marks=pytest.mark.long) for name in REMAINING)],
)
async def test_nothing_moves_whatever_has_the_focus_and_is_typed(
    name: str, runs: ScriptedRuns
) -> None:
    async with opened(name, (80, 24), runs) as (app, pilot, form):
        before = places(app)
        for part in in_sight(app, form):
            app.screen.set_focus(part, scroll_visible=False)
            await idle(pilot)
            assert places(app) == before, part
            if isinstance(part, Input):
                for text in WRONG:
                    part.value = text
                    await idle(pilot)
                    assert places(app) == before, (part, text)
                part.value = ""
        if name == "training":
            await click_the_button_from_each_field(app, pilot, form)


async def click_the_button_from_each_field(app: RnnTuiApp, pilot: Pilot[Any], form: Widget) -> None:
    """A click on the button counts while a field has the focus."""
    for field in form.query(Input):
        button = form.query_one(Button)
        field.value = "x"
        field.focus(scroll_visible=False)
        await idle(pilot)
        assert app.focused is field
        app.clear_notifications()
        await click(app, pilot, button)
        assert last_notice(app), field
        # so long a button takes no second click
        await wait_until(pilot, lambda: not app.query("Button.-active"))
        field.value = ""


@pytest.mark.long
async def test_a_click_on_the_button_counts_while_a_field_has_the_focus(
    runs: ScriptedRuns,
) -> None:
    async with opened("sweep", (80, 24), runs) as (app, pilot, form):
        await click_the_button_from_each_field(app, pilot, form)


def in_turn(parts: list[Widget]) -> Iterator[tuple[Widget, Widget]]:
    """Which part has the focus, and which is clicked: the next, the one before, and a far one.

    Not each with each: what moves when a part loses the focus, or another gets it, is seen above.
    """
    count = len(parts)
    for stride in sorted({1, count // 2, count - 1} - {0, count}):
        for place, part in enumerate(parts):
            yield part, parts[(place + stride) % count]


# Where a form scrolls, and the longest one where it does not.
@pytest.mark.long
@pytest.mark.parametrize(
    ("name", "size"), [*((name, SIZES[0]) for name in FORMS), ("training", SIZES[-1])]
)
async def test_a_click_anywhere_counts_whatever_has_the_focus(
    name: str, size: tuple[int, int], runs: ScriptedRuns
) -> None:
    async with opened(name, size, runs) as (app, pilot, form):
        parts = [part for part in in_sight(app, form) if not isinstance(part, Button)]
        at_first = places(app)
        for focused, target in in_turn(parts):
            if not target.is_attached:
                continue
            if app.focused is not focused:
                focused.focus(scroll_visible=False)
                await idle(pilot)
            before = state(app, target)
            await click(app, pilot, target)
            assert state(app, target) != before, (focused, target)
            await press(pilot, *["enter"] * isinstance(target, Select))  # its list closes
            if isinstance(target, CollapsibleTitle):
                await unfolded_to_the_end(pilot, form)
                await wait_until(pilot, lambda: places(app) == at_first)
