"""Guided experiments as a person plays them: from Home, to the end of each, and what happens on the
way.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest
from textual.pilot import Pilot
from textual.widgets import Input, OptionList

from rnn_tui.engine.config import RunConfig
from rnn_tui.tasks.config import SequenceConfig
from rnn_tui.ui.app.app import RnnTuiApp
from rnn_tui.ui.common.requests import UNDER_WAY
from rnn_tui.ui.common.training_manager import TrainingManager
from rnn_tui.ui.guide import panel as guide_panel
from rnn_tui.ui.guide.experiments import (
    ExperimentStep,
    GuidedExperiment,
    experiment_names,
    read_experiment,
)
from rnn_tui.ui.guide.panel import GuidePanel, GuideScreen
from tests.ui.conftest import ScriptedRuns
from tests.ui.helpers import (
    AT_SIZES,
    finish,
    idle,
    last_notice,
    notices,
    press,
    running,
    screen_text,
    start,
    wait_until,
)

# By experiment, for each step: the view that is in front behind its keys, and what is to be seen
# there.
SEEN = {
    "1-one-or-twenty": [
        ("adder results", "H 3 bce"),
        ("adder results", " 20"),
        ("adder training", "bit accuracy (%)"),
    ],
    "2-carry": [
        ("adder calculator", "true sum"),
        ("adder inside", "by unit 0"),
        ("adder inside", "by unit 0"),
    ],
    "3-damage": [
        ("adder inside", "predicts 1, "),
        ("adder inside", "unedited 1"),
        ("adder inside", "without unit"),
    ],
    "4-forgetting": [
        ("recall results", "H 10 ce"),
        ("recall inside", "After step 11"),
        ("recall inside", "at position 3 in 100 %"),
        ("recall inside", "forget "),
    ],
    "5-how-early": [
        ("mnist inside", "settled at row"),
        ("mnist inside", "99.49 % of 10,000"),
        ("mnist inside", "row 1 of 28"),
    ],
    "6-mse-or-ce": [
        ("adder results", "H 3 mse"),
        ("adder training", "bit accuracy (%)"),
        ("adder results", "length"),
    ],
    "7-your-own-hand": [
        ("mnist draw", "It sees"),
        ("mnist photos", "7 of 12 right"),
        ("mnist photos", "12 of 12 right"),
    ],
    "8-seed": [
        ("recall training", "recall RNN × 5 fast"),
        ("recall results", " 20"),
        ("adder inside", "by unit 0"),
        ("adder inside", "by unit 9"),
    ],
}
TAUGHT = {"4-forgetting": "lstm"}  # what is seen is so once networks of this cell have learned


class ShortRuns(TrainingManager):
    """Trains what it is asked for, a few steps of it: what most experiments press and show does not
    hang on more.
    """

    def __init__(self, taught: str = "") -> None:
        super().__init__()
        self._taught = taught

    def start(self, configs: Sequence[RunConfig]) -> list[str]:
        shortened = [
            config if config.cell == self._taught else self._short(config) for config in configs
        ]
        return super().start(shortened)

    @staticmethod
    def _short(config: RunConfig) -> RunConfig:
        few: Any = {"epochs": 2, "training_size": 20 * config.batch_size, "test_size": 50}
        return replace(config, **few) if isinstance(config, SequenceConfig) else config


def panel_of(app: RnnTuiApp) -> GuidePanel:
    return app.query_one(GuidePanel)


async def begin(pilot: Pilot[Any], name: str) -> GuidePanel:
    """Choose an experiment from the list."""
    app: Any = pilot.app
    await press(pilot, "Y")
    await wait_until(pilot, lambda: isinstance(app.screen, GuideScreen))
    await press(pilot, "home", *["down"] * experiment_names().index(name), "enter")
    await wait_until(pilot, lambda: bool(app.query(GuidePanel)) and panel_of(app).has_focus_within)
    return panel_of(app)


def at_work(panel: GuidePanel) -> bool:
    """Whether a worker of the panel is under way."""
    return any(worker.node is panel and not worker.is_finished for worker in panel.workers)


async def go_on(pilot: Pilot[Any], panel: GuidePanel) -> None:
    """Press Enter, and wait for what it does."""
    before = panel.at, panel.looking
    await press(pilot, "enter")
    await wait_until(
        pilot, lambda: not panel.is_attached or (panel.at, panel.looking) != before, 400
    )
    # the words of the next step are parsed in a thread, and then the panel takes the focus
    await wait_until(pilot, lambda: not at_work(panel))
    await idle(pilot)


@pytest.mark.long
@pytest.mark.parametrize("name", experiment_names())
async def test_each_is_played_to_its_end(name: str) -> None:
    app = RnnTuiApp(ShortRuns(TAUGHT.get(name, "")))
    async with running(app, "home", size=(80, 24)) as pilot:
        panel = await begin(pilot, name)
        for step, (view, words) in zip(read_experiment(name).steps, SEEN[name], strict=True):
            assert step.title in screen_text(app)
            assert isinstance(app.focused, Input) is bool(step.guess)
            if step.guess:
                await press(pilot, "4", "2")
            await go_on(pilot, panel)
            assert [one for one in notices(app) if "Press Enter" in one] == []
            assert f"{app.tabs.active} {app.pane.view}" == view
            await wait_until(pilot, lambda words=words: words in screen_text(app))
            assert panel.has_focus_within
            assert panel.looking
            if step.guess:
                assert "42" in screen_text(app)
            await go_on(pilot, panel)
        assert not app.query(GuidePanel)
        assert app.pane.has_focus_within
        trains = any("#field-seeds" in step.keys for step in panel.experiment.steps)
        assert bool(app.runs.states) is trains


def stepping(monkeypatch: pytest.MonkeyPatch, *keys: str) -> None:
    """An experiment of one step that presses these keys, in place of those that ship."""
    step = ExperimentStep("Step", "Read.", "", [*keys], "Look.")
    experiment = GuidedExperiment("One", "5 min · about", (step,))
    monkeypatch.setattr(guide_panel, "experiment_names", lambda: ["one"])
    monkeypatch.setattr(guide_panel, "read_experiment", lambda *_: experiment)


async def begin_it(pilot: Pilot[Any]) -> GuidePanel:
    app: Any = pilot.app
    await press(pilot, "Y")
    await wait_until(pilot, lambda: isinstance(app.screen, GuideScreen))
    await press(pilot, "enter")
    await wait_until(pilot, lambda: bool(app.query(GuidePanel)) and panel_of(app).has_focus_within)
    return panel_of(app)


@pytest.mark.parametrize("size", AT_SIZES)
async def test_the_list_and_the_panel_leave_room(size: tuple[int, int], runs: ScriptedRuns) -> None:
    app = RnnTuiApp(runs)
    async with running(app, "home", size=size) as pilot:
        await press(pilot, "Y")
        await wait_until(pilot, lambda: isinstance(app.screen, GuideScreen))
        text = screen_text(app)
        for name in experiment_names():
            experiment = read_experiment(name)
            assert experiment.title in text
            assert experiment.about in text
        assert app.screen.query_one(OptionList).max_scroll_y == 0
        await press(pilot, "enter")
        await wait_until(pilot, lambda: bool(app.query(GuidePanel)))
        await idle(pilot)
        assert panel_of(app).region.height <= size[1] / 3
        assert panel_of(app).region.bottom == size[1] - 1


async def test_the_line_on_home_opens_the_list_and_escape_leaves_it(runs: ScriptedRuns) -> None:
    app = RnnTuiApp(runs)
    async with running(app, "home", size=(80, 24)) as pilot:
        assert " Y  Guided experiments" in screen_text(app)
        await press(pilot, "end", "enter")
        await wait_until(pilot, lambda: isinstance(app.screen, GuideScreen))
        await press(pilot, "escape")
        await wait_until(pilot, lambda: not isinstance(app.screen, GuideScreen))
        assert not app.query(GuidePanel)


async def test_keys_of_the_app_hold_beside_it_and_y_comes_back(
    monkeypatch: pytest.MonkeyPatch, runs: ScriptedRuns
) -> None:
    stepping(monkeypatch, "f4")
    app = RnnTuiApp(runs)
    async with running(app, "home", size=(80, 24)) as pilot:
        panel = await begin_it(pilot)
        await press(pilot, "f5")
        await wait_until(pilot, lambda: app.tabs.active == "adder" and app.pane.has_focus_within)
        assert not panel.has_focus_within
        await press(pilot, "2")
        await wait_until(pilot, lambda: app.pane.view == "results")
        await press(pilot, "Y")
        await wait_until(pilot, lambda: panel.has_focus_within)
        assert not panel.looking
        await go_on(pilot, panel)
        assert app.tabs.active == "recall"
        await press(pilot, "escape")
        await wait_until(pilot, lambda: not app.query(GuidePanel))
        assert app.pane.has_focus_within


async def test_it_presses_nothing_while_something_else_trains(
    monkeypatch: pytest.MonkeyPatch, runs: ScriptedRuns
) -> None:
    stepping(monkeypatch, "f5", "t")
    app = RnnTuiApp(runs)
    async with running(app, "mnist", size=(80, 24)) as pilot:
        await start(pilot, runs)
        panel = await begin_it(pilot)
        await press(pilot, "enter")
        await wait_until(pilot, lambda: last_notice(app) == UNDER_WAY)
        assert (app.tabs.active, panel.looking, len(runs.started)) == ("mnist", False, 1)
        await finish(pilot, runs)


async def test_leaving_while_it_waits_stops_nothing_that_trains(
    monkeypatch: pytest.MonkeyPatch, runs: ScriptedRuns
) -> None:
    stepping(monkeypatch, "f5", "t", "wait", "f5", "2")
    app = RnnTuiApp(runs)
    async with running(app, "home", size=(80, 24)) as pilot:
        panel = await begin_it(pilot)
        await press(pilot, "enter")
        await wait_until(pilot, lambda: bool(runs.started) and panel.has_focus_within)
        await press(pilot, "escape")
        await wait_until(pilot, lambda: not app.query(GuidePanel))
        assert runs.busy
        await finish(pilot, runs)
        assert app.pane.view == "training"


@pytest.mark.long
@pytest.mark.parametrize(
    ("keys", "words"),
    [
        (("f5", "f12"), "F12 does nothing here"),
        (("f5", "5", "#nothing"), "nothing: is not in view"),
        (("f5", "2", "#preset"), "preset: is not in view"),
        (("question_mark",), "A dialog is open over the app"),
    ],
)
async def test_what_cannot_be_pressed_is_said(
    monkeypatch: pytest.MonkeyPatch, runs: ScriptedRuns, keys: tuple[str, ...], words: str
) -> None:
    stepping(monkeypatch, *keys)
    app = RnnTuiApp(runs)
    async with running(app, "home", size=(80, 24)) as pilot:
        panel = await begin_it(pilot)
        await press(pilot, "enter")
        await wait_until(pilot, lambda: words in last_notice(app))
        assert not panel.looking


async def test_an_app_that_finds_no_rest_is_not_waited_for_without_end(
    monkeypatch: pytest.MonkeyPatch, runs: ScriptedRuns
) -> None:
    stepping(monkeypatch, "f5", "t", "wait", "f5", "2")
    app = RnnTuiApp(runs)
    async with running(app, "home", size=(80, 24)) as pilot:
        await begin_it(pilot)
        await press(pilot, "enter")
        await wait_until(pilot, lambda: bool(runs.started))
        monkeypatch.setattr(guide_panel, "SECONDS_TO_REST", 1.0)
        await wait_until(pilot, lambda: "still busy after" in last_notice(app))
        assert app.pane.view == "training"
        await finish(pilot, runs)


async def test_the_language_is_that_of_the_environment(
    monkeypatch: pytest.MonkeyPatch, runs: ScriptedRuns
) -> None:
    for name in ("LC_ALL", "LC_MESSAGES", "LANG"):
        monkeypatch.delenv(name, raising=False)
    app = RnnTuiApp(runs)
    async with running(app, "home", size=(80, 24)) as pilot:
        for name, said, title in (
            ("LANG", "de_DE.UTF-8", "Beschädige es"),
            ("LC_ALL", "en_GB.UTF-8", "Damage it"),
        ):
            monkeypatch.setenv(name, said)
            await press(pilot, "Y")
            await wait_until(pilot, lambda: isinstance(app.screen, GuideScreen))
            assert title in screen_text(app)
            await press(pilot, "escape")
            await wait_until(pilot, lambda: not isinstance(app.screen, GuideScreen))
