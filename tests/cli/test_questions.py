"""`rnn-tui recall` and `rnn-tui add`, with the weights that ship: what is answered, and to whom.

Most runs are in this process, since no PyTorch is loaded for an answer; pipes, signals and
terminals are looked at in processes of their own.
"""

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from safetensors import safe_open
from safetensors.numpy import save_file

from rnn_tui.cli import questions
from rnn_tui.engine.config import Replica, Variant
from rnn_tui.engine.files.paths import asset_dir
from rnn_tui.engine.files.weights_file import METADATA_KEY, read_weights
from rnn_tui.tasks.adder.questions import BASES, AdderNetwork, Addition, number_of, read_number
from rnn_tui.tasks.recall.questions import RecallNetwork
from rnn_tui.tasks.sequences.inference import ReplicaChoice
from tests.cli.command_line import (
    COMMAND,
    EXIT_FAILURE,
    EXIT_INTERRUPTED,
    EXIT_USAGE,
    PATIENCE,
    assert_one_sentence,
    assert_refused,
    environment,
    in_terminal,
    is_harmless,
    rnn_tui,
    run_inside,
)

PRETRAINED = asset_dir() / "pretrained"
ADDER = PRETRAINED / "adder.safetensors"
many = settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])


def recall_file(position: int) -> Path:
    """The weights that ship for a position."""
    return PRETRAINED / f"recall-position-{position}.safetensors"


def refuse(text: str) -> None:
    """Called for what JSON does not know: NaN and infinities."""
    raise AssertionError(f"{text} in a JSON document")


def asked(arguments: Sequence[str], lines: bytes = b"", code: int = 0) -> dict[str, Any]:
    """The document that `--json` prints: one, of known keys, with nothing else around it."""
    returned, out, err = run_inside([*arguments, "--json", "--quiet"], lines)
    assert (returned, err) == (code, "")
    document: dict[str, Any] = json.loads(out, parse_constant=refuse)
    assert list(document) == ["weights", "results"]
    return document


def lines_of(rows: Sequence[str]) -> bytes:
    """Rows as a file has them."""
    return "".join(f"{row}\n" for row in rows).encode()


# --- a question on the command line ---------------------------------------------------------

ANSWERS = {
    "digits apart": (["recall", "3", "1", "4", "1", "5"], r"3 1 \[4\] 1 5 → 4  ✓  \d+\.\d %"),
    "digits together": (["recall", "31415"], r"3 1 \[4\] 1 5 → 4  ✓  \d+\.\d %"),
    "first digit": (["recall", "31415", "--position", "1"], r"\[3\] 1 4 1 5 → 3  ✓  \d+\.\d %"),
    "options among digits": (
        ["recall", "3", "1", "--position", "2", "4", "1"],
        r"3 \[1\] 4 1 → 1  ✓  \d+\.\d %",
    ),
    "binary": (["add", "1011", "110"], r"1011 \+ 110 = 10001  ✓"),
    "plus": (["add", "1011", "+", "110"], r"1011 \+ 110 = 10001  ✓"),
    "in one word": (["add", "1 0_11+1 10"], r"1011 \+ 110 = 10001  ✓"),
    "hexadecimal by prefix": (["add", "0x1F", "0d13"], r"0x1f \+ 0xd = 0x2c  ✓"),
    "prefix of the second": (["add", "1011", "0x6"], r"1011 \+ 110 = 10001  ✓"),
    "decimal": (["add", "--base", "decimal", "13", "29"], r"13 \+ 29 = 42  ✓"),
    "hexadecimal": (["add", "ff", "--base", "hexadecimal", "0b1"], r"ff \+ b1 = 1b0  ✓"),
    "options among numbers": (["add", "1", "--seed", "1", "1"], r"1 \+ 1 = 10  ✓"),
    "nothing": (["add", "0", "0"], r"0 \+ 0 = 0  ✓"),
}


@pytest.mark.parametrize(("arguments", "expected"), ANSWERS.values(), ids=ANSWERS)
def test_an_answer_is_one_line_and_who_answers_another(
    arguments: list[str], expected: str, home: Path
) -> None:
    code, out, err = run_inside(arguments)
    assert code == 0
    assert re.fullmatch(expected + "\n", out), out
    label = r"H 10 ce, seed 0" if arguments[0] == "recall" else r"H 10 bce, seed [01]"
    assert re.fullmatch(rf"rnn-tui: weights: pretrained \({label}\)\n", err), err
    assert run_inside([*arguments, "--quiet"]) == (0, out, "")


NO_QUESTIONS = {
    "letters": (["recall", "abc"], "digits"),
    "no digits": (["recall", ""], "digits"),
    "too short": (["recall", "31"], "Position 3 is beyond"),
    "too long": (["recall", "3" * 1001], "1,000"),
    "no position": (["recall", "314", "--position", "0"], "from 1 to 1000"),
    "a minus": (["recall", "-3", "1", "4"], "“-”"),
    "no binary digit": (["add", "1", "2"], "“2” is not a binary digit"),
    "one number": (["add", "1"], "two numbers"),
    "three numbers": (["add", "1", "1", "1"], "two numbers"),
    "three terms": (["add", "1+1+1"], "two numbers"),
    "half a sum": (["add", "1", "+"], "Type a binary number"),
    "too many bits": (["add", "1" * 4097, "1"], "4,096"),
    "unknown base": (["add", "1", "1", "--base", "octal"], "octal"),
    "unknown option": (["add", "1", "1", "--speed", "9"], "--speed"),
    "abbreviation": (["add", "1", "1", "--pre"], "--pre"),
    "two sources": (["add", "1", "1", "--pretrained", "--weights", "x"], "not allowed"),
    "no such size": (["recall", "314", "--hidden-size", "7"], "7, only 2, 5 and 10"),
    "no such loss": (["add", "1", "1", "--loss", "mae"], "mae, only mse, ce and bce"),
    "no such seed": (["add", "1", "1", "--seed", "99"], "99, only 0, 1, 2, 3 and 4"),
    "escape codes": (["recall", "\x1b[31m3"], "character 1"),
    "escape codes in a loss": (["add", "1", "1", "--loss", "\x1b[31m\n"], "no loss"),
    "bytes of no encoding": (["add", "1", "\udcff"], "binary digit"),
}


@pytest.mark.parametrize("as_json", [[], ["--json"]], ids=["lines", "json"])
@pytest.mark.parametrize(("arguments", "named"), NO_QUESTIONS.values(), ids=NO_QUESTIONS)
def test_what_is_no_question_exits_with_2_and_a_sentence(
    arguments: list[str], named: str, as_json: list[str], home: Path
) -> None:
    code, out, err = run_inside([*arguments, *as_json])
    assert code == EXIT_USAGE
    assert named in assert_refused(out, err)


def test_a_wrong_digit_is_told_with_the_right_one(home: Path) -> None:
    # Two units can't hold ten digits: such a network is wrong more often than right.
    network = RecallNetwork(read_weights(recall_file(3))).only(0)
    sequences = [(digit, 5, digit, 0, 1) for digit in range(10)]
    said = network.probabilities(sequences)[0]
    wrong = 0
    for digits, probabilities in zip(sequences, said, strict=True):
        answer = int(probabilities.argmax())
        text = "".join(map(str, digits))
        code, out, _ = run_inside(["recall", text, "--hidden-size", "2"])
        assert code == 0
        percent = f"{100 * probabilities[answer]:.1f} %"
        mark = "✓" if answer == digits[2] else f"✗ {digits[2]}"
        assert out.endswith(f" → {answer}  {mark}  {percent}\n")
        wrong += answer != digits[2]
    assert wrong


def test_a_wrong_sum_is_told_with_the_right_one_and_its_wrong_bits(
    tmp_path: Path, home: Path
) -> None:
    # The weights that ship hardly err: these were shaken.
    path = changed(tmp_path / "shaken.safetensors", noise=0.3)
    weights = read_weights(path)
    index = AdderNetwork(weights).replicas.index(Replica(Variant(3, "ce"), 0))
    network = AdderNetwork(weights).only(index)
    random = np.random.default_rng(0)
    pairs = [Addition(*map(int, random.integers(0, 2**bits, 2))) for bits in range(1, 20)]
    shapes = set()
    for pair, [outputs] in zip(pairs, network.outputs_of(pairs), strict=True):
        answer = number_of(outputs >= 0.5)
        bits = [n for n in range(pair.length) if (answer ^ pair.total) >> n & 1]
        arguments = ["add", f"{pair.a:b}", f"{pair.b:b}", "--hidden-size", "3", "--loss", "ce"]
        code, out, _ = run_inside([*arguments, "--weights", str(path)])
        assert code == 0
        if not bits:
            remark = "✓"
        elif len(bits) > 4:
            remark = f"✗ {pair.total:b} ({len(bits)} of {pair.length} bits wrong)"
        elif len(bits) > 1:
            *others, last = map(str, bits)
            remark = f"✗ {pair.total:b} (bits {', '.join(others)} and {last} wrong)"
        else:
            remark = f"✗ {pair.total:b} (bit {bits[0]} wrong)"
        assert out == f"{pair.a:b} + {pair.b:b} = {answer:b}  {remark}\n"
        shapes.add(min(len(bits), 5))
    assert {0, 1, 5} <= shapes, "not every remark was seen"


# --- JSON -----------------------------------------------------------------------------------


def test_json_of_a_sequence(home: Path) -> None:
    document = asked(["recall", "3 1", "415", "--position", "2"])
    assert list(document["weights"]) == [
        *("source", "path", "task", "preset", "hidden_size", "loss", "seed", "metrics"),
        *("position", "lengths"),
    ]
    assert document["weights"] | {"metrics": {}} == {
        "source": "pretrained",
        "path": str(recall_file(2)),
        "task": "recall",
        "preset": "best",
        "hidden_size": 10,
        "loss": "ce",
        "seed": 0,
        "metrics": {},
        "position": 2,
        "lengths": [3, 11],
    }
    [result] = document["results"]
    probabilities = result.pop("probabilities")
    assert result == {
        "query": "3 1 415",
        "digits": [3, 1, 4, 1, 5],
        "position": 2,
        "answer": 1,
        "expected": 1,
        "correct": True,
    }
    assert len(probabilities) == 10
    assert sum(probabilities) == pytest.approx(1, abs=1e-5)
    assert max(probabilities) == probabilities[1]


def test_json_of_a_sum(home: Path) -> None:
    document = asked(["add", "0x1f", "0d13"])
    assert document["weights"]["loss"] == "bce"
    assert list(document["weights"]["metrics"]) == ["test_bit_accuracy", "test_number_accuracy"]
    [result] = document["results"]
    outputs = result.pop("probabilities")
    assert result == {
        "query": "0x1f 0d13",
        "a": "31",
        "b": "13",
        "base": "hexadecimal",
        "answer": "2c",
        "expected": "2c",
        "correct": True,
    }
    assert sum((output >= 0.5) << place for place, output in enumerate(outputs)) == 44


def test_json_of_huge_numbers_has_them_as_strings(home: Path) -> None:
    [result] = asked(["add", f"{2**4096 - 1:b}", "1"])["results"]
    assert (int(result["a"]), result["b"]) == (2**4096 - 1, "1")
    assert int(result["expected"], 2) == 2**4096
    assert len(result["probabilities"]) == 4097


# --- who answers ----------------------------------------------------------------------------

REPLICAS = [
    Replica(Variant(size, loss), seed)
    for loss in ("mse", "bce", "ce")
    for size in (3, 5)
    for seed in (7, 8)
]


def test_the_largest_network_of_the_preferred_loss_and_the_lowest_seed_answers() -> None:
    def picked(preferred: str | None = None, **wanted: Any) -> list[Replica]:
        return [REPLICAS[index] for index in ReplicaChoice(**wanted).pick(REPLICAS, preferred)]

    assert picked() == [Replica(Variant(5, "mse"), 7)]
    assert picked("bce") == [Replica(Variant(5, "bce"), 7)]
    assert picked("absent") == [Replica(Variant(5, "mse"), 7)]
    assert picked("bce", hidden_size=3) == [Replica(Variant(3, "bce"), 7)]
    assert picked("bce", loss="ce", seed=8) == [Replica(Variant(5, "ce"), 8)]
    assert picked(vote=True) == REPLICAS
    assert picked(vote=True, seed=8, loss="ce") == [
        Replica(Variant(size, "ce"), 8) for size in (3, 5)
    ]


def test_a_vote_over_digits_is_the_mean_of_probabilities(home: Path) -> None:
    network = RecallNetwork(read_weights(recall_file(3)))
    digits = (9, 8, 7, 6, 5)
    everyone = network.probabilities([digits])[:, 0]
    of_two = [r.variant.hidden_size == 2 for r in network.replicas]
    for options, voters in (([], everyone), (["--hidden-size", "2"], everyone[of_two])):
        document = asked(["recall", "98765", "--vote", *options])
        [result] = document["results"]
        assert result["probabilities"] == pytest.approx(voters.mean(axis=0), abs=1e-5)
        assert result["answer"] == voters.mean(axis=0).argmax()
        assert document["weights"]["hidden_sizes"] == ([2] if options else [2, 5, 10])
        assert document["weights"]["seeds"] == [0, 1, 2, 3, 4]
    _, _, err = run_inside(["recall", "98765", "--vote"])
    assert err == "rnn-tui: weights: pretrained (vote of 15)\n"


def test_a_vote_over_bits_goes_to_the_majority(home: Path) -> None:
    network = AdderNetwork(read_weights(ADDER))
    voters = [r.variant == Variant(3, "ce") for r in network.replicas]
    [outputs] = network.outputs_of([Addition(0b1110111011, 0b11)])
    shares = (outputs[voters] >= 0.5).mean(axis=0)
    document = asked(["add", "1110111011", "11", "--vote", "--hidden-size", "3", "--loss", "ce"])
    [result] = document["results"]
    assert result["probabilities"] == pytest.approx(shares)
    assert int(result["answer"], 2) == number_of(shares >= 0.5)
    assert document["weights"]["losses"] == ["ce"]
    assert "seed" not in document["weights"]


def test_weights_by_name_bring_their_own_position(home: Path) -> None:
    document = asked(["recall", "31415", "--weights", str(recall_file(1))])
    assert document["weights"]["source"] == str(recall_file(1))
    assert document["results"][0]["position"] == document["weights"]["position"] == 1
    assert document["results"][0]["answer"] == 3


def test_a_position_that_nobody_was_trained_for_is_said_once(home: Path) -> None:
    code, out, err = run_inside(["recall", "--position", "5"], lines_of(["123456", "654321"]))
    assert code == 0
    assert [line.partition(" →")[0] for line in out.splitlines()] == [
        "1 2 3 4 [5] 6",
        "6 5 4 3 [2] 1",
    ]
    assert len(err.splitlines()) == 2
    assert "trained for position 3, not for 5" in err
    assert "rnn-tui train recall --position 5 --lengths 5-13" in err


@pytest.mark.parametrize(
    ("arguments", "lines", "named"),
    [
        (["recall"], ["1" * 12, "1" * 5, "1" * 13], "3 to 11 digits"),
        (["recall", "--position", "1"], ["1", "12"], "3 to 11 digits"),
        (["add"], ["1" * 20 + " 1", "1 1", "1" * 30 + " 1"], "at most 19 bits"),
    ],
)
def test_what_training_did_not_have_is_said_once(
    arguments: list[str], lines: list[str], named: str, home: Path
) -> None:
    code, out, err = run_inside(arguments, lines_of(lines))
    assert (code, len(out.splitlines())) == (0, len(lines))
    assert len(err.splitlines()) == 2
    assert named in err
    assert run_inside([*arguments, "--quiet"], lines_of(lines)) == (0, out, "")


def test_what_training_had_needs_no_word(home: Path) -> None:
    assert len(run_inside(["add", "1" * 19, "1"])[2].splitlines()) == 1
    assert len(run_inside(["recall", "1" * 11])[2].splitlines()) == 1


@pytest.mark.parametrize("name", ["absent", "folder", "text", "cut", "other task", "mnist"])
def test_weights_that_cannot_answer_exit_with_1_and_a_sentence(
    name: str, tmp_path: Path, home: Path
) -> None:
    path = tmp_path / "w\x1b[31m"
    match name:
        case "folder":
            path.mkdir()
        case "text":
            path.write_text("x" * 1000)
        case "cut":
            path.write_bytes(ADDER.read_bytes()[:-1])
        case "other task":
            path.write_bytes(recall_file(1).read_bytes())
        case "mnist":
            save_file({"a": np.zeros(1)}, path)
    for as_json in ([], ["--json"]):
        code, out, err = run_inside(["add", "1", "1", "--weights", str(path), *as_json])
        assert (code, out) == (EXIT_FAILURE, "")
        assert_one_sentence(err)


def changed(
    path: Path, *, huge: bool = False, metric: float | None = None, noise: float = 0.0
) -> Path:
    """The weights for sums: all as large as a float can be, with other figures, or with noise."""
    with safe_open(ADDER, framework="np") as file:
        metadata = file.metadata()
        arrays = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    about = json.loads(metadata[METADATA_KEY])
    if metric is not None:
        about["metrics"] = {n: [metric] * len(v) for n, v in about["metrics"].items()}
    if huge:
        largest = np.finfo(np.float32).max
        arrays = {name: np.copysign(largest, array) for name, array in arrays.items()}
    if noise:
        random = np.random.default_rng(0)
        for name, array in arrays.items():
            arrays[name] = array + array * random.normal(0, noise, array.shape).astype(np.float32)
    save_file(arrays, path, metadata={METADATA_KEY: json.dumps(about)})
    return path


def test_figures_that_are_no_numbers_are_null(tmp_path: Path, home: Path) -> None:
    path = changed(tmp_path / "w", metric=float("nan"))
    document = asked(["add", "1", "1", "--weights", str(path)])
    assert set(document["weights"]["metrics"].values()) == {None}


@pytest.mark.filterwarnings("error::RuntimeWarning")
def test_weights_beyond_all_numbers_never_print_nan(tmp_path: Path, home: Path) -> None:
    path = str(changed(tmp_path / "w", huge=True))
    for arguments, lines in ((["1011", "110"], b""), ([], b"1011 110\n10 1\n")):
        code, out, err = run_inside(["add", *arguments, "--weights", path, "--quiet"], lines)
        assert (code, out) == (EXIT_FAILURE, "")
        assert "too large to compute with" in assert_one_sentence(err)
        _, out, _ = run_inside(["add", *arguments, "--weights", path, "--json"], lines)
        assert json.loads(out, parse_constant=refuse)["results"] == []


# --- many questions on stdin ----------------------------------------------------------------


def test_thousands_of_lines_are_answered_in_order(home: Path) -> None:
    random = np.random.default_rng(1)
    pairs = [Addition(*map(int, random.integers(0, 2**19, 2))) for _ in range(5000)]
    stdin = lines_of([f"{pair.a:b} {pair.b:b}" for pair in pairs])
    results = asked(["add", "--hidden-size", "3", "--loss", "ce", "--seed", "2"], stdin)["results"]
    whole = AdderNetwork(read_weights(ADDER))
    network = whole.only(whole.replicas.index(Replica(Variant(3, "ce"), 2)))
    assert [(int(r["a"]), int(r["b"])) for r in results] == [(p.a, p.b) for p in pairs]
    expected = [number_of(outputs[0] >= 0.5) for outputs in network.outputs_of(pairs)]
    assert [int(r["answer"], 2) for r in results] == expected
    assert [r["correct"] for r in results] == [
        answer == pair.total for answer, pair in zip(expected, pairs, strict=True)
    ]
    code, out, err = run_inside(["add", "--quiet"], stdin)
    assert (code, err) == (0, "")
    assert [line.partition(" =")[0] for line in out.splitlines()] == [
        f"{pair.a:b} + {pair.b:b}" for pair in pairs
    ]


def test_sequences_of_all_lengths_are_answered_in_order(home: Path) -> None:
    random = np.random.default_rng(2)
    rows = [tuple(map(int, random.integers(0, 10, random.integers(3, 30)))) for _ in range(1500)]
    stdin = lines_of([" ".join(map(str, row)) for row in rows])
    results = asked(["recall"], stdin)["results"]
    whole = RecallNetwork(read_weights(recall_file(3)))
    network = whole.only(whole.replicas.index(Replica(Variant(10, "ce"), 0)))
    assert [tuple(r["digits"]) for r in results] == rows
    assert [r["answer"] for r in results] == list(network.probabilities(rows)[0].argmax(axis=1))


def test_long_numbers_are_answered_in_parts(monkeypatch: pytest.MonkeyPatch, home: Path) -> None:
    # A chunk of long numbers must not take gigabytes.
    sizes: list[int] = []
    answer = AdderNetwork.outputs_of

    def watched(self: AdderNetwork, additions: Sequence[Addition]) -> Any:
        sizes.append(len(additions) * max(a.length for a in additions) * len(self.replicas))
        return answer(self, additions)

    monkeypatch.setattr(AdderNetwork, "outputs_of", watched)
    monkeypatch.setattr(questions, "MOST_OUTPUTS", 100_000)
    rows = ["1 1"] * 300 + ["1" * 1000 + " 1"] * 3 + ["1 1"] * 300
    results = asked(["add", "--vote"], lines_of(rows))["results"]
    assert [r["query"] for r in results] == rows
    assert len(sizes) > 3
    assert max(sizes) <= 100_000


MIXED = b"""
# pairs
1011 110   # eleven and six

1011 + 110
2 1
\t 0x1f\t0d13
1 1 1
"""


def test_lines_that_are_no_questions_do_not_stop_the_others(home: Path) -> None:
    code, out, err = run_inside(["add"], MIXED)
    assert code == EXIT_FAILURE
    assert out.splitlines() == [
        "1011 + 110 = 10001  ✓",
        "1011 + 110 = 10001  ✓",
        "0x1f + 0xd = 0x2c  ✓",
    ]
    _, first, second = err.splitlines()
    assert first.startswith("rnn-tui: line 6: “2” is not a binary digit")
    assert second == "rnn-tui: line 8: Type two numbers, such as 1011 110."


def test_json_has_an_error_in_the_place_of_the_answer(home: Path) -> None:
    results = asked(["add"], MIXED, code=EXIT_FAILURE)["results"]
    assert [r.get("answer") for r in results] == ["10001", "10001", None, "2c", None]
    assert results[2]["line"] == 6
    assert results[2]["query"] == "2 1"
    assert "binary digit" in results[2]["error"]
    assert list(results[4]) == ["query", "line", "error"]


def test_nothing_on_stdin_is_no_failure(home: Path) -> None:
    assert asked(["recall"], b"")["results"] == []
    assert run_inside(["recall"], b"\n# nothing\n")[:2] == (0, "")


@pytest.mark.parametrize(
    "lines",
    [
        b"\xef\xbb\xbf1 1\n10 1\n",
        b"1 1\r\n10 1\r\n",
        b"1 1\r10 1",
        b"\n1 1\n#\xff\xfe\x00\n10 1",
        b"#" + b"x" * 1_000_000 + b"\n1 1\n10 1\n",
        b"1 1 # " + b"x" * 1_000_000 + b"\n10 1\n",
        b"1 1\n" + b" " * 50_000 + b"10 1",
    ],
    ids=["byte order mark", "CRLF", "CR", "no end", "long comment", "long remark", "long indent"],
)
def test_files_of_other_systems_can_be_read(lines: bytes, home: Path) -> None:
    assert [r["answer"] for r in asked(["add"], lines)["results"]] == ["10", "11"]


@pytest.mark.parametrize(
    "line",
    [
        b"1" * 1_000_000 + b" 1",
        b"1" + b" " * 1_000_000 + b"1",
        b"1 \x00",
        b"\xff\xfe1 1",
        b"\x1b[31m1 1",
        "1 ١".encode(),
        "1\u202e 1".encode(),
    ],
    ids=["megabyte", "spaces", "NUL", "no UTF-8", "escape code", "Arabic digit", "direction"],
)
@pytest.mark.parametrize("command", ["add", "recall"])
def test_hostile_lines_get_a_harmless_sentence(command: str, line: bytes, home: Path) -> None:
    code, out, err = run_inside([command, "--quiet"], b"101 111\n" + line + b"\n1 110\n")
    assert code == EXIT_FAILURE
    assert len(out.splitlines()) == 2
    assert re.match(r"rnn-tui: line 2: .*\.$", assert_one_sentence(err))
    results = asked([command], line, code=EXIT_FAILURE)["results"]
    assert len(results) == 1
    assert is_harmless(results[0]["query"] + results[0]["error"])
    assert len(results[0]["query"]) <= 200


rows = st.one_of(
    st.text(max_size=30).map(str.encode),
    st.binary(max_size=30),
    st.from_regex(rb"[0-9 ,]{0,20}", fullmatch=True),
    st.from_regex(rb"(0[bdx])?[01]{1,30} ?[ +] ?(0[bdx])?[01]{1,30}", fullmatch=True),
)


@many
@given(command=st.sampled_from(["add", "recall"]), lines=st.lists(rows, max_size=12))
@example(command="add", lines=[b"+", b" + ", b"1+", b"0x 0x", b"0b", b"_ _", b"1_ _1"])
@example(command="recall", lines=[b",", b"1", b"1,2,3", b"\x1c1\x1d2\x1e3"])
def test_any_line_gets_an_answer_or_a_sentence(
    command: str, lines: list[bytes], home: Path
) -> None:
    stdin = b"\n".join(lines)
    code, out, err = run_inside([command, "--quiet"], stdin)
    faults = err.splitlines()
    assert code == (EXIT_FAILURE if faults else 0)
    for sentence in faults:
        assert re.match(r"rnn-tui: line \d+: .+\.$", sentence)
        assert is_harmless(sentence)
    shown = out.splitlines()
    assert all(is_harmless(line) for line in shown)
    results = asked([command], stdin, code=code)["results"]
    assert [f"line {r['line']}: {r['error']}" for r in results if "error" in r] == [
        fault.removeprefix("rnn-tui: ") for fault in faults
    ]
    answered = [r for r in results if "error" not in r]
    assert len(answered) == len(shown)
    for result, line in zip(answered, shown, strict=True):
        assert ("✓" in line) == result["correct"] == (result["answer"] == result["expected"])
        assert all(0 <= p <= 1 for p in result["probabilities"])


@many
@given(
    st.sampled_from(BASES),
    st.one_of(
        st.from_regex(r"[ _]{0,2}(0[bdxBDX])?[0-9a-fA-F_ ]{1,12}", fullmatch=True),
        st.text(alphabet="0bdx1_ 9fF", max_size=12),
    ),
)
def test_the_base_of_an_answer_is_the_one_its_number_was_read_in(base: Any, number: str) -> None:
    try:
        value, base_read = read_number(number, base)
    except Exception:  # noqa: BLE001 - what can't be read has no base; not the matter here
        return
    digits = "".join(number.split()).replace("_", "").lower()
    assert value == int(digits.removeprefix(base_read.prefix), base_read.radix)


# --- pipes, signals, terminals --------------------------------------------------------------


def start(*arguments: str, **variables: str) -> "subprocess.Popen[bytes]":
    """The command with pipes for all three streams."""
    return subprocess.Popen(
        [*COMMAND, *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=environment(**variables),
        bufsize=0,  # or what readline() reads ahead would be lost to communicate()
    )


@pytest.mark.process
def test_first_answers_come_before_stdin_ends() -> None:
    process = start("add", "--quiet")
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        process.stdin.write(b"1011 110\n" * 600)
        process.stdin.flush()
        assert process.stdout.readline().decode() == "1011 + 110 = 10001  ✓\n"
        assert process.poll() is None
        out, err = process.communicate(timeout=PATIENCE)
        assert (len(out.splitlines()), err, process.returncode) == (599, b"", 0)
    finally:
        process.kill()
        process.wait()


PEAK = """
import sys
from rnn_tui.cli.main import main
main(sys.argv[1:])
lines = open("/proc/self/status").read().splitlines()
[peak] = [int(line.split()[1]) for line in lines if line.startswith("VmHWM")]
print(peak, file=sys.stderr)
"""


@pytest.mark.long
@pytest.mark.skipif(sys.platform != "linux", reason="tells the peak of memory in its own way")
@pytest.mark.parametrize("as_json", [[], ["--json"]], ids=["lines", "json"])
def test_memory_does_not_grow_with_the_number_of_lines(as_json: list[str]) -> None:
    def peak(lines: int) -> int:
        done = subprocess.run(
            [sys.executable, "-c", PEAK, "add", "--quiet", *as_json],
            input=b"1011010011 1100111\n" * lines,
            capture_output=True,
            check=True,
            timeout=PATIENCE,
        )
        assert done.stdout.count(b"1011010011 ") == lines
        return int(done.stderr)  # in kilobytes

    # 20,000 lines and their answers, all at once, would take 50 MB more.
    assert peak(20_000) < peak(1000) + 8000


@pytest.mark.process
@pytest.mark.parametrize("as_json", [[], ["--json"]], ids=["lines", "json"])
def test_closed_pipe_is_silent(as_json: list[str]) -> None:
    process = start("add", "--quiet", *as_json)
    assert process.stdin is not None
    assert process.stdout is not None
    assert process.stderr is not None
    try:
        process.stdout.close()
        process.stdin.write(b"1011 110\n" * 5000)
        process.stdin.close()
        assert process.wait(PATIENCE) == EXIT_FAILURE
        assert process.stderr.read() == b""
    finally:
        process.kill()
        process.wait()
        process.stderr.close()


@pytest.mark.process
@pytest.mark.skipif(sys.platform == "win32", reason="POSIX signals")
@pytest.mark.parametrize("as_json", [[], ["--json"]], ids=["lines", "json"])
def test_interrupt_ends_with_130_and_whole_output(as_json: list[str]) -> None:
    process = start("add", "--quiet", *as_json)
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        process.stdin.write(b"1011 110\n" * 600)
        process.stdin.flush()
        # A whole chunk has come: the process waits for more.
        first = [process.stdout.readline() for _ in range(questions.CHUNK)]
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=PATIENCE)
    finally:
        process.kill()
        process.wait()
    assert (process.returncode, err) == (EXIT_INTERRUPTED, b"")
    text = (b"".join(first) + out).decode()
    if as_json:
        results = json.loads(text)["results"]
        assert [r["answer"] for r in results] == ["10001"] * questions.CHUNK
    else:
        assert text.splitlines() == ["1011 + 110 = 10001  ✓"] * questions.CHUNK


@pytest.mark.process
@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_full_disk_is_told_in_a_sentence() -> None:
    with open("/dev/full", "w", encoding="utf-8") as full:
        result = subprocess.run(
            [*COMMAND, "add", "1", "1", "--quiet"],
            stdout=full,
            stderr=subprocess.PIPE,
            encoding="utf-8",
            env=environment(),
            timeout=PATIENCE,
            check=False,
        )
    assert result.returncode == EXIT_FAILURE
    assert "No space left" in assert_one_sentence(result.stderr)


@pytest.mark.process
@pytest.mark.skipif(sys.platform == "win32", reason="a POSIX shell")
@pytest.mark.parametrize(("closed", "code"), [("<&-", EXIT_USAGE), ("1 1 >&-", 0), ("1 1 2>&-", 0)])
def test_a_stream_that_is_closed_is_no_fault(closed: str, code: int) -> None:
    result = subprocess.run(
        ["sh", "-c", f'"{sys.executable}" -m rnn_tui add {closed}'],
        capture_output=True,
        encoding="utf-8",
        env=environment(),
        timeout=PATIENCE,
        check=False,
    )
    assert result.returncode == code
    assert "Traceback" not in result.stderr
    assert "fault" not in result.stderr


@pytest.mark.process
@pytest.mark.parametrize("command", ["recall", "add"])
def test_no_question_on_a_terminal_is_wrong_usage(command: str) -> None:
    code, output = in_terminal([command], {})
    assert code == EXIT_USAGE
    assert_one_sentence(output.replace("\r\n", "\n"))


@pytest.mark.process
@pytest.mark.parametrize(("variables", "coloured"), [({}, True), ({"NO_COLOR": "1"}, False)])
def test_marks_are_coloured_on_a_terminal_only_where_colours_are_welcome(
    variables: dict[str, str], coloured: bool
) -> None:
    code, right = in_terminal(["recall", "31415", "--quiet"], variables)
    assert code == 0
    _, wrong = in_terminal(["recall", "31415", "--quiet", "--position", "5"], variables)
    if coloured:
        assert "\x1b[32m✓\x1b[0m" in right
        assert "\x1b[31m✗\x1b[0m" in wrong
    assert ("\x1b" in right, "\x1b" in wrong) == (coloured, coloured)
    plain = re.sub(r"\x1b\[\d+m", "", right)
    assert plain.startswith("3 1 [4] 1 5 → 4  ✓  ")


@pytest.mark.process
def test_no_colour_reaches_a_pipe() -> None:
    result = rnn_tui("add", "1", "1", FORCE_COLOR="1", TTY_COMPATIBLE="1")
    assert (result.returncode, result.stdout) == (0, "1 + 1 = 10  ✓\n")


@pytest.mark.process
def test_what_cannot_be_written_is_written_otherwise() -> None:
    result = rnn_tui("recall", stdin="31415\n12345\n", PYTHONIOENCODING="ascii")
    assert result.returncode == 0
    assert [re.sub(r"[\d.]+ %", "", line) for line in result.stdout.splitlines()] == [
        "3 1 [4] 1 5 -> 4  right  ",
        "1 2 [3] 4 5 -> 3  right  ",
    ]
    wrong = rnn_tui("recall", "31415", "--position", "5", PYTHONIOENCODING="ascii")
    assert re.search(r"-> 4  wrong, 5  [\d.]+ %\n$", wrong.stdout)


@pytest.mark.long
@pytest.mark.skipif(not hasattr(os, "fork"), reason="POSIX")
def test_a_line_without_end_does_not_fill_memory() -> None:
    # 200 MB of ones, within an address space that could not hold them.
    command = (
        f"ulimit -v 1500000; head -c 200000000 /dev/zero | tr '\\0' 1 | "
        f'OPENBLAS_NUM_THREADS=1 "{sys.executable}" -m rnn_tui add'
    )
    result = subprocess.run(
        ["sh", "-c", command],
        capture_output=True,
        encoding="utf-8",
        env=environment(),
        timeout=PATIENCE,
        check=False,
    )
    assert result.returncode == EXIT_FAILURE
    assert "line 1: A line may have at most 100,000 characters." in result.stderr
