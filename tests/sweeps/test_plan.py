"""What is varied: as typed, as kept, as trained."""

import itertools
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rnn_tui.engine.errors import SettingError, StoreError
from rnn_tui.engine.metrics import best_seeds
from rnn_tui.engine.settings import ListSetting, NumberSetting
from rnn_tui.sweeps.plan import (
    Range,
    SweepPlan,
    check_sweep_name,
    read_grid,
    read_range,
    wall_seconds,
)
from rnn_tui.sweeps.search import Search
from rnn_tui.sweeps.store import SweepStore, Trial
from rnn_tui.tasks import TASKS
from rnn_tui.tasks.task import Task

MNIST, RECALL = TASKS["mnist"], TASKS["recall"]


def test_a_grid_has_every_combination_over_every_seed() -> None:
    grid = dict(
        read_grid(MNIST, text) for text in ("hidden_size=32,64,128", "learning-rate=0.001,0.003")
    )
    plan = SweepPlan(task="mnist", grid=grid, fixed={"cell": "gru", "seed": 5}, seeds=5)
    points = list(plan.points())
    assert (plan.trial_count, plan.runs_per_trial, len(points)) == (6, 5, 6)
    configs = [config for point in points for config in plan.configs(point)]
    assert len(set(configs)) == 30
    assert {config.seed for config in configs} == set(range(5, 10))
    assert {(config.cell, config.workers) for config in configs} == {("gru", 1)}


def test_small_networks_train_their_seeds_side_by_side() -> None:
    plan = SweepPlan(task="recall", grid={"hidden_size": [2, 4]}, seeds=20)
    configs = [config for point in plan.points() for config in plan.configs(point)]
    assert [config.variants[0].hidden_size for config in configs] == [2, 4]
    assert all(len(config.replicas) == 20 for config in configs)


def test_words_and_lists_can_be_varied() -> None:
    assert read_grid(RECALL, "cell=rnn,lstm,gru") == ("cell", ["rnn", "lstm", "gru"])
    assert read_grid(TASKS["adder"], "loss=mse,bce") == ("loss", ["mse", "bce"])
    assert read_grid(RECALL, "lengths=3-11,4-6") == ("lengths", [(3, 11), (4, 6)])
    plan = SweepPlan(task="recall", grid={"cell": ["rnn", "gru"], "preset": ["fast", "report"]})
    configs = [config for point in plan.points() for config in plan.configs(point)]
    assert [(config.cell, config.preset) for config in configs] == [
        ("rnn", "fast"),
        ("rnn", "report"),
        ("gru", "fast"),
        ("gru", "report"),
    ]


def test_ranges_are_read() -> None:
    assert read_range(RECALL, "learning_rate=1e-4..1e-1:log") == (
        "learning_rate",
        Range(1e-4, 0.1, log=True),
    )
    assert read_range(RECALL, "hidden_size=2..16") == ("hidden_size", Range(2, 16, whole=True))


@pytest.mark.parametrize(
    "text",
    [
        "hidden_size",
        "hidden_size=",
        "=3",
        "units=3",
        "hidden_size=0",
        "hidden_size=3,3",
        "hidden_size=a",
        "hidden_size=1 2,4",
        "hidden_sizes=2,4",
        "loss=mse bce",
        "seeds=1,2",
        "cell=elman",
        "learning_rate=0",
        "workers=1,2",
        "learning_rate=1..2:log",
    ],
)
def test_a_bad_grid_is_a_sentence(text: str) -> None:
    with pytest.raises(SettingError) as raised:
        read_grid(RECALL, text)
    assert str(raised.value).endswith(".")


@pytest.mark.parametrize(
    "text",
    [
        "epochs=1",
        "epochs=5..2",
        "epochs=1..2:lin",
        "cell=lstm..rnn",
        "lengths=3..4",
        "learning_rate=0..1",
        "seed=0..5:log",
        "epochs=2..2",
        "hidden_size=1 2..4",
        "learning_rate=0.1..0.10:log",
        "learning_rate=nan..0.1",
        "learning_rate=0.1..inf",
        "epochs=1..100000000000000",
    ],
)
def test_a_bad_range_is_a_sentence(text: str) -> None:
    with pytest.raises(SettingError):
        read_range(RECALL, text)


NUMBERS = [
    pytest.param(task, setting, id=f"{task.name}-{setting.name}")
    for task in TASKS.values()
    for setting in task.adjustable
    if isinstance(setting, NumberSetting | ListSetting) and setting.name != "seeds"
]


@pytest.mark.parametrize("scale", ["", ":log"])
@pytest.mark.parametrize(("task", "setting"), NUMBERS)
def test_a_search_can_choose_from_every_range_that_is_accepted(
    task: Task, setting: NumberSetting | ListSetting, scale: str
) -> None:
    name = {"hidden_sizes": "hidden_size", "losses": "loss"}.get(setting.name, setting.name)
    low, high = setting.low, setting.high
    ends = (low - 1, low, low + 0.001, low + 1, high, high + 1)
    for first, last in itertools.product(ends, ends):
        try:
            limits = read_range(task, f"{name}={first:.12g}..{last:.12g}{scale}")[1]
            plan = SweepPlan(task=task.name, ranges={name: limits}, search="random", trials=1)
        except SettingError as error:
            assert str(error).endswith(".")  # noqa: PT017 - some are refused, and some are not
            continue
        point = Search(plan, []).ask(0)
        assert first <= point[name] <= last


def test_a_kept_plan_has_no_range_that_a_search_cannot_choose_from() -> None:
    for limits in ({"low": 0, "high": 5, "log": True}, {"low": 5, "high": 5}):
        with pytest.raises(SettingError):
            SweepPlan(task="recall", ranges={"seed": limits}, search="tpe")  # type: ignore[dict-item]


@pytest.mark.parametrize(
    "words",
    [
        {},
        {"ranges": {"epochs": Range(1, 5, whole=True)}},
        {"grid": {"epochs": [1]}, "prune": True},
        {"grid": {"epochs": [1]}, "search": "tpe", "trials": 200_000},
        {"grid": {"epochs": [1]}, "metric": "beauty"},
        {
            "grid": {"epochs": [1]},
            "search": "tpe",
            "trials": 3,
            "prune": True,
            "metric": "test_accuracy",
        },
        {"grid": {"position": [3, 900]}},
        {"grid": {"epochs": list(range(1, 1001)), "batch_size": list(range(1, 1001))}},
    ],
)
def test_what_does_not_go_together_is_told_before_anything_starts(words: dict[str, object]) -> None:
    with pytest.raises(SettingError):
        SweepPlan(task="recall", **words)  # type: ignore[arg-type]


def test_the_test_chooses_no_settings_of_a_new_sweep() -> None:
    plan = SweepPlan(
        task="recall", grid={"epochs": [1]}, metric="test_accuracy"
    )  # as some are kept
    with pytest.raises(SettingError, match="test_accuracy is measured on the test"):
        plan.check_objective()
    for task in TASKS.values():
        assert task.objective in task.objectives
        assert {metric.stage for metric in task.objectives} <= {"train", "val"}


VALUES = st.lists(st.integers(1, 50), min_size=1, max_size=4, unique=True)


@given(
    st.dictionaries(st.sampled_from(["epochs", "batch_size"]), VALUES, min_size=1),
    st.integers(1, 9),
)
def test_a_plan_is_the_same_after_json(grid: dict[str, list[int]], seeds: int) -> None:
    plan = SweepPlan(task="recall", grid=grid, seeds=seeds)
    plan_from_json = SweepPlan(**json.loads(json.dumps(plan.to_dict())))
    assert plan_from_json == plan
    assert list(plan_from_json.points()) == list(plan.points())


@pytest.mark.parametrize("text", ["", "a b", "-a", "report", "a" * 41, "a/b", "\x1b"])
def test_a_bad_name_is_told(text: str) -> None:
    with pytest.raises(SettingError):
        check_sweep_name(text)


def test_sweeps_are_kept_by_their_names() -> None:
    plan = SweepPlan(task="mnist", grid={"epochs": [1, 2]})
    with SweepStore() as store:
        store.add_sweep("some", plan)
        assert store.sweep_names() == ["some"]
        assert (store.sweep("some").plan, store.sweep("some").status) == (plan, "interrupted")
        with pytest.raises(StoreError, match="already"):
            store.add_sweep("some", plan)
        with pytest.raises(StoreError, match="There is no sweep"):
            store.sweep("other")
        store._connection.execute("UPDATE sweeps SET plan = '{'")
        with pytest.raises(StoreError, match="damaged"):
            store.sweep("some")


def test_a_damaged_sweep_does_not_hide_the_others() -> None:
    plan = SweepPlan(task="mnist", grid={"epochs": [1, 2]})
    warnings: list[str] = []
    with SweepStore() as store:
        for name in ("one", "two", "three"):
            store.add_sweep(name, plan)
        store._connection.execute("UPDATE sweeps SET plan = '{}' WHERE name = 'two'")
        assert [sweep.name for sweep in store.sweeps(warnings.append)] == ["three", "one"]
    (warning,) = warnings
    assert "“two” is damaged" in warning


def test_of_several_networks_the_best_one_counts() -> None:
    plan = SweepPlan(task="recall", grid={"epochs": [1]}, seeds=2)
    config = RECALL.config("lstm", "fast", hidden_sizes=(2, 3), seeds=2)
    assert best_seeds(config, (1.0, 2.0, 5.0, 4.0), plan.maximise) == (5.0, 4.0)
    assert best_seeds(config, 3.0, plan.maximise) == (3.0,)
    trial = Trial(0, {}, (), run_count=1, pruned=False, values=(1.0, 3.0))
    assert trial.spread is not None
    assert trial.spread.mean == 2.0


def test_more_workers_take_less_time_but_no_run_less_than_alone() -> None:
    plan = SweepPlan(task="mnist", grid={"epochs": [1, 1]}, seeds=2)
    alone, two, many = (wall_seconds(plan, workers) for workers in (1, 2, 1000))
    assert alone is not None
    assert two == pytest.approx(alone / 2, rel=0.9)
    assert many is not None
    assert many <= alone
