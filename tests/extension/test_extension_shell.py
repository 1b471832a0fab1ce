"""Whoever adds a task, a cell, a metric, a command or a format has it all over the shell."""

import json
from pathlib import Path
from typing import Any

import pytest

from rnn_tui.archive.export.formats import FORMATS
from rnn_tui.engine import events
from rnn_tui.engine.files.paths import run_dir
from rnn_tui.engine.files.weights_file import read_weights
from rnn_tui.networks import CELLS
from rnn_tui.tasks import TASKS
from tests.archive.kept_runs import train
from tests.cli.command_line import EXIT_USAGE, run_inside

pytestmark = pytest.mark.usefixtures("registered", "home")
QUICK_MNIST = ("--epochs", "1", "--hidden-size", "3", "--batch-size", "50")
TOY_CELLS = ("mgu",)


def answered(*words: str) -> str:
    """stdout of a command that worked."""
    code, out, err = run_inside([*words])
    assert code == 0, err
    return out


def document(*words: str) -> Any:
    return json.loads(answered(*words, "--json"))


def only_weights() -> Path:
    """The weights of the only run."""
    [path] = run_dir().rglob("*.safetensors")
    return path


def test_help_knows_them() -> None:
    assert "count the runs" in answered("--help")
    assert "majority" in answered("train", "--help")
    for words in (("train", "mnist"), ("train", "majority"), ("train", "recall")):
        for cell in TOY_CELLS:
            assert cell in answered(*words, "--help")
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
@pytest.mark.parametrize("cell", TOY_CELLS)
def test_a_cell_is_trained_on_sequences_and_nothing_is_published_of_it(
    cell: str, task: str
) -> None:
    small = ("--hidden-size", "3", "--epochs", "1", "--training-size", "32", "--seeds", "2")
    found = document("train", task, "--model", cell, *small)
    assert (found["model"], found["settings"]["model"]) == (cell, cell)
    assert all("published" not in one for one in found["variants"])
    # In words, too.
    assert "test" in answered("train", task, "--model", cell, *small, "--quiet")


@pytest.mark.parametrize("cell", TOY_CELLS)
def test_a_cell_is_trained_on_images_and_looked_into(cell: str, mnist_slice: Path) -> None:
    data = ("--data-dir", str(mnist_slice))
    found = document("train", "mnist", "--model", cell, *QUICK_MNIST, *data)
    assert found["status"] == "finished"
    look = document("inspect", "mnist", "--test-image", "7", "--run", found["run"], "--gradients")
    (layer,) = look["trace"]["layers"]
    assert list(layer["gates"]) == [*CELLS[cell].gates]
    assert layer["cells"] is None
    assert look["gradients"]["networks"][0] == f"{CELLS[cell].label}, this one"
    other = document("train", "mnist", "--model", "gru", *QUICK_MNIST, *data)
    differences = document("runs", "compare", found["run"], other["run"])["differences"]
    assert "cell" in {one["setting"] for one in differences}


@pytest.mark.parametrize("cell", TOY_CELLS)
def test_a_cell_that_was_stopped_ends_as_one_that_was_not(cell: str) -> None:
    told = train(TASKS["majority"].config(cell, epochs=2), stop_at=15)
    assert told.of(events.RunStopped)
    resumed = document("train", "--resume", told.run_id)
    whole = document("train", "majority", "--model", cell, "--epochs", "2")
    assert resumed["variants"] == whole["variants"]


@pytest.mark.parametrize("cell", TOY_CELLS)
def test_runs_with_a_cell_are_exported_to_every_format(
    cell: str, tmp_path: Path, mnist_slice: Path
) -> None:
    pytest.importorskip("onnxruntime")
    pytest.importorskip("tensorboard")
    data = ("--data-dir", str(mnist_slice))
    runs = [
        document("train", "mnist", "--model", cell, *QUICK_MNIST, *data, "--layers", "2"),
        document("train", "adder", "--model", cell, "--epochs", "1", "--training-size", "32"),
    ]
    for number, run in enumerate(runs):
        for name, kind in FORMATS.items():
            path = tmp_path / f"{name}{number}{kind.ending}"
            answered("runs", "export", run["run"], "--to", name, "-o", str(path))
            assert path.exists(), name


@pytest.mark.parametrize("cell", ["mgu", "mingru"])
def test_a_file_has_the_weights_of_a_cell_and_no_others(cell: str, mnist_slice: Path) -> None:
    document("train", "mnist", "--model", cell, *QUICK_MNIST, "--data-dir", str(mnist_slice))
    sizes = {name: array.size for name, array in read_weights(only_weights()).arrays.items()}
    recurrent = {"mgu": {"recurrent.weight_hh_l0": 6 * 3, "recurrent.bias_hh_l0": 6}, "mingru": {}}
    assert sizes == {
        "recurrent.weight_ih_l0": 6 * 28,
        "recurrent.bias_ih_l0": 6,
        **recurrent[cell],
        "readout.weight": 10 * 28 * 3,
        "readout.bias": 10,
    }


def test_a_metric_is_measured_told_and_kept(mnist_slice: Path) -> None:
    words = ("train", "mnist", *QUICK_MNIST, "--data-dir", str(mnist_slice))
    found = document(*words)
    assert 10.0 <= found["test_confidence"] <= 100.0
    assert 10.0 <= found["history"][0]["val_confidence"] <= 100.0
    assert "val_confidence=" in answered(*words)
    (row, *_) = [
        line
        for line in answered("runs", "export", "last", "--to", "csv").splitlines()
        if "val_confidence" in line
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
