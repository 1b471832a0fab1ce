"""Which learning rate suits a run: loss against learning rate, in training that is thrown away.

The learning-rate range test of Smith ("Cyclical learning rates for training neural networks", WACV
2017, section 3.3), with a rate that grows exponentially, and the point that `lr_find` of the
library fastai calls `steep`: where the smoothed loss falls fastest against the logarithm of the
rate.
"""

import math
from contextlib import ExitStack
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np
import torch

from rnn_tui.engine.config import RunConfig
from rnn_tui.engine.devices import alone_on, in_words
from rnn_tui.engine.errors import SettingError
from rnn_tui.engine.parallel import Workers, automatic_workers, cpu_workers
from rnn_tui.engine.problem import Problem, ProblemBuilder
from rnn_tui.engine.progress import UNWATCHED, Progress
from rnn_tui.engine.state import smooth
from rnn_tui.engine.stepper import Stepper, make_optimiser
from rnn_tui.engine.training_state import device_for

LOWEST, HIGHEST = 1e-6, 1.0  # learning rates
LEAST_STEPS, MOST_STEPS = 20, 200
STEPS_BETWEEN = 10  # between two looks at the losses, the only times that the device is waited for
SMOOTHING = 0.9  # the weight of the past
DIVERGED = 4.0  # times the lowest smoothed loss
# The share of all steps in which nothing is learned yet; and of the last ones, the ends of which no
# rate is suggested.
UNTRAINED, LAST = 0.2, 0.05
NEAR = 0.1  # the share of all steps on either side of a rate that its slope is of
# by chance the smoothed loss falls by no more than so many of its deviations, or by this share
SURE, SHARE = 4.0, 0.01


@dataclass(frozen=True)
class LearningRateTest:
    """Losses by learning rate, and the rate that they suggest."""

    #: one a step, ascending; up to the end, or to where the loss ran away.
    learning_rates: tuple[float, ...]
    #: of the step's batch before the step, as many; of replicas their median.
    losses: tuple[float, ...]
    smoothed: tuple[float, ...]  #: their bias-corrected exponential mean.
    #: whether a loss of 1 stands for that of the untrained networks, as several losses have no unit
    #: in common.
    relative: bool
    diverged: bool  #: whether it ended before the highest rate, as the loss ran away.
    #: where the smoothed loss falls fastest, to two digits; None where it does not fall.
    suggestion: float | None
    lowest: float | None  #: where it is the lowest, likewise.

    @property
    def sentence(self) -> str:
        """What came of it."""
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
        """A JSON-ready form."""
        return {
            name: list(value) if isinstance(value, tuple) else value
            for name, value in asdict(self).items()
        }


def find_learning_rate(
    build: ProblemBuilder,
    config: RunConfig,
    progress: Progress = UNWATCHED,
) -> LearningRateTest | None:
    """Train a network that is thrown away, at a rate that grows from step to step; None if it is
    stopped.

    It has the data, the initial weights, the batches and the optimiser of the run that `config`
    describes, without its schedule and learning rate, for half of its first epoch, at most
    `MOST_STEPS` steps: those of the progress. `SettingError` if half an epoch has too few steps, or
    there is too little memory; `DeviceError` if the device is not here, or fails.
    """
    device = device_for(config, None, lambda *_: None)
    try:
        with ExitStack() as stack:
            if not stack.enter_context(alone_on(device, lambda: progress.stopping, lambda _: None)):
                return None
            workers = Workers(1)
            if device.type == "cpu":
                workers = stack.enter_context(cpu_workers(config.workers or automatic_workers()))
            problem = build(config, device, lambda _: None)
            return _tested(problem, config, device, workers, progress)
    except Exception as error:
        if (told := in_words(error, config, device)) is not None:
            raise told from error
        raise


def _tested(
    problem: Problem,
    config: RunConfig,
    device: torch.device,
    workers: Workers,
    progress: Progress,
) -> LearningRateTest | None:
    steps = min(problem.steps_per_epoch // 2, MOST_STEPS)
    if steps < LEAST_STEPS:
        few = f"Half an epoch has {steps} steps, and to try learning rates takes {LEAST_STEPS}"
        raise SettingError(f"{few}: try a smaller batch or more data.")
    plain = config.replace(recipe=replace(config.recipe, schedule="constant", average=0.0))
    optimiser = make_optimiser(problem.model, plain, device)
    stepper, rates = (
        Stepper(problem, optimiser, workers, plain, steps),
        np.geomspace(LOWEST, HIGHEST, steps).tolist(),
    )
    problem.begin_epoch(1)
    curve, waiting = _Curve(problem, int(steps * UNTRAINED)), []
    progress.advance(0, steps)
    for step, rate in enumerate(rates):
        if progress.stopping:
            return None
        for group in optimiser.param_groups:
            group["lr"] = rate
        waiting.append(stepper.step(step))
        if len(waiting) == STEPS_BETWEEN or step + 1 == steps:
            curve.add(torch.stack(waiting))
            waiting = []
            progress.advance(step + 1, steps)
            if curve.ran_away:
                break
    steepest, lowest = _places(rates, curve.losses, curve.smoothed)
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
    """The losses so far, up to where they run away."""

    def __init__(self, problem: Problem, untrained: int) -> None:
        self.relative = len({one.variant.loss for one in problem.replicas}) > 1
        self.losses: list[float] = []
        self.smoothed: list[float] = []
        self.ran_away = False
        self._untrained, self._seen = untrained, np.empty((0, max(1, len(problem.replicas))))

    def add(self, losses: torch.Tensor) -> None:
        """Take the losses of the next steps: (steps,), or (steps, R) of R replicas."""
        self._seen = np.concatenate(
            [self._seen, losses.cpu().double().numpy().reshape(len(losses), -1)]
        )
        values = self._seen
        if self.relative:
            untrained = values[: self._untrained].mean(axis=0)  # of a few sequences it may be 0
            values = values / np.where(untrained > 0, untrained, 1.0)
        # one that has diverged is above all others
        values = np.where(np.isfinite(values), values, math.inf)
        losses_of_all: list[float] = np.median(values, axis=1).tolist()
        smoothed, lowest = smooth(losses_of_all, SMOOTHING), math.inf
        end = len(smoothed)
        for at, value in enumerate(smoothed):
            if not math.isfinite(value) or 0 < DIVERGED * lowest < value:
                self.ran_away, end = True, at
                break
            if at >= self._untrained:  # the first are of a batch or two, and say little
                lowest = min(lowest, value)
        self.losses, self.smoothed = losses_of_all[:end], smoothed[:end]


def _places(
    rates: list[float], losses: list[float], smoothed: list[float]
) -> list[float] | tuple[None, None]:
    """At which rates, to two digits, the smoothed loss falls fastest by their logarithm, and is
    lowest; None if by chance.
    """
    first, last = int(len(rates) * UNTRAINED), len(losses) - max(1, int(len(rates) * LAST))
    if last - first < 2:
        return None, None
    untrained = np.array(losses[:first])
    # Of noise without a trend, an exponential mean keeps this share: sqrt((1 - w) / (1 + w)) of the
    # deviation.
    chance = SURE * untrained.std(ddof=1) * math.sqrt((1 - SMOOTHING) / (1 + SMOOTHING))
    lowest = first + int(np.argmin(smoothed[first:]))
    if untrained.mean() - smoothed[lowest] <= max(chance, SHARE * abs(untrained.mean())):
        return None, None
    # By lines of least squares: a single batch that is easy must not decide.
    near, x, y = max(1, int(len(rates) * NEAR)), np.log(rates[: len(losses)]), np.array(smoothed)
    around = [slice(max(0, at - near), at + near + 1) for at in range(first, last)]
    steepest = first + int(np.argmin([np.polyfit(x[part], y[part], 1)[0] for part in around]))
    return [float(f"{rates[at]:.2g}") for at in (steepest, lowest)]
