"""Cut series into windows that read what comes before they are asked, and share them out by time.

Of each series of n steps, the last fifth is the test and the fifth before it the validation; or the
test is what the user says, and the validation the last fifth of what comes before it. A step t is
asked for the steps t + 1 … t + h. Windows of the test are asked from the step before its first one,
and begin `context` steps earlier, with steps of validation and training; so each step is forecast
once, from what came before it. Those of the validation do the same. Training windows overlap, and
what they are asked lies in the training part.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from rnn_tui.data.data_set import TEST, TRAINING, VALIDATION
from rnn_tui.data.forecast import Forecast
from rnn_tui.data.given_parts import SHARE
from rnn_tui.data.sequences import Flags, Floats, Places, positions_of, starts_of

LEAST_STEPS = 30  # of a series that is forecast by windows
LARGEST_CONTEXT = 96  # of a guess


class Borders(NamedTuple):
    """Where the parts of a series begin."""

    validation: int
    test: int
    end: int


def borders_of(steps: int) -> Borders:
    """Return the borders of a series of so many steps."""
    share = max(1, round(SHARE * steps))
    return Borders(steps - 2 * share, steps - share, steps)


def borders_of_parts(parts: Places) -> Borders:
    """Return the borders of a series whose steps (n,) have these parts, training first."""
    counts = np.bincount(parts, minlength=3)
    validation = int(counts[TRAINING])
    return Borders(validation, validation + int(counts[VALIDATION]), len(parts))


def default_context(training: int) -> int:
    """Return how many steps are read before one is asked, of at least so many to train on."""
    return max(2, min(LARGEST_CONTEXT, training // 2))


@dataclass(frozen=True, eq=False)
class Windows:
    """N windows of altogether T steps."""

    series: Places  #: (N,) the series that each is of.
    firsts: Places  #: (N,) the step of that at which it begins.
    lengths: Places  #: (N,)
    asked: Places  #: (N,) the first step of the window, from 0, that is asked.
    parts: npt.NDArray[np.uint8]  #: (N,)

    def rows(self, starts: Places) -> Places:
        """Return the step (T,) of all series together that each step of the windows is.

        Args:
            starts: the first step of each series.
        """
        return np.repeat(starts[self.series] + self.firsts, self.lengths) + self.within()

    def within(self) -> Places:
        """Return the number (T,) of each step in its window."""
        return positions_of(starts_of(self.lengths))

    def part(self, some: slice) -> "Windows":
        """Return some of the windows."""
        return Windows(
            self.series[some],
            self.firsts[some],
            self.lengths[some],
            self.asked[some],
            self.parts[some],
        )

    def is_asked(self) -> Flags:
        """Return which steps (T,) are asked."""
        return np.asarray(self.within() >= np.repeat(self.asked, self.lengths))


class _Window(NamedTuple):
    series: int
    first: int
    length: int
    asked: int
    part: int


def windows_of(borders: Sequence[Borders], forecast: Forecast, readable: Places) -> Windows:
    """Return the windows of series.

    Args:
        borders: where the parts of each begin.
        forecast: how they are forecast.
        readable: (series,) the steps of each that can be read; no window reads others.
    """
    windows: list[_Window] = []
    for series, steps in enumerate(readable.tolist()):
        windows += _training_windows(series, borders[series], steps, forecast)
        windows += _scored_windows(series, borders[series], steps, forecast)
    return _joined(windows)


def answering_windows(lengths: Places, forecast: Forecast) -> Windows:
    """Return windows of new series in which each step is asked once, apart from the first ones."""
    longest = forecast.context + forecast.stride
    windows = []
    for series, steps in enumerate(lengths.tolist()):
        windows.append(_Window(series, 0, min(steps, longest), forecast.first_asked, TEST))
        for first_asked in range(longest, steps, forecast.stride):
            first = first_asked + 1 - forecast.context
            stop = min(first_asked + forecast.stride, steps)
            windows.append(_Window(series, first, stop - first, first_asked - first, TEST))
    return _joined(windows)


def _joined(windows: list[_Window]) -> Windows:
    series_of, firsts, sizes, asked, parts = np.array(windows, np.int64).T
    return Windows(series_of, firsts, sizes, asked, parts.astype(np.uint8))


def _training_windows(
    series: int, borders: Borders, readable: int, forecast: Forecast
) -> list[_Window]:
    """Return windows that end at the end of the training part, and so many steps before."""
    end = min(borders.validation, readable)
    stride = forecast.stride
    longest = forecast.context + stride
    asked = forecast.first_asked
    windows: list[_Window] = []
    for stop in range(end, 0, -stride):
        first = max(0, stop - longest)
        if stop - first <= asked and windows:
            break
        windows.append(_Window(series, first, stop - first, min(asked, stop - first - 1), TRAINING))
        if first == 0:
            break
    return windows[::-1]


def _scored_windows(
    series: int, borders: Borders, readable: int, forecast: Forecast
) -> list[_Window]:
    """Return the windows of validation and test; the last one ends with the series."""
    context, stride = forecast.context, forecast.stride
    windows = []
    for part, border, end in (
        (VALIDATION, borders.validation - 1, borders.test - 1),
        (TEST, borders.test - 1, borders.end - 1),
    ):
        begin = max(border, forecast.lag)  # of a series that begins in this part, nothing is known
        last = min(end, readable)
        for first_asked in range(begin, last, stride):
            first = max(0, first_asked + 1 - context)
            stop = min(first_asked + stride, last)
            if part == TEST and stop == end:
                stop = min(borders.end, readable)  # read, for what comes after the file
            windows.append(_Window(series, first, stop - first, first_asked - first, part))
    return windows


def targets_of(
    truth: Floats, starts: Places, borders: Sequence[Borders], windows: Windows, horizon: int
) -> Floats:
    """Return what each step of the windows is asked (T, h · C): NaN for nothing.

    Args:
        truth: (S, C) the numbers of all series that are forecast, NaN where they are missing.
        starts: the first step of each series, then S.
        borders: where the parts of each series begin.
        windows: their windows.
        horizon: the steps ahead h. Those beyond the part of a window are not asked.
    """
    rows = windows.rows(starts)
    ends_of_parts = np.array(borders)  # (series, 3)
    ends = np.repeat(
        starts[windows.series] + ends_of_parts[windows.series, windows.parts.astype(np.int64)],
        windows.lengths,
    )
    is_asked = windows.is_asked()
    ahead = []
    for step in range(1, horizon + 1):
        numbers = truth[np.minimum(rows + step, len(truth) - 1)]
        numbers[~(is_asked & (rows + step < ends))] = np.nan
        ahead.append(numbers)
    return np.concatenate(ahead, axis=1)
