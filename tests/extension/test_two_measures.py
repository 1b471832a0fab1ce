"""A task with two measures is known by its headline everywhere, in whichever order they stand."""

from pathlib import Path
from typing import Any

import pytest

from rnn_tui.archive.run_record import RunRecord
from rnn_tui.archive.store import RunStore
from rnn_tui.archive.words import figures_in_words
from rnn_tui.engine.files.paths import run_database
from rnn_tui.engine.metrics import ACCURACY, Measure
from rnn_tui.sweeps.plan import SweepPlan
from rnn_tui.tasks import TASKS
from rnn_tui.ui.app.app import RnnTuiApp
from rnn_tui.ui.training.results import VariantTable
from tests.archive.kept_runs import train
from tests.extension.test_extension_app import pane_of, trained
from tests.extension.toy_metric import CONFIDENCE

ORDERS = [[ACCURACY, CONFIDENCE], [CONFIDENCE, ACCURACY]]
pytestmark = [
    pytest.mark.usefixtures("registered", "home"),
    pytest.mark.parametrize("measures", ORDERS, ids=["accuracy first", "accuracy last"]),
]


@pytest.fixture(autouse=True)
def two_measures(registered: None, measures: list[Measure]) -> Any:
    """Gives the toy task both measures; what is registered is taken away again behind this."""
    task = TASKS["majority"]
    before = [*task.measures]
    task.measures[:] = measures
    yield
    task.measures[:] = before


def only_run() -> RunRecord:
    with RunStore() as store:
        [run] = store.runs()
        return run


def test_a_run_is_listed_by_its_headline_also_where_the_database_was_lost(tmp_path: Path) -> None:
    task = TASKS["majority"]
    train(task.config(task.default_cell))
    run = only_run()
    assert (run.metric, run.final_metric) == ("val_accuracy", "test_accuracy")
    final = run.final
    run_database().rename(tmp_path / "lost.sqlite")
    run = only_run()
    assert (run.final_metric, run.final) == ("test_accuracy", final)


def test_a_line_of_progress_is_on_the_headline() -> None:
    task = TASKS["majority"]
    train(task.config(task.default_cell))
    run = only_run()
    with RunStore() as store:
        state = store.state(run)
    assert figures_in_words(state, state.epochs[-1]).startswith("validation accuracy, mean of 2: ")


def test_a_sweep_compares_by_the_headline_in_validation() -> None:
    plan = SweepPlan(task="majority", grid={"epochs": [1, 2]})
    assert (plan.metric, plan.maximise) == ("val_accuracy", True)


async def test_the_short_table_of_results_has_the_headline_above_it() -> None:
    app = RnnTuiApp()
    async with app.run_test(size=(140, 50)) as pilot:
        pane = await pane_of(pilot, "f10", "majority")
        state = await trained(pilot, pane)
        short, whole = VariantTable(pane, short=True), VariantTable(pane)
        assert [metric.name for metric in short._metrics(state)] == ["test_accuracy"]
        assert {metric.name for metric in whole._metrics(state)} >= {
            "test_accuracy",
            "test_confidence",
        }
