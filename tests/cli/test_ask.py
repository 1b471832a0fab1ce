"""`rnn-tui ask`: every task is asked, those with a command of their own as that command asks."""

import json
from pathlib import Path

import pytest

from rnn_tui.engine.files.paths import asset_dir
from tests.cli.command_line import EXIT_FAILURE, EXIT_USAGE, assert_refused, run_inside
from tests.extension.parity import install
from tests.extension.test_parity import run

SWINGS = str(asset_dir() / "sequences" / "swings.csv")
QUICK = ("--epochs", "1", "--hidden-size", "3", "--quiet")


@pytest.mark.parametrize(
    ("task", "command", "words", "stdin"),
    [
        ("recall", "recall", ("31415", "--position", "3", "--pretrained"), b""),
        ("recall", "recall", ("--vote", "--pretrained", "--json"), b"31415\n31x\n"),
        ("adder", "add", ("--base", "decimal", "13", "+", "29", "--pretrained"), b""),
        ("adder", "add", ("--json", "--pretrained", "--hidden-size", "3"), b"1011 110\n1 1\n"),
        ("mnist", "predict", (str(asset_dir() / "samples" / "7-ruled.jpg"), "--json"), b""),
    ],
)
def test_tasks_with_a_command_answer_as_that_does(
    home: Path, task: str, command: str, words: tuple[str, ...], stdin: bytes
) -> None:
    by_ask = run_inside(["ask", task, *words], stdin)
    assert by_ask == run_inside([command, *words], stdin)
    assert by_ask[1]


@pytest.fixture(scope="module")
def parity_home(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """The site of the package on the page, and a home with a run of it."""
    site = install(tmp_path_factory.mktemp("parity"))
    home = tmp_path_factory.mktemp("home")
    run(
        site,
        home,
        "train",
        "parity",
        "--epochs",
        "1",
        "--training-size",
        "640",
        "--hidden-size",
        "3,5",
        "--seeds",
        "2",
        "--quiet",
    )
    return site, home


@pytest.mark.process
def test_a_task_of_a_package_is_asked_by_its_shape(parity_home: tuple[Path, Path]) -> None:
    site, home = parity_home
    line = run(site, home, "ask", "parity", "0", "1", "1", "--quiet")
    assert line.startswith("011 → ")
    assert ("✓" in line) == (line.split()[2] == "even")
    document = json.loads(run(site, home, "ask", "parity", "0110111", "--vote", "--json"))
    [answer] = document["results"]
    assert answer["expected"] == "odd"
    assert answer["correct"] == (answer["answer"] == "odd")
    assert sum(answer["probabilities"]) == pytest.approx(1, abs=1e-5)
    assert document["weights"]["hidden_sizes"] == [3, 5]
    assert document["weights"]["seeds"] == [0, 1]
    assert "usage: rnn-tui ask parity" in run(site, home, "ask", "parity", "--help")


@pytest.mark.process
def test_a_task_of_a_package_is_looked_into_by_its_shape(parity_home: tuple[Path, Path]) -> None:
    site, home = parity_home
    table = run(site, home, "inspect", "parity", "0110", "--probes", "--quiet")
    heads = table.splitlines()[2].split()
    assert heads[:5] == ["step", "bit", "parity", "probe", "cell"]
    assert "predicts the parity best" in table
    document = json.loads(run(site, home, "inspect", "parity", "--survival", "--json"))
    assert document["survival"]["position"] is None


def test_a_file_of_sequences_is_asked_in_its_units(home: Path) -> None:
    assert run_inside(["train", "sequences", SWINGS, *QUICK])[0] == 0
    code, out, _ = run_inside(["ask", "sequences", SWINGS, "20", "-18.5", "--quiet", "-3"])
    assert code == 0
    assert out.startswith("20 -18.5 -3 → ")
    assert out.split()[4] in ("long", "medium", "short")
    code, out, err = run_inside(
        ["ask", "sequences", SWINGS, "--json"], b"20 18.5\n20 x\n# nothing\n1;2;3\n"
    )
    assert code == EXIT_FAILURE
    first, wrong, last = json.loads(out)["results"]
    assert first["read"] == ["20", "18.5"]
    assert first["outputs"] == ["long", "medium", "short"]
    assert first["correct"] is first["expected"] is None
    assert wrong["error"] == "“x” in step 2 is no number."
    assert len(last["read"]) == 3
    assert "trained on sequences of 24 to 40 steps" in err


def test_what_comes_next_is_said_in_the_units_of_the_file(home: Path) -> None:
    arguments = ["sequences", SWINGS, "--goal", "next"]
    assert run_inside(["train", *arguments, *QUICK])[0] == 0
    _, out, _ = run_inside(["ask", *arguments, "--json"], b"20 -18.5 3\n")
    [answer] = json.loads(out)["results"]
    # a network that has learned little answers the mean, and deviations are some 20 degrees
    assert len(answer["answer"]) == 3
    assert max(abs(value) for [value] in answer["answer"]) < 60


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("ask",), EXIT_USAGE),
        (("ask", "nothing", "1"), EXIT_USAGE),
        (("ask", "recall", "31x"), EXIT_USAGE),
        (("ask", "sequences"), EXIT_USAGE),
        (("ask", "sequences", "missing.csv", "1"), None),
        (("ask", "sequences", SWINGS, "1", "--pretrained"), EXIT_USAGE),
    ],
)
def test_what_can_not_be_asked_is_refused(
    home: Path, arguments: tuple[str, ...], code: int | None
) -> None:
    exit_code, out, err = run_inside([*arguments])
    assert exit_code == code or (code is None and exit_code in (EXIT_USAGE, EXIT_FAILURE))
    assert_refused(out, err.splitlines()[-1] + "\n")


def test_networks_of_a_file_are_looked_into_with_what_fits_them(home: Path) -> None:
    arguments = ["sequences", SWINGS, "--quiet"]
    assert run_inside(["train", *arguments, *QUICK])[0] == 0
    studies = ("--silence", "--gradients", "--sensitivity", "--state-space", "--learning")
    code, out, err = run_inside(["inspect", *arguments, "20", "18.5", "-3", *studies, "--json"])
    assert code == 0, err
    document = json.loads(out)
    assert document["trace"]["read"] == ["20", "18.5", "-3"]
    assert document["silence"]["inputs"] == 48
    assert len(document["state_space"]["labels"]) == 48
    code, _, err = run_inside(["inspect", *arguments, "--automaton"])
    assert code == EXIT_USAGE
    assert "“Automaton” does not fit" in err


def test_a_text_is_looked_into_though_nobody_knows_what_comes_last(
    home: Path, tmp_path: Path
) -> None:
    text = tmp_path / "text.txt"
    text.write_text("to be or not to be, that is the question. " * 60, encoding="utf-8")
    arguments = ["sequences", str(text), "--layout", "text", "--quiet"]
    assert run_inside(["train", *arguments, *QUICK])[0] == 0
    studies = ("--silence", "--gradients", "--state-space", "--learning")
    code, out, err = run_inside(["inspect", *arguments, "to be", *studies, "--json"])
    assert code == 0, err
    document = json.loads(out)
    assert document["trace"]["read"] == ["t", "o", "␣", "b", "e"]
    steps = len(document["gradients"]["means"][0])
    assert steps == len(document["learning"]["norms"][0])
    assert document["gradients"]["means"][0][-1] > 0  # the last answer is of the last step but one
    assert min(document["state_space"]["labels"]) >= 0


def test_numbers_that_come_next_are_looked_into_in_the_units_of_the_file(home: Path) -> None:
    arguments = ["sequences", SWINGS, "--goal", "next", "--quiet"]
    assert run_inside(["train", *arguments, *QUICK])[0] == 0
    code, out, _ = run_inside(["inspect", *arguments, "20", "18.5", "--sensitivity"])
    assert code == 0
    assert out.splitlines()[2].split()[:4] == ["step", "input", "angle", "+1"]
    assert run_inside(["inspect", *arguments, "20", "--silence"])[0] == EXIT_USAGE
