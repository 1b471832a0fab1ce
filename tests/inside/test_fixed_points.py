"""Fixed and slow points: those of cells whose points are known, and of any cell, by what makes them
so.
"""

import math
from collections.abc import Callable
from itertools import pairwise

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from rnn_tui.inside.state_space import FixedPoint, find_fixed_points, jacobians, update_of
from rnn_tui.networks import CELLS
from rnn_tui.networks.cell import Cell, Step
from rnn_tui.networks.stepwise import NUMPY, Array, CellWeights
from tests.extension.toy_cell import MGUCell
from tests.watched import Watched, after

# A cell of a plug-in, too.
EVERY_CELL = [*CELLS.values(), MGUCell()]
NOTHING = {"nothing": np.zeros(1, np.float32)}


def layer(cell: Cell, of_state: object, bias: object) -> CellWeights:
    """Weights that read nothing of one feature."""
    recurrent, biases = np.array(of_state, np.float32), np.array(bias, np.float32)
    return CellWeights(
        cell, np.zeros((len(biases), 1), np.float32), recurrent, biases, np.zeros_like(biases)
    )


def random_layer(cell: Cell, size: int, seed: int, scale: float = 1.0) -> CellWeights:
    random, rows = np.random.default_rng(seed), cell.blocks * size
    return CellWeights(
        cell,
        *(random.normal(0, scale, shape) for shape in ((rows, 2), (rows, size), (rows,), (rows,))),
    )


def found_from(
    weights: CellWeights, starts: object, inputs: dict[str, Array] = NOTHING
) -> tuple[FixedPoint, ...]:
    found = find_fixed_points(weights, inputs, np.array(starts, np.float32))
    assert found is not None
    return found


def bisected(function: Callable[[float], float], low: float, high: float) -> float:
    """Where the function changes its sign."""
    for _ in range(100):
        middle = (low + high) / 2
        low, high = (
            (middle, high) if (function(middle) > 0) == (function(low) > 0) else (low, middle)
        )
    return low


GRID = np.linspace(-0.99, 0.99, 40)[:, None]


def test_a_weak_unit_forgets() -> None:
    [point] = found_from(layer(CELLS["rnn"], [[0.5]], [0]), GRID)
    assert (point.kind, point.input, point.unstable_directions, point.memory) == (
        "stable",
        "nothing",
        0,
        None,
    )
    assert point.state == pytest.approx([0], abs=1e-9)
    assert point.spectral_radius == pytest.approx(0.5)
    assert point.speed < 1e-20


@settings(max_examples=25, deadline=None)
@given(st.floats(1.5, 3, width=32), st.floats(-0.125, 0.125, width=32))
def test_a_strong_unit_keeps_one_of_two_values(weight: float, bias: float) -> None:
    found = found_from(layer(CELLS["rnn"], [[weight]], [bias]), GRID)
    turn = math.sqrt(1 - 1 / weight)  # where tanh(w h) is as steep as h
    cuts = [-1, (-math.atanh(turn) - bias) / weight, (math.atanh(turn) - bias) / weight, 1]
    roots = [bisected(lambda h: math.tanh(weight * h + bias) - h, *pair) for pair in pairwise(cuts)]
    assert [one.kind for one in found] == ["stable", "stable", "saddle"]
    low, high = sorted(one.state.item() for one in found[:2])
    assert [low, found[2].state.item(), high] == pytest.approx(roots, abs=1e-9)
    for point in found:
        assert point.spectral_radius == pytest.approx(weight * (1 - point.state.item() ** 2))
    assert [one.unstable_directions for one in found] == [0, 0, 1]


def test_a_saddle_that_no_state_comes_near_is_left_out() -> None:
    weights, near_by = layer(CELLS["rnn"], [[2.0]], [0]), np.linspace(0.29, 0.31, 20)[:, None]
    # 0.2 … 0.4
    assert [one.kind for one in found_from(weights, 10 * near_by - 2.7)] == ["stable", "saddle"]
    assert found_from(weights, near_by) == ()


@pytest.mark.parametrize(("scale", "kind", "unstable"), [(0.9, "stable", 0), (1.2, "saddle", 2)])
def test_a_rotation_ends_at_its_centre_or_leaves_it(scale: float, kind: str, unstable: int) -> None:
    turned = scale * np.array([[math.cos(1), -math.sin(1)], [math.sin(1), math.cos(1)]])
    [point] = found_from(
        layer(CELLS["rnn"], turned, [0, 0]), np.random.default_rng(0).uniform(-0.9, 0.9, (30, 2))
    )
    assert point.state == pytest.approx([0, 0], abs=1e-9)
    assert (point.kind, point.unstable_directions) == (kind, unstable)
    assert point.spectral_radius == pytest.approx(scale)


def logistic(value: float) -> float:
    return 1 / (1 + math.exp(-value))


@pytest.mark.parametrize("cell", ["lstm", "bilstm"])
def test_an_lstm_without_recurrence_fills_its_memory(cell: str) -> None:
    write, keep, candidate, show = 0.3, 1.2, -0.4, 0.8
    [point] = found_from(
        layer(CELLS[cell], np.zeros((4, 1)), [write, keep, candidate, show]), np.zeros((3, 2))
    )
    memory = logistic(write) * math.tanh(candidate) / (1 - logistic(keep))
    assert point.memory == pytest.approx([memory], rel=1e-6)
    assert point.state == pytest.approx([logistic(show) * math.tanh(memory)], rel=1e-6)
    assert (point.kind, point.spectral_radius) == ("stable", pytest.approx(logistic(keep)))


def test_a_gru_without_recurrence_goes_to_its_candidate() -> None:
    [point] = found_from(layer(CELLS["gru"], np.zeros((3, 1)), [0, 1.5, 0.7]), GRID)
    assert point.state == pytest.approx([math.tanh(0.7)], rel=1e-6)
    assert (point.kind, point.spectral_radius) == ("stable", pytest.approx(logistic(1.5)))


def test_where_two_points_have_just_met_states_are_slow() -> None:
    weight = 1.5
    turn = math.sqrt(1 - 1 / weight)
    # with 0.01 less, tanh(w h + b) touches h
    bias = float(np.float32(weight * turn - math.atanh(turn) + 0.01))
    found = found_from(layer(CELLS["rnn"], [[weight]], [bias]), GRID)
    assert [one.kind for one in found] == ["stable", "slow"]
    places = np.linspace(-1, 0, 200_001)
    apart = np.tanh(weight * places + bias) - places
    assert found[1].state.item() == pytest.approx(places[apart.argmin()], abs=1e-3)
    assert found[1].speed == pytest.approx(apart.min() ** 2 / 2, rel=1e-3)
    assert found[1].spectral_radius == pytest.approx(1, abs=1e-2)
    assert found[0].state.item() == pytest.approx(
        bisected(lambda h: math.tanh(weight * h + bias) - h, 0, 1), abs=1e-9
    )


def numpy_update(weights: CellWeights, read: Array, carried: Array) -> Array:
    """One step in NumPy of all that is carried on (D,)."""
    cell, size = weights.cell, weights.hidden_size
    last = Step(carried[None, :size], carried[None, size:] if cell.has_memory else None)
    sums = [
        weights.of_input @ read + weights.input_bias,
        weights.of_state @ carried[:size] + weights.state_bias,
    ]
    after = cell.step(NUMPY, *(np.split(one[None], cell.blocks, axis=1) for one in sums), last)
    return np.concatenate([after.state[0], after.memory[0]]) if cell.has_memory else after.state[0]


def slopes_by_differences(weights: CellWeights, read: Array, carried: Array) -> Array:
    columns = [
        (
            numpy_update(weights, read, carried + nudge)
            - numpy_update(weights, read, carried - nudge)
        )
        / 2e-4
        for nudge in 1e-4 * np.eye(len(carried))
    ]
    return np.stack(columns, axis=1)


@pytest.mark.parametrize("cell", EVERY_CELL, ids=lambda cell: cell.name)
def test_jacobians_are_slopes(cell: Cell) -> None:
    weights, random = random_layer(cell, 3, 0), np.random.default_rng(1)
    read, carried = random.normal(size=2), random.normal(0, 0.5, (4, 6 if cell.has_memory else 3))
    with torch.no_grad():
        found = jacobians(update_of(weights, read), torch.from_numpy(carried)).numpy()
        assert not torch.is_grad_enabled()
    for one, place in zip(found, carried, strict=True):
        assert one == pytest.approx(slopes_by_differences(weights, read, place), abs=1e-5)


@pytest.mark.parametrize("cell", EVERY_CELL, ids=lambda cell: cell.name)
def test_a_fixed_point_of_any_cell_stays_and_is_as_stable_as_it_is_said_to_be(cell: Cell) -> None:
    weights, random = random_layer(cell, 4, 2), np.random.default_rng(3)
    inputs = {"a": np.array([1.0, 0.0]), "b": np.array([0.0, 1.0])}
    width = 8 if cell.has_memory else 4
    found = found_from(weights, random.uniform(-1, 1, (40, width)), inputs)
    fixed = [one for one in found if one.kind != "slow"]
    assert fixed
    for point in fixed:
        place = point.state if point.memory is None else np.concatenate([point.state, point.memory])
        read = inputs[point.input]
        assert numpy_update(weights, read, place) == pytest.approx(place, abs=1e-6)
        moduli = np.abs(np.linalg.eigvals(slopes_by_differences(weights, read, place)))
        assert point.spectral_radius == pytest.approx(moduli.max(), abs=1e-4)
        assert point.unstable_directions == (moduli > 1).sum()
        assert (point.kind == "stable") == (point.spectral_radius <= 1)
        if point.spectral_radius < 0.95:
            near = place + random.uniform(-1e-3, 1e-3, width)
            for _ in range(400):
                near = numpy_update(weights, read, near)
            assert near == pytest.approx(place, abs=1e-6)


def test_a_search_tells_how_far_it_is_and_stops_when_asked() -> None:
    weights, starts = random_layer(CELLS["gru"], 3, 0), np.zeros((4, 3), np.float32)
    inputs = {name: np.zeros(2, np.float32) for name in "abc"}
    progress = Watched()
    assert find_fixed_points(weights, inputs, starts, progress) is not None
    assert progress.seen == [(0, 3), (1, 3), (2, 3), (3, 3)]
    progress = after(3)
    assert find_fixed_points(weights, inputs, starts, progress) is None
    assert progress.seen == [(0, 3), (1, 3), (2, 3)]


def test_threads_and_gradients_are_left_as_they_were() -> None:
    before = torch.get_num_threads(), torch.is_grad_enabled()
    found_from(layer(CELLS["rnn"], [[2.0]], [0]), GRID)
    assert (torch.get_num_threads(), torch.is_grad_enabled()) == before
