"""What is in the database is what happened, for runs of one go and for resumed ones."""

import sqlite3
import threading
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from rnn_tui.archive import recorder, training
from rnn_tui.archive.database import transaction
from rnn_tui.archive.logged_values import LoggedValues
from rnn_tui.archive.run_record import RunRecord
from rnn_tui.archive.store import RunStore
from rnn_tui.engine import events
from rnn_tui.engine.errors import CheckpointError, StoreError
from rnn_tui.engine.events import Control, new_run_id
from rnn_tui.engine.files.paths import lock_dir, run_database
from rnn_tui.engine.state import RunState, Status
from rnn_tui.engine.training import loop
from rnn_tui.engine.training.training_state import versions
from tests.archive.kept_runs import Emitted, resume, small, train

Only = Callable[[], RunRecord]


def moment_of(event: events.Event) -> LoggedValues | None:
    match event:
        case events.StepLogged():
            return LoggedValues(
                "step", event.step, event.elapsed, event.metrics, event.replicas, rate=event.rate
            )
        case events.EpochEnded():
            return LoggedValues(
                "epoch",
                event.step,
                event.elapsed,
                event.metrics,
                event.replicas,
                event.epoch,
                seconds=event.seconds,
            )
        case events.RunFinished():
            return LoggedValues("test", event.step, event.seconds, event.metrics, event.replicas, 3)
    return None


@pytest.mark.parametrize("task", ["recall", "adder"])
def test_every_value_is_kept_to_the_last_bit(task: str, only: Only) -> None:
    emitted = train(small(task))
    run = only()
    assert (run.run_id, run.config, run.status) == (emitted.run_id, small(task), Status.FINISHED)
    assert emitted.warnings == []
    with RunStore() as store:
        logged = store.logged_values(run.run_id)
        (session,) = store.sessions(run.run_id)
        assert [text for _, _, text in store.log(run.run_id)] == [
            line.text for line in emitted.of(events.LogLine)
        ]
    moments = [moment_of(event) for event in emitted.events]
    assert logged == [moment for moment in moments if moment is not None]
    assert (session.first_step, session.device, session.workers) == (0, "cpu", session.workers)
    assert {"rnn-tui", "python", "torch", "numpy"} <= session.versions.keys()
    (started,) = emitted.of(events.RunStarted)
    assert (run.total_steps, run.step, run.parameters) == (30, 30, started.parameters)
    assert run.specs == started.metric_definitions
    assert run.progress == 1.0
    assert run.name == f"{task}-report-h2,3-2seeds-3ep-batch4-train40-test20"
    assert run.weights.is_file()
    assert list(lock_dir().iterdir()) == []


def test_a_single_network_is_kept_as_well(mnist_slice: Any, only: Only) -> None:
    from rnn_tui.tasks import TASKS  # noqa: PLC0415

    config = TASKS["mnist"].config(
        "rnn", "report", epochs=2, hidden_size=4, data_dir=str(mnist_slice), device="cpu"
    )
    emitted = train(config)
    run = only()
    last = emitted.of(events.EpochEnded)[-1].metrics["val_accuracy"]
    (end,) = emitted.of(events.RunFinished)
    assert (run.metric, run.last) == ("val_accuracy", last)
    assert run.best == max(e.metrics["val_accuracy"] for e in emitted.of(events.EpochEnded))
    assert (run.final_metric, run.final) == ("test_accuracy", end.metrics["test_accuracy"])
    assert run.name == "mnist-rnn-report-h4-2ep-data"
    with RunStore() as store:
        [(_, curve)] = store.outlines([run], "train_loss")
        [(_, by_epoch)] = store.outlines([run], "val_loss")
    assert list(curve.values) == [e.metrics["train_loss"] for e in emitted.of(events.StepLogged)]
    assert by_epoch.epochs == (1.0, 2.0)


def test_the_best_figure_of_several_networks_is_the_best_ones_mean(only: Only) -> None:
    emitted = train()
    (end,) = emitted.of(events.RunFinished)
    values = end.replicas["test_accuracy"]
    assert only().final == max(sum(values[:2]) / 2, sum(values[2:]) / 2)


def folded(emitted: Emitted, config: Any) -> RunState:
    state = RunState(emitted.run_id, config)
    for event in emitted.events:
        state = state.apply(event)
    return state


def test_the_state_can_be_had_back(only: Only) -> None:
    emitted = train()
    expected = folded(emitted, small())
    with RunStore() as store:
        assert store.state(only()) == expected


def test_a_run_in_training_is_read_as_it_is_at_one_moment(only: Only) -> None:
    train()
    run = only()
    with (
        RunStore() as store,
        closing(sqlite3.connect(run_database(), isolation_level=None)) as trainer,
    ):
        tables = ("points", "moments")
        of_last = "WHERE run_id = ? AND step = ?", (run.run_id, run.step)
        rows = {
            table: trainer.execute(f"SELECT * FROM {table} {of_last[0]}", of_last[1]).fetchall()
            for table in tables
        }
        for table in tables:
            trainer.execute(f"DELETE FROM {table} {of_last[0]}", of_last[1])

        def last_epoch_ends(statement: str) -> None:
            if "FROM moments" in statement and rows:  # its values were asked for before
                with transaction(trainer):
                    for table, some in rows.items():
                        trainer.executemany(
                            f"INSERT INTO {table} VALUES ({', '.join('?' * len(some[0]))})", some
                        )
                rows.clear()

        store._connection.set_trace_callback(last_epoch_ends)
        state = store.state(run)
        assert not rows
        assert [bool(epoch.replicas) for epoch in state.epochs] == [True, True]
        assert [bool(epoch.replicas) for epoch in store.state(run).epochs] == [True, True, True]


@pytest.mark.parametrize("stop", [1, 13, 20, 29])
def test_a_stopped_run_goes_on_and_its_record_is_that_of_one_go(stop: int, only: Only) -> None:
    whole = train()
    with RunStore() as store:
        expected = store.logged_values(whole.run_id)
        store.delete(store.find("last"))
    train(stop_at=stop)
    run = only()
    assert (run.status, run.step) == (Status.STOPPED, stop)
    emitted = resume(run)
    (started,) = emitted.of(events.RunStarted)
    assert started.first_step == stop
    assert isinstance(emitted.events[-1], events.RunFinished)
    run = only()
    assert (run.status, run.step) == (Status.FINISHED, 30)
    with RunStore() as store:
        logged = store.logged_values(run.run_id)
        assert [session.first_step for session in store.sessions(run.run_id)] == [0, stop]
    assert [m.figures for m in logged] == [m.figures for m in expected]
    for moment, expected_moment in zip(logged, expected, strict=True):
        assert (moment.kind, moment.step) == (expected_moment.kind, expected_moment.step)
        assert moment.epoch == expected_moment.epoch
    elapsed = [moment.elapsed for moment in logged]
    assert elapsed == sorted(elapsed)


def test_what_was_logged_after_the_checkpoint_comes_once(only: Only) -> None:
    # As after a crash: the database knows more steps than the checkpoint, and an end besides.
    train(stop_at=13)
    run = only()
    old_weights = run.weights.read_bytes()
    resume(run)
    with RunStore() as store:
        expected = [(m.kind, m.step, m.figures) for m in store.logged_values(run.run_id)]
        store._connection.execute("UPDATE runs SET status = 'training'")
    run.weights.write_bytes(old_weights)
    emitted = resume(only())
    assert emitted.of(events.RunStarted)[0].first_step == 13
    with RunStore() as store:
        assert [(m.kind, m.step, m.figures) for m in store.logged_values(run.run_id)] == expected
    assert [step for kind, step, _ in expected if kind == "step"] == list(range(1, 31))


def test_without_a_checkpoint_it_begins_again(only: Only) -> None:
    whole = train()
    with RunStore() as store:
        expected = store.logged_values(whole.run_id)
        store.delete(store.find("last"))
    train(stop_at=5)
    run = only()
    run.weights.unlink()
    emitted = resume(run)
    assert emitted.of(events.RunStarted)[0].first_step == 0
    with RunStore() as store:
        logged = store.logged_values(run.run_id)
    assert [m.figures for m in logged] == [m.figures for m in expected]


def test_a_stop_by_the_system_is_an_interruption(only: Only) -> None:
    train(stop_at=5, interrupt=True)
    assert only().status is Status.INTERRUPTED


def test_a_listener_that_is_gone_interrupts_the_run(only: Only) -> None:
    def closed(event: events.Event) -> None:
        if isinstance(event, events.EpochEnded):
            raise BrokenPipeError(32, "Broken pipe")

    with pytest.raises(BrokenPipeError):
        train(watch=closed)
    run = only()
    assert (run.status, run.step) == (Status.INTERRUPTED, 10)
    assert isinstance(resume(run).events[-1], events.RunFinished)


def test_a_damaged_checkpoint_is_refused_and_the_run_stays_as_it_was(only: Only) -> None:
    train(stop_at=13)
    run = only()
    data = run.weights.read_bytes()
    run.weights.write_bytes(data[:-9])
    with RunStore() as store:
        logged = store.logged_values(run.run_id)
    with pytest.raises(CheckpointError, match="can't be resumed"):
        resume(run)
    assert only() == run
    with RunStore() as store:
        assert store.logged_values(run.run_id) == logged
    assert list(lock_dir().iterdir()) == []
    run.weights.write_bytes(data)
    assert isinstance(resume(run).events[-1], events.RunFinished)


def test_a_checkpoint_that_does_not_fit_changes_nothing(only: Only, home: Any) -> None:
    # Whole, and of this run, but of another data set than there is now.
    train(stop_at=13)
    run = only()
    from rnn_tui.tasks.recall.problem import RecallProblem  # noqa: PLC0415

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(RecallProblem, "steps_per_epoch", 7)
        emitted = resume(run)
    assert isinstance(emitted.events[-1], events.RunFailed)
    assert "has the data changed?" in emitted.events[-1].message
    assert only() == run


def test_finished_and_deleted_runs_are_not_resumed(only: Only) -> None:
    train()
    run = only()
    with pytest.raises(StoreError, match="is finished"):
        resume(run)
    with RunStore() as store:
        store.delete(run)
        gone = store.get(run.run_id)
    assert gone is not None
    with pytest.raises(StoreError, match="is deleted"):
        resume(gone)


def test_a_run_in_training_shows_as_that_and_is_not_resumed(only: Only) -> None:
    emitted: list[events.Event] = []
    control, paused = Control(), threading.Event()
    run_id = new_run_id()

    def emit(event: events.Event) -> None:
        emitted.append(event)
        if isinstance(event, events.StepLogged) and event.step == 4:
            control.pause()
        if isinstance(event, events.RunPaused):
            paused.set()

    thread = threading.Thread(target=training.train, args=(small(), emit, control, run_id))
    thread.start()
    try:
        assert paused.wait(30)
        while only().status is not Status.PAUSED:
            pass
        run = only()
        assert (run.step, run.total_steps) == (4, 30)
        with pytest.raises(StoreError, match="in training already"):
            resume(run)
        with RunStore() as store, pytest.raises(StoreError, match="stop it first"):
            store.delete(run)
    finally:
        control.resume()
        thread.join(30)
    assert only().status is Status.FINISHED


def test_a_run_killed_before_it_could_say_that_it_is_finished_is_finished(only: Only) -> None:
    emitted = train()
    expected = only()
    with RunStore() as store:
        store._connection.execute("UPDATE runs SET status = 'training', final = NULL")
        store._connection.execute("DELETE FROM points WHERE kind = 'test'")
    run = only()
    assert (run.status, run.final) == (Status.FINISHED, expected.final)
    with RunStore() as store:
        (moment,) = store.logged_values(run.run_id, "test")
    assert moment.replicas == emitted.of(events.RunFinished)[0].replicas


def test_failed_runs_say_why(only: Only) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("torch.cuda.is_available", lambda: False)
        train(small(device="cuda"))
    failed = only()
    with RunStore() as store:
        assert (failed.status, store.state(failed).status) == (Status.FAILED, Status.FAILED)
    assert "cuda" in failed.message


def test_what_is_not_written_in_time_is_told_and_still_being_written(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("LAST_PATIENCE", "FIRST_RETRY"):
        monkeypatch.setattr(recorder, name, 0.01)
    slow = threading.Event()
    slow_recorder = recorder.Recorder(run_database(), "run", small(), "run")
    assert slow_recorder.flush()
    slow_recorder.meanwhile = lambda: slow.wait(60)
    slow_recorder.take(events.LogLine("run", "the last words"))
    assert not slow_recorder.close()
    assert slow_recorder.busy
    slow.set()
    slow_recorder._thread.join(60)
    assert not slow_recorder.busy
    assert slow_recorder.close()


def test_a_run_that_goes_on_with_another_pytorch_says_so(
    only: Only, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as earlier:
        earlier.setattr(loop, "versions", lambda: {**versions(), "PyTorch": "1.0"})
        train(stop_at=13)
    (warning,) = resume(only()).warnings
    assert warning.startswith("The run began with PyTorch 1.0 and is resumed with ")
    assert warning.endswith("the last bits may differ from those of a run without a break.")
    train(small(seed=5), stop_at=13)
    with RunStore() as store:
        assert resume(store.find("last")).warnings == []
