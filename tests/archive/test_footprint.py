"""The size of networks and the memory of their training, compared with real ones."""

import gc
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from torch.profiler import ProfilerActivity, profile

from rnn_tui.archive.footprint import footprint, memory_in_words
from rnn_tui.data import store
from rnn_tui.engine.config import RunConfig
from rnn_tui.engine.training.parallel import cpu_workers
from rnn_tui.engine.training.stepper import Stepper, make_optimiser, parameters_of
from rnn_tui.networks import CELLS
from rnn_tui.tasks import TASKS
from rnn_tui.tasks.config import ImageConfig
from rnn_tui.tasks.images.model import build_model
from tests.data.examples import every_goal

CPU = torch.device("cpu")


def settings(task: str, cell: str = "lstm", preset: str = "report", **others: object) -> RunConfig:
    return TASKS[task].config(cell, preset, device="cpu", **others)


def peak_of(action: Callable[[], object]) -> int:
    """Return the most bytes of tensors that an action allocates at a time."""
    gc.collect()
    with profile(activities=[ProfilerActivity.CPU], profile_memory=True) as profiler:
        action()
    changes: list[tuple[int, int]] = []
    nodes = list(profiler.profiler.kineto_results.experimental_event_tree())
    while nodes:
        node = nodes.pop()
        nodes += node.children
        if node.tag.name == "Allocation":
            changes.append((node.start_time_ns, node.extra_fields.alloc_size))
    in_use = most = 0
    for _, change in sorted(changes):
        in_use += change
        most = max(most, in_use)
    return most


def train_some(config: RunConfig) -> None:
    problem = TASKS[config.task].load()(config, CPU, lambda _: None)
    with cpu_workers(config.workers) as workers:
        stepper = Stepper(problem, make_optimiser(problem.model, config, CPU), workers, config, 99)
        problem.begin_epoch(1)
        for step in range(min(8, problem.steps_per_epoch)):
            stepper.step(step)
        problem.validate(stepper.kept, workers)
        problem.test(stepper.kept, workers)


@pytest.mark.parametrize("cell", CELLS)
@pytest.mark.parametrize("layers", [1, 3])
def test_the_weights_of_a_reader_are_counted(cell: str, layers: int) -> None:
    config = settings("mnist", cell, hidden_size=24, layers=layers)
    assert isinstance(config, ImageConfig)
    size = footprint(config)
    assert size is not None
    assert size.parameters == size.smallest == size.largest == parameters_of(build_model(config))


def test_small_networks_count_their_own_weights() -> None:
    config = settings("adder", hidden_sizes=(3, 10), losses=("mse", "bce"), seeds=5)
    size = footprint(config)
    assert size is not None
    assert (size.networks, size.smallest, size.largest) == (20, 88, 571)
    assert size.parameters == 10 * 88 + 10 * 571
    assert TASKS["adder"].load()(config, CPU, lambda _: None).parameters == size.parameters
    assert size.in_words.startswith("6,590 parameters in 20 networks of 88 to 571 · at most ")
    alone = footprint(settings("adder", hidden_sizes=(10,), losses=("mse",), seeds=1))
    assert alone is not None
    assert alone.in_words.startswith("571 parameters · at most ")


@pytest.mark.parametrize(
    "config",
    [
        settings("adder", "gru", "fast", seeds=5, workers=1),
        settings("adder", "lstm", "fast", seeds=5, hidden_sizes=(64,), workers=1),
        settings("recall", "lstm", "fast", seeds=5, batch_size=500, workers=1),
        settings("recall", "rnn", "fast", seeds=2, workers=1),
    ],
    ids=["GRU", "LSTM", "recall", "RNN"],
)
def test_training_takes_no_more_memory_than_is_said(config: RunConfig) -> None:
    taken = peak_of(lambda: train_some(config))
    size = footprint(config)
    assert size is not None
    assert size.memory is not None
    assert taken <= size.memory <= 3 * taken


@pytest.mark.parametrize("goal", ["class", "step-number", "next-symbol"])
@pytest.mark.parametrize("cell", ["lstm", "gru"])
def test_training_on_a_data_set_takes_no_more_memory_than_is_said(
    goal: str, cell: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RNN_TUI_HOME", str(tmp_path))
    data_set = every_goal(3000)[goal]
    store.keep(data_set)
    config = settings(data_set.description.name, cell, "fast", seeds=5, batch_size=64, workers=1)
    taken = peak_of(lambda: train_some(config))
    size = footprint(config)
    assert size is not None
    assert size.memory is not None
    assert taken <= size.memory <= 4 * taken


@pytest.mark.parametrize("cell", ["lstm", "rnn", "bilstm"])
def test_a_reader_of_images_takes_no_more_memory_than_is_said(cell: str) -> None:
    """The images as they are read, 55 MB, are no tensors that PyTorch allocates."""
    config = settings("mnist", cell, batch_size=500, hidden_size=64, workers=1)
    taken = 55_000_000 + peak_of(lambda: train_some(config))
    size = footprint(config)
    assert size is not None
    assert size.memory is not None
    assert taken <= size.memory <= 3 * taken


def test_the_memory_for_a_users_files_is_not_known() -> None:
    size = footprint(settings("mnist", data_dir="/somewhere"))
    assert size is not None
    assert size.memory is None
    assert size.in_words == "116,746 parameters"


def test_memory_is_rounded_up() -> None:
    assert memory_in_words(3_900_000) == "4 MB"
    assert memory_in_words(141_000_000) == "150 MB"
    assert memory_in_words(1_320_000_000) == "1.3 GB"
