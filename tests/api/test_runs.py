"""`Run` and `runs`: what is stored, as arrays and frames."""

import json
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import rnn_tui
from rnn_tui.archive.store import RunStore
from rnn_tui.tasks.task import SequenceEvaluation
from tests.api.conftest import SMALL
from tests.cli.command_line import run_inside


def test_a_run_has_its_settings_and_every_seeds_figures(run: rnn_tui.Run) -> None:
    assert (run.task, run.cell, run.preset, run.status) == ("adder", "lstm", "fast", "finished")
    assert run.networks == ("H 2 bce", "H 3 bce")
    assert run.seeds == (0, 1, 2)
    assert run.settings.epochs == 2
    assert run.seconds > 0
    assert run.parameters > 0
    with RunStore() as store:
        record = store.find(run.id)
        [test] = store.logged_values(run.id, "test")
    assert run.created.timestamp() == pytest.approx(record.created, abs=1e-3)
    assert set(run.results) == set(test.replicas)
    for name, values in test.replicas.items():
        assert run.results[name].tolist() == [[*values[:3]], [*values[3:]]]


def test_a_history_has_a_value_for_each_moment_network_and_seed(run: rnn_tui.Run) -> None:
    history = run.history()
    assert history.metric == "val_bit_accuracy"
    assert history.values.shape == (2, 2, 3)
    assert history.epochs.tolist() == [1.0, 2.0]
    assert history.steps.tolist() == [20, 40]
    assert (np.diff(history.seconds) > 0).all()
    assert history.mean == pytest.approx(history.values.mean(axis=2))
    assert history.sd[1, 0] == pytest.approx(np.std(history.values[1, 0], ddof=1))
    rates = run.history("train_learning_rate").values  # which all of them share
    assert (rates == rates[:, :1, :1]).all()
    assert "train_loss" in run.metrics
    with pytest.raises(rnn_tui.UserError, match=r"no metric “val_los”.*did you mean “val_loss”"):
        run.history("val_los")


def test_frames_have_a_row_for_each_network_seed_and_moment(run: rnn_tui.Run) -> None:
    results = run.frame()
    assert list(results.columns[:2]) == ["network", "seed"]
    row = results[(results["network"] == "H 3 bce") & (results["seed"] == 1)]
    assert row["test_bit_accuracy"].item() == run.results["test_bit_accuracy"][1, 1]
    losses = run.frame("val_loss")
    assert isinstance(losses, pd.DataFrame)
    assert len(losses) == 2 * 2 * 3
    means = losses.groupby(["network", "epoch"])["val_loss"].mean()
    assert means["H 2 bce", 2.0] == pytest.approx(run.history("val_loss").mean[1, 0])


def test_frames_say_how_to_install_pandas(
    run: rnn_tui.Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "pandas", None)
    with pytest.raises(rnn_tui.UserError, match=r"need pandas.*pip install .*\[notebook\]"):
        run.frame()


def test_one_network_has_one_figure(mnist_slice: object) -> None:
    run = rnn_tui.train("mnist", preset="fast", hidden_size=4, data_dir=mnist_slice, epochs=1)
    assert run.networks == ("LSTM",)
    assert run.seeds == (0,)
    assert run.results["test_accuracy"].shape == (1, 1)
    assert run.history("val_accuracy").values.shape == (1, 1, 1)
    assert len(run.frame()) == 1


def test_runs_are_listed_as_they_are_asked_for(run: rnn_tui.Run) -> None:
    other = rnn_tui.train("recall", cell="gru", **SMALL | {"loss": "ce"})
    with RunStore() as store:
        store.set_tags(store.find("small"), ["kept"])
    assert rnn_tui.runs() == [other, run]
    assert rnn_tui.runs(most=1) == [other]
    assert rnn_tui.runs("adder") == rnn_tui.runs(tag="kept") == rnn_tui.runs(cell="lstm") == [run]
    assert rnn_tui.runs("recall", preset="fast", status="finished") == [other]
    assert rnn_tui.runs("mnist") == rnn_tui.runs(status="failed") == []
    with pytest.raises(rnn_tui.UserError, match="Status must be one of"):
        rnn_tui.runs(status="done")


def test_to_list_runs_makes_no_store() -> None:
    assert rnn_tui.runs() == []
    with pytest.raises(rnn_tui.UserError, match="There is no run “small”"):
        rnn_tui.Run("small")


def test_an_evaluation_is_that_of_the_command_line() -> None:
    words = "train recall --preset fast --hidden-size 3 --seeds 2 --epochs 1 --json"
    code, printed, _ = run_inside([*words.split(), "--training-size", "640"])
    assert code == 0
    [variant] = json.loads(printed)["variants"]
    evaluation = rnn_tui.Run("last").evaluate()
    assert isinstance(evaluation, SequenceEvaluation)
    assert evaluation.documents() == [{name: variant[name] for name in ("by_length", "confusion")}]


def test_a_run_is_named_anew_and_deleted(run: rnn_tui.Run) -> None:
    same = rnn_tui.Run(run.id[:-1])
    run.rename(" better ")
    assert (run.name, same.name) == ("better", "small")
    same.refresh()
    assert same.name == "better"
    run.delete()
    assert rnn_tui.runs() == []


def test_a_run_in_a_line_says_what_came_out(run: rnn_tui.Run) -> None:
    line = repr(run)
    assert line.startswith("<Run small: finished, H 2 bce test bit accuracy ")
    assert "H 3 bce" in line
    assert len({run, rnn_tui.Run("small")}) == 1


def test_the_package_of_runs_is_the_function_of_that_name(run: rnn_tui.Run) -> None:
    import rnn_tui.archive.store  # noqa: PLC0415 - as any module of ours

    assert rnn_tui.archive.store.RunStore is RunStore
    assert rnn_tui.runs() == [run]


def test_a_run_is_exported_as_the_shell_does(run: rnn_tui.Run, tmp_path: Path) -> None:
    for name in ("values.csv", "values.json", "chart.svg", "run.md", "net.safetensors"):
        shell = tmp_path / f"shell-{name}"
        run_inside(["runs", "export", "small", "--to", shell.suffix[1:], "-o", str(shell)])
        path = run.export(tmp_path / name)
        assert path == tmp_path / name
        assert path.read_bytes() == shell.read_bytes()
    page = run.export(str(tmp_path / "page"), to="html")
    assert page.read_text(encoding="utf-8").startswith("<!DOCTYPE html>")
    losses = run.export(tmp_path / "losses.svg", metrics=["val_loss"], against="step")
    assert losses.read_bytes() != (tmp_path / "chart.svg").read_bytes()
    folder = run.export(tmp_path / "events", "tensorboard")
    assert folder.is_dir()
    for arguments, sentence in (
        ((tmp_path / "run.pdf",), "Format must be one of"),
        ((tmp_path / "run",), "Format must be one of"),
        ((tmp_path / "no" / "run.csv",), "can't be written"),
        ((tmp_path, "csv"), "can't be written"),
    ):
        with pytest.raises(rnn_tui.UserError, match=sentence):
            run.export(*arguments)
    with pytest.raises(rnn_tui.UserError, match="no metric “val_los”"):
        run.export(tmp_path / "a.png", metrics=["val_los"])
    with pytest.raises(rnn_tui.UserError, match="Axis must be one of"):
        run.export(tmp_path / "a.png", against="day")  # type: ignore[arg-type]
