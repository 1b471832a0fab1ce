"""A sweep's trials as runs to hand out, and what is learnt of them as they are trained."""

import itertools
import json
import queue
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace

from rnn_tui.engine import events
from rnn_tui.engine.errors import SettingError, printable
from rnn_tui.engine.events import new_run_id
from rnn_tui.engine.metrics import Figures
from rnn_tui.engine.replicas import Spread
from rnn_tui.engine.state import Status
from rnn_tui.runs.records import RunRecord
from rnn_tui.runs.words import automatic_name
from rnn_tui.sweeps.jobs import Job
from rnn_tui.sweeps.kept import ENDS, SweepStore, Trial, of_seeds
from rnn_tui.sweeps.plan import Point
from rnn_tui.sweeps.search import Search

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


class Trials(AbstractContextManager["Trials"]):
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
        self._search = Search(plan, [(trial, self._by_epoch(trial)) for trial in ended]) if plan.searches else None
        self._numbers = itertools.count(max((trial.number for trial in sweep.trials), default=-1) + 1)
        self._begun = len(sweep.trials)
        begun = {json.dumps(trial.point) for trial in sweep.trials}
        self._points = (point for point in plan.points() if json.dumps(point) not in begun)  # of a grid
        for trial in sweep.trials:
            if not trial.over:
                if self._search is not None:
                    self._search.ask(trial.number, trial.point)
                self._queue(trial.number, trial.point, trial.runs)

    def __exit__(self, *_error: object) -> None:
        self._store.close()

    def _by_epoch(self, trial: Trial) -> dict[int, float]:
        found: dict[int, list[float]] = {}
        for run in trial.runs if self._plan.prune else ():
            for moment in self._store.moments(run.run_id, "epoch"):
                if moment.epoch and self._plan.metric in moment.figures:
                    values = of_seeds(run.config, moment.figures[self._plan.metric], self._plan)
                    found.setdefault(moment.epoch, []).extend(values)
        return {epoch: Spread(tuple(values)).mean for epoch, values in found.items()}

    def _queue(self, number: int, point: Point, runs: Sequence[RunRecord] = ()) -> None:
        """Queue what a trial lacks, of which these runs are there.

        Raises:
            SettingError: if its settings do not go together.
        """
        one = self._open[number] = _Open(number, point)
        there = {run.config.seed: run for run in runs}
        for config in self._plan.configs(point):
            run = there.get(config.seed)
            if run is None:
                now = time.time()
                run = RunRecord(new_run_id(), printable(automatic_name(config)), config, Status.LOADING, now, now)
                self._store.add_run(self.name, number, point, run)
            if run.status not in ENDS:
                one.left.add(run.run_id)
                self._trial_of[run.run_id] = number
                self._jobs.append((number, Job(run.run_id, run.config, run.name)))

    def next(self) -> Job | None:
        """The next run to train; None where there is none now."""
        while not self._extra.empty():
            self._plan = replace(self._plan, trials=self._plan.trials + self._extra.get())
            self._store.change_plan(self.name, self._plan)
        if not self._jobs and self._begun < self._plan.count:
            number = next(self._numbers)
            point = self._search.ask(number) if self._search is not None else next(self._points, None)
            if point is not None:
                self._begun += 1
                try:
                    self._queue(number, point)
                except SettingError:  # as a search may choose them
                    self._over(self._open[number])
        if not self._jobs:
            return None
        number, job = self._jobs.popleft()
        self._open[number].begun.add(job.run_id)
        return job

    @property
    def more(self) -> bool:
        """Whether `next` may have another later."""
        return bool(self._jobs) or self._begun < self._plan.count or not self._extra.empty()

    def add(self, trials: int) -> None:
        """Have a search try more; from any thread."""
        self._extra.put(trials)

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
        else:
            one.stopped = True
        if not one.left:
            self._over(one)

    def _over(self, one: _Open) -> None:
        del self._open[one.number]
        values = _flat(one.last)
        if self._search is not None and (one.pruned or not one.stopped):
            self._search.tell(one.number, Spread(values).mean if values else None, one.pruned)
        status = "pruned" if one.pruned else "stopped" if one.stopped else "finished" if values else "failed"
        self._tell(TrialEnded(one.number, one.point, values, status))


def _flat(known: Mapping[str, Sequence[float]]) -> tuple[float, ...]:
    return tuple(itertools.chain.from_iterable(known.values()))
