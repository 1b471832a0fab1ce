"""Stacked replicas compute what as many ordinary networks of PyTorch do, and its gradients."""

from collections.abc import Callable
from functools import partial

import pytest
import torch
from torch import Tensor, nn

from rnn_tui.networks import CELLS
from rnn_tui.networks.stacked_replicas import StackedReplicas

MODULES: dict[str, Callable[..., nn.RNNBase]] = {
    "rnn": nn.RNN,
    "rnn-relu": partial(nn.RNN, nonlinearity="relu"),
    "lstm": nn.LSTM,
    "gru": nn.GRU,
}
SIZES = (2, 5, 3)
LENGTHS = torch.tensor([[4, 1, 6], [6, 6, 2], [3, 6, 5]])  # of each replica's sequences
KINDS = [(1, True), (2, False), (3, True)]  # layers, both directions
Pair = tuple[nn.RNNBase, nn.Linear]


def side_by_side(cell: str, layers: int, bidirectional: bool) -> tuple[StackedReplicas, list[Pair]]:
    """A set in double precision, and the networks whose weights it has."""
    draw = torch.Generator().manual_seed(1)
    network = StackedReplicas(
        CELLS[cell], SIZES, 4, 3, layers=layers, bidirectional=bidirectional
    ).double()
    pairs = []
    largest = 0.5 if cell == "rnn-relu" else 1.5  # nothing bounds rectified states
    for at, size in enumerate(SIZES):
        recurrent = MODULES[cell](4, size, layers, bidirectional=bidirectional).double()
        readout = nn.Linear(size * (2 if bidirectional else 1), 3).double()
        for weight in (*recurrent.parameters(), *readout.parameters()):
            weight.data.uniform_(-largest, largest, generator=draw)
        network.set_replica(at, recurrent, readout)
        pairs.append((recurrent, readout))
    return network, pairs


def padded_inputs() -> Tensor:
    """Sequences of `LENGTHS`, followed by numbers that must not be read."""
    draw = torch.Generator().manual_seed(2)
    return torch.randn(6, 3, 4, 3, generator=draw, dtype=torch.float64)


def answers_alone(pair: Pair, sequence: Tensor, *, every_step: bool) -> Tensor:
    """The answers (T, O) or (1, O) of an ordinary network to a sequence (T, F) without padding."""
    recurrent, readout = pair
    states, last = recurrent(sequence)
    hidden = last[0] if isinstance(last, tuple) else last
    of_top = hidden[-2:] if recurrent.bidirectional else hidden[-1:]
    answers: Tensor = readout(states if every_step else of_top.flatten()[None])
    return answers


@pytest.mark.parametrize("cell", MODULES)
@pytest.mark.parametrize(("layers", "bidirectional"), KINDS)
@pytest.mark.parametrize("every_step", [True, False])
def test_answers_and_gradients_are_those_of_ordinary_networks(
    cell: str, layers: int, bidirectional: bool, every_step: bool
) -> None:
    network, pairs = side_by_side(cell, layers, bidirectional)
    inputs = padded_inputs().requires_grad_()
    found = network.at_every_step(inputs, LENGTHS) if every_step else None
    at_end = network.at_end(inputs, LENGTHS)[None] if found is None else found
    loss = torch.zeros((), dtype=torch.float64)
    expected_loss = loss.clone()
    for at, pair in enumerate(pairs):
        for place, length in enumerate(LENGTHS[at].tolist()):
            expected = answers_alone(pair, inputs[:length, at, :, place], every_step=every_step)
            answers = at_end[: len(expected), at, :, place]
            torch.testing.assert_close(answers, expected, rtol=0, atol=1e-12)
            loss = loss + answers.sin().sum()
            expected_loss = expected_loss + expected.sin().sum()
    weights = [weight for pair in pairs for module in pair for weight in module.parameters()]
    [of_inputs, *of_weights] = torch.autograd.grad(expected_loss, [inputs, *weights])
    names = ["inputs", *dict(network.named_parameters())]
    found_gradients = torch.autograd.grad(loss, [inputs, *network.parameters()])
    gradients = dict(zip(names, found_gradients, strict=True))
    torch.testing.assert_close(gradients.pop("inputs"), of_inputs, rtol=0, atol=1e-10)
    # a set whose weights are the ordinary networks' gradients
    expected_set, _ = side_by_side(cell, layers, bidirectional)
    for weight, gradient in zip(weights, of_weights, strict=True):
        weight.data = gradient
    for at, pair in enumerate(pairs):
        expected_set.set_replica(at, *pair)
    for name, weight in expected_set.named_parameters():
        torch.testing.assert_close(gradients[name], weight.data, rtol=0, atol=1e-10, msg=name)


@pytest.mark.parametrize("cell", CELLS)
def test_what_is_measured_is_what_is_trained(cell: str) -> None:
    if CELLS[cell].bidirectional:
        return
    network = StackedReplicas(CELLS[cell], SIZES, 4, 3, layers=2, bidirectional=True).double()
    for weight in network.parameters():
        weight.data.uniform_(-1, 1, generator=torch.Generator().manual_seed(3))
    inputs = padded_inputs()
    trained = network.at_every_step(inputs, LENGTHS)
    measured = [network.logits(states) for states in network.steps(inputs, LENGTHS)]
    torch.testing.assert_close(torch.stack(measured), trained.detach(), rtol=0, atol=1e-12)
    with torch.no_grad():
        at_end = network.at_end(inputs, LENGTHS)
    torch.testing.assert_close(at_end, network.at_end(inputs, LENGTHS), rtol=0, atol=1e-12)
