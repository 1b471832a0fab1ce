"""Estimates how long it takes here to train what a plan lacks, run by run."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from rnn_tui.archive.cost import measured_seconds
from rnn_tui.archive.store import RunStore
from rnn_tui.archive.words import NOTHING
from rnn_tui.engine.pace import roughly
from rnn_tui.engine.tables import Column, document_of
from rnn_tui.papers.inventory import take_inventory
from rnn_tui.papers.plan import Plan
from rnn_tui.papers.run_times import RunTimes
from rnn_tui.papers.schedule import planned_runs


@dataclass(frozen=True)
class RunEstimate:
    """What a run would train, and how long that takes."""

    label: str
    networks: int
    seconds: float | None  #: None if that is not known.


#: the fields of its document.
ESTIMATE_COLUMNS: tuple[Column[RunEstimate], ...] = (
    Column("label", lambda run: run.label, name="run"),  #: in words.
    #: number of its networks.
    Column("networks", lambda run: run.networks, lambda run: f"{run.networks:,}", right=True),
    Column(
        "seconds",  #: how long it takes here; null if unknown.
        lambda run: run.seconds,
        lambda run: NOTHING if run.seconds is None else roughly(run.seconds),
        name="time here",
    ),
)


@dataclass(frozen=True)
class Estimate:
    """How long the runs take that a plan lacks, one after another on this machine."""

    networks: int  #: of the plan.
    runs: tuple[RunEstimate, ...]  #: those that are missing.

    @property
    def missing(self) -> int:
        """The number of networks that are to be trained."""
        return sum(run.networks for run in self.runs)

    @property
    def seconds(self) -> float | None:
        """The time of all; None if that of one is not known."""
        total = 0.0
        for run in self.runs:
            if run.seconds is None:
                return None
            total += run.seconds
        return total

    def to_dict(self) -> dict[str, Any]:
        """Return a JSON-ready form."""
        return {
            "networks": self.networks,  #: networks that are asked for, seeds counted.
            "missing": self.missing,  #: how many of them are not trained yet.
            "seconds": self.seconds,  #: how long those take that are missing; null if unknown.
            #: the runs that are missing.
            "runs": [document_of(run, ESTIMATE_COLUMNS) for run in self.runs],
        }


def estimate(
    plan: Plan, store: RunStore | None, begin: Callable[[str, int, int], object]
) -> Estimate:
    """Estimate the missing runs, from earlier ones of their kind, else from a few steps.

    It takes about a second for each kind of run that was never trained or measured here.

    Args:
        plan: what is wanted.
        store: has the runs that were trained, if there is one yet.
        begin: called before each run with its label, how many there were, and of how many.

    Raises:
        StoreError: if the store can't be read.
    """
    inventory = take_inventory(plan, store)
    times = RunTimes(inventory.finished, measured_seconds)
    missing = planned_runs(inventory)
    runs = []
    for number, planned in enumerate(missing):
        begin(planned.label, number, len(missing))
        seconds = times.seconds(planned.config)
        if seconds is not None:
            seconds *= 1 - planned.progress
        runs.append(RunEstimate(planned.label, len(planned.networks), seconds))
    return Estimate(len(plan.networks), tuple(runs))
