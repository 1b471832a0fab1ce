"""A snapshot of the training history is the network as it was; learning and clicks are what is seen
of it, asked one by one.
"""

from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from rnn_tui.archive.weights import run_weights
from rnn_tui.data import store
from rnn_tui.engine import events
from rnn_tui.engine.config import RunConfig
from rnn_tui.engine.errors import CheckpointError, QueryError
from rnn_tui.engine.events import Control
from rnn_tui.engine.files.weights_file import read_weights
from rnn_tui.engine.progress import UNWATCHED
from rnn_tui.engine.training import loop
from rnn_tui.engine.training.history import TrainingHistory, read_history
from rnn_tui.inside import clicks as clicks_module
from rnn_tui.inside.clicks import analyse_clicks
from rnn_tui.inside.gradients import sequence_norms
from rnn_tui.inside.history import analyse_learning, frames, history_of, snapshot
from rnn_tui.inside.image_network import read_test_image
from rnn_tui.inside.reading import NetworkReading, no_history
from rnn_tui.inside.task_network import TaskNetwork, draw_examples, trace_inputs
from rnn_tui.networks import CELLS
from rnn_tui.networks.gradients import loss_norms
from rnn_tui.tasks import TASKS
from rnn_tui.tasks.adder import sums as sums_module
from rnn_tui.tasks.adder.questions import AdderNetwork, Addition
from rnn_tui.tasks.images.inference import HISTORY_IMAGE, RowReaderNetwork
from tests.data.examples import rising_or_falling
from tests.inside.made import reading_of
from tests.networks.ordinary import pytorch_weights
from tests.watched import Watched, after


def trained(config: RunConfig, path: Path) -> Path:
    ends: list[events.Event] = []
    loop.fit(
        TASKS[config.task].load(),
        config,
        ends.append,
        Control(),
        run_id="run",
        checkpoint_path=path,
    )
    assert isinstance(ends[-1], events.RunFinished)
    return path


@pytest.fixture(scope="module")
def adder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three seeds of two sizes, of which some come to add short numbers; with a readout that lets
    gradients through at once.
    """
    recipe = replace(TASKS["adder"].config("lstm", "fast").recipe, initialisation="pytorch")
    config: Any = TASKS["adder"].config(
        "lstm",
        "fast",
        epochs=8,
        batch_size=20,
        training_size=2000,
        test_size=10,
        seeds=3,
        hidden_sizes=(3, 8),
        learning_rate=0.03,
        recipe=recipe,
        device="cpu",
    )
    return trained(config, tmp_path_factory.mktemp("adder") / "run.safetensors")


def adder_reading(path: Path, replica: int = 0) -> NetworkReading:
    network = AdderNetwork(read_weights(path))
    inputs = np.random.default_rng(0).integers(0, 2, (7, 2)).astype(np.float32)
    trace = trace_inputs(network, inputs, replica)
    return NetworkReading(TaskNetwork(network, replica), trace, history=partial(read_history, path))


def the_history(path: Path) -> TrainingHistory:
    history = read_history(path)
    assert history is not None
    return history


@pytest.mark.parametrize("replica", [0, 4])
def test_the_last_snapshot_is_the_network_itself(adder: Path, replica: int) -> None:
    reading, history = adder_reading(adder, replica), the_history(adder)
    last = snapshot(reading, history, len(history) - 1)
    for name, values in reading.trace.arrays().items():
        assert np.array_equal(last.trace.arrays()[name], values), name
    assert last.trace.read == reading.trace.read
    assert not np.array_equal(snapshot(reading, history, 0).trace.logits, reading.trace.logits)
    shown = list(frames(reading))
    assert tuple(epoch for epoch, _ in shown) == history.epochs
    assert np.array_equal(shown[-1][1].logits, reading.trace.logits)


@pytest.mark.parametrize(("model", "layers"), [("lstm", 1), ("rnn", 2), ("bilstm", 2)])
def test_the_last_snapshot_of_a_reader_of_images_is_its_states_in_16_bits(
    model: str, layers: int, mnist_slice: Path, tmp_path: Path
) -> None:
    config = TASKS["mnist"].config(
        model,
        "fast",
        epochs=2,
        batch_size=200,
        hidden_size=5,
        layers=layers,
        data_dir=str(mnist_slice),
        device="cpu",
        gradient_inputs=4,
    )
    path = trained(config, tmp_path / "run.safetensors")
    network = RowReaderNetwork(read_weights(path))
    digit, label = read_test_image(HISTORY_IMAGE, TASKS["mnist"].config("lstm"))
    history = the_history(path)
    reading = reading_of(network, inputs=digit, right=(label,), history=lambda: history)
    whole = reading.trace
    last = snapshot(reading, history, len(history) - 1)
    assert not last.retraced
    assert np.array_equal(last.digit, digit)
    assert last.right == (label,)
    top = [layer for layer in whole.layers if layer.read_out]
    for layer, expected in zip(last.trace.layers, top, strict=True):
        assert layer.states == pytest.approx(expected.states, rel=1e-3, abs=1e-6)
        assert layer.importance == pytest.approx(np.abs(layer.states).mean(axis=0))
    assert last.trace.logits == pytest.approx(whole.logits, rel=1e-3, abs=1e-6)
    assert last.trace.probabilities == pytest.approx(whole.probabilities, abs=2e-3)
    analysis = analyse_learning(reading, UNWATCHED)
    assert analysis is not None
    assert analysis.norms.shape == (len(history), 28)
    assert np.isfinite(analysis.norms).all()
    # It begins with a readout of zeros.
    assert not analysis.norms[0].any()
    assert "no gradient before training, at most" in analysis.summary
    # Of the first validation images of the run.
    followed = TASKS["mnist"].load()(config, torch.device("cpu"), lambda _: None)._followed
    assert analysis.norms[-1] == pytest.approx(
        loss_norms(network.stack, network.rows(followed[0]), followed[1]).mean(axis=1), rel=1e-5
    )


def test_what_fits_another_network_is_refused(
    adder: Path, mnist_slice: Path, tmp_path: Path
) -> None:
    reading, history = adder_reading(adder), the_history(adder)
    with pytest.raises(CheckpointError, match="do not fit"):
        snapshot(
            reading,
            TrainingHistory(
                history.epochs,
                {**history.snapshots, "gates": history.snapshots["gates"][:, :, :-1]},
            ),
            0,
        )
    config = TASKS["mnist"].config(
        "rnn", "fast", hidden_size=5, epochs=1, data_dir=str(mnist_slice), device="cpu"
    )
    path = trained(config, tmp_path / "run.safetensors")
    network, (digit, _) = (
        RowReaderNetwork(read_weights(path)),
        read_test_image(HISTORY_IMAGE, TASKS["mnist"].config("lstm")),
    )
    one = reading_of(network, inputs=digit, history=partial(read_history, path))
    with pytest.raises(CheckpointError, match="belongs to another network; train this one again"):
        snapshot(one, history, 0)
    with pytest.raises(QueryError, match="train one with 32 in “Gradients kept”"):
        analyse_learning(one, UNWATCHED)
    with pytest.raises(
        QueryError, match=r"This network has no training history: .* rnn-tui train mnist"
    ):
        analyse_learning(replace(one, history=lambda: None), UNWATCHED)


def test_without_a_history_the_command_is_that_of_the_data_set(adder: Path) -> None:
    data_set = rising_or_falling()
    store.keep(data_set)
    name = data_set.description.name
    reading = adder_reading(adder)
    on_data_set = replace(reading, trace=replace(reading.trace, task=name), history=no_history)
    with pytest.raises(QueryError, match=f"train one with rnn-tui train sequences {name}\\."):
        history_of(on_data_set)
    with pytest.raises(CheckpointError, match=f"train one with rnn-tui train sequences {name}\\."):
        run_weights(name, "last")


def test_learning_is_the_gradient_of_the_network_as_it_was(adder: Path) -> None:
    reading, history = adder_reading(adder, 3), the_history(adder)
    progress = Watched()
    analysis = analyse_learning(reading, progress, inputs=20)
    assert analysis is not None
    assert progress.seen == [(at, len(history)) for at in range(len(history) + 1)]
    network = reading.network.source
    drawn = draw_examples(network.task, network.config, 20, 0, length=network.config.lengths[1])
    last = sequence_norms(network.stack(3), drawn.inputs, drawn.targets).mean(axis=1)
    assert analysis.norms[-1] == pytest.approx(last)
    assert analysis.norms.shape == (len(history), network.config.lengths[1])
    left = analysis.norms[:, 0] / analysis.norms[:, -1]
    assert f"{left[0]:.2g} before training" in analysis.summary
    assert f"{left[-1]:.2g} at the end" in analysis.summary
    assert analyse_learning(reading, after(0), inputs=20) is None


def right_share(path: Path, replica: int, at: int, sums: list[Addition]) -> float:
    """The share of right sums by PyTorch's own layers with the weights of a snapshot."""
    config, snapshots = read_weights(path).config, the_history(path).snapshots
    size = config.replicas[replica].variant.hidden_size
    weights = {name: torch.from_numpy(values[at]) for name, values in snapshots.items()}
    named = pytorch_weights(CELLS["lstm"], weights, replica, size)
    network = nn.ModuleDict({"recurrent": nn.LSTM(2, size), "readout": nn.Linear(size, 1)})
    network.load_state_dict(named)
    right = 0
    for addition in sums:
        read = torch.tensor(
            np.stack([addition.bits(addition.a), addition.bits(addition.b)], axis=1),
            dtype=torch.float32,
        )
        with torch.no_grad():
            bits = network["readout"](network["recurrent"](read)[0])[:, 0] >= 0
        right += sum(int(bit) << place for place, bit in enumerate(bits)) == addition.a + addition.b
    return right / len(sums)


def clusters_of(states: np.ndarray, apart: float) -> int:
    """Average linkage by hand: join the two groups with the smallest mean distance, while it is
    small enough.
    """
    distances = np.linalg.norm(states[:, None] - states[None], axis=2)
    groups = [[at] for at in range(len(states))]
    while len(groups) > 1:
        means = {
            (a, b): distances[np.ix_(groups[a], groups[b])].mean()
            for a in range(len(groups))
            for b in range(a)
        }
        a, b = min(means, key=means.__getitem__)
        if means[a, b] > apart:
            break
        groups[b] += groups.pop(a)
    return len(groups)


def test_clicks_are_those_of_seeds_asked_one_by_one(
    adder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Short sums, few states: what a small network comes to do, and what can be counted by hand.
    monkeypatch.setattr(sums_module, "LONGEST", 8)
    monkeypatch.setattr(sums_module, "PAIRS", 12)
    monkeypatch.setattr(clicks_module, "STATES", 40)
    reading, history = adder_reading(adder, 4), the_history(adder)
    analysis = analyse_clicks(reading, UNWATCHED)
    assert analysis is not None
    assert sorted(analysis.seeds) == sorted(
        {replica.seed for replica in reading.network.source.replicas}
    )
    random = np.random.default_rng(0)
    pairs = [[int.from_bytes(random.bytes(1)) for _ in range(2)] for _ in range(12)]
    sums = [*(Addition(a, b) for a, b in pairs), Addition(255, 1)]
    inputs = random.integers(0, 2, (8, 5, 2)).astype(np.float32)
    places = {
        replica.seed: at
        for at, replica in enumerate(reading.network.source.replicas)
        if replica.variant == reading.network.source.replicas[4].variant
    }
    for row, seed in enumerate(analysis.seeds):
        shares = [right_share(adder, places[seed], at, sums) for at in range(len(history))]
        assert analysis.right[row] == pytest.approx(shares)
        there = [epoch for epoch, part in zip(history.epochs, shares, strict=True) if part == 1]
        assert analysis.first[row] == (there[0] if there else None)
        for at in (0, len(history) - 1):
            network = TaskNetwork(reading.network.source, places[seed])
            then = snapshot(replace(reading, network=network), history, at)
            states = then.network.source.cell(places[seed]).run(inputs).states
            assert analysis.clusters[row, at] == clusters_of(
                np.float64(states.reshape(40, -1)), 0.15 * 2 * np.sqrt(8)
            )
    first = [np.inf if epoch is None else epoch for epoch in analysis.first]
    assert first == sorted(first)
    assert np.isfinite(first[0])
    count = sum(epoch is not None for epoch in analysis.first)
    assert analysis.summary.startswith(f"{count} of 3 seeds of H 8")
    assert analyse_clicks(reading, after(0)) is None
