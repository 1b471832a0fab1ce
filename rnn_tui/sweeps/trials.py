"""A sweep's trials as runs to hand out: settings chosen by Optuna or of a grid, and what is learnt
of them.
"""

import itertools
import json
import math
import queue
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from rnn_tui.engine import events
from rnn_tui.engine.errors import SettingError, UserError
from rnn_tui.engine.metrics import Figures, Spread, best_seeds
from rnn_tui.runs.run_record import RunRecord
from rnn_tui.sweeps.jobs import END_EVENTS, Job
from rnn_tui.sweeps.places import require_package
from rnn_tui.sweeps.plan import Point, SweepPlan
from rnn_tui.sweeps.store import TRAINED_STATUSES, Sweep, SweepStore, Trial, new_run

if TYPE_CHECKING:
    from optuna.distributions import BaseDistribution
    from optuna.study import Study

# trials before which it chooses by chance, and prunes nothing: Optuna's usual numbers
FIRST_BY_CHANCE, FIRST_WHOLE = 10, 5


def require_extras(plan: SweepPlan) -> None:
    """A ClusterError where a package is missing that a plan's training takes, with the extra that
    has it.
    """
    require_package("distributed", "cluster")
    if plan.is_search:
        require_package("optuna", "search")


def _distributions(plan: SweepPlan) -> "dict[str, BaseDistribution]":
    from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution  # noqa: PLC0415

    found: dict[str, BaseDistribution] = {
        name: CategoricalDistribution(list(values)) for name, values in plan.grid.items()
    }
    for name, one in plan.ranges.items():
        whole = IntDistribution(int(one.low), int(one.high), log=one.log) if one.whole else None
        found[name] = whole or FloatDistribution(one.low, one.high, log=one.log)
    return found


def _study(plan: SweepPlan, known: int) -> "Study":
    """A study in memory; `known` trials come from elsewhere, so that chance goes on and does not
    begin again.
    """
    require_package("optuna", "search")
    import optuna  # noqa: PLC0415 - of the extra `search`

    optuna.logging.disable_default_handler()
    # Trials that are not over count as bad ones, so that those side by side are not alike.
    tpe = optuna.samplers.TPESampler(
        n_startup_trials=FIRST_BY_CHANCE, seed=known, constant_liar=True
    )
    sampler = tpe if plan.search == "tpe" else optuna.samplers.RandomSampler(seed=known)
    pruner = (
        optuna.pruners.MedianPruner(n_startup_trials=FIRST_WHOLE)
        if plan.prune
        else optuna.pruners.NopPruner()
    )
    return optuna.create_study(
        direction="maximize" if plan.maximise else "minimize", sampler=sampler, pruner=pruner
    )


def _add(study: "Study", plan: SweepPlan, trial: Trial, by_epoch: dict[int, float]) -> None:
    from optuna.trial import TrialState, create_trial  # noqa: PLC0415

    state, value = TrialState.FAIL, None
    if trial.is_over and trial.spread is not None:
        state, value = TrialState.PRUNED if trial.pruned else TrialState.COMPLETE, trial.spread.mean
    about: dict[str, Any] = {
        "params": trial.point,
        "distributions": _distributions(plan),
        "intermediate_values": by_epoch,
    }
    study.add_trial(create_trial(state=state, value=value, **about))


class Search:
    """A search in course, begun with the trials that are over, and by epoch their metric: asks for
    settings, learns of them.
    """

    def __init__(self, plan: SweepPlan, ended: Sequence[tuple[Trial, dict[int, float]]]) -> None:
        self._plan, self._study = plan, _study(plan, len(ended))
        self._asked: dict[int, Any] = {}
        for trial, by_epoch in ended:
            _add(self._study, plan, trial, by_epoch)

    def ask(self, number: int, point: Point | None = None) -> Point:
        """The settings of a trial; those given, of one that goes on."""
        if point is not None:
            self._study.enqueue_trial(point)
        self._asked[number] = trial = self._study.ask(_distributions(self._plan))
        return dict(trial.params)

    def report(self, number: int, epoch: int, value: float) -> bool:
        """Tell the metric after an epoch; returns whether the trial had better be stopped."""
        if not self._plan.prune:
            return False
        self._asked[number].report(value, epoch)
        return bool(self._asked[number].should_prune())

    def tell(self, number: int, value: float | None, pruned: bool) -> None:
        """Tell what a trial came to; None where it failed."""
        from optuna.trial import TrialState  # noqa: PLC0415

        state = (
            TrialState.PRUNED
            if pruned
            else TrialState.FAIL
            if value is None or math.isnan(value)
            else TrialState.COMPLETE
        )
        # What is pruned has told its last value.
        self._study.tell(
            self._asked.pop(number), value if state is TrialState.COMPLETE else None, state
        )


@dataclass(frozen=True)
class TrialEnded:
    """A trial is over, or was stopped."""

    number: int  #: from 0 on.
    point: Point  #: its settings.
    values: tuple[float, ...]  #: the metric of each seed.
    status: str  #: `finished`, `pruned`, `stopped` or `failed`.
    failure: str = ""  #: why a run of it failed, if one did.


@dataclass
class _Open:
    """A trial that is not over."""

    number: int
    point: Point
    begun: set[str] = field(default_factory=set)
    left: set[str] = field(default_factory=set)
    by_epoch: dict[int, dict[str, tuple[float, ...]]] = field(default_factory=dict)
    last: dict[str, tuple[float, ...]] = field(default_factory=dict)
    pruned: bool = False
    stopped: bool = False
    failure: str = ""


class Trials(AbstractContextManager["Trials"]):
    """The runs that a sweep lacks, interrupted ones first, then trial by trial.

    Only the thread that makes it may use it. Where training them can't even begin, the sweep goes.
    """

    def __init__(self, sweep: Sweep, tell: Callable[[TrialEnded], object]) -> None:
        self.name, self._store, self._tell = sweep.name, SweepStore(), tell
        self._plan = plan = sweep.plan
        self._jobs: deque[tuple[int, Job]] = deque()
        self._open: dict[int, _Open] = {}
        self._trial_of: dict[str, int] = {}
        self._unwanted: list[str] = []
        self._extra: queue.SimpleQueue[int] = queue.SimpleQueue()
        ended = [trial for trial in sweep.trials if trial.is_over and not trial.has_failed]
        self._search = (
            Search(plan, [(trial, self._by_epoch(trial)) for trial in ended])
            if plan.is_search
            else None
        )
        self._numbers = itertools.count(
            max((trial.number for trial in sweep.trials), default=-1) + 1
        )
        self._begun = len(sweep.trials)
        self._chosen: tuple[int, Point] | None = None  # a trial that could not be kept yet
        begun = {json.dumps(trial.point) for trial in sweep.trials}
        # of a grid
        self._points = (point for point in plan.points() if json.dumps(point) not in begun)
        for trial in sweep.trials:
            if not trial.is_over or trial.has_failed:
                if self._search is not None:
                    self._search.ask(trial.number, trial.point)
                self._queue(trial.number, trial.point, trial.runs)

    def __exit__(self, _kind: object, error: BaseException | None, _traceback: object) -> None:
        with self._store:
            if isinstance(error, UserError):  # as a rule that there are no workers
                self._store.remove_unbegun(self.name)

    def _by_epoch(self, trial: Trial) -> dict[int, float]:
        found: dict[int, list[float]] = {}
        for run in trial.runs if self._plan.prune else ():
            for moment in self._store.logged_values(run.run_id, "epoch"):
                if moment.epoch and self._plan.metric in moment.figures:
                    values = best_seeds(
                        run.config, moment.figures[self._plan.metric], self._plan.maximise
                    )
                    found.setdefault(moment.epoch, []).extend(values)
        return {epoch: Spread(tuple(values)).mean for epoch, values in found.items()}

    def _queue(self, number: int, point: Point, runs: Sequence[RunRecord] = ()) -> None:
        """Queue what a trial lacks, of which these runs are there; raises SettingError if its
        settings do not go together.
        """
        there = {run.config.seed: run for run in runs}
        new = {
            config.seed: new_run(config)
            for config in self._plan.configs(point)
            if config.seed not in there
        }
        self._store.add_runs(self.name, number, point, new.values())
        trial = self._open[number] = _Open(number, point)
        for _, run in sorted({**there, **new}.items()):
            if run.status not in TRAINED_STATUSES:
                trial.left.add(run.run_id)
                self._trial_of[run.run_id] = number
                self._jobs.append((number, Job(run.run_id, run.config, run.name)))

    def next_job(self) -> Job | None:
        """The next run to train; None where there is none now."""
        while not self._extra.empty():
            self._plan = replace(self._plan, trials=self._plan.trials + self._extra.get())
            self._store.change_plan(self.name, self._plan)
        if not self._jobs and self._begun < self._plan.trial_count:
            self._chosen = self._chosen or self._choose()
            if self._chosen is not None:
                self._begin(*self._chosen)
        if not self._jobs:
            return None
        number, job = self._jobs.popleft()
        self._open[number].begun.add(job.run_id)
        return job

    def _choose(self) -> tuple[int, Point] | None:
        """The number and the settings of another trial; None where a grid has no more."""
        number = next(self._numbers)
        point = self._search.ask(number) if self._search is not None else next(self._points, None)
        return None if point is None else (number, point)

    def _begin(self, number: int, point: Point) -> None:
        """Queue a new trial; a StoreError if it can't be kept, and then it is still chosen."""
        try:
            self._queue(number, point)
        except SettingError as error:  # as a search may choose them
            self._over(_Open(number, point, failure=str(error)))
        self._chosen = None
        self._begun += 1

    @property
    def has_more(self) -> bool:
        """Whether `next_job` may have another later."""
        return bool(self._jobs) or self._begun < self._plan.trial_count or not self._extra.empty()

    def add(self, trials: int) -> None:
        """Have a search try more; from any thread."""
        self._extra.put(trials)

    def handle_event(self, job: Job, event: events.Event) -> None:
        """Learn from an event of a run."""
        one = self._open.get(self._trial_of.get(job.run_id, -1))
        if one is None:
            return
        if isinstance(event, events.EpochEnded):
            figures: Figures = {**event.metrics, **event.replicas}
            if self._plan.metric in figures:
                self._measured(
                    one,
                    job,
                    event.epoch,
                    best_seeds(job.config, figures[self._plan.metric], self._plan.maximise),
                )
        elif isinstance(event, END_EVENTS):
            self._ended(one, job, event)

    def runs_to_stop(self) -> Sequence[str]:
        """Runs to stop now, since their trial fell behind."""
        unwanted, self._unwanted = self._unwanted, []
        return unwanted

    def _measured(self, one: _Open, job: Job, epoch: int, values: tuple[float, ...]) -> None:
        known = one.by_epoch.setdefault(epoch, {})
        known[job.run_id] = one.last[job.run_id] = values
        if self._search is None or one.pruned or not one.begun <= known.keys():
            return
        behind = self._search.report(one.number, epoch, Spread(_flat(known)).mean)
        if behind and epoch < job.config.epochs:  # at its end there is nothing left to save
            one.pruned = True
            self._store.set_pruned(self.name, one.number)
            waiting = {waiting.run_id for number, waiting in self._jobs if number == one.number}
            self._jobs = deque(both for both in self._jobs if both[0] != one.number)
            one.left -= waiting
            self._unwanted += one.left

    def _ended(self, one: _Open, job: Job, event: events.Event) -> None:
        one.left.discard(job.run_id)
        if isinstance(event, events.RunFinished):
            if (run := self._store.get(job.run_id)) is not None:
                one.last[job.run_id] = self._store.measured(run, self._plan)
        elif isinstance(event, events.RunFailed):
            one.last.pop(job.run_id, None)
            one.failure = event.message
        else:
            one.stopped = True
        if not one.left:
            self._over(one)

    def _over(self, one: _Open) -> None:
        self._open.pop(one.number, None)
        values = _flat(one.last)
        if self._search is not None and (one.pruned or not one.stopped):
            self._search.tell(one.number, Spread(values).mean if values else None, one.pruned)
        status = "failed" if one.failure or not values else "finished"
        if one.stopped:
            status = "stopped"
        if one.pruned:
            status = "pruned"
        self._tell(TrialEnded(one.number, one.point, values, status, one.failure))


def _flat(known: Mapping[str, Sequence[float]]) -> tuple[float, ...]:
    return tuple(itertools.chain.from_iterable(known.values()))


def importance(plan: SweepPlan, trials: Sequence[Trial]) -> dict[str, float]:
    """How much each setting matters, in shares that sum to 1, the largest first; empty for fewer
    than four trials.

    By PED-ANOVA (Watanabe et al., 2023, https://arxiv.org/abs/2304.10255); a ClusterError without
    Optuna, which has it.
    """
    ended = [
        trial for trial in trials if trial.is_over and not trial.pruned and trial.spread is not None
    ]
    study = _study(plan, 0)
    if len(ended) < 4 or len({trial.spread.mean for trial in ended if trial.spread}) < 2:
        return {}
    from optuna.importance import PedAnovaImportanceEvaluator, get_param_importances  # noqa: PLC0415

    for trial in ended:
        _add(study, plan, trial, {})
    return get_param_importances(study, evaluator=PedAnovaImportanceEvaluator())
