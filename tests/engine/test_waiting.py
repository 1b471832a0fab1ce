"""Between two logs nothing waits for the device: neither a value that is read, nor a copy that the
thread stands still for.

PyTorch's device `meta` stands in for one: its tensors have shapes and no values, so that whatever
would read one raises. What is sent to it is looked at: a blocking copy from the CPU waits on CUDA
until all before it is done.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.utils._python_dispatch import TorchDispatchMode

from rnn_tui.engine.config import RunConfig
from rnn_tui.engine.training.devices import send
from rnn_tui.engine.training.parallel import Workers
from rnn_tui.engine.training.stepper import LossLog, Stepper, make_optimiser
from rnn_tui.tasks import TASKS

DEVICE = torch.device("meta")
# one in each of two epochs: the second finds what the first has left
STEPS, AVERAGED = 1, "averaged"
# Each preset with one cell and each cell with one preset; all with all among the long tests. The
# tasks of the hierarchy differ in words alone, which are drawn on the CPU: one stands for all.
TRAINED = [task for task in TASKS.values() if task.tab or task.name == "parity-check"]
CHOICES = [
    pytest.param(task.name, cell, preset.name, marks=[pytest.mark.long] if at and other else [])
    for task in TRAINED
    for at, cell in enumerate(task.cells)
    for other, preset in enumerate(task.presets)
]
CHOICES += [
    pytest.param("mnist", "lstm", augmentation) for augmentation in TASKS["mnist"].augmentations
]
CHOICES += [pytest.param("mnist", "lstm", AVERAGED)]


class Waits(TorchDispatchMode):
    """Counts what the thread would wait for the device for."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: list[str] = []

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        keywords = kwargs or {}
        result = func(*args, **keywords)
        name = func.overloadpacket.__name__
        if name in ("_to_copy", "copy_"):
            source = args[1] if name == "copy_" else args[0]
            goal = args[0] if name == "copy_" else result
            blocking = not (
                keywords.get("non_blocking") or (name == "copy_" and len(args) > 2 and args[2])
            )
            if source.device != goal.device and blocking:
                self.seen.append(f"{name}: {source.device} to {goal.device}, {tuple(source.shape)}")
        return result


def small(task: str, cell: str, preset: str, data: Path) -> RunConfig:
    spec = TASKS[task]
    if preset == AVERAGED:
        plain = spec.config(
            cell, "fast", epochs=2, batch_size=60, hidden_size=6, data_dir=str(data)
        )
        return plain.replace(recipe=replace(plain.recipe, average=0.9))
    if preset in spec.augmentations:
        return spec.config(
            cell, "fast", augmentation=preset, batch_size=60, hidden_size=6, data_dir=str(data)
        )
    if spec.reads_images:
        return spec.config(cell, preset, epochs=2, batch_size=60, hidden_size=6, data_dir=str(data))
    return spec.config(
        cell,
        preset,
        epochs=2,
        hidden_sizes=[2, 3],
        seeds=2,
        training_size=8 * STEPS,
        test_size=8,
        batch_size=4,
    )


@contextmanager
def stepper_on_device(
    config: RunConfig, monkeypatch: pytest.MonkeyPatch
) -> Iterator[tuple[Stepper, Any]]:
    if config.task == "mnist":  # drawing 40,000 pictures takes long
        labels = torch.tensor([3] * 10 + [10] * 10)
        few = torch.zeros(20, 28, 28, dtype=torch.uint8), labels, torch.full((20,), -1)
        monkeypatch.setattr("rnn_tui.tasks.mnist.problem.drawings", lambda _: few)
    problem = TASKS[config.task].load()(config, DEVICE, lambda _: None)
    assert all(weight.device == DEVICE for weight in problem.model.parameters())
    optimiser = make_optimiser(problem.model, config, DEVICE)
    yield (
        Stepper(problem, optimiser, Workers(1), config, config.epochs * problem.steps_per_epoch),
        problem,
    )


@pytest.mark.parametrize(("task", "cell", "preset"), CHOICES)
def test_nothing_waits_for_the_device_between_two_logs(
    task: str, cell: str, preset: str, mnist_slice: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = small(task, cell, preset, mnist_slice)
    with stepper_on_device(config, monkeypatch) as (stepper, problem):
        losses = LossLog(problem.replicas)
        with Waits() as waits:
            for epoch in (1, 2):
                problem.begin_epoch(epoch)
                for step in range(STEPS):
                    losses.add(stepper.step(step), problem.samples_in(step))
        assert waits.seen == []
        assert len(losses.waiting) == 2 * STEPS
        assert all(loss.device == DEVICE for loss in losses.waiting)


def test_what_waits_would_be_seen() -> None:
    there = torch.ones(3, device=DEVICE)
    with pytest.raises(RuntimeError):
        there.sum().item()
    with pytest.raises(NotImplementedError), Waits():
        there.cpu()
    with Waits() as waits:
        torch.ones(3).to(DEVICE)
        there.copy_(torch.ones(3))
        torch.ones(3).to(DEVICE, non_blocking=True)
        there.copy_(torch.ones(3), non_blocking=True)
    assert len(waits.seen) == 2


@pytest.mark.parametrize(
    ("device", "pinned", "waits"),
    [("cuda", True, False), ("mps", False, True), ("cpu", False, False)],
)
def test_what_is_sent_to_cuda_goes_by_pinned_memory(
    device: str, pinned: bool, waits: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    done: list[str] = []

    def pin(tensor: Tensor) -> Tensor:
        done.append("pinned")
        return tensor

    def to(tensor: Tensor, where: torch.device, *, non_blocking: bool) -> Tensor:
        done.append(f"{where} {'at once' if non_blocking else 'waiting'}")
        return tensor

    monkeypatch.setattr(Tensor, "pin_memory", pin)
    monkeypatch.setattr(Tensor, "to", to)
    send(torch.ones(2), torch.device(device))
    assert done == ["pinned"] * pinned + [f"{device} {'waiting' if waits else 'at once'}"]


def test_the_averaged_weights_are_pytorchs(mnist_slice: Path) -> None:
    config = small("mnist", "lstm", AVERAGED, mnist_slice)
    problem = TASKS["mnist"].load()(config, torch.device("cpu"), lambda _: None)
    stepper = Stepper(
        problem, make_optimiser(problem.model, config, torch.device("cpu")), Workers(1), config, 40
    )
    decay = config.recipe.average
    theirs = torch.optim.swa_utils.AveragedModel(
        problem.model, multi_avg_fn=torch.optim.swa_utils.get_ema_multi_avg_fn(decay)
    )
    problem.begin_epoch(1)
    for step in range(5):
        stepper.step(step)
        theirs.update_parameters(problem.model)
    ours: nn.Module = stepper.kept
    assert all(
        a.equal(b)
        for a, b in zip(ours.state_dict().values(), theirs.state_dict().values(), strict=True)
    )
