"""`rnn-tui inspect`: what a network holds, as a table, one JSON document or an NPZ file."""

import io
import json
import os
import re
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

from rnn_tui.cli.inspect.subject import analyse
from rnn_tui.engine.files.paths import asset_dir
from rnn_tui.engine.files.weights_file import METADATA_KEY, read_weights
from rnn_tui.engine.progress import Progress
from rnn_tui.inside.analyses import ABLATION
from rnn_tui.tasks.adder.questions import AdderNetwork, AdderQuestions, Addition
from rnn_tui.tasks.mnist.data import load_mnist
from rnn_tui.tasks.sequences.inference import ReplicaChoice
from tests.cli.command_line import (
    EXIT_FAILURE,
    EXIT_INTERRUPTED,
    EXIT_TERMINATED,
    EXIT_USAGE,
    assert_refused,
    is_harmless,
    run_inside,
)
from tests.devices import device

PRETRAINED = asset_dir() / "pretrained"
SUM = ["adder", "1011", "110"]
SEQUENCE = ["recall", "3", "1", "4", "1", "5"]
DIGIT = ["mnist", "--test-image", "7"]
ALL = {"adder": SUM, "recall": SEQUENCE, "mnist": DIGIT}


def inspected(*arguments: str) -> dict[str, Any]:
    """The document that `--json` prints, with nothing else around it."""
    code, out, err = run_inside(["inspect", *arguments, "--json", "--quiet"])
    assert (code, err) == (0, "")

    def refuse(text: str) -> None:
        raise AssertionError(f"{text} in a JSON document")

    document: dict[str, Any] = json.loads(out, parse_constant=refuse)
    return document


def table(*arguments: str) -> tuple[str, list[str], list[list[str]], list[str]]:
    """Title, heads, rows and findings of a table."""
    code, out, _ = run_inside(["inspect", *arguments])
    assert code == 0
    assert is_harmless(out.replace("\n", ""))
    title, _, *lines = out.splitlines()
    heads = re.split(r"  +", lines[0].strip())
    end = lines.index("") if "" in lines else len(lines)
    rows = [re.split(r"  +", row.strip()) for row in lines[1:end]]
    return title, heads, rows, lines[end + 1 :]


def test_a_sum_is_a_row_a_place() -> None:
    title, heads, rows, findings = table(*SUM)
    assert title == "1011 + 110 = 10001  right"
    unit = heads.pop()
    assert heads == ["bit", "a", "b", "carry", "output", "answer", "right"]
    assert re.fullmatch(r"unit \d", unit)
    assert [row[0] for row in rows] == ["0", "1", "2", "3", "4"]
    assert [row[3] for row in rows] == ["0", "0", "1", "1", "1"]
    assert [row[5] for row in rows] == [row[6] for row in rows] == ["1", "0", "0", "0", "1"]
    assert findings == []


def test_probes_of_a_sum_stand_beside_the_true_carry() -> None:
    _, heads, rows, findings = table(*SUM, "--hidden-size", "3", "--probes")
    assert heads[3:5] == ["carry", "probe"]
    assert re.fullmatch(r"(state|cell) \d before", heads[5])
    assert [row[3] for row in rows] == [row[4] for row in rows]
    assert "predicts the carry best" in findings[0]
    assert "chance 5" in findings[0]
    assert "scored on the other" in findings[1]


def test_a_sequence_is_a_row_a_digit() -> None:
    title, heads, rows, findings = table(*SEQUENCE)
    assert title == "3 1 [4] 1 5: 4  right"
    assert heads[:-1] == ["step", "digit", "answer", "probability"]
    assert [row[1] for row in rows] == ["3", "1", "4", "1", "5"]
    assert rows[-1][2] == "4"
    assert rows[-1][3].endswith(" %")
    assert findings == []
    _, _, err = run_inside(["inspect", *SEQUENCE])
    assert "if the sequence ended there" in err


def test_probes_of_a_sequence_tell_what_survives() -> None:
    *_, findings = table(*SEQUENCE, "--hidden-size", "5", "--seed", "0", "--probes")
    assert "position 3 in" in findings[0]
    kept, other = (
        [int(cell) for cell in row.split()[1:]]
        for row in findings
        if re.match(r" +(3|5) ", row) and len(row.split()) > 6
    )
    assert len(kept) == 9
    assert min(kept) > 90
    assert other[-1] < 30


def test_a_digit_is_a_row_a_row() -> None:
    title, heads, rows, _ = table(*DIGIT)
    data = load_mnist()
    label = int(data.test_labels[7])
    assert re.fullmatch(rf"test image 7: {label}  right; settled after row \d+", title)
    assert heads[-3:-1] == ["answer", "probability"]
    assert [row[0] for row in rows] == [str(row) for row in range(1, 29)]
    assert rows[-1][-3] == str(label)
    inked = [any(c in row[1] for c in ".:*#") for row in rows]
    assert inked[14]
    assert not inked[0]


def test_probes_of_a_digit_tell_how_early_test_images_could_be_told() -> None:
    _, heads, rows, findings = table(*DIGIT, "--model", "rnn", "--probes")
    assert heads[-1] == "accuracy"
    assert float(rows[-1][-1].removesuffix(" %")) > 98
    assert float(rows[2][-1].removesuffix(" %")) < 20
    assert findings[0].startswith(rows[-1][-1])
    assert "% of 10,000 images are right" in findings[0]
    assert "Chance 11." in findings[0]


def test_json_of_a_sum_has_every_state_and_gate() -> None:
    document = inspected(*SUM, "--probes", "--hidden-size", "5", "--loss", "bce", "--seed", "2")
    assert list(document) == ["weights", "input", "trace", "carry"]
    assert (document["weights"]["hidden_size"], document["weights"]["seed"]) == (5, 2)
    about, trace = document["input"], document["trace"]
    assert about["expected"] == "10001"
    assert about["carries"] == [0, 0, 1, 1, 1]
    path = PRETRAINED / "adder.safetensors"
    questions = AdderQuestions(
        AdderNetwork(read_weights(path)), "pretrained", path, ReplicaChoice(5, "bce", 2)
    )
    [outputs] = questions.networks[0].outputs_of([Addition(11, 6)])
    assert [row[0] for row in trace["probabilities"]] == pytest.approx(outputs[0], abs=1e-5)
    [layer] = trace["layers"]
    assert list(layer["gates"]) == ["input", "forget", "candidate", "output"]
    for values in (layer["states"], layer["cells"], *layer["gates"].values()):
        assert np.shape(values) == (5, 5)
    assert len(document["carry"]["read_here"]) == 5
    assert document["carry"]["probe"]["accuracy"] > document["carry"]["chance"] + 0.3


def test_json_of_a_sequence_has_null_where_a_digit_is_not_read_yet() -> None:
    document = inspected(*SEQUENCE, "--probes", "--hidden-size", "2")
    assert list(document) == ["weights", "input", "trace", "survival"]
    assert document["input"]["position"] == 3
    survival = document["survival"]
    assert [value is None for value in survival["accuracy"][1][:3]] == [True, False, False]
    assert len(survival["chance"]) == 11


def test_json_of_a_digit_has_what_each_pixel_adds() -> None:
    document = inspected(*DIGIT, "--model", "rnn")
    assert document["weights"]["model"] == "rnn"
    assert document["input"]["correct"] is True
    attribution, digit = document["attribution"], np.array(document["input"]["digit"])
    assert attribution["answer"] == document["input"]["answer"]
    pixels = np.array(attribution["pixels"])
    assert pixels.shape == digit.shape == (28, 28)
    assert pixels.any()
    assert not pixels[digit == 0].any()
    assert attribution["total"] == pytest.approx(pixels.sum(), rel=1e-4)
    assert attribution["difference"] == pytest.approx(attribution["total"], rel=0.01)
    [layer] = document["trace"]["layers"]
    assert (layer["cells"], layer["gates"]) == (None, {})


@pytest.mark.parametrize("name", ALL)
def test_npz_has_the_numbers_of_the_document(name: str, tmp_path: Path) -> None:
    path = tmp_path / "inside.npz"
    document = inspected(*ALL[name], "--npz", str(path))
    with np.load(path, allow_pickle=False) as arrays:
        numbers = dict(arrays)
    trace = document["trace"]
    assert np.array_equal(numbers["logits"], np.float32(trace["logits"]))
    states = np.float32(trace["layers"][0]["states"])
    assert np.array_equal(numbers["layer_1_states"], states)
    assert {"layer_1_cells", "layer_1_forget", "layer_1_importance", "answers"} <= set(numbers)
    assert ("attribution" in numbers) == (name == "mnist")
    assert [entry.name for entry in tmp_path.iterdir()] == ["inside.npz"]


def test_npz_has_what_probes_found_and_its_place_is_told(tmp_path: Path) -> None:
    path = tmp_path / "inside.npz"
    code, out, err = run_inside(["inspect", *SUM, "--probes", "--npz", str(path)])
    assert code == 0
    assert out.startswith("1011")
    assert err.splitlines()[-1] == f"rnn-tui: All numbers are in {path}."
    with np.load(path) as arrays:
        assert arrays["carry_accuracy"].shape == (2, 10)


def write_photo(path: Path) -> None:
    digit = cv2.resize(load_mnist().test_images[0].numpy(), (80, 80))
    paper = np.full((160, 160), 200.0)
    paper[40:120, 40:120] -= digit * 0.6
    path.write_bytes(cv2.imencode(".png", paper.astype(np.uint8))[1].tobytes())


def test_a_photo_is_read_as_predict_reads_it(tmp_path: Path) -> None:
    path = tmp_path / "[red]\x1b[31m7.png"
    write_photo(path)
    document = inspected("mnist", str(path))
    assert document["input"]["path"] == str(path)
    _, out, _ = run_inside(["predict", str(path), "--json"])
    [result] = json.loads(out)["results"]
    assert document["trace"]["probabilities"][-1] == pytest.approx(
        result["probabilities"], abs=1e-5
    )
    assert document["input"]["answer"] == 7
    title, *_ = table("mnist", str(path))
    assert "[red]" in title
    report_document = inspected("mnist", str(path), "--preprocessing", "report")
    assert report_document["input"]["digit"] != document["input"]["digit"]


def test_weights_of_a_run_or_a_file_are_looked_into(home: Path, tmp_path: Path) -> None:
    shipped = PRETRAINED / "adder.safetensors"
    run = home / "runs" / "2026-01-01-abc"
    run.mkdir(parents=True)
    (run / "weights.safetensors").write_bytes(shipped.read_bytes())
    of_run = inspected(*SUM, "--run", "2026")
    assert of_run["weights"]["path"] == str(run / "weights.safetensors")
    assert inspected(*SUM, "--run", "last")["trace"] == of_run["trace"]
    assert inspected(*SUM)["weights"]["source"] == "run 2026-01-01-abc"
    assert inspected(*SUM, "--pretrained")["weights"]["source"] == "pretrained"
    of_file = inspected(*SEQUENCE, "--weights", str(PRETRAINED / "recall-position-1.safetensors"))
    assert (of_file["input"]["position"], of_file["input"]["expected"]) == (1, 3)


def test_what_training_did_not_have_is_said_and_quiet_is_quiet() -> None:
    _, out, err = run_inside(["inspect", "adder", "1" * 30, "1"])
    assert "at most 19 bits" in err
    assert run_inside(["inspect", "adder", "1" * 30, "1", "--quiet"]) == (0, out, "")


REFUSED = {
    "no task": ([], EXIT_USAGE, "required"),
    "no input": (["adder"], EXIT_USAGE, "name an input"),
    "one number": (["adder", "1"], EXIT_USAGE, "two numbers"),
    "no digits": (["recall", "abc"], EXIT_USAGE, "digits"),
    "position": (["recall", "31"], EXIT_USAGE, "Position 3 is beyond"),
    "no such size": ([*SUM, "--hidden-size", "7"], EXIT_USAGE, "only 3, 5 and 10"),
    "no photo": (["mnist"], EXIT_USAGE, "name a photo"),
    "two inputs": (["mnist", "x.png", "--test-image", "1"], EXIT_USAGE, "name a photo"),
    "no test image": (["mnist", "--test-image", "10000"], EXIT_USAGE, "from 0 to 9999"),
    "model of a file": ([*DIGIT, "--model", "rnn", "--weights", "x"], EXIT_USAGE, "its own"),
    "two sources": ([*SUM, "--pretrained", "--weights", "x"], EXIT_USAGE, "not allowed"),
    "no path": (["mnist", ""], EXIT_USAGE, "not a path"),
    "no such photo": (["mnist", "/nowhere/\x1b[2J.png"], EXIT_FAILURE, "no such file"),
    "no weights": ([*SUM, "--weights", "/nowhere/w"], EXIT_FAILURE, "can't be read"),
    "other weights": (
        [*SUM, "--weights", str(PRETRAINED / "mnist-rnn.safetensors")],
        EXIT_FAILURE,
        "for mnist, not for adder",
    ),
    "no input for an analysis of it": (["recall", "--sensitivity"], EXIT_USAGE, "name an input"),
    "no input for an edit": (
        ["adder", "--silence", "--edit", "state[0]=0"],
        EXIT_USAGE,
        "name an input",
    ),
    "no edit": (
        [*SUM, "--edit", "\x1b[2Jnonsense"],
        EXIT_USAGE,
        "is not an edit; write one such as",
    ),
    "edit of no unit": (
        [*SUM, "--edit", "state[0]=0", "--edit", "state[10]=0"],
        EXIT_USAGE,
        "numbered 0 to 9",
    ),
    "edit of no step": ([*SEQUENCE, "--edit", "state[0]@6=0"], EXIT_USAGE, "from 1 to 5"),
    "edit of no layer": (
        [*DIGIT, "--model", "bilstm", "--edit", "state[0]=0"],
        EXIT_USAGE,
        "say in which layer",
    ),
    "edit of no gate": (
        [*DIGIT, "--model", "rnn", "--edit", "forget[0]=0"],
        EXIT_USAGE,
        "there is no forget",
    ),
    "no training history": (
        [*SUM, "--pretrained", "--clicks", "--quiet"],
        EXIT_USAGE,
        "has no training history",
    ),
    "no run": ([*SEQUENCE, "--run", "\x1b[2Jnone"], EXIT_FAILURE, "No run begins with"),
}


@pytest.mark.parametrize(("arguments", "code", "said"), REFUSED.values(), ids=REFUSED)
def test_what_cannot_be_looked_into_is_refused_in_a_sentence(
    arguments: list[str], code: int, said: str, home: Path
) -> None:
    exit_code, out, err = run_inside(["inspect", *arguments, "--json"])
    assert exit_code == code
    assert said in assert_refused(out, err)


@pytest.mark.parametrize("kind", ["folder", "missing folder", "ring"])
def test_a_file_that_cannot_be_written_is_said_and_nothing_is_left(
    kind: str, tmp_path: Path
) -> None:
    (tmp_path / "ring").symlink_to("ring")
    paths = {"folder": tmp_path, "missing folder": tmp_path / "no" / "x", "ring": tmp_path / "ring"}
    code, out, err = run_inside(["inspect", *SUM, "--quiet", "--npz", str(paths[kind])])
    assert code == EXIT_FAILURE
    assert "can't be written" in assert_refused(out, err)
    assert os.listdir(tmp_path) == ["ring"]


def test_a_device_takes_the_arrays_and_stays_one(tmp_path: Path) -> None:
    null = device("null", tmp_path)
    code, _, err = run_inside(["inspect", *SUM, "--quiet", "--npz", str(null)])
    assert (code, err) == (0, "")
    assert null.is_char_device()


def test_huge_weights_are_said_in_a_sentence(tmp_path: Path) -> None:
    path = tmp_path / "huge.safetensors"
    arrays = load_file(PRETRAINED / "adder.safetensors")
    arrays["readout"] = np.full_like(arrays["readout"], 3e38)
    about = {
        "format": 1,
        "config": read_weights(PRETRAINED / "adder.safetensors").config.to_dict(),
        "step": 1,
        "metrics": {},
    }
    save_file(arrays, path, {METADATA_KEY: json.dumps(about)})
    code, out, err = run_inside(["inspect", *SUM, "--quiet", "--weights", str(path)])
    assert code == EXIT_FAILURE
    assert "too large" in assert_refused(out, err)


def test_an_edit_stands_beside_what_it_was_without() -> None:
    title, heads, rows, findings = table(*SUM, "--hidden-size", "3", "--edit", "state[*]@2-=0")
    assert title == "1011 + 110 = 10001  right"
    assert heads[-1] == "unedited"
    assert "".join(row[-1] for row in rows) == "10001"
    answers = [row[heads.index("answer")] for row in rows]
    assert answers[:2] == ["1", "0"]
    assert len({*answers[2:]}) == 1  # whatever is read, the state is zero
    changed = sum(row[heads.index("answer")] != row[-1] for row in rows)
    assert findings[0].startswith(f"With state[*]@2-=0, {changed} of 5 answers change, first at ")


def test_several_edits_of_a_digit_name_their_layers() -> None:
    arguments = [*DIGIT, "--model", "bilstm"]
    document = inspected(
        *arguments,
        "--edit",
        "layer 1 forward: state[*]=0",
        "--edit",
        "layer 1 backward: cell[0]@28=2",
    )
    edited = document["edited"]
    assert edited["edits"] == ["layer 1 forward: state[*]=0", "layer 1 backward: cell[0]@28=2"]
    forward, backward = edited["trace"]["layers"]
    assert not np.any(forward["states"])
    assert backward["cells"][27][0] == 2
    assert np.any(document["trace"]["layers"][0]["states"])
    *_, findings = table(*arguments, "--edit", "layer 1 forward: state[*]=0")
    assert re.fullmatch(
        r"With layer 1 forward: state\[\*\]=0, the answer is \d \(.* %\); without, 9 \(.* %\)\.",
        findings[0],
    )


def test_npz_has_the_edited_numbers_too(tmp_path: Path) -> None:
    path = tmp_path / "edited.npz"
    document = inspected(*SEQUENCE, "--edit", "state[0]=0", "--npz", str(path))
    with np.load(path) as arrays:
        assert not arrays["edited_layer_1_states"][:, 0].any()
        assert arrays["layer_1_states"][:, 0].any()
        assert np.array_equal(
            arrays["edited_logits"], np.float32(document["edited"]["trace"]["logits"])
        )


def test_several_analyses_are_made_at_once_in_their_order() -> None:
    *_, findings = table(
        *SEQUENCE, "--hidden-size", "2", "--sensitivity", "--silence", "--sensitivity"
    )
    first = next(index for index, line in enumerate(findings) if line.startswith("Strongest: "))
    second = next(
        index for index, line in enumerate(findings) if "inputs are right, without unit" in line
    )
    assert first < second
    assert sum(line.startswith("Strongest: ") for line in findings) == 1
    document = inspected(
        *SEQUENCE, "--hidden-size", "2", "--sensitivity", "--silence", "--gradients", "--probes"
    )
    assert list(document) == [
        "weights",
        "input",
        "trace",
        "sensitivity",
        "silence",
        "gradients",
        "survival",
    ]
    assert np.shape(document["sensitivity"]["norms"]) == (10, 5)
    silence = document["silence"]
    assert sorted(silence["units"]) == [0, 1]
    assert silence["alone"][0] == silence["together"][0] <= silence["alone"][1]
    gradients = document["gradients"]
    assert gradients["networks"][0] == "LSTM, this one"
    assert np.shape(gradients["means"]) == (len(gradients["networks"]), 11)
    assert len(gradients["here"]) == 5
    assert (np.array(gradients["means"]) > 0).all()


def test_analyses_of_a_whole_network_need_no_input() -> None:
    code, out, err = run_inside(["inspect", "adder", "--hidden-size", "3", "--silence"])
    assert code == 0
    assert "inputs are right, without unit" in out.splitlines()[0]
    assert err.startswith("rnn-tui: weights: ")
    document = inspected("adder", "--hidden-size", "3", "--silence", "--probes")
    assert list(document) == ["weights", "silence", "carry"]
    assert document["silence"]["accuracy"] > 0.9


def test_a_training_history_is_looked_into_where_there_is_one(tmp_path: Path) -> None:
    small = [
        "--epochs",
        "1",
        "--training-size",
        "20",
        "--hidden-sizes",
        "2",
        "--seeds",
        "2",
        "--quiet",
    ]
    assert run_inside(["train", "adder", *small])[0] == 0
    document = inspected("adder", "--run", "last", "--learning", "--clicks")
    assert list(document) == ["weights", "learning", "clicks"]
    learning, clicks = document["learning"], document["clicks"]
    assert learning["epochs"] == clicks["epochs"]
    assert (learning["epochs"][0], learning["epochs"][-1]) == (0, 1)
    assert len(learning["norms"]) == len(learning["epochs"])
    assert np.shape(clicks["right"]) == np.shape(clicks["clusters"]) == (2, len(clicks["epochs"]))
    assert sorted(clicks["seeds"]) == [0, 1]


def test_a_signal_in_a_real_analysis_ends_it_soon_and_prints_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    import signal as signals  # noqa: PLC0415 - a parameter below has the better claim to the name

    steps_done: list[int] = []

    def show(_bar: Any, progress: Progress) -> None:
        steps_done.append(int(progress.done))
        if progress.done == 3:
            signals.raise_signal(signals.SIGINT)

    monkeypatch.setattr("rnn_tui.cli.output.ProgressBar.show", show)
    code, out, _ = run_inside(["inspect", *SUM, "--silence", "--sensitivity", "--json"])
    assert (code, out) == (EXIT_INTERRUPTED, "")
    assert steps_done == [0, 1, 2, 3]


@pytest.mark.parametrize(
    ("signal", "code"), [("SIGINT", EXIT_INTERRUPTED), ("SIGTERM", EXIT_TERMINATED)]
)
def test_an_analysis_that_is_stopped_prints_nothing_in_part(
    signal: str, code: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    import signal as signals  # noqa: PLC0415 - the parameter has the better claim to the name

    class Stopped:
        """A subject in whose analysis the signal comes."""

        def analyse(self, _kind: Any, progress: Progress) -> bool:
            assert not progress.stopping
            signals.raise_signal(getattr(signals, signal))
            return not progress.stopping

    out = io.StringIO()
    monkeypatch.setattr("sys.stdout", out)
    subject: Any = Stopped()
    assert analyse(subject, ABLATION, quiet=True) == code
    assert out.getvalue() == ""


def test_an_edit_that_leaves_no_numbers_is_blamed_and_not_the_weights() -> None:
    code, out, err = run_inside(["inspect", "adder", "1" * 40, "1", "--edit", "forget[*]=1e5"])
    assert (code, out) == (EXIT_USAGE, "")
    assert "With these edits the network's values overflow" in err
    assert "weights are too large" not in err
