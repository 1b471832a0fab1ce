"""Whoever adds a task, a cell, a metric, a command or a format has it all over the shell."""

import json
from pathlib import Path
from typing import Any

import pytest

from rnn_tui.engine import events
from rnn_tui.tasks import TASKS
from tests.cli.command_line import EXIT_FAILURE, EXIT_USAGE, assert_one_sentence, run_inside
from tests.runs.kept_runs import train

pytestmark = pytest.mark.usefixtures("registered", "home")
QUICK_MNIST = ("--epochs", "1", "--hidden-size", "3", "--batch-size", "50")


def answered(*words: str) -> str:
    """stdout of a command that worked."""
    code, out, err = run_inside([*words])
    assert code == 0, err
    return out


def document(*words: str) -> Any:
    return json.loads(answered(*words, "--json"))


def test_help_knows_them() -> None:
    assert "count the runs" in answered("--help")
    assert "majority" in answered("train", "--help")
    for words in (("train", "mnist"), ("train", "majority"), ("train", "recall")):
        assert "mgu" in answered(*words, "--help")
    assert "--at-least" in answered("count", "--help")
    assert "names: a line a run" in " ".join(answered("runs", "export", "--help").split())


def test_a_task_is_trained_resumed_compared_and_exported(tmp_path: Path) -> None:
    found = document("train", "majority")
    assert found["status"] == "finished"
    by_size = {one["hidden_size"]: one for one in found["variants"]}
    assert set(by_size) == {3, 5}
    assert by_size[5]["test_accuracy"]["n"] == 2
    assert by_size[5]["by_length"]["accuracy"][0]["length"] == 3
    assert len(by_size[5]["confusion"]) == 2
    other = document("train", "majority", "--hidden-size", "4", "--epochs", "1")
    ids = [found["run"], other["run"]]
    differences = document("runs", "compare", *ids)["differences"]
    assert {one["setting"] for one in differences} >= {"hidden sizes", "epochs"}
    csv = answered("runs", "export", *ids, "--to", "csv")
    assert "val_accuracy" in csv
    pytest.importorskip("onnxruntime")
    answered("runs", "export", found["run"], "--to", "onnx", "-o", str(tmp_path / "models"))
    assert len(list((tmp_path / "models").iterdir())) == 4


def test_a_task_that_was_stopped_ends_as_one_that_was_not() -> None:
    task = TASKS["majority"]
    told = train(task.config(task.default_cell, epochs=3), stop_at=25)
    assert told.of(events.RunStopped)
    resumed = document("train", "--resume", told.run_id)
    whole = document("train", "majority", "--epochs", "3")
    assert resumed["variants"] == whole["variants"]


def test_a_wrong_value_for_a_task_is_told_as_ever() -> None:
    code, _, err = run_inside(["train", "majority", "--hidden-size", "0"])
    assert code == EXIT_USAGE
    assert "Hidden sizes must be" in err


@pytest.mark.parametrize("task", ["recall", "adder", "majority"])
def test_a_cell_is_trained_on_sequences_and_nothing_is_published_of_it(task: str) -> None:
    small = ("--hidden-size", "3", "--epochs", "1", "--training-size", "32", "--seeds", "2")
    found = document("train", task, "--model", "mgu", *small)
    assert (found["model"], found["settings"]["model"]) == ("mgu", "mgu")
    assert all("published" not in one for one in found["variants"])
    # In words, too.
    assert "test" in answered("train", task, "--model", "mgu", *small, "--quiet")


def test_a_cell_is_trained_on_images_looked_into_and_not_in_onnx(mnist_slice: Path) -> None:
    data = ("--data-dir", str(mnist_slice))
    found = document("train", "mnist", "--model", "mgu", *QUICK_MNIST, *data)
    assert found["status"] == "finished"
    look = document("inspect", "mnist", "--test-image", "7", "--run", found["run"])
    (layer,) = look["trace"]["layers"]
    assert list(layer["gates"]) == ["forget", "candidate"]
    assert layer["cells"] is None
    pytest.importorskip("onnxruntime")
    code, _, err = run_inside(["runs", "export", found["run"], "--to", "onnx"])
    assert code == EXIT_FAILURE
    assert "MGU" in assert_one_sentence(err)


def test_a_metric_is_measured_told_and_kept(mnist_slice: Path) -> None:
    words = ("train", "mnist", *QUICK_MNIST, "--data-dir", str(mnist_slice))
    found = document(*words)
    assert 10.0 <= found["test_sureness"] <= 100.0
    assert 10.0 <= found["history"][0]["val_sureness"] <= 100.0
    assert "val_sureness=" in answered(*words)
    (row, *_) = [
        line
        for line in answered("runs", "export", "last", "--to", "csv").splitlines()
        if "val_sureness" in line
    ]
    assert row


def test_a_command_runs_with_its_own_errors() -> None:
    answered("train", "majority", "--quiet")
    assert answered("count") == "majority 1\n"
    assert answered("count", "--at-least", "2") == ""
    code, _, err = run_inside(["count", "--at-least", "-1"])
    assert code == EXIT_USAGE
    assert "--at-least must not be below 0" in err


def test_a_format_is_written_to_stdout_or_a_file(tmp_path: Path) -> None:
    answered("train", "majority", "--quiet")
    text = answered("runs", "export", "last", "--to", "names")
    assert text.startswith("majority-")
    answered("runs", "export", "last", "--to", "names", "-o", str(tmp_path / "names.txt"))
    assert (tmp_path / "names.txt").read_text() == text
