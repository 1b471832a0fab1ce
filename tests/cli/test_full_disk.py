"""What can't be kept is told, ends with exit code 1, and is kept once there is room."""

import json
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from rnn_tui.archive import unsaved
from rnn_tui.archive.store import RunStore
from rnn_tui.engine.files.paths import run_database, run_dir, weights_of
from rnn_tui.engine.state import Status
from tests.cli.command_line import EXIT_FAILURE, run_inside
from tests.small_disk import fill, home_on_small_disk

SMALL = [
    "train",
    "recall",
    "--epochs",
    "3",
    "--batch-size",
    "4",
    "--training-size",
    "40",
    "--test-size",
    "20",
    "--seeds",
    "1",
    "--hidden-sizes",
    "2",
    "--device",
    "cpu",
]


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(unsaved, "PATIENCE", 0.01)


@pytest.fixture
def small_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A file system of a megabyte, with the home on it."""
    with home_on_small_disk(tmp_path, "1m", monkeypatch):
        yield tmp_path


def statuses() -> list[Status]:
    with RunStore() as store:
        return [run.status for run in store.runs()]


def assert_sentences(err: str, *words: str) -> None:
    """A sentence for each of the words, in any order, and no other."""
    lines = err.splitlines()
    assert all(line.startswith("rnn-tui: ") and line.endswith(".") for line in lines), err
    assert [[word for word in words if word in line] for line in sorted(lines)] == [
        [word] for word in words
    ], err


def test_weights_that_can_not_be_kept_end_with_1_and_the_run_goes_on_later(home: Path) -> None:
    run_dir().parent.mkdir(exist_ok=True)
    run_dir().write_text("a file where the folder should be")
    code, out, err = run_inside([*SMALL, "--json"])
    assert code == EXIT_FAILURE
    document = json.loads(out)
    assert (document["status"], document["kept"], document["weights"]) == ("finished", False, None)
    assert document["variants"][0]["test_accuracy"]["n"] == 1
    assert_sentences(err, "The last weights of run", "The weights can't be written")
    assert f"--resume {document['run']} trains it from the beginning" in err
    assert statuses() == [Status.INTERRUPTED]

    run_dir().unlink()
    code, out, err = run_inside(["train", "--resume", document["run"], "--json"])
    assert (code, err) == (0, "")
    assert json.loads(out)["kept"]
    assert statuses() == [Status.FINISHED]


def test_nothing_can_be_kept(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (home / "file").touch()
    monkeypatch.setenv("RNN_TUI_HOME", str(home / "file"))
    code, out, err = run_inside([*SMALL, "--quiet"])
    assert (code, out.count("\n")) == (EXIT_FAILURE, 1)
    assert_sentences(err, "could not be kept", "The database", "The weights can't be written")


def test_a_report_that_can_not_be_kept_ends_with_1(home: Path) -> None:
    run_dir().parent.mkdir(exist_ok=True)
    run_dir().write_text("a file where the folder should be")
    arguments = ["report", "--only", "recall", "--preset", "fast", "--seeds", "1", "--json"]
    code, out, err = run_inside([*arguments, "--device", "cpu"])
    assert code == EXIT_FAILURE
    document = json.loads(out)
    assert (document["status"], document["kept"]) == ("incomplete", False)
    assert "The last weights of run" in err.splitlines()[-1]


@pytest.mark.long
def test_a_full_disk_from_the_beginning(small_disk: Path) -> None:
    filler = fill(small_disk)
    code, out, err = run_inside([*SMALL, "--json"])
    assert code == EXIT_FAILURE
    assert not json.loads(out)["kept"]
    assert_sentences(err, "could not be kept", "The database", "The weights can't be written")
    filler.unlink()
    code, out, err = run_inside([*SMALL, "--json"])
    assert (code, err, json.loads(out)["kept"]) == (0, "", True)
    assert statuses() == [Status.FINISHED]


@pytest.mark.long
def test_a_disk_that_is_full_at_the_end_and_freed_in_time(
    small_disk: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert run_inside([*SMALL, "--quiet"])[0] == 0
    filler = fill(small_disk)
    give_up = unsaved.give_up

    def freed(runs: Sequence[unsaved.UnsavedRun]) -> list[str]:
        assert [run.saved for run in runs] == [False]
        filler.unlink()
        return give_up(runs)

    monkeypatch.setattr("rnn_tui.cli.training_run.give_up", freed)
    code, out, err = run_inside([*SMALL, "--json"])
    document = json.loads(out)
    assert (code, document["kept"]) == (0, True), err
    assert document["weights"] == str(weights_of(document["run"]))
    assert statuses() == [Status.FINISHED] * 2
    with RunStore() as store:
        first, second = (store.logged_values(run.run_id) for run in store.runs())
    assert [one.figures for one in first] == [logged.figures for logged in second]
    assert run_database().is_file()
