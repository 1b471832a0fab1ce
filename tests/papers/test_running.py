"""A report trains what the runs lack, and nothing twice."""

import time
from collections import Counter
from pathlib import Path

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from rnn_tui.archive import training
from rnn_tui.archive.run_record import RunRecord
from rnn_tui.archive.store import RunStore
from rnn_tui.archive.weights import choose, finished_runs
from rnn_tui.engine import events
from rnn_tui.engine.config import RunConfig
from rnn_tui.engine.errors import DeviceError
from rnn_tui.engine.events import Control, new_run_id
from rnn_tui.engine.state import Status
from rnn_tui.papers.inventory import (
    Inventory,
    NetworkKey,
    TrainedNetwork,
    family,
    network_keys,
    take_inventory,
)
from rnn_tui.papers.plan import Plan, PlannedNetwork
from rnn_tui.papers.run_times import LONG, RunTimes
from rnn_tui.papers.running import standing, train_missing
from rnn_tui.papers.schedule import planned_runs
from rnn_tui.papers.shipped import paper_named
from rnn_tui.tasks import TASKS
from tests.papers.small_plans import (
    SMALL,
    config_of,
    course_plan,
    runs,
    small_plan,
    table,
    train_plan,
)

SMALL_TASKS = ("recall", "adder")
PATIENCE = 30.0


def train(config: RunConfig) -> None:
    training.train(config, lambda _: None, Control(), new_run_id())


def trained_networks() -> Counter[NetworkKey]:
    """How often each network was trained to the end."""
    finished = [run for run in runs() if run.status is Status.FINISHED]
    return Counter(network for run in finished for network in network_keys(run.config))


def test_every_experiment_has_its_figures_from_its_runs(home: Path, mnist_slice: Path) -> None:
    plan = small_plan(2, only=SMALL_TASKS, data=mnist_slice)
    rerun = train_plan(plan)
    assert rerun.ending.complete
    assert not rerun.ending.runs_left
    # Cheap tasks first, all of their seeds in one run; MNIST has one run a model.
    names = [(run.config.task, run.config.cell, len(run.config.replicas)) for run in runs()]
    assert names == [
        ("recall", "lstm", 6),
        ("adder", "lstm", 12),
        ("mnist", "rnn", 0),
        ("mnist", "lstm", 0),
        ("mnist", "bilstm", 0),
    ]
    rows = table(plan).rows
    assert len(rows) == 12
    assert [row.n for row in rows] == [1] * 3 + [2] * 9
    ended = {end.run_id: end for end in rerun.of(events.RunFinished)}
    configs = {run.run_id: run.config for run in runs()}
    for row in rows:
        for seed, value, run_id in zip(row.seeds, row.values, row.run_ids, strict=True):
            end = ended[run_id]
            experiment = row.experiment
            if experiment.variant is None:
                assert value == end.metrics[TASKS[experiment.task].headline]
                continue
            replicas = [(each.variant, each.seed) for each in configs[run_id].replicas]
            place = replicas.index((experiment.variant, seed))
            assert value == end.replicas[TASKS[experiment.task].headline][place]
    assert sum(row.seconds for row in rows) == pytest.approx(sum(run.elapsed for run in runs()))
    # What is reported on the way: never backwards, everything at the end.
    shares = [standing.share for standing in rerun.standings]
    assert shares == sorted(shares)
    assert (rerun.standings[0].seconds_left, rerun.standings[-1].seconds_left) == (None, 0.0)
    labels = {run.label for run in (standing.planned_run for standing in rerun.standings) if run}
    assert "MNIST, biLSTM, seed 0" in labels
    again = train_plan(plan)
    assert again.ending.complete
    assert again.events == []


def test_seeds_and_networks_that_are_there_are_not_trained_again(home: Path) -> None:
    plan = small_plan(3, only=SMALL_TASKS)
    # By another device's name, another number of workers, beside other networks.
    train(config_of(plan, "recall", 1).replace(hidden_sizes=(2, 7), seeds=2, workers=2))
    train(config_of(plan, "adder", 0).replace(losses=("ce", "bce"), hidden_sizes=(5,)))
    trained_before = trained_networks()
    rerun = train_plan(plan)
    assert rerun.ending.complete
    assert all(row.n == 3 for row in table(plan).rows)
    assert set(trained_networks().values()) == {1}
    assert len(trained_networks() - trained_before) == 9 - 2 + 18 - 1


def test_the_time_left_is_reported_before_anything_has_been_trained(home: Path) -> None:
    rerun = train_plan(small_plan(1, only=SMALL_TASKS))
    begin, *later = rerun.standings
    assert begin.seconds_left is None  # the speed of the machine is not measured yet
    # a busy machine may take several looks for it
    told = [(standing.done, standing.seconds_left) for standing in later if standing.seconds_left]
    assert told[0][0] == 0
    assert told[0][1] > 0


def test_networks_of_a_rerun_answer_no_question_unless_they_are_named(home: Path) -> None:
    assert choose("recall").ships
    assert train_plan(small_plan(1)).ending.complete
    assert list(finished_runs("recall"))
    assert choose("recall").ships


def test_more_seeds_add_to_those_that_are_there(home: Path) -> None:
    train_plan(small_plan(1))
    first = table(small_plan(1)).rows
    rerun = train_plan(small_plan(3))
    (started,) = rerun.of(events.RunStarted)
    assert {replica.seed for replica in started.config.replicas} == {1, 2}
    assert rerun.standings[0].seconds_left is not None  # from the first run's pace
    for old_row, new_row in zip(first, table(small_plan(3)).rows, strict=True):
        assert new_row.values[:1] == old_row.values


def test_other_settings_and_deleted_runs_do_not_count(home: Path) -> None:
    plan = small_plan(1)
    train(config_of(plan, "recall", 0).replace(learning_rate=0.1))
    train(config_of(plan, "recall", 0).replace(position=2))
    train(config_of(plan, "recall", 0))
    with RunStore() as store:
        store.delete(store.find("last"))
    assert all(row.n == 0 for row in table(plan).rows)
    assert len(train_plan(plan).of(events.RunStarted)) == 1


def test_a_figure_does_not_change_once_it_is_there(home: Path) -> None:
    plan = small_plan(1)
    train_plan(plan)
    first_table = table(plan)
    train(config_of(plan, "recall", 0, seeds=2))
    assert table(plan) == first_table


def test_stopped_it_goes_on_where_it_was(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plan = small_plan(2, only=SMALL_TASKS)
    rerun = train_plan(plan, stop_at=3)
    assert rerun.ending.runs_left
    assert not rerun.ending.complete
    (stopped,) = runs()
    assert (stopped.status, stopped.step) == (Status.STOPPED, 3)
    resumed = train_plan(plan)
    first, _ = resumed.of(events.RunStarted)
    assert (first.run_id, first.first_step) == (stopped.run_id, 3)
    assert resumed.ending.complete
    figures = [row.values for row in table(plan).rows]
    monkeypatch.setenv("RNN_TUI_HOME", str(tmp_path / "another"))
    train_plan(plan)
    assert [row.values for row in table(plan).rows] == figures  # as if it had never stopped


def test_a_stopped_run_with_networks_that_are_done_is_left(home: Path) -> None:
    train_plan(small_plan(2), stop_at=3)
    train_plan(small_plan(1))
    train_plan(small_plan(2))
    assert set(trained_networks().values()) == {1}
    assert [run.status.value for run in runs()] == ["stopped", "finished", "finished"]


def test_a_damaged_checkpoint_is_told_and_its_run_started_anew(home: Path) -> None:
    train_plan(small_plan(1), stop_at=3)
    (stopped,) = runs()
    stopped.weights.write_bytes(b"nothing")
    rerun = train_plan(small_plan(1))
    assert rerun.ending.complete
    warned = [line for line in rerun.of(events.LogLine) if line.level == "warning"]
    assert [line.run_id for line in warned] == [stopped.run_id]


def test_what_is_in_training_is_left_to_who_trains_it(home: Path) -> None:
    plan = small_plan(1, only=SMALL_TASKS)
    seen = []

    def emit(event: object) -> None:
        if isinstance(event, events.EpochEnded) and not seen:
            deadline = time.monotonic() + PATIENCE
            # The run is written down by a thread of its own.
            while not any(run.status.active for run in runs()) and time.monotonic() < deadline:
                time.sleep(0.01)
            with RunStore() as store:
                for watched in (plan, small_plan(2)):
                    seen.append(standing(take_inventory(watched, store)))

    train_missing(plan, emit, Control())
    assert [(now.done, now.elsewhere, now.runs_left) for now in seen] == [(0, 3, 1), (0, 3, 1)]


def test_a_run_that_fails_is_told_once_and_the_others_go_on(home: Path) -> None:
    plan = course_plan(
        1,
        only=SMALL_TASKS,
        device="cpu",
        overrides={"recall": {**SMALL, "learning_rate": 1e38}, "adder": SMALL},
    )
    rerun = train_plan(plan)
    (failure,) = rerun.ending.failures
    assert failure.startswith("Recall, 3 networks × 1 seed: ")
    assert (rerun.ending.runs_left, rerun.ending.done) == (0, 6)
    assert [run.status.value for run in runs()] == ["failed", "finished"]


def test_a_device_that_is_not_there_starts_no_run(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with pytest.raises(DeviceError, match="no cuda device"):
        train_plan(course_plan(1, only=("recall",), device="cuda"))
    assert runs() == []


def test_of_long_runs_that_differ_in_their_task_one_is_measured() -> None:
    plan = Plan(paper_named("chomsky-hierarchy"), 2, preset="even")
    configs = [plan.config(experiment, 0) for experiment in plan.experiments]
    for seconds, measurements in ((LONG, 3), (LONG / 2, len(configs))):
        measured: list[RunConfig] = []

        def measure(
            config: RunConfig, kept: list[RunConfig] = measured, time: float = seconds
        ) -> float:
            kept.append(config)
            return time

        times = RunTimes((), measure)
        assert [times.seconds(config) for config in configs] == [seconds] * len(configs)
        assert len(measured) == measurements


@settings(max_examples=40)
@given(st.data(), st.sampled_from(["report", "fast"]))
def test_planned_runs_train_each_lacking_network_once(data: st.DataObject, preset: str) -> None:
    plan = course_plan(3, 2, preset=preset)
    done = data.draw(st.sets(st.sampled_from(plan.networks)))
    config = config_of(plan, "recall", 0)
    record = RunRecord("run", "run", config, Status.FINISHED, 0.0, 0.0)  # type: ignore[arg-type]
    trained = dict.fromkeys(done, TrainedNetwork(record, 0))
    runs = planned_runs(Inventory(plan, trained, {}, (), (), lambda *_: ()))

    def key(network: PlannedNetwork) -> NetworkKey:
        experiment = network.experiment
        common = family(plan.config(experiment, 0))
        return common, experiment.variant, network.seed

    lacking = set(plan.networks) - done
    trained_keys = [network for run in runs for network in network_keys(run.config)]
    assert Counter(trained_keys) == Counter(key(network) for network in lacking)
    assert Counter(network for run in runs for network in run.networks) == Counter(lacking)
