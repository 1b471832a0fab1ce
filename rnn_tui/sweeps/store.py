"""Stores sweeps beside their runs, and derives the state of a sweep from its runs."""

import itertools
import json
import math
import sqlite3
import time
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from operator import itemgetter
from typing import Any

from rnn_tui.archive.columns import INVALID_VALUE
from rnn_tui.archive.database import transaction
from rnn_tui.archive.database_rows import insert_run
from rnn_tui.archive.locks import is_held, lock_of_sweep
from rnn_tui.archive.logged_values import value_of
from rnn_tui.archive.run_record import RunRecord
from rnn_tui.archive.store import RunStore
from rnn_tui.archive.words import NOTHING, automatic_name, value_in_words
from rnn_tui.engine.config import RunConfig
from rnn_tui.engine.errors import SafeText, StoreError, printable
from rnn_tui.engine.events import new_run_id
from rnn_tui.engine.metrics import Spread, best_seeds
from rnn_tui.engine.state import Status
from rnn_tui.engine.suggestions import did_you_mean
from rnn_tui.sweeps.plan import Point, SweepPlan

# Statuses of runs that are over: a sweep that is resumed trains the failed ones again.
TRAINED_STATUSES = (Status.FINISHED, Status.DAMAGED)
END_STATUSES = (*TRAINED_STATUSES, Status.FAILED)
# A trial has the first of these that one of its runs has.
STATUS_ORDER = (
    Status.TRAINING,
    Status.PAUSED,
    Status.LOADING,
    Status.INTERRUPTED,
    Status.STOPPED,
    Status.FAILED,
)


@dataclass(frozen=True)
class Trial:
    """A choice of the settings that a sweep varies, with its runs and their results."""

    number: int  #: its number in the sweep, from 0.
    point: Point  #: the values of the settings that vary, by name.
    runs: tuple[RunRecord, ...]  #: its runs that are in the database, in the order of the seeds.
    run_count: int  #: how many runs it will have.
    pruned: bool  #: whether it was stopped early, because it was worse than others.
    values: tuple[float, ...]  #: the metric of each seed as last measured.

    @property
    def status(self) -> str:
        """`pruned`, or the status of its runs; with several, the first in `STATUS_ORDER`."""
        if self.pruned:
            return "pruned"
        statuses = {run.status for run in self.runs}
        if len(self.runs) < self.run_count:
            statuses.add(Status.LOADING)
        for status in STATUS_ORDER:
            if status in statuses:
                return str(status)
        return str(Status.FINISHED)

    @property
    def is_over(self) -> bool:
        """Whether the trial has ended, also by failing or by being pruned."""
        if self.pruned:
            return True
        is_complete = len(self.runs) == self.run_count
        return is_complete and all(run.status in END_STATUSES for run in self.runs)

    @property
    def has_failed(self) -> bool:
        """Whether one of its runs failed; resuming the sweep tries that run again."""
        return self.is_over and not self.pruned and self.status == Status.FAILED

    @cached_property
    def spread(self) -> Spread | None:
        """The spread of the metric over seeds; None before any seed has a value."""
        return Spread(self.values) if self.values else None

    @property
    def is_comparable(self) -> bool:
        """Whether the trial was trained to its end and has a value."""
        return self.is_over and not self.pruned and self.spread is not None


@dataclass(frozen=True)
class Sweep:
    """A sweep, with the trials that have begun so far."""

    name: str
    created: float  #: when it was created, in seconds since 1970.
    plan: SweepPlan
    running: bool  #: whether some process is training its runs.
    trials: tuple[Trial, ...] = ()  #: the trials that have begun, in the order of their numbers.

    @property
    def done_count(self) -> int:
        """The number of trials that are over and did not fail."""
        return sum(trial.is_over and not trial.has_failed for trial in self.trials)

    @property
    def failed_count(self) -> int:
        """The number of trials that have failed."""
        return sum(trial.has_failed for trial in self.trials)

    @property
    def status(self) -> str:
        """The sweep's status: `running`, `finished`, `failed` or `interrupted`.

        A sweep that is not running is interrupted if trials are missing. Otherwise it is failed if
        one of them failed.
        """
        if self.running:
            return "running"
        if self.done_count >= self.plan.trial_count:
            return "finished"
        if self.done_count + self.failed_count >= self.plan.trial_count:
            return "failed"
        return "interrupted"

    @property
    def best(self) -> Trial | None:
        """The trial with the best mean over seeds, of those that are over and were not pruned."""
        comparable = [trial for trial in self.trials if trial.is_comparable]
        return min(comparable, key=self.rank, default=None)

    def rank(self, trial: Trial) -> float:
        """Return a sorting key: the best trial comes first, trials without a value last."""
        if trial.spread is None or math.isnan(trial.spread.mean):
            return math.inf
        mean = trial.spread.mean
        return -mean if self.plan.maximise else mean


def new_run(config: RunConfig) -> RunRecord:
    """Return the record of a run that is to be trained, with an automatic name."""
    now = time.time()
    name = printable(automatic_name(config))
    return RunRecord(new_run_id(), name, config, Status.LOADING, now, now)


class SweepStore(RunStore):
    """The store of runs, with the sweeps in it."""

    def add_sweep(self, name: str, plan: SweepPlan) -> Sweep:
        """Store a new sweep.

        Args:
            name: its name; empty for the name of its task and a number.
            plan: the runs that it trains.

        Raises:
            StoreError: if there is already a sweep of this name.
        """
        taken = set(self.sweep_names())
        if name in taken:
            raise StoreError(
                f"There is a sweep “{name}” already; choose another name, or resume it."
            )
        name = name or _free_name(plan.task, taken)
        created = time.time()
        self._execute(
            "INSERT INTO sweeps VALUES (?, ?, ?)", name, created, json.dumps(plan.to_dict())
        )
        return Sweep(name, created, plan, running=False)

    def remove_unbegun(self, name: str) -> None:
        """Remove a sweep if none of its runs was ever assigned."""
        self._execute(
            "DELETE FROM sweeps WHERE name = ? AND name NOT IN (SELECT sweep FROM trials)", name
        )

    def change_plan(self, name: str, plan: SweepPlan) -> None:
        """Replace the plan of a sweep, such as by one with more trials."""
        self._execute("UPDATE sweeps SET plan = ? WHERE name = ?", json.dumps(plan.to_dict()), name)

    def sweep_names(self) -> list[SafeText]:
        """Return the names of all sweeps, the newest first."""
        rows = self._execute("SELECT name FROM sweeps ORDER BY created DESC")
        return [printable(row["name"]) for row in rows]

    def sweeps(self, warn: Callable[[str], object]) -> list[Sweep]:
        """Read all sweeps, the newest first.

        Args:
            warn: called with a sentence for each damaged sweep, which is left out.
        """
        sweeps: list[Sweep] = []
        for name in self.sweep_names():
            try:
                sweeps.append(self.sweep(name))
            except StoreError as error:
                warn(str(error))
        return sweeps

    def sweep(self, name: str) -> Sweep:
        """Read a sweep with its trials.

        Raises:
            StoreError: if there is no sweep of this name, or its rows are damaged.
        """
        rows = self._execute("SELECT created, plan FROM sweeps WHERE name = ?", name)
        if not rows:
            names = self.sweep_names()
            newest = ", ".join(names[:3]) or "none yet"
            raise StoreError(
                f"There is no sweep “{printable(name)}”{did_you_mean(name, names)}; there is "
                f"{newest} (rnn-tui sweep list shows all)."
            )
        try:
            plan = SweepPlan(**json.loads(rows[0]["plan"]))
            created = float(rows[0]["created"])
            trials = self._trials(name, plan)
        except INVALID_VALUE as error:
            raise StoreError(
                f"The sweep “{printable(name)}” is damaged in the database ({printable(error)})."
            ) from error
        running = bool(is_held(lock_of_sweep(name)))
        return Sweep(name, created, plan, running, trials)

    def add_runs(self, sweep: str, trial: int, point: Point, runs: Iterable[RunRecord]) -> None:
        """Store the runs of a trial before they begin, either all of them or none."""
        with self._explaining(), transaction(self._connection):
            for run in runs:
                insert_run(self._connection, run.run_id, run.config, run.name, run.created)
                self._connection.execute(
                    "INSERT OR IGNORE INTO trials VALUES (?, ?, ?, ?, 0)",
                    (run.run_id, sweep, trial, json.dumps(point)),
                )

    def add_to_group(self, run_id: str, group: str) -> None:
        """Store that a run belongs to a group that is no sweep, such as a rerun of the report."""
        self._execute(
            "INSERT OR IGNORE INTO trials SELECT id, ?, 0, '{}', 0 FROM runs WHERE id = ?",
            group,
            run_id,
        )

    def set_pruned(self, sweep: str, trial: int) -> None:
        """Store that a trial was pruned."""
        self._execute("UPDATE trials SET pruned = 1 WHERE sweep = ? AND number = ?", sweep, trial)

    def last_values(self, run: RunRecord, plan: SweepPlan) -> tuple[float, ...]:
        """Return the last value of a sweep's metric for each seed of a run; empty before any."""
        kind = {"val": "epoch", "test": "test"}.get(plan.metric_definition.stage, "step")
        query = (
            "SELECT value, replicas FROM points WHERE run_id = ? AND kind = ? AND metric = ? "
            "ORDER BY step DESC LIMIT 1"
        )
        rows = self._execute(query, run.run_id, kind, plan.metric)
        if not rows:
            return ()
        with self._explaining(run.run_id):
            value = value_of(rows[0]["value"], rows[0]["replicas"])
            return best_seeds(run.config, value, plan.maximise)

    def _trials(self, name: str, plan: SweepPlan) -> tuple[Trial, ...]:
        """Read the trials of a sweep that have begun.

        Raises:
            Exception: one of `INVALID_VALUE`, if a row is damaged.
        """
        where = (
            "WHERE deleted IS NULL AND id IN (SELECT run_id FROM trials WHERE sweep = ?) ORDER "
            "BY created, id"
        )
        runs = {run.run_id: run for run in self._records(where, name)}
        rows = self._execute(
            "SELECT run_id, number, point, pruned FROM trials WHERE sweep = ? ORDER BY number", name
        )
        return tuple(
            self._trial(number, list(rows_of_trial), runs, plan)
            for number, rows_of_trial in itertools.groupby(rows, itemgetter("number"))
        )

    def _trial(
        self, number: int, rows: list[sqlite3.Row], runs: Mapping[str, RunRecord], plan: SweepPlan
    ) -> Trial:
        """Make a trial from its rows, one for each run.

        Args:
            number: the number of the trial.
            rows: its rows in the table of trials.
            runs: the runs of the sweep by id, without deleted ones.
            plan: the plan of the sweep.
        """
        point = json.loads(rows[0]["point"])
        if not isinstance(point, dict):
            raise TypeError(f"trial {number} has no settings")
        existing_runs = [runs[row["run_id"]] for row in rows if row["run_id"] in runs]
        by_seed = sorted(existing_runs, key=lambda run: run.config.seed)
        values: list[float] = []
        for run in by_seed:
            values += self.last_values(run, plan)
        return Trial(
            number,
            point,
            tuple(by_seed),
            plan.runs_per_trial,
            pruned=any(row["pruned"] for row in rows),
            values=tuple(values),
        )


def _free_name(task: str, taken: Collection[str]) -> str:
    """Return the first of `TASK-1`, `TASK-2`, … that is not the name of a sweep."""
    for number in itertools.count(1):
        name = f"{task}-{number}"
        if name not in taken:
            break
    return name


def format_setting(value: Any) -> str:
    """Format the value of a setting, for the app and the command line."""
    return value_in_words(value, ".4g", "-")


def format_spread(plan: SweepPlan, values: Sequence[float]) -> str:
    """Format a sweep's metric over the seeds of a trial, such as `98.70 ± 0.12`."""
    if not values:
        return NOTHING
    return plan.metric_definition.format_spread(Spread(tuple(values)))
