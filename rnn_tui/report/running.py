"""Trains what a plan lacks, run after run, and tells how far it is."""

import math
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

from rnn_tui.engine import events
from rnn_tui.engine.config import RunConfig
from rnn_tui.engine.errors import CheckpointError, StoreError, printable
from rnn_tui.engine.events import Control, new_run_id
from rnn_tui.engine.resources import resolve_device
from rnn_tui.engine.state import Status
from rnn_tui.report.kept import Kept, Work, kept, work_for
from rnn_tui.report.plan import Part, Plan, family
from rnn_tui.runs import training
from rnn_tui.runs.cost import MachineSpeed, seconds_of, timed_speed
from rnn_tui.runs.held import HELD
from rnn_tui.runs.records import RunRecord
from rnn_tui.runs.store import RunStore
from rnn_tui.runs.words import automatic_name
from rnn_tui.sweeps.cluster import TrainingPlace
from rnn_tui.sweeps.jobs import ClusterState, Job
from rnn_tui.sweeps.kept import SweepStore
from rnn_tui.sweeps.plan import REPORT_GROUP
from rnn_tui.sweeps.running import train_elsewhere

# Often enough for a bar that moves, seldom enough to cost nothing.
SECONDS_BETWEEN_STANDINGS = 0.5
# Twenty times as many small networks side by side take 1.5 (recall) to 3.2 times (adder) as long
# (docs/results.md, Speed): about the number to the power of 0.3.
GROWTH = 0.3


@dataclass(frozen=True)
class Standing:
    """How far a report is."""

    total: int  #: networks in the plan.
    done: int  #: those that are trained to the end.
    elsewhere: int = 0  #: those that another process, or another tab of the app, trains now.
    work: Work | None = None  #: what is trained now; None before the first run and after the last one.
    run_id: str = ""  #: the run that trains it; empty where there is none.
    progress: float = 0.0  #: the share of its steps that is done, 0 … 1.
    runs_left: int = 0  #: runs to come after it.
    #: until all is trained, estimated from the pace of this run and of finished ones of the same
    #: kind, without any from the speed of this machine; None without that.
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


def standing(has: Kept, speed: MachineSpeed | None = None) -> Standing:
    """How far a plan is by what the store has, and an estimate of what is left, by the machine's speed if measured."""
    return _standing(has, work_for(has), Pace(has.finished, speed))


def train_missing(plan: Plan, emit: Emit, control: Control) -> Standing:
    """Train what the plan lacks in the store of runs, in this thread, the cheap tasks first.

    What is lacking is looked up before every run. A run that was interrupted or stopped goes on;
    a network that another process trains meanwhile is left to it; what fails is not tried again.

    Args:
        plan: what is wanted.
        emit: called in this thread with a `Standing` between runs and at most twice a second in
            them, and with every event of the runs.
        control: stops the run in hand, whose checkpoint is kept, and all others; pauses.

    Returns:
        how far it is at the end; with runs left where it was stopped before.

    Raises:
        DeviceError: if there is no such device.
        StoreError: if the store can't be used.
    """
    failures: tuple[str, ...] = ()
    tried: set[Part] = set()
    unusable: set[str] = set()
    speed: MachineSpeed | None = None
    while True:
        HELD.keep()  # there may be room for it again
        with RunStore() as store:
            has = kept(plan, store)
        works = work_for(has, tried=tried, unusable=unusable)
        pace = Pace(has.finished, speed)
        now = replace(_standing(has, works, pace), failures=failures)
        emit(now)
        if control.stopping or not works:
            return now
        if speed is None:
            resolve_device(plan.device)  # or every single run would fail
            speed = pace.speed = timed_speed()
        work = works[0]
        run_id = new_run_id() if work.run is None else work.run.run_id
        teller = _Teller(replace(now, work=work, run_id=run_id), works[1:], pace, emit)
        try:
            if work.run is not None:
                training.resume(work.run, teller.take, control)
            else:
                training.train(work.config, teller.take, control, run_id)
        except (StoreError, CheckpointError) as error:
            if work.run is None:
                raise
            # Somebody else goes on with it, or its checkpoint is damaged: then it starts anew.
            unusable.add(work.run.run_id)
            emit(events.LogLine(work.run.run_id, str(error), "warning"))
            continue
        failures = teller.now.failures
        if not control.stopping:
            # Even where it could not be kept: it must not be trained for ever.
            tried.update(work.parts)


def _standing(has: Kept, works: Sequence[Work], pace: "Pace") -> Standing:
    elsewhere = len(has.active.keys() - has.done.keys())
    total, left = len(has.plan.parts), _seconds(works, pace)
    return Standing(total, len(has.done), elsewhere, runs_left=len(works), seconds_left=left)


def _seconds(works: Sequence[Work], pace: "Pace") -> float | None:
    """What all of these runs will take; None where that of one is not known."""
    result = 0.0
    for work in works:
        whole = pace.seconds(work.config)
        if whole is None:
            return None
        result += whole * (1.0 - work.run.progress if work.run is not None else 1.0)
    return result


class Pace:
    """Seconds that finished runs took, the newest first, by what they trained.

    What is unlike them all is estimated by the speed of this machine, if that is known.
    """

    def __init__(self, finished: Iterable[RunRecord], speed: MachineSpeed | None = None) -> None:
        self.speed = speed
        self._seconds: dict[RunConfig, dict[int, float]] = {}
        for run in finished:
            if run.elapsed > 0:
                self._of(run.config).setdefault(_size(run.config), run.elapsed)

    def learn(self, config: RunConfig, seconds: float) -> None:
        """Take a run's time, measured or projected from a part of it."""
        self._of(config)[_size(config)] = seconds

    def seconds(self, config: RunConfig) -> float | None:
        """How long a run will take; None where nothing tells.

        With another number of networks, from the nearest number that was measured (`GROWTH`).
        """
        known, size = self._of(config), _size(config)
        if not known:
            return seconds_of(config, {}, self.speed)
        near = min(known, key=lambda count: max(count / size, size / count))
        return known[near] * math.pow(size / near, GROWTH)

    def _of(self, config: RunConfig) -> dict[int, float]:
        return self._seconds.setdefault(family(config), {})


def _size(config: RunConfig) -> int:
    return max(1, len(config.replicas))


class _Teller:
    """Passes the events of one run on, and says how far it and the report are."""

    def __init__(self, now: Standing, later: Sequence[Work], pace: Pace, emit: Emit) -> None:
        assert now.work is not None
        self.now, self._work = replace(now, runs_left=len(later)), now.work
        self._later, self._pace, self._emit = later, pace, emit
        self._total_steps = 0
        # What is trained next: data and libraries take a moment to load.
        self._tell(self._work.run.progress if self._work.run is not None else 0.0)

    def take(self, event: events.Event) -> None:
        """Take an event of the run."""
        self._emit(event)
        match event:
            case events.RunStarted():
                self._total_steps = event.total_steps
                self._tell(event.first_step / event.total_steps)
            case events.StepLogged() | events.EpochEnded():
                if time.monotonic() - self._told_at >= SECONDS_BETWEEN_STANDINGS:
                    progress = event.step / self._total_steps
                    self._pace.learn(self._work.config, event.elapsed / progress)
                    self._tell(progress)
            case events.RunFailed():
                self.now = replace(self.now, failures=(*self.now.failures, f"{self._work.label}: {event.message}"))
                self._emit(self.now)

    def _tell(self, progress: float) -> None:
        self._told_at = time.monotonic()
        whole = self._pace.seconds(self._work.config)
        later = _seconds(self._later, self._pace)
        left = None if whole is None or later is None else (1.0 - progress) * whole + later
        self.now = replace(self.now, progress=progress, seconds_left=left, in_hand=progress * len(self._work.parts))
        self._emit(self.now)


def train_missing_elsewhere(plan: Plan, emit: Emit, control: Control, place: TrainingPlace) -> Standing:
    """The same on the workers of a cluster, many runs at a time.

    Raises:
        ClusterError: if there are no workers to be had, or all are gone.
        StoreError: if the store can't be used, or another process trains a report's runs elsewhere.
    """
    with SweepStore() as store:
        lacking = _Lacking(plan, store, emit, control)
        if lacking.works:
            train_elsewhere(place, REPORT_GROUP, lacking, control, lacking.tell)
        return lacking.end()


class _Lacking:
    """The runs that a plan lacks, for `train_elsewhere`; tells how far the report is."""

    def __init__(self, plan: Plan, store: SweepStore, emit: Emit, control: Control) -> None:
        self._plan, self._store, self._emit, self._control = plan, store, emit, control
        has = kept(plan, store)
        self.works, self._trained = work_for(has), dict[str, Work]()
        self._pace = Pace(has.finished, timed_speed())
        self._now = _standing(has, self.works, self._pace)
        emit(self._now)

    def next(self) -> Job | None:
        """The next run to train."""
        if not self.works:
            return None
        work = self.works.pop(0)
        run = work.run
        if run is None:  # a worker is one core
            config, now = work.config.replace(workers=1), time.time()
            run = RunRecord(new_run_id(), printable(automatic_name(config)), config, Status.LOADING, now, now)
        self._store.add_run(REPORT_GROUP, 0, {}, run)
        self._trained[run.run_id] = work
        self._now = replace(self._now, work=work, run_id=run.run_id, runs_left=len(self.works))
        self._emit(self._now)
        return Job(run.run_id, run.config, work.label)

    @property
    def more(self) -> bool:
        """Whether there are runs left."""
        return bool(self.works)

    def take(self, job: Job, event: events.Event) -> None:
        """Take an event of a run."""
        self._emit(event)
        if isinstance(event, events.RunFailed):
            self._now = replace(self._now, failures=(*self._now.failures, f"{job.name}: {event.message}"))
        elif isinstance(event, events.RunFinished):
            self._pace.learn(job.config, event.seconds)
            self._now = replace(self._now, done=self._now.done + len(self._trained[job.run_id].parts))

    def unwanted(self) -> Sequence[str]:
        """None: nothing is stopped early."""
        return ()

    def tell(self, told: ClusterState | events.LogLine) -> None:
        """Take what is told of the workers."""
        if isinstance(told, events.LogLine):
            self._emit(told)
            return
        shares = {self._trained[run_id]: share for run_id, share in told.progress.items()}
        left = _seconds([*self.works, *shares], self._pace)
        if left is not None:
            left -= sum(share * (self._pace.seconds(work.config) or 0.0) for work, share in shares.items())
            left /= max(1, len(told.workers))
        in_hand = sum(share * len(work.parts) for work, share in shares.items())
        self._now = replace(self._now, seconds_left=left, in_hand=in_hand)
        self._emit(self._now)

    def end(self) -> Standing:
        """How far it is at the end, by what the store has; with runs left where it was stopped before."""
        has = kept(self._plan, self._store)
        left = len(work_for(has)) if self._control.stopping else 0
        now = replace(_standing(has, (), self._pace), failures=self._now.failures, runs_left=left)
        self._emit(now)
        return now
