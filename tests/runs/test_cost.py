"""What training will take: the arithmetic on given numbers, and bounds of what is measured."""

from pathlib import Path

import pytest
import torch

from rnn_tui.engine.config import Recipe
from rnn_tui.engine.paths import run_database
from rnn_tui.runs import cost
from rnn_tui.runs.cost import (
    MachineSpeed,
    Workload,
    estimated_seconds,
    in_words,
    scaled_seconds,
    seconds_of,
    timed_speed,
    trained_here,
    workload,
)
from rnn_tui.runs.store import RunStore
from rnn_tui.tasks import TASKS
from tests.runs.kept_runs import small, train

SPEED = MachineSpeed(1e-6, 1e-11, 1e-9, "cpu", 2)


def load(task: str = "mnist", cell: str = "lstm", **settings: object) -> Workload:
    size = workload(TASKS[task].config(cell, "report", **settings))
    assert size is not None
    return size


def test_a_workload_counts_time_steps_and_weights() -> None:
    images = load(epochs=3, hidden_size=64, layers=2)
    assert images.steps == 3 * 50_000 * 28
    assert images.weights == 2 * 4 * 64 * (64 + 28 + 2)
    assert load(cell="bilstm").weights == 2 * load().weights
    assert load(cell="rnn").weights * 4 == load().weights
    rows = load(epochs=1, recipe=Recipe(inner_rows=0.5, row_pairs=0.25)).steps / 50_000
    assert rows == pytest.approx(0.25 * 10 + 0.25 * 20 + 0.5 * 28)
    digits = load("recall", seeds=5, hidden_sizes=(2, 8), lengths=(3, 9), training_size=100)
    assert digits.steps == TASKS["recall"].config("lstm", "report").epochs * 100 * 6
    assert digits.gates == 10 * 4 * 8  # smaller ones are as wide as the largest


def test_the_users_own_data_is_no_known_workload() -> None:
    assert workload(TASKS["mnist"].config("lstm", data_dir="/somewhere")) is None


def by_weights(size: Workload) -> float:
    return size.steps * size.weights


def test_runs_alike_but_for_their_length_give_the_pace() -> None:
    past = [(load(cell="rnn", epochs=1), 5.0), (load(epochs=2), 30.0)]
    assert scaled_seconds(load(epochs=8), past, by_weights) == pytest.approx(120.0)


def test_other_runs_give_the_pace_by_their_size() -> None:
    other = load(epochs=2, hidden_size=64)
    wanted = load(epochs=4, hidden_size=256)
    expected = 10.0 * 2 * wanted.weights / other.weights
    past = [(other, 10.0), (load(cell="rnn"), 1.0)]
    assert scaled_seconds(wanted, past, by_weights) == pytest.approx(expected)
    assert scaled_seconds(wanted, [], by_weights) is None


def test_an_estimate_adds_up_products_functions_and_calls() -> None:
    size = load(epochs=1, batch_size=100, hidden_size=128)
    steps = 500 * 28
    products = cost.PRODUCTS * size.weights * 50 * 1e-11
    functions = cost.FUNCTIONS * 4 * 128 * 50 * 1e-9
    expected = steps * (products + functions + cost.CALLS * 1e-6)
    assert estimated_seconds(size, SPEED, 2) == pytest.approx(expected)
    assert estimated_seconds(size, SPEED, 1) > estimated_seconds(size, SPEED, 2)
    twice_as_long = size._replace(steps=2 * size.steps)
    assert estimated_seconds(twice_as_long, SPEED, 2) == pytest.approx(2 * expected)
    # A network of a few units costs its calls, however many seeds there are of it.
    few, many = (load("recall", seeds=seeds, hidden_sizes=(2,)) for seeds in (1, 20))
    assert estimated_seconds(many, SPEED, 1) < 2 * estimated_seconds(few, SPEED, 1)


def test_what_is_measured_goes_before_what_is_estimated() -> None:
    config = TASKS["mnist"].config("lstm", "report", epochs=2)
    past = {"cpu": [(load(epochs=1), 7.0)]}
    assert seconds_of(config, past, SPEED) == pytest.approx(14.0)
    assert seconds_of(config, {}, SPEED) == pytest.approx(
        estimated_seconds(load(epochs=2), SPEED, 2)
    )
    assert seconds_of(config, {}, None) is None
    # Nothing is known of a GPU before something was trained there.
    assert seconds_of(config, past, SPEED._replace(device="cuda")) is None
    assert seconds_of(config.replace(device="cuda"), {"cuda": past["cpu"]}, SPEED) == 14.0


def test_more_seeds_take_little_longer_where_calls_are_what_costs() -> None:
    """By their weights alone, 20 seeds would take 20 times as long."""
    few, many = (TASKS["recall"].config("lstm", "report", seeds=seeds) for seeds in (1, 20))
    past = {"cpu": [(load("recall", seeds=1), 10.0)]}
    seconds = seconds_of(many, past, SPEED)
    assert seconds is not None
    assert 10.0 < seconds < 40.0
    assert seconds_of(few, past, SPEED) == pytest.approx(10.0)
    assert seconds_of(many, past, None) == pytest.approx(200.0)  # nothing better is known


def test_the_pace_is_that_of_a_machine() -> None:
    threads = torch.get_num_threads()
    speed = timed_speed()
    assert torch.get_num_threads() == threads
    assert 1e-8 < speed.call < 1e-2
    assert 1e-15 < speed.multiplication < 1e-7
    assert 1e-13 < speed.tanh < 1e-5
    assert speed.workers >= 1


def test_only_runs_of_this_machine_count(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cost, "SHORTEST_RUN", 0.0)
    train(small(epochs=2))
    train(small(epochs=3), stop_at=15)
    with RunStore() as store:
        past = trained_here("recall", store)
        assert list(past) == ["cpu"]
        (half, _), (whole, seconds) = past["cpu"]
        assert whole == workload(small(epochs=2))
        assert half.steps == pytest.approx(load_of(small(epochs=3)).steps / 2)
        assert seconds == pytest.approx(store.runs()[1].elapsed)
        monkeypatch.setattr(cost.socket, "gethostname", lambda: "elsewhere")
        assert trained_here("recall", store) == {}
    assert run_database().exists()


def load_of(config: object) -> Workload:
    size = workload(config)  # type: ignore[arg-type]
    assert size is not None
    return size


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0.2, "about 1 s"),
        (3.4, "about 3 s"),
        (42.0, "about 40 s"),
        (89.0, "about 90 s"),
        (100.0, "about 2 min"),
        (3000.0, "about 50 min"),
        (9000.0, "about 2 h"),
    ],
)
def test_about_is_not_more_exact_than_it_is(seconds: float, words: str) -> None:
    assert in_words(seconds) == f"{words} on this machine"
