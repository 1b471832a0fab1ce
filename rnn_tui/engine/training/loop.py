"""The one training loop. Both faces run it and read what it emits.

`fit` runs in a thread of the caller's choice. It emits events (see `events`), looks at its
`Control` after every step, and never raises for anything that happens in training: the last event
says how the run ended.
"""

import logging
import math
import time
import traceback
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, ExitStack, nullcontext, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

import torch
from torch import Tensor, nn

from rnn_tui.engine import events
from rnn_tui.engine.config import STEP_BYTES, RunConfig
from rnn_tui.engine.errors import CheckpointError, UserError
from rnn_tui.engine.events import Control, new_run_id
from rnn_tui.engine.metrics import (
    GRADIENT_NORM,
    KEPT_EPOCH,
    LEARNING_RATE,
    Figures,
    Metric,
    split_figures,
)
from rnn_tui.engine.training.checkpoint import Checkpoint, CheckpointWriter
from rnn_tui.engine.training.devices import alone_on, explain_error, free_memory
from rnn_tui.engine.training.early_stopping import EarlyStopping
from rnn_tui.engine.training.history import snapshot_steps
from rnn_tui.engine.training.parallel import Workers, automatic_workers, cpu_workers
from rnn_tui.engine.training.problem import Problem, ProblemBuilder
from rnn_tui.engine.training.stepper import LossLog, Stepper, copied, make_optimiser, parameters_of
from rnn_tui.engine.training.training_state import (
    LATEST,
    ResumePoint,
    TrainingState,
    device_for,
    restore,
    versions,
)

# Enough points for a smooth curve, few enough to leave an accelerator alone in between: the loop
# waits for the device to read the losses, to keep a snapshot or a checkpoint, and at no other step
# (tests/engine/test_waiting.py).
LOGS_PER_EPOCH = 50
# A screen shows no more of the gradient norms by layer, and they take a tenth of a small step.
LAYER_NORM_SECONDS = 0.25
# what a crash in a long epoch may cost; at the end of an epoch there is a checkpoint in any case
CHECKPOINT_SECONDS = 30.0

Emit = Callable[[events.Event], None]
logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Outcome:
    """The result of a run: its settings, weights and metrics."""

    config: RunConfig  #: its settings.
    #: its last weights, or the best ones, on the CPU; None if it failed before it had any.
    weights: Mapping[str, Tensor] | None
    metrics: Figures  #: what the test measured; empty if it did not come so far.
    unwritten: Checkpoint | None = None  #: its last checkpoint, if that could not be written.


def fit(
    build: ProblemBuilder,
    config: RunConfig,
    emit: Emit,
    control: Control,
    *,
    run_id: str | None = None,
    checkpoint_path: Path | None = None,
    resume: ResumePoint | None = None,
    before_checkpoint: Callable[[], object] = lambda: None,
) -> Outcome:
    """Train a problem as `config` says.

    Args:
        build: makes the model and the data.
        config: the settings.
        emit: called with every event, in the calling thread; must be quick.
        control: how others stop or pause the run.
        run_id: the id that every event carries; a new one by default, or that of `resume`.
        checkpoint_path: where the weights are kept, with all that is needed to go on from them: at
            the end of every epoch, at least every `CHECKPOINT_SECONDS`, on pause and on stop;
            nowhere by default.
        resume: where to go on, in place of the beginning; on the CPU the run then ends with the
            bits that it would have ended with.
        before_checkpoint: called, in another thread, before a checkpoint replaces the last.

    Returns:
        the last weights and the test figures, whether or not they could be written.
    """
    end: events.Event
    writer = CheckpointWriter(checkpoint_path, before_checkpoint) if checkpoint_path else None
    run_id = run_id or (resume.state.run_id if resume else new_run_id())
    loop = TrainingLoop(build, config, emit, control, run_id=run_id, writer=writer, resume=resume)
    with ExitStack() as until_end:
        try:
            end = loop.train(until_end)
        except Exception as error:  # noqa: BLE001 - its sentence is the last event, or it is logged
            end = loop.fail(error)
        finally:
            if writer is not None:
                writer.close()
            loop.report_written()
        weights = None
        with suppress(RuntimeError):  # raised by a device that has failed
            weights = loop.weights()
    unwritten = None if writer is None else writer.unwritten
    if unwritten is not None and isinstance(end, events.RunFinished | events.RunStopped):
        end = replace(end, kept=False)
    # Outside the try: were the listener to fail here, the run must not end twice.
    emit(end)
    return Outcome(config, weights, loop.test_metrics, unwritten)


class TrainingLoop:
    """The state of one call of `fit`.

    Attributes declared here without a value are set by `_build_model`.
    """

    _problem: Problem
    _workers: Workers
    _stepper: Stepper
    _losses: LossLog  #: of the epoch in hand.
    #: keeps the best weights; None if the last ones are kept.
    _stopping: EarlyStopping | None
    #: after how many steps a snapshot is kept.
    _snapshot_steps: frozenset[int]
    #: the tensors kept at each snapshot so far, by name.
    _snapshots: dict[str, list[Tensor]]

    def __init__(
        self,
        build: ProblemBuilder,
        config: RunConfig,
        emit: Emit,
        control: Control,
        *,
        run_id: str,
        writer: CheckpointWriter | None,
        resume: ResumePoint | None,
    ) -> None:
        self._run_id = run_id
        self._build = build
        self._config = config
        self._emit = emit
        self._control = control
        self._writer = writer
        self._resume = resume
        #: the figures of the test, once it is done.
        self.test_metrics: Figures = {}
        #: sentences on failures to write; none is said twice.
        self._failures: set[str] = set()
        self._device = torch.device("cpu")
        #: bytes that are free for steps, before the first; None if that is unknown.
        self._room: int | None = None
        self._model_stands = False
        #: of the data, as a checkpoint keeps them.
        self._data_digests: Mapping[str, str] = {}
        #: the epoch in hand, from 1; one more than the last if all are done.
        self._epoch = 1
        self._step_in_epoch = 0
        self._step = 0
        # times of the monotonic clock, and a duration, in seconds
        self._began = time.monotonic()
        self._epoch_began = self._began
        self._saved_at = self._began
        self._paused_seconds = 0.0
        #: seconds of training when steps were last logged.
        self._logged_at = 0.0
        #: the same when gradient norms by layer were last computed.
        self._layer_norms_at = -math.inf

    def train(self, until_end: ExitStack) -> events.Event:
        """Build the model, train it, validate after every epoch, and test it at the end.

        Args:
            until_end: holds the device, which is this run's own until the stack is closed.

        Returns:
            the last event.
        """
        self._device = device_for(self._config, self._resume, self._log)
        device_is_free = until_end.enter_context(
            alone_on(self._device, lambda: self._control.stopping, self._log)
        )
        if not device_is_free:
            return self._stopped_before_start()
        with self._open_workers() as self._workers:
            self._build_model()
            self._begin_history()
            self._report_start()
            while not self._all_trained():
                if not self._train_epoch():
                    self._save()
                    return events.RunStopped(
                        self._run_id, self._step, self._elapsed(), self._control.interrupted
                    )
            self._put_best_back()
            self.test_metrics = self._problem.test(self._stepper.kept, self._workers)
        self._save(finished=True)
        single, replicas = split_figures(self.test_metrics)
        return events.RunFinished(self._run_id, self._step, single, self._elapsed(), replicas)

    def fail(self, error: Exception) -> events.Event:
        """Return the last event of a run that can't go on."""
        sample_bytes = 0 if self._room is None else self._problem.sample_bytes
        sentence: object = error
        details = ""
        if not isinstance(error, UserError):
            sentence = explain_error(error, self._config, self._device, self._room, sample_bytes)
        if sentence is None:
            logger.exception("run %s failed", self._run_id, exc_info=error)
            details = "".join(traceback.format_exception(error))
            sentence = (
                f"Training failed: {type(error).__name__}; the log file has the details "
                "(rnn-tui --help names it)."
            )
        return events.RunFailed(self._run_id, self._step, str(sentence), details)

    def weights(self) -> Mapping[str, Tensor] | None:
        """Return a copy of the best or the last weights, on the CPU.

        None before the model is built.
        """
        if not self._model_stands:
            return None
        weights: Mapping[str, Tensor] = self._kept_model().state_dict()
        if self._stopping is not None and self._stopping.weights:
            weights = self._stopping.weights
        return {name: copied(tensor) for name, tensor in weights.items()}

    def _kept_model(self) -> nn.Module:
        """Return the model that is validated, out of the average that it may be inside of."""
        model: nn.Module = getattr(self._stepper.kept, "module", self._stepper.kept)
        return model

    def _all_trained(self) -> bool:
        """Return whether all epochs are over, or all networks have stopped."""
        stopped = self._stopping is not None and self._stopping.all_stopped
        return stopped or self._epoch > self._config.epochs

    def _put_best_back(self) -> None:
        """Give the model the weights that are kept, for the test."""
        if self._stopping is not None:
            self._stopping.put_back(self._kept_model())
            self._log(self._stopping.kept_sentence())

    def report_written(self) -> None:
        """Say which checkpoints have been written, or could not be."""
        if self._writer is None:
            return
        for step, error in self._writer.take_results():
            if error is None:
                path = str(self._writer.path)
                self._emit(events.CheckpointSaved(self._run_id, step, path))
            elif str(error) not in self._failures:
                self._failures.add(str(error))
                self._emit(events.LogLine(self._run_id, str(error), "warning", "keeping"))

    def _stopped_before_start(self) -> events.Event:
        """Return the last event of a run that was stopped while it waited for its device."""
        step, elapsed = 0, 0.0
        if self._resume is not None:
            step, elapsed = self._resume.step, self._resume.state.elapsed
        return events.RunStopped(self._run_id, step, elapsed, self._control.interrupted)

    def _open_workers(self) -> AbstractContextManager[Workers]:
        """Start threads that share a batch on the CPU; as many as before in a resumed run."""
        if self._device.type != "cpu":
            return nullcontext(Workers(1))
        if self._resume is not None:
            return cpu_workers(self._resume.state.workers)
        return cpu_workers(self._config.workers or automatic_workers())

    def _build_model(self) -> None:
        """Make data, model and optimiser; take them back to where a resumed run stood."""
        config = self._config
        start = config if self._resume is None else config.without_start
        problem = self._build(start, self._device, self._log)
        optimiser = make_optimiser(problem.model, config, self._device)
        total_steps = config.epochs * problem.steps_per_epoch
        self._problem = problem
        self._stepper = Stepper(problem, optimiser, self._workers, config, total_steps)
        self._losses = LossLog(problem.replicas)
        self._stopping = None
        if config.recipe.patience:
            patience = config.recipe.patience
            self._stopping = EarlyStopping(patience, problem.replicas, self._device)
        if self._resume is not None:
            restore(
                self._resume,
                problem,
                self._stepper,
                self._losses,
                self._stopping,
                device=self._device,
                log=self._log,
            )
            self._step = self._resume.step
            self._epoch = self._resume.state.epoch
            self._step_in_epoch = self._resume.state.step_in_epoch
        if self._writer is not None:
            self._data_digests = problem.data_digests()
        self._model_stands = True
        free_bytes = free_memory(self._device)
        if free_bytes is not None:
            self._room = free_bytes - STEP_BYTES * parameters_of(problem.model)

    def _begin_history(self) -> None:
        """Decide after which steps snapshots are kept; take over those of a resumed run."""
        problem = self._problem
        first = problem.snapshot(self._stepper.kept)
        size = sum(values.nbytes for values in first.values())
        self._snapshot_steps = frozenset()
        if size:
            self._snapshot_steps = snapshot_steps(
                self._config.epochs, problem.steps_per_epoch, size, problem.snapshot_multiples
            )
        self._snapshots = {}
        if self._resume is not None:
            self._snapshots = {
                name: list(values.unbind()) for name, values in self._resume.snapshots.items()
            }
        if self._step == 0 and self._snapshot_steps:
            self._add_snapshot(first)

    def _report_start(self) -> None:
        """Say what is trained, and start the clock: loading data and libraries is no training."""
        problem = self._problem
        parameters = problem.parameters
        self._emit(
            events.RunStarted(
                self._run_id,
                self._config,
                self._metric_definitions(),
                total_steps=self._config.epochs * problem.steps_per_epoch,
                steps_per_epoch=problem.steps_per_epoch,
                samples_per_epoch=problem.samples_per_epoch,
                parameters=parameters,
                device=str(self._device),
                workers=self._workers.count,
                first_step=self._step,
            )
        )
        epochs = self._config.epochs
        counted = "1 epoch" if epochs == 1 else f"{epochs:,} epochs"
        self._log(f"{parameters:,} parameters; {counted} of {problem.steps_per_epoch:,} steps.")
        now = time.monotonic()
        self._began = now
        self._epoch_began = now
        self._saved_at = now
        if self._resume is not None:
            self._log(f"Resumed at step {self._step:,} (epoch {self._epoch}).")
            self._began -= self._resume.state.elapsed
            self._epoch_began -= self._resume.state.epoch_seconds

    def _metric_definitions(self) -> tuple[Metric, ...]:
        """Return the problem's metrics and the loop's own."""
        own = [LEARNING_RATE, GRADIENT_NORM]
        if self._stopping is not None:
            own.insert(0, KEPT_EPOCH)
        return (*self._problem.metric_definitions, *own)

    def _train_epoch(self) -> bool:
        """Train the rest of an epoch and validate; returns False if the run was stopped in it."""
        problem = self._problem
        if not self._step_in_epoch:
            problem.begin_epoch(self._epoch)
        self._logged_at = self._elapsed()
        for step in range(self._step_in_epoch, problem.steps_per_epoch):
            self._losses.add(self._stepper.step(step), problem.samples_in(step))
            self._hold_stopped()
            self._step += 1
            self._step_in_epoch += 1
            if self._step in self._snapshot_steps:
                self._keep_snapshot()
            if self._is_log_step():
                self._log_step()
            if self._must_stop():
                return False
            if time.monotonic() - self._saved_at >= CHECKPOINT_SECONDS:
                self._save()
        self._end_epoch()
        return self._all_trained() or not self._control.stopping

    def _keep_snapshot(self) -> None:
        # of weights that diverged there is none; the next loss that is read says so
        with suppress(CheckpointError):
            self._add_snapshot(self._problem.snapshot(self._stepper.kept))

    def _add_snapshot(self, snapshot: Mapping[str, Tensor]) -> None:
        epochs = torch.tensor(self._step / self._problem.steps_per_epoch, dtype=torch.float64)
        for name, values in {"epochs": epochs, **snapshot}.items():
            self._snapshots.setdefault(name, []).append(values)

    def _is_log_step(self) -> bool:
        """Return whether to log the losses after this step; always after an epoch's last step."""
        steps_per_epoch = self._problem.steps_per_epoch
        interval = max(1, steps_per_epoch // LOGS_PER_EPOCH)
        return self._step_in_epoch % interval == 0 or self._step_in_epoch == steps_per_epoch

    def _log_step(self) -> None:
        """Read the losses since the last log, and say their mean."""
        mean, samples = self._losses.flush(self._step, self._epoch, self._config)
        now = self._elapsed()
        samples_per_second = samples / max(now - self._logged_at, 1e-9)
        self._logged_at = now
        figures: Figures = {
            "train_loss": mean,
            LEARNING_RATE.name: self._stepper.learning_rate,
            GRADIENT_NORM.name: self._stepper.gradient_norm(),
        }
        single, replicas = split_figures(figures)
        self._emit(
            events.StepLogged(
                self._run_id,
                self._step,
                single,
                samples_per_second,
                now,
                replicas,
                self._layer_norms(now),
            )
        )
        self.report_written()

    def _layer_norms(self, now: float) -> Mapping[str, float]:
        """Return the gradient norms by layer; none if the last were a moment ago."""
        if now - self._layer_norms_at < LAYER_NORM_SECONDS:
            return {}
        self._layer_norms_at = now
        return self._stepper.layer_norms()

    def _must_stop(self) -> bool:
        """Return whether the run must stop here; waits while it is paused."""
        if self._control.stopping:
            return True
        return self._control.paused and not self._pause()

    def _end_epoch(self) -> None:
        """Validate, report how the epoch went, and keep it."""
        problem, losses = self._problem, self._losses
        figures: dict[str, float | tuple[float, ...]] = {"train_loss": losses.mean}
        if not problem.replicas:  # whose last batch may be a single sequence
            figures["train_loss_last_batch"] = losses.last
        measured = problem.validate(self._stepper.kept, self._workers)
        losses.check_validation(measured, self._step, self._epoch, self._config)
        single, replicas = split_figures({**figures, **measured, **self._keep_best(measured)})
        # Before the checkpoint: who resumes from it must not miss this.
        self._emit(
            events.EpochEnded(
                self._run_id,
                self._epoch,
                self._step,
                single,
                self._epoch_seconds(),
                self._elapsed(),
                replicas,
            )
        )
        self._epoch += 1
        self._step_in_epoch = 0
        self._losses = LossLog(problem.replicas)
        self._epoch_began = time.monotonic()
        self._save()

    def _keep_best(self, measured: Figures) -> Figures:
        """Keep the best weights, say which networks stop, and return the epochs that are kept."""
        if self._stopping is None:
            return {}
        stop = self._stopping.add(self._epoch, measured["val_loss"], self._kept_model())
        if stop:
            self._hold_stopped()
            self._log(self._stopping.stop_sentence(stop))
        return self._stopping.figures

    def _hold_stopped(self) -> None:
        """Give the networks that have stopped their weights back."""
        if self._stopping is not None:
            self._stopping.hold(self._problem.model)
            if self._kept_model() is not self._problem.model:
                self._stopping.hold(self._kept_model())

    def _pause(self) -> bool:
        """Keep the run and wait until it is resumed (True) or stopped (False)."""
        self._save()
        if self._writer is not None:
            self._writer.wait_until_written()
        self.report_written()
        self._emit(events.RunPaused(self._run_id, self._step))
        began = time.monotonic()
        self._control.wait_while_paused()
        if not self._control.stopping:
            # the listener may make the run wait for its turn
            self._emit(events.RunResumed(self._run_id, self._step))
        seconds = time.monotonic() - began
        self._paused_seconds += seconds
        self._epoch_began += seconds
        return not self._control.stopping

    def _save(self, *, finished: bool = False) -> None:
        """Hand weights and state to the disk; each failure is reported once, and training goes on.

        Args:
            finished: whether nothing of the training is left; then the weights are all.
        """
        self._saved_at = time.monotonic()
        weights = self.weights()
        if self._writer is None or weights is None:
            return
        if self._losses.waiting:  # weights that diverged must not replace others
            self._losses.check(self._step, self._epoch, self._config)
        state = None if finished else self._training_state()
        snapshots = {name: torch.stack(values) for name, values in self._snapshots.items()}
        self._writer.submit(
            Checkpoint(self._config, weights, self._step, self.test_metrics, state, snapshots)
        )
        self.report_written()

    def _training_state(self) -> TrainingState:
        """Return everything that a resumed run needs besides the weights."""
        step_tensors, learning_rates = self._stepper.state()
        loss_tensors, losses = self._losses.state()
        stopping_tensors = {}
        if self._stopping is not None and self._stopping.weights:
            latest = self._kept_model().state_dict()
            stopping_tensors = {f"{LATEST}{name}": copied(value) for name, value in latest.items()}
            stopping_tensors |= self._stopping.state()
        random_tensors = {}
        if self._step_in_epoch:
            random_tensors = {
                f"random/{name}": copied(state)
                for name, state in self._problem.random_states().items()
            }
        return TrainingState(
            run_id=self._run_id,
            epoch=self._epoch,
            step_in_epoch=self._step_in_epoch,
            elapsed=self._elapsed(),
            epoch_seconds=self._epoch_seconds(),
            workers=self._workers.count,
            device=str(self._device),
            versions=versions(),
            learning_rates=learning_rates,
            losses=losses,
            tensors={**step_tensors, **loss_tensors, **stopping_tensors, **random_tensors},
            data=self._data_digests,
        )

    def _elapsed(self) -> float:
        """Return the seconds of training, without pauses."""
        return time.monotonic() - self._began - self._paused_seconds

    def _epoch_seconds(self) -> float:
        """Return the seconds of training in the present epoch, without pauses."""
        return time.monotonic() - self._epoch_began

    def _log(self, text: str, level: Literal["info", "warning"] = "info") -> None:
        self._emit(events.LogLine(self._run_id, text, level))
