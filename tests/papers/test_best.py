"""The best of n networks: against cases that are counted by hand, and what holds for any seeds."""

import itertools
import math
from statistics import fmean

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rnn_tui.engine.intervals import Interval
from rnn_tui.engine.seed_means import solved_share
from rnn_tui.papers.best import (
    best_interval,
    best_less_mean,
    chance_above,
    expected_best,
)

POINTS = st.integers(0, 1000).map(lambda tenths: tenths / 10)
SEEDS = st.lists(POINTS, min_size=1, max_size=12)
NETWORKS = st.integers(1, 30)


def test_the_best_of_two_of_three_seeds_is_counted_over_all_nine_pairs() -> None:
    """Of the nine pairs one has the best 10, three have 20 and five have 40."""
    values = (40.0, 10.0, 20.0)
    assert expected_best(values, 2) == pytest.approx((10 + 3 * 20 + 5 * 40) / 9)
    # 1/9 of the cases lie at 10, 4/9 at 20 or below.
    assert best_interval(values, 2, share=0.8) == Interval(10.0, 40.0)  # from 1/10
    assert best_interval(values, 2, share=0.7) == Interval(20.0, 40.0)  # from 3/20
    assert best_interval(values, 2, share=0.1) == Interval(40.0, 40.0)  # from 9/20


@settings(max_examples=40)
@given(st.lists(POINTS, min_size=1, max_size=4), st.integers(1, 4))
def test_the_expected_best_is_the_mean_over_all_draws(values: list[float], n: int) -> None:
    draws = itertools.product(values, repeat=n)
    assert expected_best(values, n) == pytest.approx(fmean(max(draw) for draw in draws))


def test_one_seed_in_twenty_that_solves_a_task_is_a_usual_best_of_ten() -> None:
    """0.95 ** 10 is 0.599: in two of five cases the best of ten is the one that solves it."""
    values = (50.0,) * 19 + (100.0,)
    assert expected_best(values, 10) == pytest.approx(100 - 50 * 0.95**10)
    assert best_interval(values, 10) == Interval(50.0, 100.0)
    # Of 19 draws of the 20 the best is 50 in 0.95 ** 19, of 120 in 0.95 ** 120 = 0.2 %.
    assert best_interval(values, 120) == Interval(100.0, 100.0)


@given(SEEDS, NETWORKS)
def test_the_best_of_n_is_among_ours_and_rises_with_n(values: list[float], n: int) -> None:
    interval, more = best_interval(values, n), best_interval(values, n + 1)
    assert interval.low in values
    assert interval.high in values
    assert interval.low <= interval.high
    assert more.low >= interval.low
    assert more.high >= interval.high
    assert expected_best(values, n + 1) >= expected_best(values, n) - 1e-9
    assert min(values) <= expected_best(values, n) <= max(values)


@given(SEEDS)
def test_the_best_of_one_is_the_mean(values: list[float]) -> None:
    assert expected_best(values, 1) == pytest.approx(fmean(values))
    assert expected_best(values, 10_000) == pytest.approx(max(values))


def test_the_chance_that_resampling_cannot_see() -> None:
    """Of two networks of ours and one of theirs, theirs is the best in one of three cases."""
    assert chance_above(seeds=2, n=1) == pytest.approx(1 / 3)
    assert chance_above(seeds=20, n=10) == pytest.approx(1 / 3)


def test_how_many_seeds_solve_it() -> None:
    """Wilson's interval of 5 of 20 is 11.2 … 46.9 %, of 0 of 20 it is 0 … 16.1 %."""
    solved = solved_share((90.0,) * 4 + (100.0,) + (89.99,) * 15, 90)
    assert (solved.count, solved.n, solved.share) == (5, 20, 0.25)
    assert [solved.interval.low, solved.interval.high] == pytest.approx([0.112, 0.469], abs=5e-4)
    none = solved_share((50.0,) * 20, 90)
    assert [none.interval.low, none.interval.high] == pytest.approx([0, 0.161], abs=5e-4)
    everyone = solved_share((100.0,) * 20, 90)
    assert [everyone.interval.low, everyone.interval.high] == pytest.approx([0.839, 1], abs=5e-4)


def test_the_best_less_the_mean_over_all_samples() -> None:
    """Of the four samples of two seeds, two have equal figures and two are as ours."""
    excess = best_less_mean((12.0, 0.0), 2)
    # Of four pairs three have 12: 9, less the mean of 6.
    assert excess.difference == pytest.approx(3)
    assert excess.interval == Interval(0.0, 3.0)


def test_the_same_seeds_give_the_same_interval_in_any_order() -> None:
    values = (50.0, 52.5, 67.0, 99.0, 51.0, 50.5)
    excess = best_less_mean(values, 10)
    assert excess.difference == pytest.approx(expected_best(values, 10) - fmean(values))
    assert 0 < excess.interval.low < excess.difference
    best_less_mean.cache_clear()  # or it would only be remembered
    assert best_less_mean(values[::-1], 10) == excess


def test_equal_seeds_leave_nothing_between_best_and_mean() -> None:
    assert best_less_mean((100.0,) * 20, 10).interval == Interval(0.0, 0.0)
    assert math.isclose(expected_best((33.3,) * 7, 3), 33.3)
