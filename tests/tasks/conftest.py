"""Runs of the real loop on sequences, recorded."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from rnn_tui.engine import events
from rnn_tui.engine.events import Control
from rnn_tui.engine.files.paths import WEIGHTS_NAME, run_dir
from rnn_tui.tasks import TASKS
from rnn_tui.tasks.config import SequenceConfig

if TYPE_CHECKING:
    import torch


@dataclass
class Run:
    """A run of `fit` with all that it emitted."""

    config: SequenceConfig
    events: list[events.Event]
    weights: dict[str, torch.Tensor]
    metrics: dict[str, tuple[float, ...]]

    @property
    def epochs(self) -> list[events.EpochEnded]:
        return [event for event in self.events if isinstance(event, events.EpochEnded)]


Small = Callable[..., SequenceConfig]
Train = Callable[..., Run]


def small_config(task: str, preset: str = "report", **overrides: Any) -> SequenceConfig:
    """A preset's recipe in a tenth of a second."""
    small = {
        "hidden_sizes": (2, 3),
        "losses": ("ce",),
        "epochs": 1,
        "seeds": 1,
        "training_size": 12,
        "test_size": 20,
        "workers": 1,
    }
    config = TASKS[task].config("lstm", preset, **small | overrides)
    assert isinstance(config, SequenceConfig)
    return config


def small_run(
    config: SequenceConfig, *, double: bool = False, path: Path | None = None, name: str = ""
) -> Run:
    """Train to the end; in the folder of runs where `name` says what to call it there."""
    # Not above: torch must not be loaded before tests/conftest.py has set its threads.
    import torch  # noqa: PLC0415

    from rnn_tui.engine.training.loop import fit  # noqa: PLC0415
    from rnn_tui.tasks.adder.problem import AdderProblem  # noqa: PLC0415
    from rnn_tui.tasks.recall.problem import RecallProblem  # noqa: PLC0415

    kinds = {"recall": RecallProblem, "adder": AdderProblem}
    build: Any = TASKS[config.task].load()
    if double:
        build = partial(kinds[config.task], dtype=torch.float64)
    told: list[events.Event] = []
    if name:
        path = run_dir() / name / WEIGHTS_NAME
    outcome = fit(build, config, told.append, Control(), checkpoint_path=path)
    assert isinstance(told[-1], events.RunFinished), told[-1]
    assert outcome.weights is not None
    metrics = {name: value for name, value in outcome.metrics.items() if isinstance(value, tuple)}
    return Run(config, told, dict(outcome.weights), metrics)


@pytest.fixture
def small() -> Small:
    return small_config


@pytest.fixture
def train() -> Train:
    return small_run
