"""Turn numbers into differences from, or ratios to, those a few steps before, and back.

An answer to step t is of step t + k. It is relative to the number y of the last step up to t that
lies a multiple of the lag before t + k:

    relative = (number - offset) / weight

with offset y and weight 1 for differences, offset y and weight y for ratios, and offset 0 and
weight 1 for numbers as they are. All are known at step t. A weight that is not above 0 counts as 1.
"""

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from rnn_tui.data.forecast import Forecast

Floats = npt.NDArray[np.float64]
Places = npt.NDArray[np.int64]

LEAST_MOVES = 12  # differences that a movement is the mean of, where that many were read


class Anchors(NamedTuple):
    """What answers are relative to; NaN where its sequence has not begun."""

    offsets: Floats  #: (T, O)
    weights: Floats  #: (T, O), above 0.


def relative_inputs(forecast: Forecast, values: npt.NDArray[Any], starts: Places) -> Floats:
    """Return forecast columns (T, C) as they are read; NaN at the first steps of a sequence.

    Args:
        forecast: how they are read.
        values: (T, C) the numbers of the forecast columns.
        starts: (N + 1,) the first step of each sequence, then T.
    """
    numbers = values.astype(np.float64)
    if not forecast.lag:
        return numbers
    before = _of_steps(numbers, np.arange(len(numbers)) - forecast.lag, starts)
    relative: Floats = numbers - before
    return relative / _positive(before) if forecast.transform.is_ratio else relative


def anchors_of(
    forecast: Forecast, values: npt.NDArray[Any], starts: Places, horizon: int
) -> Anchors:
    """Return what answers are relative to: for each step ahead in turn, that of each column."""
    numbers = values.astype(np.float64)
    lag = forecast.lag
    if not lag:
        shape = (len(numbers), horizon * numbers.shape[1])
        return Anchors(np.zeros(shape), np.ones(shape))
    steps = np.arange(len(numbers))
    ahead = [
        _of_steps(numbers, steps + step - lag * -(-step // lag), starts)
        for step in range(1, horizon + 1)
    ]
    offsets = np.concatenate(ahead, axis=1)
    if not forecast.transform.is_ratio:
        return Anchors(offsets, np.where(np.isnan(offsets), np.nan, 1.0))
    return Anchors(offsets, _positive(offsets))


def movements_of(
    forecast: Forecast, values: npt.NDArray[Any], starts: Places, horizon: int
) -> Floats:
    """Return how far the forecast columns move from step to step, for each step ahead (T, h · C).

    It is the mean of the absolute differences between neighbouring steps, over the last season up
    to each step, so that the phase of a season does not matter; 0 at the first step of a sequence.

    Args:
        forecast: whose season it is.
        values: (T, C) the numbers of the forecast columns.
        starts: (N + 1,) the first step of each sequence, then T.
        horizon: the steps ahead h, whose errors have one scale.
    """
    numbers = values.astype(np.float64)
    moves = np.abs(np.diff(numbers, axis=0, prepend=numbers[:1]))
    moves[starts[:-1]] = 0.0
    sums = np.concatenate([np.zeros((1, moves.shape[1])), moves.cumsum(axis=0)])
    steps = np.arange(len(numbers))
    begins = np.repeat(starts[:-1], np.diff(starts))
    span = max(forecast.season, LEAST_MOVES)
    firsts = np.maximum(steps - span, begins)  # the step before the first difference
    means = (sums[steps + 1] - sums[firsts + 1]) / np.maximum(steps - firsts, 1)[:, None]
    return np.tile(means, (1, horizon))


def _of_steps(numbers: Floats, steps: Places, starts: Places) -> Floats:
    """Return the numbers (T, C) of some steps (T,), NaN before each one's sequence."""
    lengths = np.diff(starts)
    begins = np.repeat(starts[:-1], lengths)
    earlier = numbers[np.maximum(steps, 0)]
    earlier[steps < begins] = np.nan
    return earlier


def _positive(numbers: Floats) -> Floats:
    """Return numbers to divide by: 1 in place of those not above 0."""
    return np.where(numbers <= 0, 1.0, numbers)
