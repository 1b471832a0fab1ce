"""The search for a learning rate: on losses of which the answer is known, and on the real tasks."""

import math
import random
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor, nn

from rnn_tui.engine.config import Replica, RunConfig, Variant
from rnn_tui.engine.errors import SettingError
from rnn_tui.engine.events import Control
from rnn_tui.engine.metrics import Figures
from rnn_tui.engine.state import smooth
from rnn_tui.engine.training.learning_rates import (
    HIGHEST,
    LOWEST,
    MOST_STEPS,
    LearningRateTest,
    find_learning_rate,
)
from rnn_tui.engine.training.loop import fit
from rnn_tui.engine.training.parallel import Workers
from rnn_tui.engine.training.problem import Problem, generator
from rnn_tui.tasks import TASKS
from tests.watched import Watched

CONFIG = RunConfig(
    task="toy",
    preset="toy",
    cell="none",
    epochs=1,
    batch_size=1,
    learning_rate=1.0,
    device="cpu",
    workers=1,
)
LossOf = Callable[[Tensor, int], Tensor]


class Toy(Problem):
    """One weight at 0 for each replica, and any loss of it; notes the steps."""

    metric_definitions = ()

    def __init__(self, loss_of: LossOf, steps: int, replicas: int = 0) -> None:
        self.model = nn.ParameterList([nn.Parameter(torch.zeros(max(1, replicas)))])
        self.samples_per_epoch = steps
        self.batch_size = 1
        self._loss_of = loss_of
        self.replicas = tuple(Replica(Variant(1, "mse"), seed) for seed in range(replicas))
        self.steps: list[int] = []

    def begin_epoch(self, epoch: int) -> None:
        assert epoch == 1

    def losses(self, step: int, parts: int) -> Sequence[Callable[[], Tensor]]:
        assert parts == 1
        self.steps.append(step)
        loss = partial(self._loss_of, self.model[0], step)
        return [loss if self.replicas else lambda: loss()[0]]

    def validate(self, model: nn.Module, workers: Workers) -> Figures:  # noqa: ARG002
        raise AssertionError("nothing is validated")

    test = validate


def curve_of(
    loss_of: LossOf, steps: int = 400, replicas: int = 0, **options: Any
) -> tuple[LearningRateTest, Toy]:
    toy = Toy(loss_of, steps, replicas)
    result = find_learning_rate(lambda *_: toy, CONFIG, **options)
    assert result is not None
    return result, toy


def far(distance: float) -> LossOf:
    """A parabola with its lowest point so far away; Adam walks there by about the learning rate a
    step.
    """
    return lambda weight, _: (weight - distance) ** 2 / distance**2 + 0.01


@settings(max_examples=15)
@given(st.floats(1e-3, 1.0))
def test_the_rate_of_a_parabola_is_the_one_that_gets_there(distance: float) -> None:
    result, _ = curve_of(far(distance))
    # So far all steps up to that of a rate go together: a geometric series.
    fitting_rate = distance * math.log(HIGHEST / LOWEST) / MOST_STEPS
    assert result.suggestion is not None
    assert fitting_rate / 4 < result.suggestion < 3 * fitting_rate
    assert result.lowest is not None
    assert result.lowest > result.suggestion
    assert f"{result.suggestion:g}," in result.sentence


def test_it_ends_where_the_loss_runs_away() -> None:
    result, toy = curve_of(far(0.01))
    assert result.diverged
    assert len(result.learning_rates) == len(result.losses) == len(result.smoothed) < MOST_STEPS
    assert all(
        result.smoothed[step] <= 4 * min(result.smoothed[40:step])
        for step in range(41, len(result.smoothed))
    )
    assert len(toy.steps) < MOST_STEPS
    result, _ = curve_of(far(10.0))  # which no rate gets to
    assert not result.diverged
    assert len(result.losses) == MOST_STEPS


@pytest.mark.parametrize("bad", [math.nan, math.inf])
def test_a_loss_that_is_no_number_ends_it(bad: float) -> None:
    result, toy = curve_of(lambda weight, step: weight * 0 + (bad if step == 123 else 1.0))
    assert (result.diverged, len(result.losses), result.suggestion) == (True, 123, None)
    assert len(toy.steps) == 130  # losses are read ten at a time
    assert np.isfinite([*result.losses, *result.smoothed]).all()


@pytest.mark.parametrize("seed", range(10))
def test_noise_suggests_nothing(seed: int) -> None:
    noise = torch.rand(MOST_STEPS, generator=generator(seed, "noise"))
    result, _ = curve_of(lambda weight, step: weight * 0 + noise[step] + 1)
    assert (result.suggestion, result.lowest) == (None, None)
    assert "no learning rate is suggested" in result.sentence
    assert "larger batch" in result.sentence


def test_a_loss_that_rises_only_suggests_nothing() -> None:
    result, _ = curve_of(lambda weight, _: 1 + weight.detach() * 0 + (weight - weight.detach()))
    assert result.suggestion is None
    # Walks downhill where that is measured upwards.
    result, _ = curve_of(lambda weight, _: 1 - weight.detach() + weight - weight.detach() + 1)
    assert result.suggestion is None


@settings(max_examples=15)
@given(st.integers(1, 3000))
def test_half_an_epoch_at_most(steps: int) -> None:
    expected = min(steps // 2, MOST_STEPS)
    if expected < 20:
        toy = Toy(far(1.0), steps)
        with pytest.raises(
            SettingError, match=f"Half an epoch has {expected} steps.* smaller batch"
        ):
            find_learning_rate(lambda *_: toy, CONFIG)
        assert toy.steps == []
        return
    progress = Watched()
    result, toy = curve_of(far(10.0), steps, progress=progress)
    assert toy.steps == list(range(expected))
    assert result.learning_rates[0] == pytest.approx(LOWEST)
    assert result.learning_rates[-1] == pytest.approx(HIGHEST)
    ratios = np.diff(np.log(result.learning_rates))
    assert np.allclose(ratios, ratios[0])
    assert progress.seen == [
        (min(done, expected), expected) for done in range(0, expected + 10, 10)
    ]


def test_it_can_be_stopped() -> None:
    for step_count in (0, 57):
        toy = Toy(far(1.0), 400)
        assert (
            find_learning_rate(
                lambda *_: toy,  # noqa: B023
                CONFIG,
                Watched(lambda: len(toy.steps) >= step_count),  # noqa: B023
            )
            is None
        )
        assert len(toy.steps) == step_count


@pytest.mark.parametrize("below", [0.01, 0.3, 3.0])
def test_a_loss_may_be_0_or_negative(below: float) -> None:
    result, _ = curve_of(lambda weight, step: far(0.1)(weight, step) - below)
    above_0, _ = curve_of(far(0.1))
    assert result.suggestion == above_0.suggestion
    assert len(result.losses) >= len(above_0.losses)


@pytest.mark.parametrize(
    "error", [MemoryError(), RuntimeError("DefaultCPUAllocator: can't allocate memory")], ids=type
)
def test_a_lack_of_memory_is_a_sentence(error: Exception) -> None:
    def loss(weight: Tensor, step: int) -> Tensor:
        raise error

    with pytest.raises(SettingError, match="not enough memory"):
        curve_of(loss)


def test_what_else_fails_is_no_sentence() -> None:
    with pytest.raises(RuntimeError, match="shape"):
        curve_of(lambda weight, _: weight.reshape(7))


def test_a_replica_that_diverges_does_not_decide() -> None:
    def loss(weight: Tensor, step: int) -> Tensor:
        return far(1.0)(weight, step) * torch.tensor([1.0, 1.0, math.nan if step > 50 else 2.0])

    result, _ = curve_of(loss, replicas=3)
    alone, _ = curve_of(far(1.0))
    assert result.losses == pytest.approx(alone.losses)
    assert result.suggestion == alone.suggestion


def result_for(task: str, preset: str = "fast", **overrides: Any) -> LearningRateTest:
    result = find_learning_rate(
        TASKS[task].load(), TASKS[task].config("lstm", preset, workers=1, **overrides)
    )
    assert result is not None
    return result


@pytest.mark.parametrize("task", ["recall", "adder"])
def test_nothing_is_left_behind_and_the_seed_decides(task: str, home: Path) -> None:
    def states() -> list[Any]:
        return [
            random.getstate(),
            str(np.random.get_state()),
            torch.get_rng_state().tolist(),
            torch.get_num_threads(),
        ]

    states_before = states()
    result = result_for(task, seeds=2)
    assert states() == states_before
    assert list(home.iterdir()) == []
    assert result_for(task, seeds=2) == result
    assert result_for(task, seeds=2, learning_rate=1e-5, epochs=7) == result
    assert result_for(task, seeds=2, seed=1).losses != result.losses
    assert result.smoothed == tuple(smooth(result.losses, 0.9))
    assert not result.relative


def test_of_seeds_the_median_counts() -> None:
    alone = [result_for("recall", hidden_sizes=(5,), seed=seed).losses for seed in range(3)]
    together = result_for("recall", hidden_sizes=(5,), seeds=3).losses
    # Later on, other orders of summation tell.
    assert together[:60] == pytest.approx(np.median(alone, axis=0)[:60].tolist(), rel=1e-4)


def test_several_losses_are_measured_by_what_they_were() -> None:
    result = result_for("adder", "best", seeds=3)
    assert result.relative
    assert np.mean(result.losses[:40]) == pytest.approx(1.0, abs=0.05)
    assert result.suggestion is not None
    assert not result_for("adder", "best", losses=("bce",)).relative


def test_images_are_read_too(mnist_slice: Path) -> None:
    # 1,000 images
    result = result_for("mnist", data_dir=str(mnist_slice), batch_size=10, hidden_size=16)
    assert len(result.losses) <= 50
    assert result.losses[0] == pytest.approx(math.log(10), rel=0.01)
    assert result.suggestion is not None


@pytest.mark.long
def test_what_is_suggested_learns() -> None:
    config = TASKS["recall"].config("lstm", "fast", hidden_sizes=(5,), seeds=4, workers=1)
    result = find_learning_rate(TASKS["recall"].load(), config)
    assert result is not None
    assert result.suggestion is not None

    def accuracy(rate: float) -> float:
        outcome = fit(
            TASKS["recall"].load(), config.replace(learning_rate=rate), lambda _: None, Control()
        )
        return float(np.mean(outcome.metrics["test_accuracy"]))

    learned = accuracy(result.suggestion)
    assert learned > accuracy(result.suggestion / 30) + 30
    assert learned > accuracy(HIGHEST) + 30


def test_the_document_has_all() -> None:
    result = result_for("recall", seeds=2)
    document = result.to_dict()
    assert (
        LearningRateTest(
            **{
                name: tuple(value) if isinstance(value, list) else value
                for name, value in document.items()
            }
        )
        == result
    )


@settings(max_examples=15)
@given(st.integers(60, 160))
def test_the_suggested_rate_is_the_one_at_which_the_loss_falls_most(fall: int) -> None:
    result, _ = curve_of(lambda weight, step: weight * 0 + 1 / (1 + math.exp(step - fall)))
    rates = np.geomspace(LOWEST, HIGHEST, MOST_STEPS)
    assert result.suggestion is not None
    # what is smoothed comes later, by about as many steps as it is the mean of
    assert rates[fall - 1] < result.suggestion < rates[fall + 12]


@pytest.mark.parametrize("seed", range(5))
def test_a_fall_is_found_that_one_step_does_not_show(seed: int) -> None:
    noise = torch.rand(MOST_STEPS, generator=generator(seed, "noise"))
    result, _ = curve_of(lambda weight, step: weight * 0 + noise[step] + (1.7 if step < 90 else 1))
    assert result.suggestion is not None
    assert result.lowest is not None
    rates = np.geomspace(LOWEST, HIGHEST, MOST_STEPS)
    assert rates[80] < result.suggestion < rates[120]
    assert result.lowest > rates[90]


@pytest.mark.parametrize("step", [0, 1, 39, 40, 45, 49])
def test_a_loss_that_is_no_number_from_the_first_steps_suggests_nothing(step: int) -> None:
    result, _ = curve_of(lambda weight, at: weight * 0 + (math.nan if at >= step else 100.0 - at))
    assert result.diverged
    assert len(result.losses) == step
    assert (result.suggestion, result.lowest) == (None, None)
    assert "no learning rate is suggested" in result.sentence
