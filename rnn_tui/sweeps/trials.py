"""A sweep's trials as runs to hand out, and what is learnt of them as they are trained."""

import itertools
import json
import queue
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Self

from rnn_tui.engine import events
from rnn_tui.engine.config import RunConfig
from rnn_tui.engine.errors import SettingError, printable
from rnn_tui.engine.events import new_run_id
from rnn_tui.engine.metrics import Figures
from rnn_tui.engine.replicas import Spread
from rnn_tui.engine.state import Status
from rnn_tui.runs.records import RunRecord
from rnn_tui.runs.words import automatic_name
from rnn_tui.sweeps.jobs import Job
from rnn_tui.sweeps.kept import Sweep, SweepStore, Trial, of_seeds
from rnn_tui.sweeps.plan import Point, SweepPlan
from rnn_tui.sweeps.search import Search, needs_optuna

END = (events.RunFinished, events.RunStopped, events.RunFailed)


@dataclass(frozen=True)
class TrialEnded:
    """A trial is over, or was stopped."""

    number: int  #: from 0 on.
    point: Point  #: its settings.
    values: tuple[float, ...]  #: the metric of each seed.
    status: str  #: `finished`, `pruned`, `stopped` or `failed`.


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


class Trials:
    """The runs that a sweep lacks: those that were interrupted first, then one trial after another.

    It opens the store of runs in the thread that makes it, which is the only one to use it.
    """

    def __init__(self, name: str, tell: Callable[[TrialEnded], object]) -> None:
        self.name, self._store, self._tell = name, SweepStore(), tell
        sweep = self._store.sweep(name)
        self._plan = plan = sweep.plan
        self._jobs: deque[tuple[int, Job]] = deque()
        self._open: dict[int, _Open] = {}
        self._trial_of: dict[str, int] = {}
        self._unwanted: list[str] = []
        self._extra: queue.SimpleQueue[int] = queue.SimpleQueue()
        ended = [trial for trial in sweep.trials if trial.over]
        self._search = Search(plan, [(trial, self._by_epoch(trial)) for trial in ended]) if needs_optuna(plan) else None
        self._numbers = itertools.count(max((trial.number for trial in sweep.trials), default=-1) + 1)
        self._begun = len(sweep.trials)
        self._points = self._new_points(sweep)
        for trial in sweep.trials:
            if not trial.over:
                self._go_on(trial)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        self._store.close()

    def _new_points(self, sweep: Sweep) -> Iterator[Point]:
        """The combinations of a grid that have not begun."""
        begun = {json.dumps(trial.point) for trial in sweep.trials}
        return (point for point in sweep.plan.points() if json.dumps(point) not in begun)

    def _by_epoch(self, trial: Trial) -> Mapping[int, float]:
        found: dict[int, list[float]] = {}
        for run in trial.runs if self._plan.prune else ():
            for moment in self._store.moments(run.run_id, "epoch"):
                if moment.epoch and self._plan.metric in moment.figures:
                    found.setdefault(moment.epoch, []).extend(
                        of_seeds(run.config, moment.figures[self._plan.metric], self._plan)
                    )
        return {epoch: Spread(tuple(values)).mean for epoch, values in found.items()}

    def _go_on(self, trial: Trial) -> None:
        """Hand out what is left of a trial that has begun."""
        there = {run.config.seed: run for run in trial.runs}
        if self._search is not None:
            self._search.ask(trial.number, dict(trial.point))
        one = self._open[trial.number] = _Open(trial.number, dict(trial.point))
        for config in self._plan.configs(dict(trial.point)):
            run = there.get(config.seed)
            if run is None:
                self._add(one, dict(trial.point), config)
            elif run.status not in (Status.FINISHED, Status.FAILED, Status.DAMAGED):
                self._queue(one, Job(run.run_id, run.config, run.name))

    def next(self) -> Job | None:
        """The next run to train; None where there is none now."""
        self._take_extra()
        if not self._jobs and self._begun < self._plan.count:
            number = next(self._numbers)
            point = self._search.ask(number) if self._search is not None else next(self._points, None)
            if point is not None:
                self._begun += 1
                one = self._open[number] = _Open(number, point)
                try:
                    for config in self._plan.configs(point):
                        self._add(one, point, config)
                except SettingError:  # settings that do not go together, as a search may choose them
                    self._over(one)
        if not self._jobs:
            return None
        number, job = self._jobs.popleft()
        self._open[number].begun.add(job.run_id)
        return job

    @property
    def more(self) -> bool:
        """Whether `next` may have another later."""
        extra = self._search is not None and not self._extra.empty()
        return bool(self._jobs) or self._begun < self._plan.count or extra

    def add(self, trials: int) -> None:
        """Have a search try more; from any thread."""
        self._extra.put(trials)

    def _take_extra(self) -> None:
        while self._search is not None and not self._extra.empty():
            self._plan = SweepPlan(**{**self._plan.to_dict(), "trials": self._plan.trials + self._extra.get()})
            self._store.change_plan(self.name, self._plan)

    def take(self, job: Job, event: events.Event) -> None:
        """Learn from an event of a run."""
        one = self._open.get(self._trial_of.get(job.run_id, -1))
        if one is None:
            return
        if isinstance(event, events.EpochEnded):
            figures: Figures = {**event.metrics, **event.replicas}
            if self._plan.metric in figures:
                self._measured(one, job, event.epoch, of_seeds(job.config, figures[self._plan.metric], self._plan))
        elif isinstance(event, END):
            self._ended(one, job, event)

    def unwanted(self) -> Sequence[str]:
        """Runs to stop now, since their trial fell behind."""
        unwanted, self._unwanted = self._unwanted, []
        return unwanted

    def _measured(self, one: _Open, job: Job, epoch: int, values: tuple[float, ...]) -> None:
        known = one.by_epoch.setdefault(epoch, {})
        known[job.run_id] = one.last[job.run_id] = values
        if self._search is None or one.pruned or not one.begun <= known.keys():
            return
        behind = self._search.report(one.number, epoch, _mean(known))
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
            run = self._store.get(job.run_id)
            if run is not None:
                one.last[job.run_id] = self._store.measured(run, self._plan)
        elif isinstance(event, events.RunFailed):
            one.last.pop(job.run_id, None)
        else:
            one.stopped = True
        if not one.left:
            self._over(one)

    def _over(self, one: _Open) -> None:
        del self._open[one.number]
        values = tuple(value for some in one.last.values() for value in some)
        if self._search is not None and (one.pruned or not one.stopped):
            self._search.tell(one.number, Spread(values).mean if values else None, one.pruned)
        status = "pruned" if one.pruned else "stopped" if one.stopped else "finished" if values else "failed"
        self._tell(TrialEnded(one.number, one.point, values, status))

    def _add(self, one: _Open, point: Point, config: RunConfig) -> None:
        now = time.time()
        run = RunRecord(new_run_id(), printable(automatic_name(config)), config, Status.LOADING, now, now)
        self._store.add_run(self.name, one.number, point, run)
        self._queue(one, Job(run.run_id, config, run.name))

    def _queue(self, one: _Open, job: Job) -> None:
        one.left.add(job.run_id)
        self._trial_of[job.run_id] = one.number
        self._jobs.append((one.number, job))


def _mean(known: Mapping[str, Sequence[float]]) -> float:
    return Spread(tuple(value for values in known.values() for value in values)).mean
