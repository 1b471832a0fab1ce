"""Each network keeps its best epoch and stops for itself; a resume changes nothing."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

from rnn_tui.engine import events
from rnn_tui.engine.config import Recipe, RunConfig
from rnn_tui.engine.errors import SettingError
from rnn_tui.engine.events import Control
from rnn_tui.engine.metrics import Metric
from rnn_tui.engine.state import RunState
from rnn_tui.engine.training.checkpoint import load_checkpoint, save_checkpoint
from rnn_tui.engine.training.loop import fit
from rnn_tui.engine.training.training_state import load_resume_point
from rnn_tui.ui.chart.kept import KEPT_MARK
from rnn_tui.ui.chart.plotting import loss_chart
from tests.engine.test_engine_loop_replicas import CONFIG, Chase

PATIENT = CONFIG.replace(epochs=30, recipe=Recipe(patience=2))
AVERAGED = CONFIG.replace(epochs=30, recipe=Recipe(patience=2, average=0.5, schedule="one-cycle"))
LOSSES = (Metric("val_loss", "validation loss", chart="loss"),)
GOALS = (0.3, 0.6, 0.9, 1.2)  # where validation is best: on the way to the goals of training


class Passing(Chase):
    """Each number passes the place where it validates best, three steps an epoch."""

    def __init__(self, config: Any, places: tuple[int, ...] = (0, 1, 2, 3)) -> None:
        super().__init__(config, lambda *_: (1.0,) * len(places))
        chosen = list(places)
        self.model.at = torch.nn.Parameter(torch.zeros(len(chosen), dtype=torch.float64))
        self.goals = self.goals[chosen]
        self.validation_goals = torch.tensor(GOALS, dtype=torch.float64)[chosen]
        self.replicas = tuple(config.replicas[place] for place in places)

    def validate(self, model: Any, workers: Any) -> Any:
        return super().validate(getattr(model, "module", model), workers)

    def test(self, model: Any, workers: Any) -> Any:
        return super().test(getattr(model, "module", model), workers)


class Alone(Passing):
    """One number, which is no set of replicas."""

    def __init__(self, config: Any, place: int) -> None:
        super().__init__(config, (place,))
        self.replicas = ()

    def losses(self, step: int, parts: int) -> Any:
        [losses] = super().losses(step, parts)
        return [lambda: losses().sum()]

    def validate(self, *arguments: Any) -> Any:
        return {name: values[0] for name, values in super().validate(*arguments).items()}

    def test(self, *arguments: Any) -> Any:
        return {name: values[0] for name, values in super().test(*arguments).items()}


def build(config: RunConfig, *_: Any) -> Passing:
    return Passing(config)


def kept_epochs(run: Any) -> list[float]:
    return list(run.of(events.EpochEnded)[-1].replicas["val_kept_epoch"])


def by_hand(run: Any, replica: int, patience: int) -> tuple[int, int]:
    """The epoch with the lowest validation loss before the stop, and the one of the stop."""
    best, best_loss = 0, float("inf")
    for event in run.of(events.EpochEnded):
        loss = event.replicas["val_loss"][replica]
        if loss < best_loss:
            best, best_loss = event.epoch, loss
        if event.epoch - best >= patience:
            return best, event.epoch
    return best, 0


def test_each_network_keeps_its_best_epoch_and_training_ends_with_the_last_to_stop(
    trainer: Any, tmp_path: Path
) -> None:
    whole = trainer(CONFIG.replace(epochs=30), build=build)
    expected = [by_hand(whole, replica, 2) for replica in range(4)]
    assert len({best for best, _ in expected}) == 4
    path = tmp_path / "run.safetensors"
    run = trainer(PATIENT, build=build, path=path)

    assert isinstance(run.end, events.RunFinished)
    assert kept_epochs(run) == [best for best, _ in expected]
    assert run.of(events.EpochEnded)[-1].epoch == max(stop for _, stop in expected) < 30
    losses = [event.replicas["val_loss"] for event in whole.of(events.EpochEnded)]
    for replica, (best, stop) in enumerate(expected):
        lowest = losses[best - 1][replica]
        kept = abs(float(run.weights["at"][replica]) - GOALS[replica])
        assert kept == lowest
        # a network that has stopped is as it is kept, while the others train
        later = run.of(events.EpochEnded)[stop:]
        assert {event.replicas["val_loss"][replica] for event in later} <= {lowest}
    tested = torch.tensor(run.end.replicas["test_distance"])
    assert tested.equal((run.weights["at"] - torch.arange(1.0, 5)).abs().float())
    assert load_checkpoint(path).weights["at"].equal(run.weights["at"])
    lines = [event.text for event in run.of(events.LogLine)]
    epochs = ", ".join(str(best) for best, _ in expected)
    assert f"Kept are the weights of epochs {epochs}, where the validation loss is lowest." in lines
    assert "No lower validation loss for 2 epochs: training of H 1 mse seed 40 ends." in lines


def test_a_replica_keeps_what_the_run_of_its_seed_keeps(trainer: Any) -> None:
    for config in (PATIENT, AVERAGED):
        together = trainer(config, build=build)
        for replica in range(4):
            alone = trainer(config, build=lambda config, *_, at=replica: Alone(config, at))
            at = float(together.weights["at"][replica])
            # sums in another order, as in any set
            assert float(alone.weights["at"]) == pytest.approx(at, rel=1e-12)
            epochs = alone.of(events.EpochEnded)
            assert epochs[-1].metrics["val_kept_epoch"] == kept_epochs(together)[replica]


@pytest.mark.parametrize("config", [PATIENT, AVERAGED])
def test_a_run_that_is_cut_off_anywhere_ends_with_the_same_bits(
    trainer: Any, tmp_path: Path, config: RunConfig
) -> None:
    path = tmp_path / "run.safetensors"
    whole = trainer(config, build=build)
    assert isinstance(whole.end, events.RunFinished)
    steps = whole.end.step
    assert 9 < steps < 90
    for stop in range(1, steps):
        path.unlink(missing_ok=True)
        seen: list[events.Event] = []

        def emit(event: events.Event, seen: list[events.Event] = seen) -> None:
            seen.append(event)

        _until(stop, config, emit, path)
        point = load_resume_point(path, "run", config)
        assert point.step == stop
        outcome = fit(build, config, emit, Control(), checkpoint_path=path, resume=point)
        assert outcome.weights is not None
        assert outcome.weights["at"].equal(whole.weights["at"]), stop
        assert outcome.metrics == whole.outcome.metrics
        epochs = [event.replicas for event in seen if isinstance(event, events.EpochEnded)]
        assert epochs == [event.replicas for event in whole.of(events.EpochEnded)], stop


def _until(stop: int, config: RunConfig, emit: Any, path: Path) -> Tensor:
    """Train up to a step, at which the run is asked to stop."""
    control = Control()

    def built(*arguments: Any) -> Passing:
        problem = build(*arguments)
        losses, taken = problem.losses, 0

        def watched(step: int, parts: int) -> Any:
            nonlocal taken
            taken += 1
            if taken == stop:
                control.stop()
            return losses(step, parts)

        problem.losses = watched  # type: ignore[method-assign]
        return problem

    outcome = fit(built, config, emit, control, run_id="run", checkpoint_path=path)
    assert outcome.weights is not None
    return outcome.weights["at"]


def test_a_stopped_run_has_its_best_weights_so_far(tmp_path: Path) -> None:
    path = tmp_path / "run.safetensors"
    weights = _until(17, PATIENT, lambda _: None, path)
    point = load_resume_point(path, "run", PATIENT)
    assert load_checkpoint(path).weights["at"].equal(weights)
    latest = point.state.tensors["latest/at"]
    assert weights[0] != latest[3] != weights[3]
    goals = torch.tensor(GOALS)
    assert ((weights - goals).abs() <= (latest - goals).abs()).all()

    # without the best epochs there is nothing to go on from
    checkpoint = load_checkpoint(path)
    del point.state.tensors["stopping/epochs"]  # type: ignore[attr-defined]
    damaged = type(checkpoint)(PATIENT, checkpoint.weights, point.step, {}, point.state)
    save_checkpoint(path, damaged)
    seen: list[events.Event] = []
    broken = load_resume_point(path, "run", PATIENT)
    fit(build, PATIENT, seen.append, Control(), resume=broken)
    assert isinstance(seen[-1], events.RunFailed)
    assert "does not fit its run" in seen[-1].message


def test_a_run_that_ends_early_is_done(trainer: Any) -> None:
    run = trainer(PATIENT, build=build)
    state = RunState("run", run.config)
    for event in run.events:
        state = state.apply(event)
    assert state.step < state.total_steps
    assert state.progress == 1.0
    assert state.bands["val_kept_epoch"][0].mean[-1] > 1
    by_epoch = {ended.epoch: ended.replicas["val_loss"] for ended in state.epochs}
    points = state.kept_points("val_loss")
    assert [epoch for epoch, _ in points] == kept_epochs(run)
    for replica, (epoch, loss) in enumerate(points):
        assert loss == min(losses[replica] for losses in by_epoch.values())
        assert loss == by_epoch[int(epoch)][replica]
    drawn = str(loss_chart(replace(state, metric_definitions=LOSSES), 60, 14))
    assert KEPT_MARK in drawn
    assert drawn.count("★") > 1  # not in the legend alone


def test_nothing_is_marked_without_early_stopping(trainer: Any) -> None:
    run = trainer(PATIENT.replace(recipe=Recipe()), build=build)
    state = RunState("run", run.config)
    for event in run.events:
        state = state.apply(event)
    assert state.kept_points("val_loss") == ()
    drawn = str(loss_chart(replace(state, metric_definitions=LOSSES), 60, 14))
    assert "validation loss" in drawn
    assert "★" not in drawn


def test_patience_is_a_whole_number() -> None:
    for wrong in (-1, 1.5, 10_001, True):
        with pytest.raises(SettingError, match="Patience must be a whole number from 0 to 10000"):
            Recipe(patience=wrong)  # type: ignore[arg-type]
