"""Intervals from seeds: against values that are known, and what must hold for any seeds."""

import math
from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from rnn_tui.engine.intervals import (
    RESAMPLES,
    Interval,
    expanded_middle,
    mean_interval,
    next_interval,
)

POINTS = st.integers(-1000, 1000).map(lambda tenths: tenths / 10)
SEEDS = st.lists(POINTS, min_size=2, max_size=20).map(tuple)
MANY_SEEDS = st.lists(POINTS, min_size=6, max_size=20).map(tuple)
few = settings(max_examples=30)


def close(first: Interval, second: Interval) -> bool:
    return [first.low, first.high] == pytest.approx([second.low, second.high], abs=1e-9)


def test_a_mean_of_normal_values_has_the_interval_of_student_s_t() -> None:
    """The quantiles of a normal distribution; t with 19 degrees of freedom is 2.093."""
    from statistics import NormalDist, mean, stdev  # noqa: PLC0415

    values = tuple(NormalDist(5, 2).inv_cdf((rank + 0.5) / 20) for rank in range(20))
    reach = 2.093024 * stdev(values) / math.sqrt(20)
    interval = mean_interval(values)
    assert interval.low == pytest.approx(mean(values) - reach, abs=0.03)
    assert interval.high == pytest.approx(mean(values) + reach, abs=0.03)


def test_the_same_seeds_give_the_same_figures_to_the_last_digit() -> None:
    values = (0.5, -1.25, 3.0, 2.0, 0.0, 1.5, 4.25)
    interval = mean_interval(values)
    mean_interval.cache_clear()  # or it would only be remembered
    assert mean_interval(values) == interval
    # The quantiles of the means of all 7**7 samples, counted one by one.
    assert [interval.low, interval.high] == pytest.approx([-0.2142857, 3.1428571], abs=0.04)


def test_few_values_have_the_interval_of_student_s_t() -> None:
    """Means of draws from five can't be beyond the smallest and the largest."""
    interval = mean_interval((1.0, 2.0, 3.0, 4.0, 5.0))
    assert interval.ends == pytest.approx([3 - 2.776445 * 0.5**0.5, 3 + 2.776445 * 0.5**0.5])


def test_it_is_scipy_s_bootstrap_of_values_and_mirror_image() -> None:
    from scipy.stats import bootstrap  # noqa: PLC0415

    values = np.sort(np.random.default_rng(3).normal(50, 5, 9))
    ends = []
    for mirror in (1, -1):
        interval = bootstrap(
            (np.sort(mirror * values),),
            np.mean,
            n_resamples=RESAMPLES,
            confidence_level=expanded_middle(9),
            method="percentile",
            rng=np.random.default_rng(0),
        ).confidence_interval
        ends.append(sorted((mirror * interval.low, mirror * interval.high)))
    assert mean_interval(tuple(values)).ends == pytest.approx(np.mean(ends, axis=0))


def test_equal_values_leave_nothing_open() -> None:
    assert mean_interval((1.5,) * 7) == Interval(1.5, 1.5)
    assert mean_interval((1.5,)) == Interval(1.5, 1.5)


@few
@given(SEEDS, st.randoms())
def test_the_order_of_seeds_does_not_matter(values: tuple[float, ...], random: object) -> None:
    mixed = list(values)
    random.shuffle(mixed)  # type: ignore[attr-defined]
    assert mean_interval(tuple(mixed)) == mean_interval(values)


@few
@given(SEEDS)
def test_which_is_taken_from_which_changes_the_sign_alone(values: tuple[float, ...]) -> None:
    interval = mean_interval(values)
    turned = mean_interval(tuple(-value for value in values))
    assert (turned.low, turned.high) == (-interval.high, -interval.low)


@few
@given(SEEDS, POINTS)
def test_a_constant_moves_the_interval(values: tuple[float, ...], more: float) -> None:
    interval = mean_interval(values)
    moved = mean_interval(tuple(value + more for value in values))
    assert close(moved, Interval(interval.low + more, interval.high + more))


@few
@given(MANY_SEEDS)
def test_the_interval_has_the_mean_and_is_among_the_values(values: tuple[float, ...]) -> None:
    interval = mean_interval(values)
    mean = math.fsum(values) / len(values)
    assert min(values) - 1e-9 <= interval.low <= mean + 1e-9
    assert mean - 1e-9 <= interval.high <= max(values) + 1e-9


@few
@given(SEEDS)
def test_more_seeds_of_the_same_kind_narrow_it(values: tuple[float, ...]) -> None:
    assume(len(set(values)) > 1)
    once, four_times = mean_interval(values), mean_interval(values * 4)
    assert four_times.high - four_times.low < once.high - once.low


@pytest.mark.parametrize(
    ("values", "low", "high"),
    [
        # Student's t with 1, 2 and 19 degrees of freedom: 12.7062, 4.30265, 2.09302.
        (
            (50.0, 51.0),
            50.5 - 12.7062 * math.sqrt(0.5) * math.sqrt(1.5),
            50.5 + 12.7062 * math.sqrt(0.5) * math.sqrt(1.5),
        ),
        ((97.0, 98.0, 99.0), 98 - 4.30265 * math.sqrt(4 / 3), 100.0),
        ((49.0, 51.0) * 10, 50 - 2.09302 * math.sqrt(21 / 19), 50 + 2.09302 * math.sqrt(21 / 19)),
        ((0.0, 100.0), 0.0, 100.0),
        ((100.0,) * 20, 100.0, 100.0),
    ],
)
def test_one_more_seed(values: Sequence[float], low: float, high: float) -> None:
    interval = next_interval(tuple(values))
    assert interval is not None
    assert [interval.low, interval.high] == pytest.approx([low, high], abs=1e-3)


def test_of_one_seed_nothing_is_known() -> None:
    assert next_interval((97.0,)) is None
    assert next_interval(()) is None


@given(st.lists(st.floats(0, 100), min_size=2, max_size=20).map(tuple))
def test_one_more_seed_is_wider_than_the_mean_s_spread_and_within_percent(
    values: tuple[float, ...],
) -> None:
    interval = next_interval(values)
    assert interval is not None
    assert 0 <= interval.low <= interval.high <= 100
    mean = math.fsum(values) / len(values)
    assert interval.low - 1e-9 <= mean <= interval.high + 1e-9


@given(
    st.floats(0, 100),
    st.floats(0, 100),
    st.integers(0, 10_000).map(lambda hundredths: hundredths / 100),
)
def test_how_far_outside(first: float, second: float, value: float) -> None:
    interval = Interval(min(first, second), max(first, second))
    distance = interval.distance(value, 2)
    low, high = round(interval.low, 2), round(interval.high, 2)
    assert (distance == 0) == (low <= value <= high)
    assert distance == pytest.approx(min(0.0, value - low) or max(0.0, value - high), abs=1e-6)
