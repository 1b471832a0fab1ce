"""Test shows what a network of the run predicts of a sequence, beside what is true."""

import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from textual.pilot import Pilot
from textual.widgets import Select

from rnn_tui.data import store
from rnn_tui.data.data_set import UNKNOWN, DataSet
from rnn_tui.data.options import Goal, Layout, ReadingOptions
from rnn_tui.inside.trace import Trace
from rnn_tui.networks.stepwise import Array
from rnn_tui.tasks.config import SequenceConfig
from rnn_tui.tasks.data_sets.task import task_of
from rnn_tui.ui.app.app import RnnTuiApp
from rnn_tui.ui.app.data_sets import DataSetPane
from rnn_tui.ui.chart.chart import Chart
from rnn_tui.ui.sequences.apply_screen import ApplyScreen
from rnn_tui.ui.sequences.comparing import StepRow, StepRows, content_of
from rnn_tui.ui.sequences.predictions import Prediction, Predictor, predict, predictions_of
from rnn_tui.ui.sequences.sequence_panel import SequencePanel
from rnn_tui.ui.widgets.confusion_table import SequenceMatrix
from rnn_tui.ui.widgets.path_input import PathInput
from rnn_tui.ui.widgets.replica_select import ReplicaSelect
from rnn_tui.ui.work.training_manager import TrainingManager
from tests.data.examples import (
    data_set_of,
    every_goal,
    rising_or_falling,
    walks,
    words,
)
from tests.ui.helpers import press, running, screen_text, wait_until

COUNT = 10
SEVERAL_AHEAD = data_set_of("symbols", Goal.NEXT, words(COUNT), alphabet=("a", "b", "c"), horizon=2)
ONE_AHEAD = data_set_of("numbers", Goal.NEXT, walks(COUNT), horizon=1)


async def trained(pilot: Pilot[Any], data_set: DataSet, seeds: int = 1) -> DataSetPane:
    """Train a little on a data set, and look at Test."""
    app: Any = pilot.app
    name = data_set.description.name
    await wait_until(pilot, lambda: name in screen_text(app))
    await press(pilot, "enter")
    await wait_until(pilot, lambda: isinstance(app.pane, DataSetPane) and app.pane.complete)
    pane: DataSetPane = app.pane
    assert pane.form is not None
    config = pane.form.configs()[0]
    assert isinstance(config, SequenceConfig)
    config = replace(config, epochs=2, hidden_sizes=(2, 3), seeds=seeds)
    app.begin_training([config])
    await wait_until(pilot, lambda: app.runs.evaluations, 120)
    await show(pilot, "test")
    if data_set.description.goal is Goal.CLASS:
        await wait_until(pilot, lambda: panel_of(app).border_title)
    else:
        await wait_until(pilot, lambda: panel_of(app).border_subtitle)
    return pane


async def show(pilot: Pilot[Any], view: str) -> None:
    app: Any = pilot.app
    await press(pilot, str([view.id for view in app.pane._all_views].index(view) + 1))
    await wait_until(pilot, app.takes_keys)


def panel_of(app: Any) -> SequencePanel:
    panel: SequencePanel = app.pane.query_one(SequencePanel)
    return panel


def error_of(data_set: DataSet, prediction: Prediction) -> float:
    """The error as the evaluation has it: the share of wrong classes, or the RMSE."""
    if data_set.description.classifies:
        known = (prediction.true != UNKNOWN) & (prediction.predicted != UNKNOWN)
        return float((prediction.true != prediction.predicted)[known].mean())
    columns = prediction.true.shape[1]
    deviations = np.array(data_set.description.output_deviations[:columns])
    return float(np.sqrt(np.nanmean(((prediction.predicted - prediction.true) / deviations) ** 2)))


GOALS = ["number", "step-number", "step-class", "numbers", "symbols"]


def data_set_for(goal: str) -> DataSet:
    return {**every_goal(COUNT), "symbols": SEVERAL_AHEAD, "numbers": ONE_AHEAD}[goal]


@pytest.mark.parametrize("goal", GOALS)
def test_predictions_are_those_of_the_evaluation(goal: str, home: Path) -> None:
    data_set = data_set_for(goal)
    store.keep(data_set)
    task = task_of(data_set.description)
    config = replace(task.config("lstm", "fast"), epochs=2, hidden_sizes=(2, 3), seeds=1)
    runs = TrainingManager()
    [run_id] = runs.start([config])
    end = time.monotonic() + 120
    while not runs.evaluations:
        runs.drain()
        assert time.monotonic() < end
        time.sleep(0.01)
    assert runs.close(10)
    evaluation: Any = runs.evaluations[run_id]
    predictor = Predictor(task, run_id, config.variants[1].label)
    predictions = [predict(predictor, data_set, index) for index in evaluation.indices]
    errors = evaluation.errors[1]  # of the larger network
    for prediction, error in zip(predictions, errors, strict=True):
        assert prediction.true.shape == prediction.predicted.shape
        assert error_of(data_set, prediction) == pytest.approx(error, abs=1e-4)


@pytest.mark.parametrize(
    "goal", ["symbols", *(pytest.param(goal, marks=pytest.mark.long) for goal in GOALS[:-1])]
)
async def test_the_prediction_that_is_furthest_off_is_shown_first(goal: str, home: Path) -> None:
    data_set = data_set_for(goal)
    store.keep(data_set)
    app = RnnTuiApp()
    async with running(app, "sequences", size=(120, 40)) as pilot:
        pane = await trained(pilot, data_set)
        run, evaluation = pane.results
        assert run is not None
        predictor = Predictor(pane.spec, run.run_id, run.config.variants[1].label)
        errors = evaluation.errors[1]  # of the larger network
        worst = predict(predictor, data_set, evaluation.indices[int(np.argmax(errors))])
        panel = panel_of(app)
        assert panel.border_subtitle == f"{predictor.variant}, seed 0"
        text = screen_text(app)
        assert f"Sequence {worst.index + 1}:" in text
        match goal:
            case "number":
                assert f"y: true {worst.true[0, 0]:.4g}, predicted" in text
                assert f"predicted {worst.predicted[0, 0]:.4g}" in text
            case "step-number" | "numbers":
                chart = panel.query(Chart).first()
                lines = {line.name: line.y for line in chart._series}
                name = "y" if goal == "step-number" else "x0"
                predicted = worst.predicted[:, 0]
                finite = predicted[np.isfinite(predicted)]
                assert lines[f"{name} predicted"] == pytest.approx(finite)
                assert name in lines
            case _:
                rows = panel.query_one(StepRows)
                await wait_until(pilot, lambda: str(rows.content))
                written = str(rows.content).splitlines()
                for label, places in (("true", worst.true), ("predicted", worst.predicted)):
                    outputs = data_set.description.outputs
                    symbols = [outputs[place] if place >= 0 else "·" for place in places]
                    assert f"{label:<10}{''.join(symbols)}" in written


async def test_predictions_are_of_the_seed_chosen_in_the_prompt_as_long_as_it_has_weights(
    home: Path,
) -> None:
    store.keep(ONE_AHEAD)
    app = RnnTuiApp()
    async with running(app, "sequences") as pilot:
        pane = await trained(pilot, ONE_AHEAD, seeds=2)
        run, _ = pane.results
        assert run is not None
        smaller, larger = (variant.label for variant in run.config.variants)
        assert panel_of(app).border_subtitle == f"{larger}, seed 0"
        assert "x0 predicted" in {line.name for line in panel_of(app).query(Chart).first()._series}
        await press(pilot, "n")
        await wait_until(pilot, lambda: panel_of(app).border_subtitle == f"{smaller}, seed 0")
        await show(pilot, "prompt")
        select = pane.query_one(ReplicaSelect)
        await wait_until(pilot, lambda: select.chosen == (larger, 0))
        select.query(Select).last().value = 1
        await wait_until(pilot, lambda: select.chosen == (larger, 1))
        await press(pilot, "escape")  # leaves the field, which takes digits
        await show(pilot, "test")
        await wait_until(pilot, lambda: panel_of(app).border_subtitle == f"{smaller}, seed 1", 20)
        # Without weights the sequence is drawn with the reason.
        Path(run.checkpoint).unlink()
        await press(pilot, "down")
        await wait_until(pilot, lambda: "has no" in screen_text(app))
        assert panel_of(app).query(Chart).first().has_data


def test_of_several_numbers_ahead_the_first_stands_at_the_step_that_it_predicts() -> None:
    description = every_goal(COUNT)["next-number"].description  # of x0, x1, two steps ahead
    outputs = np.arange(12, dtype=np.float32).reshape(3, 4)
    predicted = predictions_of(description, numbers_answered(outputs), np.zeros((len(outputs), 1)))
    assert np.isnan(predicted[0]).all()
    means, deviations = np.array(description.means), np.array(description.deviations)
    expected = np.array([[0, 1], [4, 5]]) * deviations + means
    assert predicted[1:] == pytest.approx(expected)


def numbers_answered(outputs: Array) -> Trace:
    """The trace of a network that answers these numbers (T, O)."""
    steps, count = outputs.shape
    return Trace(
        task="numbers",
        read=("",) * steps,
        inputs=np.zeros((steps, 2), np.float32),
        layers=(),
        outputs=("number",) * count,
        every_step=True,
        logits=outputs,
        probabilities=outputs[:, :0],
        answers=np.zeros(steps, np.int64),
        prefix_note="",
        numbers=True,
    )


def test_steps_are_broken_into_blocks_and_wrong_ones_are_marked() -> None:
    rows = [
        StepRow("true", "abcdef"),
        StepRow("predicted", "abxdef", [step == 2 for step in range(6)]),
    ]
    content = content_of(rows, 14)
    assert content.plain.splitlines() == [
        "true      abcd",
        "predicted abxd",
        "",
        "true      ef",
        "predicted ef",
    ]
    [wrong] = [span for span in content.spans if "error" in str(span.style)]
    assert content.plain[wrong.start : wrong.end] == "x"


def test_long_words_and_wide_characters_stay_below_each_other() -> None:
    content = content_of([StepRow("true", ["no", "月"]), StepRow("predicted", ["·", "yes"])], 40)
    assert content.plain.splitlines() == ["true      no  月  ", "predicted ·   yes "]


async def test_a_field_of_the_confusion_matrix_leads_to_its_sequences_and_e_to_new_ones(
    home: Path,
) -> None:
    data_set = rising_or_falling(COUNT)
    reading = ReadingOptions(layout=Layout.LONG, sequence="line", inputs=("height",))
    data_set = replace(data_set, description=replace(data_set.description, reading=reading))
    store.keep(data_set)
    new = home / "new.csv"
    new.write_text("height,line\n" + "".join(f"{101 + step},up\n" for step in range(8)))
    app = RnnTuiApp()
    async with running(app, "sequences", size=(120, 40)) as pilot:
        pane = await trained(pilot, data_set)
        await show(pilot, "confusion-tab")
        table = pane.query_one("ConfusionView SequenceMatrix", SequenceMatrix)
        confusion = pane.results[1].confusion[-1]
        true, answer = map(int, np.argwhere(confusion > 0)[0])
        table.move_cursor(row=true, column=answer)
        await wait_until(pilot, lambda: app.focused is table)
        await press(pilot, "enter")
        await wait_until(pilot, lambda: pane.view == "test")
        names = data_set.description.outputs
        count = confusion[true, answer]
        title = f"{count} true {names[true]}, answered {names[answer]}"
        await wait_until(pilot, lambda: title in screen_text(app))
        assert app.focused is pane.query_one("#test-list")
        await press(pilot, "e")
        await wait_until(pilot, lambda: isinstance(app.screen, ApplyScreen))
        app.screen.query_one("#apply-source", PathInput).value = str(new)
        await press(pilot, "enter")
        path = app.screen.query_one("#export-path", PathInput)
        await wait_until(pilot, lambda: path.has_focus)
        path.value = str(home / "answers.csv")
        await press(pilot, "enter")
        await wait_until(pilot, lambda: not isinstance(app.screen, ApplyScreen))
        assert (home / "answers.csv").read_text().splitlines()[1].startswith("up,")
