"""Runs of the real loop on a slice of MNIST, recorded."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import pytest

from rnn_tui.engine import events
from rnn_tui.engine.config import RunConfig
from rnn_tui.engine.events import Control
from rnn_tui.tasks import TASKS

if TYPE_CHECKING:
    import torch

    from rnn_tui.engine.training.loop import Outcome

Kind = TypeVar("Kind", bound=events.Event)
Watcher = Callable[[events.Event, Control], None]
ENDS = (events.RunFinished, events.RunStopped, events.RunFailed)


@dataclass
class Run:
    """A run of `fit` with all that it emitted."""

    config: RunConfig
    events: list[events.Event] = field(default_factory=list)
    outcome: Outcome | None = None

    def of(self, kind: type[Kind]) -> list[Kind]:
        return [event for event in self.events if isinstance(event, kind)]

    @property
    def end(self) -> events.Event:
        """The last event, which is the only one of its kind."""
        assert [event for event in self.events if isinstance(event, ENDS)] == self.events[-1:]
        return self.events[-1]

    @property
    def weights(self) -> dict[str, torch.Tensor]:
        assert self.outcome is not None
        assert self.outcome.weights is not None
        return dict(self.outcome.weights)


@dataclass
class Trainer:
    """Calls `fit` as a user interface does; small and quick unless told otherwise."""

    data_dir: str

    def config(self, model: str = "lstm", preset: str = "report", **overrides: Any) -> RunConfig:
        small = {"epochs": 1, "batch_size": 64, "hidden_size": 12, "workers": 2, "device": "cpu"}
        return TASKS["mnist"].config(
            model, preset, **small | {"data_dir": self.data_dir} | overrides
        )

    def __call__(
        self,
        config: RunConfig | None = None,
        *,
        build: Any = None,
        watch: Watcher = lambda *_: None,
        control: Control | None = None,
        path: Path | None = None,
    ) -> Run:
        # Not above: torch must not be loaded before tests/conftest.py has set its threads.
        from rnn_tui.engine.training.loop import fit  # noqa: PLC0415

        run = Run(config or self.config())
        control = control or Control()

        def emit(event: events.Event) -> None:
            run.events.append(event)
            watch(event, control)

        build = build or TASKS["mnist"].load()
        run.outcome = fit(build, run.config, emit, control, run_id="run", checkpoint_path=path)
        assert run.outcome.config == run.config
        assert {event.run_id for event in run.events} == {"run"}
        return run


@pytest.fixture
def trainer(mnist_slice: Path) -> Trainer:
    return Trainer(str(mnist_slice))


def assert_same_weights(left: dict[str, torch.Tensor], right: dict[str, torch.Tensor]) -> None:
    """Bit for bit."""
    assert left.keys() == right.keys()
    for name, tensor in left.items():
        assert tensor.equal(right[name]), name


@pytest.fixture
def same_weights() -> Callable[[dict[str, torch.Tensor], dict[str, torch.Tensor]], None]:
    return assert_same_weights
