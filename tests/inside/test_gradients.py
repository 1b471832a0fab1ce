"""The gradient through time is that of PyTorch's own cells, and of small differences."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from rnn_tui.engine.files.weights_file import WeightsFile
from rnn_tui.inside.analyses import GRADIENTS
from rnn_tui.inside.gradients import analyse_gradients, sequence_norms, untrained, untrained_reader
from rnn_tui.inside.reading import NetworkReading
from rnn_tui.inside.task_network import TaskNetwork, draw_examples, trace_inputs
from rnn_tui.networks.gradients import loss_norms
from rnn_tui.networks.layers import AllStatesReader, LastStepBiLSTM
from rnn_tui.tasks import TASKS
from tests.inside.made import reader, sequences
from tests.watched import Watched, after

CELLS = {"rnn": nn.RNNCell, "lstm": nn.LSTMCell, "gru": nn.GRUCell}
SIZE, STEPS, COUNT = 4, 7, 3


def pytorch_cell(network: Any, name: str) -> nn.RNNCellBase:
    """PyTorch's cell with the network's weights, in double precision."""
    weights, cell = network.cell(0), CELLS[name](network.features, SIZE).double()
    parts = {
        "weight_ih": weights.of_input,
        "weight_hh": weights.of_state,
        "bias_ih": weights.input_bias,
        "bias_hh": weights.state_bias,
    }
    cell.load_state_dict(
        {key: torch.from_numpy(part.copy()).double() for key, part in parts.items()}
    )
    return cell


def stepped(
    cell: nn.RNNCellBase, inputs: Tensor, nudge: tuple[int, Tensor] | None = None
) -> list[Tensor]:
    """States after each step; at one of them with something added, as later steps and the readout
    see it.
    """
    states: list[Tensor] = []
    zeros = torch.zeros(inputs.shape[1], SIZE, dtype=torch.float64)
    state, memory = zeros, zeros
    for step, at_step in enumerate(inputs):
        if isinstance(cell, nn.LSTMCell):
            state, memory = cell(at_step, (state, memory))
        else:
            state = cell(at_step, state)
        if nudge is not None and nudge[0] == step:
            state = state + nudge[1]
        states.append(state)
    return states


@pytest.mark.parametrize("task", ["adder", "recall"])
@pytest.mark.parametrize("name", CELLS)
def test_norms_of_sequences_are_those_of_pytorchs_cells(name: str, task: str) -> None:
    network, random = sequences(task, name), np.random.default_rng(0)
    inputs = random.integers(0, 2, (STEPS, COUNT, network.features)).astype(np.float32)
    if network.outputs == 1:
        targets = random.integers(0, 2, (COUNT, STEPS), np.uint8)
    else:
        targets = random.integers(0, 10, (COUNT, 1), np.uint8)
    norms = sequence_norms(network.stack(0), inputs, targets)
    assert norms.shape == (STEPS, COUNT)
    cell = pytorch_cell(network, name)
    weight, bias = (torch.from_numpy(part).double() for part in network.readout(0))
    right = torch.from_numpy(targets[:, -1].astype(np.int64))

    def losses(states: list[Tensor]) -> Tensor:
        logits = states[-1] @ weight.T + bias
        if network.outputs > 1:
            return F.cross_entropy(logits, right, reduction="none")
        chance = torch.sigmoid(logits[:, 0])
        return -torch.log(torch.where(right == 1, chance, 1 - chance))

    states = stepped(cell, torch.from_numpy(inputs).double())
    for state in states:
        state.retain_grad()
    losses(states).sum().backward()
    for step, state in enumerate(states):
        assert state.grad is not None
        assert norms[step] == pytest.approx(state.grad.norm(dim=1).numpy(), rel=1e-9)
    assert norms.min() > 0
    assert_differences(norms, cell, torch.from_numpy(inputs).double(), losses)


def assert_differences(
    norms: Any,
    cell: Any,
    inputs: Tensor,
    losses: Callable[[list[Tensor]], Tensor],
    small: float = 1e-5,
) -> None:
    """Norms from what a small change of each unit's state does to each loss, up and down."""
    with torch.no_grad():
        for step in range(STEPS):
            slopes = []
            for unit in torch.eye(SIZE, dtype=torch.float64):
                above = losses(stepped(cell, inputs, (step, small * unit)))
                below = losses(stepped(cell, inputs, (step, -small * unit)))
                slopes.append((above - below) / (2 * small))
            assert norms[step] == pytest.approx(
                torch.stack(slopes).norm(dim=0).numpy(), rel=1e-4, abs=1e-9
            )


def test_the_analysis_has_means_by_step_of_every_network_and_the_input_at_hand() -> None:
    own, other = sequences("adder", "lstm"), sequences("adder", "rnn")
    inputs = np.random.default_rng(0).integers(0, 2, (5, 2)).astype(np.float32)
    analysis = analyse_gradients(
        [("one", own, 0), ("other", other, 0)],
        trace_inputs(own, inputs),
        [0, 1, 0, 1, 1],
        inputs=30,
    )
    assert analysis is not None
    drawn = draw_examples(own.task, own.config, 30, 0, length=own.config.lengths[1])
    for network, means in zip((own, other), analysis.means, strict=True):
        assert means == pytest.approx(
            sequence_norms(network.stack(0), drawn.inputs, drawn.targets).mean(axis=1)
        )
    assert analysis.here == pytest.approx(
        sequence_norms(own.stack(0), inputs[:, None], np.array([[1]], np.uint8))[:, 0]
    )
    assert analysis.share_left(1) == pytest.approx(analysis.means[1, 0] / analysis.means[1, -1])
    stopped = analyse_gradients(
        [("one", own, 0)], trace_inputs(own, inputs), [0] * 5, after(0), inputs=5
    )
    assert stopped is None


@pytest.mark.parametrize("same", [True, False])
def test_it_stands_beside_trained_networks_of_the_same_position_only(same: bool) -> None:
    network, other = sequences("recall", "lstm"), sequences("recall", "gru")
    config = network.config.replace(position=2, lengths=(2, 6), cell="gru")
    arrays = {"gates": other._gates["l0"], "readout": other._readout}
    gru = other if same else type(other)(WeightsFile(config, arrays, 1, {}))
    trace = trace_inputs(network, np.eye(10, dtype=np.float32)[[3, 1, 4]])
    reading = NetworkReading(
        TaskNetwork(network), trace, (4,), trained=lambda: {"gru": gru, "lstm": network}
    )
    analysis: Any = GRADIENTS.make(reading, Watched())
    label = "GRU" if same else "GRU, untrained"
    assert {label, "RNN, untrained"} <= {*analysis.networks[1:]}
    assert analysis.networks[0] == "LSTM, this one"
    if same:
        drawn = draw_examples(
            network.task, network.config, analysis.inputs, 0, length=network.config.lengths[1]
        )
        means = sequence_norms(gru.stack(0), drawn.inputs, drawn.targets).mean(axis=1)
        assert analysis.means[analysis.networks.index(label)] == pytest.approx(means)


@pytest.mark.parametrize(
    ("model", "layers"), [("rnn", 1), ("lstm", 1), ("gru", 1), ("bilstm", 1), ("bilstm", 2)]
)
def test_norms_of_digits_are_those_of_pytorchs_layers(model: str, layers: int) -> None:
    module, network = reader(model, layers, "fast")
    module.double()
    digits, labels = (
        np.random.default_rng(0).random((COUNT, 28, 28)).astype(np.float32),
        np.array([3, 1, 4]),
    )
    norms = loss_norms(network.stack, network.rows(digits), labels)
    rows = torch.from_numpy(network.rows(digits).transpose(1, 0, 2).copy()).double()
    if isinstance(module, LastStepBiLSTM):
        rows = rows if module.below is None else module.below(rows)[0]
    recurrent: Any = (
        module.recurrent if isinstance(module, AllStatesReader) else module.forward_direction
    )
    states, held = [], None
    for row in range(28):
        _, held = recurrent(rows[:, row : row + 1], held)
        state = held[0] if isinstance(held, tuple) else held
        state.retain_grad()
        states.append(state)
    if isinstance(module, LastStepBiLSTM):
        read = torch.cat([states[-1][0], module.backward_direction(rows[:, -1])[0]], 1)
    else:
        assert isinstance(module, AllStatesReader)
        read = torch.cat([state[0] for state in states], 1)
    readout: Any = module.readout
    F.cross_entropy(readout(read), torch.from_numpy(labels), reduction="sum").backward()
    for row, state in enumerate(states):
        assert norms[row] == pytest.approx(state.grad[0].norm(dim=1).numpy(), rel=1e-4)


def test_an_untrained_network_is_one_that_training_begins_with() -> None:
    network = sequences("recall", "lstm", 3)
    other = untrained(network, "gru")
    config = network.config.replace(
        cell="gru", epochs=1, training_size=20, test_size=20, batch_size=10, device="cpu"
    )
    begun = TASKS["recall"].load()(config, torch.device("cpu"), lambda _: None).model.state_dict()
    assert other.config.cell == "gru"
    assert np.array_equal(other._gates["l0"], begun["gates"].numpy())
    assert np.array_equal(other._readout, begun["readout"].numpy())


def test_an_untrained_reader_is_one_that_training_begins_with(mnist_slice: Any) -> None:
    config: Any = TASKS["mnist"].config(
        "lstm", "fast", hidden_size=5, seed=3, data_dir=str(mnist_slice), device="cpu"
    )
    _, whole = reader("lstm", 1)
    network = type(whole)(WeightsFile(config, whole_arrays(config), 0, {}))
    other = untrained_reader(network, "gru")
    begun = (
        TASKS["mnist"]
        .load()(config.replace(cell="gru"), torch.device("cpu"), lambda _: None)
        .model.state_dict()
    )
    assert other.arrays.keys() == begun.keys()
    readout = other.arrays["readout.weight"]
    assert all(
        np.array_equal(array, begun[name].numpy())
        for name, array in other.arrays.items()
        if array is not readout
    )
    # Training begins with a readout of zeros, and no gradient at all comes through it.
    assert not begun["readout.weight"].any()
    assert 0 < np.abs(readout).max() <= readout.shape[1] ** -0.5
    digits = np.random.default_rng(0).random((2, 28, 28)).astype(np.float32)
    assert (loss_norms(other.stack, other.rows(digits), np.array([1, 2])) > 0).all()


def test_another_cell_starts_as_pytorch_draws_it_where_it_can_not_start_alike(
    mnist_slice: Any,
) -> None:
    config: Any = TASKS["mnist"].config(
        "rnn", hidden_size=5, data_dir=str(mnist_slice), device="cpu", initialisation="identity"
    )
    _, whole = reader("rnn", 1)
    network = type(whole)(WeightsFile(config, whole_arrays(config), 0, {}))
    other = untrained_reader(network, "gru")
    assert other.config.recipe.initialisation == "pytorch"
    small = sequences("recall", "rnn", 3)
    small.config = small.config.replace(initialisation="identity")
    assert untrained(small, "gru").config.recipe.initialisation == "pytorch"
    assert untrained(small, "rnn").config.recipe.initialisation == "identity"


def whole_arrays(config: Any) -> dict[str, np.ndarray]:
    problem = TASKS["mnist"].load()(config, torch.device("cpu"), lambda _: None)
    return {name: tensor.numpy().copy() for name, tensor in problem.model.state_dict().items()}


def test_the_analysis_tells_how_many_networks_are_done() -> None:
    network = sequences("adder", "rnn")
    progress = Watched()
    inputs = np.zeros((3, 2), np.float32)
    named = [("a", network, 0), ("b", network, 0), ("c", network, 0)]
    analysis = analyse_gradients(named, trace_inputs(network, inputs), [0] * 3, progress, inputs=5)
    assert analysis is not None
    assert progress.seen == [(done, 3) for done in range(4)]
