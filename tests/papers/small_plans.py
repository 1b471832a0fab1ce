"""Plans whose networks are trained in a moment, and what comes of training them."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from rnn_tui.archive.run_record import RunRecord
from rnn_tui.archive.store import RunStore
from rnn_tui.engine import events
from rnn_tui.engine.config import RunConfig
from rnn_tui.engine.events import Control
from rnn_tui.engine.tables import cells_of
from rnn_tui.papers.columns import columns_of
from rnn_tui.papers.inventory import take_inventory
from rnn_tui.papers.plan import Plan
from rnn_tui.papers.rows import Results, Row, results
from rnn_tui.papers.running import Standing, train_missing
from rnn_tui.papers.shipped import paper_named

COURSE = paper_named()
SMALL = {"epochs": 2, "batch_size": 10, "training_size": 40, "test_size": 20}
Kind = TypeVar("Kind", bound=events.Event)


def small_plan(
    seeds: int = 2, *, only: tuple[str, ...] = ("recall",), data: Path | None = None, **more: Any
) -> Plan:
    """A plan of the small tasks; of MNIST too, where `data` is a slice of it."""
    overrides: dict[str, Any] = {"recall": {**SMALL, **more}, "adder": {**SMALL, **more}}
    if data is not None:
        only = (*only, "mnist")
        overrides["mnist"] = {"epochs": 1, "hidden_size": 4, "data_dir": str(data)}
    return course_plan(seeds, 1, only=only, device="cpu", overrides=overrides)


def course_plan(seeds: int | None = None, mnist_seeds: int | None = None, **options: Any) -> Plan:
    """A plan of the course report."""
    task_seeds = {} if mnist_seeds is None else {"mnist": mnist_seeds}
    return Plan(COURSE, seeds, task_seeds, **options)


def config_of(plan: Plan, task: str, seed: int, **options: Any) -> RunConfig:
    """The settings of a run of a task's networks in a plan."""
    experiment = next(each for each in plan.experiments if each.task == task)
    return plan.config(experiment, seed, **options)


def cells(row: Row) -> tuple[str, ...]:
    """A row of the course report's table."""
    return cells_of(row, columns_of(COURSE))


@dataclass
class Rerun:
    """What training a plan emitted, and how it ended."""

    ending: Standing
    standings: list[Standing] = field(default_factory=list)
    events: list[events.Event] = field(default_factory=list)

    def of(self, kind: type[Kind]) -> list[Kind]:
        return [event for event in self.events if isinstance(event, kind)]


def train_plan(plan: Plan, *, stop_at: int | None = None) -> Rerun:
    """Rerun a plan; up to a step of its first run where `stop_at` says so."""
    control = Control()
    standings: list[Standing] = []
    emitted: list[events.Event] = []

    def emit(event: events.Event | Standing) -> None:
        if isinstance(event, Standing):
            standings.append(event)
            return
        emitted.append(event)
        if isinstance(event, events.StepLogged) and event.step == stop_at:
            control.stop()

    return Rerun(train_missing(plan, emit, control), standings, emitted)


def table(plan: Plan) -> Results:
    """The rows of a plan."""
    with RunStore() as store:
        return results(take_inventory(plan, store))


def runs() -> list[RunRecord]:
    """All runs, the oldest first."""
    with RunStore() as store:
        return store.runs()[::-1]
