"""Small runs that are kept, and what was told of them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, TypeVar

from rnn_tui.engine import events
from rnn_tui.engine.config import RunConfig
from rnn_tui.engine.events import Control, new_run_id
from rnn_tui.runs import training
from rnn_tui.runs.records import RunRecord
from rnn_tui.tasks import TASKS

Kind = TypeVar("Kind", bound=events.Event)


def small(task: str = "recall", **changes: Any) -> RunConfig:
    """Settings of a run that takes a tenth of a second."""
    usual: dict[str, Any] = {
        "epochs": 3, "batch_size": 4, "training_size": 40, "test_size": 20, "seeds": 2,
        "hidden_sizes": (2, 3), "device": "cpu",
    }  # fmt: skip
    return TASKS[task].config("lstm", "report", **usual | changes)


@dataclass
class Told:
    """Everything that a run emitted."""

    run_id: str
    events: list[events.Event] = field(default_factory=list)

    def of(self, kind: type[Kind]) -> list[Kind]:
        return [event for event in self.events if isinstance(event, kind)]

    @property
    def warnings(self) -> list[str]:
        return [line.text for line in self.of(events.LogLine) if line.level == "warning"]


def train(
    config: RunConfig | None = None,
    *,
    stop_at: int | None = None,
    interrupt: bool = False,
    watch: Callable[[events.Event], object] = lambda _: None,
) -> Told:
    """Train and keep it; up to a step where `stop_at` says so."""
    told, control = Told(new_run_id()), Control()

    def emit(event: events.Event) -> None:
        told.events.append(event)
        watch(event)
        if isinstance(event, events.StepLogged) and event.step == stop_at:
            control.stop(interrupted=interrupt)

    training.train(config or small(), emit, control, told.run_id)
    return told


def resume(run: RunRecord) -> Told:
    """Go on with a run."""
    told = Told(run.run_id)
    training.resume(run, told.events.append, Control())
    return told
