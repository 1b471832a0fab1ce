"""Home as a person meets it: a digit that is read, drawing over it, all that can be done."""

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from textual import events
from textual.pilot import Pilot
from textual.widgets import Input, OptionList, Select

from rnn_tui.archive import training
from rnn_tui.engine.events import Control, new_run_id
from rnn_tui.engine.files.paths import shipped_weights
from rnn_tui.tasks import TASKS
from rnn_tui.ui.app.app import RnnTuiApp
from rnn_tui.ui.home import pane as home_pane
from rnn_tui.ui.home.pad import HomePad
from rnn_tui.ui.home.pane import HomeDigit, HomePane
from rnn_tui.ui.training.form import SettingsForm
from rnn_tui.ui.work.training_manager import TrainingManager
from tests.ui.conftest import ScriptedRuns
from tests.ui.helpers import AT_SIZES, notices, press, running, screen_text, wait_until

ROWS = 28
ONE = [(14, 4), (14, 24)]
WAYS = {
    "1": ("recall", "prompt"),
    "2": ("adder", "calculator"),
    "3": ("mnist", "photos"),
    "4": ("mnist", "inside"),
    "5": ("papers", "table"),
}


@asynccontextmanager
async def home(
    runs: TrainingManager | None = None, size: tuple[int, int] = (80, 24)
) -> AsyncIterator[tuple[RnnTuiApp, HomeDigit, Pilot[Any]]]:
    """The app as it begins."""
    app = RnnTuiApp(runs or ScriptedRuns())
    async with running(app, "home", size=size) as pilot:
        digit = app.query_one(HomeDigit)
        await wait_until(pilot, lambda: digit.read_digit is not None)
        yield app, digit, pilot


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Rows are read three times as quickly."""
    monkeypatch.setattr(home_pane, "SECONDS_A_ROW", 0.05)
    monkeypatch.setattr(home_pane, "ROWS_OF_REST", 3)


def ticking(digit: HomeDigit) -> bool:
    return digit._timer._active.is_set()


def ink_of(digit: HomeDigit) -> int:
    """How much ink is seen."""
    return sum(map(sum, digit.pad._levels))


def ways(app: RnnTuiApp) -> OptionList:
    return app.query_one(HomePane).query_one(OptionList)


async def drag(pilot: Pilot[Any], places: list[tuple[int, int]]) -> None:
    """Draw a line with the mouse; the pad has half cells."""
    cells = [(x, y // 2) for x, y in places]
    post = pilot._post_mouse_events
    await post([events.MouseDown], HomePad, cells[0], button=1)
    for cell in cells:
        await post([events.MouseMove], HomePad, cell, button=1)
    await post([events.MouseUp], HomePad, cells[-1], button=1)


@pytest.mark.parametrize("size", AT_SIZES)
async def test_a_digit_is_read_row_by_row_and_nothing_is_cut(size: tuple[int, int]) -> None:
    async with home(size=size) as (app, digit, pilot):
        faint = ink_of(digit)
        text = screen_text(app)
        for key in ("t", *WAYS):
            assert f" {key}  " in text
        assert " Space Draw  i Other  n Network  F1 Help  ^p Commands  q Quit" in text
        for words in (
            "Train in seconds",
            "Rerun a paper",
            "Trained weights ship with rnn-tui",
            "rnn-tui  Train small",
        ):
            assert words in text
        assert app.screen.max_scroll_y == ways(app).max_scroll_y == digit.max_scroll_y == 0
        pad = digit.pad
        assert (pad.size.width, pad.size.height) in ((28, 14), (56, 28))
        assert pad.region.bottom <= digit.content_region.bottom - 3
        assert digit.region.right <= ways(app).region.x
        assert ways(app).region.right <= size[0]

        await wait_until(pilot, lambda: digit.rows > 14)
        assert f"row {digit.rows} of {ROWS}: " in screen_text(app)
        assert ink_of(digit) > faint
        await wait_until(pilot, lambda: digit.rows >= ROWS)
        assert digit.read_digit is not None
        answer = digit.answers[-1]
        right = answer.digit == digit.read_digit.label
        text = screen_text(app)
        assert f"predicts {answer.digit}, {100 * answer.confidence:.1f} %" in text
        assert ("✓" in text) is right
        assert f"▸{digit.read_digit.label}" in text
        assert "The pretrained LSTM reads" in text
        assert digit.read_digit.name in text


async def test_the_first_frame_has_the_picture_that_is_then_read() -> None:
    app = RnnTuiApp(ScriptedRuns())
    async with app.run_test(size=(80, 24)) as pilot:
        [picture] = app.query("HomeDigit > InkImage").results()
        before: Any = picture
        region, levels = picture.region, before._levels
        digit = app.query_one(HomeDigit)
        await wait_until(pilot, lambda: digit.whole)
        assert digit.pad.region == region
        assert digit.pad._levels == levels or digit.rows


async def test_what_is_drawn_is_read_at_once_and_escape_brings_the_digits_back(
    quick: None,
) -> None:
    async with home() as (app, digit, pilot):
        # Another digit, and another network.
        seen = {digit.what}
        for _ in range(5):
            await press(pilot, "i")
            seen.add(digit.what)
        assert len(seen) > 2
        before = digit.what
        titles = []
        for _ in range(3):
            await wait_until(pilot, lambda: 3 < digit.rows < ROWS)
            titles.append(str(digit.border_title))
            await press(pilot, "n")
        assert titles == [f"The pretrained {name} reads" for name in ("LSTM", "RNN", "biLSTM")]
        await wait_until(pilot, lambda: "pretrained LSTM" in str(digit.border_title))
        assert digit.what == before

        # With the mouse.
        await drag(pilot, ONE)
        await wait_until(
            pilot, lambda: digit.read_digit is not None and digit.read_digit.name == "drawing"
        )
        await wait_until(pilot, lambda: not digit._asking.busy)
        assert digit.answers[-1].digit == 1
        assert "predicts 1, " in screen_text(app)
        await wait_until(pilot, lambda: not ticking(digit))
        await press(pilot, "escape")
        await wait_until(pilot, lambda: digit.read_digit is not None and digit.what == before)
        assert digit.pad.drawing.empty
        await wait_until(pilot, lambda: "row 2 of 28" in screen_text(app))

        # With keys.
        ways(app).focus()
        await press(pilot, "space", *["down"] * 9, "escape")
        assert app.focused is digit.pad
        await wait_until(pilot, lambda: digit.what == "drawing" and digit.answers)
        await wait_until(pilot, lambda: re.search("predicts|Unsure", screen_text(app)))
        await press(pilot, "d")
        assert digit.what == ""
        assert ink_of(digit) == 0
        assert "Drag, or Space and arrows" in screen_text(app)
        await press(pilot, "space", "right", "right")
        await wait_until(pilot, lambda: digit.what == "drawing" and digit.read_digit is not None)
        await press(pilot, "escape", "escape")  # the pen, then the digit
        await wait_until(pilot, lambda: digit.what.startswith("test image"))


@pytest.mark.parametrize(
    "way", ["key", *(pytest.param(way, marks=pytest.mark.long) for way in ("enter", "click"))]
)
async def test_each_line_leads_where_it_says_and_t_trains_with_preset_fast(
    way: str, runs: ScriptedRuns
) -> None:
    async with home(runs) as (app, _, pilot):
        for line, key in [*enumerate(WAYS, 1), (0, "t")]:
            if way == "key":
                await press(pilot, key)
            elif way == "enter":
                await press(pilot, "home", *["down"] * line, "enter")
            else:
                await pilot.click(OptionList, offset=(5, 1 + 2 * line))  # two lines each
            if key == "t":
                break
            tab, view = WAYS[key]
            await wait_until(
                pilot,
                lambda tab=tab: app.tabs.active == tab and app.tabs.front is not None,  # type: ignore[misc]
            )
            await wait_until(
                pilot,
                lambda view=view: app.pane.complete and app.pane.view == view,  # type: ignore[misc]
            )
            await wait_until(pilot, app.takes_keys)
            await press(pilot, "f2")
            await wait_until(pilot, lambda: app.tabs.active == "home" and app.takes_keys())

        await wait_until(pilot, lambda: runs.started)
        [config] = runs.started
        assert (config.task, config.preset, config.cell) == ("mnist", "fast", "lstm")
        assert app.tabs.active == "mnist"
        await wait_until(pilot, lambda: app.pane.view == "training")
        form = app.pane.query_one(SettingsForm)
        assert form.query_one("#preset", Select).value == "fast"
        [from_form] = form.configs()
        assert from_form == config
        # Once more, beside a run: Home asks, and stops nothing by itself.
        await press(pilot, "f2", "t")
        await wait_until(pilot, lambda: "MNIST: LSTM fast is in training" in screen_text(app))
        await press(pilot, "escape")
        assert len(runs.started) == 1


@pytest.mark.long
@pytest.mark.parametrize(("key", "field"), [("1", "recall-digits"), ("2", "number-a")])
async def test_where_one_is_asked_to_type_one_can(key: str, field: str) -> None:
    async with home() as (app, _, pilot):
        await press(pilot, key)
        await wait_until(pilot, lambda: app.focused is not None and app.focused.id == field)
        await press(pilot, "ctrl+u", "1", "0", "1")
        assert app.query_one(f"#{field}", Input).value == "101"


async def test_an_interrupted_run_is_offered_and_goes_on() -> None:
    control, seen = Control(), []

    def stop(event: object) -> None:
        seen.append(event)
        if len(seen) > 20:
            control.stop(interrupted=True)

    config = TASKS["recall"].config(
        "lstm", "report", hidden_sizes=(2,), epochs=6, training_size=90, test_size=9, seed=1
    )
    training.train(config, stop, control, new_run_id(), name="night [red]")
    async with home(TrainingManager()) as (app, _, pilot):
        await wait_until(pilot, lambda: "Resume night [red]" in screen_text(app))
        assert "It was interrupted at " in screen_text(app)
        assert not notices(app)
        await press(pilot, "g")
        await wait_until(pilot, lambda: app.tabs.active == "recall")
        states = app.runs.states
        await wait_until(pilot, lambda: [s.status.value for s in states.values()] == ["finished"])
        await press(pilot, "f2")
        await wait_until(pilot, lambda: "Resume night" not in screen_text(app))


@pytest.mark.long
async def test_nothing_goes_on_where_nobody_looks(quick: None) -> None:
    async with home() as (app, digit, pilot):
        await wait_until(pilot, lambda: digit.rows > 5)
        await press(pilot, "f6")
        await wait_until(pilot, lambda: not ticking(digit))
        rows = digit.rows
        await pilot.pause(0.1)
        assert digit.rows == rows
        await press(pilot, "f2")
        await wait_until(pilot, lambda: ticking(digit))
        app.post_message(events.AppBlur())
        await wait_until(pilot, lambda: not ticking(digit))
        app.post_message(events.AppFocus())
        await wait_until(pilot, lambda: ticking(digit))
        # Three digits without a key, the last of which stays.
        await wait_until(pilot, lambda: not ticking(digit))
        assert digit.readings == 3
        assert "predicts" in screen_text(app)
        assert "row" not in str(digit.query_one("Static").render())
        await press(pilot, "down")
        await wait_until(pilot, lambda: digit.readings == 0)


async def test_home_without_weights_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    assert shipped_weights("mnist")
    monkeypatch.setattr("rnn_tui.archive.weights.shipped_weights", lambda _: [])
    async with running(RnnTuiApp(ScriptedRuns()), "home", size=(80, 24)) as pilot:
        await wait_until(pilot, lambda: "No weights to read" in screen_text(pilot.app))
