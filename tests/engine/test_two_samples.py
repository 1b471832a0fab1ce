"""Tests and intervals of two samples, against SciPy and against counting by hand."""

from collections.abc import Sequence
from itertools import combinations, product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from rnn_tui.engine.two_samples import exchange_p, holm, sign_flip_p, welch_interval

# of few decimals, so that there are ties
FIGURES = st.decimals(-100, 100, places=1, allow_nan=False).map(float)


def sample(fewest: int, most: int) -> st.SearchStrategy[list[float]]:
    return st.lists(FIGURES, min_size=fewest, max_size=most)


@given(sample(2, 9))
def test_the_p_of_pairs_counts_all_signs(differences: list[float]) -> None:
    size = abs(sum(differences))
    flipped = [
        abs(sum(sign * value for sign, value in zip(signs, differences, strict=True)))
        for signs in product((1, -1), repeat=len(differences))
    ]
    counted = sum(value >= size - 1e-6 for value in flipped) / len(flipped)
    assert sign_flip_p(differences) == pytest.approx(counted)


@given(sample(2, 5), sample(2, 5))
def test_the_p_of_other_seeds_counts_all_exchanges(
    first: Sequence[float], second: Sequence[float]
) -> None:
    both = [*first, *second]

    def size(places: Sequence[int]) -> float:
        mine = [both[place] for place in places]
        others = [both[place] for place in range(len(both)) if place not in places]
        return abs(sum(mine) / len(mine) - sum(others) / len(others))

    sizes = [size(places) for places in combinations(range(len(both)), len(first))]
    counted = sum(value >= size(range(len(first))) - 1e-6 for value in sizes) / len(sizes)
    assert exchange_p(first, second) == pytest.approx(counted)


def test_seeds_that_all_agree_have_the_least_p_that_their_number_allows() -> None:
    for n in range(2, 11):
        assert sign_flip_p([1.0 + place / 10 for place in range(n)]) == pytest.approx(2 / 2**n)


def test_the_p_of_many_seeds_is_the_same_at_each_call() -> None:
    differences = np.random.default_rng(3).normal(0.4, 1, 20).tolist()
    p = sign_flip_p(differences)
    assert p == sign_flip_p(differences)
    # of normal differences, Student's test has nearly the same
    assert p == pytest.approx(stats.ttest_1samp(differences, 0).pvalue, abs=0.02)


@pytest.mark.filterwarnings("ignore:Precision loss")  # of figures that hardly differ
@given(sample(2, 30), sample(2, 30))
def test_the_interval_of_other_seeds_is_welchs(first: list[float], second: list[float]) -> None:
    interval = welch_interval(first, second)
    if len(set(first)) == len(set(second)) == 1:
        assert interval.ends == [first[0] - second[0]] * 2
        return
    expected = stats.ttest_ind(first, second, equal_var=False).confidence_interval(0.95)
    assert interval.ends == pytest.approx([expected.low, expected.high], abs=1e-8)


@given(st.lists(st.floats(0, 1), min_size=1, max_size=20))
def test_holms_correction_is_statsmodels(ps: list[float]) -> None:
    multitest = pytest.importorskip("statsmodels.stats.multitest")
    assert holm(ps) == pytest.approx(multitest.multipletests(ps, method="holm")[1].tolist())


def test_holms_correction_of_three() -> None:
    assert holm([0.04, 0.01, 0.03]) == pytest.approx([0.06, 0.03, 0.06])
    assert holm([0.9, 0.8]) == [1.0, 1.0]
    assert holm([0.02]) == [0.02]
    assert holm([]) == []
