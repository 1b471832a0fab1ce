"""A trace holds what the model holds, and an answer before the end is what its note says."""

import json
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from rnn_tui.engine.errors import CheckpointError
from rnn_tui.engine.files.paths import asset_dir
from rnn_tui.engine.files.weights_file import WeightsFile, read_weights
from rnn_tui.inside.image_network import trace_digit
from rnn_tui.inside.task_network import trace_inputs
from rnn_tui.inside.trace import Trace
from rnn_tui.networks import CELLS
from rnn_tui.networks.layers import AllStatesReader, LastStepBiLSTM
from rnn_tui.tasks import TASKS
from rnn_tui.tasks.adder.questions import AdderNetwork, Addition
from rnn_tui.tasks.config import SequenceConfig
from rnn_tui.tasks.recall.questions import RecallNetwork, one_hot
from tests.inside.made import reader
from tests.networks.ordinary import pytorch_weights

LSTM = CELLS["lstm"]

PRETRAINED = asset_dir() / "pretrained"
ADDER = AdderNetwork(read_weights(PRETRAINED / "adder.safetensors"))
RECALL = RecallNetwork(read_weights(PRETRAINED / "recall-position-3.safetensors"))
DIGIT = np.random.default_rng(0).random((28, 28)).astype(np.float32)
MODELS = [name for name, cell in CELLS.items() if cell.pytorch]
READERS = [
    (model, layers, preset)
    for model in MODELS
    for layers in (1, 2, 3)
    for preset in ("report", "fast")
    if layers < 3 or preset == "fast"
]


def trace_addition(addition: Addition, replica: int = 0) -> Trace:
    return trace_inputs(ADDER, addition.pairs.astype(np.float32), replica)


def trace_digits(network: RecallNetwork, digits: list[int], replica: int = 0) -> Trace:
    return trace_inputs(network, one_hot(digits).astype(np.float32), replica)


def outputs_of(module: nn.Module, rows: Tensor) -> dict[str, Tensor]:
    """What each layer of PyTorch's module puts out for `rows` (28, 28), by the names of traces."""
    rows = rows[None]
    states: dict[str, Tensor] = {}

    def through(recurrent: nn.RNNBase, rows: Tensor, suffixes: tuple[str, ...]) -> Tensor:
        size = recurrent.hidden_size
        for layer in range(recurrent.num_layers):
            features = rows.shape[2]
            kind = type(recurrent)
            layer_module = kind(features, size, batch_first=True, bidirectional=len(suffixes) > 1)
            wanted = f"_l{layer}"
            layer_module.load_state_dict(
                {
                    name.replace(wanted, "_l0"): value
                    for name, value in recurrent.state_dict().items()
                    if name.endswith((wanted, f"{wanted}_reverse"))
                }
            )
            rows = layer_module(rows)[0]
            for suffix, part in zip(suffixes, rows.split(size, dim=2), strict=True):
                states[f"layer {layer + 1}{suffix}"] = part[0]
        return rows

    if isinstance(module, AllStatesReader):
        through(module.recurrent, rows, ("",))
        return states
    assert isinstance(module, LastStepBiLSTM)
    layers = 1
    if module.below is not None:
        rows = through(module.below, rows, (" forward", " backward"))
        layers += module.below.num_layers
    states[f"layer {layers} forward"] = module.forward_direction(rows)[0][0]
    states[f"layer {layers} backward"] = module.backward_direction(rows[0])[0]
    return states


@pytest.mark.parametrize(("model", "layers", "preset"), READERS)
def test_states_of_every_layer_are_the_models(model: str, layers: int, preset: str) -> None:
    module, network = reader(model, layers, preset)
    trace = trace_digit(network, DIGIT)
    with torch.no_grad():
        expected = outputs_of(module, torch.from_numpy(trace.inputs))
    assert [layer.name for layer in trace.layers] == list(expected)
    for layer in trace.layers:
        assert layer.states == pytest.approx(expected[layer.name].numpy(), abs=1e-5)
        gates = layer.gates
        assert (layer.cells is None) == (not CELLS[model].has_memory)
        assert tuple(gates) == CELLS[model].gates
        if layer.cells is not None and "backward" not in layer.name:
            before = np.concatenate([np.zeros_like(layer.cells[:1]), layer.cells[:-1]])
            cells = gates["forget"] * before + gates["input"] * gates["candidate"]
            assert cells == pytest.approx(layer.cells, abs=1e-5)
            assert gates["output"] * np.tanh(cells) == pytest.approx(layer.states, abs=1e-5)


@pytest.mark.parametrize(("model", "layers", "preset"), READERS)
def test_an_answer_before_the_end_is_what_the_note_says(
    model: str, layers: int, preset: str
) -> None:
    module, network = reader(model, layers, preset)
    trace = trace_digit(network, DIGIT)
    rows = torch.from_numpy(trace.inputs)
    for read in (1, 2, 13, 27, 28):
        with torch.no_grad():
            if model == "bilstm":
                assert "if the image ended there" in trace.prefix_note
                expected = module(rows[None, :read])[0]
            else:
                assert "missing states set to zero" in trace.prefix_note
                states = module.recurrent(rows[None])[0].clone()
                states[:, read:] = 0
                expected = module.readout(states.flatten(1))[0]
        assert trace.logits[read - 1] == pytest.approx(expected.numpy(), abs=2e-5)
        probabilities = (
            torch.softmax(expected, 0).numpy() - network.config.recipe.label_smoothing / 10
        )
        probabilities = probabilities.clip(min=0) / probabilities.clip(min=0).sum()
        assert trace.probabilities[read - 1] == pytest.approx(probabilities, abs=1e-5)
        assert trace.answers[read - 1] == int(expected.argmax())
    assert trace.logits[-1] == pytest.approx(network.logits(DIGIT[None])[0], abs=2e-5)


@pytest.mark.parametrize("model", MODELS)
def test_answers_of_many_images_are_those_of_each(model: str) -> None:
    _, network = reader(model, 1)
    digits = np.random.default_rng(1).random((3, 28, 28)).astype(np.float32)
    together = network.stack.logits_after_steps(network.rows(digits))
    for at, digit in enumerate(digits):
        assert together[:, at] == pytest.approx(trace_digit(network, digit).logits, abs=1e-5)


@pytest.mark.parametrize(("model", "layers", "preset"), READERS)
def test_what_units_add_makes_up_the_winning_logit(model: str, layers: int, preset: str) -> None:
    _, network = reader(model, layers, preset)
    trace = trace_digit(network, DIGIT)
    read_out = [layer for layer in trace.layers if layer.read_out]
    assert len(read_out) == (2 if model == "bilstm" else 1)
    assert read_out[-1] is trace.layers[-1]
    assert_adds_up(trace, network.readout[1], sum(layer.importance.sum() for layer in read_out))


def assert_adds_up(trace: Trace, bias: Any, added: float) -> None:
    last, answer = trace.logits[-1].astype(np.float64), trace.answer
    margin = last[answer] - last.mean()
    assert added + bias[answer] - bias.mean() == pytest.approx(margin, abs=1e-4)


def test_units_are_ordered_by_what_they_add_or_take() -> None:
    _, network = reader("bilstm", 2)
    for layer in trace_digit(network, DIGIT).layers:
        strengths = np.abs(layer.importance[layer.order])
        assert (np.diff(strengths) <= 0).all()
        assert sorted(layer.order) == list(range(6))
    trace = trace_digit(network, DIGIT)
    layer, unit = trace.leading
    assert layer.read_out
    strongest = max(abs(layer.importance).max() for layer in trace.layers if layer.read_out)
    assert abs(layer.importance[unit]) == strongest


@pytest.mark.parametrize("at", [0, 14, 20, 44])
def test_an_addition_is_the_networks_own(at: int) -> None:
    addition = Addition(0b1011_0111, 0b1_1010)
    trace = trace_addition(addition, at)
    outputs = ADDER.outputs_of([addition])[0][at]
    assert trace.probabilities[:, 0] == pytest.approx(outputs, abs=1e-5)
    assert trace.answers.tolist() == (outputs >= 0.5).tolist()
    assert trace.read[:3] == ("1 + 0", "1 + 1", "1 + 0")
    assert (trace.every_step, trace.settled) == (True, None)
    [layer] = trace.layers
    states, cells = with_pytorch(ADDER, at, trace.inputs)
    assert layer.states == pytest.approx(states, abs=1e-5)
    assert layer.cells == pytest.approx(cells, abs=1e-5)
    weight, _ = ADDER.readout(at)
    expected = np.abs(states * weight[0]).mean(axis=0)
    assert layer.importance == pytest.approx(expected, abs=1e-5)


@pytest.mark.parametrize("at", [0, 5, 14])
def test_a_sequence_is_the_networks_own(at: int) -> None:
    digits = [3, 1, 4, 1, 5, 9]
    trace = trace_digits(RECALL, digits, at)
    for read in range(1, 7):  # an answer before the end is that of the shorter sequence
        expected = RECALL.probabilities([digits[:read]])[at, 0]
        assert trace.probabilities[read - 1] == pytest.approx(expected, abs=1e-5)
    states, cells = with_pytorch(RECALL, at, trace.inputs)
    [layer] = trace.layers
    assert layer.states == pytest.approx(states, abs=1e-5)
    assert layer.cells == pytest.approx(cells, abs=1e-5)
    assert_adds_up(trace, RECALL.readout(at)[1], layer.importance.sum())
    assert trace.read == ("3", "1", "4", "1", "5", "9")


def with_pytorch(network: Any, at: int, inputs: Any) -> tuple[Any, Any]:
    """States and cells (T, H) of `nn.LSTM` with a replica's weights."""
    size = network.replicas[at].variant.hidden_size
    weights = {
        "gates": torch.from_numpy(network._gates["l0"]),
        "readout": torch.from_numpy(network._readout),
    }
    named = pytorch_weights(LSTM, weights, at, size)
    lstm = nn.LSTM(inputs.shape[1], size)
    lstm.load_state_dict(
        {
            name.removeprefix("recurrent."): value
            for name, value in named.items()
            if name.startswith("recurrent")
        }
    )
    with torch.no_grad():
        rows = torch.from_numpy(inputs)
        cells = [lstm(rows[: step + 1])[1][1][0] for step in range(len(rows))]
        return lstm(rows)[0].numpy(), torch.stack(cells).numpy()


def test_separate_answers_need_not_sum_to_one() -> None:
    config = TASKS["recall"].config("lstm", hidden_sizes=(3,), losses=("bce",), seeds=1)
    assert isinstance(config, SequenceConfig)
    random = np.random.default_rng(0)
    arrays = {
        "gates": random.normal(size=(1, 12, 15)).astype(np.float32),
        "readout": random.normal(size=(1, 10, 4)).astype(np.float32),
    }
    network = RecallNetwork(WeightsFile(config, arrays, 1, {}))
    probabilities = trace_digits(network, [1, 2]).probabilities[-1]
    assert probabilities == pytest.approx(network.probabilities([[1, 2]])[0, 0], abs=1e-6)
    assert probabilities.sum() != pytest.approx(1, abs=1e-3)


def test_an_answer_is_settled_when_it_changes_no_more() -> None:
    trace = trace_digits(RECALL, [3, 1, 4, 1, 5], 14)
    assert trace.answer == 4
    assert trace.settled == 3
    assert (trace.answers[trace.settled - 1 :] == trace.answer).all()
    assert trace_digits(RECALL, [3], 14).settled == 1


TRACES: dict[str, Callable[[], Trace]] = {
    "adder": lambda: trace_addition(Addition(11, 6)),
    "recall": lambda: trace_digits(RECALL, [3, 1, 4]),
    "rnn": lambda: trace_digit(reader("rnn", 2)[1], DIGIT),
    "bilstm": lambda: trace_digit(reader("bilstm", 2)[1], DIGIT),
}


@pytest.mark.parametrize("name", TRACES)
def test_a_document_and_arrays_hold_the_same_numbers(name: str) -> None:
    trace = TRACES[name]()
    document = json.loads(json.dumps(trace.to_dict(), allow_nan=False))
    arrays = trace.arrays()
    assert np.array_equal(np.float32(document["probabilities"]), trace.probabilities)
    assert np.array_equal(arrays["probabilities"], trace.probabilities)
    for layer_document, layer in zip(document["layers"], trace.layers, strict=True):
        key = layer_document["name"].replace(" ", "_")
        assert np.array_equal(np.float32(layer_document["states"]), layer.states)
        assert np.array_equal(arrays[f"{key}_states"], layer.states)
        assert layer_document["order"] == layer.order.tolist()
        assert set(layer.quantities) == {
            "state",
            *(["cell"] if layer.cells is not None else []),
            *(["input gate", "forget gate", "candidate", "output gate"] if layer.gates else []),
        }
    assert len(trace.read) == trace.steps == len(trace.answers)


def test_huge_weights_are_refused_in_a_sentence() -> None:
    _, network = reader("lstm", 1, scale=1.6e38)
    with pytest.raises(CheckpointError, match="too large"):
        trace_digit(network, DIGIT)
