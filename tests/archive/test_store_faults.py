"""Whatever the disk does, training goes on, says so once, and keeps what can be kept."""

import os
import shutil
import signal
import sqlite3
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from rnn_tui.archive import database, recorder, training
from rnn_tui.archive.locks import RunLock, leave_request, requested_runs
from rnn_tui.archive.run_record import RunRecord
from rnn_tui.archive.store import RunStore
from rnn_tui.archive.unsaved import UnsavedRun, give_up
from rnn_tui.engine import events
from rnn_tui.engine.errors import StoreError, StoreGoneError, TaskError
from rnn_tui.engine.events import Control
from rnn_tui.engine.files.paths import run_database, run_dir
from rnn_tui.engine.state import Status
from rnn_tui.engine.training.checkpoint import load_checkpoint
from rnn_tui.tasks import TASKS
from tests.archive.kept_runs import Emitted, resume, small, train

Only = Callable[[], RunRecord]


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(database, "PATIENCE_SECONDS", 0.05)


def assert_warned_once(emitted: Emitted, *words: str, of: Sequence[str] = ("",)) -> None:
    """The run finished, and a few warnings say what was wrong and what to do.

    Args:
        emitted: its events.
        words: words that every warning has.
        of: for each warning, in alphabetical order, words that it has.
    """
    assert len(emitted.of(events.RunFinished)) == 1
    assert len(emitted.warnings) == len(of)
    for own_words, sentence in zip(of, sorted(emitted.warnings), strict=True):
        for word in (own_words, *words):
            assert word in sentence
        assert sentence.endswith(".")
        assert sentence.isprintable()


def assert_whole(emitted: Emitted, run: RunRecord, status: Status = Status.FINISHED) -> None:
    """Nothing that was logged is missing."""
    assert (run.run_id, run.status) == (emitted.run_id, status)
    with RunStore() as store:
        moments = store.logged_values(run.run_id)
    assert [m.replicas for m in moments if m.kind == "step"] == [
        event.replicas for event in emitted.of(events.StepLogged)
    ]
    assert [m.replicas for m in moments if m.kind == "epoch"] == [
        event.replicas for event in emitted.of(events.EpochEnded)
    ]


def after_epoch(epoch: int, do: Callable[[], object]) -> Callable[[events.Event], None]:
    def watch(event: events.Event) -> None:
        if isinstance(event, events.EpochEnded) and event.epoch == epoch:
            do()

    return watch


@contextmanager
def locked() -> Iterator[sqlite3.Connection]:
    """Another program holds the database."""
    RunStore().close()
    connection = sqlite3.connect(run_database(), isolation_level=None)
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield connection
    finally:
        connection.close()


def test_a_database_that_is_locked_for_a_while_has_everything_in_the_end(only: Only) -> None:
    with locked() as connection:
        emitted = train(
            small(epochs=4), watch=after_epoch(3, lambda: connection.execute("ROLLBACK"))
        )
    run = only()
    assert_whole(emitted, run)
    assert load_checkpoint(run.weights).step == 40


def test_a_database_that_stays_locked_gets_everything_later(only: Only) -> None:
    with locked():
        emitted = train()
    assert_warned_once(emitted, "locked", str(run_database()))
    assert len(list(recorder.spill_dir().iterdir())) == 1
    assert_whole(emitted, only())
    assert list(recorder.spill_dir().iterdir()) == []
    assert_whole(emitted, only())


def test_a_damaged_database_is_left_alone_and_a_new_one_gets_everything(only: Only) -> None:
    run_database().write_bytes(b"\xff" * 5000)
    emitted = train()
    assert_warned_once(emitted, "damaged", "move it away", str(run_database()))
    assert run_database().read_bytes() == b"\xff" * 5000
    run_database().unlink()
    assert_whole(emitted, only())


def test_damage_during_training(only: Only) -> None:
    def damage() -> None:
        with run_database().open("r+b") as file:
            file.write(b"\xff" * run_database().stat().st_size)

    emitted = train(watch=after_epoch(1, damage))
    assert isinstance(emitted.of(events.RunFinished)[0], events.RunFinished)
    (weights,) = run_dir().glob("*/*")
    assert load_checkpoint(weights).step == 30


def test_without_its_database_a_run_is_had_back_from_its_weights(only: Only) -> None:
    train()
    before = only()
    for path in run_database().parent.glob("runs.db*"):
        path.unlink()
    run = only()
    assert (run.run_id, run.config, run.status) == (before.run_id, before.config, before.status)
    assert (run.final, run.step) == (before.final, before.step)


def test_a_store_whose_file_is_gone_says_so(home: Path) -> None:
    """SQLite would go on with a file that nobody sees any more."""
    train()
    with RunStore() as store:
        [run] = store.runs()
        run_database().unlink()
        for use in (store.runs, partial(store.rename, run, "new"), partial(store.delete, run)):
            with pytest.raises(StoreGoneError, match="was removed or replaced"):
                use()
        with RunStore() as other:  # made of the weights
            assert [each.run_id for each in other.runs()] == [run.run_id]
        with pytest.raises(StoreGoneError, match="was removed or replaced"):
            store.runs()


def test_without_the_folder_of_locks_nothing_is_asked_for(home: Path) -> None:
    assert requested_runs() == set()
    leave_request("a-run", "stop")
    assert requested_runs() == {"a-run"}


def test_a_folder_that_vanishes_is_made_again(
    home: Path, only: Only, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Nothing is locked here but by what is being written, which takes its time on a busy machine.
    monkeypatch.setattr(database, "PATIENCE_SECONDS", 5.0)

    def vanish() -> None:
        with RunStore() as store:
            while not any(store.logged_values(run.run_id) for run in store.runs()):
                time.sleep(0.01)  # until the recorder has its database open
        while home.exists():  # a checkpoint may be written at this moment
            shutil.rmtree(home, ignore_errors=True)

    emitted = train(watch=after_epoch(1, vanish))
    assert_warned_once(emitted, "vanished", str(run_database()))
    run = only()
    assert (run.run_id, run.status) == (emitted.run_id, Status.FINISHED)
    assert load_checkpoint(run.weights).step == 30
    with RunStore() as store:
        last = store.logged_values(run.run_id, "epoch")[-1]
    assert last.replicas == emitted.of(events.EpochEnded)[-1].replicas


def test_weights_that_can_not_be_written_cost_no_values(home: Path, only: Only) -> None:
    (home / "runs").write_text("a file where the folder should be")
    emitted = train()
    assert_warned_once(emitted, str(home / "runs"), "RNN_TUI_HOME")
    assert_whole(emitted, only(), Status.INTERRUPTED)


def test_values_that_can_not_be_written_cost_no_weights(home: Path) -> None:
    run_database().mkdir()
    emitted = train()
    assert_warned_once(emitted, str(run_database()), "RNN_TUI_HOME")
    (weights,) = run_dir().glob("*/*")
    assert load_checkpoint(weights).step == 30


def test_nothing_can_be_written_at_all(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (home / "file").touch()
    monkeypatch.setenv("RNN_TUI_HOME", str(home / "file"))
    both = ("The database", "The weights")
    assert_warned_once(train(), str(home / "file"), "RNN_TUI_HOME", of=both)


def test_a_full_disk_keeps_the_last_checkpoint_and_in_the_end_everything(only: Only) -> None:
    resource: Any = pytest.importorskip("resource")
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.getsignal(signal.SIGXFSZ)
    steps_on_full_disk: list[int] = []  # of the checkpoint that is there

    def fill() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (2000, hard))

    def free() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))

    def watch(event: events.Event) -> None:
        if isinstance(event, events.EpochEnded) and event.epoch == 2:
            while not list(run_dir().glob("*/*.safetensors")):
                pass  # the first epoch's checkpoint is on its way
            fill()
        if isinstance(event, events.EpochEnded) and event.epoch == 4:
            [weights] = [path for path in run_dir().glob("*/*") if not path.name.startswith(".")]
            steps_on_full_disk.append(load_checkpoint(weights).step)
            free()

    try:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        emitted = train(small(epochs=5), watch=watch)
    finally:
        free()
        signal.signal(signal.SIGXFSZ, handler)
    assert_warned_once(emitted, "RNN_TUI_HOME", of=("The database", "The weights"))
    assert steps_on_full_disk in ([10], [20])
    run = only()
    assert_whole(emitted, run)
    assert load_checkpoint(run.weights).step == 50


def occupy(path: Path) -> None:
    """Put a file where a folder should be: nobody can write below it, the superuser neither.

    Of a folder that was moved away, a thread that writes may have made another in the meantime.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    while not path.is_file():
        shutil.rmtree(path, ignore_errors=True)
        with suppress(IsADirectoryError):
            path.write_text("")


def assert_saved_once_possible(emitted: Emitted, unsaved: UnsavedRun, only: Only) -> None:
    """An unsaved run is saved, as a whole, once there is room for it."""
    assert (unsaved.run_id, unsaved.saved) == (emitted.run_id, False)
    with pytest.raises(StoreError, match="in training already"):
        RunLock.acquire(emitted.run_id)
    for path in (run_dir(), recorder.spill_dir()):
        if path.is_file():
            path.unlink()
    if run_database().is_dir():
        run_database().rmdir()
    unsaved.wait_until_saved(60)
    assert unsaved.saved
    run = only()
    assert_whole(emitted, run)
    assert load_checkpoint(run.weights).step == 30
    with RunStore() as store:
        (test,) = store.logged_values(run.run_id, "test")
    assert test.replicas == emitted.of(events.RunFinished)[0].replicas
    assert emitted.of(events.CheckpointSaved)[-1].path == str(run.weights)


@pytest.mark.parametrize("lacking", ["weights", "values", "both", "weights, values in a file"])
def test_what_could_not_be_kept_is_held_until_it_can_be(lacking: str, only: Only) -> None:
    if lacking != "values":
        occupy(run_dir())
    if lacking != "weights":
        run_database().mkdir(parents=True)
    if lacking in ("values", "both"):
        occupy(recorder.spill_dir())
    unsaved: list[UnsavedRun] = []
    emitted = train(on_unsaved=unsaved.append)
    assert_saved_once_possible(emitted, unsaved[0], only)
    RunLock.acquire(emitted.run_id).release()


def test_a_stopped_run_whose_last_weights_are_kept_late_goes_on(only: Only) -> None:
    occupy(run_dir())
    unsaved: list[UnsavedRun] = []
    emitted = train(stop_at=13, on_unsaved=unsaved.append)
    assert emitted.of(events.RunStopped)[0].kept is False
    run_dir().unlink()
    assert unsaved[0].finish(60)
    assert only().status is Status.STOPPED
    assert resume(only()).of(events.RunStarted)[0].first_step == 13
    assert only().status is Status.FINISHED


def test_each_way_in_which_weights_can_not_be_written_is_told(home: Path) -> None:
    (home / "ring").symlink_to(run_dir())
    # By then the first epoch's checkpoint has failed: there is one at a time.
    change = after_epoch(3, lambda: os.replace(home / "ring", run_dir()))
    occupy(run_dir())
    emitted = train(small(epochs=4), watch=change)
    assert_warned_once(emitted, "RNN_TUI_HOME", of=("Not a directory", "Too many levels"))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "{}",
        '{"run": "../../x"}',
        '{"run": 3, "events": [{"kind": "System"}]}',
        "\x00" * 9,
    ],
)
def test_a_file_that_is_no_record_is_left_alone(text: str, home: Path) -> None:
    path = recorder.spill_dir() / "20250101-000000-aaaaaa.json"
    path.parent.mkdir()
    path.write_text(text)
    with RunStore() as store:
        assert store.runs() == []
    assert path.read_text() == text


def test_what_a_resumed_run_could_not_keep_is_nobody_else_s_meanwhile(
    only: Only, home: Path
) -> None:
    train(stop_at=13)
    run = only()
    moved_folder = home / "moved"
    emitted = Emitted(run.run_id)
    unsaved: list[UnsavedRun] = []

    def lose_the_disk() -> None:
        os.replace(run_dir(), moved_folder)
        occupy(run_dir())

    lose = after_epoch(3, lose_the_disk)

    def emit(event: events.Event) -> None:
        emitted.events.append(event)
        lose(event)

    training.resume(run, emit, Control(), on_unsaved=unsaved.append)
    assert not unsaved[0].saved
    with pytest.raises(StoreError, match="in training already"):
        RunLock.acquire(run.run_id)
    run_dir().unlink()
    os.replace(moved_folder, run_dir())
    unsaved[0].wait_until_saved(60)
    assert unsaved[0].saved
    assert load_checkpoint(only().weights).step == 30
    assert only().status is Status.FINISHED
    RunLock.acquire(run.run_id).release()


def test_a_run_whose_task_can_not_be_loaded_stays_as_it_is(
    only: Only, monkeypatch: pytest.MonkeyPatch
) -> None:
    train(stop_at=13)
    run = only()
    with monkeypatch.context() as patched:
        broken = replace(TASKS["recall"], problem="rnn_tui.nowhere:Problem")
        patched.setitem(TASKS, "recall", broken)  # type: ignore[index]
        emitted: list[events.Event] = []
        with pytest.raises(TaskError):
            training.resume(run, emitted.append, Control())
    assert emitted == []
    assert only() == run
    assert resume(run).of(events.RunStarted)[0].first_step == 13


def test_a_record_under_another_run_s_name_is_left_alone(only: Only) -> None:
    with locked():
        emitted = train()
    (record,) = recorder.spill_dir().iterdir()
    for name in ("20250101-000000-aaaaaa", "..", "a b"):
        other = record.with_name(f"{name}.json")
        os.replace(record, other)
        with RunStore() as store:
            assert store.runs() == []
        os.replace(other, record)
    assert_whole(emitted, only())


@pytest.mark.parametrize("lacking", ["weights", "run", "run and weights"])
def test_what_is_lost_is_told_with_what_can_be_done(lacking: str, home: Path) -> None:
    if "weights" in lacking:
        occupy(run_dir())
    if "run" in lacking:
        run_database().mkdir(parents=True)
        occupy(recorder.spill_dir())
    unsaved: list[UnsavedRun] = []
    emitted = train(on_unsaved=unsaved.append)
    (sentence,) = give_up(unsaved)
    remedy = f"free some space for {home}, then"
    weights = run_dir() / emitted.run_id / "weights.safetensors"
    begins, ends = {
        "weights": (
            "The last weights of run ",
            f"{remedy} rnn-tui train --resume {emitted.run_id} trains it from the beginning.",
        ),
        "run": ("Run ", f"{remedy} train it again; weights of it are in {weights}."),
        "run and weights": ("Run ", f"{remedy} train it again."),
    }[lacking]
    assert sentence.startswith(begins)
    assert sentence.endswith(ends)
    assert weights.is_file() == (lacking == "run")
    RunLock.acquire(emitted.run_id).release()
