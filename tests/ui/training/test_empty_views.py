"""Views of results before there is any run: an example shows what they will hold."""

from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot

from rnn_tui.archive.store import RunStore
from rnn_tui.archive.weights import NETWORKS, choose_shipped
from rnn_tui.tasks.images.inference import RowReaderNetwork
from rnn_tui.tasks.recall import RECALL
from rnn_tui.ui.app.app import RnnTuiApp
from tests.archive.kept_runs import train
from tests.ui.conftest import ScriptedRuns
from tests.ui.helpers import idle, press, running, screen_text, wait_until
from tests.ui.training.test_sequence_panes import field, go_to, view

SECONDS = 60


async def shown(pilot: Pilot[Any], words: str) -> str:
    """The text on the screen, once it has these words."""
    app: Any = pilot.app
    await wait_until(pilot, lambda: words in screen_text(app), SECONDS)
    return screen_text(app)


async def test_an_example_is_shown_until_a_run_is_started() -> None:
    app: Any = RnnTuiApp()
    async with running(app, "recall", size=(80, 24)) as pilot:
        text = await shown(pilot, " Example  a recorded training of recall × 5, preset report.")
        assert "t trains your own." in text
        training = app.pane.front_view
        assert training.opacity < 1
        assert all(chart.prepared for chart in training.charts)
        await view(pilot, "results")
        text = await shown(pilot, " Example  pretrained recall × 5, preset best, as shipped.")
        assert "t trains your own." in text
        assert "H 10 ce" in text
        assert "Accuracy by length" in text
        front = app.pane.front_view
        assert front.opacity < 1
        await view(pilot, "confusion-tab")
        assert "rows: true digit" in await shown(pilot, "Example")
        field(app, "epochs").value = "1"
        await press(pilot, "t")
        await wait_until(pilot, lambda: bool(app.pane.states()))
        await wait_until(pilot, lambda: "Example" not in screen_text(app))
        assert training.opacity == 1
        await view(pilot, "results")
        await wait_until(pilot, lambda: bool(app.runs.evaluations), SECONDS)
        await idle(pilot)
        assert "Example" not in screen_text(app)
        assert front.opacity == 1
    assert app.runs.close(10)


async def test_the_last_run_is_shown_after_a_restart(home: Path) -> None:
    train(RECALL.config("lstm", "fast", epochs=1, seeds=2, hidden_sizes=(4,)))
    with RunStore() as store:
        last = store.find("last").name
    app: Any = RnnTuiApp()
    async with running(app, "recall", size=(120, 40)) as pilot:
        text = await shown(pilot, f" Last run  {last}")
        assert "% test (n 2). t trains a new one." in text
        training = app.pane.front_view
        assert training.opacity == 1
        assert all(chart.prepared for chart in training.charts)
        assert "Example" not in text
        await view(pilot, "results")
        await wait_until(pilot, lambda: app.pane.example is not None, SECONDS)
        assert "H 4 ce" in await shown(pilot, "Accuracy by length")
        assert app.pane.front_view.opacity == 1
        assert f" Last run  {last}" in screen_text(app)
        await view(pilot, "prompt")
        await shown(pilot, f" Last run  {last}")
        await press(pilot, "t")
        await wait_until(pilot, lambda: bool(app.pane.states()))
        await wait_until(pilot, lambda: "Last run" not in screen_text(app))
    assert app.runs.close(10)


@pytest.mark.long
async def test_images_of_the_example_can_be_looked_through_and_into() -> None:
    app: Any = RnnTuiApp()
    async with running(app, "mnist", size=(80, 24)) as pilot:
        await view(pilot, "test")
        text = await shown(pilot, " Example  pretrained LSTM, preset photos, as shipped.")
        network = NETWORKS.get(choose_shipped("mnist").path, RowReaderNetwork)
        assert f"test accuracy {network.metrics['test_accuracy']:.1f}" in text
        await press(pilot, "w")
        assert "misread (of 10,000 test images)" in screen_text(app)
        await press(pilot, "pagedown", "z")
        await wait_until(pilot, lambda: app.pane.view == "inside", SECONDS)
        await shown(pilot, "test image")
        await go_to(pilot, "adder")
        await view(pilot, "results")
        assert "H 3 mse" in await shown(pilot, " Example  pretrained adder × 5")
    assert app.runs.close(10)


async def test_empty_tables_show_what_they_will_hold(runs: ScriptedRuns) -> None:
    app: Any = RnnTuiApp(runs)
    async with running(app, "runs", size=(80, 24)) as pilot:
        text = await shown(pilot, "Example")
        assert "No runs yet" in text
        assert "adder-report-5seeds" in text
        await press(pilot, "f8")
        text = await shown(pilot, "No trial yet")
        assert "Example" in text
        assert "learning_rate" in text
