"""Means and deviations of numbers that no sum can hold."""

import math
import statistics

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rnn_tui.engine.averages import deviation_of, mean_of
from rnn_tui.engine.metrics import Spread

LARGE = 1.7e308


@pytest.mark.parametrize(
    ("values", "mean"),
    [
        ((1.0, 2.0, 4.5), 2.5),
        ((LARGE, LARGE, LARGE), LARGE),
        ((LARGE, -LARGE), 0.0),
        ((math.inf, 1.0), math.inf),
    ],
)
def test_the_mean_of_any_numbers(values: tuple[float, ...], mean: float) -> None:
    assert mean_of(values) == pytest.approx(mean)
    assert Spread(values).mean == pytest.approx(mean)


def test_infinities_of_both_signs_have_no_mean() -> None:
    assert math.isnan(mean_of((math.inf, -math.inf)))


@given(st.lists(st.floats(-1e6, 1e6), min_size=2, max_size=20))
def test_ordinary_numbers_have_the_usual_figures(values: list[float]) -> None:
    assert mean_of(values) == statistics.fmean(values)
    assert deviation_of(values) == pytest.approx(statistics.stdev(values), abs=1e-6)


@given(st.lists(st.floats(), min_size=2, max_size=9))
def test_no_numbers_are_an_error(values: list[float]) -> None:
    Spread(tuple(values)).to_dict()
    if all(map(math.isfinite, values)):
        assert math.isfinite(mean_of(values))
