"""Suggests a learning rate for a run, by training a network that is then discarded.

This is the learning-rate range test of Smith ("Cyclical learning rates for training neural
networks", WACV 2017, section 3.3), with a rate that grows exponentially. The suggestion is the
point that `lr_find` of the library fastai calls `steep`: where the smoothed loss falls fastest
against the logarithm of the rate.
"""

import math
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np
import torch

from rnn_tui.engine.config import RunConfig
from rnn_tui.engine.errors import SettingError
from rnn_tui.engine.progress import UNWATCHED, Progress
from rnn_tui.engine.state import smooth
from rnn_tui.engine.training.devices import alone_on, explain_error
from rnn_tui.engine.training.parallel import Workers, automatic_workers, cpu_workers
from rnn_tui.engine.training.problem import Problem, ProblemBuilder
from rnn_tui.engine.training.stepper import Stepper, make_optimiser
from rnn_tui.engine.training.training_state import device_for

LOWEST, HIGHEST = 1e-6, 1.0  # learning rates that are tried
LEAST_STEPS, MOST_STEPS = 20, 200
# The losses are read after so many steps; otherwise each step would wait for the device.
STEPS_BETWEEN = 10
SMOOTHING = 0.9  # the weight of the past in the exponential mean
DIVERGED = 4.0  # the loss has diverged above this multiple of the lowest smoothed loss
UNTRAINED = 0.2  # the first share of the steps, whose rates are too small to learn anything
LAST = 0.05  # the last share of the steps, whose rates are not suggested
NEAR = 0.1  # the slope at a rate is measured over this share of the steps on either side
# A fall of the smoothed loss by less than so many of its standard deviations may be chance.
SURE = 4.0
# So may a fall by less than this share of the untrained network's loss.
LEAST_FALL = 0.01


@dataclass(frozen=True)
class LearningRateTest:
    """The losses by learning rate, and the rate that they suggest."""

    #: the rate of each step, ascending, up to the last step before the loss diverged.
    learning_rates: tuple[float, ...]
    #: the loss of each step's batch before the step; with replicas, their median.
    losses: tuple[float, ...]
    smoothed: tuple[float, ...]  #: the bias-corrected exponential mean of `losses`.
    #: whether losses are divided by those of the untrained networks. This is done if replicas have
    #: different loss functions, whose values can't be compared.
    relative: bool
    diverged: bool  #: whether the loss diverged before the highest rate.
    #: the rate at which the smoothed loss falls fastest, to two digits; None if it does not fall.
    suggestion: float | None
    #: the rate at which the smoothed loss is lowest, to two digits; None if it does not fall.
    lowest: float | None

    @property
    def sentence(self) -> str:
        """The result in a sentence."""
        if self.suggestion is None:
            return (
                "The loss falls by no more than chance, so no learning rate is suggested; try a "
                "larger batch or more seeds."
            )
        return (
            f"The loss falls fastest at a learning rate of {self.suggestion:g}, and is lowest at "
            f"{self.lowest:g}."
        )

    def to_dict(self) -> dict[str, Any]:
        """Return a JSON-ready form."""
        return {
            name: list(value) if isinstance(value, tuple) else value
            for name, value in asdict(self).items()
        }


def find_learning_rate(
    build: ProblemBuilder,
    config: RunConfig,
    progress: Progress = UNWATCHED,
) -> LearningRateTest | None:
    """Train a network with a learning rate that grows from step to step, and discard it.

    Data, initial weights, batches and optimiser are those of the run that `config` describes; its
    schedule, its EMA and its learning rate are not used. The test takes half of the first epoch, at
    most `MOST_STEPS` steps.

    Returns:
        the result; None if `progress` was stopped.

    Raises:
        SettingError: if half an epoch has too few steps, or there is too little memory.
        DeviceError: if the device is not here, or fails.
    """
    device = device_for(config, None, lambda *_: None)
    try:
        with ExitStack() as stack:
            is_alone = stack.enter_context(
                alone_on(device, lambda: progress.stopping, lambda _: None)
            )
            if not is_alone:
                return None
            workers = Workers(1)
            if device.type == "cpu":
                workers = stack.enter_context(cpu_workers(config.workers or automatic_workers()))
            problem = build(config, device, lambda _: None)
            return _run_test(problem, config, device, workers, progress)
    except Exception as error:
        user_error = explain_error(error, config, device)
        if user_error is None:
            raise
        raise user_error from error


def _run_test(
    problem: Problem,
    config: RunConfig,
    device: torch.device,
    workers: Workers,
    progress: Progress,
) -> LearningRateTest | None:
    """Train with rates that grow exponentially; returns None if stopped."""
    steps = min(problem.steps_per_epoch // 2, MOST_STEPS)
    if steps < LEAST_STEPS:
        raise SettingError(
            f"Half an epoch has {steps} steps, and to try learning rates takes {LEAST_STEPS}: try "
            "a smaller batch or more data."
        )
    plain_recipe = replace(config.recipe, schedule="constant", average=0.0)
    plain_config = config.replace(recipe=plain_recipe)
    optimiser = make_optimiser(problem.model, plain_config, device)
    stepper = Stepper(problem, optimiser, workers, plain_config, steps)
    rates: list[float] = np.geomspace(LOWEST, HIGHEST, steps).tolist()
    problem.begin_epoch(1)
    curve = _Curve(problem, int(steps * UNTRAINED))
    unread: list[torch.Tensor] = []  # losses that are still on the device
    progress.advance(0, steps)
    for step, rate in enumerate(rates):
        if progress.stopping:
            return None
        for group in optimiser.param_groups:
            group["lr"] = rate
        unread.append(stepper.step(step))
        if len(unread) == STEPS_BETWEEN or step + 1 == steps:
            curve.add(torch.stack(unread))
            unread = []
            progress.advance(step + 1, steps)
            if curve.ran_away:
                break
    steepest, lowest = _steepest_and_lowest(rates, curve.losses, curve.smoothed)
    return LearningRateTest(
        tuple(rates[: len(curve.losses)]),
        tuple(curve.losses),
        tuple(curve.smoothed),
        relative=curve.relative,
        diverged=curve.ran_away,
        suggestion=steepest,
        lowest=lowest,
    )


class _Curve:
    """The losses so far, up to where they diverge."""

    def __init__(self, problem: Problem, untrained: int) -> None:
        """Begin with no losses.

        Args:
            problem: the problem whose losses are added.
            untrained: the number of first steps in which nothing is learned.
        """
        self.relative = len({replica.variant.loss for replica in problem.replicas}) > 1
        self.losses: list[float] = []  #: the median loss of each step.
        self.smoothed: list[float] = []  #: their exponential mean.
        self.ran_away = False  #: whether the loss has diverged.
        self._untrained = untrained
        self._seen = np.empty((0, max(1, len(problem.replicas))))  # (steps, R), as measured

    def add(self, losses: torch.Tensor) -> None:
        """Add the losses of the next steps: (steps,), or (steps, R) of R replicas."""
        new = losses.cpu().double().numpy().reshape(len(losses), -1)  # (steps, R)
        self._seen = np.concatenate([self._seen, new])
        values = self._seen
        if self.relative:
            of_untrained = values[: self._untrained].mean(axis=0)  # (R,)
            # the loss of a batch of a few sequences may be 0
            values = values / np.where(of_untrained > 0, of_untrained, 1.0)
        # The loss of a diverged replica counts as larger than all others.
        values = np.where(np.isfinite(values), values, math.inf)
        medians: list[float] = np.median(values, axis=1).tolist()  # (steps,)
        smoothed = smooth(medians, SMOOTHING)
        end = self._end(smoothed)
        self.ran_away = end < len(smoothed)
        self.losses = medians[:end]
        self.smoothed = smoothed[:end]

    def _end(self, smoothed: Sequence[float]) -> int:
        """Return the number of steps before the smoothed loss diverges; all if it does not."""
        lowest = math.inf
        for step, value in enumerate(smoothed):
            far_above = 0 < DIVERGED * lowest < value
            if far_above or not math.isfinite(value):
                return step
            if step >= self._untrained:  # the first means are of few batches, and vary much
                lowest = min(lowest, value)
        return len(smoothed)


def _steepest_and_lowest(
    rates: Sequence[float], losses: Sequence[float], smoothed: Sequence[float]
) -> tuple[float, float] | tuple[None, None]:
    """Return the rates at which the smoothed loss falls fastest, and at which it is lowest.

    The slope is measured against the logarithm of the rate.

    Args:
        rates: the rates of all steps, ascending.
        losses: the losses of the steps before the loss diverged.
        smoothed: the exponential mean of `losses`.

    Returns:
        The rates to two digits; None if the loss falls by no more than chance.
    """
    first = int(len(rates) * UNTRAINED)
    end = len(losses) - max(1, int(len(rates) * LAST))
    if end - first < 2:
        return None, None
    untrained = np.array(losses[:first])
    # Of noise without a trend, an exponential mean with weight w has this share of the deviation:
    # sqrt((1 - w) / (1 + w)).
    deviation = untrained.std(ddof=1) * math.sqrt((1 - SMOOTHING) / (1 + SMOOTHING))
    least_fall = max(SURE * deviation, LEAST_FALL * abs(untrained.mean()))
    lowest = first + int(np.argmin(smoothed[first:]))
    if untrained.mean() - smoothed[lowest] <= least_fall:
        return None, None
    log_rates = np.log(rates[: len(losses)])
    near = max(1, int(len(rates) * NEAR))
    slopes = []
    for step in range(first, end):
        # The slope of a least-squares line, so that a single easy batch does not decide.
        window = slice(max(0, step - near), step + near + 1)
        slope, _ = np.polyfit(log_rates[window], smoothed[window], 1)
        slopes.append(slope)
    steepest = first + int(np.argmin(slopes))
    return _two_digits(rates[steepest]), _two_digits(rates[lowest])


def _two_digits(rate: float) -> float:
    return float(f"{rate:.2g}")
