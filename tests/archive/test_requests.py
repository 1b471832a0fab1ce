"""What other processes ask of the one that trains, where it comes at a bad moment."""

import os
import socket
from pathlib import Path

import pytest

from rnn_tui.archive import training
from rnn_tui.archive.locks import is_alive, leave_request, process_started, take_requests
from rnn_tui.archive.store import RunStore
from rnn_tui.engine import events
from rnn_tui.engine.errors import StoreError
from rnn_tui.engine.events import Control, new_run_id
from tests.archive.kept_runs import resume, small, train
from tests.elsewhere import record, wait_for


def test_a_request_that_came_too_late_does_not_stop_who_goes_on(home: Path) -> None:
    train(stop_at=13)
    leave_request(record().run_id, "stop")
    leave_request(record().run_id, "pause")
    resume(record())
    assert record().status == "finished"
    assert list((home / "locks").iterdir()) == []


def test_a_pause_at_the_end_of_a_run_does_not_pause_what_comes_after_it(home: Path) -> None:
    control, run_id = Control(), new_run_id()

    def emit(event: events.Event) -> None:
        if isinstance(event, events.EpochEnded) and event.epoch == 3:  # the last one
            leave_request(run_id, "pause")
            wait_for(lambda: control.paused)

    training.train(small(), emit, control, run_id)
    assert record().status == "finished"
    assert not control.paused


def test_of_contrary_requests_the_last_one_holds(home: Path) -> None:
    train()
    run_id = record().run_id
    for requests, left in (
        (["pause", "unpause"], ["unpause"]),
        (["unpause", "pause"], ["pause"]),
        (["stop", "pause"], ["pause", "stop"]),
    ):
        for request in requests:
            leave_request(run_id, request)
        assert take_requests(run_id) == left
        assert take_requests(run_id) == []


def test_where_no_request_can_be_left_it_is_said(home: Path) -> None:
    def ask(event: events.Event) -> None:
        if isinstance(event, events.StepLogged) and event.step == 5:
            (home / "locks" / f"{event.run_id}.stop").mkdir()  # in the way
            with RunStore() as store:
                wait_for(lambda: any(run.status == "training" for run in store.runs()))
                with pytest.raises(StoreError, match="can't be asked to stop"):
                    store.request(record(), "stop")

    emitted = train(watch=ask)
    assert emitted.of(events.RunFinished)


def test_a_process_is_known_by_machine_number_and_when_it_began() -> None:
    host = socket.gethostname()
    pid = os.getpid()
    started = process_started()
    assert started > 0
    assert is_alive(host, pid, started)
    assert not is_alive(host, pid, started - 60)  # another process had that number before
    assert not is_alive(host, pid, started + 60)
    assert not is_alive("elsewhere", pid, started)
    assert process_started(2**22 + 1) == 0.0  # beyond what Linux numbers them with
