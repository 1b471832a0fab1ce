"""The training loop on real images: what it reports is what happened, and it can be repeated."""

import math
import queue
import random
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from rnn_tui.engine import events
from rnn_tui.engine.config import RunConfig
from rnn_tui.engine.events import Control, new_run_id
from rnn_tui.engine.metrics import Metric
from rnn_tui.engine.state import RunState, Status
from rnn_tui.engine.training.checkpoint import load_checkpoint
from rnn_tui.engine.training.parallel import Workers
from rnn_tui.engine.training.problem import Log, Problem, generator
from rnn_tui.networks import CELLS
from rnn_tui.networks.layers import initialise
from rnn_tui.tasks.images.model import build_model
from rnn_tui.tasks.mnist.data import load_mnist, split_indices

#: those that PyTorch has, which the others differ from in their step alone.
MODELS = [name for name, cell in CELLS.items() if cell.pytorch]
TRAIN, VALIDATION = 1000, 200
SameWeights = Callable[[dict[str, Tensor], dict[str, Tensor]], None]


def figures_of(config: RunConfig, weights: Mapping[str, Tensor], part: str) -> tuple[float, float]:
    """Mean loss and accuracy in %, the long way round."""
    data = load_mnist(config.data_dir)
    images, labels = data.test_images, data.test_labels
    if part == "validation":
        _, chosen = split_indices(data.train_labels, config.seed)
        images, labels = data.train_images[chosen], data.train_labels[chosen]
    model = build_model(config)
    model.load_state_dict(dict(weights))
    with torch.no_grad():
        logits = model(images.float() / 255)
    losses = F.cross_entropy(logits, labels, reduction="none").double()
    return float(losses.mean()), 100 * float((logits.argmax(1) == labels).double().mean())


def test_events_of_a_whole_run(trainer: Any, tmp_path: Path) -> None:
    config = trainer.config(epochs=2)
    run = trainer(config, path=tmp_path / "run.safetensors")
    steps = math.ceil(TRAIN / 64)

    first = next(i for i, e in enumerate(run.events) if not isinstance(e, events.LogLine))
    started = run.events[first]
    assert isinstance(started, events.RunStarted)
    assert len(run.of(events.RunStarted)) == 1
    assert started.config == config
    assert (started.total_steps, started.steps_per_epoch) == (2 * steps, steps)
    assert started.samples_per_epoch == TRAIN
    assert started.parameters == sum(tensor.numel() for tensor in run.weights.values())
    assert started.device == "cpu"

    assert isinstance(run.end, events.RunFinished)
    assert run.end.step == 2 * steps
    assert [event.step for event in run.of(events.StepLogged)] == list(range(1, 2 * steps + 1))
    assert [(e.epoch, e.step) for e in run.of(events.EpochEnded)] == [(1, steps), (2, 2 * steps)]
    named = {spec.name for spec in started.metric_definitions}
    for epoch in run.of(events.EpochEnded):
        assert epoch.metrics.keys() == {
            "train_loss",
            "train_loss_last_batch",
            "val_loss",
            "val_accuracy",
        }
        assert all(math.isfinite(value) for value in epoch.metrics.values())
        assert epoch.metrics.keys() <= named
    assert run.end.metrics.keys() == {"test_loss", "test_accuracy"} <= named
    for step in run.of(events.StepLogged):
        assert step.metrics.keys() == {"train_loss", "train_learning_rate", "train_gradient_norm"}
        assert step.metrics.keys() <= named
        assert step.rate > 0
    elapsed = [event.elapsed for event in run.of(events.StepLogged)]
    assert elapsed == sorted(elapsed)
    assert run.of(events.EpochEnded)[1].metrics["val_loss"] < math.log(10)


def test_the_fold_of_the_events_tells_the_same_story(trainer: Any) -> None:
    run = trainer(trainer.config(epochs=2))
    state = RunState("run", run.config)
    for event in run.events:
        state = state.apply(event)
    assert state.status is Status.FINISHED
    assert state.progress == 1.0
    assert [row.epoch for row in state.epochs] == [1, 2]
    assert state.results == run.end.metrics == run.outcome.metrics
    assert len(state.series["train_loss"].y) == 32
    assert state.series["val_accuracy"].x == (1.0, 2.0)


def test_long_epochs_are_logged_in_portions_that_cover_them(trainer: Any) -> None:
    # 1,000 samples by 9: 112 steps, the last with one sample; two steps to a log, no remainder.
    run = trainer(trainer.config(batch_size=9, hidden_size=2))
    assert [event.step for event in run.of(events.StepLogged)] == list(range(2, 113, 2))
    # By 7: 143 steps; the last, odd one is logged too.
    run = trainer(trainer.config(batch_size=7, hidden_size=2))
    logged = run.of(events.StepLogged)
    assert [event.step for event in logged] == [*range(2, 143, 2), 143]
    samples = [7 * 2] * 71 + [TRAIN - 142 * 7]
    mean = sum(e.metrics["train_loss"] * n for e, n in zip(logged, samples, strict=True)) / TRAIN
    (epoch,) = run.of(events.EpochEnded)
    assert epoch.metrics["train_loss"] == pytest.approx(mean, rel=1e-9)
    assert epoch.metrics["train_loss_last_batch"] == logged[-1].metrics["train_loss"]


def plainly_trained(config: RunConfig) -> list[list[tuple[float, int]]]:
    """The report's recipe in a dozen lines, with what is said of clipping, weight decay and label
    smoothing: by epoch, loss and samples of every step.
    """
    data = load_mnist(config.data_dir)
    chosen, _ = split_indices(data.train_labels, config.seed)
    images, labels = data.train_images[chosen].float() / 255, data.train_labels[chosen]
    network = build_model(config)
    initialise(network, CELLS[config.cell], "pytorch", generator(config.seed, "weights"))
    recipe = config.recipe
    adam = torch.optim.AdamW(
        network.parameters(), lr=config.learning_rate, weight_decay=recipe.weight_decay
    )
    epochs = []
    for epoch in range(1, config.epochs + 1):
        order = torch.randperm(TRAIN, generator=generator(config.seed, "order", epoch))
        steps = []
        for batch in order.split(config.batch_size):
            smoothing = recipe.label_smoothing
            loss = F.cross_entropy(network(images[batch]), labels[batch], label_smoothing=smoothing)
            adam.zero_grad()
            loss.backward()
            torch.nn.utils.clip_grad_norm_(network.parameters(), recipe.clip or math.inf)
            adam.step()
            steps.append((loss.item(), len(batch)))
        epochs.append(steps)
    return epochs


def mean_over_samples(steps: list[tuple[float, int]]) -> float:
    return sum(loss * samples for loss, samples in steps) / sum(samples for _, samples in steps)


REGULARISED = {"clip": 0.2, "weight_decay": 0.5, "label_smoothing": 0.1}


@pytest.mark.parametrize(
    ("model", "settings"), [*((model, {}) for model in MODELS), (MODELS[0], REGULARISED)]
)
def test_report_recipe_is_a_plain_loop_with_adam(
    trainer: Any, model: str, settings: dict[str, float]
) -> None:
    config = trainer.config(model, epochs=2, **settings)
    run = trainer(config)
    logged = [event.metrics["train_loss"] for event in run.of(events.StepLogged)]
    first, second = plainly_trained(config)
    assert first[-1][1] == 40  # the last batch weighs less than the others, of 64
    assert logged == pytest.approx([loss for loss, _ in first + second], abs=1e-4)
    for ended, steps in zip(run.of(events.EpochEnded), (first, second), strict=True):
        assert ended.metrics["train_loss"] == pytest.approx(mean_over_samples(steps), abs=1e-5)
        assert ended.metrics["train_loss_last_batch"] == pytest.approx(steps[-1][0], abs=1e-4)


def test_a_log_of_several_steps_is_their_mean_over_samples(trainer: Any) -> None:
    # 112 steps, two to a log; in the last log nine samples and one.
    config = trainer.config("rnn", batch_size=9)
    run = trainer(config)
    (steps,) = plainly_trained(config)
    assert [samples for _, samples in steps[-2:]] == [9, 1]
    expected = [mean_over_samples(steps[at : at + 2]) for at in range(0, 112, 2)]
    logged = [event.metrics["train_loss"] for event in run.of(events.StepLogged)]
    assert logged == pytest.approx(expected, abs=1e-4)
    (ended,) = run.of(events.EpochEnded)
    assert ended.metrics["train_loss"] == pytest.approx(mean_over_samples(steps), abs=1e-5)
    assert ended.metrics["train_loss_last_batch"] == pytest.approx(steps[-1][0], abs=1e-4)


@pytest.mark.parametrize("model", MODELS)
def test_figures_are_those_of_the_weights_handed_over(trainer: Any, model: str) -> None:
    run = trainer(trainer.config(model))
    loss, accuracy = figures_of(run.config, run.weights, "test")
    assert run.end.metrics["test_loss"] == pytest.approx(loss, abs=1e-6)
    assert run.end.metrics["test_accuracy"] == pytest.approx(accuracy, abs=1e-9)
    assert run.outcome.metrics == run.end.metrics
    loss, accuracy = figures_of(run.config, run.weights, "validation")
    (epoch,) = run.of(events.EpochEnded)
    assert epoch.metrics["val_loss"] == pytest.approx(loss, abs=1e-6)
    assert epoch.metrics["val_accuracy"] == pytest.approx(accuracy, abs=1e-9)


def test_averaged_weights_are_the_ones_measured_and_kept(trainer: Any, tmp_path: Path) -> None:
    config = trainer.config()
    averaged = config.replace(recipe=type(config.recipe)(average=0.9))
    run, plain = trainer(averaged, path=tmp_path / "a.safetensors"), trainer(config)
    assert run.weights.keys() == plain.weights.keys()
    assert not torch.equal(run.weights["readout.weight"], plain.weights["readout.weight"])
    assert run.end.metrics["test_loss"] == pytest.approx(
        figures_of(averaged, run.weights, "test")[0], abs=1e-6
    )
    kept = load_checkpoint(tmp_path / "a.safetensors").weights
    assert all(torch.equal(run.weights[name], tensor) for name, tensor in kept.items())


def test_the_checkpoint_at_the_end_is_the_outcome(
    trainer: Any, tmp_path: Path, same_weights: SameWeights
) -> None:
    path = tmp_path / "runs" / "run.safetensors"
    run = trainer(trainer.config(epochs=2), path=path)
    kept = load_checkpoint(path)
    same_weights(dict(kept.weights), run.weights)
    assert (kept.config, kept.step, kept.metrics) == (run.config, 32, run.end.metrics)
    saved = run.of(events.CheckpointSaved)
    assert {event.path for event in saved} == {str(path)}
    assert [event.step for event in saved] == [16, 32, 32]


def test_stopped_in_mid_epoch_keeps_the_weights_of_that_step(
    trainer: Any, tmp_path: Path, same_weights: SameWeights
) -> None:
    def stop_at_seven(event: events.Event, control: Control) -> None:
        if isinstance(event, events.StepLogged) and event.step == 7:
            control.stop()

    path = tmp_path / "run.safetensors"
    run = trainer(path=path, watch=stop_at_seven)
    assert isinstance(run.end, events.RunStopped)
    assert run.end.step == 7
    assert not run.of(events.EpochEnded)
    assert not run.outcome.metrics
    kept = load_checkpoint(path)
    same_weights(dict(kept.weights), run.weights)
    assert kept.step == 7
    assert isinstance(run.events[-2], events.CheckpointSaved)


def test_stopped_before_it_began_ends_after_one_step(trainer: Any) -> None:
    control = Control()
    control.stop()
    run = trainer(control=control)
    assert isinstance(run.end, events.RunStopped)
    assert run.end.step == 1


def test_stopped_between_epochs_ends_there(trainer: Any) -> None:
    def stop(event: events.Event, control: Control) -> None:
        if isinstance(event, events.EpochEnded):
            control.stop()

    run = trainer(trainer.config(epochs=3), watch=stop)
    assert isinstance(run.end, events.RunStopped)
    assert len(run.of(events.EpochEnded)) == 1


def test_stopped_after_the_last_epoch_still_tells_its_result(trainer: Any) -> None:
    def stop(event: events.Event, control: Control) -> None:
        if isinstance(event, events.EpochEnded) and event.epoch == 2:
            control.stop()

    run = trainer(trainer.config(epochs=2), watch=stop)
    assert isinstance(run.end, events.RunFinished)
    assert run.end.metrics["test_accuracy"] >= 0


def test_a_pause_from_another_thread_changes_no_bit(
    trainer: Any, tmp_path: Path, same_weights: SameWeights
) -> None:
    emitted: queue.Queue[events.Event] = queue.Queue()
    path = tmp_path / "run.safetensors"
    result = []

    def watch(event: events.Event, control: Control) -> None:
        if isinstance(event, events.StepLogged) and event.step == 5:
            control.pause()
        emitted.put(event)

    control = Control()
    thread = threading.Thread(
        target=lambda: result.append(trainer(watch=watch, control=control, path=path)), daemon=True
    )
    thread.start()
    while not isinstance(event := emitted.get(timeout=30), events.RunPaused):
        pass
    assert event.step == 5
    assert control.paused
    # While it waits, what it has learnt so far is on disk.
    assert load_checkpoint(path).step == 5
    with pytest.raises(queue.Empty):
        emitted.get(timeout=0.05)
    control.resume()
    thread.join(30)
    (run,) = result

    kinds = [type(event) for event in run.events]
    at = kinds.index(events.RunPaused)
    assert kinds[at + 1] is events.RunResumed
    assert isinstance(run.end, events.RunFinished)
    same_weights(run.weights, trainer().weights)


def test_stopped_while_paused(trainer: Any) -> None:
    def watch(event: events.Event, control: Control) -> None:
        if isinstance(event, events.StepLogged) and event.step == 3:
            control.pause()
        if isinstance(event, events.RunPaused):
            threading.Timer(0.02, control.stop).start()

    run = trainer(watch=watch)
    assert isinstance(run.end, events.RunStopped)
    assert run.end.step == 3
    assert not run.of(events.RunResumed)


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("preset", ["report", "fast", "best"])
def test_a_seed_gives_the_same_bits_and_another_seed_others(
    trainer: Any, model: str, preset: str, same_weights: SameWeights
) -> None:
    config = trainer.config(model, preset, seed=3)
    first, again = trainer(config), trainer(config)
    same_weights(first.weights, again.weights)
    assert [e.metrics for e in first.of(events.StepLogged)] == [
        e.metrics for e in again.of(events.StepLogged)
    ]
    assert first.end.metrics == again.end.metrics
    other = trainer(config.replace(seed=4))
    assert any(not torch.equal(w, other.weights[n]) for n, w in first.weights.items())


@pytest.mark.parametrize("workers", [1, 3])
@pytest.mark.parametrize("preset", ["report", "fast", "best"])
def test_any_number_of_workers_repeats_itself(
    trainer: Any, workers: int, preset: str, same_weights: SameWeights
) -> None:
    config = trainer.config("lstm", preset, workers=workers)
    same_weights(trainer(config).weights, trainer(config).weights)


def test_a_busy_process_changes_no_bit(trainer: Any, same_weights: SameWeights) -> None:
    before = torch.get_num_threads()
    expected = trainer()
    try:
        torch.set_num_threads(3)
        same_weights(trainer().weights, expected.weights)
        assert torch.get_num_threads() == 3
    finally:
        torch.set_num_threads(before)


@pytest.mark.parametrize("preset", ["report", "best"])
def test_global_random_state_neither_matters_nor_changes(
    trainer: Any, preset: str, same_weights: SameWeights
) -> None:
    config = trainer.config("lstm", preset)
    expected = trainer(config)
    kept = torch.get_rng_state(), np.random.get_state(), random.getstate()
    try:
        torch.manual_seed(1)
        np.random.seed(2)
        random.seed(3)
        before = torch.get_rng_state(), np.random.get_state(), random.getstate()
        run = trainer(config)
        assert torch.equal(torch.get_rng_state(), before[0])
        assert repr(np.random.get_state()) == repr(before[1])
        assert random.getstate() == before[2]
    finally:
        torch.set_rng_state(kept[0])
        np.random.set_state(kept[1])
        random.setstate(kept[2])
    same_weights(run.weights, expected.weights)


class Regression(Problem):
    """Not MNIST: least squares in float64, where the order of a sum makes no visible difference."""

    metric_definitions = (Metric("train_loss", "training loss"),)

    def __init__(self, batch_size: int) -> None:
        draw = torch.Generator().manual_seed(0)
        self.inputs = torch.randn(10, 3, generator=draw, dtype=torch.float64)
        self.targets = torch.randn(10, 1, generator=draw, dtype=torch.float64)
        self.model = nn.Linear(3, 1).double()
        with torch.no_grad():
            for parameter in self.model.parameters():
                parameter.fill_(0.5)
        self.samples_per_epoch, self.batch_size = 10, batch_size
        self.parts: list[int] = []

    def begin_epoch(self, epoch: int) -> None:
        pass

    def losses(self, step: int, parts: int) -> Sequence[Callable[[], Tensor]]:
        rows = torch.arange(10)[step * self.batch_size :][: self.batch_size]
        chunks = rows.tensor_split(min(parts, len(rows)))
        self.parts.append(len(chunks))

        def loss_of(chunk: Tensor) -> Callable[[], Tensor]:
            return lambda: (
                (self.model(self.inputs[chunk]) - self.targets[chunk]).square().sum() / len(rows)
            )

        return [loss_of(chunk) for chunk in chunks]

    def validate(self, model: nn.Module, workers: Workers) -> Mapping[str, float]:  # noqa: ARG002
        return {}

    def test(self, model: nn.Module, workers: Workers) -> Mapping[str, float]:  # noqa: ARG002
        return {}


class BuildRegression:
    def __init__(self, batch_size: int) -> None:
        self.batch_size = batch_size

    def __call__(self, config: RunConfig, device: torch.device, log: Log) -> Problem:  # noqa: ARG002
        self.problem = Regression(self.batch_size)
        return self.problem


@pytest.mark.parametrize("batch_size", [10, 4])
def test_a_shared_batch_gives_the_step_of_a_whole_one(trainer: Any, batch_size: int) -> None:
    found = {}
    for workers in (1, 2, 3):
        build = BuildRegression(batch_size)
        run = trainer(trainer.config(workers=workers, learning_rate=0.1), build=build)
        assert isinstance(run.end, events.RunFinished)
        assert max(build.problem.parts) == workers
        found[workers] = run
    problem = Regression(batch_size)
    adam = torch.optim.Adam(problem.model.parameters(), lr=0.1)
    norms = []
    for step in range(problem.steps_per_epoch):
        adam.zero_grad()
        problem.losses(step, 1)[0]().backward()
        adam.step()
        gradients = [one.grad.flatten() for one in problem.model.parameters()]
        norms.append(float(torch.cat(gradients).norm()))
    for run in found.values():
        logged = [event.metrics for event in run.of(events.StepLogged)]
        assert [one["train_gradient_norm"] for one in logged] == pytest.approx(norms, rel=1e-5)
        assert [one["train_learning_rate"] for one in logged] == [0.1] * len(norms)
        for name, expected in problem.model.state_dict().items():
            torch.testing.assert_close(run.weights[name], expected, rtol=0, atol=1e-6)


def test_the_learning_rate_that_is_logged_is_that_of_the_step(trainer: Any) -> None:
    run = trainer(trainer.config(preset="fast", learning_rate=0.01))
    rates = [event.metrics["train_learning_rate"] for event in run.of(events.StepLogged)]
    assert rates[0] == pytest.approx(0.01 / 25)
    assert max(rates) == pytest.approx(0.01, rel=0.1)
    assert rates[-1] < 0.001


def test_mnist_shared_between_workers_takes_the_same_first_step(trainer: Any) -> None:
    # Adam divides each gradient by its size, so what rounds to nearly zero may turn its sign:
    # nearly all weights must agree, and none may move by more than the learning rate either way.
    runs = [
        trainer(trainer.config("lstm", batch_size=TRAIN, workers=workers)) for workers in (1, 2, 3)
    ]
    for run in runs:
        assert run.end.step == 1
        for name, weight in runs[0].weights.items():
            difference = (run.weights[name] - weight).abs()
            assert difference.max() <= 2e-3, name
            assert (difference <= 1e-6).float().mean() > 0.98, name
    losses = [run.of(events.StepLogged)[0].metrics["train_loss"] for run in runs]
    assert losses == pytest.approx([losses[0]] * 3, abs=1e-6)


def test_run_ids_are_unique() -> None:
    assert len({new_run_id() for _ in range(50)}) == 50


def test_run_ids_sort_by_time_within_a_second() -> None:
    ids = []
    for _ in range(50):
        ids.append(new_run_id())
        time.sleep(0.001)
    assert ids == sorted(ids)
