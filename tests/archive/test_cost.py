"""What training will take: by earlier runs, and by a few steps that are really made."""

from pathlib import Path

import pytest
import torch

from rnn_tui.archive import cost
from rnn_tui.archive.cost import (
    TrainingTimes,
    Workload,
    in_words,
    known_seconds,
    measured_seconds,
    past_seconds,
    trained_here,
    workload,
)
from rnn_tui.archive.store import RunStore
from rnn_tui.engine.config import Recipe, RunConfig
from rnn_tui.engine.files.paths import run_database
from rnn_tui.tasks import TASKS
from tests.archive.kept_runs import small, train


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


def test_the_last_run_that_was_alike_but_for_its_length_gives_the_time() -> None:
    config = TASKS["mnist"].config("lstm", "report", epochs=8)
    other = (load(epochs=2, hidden_size=64), 10.0)
    past = {"cpu": [other, (load(cell="rnn"), 1.0), (load(epochs=2), 30.0), (load(epochs=4), 1.0)]}
    assert past_seconds(config, past) == pytest.approx(120.0)
    assert past_seconds(config, {"cpu": [other]}) is None
    assert past_seconds(config.replace(device="cuda"), past) is None
    assert past_seconds(config.replace(device="cuda"), {"cuda": past["cpu"]}) == 120.0
    assert past_seconds(TASKS["mnist"].config("lstm", data_dir="/somewhere"), past) is None


def test_a_training_takes_its_epochs_and_what_is_done_once() -> None:
    times = TrainingTimes(first_draw=3.0, draw=1.0, step=0.1, steps=50, validation=0.5, test=2.0)
    assert times.total(1) == pytest.approx(3.0 + 5.0 + 0.5 + 2.0)
    assert times.total(4) == pytest.approx(3.0 + 3 * 1.0 + 4 * 5.5 + 2.0)


def test_what_a_few_steps_take_is_measured_and_kept() -> None:
    threads = torch.get_num_threads()
    config = small(epochs=3)
    assert known_seconds(config) is None
    seconds = measured_seconds(config)
    assert seconds is not None
    assert 0.0 < seconds < 60.0
    assert torch.get_num_threads() == threads
    assert known_seconds(config) == measured_seconds(config) == seconds
    assert known_seconds(config.replace(epochs=3, seed=7)) == seconds
    longer = known_seconds(config.replace(epochs=300))
    assert longer is not None
    assert longer > 30 * seconds
    assert known_seconds(config.replace(batch_size=config.batch_size + 1)) is None


@pytest.mark.parametrize(
    "config",
    [
        TASKS["recall"].config("gru", "fast", training_size=40, test_size=3, seeds=2),
        TASKS["adder"].config("lstm", "best", training_size=320, test_size=20, hidden_sizes=(3,)),
        TASKS["mnist"].config("rnn", "fast", hidden_size=8),
    ],
    ids=["one step an epoch", "new samples each epoch", "images"],
)
def test_all_kinds_of_training_can_be_measured(config: RunConfig) -> None:
    assert measured_seconds(config.replace(device="cpu")) is not None


def test_nothing_is_measured_where_it_is_not_wanted_or_not_possible() -> None:
    config = small(epochs=3).replace(batch_size=7)
    assert measured_seconds(config, lambda: True) is None
    assert known_seconds(config) is None
    assert measured_seconds(config.replace(device="cuda:7")) is None
    assert measured_seconds(TASKS["mnist"].config("lstm", data_dir="/nowhere")) is None
    assert measured_seconds(TASKS["mnist"].config("lstm", "photos")) is None


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
