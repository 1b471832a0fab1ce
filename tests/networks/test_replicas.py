"""Replicas compute what as many ordinary networks of PyTorch do, in outputs and in gradients."""

from collections.abc import Callable, Sequence
from functools import partial

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor, nn

from rnn_tui.networks import CELLS
from rnn_tui.networks.replicas import Replicas, replicas_of
from tests.networks.ordinary import pytorch_weights

Pair = tuple[nn.RNNBase, nn.Linear]
MODULES: dict[str, Callable[[int, int], nn.RNNBase]] = {
    "rnn": nn.RNN,
    "rnn-relu": partial(nn.RNN, nonlinearity="relu"),
    "lstm": nn.LSTM,
    "gru": nn.GRU,
}
SIZES = [(3,), (2, 5, 3), (4, 4)]
SHAPES = [(1, 1), (1, 4), (6, 1), (5, 3)]  # time steps, batch


def ordinary(cell: str, size: int, features: int, outputs: int, draw: torch.Generator) -> Pair:
    """A network in double precision, with weights large enough for every gate to matter."""
    pair = MODULES[cell](features, size).double(), nn.Linear(size, outputs).double()
    with torch.no_grad():
        for module in pair:
            for weight in module.parameters():
                weight.uniform_(-1.5, 1.5, generator=draw)
    return pair


def side_by_side(
    sizes: Sequence[int], features: int, outputs: int, seed: int = 0, cell: str = "lstm"
) -> tuple[Replicas, list[Pair]]:
    draw = torch.Generator().manual_seed(seed)
    network = replicas_of(CELLS[cell], sizes, features, outputs).double()
    pairs = [ordinary(cell, size, features, outputs, draw) for size in sizes]
    for at, pair in enumerate(pairs):
        network.set_replica(at, *pair)
    return network, pairs


def inputs_for(network: Replicas, steps: int, batch: int, seed: int = 1) -> Tensor:
    draw = torch.Generator().manual_seed(seed)
    replicas = len(network.hidden_sizes)
    return torch.randn(
        steps, replicas, network.features, batch, generator=draw, dtype=torch.float64
    )


def outputs_of(pair: Pair, inputs: Tensor) -> Tensor:
    """What PyTorch's modules make of one replica's inputs (T, F, B): (T, O, B)."""
    recurrent, readout = pair
    logits: Tensor = readout(recurrent(inputs.transpose(1, 2))[0])
    return logits.transpose(1, 2)


def gradients(network: Replicas) -> dict[str, Tensor]:
    assert network.gates.grad is not None
    assert network.readout.grad is not None
    return {"gates": network.gates.grad, "readout": network.readout.grad}


def assert_gradients_are_those_of(network: Replicas, pairs: list[Pair]) -> None:
    for at, (recurrent, readout) in enumerate(pairs):
        mine = pytorch_weights(network.cell, gradients(network), at, network.hidden_sizes[at])
        for prefix, module in (("recurrent", recurrent), ("readout", readout)):
            for name, weight in module.named_parameters():
                assert weight.grad is not None
                torch.testing.assert_close(
                    mine[f"{prefix}.{name}"], weight.grad, rtol=0, atol=1e-11, msg=f"{at} {name}"
                )


@pytest.mark.parametrize("cell", MODULES)
@pytest.mark.parametrize("sizes", SIZES)
@pytest.mark.parametrize(("steps", "batch"), SHAPES)
@pytest.mark.parametrize("outputs", [1, 3])
def test_outputs_after_every_step_and_their_gradients_are_pytorchs(
    cell: str, sizes: tuple[int, ...], steps: int, batch: int, outputs: int
) -> None:
    network, pairs = side_by_side(sizes, features=2, outputs=outputs, cell=cell)
    inputs = inputs_for(network, steps, batch)
    found = network.at_every_step(inputs)
    assert found.shape == (steps, len(sizes), outputs, batch)
    assert torch.equal(network(inputs), found[:, :, 0])
    found = network.at_every_step(inputs)  # a pass can't go back after another one
    weight = torch.randn(found.shape, generator=torch.Generator().manual_seed(2)).double()
    (found.sin() * weight).sum().backward()
    for at, pair in enumerate(pairs):
        expected = outputs_of(pair, inputs[:, at])
        torch.testing.assert_close(found[:, at], expected, rtol=0, atol=1e-12)
        (expected.sin() * weight[:, at]).sum().backward()
    assert_gradients_are_those_of(network, pairs)


@pytest.mark.parametrize("cell", MODULES)
@pytest.mark.parametrize(("steps", "batch"), SHAPES)
def test_gradients_on_inputs_are_pytorchs(cell: str, steps: int, batch: int) -> None:
    network, pairs = side_by_side((2, 5), features=3, outputs=2, cell=cell)
    inputs = inputs_for(network, steps, batch).requires_grad_()
    network.at_every_step(inputs).sin().sum().backward()
    assert inputs.grad is not None
    by_hand = inputs.grad.clone()
    for at, pair in enumerate(pairs):
        alone = inputs[:, at].detach().requires_grad_()
        outputs_of(pair, alone).sin().sum().backward()
        torch.testing.assert_close(by_hand[:, at], alone.grad, rtol=0, atol=1e-11)


@pytest.mark.parametrize("cell", MODULES)
def test_gradients_of_a_large_set_are_pytorchs(cell: str) -> None:
    """Its steps do not fit the processor's cache together, and its tanh goes by the sigmoid."""
    network, pairs = side_by_side((32, 32), features=2, outputs=1, cell=cell)
    inputs = inputs_for(network, 5, batch=128)
    network.at_end(inputs).mean().backward()
    for at, pair in enumerate(pairs):
        (outputs_of(pair, inputs[:, at])[-1].mean() / len(pairs)).backward()
    assert_gradients_are_those_of(network, pairs)


@pytest.mark.parametrize("cell", MODULES)
@pytest.mark.parametrize("sizes", SIZES)
@pytest.mark.parametrize(("steps", "batch"), SHAPES)
@pytest.mark.parametrize("all_long", [True, False])
def test_outputs_at_the_end_and_their_gradients_are_pytorchs(
    cell: str, sizes: tuple[int, ...], steps: int, batch: int, all_long: bool
) -> None:
    network, pairs = side_by_side(sizes, features=3, outputs=4, cell=cell)
    inputs = inputs_for(network, steps, batch)
    draw = torch.Generator().manual_seed(3)
    lengths = torch.randint(1, steps + 1, (len(sizes), batch), generator=draw)
    if all_long:
        lengths[:] = steps
    found = network.at_end(inputs, None if all_long else lengths)
    assert found.shape == (len(sizes), 4, batch)
    weight = torch.randn(found.shape, generator=draw).double()
    (found.sin() * weight).sum().backward()
    for at, pair in enumerate(pairs):
        for column in range(batch):
            # Each sequence on its own, cut at its end.
            alone = inputs[: int(lengths[at, column]), at, :, column : column + 1]
            expected = outputs_of(pair, alone)[-1, :, 0]
            torch.testing.assert_close(found[at, :, column], expected, rtol=0, atol=1e-12)
            (expected.sin() * weight[at, :, column]).sum().backward()
    assert_gradients_are_those_of(network, pairs)


@pytest.mark.parametrize("cell", MODULES)
@pytest.mark.parametrize(("steps", "batch"), [(1, 1), (3, 1), (3, 2)])
def test_the_gradient_is_the_slope(cell: str, steps: int, batch: int) -> None:
    network, _ = side_by_side((2, 1), features=2, outputs=2, cell=cell)
    inputs = inputs_for(network, steps, batch)
    lengths = torch.tensor([[1, steps], [steps, 1]])[:, :batch]
    gates, readout = network.gates, network.readout

    def call(kind: str, gates: Tensor, readout: Tensor) -> Tensor:
        # A module whose weights are these arguments, so that both are varied.
        one = replicas_of(CELLS[cell], (2, 1), 2, 2).double()
        del one.gates, one.readout
        one.gates, one.readout = gates, readout  # type: ignore[assignment]
        if kind == "every step":
            return one(inputs)  # type: ignore[no-any-return]
        return one.at_end(inputs, lengths if kind == "at each end" else None)

    for kind in ("every step", "at the end", "at each end"):
        assert torch.autograd.gradcheck(
            lambda *weights, kind=kind: call(kind, *weights), (gates, readout)
        )


@pytest.mark.parametrize("cell", MODULES)
@pytest.mark.parametrize("batch", [1, 3])
def test_bytes_are_read_as_numbers(cell: str, batch: int) -> None:
    network, _ = side_by_side((2, 3), features=2, outputs=1, cell=cell)
    draw = torch.Generator().manual_seed(4)
    inputs = torch.randint(2, (4, 2, 2, batch), generator=draw, dtype=torch.uint8)
    assert torch.equal(network(inputs), network(inputs.double()))
    assert torch.equal(network.at_end(inputs), network.at_end(inputs.double()))


@pytest.mark.parametrize("cell", MODULES)
@pytest.mark.parametrize("sizes", SIZES)
@pytest.mark.parametrize(("steps", "batch"), SHAPES)
def test_walking_step_by_step_tells_the_same(
    cell: str, sizes: tuple[int, ...], steps: int, batch: int
) -> None:
    network, pairs = side_by_side(sizes, features=2, outputs=3, cell=cell)
    inputs = inputs_for(network, steps, batch)
    walked = torch.stack([network.logits(states) for states in network.steps(inputs)])
    assert walked.shape == (steps, len(sizes), 3, batch)
    torch.testing.assert_close(walked[:, :, 0], network(inputs), rtol=0, atol=1e-12)
    torch.testing.assert_close(walked[-1], network.at_end(inputs), rtol=0, atol=1e-12)
    for at, pair in enumerate(pairs):
        expected = outputs_of(pair, inputs[:, at])
        torch.testing.assert_close(walked[:, at], expected, rtol=0, atol=1e-12)


def padding(network: Replicas) -> tuple[Tensor, Tensor]:
    """Where `gates` and `readout` belong to no unit of a replica."""
    replicas, width = len(network.hidden_sizes), network.hidden_size
    gates = torch.ones(
        replicas, network.cell.blocks, width, network.gates.shape[2], dtype=torch.bool
    )
    readout = torch.ones_like(network.readout, dtype=torch.bool)
    for at, size in enumerate(network.hidden_sizes):
        gates[at, :, :size, :size] = False
        gates[at, :, :size, width:] = False
        readout[at, :, :size] = False
        readout[at, :, width] = False
    return gates.flatten(1, 2), readout


@pytest.mark.parametrize("cell", MODULES)
@pytest.mark.parametrize("batch", [1, 4])
def test_units_that_a_replica_lacks_stay_exactly_zero_in_training(cell: str, batch: int) -> None:
    network, _ = side_by_side((1, 4, 2), features=2, outputs=2, cell=cell)
    network.float()
    gates, readout = padding(network)
    # Every other weight is drawn from a continuous range and so is none of them.
    assert torch.equal(network.gates == 0, gates)
    assert torch.equal(network.readout == 0, readout)
    before = network.gates.detach().clone()
    adam = torch.optim.Adam(network.parameters(), lr=0.05, fused=True)
    for step in range(12):
        inputs = inputs_for(network, 5, batch, seed=step).float()
        adam.zero_grad()
        (network.at_end(inputs).square().sum() + network(inputs).sin().sum()).backward()
        assert not gradients(network)["gates"][gates].any()
        assert not gradients(network)["readout"][readout].any()
        adam.step()
    assert not network.gates[gates].any()
    assert not network.readout[readout].any()
    moved = (network.gates != before)[~gates]
    # A rectified unit that is never above 0 learns nothing.
    assert moved.any() if cell == "rnn-relu" else moved.all()


@settings(max_examples=25)
@given(
    st.lists(st.integers(1, 6), min_size=1, max_size=4),
    st.integers(1, 4),
    st.integers(1, 3),
    st.integers(0, 2**31),
    st.sampled_from(list(MODULES)),
)
def test_weights_of_a_replica_come_back_as_they_were_given(
    sizes: list[int], features: int, outputs: int, seed: int, cell: str
) -> None:
    network, pairs = side_by_side(sizes, features, outputs, seed, cell)
    for at, (recurrent, readout) in enumerate(pairs):
        expected = nn.ModuleDict({"recurrent": recurrent, "readout": readout}).state_dict()
        back = pytorch_weights(network.cell, network.state_dict(), at, sizes[at])
        assert back.keys() == expected.keys()
        for name, weight in back.items():
            assert torch.equal(weight, expected[name]), name
    # Copies: whoever changes them does not change the network.
    pytorch_weights(network.cell, network.state_dict(), 0, sizes[0])["readout.bias"].zero_()
    assert network.readout[0, :, -1].any()


@pytest.mark.parametrize("cell", MODULES)
@pytest.mark.parametrize("batch", [1, 2])
def test_replicas_do_not_mix(cell: str, batch: int) -> None:
    network, _ = side_by_side((2, 5, 3), features=2, outputs=1, cell=cell)
    inputs = inputs_for(network, 4, batch)
    before = network(inputs).detach()
    with torch.no_grad():
        network.gates[1].fill_(torch.nan)
        network.readout[1].fill_(torch.nan)
    after = network(inputs)
    assert torch.equal(after[:, [0, 2]], before[:, [0, 2]])
    assert after[:, 1].isnan().all()
    after[:, [0, 2]].sum().backward()
    assert gradients(network)["gates"][[0, 2]].isfinite().all()


def gradient_of(network: Replicas, inputs: Tensor) -> Tensor:
    (gradient,) = torch.autograd.grad(network(inputs).sin().sum(), [network.gates])
    return gradient


@pytest.mark.parametrize("batch", [1, 3])
def test_what_a_pass_leaves_behind_changes_no_later_one(batch: int) -> None:
    used, _ = side_by_side((2, 5, 3), features=2, outputs=1)
    more = batch + 1
    shapes = [(7, batch), (2, batch), (5, batch), (5, more), (9, more), (1, batch), (7, batch)]
    for at, (steps, size) in enumerate(shapes):
        fresh, _ = side_by_side((2, 5, 3), features=2, outputs=1)
        inputs = inputs_for(used, steps, size, seed=at)
        assert torch.equal(used(inputs), fresh(inputs))
        assert torch.equal(gradient_of(used, inputs), gradient_of(fresh, inputs))
        # Without a gradient, which would bring back what the pass has used.
        assert torch.equal(used.at_end(inputs), fresh.at_end(inputs))
        assert torch.equal(gradient_of(used, inputs), gradient_of(fresh, inputs))


@pytest.mark.parametrize("batch", [1, 3])
def test_gradients_may_be_asked_for_after_other_passes(batch: int) -> None:
    network, _ = side_by_side((2, 3), features=2, outputs=1)
    first, second = (inputs_for(network, 4, batch, seed=seed) for seed in (1, 2))
    expected = gradient_of(network, first), gradient_of(network, second)
    one, two = network(first), network(second)
    with torch.no_grad():
        network(second + 1)
    found = [torch.autograd.grad(outputs.sin().sum(), [network.gates])[0] for outputs in (one, two)]
    assert torch.equal(found[0], expected[0])
    assert torch.equal(found[1], expected[1])


def test_a_gradient_that_was_overwritten_is_refused_and_never_wrong() -> None:
    network, _ = side_by_side((2,), features=2, outputs=1)
    first, second = (inputs_for(network, 4, 2, seed=seed) for seed in (1, 2))
    outputs = network(first).sum()
    expected = torch.autograd.grad(outputs, [network.gates], retain_graph=True)
    # Again, and nothing else in between: the same.
    again = torch.autograd.grad(outputs, [network.gates], retain_graph=True)
    assert torch.equal(expected[0], again[0])
    network(second)
    with pytest.raises(RuntimeError, match="later pass"):
        torch.autograd.grad(outputs, [network.gates])


@pytest.mark.parametrize("batch", [1, 2])
def test_saturated_gates_give_finite_gradients(batch: int) -> None:
    network, _ = side_by_side((3,), features=2, outputs=1)
    with torch.no_grad():
        network.gates.mul_(1e4)
    outputs = network(inputs_for(network, 6, batch))
    assert outputs.isfinite().all()
    outputs.sum().backward()
    assert all(gradient.isfinite().all() for gradient in gradients(network).values())
