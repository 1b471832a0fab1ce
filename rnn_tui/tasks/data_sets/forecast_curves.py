"""The end of each series of a data set, with forecasts of its last steps and of those to come."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from rnn_tui.data.applying.preparing import NewSequences
from rnn_tui.data.data_set import DataSet
from rnn_tui.data.forecast import Forecast
from rnn_tui.data.origin import Floats
from rnn_tui.data.time_axis import STEP, time_name
from rnn_tui.data.times_ahead import times_after
from rnn_tui.engine.errors import SafeText
from rnn_tui.tasks.data_sets.applying import NewAnswers, Voters

MOST_SERIES = 6  # whose ends are drawn
LEAST_STEPS = 48  # of the past that are drawn, where there are so many
PAST = 3  # times the steps ahead, of the past
LATEST = 2e11  # seconds since 1970, in the year 8307: later dates can't be drawn
CHECKED = 12  # steps that are forecast one by one where the horizon is 1


class Ahead(NamedTuple):
    """Forecasts of m steps in a row, in the units of the file."""

    x: Floats  #: (m,) the times of the steps, or their numbers from 1.
    numbers: Floats  #: (m,)
    low: Floats  #: (m,) the low ends of intervals, NaN for none.
    high: Floats  #: (m,)


@dataclass(frozen=True, eq=False)
class ForecastCurve:
    """The last n steps of a series, and what is forecast."""

    series: str  #: what the file calls it; empty for the only one.
    column: str  #: which of its numbers.
    dated: bool  #: whether x are seconds since 1970.
    x_name: SafeText  #: what x counts: the file's column of times, or `step`.
    x: Floats  #: (n,) the times of the steps, or their numbers from 1.
    numbers: Floats  #: (n,) what the file says.
    #: the last steps, forecast from those before; None where too few are before.
    checked: Ahead | None
    to_come: Ahead  #: the steps after the end of the file.

    @property
    def title(self) -> str:
        """Whose numbers these are."""
        return f"{self.series}: {self.column}" if self.series else self.column


def forecast_curves(voters: Voters, data_set: DataSet) -> list[ForecastCurve]:
    """Return the ends of the first series with their forecasts.

    Series whose file does not say where windows come from, as in early versions, have none.

    Args:
        voters: the networks that forecast.
        data_set: that they were trained on.
    """
    forecast = data_set.description.forecast
    if forecast is None or not len(data_set.origin.places):
        return []
    places = np.unique(data_set.origin.places)[:MOST_SERIES].tolist()
    return [
        curve for place in places for curve in _Series(data_set, forecast, place, voters).curves()
    ]


def _are_times(times: Floats) -> bool:
    """Return whether times are known, ascend, and leave room for later dates."""
    is_known = bool(np.isfinite(times).all())
    return is_known and bool((np.diff(times) > 0).all()) and float(times[-1]) < LATEST


class _Series:
    """A series, put together from its windows."""

    def __init__(self, data_set: DataSet, forecast: Forecast, place: int, voters: Voters) -> None:
        self._data_set = data_set
        self._forecast = forecast
        self._place = place
        self._voters = voters
        self._horizon = data_set.description.horizon
        self._values, times, numbers = self._joined()
        has_times = len(data_set.origin.times) > 0 and _are_times(times)
        self._dated = has_times and data_set.origin.dated
        self._x_name = time_name(data_set) if has_times else STEP
        self._x = times if has_times else numbers

    def _joined(self) -> tuple[npt.NDArray[np.float32], Floats, Floats]:
        """Return the values (L, F) of all steps that windows have, their times, their numbers."""
        data_set = self._data_set
        origin = data_set.origin
        windows = np.flatnonzero(origin.places == self._place)
        firsts = origin.firsts[windows]
        begin = int(firsts.min())
        steps = int((firsts + data_set.lengths[windows]).max()) - begin
        values = np.zeros((steps, data_set.values.shape[1]), np.float32)
        times = np.full(steps, np.nan)
        for index, first in zip(windows.tolist(), (firsts - begin).tolist(), strict=True):
            rows = slice(int(data_set.starts[index]), int(data_set.starts[index + 1]))
            stop = first + int(data_set.lengths[index])
            values[first:stop] = data_set.values[rows]
            if len(origin.times):
                times[first:stop] = origin.times[rows]
        return values, times, np.arange(1.0, steps + 1) + begin

    def curves(self) -> Iterator[ForecastCurve]:
        """Yield the curve of each column that is forecast."""
        answers = self._answers()
        origin = self._data_set.origin
        several = bool((origin.places != self._place).any())
        name = ""
        if several:
            name = origin.ids[self._place] if origin.ids else f"{self._place + 1}"
        for number, column in enumerate(self._forecast.columns):
            feature = self._data_set.description.features.index(column)
            shown = slice(-max(LEAST_STEPS, PAST * self._horizon), None)
            last = len(answers.ids) - 1
            later = times_after(self._x, self._horizon, dated=self._dated)
            yield ForecastCurve(
                series=name,
                column=column,
                dated=self._dated,
                x_name=self._x_name,
                x=self._x[shown],
                numbers=self._values[shown, feature].astype(np.float64),
                checked=self._checked(answers, number),
                to_come=self._from(answers, last, number, later),
            )

    def _answers(self) -> NewAnswers:
        """Return the answers to the last steps, which read as many as those of `predict`."""
        forecast = self._forecast
        ahead = max(self._horizon, CHECKED)
        needed = forecast.context + 2 * forecast.stride + ahead + 1
        # windows of new series begin every `stride` steps
        begin = max(0, len(self._values) - needed) // forecast.stride * forecast.stride
        values = self._values[begin:]
        starts = np.array([0, len(values)])
        [answers] = self._voters.answers(NewSequences(("",), values, starts, (), None))
        return answers

    def _checked(self, answers: NewAnswers, number: int) -> Ahead | None:
        """Return forecasts of the last steps: of all from one step, or one by one."""
        steps = len(answers.ids)
        if self._horizon > 1:
            known = self._x[-self._horizon :]
            ahead = self._from(answers, steps - 1 - self._horizon, number, known)
        else:
            begin = max(0, steps - 1 - CHECKED)
            rows = np.arange(begin, steps - 1)
            ahead = self._ahead(answers, rows, np.full(len(rows), number), self._x[-len(rows) :])
        return None if np.isnan(ahead.numbers).any() else ahead

    def _from(self, answers: NewAnswers, step: int, number: int, x: Floats) -> Ahead:
        """Return the forecasts of all steps ahead that one step answers; NaN before the first."""
        if step < 0:
            nothing = np.full(self._horizon, np.nan)
            return Ahead(x, nothing, nothing, nothing)
        outputs = number + np.arange(self._horizon) * len(self._forecast.columns)
        return self._ahead(answers, np.full(self._horizon, step), outputs, x)

    @staticmethod
    def _ahead(
        answers: NewAnswers, rows: npt.NDArray[np.int64], outputs: npt.NDArray[np.int64], x: Floats
    ) -> Ahead:
        numbers = answers.outputs[rows, outputs]
        if answers.ends is None:
            nothing = np.full(len(numbers), np.nan)
            return Ahead(x, numbers, nothing, nothing)
        low, high = answers.ends
        return Ahead(x, numbers, low[rows, outputs], high[rows, outputs])
