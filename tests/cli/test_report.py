"""`rnn-tui report`: what goes where, with which exit code."""

import json
import signal
import subprocess
from pathlib import Path

import pytest

from rnn_tui.archive.store import RunStore
from tests.cli.command_line import (
    EXIT_FAILURE,
    EXIT_INTERRUPTED,
    EXIT_USAGE,
    PATIENCE,
    assert_one_sentence,
    assert_refused,
    environment,
    in_terminal,
    run_inside,
    screen_after,
)
from tests.program import start_program

FAST = ["report", "--only", "adder", "--preset", "fast", "--seeds", "1"]


@pytest.mark.process
def test_table_and_document(home: Path, tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    path = tmp_path / "report.md"
    code, out, err = run_inside([*FAST, "-o", str(path)])
    assert code == 0, err
    lines = out.splitlines()
    assert lines[0].startswith(
        "| experiment | published | mean ± sd | n | next seed, 95 % | published is |"
    )
    assert [line.split(" | ")[0] for line in lines[2:8]] == [
        f"| Adder, H {size} {loss}" for loss in ("mse", "ce") for size in (3, 5, 10)
    ]
    # Preset fast is another recipe than the report's, and that is said.
    assert out.count("| other recipe |") == 6
    assert "Preset fast is not the report's recipe" in out
    assert out.count("**No verdict yet:") == 3
    assert out.count("A comparison in which at least 6 seeds differ counts for a conclusion") == 1
    assert "\x1b" not in out + err
    began, written = err.splitlines()
    # the time that is left is said if the machine's speed is known
    assert began.startswith("rnn-tui: 0 of 6 networks done")
    assert began.endswith("; trains Adder, 6 networks × 1 seed")
    assert written == f"rnn-tui: written to {path}"
    assert lines[2] in path.read_text()

    # Nothing is trained a second time; one document, and nothing else.
    code, out, err = run_inside([*FAST, "--json"])
    assert (code, err) == (0, "")
    document = json.loads(out)
    assert document["status"] == "complete"
    assert document["command"] == "rnn-tui report --only adder --preset fast --seeds 1"
    assert len(document["rows"]) == 6
    assert document["rows"][0]["published"] == 92.10
    assert [row["n"] for row in document["rows"]] == [1] * 6
    assert (
        {row["sd"] for row in document["rows"]}
        == {row["next_seed_95"] for row in document["rows"]}
        == {None}
    )
    assert {conclusion["verdict"] for conclusion in document["conclusions"]} == {"open"}
    assert all(
        conclusion["text"].startswith("No verdict yet:") for conclusion in document["conclusions"]
    )
    assert len(document["conclusions"]) == 3
    assert document["rule"].startswith("A comparison")
    assert document["seeds"] == {"adder": [0]}
    assert document["settings"]["Adder"]["losses"] == ["mse", "ce"]
    assert {"torch", "python"} <= document["versions"].keys()
    assert document["machine"]["cores"] >= 1
    (run,) = document["runs"]
    assert {row["runs"][0] for row in document["rows"]} == {run["id"]}

    # On a terminal: a table for the eye, no bar left behind.
    arguments = ["report", "--only", "recall", "--no-training"]
    code, screen = in_terminal(arguments, {"RNN_TUI_HOME": str(home)})
    assert code == 0
    text = screen_after(screen)
    assert text[0].startswith("experiment")
    assert any(line.startswith("Recall, H 10 ") for line in text)


@pytest.mark.parametrize("command", ["report", "reproduce"])
def test_without_training_nothing_is_made(command: str, home: Path) -> None:
    code, out, err = run_inside([command, "--no-training"])
    assert (code, err) == (0, "")
    assert out.count("| 0 of 20 |") == 9
    assert out.count("| 0 of 3 |") == 3
    assert not (home / "runs.db").exists()


def test_without_figures_there_is_one_document_with_nulls(home: Path) -> None:
    code, out, err = run_inside(["report", "--no-training", "--json"])
    assert (code, err) == (0, "")
    document = json.loads(out)
    assert document["status"] == "incomplete"
    assert {row["mean"] for row in document["rows"]} == {None}
    compared = [
        comparison for claim in document["conclusions"] for comparison in claim["comparisons"]
    ]
    assert compared
    assert {comparison["mean_difference"] for comparison in compared} == {None}


@pytest.mark.process
@pytest.mark.parametrize("as_json", [False, pytest.param(True, marks=pytest.mark.long)])
def test_ctrl_c_keeps_what_was_trained_and_prints_what_there_is(home: Path, as_json: bool) -> None:
    process = start_program(
        "report",
        "--only",
        "recall,adder",
        "--seeds",
        "1",
        *["--json"] * as_json,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
        env=environment(),
    )
    assert process.stderr is not None
    assert "trains Recall, 3 networks × 1 seed" in process.stderr.readline()
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=PATIENCE)
    assert process.returncode == EXIT_INTERRUPTED
    assert assert_one_sentence(err).endswith("the same command resumes it.")
    if as_json:
        document = json.loads(out)
        assert document["status"] == "stopped"
        assert [row["n"] for row in document["rows"]] == [0] * 9
    else:
        assert out.count("| 0 of 1 |") == 9
    with RunStore() as store:
        (run,) = store.runs()
    assert (run.status.value, run.config.task) == ("stopped", "recall")


@pytest.mark.parametrize(
    "arguments",
    [
        ["--seeds", "0"],
        ["--mnist-seeds", "x"],
        ["--only", "recal"],
        ["--only", ""],
        ["--preset", "best"],
        ["--seed", "4294967295"],
        ["recall"],
        ["-o", "report.pdf"],
    ],
)
def test_wrong_usage_is_one_sentence(home: Path, arguments: list[str]) -> None:
    code, out, err = run_inside(["report", *arguments])
    assert code == EXIT_USAGE
    assert_refused(out, err)
    assert not (home / "runs.db").exists()


def test_a_document_that_can_not_be_written_is_found_before_training(
    home: Path, tmp_path: Path
) -> None:
    pytest.importorskip("matplotlib")
    code, out, err = run_inside(["report", "-o", str(tmp_path / "nowhere" / "report.md")])
    assert (code, out) == (EXIT_FAILURE, "")
    assert "can't be written" in assert_one_sentence(err)
    assert not (home / "runs.db").exists()
