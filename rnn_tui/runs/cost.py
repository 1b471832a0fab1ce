"""Estimate how long training will take: from the task's last runs, else from timed operations."""

from __future__ import annotations

import socket
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from timeit import repeat
from typing import TYPE_CHECKING, NamedTuple

from rnn_tui.engine.config import Recipe, RunConfig
from rnn_tui.engine.devices import resolve_device
from rnn_tui.networks import CELLS
from rnn_tui.runs.store import existing_store
from rnn_tui.tasks import TASKS
from rnn_tui.tasks.config import INNER_ROWS, ImageConfig, SequenceConfig

if TYPE_CHECKING:
    from rnn_tui.runs.store import RunStore

# A time step, forward and back, takes so many
PRODUCTS = 3  # multiplications by each weight,
FUNCTIONS = 1.5  # functions of each gate,
CALLS = 100  # and calls, which are what small networks cost.
LAST_RUNS = 20  # runs that are considered
SHORTEST_RUN = 0.5  # seconds of a run from which others are estimated
TIMES = 50  # how many times an operation is timed


class MachineSpeed(NamedTuple):
    """A machine's device and workers, and the seconds that operations take in one thread."""

    call: float  #: seconds of a call.
    multiplication: float  #: seconds of a multiplication in a product of matrices.
    tanh: float  #: seconds of the hyperbolic tangent of a number.
    device: str  #: the device that `auto` means.
    workers: int  #: threads that share a batch of images.


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
        layers = 1
        units = max(config.hidden_sizes)
        samples = config.training_size
        time_steps = sum(config.lengths) / 2
        features = task.shape.features
    elif isinstance(config, ImageConfig) and task.images and not config.data_dir:
        networks = 1
        layers = 2 * config.layers if cell.bidirectional else config.layers
        units = config.hidden_size
        samples, rows, features = task.images
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


def scaled_seconds(
    wanted: Workload, past: Sequence[tuple[Workload, float]], size: Callable[[Workload], float]
) -> float | None:
    """Estimate the seconds from what was trained last; None if nothing was.

    Args:
        wanted: what is to be trained.
        past: what was trained, the last first, and the seconds that it took. The last one that
            differs in its length alone counts, or else the last one.
        size: how large a workload is, in any unit.
    """
    same_kind = [
        (workload, seconds)
        for workload, seconds in past
        if workload._replace(steps=wanted.steps) == wanted
    ]
    for workload, seconds in same_kind or past:
        return seconds * size(wanted) / size(workload)
    return None


def estimated_seconds(wanted: Workload, speed: MachineSpeed, workers: int) -> float:
    """Estimate the seconds on the CPU from its operations, with a batch shared by `workers`."""
    part = max(1.0, wanted.batch / workers)
    products = PRODUCTS * wanted.weights * part * speed.multiplication
    functions = FUNCTIONS * wanted.gates * part * speed.tanh
    calls = CALLS * wanted.layers * speed.call
    return wanted.steps / wanted.batch * (products + functions + calls)


def seconds_of(config: RunConfig, past: PastTimes, speed: MachineSpeed | None) -> float | None:
    """Estimate the seconds that training with these settings will take; None if unknown."""
    wanted = workload(config)
    if wanted is None:
        return None
    device = config.automatic_device if config.device == "auto" else config.device
    device = device.partition(":")[0]
    if device == "auto":
        device = next(iter(past), "") if speed is None else speed.device
    past_there = past.get(device, ())
    if speed is None or device != "cpu":
        return scaled_seconds(wanted, past_there, lambda each: each.steps * each.weights)
    workers = config.workers or speed.workers
    if config.variants:  # replicas train in one thread
        workers = 1
    size = partial(estimated_seconds, speed=speed, workers=workers)
    return scaled_seconds(wanted, past_there, size) or size(wanted)


def mean_seconds(configs: Sequence[RunConfig]) -> float | None:
    """Estimate the mean time of training with each of these settings of one task.

    Returns:
        Seconds; None if it is unknown for one of them.
    """
    with existing_store() as store:
        past: PastTimes = {} if store is None else trained_here(configs[0].task, store)
    speed = timed_speed()
    times = [seconds_of(config, past, speed) for config in configs]
    known_times = [seconds for seconds in times if seconds is not None]
    if len(known_times) < len(times):
        return None
    return sum(known_times) / len(known_times)


def trained_here(task: str, store: RunStore) -> PastTimes:
    """Return the last runs of a task on this machine."""
    past: dict[str, list[tuple[Workload, float]]] = {}
    for run in store.runs(task, most=LAST_RUNS):
        hosts = {session.host for session in store.sessions(run.run_id)}
        if hosts != {socket.gethostname()} or not run.progress or run.elapsed < SHORTEST_RUN:
            continue
        size = workload(run.config)
        if size is not None:
            done = size._replace(steps=size.steps * run.progress)
            past.setdefault(run.device.partition(":")[0], []).append((done, run.elapsed))
    return past


def timed_speed() -> MachineSpeed:
    """Return the speed of this machine, timed for a few milliseconds, while nothing trains."""
    import torch  # noqa: PLC0415 - on use only

    from rnn_tui.engine.parallel import automatic_workers, cpu_workers  # noqa: PLC0415 - torch

    weights, states, number = torch.ones(512, 128), torch.ones(128, 32), torch.ones(1)
    with cpu_workers(1):
        call = _fastest(number.tanh)
        product = _fastest(lambda: weights @ states)
        tanh_of_many = _fastest(states.tanh)
    multiplication = (product - call) / (512 * 128 * 32)
    tanh = (tanh_of_many - call) / states.numel()
    return MachineSpeed(
        call,
        max(0.0, multiplication),
        max(0.0, tanh),
        resolve_device("auto").type,
        automatic_workers(),
    )


def _fastest(operation: Callable[[], object]) -> float:
    """Return the seconds of an operation: the fastest of many, which nothing interrupted."""
    return min(repeat(operation, number=1, repeat=TIMES))


def in_words(seconds: float) -> str:
    """Return a time that is known roughly."""
    for unit, name in ((3600.0, "h"), (60.0, "min")):
        if seconds >= 1.5 * unit:
            return f"about {seconds / unit:.0f} {name} on this machine"
    rounded = max(1, round(seconds)) if seconds < 20 else 5 * round(seconds / 5)
    return f"about {rounded} s on this machine"
