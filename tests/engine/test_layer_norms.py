"""The gradient norms by layer are those of PyTorch's autograd, and change nothing of training."""

import math
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from rnn_tui.engine import events
from rnn_tui.engine.training.parallel import Workers
from rnn_tui.engine.training.stepper import Stepper, make_optimiser
from rnn_tui.networks.layers import build_row_reader, layer_gradients
from rnn_tui.networks.mingru import MinGRUCell
from rnn_tui.networks.replicas import replicas_of
from rnn_tui.tasks import TASKS
from rnn_tui.tasks.mnist.problem import MnistProblem
from rnn_tui.tasks.recall.problem import RecallProblem
from tests.engine.conftest import assert_same_weights
from tests.networks.ordinary import pytorch_weights

CPU = torch.device("cpu")
PYTORCHS: dict[str, Any] = {"rnn": nn.RNN, "lstm": nn.LSTM, "gru": nn.GRU}
ONE_LAYER = {
    "input": ["recurrent.weight_ih_l0", "recurrent.bias_ih_l0"],
    "recurrent": ["recurrent.weight_hh_l0", "recurrent.bias_hh_l0"],
    "readout": ["readout.weight", "readout.bias"],
}
WEIGHTS = ("weight_ih", "weight_hh", "bias_ih", "bias_hh")

# The parameters of each layer, of a reader of images. PyTorch's names of those of an `LSTMCell`
# lack the number of a layer; of a backward direction not all have a gradient.
LAYERS = {
    ("rnn", 1): ONE_LAYER,
    ("lstm", 1): ONE_LAYER,
    ("gru", 1): ONE_LAYER,
    ("lstm", 3): {
        **{
            f"layer {layer}": [f"recurrent.{name}_l{layer - 1}" for name in WEIGHTS]
            for layer in (1, 2, 3)
        },
        "readout": ONE_LAYER["readout"],
    },
    ("bilstm", 1): {
        "forward": [f"forward_direction.{name}_l0" for name in WEIGHTS],
        "backward": [f"backward_direction.{name}" for name in WEIGHTS],
        "readout": ONE_LAYER["readout"],
    },
    ("bilstm", 2): {
        "layer 1": [f"below.{name}_l0{end}" for name in WEIGHTS for end in ("", "_reverse")],
        "layer 2": [
            *(f"forward_direction.{name}_l0" for name in WEIGHTS),
            *(f"backward_direction.{name}" for name in WEIGHTS),
        ],
        "readout": ONE_LAYER["readout"],
    },
}


def norm(gradients: list[Tensor]) -> float:
    return float(torch.cat([gradient.flatten() for gradient in gradients]).double().norm())


@pytest.mark.parametrize(("cell", "layers"), LAYERS, ids=str)
def test_a_reader_of_images_has_the_norms_of_autograd(trainer: Any, cell: str, layers: int) -> None:
    config = trainer.config(cell, layers=layers, hidden_size=7)
    stepped, plain = (MnistProblem(config, CPU, lambda _: None) for _ in range(2))
    for problem in (stepped, plain):
        problem.begin_epoch(1)
    stepper = Stepper(stepped, make_optimiser(stepped.model, config, CPU), Workers(2), config, 10)
    assert stepper.layer_norms() == {}  # before the first step
    for step in range(2):
        plain.model.load_state_dict(stepped.model.state_dict())
        plain.model.zero_grad()
        plain.losses(step, 1)[0]().backward()  # type: ignore[no-untyped-call]
        stepper.step(step)
        gradients = {name: weight.grad for name, weight in plain.model.named_parameters()}
        expected = {}
        for layer, names in LAYERS[cell, layers].items():
            parts = [gradient for name in names if (gradient := gradients.pop(name)) is not None]
            expected[layer] = norm(parts)
        assert not gradients  # each parameter belongs to a layer
        norms = stepper.layer_norms()
        assert norms == pytest.approx(expected, rel=1e-4)
        assert list(norms)[-1] == "readout"
        whole = math.sqrt(sum(value**2 for value in norms.values()))
        assert stepper.gradient_norm() == pytest.approx(whole, rel=1e-5)


class Ordinary(nn.Module):
    """The replicas of a set as networks of PyTorch, one by one."""

    def __init__(self, problem: RecallProblem) -> None:
        super().__init__()
        cell = problem.model.cell
        self.networks = nn.ModuleList()
        for replica, size in enumerate(problem.model.hidden_sizes):
            network = nn.ModuleDict(
                {
                    "recurrent": PYTORCHS[cell.name](problem.features, size),
                    "readout": nn.Linear(size, problem.outputs),
                }
            ).double()
            weights = pytorch_weights(cell, problem.model.state_dict(), replica, size)
            network.load_state_dict(weights)
            self.networks.append(network)

    def at_end(self, inputs: Tensor, lengths: Tensor) -> Tensor:
        """Return the readout (R, O, B) of `inputs` (T, R, F, B) at each sequence's end."""
        logits = []
        for replica, network in enumerate(self.networks):
            sequences = inputs[:, replica].transpose(1, 2).double()  # (T, B, F)
            states, _ = network["recurrent"](sequences)  # type: ignore[index]
            last = states[lengths[replica] - 1, torch.arange(sequences.shape[1])]  # (B, H)
            logits.append(network["readout"](last).T)  # type: ignore[index]
        return torch.stack(logits)


@pytest.mark.parametrize("cell", PYTORCHS)
def test_a_set_has_the_mean_of_its_networks(cell: str) -> None:
    config = TASKS["recall"].config(
        cell, "report", hidden_sizes=[3, 5], seeds=3, training_size=12, batch_size=6
    )
    stepped, plain = (RecallProblem(config, CPU, lambda _: None, torch.float64) for _ in range(2))
    for problem in (stepped, plain):
        problem.begin_epoch(1)
    optimiser = make_optimiser(stepped.model, config, CPU)
    stepper = Stepper(stepped, optimiser, Workers(1), config, 2)
    for step in range(2):
        ordinary = Ordinary(stepped)
        plain.model = ordinary  # type: ignore[assignment]
        plain.losses(step, 1)[0]().sum().backward()  # type: ignore[no-untyped-call]
        stepper.step(step)
        for layer, names in ONE_LAYER.items():
            norms = []
            for network in ordinary.networks:
                weights = dict(network.named_parameters())
                norms.append(norm([weights[name].grad for name in names]))  # type: ignore[misc]
            expected = sum(norms) / len(norms)
            assert stepper.layer_norms()[layer] == pytest.approx(expected, rel=1e-9)
        assert [*stepper.layer_norms()] == [*ONE_LAYER]


def test_a_cell_without_recurrent_weights_has_no_such_norm() -> None:
    cell = MinGRUCell()
    networks = replicas_of(cell, [3, 4], features=2, outputs=1)
    assert networks.layer_gradients() == {}  # before the first step
    networks.at_end(torch.ones(5, 2, 2, 6)).sum().backward()  # type: ignore[no-untyped-call]
    assert [*networks.layer_gradients()] == ["input", "readout"]
    reader = build_row_reader(cell, features=2, time_steps=5, classes=3, hidden_size=4, layers=1)
    reader(torch.ones(6, 5, 2)).sum().backward()
    assert [*layer_gradients(reader, 1)] == ["input", "readout"]


@pytest.mark.parametrize("task", ["mnist", "recall"])
def test_weights_and_curves_are_the_same_without_them(
    task: str, trainer: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    if task == "mnist":
        config = trainer.config(preset="fast", epochs=2)  # which draws distortions
    else:
        config = TASKS["recall"].config(
            "lstm", "fast", hidden_sizes=[3, 5], seeds=2, training_size=200, test_size=20, epochs=2
        )
    build = TASKS[task].load()
    runs = []
    for seconds in (0.0, math.inf):  # at every log; at none but the first
        monkeypatch.setattr("rnn_tui.engine.training.loop.LAYER_NORM_SECONDS", seconds)
        runs.append(trainer(config, build=build))
    with_norms, without = runs
    logged = [run.of(events.StepLogged) for run in runs]
    assert all(event.layer_norms for event in logged[0])
    assert not any(event.layer_norms for event in logged[1][1:])
    assert [event.metrics for event in logged[0]] == [event.metrics for event in logged[1]]
    assert [event.replicas for event in logged[0]] == [event.replicas for event in logged[1]]
    assert_same_weights(with_norms.weights, without.weights)
