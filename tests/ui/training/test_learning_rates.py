"""The search for a learning rate in the app: the real thing, on recall and on MNIST."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot
from textual.widgets import Input, Select

from rnn_tui.engine.training.learning_rates import find_learning_rate
from rnn_tui.tasks import TASKS
from rnn_tui.ui.app.app import RnnTuiApp
from rnn_tui.ui.app.help import HelpScreen
from rnn_tui.ui.chart.chart import Chart
from rnn_tui.ui.frame.requests import UNDER_WAY
from rnn_tui.ui.training.learning_rates import LearningRateScreen
from rnn_tui.ui.training.pane import TaskPane
from rnn_tui.ui.work.training_manager import TrainingManager
from tests.ui.conftest import ScriptedRuns
from tests.ui.helpers import (
    AT_SIZES,
    idle,
    last_notice,
    press,
    running,
    screen_text,
    start,
    unfolded,
    wait_until,
)


@pytest.fixture
def manager(home: Path) -> Iterator[TrainingManager]:
    manager = TrainingManager()
    yield manager
    assert manager.close(60)


def rate_field(app: RnnTuiApp) -> Input:
    assert isinstance(app.pane, TaskPane)
    assert app.pane.form is not None
    return app.pane.form._fields["learning_rate"]


async def search(pilot: Pilot[Any]) -> Chart:
    """Search with the preset `fast`, and wait for the chart."""
    app: Any = pilot.app
    app.pane.form.query_one("#preset", Select).value = "fast"
    await idle(pilot)
    await press(pilot, "palette:find-rate")
    await wait_until(pilot, lambda: isinstance(app.screen, LearningRateScreen))
    await wait_until(pilot, lambda: app.screen.query_one(Chart).display)
    chart: Chart = app.screen.query_one(Chart)
    return chart


@pytest.mark.parametrize("size", AT_SIZES)
async def test_what_is_wrong_is_a_sentence_and_what_is_found_goes_into_the_form(
    size: tuple[int, int], manager: TrainingManager, home: Path
) -> None:
    config = TASKS["recall"].config("lstm", "fast")
    expected = find_learning_rate(TASKS["recall"].load(), config)
    assert expected is not None
    assert expected.suggestion is not None
    async with running(app := RnnTuiApp(manager), "recall", size=size) as pilot:
        await unfolded(pilot)
        batch_size = app.pane.query_one("#field-batch-size", Input)
        batch_size.value = "0"
        await press(pilot, "palette:find-rate")
        assert "Batch size must be" in last_notice(app)
        batch_size.value = "100"  # 9 steps in an epoch
        await press(pilot, "palette:find-rate")
        await wait_until(pilot, lambda: "Half an epoch has 4 steps" in screen_text(app))
        await press(pilot, "enter")  # there is no rate to use
        assert isinstance(app.screen, LearningRateScreen)
        await press(pilot, "escape")
        await wait_until(pilot, lambda: not isinstance(app.screen, LearningRateScreen))

        batch_size.value = ""
        chart = await search(pilot)
        assert [len(curve.y) for curve in chart.prepared] == [len(expected.losses), 1]
        assert chart.prepared[0].y == pytest.approx(expected.smoothed)
        assert chart.cursor == pytest.approx(expected.suggestion, rel=0.05)
        text = screen_text(app)
        for words in (
            expected.sentence,
            "Enter uses it",
            "1e-6",
            "1e-1",
            "■ suggested",
            "recall fast",
        ):
            assert words in text
        await press(pilot, "enter")
        await wait_until(pilot, lambda: not isinstance(app.screen, LearningRateScreen))
        assert float(rate_field(app).value) == expected.suggestion
        assert app.focused is rate_field(app)
        assert [config.learning_rate for config in app.pane.form.configs()] == [expected.suggestion]
    assert manager.states == {}
    assert not list(home.rglob("*.safetensors"))


@pytest.mark.long
async def test_another_rate_can_be_taken_and_none(manager: TrainingManager) -> None:
    async with running(app := RnnTuiApp(manager), "recall", size=(80, 24)) as pilot:
        chart = await search(pilot)
        suggested = chart.cursor
        await press(pilot, "escape")
        await wait_until(pilot, lambda: not isinstance(app.screen, LearningRateScreen))
        assert rate_field(app).value == ""
        # From a field too.
        app.pane.fold_form(False)
        app.pane.query_one("#field-seeds", Input).focus()
        chart = await search(pilot)
        await press(pilot, "left", "left", "left", "enter")
        await wait_until(pilot, lambda: bool(rate_field(app).value))
        assert suggested is not None
        assert float(rate_field(app).value) == float(f"{chart.cursor:.2g}") < suggested


async def test_escape_stops_it(manager: TrainingManager, home: Path) -> None:
    async with running(app := RnnTuiApp(manager), "mnist", size=(80, 24)) as pilot:
        app.pane.query_one("#field-hidden-size", Input).value = "256"  # half a minute
        await press(pilot, "palette:find-rate")
        await wait_until(
            pilot, lambda: " steps · " in screen_text(app) and " left" in screen_text(app)
        )
        assert manager.busy
        await press(pilot, "escape")
        await wait_until(pilot, lambda: not isinstance(app.screen, LearningRateScreen))
        assert not manager.busy
        assert rate_field(app).value == ""
    assert not list(home.rglob("*.safetensors"))


@pytest.mark.long
async def test_not_while_a_run_trains(runs: ScriptedRuns) -> None:
    async with running(app := RnnTuiApp(runs), "mnist", size=(80, 24)) as pilot:
        await start(pilot, runs)
        await press(pilot, "palette:find-rate")
        await idle(pilot)
        assert last_notice(app) == UNDER_WAY
        assert not isinstance(app.screen, LearningRateScreen)


@pytest.mark.long
async def test_a_test_without_a_result_says_so(manager: TrainingManager) -> None:
    """With one sequence in a batch, the loss varies too much to show a fall."""
    async with running(app := RnnTuiApp(manager), "recall", size=(80, 24)) as pilot:
        await unfolded(pilot)
        app.pane.query_one("#field-seed", Input).value = "2"
        await press(pilot, "palette:find-rate")
        await wait_until(
            pilot, lambda: "no learning rate is suggested" in screen_text(app).replace("\n", " ")
        )
        assert "suggested 2" not in screen_text(app)
        await press(pilot, "enter")
        assert isinstance(app.screen, LearningRateScreen)


@pytest.mark.long
async def test_help_and_palette_know_the_key(runs: ScriptedRuns) -> None:
    async with running(app := RnnTuiApp(runs), "adder", size=(120, 40)) as pilot:
        words = "Find a learning rate for the settings in the form"
        assert any(words in command.title for command in app.get_system_commands(app.screen))
        await press(pilot, "question_mark")
        await wait_until(pilot, lambda: isinstance(app.screen, HelpScreen))
        assert "Find rate" in app.screen.by_name


@pytest.mark.long
async def test_quitting_ends_it_at_once(manager: TrainingManager) -> None:
    async with running(app := RnnTuiApp(manager), "mnist", size=(80, 24)) as pilot:
        app.pane.query_one("#field-hidden-size", Input).value = "256"
        await press(pilot, "palette:find-rate")
        await wait_until(pilot, lambda: " steps · " in screen_text(app))
        await press(pilot, "ctrl+q")
        await wait_until(pilot, lambda: "Quit anyway?" in screen_text(app))
        await press(pilot, "s")
        await wait_until(pilot, lambda: app._exit or not app.is_running)
    assert manager.states == {}
