"""The one training loop. Both faces run it and read what it emits.

`fit` runs in a thread of the caller's choice. It emits events (see `events`), looks at its
`Control` after every step, and never raises for anything that happens in training: the last event
says how the run ended.
"""

import logging
import math
import time
import uuid
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor, nn

from rnn_tui.engine import events
from rnn_tui.engine.checkpoint import Checkpoint, save_checkpoint
from rnn_tui.engine.config import RunConfig
from rnn_tui.engine.control import Control
from rnn_tui.engine.devices import resolve_device
from rnn_tui.engine.errors import CheckpointError, DivergedError, UserError
from rnn_tui.engine.metrics import Figures
from rnn_tui.engine.optimisation import make_average, make_optimiser, make_schedule
from rnn_tui.engine.parallel import Workers, automatic_workers, cpu_workers
from rnn_tui.engine.problem import Problem, Task
from rnn_tui.engine.replicas import Replica

# Enough points for a smooth curve, few enough to leave an accelerator alone in between: reading
# the losses is the only time that the loop waits for the device.
LOGS_PER_EPOCH = 50

Emit = Callable[[events.Event], None]
logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Outcome:
    """What is left of a run: its last weights on the CPU, unless it failed before it had any."""

    config: RunConfig
    weights: Mapping[str, Tensor] | None
    metrics: Figures


def new_run_id() -> str:
    """An id that sorts by time and is unique across processes."""
    return f"{time.strftime('%Y%m%d-%H%M%S')}-{uuid.uuid4().hex[:6]}"


def fit(
    task: Task,
    config: RunConfig,
    emit: Emit,
    control: Control,
    *,
    run_id: str | None = None,
    checkpoint_path: Path | None = None,
) -> Outcome:
    """Train `task` as `config` says.

    Args:
        task: builds the model and the data.
        config: the settings.
        emit: called with every event, in the calling thread; must be quick.
        control: how others stop or pause the run.
        run_id: the id that every event carries; a new one by default.
        checkpoint_path: where the weights are kept at the end of every epoch, on pause and on
            stop; nowhere by default.

    Returns:
        The last weights and the test figures, in memory whether or not they could be written.
    """
    end: events.Event
    run = _Run(
        task,
        config,
        emit,
        control,
        run_id=run_id or new_run_id(),
        checkpoint_path=checkpoint_path,
    )
    try:
        end = run.train()
    except UserError as error:
        end = run.fail(str(error))
    except (MemoryError, torch.OutOfMemoryError):
        end = run.fail(_out_of_memory(config))
    except Exception as error:
        if "alloc" in str(error) and "memory" in str(error):
            end = run.fail(_out_of_memory(config))
        else:
            logger.exception("run %s failed", run.id)
            end = run.fail(
                f"Training failed: {type(error).__name__}; the log file has the details "
                "(rnn-tui --help names it)."
            )
    # Outside the try: were the listener to fail here, the run must not end twice.
    emit(end)
    return Outcome(config, run.weights(), run.test_metrics)


def _out_of_memory(config: RunConfig) -> str:
    smaller = max(1, config.batch_size // 4)
    return (
        f"There is not enough memory for a batch of {config.batch_size} at {config.size_text}; "
        f"try a batch size of {smaller} or less of the rest."
    )


class _Run:
    """The state of one call of `fit`."""

    def __init__(
        self,
        task: Task,
        config: RunConfig,
        emit: Emit,
        control: Control,
        *,
        run_id: str,
        checkpoint_path: Path | None,
    ) -> None:
        self.id = run_id
        self.test_metrics: Figures = {}
        self._task, self._config, self._control = task, config, control
        self._emit_to = emit
        self._path = checkpoint_path
        self._model: nn.Module | None = None
        self._step = 0
        self._began = time.monotonic()
        self._waited = 0.0
        self._save_failed = False

    def train(self) -> events.Event:
        """Build, train, validate after every epoch, test at the end; returns the last event."""
        config = self._config
        device = resolve_device(
            config.automatic_device if config.device == "auto" else config.device
        )
        with ExitStack() as stack:
            workers = Workers(1)
            if device.type == "cpu":
                workers = stack.enter_context(cpu_workers(config.workers or automatic_workers()))
            problem = self._task.build(config, device, self._log)
            optimiser = make_optimiser(problem.model, config, device)
            total = config.epochs * problem.steps_per_epoch
            stepper = _Stepper(problem, optimiser, workers, config, total)
            self._model = stepper.kept
            self._start(problem, device, total)
            for epoch in range(1, config.epochs + 1):
                if not self._train_epoch(problem, stepper, workers, epoch):
                    self._save()
                    return events.RunStopped(self.id, self._step, self._elapsed())
            self.test_metrics = problem.test(stepper.kept, workers)
        self._save()
        single, replicas = _split(self.test_metrics)
        return events.RunFinished(self.id, self._step, single, self._elapsed(), replicas)

    def fail(self, message: str) -> events.Event:
        """The last event of a run that can't go on."""
        return events.RunFailed(self.id, self._step, message)

    def weights(self) -> Mapping[str, Tensor] | None:
        """A copy of the last weights, on the CPU."""
        if self._model is None:
            return None
        model = getattr(self._model, "module", self._model)
        return {name: tensor.detach().cpu().clone() for name, tensor in model.state_dict().items()}

    def _start(self, problem: Problem, device: torch.device, total_steps: int) -> None:
        parameters = sum(weight.numel() for weight in problem.model.parameters())
        self._emit_to(
            events.RunStarted(
                self.id,
                config=self._config,
                metric_specs=problem.metric_specs,
                total_steps=total_steps,
                steps_per_epoch=problem.steps_per_epoch,
                samples_per_epoch=problem.samples_per_epoch,
                parameters=parameters,
                device=str(device),
            )
        )
        self._log(
            f"{parameters:,} parameters; {self._config.epochs} epochs of "
            f"{problem.steps_per_epoch:,} steps."
        )
        # Loading data and libraries is not training time.
        self._began = time.monotonic()

    def _train_epoch(
        self, problem: Problem, stepper: "_Stepper", workers: Workers, epoch: int
    ) -> bool:
        """Train and validate one epoch; False if the run was stopped in it."""
        began, waited = time.monotonic(), self._waited
        problem.begin_epoch(epoch)
        interval = max(1, problem.steps_per_epoch // LOGS_PER_EPOCH)
        losses = _LossLog(problem.replicas)
        logged_at = self._elapsed()
        for step in range(problem.steps_per_epoch):
            losses.add(stepper.step(step), problem.samples_in(step))
            self._step += 1
            if (step + 1) % interval == 0 or step + 1 == problem.steps_per_epoch:
                mean, samples = losses.flush(self._step, epoch, self._config)
                now = self._elapsed()
                rate = samples / max(now - logged_at, 1e-9)
                logged_at = now
                single, replicas = _split({"train_loss": mean})
                self._emit_to(events.StepLogged(self.id, self._step, single, rate, now, replicas))
            if self._control.stopping or (self._control.paused and not self._pause()):
                return False
        figures: dict[str, float | tuple[float, ...]] = {"train_loss": losses.mean}
        if not problem.replicas:  # whose last batch may be a single sequence
            figures["train_loss_last_batch"] = losses.last
        single, replicas = _split({**figures, **problem.validate(stepper.kept, workers)})
        finite = [single.get("val_loss", 0.0), *replicas.get("val_loss", ())]
        bad = next((at for at, loss in enumerate(finite) if not math.isfinite(loss)), None)
        if bad is not None:
            whose = problem.replicas[bad - 1] if bad else None
            raise DivergedError(
                _divergence("validation loss", self._step, epoch, self._config, whose)
            )
        self._save()
        seconds = time.monotonic() - began - (self._waited - waited)
        self._emit_to(
            events.EpochEnded(
                self.id, epoch, self._step, single, seconds, self._elapsed(), replicas
            )
        )
        return not self._control.stopping or epoch == self._config.epochs

    def _pause(self) -> bool:
        """Wait until resumed (True) or stopped (False)."""
        self._save()
        self._emit_to(events.RunPaused(self.id, self._step))
        self._waited += self._control.wait_while_paused()
        if self._control.stopping:
            return False
        self._emit_to(events.RunResumed(self.id, self._step))
        return True

    def _save(self) -> None:
        """Keep the weights on disk; a failure is said once and costs no training."""
        weights = self.weights()
        if self._path is None or weights is None:
            return
        try:
            save_checkpoint(
                self._path, Checkpoint(self._config, weights, self._step, self.test_metrics)
            )
        except CheckpointError as error:
            if not self._save_failed:
                self._emit_to(events.LogLine(self.id, str(error), "warning"))
            self._save_failed = True
        else:
            self._emit_to(events.CheckpointSaved(self.id, self._step, str(self._path)))

    def _elapsed(self) -> float:
        """Seconds of training, without pauses."""
        return time.monotonic() - self._began - self._waited

    def _log(self, text: str) -> None:
        self._emit_to(events.LogLine(self.id, text))


class _Stepper:
    """One optimisation step: gradients of the parts side by side, then the update."""

    def __init__(
        self,
        problem: Problem,
        optimiser: torch.optim.Optimizer,
        workers: Workers,
        config: RunConfig,
        total_steps: int,
    ) -> None:
        self._problem, self._optimiser, self._workers = problem, optimiser, workers
        self._schedule = make_schedule(optimiser, config, total_steps)
        self._average = make_average(problem.model, config)
        self._parameters = list(problem.model.parameters())

    @property
    def kept(self) -> nn.Module:
        """The model that is validated, tested and kept: averaged where the recipe says so."""
        return self._problem.model if self._average is None else self._average

    def step(self, step: int) -> Tensor:
        """Do a step of an epoch (from 0).

        Returns:
            The batch's mean loss, still on the device: a scalar, or (R,) of R replicas.
        """
        parts = self._problem.losses(step, self._workers.count)
        results = self._workers.run([self._gradients_of(loss) for loss in parts])
        total, gradients = results[0]
        for parameter, gradient in zip(self._parameters, gradients, strict=True):
            parameter.grad = gradient
        for loss, more in results[1:]:
            total = total + loss
            for parameter, gradient in zip(self._parameters, more, strict=True):
                assert parameter.grad is not None
                parameter.grad.add_(gradient)
        self._optimiser.step()
        if self._schedule is not None:
            self._schedule.step()
        if self._average is not None:
            self._average.update_parameters(self._problem.model)
        return total

    def _gradients_of(
        self, loss_of: Callable[[], Tensor]
    ) -> Callable[[], tuple[Tensor, Sequence[Tensor]]]:
        # `grad` returns the gradients instead of adding them to `.grad`, which threads would share.
        def call() -> tuple[Tensor, Sequence[Tensor]]:
            loss = loss_of()
            # Replicas share no weights: the gradient of their sum is each one's own.
            ones = torch.ones_like(loss)
            return loss.detach(), torch.autograd.grad(loss, self._parameters, ones)

        return call


class _LossLog:
    """The losses of an epoch, fetched from the device many at a time.

    Args:
        replicas: what the losses belong to, where there are several at each step.
    """

    def __init__(self, replicas: Sequence[Replica]) -> None:
        self._replicas = replicas
        self._waiting: list[Tensor] = []
        self._counts: list[int] = []
        self._sums: Tensor | None = None
        self._count = 0
        self.last: float | tuple[float, ...] = math.nan

    def add(self, loss: Tensor, samples: int) -> None:
        """Note a batch's mean loss, without waiting for the device."""
        self._waiting.append(loss)
        self._counts.append(samples)

    def flush(
        self, step: int, epoch: int, config: RunConfig
    ) -> tuple[float | tuple[float, ...], int]:
        """Fetch what waits; returns its mean over samples, and their number.

        Raises:
            DivergedError: if a loss is NaN or infinite, naming the first such step.
        """
        values = torch.stack(self._waiting).cpu().double()  # (steps,) or (steps, R)
        if not bool(values.isfinite().all()):
            first, *replica = (~values.isfinite()).nonzero()[0].tolist()
            at = step - len(values) + 1 + first
            whose = self._replicas[replica[0]] if replica else None
            raise DivergedError(_divergence("loss", at, epoch, config, whose))
        counts = torch.tensor(self._counts, dtype=torch.double)
        sums = counts @ values
        samples = sum(self._counts)
        self._sums = sums if self._sums is None else self._sums + sums
        self._count += samples
        self.last = _plain(values[-1])
        self._waiting, self._counts = [], []
        return _plain(sums / samples), samples

    @property
    def mean(self) -> float | tuple[float, ...]:
        """The mean over the samples of the epoch so far."""
        return math.nan if self._sums is None else _plain(self._sums / self._count)


def _plain(values: Tensor) -> float | tuple[float, ...]:
    """A number, or one for each replica."""
    return tuple(values.tolist()) if values.dim() else float(values)


def _split(figures: Figures) -> tuple[dict[str, float], dict[str, tuple[float, ...]]]:
    """Figures of a single network, and figures of replicas."""
    single = {name: value for name, value in figures.items() if not isinstance(value, tuple)}
    replicas = {name: value for name, value in figures.items() if isinstance(value, tuple)}
    return single, replicas


def _divergence(
    what: str, step: int, epoch: int, config: RunConfig, replica: Replica | None = None
) -> str:
    whose = f" of {replica.variant.label}, seed {replica.seed}," if replica else ""
    return (
        f"The {what}{whose} became NaN or infinite at step {step} (epoch {epoch}) with learning "
        f"rate {config.learning_rate:g}; try {config.learning_rate / 10:.2g} or less."
    )
