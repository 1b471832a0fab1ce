"""The tabs of recall and adder as a person uses them: sets of seeds by script, and real ones."""

import re
import statistics
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from syrupy.assertion import SnapshotAssertion
from textual.pilot import Pilot
from textual.widgets import Checkbox, DataTable, Input, Select

from rnn_tui.archive.store import RunStore
from rnn_tui.engine import events
from rnn_tui.engine.config import RunConfig
from rnn_tui.engine.events import Control
from rnn_tui.engine.metrics import Metric
from rnn_tui.engine.state import Status
from rnn_tui.tasks.config import SequenceConfig
from rnn_tui.tasks.task import ByLength, SequenceEvaluation
from rnn_tui.ui.app.app import RnnTuiApp
from rnn_tui.ui.calculator_prompt.calculator import CalculatorPanel
from rnn_tui.ui.calculator_prompt.recall_prompt import RecallPromptPanel
from rnn_tui.ui.training.form import SettingsForm
from rnn_tui.ui.training.pane import TaskPane
from rnn_tui.ui.training.results import VariantTable
from rnn_tui.ui.training.results_view import ResultsView
from rnn_tui.ui.training.training_view import NetworksTraining
from rnn_tui.ui.work.training_manager import Evaluated, TrainingManager
from tests.ui.conftest import ScriptedRuns
from tests.ui.helpers import (
    assert_refused,
    finish,
    idle,
    last_notice,
    next_view,
    press,
    screen_text,
    start,
    unfolded,
    wait_until,
)

KEYS = {"recall": "f4", "adder": "f5"}
ACCURACY = {"recall": "accuracy", "adder": "bit_accuracy"}
STEPS_PER_EPOCH = 10


def accuracies(config: RunConfig, epoch: int) -> tuple[float, ...]:
    """One for each replica, in percent, all different, at different distances."""
    return tuple(20.0 * epoch + 0.06 * replica**2 for replica in range(len(config.replicas)))


def losses(config: RunConfig, step: int) -> tuple[float, ...]:
    """One for each replica, all different."""
    return tuple((2.0 + 0.1 * replica) / step for replica in range(len(config.replicas)))


def evaluation_of(config: SequenceConfig) -> SequenceEvaluation:
    """Figures that fall with the length, less in the later replicas."""
    # (R, 1) + (3,) = (R, 3): one row a replica, one column a length
    values = np.arange(len(config.replicas))[:, None] + 90.0 / np.arange(1, 4)
    counts = (50, 50, 50)
    if config.task == "adder":
        names = ("bit_accuracy", "number_accuracy")
        figures = [ByLength(name, (1, 20, 1024), values, counts) for name in names]
        return SequenceEvaluation(config, figures, None)
    confusion = np.stack([np.eye(10, dtype=np.int64) * (7 + variant) for variant in range(3)])
    figures = [ByLength("accuracy", (3, 11, 22), values, counts)]
    return SequenceEvaluation(config, figures, confusion)


class ScriptedSets(ScriptedRuns):
    """Sets of seeds that train nothing: two epochs, then the end when told to."""

    def _train_one(self, run_id: str, config: RunConfig, control: Control) -> None:
        assert isinstance(config, SequenceConfig)
        self.started.append(config)
        self.controls.append(control)
        emit: Any = self._queue.append
        name = ACCURACY[config.task]
        specs = (
            Metric("train_loss", "training loss"),
            Metric(f"val_{name}", "validation accuracy", "%", True, 0, 100),
            Metric(f"test_{name}", "test accuracy", "%", True, 0, 100),
        )
        total = config.epochs * STEPS_PER_EPOCH
        emit(events.RunStarted(run_id, config, specs, total, STEPS_PER_EPOCH, 900, 2000, "cpu"))
        for epoch in (1, 2):
            for step in range((epoch - 1) * STEPS_PER_EPOCH + 1, epoch * STEPS_PER_EPOCH + 1):
                figures = {"train_loss": losses(config, step)}
                emit(events.StepLogged(run_id, step, {}, 1000.0, step / 2, figures))
            figures = {
                "train_loss": losses(config, epoch * STEPS_PER_EPOCH),
                f"val_{name}": accuracies(config, epoch),
            }
            step = epoch * STEPS_PER_EPOCH
            emit(events.EpochEnded(run_id, epoch, step, {}, 5.0, 5.0 * epoch, figures))
        while not self.go_on.wait(0.01):
            if control.stopping:
                emit(events.RunStopped(run_id, 20, 10.0))
                return
        emit(events.RunFinished(run_id, 20, {}, 10.0, {f"test_{name}": accuracies(config, 3)}))
        emit(Evaluated(run_id, evaluation_of(config)))


@pytest.fixture
def runs(home: Path) -> Iterator[ScriptedSets]:
    manager = ScriptedSets()
    yield manager
    manager.close(1)


@pytest.fixture(params=["recall", "adder"])
def task(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@asynccontextmanager
async def looking_at(
    task: str, runs: TrainingManager, size: tuple[int, int] = (120, 40)
) -> AsyncIterator[tuple[RnnTuiApp, Pilot[Any]]]:
    """The app with the tab of `task` in front."""
    app = RnnTuiApp(runs)
    async with app.run_test(size=size) as pilot:
        await go_to(pilot, task)
        yield app, pilot


async def go_to(pilot: Pilot[Any], task: str) -> None:
    app: Any = pilot.app
    await wait_until(pilot, lambda: app.tabs.front is not None and app.pane.complete)
    await press(pilot, KEYS[task])
    await wait_until(
        pilot,
        lambda: app.tabs.front is not None and app.pane.spec.name == task and app.pane.complete,
    )
    await idle(pilot)


async def view(pilot: Pilot[Any], name: str) -> None:
    """Bring a view to the front, with the focus in it, as its key does."""
    app: Any = pilot.app
    app.pane.show_tab(name)
    await wait_until(pilot, lambda: app.pane.view == name)
    await idle(pilot)
    await wait_until(pilot, app.takes_keys)  # it is made
    app.pane.focus_view()
    await pilot.pause(0.1)


def field(app: RnnTuiApp, name: str) -> Input:
    return app.pane.query_one(f"#field-{name}", Input)


def cells(table: VariantTable) -> list[list[str]]:
    """The texts of all cells, row by row."""
    rows = table.query_one(DataTable)
    return [list(map(str, rows.get_row_at(index))) for index in range(rows.row_count)]


def short_table(app: RnnTuiApp) -> VariantTable:
    return app.pane.query_one(NetworksTraining).query_one(VariantTable)


def figures_of(values: tuple[float, ...]) -> list[str]:
    """Mean, sd, min, max and n as a table should have them, by the standard library."""
    mean = statistics.fmean(values)
    sd = statistics.stdev(values)
    texts = [f"{figure:.2f}" for figure in (mean, sd, min(values), max(values))]
    return [*texts, str(len(values))]


# What is trained


async def test_one_key_trains_the_reports_networks_and_one_stops_them(runs: ScriptedSets) -> None:
    async with looking_at("recall", runs, (80, 24)) as (app, pilot):
        await start(pilot, runs)
        await press(pilot, "s")
        await wait_until(pilot, lambda: not runs.busy)
        await wait_until(pilot, lambda: "was stopped" in last_notice(app))
        (state,) = app.pane.states()
        assert state.status is Status.STOPPED
        assert app.pane.front_view.charts[0].prepared  # the curves stay
        await go_to(pilot, "adder")
        await press(pilot, "t")
        await wait_until(pilot, lambda: len(runs.started) == 2)
        assert app.pane.view == "training"
        for config, task in zip(runs.started, ("recall", "adder"), strict=True):
            assert isinstance(config, SequenceConfig)
            assert (config.task, config.preset, config.seeds) == (task, "report", 1)
            assert config.hidden_sizes == ((2, 5, 10) if task == "recall" else (3, 5, 10))
            assert config.losses == (("ce",) if task == "recall" else ("mse", "ce"))


async def test_the_form_refuses_wrong_entries_and_says_which_networks(runs: ScriptedSets) -> None:
    async with looking_at("adder", runs) as (app, pilot):
        await unfolded(pilot)
        for name, typed in (("hidden-sizes", "5,5"), ("lengths", "9-2")):
            await assert_refused(pilot, runs, name, typed)
        app.pane.query_one("#preset", Select).value = "fast"
        await idle(pilot)
        assert not app.pane.query_one("#choice-mse", Checkbox).value  # ticked by the other preset
        app.pane.query_one("#choice-mse", Checkbox).value = True
        entries = {"hidden-sizes": "4,8", "seeds": "6", "lengths": "2-9", "clip": "0.5"}
        for name, typed in entries.items():
            field(app, name).focus()
            await press(pilot, *typed)
            assert field(app, name).value == typed
        await start(pilot, runs)
        (config,) = runs.started
        assert isinstance(config, SequenceConfig)
        assert (config.hidden_sizes, config.losses) == ((4, 8), ("mse", "bce"))
        assert (config.seeds, config.lengths, config.preset) == (6, (2, 9), "fast")
        assert config.recipe.clip == 0.5
        assert app.pane.form.fill(config) == []
        assert app.pane.form.configs() == [config]


@pytest.mark.long
async def test_no_loss_ticked_is_a_sentence(runs: ScriptedSets) -> None:
    async with looking_at("recall", runs) as (app, pilot):
        app.pane.query_one("#choice-ce", Checkbox).value = False
        await press(pilot, "t")
        await idle(pilot)
        assert runs.started == []
        assert "at least one of MSE, CE, BCE" in last_notice(app)


@pytest.mark.long
async def test_a_position_beyond_the_shortest_sequence_is_refused_by_name(
    runs: ScriptedSets,
) -> None:
    async with looking_at("recall", runs) as (app, pilot):
        field(app, "position").value = "7"
        field(app, "position").focus()
        await press(pilot, "t")
        await idle(pilot)
        assert runs.started == []
        assert "shortest training length, 3" in last_notice(app)


# Mean and spread


async def test_charts_draw_the_mean_and_all_seeds_between_two_curves(
    runs: ScriptedSets, snapshot: SnapshotAssertion
) -> None:
    async with looking_at("recall", runs, (80, 24)) as (app, pilot):
        field(app, "seeds").value = "4"
        await start(pilot, runs)
        config = runs.started[0]
        chart = app.pane.front_view.charts[1]
        await wait_until(pilot, lambda: len(chart.prepared) == len(config.variants))
        await pilot.pause(0.3)
        assert screen_text(app) == snapshot(name="recall")
        for variant, curve in enumerate(chart.prepared):
            of_variant = slice(4 * variant, 4 * variant + 4)
            seeds = [accuracies(config, epoch)[of_variant] for epoch in (1, 2)]
            assert curve.y == pytest.approx([statistics.fmean(values) for values in seeds])
            assert (curve.low, curve.high) == (
                pytest.approx([min(values) for values in seeds]),
                pytest.approx([max(values) for values in seeds]),
            )
        await press(pilot, "palette:spread")
        await wait_until(pilot, lambda: "± sd" in last_notice(app))
        values = accuracies(config, 2)[:4]
        mean, sd = statistics.fmean(values), statistics.stdev(values)
        await wait_until(pilot, lambda: chart.prepared[0].high[-1] == pytest.approx(mean + sd))
        assert chart.prepared[0].low[-1] == pytest.approx(mean - sd)
        await press(pilot, "palette:spread")
        await wait_until(pilot, lambda: "min … max" in last_notice(app))


async def test_the_table_has_mean_sd_min_max_and_n_beside_the_reports_figure(
    runs: ScriptedSets, snapshot: SnapshotAssertion
) -> None:
    async with looking_at("adder", runs, (120, 40)) as (app, pilot):
        field(app, "seeds").value = "4"
        await start(pilot, runs)
        config = runs.started[0]
        chart = app.pane.front_view.charts[1]
        await wait_until(pilot, lambda: len(chart.prepared) == len(config.variants))
        await pilot.pause(0.3)
        assert screen_text(app) == snapshot(name="adder")
        await finish(pilot, runs)
        values = accuracies(config, 3)
        for variant, row in enumerate(cells(short_table(app))):
            of_variant = values[4 * variant : 4 * variant + 4]
            assert config.variants[variant].label in row[0]
            assert row[1:6] == figures_of(of_variant)
            published = float(row[6])
            difference = published - statistics.fmean(of_variant)
            assert row[7] == f"{difference:+.2f}".replace("-", "−")
        await view(pilot, "results")
        rows = cells(app.pane.query_one("#results VariantTable", VariantTable))
        titles = [row[0] for row in rows if not any(row[1:])]
        assert titles == ["test accuracy (%)", "val accuracy (%)", "train loss"]
        assert rows[1][1:6] == figures_of(values[:4])
        headline = app.pane.query_one("#results VariantTable", VariantTable).border_title
        assert "Seeds 0 … 3" in str(headline)


@pytest.mark.long
async def test_one_seed_has_no_deviation(runs: ScriptedSets) -> None:
    async with looking_at("recall", runs) as (app, pilot):
        await start(pilot, runs)
        await finish(pilot, runs)
        assert [row[2] for row in cells(short_table(app))] == ["–"] * 3
        assert "seed 0" in screen_text(app)


async def test_a_run_that_waits_for_another_is_queued_and_says_so(runs: ScriptedSets) -> None:
    async with looking_at("recall", runs) as (app, pilot):
        assert "No run yet. t train" in screen_text(app)
        app.pane.query_one("#model-gru", Checkbox).value = True
        await start(pilot, runs)
        await wait_until(pilot, lambda: len(app.pane.states()) == 2)
        first, second = app.pane.states()
        await wait_until(pilot, lambda: f"{second.config.label} queued" in screen_text(app))
        assert f"{first.config.label} queued" not in screen_text(app)
        app.pane._choose(second.run_id)
        await wait_until(pilot, lambda: "Queued: another run" in screen_text(app))
        await finish(pilot, runs)


@pytest.mark.long
async def test_table_and_charts_have_their_lines_before_the_first_figure(
    runs: ScriptedSets,
) -> None:
    async with looking_at("adder", runs, (80, 24)) as (app, pilot):
        charts = app.pane.query_one(NetworksTraining).charts
        field(app, "seeds").value = "4"
        await start(pilot, runs)
        table = short_table(app)
        await wait_until(pilot, lambda: len(cells(table)) == 6)
        # All six networks are seen, below charts that can be read.
        assert table.query_one(DataTable).size.height == 7
        assert all(chart.size.height >= 8 for chart in charts)
        before = table.size
        await finish(pilot, runs)
        assert table.size == before


@pytest.mark.long
async def test_the_table_stands_alone_goes_and_comes_back_by_a_key(
    task: str, runs: ScriptedSets
) -> None:
    async with looking_at(task, runs, (80, 24)) as (app, pilot):
        field(app, "seeds").value = "2"
        await start(pilot, runs)
        table, charts = short_table(app), app.pane.query_one("#charts")
        await wait_until(pilot, lambda: len(cells(table)) > 1)
        beside = table.size
        await press(pilot, "palette:table")
        await idle(pilot)
        assert not charts.display
        assert table.size.height > beside.height
        assert app.focused is table.query_one(DataTable)
        assert "Smooth" not in screen_text(app)
        await press(pilot, "m")
        assert app.pane.query_one(NetworksTraining).charts[0].smoothing == 0
        # All charts are wanted in place of it, and then not.
        await press(pilot, "palette:charts")
        await idle(pilot)
        assert (charts.display, table.display) == (True, False)
        await press(pilot, "palette:charts")
        await idle(pilot)
        assert (charts.display, table.display) == (False, True)
        await press(pilot, "palette:table")
        await idle(pilot)
        assert charts.display
        assert not table.display
        await press(pilot, "palette:table")
        await idle(pilot)
        assert charts.display
        assert table.size == beside
        await finish(pilot, runs)


async def train_small(
    app: RnnTuiApp, pilot: Pilot[Any], runs: TrainingManager, size: str, hidden: str
) -> None:
    """Train small networks in earnest, with the preset that is chosen, until they are evaluated."""
    await unfolded(pilot)
    for name, typed in (
        ("seeds", "2"),
        ("epochs", "2"),
        ("training-size", size),
        ("test-size", "20"),
        ("hidden-sizes", hidden),
    ):
        field(app, name).value = typed
    app.pane.query_one(SettingsForm).focus_first()
    await press(pilot, "t")
    await wait_until(pilot, lambda: bool(runs.evaluations) and not runs.busy, 120)


@pytest.mark.long
@pytest.mark.parametrize(("preset", "there"), [("report", True), ("fast", False)])
async def test_columns_for_published_figures_are_there_where_any_is(
    preset: str, there: bool, runs: ScriptedSets
) -> None:
    async with looking_at("adder", runs) as (app, pilot):
        app.pane.query_one("#preset", Select).value = preset
        await idle(pilot)
        await start(pilot, runs)
        table = short_table(app).query_one(DataTable)
        await wait_until(pilot, lambda: table.row_count > 1)
        labels = [str(column.label) for column in table.ordered_columns]
        assert ("report" in labels, "vs mean" in labels) == (there, there)
        assert all(len(table.get_row_at(at)) == len(labels) for at in range(table.row_count))
        await finish(pilot, runs)


@pytest.mark.long
async def test_every_metric_that_is_logged_can_be_looked_at(home: Path) -> None:
    runs = TrainingManager()
    async with looking_at("recall", runs) as (app, pilot):
        await train_small(app, pilot, runs, "640", "2,3")
        app.pane.focus_view()
        view = app.pane.query_one(NetworksTraining)

        def titles() -> list[str]:
            return [str(chart.border_title).partition(" ·")[0] for chart in view.charts]

        seen = []
        for _ in range(4):
            seen.append(titles()[0])
            assert titles()[1] == "Validation accuracy (%)"
            assert view.charts[0].prepared
            await press(pilot, "v")
        assert sorted(seen) == [
            "Gradient norm",
            "Learning rate",
            "Training loss",
            "Validation loss",
        ]
        assert titles()[0] == seen[0]
        await press(pilot, "palette:charts")
        await wait_until(pilot, lambda: all(chart.is_mounted for chart in view.charts))
        assert sorted(titles()) == sorted([*seen, "Val acc (%)"])
        for chart in view.charts:
            assert chart.prepared
            assert chart.size.height > 5
        rate = view.charts[titles().index("Learning rate")]
        assert [curve.name for curve in rate.prepared] == ["all networks"]
        await press(pilot, "palette:charts")
        await idle(pilot)
        assert titles() == [seen[0], "Validation accuracy (%)"]
        assert short_table(app).display
    assert runs.close(5)


# What else a finished run shows


@pytest.mark.long
async def test_lengths_mark_those_in_training(task: str, runs: ScriptedSets) -> None:
    async with looking_at(task, runs) as (app, pilot):
        field(app, "seeds").value = "2"
        await start(pilot, runs)
        await finish(pilot, runs)
        await view(pilot, "results")
        charts = app.pane.query_one(ResultsView).charts
        assert len(charts) == (1 if task == "recall" else 2)
        await wait_until(pilot, lambda: all(chart.prepared for chart in charts))
        first = charts[0].prepared[0]
        lengths = [3, 11, 22] if task == "recall" else [1, 20, 1024]
        assert [charts[0].to_x(x) for x in first.x] == pytest.approx(lengths)
        assert first.y == pytest.approx([90.5, 45.5, 30.5])
        assert first.high == pytest.approx([91, 46, 31])
        assert "in training" in screen_text(app)
        table = app.pane.query_one("#results VariantTable")
        assert table.is_on_screen
        await press(pilot, "palette:table")
        assert table.is_on_screen
        assert not charts[0].is_on_screen
        await press(pilot, "palette:table")
        assert not table.is_on_screen
        assert charts[0].is_on_screen
        await press(pilot, "palette:spread")
        sd = statistics.stdev([30, 31])
        await wait_until(pilot, lambda: charts[0].prepared[0].high[-1] == pytest.approx(30.5 + sd))
        await press(pilot, "end")  # the cursor reads values, in all charts at once
        await idle(pilot)
        assert [chart.cursor for chart in charts] == pytest.approx([lengths[-1]] * len(charts))
        assert f"length {lengths[-1]}" in screen_text(app)
        assert "30.5" in screen_text(app)


@pytest.mark.long
async def test_confusion_of_each_network_in_turn(runs: ScriptedSets) -> None:
    async with looking_at("recall", runs) as (app, pilot):
        await start(pilot, runs)
        await finish(pilot, runs)
        # Once through all of them by key.
        views = app.pane.views
        for name in views[1 : views.index("confusion-tab") + 1]:
            await next_view(pilot, name)
        seen = {}
        for _ in range(3):
            text = screen_text(app)
            label = next(v.label for v in runs.started[0].variants if f"{v.label} (n:" in text)
            zeros = re.search(r"\b0 +(\d+) +·", text)
            assert zeros is not None, text
            seen[label] = zeros[1]
            await press(pilot, "n")
            await idle(pilot)
        assert seen == {"H 2 ce": "7", "H 5 ce": "8", "H 10 ce": "9"}
        # A field leads nowhere: nobody knows which sequences are counted there.
        assert "Images" not in screen_text(app)
        await press(pilot, "enter")
        await idle(pilot)
        assert app.pane.view == "confusion-tab"


# Several tasks in one app


@pytest.mark.long
async def test_each_tab_has_its_own_runs(runs: ScriptedSets) -> None:
    async with looking_at("recall", runs) as (app, pilot):
        await start(pilot, runs)
        await finish(pilot, runs)
        await go_to(pilot, "adder")
        assert app.pane.states() == []
        assert cells(short_table(app)) == []
        await press(pilot, "palette:clear")
        await press(pilot, "f4")
        await wait_until(pilot, lambda: app.pane.spec.name == "recall")
        assert [state.status for state in app.pane.states()] == [Status.FINISHED]
        await press(pilot, "palette:clear")
        await idle(pilot)
        assert app.pane.states() == []


@pytest.mark.long
async def test_training_goes_on_behind_another_tab(runs: ScriptedSets) -> None:
    async with looking_at("recall", runs) as (app, pilot):
        await start(pilot, runs)
        await go_to(pilot, "adder")
        await press(pilot, "t")  # another run: asks first
        await wait_until(pilot, lambda: "is in training" in screen_text(app))
        await press(pilot, "escape")
        await finish(pilot, runs)
        await wait_until(pilot, lambda: "recall" in last_notice(app))
        assert [config.task for config in runs.started] == ["recall"]


# What it looks like


# The real thing


@pytest.mark.long
async def test_what_was_trained_answers_from_then_on(task: str, home: Path) -> None:
    runs = TrainingManager()
    async with looking_at(task, runs) as (app, pilot):
        assert isinstance(app.pane, TaskPane)
        await app.pane.filled("prompt" if task == "recall" else "calculator")
        panel = app.pane.query_one(RecallPromptPanel if task == "recall" else CalculatorPanel)
        source = panel.query_one("#recall-source" if task == "recall" else "SumText")
        await wait_until(pilot, lambda: "pretrained" in str(source.render()))
        app.pane.query_one("#preset", Select).value = "fast"
        await train_small(app, pilot, runs, "320", "4")
        (state,) = runs.states.values()
        assert state.status is Status.FINISHED
        assert home in Path(state.checkpoint).parents
        with RunStore() as store:
            name = store.find(state.run_id).name
        await wait_until(pilot, lambda: f"run {name}" in str(source.render()))
        (row,) = cells(short_table(app))
        spread = state.spreads(f"test_{ACCURACY[task]}")[0]
        assert row[1:6] == figures_of(spread.values)
    assert runs.close(5)
