"""The device of these tests, and small runs on it.

A module that imports this one is skipped where there is no device.
"""

import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

from rnn_tui.engine import events
from rnn_tui.engine.config import RunConfig
from rnn_tui.engine.events import Control
from rnn_tui.engine.training.devices import devices_here
from rnn_tui.engine.training.loop import Outcome, fit
from rnn_tui.engine.training.training_state import ResumePoint
from rnn_tui.tasks import TASKS

VARIABLE = "RNN_TUI_TEST_DEVICE"
DEVICE = os.environ.get(VARIABLE) or devices_here()[0].partition(":")[0]
if DEVICE == "cpu" and VARIABLE not in os.environ:
    pytest.skip("no CUDA or MPS device that PyTorch can use here", allow_module_level=True)

# MPS does not promise to add in the same order each time.
REPEATS = not DEVICE.startswith("mps")
CHOICES = [
    (task.name, cell, preset.name)
    for task in TASKS.values()
    for cell in task.cells
    for preset in task.presets
]
CELLS = [(task.name, cell) for task in TASKS.values() for cell in task.cells]


def small(data: Path, task: str, cell: str, preset: str, **changes: Any) -> RunConfig:
    """Settings that train in seconds."""
    spec = TASKS[task]
    if spec.reads_images:
        task_settings: dict[str, Any] = {"batch_size": 20, "hidden_size": 32, "data_dir": str(data)}
    else:
        task_settings = {
            "batch_size": 4,
            "hidden_sizes": (4, 6),
            "seeds": 2,
            "training_size": 800,
            "test_size": 20,
            "learning_rate": 0.02,
        }
    settings = {"epochs": 1, "learning_rate": 3e-3, "device": DEVICE, "workers": 1}
    return spec.config(cell, preset, **settings | task_settings | changes)


@dataclass
class Trained:
    """A run with its events.

    Attributes:
        seen: its events, in order.
        outcome: None while it trains.
    """

    seen: list[events.Event] = field(default_factory=list)
    outcome: Outcome | None = None

    @property
    def weights(self) -> dict[str, Tensor]:
        """Those at the end."""
        assert self.outcome is not None
        assert self.outcome.weights is not None
        return dict(self.outcome.weights)

    @property
    def losses(self) -> list[Any]:
        """The logged training losses, each a number or one for each replica."""
        logs = [event for event in self.seen if isinstance(event, events.StepLogged)]
        return [log.metrics.get("train_loss", log.replicas.get("train_loss")) for log in logs]

    @property
    def started(self) -> events.RunStarted:
        """The event of its start."""
        return next(event for event in self.seen if isinstance(event, events.RunStarted))


def trained(
    config: RunConfig,
    path: Path | None = None,
    *,
    stop_at: int | None = None,
    resume: ResumePoint | None = None,
) -> Trained:
    """Train to the end, or up to the first log at or after a step."""
    run = Trained()
    control = Control()

    def receive(event: events.Event) -> None:
        run.seen.append(event)
        if stop_at is not None and isinstance(event, events.StepLogged) and event.step >= stop_at:
            control.stop()

    run.outcome = fit(
        TASKS[config.task].load(),
        config,
        receive,
        control,
        run_id="run",
        checkpoint_path=path,
        resume=resume,
    )
    expected = events.RunFinished if stop_at is None else events.RunStopped
    assert isinstance(run.seen[-1], expected), run.seen[-1]
    return run


def assert_same(left: dict[str, Tensor], right: dict[str, Tensor]) -> None:
    """Bit for bit, where the device repeats itself."""
    assert left.keys() == right.keys()
    for name, tensor in left.items():
        if REPEATS:
            assert torch.equal(tensor, right[name]), name
        else:
            torch.testing.assert_close(tensor, right[name], rtol=0.02, atol=0.02)
