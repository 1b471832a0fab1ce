"""Figures over seeds, against numpy."""

import json
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rnn_tui.engine.metrics import Spread, by_variant

# As large as losses in single precision can be.
values = st.lists(st.floats(-3e38, 3e38), min_size=1, max_size=30)


@given(values)
def test_spread_is_what_numpy_says(numbers: list[float]) -> None:
    spread = Spread(tuple(numbers))
    scale = max(map(abs, numbers))
    assert spread.n == len(numbers)
    assert spread.mean == pytest.approx(np.mean(numbers), rel=1e-9, abs=1e-12 * scale)
    assert (spread.low, spread.high) == (np.min(numbers), np.max(numbers))
    if len(numbers) == 1:
        assert spread.sd is None
    else:
        assert spread.sd == pytest.approx(np.std(numbers, ddof=1), rel=1e-9, abs=1e-12 * scale)


def test_spread_on_paper() -> None:
    spread = Spread((1.0, 2.0, 3.0, 6.0))
    assert (spread.mean, spread.sd) == (3.0, pytest.approx(math.sqrt(14 / 3)))
    assert Spread((5.0,)).sd is None
    assert Spread((5.0, 5.0)).sd == 0.0


def test_equal_values_have_no_spread_at_all() -> None:
    # 0.1 has no exact sum in binary: the mean of ten of them must be one of them all the same.
    assert (Spread((0.1,) * 10).mean, Spread((0.1,) * 10).sd) == (0.1, 0.0)


@given(values)
def test_spread_goes_through_json(numbers: list[float]) -> None:
    spread = Spread(tuple(numbers))
    document = json.loads(json.dumps(spread.to_dict()))
    assert document == {
        "mean": spread.mean,
        "sd": spread.sd,
        "min": min(numbers),
        "max": max(numbers),
        "n": len(numbers),
        "values": numbers,
    }


@given(st.integers(1, 6), st.integers(1, 6))
def test_values_are_cut_variant_by_variant(variants: int, seeds: int) -> None:
    numbers = [float(number) for number in range(variants * seeds)]
    spreads = list(by_variant(numbers, variants))
    assert len(spreads) == variants
    assert all(spread.n == seeds for spread in spreads)
    assert [value for spread in spreads for value in spread.values] == numbers
