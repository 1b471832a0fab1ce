"""The example that is shown before there is any run."""

from pathlib import Path

import numpy as np
import pytest

from rnn_tui.archive.example import measure_example, recorded_example
from rnn_tui.archive.store import RunStore
from rnn_tui.engine.config import RunConfig
from rnn_tui.engine.errors import CheckpointError
from rnn_tui.engine.state import Status
from rnn_tui.sweeps.plan import REPORT_GROUP
from rnn_tui.sweeps.store import SweepStore
from rnn_tui.tasks import TASKS
from rnn_tui.tasks.adder import ADDER
from rnn_tui.tasks.mnist import MNIST
from rnn_tui.tasks.recall import RECALL
from rnn_tui.tasks.task import Task
from tests.archive.kept_runs import train
from tests.extension.toy_task import MAJORITY


def test_the_networks_that_ship_are_shown_as_a_finished_run() -> None:
    example = measure_example(RECALL)
    assert example.name == "pretrained recall × 5, preset best, as shipped"
    assert example.run.status is Status.FINISHED
    labels = [variant.label for variant in example.run.config.variants]
    assert labels == ["H 2 ce", "H 5 ce", "H 10 ce"]
    small, middle, large = example.run.spreads("test_accuracy")
    assert small.mean < 50
    assert (middle.mean, large.mean) == (100, 100)
    # and so they are measured here
    by_length = example.evaluation.by_length[0]
    assert [spread.mean for spread in by_length.spread(2, 5)][:9] == [100] * 9
    assert example.evaluation.confusion.shape == (3, 10, 10)


@pytest.mark.parametrize("task", [MNIST, RECALL, ADDER])
def test_a_training_is_recorded_with_its_curves(task: Task) -> None:
    example = recorded_example(task)
    assert example is not None
    run = example.run
    assert run.status is Status.FINISHED
    assert run.config == task.config(task.default_cell, **_seeds(run.config))
    assert len(run.epochs) == run.config.epochs
    curves = run.bands or run.series
    assert {"train_loss", "val_loss"} <= curves.keys()


def _seeds(config: RunConfig) -> dict[str, int]:
    return {"seeds": 5} if config.variants else {}


def test_a_task_without_weights_has_no_example(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(TASKS, MAJORITY.name, MAJORITY)
    with pytest.raises(CheckpointError, match="No weights ship for majority"):
        measure_example(MAJORITY)
    assert recorded_example(MAJORITY) is None


def test_a_finished_run_of_ones_own_takes_the_examples_place(home: Path) -> None:
    train(RECALL.config("lstm", "fast", epochs=1, seeds=2, hidden_sizes=(4,)))
    last, measured = recorded_example(RECALL), measure_example(RECALL)
    assert last is not None
    assert last.own
    assert measured.own
    with RunStore() as store:
        run = store.find("last")
    assert last.name == measured.name == run.name
    assert last.run.run_id == run.run_id
    assert {"train_loss", "val_accuracy"} <= last.run.bands.keys()
    # measured on other sequences than at the end of the training
    (spread,) = last.run.spreads("test_accuracy")
    assert measured.evaluation.confusion.shape == (1, 10, 10)
    right = np.trace(measured.evaluation.confusion[0]) / measured.evaluation.confusion[0].sum()
    assert 100 * right == pytest.approx(spread.mean, abs=5)


def test_runs_of_a_report_are_not_shown(home: Path) -> None:
    train(RECALL.config("lstm", "fast", epochs=1, seeds=1, hidden_sizes=(4,)))
    with RunStore() as store:
        run_id = store.find("last").run_id
    with SweepStore() as sweeps:
        sweeps.add_to_group(run_id, REPORT_GROUP)
    example = recorded_example(RECALL)
    assert example is not None
    assert not example.own
