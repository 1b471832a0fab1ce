"""The row readers compute what the report's formulas say: by hand, and beside PyTorch's modules."""

import math

import numpy as np
import numpy.typing as npt
import pytest
import torch
from torch import Tensor, nn

from rnn_tui.networks import CELLS
from rnn_tui.networks.layers import (
    AllStatesReader,
    LastStepBiLSTM,
    RNNLayers,
    build_row_reader,
    initialise,
)

Array = npt.NDArray[np.float64]


def mnist_reader(model: str, hidden_size: int, layers: int) -> nn.Module:
    return build_row_reader(
        CELLS[model], features=28, time_steps=28, classes=10, hidden_size=hidden_size, layers=layers
    )


def sigmoid(value: Array) -> Array:
    return 1 / (1 + np.exp(-value))


def put(module: nn.Module, **values: object) -> None:
    """Set parameters of `module` by hand; all others become 0."""
    with torch.no_grad():
        for parameter in module.parameters():
            parameter.zero_()
        for name, value in values.items():
            parameter = module.get_parameter(name)
            parameter.copy_(torch.tensor(value, dtype=parameter.dtype).reshape(parameter.shape))


def numbers(*shape: int, seed: int) -> Array:
    return np.random.default_rng(seed).uniform(-1, 1, shape)


def lstm_by_hand(rows: Array, w_ih: Array, w_hh: Array, bias: Array) -> Array:
    """Hidden states (T, H); the gates lie in the order input, forget, cell, output."""
    units = w_hh.shape[1]
    hidden, cell = np.zeros(units), np.zeros(units)
    states = []
    for row in rows:
        i, f, g, o = np.split(w_ih @ row + w_hh @ hidden + bias, 4)
        cell = sigmoid(f) * cell + sigmoid(i) * np.tanh(g)
        hidden = sigmoid(o) * np.tanh(cell)
        states.append(hidden)
    return np.array(states)


def test_rnn_of_one_unit_reads_two_rows_as_on_paper() -> None:
    reader = AllStatesReader(nn.RNN(1, 1, batch_first=True), time_steps=2, classes=2).double()
    put(reader.recurrent, weight_ih_l0=[[1.0]], weight_hh_l0=[[2.0]], bias_ih_l0=[0.1])
    put(reader.readout, weight=[[1.0, 0.0], [10.0, 1.0]], bias=[0.0, 5.0])
    rows = torch.tensor([[[0.5], [-0.25]]], dtype=torch.float64)  # (N, T, F)
    logits = reader(rows)[0].tolist()

    first = math.tanh(1.0 * 0.5 + 0.1)
    second = math.tanh(1.0 * -0.25 + 2.0 * first + 0.1)
    assert first == pytest.approx(0.5370495669980353)
    assert logits == pytest.approx([first, 10 * first + second + 5], abs=1e-12)


def test_rnn_readout_takes_the_states_step_by_step() -> None:
    reader = AllStatesReader(nn.RNN(2, 2, batch_first=True), time_steps=3, classes=6).double()
    w_ih, w_hh, bias = numbers(2, 2, seed=1), numbers(2, 2, seed=2), numbers(2, seed=3)
    put(reader.recurrent, weight_ih_l0=w_ih, weight_hh_l0=w_hh, bias_ih_l0=bias)
    put(reader.readout, weight=np.eye(6))
    rows = numbers(3, 2, seed=4)

    hidden = np.zeros(2)
    expected: list[float] = []
    for row in rows:
        hidden = np.tanh(w_ih @ row + w_hh @ hidden + bias)
        expected.extend(hidden)

    assert reader(torch.from_numpy(rows)[None])[0].tolist() == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize("units", [1, 2])
def test_lstm_follows_its_gates(units: int) -> None:
    time_steps, features = 3, 2
    reader = AllStatesReader(
        nn.LSTM(features, units, batch_first=True), time_steps, classes=time_steps * units
    ).double()
    w_ih, w_hh = numbers(4 * units, features, seed=1), numbers(4 * units, units, seed=2)
    b_ih, b_hh = numbers(4 * units, seed=3), numbers(4 * units, seed=4)
    put(reader.recurrent, weight_ih_l0=w_ih, weight_hh_l0=w_hh, bias_ih_l0=b_ih, bias_hh_l0=b_hh)
    put(reader.readout, weight=np.eye(time_steps * units))
    rows = numbers(time_steps, features, seed=5)

    expected = lstm_by_hand(rows, w_ih, w_hh, b_ih + b_hh).ravel()
    assert reader(torch.from_numpy(rows)[None])[0].tolist() == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize("units", [1, 2])
def test_bilstm_reads_all_rows_forwards_and_only_the_last_backwards(units: int) -> None:
    reader = LastStepBiLSTM(features=2, hidden_size=units, layers=1, classes=2 * units).double()
    ahead = numbers(4 * units, 2, seed=1), numbers(4 * units, units, seed=2)
    back = numbers(4 * units, 2, seed=3), numbers(4 * units, units, seed=4)
    bias_ahead, bias_back = numbers(4 * units, seed=5), numbers(4 * units, seed=6)
    put(
        reader.forward_direction,
        weight_ih_l0=ahead[0],
        weight_hh_l0=ahead[1],
        bias_ih_l0=bias_ahead,
    )
    put(reader.backward_direction, weight_ih=back[0], weight_hh=back[1], bias_ih=bias_back)
    put(reader.readout, weight=np.eye(2 * units))
    rows = numbers(3, 2, seed=7)

    expected = [
        *lstm_by_hand(rows, *ahead, bias_ahead)[-1],
        # Read from the end, the last row comes first.
        *lstm_by_hand(rows[::-1], *back, bias_back)[0],
    ]
    assert reader(torch.from_numpy(rows)[None])[0].tolist() == pytest.approx(expected, abs=1e-12)


def shared_weights(reader: LastStepBiLSTM, layers: int) -> dict[str, str]:
    """Our parameter's name for each of `nn.LSTM(bidirectional=True)`'s."""
    names = {}
    for kind in ("weight_ih", "weight_hh", "bias_ih", "bias_hh"):
        for layer in range(layers - 1):
            for way in ("", "_reverse"):
                names[f"{kind}_l{layer}{way}"] = f"below.{kind}_l{layer}{way}"
        names[f"{kind}_l{layers - 1}"] = f"forward_direction.{kind}_l0"
        names[f"{kind}_l{layers - 1}_reverse"] = f"backward_direction.{kind}"
    assert {"readout.weight", "readout.bias", *names.values()} == dict(
        reader.named_parameters()
    ).keys()
    return names


@pytest.mark.parametrize("layers", [1, 2, 3])
def test_bilstm_equals_pytorchs_in_outputs_and_gradients(layers: int) -> None:
    draw = torch.Generator().manual_seed(layers)
    reader = LastStepBiLSTM(features=5, hidden_size=4, layers=layers, classes=3).double()
    initialise(reader, CELLS["lstm"], "pytorch", draw)
    whole = nn.LSTM(5, 4, layers, batch_first=True, bidirectional=True).double()
    names = shared_weights(reader, layers)
    with torch.no_grad():
        for theirs, ours in names.items():
            whole.get_parameter(theirs).copy_(reader.get_parameter(ours))

    rows = torch.randn(6, 7, 5, dtype=torch.float64, generator=draw)
    weight = torch.randn(6, 8, dtype=torch.float64, generator=draw)
    here = rows.clone().requires_grad_()
    there = rows.clone().requires_grad_()
    outputs = reader.outputs_at_last_step(here)
    expected = whole(there)[0][:, -1]
    torch.testing.assert_close(outputs, expected, rtol=0, atol=1e-10)

    ours = [here, *(reader.get_parameter(name) for name in names.values())]
    theirs = [there, *(whole.get_parameter(name) for name in names)]
    gradients = torch.autograd.grad((outputs.sin() * weight).sum(), ours, materialize_grads=True)
    expected_gradients = torch.autograd.grad((expected.sin() * weight).sum(), theirs)
    assert gradients[0].abs().max() > 0
    by_name = dict(zip(["input", *names.values()], gradients, strict=True))
    for (name, gradient), expected_gradient in zip(
        by_name.items(), expected_gradients, strict=True
    ):
        torch.testing.assert_close(gradient, expected_gradient, rtol=0, atol=1e-10, msg=name)
    # One step back from a state of zeros: the backward direction's own recurrence is never used.
    assert not by_name["backward_direction.weight_hh"].any()


@pytest.mark.parametrize("layers", [1, 2])
@pytest.mark.parametrize(("count", "steps"), [(3, 5), (1, 1), (4, 2)])
def test_rnn_layers_equal_pytorchs_in_states_and_gradients(
    layers: int, count: int, steps: int
) -> None:
    draw = torch.Generator().manual_seed(layers)
    ours = RNNLayers(4, 6, layers, batch_first=True).double()
    theirs = nn.RNN(4, 6, layers, batch_first=True).double()
    initialise(ours, CELLS["rnn"], "pytorch", draw)
    theirs.load_state_dict(ours.state_dict())
    rows, weight = (
        torch.randn(count, steps, size, dtype=torch.float64, generator=draw, requires_grad=True)
        for size in (4, 6)
    )
    states, expected = ours(rows)[0], theirs(rows)[0]
    torch.testing.assert_close(states, expected, rtol=0, atol=1e-12)
    gradients = torch.autograd.grad(states, [rows, *ours.parameters()], weight)
    expected_gradients = torch.autograd.grad(expected, [rows, *theirs.parameters()], weight)
    for gradient, expected_gradient in zip(gradients, expected_gradients, strict=True):
        torch.testing.assert_close(gradient, expected_gradient, rtol=0, atol=1e-12)


@pytest.mark.parametrize("kind", [name for name, cell in CELLS.items() if not cell.bidirectional])
@pytest.mark.parametrize("at", [slice(4, 24), slice(5, 24, 2)])
def test_a_part_of_the_steps_is_read_out_as_if_the_others_had_no_weight(
    kind: str, at: slice
) -> None:
    reader = mnist_reader(kind, 8, 1)
    initialise(reader, CELLS[kind], "pytorch", torch.Generator().manual_seed(0))
    assert isinstance(reader, AllStatesReader)
    every = torch.zeros(3, 28, 8)
    rows = torch.rand(3, every[:, at].shape[1], 28, generator=torch.Generator().manual_seed(1))
    every[:, at] = reader.recurrent(rows)[0]
    torch.testing.assert_close(reader(rows, at), reader.readout(every.flatten(1)))


def test_bilstm_sees_earlier_rows_only_forwards() -> None:
    reader = mnist_reader("bilstm", 8, 1)
    initialise(reader, CELLS["lstm"], "pytorch", torch.Generator().manual_seed(0))
    assert isinstance(reader, LastStepBiLSTM)
    rows = torch.rand(2, 28, 28, generator=torch.Generator().manual_seed(1))
    changed = rows.clone()
    changed[:, 20] += 1
    before = reader.outputs_at_last_step(rows)
    after = reader.outputs_at_last_step(changed)
    assert not torch.equal(before[:, :8], after[:, :8])
    assert torch.equal(before[:, 8:], after[:, 8:])


H, T, F, C = 128, 28, 28, 10
LSTM_SHAPES = [(4 * H, F), (4 * H, H), (4 * H,), (4 * H,)]
SHAPES = {
    "rnn": [(H, F), (H, H), (H,), (H,), (C, T * H), (C,)],
    "lstm": [*LSTM_SHAPES, (C, T * H), (C,)],
    "bilstm": [*LSTM_SHAPES, *LSTM_SHAPES, (C, 2 * H), (C,)],
}
PARAMETERS = {"rnn": 56_074, "lstm": 116_746, "bilstm": 164_362}


@pytest.mark.parametrize("model", SHAPES)
def test_reports_sizes(model: str) -> None:
    reader = mnist_reader(model, H, 1)
    shapes = [tuple(parameter.shape) for parameter in reader.parameters()]
    assert shapes == SHAPES[model]
    assert sum(parameter.numel() for parameter in reader.parameters()) == PARAMETERS[model]
    assert all(p.requires_grad and p.dtype == torch.float32 for p in reader.parameters())


@pytest.mark.parametrize("model", SHAPES)
@pytest.mark.parametrize("hidden_size", [1, 2, 7, 33])
@pytest.mark.parametrize("layers", [1, 2, 3, 4])
def test_every_size_gives_finite_logits_and_a_gradient_for_every_weight(
    model: str, hidden_size: int, layers: int
) -> None:
    reader = mnist_reader(model, hidden_size, layers)
    initialise(reader, CELLS["lstm"], "pytorch", torch.Generator().manual_seed(0))
    logits: Tensor = reader(torch.rand(3, 28, 28, generator=torch.Generator().manual_seed(1)))
    assert logits.shape == (3, 10)
    assert torch.isfinite(logits).all()
    logits.sum().backward()
    for name, parameter in reader.named_parameters():
        if name == "backward_direction.weight_hh":  # which no step uses
            continue
        assert parameter.grad is not None, name
        assert torch.isfinite(parameter.grad).all(), name


def test_samples_do_not_mix() -> None:
    for model in SHAPES:
        reader = mnist_reader(model, 6, 2)
        initialise(reader, CELLS["lstm"], "pytorch", torch.Generator().manual_seed(0))
        images = torch.rand(5, 28, 28, generator=torch.Generator().manual_seed(1))
        alone = torch.cat([reader(images[i : i + 1]) for i in range(5)])
        torch.testing.assert_close(reader(images), alone, rtol=1e-5, atol=1e-6)
