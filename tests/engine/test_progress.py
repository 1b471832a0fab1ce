"""How something long tells how far it is, and is asked to stop."""

import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rnn_tui.engine.events import Control
from rnn_tui.engine.progress import Progress
from tests.watched import Watched

totals = st.integers(1, 1000)


def test_before_it_begins_nothing_is_known() -> None:
    progress = Progress()
    assert (progress.done, progress.total, progress.share) == (0, None, 0.0)
    assert progress.seconds_left is None
    assert progress.rate is None
    assert not progress.stopping


@given(totals)
def test_whoever_waits_is_told_of_each_part(total: int) -> None:
    progress = Watched()
    shares = []
    for done in range(total + 1):
        progress.advance(done, total)
        shares.append(progress.share)
    assert progress.seen == [(done, total) for done in range(total + 1)]
    assert shares == pytest.approx([done / total for done in range(total + 1)])
    assert progress.seconds_left == 0.0


def test_a_total_may_be_found_out_meanwhile() -> None:
    progress = Watched()
    progress.advance(0)
    progress.advance(2)
    assert (progress.share, progress.seconds_left) == (0.0, None)
    progress.expect(8)
    progress.advance(4)
    assert progress.seen == [(0, None), (2, None), (2, 8), (4, 8)]
    assert progress.share == 0.5


def test_more_than_was_expected_is_done_at_most() -> None:
    progress = Progress()
    progress.advance(0, 2)
    progress.advance(3)
    assert (progress.share, progress.seconds_left) == (1.0, 0.0)


@given(totals, totals)
def test_what_comes_after_some_parts_counts_on(first: int, rest: int) -> None:
    progress = Watched()
    progress.advance(first, first + rest)
    rest_of_it = progress.after(first)
    for done in range(rest + 1):
        rest_of_it.advance(done, rest)
    assert progress.seen[-1] == (first + rest, first + rest)
    assert [done for done, _ in progress.seen] == [first, *range(first, first + rest + 1)]
    progress.stop()
    assert rest_of_it.stopping


def test_a_stop_is_asked_for_from_any_thread_and_by_a_control() -> None:
    progress, by_control = Progress(), Progress(control=(control := Control()))
    thread = threading.Thread(target=progress.stop)
    thread.start()
    thread.join()
    control.stop()
    assert progress.stopping
    assert by_control.stopping
