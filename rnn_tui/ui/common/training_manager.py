"""Starts and stops training threads, which only append to a queue; the app drains it a few times a
second.
"""

import logging
import threading
import time
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from rnn_tui.engine import events
from rnn_tui.engine.config import RunConfig
from rnn_tui.engine.devices import gpus_in_words, resolve_device
from rnn_tui.engine.errors import CheckpointError, UserError, printable
from rnn_tui.engine.events import Control, new_run_id
from rnn_tui.engine.page import in_page
from rnn_tui.engine.paths import weights_of
from rnn_tui.engine.resources import heavy_imports
from rnn_tui.engine.state import RunState, Status
from rnn_tui.runs.unsaved import UnsavedRun
from rnn_tui.tasks import TASKS
from rnn_tui.ui.common.long_jobs import ReportStatus, SweepStatus, SweepTrainer, train_report

if TYPE_CHECKING:
    from textual.notifications import SeverityLevel

    from rnn_tui.report.plan import Plan
    from rnn_tui.runs.cost import MachineSpeed
    from rnn_tui.runs.run_record import RunRecord

RUNS_KEPT = 8  # as many as there are colours to tell them apart
logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Evaluated:
    """A finished run's answers on the test set."""

    run_id: str
    evaluation: Any


@dataclass(frozen=True)
class Loaded:
    """PyTorch is imported, or can't be."""

    text: str
    failed: bool
    gpus: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Drained:
    """What one emptying of the queue brought."""

    run_ids: tuple[str, ...]  #: runs of which there is news.
    loaded: bool  #: whether PyTorch is imported now, or can't be.
    report: bool  #: whether there is news of the rerun.
    sweep: bool  #: whether there is news of the sweep.
    notices: "Sequence[tuple[str, SeverityLevel]]"  #: sentences to show, and how grave each is.


class TrainingManager:
    """The runs of this session, and the one thread that trains; what begins to raises
    `RuntimeError` where it does already.
    """

    def __init__(self) -> None:
        self.states: dict[str, RunState] = {}  #: by run id, in order of start.
        #: of finished runs, by run id; what the task's evaluation returns.
        self.evaluations: dict[str, Any] = {}
        #: of runs, by run id: an index, the same wherever a run is drawn.
        self.colours: dict[str, int] = {}
        self.note = "loading PyTorch …"  #: which engine there is, or that it loads.
        #: the names of CUDA devices with what they are; none until PyTorch is loaded.
        self.gpus: Mapping[str, str] = {}
        #: what operations take on this machine; None until PyTorch is loaded.
        self.speed: MachineSpeed | None = None
        #: how far the report rerun is that was started last; None before the first.
        self.report: ReportStatus | None = None
        #: how far the sweep is that was started last, likewise.
        self.sweep: SweepStatus | None = None
        self._queue: deque[
            events.Event | Evaluated | Loaded | RunState | ReportStatus | SweepStatus
        ] = deque()
        self._control = Control()
        self._threads: list[threading.Thread] = []
        self._training: threading.Thread | None = None
        self._begun = ""  # the run that the rerun has in hand
        #: takes runs that can't be kept for now, in the thread that trains.
        self.unsaved: list[UnsavedRun] = []
        self._told_held: set[str] = set()  # their ids, of those that were spoken of
        self._closing = threading.Event()

    def load_engine(self) -> None:
        """Import torch in the background, so that the first run starts sooner; not in a page, of
        which a server has many that never train.
        """
        if in_page():
            self.note = "PyTorch is loaded for the first run"
        else:
            self._spawn(self._load, "load")

    def start(self, configs: Sequence[RunConfig]) -> list[str]:
        """Train `configs` one after another; returns the ids of the runs."""
        planned = [(new_run_id(), config) for config in configs]
        self.begin_training(self._train, planned)
        for run_id, config in planned:
            self._take_in(RunState(run_id, config))
        return [run_id for run_id, _ in planned]

    def resume(self, run: "RunRecord", state: RunState) -> str:
        """Go on with a run that is kept, from what `RunStore.state` tells; returns its id, the
        same.
        """
        self.begin_training(self._train, [(run.run_id, run)])
        self._begun = ""
        self._take_in(replace(state, status=Status.LOADING, message=""))
        return run.run_id

    def train_report(self, plan: "Plan") -> None:
        self.begin_training(
            train_report, plan, self._queue.append, self._evaluate_kept, self.unsaved.append
        )
        self.report = ReportStatus(plan)

    def train_sweep(self, trainer: SweepTrainer) -> None:
        self.begin_training(trainer.train, self._queue.append)
        self.sweep = trainer.now

    def begin_training(self, target: Any, *arguments: Any) -> None:
        """Call `target` in the one thread that trains; what it tells waits in the queue, so runs
        may be taken in behind it.
        """
        if self.busy:
            raise RuntimeError("a run is in training")
        self._control = Control()
        if self._closing.is_set():  # behind that line, so that one of two threads stops it
            self._control.stop(interrupted=True)
        self._training = self._spawn(target, "training", *arguments, self._control)

    def stop(self) -> None:
        """Ask the runs in training to stop and keep what they have."""
        self._control.stop()

    @property
    def paused(self) -> bool:
        """Whether what trains is to wait."""
        return self.busy and self._control.paused

    def pause(self, pause: bool) -> None:
        (self._control.pause if pause else self._control.resume)()

    def clear_ended(self, task: str, kept: int = 0) -> None:
        """Forget the runs of a task that have ended, but for the last so many; their weights stay
        on disk.
        """
        states = [state for state in self.states.values() if state.config.task == task]
        for state in states[: max(0, len(states) - kept)]:
            if not state.status.active:
                self._forget(state.run_id)

    @property
    def busy(self) -> bool:
        return self._training is not None and self._training.is_alive()

    @property
    def active(self) -> RunState | None:
        return (
            next((state for state in self.states.values() if state.status.active), None)
            if self.busy
            else None
        )

    @property
    def anything_to_come(self) -> bool:
        """Whether the queue has, or may yet get, something."""
        waiting = bool(self._queue or self.unsaved)
        return waiting or any(thread.is_alive() for thread in self._threads)

    @property
    def unkept(self) -> list[UnsavedRun]:
        """Runs of which something is not yet on the disk; a thread of each goes on trying."""
        return [run for run in self.unsaved if not run.saved]

    def drain(self) -> Drained:
        """Take in all that has come; call it from the app's thread only."""
        changed: dict[str, None] = {}
        loaded = report = sweep = False
        notices: list[tuple[str, SeverityLevel]] = []
        while self._queue:
            item = self._queue.popleft()
            if isinstance(item, Loaded):
                loaded, self.note, self.gpus = True, item.text, item.gpus
                notices += [(item.text, "error")] if item.failed else []
            elif isinstance(item, ReportStatus):
                self.report, report = item, True
                if not item.going_on:
                    self._forget_unbegun()
            elif isinstance(item, SweepStatus):
                self.sweep, sweep = item, True
                notices += [item.notice] if item.notice else []
            elif isinstance(item, RunState):  # of the rerun: it begins, the one before has ended
                self._forget_unbegun()
                self._begun = item.run_id
                self._take_in(item)
                changed[self._begun] = None
            else:
                if isinstance(item, events.TurnAwaited) and self.report is not None:
                    report = report or self.report.going_on  # whose line tells how long it waits
                changed[item.run_id] = None
                if item.run_id not in self.states:
                    continue  # cleared meanwhile
                if isinstance(item, Evaluated):
                    self.evaluations[item.run_id] = item.evaluation
                else:
                    self.states[item.run_id] = self.states[item.run_id].apply(item)
        return Drained(tuple(changed), loaded, report, sweep, notices + self._look_at_held())

    def _look_at_held(self) -> "list[tuple[str, SeverityLevel]]":
        """What there is to say of runs that can't be kept, or are by now."""
        notices: list[tuple[str, SeverityLevel]] = []
        for run in self.unsaved[:]:  # another may come meanwhile
            spoken_of = run.run_id in self._told_held
            if not run.saved and not spoken_of:
                self._told_held.add(run.run_id)
                notices.append((run.waiting_sentence, "error"))
            elif run.saved:
                self.unsaved.remove(run)
                self._told_held.discard(run.run_id)
                if spoken_of:
                    name = printable(run.name, 80)
                    notices.append((f"Run {name} is now kept on the disk.", "information"))
        return notices

    def interrupt(self) -> None:
        """Interrupt what trains or would begin; what the user has stopped stays stopped."""
        self._closing.set()
        if not self._control.stopping:
            self._control.stop(interrupted=True)

    def close(self, seconds: float) -> bool:
        """Interrupt what trains, and make a last try to keep what could not be.

        Returns:
            whether all has ended, and is kept, within `seconds`.
        """
        self.interrupt()
        until = time.monotonic() + seconds
        if self._training is not None:
            self._training.join(max(0.0, until - time.monotonic()))
        for run in self.unkept:
            run.finish(until - time.monotonic())
        return not (self.busy or self.unkept)

    def _take_in(self, state: RunState) -> None:
        """Take in a run that begins or goes on; the oldest of its task are forgotten."""
        self._forget(state.run_id)
        self.states[state.run_id] = state
        self.colours.setdefault(state.run_id, len(self.colours))
        self.clear_ended(state.config.task, RUNS_KEPT)

    def _forget_unbegun(self) -> None:
        """Forget a run that the rerun meant to go on with and could not: nothing says it ended."""
        if (state := self.states.get(self._begun)) is not None and state.status.active:
            self._forget(self._begun)
        self._begun = ""

    def _forget(self, run_id: str) -> None:
        self.states.pop(run_id, None)
        self.evaluations.pop(run_id, None)

    def _spawn(self, target: Any, name: str, *arguments: Any) -> threading.Thread:
        # which lets the app quit if it hangs
        thread = threading.Thread(target=target, args=arguments, name=name, daemon=True)
        self._threads = [t for t in self._threads if t.is_alive()] + [thread]
        thread.start()
        return thread

    def _load(self) -> None:
        """In a thread: import what training needs."""
        try:
            with heavy_imports():
                import torch  # noqa: PLC0415 - loading it here, and not before, is the point

                for task in TASKS.values():
                    task.load()
                from rnn_tui.runs.cost import timed_speed  # noqa: PLC0415 - as torch

                # which would disturb what trains, and waits for imports
                self.speed = None if self.busy else timed_speed()
            text = f"PyTorch {torch.__version__.split('+')[0]} on {resolve_device('auto')}"
            loaded = Loaded(text, failed=False, gpus=gpus_in_words())
        except Exception as error:
            logger.exception("loading the engine failed")
            loaded = Loaded(
                f"PyTorch can't be loaded ({type(error).__name__}); the log file has the details",
                failed=True,
            )
        self._queue.append(loaded)

    def _train(self, jobs: "Sequence[tuple[str, RunConfig | RunRecord]]", control: Control) -> None:
        """In a thread: train and evaluate each of these, or go on with one that is kept."""
        for run_id, what in jobs:
            step = 0 if isinstance(what, RunConfig) else what.step
            if control.stopping:
                self._queue.append(events.RunStopped(run_id, step, 0.0))
                continue
            try:
                self._train_one(run_id, what, control)
            except UserError as error:
                self._queue.append(events.RunFailed(run_id, step, str(error)))
            except Exception as error:
                logger.exception("run %s failed", run_id)
                text = f"Training failed: {type(error).__name__}; the log file has the details."
                self._queue.append(events.RunFailed(run_id, step, text))

    def _train_one(self, run_id: str, what: "RunConfig | RunRecord", control: Control) -> None:
        # the database and safetensors, on use only
        from rnn_tui.runs import training  # noqa: PLC0415

        if isinstance(what, RunConfig):
            outcome = training.train(
                what, self._queue.append, control, run_id, on_unsaved=self.unsaved.append
            )
        else:
            outcome = training.resume(
                what, self._queue.append, control, on_unsaved=self.unsaved.append
            )
        if outcome is not None and outcome.metrics and outcome.weights is not None:
            self._evaluate(run_id, outcome.config, outcome.weights)

    def _evaluate_kept(self, run_id: str) -> None:
        """In the rerun's thread: measure in more detail a run whose weights are kept."""
        from rnn_tui.engine.checkpoint import load_checkpoint  # noqa: PLC0415 - torch, on use only

        try:
            checkpoint = load_checkpoint(weights_of(run_id))
        except CheckpointError as error:
            self._queue.append(events.LogLine(run_id, str(error), "warning"))
        else:
            self._evaluate(run_id, checkpoint.config, checkpoint.weights)

    def _evaluate(self, run_id: str, config: RunConfig, weights: Any) -> None:
        try:
            evaluation = TASKS[config.task].load().evaluate(config, weights)
        except Exception:
            logger.exception("evaluating run %s failed", run_id)
            text = "The run could not be measured in detail; the log file has the details."
            self._queue.append(events.LogLine(run_id, text, "warning"))
        else:
            self._queue.append(Evaluated(run_id, evaluation))
