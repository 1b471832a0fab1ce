"""Files of sequences on the command line: understood before anything trains, kept, trained on."""

import argparse
import json
import subprocess
from pathlib import Path

import pytest

from rnn_tui.cli.sequence_files import any_data_set
from rnn_tui.cli.task_settings import add_task_settings, read_task_settings
from rnn_tui.engine.errors import SettingError
from rnn_tui.tasks.data_sets.task import task_of
from tests.cli.command_line import EXIT_USAGE, assert_one_sentence, rnn_tui, run_inside
from tests.data.examples import rising_or_falling

pytestmark = pytest.mark.process

SAMPLE = "assets/sequences/swings.csv"
QUICK = ("--hidden-size", "4", "--epochs", "1", "--seeds", "2", "--workers", "1")


@pytest.fixture
def table(tmp_path: Path) -> Path:
    """Twenty short sequences in two classes, a row each."""
    rows = ["name;class;t1;t2;t3"]
    for number in range(20):
        sign = 1 if number % 2 else -1
        cells = ";".join(f"{sign * (step + 1)},{number}" for step in range(3))
        rows.append(f"s{number};{'up' if number % 2 else 'down'};{cells}")
    path = tmp_path / "zwanzig reihen.csv"
    path.write_text("\n".join(rows), encoding="utf-8")
    return path


def home(tmp_path: Path) -> dict[str, str]:
    return {"RNN_TUI_HOME": str(tmp_path / "home")}


def document_of(result: subprocess.CompletedProcess[str]) -> dict[str, object]:
    assert result.returncode == 0, result.stderr
    document = json.loads(result.stdout)
    assert isinstance(document, dict)
    return document


def test_a_file_is_understood_without_training(table: Path, tmp_path: Path) -> None:
    shown = rnn_tui("data", "show", str(table), **home(tmp_path))
    assert shown.returncode == 0
    assert "20 sequences" in shown.stdout
    assert "up" in shown.stdout
    assert "down" in shown.stdout
    listed = document_of(rnn_tui("data", "list", "--json", **home(tmp_path)))
    assert listed == {"data_sets": []}


def test_a_file_is_trained_on_and_its_data_set_kept(table: Path, tmp_path: Path) -> None:
    trained = rnn_tui("train", "sequences", str(table), *QUICK, "--json", **home(tmp_path))
    run = document_of(trained)
    assert "20 sequences" in trained.stderr  # what was understood, before
    settings = run["settings"]
    assert isinstance(settings, dict)
    name = settings["task"]
    kept = document_of(rnn_tui("data", "list", "--json", **home(tmp_path)))
    assert [data_set["name"] for data_set in kept["data_sets"]] == [name]  # type: ignore[attr-defined]

    baselines = run["baselines"]
    assert isinstance(baselines, list)
    names = [baseline["name"] for baseline in baselines]
    assert names == ["most frequent class", "logistic regression", "random convolutions"]
    verdict = run["verdict"]
    assert isinstance(verdict, dict)
    assert "the best baseline" in verdict["sentence"]

    table.unlink()  # the data set is kept, and answers to its name
    again = document_of(
        rnn_tui("train", "sequences", name, *QUICK, "--json", "--quiet", **home(tmp_path))
    )
    assert again["variants"] == run["variants"]
    listed = rnn_tui("runs", "--task", name, "--json", **home(tmp_path))
    assert len(document_of(listed)["runs"]) == 2  # type: ignore[arg-type]


def test_a_deleted_data_set_is_gone(table: Path, tmp_path: Path) -> None:
    run = document_of(
        rnn_tui("train", "sequences", str(table), *QUICK, "--json", "--quiet", **home(tmp_path))
    )
    name = run["settings"]["task"]  # type: ignore[index]
    refused = rnn_tui("data", "delete", name, **home(tmp_path))
    assert refused.returncode == EXIT_USAGE
    assert "1 run on" in assert_one_sentence(refused.stderr)
    assert rnn_tui("data", "delete", name, "--yes", **home(tmp_path)).returncode == 0
    missing = rnn_tui("train", "sequences", name, *QUICK, **home(tmp_path))
    assert missing.returncode == EXIT_USAGE
    assert_one_sentence(missing.stderr)
    # the run stays in the list
    listed = rnn_tui("runs", **home(tmp_path))
    assert listed.returncode == 0
    assert name in listed.stdout


@pytest.mark.parametrize(
    "options",
    [
        ("--label", "nowhere"),
        ("--encoding", "klingon"),
        ("--goal", "number", "--label", "class"),
        ("--loss", "mse,nonsense"),
    ],
)
def test_what_does_not_fit_is_told_in_a_sentence(
    table: Path, tmp_path: Path, options: tuple[str, ...]
) -> None:
    result = rnn_tui("train", "sequences", str(table), *options, **home(tmp_path))
    assert result.returncode == EXIT_USAGE
    assert result.stdout == ""
    assert "Traceback" not in result.stderr


def test_a_run_is_applied_to_a_new_file(
    table: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RNN_TUI_HOME", home(tmp_path)["RNN_TUI_HOME"])
    document_of(rnn_tui("train", "sequences", str(table), *QUICK, "--json", "--quiet"))
    new = tmp_path / "new.csv"
    new.write_text("t3,extra,t2,t1\n1.5,x,1,0.5\n1,x,one,3\n1,x,2,3\n")
    code, answers, messages = run_inside(["predict", "--run", "last", str(new)])
    assert code == 0
    header, *rows = answers.splitlines()
    assert header == "sequence,answer,P(down),P(up),agreement"
    assert [row.split(",")[0] for row in rows] == ["1", "3"]
    assert "extra is not used." in messages
    assert "Line 3 of new.csv: “one” in t2 is no number; the sequence is left out." in messages
    piped = ["predict", "--run", "last", "-", "-o", "-"]
    code, from_stdin, messages = run_inside(piped, new.read_bytes())
    assert (code, from_stdin) == (0, answers)
    assert "Line 3 of stdin" in messages
    code, printed, messages = run_inside(piped, b"")
    assert (code, printed) == (EXIT_USAGE, "")
    assert "stdin is empty" in assert_one_sentence(messages)
    checked = tmp_path / "checked.jsonl"
    code, printed, _ = run_inside(
        ["predict", "--run", "last", str(table), "-o", str(checked), "--json", "--quiet"]
    )
    assert code == 0
    assert json.loads(printed)["summary"]["figures"]["measured"] == 20
    assert len(checked.read_text().splitlines()) == 20
    for arguments, sentence in {
        (str(new),): "is no photo",
        ("--run", "last", str(new), "--labels"): "options of photos",
        ("--run", "last", str(new), "-o", str(new)): "over the file",
        ("--run", "last", str(new), str(table)): "One file",
    }.items():
        code, printed, messages = run_inside(["predict", *arguments])
        assert code != 0
        assert printed == ""
        assert sentence in assert_one_sentence(messages)
    code, printed, messages = run_inside(
        ["ask", "sequences", table.stem, "--quiet"], b"time,value\n0,1\n1,2\n"
    )
    assert code == EXIT_USAGE
    assert "rows of a table" in assert_one_sentence(messages)


def test_networks_are_found_by_the_name_of_the_file(table: Path, tmp_path: Path) -> None:
    """A data set answers to its label, and a file read otherwise is told what it is not."""
    run = document_of(
        rnn_tui("train", "sequences", str(table), *QUICK, "--json", "--quiet", **home(tmp_path))
    )
    name = run["settings"]["task"]  # type: ignore[index]
    asked = rnn_tui("ask", "sequences", table.stem, "1,0 2,0 3,0", "--quiet", **home(tmp_path))
    assert asked.returncode == 0, asked.stderr
    shown = rnn_tui("data", "show", table.stem, **home(tmp_path))
    assert "20 sequences of 3 steps" in shown.stdout
    other = rnn_tui("ask", "sequences", str(table), "1", "--goal", "next", **home(tmp_path))
    assert other.returncode == EXIT_USAGE
    assert name in assert_one_sentence(other.stderr)
    kept = document_of(rnn_tui("data", "list", "--json", **home(tmp_path)))
    assert len(kept["data_sets"]) == 1  # type: ignore[arg-type]


def test_a_setting_that_a_data_set_does_not_have_is_refused() -> None:
    parser = argparse.ArgumentParser()
    add_task_settings(parser, any_data_set())
    options = parser.parse_args(["--embedding", "8"])
    assert read_task_settings(options, any_data_set())["embedding"] == 8
    of_numbers = task_of(rising_or_falling().description)
    with pytest.raises(
        SettingError, match=r"^Embedding is no setting of .*; leave out --embedding"
    ):
        read_task_settings(options, of_numbers)
