"""The one estimate of the time left."""

import math
from collections.abc import Iterable

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from rnn_tui.engine.pace import Pace, duration, time_left

seconds = st.floats(0.01, 1e4)
amounts = st.floats(0.01, 1e6)
rates = st.floats(1e-3, 1e6)
#: what took how many seconds, one part after the other.
parts = st.lists(st.tuples(seconds, amounts), min_size=1, max_size=60)


def after(pace: Pace, steps: Iterable[tuple[float, float]]) -> Pace:
    """The pace when each step, of seconds and what was done in them, is over."""
    for taken, done in steps:
        assert pace.last is not None
        pace = pace.at(pace.last.clock + taken, pace.last.done + done)
    return pace


def last_of(pace: Pace) -> tuple[float, float]:
    assert pace.last is not None
    return pace.last


@given(st.floats(-1e6, 1e6), st.floats(0, 1e6), rates, st.lists(seconds, min_size=1, max_size=60))
def test_an_even_pace_is_told_exactly(
    clock: float, done: float, rate: float, times: list[float]
) -> None:
    pace = after(Pace().at(clock, done), [(taken, rate * taken) for taken in times])
    total = last_of(pace)[1] + 10 * rate
    assume(total - done > 1e-6 * max(1.0, done))  # or the sums lose what was done
    assert pace.rate == pytest.approx(rate, rel=1e-3)
    assert pace.seconds_left(total) == pytest.approx(10, rel=1e-3)


@given(parts, st.floats(0, 1e9))
def test_whatever_happens_the_rest_takes_a_time_or_is_not_known(
    steps: list[tuple[float, float]], total: float
) -> None:
    pace = after(Pace().at(0.0, 0.0), steps)
    left = pace.seconds_left(total)
    assert left is not None
    assert math.isfinite(left)
    assert left >= 0
    assert (left == 0) == (total <= last_of(pace)[1])


@given(parts, st.floats(1.0, 1e9), st.floats(1.0, 1e3))
def test_more_to_do_takes_longer(
    steps: list[tuple[float, float]], total: float, more: float
) -> None:
    pace = after(Pace().at(0.0, 0.0), steps)
    first, second = pace.seconds_left(total), pace.seconds_left(total + more)
    assert first is not None
    assert second is not None
    assert first <= second


@given(parts, st.sampled_from([0.25, 2.0, 1024.0]), st.sampled_from([0.5, 4.0, 512.0]))
def test_units_of_what_is_done_do_not_matter_and_those_of_the_clock_carry_over(
    steps: list[tuple[float, float]], unit: float, slower: float
) -> None:
    """Powers of two, with which no digit is lost."""
    pace = after(Pace().at(0.0, 0.0), steps)
    other = after(Pace().at(0.0, 0.0), [(slower * taken, unit * done) for taken, done in steps])
    total = 2 * last_of(pace)[1]
    left = pace.seconds_left(total)
    assert left is not None
    assert other.seconds_left(unit * total) == pytest.approx(slower * left)


@given(parts)
def test_the_pace_is_that_of_at_least_the_last_half(steps: list[tuple[float, float]]) -> None:
    pace = after(Pace().at(0.0, 0.0), steps)
    assert pace.since is not None
    done = last_of(pace)[1]
    assert pace.since.done <= done / 2


@given(st.floats(1.0, 1e6), st.integers(1, 20), st.integers(2, 50))
def test_a_slow_beginning_is_forgotten(waited: float, first: int, times: int) -> None:
    """A first epoch of some steps that took long counts no more once as much again is done, twice
    over.
    """
    pace = after(Pace().at(0.0, 0.0), [(waited, float(first))])
    assert pace.seconds_left(2.0 * first) == pytest.approx(waited)
    pace = after(pace, [(1.0, 1.0)] * (first * times * 2))
    done = last_of(pace)[1]
    assert pace.seconds_left(done + 7) == pytest.approx(7, rel=1e-6)


@given(st.integers(1, 10**6), rates)
def test_a_run_that_is_gone_on_with_counts_from_where_it_goes_on(done: int, rate: float) -> None:
    """Whatever its earlier sessions took."""
    pace = Pace().at(0.0, float(done)).at(10.0, done + 10 * rate)
    assert pace.seconds_left(done + 20 * rate) == pytest.approx(10, rel=1e-3)


def test_nothing_is_known_before_something_was_done_in_some_time() -> None:
    assert Pace().seconds_left(10) is None
    assert Pace().rate is None
    began = Pace().at(5.0, 0.0)
    assert began.seconds_left(10) is None
    assert began.at(9.0, 0.0).seconds_left(10) is None
    assert began.at(5.0, 3.0).seconds_left(10) is None  # the clock stands
    assert began.at(5.0, 3.0).at(5.0, 6.0).seconds_left(10) is None
    assert began.at(9.0, 1.0).seconds_left(10) == 36.0


@given(parts, st.integers(1, 9))
def test_nothing_new_at_the_same_time_changes_nothing(
    steps: list[tuple[float, float]], times: int
) -> None:
    """As while a run is paused, and the panes that show it look again and again."""
    pace = after(Pace().at(0.0, 0.0), steps)
    assert after(pace, [(0.0, 0.0)] * times) == pace


@given(parts, seconds)
def test_the_rest_seems_longer_while_nothing_comes(
    steps: list[tuple[float, float]], waited: float
) -> None:
    pace = after(Pace().at(0.0, 0.0), steps)
    total = 2 * last_of(pace)[1]
    before, later = pace.seconds_left(total), after(pace, [(waited, 0.0)]).seconds_left(total)
    assert before is not None
    assert later is not None
    assert before < later


@given(parts, st.floats(0.001, 1e3), st.booleans())
def test_a_clock_or_a_count_that_goes_back_begins_anew(
    steps: list[tuple[float, float]], back: float, of_clock: bool
) -> None:
    pace = after(Pace().at(0.0, 0.0), steps)
    clock, done = last_of(pace)
    again = pace.at(clock - back, done) if of_clock else pace.at(clock, done - back)
    assert again == Pace().at(*last_of(again))
    assert again.seconds_left(done + 1) is None


def test_what_is_done_needs_no_more_time() -> None:
    pace = Pace().at(0.0, 0.0).at(1.0, 10.0)
    assert pace.seconds_left(10) == 0.0
    assert pace.seconds_left(9) == 0.0


@given(st.integers(0, 10**6), st.floats(-0.49, 0.49))
def test_a_span_of_time_reads_as_a_clock(seconds: int, more: float) -> None:
    text = duration(seconds + more)
    *hours, minutes, rest = text.split(":")
    assert int(hours[0] if hours else 0) * 3600 + int(minutes) * 60 + int(rest) == seconds
    assert (len(rest), bool(hours)) == (2, seconds >= 3600)
    assert len(minutes) == 2 or not hours
    assert time_left(seconds + more) == f"{text} left"


def test_of_no_estimate_nothing_is_told() -> None:
    assert time_left(None) == ""
