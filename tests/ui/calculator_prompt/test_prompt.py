"""The general prompt as a person uses it: a task that nobody knows is asked in its tab."""

from dataclasses import replace
from typing import Any

import pytest
from textual.pilot import Pilot
from textual.widgets import Select, Static

from rnn_tui.tasks import TASKS
from rnn_tui.tasks.shapes import bits
from rnn_tui.ui.app.app import RnnTuiApp
from rnn_tui.ui.calculator_prompt.prompt import PromptPanel
from rnn_tui.ui.inside.sequences import SequenceInside
from rnn_tui.ui.widgets.plain import TypedInput
from tests.archive.kept_runs import train
from tests.extension.toy_task import MAJORITY
from tests.ui.helpers import AT_SIZES, busy, press, running, screen_text, settled, wait_until

SPELLED = replace(MAJORITY, shape=replace(MAJORITY.shape, alphabet=bits(1)))


@pytest.fixture
def majority(home: object, monkeypatch: pytest.MonkeyPatch) -> None:
    """The task with an alphabet, and a run of it."""
    monkeypatch.setitem(TASKS.data, MAJORITY.name, SPELLED)
    train(SPELLED.config("lstm", epochs=1))


async def prompt(pilot: Pilot[Any]) -> Any:
    """The panel, once it has answered."""
    app: Any = pilot.app
    app.action_tab(MAJORITY.name)
    await wait_until(pilot, lambda: app.tabs.front is not None and app.pane.complete)
    app.pane.show_tab("prompt")
    await wait_until(pilot, lambda: app.pane.query(PromptPanel))
    panel = app.pane.query_one(PromptPanel)
    await settled(pilot, lambda: panel.is_mounted and not busy(panel))
    return panel


def shown(panel: Any) -> str:
    return str(panel.query_one("#prompt-lines", Static).content)


async def typed(pilot: Pilot[Any], panel: Any, text: str) -> None:
    panel.query_one(TypedInput).focus()
    panel.query_one(TypedInput).hold("")
    await press(pilot, *text)
    await settled(pilot, lambda: not busy(panel))


@pytest.mark.usefixtures("majority")
@pytest.mark.parametrize("size", AT_SIZES)
async def test_a_sequence_is_answered_as_it_is_typed(size: tuple[int, int]) -> None:
    app = RnnTuiApp()
    async with running(app, size=size) as pilot:
        panel = await prompt(pilot)
        drawn = panel.query_one(TypedInput).value.split()
        assert 3 <= len(drawn) <= 9  # one by chance is there at once
        assert set(drawn) <= {"0", "1"}
        await typed(pilot, panel, "11011")
        lines = shown(panel)
        assert lines.splitlines()[0].split("  ")[0] in MAJORITY.shape.outputs
        assert "more zeros" in lines
        assert "more ones" in lines
        assert "H 5 ce · seed 0" in lines
        assert "A sequence of bits: 0 1" in screen_text(app)


@pytest.mark.usefixtures("majority")
async def test_what_is_no_sequence_is_said_and_the_last_answer_stays_faint() -> None:
    app = RnnTuiApp()
    async with running(app, size=(100, 30)) as pilot:
        panel = await prompt(pilot)
        await typed(pilot, panel, "101")
        before = shown(panel)
        panel.query_one(TypedInput).hold("10x")
        await settled(pilot, lambda: not busy(panel))
        assert "“x”, number 3 of the sequence, is none of 0 1." in screen_text(app)
        assert panel.has_class("-stale")
        assert shown(panel) == before
        panel.query_one(TypedInput).hold("1" * 30)
        await settled(pilot, lambda: not busy(panel))
        assert not panel.has_class("-stale")
        assert "trained on sequences of 3 to 9 steps" in " ".join(screen_text(app).split())


@pytest.mark.usefixtures("majority")
async def test_keys_choose_the_network_another_sequence_and_inside() -> None:
    app: Any = RnnTuiApp()
    async with running(app, size=(120, 40)) as pilot:
        panel = await prompt(pilot)
        await typed(pilot, panel, "10010")
        await press(pilot, "n")
        await settled(pilot, lambda: not busy(panel))
        networks = [str(select.value) for select in panel.query(Select)]
        assert networks[0] != "H 5 ce"
        seen = {shown(panel).splitlines()[1]}
        for _ in range(2):
            await press(pilot, "n")
            await settled(pilot, lambda: not busy(panel))
            seen.add(shown(panel).splitlines()[1])
        assert any(" vote" in line for line in seen)
        await press(pilot, "z")
        await wait_until(pilot, lambda: app.pane.query(SequenceInside))
        view = app.pane.query_one(SequenceInside)
        await settled(pilot, lambda: not busy(view) and view.subject is not None)
        assert view.subject.trace.read == ("1", "0", "0", "1", "0")
        await press(pilot, "i")  # another one, by chance
        await settled(pilot, lambda: not busy(view))
        assert view.question().example != "10010"


@pytest.mark.usefixtures("home")
async def test_without_networks_a_sentence_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(TASKS.data, MAJORITY.name, SPELLED)
    app = RnnTuiApp()
    async with running(app, size=(100, 30)) as pilot:
        panel = await prompt(pilot)
        assert "There are no weights for majority" in screen_text(app)
        assert shown(panel) == ""
