"""The view Inside as a person uses it, on the networks that ship and on what is typed and drawn."""

import threading
from typing import Any

import numpy as np
import pytest
from textual.widgets import Input, Select

from rnn_tui.archive.weights import choose, choose_shipped
from rnn_tui.engine.files.weights_file import read_weights
from rnn_tui.engine.progress import Progress
from rnn_tui.inside.hidden import analyse_hidden
from rnn_tui.inside.image_network import trace_digit
from rnn_tui.inside.task_network import trace_inputs
from rnn_tui.tasks.images.inference import RowReaderNetwork
from rnn_tui.tasks.mnist.data import load_mnist
from rnn_tui.tasks.recall.questions import RecallNetwork, one_hot
from rnn_tui.ui.app.app import RnnTuiApp
from rnn_tui.ui.calculator_prompt.calculator import CalculatorPanel
from rnn_tui.ui.calculator_prompt.calculator_answer import NumberEntry
from rnn_tui.ui.frame.inside_door import SequenceQuestion
from rnn_tui.ui.inside import view as inside_module
from rnn_tui.ui.inside.bands import BarBand, HeatBand
from rnn_tui.ui.inside.mnist import MnistInside
from rnn_tui.ui.inside.read_image import ReadImage
from rnn_tui.ui.inside.step_grid import StepGrid
from tests.inside.made import reading_of
from tests.ui.helpers import (
    AT_SIZES,
    busy,
    drawn,
    press,
    running,
    screen_text,
    unfolded,
    wait_until,
)
from tests.ui.inside.looking import addition, band, inside, made_by, settled, text


async def test_an_addition_is_followed_from_its_lowest_place() -> None:
    async with inside("adder", before=lambda app: addition(app, "1011", "110")) as (
        app,
        view,
        pilot,
    ):
        assert view.step == 4  # the whole of it at first
        assert "".join(band(view, "a").words) == "11010"
        assert "".join(band(view, "answer").words) == "".join(band(view, "true").words)
        assert "".join(band(view, "true").words) == "10001"
        await press(pilot, "home")
        assert view.step == 0
        assert "place 0 (1 of 5)" in screen_text(app)
        assert "reads 1 + 0, predicts 1" in screen_text(app)
        await press(pilot, "right", "right", "left")
        assert view.step == view.grid.step == 1
        await press(pilot, "end", "right")
        assert view.step == 4


@pytest.mark.long
async def test_the_carry_is_told_below_the_true_one_by_the_best_unit_and_a_probe() -> None:
    async with inside("adder", before=lambda app: addition(app, "1111", "1")) as (app, view, _):
        calculator = app.query_one(CalculatorPanel)
        [network] = calculator._answers.questions.networks  # type: ignore[union-attr]
        analysis = analyse_hidden(reading_of(network))
        _, unit = analysis.best
        assert "".join(band(view, "carry").words) == "01111"
        assert "".join(band(view, "by probe").words) == "01111"
        carries = analysis.unit_row(view.subject.trace)
        assert band(view, f"by unit {unit}").words == [str(bit) for bit in carries]
        values = analysis.values(view.subject.trace)
        curve = next(drawn for drawn in view.grid.bands if isinstance(drawn, BarBand))
        assert curve.values.tolist() == pytest.approx(values.tolist())
        assert analysis.summary in text(view, "analysis")
        assert "chance" in text(view, "analysis")


@pytest.mark.long
async def test_another_addition_is_one_in_the_calculator_too() -> None:
    async with inside("adder") as (app, view, pilot):
        before = view.subject.details.example
        await press(pilot, "i")
        await settled(pilot, view)
        after = view.subject.details.example
        assert after == " + ".join(entry.value for entry in app.query(NumberEntry))
        assert after != before


@pytest.mark.long
async def test_wrong_bits_are_marked() -> None:
    ones = "1" * 400
    async with inside("adder", before=lambda app: addition(app, ones, "1")) as (_, view, pilot):
        has_errors = []
        # Small networks do not carry that far beyond what they were trained on.
        for label in ("H 3 mse", "H 3 ce", "H 5 ce"):
            view.query_one("#inside-variant", Select).value = label
            await settled(pilot, view)
            network, truth = band(view, "answer"), band(view, "true")
            wrong = [bit != true for bit, true in zip(network.words, truth.words, strict=True)]
            assert list(network.wrong) == wrong
            has_errors.append(any(wrong))
        assert any(has_errors)


async def test_a_sequence_and_the_network_that_reads_it_can_be_chosen() -> None:
    def type_digits(app: RnnTuiApp) -> None:
        app.query_one("#recall-digits", Input).value = "7 0 5 5 2"

    async with inside("recall", before=type_digits) as (app, view, pilot):
        assert band(view, "digits").words == ("7", "0", "5", "5", "2")
        assert list(band(view, "digits").chosen) == [False, False, True, False, False]
        source = choose("recall", 3)
        network = RecallNetwork(read_weights(source.path))
        labels = [variant.label for variant in network.config.variants]
        for label in (labels[0], labels[-1]):
            view.query_one("#inside-variant", Select).value = label
            await settled(pilot, view)
            replica = labels.index(label) * network.config.seeds
            trace = trace_inputs(network, one_hot((7, 0, 5, 5, 2)).astype(np.float32), replica)
            assert band(view, "probabilities").values == pytest.approx(trace.probabilities.T)
            assert band(view, "answer").words == [str(answer) for answer in trace.answers]
            assert label in text(view, "note")
        assert "predicts 5" in screen_text(app)
        await press(pilot, "home")
        assert "if the sequence ended there" in text(view, "note")


@pytest.mark.long
async def test_units_can_be_sorted_and_read_one_by_one() -> None:
    async with inside("recall") as (_, view, pilot):
        layer = view.subject.trace.layers[0]
        first = int(layer.order[0])
        assert view.look.unit == first
        assert band(view, "units").values == pytest.approx(layer.states.T[layer.order])
        assert band(view, f"Unit {first} · state").values == pytest.approx(layer.states[:, first])
        await press(pilot, "down")
        assert view.look.unit == int(layer.order[1])
        await press(pilot, "b")
        assert band(view, "units").values == pytest.approx(layer.states.T)
        assert band(view, "units").row == int(layer.order[1])
        for name, values in list(layer.quantities.items())[1:]:
            await press(pilot, "w")
            assert view.look.quantity == name
            assert band(view, "units").values == pytest.approx(values.T)
        at = view.look.unit
        await press(pilot, "w", "left")
        assert f"unit {at}  state {layer.states[view.step, at]:+.2f}" in text(view, "readout")


@pytest.mark.long
async def test_how_long_digits_survive_is_analysed_on_demand_and_can_be_stopped() -> None:
    async with inside("recall") as (app, view, pilot):
        make, hold = view.kind.make, threading.Event()

        def held(reading: Any, progress: Progress) -> Any:
            def wait(inner: Progress) -> None:
                progress.advance(inner.done, inner.total)
                if inner.done == 3:
                    hold.wait(30)

            return make(reading, Progress(wait, progress.control))

        view.kind = made_by(view.kind, held)
        await press(pilot, "a")
        await wait_until(pilot, lambda: "3 of 66" in text(view, "analysis"))
        assert "left; a stops" in text(view, "analysis")
        await press(pilot, "a")
        hold.set()
        await settled(pilot, view)
        assert view.analysis is None
        await press(pilot, "a")
        await settled(pilot, view)
        grid = view.query_one("#inside-analysis-steps", StepGrid)
        heat = next(drawn for drawn in grid.bands if isinstance(drawn, HeatBand))
        assert heat.values == pytest.approx(100 * view.analysis.accuracy, nan_ok=True)
        # It keeps the third digit and forgets the rest.
        assert heat.values[2, -1] > 95
        assert max(heat.values[at, -1] for at in (0, 1, 3, 4)) < 40
        assert view.analysis.summary in text(view, "analysis")
        assert "position 3 " in screen_text(app)
        await press(pilot, "a")
        assert text(view, "analysis") == ""
        assert "position 3 " not in screen_text(app)


@pytest.mark.long
async def test_play_goes_on_by_itself_to_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    async with inside("recall") as (app, view, pilot):
        went: list[int] = []
        go_to = view.go_to
        monkeypatch.setattr(view, "go_to", lambda step: went.append(step) or go_to(step))
        last = view.subject.trace.steps - 1
        # So slowly that a busy machine does not come to the end before it is looked at.
        monkeypatch.setattr(inside_module, "SECONDS_A_STEP", 0.5)
        await press(pilot, "space")
        assert "▶" in screen_text(app)
        await wait_until(pilot, lambda: view.step == last)
        assert went == list(range(last + 1))  # from the first step on, none left out
        await pilot.pause(0.3)
        assert "▶" not in screen_text(app)
        assert went[-1] == last
        monkeypatch.setattr(inside_module, "SECONDS_A_STEP", 1.0)
        await press(pilot, "space", "escape")
        at = view.step
        assert "▶" not in screen_text(app)
        await pilot.pause(1.2)
        assert view.step == at < last


async def test_a_test_image_row_by_row() -> None:
    async with inside("mnist") as (app, view, pilot):
        view.look_at(7)
        await settled(pilot, view)
        network = RowReaderNetwork(read_weights(choose_shipped("mnist", "lstm").path))
        digit = load_mnist().test_images[7].numpy().astype(np.float32) / np.float32(255)
        trace = trace_digit(network, digit)
        assert band(view, "probabilities").values == pytest.approx(trace.probabilities.T)
        assert f"predicts {trace.answer}" in screen_text(app)
        image = view.query_one(ReadImage)
        await press(pilot, "home", *["right"] * 9)
        assert (view.step, image._last_row) == (9, 9)
        assert "row 10 of 28" in screen_text(app)
        assert "missing states set to zero" in " ".join(text(view, "note").split())
        await pilot.click(ReadImage, offset=(5, 1 + 7))  # below the frame
        assert view.step == 7
        shown = view.subject
        await press(pilot, "i")
        await settled(pilot, view)
        assert view.subject is not shown
        assert view.step == 7  # the same row of another image


@pytest.mark.long
async def test_pixels_with_ink_are_coloured_by_what_they_add() -> None:
    async with inside("mnist") as (_, view, pilot):
        view.look_at(7)
        await settled(pilot, view)
        image = view.query_one(ReadImage)
        plain = [image._cells(y) for y in range(28)]
        await press(pilot, "palette:pixels")
        await wait_until(pilot, lambda: bool(image._tints.any()))
        ink = view.subject.reading.digit
        rows = np.flatnonzero(ink.max(axis=1))
        assert not image._tints[ink == 0].any()
        assert {-1, 1} <= set(np.sign(image._tints).flat)
        # The digit shows through.
        cells = image._cells(int(rows[len(rows) // 2]))
        assert len({cell[1].bgcolor for cell in cells}) > 3
        assert f"support {view.subject.trace.answer}" in text(view, "note")
        assert "blank image" in text(view, "note")
        await press(pilot, "palette:pixels")
        assert [image._cells(y) for y in range(28)] == plain


@pytest.mark.long
async def test_a_drawing_and_every_network_can_be_looked_into() -> None:
    app = RnnTuiApp()
    async with running(app, size=(120, 50)) as pilot:
        app.pane.show_tab("draw")
        panel = await drawn(pilot, app, "pretrained RNN")
        app.pane.show_tab("inside")
        await wait_until(pilot, lambda: bool(app.query(MnistInside)))
        view = app.query_one(MnistInside)
        await wait_until(pilot, lambda: view.subject is not None and not busy(view))
        assert view.subject is not None
        assert np.array_equal(view.subject.reading.digit, panel.digit_at_hand.digit)
        assert view.subject.about == "drawing · pretrained RNN"
        app.pane.focus_view()
        seen = set()
        for _ in range(3):
            seen.add(len(view.subject.trace.layers))
            await press(pilot, "n")
            await settled(pilot, view)
            seen.add(view.subject.about)
        assert {"drawing · pretrained LSTM", "drawing · pretrained biLSTM"} <= seen
        # biLSTM: both directions are layers; the key for them is there now.
        while len(view.subject.trace.layers) < 2:
            await press(pilot, "n")
            await settled(pilot, view)
        await press(pilot, "palette:layer")
        assert view.look.layer == 1
        assert "backward" in " ".join(text(view, "note").split())
    assert app.runs.close(10)


async def test_weights_that_can_not_be_read_are_told_in_a_sentence(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Any
) -> None:
    async with inside("recall") as (app, view, pilot):
        from rnn_tui.archive.weights import Source  # noqa: PLC0415

        bad = tmp_path / "bad.safetensors"
        bad.write_bytes(b"nothing")
        monkeypatch.setattr(
            type(view._asking),
            "question",
            property(lambda _: SequenceQuestion("123", Source(bad, "bad", 3), 3)),
        )
        view.ask()
        await settled(pilot, view)
        assert view.subject is None
        assert "bad.safetensors" in text(view, "readout")
        await press(pilot, "left", "down", "space", "a", "b", "w")  # nothing to act on
        assert app.is_running


@pytest.mark.parametrize("size", AT_SIZES)
async def test_the_grid_the_answer_and_the_note_are_visible(size: tuple[int, int]) -> None:
    async with inside("mnist", size) as (app, view, pilot):
        await press(pilot, "left")
        seen = screen_text(app)
        for part in ("row 27 of 28", "predicts", "P of ", "unit", "state", "readout"):
            assert part in seen, seen
        assert view.grid.size.height >= 12


@pytest.mark.long
async def test_asked_before_its_parts_are_there_it_waits_until_it_comes_into_view() -> None:
    app = RnnTuiApp()
    async with running(app, size=(120, 50)) as pilot:
        pane: Any = app.pane
        view = pane._make_view(pane._views["inside"])
        # As when PyTorch becomes ready at this moment.
        view.bring_up_to_date(pane)
        assert view.subject is None
        await pane.query_one("#views").get_pane("inside").mount(view)
        pane.show_tab("inside")
        await wait_until(pilot, lambda: view.subject is not None)
    assert app.runs.close(10)


async def test_what_was_just_trained_is_looked_into() -> None:
    async with inside("recall") as (app, view, pilot):
        assert text(view, "note").startswith("pretrained")
        await unfolded(pilot)
        for setting, value in (("hidden-sizes", "2"), ("epochs", "1"), ("training-size", "9")):
            app.pane.query_one(f"#field-{setting}", Input).value = value
        app.pane.action_train()
        await wait_until(pilot, lambda: bool(app.runs.states) and not app.runs.busy)
        app.pane.show_tab("inside")
        await wait_until(pilot, lambda: text(view, "note").startswith("run "))
        await settled(pilot, view)
        assert len(view.subject.trace.layers[0].importance) == 2
