"""Trains what a plan lacks, run after run, and tells how far it is."""

import math
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from functools import partial

from rnn_tui.engine import events
from rnn_tui.engine.config import RunConfig
from rnn_tui.engine.devices import resolve_device
from rnn_tui.engine.errors import CheckpointError, StoreError
from rnn_tui.engine.events import Control
from rnn_tui.engine.pace import Pace
from rnn_tui.report.plan import Kept, Part, Plan, Work, family, kept, work_for
from rnn_tui.runs import training
from rnn_tui.runs.cost import MachineSpeed, seconds_of, timed_speed
from rnn_tui.runs.run_record import RunRecord
from rnn_tui.runs.store import RunStore
from rnn_tui.runs.unsaved import OnUnsaved, UnsavedRun
from rnn_tui.sweeps.dispatch import train_on_workers
from rnn_tui.sweeps.jobs import END_EVENTS, ClusterState, Job
from rnn_tui.sweeps.places import TrainingPlace
from rnn_tui.sweeps.plan import REPORT_GROUP
from rnn_tui.sweeps.store import SweepStore, new_run

SECONDS_BETWEEN_STANDINGS = 0.5  # often enough for a bar that moves, seldom enough to cost nothing
# Twenty times as many small networks side by side take 1.5 (recall) to 3.2 times (adder) as long
# (docs/results.md, Speed).
GROWTH = 0.3  # the power of their number


@dataclass(frozen=True)
class Standing:
    """How far a report is."""

    total: int  #: networks in the plan.
    done: int  #: those that are trained to the end.
    elsewhere: int = 0  #: those that another process, or another tab of the app, trains now.
    #: what is trained now; None before the first run and after the last one.
    work: Work | None = None
    run_id: str = ""  #: the run that trains it; empty where there is none.
    progress: float = 0.0  #: the share of its steps that is done, 0 … 1.
    runs_left: int = 0  #: runs to come after it.
    #: until all is trained, by the pace of runs of its kind, or by this machine's speed.
    seconds_left: float | None = None
    failures: tuple[str, ...] = ()  #: why runs failed so far, in sentences.
    in_hand: float = 0.0  #: networks in training, each by the share of its steps that is done.

    @property
    def complete(self) -> bool:
        """Whether every network of the plan is trained."""
        return self.done == self.total

    @property
    def share(self) -> float:
        """The share of all networks that is trained, 0 … 1, each step of one counted."""
        return min(1.0, (self.done + self.in_hand) / self.total)


Emit = Callable[[events.Event | Standing], object]


def standing(
    has: Kept, speed: MachineSpeed | None = None, works: Sequence[Work] | None = None
) -> Standing:
    """How far a plan is by what the store has, and what these works take, or all it lacks, by the
    machine's speed if known.
    """
    works = work_for(has) if works is None else works
    elsewhere = len(has.active.keys() - has.done.keys())
    left = RunTimes(has.finished, speed).left((work, work.progress) for work in works)
    return Standing(
        len(has.plan.parts), len(has.done), elsewhere, runs_left=len(works), seconds_left=left
    )


def train_missing(
    plan: Plan,
    emit: Emit,
    control: Control,
    place: TrainingPlace | None = None,
    *,
    on_unsaved: OnUnsaved = UnsavedRun.finish,
) -> Standing:
    """Train what the plan lacks in the store of runs, the cheap tasks first; returns how far it is
    at the end.

    What is lacking is looked up before every run: what was interrupted or stopped goes on, what
    another process trains is left to it, what fails is not tried again. `emit` gets every event in
    this thread, and a `Standing` between runs, in them at most twice a second. `control` pauses or
    stops all runs. `place` has workers; else this thread trains one by one, and
    `on_unsaved` takes what can't be kept for now. A DeviceError tells of no such
    device, a ClusterError of workers, a StoreError of a bad store, or that a
    report trains elsewhere already.
    """
    if place is None:
        lacking = _Lacking(plan, emit, control, on_unsaved)
        while lacking.look():
            lacking.train()
        return lacking.now
    with SweepStore() as store:
        lacking = _Lacking(plan, emit, control, on_unsaved, store=store, workers=place.worker_count)
        if lacking.look():
            train_on_workers(place, REPORT_GROUP, lacking, control, lacking.tell)
            lacking.look()
    return lacking.now if control.stopping else replace(lacking.now, runs_left=0)


class _Lacking:
    """The runs that a plan lacks, to be trained here or, with a `store`, by `train_on_workers`;
    tells how far the report is.
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
        self._plan = plan
        self._emit = emit
        self._control = control
        self._on_unsaved = on_unsaved
        self._store = store
        self._tried, self._unusable = set[Part](), set[str]()
        self._speed: MachineSpeed | None = None
        self._workers = workers  # that train side by side, as far as is known
        self.now = Standing(len(plan.parts), 0)  #: what was told last.

    def look(self) -> bool:
        """Look up what is lacking now, and tell; False where nothing is, or no more is to begin."""
        with RunStore() as store:
            has = kept(self._plan, store)
        self._works = work_for(has, tried=self._tried, unusable=self._unusable)
        self._times = RunTimes(has.finished, self._speed)
        self._in_hand = dict[str, _InHand]()
        self.now = replace(standing(has, self._speed, self._works), failures=self.now.failures)
        self._emit(self.now)
        wanted = bool(self._works) and not self._control.stopping
        if wanted and self._speed is None:
            if self._store is None:
                resolve_device(self._plan.device, to_compute=True)  # or every single run would fail
            self._speed = self._times.speed = timed_speed()
        return wanted

    def train(self) -> None:
        """Train the next run in this thread."""
        job = self.next_job()
        assert job is not None
        work, take = self._in_hand[job.run_id].work, partial(self.handle_event, job)
        try:
            if work.run is None:
                training.train(
                    job.config, take, self._control, job.run_id, on_unsaved=self._on_unsaved
                )
            else:
                training.resume(work.run, take, self._control, on_unsaved=self._on_unsaved)
        except (StoreError, CheckpointError) as error:
            if work.run is None:
                raise
            # somebody else goes on with it, or its checkpoint is damaged: it starts anew
            self._unusable.add(job.run_id)
            self._emit(events.LogLine(job.run_id, str(error), "warning"))
        else:
            if not self._control.stopping:
                # even where it could not be kept: it must not be trained for ever
                self._tried.update(work.parts)

    def next_job(self) -> Job | None:
        """The next run to train."""
        if not self._works:
            return None
        work = self._works[0]
        # a worker is a core
        run = work.run or new_run(
            work.config if self._store is None else work.config.replace(workers=1)
        )
        if self._store is not None:
            self._store.add_runs(REPORT_GROUP, 0, {}, [run])
        del self._works[0]
        self._in_hand[run.run_id] = _InHand(work, work.progress)
        self.now = replace(self.now, work=work, run_id=run.run_id, runs_left=len(self._works))
        self._tell()  # data and libraries take a moment to load
        return Job(run.run_id, run.config, work.label)

    @property
    def has_more(self) -> bool:
        """Whether there are runs left."""
        return bool(self._works)

    def runs_to_stop(self) -> Sequence[str]:
        """None: nothing is stopped early."""
        return ()

    def handle_event(self, job: Job, event: events.Event) -> None:
        """Take an event of a run."""
        self._emit(event)
        if (mine := self._in_hand.get(job.run_id)) is None:
            return  # it has ended
        match event:
            case events.RunStarted():
                mine.total_steps = event.total_steps
                mine.progress = event.first_step / event.total_steps
                mine.pace = Pace.of_training(event.first_step)
                self._tell()
            case events.StepLogged() | events.EpochEnded() if mine.total_steps:
                mine.progress = event.step / mine.total_steps
                mine.pace = mine.pace.at(event.elapsed, event.step)
                if time.monotonic() - self._told_at >= SECONDS_BETWEEN_STANDINGS:
                    if (rate := mine.pace.rate) is not None:
                        self._times.learn(job.config, mine.total_steps / rate)
                    self._tell()
            case events.RunFinished():
                self._times.learn(job.config, event.seconds)
                self.now = replace(self.now, done=self.now.done + len(mine.work.parts))
            case events.RunFailed():
                self.now = replace(
                    self.now, failures=(*self.now.failures, f"{job.name}: {event.message}")
                )
                self._tell()
        if isinstance(event, END_EVENTS):
            del self._in_hand[job.run_id]

    def tell(self, told: ClusterState | events.LogLine) -> None:
        """Take what is told of the workers."""
        if isinstance(told, events.LogLine):
            self._emit(told)
        else:
            self._workers = len(told.workers) or self._workers

    def _tell(self) -> None:
        self._told_at = time.monotonic()
        shares = [(one.work, one.progress) for one in self._in_hand.values()]
        left = self._times.left([*((work, work.progress) for work in self._works), *shares])
        self.now = replace(
            self.now,
            progress=sum(share for work, share in shares if work is self.now.work),
            seconds_left=left and left / self._workers,
            in_hand=sum(share * len(work.parts) for work, share in shares),
        )
        self._emit(self.now)


@dataclass
class _InHand:
    """A run in training."""

    work: Work
    progress: float  #: the share of its steps that is done.
    total_steps: int = 0  #: 0 before it has started.
    pace: Pace = field(default=Pace())  #: in steps.


class RunTimes:
    """Seconds that finished runs took, the newest first, by what they trained, or else by the
    machine's speed, if known.
    """

    def __init__(self, finished: Sequence[RunRecord], speed: MachineSpeed | None = None) -> None:
        self.speed = speed
        self._seconds = defaultdict[RunConfig, dict[int, float]](dict)
        for run in reversed(finished):
            if run.elapsed > 0:
                self.learn(run.config, run.elapsed)

    def learn(self, config: RunConfig, seconds: float) -> None:
        """Take a run's time, measured or projected from a part of it."""
        self._seconds[family(config)][max(1, len(config.replicas))] = seconds

    def seconds(self, config: RunConfig) -> float | None:
        """How long a run will take, by the nearest number of networks that was measured (`GROWTH`);
        None if nothing tells.
        """
        known, size = self._seconds[family(config)], max(1, len(config.replicas))
        if not known:
            return seconds_of(config, {}, self.speed)
        near = min(known, key=lambda count: max(count / size, size / count))
        return known[near] * math.pow(size / near, GROWTH)

    def left(self, works: Iterable[tuple[Work, float]]) -> float | None:
        """What runs, each with the share that is done, will take one by one; None where that of one
        is not known.
        """
        times = [(self.seconds(work.config), 1.0 - share) for work, share in works]
        known = [whole * rest for whole, rest in times if whole is not None]
        return sum(known) if len(known) == len(times) else None
