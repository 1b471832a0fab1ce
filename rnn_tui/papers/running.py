"""Trains the runs that a plan lacks, one after the other, and reports the progress."""

import math
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import partial

from rnn_tui.archive import training
from rnn_tui.archive.cost import measured_seconds
from rnn_tui.archive.store import RunStore
from rnn_tui.archive.unsaved import OnUnsaved, UnsavedRun
from rnn_tui.engine import events
from rnn_tui.engine.errors import CheckpointError, StoreError
from rnn_tui.engine.events import Control
from rnn_tui.engine.pace import Pace
from rnn_tui.papers.inventory import Inventory, take_inventory
from rnn_tui.papers.plan import Plan, PlannedNetwork
from rnn_tui.papers.run_times import Measure, RunTimes, unknown
from rnn_tui.papers.schedule import PlannedRun, planned_runs
from rnn_tui.sweeps.dispatch import train_on_workers
from rnn_tui.sweeps.jobs import END_EVENTS, ClusterState, Job
from rnn_tui.sweeps.places import TrainingPlace
from rnn_tui.sweeps.store import SweepStore, new_run

SECONDS_BETWEEN_STANDINGS = 0.5  # often enough for a bar that moves, seldom enough to cost nothing
# For so long kinds of runs are measured at a time while something is to be trained: dozens of kinds
# would keep it waiting for half a minute.
PATIENCE = 0.5


@dataclass(frozen=True)
class Standing:
    """The progress of a plan."""

    total: int  #: networks in the plan.
    done: int  #: those that are trained to the end.
    elsewhere: int = 0  #: those that another process, or another tab of the app, trains now.
    #: the run in training; None before the first run and after the last one.
    planned_run: PlannedRun | None = None
    run_id: str = ""  #: the run that trains it; empty if there is none.
    progress: float = 0.0  #: the share of its steps that is done, 0 … 1.
    runs_left: int = 0  #: runs to come after it.
    #: seconds until everything is trained, by the pace of similar runs or by this machine's speed.
    seconds_left: float | None = None
    failures: tuple[str, ...] = ()  #: why runs failed so far, in sentences.
    in_training: float = 0.0  #: networks in training, each by the share of its steps that is done.

    @property
    def complete(self) -> bool:
        """Whether every network of the plan is trained."""
        return self.done == self.total

    @property
    def share(self) -> float:
        """The share of all networks that is trained, 0 … 1, each step of one counted."""
        return min(1.0, (self.done + self.in_training) / self.total)


Emit = Callable[[events.Event | Standing], object]


def standing(inventory: Inventory, measure: Measure = unknown) -> Standing:
    """Return the progress of a plan of which nothing is in training here.

    Args:
        inventory: what the store has of the plan.
        measure: returns the seconds of a run, for kinds of runs that none has finished.
    """
    times = RunTimes(inventory.finished, measure)
    return _standing_before(planned_runs(inventory), inventory, times)


def _standing_before(
    runs: Sequence[PlannedRun], inventory: Inventory, times: RunTimes, patience: float = math.inf
) -> Standing:
    """Return the progress of a plan before these runs begin."""
    return Standing(
        total=len(inventory.plan.networks),
        done=len(inventory.done),
        elsewhere=len(inventory.active.keys() - inventory.done.keys()),
        runs_left=len(runs),
        seconds_left=times.seconds_left(((run, run.progress) for run in runs), patience),
    )


def train_missing(
    plan: Plan,
    emit: Emit,
    control: Control,
    place: TrainingPlace | None = None,
    *,
    on_unsaved: OnUnsaved = UnsavedRun.finish,
) -> Standing:
    """Train what the plan lacks in the store of runs, the cheap tasks first.

    What is lacking is looked up before every run: what was interrupted or stopped is resumed, what
    another process trains is left to it, what fails is not tried again.

    Args:
        plan: what is wanted.
        emit: gets every event in this thread, and a `Standing` between runs, in them at most twice
            a second.
        control: pauses or stops all runs.
        place: has workers; without one this thread trains run by run.
        on_unsaved: takes what can't be saved for now, where this thread trains.

    Returns:
        How far the plan is at the end.

    Raises:
        DeviceError: if the device is not there.
        ClusterError: if there are no usable workers.
        StoreError: if the store can't be used, or another process trains a report on workers.
    """
    if place is None:
        missing = _MissingRuns(plan, emit, control, on_unsaved)
        while missing.look_up():
            missing.train_next()
        return missing.standing
    with SweepStore() as store:
        missing = _MissingRuns(
            plan, emit, control, on_unsaved, store=store, workers=place.worker_count
        )
        if missing.look_up():
            train_on_workers(place, plan.group, missing, control, missing.hear)
            missing.look_up()
    return missing.standing if control.stopping else replace(missing.standing, runs_left=0)


def _note_group(run_id: str, group: str) -> None:
    """Note that a run belongs to a rerun of a paper, if it could be stored."""
    with suppress(StoreError), SweepStore() as store:
        store.add_to_group(run_id, group)


@dataclass
class _RunInTraining:
    """A run that has begun and not ended."""

    planned: PlannedRun
    progress: float  #: the share of its steps that is done.
    total_steps: int = 0  #: 0 before it has started.
    pace: Pace = field(default=Pace())  #: the pace in steps.


class _MissingRuns:
    """Provides the runs that a plan lacks, as a `JobSource`, and reports the progress.

    They are trained in this thread, or by `train_on_workers`.
    """

    def __init__(
        self,
        plan: Plan,
        emit: Emit,
        control: Control,
        on_unsaved: OnUnsaved,
        *,
        store: SweepStore | None = None,
        workers: int = 1,
    ) -> None:
        """`store` keeps what workers are to train, None if there are none; `workers` is how many
        train side by side, as far as that is known.
        """
        self._plan = plan
        self._emit = emit
        self._control = control
        self._on_unsaved = on_unsaved
        self._store = store
        self._workers = workers
        self._tried: set[PlannedNetwork] = set()  # networks that are not trained again
        self._unusable: set[str] = set()  # runs that can't be resumed
        self._measure: Measure = unknown
        self._left: list[PlannedRun] = []  # those that have not begun
        self._in_training: dict[str, _RunInTraining] = {}  # runs by id
        self._times = RunTimes(())
        self._told_at = 0.0
        self.standing = Standing(len(plan.networks), 0)  #: the progress that was last reported.

    def look_up(self) -> bool:
        """Look up what is lacking now, and tell; False if nothing is, or no more is to begin."""
        with RunStore() as store:
            inventory = take_inventory(self._plan, store)
        self._left = planned_runs(inventory, tried=self._tried, unusable=self._unusable)
        self._times = RunTimes(inventory.finished, self._measure)
        self._in_training = {}
        self.standing = replace(
            _standing_before(self._left, inventory, self._times, PATIENCE),
            failures=self.standing.failures,
        )
        self._emit(self.standing)
        is_to_begin = bool(self._left) and not self._control.stopping
        if is_to_begin and self._measure is unknown:
            if self._store is None:
                from rnn_tui.engine.training.devices import resolve_device  # torch

                resolve_device(self._plan.device, to_compute=True)  # or every single run would fail
            self._measure = partial(measured_seconds, stopping=lambda: self._control.stopping)
            self._times.measure = self._measure
        return is_to_begin

    def train_next(self) -> None:
        """Train the next run in this thread."""
        job = self.next_job()
        assert job is not None
        planned = self._in_training[job.run_id].planned
        emit = partial(self.handle_event, job)
        try:
            if planned.run is None:
                training.train(
                    job.config, emit, self._control, job.run_id, on_unsaved=self._on_unsaved
                )
                _note_group(job.run_id, self._plan.group)
            else:
                training.resume(planned.run, emit, self._control, on_unsaved=self._on_unsaved)
        except (StoreError, CheckpointError) as error:
            if planned.run is None:
                raise
            # Another process resumed it, or its checkpoint is damaged: its networks begin anew.
            self._unusable.add(job.run_id)
            self._emit(events.LogLine(job.run_id, str(error), "warning"))
            return
        if not self._control.stopping:
            # Even if it could not be saved: it must not be trained for ever.
            self._tried.update(planned.networks)

    def next_job(self) -> Job | None:
        """Return the next run to train."""
        if not self._left:
            return None
        planned = self._left[0]
        run = planned.run
        if run is None:
            config = planned.config
            if self._store is not None:
                config = config.replace(workers=1)  # threads: a worker is a core
            run = new_run(config)
        if self._store is not None:
            self._store.add_runs(self._plan.group, 0, {}, [run])
        del self._left[0]
        self._in_training[run.run_id] = _RunInTraining(planned, planned.progress)
        self.standing = replace(
            self.standing, planned_run=planned, run_id=run.run_id, runs_left=len(self._left)
        )
        self._tell()  # data and libraries take a moment to load
        return Job(run.run_id, run.config, planned.label)

    @property
    def has_more(self) -> bool:
        """Whether there are runs left."""
        return bool(self._left)

    def runs_to_stop(self) -> Sequence[str]:
        """Return None: nothing is stopped early."""
        return ()

    def handle_event(self, job: Job, event: events.Event) -> None:
        """Pass an event of a run on, and tell how far the plan is by it."""
        self._emit(event)
        run = self._in_training.get(job.run_id)
        if run is None:
            return  # it has ended
        match event:
            case events.RunStarted():
                run.total_steps = event.total_steps
                run.progress = event.first_step / event.total_steps
                run.pace = Pace.of_training(event.first_step)
                self._tell()
            case events.StepLogged() | events.EpochEnded() if run.total_steps:
                run.progress = event.step / run.total_steps
                run.pace = run.pace.at(event.elapsed, event.step)
                if time.monotonic() - self._told_at >= SECONDS_BETWEEN_STANDINGS:
                    self._learn_pace(job, run)
                    self._tell()
            case events.RunFinished():
                self._times.learn(job.config, event.seconds)
                done = self.standing.done + len(run.planned.networks)
                self.standing = replace(self.standing, done=done)
            case events.RunFailed():
                failures = (*self.standing.failures, f"{job.name}: {event.message}")
                self.standing = replace(self.standing, failures=failures)
                self._tell()
        if isinstance(event, END_EVENTS):
            del self._in_training[job.run_id]

    def _learn_pace(self, job: Job, run: _RunInTraining) -> None:
        """Estimate what all runs of a kind take by the pace of one in training."""
        if run.pace.rate is not None:
            self._times.learn(job.config, run.total_steps / run.pace.rate)

    def hear(self, news: ClusterState | events.LogLine) -> None:
        """Learn how many workers there are; pass warnings on."""
        if isinstance(news, events.LogLine):
            self._emit(news)
        elif news.workers:
            self._workers = len(news.workers)

    def _tell(self) -> None:
        """Tell how far the plan is."""
        self._told_at = time.monotonic()
        in_training = self._in_training.values()
        seconds_left = self._times.seconds_left(
            [
                *((planned, planned.progress) for planned in self._left),
                *((run.planned, run.progress) for run in in_training),
            ],
            PATIENCE,
        )
        self.standing = replace(
            self.standing,
            progress=sum(
                run.progress for run in in_training if run.planned is self.standing.planned_run
            ),
            seconds_left=None if seconds_left is None else seconds_left / self._workers,
            in_training=sum(run.progress * len(run.planned.networks) for run in in_training),
        )
        self._emit(self.standing)
