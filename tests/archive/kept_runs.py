"""Small runs that are stored, and the events that they emitted."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from rnn_tui.archive import training
from rnn_tui.archive.database import connect, transaction
from rnn_tui.archive.database_rows import EventWriter, insert_run
from rnn_tui.archive.run_record import RunRecord
from rnn_tui.archive.unsaved import OnUnsaved, UnsavedRun
from rnn_tui.engine import events
from rnn_tui.engine.config import RunConfig
from rnn_tui.engine.events import Control, EpochEnded, LogLine, RunFinished, RunStarted, new_run_id
from rnn_tui.engine.files.paths import run_database
from rnn_tui.engine.metrics import accuracy_metric
from rnn_tui.tasks import TASKS

METRIC = "val_accuracy"
Kind = TypeVar("Kind", bound=events.Event)


def small(task: str = "recall", **changes: Any) -> RunConfig:
    """Settings of a run that takes a tenth of a second."""
    usual: dict[str, Any] = {
        "epochs": 3,
        "batch_size": 4,
        "training_size": 40,
        "test_size": 20,
        "seeds": 2,
        "hidden_sizes": (2, 3),
        "device": "cpu",
    }
    return TASKS[task].config("lstm", "report", **usual | changes)


@dataclass
class Emitted:
    """Everything that a run emitted."""

    run_id: str
    events: list[events.Event] = field(default_factory=list)

    def of(self, kind: type[Kind]) -> list[Kind]:
        """Those of a kind."""
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
    on_unsaved: OnUnsaved = UnsavedRun.finish,
) -> Emitted:
    """Train a run and store it.

    Args:
        config: its settings; by default those of `small`.
        stop_at: a step after which it is stopped.
        interrupt: whether it counts as interrupted then.
        watch: gets each event in the thread that trains.
        on_unsaved: as for `training.train`.

    Returns:
        The events that it emitted.
    """
    emitted = Emitted(new_run_id())
    control = Control()

    def emit(event: events.Event) -> None:
        emitted.events.append(event)
        watch(event)
        if isinstance(event, events.StepLogged) and event.step == stop_at:
            control.stop(interrupted=interrupt)

    training.train(config or small(), emit, control, emitted.run_id, on_unsaved=on_unsaved)
    return emitted


def resume(run: RunRecord) -> Emitted:
    """Resume a run."""
    emitted = Emitted(run.run_id)
    training.resume(run, emitted.events.append, Control())
    return emitted


def keep(run_id: str, config: RunConfig, name: str = "") -> None:
    """Store a finished run without training one."""
    figures = {METRIC: tuple(90.0 + index for index in range(len(config.replicas)))}
    specs = (accuracy_metric(METRIC, "validation accuracy", "accuracy"),)
    run_events = [
        RunStarted(run_id, config, specs, 20, 10, 40, 100, "cpu"),
        LogLine(run_id, "all is well"),
        EpochEnded(run_id, 1, 10, {}, 1.0, 1.0, figures),
        RunFinished(run_id, 20, {}, 2.0, figures),
    ]
    connection, _ = connect(run_database())
    with transaction(connection):
        insert_run(connection, run_id, config, name or run_id[-6:], 3.0)
        EventWriter(run_id, config).write(connection, run_events)
    connection.close()


def damage(path: Path, *statements: str) -> None:
    """Run SQL that no version of this program would; the tables' checks are off."""
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("PRAGMA ignore_check_constraints = ON")
    for statement in statements:
        connection.execute(statement)
    connection.close()
