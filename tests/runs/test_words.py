"""Runs in words, as all places tell of them."""

from hypothesis import given
from hypothesis import strategies as st

from rnn_tui.runs.words import age, count_of


@given(st.integers(0, 10**7))
def test_a_count_has_its_noun_in_one_or_many(count: int) -> None:
    number, noun = count_of(count, "run").split(" ")
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
