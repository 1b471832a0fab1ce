"""Stop and pause reach a loop in another thread."""

import threading

import pytest

from rnn_tui.engine.events import Control

LONG = 30.0


class Waiter(threading.Thread):
    """A training thread that has come to its pause."""

    def __init__(self, control: Control) -> None:
        super().__init__(daemon=True)
        self.control = control
        self.waited: float | None = None

    def run(self) -> None:
        self.waited = self.control.wait_while_paused()


def test_a_new_run_neither_waits_nor_stops() -> None:
    control = Control()
    assert not control.paused
    assert not control.stopping
    assert control.wait_while_paused() >= 0
    control.resume()
    assert not control.paused


@pytest.mark.parametrize("end", ["resume", "stop"])
def test_a_paused_thread_waits_until_resumed_or_stopped(end: str) -> None:
    control = Control()
    control.pause()
    assert control.paused
    waiter = Waiter(control)
    waiter.start()
    waiter.join(0.05)
    assert waiter.is_alive()
    getattr(control, end)()
    waiter.join(LONG)
    assert not waiter.is_alive()
    assert waiter.waited is not None
    assert waiter.waited > 0
    assert not control.paused
    assert control.stopping is (end == "stop")


def test_a_stopping_run_cannot_be_paused() -> None:
    control = Control()
    control.stop()
    control.pause()
    assert not control.paused
    control.wait_while_paused()
    assert control.stopping


def test_one_resume_frees_every_waiter() -> None:
    control = Control()
    control.pause()
    waiters = [Waiter(control) for _ in range(3)]
    for waiter in waiters:
        waiter.start()
    control.resume()
    for waiter in waiters:
        waiter.join(LONG)
        assert not waiter.is_alive()
