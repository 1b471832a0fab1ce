"""What is shown of a recurrent layer is what happens in PyTorch's, step by step."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from rnn_tui.networks.cell import GATES, Activations, Array, CellWeights, sigmoid

KINDS = {"rnn": nn.RNN, "lstm": nn.LSTM}


def pair(kind: str, features: int, size: int, seed: int) -> tuple[nn.RNNBase, CellWeights]:
    """One of PyTorch's layers and ours with the same weights, large enough to saturate some."""
    module = KINDS[kind](features, size)
    random = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for parameter in module.parameters():
            parameter.uniform_(-1.5, 1.5, generator=random)
    of_input, of_state, *biases = (p.detach().numpy() for p in module.parameters())
    return module, CellWeights(kind, of_input, of_state, biases[0] + biases[1])  # type: ignore[arg-type]


def drawn(shape: tuple[int, ...], seed: int = 0) -> Array:
    return np.random.default_rng(seed).normal(size=shape).astype(np.float32)


@settings(deadline=None, max_examples=20)
@given(
    st.sampled_from(["rnn", "lstm"]),
    st.tuples(st.integers(1, 12), st.integers(1, 4), st.integers(1, 9)),
    st.integers(1, 9),
    st.integers(0, 99),
)
def test_states_and_cells_are_pytorchs_after_every_step(
    kind: str, shape: tuple[int, int, int], size: int, seed: int
) -> None:
    module, cell = pair(kind, shape[2], size, seed)
    inputs = drawn(shape, seed)
    found = cell.run(inputs)
    assert cell.hidden_size == size
    with torch.no_grad():
        states, _ = module(torch.from_numpy(inputs))
        assert found.states == pytest.approx(states.numpy(), abs=1e-5)
        if kind == "rnn":
            assert found.cells is None
            assert not found.gates
            return
        assert found.cells is not None
        for step in range(shape[0]):  # nn.LSTM tells its cell only at the end
            _, (_, last) = module(torch.from_numpy(inputs[: step + 1]))
            assert found.cells[step] == pytest.approx(last[0].numpy(), abs=1e-5)


def assert_gates_make_the_cell(found: Activations) -> None:
    assert found.cells is not None
    assert tuple(found.gates) == GATES
    write, keep, candidate, show = (found.gates[name].astype(np.float64) for name in GATES)
    before = np.concatenate([np.zeros_like(found.cells[:1]), found.cells[:-1]])
    assert keep * before + write * candidate == pytest.approx(found.cells, abs=1e-5)
    assert show * np.tanh(found.cells) == pytest.approx(found.states, abs=1e-5)


@settings(deadline=None, max_examples=15)
@given(st.integers(1, 12), st.integers(1, 9), st.integers(0, 99))
def test_gates_from_the_weights_make_cell_and_state(steps: int, size: int, seed: int) -> None:
    module, cell = pair("lstm", 5, size, seed)
    inputs = drawn((steps, 2, 5), seed)
    found = cell.run(inputs)
    assert_gates_make_the_cell(found)
    # The same gates, from PyTorch's parameters and the states before.
    weights = {name: p.detach().numpy().astype(np.float64) for name, p in module.named_parameters()}
    before = np.concatenate([np.zeros_like(found.states[:1]), found.states[:-1]])
    sums = inputs @ weights["weight_ih_l0"].T + before @ weights["weight_hh_l0"].T
    sums += weights["bias_ih_l0"] + weights["bias_hh_l0"]
    for name, part in zip(GATES, np.split(sums, 4, axis=2), strict=True):
        expected = np.tanh(part) if name == "candidate" else sigmoid(part)  # type: ignore[arg-type]
        assert found.gates[name] == pytest.approx(expected, abs=1e-5)


def test_inputs_are_left_as_they_are_and_runs_do_not_share_memory() -> None:
    _, cell = pair("lstm", 3, 4, 0)
    inputs = drawn((6, 2, 3))
    kept = inputs.copy()
    first = cell.run(inputs)
    states = first.states.copy()
    cell.run(inputs + 1)
    assert np.array_equal(inputs, kept)
    assert np.array_equal(first.states, states)
