"""Analyses of own networks: of random inputs and the network's own answers, as PyTorch has them."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from rnn_tui.engine.errors import QueryError
from rnn_tui.engine.progress import UNWATCHED, Control, Progress
from rnn_tui.inside.ablation import analyse_ablations
from rnn_tui.inside.analyses import OF_OWN
from rnn_tui.inside.attribution import analyse_attribution, analyse_sensitivity
from rnn_tui.inside.automaton import analyse_automaton
from rnn_tui.inside.gradients import analyse_beside_untrained, untrained_stack
from rnn_tui.inside.own.inputs import InputSequence, read_alphabet, read_sequence
from rnn_tui.inside.own.network import (
    OwnDescription,
    OwnInspection,
    OwnNetwork,
    own_network,
    read_own,
    read_own_network,
)
from rnn_tui.inside.state_space import analyse_state_space
from rnn_tui.networks import CELLS
from rnn_tui.networks.foreign.hints import NetworkHints
from rnn_tui.networks.foreign.live_module import read_module
from tests.networks.foreign import (
    FEATURES,
    Classifier,
    FinalStates,
    Tagger,
    parity,
    saved,
    seeded,
)
from tests.networks.odd import InputLayer, MlpHead, SequentialHead

STEPS = 5


def own(module: Any, path: Path, alphabet: str | None = None) -> OwnNetwork:
    kind = type(module.layers).__name__
    hints = NetworkHints("tanh" if kind == "RNN" else None, module.takes)
    return read_own_network(OwnDescription(saved(module, path), hints, alphabet=alphabet))


def sequence() -> InputSequence:
    numbers = np.random.default_rng(2).normal(size=(STEPS, FEATURES)).astype(np.float32)
    return InputSequence(numbers, tuple(map(str, range(STEPS))))


def in_torch(module: Any, numbers: torch.Tensor) -> torch.Tensor:
    """Answers (A, O) of a module in double precision to one sequence (T, F)."""
    first = numbers[None] if module.layers.batch_first else numbers[:, None]
    answers = module(first)
    return answers if answers.ndim == 2 else answers[:, 0]


MODULES = [
    (Classifier, {"kind": "LSTM", "layers": 2}),
    (Tagger, {"kind": "GRU", "layers": 1, "both": True}),
    (FinalStates, {"kind": "RNN", "layers": 1}),
]


@pytest.mark.parametrize(("build", "options"), MODULES)
def test_sensitivity_is_pytorchs(build: Any, options: Any, tmp_path: Path) -> None:
    module = seeded(build, **options)
    network = own(module, tmp_path / "net")
    read = sequence()
    analysis = analyse_sensitivity(read_own(network, read), UNWATCHED)
    assert analysis is not None
    numbers = torch.from_numpy(read.numbers).double()
    jacobian = torch.autograd.functional.jacobian(
        lambda x: in_torch(module.double(), x), numbers
    )  # (A, O, T, F)
    axes = (1, 3) if build is Tagger else (0, 3)
    expected = jacobian.square().sum(axes).sqrt().numpy()
    assert np.allclose(analysis.norms, expected, atol=1e-6)


@pytest.mark.parametrize(("build", "options"), MODULES)
def test_parts_of_steps_add_up_to_the_answer(build: Any, options: Any, tmp_path: Path) -> None:
    module = seeded(build, **options)
    network = own(module, tmp_path / "net")
    read = sequence()
    reading = read_own(network, read)
    trace = reading.trace
    analysis = analyse_attribution(reading, UNWATCHED)
    assert analysis is not None
    with torch.no_grad():
        numbers = torch.from_numpy(read.numbers)
        logits = in_torch(module, numbers)[-1] - in_torch(module, 0 * numbers)[-1]
    assert analysis.difference == pytest.approx(float(logits[trace.answer]), abs=1e-5)
    assert analysis.total == pytest.approx(analysis.difference, rel=0.006)
    assert analysis.parts.shape == (STEPS, FEATURES)


@pytest.mark.parametrize("kind", [InputLayer, MlpHead, SequentialHead])
def test_layers_before_and_behind_are_part_of_what_is_analysed(kind: Any, tmp_path: Path) -> None:
    module = seeded(kind)
    network = own_network(OwnDescription(tmp_path), read_module(module, NetworkHints(), None))
    features = network.stack.features
    numbers = np.random.default_rng(2).normal(size=(STEPS, features)).astype(np.float32)
    reading = read_own(network, InputSequence(numbers, tuple(map(str, range(STEPS)))))
    trace = reading.trace
    read = torch.from_numpy(numbers).double()
    module = module.double()
    jacobian = torch.autograd.functional.jacobian(lambda x: module(x[None])[0], read)  # (O, T, F)
    sensitivity = analyse_sensitivity(reading, UNWATCHED)
    assert sensitivity is not None
    assert np.allclose(sensitivity.norms, jacobian.square().sum(2).sqrt().numpy(), atol=1e-6)
    attribution = analyse_attribution(reading, UNWATCHED)
    assert attribution is not None
    with torch.no_grad():
        logits = (module(read[None]) - module(0 * read[None]))[0]
    assert attribution.difference == pytest.approx(float(logits[trace.answer]), abs=1e-6)
    assert attribution.total == pytest.approx(attribution.difference, rel=0.006, abs=1e-6)
    # The importance of a unit is its state times the slope of the answer over the mean of all.
    before = torch.relu(module.proj(read)) if kind is InputLayer else read
    last = module.lstm(before[None])[0][:, -1].detach().requires_grad_()
    behind = torch.tanh(module.fc(last)) if kind is MlpHead else last
    outputs = (module.out if kind is MlpHead else module.fc)(behind)[0]
    (outputs[trace.answer] - outputs.mean()).backward()
    expected = (last * last.grad)[0].detach().numpy()
    assert np.allclose(trace.layers[0].importance, expected, atol=1e-6)
    for analyse in (analyse_ablations, analyse_beside_untrained, analyse_state_space):
        assert analyse(reading, UNWATCHED) is not None
    ablation = analyse_ablations(reading, UNWATCHED)
    assert ablation is not None
    assert ablation.accuracy == 1


def test_an_automaton_is_learned_behind_an_embedding_and_before_a_head(tmp_path: Path) -> None:
    module = torch.nn.Module()
    module.emb = torch.nn.Embedding(2, 3)
    module.rnn = torch.nn.RNN(1, 2, nonlinearity="relu")
    module.proj = torch.nn.Linear(3, 1)
    module.hidden = torch.nn.Linear(2, 1)
    module.out = torch.nn.Linear(1, 1)
    weights = {
        "emb.weight": [[0, 5, -3], [1, 2, 2]],
        "proj.weight": [[1, 0, 0]],
        "proj.bias": [0],
        "rnn.weight_ih_l0": [[1], [1]],
        "rnn.weight_hh_l0": [[1, -2], [1, -2]],
        "rnn.bias_ih_l0": [0, -1],
        "rnn.bias_hh_l0": [0, 0],
        "hidden.weight": [[1, -2]],
        "hidden.bias": [0],
        "out.weight": [[1]],
        "out.bias": [-0.5],
    }
    module.load_state_dict({name: torch.tensor(values) for name, values in weights.items()})
    hints = NetworkHints("relu", "last-step", readout=("hidden", "out"), activations={"": "relu"})
    path = saved(module, tmp_path / "net")
    network = read_own_network(OwnDescription(path, hints, alphabet="01"))
    reading = read_own(network, read_sequence("0110", 2, network.alphabet))
    assert [reading.trace.answer_word(step) for step in range(4)] == ["0", "1", "0", "0"]
    analysis = analyse_automaton(reading, UNWATCHED)
    assert analysis is not None
    assert analysis.machine is not None
    assert analysis.machine.next_states.tolist() == [[0, 1], [1, 0]]


def test_gradients_are_pytorchs(tmp_path: Path) -> None:
    module = seeded(Classifier, "GRU")
    network = own(module, tmp_path / "net")
    read = sequence()
    reading = read_own(network, read)
    trace = reading.trace
    analysis = analyse_beside_untrained(reading, UNWATCHED)
    assert analysis is not None
    module = module.double()
    cell = torch.nn.GRUCell(FEATURES, 6).double()
    for name in ("weight_ih", "weight_hh", "bias_ih", "bias_hh"):
        setattr(cell, name, getattr(module.lstm, f"{name}_l0"))
    state = torch.zeros(1, 6).double()
    states = []
    for step in torch.from_numpy(read.numbers).double():
        state = cell(step[None], state)
        state.retain_grad()
        states.append(state)
    target = torch.tensor([trace.answer])
    torch.nn.functional.cross_entropy(module.fc(state), target).backward()
    expected = [float(state.grad.norm()) for state in states]
    assert np.allclose(analysis.here, expected, rtol=1e-4)
    assert analysis.networks[0] == "GRU"
    assert set(analysis.networks[1:]) == {
        f"untrained {cell.label}"
        for cell in CELLS.values()
        if cell.has_recurrent_weights and not cell.bidirectional
    }


def test_an_untrained_network_has_the_same_sizes(tmp_path: Path) -> None:
    stack = own(seeded(Tagger, "LSTM", layers=2, both=True), tmp_path / "net").stack
    other = untrained_stack(stack, CELLS["gru"])
    inputs = sequence().numbers[:, None]
    assert other.logits(inputs).shape == stack.logits(inputs).shape
    assert other.cell.name == "gru"


def without_unit(module: Any, layer: int, unit: int) -> Any:
    """The module with nothing that reads the state of a unit."""
    tensors = {name: tensor.clone() for name, tensor in module.state_dict().items()}
    readers = [f"lstm.weight_hh_l{layer}", f"lstm.weight_ih_l{layer + 1}"]
    for name in readers if layer == 0 else [readers[0], "fc.weight"]:
        tensors[name][:, unit] = 0
    smaller = seeded(Classifier, layers=2)
    smaller.load_state_dict(tensors)
    return smaller


def test_ablation_compares_with_the_whole_network(tmp_path: Path) -> None:
    module = seeded(Classifier, layers=2)
    torch.nn.init.normal_(module.fc.weight)
    network = own(module, tmp_path / "net")
    reading = read_own(network, sequence())
    trace = reading.trace
    analysis = analyse_ablations(reading, UNWATCHED)
    assert analysis is not None
    assert analysis.accuracy == 1
    assert "random normally distributed numbers are those of the whole network" in analysis.summary
    drawn = torch.from_numpy(network.draw(analysis.inputs, 0, trace.steps).inputs)  # (T, N, F)
    with torch.no_grad():
        whole = module(drawn.movedim(1, 0)).argmax(1)
        for place in (0, len(analysis.units) - 1):
            layer = int(analysis.layers[place].removeprefix("layer ")) - 1
            smaller = without_unit(module, layer, analysis.units[place])
            same = smaller(drawn.movedim(1, 0)).argmax(1) == whole
            # a tie may be rounded to either side
            assert float(same.double().mean()) == pytest.approx(analysis.alone[place], abs=0.003)
    assert analysis.alone[0] < 0.99


def test_states_are_coloured_by_the_answers(tmp_path: Path) -> None:
    network = own(seeded(Classifier, "RNN"), tmp_path / "net", alphabet="abc")
    reading = read_own(network, read_sequence("abca", FEATURES, network.alphabet))
    analysis = analyse_state_space(reading, UNWATCHED)
    assert analysis is not None
    assert analysis.coloured_by == "answer"
    assert analysis.points.shape == (2000, 2)
    assert len(set(map(tuple, analysis.points.round(4).tolist()))) <= 3**4
    assert {point.input for point in analysis.fixed_points} == {"a", "b", "c"}
    cell = network.stack.layers[0].forward
    for point in analysis.fixed_points:  # a point at which it stays
        if point.kind != "slow":
            assert network.alphabet is not None
            at = network.alphabet.symbols.index(point.input)
            sums = cell.of_input @ network.alphabet.vectors[at] + cell.input_bias
            after = np.tanh(sums + cell.of_state @ point.state + cell.state_bias)
            assert np.allclose(after, point.state, atol=1e-5)


@pytest.mark.parametrize("kind", ["GRU", "LSTM"])
def test_at_a_fixed_point_all_layers_stay(kind: str, tmp_path: Path) -> None:
    module = seeded(Classifier, kind, layers=2)
    network = own(module, tmp_path / "net", alphabet="abc")
    reading = read_own(network, read_sequence("abca", FEATURES, network.alphabet))
    trace = reading.trace
    analysis = analyse_state_space(reading, UNWATCHED)
    assert analysis is not None
    assert analysis.states_in(trace).shape == (4, 12)
    fixed = [point for point in analysis.fixed_points if point.kind != "slow"]
    assert fixed
    layers = module.lstm.double()
    for point in fixed:
        state = torch.from_numpy(point.state).view(2, 1, 6)
        carried: Any = state
        if kind == "LSTM":
            carried = (state, torch.from_numpy(point.memory).view(2, 1, 6))
        read = torch.eye(3, dtype=torch.float64)["abc".index(point.input)].view(1, 1, 3)
        with torch.no_grad():
            after = layers(read, carried)[1]
        after = after[0] if kind == "LSTM" else after
        assert torch.allclose(after, state, atol=1e-5)


def test_states_of_both_directions_have_no_fixed_points(tmp_path: Path) -> None:
    network = own(seeded(Tagger, "LSTM", layers=2, both=True), tmp_path / "net")
    analysis = analyse_state_space(read_own(network, sequence()), UNWATCHED)
    assert analysis is not None
    assert analysis.layer == "layer 2 forward"
    assert analysis.fixed_points == ()
    assert "one direction" in network.random_inputs_note


def test_analyses_can_be_stopped(tmp_path: Path) -> None:
    network = own(seeded(Classifier), tmp_path / "net", alphabet="abc")
    reading = read_own(network, read_sequence("abca", 3, network.alphabet))
    for kind in OF_OWN:
        control = Control()
        control.stop()
        progress = Progress(control=control)
        assert kind.make(reading, progress) is None, kind.name


def test_everything_can_be_written_as_json_and_arrays(tmp_path: Path) -> None:
    hints = NetworkHints("relu", "every-step")
    network = read_own_network(OwnDescription(parity(tmp_path / "net"), hints, alphabet="01"))
    inspection = OwnInspection(network, read_sequence("0110", 1, network.alphabet))
    for kind in OF_OWN:
        assert inspection.analyse(kind, Progress())
    document, arrays = inspection.document(), inspection.arrays()
    for kind in OF_OWN:
        assert kind.name in document
        assert any(name.startswith(kind.name) for name in arrays), kind.name
    assert inspection.findings()[-1] == network.random_inputs_note


@pytest.mark.parametrize(
    ("text", "features", "sentence"),
    [("0", 2, "no alphabet"), ("abc", 2, "has 2 symbols"), ("a,,b", 3, "no alphabet")],
)
def test_what_is_no_alphabet_is_refused(text: str, features: int, sentence: str) -> None:
    with pytest.raises(QueryError, match=sentence):
        read_alphabet(text, features)


def test_an_automaton_is_learned_from_the_answers(tmp_path: Path) -> None:
    for takes in ("every-step", "last-step"):
        hints = NetworkHints("relu", takes)
        network = read_own_network(OwnDescription(parity(tmp_path / "a"), hints, alphabet="01"))
        reading = read_own(network, read_sequence("01", 1, network.alphabet))
        analysis = analyse_automaton(reading, UNWATCHED)
        assert analysis is not None
        assert analysis.machine is not None
        assert analysis.machine.outputs.tolist() == [[0, 1], [1, 0]]
        assert analysis.machine.next_states.tolist() == [[0, 1], [1, 0]]
        assert analysis.holds_beyond
        assert "has 2 states" in analysis.summary
        assert analysis.verification is None


def test_networks_without_an_automaton_say_why(tmp_path: Path) -> None:
    both = own(seeded(Tagger, "GRU", layers=1, both=True), tmp_path / "a", alphabet="abc")
    with pytest.raises(QueryError, match="from the first symbol"):
        analyse_automaton(read_own(both, sequence()), UNWATCHED)
    numbers = own(seeded(Classifier), tmp_path / "b")
    with pytest.raises(QueryError, match="--alphabet 01"):
        analyse_automaton(read_own(numbers, sequence()), UNWATCHED)
