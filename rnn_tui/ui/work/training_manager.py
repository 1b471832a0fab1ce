"""Starts and stops the thread that trains.

Threads only append to a queue. The app empties it a few times a second.
"""

import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from rnn_tui.archive.unsaved import UnsavedRun
from rnn_tui.engine import events
from rnn_tui.engine.config import RunConfig
from rnn_tui.engine.errors import CheckpointError, UserError, printable
from rnn_tui.engine.events import Control, new_run_id
from rnn_tui.engine.files.paths import weights_of
from rnn_tui.engine.page import in_page
from rnn_tui.engine.state import RunState, Status
from rnn_tui.engine.training.resources import heavy_imports
from rnn_tui.tasks import TASKS
from rnn_tui.ui.work.long_jobs import RerunStatus, RerunTrainer, SweepStatus, SweepTrainer

if TYPE_CHECKING:
    from textual.notifications import SeverityLevel

    from rnn_tui.archive.run_record import RunRecord
    from rnn_tui.papers.plan import Plan
    from rnn_tui.sweeps.places import TrainingPlace

RUNS_KEPT = 8  # as many as there are colours to distinguish them
logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Evaluated:
    """A finished run's answers on the test set."""

    run_id: str
    evaluation: Any


@dataclass(frozen=True)
class Loaded:
    """PyTorch is imported, or can't be."""

    text: str  #: its version and device, or why it can't be imported.
    failed: bool
    gpus: Mapping[str, str] = field(default_factory=dict)  #: as in `TrainingManager`.


#: an item of the queue.
Item = events.Event | Evaluated | Loaded | RunState | RerunStatus | SweepStatus


@dataclass
class Drained:
    """The news that one emptying of the queue brought."""

    run_ids: list[str] = field(default_factory=list)  #: runs of which there is news, each once.
    loaded: bool = False  #: whether PyTorch is imported now, or can't be.
    rerun: bool = False  #: whether there is news of the rerun.
    sweep: bool = False  #: whether there is news of the sweep.
    #: sentences to show, and how grave each is.
    notices: "list[tuple[str, SeverityLevel]]" = field(default_factory=list)

    def add_run(self, run_id: str) -> None:
        """Note that there is news of a run."""
        if run_id not in self.run_ids:
            self.run_ids.append(run_id)


class TrainingManager:
    """The runs of this session, and the one thread that trains.

    Every method that begins to train raises `RuntimeError` while something trains already.
    """

    def __init__(self) -> None:
        self.states: dict[str, RunState] = {}  #: states by run id, in order of start.
        #: results of the task's `evaluate`, by the id of a finished run.
        self.evaluations: dict[str, Any] = {}
        #: colour indices by run id, the same wherever a run is drawn.
        self.colours: dict[str, int] = {}
        self.note = "loading PyTorch …"  #: which PyTorch there is, or that it loads.
        #: names of CUDA devices, such as `cuda:0`, with their models; none until PyTorch is loaded.
        self.gpus: Mapping[str, str] = {}
        self.engine_loaded = False  #: whether PyTorch is imported.
        #: how far the latest rerun of a paper is; None before the first.
        self.rerun: RerunStatus | None = None
        #: how far the latest sweep is; None before the first.
        self.sweep: SweepStatus | None = None
        #: runs that can't be kept for now; the thread that trains adds to them.
        self.unsaved: list[UnsavedRun] = []
        self._queue: deque[Item] = deque()  #: the items from threads; emptied by `drain`.
        self._control = Control()  #: controls what trains, or trained last.
        self._threads: list[threading.Thread] = []  #: all that may still put something out.
        self._training: threading.Thread | None = None  #: the one that trains, or trained last.
        self._sweep_trainer: SweepTrainer | None = None  #: the trainer of the latest sweep.
        self._rerun_id = ""  #: the id of the last run of the rerun, while it may go on.
        self._announced: set[str] = set()  #: ids of unsaved runs that were announced to the user.
        self._closing = threading.Event()  #: set once the app ends.

    def load_engine(self) -> None:
        """Import torch in a thread, so that the first run starts sooner.

        Not in a page: a server has many pages that never train.
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
            self._add_run(RunState(run_id, config))
        return [run_id for run_id, _ in planned]

    def add(self, state: RunState) -> None:
        """Add a run of an earlier session that has ended, to be looked at."""
        self._add_run(state)

    def resume(self, run: "RunRecord", state: RunState) -> str:
        """Resume a run that is kept.

        Args:
            run: its record.
            state: what `RunStore.state` knows of it.

        Returns:
            The id of the run, which stays the same.
        """
        self.begin_training(self._train, [(run.run_id, run)])
        self._rerun_id = ""
        self._add_run(replace(state, status=Status.LOADING, message=""))
        return run.run_id

    def train_rerun(self, plan: "Plan") -> None:
        """Train what the plan of a paper lacks."""
        trainer = RerunTrainer(plan, self._queue.append, self._evaluate_kept, self.unsaved.append)
        self.begin_training(trainer.run)
        self.rerun = trainer.status

    def train_sweep(self, name: str, place: "TrainingPlace") -> None:
        """Train what the sweep of this name lacks, on the workers of `place`."""
        trainer = SweepTrainer(name, place, self._queue.append)
        self.begin_training(trainer.run)
        self.sweep = trainer.status
        self._sweep_trainer = trainer

    def add_trials(self, count: int) -> bool:
        """Have the search that trains now try `count` trials more; False if there is none."""
        return self._sweep_trainer is not None and self._sweep_trainer.add(count)

    def begin_training(self, target: Callable[..., object], *arguments: object) -> None:
        """Call `target` in the one thread that trains, with `arguments` and a `Control`.

        What it puts out waits in the queue until the app drains it, so runs may be added after
        this call.
        """
        if self.busy:
            raise RuntimeError("a run is in training")
        self._control = Control()
        # Asked after the control is in place: whatever closes the app meanwhile stops this control.
        if self._closing.is_set():
            self._control.stop(interrupted=True)
        self._training = self._spawn(target, "training", *arguments, self._control)

    def stop(self) -> None:
        """Ask the runs in training to stop and keep what they have."""
        self._control.stop()

    @property
    def paused(self) -> bool:
        """Whether what trains was asked to wait."""
        return self.busy and self._control.paused

    def measured_seconds(self, config: RunConfig) -> float | None:
        """Measure how long training takes; called in a thread.

        Returns:
            Seconds; None if they are not known, as before PyTorch is loaded. While something
            trains nothing is measured, as that would slow it down.
        """
        if not self.engine_loaded:
            return None
        from rnn_tui.archive.cost import measured_seconds  # the database, on use only

        return measured_seconds(config, lambda: self.busy)

    def pause(self, pause: bool) -> None:
        """Have what trains wait, or go on."""
        if pause:
            self._control.pause()
        else:
            self._control.resume()

    def clear_ended(self, task: str, keep: int = 0) -> None:
        """Forget the runs of a task that have ended; their weights stay on disk.

        Args:
            task: its name.
            keep: how many of the newest runs of the task stay in any case.
        """
        states = [state for state in self.states.values() if state.config.task == task]
        for state in states[: max(0, len(states) - keep)]:
            if not state.status.active:
                self._forget(state.run_id)

    @property
    def busy(self) -> bool:
        """Whether something trains."""
        return self._training is not None and self._training.is_alive()

    @property
    def active(self) -> RunState | None:
        """The run that trains now; None if none does."""
        if not self.busy:
            return None
        return next((state for state in self.states.values() if state.status.active), None)

    @property
    def anything_to_come(self) -> bool:
        """Whether something is in the queue, or may still come."""
        waiting = bool(self._queue or self.unsaved)
        return waiting or any(thread.is_alive() for thread in self._threads)

    @property
    def unkept(self) -> list[UnsavedRun]:
        """Runs of which something is not yet on the disk; a thread of each goes on trying."""
        return [run for run in self.unsaved if not run.saved]

    def drain(self) -> Drained:
        """Empty the queue and apply all that was in it; call it from the app's thread only."""
        drained = Drained()
        while self._queue:
            self._apply(self._queue.popleft(), drained)
        self._announce_unsaved(drained)
        return drained

    def _apply(self, item: Item, drained: Drained) -> None:
        """Apply one item of the queue, and note in `drained` what there is news of."""
        match item:
            case Loaded():
                self._apply_loaded(item, drained)
            case RerunStatus():
                self._apply_rerun(item, drained)
            case SweepStatus():
                self._apply_sweep(item, drained)
            case RunState():
                self._begin_rerun(item, drained)
            case Evaluated():
                self._apply_evaluation(item, drained)
            case _:
                self._apply_event(item, drained)

    def _apply_loaded(self, loaded: Loaded, drained: Drained) -> None:
        self.note = loaded.text
        self.gpus = loaded.gpus
        self.engine_loaded = not loaded.failed
        drained.loaded = True
        if loaded.failed:
            drained.notices.append((loaded.text, "error"))

    def _apply_rerun(self, status: RerunStatus, drained: Drained) -> None:
        self.rerun = status
        drained.rerun = True
        if not status.going_on:
            self._forget_unbegun()

    def _apply_sweep(self, status: SweepStatus, drained: Drained) -> None:
        self.sweep = status
        drained.sweep = True
        if status.notice is not None:
            drained.notices.append(status.notice)

    def _begin_rerun(self, state: RunState, drained: Drained) -> None:
        """Add the run that the rerun has begun; the run before it is over."""
        self._forget_unbegun()
        self._rerun_id = state.run_id
        self._add_run(state)
        drained.add_run(state.run_id)

    def _apply_evaluation(self, evaluated: Evaluated, drained: Drained) -> None:
        drained.add_run(evaluated.run_id)
        if evaluated.run_id in self.states:  # not cleared meanwhile
            self.evaluations[evaluated.run_id] = evaluated.evaluation

    def _apply_event(self, event: events.Event, drained: Drained) -> None:
        drained.add_run(event.run_id)
        if event.run_id in self.states:  # not cleared meanwhile
            self.states[event.run_id] = self.states[event.run_id].apply(event)
        rerun = self.rerun is not None and self.rerun.going_on
        if rerun and isinstance(event, events.TurnAwaited):
            drained.rerun = True  # its progress line says how long it waits

    def _announce_unsaved(self, drained: Drained) -> None:
        """Say which runs can't be saved for now, and which of these are saved by now."""
        for run in self.unsaved[:]:  # the thread that trains may add another meanwhile
            announced = run.run_id in self._announced
            if not run.saved and not announced:
                self._announced.add(run.run_id)
                drained.notices.append((run.waiting_sentence, "error"))
            elif run.saved:
                self.unsaved.remove(run)
                self._announced.discard(run.run_id)
                if announced:
                    text = f"Run {printable(run.name, 80)} is now kept on the disk."
                    drained.notices.append((text, "information"))

    def interrupt(self) -> None:
        """Interrupt what trains or would begin; what the user stopped stays stopped."""
        self._closing.set()
        if not self._control.stopping:
            self._control.stop(interrupted=True)

    def close(self, seconds: float) -> bool:
        """Interrupt what trains, and make a last try to keep what could not be kept so far.

        Returns:
            Whether all has ended, and is kept, within `seconds`.
        """
        self.interrupt()
        deadline = time.monotonic() + seconds
        if self._training is not None:
            self._training.join(max(0.0, deadline - time.monotonic()))
        for run in self.unkept:
            run.finish(deadline - time.monotonic())
        return not (self.busy or self.unkept)

    def _add_run(self, state: RunState) -> None:
        """Add a run that begins or is resumed; the oldest of its task are forgotten."""
        self._forget(state.run_id)
        self.states[state.run_id] = state
        self.colours.setdefault(state.run_id, len(self.colours))
        self.clear_ended(state.config.task, RUNS_KEPT)

    def _forget_unbegun(self) -> None:
        """Forget a run that the rerun could not resume: no event says that it ended."""
        state = self.states.get(self._rerun_id)
        if state is not None and state.status.active:
            self._forget(self._rerun_id)
        self._rerun_id = ""

    def _forget(self, run_id: str) -> None:
        self.states.pop(run_id, None)
        self.evaluations.pop(run_id, None)

    def _spawn(
        self, target: Callable[..., object], name: str, *arguments: object
    ) -> threading.Thread:
        # a daemon, so that the app can quit if the thread hangs
        thread = threading.Thread(target=target, args=arguments, name=name, daemon=True)
        self._threads = [other for other in self._threads if other.is_alive()]
        self._threads.append(thread)
        thread.start()
        return thread

    def _load(self) -> None:
        """Import what training needs, and time the machine; called in a thread."""
        try:
            with heavy_imports():
                import torch  # loading it here, and not before, is the point

                from rnn_tui.engine.training.devices import gpus_in_words, resolve_device

                for task in TASKS.values():
                    task.load()
            version = torch.__version__.partition("+")[0]
            device = str(resolve_device("auto")).upper()
            text = f"PyTorch {version} ({device})"
            loaded = Loaded(text, failed=False, gpus=gpus_in_words())
        except Exception as error:
            logger.exception("loading the engine failed")
            reason = type(error).__name__
            text = f"PyTorch can't be loaded ({reason}); the log file has the details"
            loaded = Loaded(text, failed=True)
        self._queue.append(loaded)

    def _train(self, jobs: "Sequence[tuple[str, RunConfig | RunRecord]]", control: Control) -> None:
        """Train and evaluate runs one after the other; called in a thread.

        Args:
            jobs: the id of each run, with its settings if it is new, or the record to resume.
            control: stops or pauses all of them.
        """
        for run_id, job in jobs:
            step = 0 if isinstance(job, RunConfig) else job.step
            if control.stopping:
                self._queue.append(events.RunStopped(run_id, step, 0.0))
                continue
            try:
                self._train_one(run_id, job, control)
            except UserError as error:
                self._queue.append(events.RunFailed(run_id, step, str(error)))
            except Exception as error:
                logger.exception("run %s failed", run_id)
                text = f"Training failed: {type(error).__name__}; the log file has the details."
                self._queue.append(events.RunFailed(run_id, step, text))

    def _train_one(self, run_id: str, job: "RunConfig | RunRecord", control: Control) -> None:
        """Train one run, and evaluate it if it was trained to its end."""
        # Imported on use, as it loads the database and safetensors.
        from rnn_tui.archive import training

        emit = self._queue.append
        on_unsaved = self.unsaved.append
        if isinstance(job, RunConfig):
            outcome = training.train(job, emit, control, run_id, on_unsaved=on_unsaved)
        else:
            outcome = training.resume(job, emit, control, on_unsaved=on_unsaved)
        if outcome is not None and outcome.metrics and outcome.weights is not None:
            self._evaluate(run_id, outcome.config, outcome.weights)

    def _evaluate_kept(self, run_id: str) -> None:
        """Evaluate a run from its stored weights; called in the thread of the rerun."""
        from rnn_tui.engine.training.checkpoint import load_checkpoint  # torch, on use only

        try:
            checkpoint = load_checkpoint(weights_of(run_id))
        except CheckpointError as error:
            self._queue.append(events.LogLine(run_id, str(error), "warning"))
        else:
            self._evaluate(run_id, checkpoint.config, checkpoint.weights)

    def _evaluate(self, run_id: str, config: RunConfig, weights: Any) -> None:
        """Evaluate a run, called in a thread; a failure is written to the log of the run."""
        try:
            evaluation = TASKS[config.task].load().evaluate(config, weights)
        except UserError as error:  # such as a data set that another process deleted
            text = f"The run could not be measured in detail. {error}"
            self._queue.append(events.LogLine(run_id, text, "warning"))
        except Exception:
            logger.exception("evaluating run %s failed", run_id)
            text = "The run could not be measured in detail; the log file has the details."
            self._queue.append(events.LogLine(run_id, text, "warning"))
        else:
            self._queue.append(Evaluated(run_id, evaluation))
