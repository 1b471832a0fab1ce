"""Runs in words, as all places tell of them."""

from hypothesis import given
from hypothesis import strategies as st

from rnn_tui.runs.words import age, duration, how_many, time_left


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


@given(st.integers(0, 10**7))
def test_a_count_has_its_noun_in_one_or_many(count: int) -> None:
    number, noun = how_many(count, "run").split(" ")
    assert int(number.replace(",", "")) == count
    assert noun == ("run" if count == 1 else "runs")


@given(st.integers(0, 10**8))
def test_a_time_ago_is_told_in_its_largest_unit(seconds: int) -> None:
    number, unit = age(seconds).split(" ")
    length = {"s": 1, "min": 60, "h": 3600, "d": 86_400}[unit]
    longest = {"s": 60, "min": 60, "h": 24, "d": 10**5}[unit]
    assert 0 <= seconds - int(number) * length < length
    assert int(number) < longest
    assert int(number) > 0 or unit == "s"
