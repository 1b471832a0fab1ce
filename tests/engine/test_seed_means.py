"""A mean over seeds has an interval only where seeds are enough to know one."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rnn_tui.engine.intervals import mean_interval
from rnn_tui.engine.seed_means import FEWEST_A_SIDE, SeedMean, majority

FAILED = tuple(30.0 + seed / 10 for seed in range(20))


def seeds(solved: int, n: int = 20) -> tuple[float, ...]:
    """The figures of n seeds, of which some solve their task."""
    return FAILED[: n - solved] + tuple(99.0 + seed / 100 for seed in range(solved))


@given(st.integers(2, 20), st.data())
def test_there_is_an_interval_with_three_seeds_on_each_side(n: int, data: st.DataObject) -> None:
    solved = data.draw(st.integers(0, n))
    over_seeds = SeedMean(seeds(solved, n), 90.0)
    if min(solved, n - solved) >= FEWEST_A_SIDE:
        assert over_seeds.interval == mean_interval(over_seeds.values)
        assert over_seeds.reason == ""
    else:
        assert over_seeds.interval is None
        assert over_seeds.reason


def test_what_is_known_without_an_interval() -> None:
    over_seeds = SeedMean(seeds(1), 90.0)
    assert over_seeds.solved is not None
    assert over_seeds.solved.in_words == "1 of 20 (1 … 24 %)"
    assert (over_seeds.failed_mean, over_seeds.solved_mean) == (pytest.approx(30.9), 99.0)
    assert over_seeds.reason == (
        "1 of 20 seeds is from 90 on. The mean depends on how often that happens, and 1 … 24 % is "
        "all that is known of it."
    )
    none, every = SeedMean(seeds(0), 90.0), SeedMean(seeds(20), 90.0)
    assert none.reason.startswith("None of 20 seeds is from 90 on.")
    assert every.reason.startswith("All 20 seeds are from 90 on.")
    assert (none.solved_mean, every.failed_mean) == (None, None)


def test_without_a_threshold_figures_are_taken_for_one_peak() -> None:
    over_seeds = SeedMean(seeds(1))
    assert over_seeds.interval == mean_interval(over_seeds.values)
    assert (over_seeds.solved, over_seeds.failed_mean, over_seeds.solved_mean) == (None,) * 3


@pytest.mark.parametrize(
    "values", [(97.0,), (97.0,) * 3, (97.0,) * 18 + (98.0, 99.0), (97.0, math.nan, 98.0)]
)
def test_figures_that_do_not_tell_their_spread(values: tuple[float, ...]) -> None:
    over_seeds = SeedMean(values)
    assert over_seeds.interval is None
    assert over_seeds.reason.endswith(".")


def test_some_equal_figures_are_no_hindrance() -> None:
    assert SeedMean((97.0,) * 17 + (98.0, 99.0, 100.0)).interval is not None
    assert SeedMean((97.0, 97.0, 98.0)).interval is not None


def test_the_sign_test_errs_in_at_most_5_of_100_cases() -> None:
    """Counted over all ways in which n seeds can be on either side."""
    for n in range(1, 60):
        wrong = sum(math.comb(n, above) for above in range(n + 1) if majority(above, n - above))
        assert wrong <= 0.05 * 2**n


def test_how_many_seeds_are_a_majority() -> None:
    assert (majority(6, 0), majority(0, 6), majority(5, 0)) == (1, -1, 0)
    assert (majority(15, 5), majority(14, 6), majority(1, 19)) == (1, 0, -1)
    assert majority(0, 0) == 0
