"""Odd networks are equal to PyTorch's to 1e-6, or refused, by their weights or their answers."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from safetensors.torch import save as bytes_of
from torch import nn

from rnn_tui.engine.errors import NetworkError, UserError
from rnn_tui.networks.foreign.hints import ForeignNetwork, NetworkHints, hints_of
from rnn_tui.networks.foreign.live_module import read_module
from rnn_tui.networks.foreign.onnx_model import network_of_model
from rnn_tui.networks.foreign.reading import read_network
from tests.networks.foreign import saved, seeded
from tests.networks.odd import (
    READ,
    SEEN_TO_BE_ODD,
    SYMBOLS,
    UNSEEN,
    BothWays,
    InputLayer,
    LastStepsOnly,
    LimitedNumbers,
    MlpHead,
    Plain,
    SequentialHead,
    Symbols,
    TanhBefore,
    Tied,
    Two,
    Window,
)

WITHIN = 1e-6
SEQUENCES, STEPS = 4, 5
#: what a state_dict does not say of those that are read.
SAID: dict[type[nn.Module], dict[str, str]] = {
    Plain: {"answers": "last-step"},
    InputLayer: {"answers": "last-step", "activations": "relu"},
    MlpHead: {"answers": "last-step", "activations": "fc:tanh"},
    SequentialHead: {"answers": "last-step", "activations": "lstm:tanh,fc.1:relu,fc.4:sigmoid"},
    Symbols: {"answers": "last-step", "activations": "relu", "embedding": "word"},
    TanhBefore: {"answers": "last-step", "activations": "lstm:tanh"},
    Window: {"answers": "all-states"},
    Two: {"answers": "last-step", "recurrent": "a,b"},
    BothWays: {"answers": "every-step", "nonlinearity": "relu"},
}


def features_of(kind: type[nn.Module]) -> int:
    if kind is InputLayer:
        return 5
    return 3 if issubclass(kind, Plain | BothWays) or hasattr(seeded(kind), "first") else 6


def inputs_of(kind: type[nn.Module]) -> torch.Tensor:
    torch.manual_seed(1)
    if hasattr(seeded(kind), "word") or hasattr(seeded(kind), "emb"):
        return torch.randint(0, SYMBOLS, (SEQUENCES, STEPS))
    return 2 * torch.randn(SEQUENCES, STEPS, features_of(kind))


def as_read(inputs: torch.Tensor, *, batch_first: bool = True) -> np.ndarray:
    """Inputs (T, N, F), symbols one-hot."""
    numbers = nn.functional.one_hot(inputs, SYMBOLS) if inputs.ndim == 2 else inputs
    array = numbers.float().numpy()
    return array.transpose(1, 0, 2) if batch_first else array


def answers_of(module: Any, inputs: torch.Tensor) -> np.ndarray:
    with torch.no_grad():
        return module(inputs).numpy()


def assert_equal_to(kind: type[nn.Module], network: ForeignNetwork) -> None:
    inputs = inputs_of(kind)
    expected = answers_of(seeded(kind), inputs)
    ours = network.stack.logits(as_read(inputs, batch_first=kind is not BothWays))
    if kind is BothWays:
        ours = 1 / (1 + np.exp(-ours))
    assert np.abs(ours.reshape(expected.shape) - expected).max() < WITHIN
    assert network.order == READ[kind]


def compared(kind: type[nn.Module], path: Path) -> Path:
    """A file with the inputs and answers of a network."""
    inputs = inputs_of(kind)
    np.savez(path, x=inputs.numpy(), y=answers_of(seeded(kind), inputs))
    return path


@pytest.mark.parametrize("kind", READ)
def test_what_is_said_of_a_state_dict_makes_it_equal(kind: type[nn.Module], tmp_path: Path) -> None:
    path = saved(seeded(kind), tmp_path / "net")
    network = read_network(path, hints_of(SAID[kind]))
    assert_equal_to(kind, network)
    assert "--check FILE.npz" in network.notices[-1]
    if kind is TanhBefore:  # nothing of it is in the file
        return
    with pytest.raises(NetworkError, match="does not say"):
        read_network(path, hints_of({"recurrent": SAID[kind].get("recurrent")}))


@pytest.mark.parametrize("kind", READ)
def test_answers_say_all_that_a_state_dict_does_not(kind: type[nn.Module], tmp_path: Path) -> None:
    path = saved(seeded(kind), tmp_path / "net")
    network = read_network(path, NetworkHints(), compared(kind, tmp_path / "answers.npz"))
    assert_equal_to(kind, network)
    assert network.comparison is not None
    assert "equal to 1e-6" in network.comparison.in_words


@pytest.mark.parametrize("kind", READ)
def test_a_module_says_all_itself(kind: type[nn.Module]) -> None:
    module = seeded(kind)
    module.train()
    network = read_module(module, NetworkHints(), None)
    assert_equal_to(kind, network)
    assert all(each.training for each in module.modules())
    assert next(module.parameters()).dtype == torch.float32


@pytest.mark.parametrize("kind", SEEN_TO_BE_ODD)
def test_what_is_left_over_or_may_be_otherwise_is_refused(
    kind: type[nn.Module], tmp_path: Path
) -> None:
    path = saved(seeded(kind), tmp_path / "net")
    for check in (None, compared(kind, tmp_path / "answers.npz")):
        with pytest.raises(NetworkError):
            read_network(path, NetworkHints(takes="last-step"), check)
    with pytest.raises(NetworkError):
        read_module(seeded(kind), NetworkHints(), None)


@pytest.mark.parametrize("kind", UNSEEN)
def test_what_leaves_no_trace_is_refused_by_its_answers(
    kind: type[nn.Module], tmp_path: Path
) -> None:
    path = saved(seeded(kind), tmp_path / "net")
    hints = NetworkHints(takes="last-step")
    assert "--check FILE.npz" in read_network(path, hints).notices[-1]  # nobody can see it
    with pytest.raises(NetworkError, match="Something else is computed between its layers"):
        read_network(path, NetworkHints(), compared(kind, tmp_path / "answers.npz"))
    with pytest.raises(NetworkError, match="Something else is computed"):
        read_module(seeded(kind), hints, None)


@pytest.mark.parametrize("kind", [LastStepsOnly, LimitedNumbers])
def test_a_module_reads_long_sequences_and_large_numbers_before_it_is_believed(
    kind: type[nn.Module],
) -> None:
    with pytest.raises(NetworkError, match="Something else is computed"):
        read_module(seeded(kind), NetworkHints(takes="last-step"), None)


def test_probabilities_are_no_numbers() -> None:
    module = nn.Sequential(seeded(Plain), nn.Softmax(1))
    assert read_module(module, NetworkHints(), None).comparison
    with pytest.raises(NetworkError, match="Probabilities, behind a softmax or sigmoid, are"):
        read_module(module, NetworkHints(numbers=True), None)


def exported(kind: type[nn.Module], path: Path) -> Path:
    inputs = inputs_of(kind)
    options: Any = {"dynamo": False, "input_names": ["x"]}
    if kind is not Window:
        options["dynamic_axes"] = {"x": {0: "n", 1: "t"}}
    torch.onnx.export(seeded(kind), (inputs,), path, **options)
    return path


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("kind", READ)
def test_an_onnx_model_says_all_itself(kind: type[nn.Module], tmp_path: Path) -> None:
    path = exported(kind, tmp_path / "net.onnx")
    network = network_of_model(path.read_bytes(), NetworkHints(), str(path))
    assert network.embedded == (kind is Symbols)
    named = replace(network, order=type(network.order)(READ[kind]))  # operators have other names
    assert_equal_to(kind, named)
    between = [word for word in network.order.split(" → ") if word in ("relu", "tanh", "sigmoid")]
    assert between == [
        word for word in READ[kind].split(" → ") if word in ("relu", "tanh", "sigmoid")
    ] + ["sigmoid"] * (kind is BothWays)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("kind", [kind for kind in (*SEEN_TO_BE_ODD, *UNSEEN) if kind is not Tied])
def test_an_odd_onnx_model_is_refused(kind: type[nn.Module], tmp_path: Path) -> None:
    path = exported(kind, tmp_path / "net.onnx")
    with pytest.raises(NetworkError):
        network_of_model(path.read_bytes(), NetworkHints(), str(path))


def test_answers_that_tell_too_little_are_refused(tmp_path: Path) -> None:
    small = 1e-4 * inputs_of(MlpHead)
    module = seeded(MlpHead)
    for bias in (module.lstm.bias_ih_l0, module.lstm.bias_hh_l0, module.fc.bias):
        bias.data.zero_()
    path = saved(module, tmp_path / "net")
    np.savez(tmp_path / "a.npz", x=small.numpy(), y=answers_of(module, small))
    with pytest.raises(NetworkError, match="answers alike, by these inputs"):
        read_network(path, NetworkHints(takes="last-step"), tmp_path / "a.npz")


@pytest.mark.parametrize(
    ("arrays", "sentence"),
    [
        ({"x": np.zeros((2, 5, 3))}, "no array y"),
        ({"x": np.zeros((2, 5, 3)), "y": np.array(["a"])}, "other than finite numbers"),
        ({"x": np.zeros((2, 5, 3)), "y": np.full((2, 4), np.nan)}, "other than finite numbers"),
        ({"x": np.zeros((2, 5, 7)), "y": np.zeros((2, 4))}, "no shapes of answers fit"),
        ({"x": np.zeros((2, 5, 3)), "y": np.zeros((2, 3))}, "no shapes of answers fit"),
        ({"x": np.zeros((2, 5, 3)), "y": np.zeros((2, 4))}, "Something else is computed"),
        ({"x": np.array([{}]), "y": np.zeros((2, 4))}, "pickled"),
    ],
)
def test_a_file_of_other_answers_is_refused(
    arrays: dict[str, Any], sentence: str, tmp_path: Path
) -> None:
    path = saved(seeded(Plain), tmp_path / "net")
    np.savez(tmp_path / "a.npz", **arrays)
    with pytest.raises(NetworkError, match=sentence):
        read_network(path, NetworkHints(), tmp_path / "a.npz")
    (tmp_path / "a.npz").write_bytes(b"PK\3\4 no archive")
    with pytest.raises(NetworkError):
        read_network(path, NetworkHints(), tmp_path / "a.npz")


def test_a_module_that_can_not_be_run_is_refused() -> None:
    class OfTwo(Plain):
        def forward(self, x: torch.Tensor, lengths: torch.Tensor) -> torch.Tensor:  # type: ignore[override]
            return super().forward(x[:, : lengths.max()])

    with pytest.raises(NetworkError, match="missing 1 required positional"):
        read_module(seeded(OfTwo), NetworkHints(), None)


NAMES = st.lists(
    st.text("abcdefgh._0123", min_size=1, max_size=40), min_size=1, max_size=30, unique=True
)


@settings(max_examples=150, deadline=None)
@given(names=NAMES)
def test_no_state_dict_is_taken_for_a_pickle(names: list[str], tmp_path_factory: Any) -> None:
    path = tmp_path_factory.getbasetemp() / "net.safetensors"
    path.write_bytes(bytes_of({name: torch.zeros(1) for name in names}))
    with pytest.raises(UserError) as error:
        read_network(path, NetworkHints())
    assert "pickle" not in str(error.value)
