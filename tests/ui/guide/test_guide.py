"""Guided experiments as a person plays them: from Home, to the end of each, and what happens on the
way.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from textual.containers import VerticalScroll
from textual.pilot import Pilot
from textual.widgets import Input, Markdown, OptionList, Select

from rnn_tui.engine.config import RunConfig
from rnn_tui.engine.preferences import read_preferences
from rnn_tui.tasks.config import SequenceConfig
from rnn_tui.ui.app.app import RnnTuiApp
from rnn_tui.ui.calculator_prompt.calculator import CalculatorPanel
from rnn_tui.ui.calculator_prompt.calculator_answer import NumberEntry
from rnn_tui.ui.calculator_prompt.prompt import PromptPanel
from rnn_tui.ui.calculator_prompt.recall_prompt import RecallPromptPanel
from rnn_tui.ui.frame.requests import UNDER_WAY
from rnn_tui.ui.guide.choosing import GuideScreen
from rnn_tui.ui.guide.experiments import experiment_names, own_folder, read_experiment
from rnn_tui.ui.guide.figures import UNKNOWN
from rnn_tui.ui.guide.journal import read_journal
from rnn_tui.ui.guide.panel import ChoiceButton, GuidePanel, change_language
from rnn_tui.ui.inside.view import InsideView
from rnn_tui.ui.photos.panel import PhotosPanel
from rnn_tui.ui.widgets.replica_select import ReplicaSelect
from rnn_tui.ui.work.training_manager import TrainingManager
from tests.ui.conftest import ScriptedRuns
from tests.ui.helpers import (
    AT_SIZES,
    finish,
    idle,
    last_notice,
    notices,
    press,
    press_at_once,
    running,
    screen_text,
    start,
    wait_until,
)

SECONDS = 400  # of the longest step, on a busy machine


class ShortRuns(TrainingManager):
    """Trains a few steps of whatever it is asked for: an experiment is one of minutes."""

    def start(self, configs: Sequence[RunConfig]) -> list[str]:
        return super().start([self._short(config) for config in configs])

    @staticmethod
    def _short(config: RunConfig) -> RunConfig:
        few: Any = {"epochs": 2, "training_size": 20 * config.batch_size, "test_size": 20}
        return replace(config, **few) if isinstance(config, SequenceConfig) else config


def panel_of(app: RnnTuiApp) -> GuidePanel:
    return next(panel for panel in app.query(GuidePanel) if panel.display)


async def open_list(pilot: Pilot[Any]) -> None:
    app: Any = pilot.app
    await press(pilot, "palette:guide")
    await wait_until(pilot, lambda: isinstance(app.screen, GuideScreen))


async def begin(pilot: Pilot[Any], place: int) -> GuidePanel:
    """Choose an experiment from the list, by its place there."""
    app: Any = pilot.app
    await open_list(pilot)
    press_at_once(app, "home", *["down"] * place, "enter")
    await wait_until(pilot, lambda: any(panel.display for panel in app.query(GuidePanel)))
    await wait_until(pilot, lambda: panel_of(app).has_focus_within)
    return panel_of(app)


async def go_on(pilot: Pilot[Any], panel: GuidePanel) -> None:
    """Press Enter, and wait for what it does."""
    before = panel.at, panel.looking
    await press(pilot, "enter")
    await wait_until(
        pilot,
        lambda: not panel.display or (panel.at, panel.looking) != before or problem_of(panel),
        SECONDS,
    )
    await wait_until(pilot, lambda: not panel.display or not panel.busy)
    await idle(pilot)


def problem_of(panel: GuidePanel) -> str:
    """What the panel complains of."""
    return str(panel.query_one("#guide-problem").render()) if panel.is_attached else ""


async def gone(pilot: Pilot[Any]) -> None:
    """Wait until the panel is gone, and with it what it had changed."""
    await wait_until(pilot, lambda: not pilot.app.query(GuidePanel), SECONDS)


async def play_on(pilot: Pilot[Any], panel: GuidePanel) -> list[str]:
    """Play to the summary; returns all texts that were read."""
    texts = []
    while True:
        assert panel.query_one(VerticalScroll).max_scroll_y == 0  # nothing is cut
        texts.append(panel.query_one(Markdown).source)
        if panel.step is None:
            return texts
        if isinstance(pilot.app.focused, Input):
            await press(pilot, "4", "2")
        await go_on(pilot, panel)
        assert problem_of(panel) == ""


# What was left of earlier work, by task, and how to tell that it is there.


async def odd_adder(pilot: Pilot[Any], app: RnnTuiApp) -> Callable[[], object]:
    """Decimal numbers, the second seed, and an ablated unit."""
    pane: Any = await app.bring("adder")
    inside: InsideView = await pane.filled("inside")
    calculator = pane.view_of(CalculatorPanel)
    pane.go_to_view("calculator")
    await wait_until(pilot, lambda: calculator.question.seed == 0)
    calculator.query_one("#base", Select).value = "decimal"
    calculator.query_one("#seed", Select).value = 1
    await idle(pilot)
    for entry, text in zip(calculator.query(NumberEntry), ("77", "19"), strict=True):
        entry.value = text
    pane.go_to_view("inside")
    await wait_until(pilot, lambda: inside.subject is not None and "seed 1" in inside.subject.about)
    await wait_until(pilot, lambda: not inside.at_work)
    inside.analysis_shown = False
    inside.action_step(-2)
    inside.action_move_unit(3)
    inside.action_ablate()
    await idle(pilot)
    assert inside.edits

    def state() -> object:
        texts = [entry.value for entry in calculator.query(NumberEntry)]
        base = calculator.query_one("#base", Select).value
        about = None if inside.subject is None else inside.subject.about
        chosen = calculator.query_one(ReplicaSelect).chosen
        return base, texts, chosen, inside.edits, inside.step, about

    return state


async def odd_recall(pilot: Pilot[Any], app: RnnTuiApp) -> Callable[[], object]:
    """Other digits, another position, and an ablated unit."""
    pane: Any = await app.bring("recall")
    inside: InsideView = await pane.filled("inside")
    prompt = pane.view_of(RecallPromptPanel)
    pane.go_to_view("prompt")
    prompt.query_one("#recall-digits", Input).value = "9 8 7"
    prompt.query_one("#recall-position", Input).value = "2"
    pane.go_to_view("inside")
    await wait_until(pilot, lambda: inside.subject is not None and inside.subject.trace.steps == 3)
    inside.action_ablate()
    await idle(pilot)

    def state() -> object:
        typed = [field.value for field in prompt.query(Input)]
        return typed, inside.edits, inside.step

    return state


async def odd_mnist(pilot: Pilot[Any], app: RnnTuiApp) -> Callable[[], object]:
    """Another network and image in Inside, photos read as the report did."""
    pane: Any = await app.bring("mnist")
    photos: PhotosPanel = await pane.filled("photos")
    pane.go_to_view("photos")
    await wait_until(pilot, lambda: len(photos.figures) > 0 and photos.figures["photos"] == 12)
    photos.query_one("#photos-method", Select).value = "report"
    await wait_until(pilot, lambda: not photos.at_work)
    inside: Any = await pane.filled("inside")
    pane.go_to_view("inside")
    await wait_until(pilot, lambda: inside.subject is not None)
    inside.look_at(41)
    inside.action_next_network()
    await wait_until(pilot, lambda: "test image 41" in inside.subject.about)
    await wait_until(pilot, lambda: "RNN" in inside.subject.about)
    await idle(pilot)

    def state() -> object:
        method = photos.query_one("#photos-method", Select).value
        return method, photos.figures["photos"], inside.subject.about, inside.step

    return state


async def odd_word(task: str, word: str, pilot: Pilot[Any], app: RnnTuiApp) -> Callable[[], object]:
    """A word that is typed before any network is there."""
    pane: Any = await app.bring(task)
    await pane.filled("inside")
    field = pane.view_of(PromptPanel).query_one("#prompt-sequence", Input)
    field.value = word
    await idle(pilot)
    return lambda: field.value


PLAYED_TWICE = ("2-carry", "7-your-own-hand")  # an adder's, and one of images
ODD = {
    "adder": odd_adder,
    "recall": odd_recall,
    "mnist": odd_mnist,
    "parity-check": partial(odd_word, "parity-check", "0110"),
    "a-n-b-n": partial(odd_word, "a-n-b-n", "aab"),
    "adding": partial(odd_word, "adding", "0.5 1; 0.3 1"),
}


@pytest.mark.long
@pytest.mark.parametrize("name", experiment_names())
async def test_each_is_played_after_odd_states_which_it_puts_back(name: str) -> None:
    experiment = read_experiment(name)
    times = 2 if name in PLAYED_TWICE else 1
    actions = [action for step in experiment.steps for action in step.actions]
    tasks = {getattr(action, "task", "") or getattr(action, "tab", "") for action in actions}
    app = RnnTuiApp(ShortRuns())
    async with running(app, "home", size=(80, 24)) as pilot:
        plays = []
        states = [await ODD[task](pilot, app) for task in sorted(tasks)]
        before = [state() for state in states]
        for _ in range(times):
            panel = await begin(pilot, experiment_names().index(name))
            assert not panel.progress.begun
            texts = await play_on(pilot, panel)
            assert not any("{" in text or UNKNOWN in text for text in texts)
            answers = dict(panel.progress.answers)
            asked = {place for place, step in enumerate(experiment.steps) if step.guess}
            assert set(answers) == asked
            plays.append((texts, answers))
            assert screen_text(app).count("here:") >= len(asked)
            await go_on(pilot, panel)  # to the list
            await wait_until(pilot, lambda: isinstance(app.screen, GuideScreen), SECONDS)
            assert "✓ done" in screen_text(app)
            await press(pilot, "escape")
            await gone(pilot)
            assert [state() for state in states] == before
        assert plays[0] == plays[-1]
        assert not [text for text in notices(app) if "can't" in text]


@pytest.mark.long
async def test_the_longest_fits_in_german_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LC_ALL", "de_DE.UTF-8")
    app = RnnTuiApp(ShortRuns())
    async with running(app, "home", size=(80, 24)) as pilot:
        panel = await begin(pilot, experiment_names().index("4-forgetting"))
        texts = await play_on(pilot, panel)
        assert not any("{" in text or UNKNOWN in text for text in texts)
        assert "Du: " in texts[-1]


# Experiments of the user's own, which are after those that ship.

OWN = """\
# Own

1 min · Of one's own

## First

Read.

```guess
How much is 3?
outcome: 3
```

```do does it
{}
```

Look.

## Second

Read on.

```guess
Yes or no?
choices: yes | no
outcome: no
```

```do opens the calculator
open adder calculator
```

Look again.

# The end

All seen.
"""
PLACE = len(experiment_names())
SHOW_FEW = """\
inside adder "1111 + 1" network=few name=inside
open adder results"""


def write_own(*actions: str) -> None:
    own_folder().mkdir(exist_ok=True)
    path = own_folder() / "own.md"
    path.write_text(OWN.format("\n".join(actions)), encoding="utf-8")


@pytest.mark.parametrize("size", AT_SIZES)
async def test_the_list_and_the_panel_leave_room(size: tuple[int, int], runs: ScriptedRuns) -> None:
    own_folder().mkdir()
    old = OWN.replace("```do does it\n{}", "```keys\nf4")
    (own_folder() / "old.md").write_text(old, encoding="utf-8")
    app = RnnTuiApp(runs)
    async with running(app, "home", size=size) as pilot:
        await open_list(pilot)
        assert "old.md: step 1 presses keys" in last_notice(app)
        await press(pilot, "escape")
        await wait_until(pilot, lambda: not isinstance(app.screen, GuideScreen))
        assert not app.query(GuidePanel)
        await open_list(pilot)
        text = screen_text(app)
        if size[1] == 24:  # a line is missing for the last one
            await press(pilot, "end")
            await idle(pilot)
            text += screen_text(app)
            await press(pilot, "home")
        else:
            assert app.screen.query_one(OptionList).max_scroll_y == 0
        for name in experiment_names():
            experiment = read_experiment(name)
            assert experiment.title in text
            assert experiment.about in text
        await press(pilot, "enter")
        await wait_until(pilot, lambda: bool(app.query(GuidePanel)))
        await idle(pilot)
        assert panel_of(app).region.height <= size[1] / 2
        assert panel_of(app).region.bottom == size[1] - 1
        assert "▶ trains three adders" in screen_text(app)


async def test_a_guess_is_kept_and_set_beside_the_outcome(runs: ScriptedRuns) -> None:
    write_own("open adder results")
    app = RnnTuiApp(runs)
    async with running(app, "home", size=(80, 24)) as pilot:
        panel = await begin(pilot, PLACE)
        await press(pilot, "x")
        await go_on(pilot, panel)
        assert "Type a number" in problem_of(panel)
        assert not panel.looking
        await press(pilot, "backspace", "3")
        await go_on(pilot, panel)
        assert "You: 3, here: 3 ✓" in screen_text(app)
        assert (app.tabs.active, app.pane.view) == ("adder", "results")
        await go_on(pilot, panel)
        await press(pilot, "escape")
        await gone(pilot)
    app = RnnTuiApp(ScriptedRuns())
    async with running(app, "home", size=(80, 24)) as pilot:  # a later start
        await open_list(pilot)
        assert "continues at step 2" in screen_text(app)
        await press(pilot, "escape")
        panel = await begin(pilot, PLACE)
        assert (panel.at, panel.looking) == (1, False)
        await press(pilot, "right", "left")
        assert isinstance(app.focused, ChoiceButton)
        await go_on(pilot, panel)
        assert "You: yes, here: no" in screen_text(app)
        assert app.pane.view == "calculator"
        await go_on(pilot, panel)
        text = screen_text(app)
        assert "All seen." in text
        assert "First · You: 3, here: 3 ✓" in text
        assert "Second · You: yes, here: no" in text
        await go_on(pilot, panel)
        await wait_until(pilot, lambda: isinstance(app.screen, GuideScreen))
        await press(pilot, "escape")
        await gone(pilot)
    assert read_journal()["own"].done
    assert not read_journal()["own"].begun


async def test_after_a_restart_it_goes_on_with_the_run_that_it_trained() -> None:
    write_own("train adder fast seeds=2 name=few")
    path = own_folder() / "own.md"
    text = path.read_text(encoding="utf-8").replace("open adder calculator", SHOW_FEW)
    text = text.replace("Look again.", "It was {few.H 10 bce.mean:.2f} %, of {inside.network}.")
    path.write_text(text, encoding="utf-8")
    app = RnnTuiApp(ShortRuns())
    async with running(app, "home", size=(80, 24)) as pilot:
        panel = await begin(pilot, PLACE)
        await go_on(pilot, panel)
        await go_on(pilot, panel)
        assert panel.at == 1
        [run_id] = app.runs.states
        await press(pilot, "escape")
        await gone(pilot)
    app = RnnTuiApp()
    async with running(app, "home", size=(80, 24)) as pilot:
        panel = await begin(pilot, PLACE)
        await go_on(pilot, panel)
        assert problem_of(panel) == ""
        assert list(app.runs.states) == [run_id]
        assert "H 10 bce" in screen_text(app)
        text = panel.query_one(Markdown).source
        assert re.search(rf"It was [\d.]+ %, of .*run {run_id}", text), text


async def test_keys_of_the_app_hold_beside_it_and_it_is_played_by_mouse(
    runs: ScriptedRuns,
) -> None:
    write_own("open recall")
    app = RnnTuiApp(runs)
    async with running(app, "home", size=(80, 24)) as pilot:
        panel = await begin(pilot, PLACE)
        await pilot.click("#tasks Tab#--content-tab-adder")
        await wait_until(pilot, lambda: app.tabs.active == "adder" and app.takes_keys())
        assert app.pane.has_focus_within
        assert not panel.has_focus_within
        await press(pilot, "2")
        await wait_until(pilot, lambda: app.pane.view == "results")
        await press(pilot, "palette:guide")
        await wait_until(pilot, lambda: panel.has_focus_within)
        assert not panel.looking

        await pilot.click("#guide-go-on")
        await wait_until(pilot, lambda: panel.looking and not panel.busy)
        assert app.tabs.active == "recall"
        assert "You: no guess, here: 3" in screen_text(app)
        await pilot.click("#guide-back")
        await wait_until(pilot, lambda: not panel.looking)
        await pilot.click("#guide-go-on")
        await wait_until(pilot, lambda: panel.looking and not panel.busy)
        await pilot.click("#guide-go-on")
        await wait_until(pilot, lambda: panel.at == 1 and bool(panel.query(ChoiceButton)))
        await pilot.click(panel.query(ChoiceButton).last())
        await wait_until(pilot, lambda: panel.looking and not panel.busy)
        assert "You: no, here: no ✓" in screen_text(app)
        await pilot.click("#guide-leave")
        await gone(pilot)
        assert app.pane.has_focus_within


async def test_a_training_that_is_stopped_is_said_and_goes_on_when_one_leaves(
    runs: ScriptedRuns,
) -> None:
    write_own("train adder fast", "open adder results")
    app = RnnTuiApp(runs)
    async with running(app, "home", size=(80, 24)) as pilot:
        panel = await begin(pilot, PLACE)
        await press(pilot, "enter")
        await wait_until(pilot, lambda: bool(runs.started))
        runs.stop()
        await wait_until(pilot, lambda: "did not end" in problem_of(panel))
        assert not panel.looking
        assert not panel.busy
        # It can be tried again; leaving meanwhile stops nothing.
        await wait_until(pilot, lambda: not runs.busy)
        await press(pilot, "enter")
        await wait_until(pilot, lambda: len(runs.started) == 2 and panel.has_focus_within)
        await press(pilot, "escape")
        await gone(pilot)
        assert runs.busy
        await finish(pilot, runs)
        assert app.pane.view == "training"


IMPOSSIBLE = {
    "open adder nothing": "There is no view nothing in the tab adder",
    'ask adder "12 + 1"': "is not a binary digit",
    "train adder fast": UNDER_WAY,  # while something else trains
}
IMPOSSIBLE_TOO = {
    "open nowhere": "There is no tab nowhere",
    "open home nothing": "There is no view nothing",
    "ask mnist 7": "Nothing can be asked",
    "inside mnist many": "the number of a test image",
    "photos adder mnist": "reads no photos",
}


@pytest.mark.parametrize(
    "wrong", [IMPOSSIBLE, pytest.param(IMPOSSIBLE_TOO, marks=pytest.mark.long)], ids=["few", "more"]
)
async def test_what_cannot_be_done_is_said(wrong: dict[str, str], runs: ScriptedRuns) -> None:
    app = RnnTuiApp(runs)
    async with running(app, "mnist", size=(80, 24)) as pilot:
        for action, words in wrong.items():
            if words == UNDER_WAY:
                await start(pilot, runs)
            write_own(action)
            panel = await begin(pilot, PLACE)
            await go_on(pilot, panel)
            assert words in problem_of(panel), action
            assert not panel.looking, action
            await press(pilot, "escape")
            await gone(pilot)
        if UNDER_WAY in wrong.values():
            assert len(runs.started) == 1
            await finish(pilot, runs)


async def test_the_language_is_changed_in_the_list_and_kept(
    monkeypatch: pytest.MonkeyPatch, runs: ScriptedRuns
) -> None:
    monkeypatch.setenv("LC_ALL", "en_GB.UTF-8")
    app = RnnTuiApp(runs)
    async with running(app, "home", size=(80, 24)) as pilot:
        panel = await begin(pilot, 2)
        assert "Damage it" in screen_text(app)
        await open_list(pilot)
        await press(pilot, "end", "enter")
        await wait_until(pilot, lambda: "Geführte Experimente" in screen_text(app))
        assert "Beschädige es" in screen_text(app)
        await press(pilot, "escape")
        await wait_until(pilot, lambda: "Beschädige es" in screen_text(app))
        assert panel.experiment.title == "Beschädige es"
        await wait_until(pilot, lambda: read_preferences({}).language == "de")
    app = RnnTuiApp(ScriptedRuns())
    async with running(app, "home", size=(80, 24)) as pilot:
        await open_list(pilot)
        assert "Beschädige es" in screen_text(app)
        await press(pilot, "end")
        await wait_until(pilot, lambda: "In English" in screen_text(app))


async def test_an_experiment_is_left_whatever_is_under_way(home: Path, runs: ScriptedRuns) -> None:
    (home / "experiments.json").mkdir()
    write_own("open adder results")
    app = RnnTuiApp(runs)
    async with running(app, "home", size=(120, 40)) as pilot:
        panel = await begin(pilot, PLACE)
        await go_on(pilot, panel)
        assert panel.looking
        await wait_until(pilot, lambda: "can't be kept" in last_notice(app))
        await press(pilot, "escape")
        await gone(pilot)

        panel = await begin(pilot, 0)
        change_language(app, "de")  # which is read in a thread
        app.action_tab("recall")
        assert app.tabs.front is None  # it is being made
        panel.action_leave()
        panel.action_leave()
        await gone(pilot)
        await wait_until(pilot, app.takes_keys)
        await idle(pilot)
        assert app.is_running
        assert app.tabs.active == "recall"
