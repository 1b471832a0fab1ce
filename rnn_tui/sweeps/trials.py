"""Provides a sweep's trials as runs to train.

The settings of a trial are from a grid, or chosen by Optuna, which gets the results of trials.
"""

import itertools
import json
from collections import defaultdict, deque
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from rnn_tui.archive.run_record import RunRecord
from rnn_tui.engine import events, waits
from rnn_tui.engine.errors import SettingError, StoreGoneError, UserError
from rnn_tui.engine.metrics import Figures, Spread, best_seeds
from rnn_tui.sweeps.jobs import Job
from rnn_tui.sweeps.places import require_package
from rnn_tui.sweeps.plan import TRIALS, Point, SweepPlan
from rnn_tui.sweeps.store import TRAINED_STATUSES, Sweep, SweepStore, Trial, new_run

if TYPE_CHECKING:
    from rnn_tui.sweeps.search import Search


LEAST_FOR_IMPORTANCE = 4  # trials


def require_extras(plan: SweepPlan) -> None:
    """Do nothing if the packages are installed that training a plan takes.

    Raises:
        ClusterError: if one is missing; it names the extra that has it.
    """
    require_package("distributed", "cluster")
    if plan.is_search:
        require_package("optuna", "search")


@dataclass(frozen=True)
class TrialEnded:
    """A trial is over, or was stopped."""

    number: int  #: from 0 on.
    point: Point  #: its settings.
    values: tuple[float, ...]  #: the metric of each seed.
    status: str  #: `finished`, `pruned`, `stopped` or `failed`.
    failure: str = ""  #: why a run of it failed, if one did.


@dataclass
class _OpenTrial:
    """A trial that is not over; its runs go by their ids."""

    number: int
    point: Point
    begun: set[str] = field(default_factory=set)  #: runs that were assigned.
    left: set[str] = field(default_factory=set)  #: runs that are not over.
    #: the metric of each run's seeds, by epoch, then by run.
    by_epoch: dict[int, dict[str, tuple[float, ...]]] = field(default_factory=dict)
    #: the last metric of each run's seeds, by run.
    last_values: dict[str, tuple[float, ...]] = field(default_factory=dict)
    pruned: bool = False
    stopped: bool = False
    failure: str = ""

    @property
    def values(self) -> tuple[float, ...]:
        """The metric of all seeds as last measured."""
        return _flat(self.last_values)

    @property
    def end_status(self) -> str:
        """The trial's status at its end, as in `TrialEnded`."""
        if self.pruned:
            return "pruned"
        if self.stopped:
            return "stopped"
        if self.failure or not self.values:
            return "failed"
        return "finished"


class Trials(AbstractContextManager["Trials"]):
    """The runs that a sweep lacks, a `JobSource`: interrupted ones first, then trial by trial.

    Only the thread that makes it may use it, except for `add`. If training ends by a `UserError`
    before a run was assigned, as without workers, the sweep is removed.
    """

    def __init__(self, sweep: Sweep, tell: Callable[[TrialEnded], object]) -> None:
        """Find the runs that a sweep lacks; `tell` is called with each trial that is over."""
        self.name = sweep.name
        self._tell = tell
        self._store = SweepStore()
        self._plan = sweep.plan
        self._jobs: deque[Job] = deque()
        self._open: dict[int, _OpenTrial] = {}  # trials by number
        self._trial_of: dict[str, int] = {}  # the number of a run's trial
        self._runs_to_stop: list[str] = []
        self._trials_wanted = sweep.plan.trials  # the trials of a search; changed by any thread
        self._adding = waits.Lock("the trials to come")
        self._chosen: tuple[int, Point] | None = None  # a trial that could not be stored yet
        self._begun_count = len(sweep.trials)
        last_number = max((trial.number for trial in sweep.trials), default=-1)
        self._numbers = itertools.count(last_number + 1)
        begun_points = {json.dumps(trial.point) for trial in sweep.trials}
        self._grid_points = (
            point for point in self._plan.points() if json.dumps(point) not in begun_points
        )
        self._search = self._resumed_search(sweep.trials) if self._plan.is_search else None
        for trial in sweep.trials:
            if not trial.is_over or trial.has_failed:
                if self._search is not None:
                    self._search.ask(trial.number, trial.point)
                self._queue(trial.number, trial.point, trial.runs)

    def __exit__(self, _kind: object, error: BaseException | None, _traceback: object) -> None:
        with self._store:
            if isinstance(error, UserError) and not isinstance(error, StoreGoneError):
                self._store.remove_unbegun(self.name)

    def _resumed_search(self, trials: Sequence[Trial]) -> "Search":
        """Return a search that knows what the trials that are over came to."""
        require_package("optuna", "search")
        from rnn_tui.sweeps.search import Search

        ended = [trial for trial in trials if trial.is_over and not trial.has_failed]
        return Search(self._plan, [(trial, self._means_by_epoch(trial)) for trial in ended])

    def _means_by_epoch(self, trial: Trial) -> dict[int, float]:
        """Return the mean of a trial's metric over seeds after each epoch.

        Empty if nothing prunes.
        """
        if not self._plan.prune:
            return {}
        values = defaultdict[int, list[float]](list)
        for run in trial.runs:
            for logged in self._store.logged_values(run.run_id, "epoch"):
                figure = logged.figures.get(self._plan.metric)
                if logged.epoch and figure is not None:
                    values[logged.epoch] += best_seeds(run.config, figure, self._plan.maximise)
        return {epoch: Spread(tuple(seeds)).mean for epoch, seeds in values.items() if seeds}

    def _queue(self, number: int, point: Point, runs: Sequence[RunRecord] = ()) -> None:
        """Queue the runs that a trial lacks.

        Args:
            number: the trial's.
            point: its settings.
            runs: those of its runs that the store has.

        Raises:
            SettingError: if the settings do not go together.
            StoreError: if new runs can't be stored.
        """
        stored = {run.config.seed: run for run in runs}
        new = {
            config.seed: new_run(config)
            for config in self._plan.configs(point)
            if config.seed not in stored
        }
        self._store.add_runs(self.name, number, point, new.values())
        trial = _OpenTrial(number, point)
        self._open[number] = trial
        for _, run in sorted({**stored, **new}.items()):
            if run.status not in TRAINED_STATUSES:
                trial.left.add(run.run_id)
                self._trial_of[run.run_id] = number
                self._jobs.append(Job(run.run_id, run.config, run.name))

    def next_job(self) -> Job | None:
        """Return the next run to train; None if there is none now."""
        if self._trials_wanted > self._plan.trials:
            plan = replace(self._plan, trials=self._trials_wanted)
            self._store.change_plan(self.name, plan)
            self._plan = plan
        if not self._jobs and self._begun_count < self._plan.trial_count:
            self._begin_trial()
        if not self._jobs:
            return None
        job = self._jobs.popleft()
        self._open[self._trial_of[job.run_id]].begun.add(job.run_id)
        return job

    def _begin_trial(self) -> None:
        """Choose another trial, if there is one, and queue its runs.

        Raises:
            StoreError: if it can't be stored; then the next call queues the same trial.
        """
        self._chosen = self._chosen or self._choose()
        if self._chosen is None:
            return
        number, point = self._chosen
        try:
            self._queue(number, point)
        except SettingError as error:  # as a search may choose them
            self._close(_OpenTrial(number, point, failure=str(error)))
        self._chosen = None
        self._begun_count += 1

    def _choose(self) -> tuple[int, Point] | None:
        """Return the number and the settings of another trial; None if a grid has no more."""
        number = next(self._numbers)
        if self._search is not None:
            return number, self._search.ask(number)
        point = next(self._grid_points, None)
        return None if point is None else (number, point)

    @property
    def has_more(self) -> bool:
        """Whether `next_job` may have another later."""
        trial_count = max(self._plan.trial_count, self._trials_wanted)
        return bool(self._jobs) or self._begun_count < trial_count

    def add(self, trials: int) -> None:
        """Have a search try more; from any thread.

        Raises:
            SettingError: if there were too many then.
        """
        with self._adding:
            self._trials_wanted = TRIALS.check(self._trials_wanted + trials)

    def runs_to_stop(self) -> Sequence[str]:
        """Return the runs of newly pruned trials, which are to be stopped; each run only once."""
        runs = self._runs_to_stop
        self._runs_to_stop = []
        return runs

    def handle_event(self, job: Job, event: events.Event) -> None:
        """Learn from an event of a run."""
        trial = self._open.get(self._trial_of.get(job.run_id, -1))
        if trial is None:
            return
        match event:
            case events.EpochEnded():
                self._measure(trial, job, event)
            case events.RunFinished():
                run = self._store.get(job.run_id)
                if run is not None:
                    trial.last_values[job.run_id] = self._store.last_values(run, self._plan)
                self._end_run(trial, job)
            case events.RunFailed():
                trial.last_values.pop(job.run_id, None)
                trial.failure = event.message
                self._end_run(trial, job)
            case events.RunStopped():
                trial.stopped = True
                self._end_run(trial, job)

    def _measure(self, trial: _OpenTrial, job: Job, event: events.EpochEnded) -> None:
        """Store a run's metric after an epoch; prune the trial if it is worse than others."""
        figures: Figures = {**event.metrics, **event.replicas}
        if self._plan.metric not in figures:
            return
        values = best_seeds(job.config, figures[self._plan.metric], self._plan.maximise)
        by_run = trial.by_epoch.setdefault(event.epoch, {})
        by_run[job.run_id] = values
        trial.last_values[job.run_id] = values
        all_measured = trial.begun <= by_run.keys()
        if self._search is None or trial.pruned or not all_measured:
            return
        mean = Spread(_flat(by_run)).mean
        behind = self._search.report(trial.number, event.epoch, mean)
        if behind and event.epoch < job.config.epochs:  # after the last epoch nothing is saved
            self._prune(trial)

    def _prune(self, trial: _OpenTrial) -> None:
        """Stop a trial: drop its runs that wait, and have those in training stopped."""
        trial.pruned = True
        self._store.set_pruned(self.name, trial.number)
        waiting = {job.run_id for job in self._jobs} & trial.left
        self._jobs = deque(job for job in self._jobs if job.run_id not in waiting)
        trial.left -= waiting
        self._runs_to_stop += trial.left

    def _end_run(self, trial: _OpenTrial, job: Job) -> None:
        trial.left.discard(job.run_id)
        if not trial.left:
            self._close(trial)

    def _close(self, trial: _OpenTrial) -> None:
        """Close a trial that is over; report it to the search and the listener."""
        self._open.pop(trial.number, None)
        values = trial.values
        if self._search is not None and (trial.pruned or not trial.stopped):
            mean = Spread(values).mean if values else None
            self._search.tell(trial.number, mean, trial.pruned)
        self._tell(TrialEnded(trial.number, trial.point, values, trial.end_status, trial.failure))


def _flat(values_by_run: Mapping[str, Sequence[float]]) -> tuple[float, ...]:
    """Return the values of all runs, one after another."""
    return tuple(itertools.chain.from_iterable(values_by_run.values()))


def importance(plan: SweepPlan, trials: Sequence[Trial]) -> dict[str, float]:
    """Return the importance of each setting for the metric, by PED-ANOVA.

    Watanabe et al., PED-ANOVA: Efficiently Quantifying Hyperparameter Importance in Arbitrary
    Subspaces, 2023, https://arxiv.org/abs/2304.10255.

    Returns:
        By setting, shares that sum to 1, the largest first; empty for fewer than four trials with
        a value, or if all have the same.

    Raises:
        ClusterError: without Optuna, which computes it.
    """
    require_package("optuna", "search")
    comparable = [trial for trial in trials if trial.is_comparable]
    means = {trial.spread.mean for trial in comparable if trial.spread is not None}
    if len(comparable) < LEAST_FOR_IMPORTANCE or len(means) < 2:
        return {}
    from rnn_tui.sweeps.search import importance_of

    return importance_of(plan, comparable)
