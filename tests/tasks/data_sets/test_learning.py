"""The fast preset learns made-up data sets of each goal whose answers are known."""

from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from rnn_tui.data import store
from rnn_tui.data.data_set import DataSet
from rnn_tui.data.options import Goal
from rnn_tui.tasks.data_sets.baselines import baselines_of
from rnn_tui.tasks.data_sets.problem import DataSetProblem
from rnn_tui.tasks.data_sets.task import stored_task
from tests.data.examples import data_set_of, rising_or_falling
from tests.tasks.data_sets.test_problem import trained

Lines = list[npt.NDArray[np.float32]]
EPOCHS = 60


def lines_of(count: int, columns: int = 1, seed: int = 3) -> Lines:
    random = np.random.default_rng(seed)
    lengths = random.integers(5, 9, count)
    return [random.normal(50, 10, (length, columns)).astype(np.float32) for length in lengths]


def bits_of(count: int) -> Lines:
    random = np.random.default_rng(4)
    lengths = random.integers(4, 8, count)
    return [random.integers(0, 2, (length, 1)).astype(np.float32) for length in lengths]


def sums() -> DataSet:
    lines = lines_of(100)
    totals = np.array([line.sum() for line in lines], np.float32)[:, None]
    return data_set_of("sums", Goal.NUMBER, lines, totals, outputs=("sum",))


def parities() -> DataSet:
    words = bits_of(100)
    parity = np.concatenate([word[:, 0].cumsum() % 2 for word in words]).astype(np.int64)
    outputs = ("even", "odd")
    return data_set_of(
        "parity", Goal.STEP_CLASS, words, parity, outputs=outputs, alphabet=("0", "1")
    )


def differences() -> DataSet:
    lines = lines_of(100)
    steps = np.concatenate([np.diff(line, axis=0, prepend=line[:1]) for line in lines])
    return data_set_of("steps", Goal.STEP_NUMBER, lines, steps, outputs=("step",))


def waves() -> DataSet:
    phases = np.random.default_rng(5).uniform(0, 2 * np.pi, 100)
    lines: Lines = [
        (10 * np.sin(0.7 * np.arange(12) + phase)).astype(np.float32)[:, None] for phase in phases
    ]
    return data_set_of("waves", Goal.NEXT, lines, horizon=2)


def figures_of(data_set: DataSet, epochs: int = EPOCHS) -> dict[str, Any]:
    store.keep(data_set)
    task = stored_task(data_set.description.name)
    config = task.config("lstm", "fast", epochs=epochs, seeds=2).replace(workers=1)
    return {
        name: np.array(values) for name, values in trained(DataSetProblem, config).metrics.items()
    }


def test_the_class_of_a_line_is_learnt() -> None:
    figures = figures_of(rising_or_falling(80))
    assert figures["test_accuracy"].min() > 95


def test_a_sum_is_learnt() -> None:
    assert figures_of(sums(), 150)["test_r2"].min() > 0.8


def test_a_parity_at_every_step_is_learnt() -> None:
    assert figures_of(parities(), 200)["test_accuracy"].min() > 97


def test_a_difference_at_every_step_is_learnt() -> None:
    assert figures_of(differences(), 100)["test_r2"].min() > 0.8


def test_the_next_values_of_a_wave_are_learnt_better_than_by_the_last_one() -> None:
    data_set = waves()
    figures = figures_of(data_set)
    [last] = [
        baseline
        for baseline in baselines_of(data_set.description.name)
        if baseline.name == "last value"
    ]
    # the phase is not known at the first step: that much stays wrong
    assert figures["test_rmse"].max() < last.figures["test_rmse"] / 2


def test_next_symbols_have_the_entropy_of_their_chain() -> None:
    random = np.random.default_rng(6)
    chances = np.array([[0.1, 0.9], [0.8, 0.2]])
    words: Lines = []
    for _ in range(100):
        places = [0]
        while len(places) < 15:
            places.append(int(random.random() < chances[places[-1], 1]))
        words.append(np.array(places, np.float32)[:, None])
    data_set = data_set_of("chain", Goal.NEXT, words, alphabet=("a", "b"), horizon=1)
    share_of_a = 0.8 / (0.8 + 0.9)
    of_states = -(chances * np.log2(chances)).sum(axis=1)
    entropy = share_of_a * of_states[0] + (1 - share_of_a) * of_states[1]
    bits = figures_of(data_set)["test_bits"]
    assert bits == pytest.approx(entropy, abs=0.1)
