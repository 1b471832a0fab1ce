"""Estimate how long training will take: from the task's last runs, else from a few steps of it.

Nothing else tells how long a step takes: that depends on the machine, the cell, the sizes and the
data, and a formula for it was wrong by a factor of ten.
"""

from __future__ import annotations

import logging
import socket
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from typing import TYPE_CHECKING, NamedTuple

from rnn_tui.archive.store import existing_store
from rnn_tui.data.store import is_kept
from rnn_tui.engine import waits
from rnn_tui.engine.config import Recipe, RunConfig
from rnn_tui.engine.pace import roughly
from rnn_tui.networks import CELLS
from rnn_tui.tasks import TASKS
from rnn_tui.tasks.config import INNER_ROWS, ImageConfig, SequenceConfig, trained_images

if TYPE_CHECKING:
    from rnn_tui.archive.store import RunStore
    from rnn_tui.engine.training.parallel import Workers
    from rnn_tui.engine.training.problem import Problem, ProblemBuilder
    from rnn_tui.engine.training.stepper import Stepper

LAST_RUNS = 20  # runs that are considered
SHORTEST_RUN = 0.5  # seconds of a run from which others are estimated
STEP_SECONDS = 0.3  # how long steps are timed
MOST_STEPS = 500  # so many are timed at most
TEST_SHARE = 10  # a test of sequences is timed on this part of them
# numbers that are multiplied at a time step, from which on more networks take more time in the same
# proportion, so that fewer of them are timed
MANY_WEIGHTS = 300_000
GOLDEN_RATIO = 0.618034  # whose multiples, less their whole part, are spread evenly
MEASURED_KEPT = 200  # settings whose times are kept
logger = logging.getLogger(__name__)


class Workload(NamedTuple):
    """The amount of computation of a training."""

    steps: float  #: time steps of all samples of all epochs.
    batch: int  #: samples in a step.
    layers: int  #: recurrent layers, a direction each.
    gates: int  #: numbers that functions of gates are worked out of, over all units.
    weights: int  #: numbers that are multiplied at a time step.
    recipe: Recipe  #: further settings that decide how long a step takes.


#: by device, past workloads, the last first, and the seconds that they took.
PastTimes = Mapping[str, Sequence[tuple[Workload, float]]]


def workload(config: RunConfig) -> Workload | None:
    """Return the work of training with these settings; None if it depends on a user's files."""
    task = TASKS[config.task]
    cell = CELLS[config.cell]
    if isinstance(config, SequenceConfig) and task.shape is not None:
        networks = len(config.replicas)
        layers = config.layers * config.direction_count
        units = max(config.hidden_sizes)
        samples = config.training_size
        time_steps = sum(config.lengths) / 2
        features = config.recipe.embedding or task.shape.features
    elif isinstance(config, ImageConfig) and task.images and config.has_published_data:
        networks = 1
        layers = 2 * config.layers if cell.bidirectional else config.layers
        units = config.hidden_size
        samples, rows, features = trained_images(config, task.images)
        time_steps = _mean_rows(rows, config.recipe)
    else:
        return None
    gates = networks * layers * cell.blocks * units
    return Workload(
        steps=time_steps * config.epochs * samples,
        batch=config.batch_size,
        layers=layers,
        gates=gates,
        weights=gates * cell.replica_columns(features, units).count,
        recipe=config.recipe,
    )


def _mean_rows(rows: int, recipe: Recipe) -> float:
    """Return the mean number of rows of an image that are read over the steps of a training."""
    inner = len(INNER_ROWS)
    left_out = recipe.inner_rows * (rows - inner)
    read_in_pairs = recipe.row_pairs * inner / 2
    return rows - left_out - read_in_pairs


class TrainingTimes(NamedTuple):
    """The seconds that parts of a training take on this machine, as measured."""

    first_draw: float  #: to make the samples of the first epoch.
    draw: float  #: to make those of a further epoch.
    step: float  #: of a mean step.
    steps: int  #: steps in an epoch.
    validation: float  #: after each epoch.
    test: float  #: at the end.

    def total(self, epochs: int) -> float:
        """Return the seconds of a training of so many epochs."""
        of_epochs = epochs * (self.steps * self.step + self.validation)
        return self.first_draw + (epochs - 1) * self.draw + of_epochs + self.test

    def scaled(self, factor: float) -> TrainingTimes:
        """Return the times of a training in which everything takes so many times as long."""
        return TrainingTimes(
            self.first_draw * factor,
            self.draw * factor,
            self.step * factor,
            self.steps,
            self.validation * factor,
            self.test * factor,
        )


#: the times by settings whose seed, epochs and learning rate are the same; the last ones stay.
_MEASURED: dict[RunConfig, TrainingTimes] = {}
#: held while something is timed: two at a time would slow each other down.
_TIMING = waits.Lock("the measuring of times")


def past_seconds(config: RunConfig, past: PastTimes) -> float | None:
    """Return what training takes by the last run that differed in its length alone, if any."""
    wanted = workload(config)
    if wanted is None:
        return None
    device = config.automatic_device if config.device == "auto" else config.device
    if device == "auto":
        device = next(iter(past), "")
    for size, seconds in past.get(device.partition(":")[0], ()):
        if size._replace(steps=wanted.steps) == wanted:
            return seconds * wanted.steps / size.steps
    return None


def known_seconds(config: RunConfig) -> float | None:
    """Return what training takes by what was measured before; None if nothing was."""
    times = _MEASURED.get(_key(config))
    return None if times is None else times.total(config.epochs)


def measured_seconds(
    config: RunConfig, stopping: Callable[[], bool] = lambda: False
) -> float | None:
    """Measure a few steps, unless that was done before, and return what training takes.

    It takes about a second, computes what a training would, and keeps nothing.

    Args:
        config: the settings.
        stopping: asked between steps whether to give up.

    Returns:
        Seconds; None if that is not known: it was stopped, or the data are a user's own or would
        have to be drawn first, or the settings can't be trained with here.
    """
    if workload(config) is None or (isinstance(config, ImageConfig) and config.knows_no_digit):
        return None
    with _TIMING:
        if known_seconds(config) is None and not stopping():
            times = _times_or_none(config, stopping)
            if times is not None:
                _MEASURED[_key(config)] = times
                while len(_MEASURED) > MEASURED_KEPT:
                    del _MEASURED[next(iter(_MEASURED))]
    return known_seconds(config)


def _key(config: RunConfig) -> RunConfig:
    """Return the settings without what a step's time does not depend on."""
    return config.without_start.replace(preset="", seed=0, epochs=1, learning_rate=1e-3)


def _times_or_none(config: RunConfig, stopping: Callable[[], bool]) -> TrainingTimes | None:
    try:
        return _measure(_key(config), stopping)
    except Exception as error:  # noqa: BLE001 - a training with these settings says what is wrong
        logger.info("the time of %s is not known: %s", config.label, error)
        return None


def _measure(config: RunConfig, stopping: Callable[[], bool]) -> TrainingTimes | None:
    """Measure the parts of a training of one epoch; None if it is to stop, or MPS is in use."""
    from rnn_tui.engine.training.devices import alone_on  # torch
    from rnn_tui.engine.training.parallel import (  # torch, on use only
        Workers,
        automatic_workers,
        cpu_workers,
    )
    from rnn_tui.engine.training.training_state import device_for  # torch

    device = device_for(config, None, lambda *_: None)
    test_share = 1
    seeds_share = 1.0
    # a data set's test is what it is, whatever the settings say
    if isinstance(config, SequenceConfig) and not is_kept(config.task):
        test_share = min(TEST_SHARE, config.test_size)
        seeds = _timed_seeds(config)
        seeds_share = config.seeds / seeds
        config = config.replace(test_size=config.test_size // test_share, seeds=seeds)
    with ExitStack() as stack:
        if not stack.enter_context(alone_on(device, lambda: True, lambda _: None)):
            return None
        workers = Workers(1)
        if device.type == "cpu":
            workers = stack.enter_context(cpu_workers(config.workers or automatic_workers()))
        build: ProblemBuilder = TASKS[config.task].load()
        problem = build(config, device, lambda _: None)
        times = _time_parts(problem, config, workers, test_share, stopping)
        return None if times is None else times.scaled(seeds_share)


def _timed_seeds(config: SequenceConfig) -> int:
    """Return how many seeds are timed: all of small networks, of large ones a few."""
    work = workload(config)
    if work is None or work.weights <= MANY_WEIGHTS:
        return config.seeds
    return max(1, config.seeds * MANY_WEIGHTS // work.weights)


def _time_parts(
    problem: Problem,
    config: RunConfig,
    workers: Workers,
    test_share: int,
    stopping: Callable[[], bool],
) -> TrainingTimes | None:
    """Time what a training of this problem consists of; None if it is to stop.

    Its test is a part of that of 1 / `test_share` of the sequences. The test of a reader of images
    is as long as its validation, since there are as many images.
    """
    from rnn_tui.engine.training.stepper import Stepper, make_optimiser  # torch

    device = next(problem.model.parameters()).device
    optimiser = make_optimiser(problem.model, config, device)
    # one step more than an epoch has, and a schedule that goes as far
    stepper = Stepper(problem, optimiser, workers, config, problem.steps_per_epoch + 1)
    first_draw = _seconds(lambda: problem.begin_epoch(1))
    draw = _seconds(lambda: problem.begin_epoch(2))
    step = _step_seconds(stepper, problem.steps_per_epoch, stopping)
    if stopping():
        return None
    validation = _seconds(lambda: problem.validate(stepper.kept, workers))
    test = validation
    if isinstance(config, SequenceConfig):
        began = time.perf_counter()
        done = problem.test_part(stepper.kept, workers)
        test = test_share * (time.perf_counter() - began) / done
    return TrainingTimes(first_draw, draw, step, problem.steps_per_epoch, validation, test)


def _step_seconds(stepper: Stepper, steps: int, stopping: Callable[[], bool]) -> float:
    """Return the mean seconds of steps that are spread evenly over an epoch.

    Early steps may read less of each sample than later ones, and batches differ in their length.
    The first step is not counted, as it makes what the others use.
    """
    float(stepper.step(0).sum())  # waits for the device
    count = min(MOST_STEPS, steps)
    # in an order in which any number of the first ones is spread as well
    order = sorted(range(count), key=lambda place: (place * GOLDEN_RATIO) % 1.0)
    began = time.perf_counter()
    done = 0
    for place in order:
        float(stepper.step(place * steps // count).sum())
        done += 1
        if time.perf_counter() - began >= STEP_SECONDS or stopping():
            break
    return (time.perf_counter() - began) / done


def _seconds(call: Callable[[], object]) -> float:
    began = time.perf_counter()
    call()
    return time.perf_counter() - began


def mean_seconds(configs: Sequence[RunConfig]) -> float | None:
    """Estimate the mean time of training with each of these settings of one task.

    Returns:
        Seconds; None if it is unknown for one of them.
    """
    with existing_store() as store:
        past: PastTimes = {} if store is None else trained_here(configs[0].task, store)
    total = 0.0
    for config in configs:
        seconds = past_seconds(config, past)
        if seconds is None:
            seconds = measured_seconds(config)
        if seconds is None:
            return None
        total += seconds
    return total / len(configs)


def trained_here(task: str, store: RunStore) -> PastTimes:
    """Return the last runs of a task on this machine."""
    past: dict[str, list[tuple[Workload, float]]] = {}
    for run in store.runs(task, most=LAST_RUNS):
        hosts = {session.host for session in store.sessions(run.run_id)}
        if hosts != {socket.gethostname()} or not run.trained_share or run.elapsed < SHORTEST_RUN:
            continue
        size = workload(run.config)
        if size is not None:
            done = size._replace(steps=size.steps * run.trained_share)
            past.setdefault(run.device.partition(":")[0], []).append((done, run.elapsed))
    return past


def in_words(seconds: float) -> str:
    """Return a time that is known roughly."""
    return f"{roughly(seconds)} on this machine"
