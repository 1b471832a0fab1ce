"""What one looks at in any view goes to Inside with one key, and that is what Inside shows."""

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import numpy as np
import pytest
from textual import events
from textual.pilot import Pilot
from textual.widget import Widget
from textual.widgets import Input

from rnn_tui.engine.files.paths import asset_dir
from rnn_tui.inside.image_network import read_test_image
from rnn_tui.tasks.mnist import MNIST
from rnn_tui.ui.app.app import RnnTuiApp
from rnn_tui.ui.calculator_prompt.calculator_answer import NumberEntry
from rnn_tui.ui.frame.digit_at_hand import DigitAtHand
from rnn_tui.ui.frame.requests import InsideWanted
from rnn_tui.ui.inside.view import InsideView
from rnn_tui.ui.training.images import ImageGrid
from rnn_tui.ui.widgets.confusion_table import ConfusionTable
from tests.ui.conftest import ScriptedRuns, evaluation
from tests.ui.helpers import (
    busy,
    drawn,
    finish,
    idle,
    press,
    running,
    screen_text,
    start,
    wait_until,
)

SIZE = (120, 50)


async def inside(pilot: Pilot[Any]) -> Any:
    """The view Inside, once it is in front, has looked, and has the focus."""
    app: Any = pilot.app
    await wait_until(pilot, lambda: app.pane.view == "inside" and app.pane.query(InsideView))
    view = app.pane.query_one(InsideView)
    await wait_until(pilot, lambda: view.subject is not None and not busy(view))
    await wait_until(pilot, lambda: app.focused is view.grid)
    return view


async def to_tab(pilot: Pilot[Any], key: str, view: str) -> None:
    app: Any = pilot.app
    await press(pilot, key)
    await wait_until(pilot, lambda: app.tabs.front is not None and app.pane.complete)
    app.pane.show_tab(view)
    await idle(pilot)
    await wait_until(pilot, app.takes_keys)  # it is made
    app.pane.focus_view()
    await idle(pilot)


def images_in_order(app: Any) -> list[int]:
    """The numbers of the test images in the order in which they are shown."""
    return list(app.query_one(ImageGrid)._indices)


def rows_on_screen(grid: ImageGrid) -> list[list[Widget]]:
    """The images that are shown, by the line that they begin in."""
    rows: dict[int, list[Widget]] = {}
    for image in grid.children:
        if image.display:
            rows.setdefault(image.region.y, []).append(image)
    return list(rows.values())


async def turn_wheel(pilot: Pilot[Any], widget: Widget, notches: int) -> None:
    """Turn the mouse wheel over the middle of a widget: down, or up if there are fewer than 0."""
    kind = events.MouseScrollDown if notches > 0 else events.MouseScrollUp
    x, y = widget.region.center
    event = kind(None, int(x), int(y), 0, 0, 0, False, False, False, int(x), int(y))
    for _ in range(abs(notches)):
        pilot.app.screen._forward_event(event)
        await idle(pilot)


@asynccontextmanager
async def measured(runs: ScriptedRuns) -> AsyncIterator[tuple[Any, Pilot[Any]]]:
    """The app after a run whose two last test images were misread."""
    app: Any = RnnTuiApp(runs)
    async with running(app, size=SIZE) as pilot:
        await start(pilot, runs)
        await finish(pilot, runs)
        yield app, pilot


@pytest.mark.long
async def test_the_test_image_with_the_cursor_is_looked_into(runs: ScriptedRuns) -> None:
    async with measured(runs) as (app, pilot):
        await to_tab(pilot, "f3", "test")
        await press(pilot, "w")  # the misread ones
        assert "1–2 of 2 misread (of 20 test images)" in screen_text(app)
        assert "mage 18" in screen_text(app)
        await press(pilot, "right", "z")
        view = await inside(pilot)
        assert view.subject.about.startswith("test image 19")
        assert np.array_equal(view.subject.reading.digit, evaluation().images[19] / np.float32(255))
        assert set(view.subject.truth) == {"9"}
        answer = view.subject.trace.answer
        assert ("✗ it is 9" in screen_text(app)) == (answer != 9)
        await press(pilot, "left")  # its keys work at once
        assert view.step == 26
        # Another input here does not come back by itself; the same key brings it again.
        await press(pilot, "i")
        await wait_until(pilot, lambda: not view.subject.about.startswith("test image 19"))
        await to_tab(pilot, "f3", "test")
        await press(pilot, "enter")
        view = await inside(pilot)
        assert view.subject.about.startswith("test image 19")


@pytest.mark.long
async def test_images_come_in_random_order_and_by_click(runs: ScriptedRuns) -> None:
    async with measured(runs) as (app, pilot):
        await to_tab(pilot, "f3", "test")
        order = images_in_order(app)
        assert sorted(order) == list(range(20))
        assert order != sorted(order)
        second = list(app.query("ImageWithLabels"))[1]
        await pilot.click(second)
        assert f"mage {order[1]}: " in screen_text(app)
        await press(pilot, "end", "z")
        looked = await inside(pilot)
        assert looked.subject.about.startswith(f"test image {order[-1]} ")


@pytest.mark.parametrize("size", [(80, 24), (120, 40)])
async def test_page_keys_and_the_wheel_go_through_test_images(
    size: tuple[int, int], runs: ScriptedRuns
) -> None:
    app: Any = RnnTuiApp(runs)
    async with running(app, size=size) as pilot:
        await start(pilot, runs)
        await finish(pilot, runs)
        await to_tab(pilot, "f3", "test")
        grid = app.query_one(ImageGrid)
        [row] = [len(images) for images in rows_on_screen(grid)[:1]]
        page = row * len(rows_on_screen(grid))
        assert page < 20
        assert f" 1–{page} of 20 test images" in screen_text(app)
        await press(pilot, "pagedown")
        last = min(2 * page, 20)
        assert f"–{last} of 20 test images" in screen_text(app)
        await press(pilot, "pageup")
        await turn_wheel(pilot, grid, 1)
        assert f" {row + 1}–{min(page + row, 20)} of 20 test images" in screen_text(app)
        await turn_wheel(pilot, grid, -1)
        assert f" 1–{page} of 20 test images" in screen_text(app)


@pytest.mark.long
async def test_a_field_of_the_confusion_matrix_shows_its_images(runs: ScriptedRuns) -> None:
    async with measured(runs) as (app, pilot):
        await to_tab(pilot, "f3", "test")
        await press(pilot, "escape")
        table = app.pane.query_one(ConfusionTable)
        assert app.focused is table
        # The cursor begins on the most frequent mistake.
        assert tuple(table.cursor_coordinate) == (8, 9)
        assert "true 8, read as 9: 1 of 2 (50.0 %)" in screen_text(app)
        await press(pilot, "left")
        assert "1–1 of 1 test images: true 8, read as 8" in screen_text(app)
        assert "mage 8: " in screen_text(app)
        await press(pilot, "enter")
        assert app.focused is app.query_one(ImageGrid)
        await press(pilot, "enter")
        view = await inside(pilot)
        assert view.subject.about.startswith("test image 8 ")
        # A field without images leads nowhere.
        await to_tab(pilot, "f3", "test")
        await press(pilot, "escape", "left", "enter", "z")
        await idle(pilot)
        assert app.focused is table
        assert "no test image is true 8, read as 7" in screen_text(app)


async def test_the_matrix_takes_the_place_of_the_images_in_a_narrow_window(
    runs: ScriptedRuns,
) -> None:
    app: Any = RnnTuiApp(runs)
    async with running(app, size=(80, 24)) as pilot:
        await start(pilot, runs)
        await finish(pilot, runs)
        await to_tab(pilot, "f3", "test")
        assert "Rows: true class" not in screen_text(app)
        await press(pilot, "w", "w")
        assert "Rows: true class, columns: read as" in screen_text(app)
        assert "true 8, read as 9: 1 of 2 (50.0 %) · Enter shows them" in screen_text(app)
        app.theme = "textual-light"  # all is drawn anew, labels of rows too
        await idle(pilot)
        assert re.search(r"│ 8 .* 1 +1 +50\.00", screen_text(app))
        await press(pilot, "enter")
        assert "1–1 of 1 test images: true 8, read as 9" in screen_text(app)
        assert "✗ 9, true 8" in screen_text(app)
        await press(pilot, "escape")
        assert "Rows: true class, columns: read as" in screen_text(app)
        assert app.focused is app.pane.query_one(ConfusionTable)
        assert "Enter Images" in screen_text(app)
        await press(pilot, "left", "left")  # nothing was read so
        assert "Enter Images" not in screen_text(app)
        await press(pilot, "w")
        assert "of 20 test images, in random order" in screen_text(app)


@pytest.mark.long
async def test_why_there_is_nothing_to_show_is_true(runs: ScriptedRuns) -> None:
    app: Any = RnnTuiApp(runs)
    async with running(app, size=SIZE) as pilot:
        await to_tab(pilot, "f3", "test")
        assert "Train a network (t)" in screen_text(app)
        await press(pilot, "z", "w", "enter", "left", "escape")  # nothing to act on
        await start(pilot, runs)
        await to_tab(pilot, "f3", "test")
        assert "is measured on the test set after training" in screen_text(app)
        runs.stop()
        await wait_until(pilot, lambda: not runs.busy)
        await wait_until(pilot, lambda: "was not trained to its end" in screen_text(app))


@pytest.mark.long
async def test_a_drawing_goes_inside_with_the_network_that_answered() -> None:
    app: Any = RnnTuiApp()
    async with running(app, size=SIZE) as pilot:
        await to_tab(pilot, "f3", "draw")
        panel = await drawn(pilot, app, "pretrained RNN")
        await press(pilot, "z")
        view = await inside(pilot)
        await wait_until(pilot, lambda: view.subject.about == "drawing · pretrained RNN")
        assert np.array_equal(view.subject.reading.digit, panel.digit_at_hand.digit)
    assert app.runs.close(10)


@pytest.mark.long
async def test_a_photo_goes_inside_as_it_was_prepared() -> None:
    app: Any = RnnTuiApp()
    async with running(app, size=SIZE) as pilot:
        await to_tab(pilot, "f3", "photos")
        await wait_until(pilot, lambda: bool(app.query("PhotosPanel")))
        panel: Any = app.query_one("PhotosPanel")
        panel.read([asset_dir() / "samples"])
        await wait_until(pilot, lambda: panel.digit_at_hand is not None and not busy(panel))
        app.pane.focus_view()
        await press(pilot, "right", "enter")  # in full
        await wait_until(pilot, lambda: panel.view == "photos-detail" and not busy(panel))
        await press(pilot, "z")
        view = await inside(pilot)
        given = panel.digit_at_hand
        await wait_until(pilot, lambda: view.subject.about.startswith(given.name))
        assert np.array_equal(view.subject.reading.digit, given.digit)
    assert app.runs.close(10)


@pytest.mark.long
async def test_a_digit_of_a_number_goes_inside_from_its_box() -> None:
    app: Any = RnnTuiApp()
    async with running(app, size=SIZE) as pilot:
        await to_tab(pilot, "f3", "photos")
        await wait_until(pilot, lambda: bool(app.query("PhotosPanel")))
        panel: Any = app.query_one("PhotosPanel")
        panel.read([asset_dir() / "samples" / "numbers" / "1984.jpg"])
        await wait_until(
            pilot,
            lambda: (
                panel.digit_at_hand is not None
                and "1984.jpg" in panel.digit_at_hand.name
                and not busy(panel)
            ),
        )
        app.pane.focus_view()
        await press(pilot, "enter")
        await wait_until(pilot, lambda: panel.view == "photos-detail" and not busy(panel))
        boxes = list(panel.query("DigitBox"))
        await pilot.click(boxes[1])
        await wait_until(pilot, lambda: app.focused is boxes[1] and not busy(panel))
        given = panel.digit_at_hand
        await press(pilot, "enter")
        view = await inside(pilot)
        await wait_until(pilot, lambda: view.subject.about.startswith(given.name))
        assert np.array_equal(view.subject.reading.digit, given.digit)
        assert view.subject.trace.answer == 9
    assert app.runs.close(10)


async def test_a_sequence_and_a_sum_go_inside_as_they_were_typed() -> None:
    app: Any = RnnTuiApp()
    async with running(app, size=SIZE) as pilot:
        await to_tab(pilot, "f4", "prompt")
        app.query_one("#recall-digits", Input).value = "7 0 5 5 2"
        await press(pilot, "z")
        view = await inside(pilot)
        await wait_until(pilot, lambda: view.subject.trace.read == ("7", "0", "5", "5", "2"))
        assert view.subject.details.config.position == 3
        await to_tab(pilot, "f5", "calculator")
        for entry, number in zip(app.query(NumberEntry), ("1011", "110"), strict=True):
            entry.value = number
        await press(pilot, "z")
        view = await inside(pilot)
        await wait_until(pilot, lambda: view.subject.details.example == "1011 + 110")
    assert app.runs.close(10)


@pytest.mark.long
async def test_what_is_sent_from_anywhere_is_looked_into_once() -> None:
    app: Any = RnnTuiApp()
    async with running(app, size=SIZE) as pilot:
        await to_tab(pilot, "f5", "calculator")
        digit, label = read_test_image(3, MNIST.config("lstm"))
        app.post_message(InsideWanted(MNIST.name, DigitAtHand("from elsewhere", digit, label)))
        await wait_until(pilot, lambda: app.tabs.active == MNIST.name)
        view = await inside(pilot)
        assert view.subject.about.startswith("from elsewhere")
        app.post_message(InsideWanted(MNIST.name, 5))
        await wait_until(pilot, lambda: view.subject.about.startswith("test image 5 "))
    assert app.runs.close(10)


@pytest.mark.long
async def test_the_digit_of_home_is_looked_into() -> None:
    app: Any = RnnTuiApp()
    async with running(app, "home", size=SIZE) as pilot:
        home: Any = app.query_one("HomeDigit")
        await wait_until(pilot, lambda: home.read_digit is not None)
        given = home.read_digit
        await press(pilot, "4")
        await wait_until(pilot, lambda: app.tabs.active == MNIST.name and app.tabs.front)
        view = await inside(pilot)
        assert view.subject.about.startswith(given.name)
        assert np.array_equal(view.subject.reading.digit, given.digit)
    assert app.runs.close(10)


@pytest.mark.long
@pytest.mark.parametrize("task", ["f3", "f4", "f5"])
async def test_a_click_on_inside_gives_it_the_keys(task: str) -> None:
    app: Any = RnnTuiApp()
    async with running(app, size=SIZE) as pilot:
        await press(pilot, task)
        await wait_until(pilot, lambda: app.tabs.front is not None and app.pane.complete)
        for _ in range(2):  # the first time, when it is made, and later
            await pilot.click(app.pane.query_one("#views Tabs #--content-tab-inside"))
            view = await inside(pilot)
            last = view.step
            await press(pilot, "left")
            assert view.step == last - 1
            await press(pilot, "right", "1")
            await wait_until(pilot, lambda: app.pane.view != "inside")
    assert app.runs.close(10)
