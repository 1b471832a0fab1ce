"""Values are set, frozen and ablated in the view Inside, and taken back; analyses are chosen, made
and hidden.
"""

import threading
from typing import Any

import numpy as np
import pytest
from textual.pilot import Pilot
from textual.widgets import Input, Select

from rnn_tui.engine.progress import Progress
from rnn_tui.inside.edits import Edit, ablated
from rnn_tui.ui.app.app import RnnTuiApp
from rnn_tui.ui.inside.bands import HeatBand
from rnn_tui.ui.inside.step_grid import StepGrid
from rnn_tui.ui.widgets.prompts import AskTextScreen
from tests.ui.helpers import idle, last_notice, press, screen_text, wait_until
from tests.ui.inside.looking import addition, band, inside, made_by, settled, text


def digits(app: RnnTuiApp) -> None:
    app.query_one("#recall-digits", Input).value = "7 0 5 5 2"


async def test_a_unit_is_ablated_and_the_answers_stand_beside_those_without() -> None:
    async with inside("adder", before=lambda app: addition(app, "1011", "110")) as (
        app,
        view,
        pilot,
    ):
        untouched, unit = view.subject.trace, view.look.unit
        assert view.subject.edited is None
        await press(pilot, "x")
        expected = view.subject.reading.traced([ablated("layer 1", unit)])
        assert not view.subject.trace.layers[0].states[:, unit].any()
        assert view.subject.trace.logits == pytest.approx(expected.logits)
        assert band(view, "answer").words == [str(answer) for answer in expected.answers]
        assert band(view, "unedited").words == [str(answer) for answer in untouched.answers]
        wrong = [
            said != right
            for said, right in zip(
                band(view, "answer").words, band(view, "true").words, strict=True
            )
        ]
        assert list(band(view, "answer").wrong) == wrong
        assert f"With state[{unit}]=0, " in text(view, "note")
        assert "unedited" in screen_text(app)
        assert view.look.unit == unit  # the cursor stays
        # Another one, by the other key; both are silent.
        await press(pilot, "up", "x")
        other = view.look.unit
        assert other != unit
        assert view.subject.edited.written == [f"state[{unit}]=0", f"state[{other}]=0"]
        assert not view.subject.trace.layers[0].states[:, [unit, other]].any()
        # They are taken back one by one.
        await press(pilot, "u")
        assert view.subject.edited.written == [f"state[{unit}]=0"]
        await press(pilot, "u")
        assert view.subject.edited is None
        assert view.subject.trace is untouched
        assert "unedited" not in screen_text(app)
        await press(pilot, "u")
        assert view.subject.edited is None


async def test_the_value_at_hand_is_kept_from_there_on() -> None:
    async with inside("recall", before=digits) as (_, view, pilot):
        before = view.subject.trace
        await press(pilot, "home", "right", "w")
        assert view.look.quantity == "cell"
        unit = view.look.unit
        await press(pilot, "palette:freeze")
        layer, value = view.subject.trace.layers[0], before.layers[0].cells[1, unit]
        assert layer.cells[1:, unit] == pytest.approx(value)
        assert layer.cells[0] == pytest.approx(before.layers[0].cells[0], abs=1e-6)
        [edit] = view.subject.edited.edits
        assert (edit.quantity, edit.units, edit.first, edit.last) == ("cell", (unit,), 1, None)
        # Of a gate, too.
        while view.look.quantity != "forget gate":
            await press(pilot, "w")
        await press(pilot, "palette:freeze")
        gates = view.subject.trace.layers[0].gates["forget"]
        assert np.ptp(gates[1:, unit]) == 0
        assert len(view.subject.edited.edits) == 2


async def ask(pilot: Pilot[Any], app: RnnTuiApp) -> Input:
    await press(pilot, "palette:set")
    await wait_until(pilot, lambda: isinstance(app.screen, AskTextScreen))
    return app.screen.query_one("#ask-text", Input)


async def test_an_edit_is_typed_and_nonsense_is_refused_where_it_was_typed() -> None:
    async with inside("recall", before=digits) as (app, view, pilot):
        await press(pilot, "home", "right")
        entry, unit = await ask(pilot, app), view.look.unit
        value = view.subject.trace.layers[0].states[1, unit]
        assert entry.value == f"state[{unit}]@2={value:g}"
        assert "Write one such as cell[5]@3=0" in " ".join(screen_text(app).split())
        for typed, said in (
            ("nonsense", "is not an edit"),
            ("state[0]@6=0", "from 1 to 5"),
            ("reset[0]=0", "no reset in this"),
        ):
            entry.value = typed
            await press(pilot, "enter")
            await idle(pilot)
            assert isinstance(app.screen, AskTextScreen)
            assert said in " ".join(screen_text(app).split())
            assert entry.value == typed
            assert view.subject.edited is None
        entry.value = "cell[*]@3-=keep"
        await press(pilot, "enter")
        await wait_until(pilot, lambda: not isinstance(app.screen, AskTextScreen))
        assert view.subject.edited.edits == (Edit("layer 1", "cell", None, 2, None, None),)
        cells = view.subject.trace.layers[0].cells
        assert (cells[2:] == cells[1]).all()
        # Left with Escape, nothing is edited.
        await ask(pilot, app)
        await press(pilot, "escape")
        await wait_until(pilot, lambda: not isinstance(app.screen, AskTextScreen))
        assert len(view.subject.edited.edits) == 1


@pytest.mark.long
async def test_edits_stay_for_another_input_and_go_with_another_network() -> None:
    async with inside("recall", before=digits) as (_, view, pilot):
        await press(pilot, "x")
        edits, network, read = (
            view.subject.edited.edits,
            view.subject.network,
            view.subject.trace.read,
        )
        while view.subject.trace.read == read:
            await press(pilot, "i")
            await settled(pilot, view)
        assert view.subject.network == network
        assert view.subject.edited.edits == edits
        assert view.subject.trace.logits == pytest.approx(view.subject.reading.traced(edits).logits)
        assert view.subject.edited.untouched is view.subject.reading.trace
        await press(pilot, "n")
        await settled(pilot, view)
        assert view.subject.network != network
        assert view.subject.edited is None


@pytest.mark.long
async def test_a_digit_is_read_without_a_unit_of_the_direction_that_is_shown() -> None:
    async with inside("mnist") as (app, view, pilot):
        view.look_at(7)
        await settled(pilot, view)
        while len(view.subject.trace.layers) < 2:  # biLSTM
            await press(pilot, "n")
            await settled(pilot, view)
        answer = view.subject.trace.answer
        await press(pilot, "palette:layer", "x")
        unit = view.look.unit
        assert view.subject.edited.written == [f"layer 1 backward: state[{unit}]=0"]
        assert not view.subject.trace.layers[1].states[:, unit].any()
        assert view.subject.trace.layers[0].states.any()
        assert f"unedited {answer}, " in screen_text(app)


async def test_the_next_analysis_is_chosen_and_made_and_hidden() -> None:
    async with inside("recall", before=digits) as (app, view, pilot):
        label = view.query_one("#inside-variant", Select)
        label.value = view.subject.reading.network.source.config.variants[0].label
        await settled(pilot, view)
        assert view.analysis is None
        names = [kind.name for kind in view.kinds]
        assert names[:2] == ["survival", "silence"]
        await press(pilot, "v")
        await settled(pilot, view)
        analysis = view.analysis
        assert view.kind.name == analysis.name == "silence"
        assert analysis.summary in " ".join(text(view, "analysis").split())
        grid = view.query_one("#inside-analysis-steps", StepGrid)
        assert grid.display
        assert "% right without this unit" in screen_text(app)
        await press(pilot, "a")
        assert text(view, "analysis") == ""
        assert not grid.display
        assert "% right without this unit" not in screen_text(app)
        await press(pilot, "a")
        assert view.analysis is analysis
        assert analysis.summary in " ".join(text(view, "analysis").split())
        assert grid.display


@pytest.mark.long
async def test_what_is_chosen_while_an_analysis_is_made_takes_its_place() -> None:
    async with inside("recall", before=digits) as (_, view, pilot):
        make, hold, ended = view.kind.make, threading.Event(), []

        def held(reading: Any, progress: Progress) -> Any:
            progress.advance(1, 2)
            hold.wait(30)
            ended.append(progress.stopping)
            return None if progress.stopping else make(reading, progress)

        survival = view.kind
        view.kind = made_by(survival, held)
        await press(pilot, "a")
        await wait_until(pilot, lambda: "1 of 2" in text(view, "analysis"))
        await press(pilot, "v")
        hold.set()
        await wait_until(pilot, lambda: view.analysis is not None)
        await settled(pilot, view)
        assert ended == [True]
        assert view.analysis.name == "silence"


@pytest.mark.long
async def test_an_analysis_that_can_not_be_made_says_why_each_time_it_is_asked_for() -> None:
    async with inside("recall", before=digits) as (app, view, pilot):
        view.query_one("#inside-kind", Select).value = "learning"
        await settled(pilot, view)
        assert view.analysis is None
        assert "This network has no training history" in last_notice(app)
        app.clear_notifications()
        # By itself it is not tried again.
        app.query_one("#recall-digits", Input).value = "1 2 3 4"
        view.ask()
        await settled(pilot, view)
        assert last_notice(app) == ""
        await press(pilot, "a")
        await settled(pilot, view)
        assert "This network has no training history" in last_notice(app)


@pytest.mark.long
async def test_an_analysis_of_the_input_is_made_anew_for_another_one_but_of_the_network_kept() -> (
    None
):
    async with inside("recall", before=digits) as (app, view, pilot):
        while view.kind.name != "sensitivity":
            await press(pilot, "v")
            await settled(pilot, view)
        first = view.analysis
        assert first.norms.shape == (10, 5)
        app.query_one("#recall-digits", Input).value = "1 2 3 4 5 6 7"
        view.ask()
        await settled(pilot, view)
        await wait_until(pilot, lambda: view.analysis is not None)
        assert view.analysis.norms.shape == (10, 7)
        heat = next(
            one
            for one in view.query_one("#inside-analysis-steps", StepGrid).bands
            if isinstance(one, HeatBand)
        )
        assert heat.values == pytest.approx(view.analysis.norms, rel=1e-5)
        # What was found is not lost.
        app.query_one("#recall-digits", Input).value = "7 0 5 5 2"
        view.ask()
        await settled(pilot, view)
        assert view.analysis is first
        view.query_one("#inside-kind", Select).value = "silence"
        await settled(pilot, view)
        ablation = view.analysis
        app.query_one("#recall-digits", Input).value = "1 2 3 4 5 6 7"
        view.ask()
        await settled(pilot, view)
        assert view.analysis is ablation
