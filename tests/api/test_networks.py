"""`load_network`, `Network.trace` and edits: the same numbers as `rnn-tui inspect`."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

import rnn_tui
from rnn_tui.engine.files.paths import asset_dir
from tests.cli.command_line import run_inside
from tests.extension.toy_task import MAJORITY
from tests.networks.foreign import Classifier, saved, seeded


def inspected(command: str) -> dict[str, Any]:
    """The document of `rnn-tui inspect`."""
    code, printed, _ = run_inside(["inspect", *command.split(), "--json"])
    assert code == 0
    document: dict[str, Any] = json.loads(printed)
    return document


@pytest.mark.parametrize(
    ("task", "text", "command"),
    [
        ("adder", "1011 110", "adder 1011 110 --pretrained"),
        ("recall", "31415", "recall 31415 --pretrained"),
    ],
)
def test_a_trace_has_the_numbers_of_the_command_line(task: str, text: str, command: str) -> None:
    trace = rnn_tui.load_network(task).trace(text)
    document = inspected(f"{command} --hidden-size 10")["trace"]
    [layer] = document["layers"]
    assert trace.states == pytest.approx(np.array(layer["states"]), abs=1e-6)
    assert trace.cells == pytest.approx(np.array(layer["cells"]), abs=1e-6)
    assert set(trace.gates) == set(layer["gates"])
    for name, values in trace.gates.items():
        assert values == pytest.approx(np.array(layer["gates"][name]), abs=1e-6)
    assert trace.logits == pytest.approx(np.array(document["logits"]), abs=1e-5)
    assert trace.read == tuple(document["read"])
    assert trace.correct


def test_the_digits_of_the_test_set_are_read_as_the_command_line_reads_them() -> None:
    trace = rnn_tui.load_network("mnist", cell="bilstm").trace(7)
    document = inspected("mnist --test-image 7 --cell bilstm")
    assert trace.layers == ("layer 1 forward", "layer 1 backward")
    for name, layer in zip(trace.layers, document["trace"]["layers"], strict=True):
        states = trace.array("state", name)
        assert states == pytest.approx(np.array(layer["states"]), abs=1e-6)
    assert trace.correct == document["input"]["correct"]
    digit = np.array(document["input"]["digit"])
    drawn = rnn_tui.load_network("mnist", cell="bilstm").trace(np.rint(digit * 255))
    assert drawn.logits == pytest.approx(trace.logits, abs=1e-4)
    assert drawn.correct is None


def test_a_photo_is_read() -> None:
    photo = asset_dir() / "samples" / "7-ruled.jpg"
    trace = rnn_tui.load_network("mnist").trace(photo)
    assert trace.answers[-1] == "7"
    assert trace.steps == 28


def test_arrays_are_read_as_what_one_types() -> None:
    network = rnn_tui.load_network("recall", position=3)
    digits = np.eye(10)[[3, 1, 4, 1, 5]]
    assert np.array_equal(network.trace(digits).states, network.trace("3 1 4 1 5").states)
    assert network.trace(digits.tolist()).answers[-1] == "4"
    assert network.trace(digits).correct is None


def test_the_axes_of_every_array_have_names() -> None:
    trace = rnn_tui.load_network("adder").trace("1011 110")
    sizes = {"step": 5, "unit": 10, "output": 1, "feature": 2}
    assert {"state", "cell", "forget gate", "logits", "inputs"} <= set(trace.axes)
    for name, axes in trace.axes.items():
        assert trace.array(name).shape == tuple(sizes[axis] for axis in axes)
        frame = trace.frame(name)
        assert frame.columns.name == axes[1]
        assert frame.index.names == ["step", "read"]
        assert frame.to_numpy() == pytest.approx(trace.array(name))
    assert trace.frame().index[1] == (1, "1 + 1")
    assert trace.arrays()["layer_1_states"] is trace.states
    assert trace.confidence == pytest.approx(abs(trace.probabilities[:, 0] - 0.5) + 0.5)


def test_a_network_of_a_run_is_the_one_that_is_asked_for(run: rnn_tui.Run) -> None:
    network = rnn_tui.load_network(run, hidden_size=2, seed=1)
    assert (network.task, network.cell) == ("adder", "lstm")
    assert (network.hidden_size, network.loss, network.seed) == (2, "bce", 1)
    assert network.settings == run.settings
    assert network.path == run.weights
    assert repr(network) == "<Network run small (H 2 bce, seed 1)>"
    states = network.trace("11 1").states
    for source in ("last", "small", run.weights, str(run.weights), run.id):
        same = rnn_tui.load_network(source, hidden_size=2, seed=1)
        assert np.array_equal(same.trace("11 1").states, states)
    assert rnn_tui.load_network(run).hidden_size == 3  # the largest, of the lowest seed
    assert rnn_tui.load_network(run).seed == 0


def test_a_network_of_a_task_of_a_script_reads_arrays() -> None:
    run = rnn_tui.train(MAJORITY, hidden_size=3)
    network = rnn_tui.load_network(run)
    trace = network.trace([1, 0, 1])  # one feature needs no axis of its own
    assert trace.inputs.shape == (3, 1)
    assert trace.answers[-1] in ("more zeros", "more ones")
    assert np.array_equal(trace.states, network.trace([[1], [0], [1]]).states)
    assert np.array_equal(trace.states, network.trace("1 0 1").states)
    assert "silence" in trace.analyses


@pytest.mark.parametrize(
    ("source", "options", "sentence"),
    [
        ("nothing", {}, "There is no run “nothing”"),
        ("last", {}, "There is no run “last”"),
        ("nothing.safetensors", {}, "can't be read"),
        (Path("nothing"), {}, "can't be read"),
        ("recall", {"position": 9}, "No weights with position 9 ship for recall"),
        ("adder", {"cell": "gru"}, "No weights with cell gru ship for adder"),
        ("mnist", {"cell": "gru"}, "No weights for gru ship"),
        ("adder", {"hidden_size": 99}, "no hidden size 99, only"),
    ],
)
def test_what_is_not_there_is_said_in_a_sentence(
    source: Any, options: dict[str, Any], sentence: str
) -> None:
    with pytest.raises(rnn_tui.UserError, match=sentence):
        rnn_tui.load_network(source, **options)


def test_a_run_without_weights_has_no_network(tmp_path: Path) -> None:
    with pytest.raises(rnn_tui.UserError):
        rnn_tui.train("mnist", data_dir=tmp_path, epochs=1)
    with pytest.raises(rnn_tui.UserError, match="has no weights"):
        rnn_tui.load_network("last")


@pytest.mark.parametrize(
    ("task", "thing", "sentence"),
    [
        ("adder", "12", "Type two numbers"),
        ("adder", np.zeros((3, 3)), r"arrays of shape \(T, 2\), not \(3, 3\)"),
        ("adder", np.zeros((0, 2)), r"arrays of shape \(T, 2\), not \(0, 2\)"),
        ("adder", [0, 1], r"arrays of shape \(T, 2\), not \(2,\)"),
        ("adder", [[0, np.nan]], "finite numbers"),
        ("adder", {"a": 1}, "array of numbers"),
        ("adder", np.zeros((100_001, 2)), "at most 100,000 steps"),
        ("recall", "314x", "digit"),
        ("mnist", np.zeros((27, 28)), r"array of shape \(28, 28\)"),
        ("mnist", np.full((28, 28), 300), "from 0 to 1"),
        ("mnist", 10_000, "Test image must be"),
        ("mnist", "nothing.jpg", "nothing.jpg can't be read"),
    ],
)
def test_what_a_network_cannot_read_is_refused(task: str, thing: Any, sentence: str) -> None:
    network = rnn_tui.load_network(task)
    with pytest.raises(rnn_tui.UserError, match=sentence):
        network.trace(thing)


def test_edits_are_made_one_after_the_other_as_the_command_line_makes_them() -> None:
    trace = rnn_tui.load_network("adder").trace("1011 110")
    edited = trace.edit("cell[8]@1=0").edit("state[0]@2-=0", "forget[*]@3=1")
    assert edited.edits == ("cell[8]@1=0", "state[0]@2-=0", "forget[*]@3=1")
    words = [word for edit in edited.edits for word in ("--edit", edit)]
    code, printed, _ = run_inside(
        ["inspect", "adder", "1011", "110", "--pretrained", "--json", *words]
    )
    assert code == 0
    document = json.loads(printed)["edited"]["trace"]
    assert edited.states == pytest.approx(np.array(document["layers"][0]["states"]), abs=1e-6)
    assert (edited.states[2:, 0] == 0).all()
    assert edited.summary.startswith("With cell[8]@1=0, state[0]@2-=0, forget[*]@3=1, ")
    assert np.array_equal(edited.unedited.states, trace.states)
    assert (trace.edits, trace.summary) == ((), "")
    assert "edited by" in repr(edited)


@pytest.mark.parametrize("edit", ["", "state", "state[99]=0", "state[0]@9=0", "cell[0]=1e9"])
def test_what_is_no_edit_is_refused(edit: str) -> None:
    trace = rnn_tui.load_network("adder").trace("1011 110")
    with pytest.raises(rnn_tui.UserError):
        trace.edit(edit)
    with pytest.raises(rnn_tui.UserError, match="Name an edit"):
        trace.edit()


def test_an_analysis_is_that_of_the_command_line() -> None:
    trace = rnn_tui.load_network("adder").trace("1011 110")
    name = trace.analyses[0]
    analysis = trace.analyse(name)
    document = inspected("adder 1011 110 --pretrained --probes")
    assert analysis.to_dict()["best"] == document[name]["best"]
    assert str(trace.analyse("silence").summary)
    with pytest.raises(rnn_tui.UserError, match=f"there is {name}"):
        trace.analyse("x")


@pytest.fixture
def classifier(tmp_path: Path) -> Path:
    """An LSTM of two layers in both directions, made by plain PyTorch."""
    return saved(seeded(Classifier, layers=2, both=True), tmp_path / "net.safetensors")


def test_a_network_from_elsewhere_is_traced_and_edited(classifier: Path) -> None:
    network = rnn_tui.load_network(classifier, answers="last-step", classes=["a", "b", "c", "d"])
    assert (network.task, network.cell, network.hidden_size) == ("", "lstm", 6)
    assert (network.settings, network.seed, network.loss) == (None, None, "")
    assert network.path == classifier
    steps = [[0.1, 0.2, 0.3], [-1.0, 0.0, 1.0], [2.0, 2.0, 2.0]]
    trace = network.trace(np.array(steps))
    module = seeded(Classifier, layers=2, both=True)
    with torch.no_grad():
        logits = module(torch.tensor([steps]))[0].numpy()
    assert trace.logits[-1] == pytest.approx(logits, abs=1e-5)
    assert trace.answers[-1] == "abcd"[int(logits.argmax())]
    assert len(trace.layers) == 4
    assert "sensitivity" in trace.analyses
    assert trace.analyse("sensitivity").summary
    typed = network.trace("0.1 0.2 0.3; -1 0 1; 2 2 2")
    assert np.array_equal(typed.states, trace.states)
    edited = trace.edit(f"{trace.layers[-1]}: state[*]=0")
    assert (edited.states == 0).all()
    assert not np.array_equal(edited.logits, trace.logits)


def test_what_a_file_does_not_say_is_asked_for_as_an_argument(classifier: Path) -> None:
    with pytest.raises(rnn_tui.UserError, match='give answers="every-step"'):
        rnn_tui.load_network(classifier)
    network = rnn_tui.load_network(classifier, answers="last-step")
    with pytest.raises(rnn_tui.UserError, match=r"arrays of shape \(T, 3\), not \(2, 2\)"):
        network.trace(np.zeros((2, 2)))
    with pytest.raises(rnn_tui.UserError, match="says itself what it is"):
        rnn_tui.load_network("adder", answers="last-step")


def test_the_outputs_of_a_network_from_elsewhere_may_be_numbers(classifier: Path) -> None:
    network = rnn_tui.load_network(classifier, answers="last-step", numbers=True)
    trace = network.trace(np.ones((4, 3)))
    assert trace.numbers == pytest.approx(trace.logits)
    assert trace.answers[-1] == " ".join(f"{value:.4g}" for value in trace.logits[-1])
    assert trace.edit(f"{trace.layers[0]}: state[*]=0").numbers.shape == trace.numbers.shape
    assert "<img" in trace._repr_html_()


def test_a_pickle_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "net.pt"
    torch.save({"weight": torch.zeros(1)}, path)
    with pytest.raises(rnn_tui.UserError, match="save_file"):
        rnn_tui.load_network(str(path))
