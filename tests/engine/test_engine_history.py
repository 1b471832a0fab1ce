"""Curves: smoothing and thinning change how a series looks, never what it says."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rnn_tui.engine.state import decimate, smooth

values = st.floats(-1e9, 1e9)
series = st.lists(values, max_size=200)
weights = st.floats(0, 0.999)


@given(series, weights)
def test_smooth_keeps_length_start_and_range(raw: list[float], weight: float) -> None:
    result = smooth(raw, weight)
    assert len(result) == len(raw)
    if raw:
        slack = 1e-6 * max(1.0, *(abs(value) for value in raw))
        assert result[0] == pytest.approx(raw[0], rel=1e-9)
        assert min(raw) - slack <= min(result)
        assert max(result) <= max(raw) + slack


@given(series)
def test_smooth_without_weight_is_the_series(raw: list[float]) -> None:
    assert smooth(raw, 0.0) == raw


@given(values, weights, st.integers(1, 50))
def test_smooth_of_a_constant_is_the_constant(value: float, weight: float, count: int) -> None:
    assert smooth([value] * count, weight) == pytest.approx([value] * count, rel=1e-9, abs=1e-9)


def test_smooth_by_hand() -> None:
    # Averages 1, (0.25·1 + 0.5·4)/0.75, (0.125·1 + 0.25·4 + 0.5·2)/0.875
    assert smooth([1.0, 4.0, 2.0], 0.5) == pytest.approx([1.0, 3.0, 17 / 7])


@given(st.lists(values | st.sampled_from([math.nan, math.inf, -math.inf]), max_size=60), weights)
def test_smooth_passes_over_what_is_not_finite(raw: list[float], weight: float) -> None:
    result = smooth(raw, weight)
    finite = [value for value in raw if math.isfinite(value)]
    assert [r for r, v in zip(result, raw, strict=True) if math.isfinite(v)] == smooth(
        finite, weight
    )
    for before, after in zip(raw, result, strict=True):
        if not math.isfinite(before):
            assert after is before or after == before


@given(st.lists(values, max_size=400), st.integers(4, 60))
def test_decimate_keeps_ends_extremes_and_order(y: list[float], limit: int) -> None:
    x = [float(index) for index in range(len(y))]
    thin_x, thin_y = decimate(x, y, limit)
    assert len(thin_x) == len(thin_y) <= max(limit, 0)
    assert thin_x == sorted(set(thin_x))
    assert all(y[int(at)] == value for at, value in zip(thin_x, thin_y, strict=True))
    if y:
        assert (thin_x[0], thin_x[-1]) == (x[0], x[-1])
        assert (min(thin_y), max(thin_y)) == (min(y), max(y))
    if len(y) <= limit:
        assert thin_y == y
