"""First weights: drawn in the way that is asked for, and never from the global generator."""

import math
import random
from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from rnn_tui.engine.config import Recipe, config_from_dict
from rnn_tui.engine.errors import SettingError
from rnn_tui.engine.settings import SETTINGS, ChoiceSetting
from rnn_tui.networks import CELLS
from rnn_tui.networks.initialisations import INITIALISATIONS, Draw
from rnn_tui.networks.layers import (
    AllStatesReader,
    LastStepBiLSTM,
    build_row_reader,
    initialise,
    recurrent_layers,
)
from rnn_tui.tasks import TASKS

MODELS = tuple(name for name, cell in CELLS.items() if cell.pytorch)


def built(
    model: str,
    scheme: str,
    seed: int = 0,
    *,
    hidden: int = 16,
    layers: int = 2,
    forget: float = 1.0,
) -> nn.Module:
    reader = build_row_reader(
        CELLS[model], features=28, time_steps=28, classes=10, hidden_size=hidden, layers=layers
    )
    initialise(reader, CELLS[model], scheme, torch.Generator().manual_seed(seed), (forget, forget))
    return reader


def by_pytorch(model: str, hidden: int, layers: int) -> nn.Module:
    """The same network from PyTorch's constructors, which draw from the global generator."""
    if model == "bilstm":
        return LastStepBiLSTM(28, hidden, layers, 10)
    kind = {"rnn": nn.RNN, "lstm": nn.LSTM, "gru": nn.GRU}[model]
    return AllStatesReader(kind(28, hidden, layers, batch_first=True), 28, 10)


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize(("hidden", "layers"), [(1, 1), (16, 1), (5, 3)])
def test_pytorch_scheme_draws_the_numbers_that_pytorch_itself_draws(
    model: str, hidden: int, layers: int
) -> None:
    with torch.random.fork_rng():
        torch.manual_seed(7)
        expected = by_pytorch(model, hidden, layers)
    ours = built(model, "pytorch", seed=7, hidden=hidden, layers=layers)
    for (name, weight), (_, theirs) in zip(
        ours.named_parameters(), expected.named_parameters(), strict=True
    ):
        # The bound of nn.Linear is the same number by another formula: one rounding apart.
        torch.testing.assert_close(weight, theirs, rtol=1e-6, atol=0, msg=name)
        if not name.startswith("readout"):
            assert torch.equal(weight, theirs), name


@pytest.mark.parametrize("model", MODELS)
def test_pytorch_scheme_fills_its_bounds(model: str) -> None:
    for name, weight in built(model, "pytorch", hidden=64).named_parameters():
        fan = (28 if model != "bilstm" else 2) * 64 if name.startswith("readout") else 64
        bound = 1 / math.sqrt(fan)
        assert weight.abs().max() <= bound, name
        if weight.numel() > 1000:
            assert weight.min() < -0.98 * bound, name
            assert weight.max() > 0.98 * bound, name
            assert weight.mean().abs() < 0.1 * bound, name


def gates(weight: Tensor, hidden: int) -> tuple[Tensor, ...]:
    return weight.split(hidden)


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("hidden", [1, 16])
def test_orthogonal_scheme(model: str, hidden: int) -> None:
    reader = built(model, "orthogonal", hidden=hidden, forget=1.5)
    recurrent = 0
    for name, weight in reader.named_parameters():
        short = name.rsplit(".")[-1]
        if name.startswith("readout"):
            assert not weight.any(), name
        elif short.startswith("weight_hh"):
            blocks = gates(weight, hidden)
            assert len(blocks) == {"rnn": 1, "gru": 3}.get(model, 4)
            for block in blocks:
                torch.testing.assert_close(block @ block.T, torch.eye(hidden), atol=1e-5, rtol=0)
            if hidden > 1 and len(blocks) > 1:
                assert not torch.equal(blocks[0], blocks[1])
            recurrent += 1
        elif short.startswith("weight_ih"):
            for block in gates(weight, hidden):
                bound = 0.5 * math.sqrt(6 / (block.shape[0] + block.shape[1]))
                assert 0 < block.abs().max() <= bound, name
        else:
            expected = torch.zeros_like(weight)
            if model != "rnn" and short.startswith("bias_ih"):
                expected[hidden : 2 * hidden] = 1.5
            assert torch.equal(weight, expected), name
    # Two layers, and for the biLSTM two directions of each.
    assert recurrent == (4 if model == "bilstm" else 2)


def test_the_gain_scales_the_input_weights_alone() -> None:
    reader = built("lstm", "orthogonal", hidden=5)
    usual = {name: weight.clone() for name, weight in reader.state_dict().items()}
    random = torch.Generator().manual_seed(0)
    initialise(reader, CELLS["lstm"], "orthogonal", random, input_gain=2.0)
    for name, weight in reader.state_dict().items():
        factor = 4.0 if "weight_ih" in name else 1.0
        torch.testing.assert_close(weight, factor * usual[name], msg=name)


def test_forget_bias_counts_once_though_pytorch_has_two_biases() -> None:
    reader = built("lstm", "orthogonal", layers=1, forget=2.0)
    assert isinstance(reader, AllStatesReader)
    total = reader.recurrent.bias_ih_l0 + reader.recurrent.bias_hh_l0
    assert gates(total, 16)[1].tolist() == [2.0] * 16
    assert total.sum() == 2.0 * 16


def test_forget_biases_go_evenly_from_the_first_unit_to_the_last() -> None:
    reader = built("lstm", "orthogonal", hidden=5, layers=1)
    alike = {name: weight.clone() for name, weight in reader.state_dict().items()}
    initialise(reader, CELLS["lstm"], "orthogonal", torch.Generator().manual_seed(0), (3.0, -1.0))
    for name, weight in reader.state_dict().items():
        if name == "recurrent.bias_ih_l0":
            assert gates(weight, 5)[1].tolist() == [3.0, 2.0, 1.0, 0.0, -1.0]
            weight[5:10] = 1.0
        assert torch.equal(weight, alike[name]), name
    assert Recipe(forget_bias=2.0).forget_biases == (2.0, 2.0)
    assert Recipe(forget_bias=2.0, last_forget_bias=0.0).forget_biases == (2.0, 0.0)


@pytest.mark.parametrize("hidden", [1, 16])
def test_identity_scheme_is_the_papers(hidden: int) -> None:
    weights = built("rnn", "identity", hidden=hidden, layers=2).state_dict()
    for layer in ("l0", "l1"):
        assert torch.equal(weights[f"recurrent.weight_hh_{layer}"], torch.eye(hidden))
    biases = [name for name in weights if "bias" in name]
    assert len(biases) == 5  # two of each layer, and the readout's
    assert not any(weights[name].any() for name in biases)


def test_what_is_not_recurrent_is_small_in_the_identity_scheme() -> None:
    weights = built("rnn", "identity", hidden=64, layers=2).state_dict()
    drawn = [name for name in weights if "weight_ih" in name or name == "readout.weight"]
    assert len(drawn) == 3
    for name in drawn:
        assert float(weights[name].std()) == pytest.approx(0.001, rel=0.1), name
        assert abs(float(weights[name].mean())) < 0.0001, name


def test_a_draw_says_what_its_layer_reads(monkeypatch: pytest.MonkeyPatch) -> None:
    """So a way may go by all numbers that come to a unit."""
    draws = []
    way = replace(INITIALISATIONS["pytorch"], function="tests.networks.test_initialisation:noted")
    monkeypatch.setitem(INITIALISATIONS, "noted", way)
    monkeypatch.setattr(
        "tests.networks.test_initialisation.noted", lambda _, draw: draws.append(draw)
    )
    built("gru", "noted", hidden=5, layers=2)
    sizes = {draw.name: (draw.features, draw.width) for draw in draws}
    assert sizes["weight_ih_l0"] == sizes["bias_hh_l0"] == (28, 5)
    assert sizes["weight_hh_l1"] == sizes["bias_ih_l1"] == (5, 5)
    assert sizes["weight"] == sizes["bias"] == (28 * 5, 28 * 5)


def noted(_weight: Tensor, _draw: Draw) -> None:
    """Stands for a way to draw; see above."""


@pytest.mark.parametrize("name", [name for name, cell in CELLS.items() if cell.gates])
def test_identity_is_refused_for_cells_with_gates(name: str) -> None:
    task = TASKS["mnist"]
    with pytest.raises(SettingError, match=f"for cells without gates, such as rnn, and {name} has"):
        task.config(name, initialisation="identity")
    assert task.config("rnn", initialisation="identity").setting("initialisation") == "identity"


#: deviations and largest numbers of 60 networks of 64 units that dm-haiku 0.0.17 made of `hk.LSTM`,
#: `hk.GRU`, `hk.VanillaRNN` and `hk.Linear`; the cells read 3 numbers, the readout has 5 answers.
OF_HAIKU = {
    "lstm": {"weight_ih_l0": (0.10750, 0.24434), "weight_hh_l0": (0.10750, 0.24434)},
    "gru": {"weight_ih_l0": (0.57555, 1.31263), "weight_hh_l0": (0.12487, 0.28421)},
    "rnn": {"weight_ih_l0": (0.50603, 1.15463), "weight_hh_l0": (0.10966, 0.24999)},
}


@pytest.mark.parametrize("name", OF_HAIKU)
def test_haiku_scheme_has_the_deviations_and_limits_of_haiku(name: str) -> None:
    drawn: dict[str, list[Tensor]] = {}
    for seed in range(60):
        recurrent = recurrent_layers(CELLS[name], 3, 64, 1)
        network = nn.ModuleDict({"recurrent": recurrent, "readout": nn.Linear(64, 5)})
        initialise(network, CELLS[name], "haiku", torch.Generator().manual_seed(seed))
        for parameter, weight in network.named_parameters():
            drawn.setdefault(parameter.split(".")[1], []).append(weight.detach().flatten())
    for parameter, expected in {**OF_HAIKU[name], "weight": (0.10998, 0.24999)}.items():
        weights = torch.cat(drawn[parameter])
        assert weights.std().item() == pytest.approx(expected[0], rel=0.02), parameter
        assert weights.abs().max().item() == pytest.approx(expected[1], rel=0.01), parameter
        assert abs(weights.mean().item()) < 0.03 * expected[0], parameter
    for parameter in ("bias_hh_l0", "bias"):
        assert not torch.cat(drawn[parameter]).any()
    of_input = drawn["bias_ih_l0"][0].view(-1, 64)
    forget = [gate == "forget" for gate in CELLS[name].gates] or [False]
    assert of_input.tolist() == [[float(is_forget)] * 64 for is_forget in forget]


def test_an_initialisation_that_is_not_there_is_refused_from_a_file_as_well() -> None:
    kept = TASKS["adding"].config("rnn").to_dict()
    kept["recipe"] = {**kept["recipe"], "initialisation": "identitty"}
    with pytest.raises(SettingError, match="did you mean “identity”"):
        config_from_dict(kept)


def test_each_initialisation_is_a_choice_of_the_setting() -> None:
    setting = SETTINGS["initialisation"]
    assert isinstance(setting, ChoiceSetting)
    assert list(setting.choices) == list(INITIALISATIONS)
    assert "initialisation" in {name for task in TASKS.values() for name in task.settings}


@pytest.mark.parametrize(
    ("model", "scheme"),
    [
        (model, name)
        for model in MODELS
        for name, initialisation in INITIALISATIONS.items()
        if initialisation.suits(CELLS[model])
    ],
)
def test_seed_decides_and_the_global_generators_stay_untouched(model: str, scheme: str) -> None:
    before = torch.get_rng_state(), random.getstate(), np.random.get_state()[1].tolist()  # type: ignore[union-attr]
    first, again = built(model, scheme, 3), built(model, scheme, 3)
    other = built(model, scheme, 4)
    assert torch.equal(torch.get_rng_state(), before[0])
    assert random.getstate() == before[1]
    assert np.random.get_state()[1].tolist() == before[2]  # type: ignore[union-attr]

    for name, weight in first.state_dict().items():
        assert torch.equal(weight, again.state_dict()[name]), name
    assert any(not torch.equal(w, other.state_dict()[n]) for n, w in first.state_dict().items())


@pytest.mark.parametrize("model", MODELS)
def test_global_generator_decides_nothing(model: str) -> None:
    with torch.random.fork_rng():
        torch.manual_seed(1)
        first = built(model, "pytorch")
        torch.manual_seed(2)
        second = built(model, "pytorch")
    for a, b in zip(first.parameters(), second.parameters(), strict=True):
        assert torch.equal(a, b)
