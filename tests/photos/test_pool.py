"""Threads that nobody waits for: what they return and raise, and what they still begin."""

import threading
from concurrent.futures import wait

import pytest

from rnn_tui.engine.process.threads import any_left_behind
from rnn_tui.photos.pool import DisposablePool

PATIENCE = 60.0


def test_results_and_errors_come_from_the_threads() -> None:
    pool = DisposablePool(2, "test")
    half, none = pool.submit(divmod, 7, 2), pool.submit(divmod, 7, 0)
    assert half.result(PATIENCE) == (3, 1)
    with pytest.raises(ZeroDivisionError):
        none.result(PATIENCE)
    pool.close()


def test_a_closed_pool_begins_nothing_and_its_threads_end() -> None:
    pool = DisposablePool(1, "test")
    begun, go_on = threading.Event(), threading.Event()

    def hold_up() -> None:
        begun.set()
        go_on.wait(PATIENCE)

    first, second = pool.submit(hold_up), pool.submit(divmod, 7, 2)
    assert begun.wait(PATIENCE)
    assert any_left_behind()
    pool.close()
    go_on.set()
    wait([first], PATIENCE)
    for thread in threading.enumerate():
        if thread.name == "test-0":
            thread.join(PATIENCE)
    assert first.done()
    assert not second.done()
    assert "test-0" not in {thread.name for thread in threading.enumerate()}
