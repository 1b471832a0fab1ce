"""Training on an accelerator: learns as on the CPU, and hands its weights over on the CPU."""

import math
from pathlib import Path

import pytest
import torch

from rnn_tui.engine import events
from rnn_tui.engine.checkpoint import load_checkpoint
from rnn_tui.engine.config import RunConfig
from rnn_tui.engine.events import Control
from rnn_tui.engine.loop import Outcome, fit
from rnn_tui.engine.training_state import load_resume_point
from rnn_tui.tasks import TASKS

if torch.cuda.is_available():
    DEVICE = "cuda"
elif torch.backends.mps.is_available():
    DEVICE = "mps"
else:
    pytest.skip("no CUDA or MPS device that PyTorch can use here", allow_module_level=True)

MNIST = TASKS["mnist"]
CHOICES = [(model, preset) for model in MNIST.cells for preset in MNIST.presets]


def trained(config: RunConfig, path: Path | None = None) -> tuple[list[events.Event], Outcome]:
    told: list[events.Event] = []
    outcome = fit(MNIST.load(), config, told.append, Control(), checkpoint_path=path)
    assert isinstance(told[-1], events.RunFinished), told[-1]
    return told, outcome


def small(mnist_slice: Path, model: str, preset: str = "report") -> RunConfig:
    return MNIST.config(
        model, preset, epochs=1, batch_size=20, hidden_size=32, learning_rate=3e-3,
        device=DEVICE, data_dir=str(mnist_slice),
    )  # fmt: skip


@pytest.mark.parametrize(("model", "preset"), CHOICES)
def test_an_epoch_on_the_accelerator(mnist_slice: Path, tmp_path: Path, model: str, preset: str) -> None:
    path = tmp_path / "run.safetensors"
    told, outcome = trained(small(mnist_slice, model, preset), path)
    started = next(event for event in told if isinstance(event, events.RunStarted))
    assert started.device.startswith(DEVICE)
    losses = [e.metrics["train_loss"] for e in told if isinstance(e, events.StepLogged)]
    assert sum(losses[-5:]) < sum(losses[:5])
    (epoch,) = [event for event in told if isinstance(event, events.EpochEnded)]
    figures = [*epoch.metrics.values(), *outcome.metrics.values(), *losses]
    assert all(math.isfinite(value) for value in figures)
    assert outcome.weights is not None
    assert all(weight.device.type == "cpu" for weight in outcome.weights.values())
    kept = load_checkpoint(path).weights
    assert all(torch.equal(kept[name], weight) for name, weight in outcome.weights.items())


@pytest.mark.parametrize("model", MNIST.cells)
def test_accelerator_and_cpu_start_alike(mnist_slice: Path, model: str) -> None:
    config = small(mnist_slice, model)
    first = []
    for device in (DEVICE, "cpu"):
        told, _ = trained(config.replace(device=device))
        first.append(next(e.metrics["train_loss"] for e in told if isinstance(e, events.StepLogged)))
    assert first[0] == pytest.approx(first[1], abs=1e-3)


@pytest.mark.parametrize("model", MNIST.cells)
def test_weights_from_the_accelerator_are_examined_on_the_cpu(mnist_slice: Path, model: str) -> None:
    _, outcome = trained(small(mnist_slice, model))
    assert outcome.weights is not None
    found = MNIST.load().evaluate(outcome.config, outcome.weights)
    accuracy = 100 * float((found.predictions == found.labels).mean())
    # The two devices add in another order: an answer or two of 200 may differ.
    assert accuracy == pytest.approx(outcome.metrics["test_accuracy"], abs=1.0)


def test_auto_takes_the_accelerator(mnist_slice: Path) -> None:
    told, _ = trained(small(mnist_slice, "rnn").replace(device="auto"))
    assert any(isinstance(e, events.RunStarted) and e.device.startswith(DEVICE) for e in told)


@pytest.mark.parametrize("preset", ["report", "photos"])
def test_a_resumed_run_goes_on_from_its_moments(mnist_slice: Path, tmp_path: Path, preset: str) -> None:
    config, control = small(mnist_slice, "lstm", preset), Control()
    path = tmp_path / "run.safetensors"

    def stop(event: events.Event) -> None:
        if isinstance(event, events.StepLogged) and event.step == 20:
            control.stop()

    fit(MNIST.load(), config, stop, control, run_id="run", checkpoint_path=path)
    told: list[events.Event] = []
    point = load_resume_point(path, "run", config)
    fit(MNIST.load(), config, told.append, Control(), checkpoint_path=path, resume=point)
    assert isinstance(told[-1], events.RunFinished), told[-1]
    whole, _ = trained(config)
    steps = [e for e in told if isinstance(e, events.StepLogged)]
    expected = [e for e in whole if isinstance(e, events.StepLogged) and e.step > 20]
    assert [e.step for e in steps] == [e.step for e in expected]
    # An accelerator may add in another order; a lost moment or distortion shows at once.
    losses = [[e.metrics["train_loss"] for e in side][:5] for side in (steps, expected)]
    assert losses[0] == pytest.approx(losses[1], abs=0.02)
