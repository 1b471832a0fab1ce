"""A ReLU between states and readout: the same in training, in NumPy, in Inside and in exports."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from rnn_tui.archive.export.onnx_models import models_of
from rnn_tui.engine import events
from rnn_tui.engine.config import config_from_dict
from rnn_tui.engine.errors import SettingError
from rnn_tui.engine.events import Control
from rnn_tui.engine.files.weights_file import WeightsFile, read_weights
from rnn_tui.engine.settings import SETTINGS, ChoiceSetting
from rnn_tui.engine.training.loop import fit
from rnn_tui.engine.training.training_state import load_resume_point
from rnn_tui.inside.task_network import trace_inputs
from rnn_tui.networks import CELLS
from rnn_tui.networks.dense import RELU, STATE_ACTIVATIONS
from rnn_tui.networks.foreign.hints import NetworkHints
from rnn_tui.networks.foreign.reading import read_network
from rnn_tui.networks.replicas import replicas_of
from rnn_tui.networks.stacked_replicas import StackedReplicas
from rnn_tui.tasks import TASKS
from rnn_tui.tasks.sequences.inference import SequenceNetwork
from tests.networks.ordinary import pytorch_weights
from tests.tasks.conftest import small_config, small_run

MODULES: dict[str, type[nn.RNNBase]] = {"rnn": nn.RNN, "lstm": nn.LSTM, "gru": nn.GRU}
SIZES = (2, 5)
#: a test of such networks has one length.
SMALL = {"lengths": (1, 499), "training_size": 12, "batch_size": 4, "test_size": 2}


def with_relu(task: str = "reverse-string", **overrides: Any) -> Any:
    return small_config(task, "fast", **SMALL | {"state_activation": RELU} | overrides)


def pair_of(cell: str, size: int, outputs: int, draw: torch.Generator) -> tuple[Any, nn.Linear]:
    pair = MODULES[cell](3, size).double(), nn.Linear(size, outputs).double()
    for module in pair:
        for weight in module.parameters():
            weight.data.uniform_(-1.5, 1.5, generator=draw)
    return pair


def by_pytorch(pair: tuple[Any, nn.Linear], inputs: Tensor) -> Tensor:
    """W·max(0, h) + b of one network's inputs (T, F, B): (T, O, B)."""
    recurrent, readout = pair
    states = recurrent(inputs.transpose(1, 2))[0]
    logits: Tensor = readout(states.relu())
    return logits.transpose(1, 2)


@pytest.mark.parametrize("cell", MODULES)
@pytest.mark.parametrize("outputs", [1, 4])
@pytest.mark.parametrize("ends", ["each step", "the last step", "ends of their own"])
def test_logits_and_gradients_are_those_of_pytorch(cell: str, outputs: int, ends: str) -> None:
    draw = torch.Generator().manual_seed(0)
    network = replicas_of(CELLS[cell], SIZES, 3, outputs, state_activation=RELU).double()
    pairs = [pair_of(cell, size, outputs, draw) for size in SIZES]
    for at, pair in enumerate(pairs):
        network.set_replica(at, *pair)
    inputs = torch.randn(4, 2, 3, 2, generator=draw, dtype=torch.float64)
    lengths = torch.tensor([[4, 2], [1, 3]])
    if ends == "each step":
        found = network.at_every_step(inputs)
        expected = torch.stack([by_pytorch(p, inputs[:, at]) for at, p in enumerate(pairs)], 1)
    elif ends == "the last step":
        found = network.at_end(inputs)
        expected = torch.stack([by_pytorch(p, inputs[:, at])[-1] for at, p in enumerate(pairs)])
    else:
        found = network.at_end(inputs, lengths)
        at_all = [by_pytorch(p, inputs[:, at]) for at, p in enumerate(pairs)]
        expected = torch.stack(
            [
                torch.stack([logits[length - 1, :, b] for b, length in enumerate(row)], 1)
                for logits, row in zip(at_all, lengths.tolist(), strict=True)
            ]
        )
    torch.testing.assert_close(found, expected, rtol=0, atol=1e-12)
    found.sin().sum().backward()
    expected.sin().sum().backward()
    assert network.gates.grad is not None
    assert network.readout.grad is not None
    of_set = {"gates": network.gates.grad, "readout": network.readout.grad}
    for at, (size, (recurrent, readout)) in enumerate(zip(SIZES, pairs, strict=True)):
        mine = pytorch_weights(CELLS[cell], of_set, at, size)
        for prefix, module in (("recurrent", recurrent), ("readout", readout)):
            for name, weight in module.named_parameters():
                torch.testing.assert_close(
                    mine[f"{prefix}.{name}"], weight.grad, rtol=0, atol=1e-11, msg=name
                )
    states = torch.stack([states.clone() for states in network.steps(inputs)])
    torch.testing.assert_close(network.logits(states[-1]), network.at_end(inputs))


def test_several_layers_have_it_before_the_readout_alone() -> None:
    draw = torch.Generator().manual_seed(1)
    network = StackedReplicas(
        CELLS["gru"], (3,), 4, 2, layers=2, bidirectional=True, state_activation=RELU
    ).double()
    recurrent = nn.GRU(4, 3, 2, bidirectional=True).double()
    readout = nn.Linear(6, 2).double()
    for weight in (*recurrent.parameters(), *readout.parameters()):
        weight.data.uniform_(-1.5, 1.5, generator=draw)
    network.set_replica(0, recurrent, readout)
    inputs = torch.randn(5, 1, 4, 2, generator=draw, dtype=torch.float64)
    states, last = recurrent(inputs[:, 0].transpose(1, 2))
    every_step = readout(states.relu()).transpose(1, 2)
    torch.testing.assert_close(network.at_every_step(inputs)[:, 0], every_step)
    at_end = readout(torch.cat([last[-2], last[-1]], 1).relu()).T
    torch.testing.assert_close(network.at_end(inputs)[0], at_end)


@pytest.mark.parametrize("cell", ["rnn", "lstm", "gru", "mingru"])
def test_numpy_answers_as_training_does_step_by_step(cell: str) -> None:
    config = with_relu(seeds=2).replace(cell=cell)
    run = small_run(config)
    arrays = {name: weight.numpy() for name, weight in run.weights.items()}
    network = SequenceNetwork(WeightsFile(config, arrays, 1, run.metrics), TASKS[config.task])
    problem = TASKS[config.task].load()(config, torch.device("cpu"), lambda _: None)
    problem.model.load_state_dict(run.weights)
    inputs = problem.sample(5, torch.Generator().manual_seed(0), 9).inputs[0]  # (N, T, F)
    by_step = inputs.permute(1, 2, 0)  # (T, F, N)
    count = len(config.replicas)
    of_all = by_step[:, None].expand(-1, count, -1, -1).float()
    with torch.no_grad():
        expected = problem.model.at_every_step(of_all).numpy()  # (T, R, O, N)
    lengths = [len(by_step)] * 5
    assert np.stack([*network.steps(by_step.numpy(), lengths)]) == pytest.approx(expected, abs=1e-5)
    for replica in range(count):
        stack = network.stack(replica)
        read = by_step.permute(0, 2, 1).numpy().astype(np.float32)  # (T, N, F)
        of_replica = expected[:, replica].transpose(0, 2, 1)  # (T, N, O)
        assert stack.logits(read) == pytest.approx(of_replica, abs=1e-5)
        answers = np.stack([*stack.answers(by_step.numpy(), lengths)])  # (T, O, N)
        assert answers == pytest.approx(expected[:, replica], abs=1e-5)
        whole = stack.answers_to_whole(by_step.numpy(), lengths)
        assert whole == pytest.approx(expected[:, replica], abs=1e-5)
        steps = [answer for _, answer in stack.read_on(read)]
        assert np.stack(steps) == pytest.approx(of_replica, abs=1e-5)
        weight, bias = network.readout(replica)
        [states] = [activations.states for activations in stack.read(read)[-1]]
        assert np.maximum(states, 0) @ weight.T + bias == pytest.approx(of_replica, abs=1e-5)


def test_a_unit_below_zero_matters_to_no_answer() -> None:
    """Inside measures the part of a unit behind the ReLU."""
    config = with_relu("parity-check", hidden_sizes=(2,)).replace(cell="rnn")
    # one unit is always above zero, the other below
    gates = np.array([[[0, 0, 0, 0, 0, 1, 0], [0, 0, 0, 0, 0, -1, 0]]], np.float32)
    readout = np.array([[[1, 2, 0.5], [-3, 1, 0]]], np.float32)
    file = WeightsFile(config, {"gates": gates, "readout": readout}, 1, {})
    network = SequenceNetwork(file, TASKS["parity-check"])
    trace = trace_inputs(network, np.eye(3, dtype=np.float32)[[0, 1, 1, 2]])
    [layer] = trace.layers
    assert (layer.states[:, 1] < -0.7).all()
    assert layer.importance[0] > 0
    assert layer.importance[1] == 0
    above = np.tanh(1)
    assert trace.logits[-1] == pytest.approx([above + 0.5, -3 * above])


def test_replicas_are_the_runs_of_their_seeds_alone() -> None:
    together = small_config(
        "recall", losses=("ce", "mse"), seeds=2, seed=3, training_size=25, state_activation=RELU
    )
    run = small_run(together, double=True)
    for at, replica in enumerate(together.replicas):
        size = replica.variant.hidden_size
        alone = together.replace(
            hidden_sizes=(size,), losses=(replica.variant.loss,), seeds=1, seed=replica.seed
        )
        single = small_run(alone, double=True)
        actual = pytorch_weights(CELLS["lstm"], run.weights, at, size)
        for name, weight in pytorch_weights(CELLS["lstm"], single.weights, 0, size).items():
            torch.testing.assert_close(actual[name], weight, rtol=0, atol=1e-8, msg=name)


def test_it_changes_what_is_learned_but_not_where_training_starts() -> None:
    plain, relu = with_relu(state_activation="none"), with_relu()
    build = TASKS[relu.task].load()
    models = [build(each, torch.device("cpu"), lambda _: None).model for each in (plain, relu)]
    for ours, theirs in zip(*(model.state_dict().values() for model in models), strict=True):
        assert torch.equal(ours, theirs)
    trained = [small_run(each).weights["gates"] for each in (plain, relu)]
    assert not torch.equal(*trained)


def test_a_stopped_run_goes_on_to_the_same_bits(tmp_path: Path) -> None:
    config = with_relu(seeds=2, epochs=3)
    build = TASKS[config.task].load()
    whole = fit(build, config, lambda _: None, Control())
    path = tmp_path / "weights.safetensors"
    control = Control()

    def stop_in_second_epoch(event: events.Event) -> None:
        if isinstance(event, events.StepLogged) and event.step >= 4:
            control.stop()

    fit(build, config, stop_in_second_epoch, control, run_id="run", checkpoint_path=path)
    point = load_resume_point(path, "run", config)
    assert point.config.state_activation == RELU
    resumed = fit(build, point.config, lambda _: None, Control(), resume=point)
    assert whole.weights is not None
    assert resumed.weights is not None
    for name, weight in whole.weights.items():
        assert torch.equal(weight, resumed.weights[name]), name


@pytest.mark.process
def test_exported_models_have_it_and_are_read_back_with_it(tmp_path: Path) -> None:
    pytest.importorskip("onnx")
    pytest.importorskip("onnxruntime")
    path = tmp_path / "weights.safetensors"
    config = with_relu("parity-check", hidden_sizes=(4,))
    fit(TASKS[config.task].load(), config, lambda _: None, Control(), checkpoint_path=path)
    assert read_weights(path).config == config
    [model] = models_of(path)  # compares answers
    assert model.difference < 1e-4
    written = tmp_path / "parity.onnx"
    written.write_bytes(model.data)
    foreign = read_network(written, NetworkHints())
    assert foreign.stack.state_activation == RELU


def test_runs_kept_before_the_setting_have_none() -> None:
    document = with_relu().to_dict()
    del document["state_activation"]
    assert config_from_dict(document).setting("state_activation") == "none"


def test_what_is_no_activation_is_refused_in_a_sentence() -> None:
    with pytest.raises(SettingError, match="Activation must be one of none, relu, not “re"):
        with_relu(state_activation="rely")


def test_the_setting_offers_what_networks_can_train() -> None:
    setting = SETTINGS["state_activation"]
    assert isinstance(setting, ChoiceSetting)
    assert tuple(setting.choices) == STATE_ACTIVATIONS
