"""What is shown of a recurrent layer is what happens in PyTorch's, step by step."""

from collections.abc import Callable
from functools import partial

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from rnn_tui.networks import CELLS
from rnn_tui.networks.cell import Cell
from rnn_tui.networks.layers import StackedLayers
from rnn_tui.networks.replicas import replicas_of
from rnn_tui.networks.stepwise import (
    Activations,
    Array,
    CellWeights,
    replica_states,
    sigmoid,
)

KINDS: dict[str, Callable[..., nn.RNNBase]] = {
    "rnn": nn.RNN,
    "rnn-relu": partial(nn.RNN, nonlinearity="relu"),
    "lstm": nn.LSTM,
    "gru": nn.GRU,
}
GATES = CELLS["lstm"].gates


def pair(kind: str, features: int, size: int, seed: int) -> tuple[nn.RNNBase, CellWeights]:
    """One of PyTorch's layers and ours with the same weights, large enough to saturate some."""
    module = KINDS[kind](features, size)
    random = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for parameter in module.parameters():
            parameter.uniform_(-1.5, 1.5, generator=random)
    of_input, of_state, *biases = (p.detach().numpy() for p in module.parameters())
    return module, CellWeights(CELLS[kind], of_input, of_state, biases[0], biases[1])


def drawn(shape: tuple[int, ...], seed: int = 0) -> Array:
    return np.random.default_rng(seed).normal(size=shape).astype(np.float32)


@settings(max_examples=20)
@given(
    st.sampled_from(list(KINDS)),
    st.tuples(st.integers(1, 12), st.integers(1, 4), st.integers(1, 9)),
    st.integers(1, 9),
    st.integers(0, 99),
)
def test_states_and_cells_are_pytorchs_after_every_step(
    kind: str, shape: tuple[int, int, int], size: int, seed: int
) -> None:
    module, cell = pair(kind, shape[2], size, seed)
    inputs = drawn(shape, seed)
    activations = cell.run(inputs)
    assert cell.hidden_size == size
    with torch.no_grad():
        states, _ = module(torch.from_numpy(inputs))
        assert activations.states == pytest.approx(states.numpy(), abs=1e-5)
        assert tuple(activations.gates) == CELLS[kind].gates
        if kind != "lstm":
            assert activations.cells is None
            return
        assert activations.cells is not None
        for step in range(shape[0]):  # nn.LSTM tells its cell only at the end
            _, (_, last) = module(torch.from_numpy(inputs[: step + 1]))
            assert activations.cells[step] == pytest.approx(last[0].numpy(), abs=1e-5)


def assert_gates_make_the_cell(activations: Activations) -> None:
    assert activations.cells is not None
    assert tuple(activations.gates) == GATES
    write, keep, candidate, show = (activations.gates[name].astype(np.float64) for name in GATES)
    before = np.concatenate([np.zeros_like(activations.cells[:1]), activations.cells[:-1]])
    assert keep * before + write * candidate == pytest.approx(activations.cells, abs=1e-5)
    assert show * np.tanh(activations.cells) == pytest.approx(activations.states, abs=1e-5)


@settings(max_examples=15)
@given(st.integers(1, 12), st.integers(1, 9), st.integers(0, 99))
def test_gates_from_the_weights_make_cell_and_state(steps: int, size: int, seed: int) -> None:
    module, cell = pair("lstm", 5, size, seed)
    inputs = drawn((steps, 2, 5), seed)
    activations = cell.run(inputs)
    assert_gates_make_the_cell(activations)
    # The same gates, from PyTorch's parameters and the states before.
    weights = {name: p.detach().numpy().astype(np.float64) for name, p in module.named_parameters()}
    before = np.concatenate([np.zeros_like(activations.states[:1]), activations.states[:-1]])
    sums = inputs @ weights["weight_ih_l0"].T + before @ weights["weight_hh_l0"].T
    sums += weights["bias_ih_l0"] + weights["bias_hh_l0"]
    for name, part in zip(GATES, np.split(sums, 4, axis=2), strict=True):
        expected = np.tanh(part) if name == "candidate" else sigmoid(part)  # type: ignore[arg-type]
        assert activations.gates[name] == pytest.approx(expected, abs=1e-5)


def test_inputs_are_left_as_they_are_and_runs_do_not_share_memory() -> None:
    _, cell = pair("lstm", 3, 4, 0)
    inputs = drawn((6, 2, 3))
    kept = inputs.copy()
    first = cell.run(inputs)
    states = first.states.copy()
    cell.run(inputs + 1)
    assert np.array_equal(inputs, kept)
    assert np.array_equal(first.states, states)


@settings(max_examples=15)
@given(st.integers(1, 12), st.integers(1, 9), st.integers(0, 99))
def test_gates_of_a_gru_make_its_state_and_reset_acts_on_the_recurrent_part(
    steps: int, size: int, seed: int
) -> None:
    module, cell = pair("gru", 5, size, seed)
    inputs = drawn((steps, 2, 5), seed)
    activations = cell.run(inputs)
    reset, update, candidate = (
        activations.gates[name] for name in ("reset", "update", "candidate")
    )
    before = np.concatenate([np.zeros_like(activations.states[:1]), activations.states[:-1]])
    assert (1 - update) * candidate + update * before == pytest.approx(activations.states, abs=1e-5)
    weights = {name: p.detach().numpy() for name, p in module.named_parameters()}
    read = inputs @ weights["weight_ih_l0"].T + weights["bias_ih_l0"]
    recurrent = before @ weights["weight_hh_l0"].T + weights["bias_hh_l0"]
    expected = np.tanh(read[..., 2 * size :] + reset * recurrent[..., 2 * size :])
    assert candidate == pytest.approx(expected, abs=1e-5)


@settings(max_examples=20)
@given(
    st.sampled_from(list(KINDS)),
    st.lists(st.integers(1, 6), min_size=1, max_size=4),
    st.integers(1, 4),
    st.integers(0, 99),
)
def test_sets_of_replicas_are_answered_as_each_layer_alone(
    kind: str, lengths: list[int], size: int, seed: int
) -> None:
    lengths = sorted(lengths, reverse=True)
    pairs = [pair(kind, 3, size, seed + at) for at in range(2)]
    replicas = replicas_of(CELLS[kind], (size, size), 3, 1)
    for at, (module, _) in enumerate(pairs):
        replicas.set_replica(at, module, nn.Linear(size, 1))
    inputs = np.random.default_rng(seed).integers(0, 2, (lengths[0], 3, len(lengths)), np.uint8)
    weights = replicas.gates.detach().numpy()
    found = [states.copy() for states in replica_states(CELLS[kind], weights, inputs, lengths)]
    assert [states.shape[2] for states in found] == [
        sum(length > step for length in lengths) for step in range(lengths[0])
    ]
    for at, (_, cell) in enumerate(pairs):
        alone = cell.run(inputs.transpose(0, 2, 1).astype(np.float32)).states  # (T, N, H)
        for step, states in enumerate(found):
            going = states.shape[2]
            assert pytest.approx(alone[step, :going], abs=1e-5) == states[at].T


@pytest.mark.parametrize("layers", [1, 3])
@pytest.mark.parametrize("kind", KINDS)
def test_stacked_layers_of_our_equations_are_pytorchs(kind: str, layers: int) -> None:
    """The layers that a cell has which PyTorch lacks; here of those that it has."""
    expected = KINDS[kind](5, 4, layers, batch_first=True).double()
    ours = StackedLayers(CELLS[kind], 5, 4, layers).double()
    ours.load_state_dict(expected.state_dict())
    sequences = torch.randn(3, 7, 5, generator=torch.Generator().manual_seed(1)).double()
    for module in (expected, ours):
        module(sequences)[0].sin().sum().backward()
    torch.testing.assert_close(ours(sequences)[0], expected(sequences)[0], rtol=0, atol=1e-12)
    theirs = dict(expected.named_parameters())
    for name, weight in ours.named_parameters():
        torch.testing.assert_close(weight.grad, theirs[name].grad, rtol=0, atol=1e-12, msg=name)


@pytest.mark.parametrize("cell", CELLS.values(), ids=list(CELLS))
def test_a_unit_without_weights_stays_zero(cell: Cell) -> None:
    shapes = cell.layer_shapes(features=3, hidden_size=2)
    zeros = {name: np.zeros(shape, np.float32) for name, shape in shapes.items()}
    weights = CellWeights.named(cell, zeros)
    assert not weights.run(drawn((4, 2, 3))).states.any()


def test_a_unit_whose_state_can_change_sign_knows_the_parity_of_any_word() -> None:
    bits = np.random.default_rng(0).integers(0, 2, (200, 1, 1)).astype(np.float32)
    of_input = np.array([[60], [1]], np.float32)  # a 1 opens the gate, to a candidate of 1
    bias = np.array([-30, 0], np.float32)  # a 0 leaves it shut
    parity = bits.cumsum(axis=0) % 2
    signed = CellWeights(CELLS["mingru-signed"], of_input, None, bias, None)
    assert signed.run(bits).states * 0.5 == pytest.approx(parity)
    unsigned = CellWeights(CELLS["mingru"], of_input, None, bias, None)
    assert unsigned.run(bits).states[-1] == pytest.approx(1)
