"""`train TASK … --find-learning-rate`: a table or a document, and nothing that is kept."""

import json
import os
import signal
import subprocess
import threading
import time
from pathlib import Path

import pytest

from rnn_tui.archive.training import try_learning_rates
from rnn_tui.archive.turns import Turn, processes_in_turn
from rnn_tui.engine.events import Control
from rnn_tui.engine.page import TURNS_VARIABLE
from rnn_tui.engine.training.learning_rates import find_learning_rate
from rnn_tui.tasks import TASKS
from tests.cli.command_line import (
    EXIT_INTERRUPTED,
    EXIT_USAGE,
    PATIENCE,
    assert_one_sentence,
    assert_refused,
    environment,
    in_terminal,
    run_inside,
)
from tests.program import start_program
from tests.watched import Watched

LINE = [
    "train",
    "recall",
    "--preset",
    "fast",
    "--hidden-size",
    "5",
    "--workers",
    "1",
    "--seeds",
    "2",
    "--find-learning-rate",
]


def test_the_document_is_what_the_engine_finds(home: Path) -> None:
    code, out, err = run_inside([*LINE, "--json"])
    assert (code, err) == (0, "")
    document = json.loads(out)
    config = TASKS["recall"].config("lstm", "fast", hidden_sizes=(5,), seeds=2, workers=1)
    rates = find_learning_rate(TASKS["recall"].load(), config)
    assert rates is not None
    assert document == {
        "task": "recall",
        "preset": "fast",
        **rates.to_dict(),
        "settings": json.loads(json.dumps(config.to_dict())),
    }
    assert not (home / "runs.db").exists()
    assert json.loads(run_inside(["runs", "--json"])[1]) == {"runs": []}


def test_the_table_has_the_same_figures(home: Path) -> None:
    document = json.loads(run_inside([*LINE, "--json"])[1])
    code, out, err = run_inside(LINE)
    assert (code, err) == (0, "")
    *table, blank, sentence = out.splitlines()
    rows = [line.split("\t") for line in table]
    assert rows[0] == ["learning rate", "loss", "smoothed"]
    every = len(document["losses"]) // 20
    assert len(rows) == 1 + len(document["losses"][::every])
    for index, row in enumerate(rows[1:]):
        for text, name, digits in zip(
            row, ("learning_rates", "losses", "smoothed"), (2, 4, 4), strict=True
        ):
            assert text == f"{document[name][every * index]:.{digits}g}"
    assert blank == ""
    assert (
        f"fastest at a learning rate of {document['suggestion']:g}, and is lowest at "
        f"{document['lowest']:g}." in sentence
    )
    assert not list(home.rglob("*.safetensors"))


@pytest.mark.process
def test_a_terminal_shows_it_without_a_bar_left() -> None:
    code, out = in_terminal(LINE, {"RNN_TUI_HOME": os.environ["RNN_TUI_HOME"]})
    assert code == 0
    assert "The loss falls fastest at" in out


def test_several_losses_are_said_to_be_relative() -> None:
    line = [
        "train",
        "adder",
        "--preset",
        "best",
        "--loss",
        "mse,bce",
        "--hidden-size",
        "3",
        "--find-learning-rate",
    ]
    assert run_inside(line)[1].startswith("learning rate\trelative loss\tsmoothed\n")


def test_what_cannot_be_tried_is_said() -> None:
    code, out, err = run_inside([*LINE, "--training-size", "640"])
    assert (code, out) == (EXIT_USAGE, "")
    assert "Half an epoch has 3 steps" in assert_one_sentence(err)
    code, out, err = run_inside([*LINE, "--output", "w.safetensors"])
    assert code == EXIT_USAGE
    assert "--output" in assert_refused(out, err)


def test_it_waits_for_its_turn(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(TURNS_VARIABLE, str(tmp_path))
    config = TASKS["recall"].config("lstm", "fast", hidden_sizes=(2,), workers=1)
    other, stopped, whole = Turn(), Watched(), Watched()
    assert other.take(Control(), lambda _: None)
    threading.Timer(0.5, stopped.stop).start()
    assert try_learning_rates(config, stopped) is None
    assert stopped.seen == []
    other.give_back()
    assert try_learning_rates(config, whole) is not None
    assert whole.seen[-1] == (145, 145)
    assert processes_in_turn(tmp_path) == frozenset()


@pytest.mark.long
@pytest.mark.parametrize("quiet", [False, True])
def test_ctrl_c_ends_it(quiet: bool, home: Path) -> None:
    # It takes more than a minute: stopped while libraries or data are loaded, or in the middle of
    # it.
    line = [
        "train",
        "mnist",
        "--preset",
        "best",
        "--hidden-size",
        "512",
        "--find-learning-rate",
        *["--quiet"] * quiet,
    ]
    pipe = subprocess.PIPE
    process = start_program(
        *line,
        stdout=pipe,
        stderr=pipe,
        encoding="utf-8",
        env=environment(),
    )
    time.sleep(1.5)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=PATIENCE)
    assert (process.returncode, out, err) == (EXIT_INTERRUPTED, "", "")
    assert not list(home.rglob("*.safetensors"))
