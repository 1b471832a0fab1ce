"""`rnn_tui.sweep`: trials as records, chosen by validation, stored as those of the command line."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

import rnn_tui
from rnn_tui.sweeps.store import SweepStore

GRID = {"hidden_size": [2, 3]}
#: without a guard for its main module, as in a notebook.
SCRIPT = """
import rnn_tui

print("begun")
options = {"preset": "fast", "epochs": 1, "seeds": 2, "training_size": 320, "test_size": 20}
trained = rnn_tui.sweep(
    "adder", grid={"hidden_size": (2, 3)}, place="local:1", name="two", **options
)
assert [*trained] == [*rnn_tui.sweep(resume="two")]
assert [run.seeds for run in trained.runs(1)] == [(0, 1)]
trained.frame().to_json("trials.json", orient="records")
"""


@pytest.mark.process
def test_a_script_sweeps_and_has_the_trials_as_records(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "script.py").write_text(SCRIPT)
    monkeypatch.setenv("RNN_TUI_HOME", str(tmp_path / "home"))
    done = subprocess.run(
        [sys.executable, "script.py"],
        check=False,
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == ["begun"]  # no worker ran the script again
    frame = pd.read_json(tmp_path / "trials.json")
    assert sorted(frame["hidden_size"]) == [2, 3]
    assert [*frame["status"]] == ["finished", "finished"]
    metric = rnn_tui.TASKS["adder"].objective.name
    assert frame[metric].is_monotonic_decreasing
    for value, values in zip(frame[metric], frame["values"], strict=True):
        assert value == pytest.approx(sum(values) / 2)
    with SweepStore() as store:
        assert store.sweep("two").status == "finished"


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ({}, "task is the name of a task"),
        ({"task": "adder"}, "Nothing is varied"),
        ({"task": "addr", "grid": GRID}, "did you mean “adder”"),
        ({"task": "adder", "grid": {"hidden_sizes": [2]}}, "did you mean “hidden_size”"),
        ({"task": "adder", "grid": {"hidden_size": ["x", 2]}}, "not “x”"),
        ({"task": "adder", "grid": [2, 3]}, "grid is a dict"),
        ({"task": "adder", "ranges": {"learning_rate": 1}, "search": "tpe"}, "(LOW, HIGH)"),
        ({"task": "adder", "grid": GRID, "maximise": "test_bit_accuracy"}, "must not choose"),
        ({"task": "adder", "grid": GRID, "epoch": 1}, "did you mean “epochs”"),
        ({"task": "adder", "grid": GRID, "place": "moon"}, "no place to train"),
        ({"resume": "none"}, "There is no sweep “none”"),
        ({"resume": "none", "seeds": 2}, "has its task and settings already"),
    ],
)
def test_what_cannot_be_swept_is_refused(arguments: dict[str, Any], sentence: str) -> None:
    with pytest.raises(rnn_tui.UserError) as refusal:
        rnn_tui.sweep(**arguments)
    assert sentence in str(refusal.value)


def test_what_workers_do_not_know_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(rnn_tui.CELLS, "own", rnn_tui.CELLS["gru"])
    with pytest.raises(rnn_tui.UserError, match="known in this process alone"):
        rnn_tui.sweep("adder", grid={"cell": ["own", "gru"]})
