"""While a network trains, a line below its charts shows the gradient norms by layer."""

import re
from pathlib import Path

import pytest
from textual.widgets import Static

from rnn_tui.ui.app.app import RnnTuiApp
from rnn_tui.ui.training.training_view import TrainingCharts, norms_in_words
from rnn_tui.ui.work.training_manager import TrainingManager
from tests.ui.conftest import ScriptedRuns
from tests.ui.helpers import (
    finish,
    idle,
    press,
    resize,
    running,
    screen_lines,
    screen_text,
    start,
    wait_until,
)

NORMS = {"input": 0.12, "recurrent": 0.034, "readout": 123.4}
LINE = "Gradient norm: input 0.12 · recurrent 0.034 · readout 123"


@pytest.fixture
def runs() -> ScriptedRuns:
    """Runs that log gradient norms."""
    runs = ScriptedRuns()
    runs.layer_norms = NORMS
    return runs


async def test_the_line_is_there_while_a_network_trains_whole_or_not_at_all(
    home: Path, runs: ScriptedRuns
) -> None:
    async with running(app := RnnTuiApp(runs), size=(80, 24)) as pilot:
        assert "Gradient norm" not in screen_text(app)
        await start(pilot, runs)
        await wait_until(pilot, lambda: LINE in screen_text(app))
        lines = screen_lines(app)
        (place,) = [number for number, line in enumerate(lines) if LINE in line]
        assert "LSTM" in lines[place + 1]  # the progress of the same run
        assert app.pane.query_one("#epochs").display
        await press(pilot, "2")  # another view
        await wait_until(pilot, lambda: LINE not in screen_text(app))
        await press(pilot, "1")
        await wait_until(pilot, lambda: LINE in screen_text(app))
        line = app.pane.query_one(TrainingCharts).query_one("#layer-norms", Static)
        for size, whole in (((58, 40), False), ((80, 12), False), ((120, 40), True)):
            await resize(pilot, *size)
            await idle(pilot)
            assert line.display is whole, size
            assert (LINE in screen_text(app)) is whole, size
        await finish(pilot, runs)
        await wait_until(pilot, lambda: "Gradient norm" not in screen_text(app))


@pytest.mark.long
async def test_a_set_in_training_has_a_line(home: Path) -> None:
    runs = TrainingManager()
    async with running(app := RnnTuiApp(runs), "recall", size=(80, 24)) as pilot:
        await press(pilot, "t")
        whole = re.compile(
            r"Gradient norm: input [\d.]+ · recurrent [\d.]+ · readout [\d.]+$", re.MULTILINE
        )
        await wait_until(pilot, lambda: whole.search(screen_text(app)), 120)
        await press(pilot, "s")
        await wait_until(pilot, lambda: not runs.busy)
        await wait_until(pilot, lambda: "Gradient norm" not in screen_text(app))
    assert runs.close(5)


def test_numbers_have_two_digits_and_layers_are_short() -> None:
    assert norms_in_words({}) == ""
    assert norms_in_words(NORMS) == LINE
    stacked = {"layer 1": 0.1, "layer 2": 1.24e-5, "layer 3": 9.96, "readout": 2.0}
    assert norms_in_words(stacked) == "Gradient norm: layer 1 0.10 · 2 1.2e-05 · 3 10 · readout 2.0"
