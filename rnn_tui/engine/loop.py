"""The one training loop. Both faces run it and read what it emits.

`fit` runs in a thread of the caller's choice. It emits events (see `events`), looks at its
`Control` after every step, and never raises for anything that happens in training: the last event
says how the run ended.
"""

import logging
import time
from collections.abc import Callable, Mapping
from contextlib import ExitStack, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

import torch
from torch import Tensor, nn

from rnn_tui.engine import events
from rnn_tui.engine.checkpoint import Checkpoint, CheckpointWriter
from rnn_tui.engine.config import RunConfig
from rnn_tui.engine.devices import STEP_BYTES, alone_on, explain_error, free_memory
from rnn_tui.engine.errors import CheckpointError, UserError
from rnn_tui.engine.events import Control, new_run_id
from rnn_tui.engine.history import moments_of
from rnn_tui.engine.metrics import GRADIENT_NORM, LEARNING_RATE, Figures, split_figures
from rnn_tui.engine.parallel import Workers, automatic_workers, cpu_workers
from rnn_tui.engine.problem import ProblemBuilder
from rnn_tui.engine.stepper import LossLog, Stepper, copied, make_optimiser, parameters_of
from rnn_tui.engine.training_state import (
    ResumePoint,
    TrainingState,
    device_for,
    restore,
    versions,
)

# Enough points for a smooth curve, few enough to leave an accelerator alone in between: the loop
# waits for the device to read the losses, to keep a moment or a checkpoint, and at no other step
# (tests/engine/test_waiting.py).
LOGS_PER_EPOCH = 50
# what a crash in a long epoch may cost; at the end of an epoch there is a checkpoint in any case
CHECKPOINT_SECONDS = 30.0

Emit = Callable[[events.Event], None]
logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Outcome:
    """What is left of a run."""

    config: RunConfig
    #: its last, on the CPU, unless it failed before it had any.
    weights: Mapping[str, Tensor] | None
    metrics: Figures
    unwritten: Checkpoint | None = None  #: its last, if that could not be written.


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
    """Train a problem as `config` says; returns the last weights and the test figures, whether or
    not they could be written.

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
    """
    end: events.Event
    writer = CheckpointWriter(checkpoint_path, before_checkpoint) if checkpoint_path else None
    run_id = run_id or (resume.state.run_id if resume else new_run_id())
    run = _Run(build, config, emit, control, run_id=run_id, writer=writer, resume=resume)
    with ExitStack() as until_end:
        try:
            end = run.train(until_end)
        except Exception as error:  # noqa: BLE001 - which is told, or logged
            end = run.fail(error)
        finally:
            if writer is not None:
                writer.close()
            run.tell_written()
        weights = None
        with suppress(RuntimeError):  # of a device that has failed
            weights = run.weights()
    unwritten = None if writer is None else writer.unwritten
    if unwritten is not None and isinstance(end, events.RunFinished | events.RunStopped):
        end = replace(end, kept=False)
    # Outside the try: were the listener to fail here, the run must not end twice.
    emit(end)
    return Outcome(config, weights, run.test_metrics, unwritten)


class _Run:
    """The state of one call of `fit`."""

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
        self.id = run_id
        self.test_metrics: Figures = {}
        self._build, self._config, self._emit_to, self._control = build, config, emit, control
        self._writer, self._resume = writer, resume
        self._failures: set[str] = set()
        self._device = torch.device("cpu")
        self._room: int | None = None  # for steps, before the first
        # The epoch in hand and its steps done: one epoch more than the last where all are done.
        self._epoch, self._step_in_epoch, self._step = 1, 0, 0
        self._began, self._waited = time.monotonic(), 0.0

    def train(self, until_end: ExitStack) -> events.Event:
        """Build, train, validate after every epoch, test at the end; returns the last event, with
        the device still its own.
        """
        config, resume = self._config, self._resume
        self._device = device_for(config, resume, self._log)
        if not until_end.enter_context(
            alone_on(self._device, lambda: self._control.stopping, self._log)
        ):
            done = (0, 0.0) if resume is None else (resume.step, resume.state.elapsed)
            return events.RunStopped(self.id, *done, self._control.interrupted)
        with ExitStack() as stack:
            self._workers = Workers(1)
            if self._device.type == "cpu":
                count = resume.state.workers if resume else config.workers or automatic_workers()
                self._workers = stack.enter_context(cpu_workers(count))
            self._problem = self._build(
                config.without_start if resume else config, self._device, self._log
            )
            optimiser = make_optimiser(self._problem.model, config, self._device)
            total = config.epochs * self._problem.steps_per_epoch
            stepper = Stepper(self._problem, optimiser, self._workers, config, total)
            self._losses = LossLog(self._problem.replicas)
            if resume is not None:
                restore(
                    resume, self._problem, stepper, self._losses, device=self._device, log=self._log
                )
                self._step, self._epoch = resume.step, resume.state.epoch
                self._step_in_epoch = resume.state.step_in_epoch
            self._stepper = stepper
            if (free := free_memory(self._device)) is not None:
                self._room = free - STEP_BYTES * parameters_of(self._problem.model)
            self._begin_film()
            self._start(total)
            while self._epoch <= config.epochs:
                if not self._train_epoch():
                    self._save()
                    return events.RunStopped(
                        self.id, self._step, self._elapsed(), self._control.interrupted
                    )
            self.test_metrics = self._problem.test(stepper.kept, self._workers)
        self._save(finished=True)
        single, replicas = split_figures(self.test_metrics)
        return events.RunFinished(self.id, self._step, single, self._elapsed(), replicas)

    def fail(self, error: Exception) -> events.Event:
        """The last event of a run that can't go on."""
        sample_bytes = 0 if self._room is None else self._problem.sample_bytes
        told = (
            error
            if isinstance(error, UserError)
            else explain_error(error, self._config, self._device, self._room, sample_bytes)
        )
        if told is None:
            logger.exception("run %s failed", self.id, exc_info=error)
            what = f"Training failed: {type(error).__name__}"
            return events.RunFailed(
                self.id,
                self._step,
                f"{what}; the log file has the details (rnn-tui --help names it).",
            )
        return events.RunFailed(self.id, self._step, str(told))

    def weights(self) -> Mapping[str, Tensor] | None:
        """A copy of the last weights, on the CPU."""
        if not hasattr(self, "_stepper"):
            return None
        model: nn.Module = getattr(self._stepper.kept, "module", self._stepper.kept)
        return {name: copied(tensor) for name, tensor in model.state_dict().items()}

    def _start(self, total_steps: int) -> None:
        problem = self._problem
        parameters = parameters_of(problem.model)
        self._emit_to(
            events.RunStarted(
                self.id,
                self._config,
                (*problem.metric_definitions, LEARNING_RATE, GRADIENT_NORM),
                total_steps=total_steps,
                steps_per_epoch=problem.steps_per_epoch,
                samples_per_epoch=problem.samples_per_epoch,
                parameters=parameters,
                device=str(self._device),
                workers=self._workers.count,
                first_step=self._step,
            )
        )
        self._log(
            f"{parameters:,} parameters; {self._config.epochs} epochs of "
            f"{problem.steps_per_epoch:,} steps."
        )
        # Loading data and libraries is not training time.
        self._began = self._epoch_began = self._kept_at = time.monotonic()
        if self._resume is not None:
            self._log(f"Resumed at step {self._step:,} (epoch {self._epoch}).")
            self._began -= self._resume.state.elapsed
            self._epoch_began -= self._resume.state.epoch_seconds

    def _train_epoch(self) -> bool:
        """Train and validate what is left of an epoch; False if the run was stopped in it."""
        problem, losses = self._problem, self._losses
        if not self._step_in_epoch:
            problem.begin_epoch(self._epoch)
        interval, logged_at = max(1, problem.steps_per_epoch // LOGS_PER_EPOCH), self._elapsed()
        for step in range(self._step_in_epoch, problem.steps_per_epoch):
            losses.add(self._stepper.step(step), problem.samples_in(step))
            self._step += 1
            self._step_in_epoch += 1
            if self._step in self._moments:
                # weights that diverged, of which the next loss tells more
                with suppress(CheckpointError):
                    self._add_moment(problem.moment(self._stepper.kept))
            if (step + 1) % interval == 0 or step + 1 == problem.steps_per_epoch:
                mean, samples = losses.flush(self._step, self._epoch, self._config)
                now = self._elapsed()
                rate, logged_at = samples / max(now - logged_at, 1e-9), now
                rates = {
                    LEARNING_RATE.name: self._stepper.learning_rate,
                    GRADIENT_NORM.name: self._stepper.gradient_norm(),
                }
                single, replicas = split_figures({"train_loss": mean, **rates})
                self._emit_to(events.StepLogged(self.id, self._step, single, rate, now, replicas))
                self.tell_written()
            if self._control.stopping or (self._control.paused and not self._pause()):
                return False
            if time.monotonic() - self._kept_at >= CHECKPOINT_SECONDS:
                self._save()
        self._end_epoch()
        return not self._control.stopping or self._epoch > self._config.epochs

    def _begin_film(self) -> None:
        """Know at which steps moments are kept; take back those that a resumed run has."""
        problem, config = self._problem, self._config
        moment = problem.moment(self._stepper.kept)
        size = sum(values.nbytes for values in moment.values())
        steps = moments_of(config.epochs, problem.steps_per_epoch, size, problem.moments_spaced)
        self._moments = steps if size else frozenset()
        stacked = {} if self._resume is None else dict(self._resume.film)
        self._film = {name: list(values.unbind()) for name, values in stacked.items()}
        if self._step == 0 and self._moments:
            self._add_moment(moment)

    def _add_moment(self, moment: Mapping[str, Tensor]) -> None:
        epochs = torch.tensor(self._step / self._problem.steps_per_epoch, dtype=torch.float64)
        for name, values in {"epochs": epochs, **moment}.items():
            self._film.setdefault(name, []).append(values)

    def _end_epoch(self) -> None:
        """Validate, say how the epoch went, keep it."""
        problem, losses = self._problem, self._losses
        figures: dict[str, float | tuple[float, ...]] = {"train_loss": losses.mean}
        if not problem.replicas:  # whose last batch may be a single sequence
            figures["train_loss_last_batch"] = losses.last
        measured = problem.validate(self._stepper.kept, self._workers)
        losses.check_validation(measured, self._step, self._epoch, self._config)
        single, replicas = split_figures({**figures, **measured})
        seconds = self._epoch_seconds()
        # Before the checkpoint: who resumes from it must not miss this.
        self._emit_to(
            events.EpochEnded(
                self.id, self._epoch, self._step, single, seconds, self._elapsed(), replicas
            )
        )
        self._epoch, self._step_in_epoch = self._epoch + 1, 0
        self._losses, self._epoch_began = LossLog(problem.replicas), time.monotonic()
        self._save()

    def _pause(self) -> bool:
        """Wait until resumed (True) or stopped (False)."""
        self._save()
        if self._writer is not None:
            self._writer.wait()
        self.tell_written()
        self._emit_to(events.RunPaused(self.id, self._step))
        began = time.monotonic()
        self._control.wait_while_paused()
        if not self._control.stopping:
            # whoever listens may let it wait for its turn
            self._emit_to(events.RunResumed(self.id, self._step))
        waited = time.monotonic() - began
        self._waited += waited
        self._epoch_began += waited
        return not self._control.stopping

    def _save(self, *, finished: bool = False) -> None:
        """Hand weights and state to the disk; each failure is said once and costs no training."""
        self._kept_at = time.monotonic()
        weights = self.weights()
        if self._writer is None or weights is None:
            return
        if self._losses.waiting:  # weights that diverged must not replace others
            self._losses.check(self._step, self._epoch, self._config)
        state = None if finished else self._training_state()
        film = {name: torch.stack(values) for name, values in self._film.items()}
        self._writer.submit(
            Checkpoint(self._config, weights, self._step, self.test_metrics, state, film)
        )
        self.tell_written()

    def _training_state(self) -> TrainingState:
        tensors, learning_rates = self._stepper.state()
        waiting, losses = self._losses.state()
        random = self._problem.random_states() if self._step_in_epoch else {}
        return TrainingState(
            self.id,
            self._epoch,
            self._step_in_epoch,
            self._elapsed(),
            self._epoch_seconds(),
            self._workers.count,
            str(self._device),
            versions(),
            learning_rates,
            losses,
            {**tensors, **waiting, **{f"random/{name}": copied(s) for name, s in random.items()}},
        )

    def tell_written(self) -> None:
        """Say which checkpoints have been written, or could not be."""
        if self._writer is None:
            return
        for step, error in self._writer.take_results():
            if error is None:
                self._emit_to(events.CheckpointSaved(self.id, step, str(self._writer.path)))
            elif str(error) not in self._failures:
                self._failures.add(str(error))
                self._emit_to(events.LogLine(self.id, str(error), "warning", "keeping"))

    def _elapsed(self) -> float:
        """Seconds of training, without pauses."""
        return time.monotonic() - self._began - self._waited

    def _epoch_seconds(self) -> float:
        """The same of the epoch in hand."""
        return time.monotonic() - self._epoch_began

    def _log(self, text: str, level: Literal["info", "warning"] = "info") -> None:
        self._emit_to(events.LogLine(self.id, text, level))
