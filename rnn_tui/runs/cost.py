"""What training will take here: by the last runs of the task, else by operations timed a moment."""

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

# Of a time step, forward and back: products of all weights; functions of each unit's gates; calls,
# which small networks cost.
PRODUCTS, FUNCTIONS, CALLS = 3, 1.5, 100
LAST_RUNS, SHORTEST_RUN, TIMES = 20, 0.5, 50


class MachineSpeed(NamedTuple):
    """What a machine has to train with, and seconds that one of its threads takes."""

    call: float  #: seconds of a call.
    multiplication: float  #: seconds of one in a product of matrices.
    tanh: float  #: seconds of that of a number.
    device: str  #: what `auto` stands for.
    workers: int  #: threads that share a batch of images.


class Workload(NamedTuple):
    """What training computes: time steps of all samples; what one takes: gates and weights."""

    steps: float
    batch: int
    layers: int
    gates: int
    weights: int
    recipe: Recipe


# by device: what was trained, the last first, and the seconds it took
Known = Mapping[str, Sequence[tuple[Workload, float]]]


def workload(config: RunConfig) -> Workload | None:
    """What training with these settings computes; None where that depends on a user's files."""
    task, cell = TASKS[config.task], CELLS[config.cell]
    if isinstance(config, SequenceConfig) and task.shape is not None:
        networks, layers, units = len(config.replicas), 1, max(config.hidden_sizes)
        samples, steps = config.training_size, sum(config.lengths) / 2
        features = task.shape.features
    elif isinstance(config, ImageConfig) and task.images and not config.data_dir:
        networks, layers, units = 1, config.layers * (1 + cell.bidirectional), config.hidden_size
        samples, steps, features = task.images
        inner = len(INNER_ROWS)
        steps -= config.recipe.inner_rows * (steps - inner) + config.recipe.row_pairs * inner / 2
    else:
        return None
    steps, gates = steps * config.epochs * samples, networks * layers * cell.blocks * units
    columns = cell.replica_columns(features, units)
    return Workload(steps, config.batch_size, layers, gates, gates * columns.count, config.recipe)


def scaled(
    wanted: Workload, known: Sequence[tuple[Workload, float]], size: Callable[[Workload], float]
) -> float | None:
    """Seconds by what was trained last, alike but for its length if that was, and by `size`."""
    alike = [one for one in known if one[0]._replace(steps=wanted.steps) == wanted]
    for one, seconds in alike or known:
        return seconds * size(wanted) / size(one)
    return None


def estimated(wanted: Workload, speed: MachineSpeed, workers: int) -> float:
    """Seconds on the CPU by what its operations take, with a batch shared by `workers`."""
    part = max(1.0, wanted.batch / workers)
    step = PRODUCTS * wanted.weights * part * speed.multiplication
    step += FUNCTIONS * wanted.gates * part * speed.tanh + CALLS * wanted.layers * speed.call
    return wanted.steps / wanted.batch * step


def seconds_of(config: RunConfig, known: Known, speed: MachineSpeed | None) -> float | None:
    """What training with these settings will take; None where nothing tells."""
    wanted = workload(config)
    device = (config.automatic_device if config.device == "auto" else config.device).partition(":")[
        0
    ]
    if device == "auto":
        device = speed.device if speed is not None else next(iter(known), "")
    if wanted is None:
        return None
    if speed is None or device != "cpu":
        return scaled(wanted, known.get(device, ()), lambda one: one.steps * one.weights)
    size = partial(
        estimated, speed=speed, workers=1 if config.variants else config.workers or speed.workers
    )
    return scaled(wanted, known.get(device, ()), size) or size(wanted)


def mean_seconds(configs: Sequence[RunConfig]) -> float | None:
    """What training with each of these settings of one task will take on average.

    Returns:
        Seconds; None where nothing tells it of one of them.
    """
    with existing_store() as store:
        known: Known = {} if store is None else trained_here(configs[0].task, store)
    speed = timed_speed()
    times = [seconds_of(config, known, speed) for config in configs]
    known_times = [seconds for seconds in times if seconds is not None]
    if len(known_times) < len(times):
        return None
    return sum(known_times) / len(known_times)


def trained_here(task: str, store: RunStore) -> Known:
    """The last runs of a task on this machine."""
    known: dict[str, list[tuple[Workload, float]]] = {}
    for run in store.runs(task, most=LAST_RUNS):
        hosts = {session.host for session in store.sessions(run.run_id)}
        if hosts != {socket.gethostname()} or not run.progress or run.elapsed < SHORTEST_RUN:
            continue
        size = workload(run.config)
        if size is not None:
            done = size._replace(steps=size.steps * run.progress)
            known.setdefault(run.device.partition(":")[0], []).append((done, run.elapsed))
    return known


def timed_speed() -> MachineSpeed:
    """The speed of this machine, timed for a few milliseconds, while nothing trains."""
    import torch  # noqa: PLC0415 - on use only

    from rnn_tui.engine.parallel import automatic_workers, cpu_workers  # noqa: PLC0415 - torch

    weights, states, one = torch.ones(512, 128), torch.ones(128, 32), torch.ones(1)
    with cpu_workers(1):
        # of many, the fastest: no other thread interrupted it
        operations = (one.tanh, lambda: weights @ states, states.tanh)
        call, product, tanh = (min(repeat(do, number=1, repeat=TIMES)) for do in operations)
    multiplication, tanh = (product - call) / (512 * 128 * 32), (tanh - call) / states.numel()
    return MachineSpeed(
        call,
        max(0.0, multiplication),
        max(0.0, tanh),
        resolve_device("auto").type,
        automatic_workers(),
    )


def in_words(seconds: float) -> str:
    """A time that is only about known."""
    for unit, name in ((3600.0, "h"), (60.0, "min")):
        if seconds >= 1.5 * unit:
            return f"about {seconds / unit:.0f} {name} on this machine"
    return (
        f"about {max(1, round(seconds) if seconds < 20 else 5 * round(seconds / 5))} s on this "
        "machine"
    )
