"""What trains on an accelerator from the app and the command line, and reads photos."""

import json
from pathlib import Path

import pytest

from rnn_tui.archive.store import RunStore
from rnn_tui.engine.files.paths import asset_dir
from rnn_tui.engine.state import Status
from rnn_tui.tasks import TASKS
from rnn_tui.ui.app.app import RnnTuiApp
from rnn_tui.ui.frame.requests import TrainRequested
from tests.cli.command_line import run_inside
from tests.gpu.device import DEVICE, small
from tests.ui.helpers import running, screen_text, wait_until

PHOTOS = sorted((asset_dir() / "samples").glob("*.jpg"))


@pytest.mark.parametrize("preset", ["fast", "photos"])
def test_photos_are_read_with_weights_trained_there(mnist_slice: Path, preset: str) -> None:
    settings = (
        "--epochs",
        "12",
        "--hidden-size",
        "48",
        "--batch-size",
        "40",
        "--data-dir",
        str(mnist_slice),
        "--quiet",
    )
    code, out, err = run_inside(
        ["train", "mnist", "--preset", preset, *settings, "--device", DEVICE, "--json"]
    )
    assert (code, err) == (0, "")
    trained = json.loads(out)
    assert trained["device"].startswith(DEVICE)
    code, out, err = run_inside(
        ["predict", *map(str, PHOTOS), "--run", "last", "--json", "--quiet"]
    )
    assert (code, err) == (0, "")
    read = {Path(one["path"]).name: one["prediction"] for one in json.loads(out)["results"]}
    assert list(read) == [path.name for path in PHOTOS]
    right = sum(name[0] == str(digit) for name, digit in read.items())
    assert right >= len(PHOTOS) // 3  # a tenth by chance; the network has seen 1,000 digits


@pytest.mark.parametrize("task", list(TASKS))
async def test_a_run_in_the_app(home: Path, mnist_slice: Path, task: str) -> None:
    config = small(mnist_slice, task, TASKS[task].default_cell, TASKS[task].default_preset)
    app = RnnTuiApp()
    async with running(app, task, size=(120, 40)) as pilot:
        app.post_message(TrainRequested([config]))
        await wait_until(pilot, lambda: bool(app.runs.evaluations) and not app.runs.busy, 300)
        [state] = app.runs.states.values()
        assert state.status is Status.FINISHED, state.message
        assert state.device.startswith(DEVICE)
        await wait_until(pilot, lambda: "accuracy" in screen_text(app))
        select = app.pane.query_one("#device")
        assert DEVICE == "cpu" or any(DEVICE in str(value) for value in select._values)
    with RunStore() as store:
        assert [run.device for run in store.runs()] == [state.device]
