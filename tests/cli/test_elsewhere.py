"""`rnn-tui runs watch`, `stop`, `pause`, `unpause`: runs that real other processes train."""

import json
import os
import signal
import subprocess
import time
from contextlib import suppress
from pathlib import Path

import pytest

from rnn_tui.archive.store import RunStore
from tests.archive.kept_runs import small, train
from tests.cli.command_line import (
    EXIT_FAILURE,
    EXIT_INTERRUPTED,
    assert_one_sentence,
    environment,
    in_terminal,
    rnn_tui,
    run_inside,
)
from tests.elsewhere import PATIENCE, record, training_elsewhere, wait_for
from tests.program import start_program


def watching(*arguments: str) -> "subprocess.Popen[str]":
    pipe = subprocess.PIPE
    return start_program(
        "runs", "watch", *arguments, stdout=pipe, stderr=pipe, encoding="utf-8", env=environment()
    )


def first_line(watcher: "subprocess.Popen[str]") -> str:
    assert watcher.stdout is not None
    return watcher.stdout.readline()


def rest(watcher: "subprocess.Popen[str]") -> tuple[str, str]:
    """What else it prints, once it has ended; `communicate` would miss what `readline` has taken
    in.
    """
    assert watcher.stdout is not None
    assert watcher.stderr is not None
    output_and_messages = watcher.stdout.read(), watcher.stderr.read()
    watcher.communicate(timeout=PATIENCE)
    return output_and_messages


# --- requests -------------------------------------------------------------------------------------


@pytest.mark.process
def test_a_run_is_paused_let_go_on_and_stopped_from_elsewhere(home: Path) -> None:
    with training_elsewhere() as (process, run_id):
        name = record().name
        paused = rnn_tui("runs", "pause", "last")
        assert (paused.returncode, paused.stdout) == (0, "")
        assert f"{name} is paused at step" in assert_one_sentence(paused.stderr)
        assert f"rnn-tui runs unpause {run_id}" in paused.stderr
        step = record().step
        assert "\tpaused\t" in rnn_tui("runs").stdout
        assert "paused" in rnn_tui("runs", "show", name).stdout
        time.sleep(1)
        assert (record().status, record().step) == ("paused", step)
        assert rnn_tui("runs", "pause", name).returncode == 0  # it is, already

        code, _, err = run_inside(["runs", "unpause", name])
        assert code == 0
        assert f"{name} is training" in assert_one_sentence(err)
        wait_for(lambda: record().step > step, process)

        code, _, err = run_inside(["runs", "stop", name])
        assert code == 0
        assert f"is stopped at step {record().step:,} of" in assert_one_sentence(err)
        assert f"its weights are stored, and rnn-tui train --resume {run_id} resumes it" in err
        _, messages = process.communicate(timeout=PATIENCE)
        assert process.returncode == EXIT_INTERRUPTED
        assert messages.splitlines()[0] == (
            f"rnn-tui: Another process paused this run; rnn-tui runs unpause {run_id} lets it go "
            "on."
        )
        assert "Another process stopped this run." in messages
        assert record().weights.is_file()
        assert "Another process stopped" in run_inside(["runs", "show", name])[1]


@pytest.mark.long
def test_a_paused_run_can_be_stopped(home: Path) -> None:
    with training_elsewhere() as (process, run_id):
        assert run_inside(["runs", "pause", run_id])[0] == 0
        assert run_inside(["runs", "stop", run_id])[0] == 0
        process.communicate(timeout=PATIENCE)
        assert record().status == "stopped"


@pytest.mark.long
def test_several_are_stopped_and_what_does_not_train_is_said(home: Path) -> None:
    train(small("adder"))
    done = record().name
    with training_elsewhere() as (process, run_id):
        code, out, err = run_inside(["runs", "stop", done, "nobody", run_id])
        assert (code, out) == (EXIT_FAILURE, "")
        first, second, third = err.splitlines()
        assert first == f"rnn-tui: Run {done} is finished: it is not in training."
        assert "no run “nobody”" in second
        assert f"{record(run_id).name} is stopped" in third
        process.communicate(timeout=PATIENCE)
    for action in ("stop", "pause", "unpause"):
        code, _, err = run_inside(["runs", action, run_id])
        assert code == EXIT_FAILURE
        assert "is stopped: it is not in training" in assert_one_sentence(err)


@pytest.mark.long
def test_a_run_of_the_report_is_stopped_and_with_it_the_report(home: Path) -> None:
    arguments = (
        "report",
        "--only",
        "recall",
        "--preset",
        "report",
        "--seeds",
        "2",
        "--device",
        "cpu",
    )
    with training_elsewhere(*arguments) as (process, run_id):
        assert run_inside(["runs", "stop", run_id])[0] == 0
        _, err = process.communicate(timeout=PATIENCE)
        assert process.returncode == EXIT_INTERRUPTED
        assert "Another process stopped this run." in err
        assert "stopped; what was trained is stored" in err
        with RunStore() as store:
            assert [run.status for run in store.runs()] == ["stopped"]


@pytest.mark.long
def test_a_killed_process_leaves_nothing_to_stop(home: Path) -> None:
    with training_elsewhere() as (process, run_id):
        process.kill()
        process.communicate()
        code, _, err = run_inside(["runs", "stop", run_id])
        assert code == EXIT_FAILURE
        assert "is interrupted: it is not in training" in assert_one_sentence(err)


# --- watching -------------------------------------------------------------------------------------


@pytest.mark.long
def test_in_a_pipe_the_epochs_come_as_train_prints_them(home: Path) -> None:
    with training_elsewhere() as (process, run_id):
        watcher = watching(run_id)
        first = first_line(watcher)
        assert first.startswith("epoch=1 hidden_size=2 loss=ce ")
        assert run_inside(["runs", "stop", run_id])[0] == 0
        later, err = rest(watcher)
        assert watcher.returncode == EXIT_FAILURE  # it has not finished
        assert "is stopped at step" in assert_one_sentence(err)
        trained, _ = process.communicate(timeout=PATIENCE)
    ours = [sorted(line.split()) for line in [first, *later.splitlines()]]
    assert ours == [sorted(line.split()) for line in trained.splitlines()]


@pytest.mark.long
def test_in_a_pipe_a_pause_is_said(home: Path) -> None:
    with training_elsewhere() as (_, run_id):
        watcher = watching(run_id)
        assert first_line(watcher).startswith("epoch=1 ")
        assert watcher.stderr is not None
        for action, status in (("pause", "paused"), ("unpause", "training"), ("stop", "stopped")):
            assert run_inside(["runs", action, run_id])[0] == 0
            assert f"is {status} at step" in watcher.stderr.readline()
        assert rest(watcher)[1] == ""


@pytest.mark.long
def test_watching_ends_with_the_run_and_its_results(home: Path) -> None:
    settings = (
        "--preset",
        "report",
        "--hidden-size",
        "2",
        "--training-size",
        "900",
        "--test-size",
        "20",
        "--device",
        "cpu",
    )
    with training_elsewhere("train", "recall", *settings, "--epochs", "6"):
        watcher, document = watching("last"), watching("last", "--json")
        out, err = watcher.communicate(timeout=PATIENCE)
        assert (watcher.returncode, err) == (0, "")
        assert [line.split()[0] for line in out.splitlines()] == [
            f"epoch={epoch}" for epoch in range(1, 7)
        ]
        assert " test_accuracy=" in out.splitlines()[-1]
        text, err = document.communicate(timeout=PATIENCE)
        assert (document.returncode, err) == (0, "")
        shown = json.loads(run_inside(["runs", "show", "last", "--json"])[1])
        assert json.loads(text) == shown
        assert shown["status"] == "finished"


@pytest.mark.long
def test_a_killed_process_is_seen(home: Path) -> None:
    with training_elsewhere() as (process, run_id):
        watcher = watching(run_id)
        assert first_line(watcher).startswith("epoch=1 ")
        process.kill()
        process.communicate()
        _, err = rest(watcher)
        assert watcher.returncode == EXIT_FAILURE
        assert "is interrupted at step" in assert_one_sentence(err)


@pytest.mark.long
def test_ctrl_c_ends_the_watching_only(home: Path) -> None:
    with training_elsewhere() as (process, run_id):
        watcher = watching(run_id)
        assert first_line(watcher).startswith("epoch=1 ")
        watcher.send_signal(signal.SIGINT)
        _, err = rest(watcher)
        assert watcher.returncode == EXIT_INTERRUPTED
        assert "Only the watching has ended" in assert_one_sentence(err)
        step = record().step
        wait_for(lambda: record().step > step, process)


@pytest.mark.parametrize(("stop_at", "status"), [(None, "finished"), (13, "stopped")])
def test_what_is_not_in_training_is_shown_as_it_is(
    home: Path, stop_at: int | None, status: str
) -> None:
    train(stop_at=stop_at)
    code, out, err = run_inside(["runs", "watch", "last"])
    assert code == 0
    assert f"not in training: {record().name} is {status} at step" in assert_one_sentence(err)
    assert out.splitlines()[0].startswith("epoch=1 hidden_size=2")
    assert ("test_accuracy=" in out) is (status == "finished")


@pytest.mark.long
def test_on_a_terminal_there_is_a_chart(home: Path) -> None:
    with training_elsewhere() as (_, run_id):
        wait_for(lambda: record().best is not None)
        assert run_inside(["runs", "pause", run_id])[0] == 0
        ours, theirs = os.openpty()
        watcher = start_program(
            "runs",
            "watch",
            run_id,
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            start_new_session=True,
            env=environment(TERM="xterm-256color", COLUMNS="100", LINES="24"),
        )
        os.close(theirs)
        screen = ""
        while "validation accuracy" not in screen:
            screen += os.read(ours, 65536).decode(errors="replace")
        assert run_inside(["runs", "stop", run_id])[0] == 0
        # the terminal is gone with the watcher, which waits for whoever reads
        with suppress(OSError):
            while more := os.read(ours, 65536):
                screen += more.decode(errors="replace")
        assert watcher.wait(PATIENCE) == EXIT_FAILURE
        os.close(ours)
    assert f"{record().name}" in screen
    for part in (
        "paused",
        "left",
        "epoch",
        "H 2 ce training loss",
        "H 3 ce training loss",
        "└",
        "┤",
    ):
        assert part in screen


@pytest.mark.long
def test_a_terminal_without_colours_gets_none(home: Path) -> None:
    train()
    code, shown = in_terminal(
        ["runs", "watch", "last"], {"RNN_TUI_HOME": str(home), "NO_COLOR": "1"}
    )
    assert code == 0
    assert "┤" in shown
    assert "\x1b[38" not in shown
