"""What training will take stands below Train; how busy the machine is, behind the progress."""

from functools import partial
from pathlib import Path

import pytest
from textual.widgets import Checkbox, Input, Label, Select, Static

from rnn_tui.archive import cost
from rnn_tui.archive.footprint import footprint
from rnn_tui.engine import events
from rnn_tui.engine.config import RunConfig
from rnn_tui.engine.files.paths import config_file
from rnn_tui.engine.settings import SETTINGS
from rnn_tui.tasks import TASKS
from rnn_tui.ui.app import app as app_module
from rnn_tui.ui.app.app import RnnTuiApp
from rnn_tui.ui.widgets.plain import PlainSelect
from rnn_tui.ui.work.training_manager import Loaded
from tests.archive.kept_runs import train
from tests.ui.conftest import ScriptedRuns
from tests.ui.helpers import press, running, screen_text, start, wait_until


class TimedRuns(ScriptedRuns):
    """Runs of which an epoch takes two minutes, on the CPU."""

    def measured_seconds(self, config: RunConfig) -> float | None:
        """Return what training takes, as if steps had been measured."""
        return None if config.device == "cuda" else 120.0 * config.epochs


@pytest.fixture
def runs() -> ScriptedRuns:
    """Runs that are timed."""
    return TimedRuns()


def estimate(app: RnnTuiApp) -> str:
    """Return how long training will take, as the form says; empty if it says nothing of that."""
    lines = facts(app).split("\n")
    return "".join(line for line in lines if "arameters" not in line)


def facts(app: RnnTuiApp) -> str:
    return str(app.pane.query_one("#form-facts", Static).content)


def is_said(app: RnnTuiApp, size: str) -> bool:
    return facts(app).split("\n")[0] == size


def expected(preset: str, *cells: str, **settings: object) -> str:
    configs = [TASKS["mnist"].config(cell, preset, **settings) for cell in cells]
    return cost.in_words(sum(120.0 * config.epochs for config in configs))


async def test_time_parameters_and_memory_follow_the_form(home: Path, runs: ScriptedRuns) -> None:
    async with running(app := RnnTuiApp(runs), size=(120, 40)) as pilot:
        await wait_until(pilot, lambda: estimate(app) == expected("report", "lstm"))
        assert "about" in screen_text(app)
        app.pane.query_one("#preset", Select).value = "fast"
        await wait_until(pilot, lambda: estimate(app) == expected("fast", "lstm"))
        app.pane.query_one("#model-bilstm", Checkbox).value = True
        await wait_until(pilot, lambda: estimate(app) == expected("fast", "lstm", "bilstm"))
        focused = app.focused
        epochs = app.pane.query_one("#field-epochs", Input)
        epochs.value = "40"
        longer = expected("fast", "lstm", "bilstm", epochs=40)
        await wait_until(pilot, lambda: estimate(app) == longer)
        epochs.value = "0"
        note = app.pane.query_one("#form-note", Static)
        await wait_until(pilot, lambda: str(note.content).startswith("Epochs must be"))
        assert estimate(app) == ""
        assert app.focused is focused
        epochs.value = ""
        app.pane.query_one("#device", Select).value = "cuda"
        await wait_until(pilot, lambda: estimate(app) == "")  # none can be made

        await press(pilot, "f5")
        await wait_until(pilot, lambda: app.pane.complete and app.pane.query("#form-facts"))
        sizes = app.pane.query_one("#field-hidden-sizes", Input)
        for typed in ("4", "4,8"):
            sizes.value = typed
            hidden_sizes = SETTINGS["hidden_sizes"].parse(typed)
            size = footprint(TASKS["adder"].config("lstm", "report", hidden_sizes=hidden_sizes))
            assert size is not None
            await wait_until(pilot, partial(is_said, app, size.in_words))
        app.pane.query_one("#model-gru", Checkbox).value = True
        await wait_until(pilot, lambda: "LSTM " in facts(app) and "GRU " in facts(app))
        sizes.value = "0"
        await wait_until(pilot, lambda: facts(app) == "")
    assert list(home.iterdir()) == []  # asking makes no database


async def test_nothing_is_measured_while_keys_come(
    home: Path, runs: ScriptedRuns, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(app_module, "SECONDS_OF_REST", 3600.0)
    async with running(app := RnnTuiApp(runs), size=(120, 40)) as pilot:
        await wait_until(pilot, lambda: facts(app))
        await press(pilot, "f4", "f3")
        assert not estimate(app)


async def test_a_run_that_is_kept_goes_before_the_estimate(
    home: Path, runs: ScriptedRuns, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cost, "SHORTEST_RUN", 0.0)
    train(TASKS["recall"].config("lstm", epochs=1))
    monkeypatch.setattr(TimedRuns, "measured_seconds", lambda *_: 7200.0)
    async with running(app := RnnTuiApp(runs), size=(120, 40)) as pilot:
        await wait_until(pilot, lambda: " h on" in estimate(app))
        await press(pilot, "f4")
        await wait_until(pilot, lambda: app.pane.complete and app.pane.query("#form-facts"))
        await wait_until(pilot, lambda: " h on" not in estimate(app) and "about" in estimate(app))


@pytest.mark.long
async def test_the_load_of_the_machine_is_shown_if_there_is_room(runs: ScriptedRuns) -> None:
    for width, is_shown in ((120, True), (80, False)):
        async with running(app := RnnTuiApp(runs), size=(width, 40)) as pilot:
            await start(pilot, runs)
            assert "CPU" not in screen_text(app)
            run_id = next(reversed(runs.states))
            load = {"cpu": 97.4, "process": 51.0, "memory": 1.2e9}
            runs._queue.append(events.MachineSeen(run_id, load, load))
            await wait_until(pilot, lambda: any(state.machine for state in runs.states.values()))
            await pilot.pause(0.5)
            numbers = str(app.pane.query_one("#progress-numbers", Label).content)
            assert numbers.endswith("CPU 97 % 1.2 GB") is is_shown
            runs.go_on.set()
            await wait_until(pilot, lambda: not runs.busy)
            await pilot.pause(0.5)
            assert "CPU" not in screen_text(app)


@pytest.mark.long
async def test_gpus_are_offered_by_name_once_they_are_known(home: Path, runs: ScriptedRuns) -> None:
    config_file().parent.mkdir(parents=True, exist_ok=True)
    config_file().write_text('device = "cuda:1"\n')
    async with running(app := RnnTuiApp(runs), size=(120, 40)) as pilot:
        device = app.pane.query_one("#device", PlainSelect)
        assert device.value == "cuda:1"  # as preferred, before anything tells what is here
        words = {
            f"cuda:{at}": f"cuda:{at}, {at + 3} of 80 GiB free, Card [red]{at}" for at in range(2)
        }
        runs._queue.append(Loaded("PyTorch is here", failed=False, gpus=words))
        app.news.timer.resume()
        await wait_until(pilot, lambda: "cuda:0" in device._values)
        assert device.value == "cuda:1"
        assert device._values == ["auto", "cpu", "cuda", "mps", "cuda:0", "cuda:1"]
        texts = [str(prompt) for prompt, _ in device._options]
        assert texts[-2:] == list(words.values())
        await press(pilot, "t")
        await wait_until(pilot, lambda: runs.started)
        assert [config.device for config in runs.started] == ["cuda:1"]
