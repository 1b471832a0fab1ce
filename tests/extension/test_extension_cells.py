"""A cell needs nothing but its step: layers, replicas, weights and ONNX models come from it."""

import numpy as np
import pytest
import torch
from torch import nn

from rnn_tui.engine.errors import ExportError
from rnn_tui.engine.files.weights_file import WeightsFile
from rnn_tui.networks import CELLS as REGISTERED
from rnn_tui.networks.cell import Blocks, Cell, Operations, Step
from rnn_tui.networks.layers import StackedLayers, initialise
from rnn_tui.networks.lstm import LSTMCell
from rnn_tui.networks.mingru import MinGRUCell
from rnn_tui.networks.replicas import replicas_of
from rnn_tui.networks.stepwise import Array, CellWeights, replica_states, run
from rnn_tui.tasks import TASKS
from rnn_tui.tasks.adder.questions import AdderNetwork
from rnn_tui.tasks.images.inference import RowReaderNetwork
from rnn_tui.tasks.images.model import build_model
from rnn_tui.tasks.sequences.replica_problem import build_replicas
from tests.extension.toy_cell import MGUCell

CELLS = [MGUCell(), MinGRUCell()]
by_cell = pytest.mark.parametrize("cell", CELLS, ids=[cell.name for cell in CELLS])


class StepwiseLSTM(LSTMCell):
    """An LSTM that ONNX lacks: the loop carries a memory as well."""

    onnx = None


def drawn(*shape: int, seed: int = 0) -> Array:
    return np.random.default_rng(seed).normal(size=shape).astype(np.float32)


def weights_of(cell: Cell, features: int, size: int, seed: int = 0) -> CellWeights:
    shapes = cell.layer_shapes(features, size)
    arrays = {
        name: drawn(*shape, seed=seed + at) for at, (name, shape) in enumerate(shapes.items())
    }
    return CellWeights.named(cell, arrays)


def test_a_gated_average_is_what_its_paper_says() -> None:
    weights, inputs = weights_of(MinGRUCell(), 3, 4), drawn(6, 2, 3, seed=9)
    activations = weights.run(inputs)
    sums = inputs @ weights.of_input.T + weights.input_bias  # (T, N, 2·H)
    update = 1 / (1 + np.exp(-sums[..., :4]))
    candidate = sums[..., 4:]
    state = np.zeros((2, 4))
    for step in range(6):
        state = (1 - update[step]) * state + update[step] * candidate[step]
        assert activations.states[step] == pytest.approx(state, abs=1e-5)
    assert weights.of_state is None
    assert weights.state_bias is None


@by_cell
def test_layers_in_pytorch_are_those_in_numpy(cell: Cell) -> None:
    layers = StackedLayers(cell, 3, 4, 1)
    initialise(layers, cell, "pytorch", torch.Generator().manual_seed(1))
    arrays = {name[: -len("_l0")]: p.detach().numpy() for name, p in layers.named_parameters()}
    inputs = drawn(7, 2, 3)
    states, _ = layers(torch.from_numpy(inputs).transpose(0, 1))  # (N, T, H)
    expected = CellWeights.named(cell, arrays).run(inputs).states
    assert states.detach().transpose(0, 1).numpy() == pytest.approx(expected, abs=1e-6)


@by_cell
def test_replicas_of_several_sizes_are_the_layers_one_by_one(cell: Cell) -> None:
    sizes, lengths = (2, 4), [5, 3, 3]
    network = replicas_of(cell, sizes, 3, 1)
    inputs = np.random.default_rng(0).integers(0, 2, (5, 3, 3), np.uint8)  # (T, F, N)
    alone = []
    for at, size in enumerate(sizes):
        layers = StackedLayers(cell, 3, size, 1)
        initialise(layers, cell, "pytorch", torch.Generator().manual_seed(at))
        network.set_replica(at, layers, nn.Linear(size, 1))
        sequences = torch.from_numpy(inputs).float().permute(2, 0, 1)  # (N, T, F)
        alone.append(layers(sequences)[0].detach().numpy())  # (N, T, H)
    tensors = torch.from_numpy(inputs)[:, None].expand(-1, 2, -1, -1)  # (T, R, F, N)
    in_pytorch = [*network.steps(tensors)]
    in_numpy = replica_states(cell, network.gates.detach().numpy(), inputs, lengths)
    for step, states in enumerate(in_numpy):
        going = states.shape[2]
        assert in_pytorch[step].detach().numpy()[:, :, :going] == pytest.approx(states, abs=1e-6)
        for at, size in enumerate(sizes):
            assert pytest.approx(alone[at][:going, step], abs=1e-6) == states[at, :size].T
            assert not states[at, size:].any()


def test_a_gate_that_lets_go_is_shut_where_the_last_step_is_to_be_kept() -> None:
    cell = MinGRUCell()
    layers = StackedLayers(cell, 3, 3, 1)
    initialise(layers, cell, "orthogonal", torch.Generator().manual_seed(0), (3.0, -1.0))
    bias = layers.get_parameter("bias_ih_l0").tolist()
    assert bias == [-3.0, -1.0, 1.0, 0.0, 0.0, 0.0]


class BiMGUCell(MGUCell):
    """Two of them, one of which reads from the end."""

    name, label = "bimgu", "biMGU"
    bidirectional = True


class BiMinGRUCell(MinGRUCell):
    """Likewise."""

    name, label = "bimingru", "biminGRU"
    bidirectional = True


@pytest.mark.parametrize("layers", [1, 2])
@pytest.mark.parametrize("cell", [BiMGUCell(), BiMinGRUCell()], ids=["mgu", "mingru"])
def test_a_cell_of_two_directions_is_read_out_at_the_last_row(
    cell: Cell, layers: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(REGISTERED, cell.name, cell)
    config = TASKS["mnist"].config(cell.name, hidden_size=3, layers=layers)
    model = build_model(config)
    initialise(model, cell, "pytorch", torch.Generator().manual_seed(0))
    arrays = {name: tensor.numpy() for name, tensor in model.state_dict().items()}
    file = WeightsFile(config, arrays, 0, {})
    digits = np.random.default_rng(0).random((4, 28, 28), np.float32)
    network = RowReaderNetwork(file)
    rows = torch.from_numpy(network.rows(digits).transpose(1, 0, 2).copy())  # (N, T, F)
    expected = model(rows).detach().numpy()
    assert network.logits(digits) == pytest.approx(expected, abs=1e-5)
    pytest.importorskip("onnxruntime")
    from rnn_tui.archive.export.onnx_models import row_reader  # noqa: PLC0415 - an extra

    assert answers_of(row_reader(network), digits) == pytest.approx(expected, abs=1e-5)


@pytest.mark.usefixtures("registered")
def test_files_with_unused_recurrent_weights_of_images_still_load() -> None:
    config = TASKS["mnist"].config("mingru", hidden_size=3, layers=2)
    model = build_model(config)
    initialise(model, MinGRUCell(), "pytorch", torch.Generator().manual_seed(0))
    arrays = {name: tensor.numpy() for name, tensor in model.state_dict().items()}
    unused = {f"recurrent.weight_hh_l{at}": drawn(6, 3) for at in (0, 1)}
    unused |= {f"recurrent.bias_hh_l{at}": drawn(6) for at in (0, 1)}
    older = RowReaderNetwork(WeightsFile(config, arrays | unused, 0, {}))
    digits = np.random.default_rng(0).random((5, 28, 28), np.float32)
    current = RowReaderNetwork(WeightsFile(config, arrays, 0, {}))
    assert np.array_equal(older.logits(digits), current.logits(digits))
    assert older.arrays.keys() == arrays.keys()
    again = build_model(config)
    again.load_state_dict({name: torch.from_numpy(a) for name, a in (arrays | unused).items()})
    assert sum(weight.numel() for weight in again.parameters()) == sum(
        map(np.size, arrays.values())
    )


@pytest.mark.usefixtures("registered")
def test_files_with_unused_recurrent_weights_of_sequences_still_load() -> None:
    config = TASKS["adder"].config("mingru", hidden_sizes=(2, 3), seeds=1)
    model = build_replicas(config, 2, 1)
    arrays = {name: tensor.numpy() for name, tensor in model.state_dict().items()}
    count, rows, _ = arrays["gates"].shape
    columns = [drawn(count, rows, 3), arrays["gates"], drawn(count, rows, 1)]
    older = arrays | {"gates": np.concatenate(columns, axis=2)}
    networks = [AdderNetwork(WeightsFile(config, file, 0, {})) for file in (older, arrays)]
    for replica in range(count):
        weights = [network.cell(replica) for network in networks]
        assert np.array_equal(weights[0].of_input, weights[1].of_input)
        assert np.array_equal(weights[0].input_bias, weights[1].input_bias)
    again = build_replicas(config, 2, 1)
    again.load_state_dict({name: torch.from_numpy(array) for name, array in older.items()})
    assert torch.equal(again.gates, model.gates)


def answers_of(model: bytes, inputs: Array) -> Array:
    session = pytest.importorskip("onnxruntime").InferenceSession(
        model, providers=["CPUExecutionProvider"]
    )
    [answers] = session.run(None, {session.get_inputs()[0].name: inputs})
    return np.asarray(answers)


@pytest.mark.parametrize("cell", [*CELLS, StepwiseLSTM()], ids=["mgu", "mingru", "lstm"])
def test_an_onnx_model_loops_the_step_in_both_directions(cell: Cell) -> None:
    pytest.importorskip("onnx")
    from rnn_tui.archive.export.onnx_graph import Graph  # noqa: PLC0415 - an extra

    directions = [weights_of(cell, 3, 5, seed) for seed in (0, 10)]
    graph = Graph()
    states = graph.recurrent("inputs", directions)
    model = graph.finished(states, ("inputs", ["T", "N", 3]), ("states", ["T", "N", 10]), {})
    for steps, count in ((1, 1), (7, 4)):
        inputs = drawn(steps, count, 3, seed=3)
        ahead = run(directions[0], inputs).states
        back = run(directions[1], inputs[::-1]).states[::-1]
        expected = np.concatenate([ahead, back], axis=2)
        assert answers_of(model, inputs) == pytest.approx(expected, abs=1e-5)


def test_a_step_that_onnx_can_not_have_is_refused_in_a_sentence() -> None:
    pytest.importorskip("onnx")
    from rnn_tui.archive.export.onnx_graph import Graph  # noqa: PLC0415 - an extra

    class Odd(MinGRUCell):
        label = "Odd"

        def step(self, operations: Operations, read: Blocks, recurrent: Blocks, last: Step) -> Step:
            after = super().step(operations, read, recurrent, last)
            return after._replace(state=abs(after.state))

    with pytest.raises(ExportError, match="The step of Odd can't be exported to ONNX"):
        Graph().recurrent("inputs", [weights_of(Odd(), 3, 2)])
