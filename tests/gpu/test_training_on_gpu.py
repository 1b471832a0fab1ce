"""Training on an accelerator learns as on the CPU does, and hands its weights over on the CPU."""

import math
import warnings
from pathlib import Path

import numpy as np
import pytest
import torch

from rnn_tui.engine import events
from rnn_tui.engine.training.checkpoint import load_checkpoint
from rnn_tui.engine.training.learning_rates import find_learning_rate
from rnn_tui.tasks import TASKS
from tests.gpu.device import CELLS, CHOICES, DEVICE, small, trained


@pytest.mark.parametrize(("task", "cell", "preset"), CHOICES)
def test_an_epoch_on_the_accelerator(
    mnist_slice: Path, tmp_path: Path, task: str, cell: str, preset: str
) -> None:
    path = tmp_path / "run.safetensors"
    run = trained(small(mnist_slice, task, cell, preset), path)
    assert run.started.device.startswith(DEVICE)
    losses = np.array(run.losses)
    if task == "mnist":  # an epoch of so few sequences teaches little that chance does not hide
        assert losses[-15:].sum() < losses[:15].sum()
    (epoch,) = [event for event in run.seen if isinstance(event, events.EpochEnded)]
    figures = [
        *epoch.metrics.values(),
        *(value for values in epoch.replicas.values() for value in values),
    ]
    assert all(math.isfinite(value) for value in [*figures, *losses.reshape(-1)])
    assert all(weight.device.type == "cpu" for weight in run.weights.values())
    saved = load_checkpoint(path).weights
    assert all(torch.equal(saved[name], weight) for name, weight in run.weights.items())


@pytest.mark.parametrize(("task", "cell"), CELLS)
@pytest.mark.parametrize("layers", [1, 2])
def test_accelerator_and_cpu_start_alike(
    mnist_slice: Path, task: str, cell: str, layers: int
) -> None:
    if layers > 1 and not TASKS[task].reads_images:
        pytest.skip("sets of replicas have one layer")
    more = {"layers": layers} if TASKS[task].reads_images else {}
    config = small(mnist_slice, task, cell, TASKS[task].default_preset, **more)
    on_device = trained(config.replace(device=DEVICE))
    on_cpu = trained(config.replace(device="cpu"))
    expected = np.array(on_cpu.losses[:3])
    assert np.array(on_device.losses[:3]) == pytest.approx(expected, abs=2e-3)


@pytest.mark.parametrize("augmentation", TASKS["mnist"].augmentations)
def test_every_augmentation_is_that_of_the_cpu(mnist_slice: Path, augmentation: str) -> None:
    config = small(mnist_slice, "mnist", "lstm", "report", augmentation=augmentation)
    on_device = trained(config.replace(device=DEVICE))
    on_cpu = trained(config.replace(device="cpu"))
    assert on_device.losses[:3] == pytest.approx(on_cpu.losses[:3], abs=2e-3)


def test_averaged_weights_are_trained_and_validated(mnist_slice: Path) -> None:
    config = small(mnist_slice, "mnist", "lstm", "report")
    config = config.replace(recipe=type(config.recipe)(average=0.9))
    # cuDNN warns of weights that are not contiguous.
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        trained(config)
    assert not [str(warning.message) for warning in caught if "contiguous" in str(warning.message)]


@pytest.mark.parametrize(("task", "cell"), CELLS)
def test_weights_from_the_accelerator_are_examined_on_the_cpu(
    mnist_slice: Path, task: str, cell: str
) -> None:
    run = trained(small(mnist_slice, task, cell, TASKS[task].default_preset))
    assert run.outcome is not None
    evaluation = TASKS[task].load().evaluate(run.outcome.config, run.weights)
    if task == "mnist":
        accuracy = 100 * float((evaluation.predictions == evaluation.labels).mean())
        # The two devices add in another order: an answer or two of 200 may differ.
        assert accuracy == pytest.approx(run.outcome.metrics["test_accuracy"], abs=1.0)
    else:
        assert all(np.isfinite(figure.values).all() for figure in evaluation.by_length)


def test_learning_rates_are_tried_there(mnist_slice: Path) -> None:
    trial = find_learning_rate(TASKS["mnist"].load(), small(mnist_slice, "mnist", "lstm", "report"))
    assert trial is not None
    assert all(math.isfinite(loss) for loss in trial.losses)


def test_auto_takes_the_accelerator(mnist_slice: Path) -> None:
    run = trained(small(mnist_slice, "mnist", "rnn", "report", device="auto"))
    assert run.started.device.startswith(DEVICE)


def test_each_gpu_can_be_named(mnist_slice: Path) -> None:
    if not torch.cuda.is_available():
        pytest.skip("GPUs have numbers on CUDA only")
    count = torch.cuda.device_count()
    for number in range(count):
        run = trained(small(mnist_slice, "mnist", "lstm", "fast", device=f"cuda:{number}"))
        assert run.started.device == f"cuda:{number}"
    with pytest.raises(AssertionError, match=f"no cuda:{count} device"):
        trained(small(mnist_slice, "mnist", "lstm", "fast", device=f"cuda:{count}"))


def test_too_large_a_batch_is_told_with_one_that_fits(mnist_slice: Path) -> None:
    if not torch.cuda.is_available():
        pytest.skip("only CUDA says how much memory there is, and refuses more")
    torch.cuda.set_per_process_memory_fraction(
        2**30 / torch.cuda.get_device_properties(0).total_memory, 0
    )
    try:
        with pytest.raises(AssertionError, match=r"try a batch size of [0-9]+ or less"):
            trained(
                small(
                    mnist_slice,
                    "mnist",
                    "lstm",
                    "report",
                    batch_size=1000,
                    hidden_size=2048,
                    layers=2,
                )
            )
    finally:
        torch.cuda.set_per_process_memory_fraction(1.0, 0)
        torch.cuda.empty_cache()
    trained(small(mnist_slice, "mnist", "lstm", "report"))  # the device is as good as before
