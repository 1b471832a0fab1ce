"""The sweeps that the store of runs has, and how far each is, by what their runs came to."""

import itertools
import json
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from operator import itemgetter
from typing import Any

from rnn_tui.engine.config import RunConfig
from rnn_tui.engine.errors import SafeText, StoreError, printable
from rnn_tui.engine.events import new_run_id
from rnn_tui.engine.metrics import Spread, best_seeds
from rnn_tui.engine.state import Status
from rnn_tui.runs.columns import INVALID_VALUE
from rnn_tui.runs.database import transaction
from rnn_tui.runs.database_rows import insert_run
from rnn_tui.runs.locks import is_held, lock_of_sweep
from rnn_tui.runs.logged_values import value_of
from rnn_tui.runs.run_record import RunRecord
from rnn_tui.runs.store import RunStore
from rnn_tui.runs.words import NOTHING, automatic_name, value_in_words
from rnn_tui.sweeps.plan import Point, SweepPlan

# of runs that a sweep that goes on does not train again
TRAINED_STATUSES = (Status.FINISHED, Status.DAMAGED)
# of runs that have come to an end
END_STATUSES = (*TRAINED_STATUSES, Status.FAILED)


@dataclass(frozen=True)
class Trial:
    """A choice of settings, and what its runs came to."""

    number: int  #: from 0 on.
    point: Point  #: the settings that vary, by name.
    runs: tuple[RunRecord, ...]  #: in the order of the seeds.
    run_count: int  #: how many runs it is to have.
    pruned: bool  #: whether it was stopped since it fell behind.
    values: tuple[float, ...]  #: the metric of each seed as last measured.

    @property
    def status(self) -> str:
        """Where it stands: `pruned`, or as its runs are."""
        found = {run.status for run in self.runs}
        if self.pruned:
            return "pruned"
        if len(self.runs) < self.run_count:
            found.add(Status.LOADING)
        order = (
            Status.TRAINING,
            Status.PAUSED,
            Status.LOADING,
            Status.INTERRUPTED,
            Status.STOPPED,
            Status.FAILED,
        )
        return str(next((status for status in order if status in found), Status.FINISHED))

    @property
    def is_over(self) -> bool:
        """Whether it has come to an end, be it that it failed."""
        return self.pruned or (
            len(self.runs) == self.run_count
            and all(run.status in END_STATUSES for run in self.runs)
        )

    @property
    def has_failed(self) -> bool:
        """Whether a run of it failed, which is tried again where the sweep goes on."""
        return self.is_over and not self.pruned and self.status == Status.FAILED

    @cached_property
    def spread(self) -> Spread | None:
        """The metric over seeds; None before it is known of any."""
        return Spread(self.values) if self.values else None


@dataclass(frozen=True)
class Sweep:
    """A sweep, as far as it is."""

    name: str
    created: float  #: when it began, in seconds since 1970.
    plan: SweepPlan
    running: bool  #: whether some process trains its runs now.
    trials: tuple[Trial, ...] = ()  #: those that have begun, in their order.

    @property
    def done_count(self) -> int:
        """How many trials are over, and did not fail."""
        return sum(trial.is_over and not trial.has_failed for trial in self.trials)

    @property
    def failed_count(self) -> int:
        """How many trials have failed."""
        return sum(trial.has_failed for trial in self.trials)

    @property
    def status(self) -> str:
        """`running`; `finished`; `failed`, where some trials did; `interrupted`, where some are
        lacking.
        """
        if self.running:
            return "running"
        if self.done_count >= self.plan.trial_count:
            return "finished"
        return (
            "failed"
            if self.done_count + self.failed_count >= self.plan.trial_count
            else "interrupted"
        )

    @property
    def best(self) -> Trial | None:
        """The trial with the best mean over seeds, of those that are over and were not pruned."""
        ended = [
            trial
            for trial in self.trials
            if trial.is_over and not trial.pruned and trial.spread is not None
        ]
        return min(ended, key=self.rank, default=None)

    def rank(self, trial: Trial) -> float:
        """For sorting: the best first, those without a value last."""
        if trial.spread is None or trial.spread.mean != trial.spread.mean:
            return float("inf")
        return -trial.spread.mean if self.plan.maximise else trial.spread.mean


def new_run(config: RunConfig) -> RunRecord:
    """A run that is to be trained, called by what distinguishes it."""
    now = time.time()
    return RunRecord(
        new_run_id(), printable(automatic_name(config)), config, Status.LOADING, now, now
    )


class SweepStore(RunStore):
    """The store of runs, with what it has of sweeps."""

    def add_sweep(self, name: str, plan: SweepPlan) -> Sweep:
        """Store a new sweep.

        Args:
            name: what to call it; empty for its task and a number.
            plan: what it trains.

        Raises:
            StoreError: if there is a sweep of that name.
        """
        taken = set(self.sweep_names())
        if name in taken:
            raise StoreError(
                f"There is a sweep “{name}” already; choose another name, or resume it."
            )
        if not name:
            names = (f"{plan.task}-{number}" for number in itertools.count(1))
            name = next(free for free in names if free not in taken)
        created = time.time()
        self._execute(
            "INSERT INTO sweeps VALUES (?, ?, ?)", name, created, json.dumps(plan.to_dict())
        )
        return Sweep(name, created, plan, running=False)

    def remove_unbegun(self, name: str) -> None:
        """Remove a sweep of which no run was ever handed out."""
        self._execute(
            "DELETE FROM sweeps WHERE name = ? AND name NOT IN (SELECT sweep FROM trials)", name
        )

    def change_plan(self, name: str, plan: SweepPlan) -> None:
        """Keep another plan for a sweep, as one with more trials."""
        self._execute("UPDATE sweeps SET plan = ? WHERE name = ?", json.dumps(plan.to_dict()), name)

    def sweep_names(self) -> list[SafeText]:
        """The names of all sweeps, the newest first."""
        return [
            printable(row[0])
            for row in self._execute("SELECT name FROM sweeps ORDER BY created DESC")
        ]

    def sweeps(self, warn: Callable[[str], object]) -> list[Sweep]:
        """All sweeps, the newest first.

        A damaged one is left out; `warn` is told of it in a sentence.
        """
        sweeps: list[Sweep] = []
        for name in self.sweep_names():
            try:
                sweeps.append(self.sweep(name))
            except StoreError as error:
                warn(str(error))
        return sweeps

    def sweep(self, name: str) -> Sweep:
        """A sweep with its trials; raises StoreError if there is none of that name, or what is kept
        of it is damaged.
        """
        rows = self._execute("SELECT created, plan FROM sweeps WHERE name = ?", name)
        if not rows:
            known = ", ".join(self.sweep_names()[:3]) or "none yet"
            raise StoreError(
                f"There is no sweep “{printable(name)}”; there is {known} (rnn-tui sweep list "
                "tells all)."
            )
        try:
            plan, created = SweepPlan(**json.loads(rows[0]["plan"])), float(rows[0]["created"])
            trials = self._trials(name, plan)
        except INVALID_VALUE as error:
            raise StoreError(
                f"What is kept of the sweep “{printable(name)}” is damaged ({printable(error)})."
            ) from error
        return Sweep(name, created, plan, bool(is_held(lock_of_sweep(name))), trials)

    def add_runs(self, sweep: str, trial: int, point: Point, runs: Iterable[RunRecord]) -> None:
        """Keep the runs that a trial is to have, all or none, before they begin."""
        with self._explaining(), transaction(self._connection):
            for run in runs:
                insert_run(self._connection, run.run_id, run.config, run.name, run.created)
                words = (run.run_id, sweep, trial, json.dumps(point))
                self._connection.execute(
                    "INSERT OR IGNORE INTO trials VALUES (?, ?, ?, ?, 0)", words
                )

    def set_pruned(self, sweep: str, trial: int) -> None:
        """Keep that a trial was stopped since it fell behind."""
        self._execute("UPDATE trials SET pruned = 1 WHERE sweep = ? AND number = ?", sweep, trial)

    def _trials(self, name: str, plan: SweepPlan) -> tuple[Trial, ...]:
        where = (
            "WHERE deleted IS NULL AND id IN (SELECT run_id FROM trials WHERE sweep = ?) ORDER "
            "BY created, id"
        )
        runs = {run.run_id: run for run in self._records(where, name)}
        rows = self._execute(
            "SELECT run_id, number, point, pruned FROM trials WHERE sweep = ? ORDER BY number", name
        )
        trials = []
        for number, group in itertools.groupby(rows, itemgetter("number")):
            some = list(group)
            mine = sorted(
                (runs[row["run_id"]] for row in some if row["run_id"] in runs),
                key=lambda run: run.config.seed,
            )
            point = json.loads(some[0]["point"])
            if not isinstance(point, dict):
                raise TypeError(f"trial {number} has no settings")
            values = tuple(value for run in mine for value in self.measured(run, plan))
            trials.append(
                Trial(
                    number,
                    point,
                    tuple(mine),
                    plan.runs_per_trial,
                    any(row["pruned"] for row in some),
                    values,
                )
            )
        return tuple(trials)

    def measured(self, run: RunRecord, plan: SweepPlan) -> tuple[float, ...]:
        """A sweep's metric of a run as last measured, of each of its seeds; none before it was."""
        kind = {"val": "epoch", "test": "test"}.get(plan.metric_definition.stage, "step")
        query = (
            "SELECT value, replicas FROM points WHERE run_id = ? AND kind = ? AND metric = ? "
            "ORDER BY step DESC LIMIT 1"
        )
        rows = self._execute(query, run.run_id, kind, plan.metric)
        with self._explaining(run.run_id):
            return (
                best_seeds(
                    run.config, value_of(rows[0]["value"], rows[0]["replicas"]), plan.maximise
                )
                if rows
                else ()
            )


def format_setting(value: Any) -> str:
    """A setting's value, in the app and on the command line."""
    return value_in_words(value, ".4g", "-")


def format_spread(plan: SweepPlan, values: Sequence[float]) -> str:
    """A sweep's metric over the seeds of a trial."""
    if not values:
        return NOTHING
    spread, form = Spread(tuple(values)), plan.metric_definition.format
    return form(spread.mean) + ("" if spread.sd is None else f" ± {form(spread.sd)}")
