"""`rnn-tui train sequences FILE --folds K`: a run of each fold, once, and one document of all."""

import csv
import json
from pathlib import Path

import numpy as np
import pytest

from rnn_tui.archive.store import RunStore
from rnn_tui.cli.main import main
from tests.data.test_groups import trials

OPTIONS = ("--epochs", "2", "--hidden-size", "3", "--seeds", "1", "--quiet")


def test_each_fold_is_trained_once_and_figures_are_those_of_exported_answers(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "trials.csv"
    path.write_text(trials(subjects=4))
    command = ["train", "sequences", str(path), "--folds", "groups", *OPTIONS]
    assert main([*command, "--json", "--name", "mine"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert [fold["groups"] for fold in document["folds"]] == [["s00"], ["s01"], ["s02"], ["s03"]]
    assert document["folds"][1]["name"] == "mine fold 2 of 4"
    accuracies = []
    for fold in document["folds"]:
        answers = tmp_path / f"{fold['fold']}.csv"
        words = ["predict", "--run", fold["run"], str(path), "-o", str(answers), "--quiet"]
        assert main(words) == 0
        with answers.open(newline="") as file:
            rows = list(csv.DictReader(file))
        truth = ["walk" if number % 2 else "sit" for number in (1, 2, 3, 4, 5, 6)] * 4
        tested = [number // 6 == fold["fold"] - 1 for number in range(24)]
        right = [row["answer"] == true for row, true in zip(rows, truth, strict=True)]
        accuracies.append(100 * np.mean(np.array(right)[tested]))
        assert fold["figures"]["test_accuracy"]["mean"] == pytest.approx(accuracies[-1])
    assert document["figures"]["test_accuracy"]["mean"] == pytest.approx(np.mean(accuracies))
    capsys.readouterr()

    assert main(command) == 0  # said again, it trains nothing
    lines = capsys.readouterr().out.splitlines()
    assert lines[1].split("\t")[:3] == ["fold", "test", "networks"]
    assert [line.split("\t")[1] for line in lines[2:6]] == ["s00", "s01", "s02", "s03"]
    assert document["verdict"]["sentence"] == lines[-1]
    with RunStore() as store:
        assert len(store.runs()) == 4


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--find-learning-rate"], "say which (--fold 1)"),
        (["--output", "weights.safetensors"], "say of which fold (--fold 1)"),
        (["--hidden-size", "2,3"], "say one hidden size and one loss"),
    ],
)
def test_what_folds_can_not_do_is_refused(
    options: list[str], words: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "trials.csv"
    path.write_text(trials(subjects=4))
    try:
        code = main(["train", "sequences", str(path), "--folds", "3", *options])
    except SystemExit as end:
        code = int(end.code or 0)
    assert code == 2
    assert words in capsys.readouterr().err
