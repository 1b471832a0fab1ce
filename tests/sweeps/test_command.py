"""`rnn-tui sweep` as a user meets it."""

import json
import sys
from pathlib import Path

import pytest

from rnn_tui.archive.store import RunStore
from rnn_tui.cli.main import main
from rnn_tui.engine.extras import install_command
from rnn_tui.engine.files.paths import shipped_weights
from rnn_tui.engine.state import Status
from rnn_tui.sweeps.store import SweepStore
from tests.cli.command_line import rnn_tui

TINY = (
    "recall",
    "--preset",
    "fast",
    "--training-size",
    "100",
    "--test-size",
    "20",
    "--epochs",
    "2",
)
ON, ONE = ("--on", "local:2"), ("--on", "local:1")


@pytest.mark.process
def test_a_grid_over_seeds_in_a_pipe_as_a_table_and_as_json() -> None:
    done = rnn_tui(
        "sweep",
        *TINY,
        "--grid",
        "hidden_size=2,3",
        "--grid",
        "learning_rate=0.01,0.1",
        "--seeds",
        "3",
        *ON,
    )
    assert done.returncode == 0, done.stderr
    heads, *lines = [line.split("\t") for line in done.stdout.splitlines()]
    assert heads == ["trial", "hidden_size", "learning_rate", "validation accuracy (%)", "status"]
    assert sorted(line[:3] for line in lines) == [
        ["0", "2", "0.01"],
        ["1", "2", "0.1"],
        ["2", "3", "0.01"],
        ["3", "3", "0.1"],
    ]
    assert all(" ± " in line[3] and line[4] == "finished" for line in lines)
    assert "4 trials, 4 runs; about" in done.stderr
    shown = rnn_tui("sweep", "show", "recall-1", "--json")
    document = json.loads(shown.stdout)
    assert (document["status"], document["done"], len(document["trials"])) == ("finished", 4, 4)
    assert all(trial["value"]["n"] == 3 for trial in document["trials"])
    best = max(document["trials"], key=lambda trial: trial["value"]["mean"])
    assert document["trials"][document["best"]]["value"]["mean"] == best["value"]["mean"]
    (listed,) = json.loads(rnn_tui("sweep", "list", "--json").stdout)
    assert (listed["name"], listed["trials"]) == ("recall-1", 4)
    with RunStore() as store:  # runs like all others
        assert {run.status for run in store.runs()} == {Status.FINISHED}
    again = rnn_tui("sweep", "--resume", "recall-1", *ON)
    # nothing is left: it is shown
    assert (again.returncode, len(again.stdout.splitlines())) == (0, 5)


@pytest.mark.long
def test_a_search_prunes_goes_on_and_tells_what_matters() -> None:
    search = (
        "--search",
        "tpe",
        "--trials",
        "9",
        "--range",
        "learning_rate=1e-5..1e-1:log",
        "--prune",
        "--maximise",
        "val_accuracy",
    )
    done = rnn_tui("sweep", *TINY, *search, "--epochs", "6", "--json", "--name", "found", *ONE)
    assert done.returncode == 0, done.stderr
    document = json.loads(done.stdout)
    # none of the first five is pruned
    assert [trial["status"] for trial in document["trials"]].count("finished") >= 5
    assert {trial["status"] for trial in document["trials"]} <= {"finished", "pruned"}
    assert document["importance"] == {"learning_rate": 1.0}
    assert len({trial["settings"]["learning_rate"] for trial in document["trials"]}) == 9
    with SweepStore() as store:
        stopped = {
            trial.number
            for trial in store.sweep("found").trials
            if trial.runs[0].status is Status.STOPPED
        }
        assert stopped <= {trial.number for trial in store.sweep("found").trials if trial.pruned}


@pytest.mark.long
def test_a_failed_trial_is_said_and_tried_again(tmp_path: Path, mnist_slice: Path) -> None:
    weights = tmp_path / "none.safetensors"
    weights.write_bytes(b"nothing")
    done = rnn_tui(
        "sweep",
        "mnist",
        "--preset",
        "fast",
        "--cell",
        "bilstm",
        "--grid",
        "epochs=1",
        "--data-dir",
        str(mnist_slice),
        "--start-from",
        str(weights),
        *ONE,
    )
    assert done.returncode == 1
    assert "rnn-tui: trial 0: " in done.stderr
    assert "none.safetensors" in done.stderr
    shown = json.loads(rnn_tui("sweep", "show", "mnist-1", "--json").stdout)
    assert (shown["status"], shown["done"]) == ("failed", 0)
    again = rnn_tui("sweep", "--resume", "mnist-1", "--json", *ONE)
    assert again.returncode == 1
    assert "trying 1 failed trial again" in again.stderr
    assert json.loads(again.stdout)["status"] == "failed"
    (trained,) = shipped_weights("mnist")[:1]
    weights.write_bytes(trained.read_bytes())
    mended = rnn_tui("sweep", "--resume", "mnist-1", "--json", *ONE)
    assert mended.returncode == 0, mended.stderr
    assert json.loads(mended.stdout)["status"] == "finished"
    shown_again = rnn_tui("sweep", "--resume", "mnist-1", "--json")
    assert (shown_again.returncode, shown_again.stderr) == (0, "")


@pytest.mark.long
def test_mnist_has_a_run_for_each_seed(mnist_slice: Path) -> None:
    settings = (
        "--preset",
        "fast",
        "--epochs",
        "1",
        "--data-dir",
        str(mnist_slice),
        "--grid",
        "hidden_size=8",
        "--seeds",
        "2",
    )
    done = rnn_tui("sweep", "mnist", *settings, "--json", *ONE)
    assert done.returncode == 0, done.stderr
    (trial,) = json.loads(done.stdout)["trials"]
    assert (len(trial["runs"]), trial["value"]["n"]) == (2, 2)


@pytest.mark.process
def test_a_dry_run_begins_nothing() -> None:
    done = rnn_tui(
        "sweep", *TINY, "--grid", "hidden_size=2,3", "--seeds", "3", "--dry-run", "--json"
    )
    assert (done.returncode, done.stderr) == (0, "")
    document = json.loads(done.stdout)
    assert (document["trials"], document["runs"]) == (2, 2)
    assert json.loads(rnn_tui("sweep", "list", "--json").stdout) == []


@pytest.mark.parametrize(
    "arguments",
    [
        (),
        ("recall",),
        ("recall", "--grid", "size=3"),
        ("recall", "--grid", "hidden_size=0"),
        ("nothing",),
        ("--on", "local:1", "recall", "--grid", "epochs=1"),
        ("--json", "list"),
        ("--resume", "x", "recall"),
        ("recall", "--grid", "epochs=1", "--on", "nowhere"),
        ("recall", "--grid", "epochs=1", "--maximise", "val_loss", "--minimise", "val_loss"),
        ("recall", "--grid", "epochs=1", "--maximise", "test_accuracy"),
        ("recall", "--grid", "epochs=1", "--grid", "epochs=2"),
        ("recall", "--grid", "epochs=1,2", "--epochs", "3"),
        ("recall", "--grid", "hidden_size=2,4", "--hidden-size", "3"),
        ("recall", "--grid", "epochs=1", "--on", "tcp://here"),
        (
            "recall",
            "--search",
            "tpe",
            "--trials",
            "3",
            "--range",
            "epochs=1..3",
            "--grid",
            "epochs=1",
        ),
        (
            "recall",
            "--search",
            "tpe",
            "--trials",
            "3",
            "--range",
            "learning_rate=1e-3..1",
            "--learning-rate",
            "1",
        ),
    ],
)
def test_wrong_usage_is_told_before_anything_starts(
    arguments: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["sweep", *arguments]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err
    assert "Traceback" not in err


@pytest.mark.parametrize("limits", ["seed=0..5:log", "epochs=2..2", "hidden_size=8..2"])
def test_a_range_that_a_search_cannot_choose_from_is_refused_in_a_sentence(
    limits: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["sweep", "recall", "--search", "tpe", "--trials", "2", "--range", limits]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    (line,) = err.splitlines()
    assert line.startswith(f"rnn-tui: {limits.partition('=')[0]}: A range ")
    assert line.endswith(".")
    with SweepStore() as store:
        assert store.sweep_names() == []


def test_without_the_extras_the_command_says_so(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for package, extra, more in (
        ("distributed", "cluster", ()),
        ("optuna", "search", ("--search", "tpe", "--trials", "3")),
    ):
        with monkeypatch.context() as missing:
            missing.setitem(sys.modules, package, None)
            assert main(["sweep", *TINY, "--grid", "hidden_size=2,3", *more, "--quiet"]) == 1
        assert install_command(extra) in capsys.readouterr().err
    with SweepStore() as store:
        assert store.sweep_names() == []


@pytest.mark.process
def test_an_unknown_sweep_is_told() -> None:
    done = rnn_tui("sweep", "show", "nothing")
    assert (done.returncode, done.stdout) == (1, "")
    assert "There is no sweep “nothing”" in done.stderr


@pytest.mark.long
def test_the_report_trains_on_workers() -> None:
    done = rnn_tui(
        "reproduce", "--preset", "fast", "--only", "adder", "--seeds", "1", *ONE, "--json"
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["status"] == "complete"
    again = rnn_tui(
        "reproduce", "--preset", "fast", "--only", "adder", "--seeds", "1", *ONE, "--json"
    )
    assert (again.returncode, json.loads(again.stdout)["rows"]) == (
        0,
        json.loads(done.stdout)["rows"],
    )
