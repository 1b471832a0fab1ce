"""`rnn-tui inspect --network FILE`: a network of one's own, as a table, JSON or NPZ."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from tests.cli.command_line import EXIT_USAGE, assert_refused, run_inside
from tests.networks.foreign import Classifier, Tagger, parity, saved, seeded

NUMBERS = "0.1 0.2 0.3; -1 0 1; 2 2 2"
STEPS = [[0.1, 0.2, 0.3], [-1.0, 0.0, 1.0], [2.0, 2.0, 2.0]]


@pytest.fixture
def classifier(tmp_path: Path) -> Path:
    return saved(seeded(Classifier, layers=2, both=True), tmp_path / "net.safetensors")


def inspected(*arguments: object) -> dict[str, Any]:
    code, out, err = run_inside(["inspect", *map(str, arguments), "--json", "--quiet"])
    assert (code, err) == (0, "")
    document: dict[str, Any] = json.loads(out)
    return document


def test_states_and_gates_are_pytorchs(classifier: Path) -> None:
    document = inspected("--network", classifier, "--answers", "last-step", NUMBERS)
    layers = document["trace"]["layers"]
    names = [f"layer {n} {way}" for n in (1, 2) for way in ("forward", "backward")]
    assert [layer["name"] for layer in layers] == names
    assert set(layers[0]["gates"]) == {"input", "forget", "candidate", "output"}
    module = seeded(Classifier, layers=2, both=True)
    with torch.no_grad():
        inputs = torch.tensor([STEPS])
        states = module.lstm(inputs)[0][0].numpy()
        logits = module(inputs)[0].numpy()
    ours = np.concatenate([layer["states"] for layer in layers[2:]], axis=1)
    assert np.abs(ours - states).max() < 1e-5
    assert np.abs(np.array(document["trace"]["logits"][-1]) - logits).max() < 1e-5
    assert document["weights"]["hidden_sizes"] == [6, 6]
    assert document["input"]["answer"] == str(logits.argmax())


def test_the_option_may_stand_anywhere(classifier: Path) -> None:
    options = ["--network", str(classifier), "--answers", "last-step"]
    first = inspected(*options, NUMBERS)
    assert inspected(NUMBERS, *options) == first
    assert inspected("network", NUMBERS, *options) == first
    assert inspected(NUMBERS, f"--network={classifier}", *options[2:]) == first


def test_without_a_sequence_it_is_said_what_was_understood(classifier: Path) -> None:
    arguments = ["inspect", "--network", str(classifier), "--answers", "final-states"]
    code, out, _ = run_inside([*arguments, "--classes", "a,b,c,d"])
    assert code == 0
    assert "LSTM, 2 layers of 6 units, both directions; reads 3 numbers, 4 outputs" in out
    assert "a, b, c, d" in out


def test_a_sequence_is_read_from_a_file(tmp_path: Path) -> None:
    network = saved(seeded(Tagger), tmp_path / "net")
    options = ("--network", network, "--answers", "every-step")
    expected = inspected(*options, NUMBERS)["trace"]
    np.save(tmp_path / "steps.npy", np.array(STEPS))
    files = {
        "a.csv": "x,y,z\n0.1,0.2,0.3\n-1,0,1\n2,2,2\n",
        "b.csv": "\ufeff0.1;0.2;0.3\r\n-1;0;1\r\n2;2;2\r\n",
        "c.txt": "0.1 0.2 0.3\n-1 0 1\n\n2 2 2",
    }
    for name, text in files.items():
        (tmp_path / name).write_text(text, encoding="utf-8", newline="")
    for name in (*files, "steps.npy"):
        trace = inspected(*options, "--input", tmp_path / name)["trace"]
        assert trace == expected, name


def symbols_network(path: Path, symbols: int) -> Path:
    torch.manual_seed(0)
    module = nn.Module()
    module.gru = nn.GRU(symbols, 4)
    module.out = nn.Linear(4, 1)
    return saved(module, path)


def test_symbols_are_one_hot_or_digits(tmp_path: Path) -> None:
    every = ("--answers", "every-step")
    one_hot = symbols_network(tmp_path / "a", 3)
    trace = inspected("--network", one_hot, *every, "--alphabet", "abc", "cab")["trace"]
    assert trace["inputs"] == [[0, 0, 1], [1, 0, 0], [0, 1, 0]]
    assert trace["read"] == ["c", "a", "b"]
    pairs = symbols_network(tmp_path / "b", 2)
    alphabet = ("--alphabet", "00,01,10,11")
    trace = inspected("--network", pairs, *every, *alphabet, "01 11")["trace"]
    assert trace["inputs"] == [[0, 1], [1, 1]]
    (tmp_path / "pairs.txt").write_text("01\n11\n", encoding="utf-8")
    file = ("--input", str(tmp_path / "pairs.txt"))
    assert inspected("--network", pairs, *every, *alphabet, *file)["trace"]["read"] == ["01", "11"]
    bits = symbols_network(tmp_path / "c", 1)
    trace = inspected("--network", bits, *every, "--alphabet", "01", "01")["trace"]
    assert trace["inputs"] == [[0], [1]]


def test_numbers_are_answers_too(tmp_path: Path) -> None:
    network = parity(tmp_path / "net.safetensors")
    options = ("--network", network, "--nonlinearity", "relu", "--answers", "last-step")
    document = inspected(*options, "--numbers", "0 1 1 1")
    assert document["input"]["answer"] == [0.5]  # odd
    assert document["trace"]["probabilities"] == [[]] * 4
    code, out, _ = run_inside(["inspect", *map(str, options), "--numbers", "0 1 1", "--quiet"])
    assert code == 0
    assert out.splitlines()[0] == "0 | 1 | 1: -0.5"
    assert "probability" not in out
    edited = ("--edit", "state[1]@3=0", "--silence", "--state-space", "--gradients")
    document = inspected(*options, "--numbers", "0 1 1", *edited)
    assert document["edited"]["trace"]["logits"][-1] == [1.5]
    assert document["silence"]["accuracy"] == 1
    assert document["state_space"]["label_names"] == ["low", "middle", "high"]


def test_an_edit_changes_what_follows(classifier: Path) -> None:
    edits = ("--edit", "layer 1 forward: state[0,2]@2=0.5", "--edit", "layer 2 backward: cell[*]=0")
    document = inspected("--network", classifier, "--answers", "last-step", NUMBERS, *edits)
    before, after = document["trace"]["layers"], document["edited"]["trace"]["layers"]
    assert [after[0]["states"][1][unit] for unit in (0, 2)] == [0.5, 0.5]
    assert after[0]["states"][0] == before[0]["states"][0]
    assert after[0]["states"][2] != before[0]["states"][2]
    assert after[1] == before[1]
    assert not np.any(after[3]["states"])


def test_all_numbers_are_in_an_npz_file(classifier: Path, tmp_path: Path) -> None:
    path = tmp_path / "all.npz"
    arguments = ["inspect", NUMBERS, "--network", str(classifier), "--answers", "last-step"]
    assert run_inside([*arguments, "--npz", str(path)])[0] == 0
    arrays = np.load(path)
    assert arrays["layer_2_backward_states"].shape == (3, 6)
    assert arrays["inputs"].tolist() == np.array(STEPS, np.float32).tolist()


def test_what_does_not_fit_is_refused_in_a_sentence(classifier: Path, tmp_path: Path) -> None:
    network = ["inspect", "--network", str(classifier), "--answers", "last-step"]
    (tmp_path / "binary").write_bytes(b"\xff\xfe\x00")
    wrong = {
        ("1 2; 3 4",): "Step 1 has 2 numbers and must have 3",
        ("1 2 x",): "--alphabet 01",
        ("1 2 inf",): "“inf” in step 1 is no number of at most",
        ("1 2 3;" * 401,): "at most 400 steps",
        ("cab",): "“cab” in step 1 is no number; for symbols, name them, such as --alphabet 01",
        ("aab", "--alphabet", "ab"): "an alphabet has 3 symbols",
        ("aax", "--alphabet", "abc"): "“x”, number 3 of the sequence, is none of a b c",
        ("aab", "--alphabet", "aab"): "no alphabet",
        (NUMBERS, "--classes", "a,b"): "--classes names 4",
        ("--input", str(tmp_path / "none.csv")): "can't be read",
        ("--input", str(tmp_path / "binary")): "no text",
        (NUMBERS, "--edit", "layer 3: state[0]=0"): "no such layer",
        (NUMBERS, "--nonlinearity", "relu"): "--nonlinearity is for a simple RNN",
        (NUMBERS, "--recurrent", "gru"): "it has lstm",
    }
    for words, sentence in wrong.items():
        code, out, err = run_inside([*network, *words])
        assert (code, out) == (EXIT_USAGE, ""), words
        assert sentence in err, words
        assert_refused(out, err)
