"""The training loop with replicas: every figure has a value for each, and a failure names whose."""

import math
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from rnn_tui.engine import events
from rnn_tui.engine.config import RunConfig
from rnn_tui.engine.metrics import Figures, Metric
from rnn_tui.engine.state import RunState
from rnn_tui.engine.training.checkpoint import load_checkpoint
from rnn_tui.engine.training.parallel import Workers
from rnn_tui.engine.training.problem import Log, Problem
from rnn_tui.tasks.config import SequenceConfig

CONFIG = SequenceConfig(
    task="toy",
    preset="toy",
    epochs=2,
    batch_size=2,
    learning_rate=0.1,
    hidden_sizes=(1, 2),
    losses=("mse",),
    lengths=(1, 1),
    training_size=5,
    test_size=1,
    seed=40,
    seeds=2,
    workers=1,
)


class Points(nn.Module):
    """Four numbers, one a replica."""

    def __init__(self) -> None:
        super().__init__()
        self.at = nn.Parameter(torch.zeros(4, dtype=torch.float64))


class Chase(Problem):
    """Each number is pulled towards its own goal, or rather towards `scale` times it."""

    metric_definitions = (Metric("train_loss", "training loss"), Metric("val_loss", "loss"))

    def __init__(self, config: SequenceConfig, scale: Callable[[int, int], Sequence[float]]):
        self.model = Points()
        self.replicas = config.replicas
        self.samples_per_epoch, self.batch_size = config.training_size, config.batch_size
        self.goals = torch.tensor([1.0, 2.0, 3.0, 4.0], dtype=torch.float64)
        self.validation_goals = self.goals
        self._scale, self._epoch = scale, 0

    def begin_epoch(self, epoch: int) -> None:
        self._epoch = epoch

    def losses(self, step: int, parts: int) -> Sequence[Callable[[], Tensor]]:  # noqa: ARG002
        scale = torch.tensor(self._scale(self._epoch, step), dtype=torch.float64)
        return [lambda: (self.model.at - self.goals).square() * scale]

    def validate(self, model: nn.Module, workers: Workers) -> Figures:  # noqa: ARG002
        assert isinstance(model, Points)
        return {"val_loss": tuple((model.at - self.validation_goals).abs().tolist())}

    def test(self, model: nn.Module, workers: Workers) -> Figures:  # noqa: ARG002
        assert isinstance(model, Points)
        return {"test_distance": tuple((model.at - self.goals).abs().tolist())}


class BuildChase:
    def __init__(self, scale: Callable[[int, int], Sequence[float]] = lambda *_: (1.0,) * 4):
        self.scale = scale

    def __call__(self, config: RunConfig, device: torch.device, log: Log) -> Problem:  # noqa: ARG002
        assert isinstance(config, SequenceConfig)
        return Chase(config, self.scale)


def by_hand(replica: int, steps: int = 6) -> tuple[list[float], float]:
    """The losses of all steps of one replica on its own, and where it ends."""
    at = torch.zeros((), dtype=torch.float64, requires_grad=True)
    adam = torch.optim.Adam([at], lr=0.1)
    losses = []
    for _ in range(steps):
        loss = (at - (replica + 1)).square()
        adam.zero_grad()
        loss.backward()
        adam.step()
        losses.append(loss.item())
    return losses, at.item()


def test_every_figure_has_a_value_for_each_replica(trainer: Any, tmp_path: Path) -> None:
    path = tmp_path / "run.safetensors"
    run = trainer(CONFIG, build=BuildChase(), path=path)
    losses, ends = zip(*(by_hand(replica) for replica in range(4)), strict=True)

    logged = run.of(events.StepLogged)
    assert [event.step for event in logged] == [1, 2, 3, 4, 5, 6]
    for step, event in enumerate(logged):
        assert event.metrics == {"train_learning_rate": 0.1}
        expected = [losses[replica][step] for replica in range(4)]
        assert event.replicas["train_loss"] == pytest.approx(expected, rel=1e-12)
        slopes = [2 * loss**0.5 for loss in expected]  # of (at - goal)²
        assert event.replicas["train_gradient_norm"] == pytest.approx(slopes, rel=1e-12)
    first, second = run.of(events.EpochEnded)
    # Of 5 samples by two, the last step of an epoch has one: it weighs half as much.
    for steps, event in ((slice(0, 3), first), (slice(3, 6), second)):
        assert event.metrics == {}
        expected = [(2 * one[steps][0] + 2 * one[steps][1] + one[steps][2]) / 5 for one in losses]
        assert event.replicas["train_loss"] == pytest.approx(expected, rel=1e-12)
    distances = [abs(end - (replica + 1)) for replica, end in enumerate(ends)]
    assert second.replicas["val_loss"] == pytest.approx(distances)
    assert isinstance(run.end, events.RunFinished)
    assert run.end.metrics == {}
    assert run.end.replicas == {"test_distance": second.replicas["val_loss"]}
    assert run.weights["at"].tolist() == pytest.approx(ends, rel=1e-12)
    assert run.outcome.metrics == run.end.replicas
    # A value for each replica goes to disk and comes back.
    assert load_checkpoint(path).metrics == run.end.replicas


def test_the_fold_of_the_events_tells_the_same_story(trainer: Any) -> None:
    run = trainer(CONFIG, build=BuildChase())
    state = RunState("run", run.config)
    for event in run.events:
        state = state.apply(event)
    assert [band.x for band in state.bands["val_loss"]] == [(1.0, 2.0)] * 2
    assert [len(band.x) for band in state.bands["train_loss"]] == [6, 6]
    small, large = state.spreads("test_distance")
    assert small.values + large.values == run.end.replicas["test_distance"]


def test_a_log_of_several_steps_is_their_mean_over_samples(trainer: Any) -> None:
    # 199 samples by two: 100 steps, two to a log; in the last log two samples and one.
    run = trainer(CONFIG.replace(training_size=199, epochs=1), build=BuildChase())
    logged = run.of(events.StepLogged)
    assert [event.step for event in logged] == list(range(2, 101, 2))
    samples = [2] * 99 + [1]
    for replica in range(4):
        losses, _ = by_hand(replica, 100)
        expected = [
            np.average(losses[step : step + 2], weights=samples[step : step + 2])
            for step in range(0, 100, 2)
        ]
        logged_losses = [event.replicas["train_loss"][replica] for event in logged]
        assert logged_losses == pytest.approx(expected, rel=1e-9)
        (epoch,) = run.of(events.EpochEnded)
        mean = np.average(losses, weights=samples)
        assert epoch.replicas["train_loss"][replica] == pytest.approx(mean, rel=1e-9)


@pytest.mark.parametrize("replica", range(4))
@pytest.mark.parametrize("bad", [float("inf"), float("nan")])
def test_the_replica_that_diverged_is_named(
    trainer: Any, tmp_path: Path, replica: int, bad: float
) -> None:
    def scale(epoch: int, step: int) -> Sequence[float]:
        diverges = epoch == 2 and step == 1
        return [bad if diverges and at == replica else 1.0 for at in range(4)]

    path = tmp_path / "run.safetensors"
    run = trainer(CONFIG, build=BuildChase(scale), path=path)
    assert isinstance(run.end, events.RunFailed)
    whose = ["H 1 mse, seed 40", "H 1 mse, seed 41", "H 2 mse, seed 40", "H 2 mse, seed 41"]
    assert run.end.message == (
        f"The loss of {whose[replica]}, became NaN or infinite at step 5 (epoch 2) with learning "
        "rate 0.1; try 0.01 or less."
    )
    assert len(run.of(events.EpochEnded)) == 1
    # What the epoch before left is still there.
    assert load_checkpoint(path).step == 3


def test_the_first_step_that_diverged_is_named_though_losses_are_read_in_portions(
    trainer: Any,
) -> None:
    config = CONFIG.replace(training_size=400, epochs=1)  # 200 steps, four to a log

    def scale(_: int, step: int) -> Sequence[float]:
        # The second replica at step 7, the first at step 8, both in one portion.
        return [float("nan") if step == 7 else 1.0, float("nan") if step == 6 else 1.0, 1.0, 1.0]

    run = trainer(config, build=BuildChase(scale))
    assert isinstance(run.end, events.RunFailed)
    assert "The loss of H 1 mse, seed 41, became NaN or infinite at step 7 " in run.end.message
    assert [event.step for event in run.of(events.StepLogged)] == [4]


def test_a_validation_loss_that_is_no_number_ends_the_run(trainer: Any) -> None:
    class BuildBlind(BuildChase):
        def __call__(self, *args: Any) -> Problem:
            problem = super().__call__(*args)
            assert isinstance(problem, Chase)
            problem.validation_goals = torch.tensor([1.0, 2.0, math.nan, 4.0])
            return problem

    run = trainer(CONFIG, build=BuildBlind())
    assert isinstance(run.end, events.RunFailed)
    assert "validation loss" in run.end.message
    assert "step 3 (epoch 1)" in run.end.message
    assert not run.of(events.EpochEnded)
