"""State space: the plane is that of most variance, labels are true, a path is where it should
be.
"""

import io
import json
import math
from typing import Any

import numpy as np
import pytest
import torch

from rnn_tui.engine.errors import CheckpointError
from rnn_tui.engine.files.paths import asset_dir
from rnn_tui.engine.files.weights_file import WeightsFile, read_weights
from rnn_tui.inside.image_network import trace_digit
from rnn_tui.inside.state_space import (
    StateSpaceAnalysis,
    analyse_state_space,
    state_space,
    update_of,
)
from rnn_tui.networks import CELLS
from rnn_tui.networks.stepwise import Array
from rnn_tui.tasks import TASKS
from rnn_tui.tasks.adder.questions import AdderNetwork
from rnn_tui.tasks.config import SequenceConfig
from rnn_tui.tasks.images.inference import RowReaderNetwork
from rnn_tui.tasks.mnist.data import load_mnist
from rnn_tui.tasks.recall.questions import RecallNetwork
from rnn_tui.tasks.sequences.inference import SequenceNetwork
from rnn_tui.tasks.task import Task
from tests.extension.toy_cell import MGUCell
from tests.extension.toy_task import MAJORITY
from tests.inside.made import reading_of
from tests.watched import Watched, after


def shipped(name: str) -> WeightsFile:
    return read_weights(asset_dir() / "pretrained" / f"{name}.safetensors")


def made(task: Task, cell: str, gates: Array, size: int, **settings: Any) -> SequenceNetwork:
    """One replica with these weights (G·H, H + F + 2)."""
    config = task.config(cell, hidden_sizes=(size,), losses=("ce",), seeds=1, **settings)
    assert isinstance(config, SequenceConfig)
    assert task.shape is not None
    readout = np.zeros((1, len(task.shape.outputs), size + 1), np.float32)
    network: SequenceNetwork = task.network(
        WeightsFile(config, {"gates": np.float32(gates)[None], "readout": readout}, 1, {})
    )
    return network


def states_of(analysis: StateSpaceAnalysis) -> Array:
    """The states (N, H), of which the plane shows all."""
    assert analysis.explained.sum() == pytest.approx(1)
    return analysis.mean + analysis.points @ analysis.components


def analysed(network: SequenceNetwork, replica: int = 0, **settings: Any) -> StateSpaceAnalysis:
    analysis = analyse_state_space(reading_of(network, replica), **settings)
    assert analysis is not None
    return analysis


def test_the_plane_is_that_of_a_singular_value_decomposition() -> None:
    random = np.random.default_rng(0)
    states = (random.normal(size=(300, 5)) @ random.normal(size=(5, 5)) + 3).astype(np.float32)
    analysis = state_space("layer 1", states, np.zeros(300, np.int64), ("only",), "class")
    centred = states.astype(np.float64) - states.mean(axis=0, dtype=np.float64)
    _, sizes, directions = np.linalg.svd(centred, full_matrices=False)
    assert analysis.explained == pytest.approx(sizes[:2] ** 2 / (sizes**2).sum())
    signs = np.sign((analysis.components * directions[:2]).sum(axis=1, keepdims=True))
    assert analysis.components == pytest.approx(signs * directions[:2], abs=1e-6)
    assert analysis.points == pytest.approx(centred @ analysis.components.T, abs=1e-5)
    # A path is the same projection.
    assert analysis.path(states[:7]) == pytest.approx(analysis.points[:7], abs=1e-5)
    assert analysis.path(analysis.mean[None]) == pytest.approx(np.zeros((1, 2)), abs=1e-6)


@pytest.mark.parametrize("size", [1, 3])
def test_states_that_never_move_lie_in_one_place(size: int) -> None:
    analysis = state_space(
        "layer 1", np.full((20, size), 0.5, np.float32), np.zeros(20, np.int64), ("only",), "class"
    )
    assert not analysis.points.any()
    assert not analysis.explained.any()
    assert json.loads(json.dumps(analysis.to_dict(), allow_nan=False))["explained"] == [0, 0]
    assert analysis.path(np.zeros((4, size))).shape == (4, 2)


def test_states_that_are_no_numbers_are_refused() -> None:
    with pytest.raises(CheckpointError, match="too large"):
        state_space(
            "layer 1",
            np.full((3, 2), np.nan, np.float32),
            np.zeros(3, np.int64),
            ("only",),
            "class",
        )


# A unit that is the carry: 1 or −1, by the larger part of the two bits and itself.
CARRIES = 10 * np.array([[1, 2, 2, -2.5, 0]])


def test_the_colour_of_an_addition_is_the_carry() -> None:
    analysis = analysed(made(TASKS["adder"], "rnn", CARRIES, 1), inputs=700)
    assert (analysis.coloured_by, analysis.label_names, analysis.layer) == (
        "carry",
        ("0", "1"),
        "layer 1",
    )
    assert len(analysis.points) == len(analysis.labels) == 700
    assert 0.2 < analysis.labels.mean() < 0.6
    # That of the place just read, as the unit has it.
    assert np.array_equal(states_of(analysis)[:, 0] > 0, analysis.labels == 1)
    # Bits that differ keep a carry, whatever it is; others decide it.
    stable = [
        (point.input, round(point.state.item()))
        for point in analysis.fixed_points
        if point.kind == "stable"
    ]
    assert sorted(stable) == [
        ("0 + 0", -1),
        ("0 + 1", -1),
        ("0 + 1", 1),
        ("1 + 0", -1),
        ("1 + 0", 1),
        ("1 + 1", 1),
    ]
    lines = [line for line in analysis.findings if "stable (" in line]
    kept = [(line.partition(": ")[0], line[-len("nearest to carry 0") :]) for line in lines]
    assert sorted(kept) == [
        (name, f"nearest to carry {state > 0:d}") for name, state in sorted(stable)
    ]
    assert all(len(line) <= 79 for line in analysis.findings[1:])
    assert "6 stable" in analysis.findings[0] == analysis.summary


def test_the_colour_of_a_recall_is_the_digit_kept() -> None:
    angles = 2 * np.pi * np.arange(10) / 10
    # It forgets all but the last digit, which is the one at the position where there is one alone.
    of_digit = 0.5 * np.stack([np.cos(angles), np.sin(angles)])
    gates = np.hstack([np.zeros((2, 2)), of_digit, np.zeros((2, 2))])
    analysis = analysed(
        made(TASKS["recall"], "rnn", gates, 2, position=1, lengths=(1, 1)), inputs=300
    )
    assert (analysis.coloured_by, analysis.label_names) == ("digit kept", tuple("0123456789"))
    read = np.arctanh(states_of(analysis)) @ of_digit
    assert np.array_equal(read.argmax(axis=1), analysis.labels)
    assert [point.input for point in analysis.fixed_points] == [*"0123456789"]
    assert {point.kind for point in analysis.fixed_points} == {"stable"}
    places = [np.tanh(of_digit[:, int(point.input)]) for point in analysis.fixed_points]
    assert analysis.fixed_point_places == pytest.approx(analysis.path(np.array(places)), abs=1e-5)


@pytest.mark.parametrize("cell", [*TASKS["recall"].cells, "mgu"])
def test_a_task_that_nobody_knows_is_coloured_by_its_classes(
    cell: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(CELLS, "mgu", MGUCell())
    random = np.random.default_rng(0)
    rows = CELLS[cell].blocks * 3
    analysis = analysed(made(MAJORITY, cell, random.normal(size=(rows, 6)), 3), inputs=300)
    assert (analysis.coloured_by, analysis.label_names) == ("class", ("more zeros", "more ones"))
    assert 0.3 < analysis.labels.mean() < 0.7
    assert {point.input for point in analysis.fixed_points} <= {"0", "1"}
    assert analysis.fixed_points
    assert all(
        (point.memory is not None) == CELLS[cell].has_memory for point in analysis.fixed_points
    )


def test_a_state_after_the_last_step_has_read_the_whole_input() -> None:
    # A unit whose state grows by the bits read: the sum of ±1 of all of them, small enough for tanh
    # to be a straight line.
    analysis = analysed(made(MAJORITY, "rnn", [[1, 2e-3, -1e-3, 0]], 1), inputs=300)
    # as many zeros as ones are no majority
    assert np.array_equal(states_of(analysis)[:, 0] > 5e-4, analysis.labels == 1)


def test_an_analysis_repeats_by_its_seed_and_has_documents() -> None:
    network = AdderNetwork(shipped("adder"))
    first, same, other = (
        analysed(network, replica=30, inputs=100, seed=seed) for seed in (1, 1, 2)
    )
    assert np.array_equal(first.points, same.points)
    assert not np.array_equal(first.points, other.points)
    document = json.loads(json.dumps(first.to_dict(), allow_nan=False))
    assert np.float32(document["points"]) == pytest.approx(first.points)
    assert document["fixed_points"][0]["kind"] == "stable"
    file = io.BytesIO()
    np.savez(file, **first.arrays())  # type: ignore[arg-type]
    file.seek(0)
    arrays = np.load(file, allow_pickle=False)
    assert arrays["state_space_fixed_point_state"].shape == (len(first.fixed_points), 3)
    assert arrays["state_space_fixed_point_kind"].tolist() == [
        point.kind for point in first.fixed_points
    ]
    assert arrays["state_space_label_names"].tolist() == ["0", "1"]


def test_the_shipped_adder_keeps_a_carry_at_a_point_of_its_own() -> None:
    analysis = analysed(AdderNetwork(shipped("adder")), replica=30)
    assert len(analysis.points) == 2000
    count = dict.fromkeys(("0 + 0", "0 + 1", "1 + 0", "1 + 1"), 0)
    for point in analysis.fixed_points:
        count[point.input] += point.kind == "stable"
    assert count["0 + 0"] == count["1 + 1"] == 1
    assert count["0 + 1"] == count["1 + 0"] == 2


@pytest.mark.parametrize(
    "replica", [0, *(pytest.param(replica, marks=pytest.mark.long) for replica in (22, 40))]
)
def test_where_states_come_to_rest_there_is_a_stable_point(replica: int) -> None:
    network = AdderNetwork(shipped("adder"))
    analysis, weights = analysed(network, replica=replica, inputs=500), network.cell(replica)
    bits = np.random.default_rng(7).integers(0, 2, (12, 60, 2)).astype(np.float32)
    held = weights.run(bits)
    # (T·N, 2·H)
    before = (
        torch.from_numpy(np.concatenate([held.states, held.cells], axis=2)).flatten(0, 1).double()
    )
    rested = 0
    for first, second in np.ndindex(2, 2):
        update = update_of([weights], np.array([first, second], np.float32))
        carried = before
        for _ in range(3000):
            carried = update(carried)
        at_rest = carried[(update(carried) - carried).norm(dim=1) < 1e-10]
        name = f"{first} + {second}"
        stable = [
            point
            for point in analysis.fixed_points
            if point.kind == "stable" and point.input == name
        ]
        places = torch.from_numpy(np.array([[*point.state, *point.memory] for point in stable]))  # type: ignore[misc]
        assert (torch.cdist(at_rest, places).min(dim=1).values < 1e-4).all()
        rested += len(at_rest)
    assert rested > len(before)


def test_inputs_of_too_many_kinds_have_no_fixed_points(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("rnn_tui.inside.task_network.MOST_CONSTANT_INPUTS", 3)
    analysis = analysed(made(TASKS["adder"], "rnn", CARRIES, 1), inputs=50)
    assert analysis.fixed_points == ()
    assert analysis.findings == [analysis.summary]
    assert analysis.fixed_point_places.shape == (0, 2)


@pytest.mark.parametrize("most", [0, 1, 3])
def test_an_analysis_of_sequences_stops_where_it_is(most: int) -> None:
    network = RecallNetwork(shipped("recall-position-3"))
    progress = Watched(lambda: progress.done >= most)
    assert analyse_state_space(reading_of(network), progress, inputs=500) is None
    total = math.ceil(500 / 250) + 10  # batches, and digits
    # once for the batches, and once for the digits behind them
    assert list(dict.fromkeys(progress.seen)) == [(done, total) for done in range(most + 1)]


@pytest.mark.parametrize("model", TASKS["mnist"].shipped_cells)
def test_digits_are_coloured_by_their_class_and_lie_where_their_path_ends(model: str) -> None:
    network, data, progress = RowReaderNetwork(shipped(f"mnist-{model}")), load_mnist(), Watched()
    analysis = analyse_state_space(reading_of(network), progress, inputs=300)
    assert analysis is not None
    assert list(dict.fromkeys(progress.seen)) == [(0, 2), (1, 2), (2, 2)]  # batches of up to 250
    assert (analysis.coloured_by, analysis.label_names, analysis.fixed_points) == (
        "class",
        tuple("0123456789"),
        (),
    )
    assert analysis.findings == [analysis.summary]
    chosen = np.random.default_rng(0).permutation(10_000)[:300]
    assert np.array_equal(analysis.labels, data.test_labels.numpy()[chosen])
    for at in (0, 299):
        trace = trace_digit(
            network, data.test_images[chosen[at]].numpy().astype(np.float32) / np.float32(255)
        )
        [layer] = [layer for layer in trace.layers if layer.name == analysis.layer]
        assert analysis.path(layer.states)[-1] == pytest.approx(analysis.points[at], abs=1e-4)
    assert analyse_state_space(reading_of(network), after(0)) is None
