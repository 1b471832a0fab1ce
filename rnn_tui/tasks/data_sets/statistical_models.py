"""Forecast the test of series by AR and exponential smoothing of statsmodels, which is an extra.

Parameters are fitted once on all steps of a series before its test. At each step of the test the
models then forecast from all steps up to there: their states run on, their parameters stay.
"""

import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from rnn_tui.data.data_set import DataSet
from rnn_tui.data.sequences import positions_of
from rnn_tui.engine.process.blas import single_blas_thread
from rnn_tui.tasks.data_sets.statsmodels_extra import MODELS

Floats = npt.NDArray[np.float64]
Places = npt.NDArray[np.int64]

LEAST_LAGS = 8  # that the order of an AR is chosen from, where the series has the steps
STEPS_A_LAG = 4  # of a series, at least
LEAST_FITTED = 12  # steps that a model is fitted on
MOST_FITTED = 2_000  # the last ones before the test, where there are more
LONGEST_SEASON = 48  # that exponential smoothing has states for
MOST_SERIES = 30  # of a data set: a fit takes up to a second


class ModelForecasts(NamedTuple):
    """What a model forecasts."""

    name: str
    answers: Floats | None  #: (n, O) in the units of the file; None if it is not fitted.
    note: str  #: how the model was fitted, or why not.


def forecasts_of_models(data_set: DataSet, steps: Places) -> Iterator[ModelForecasts]:
    """Yield the forecasts of AR and of exponential smoothing.

    Args:
        data_set: of a forecast.
        steps: (n,) those of all windows at which its test is asked.
    """
    forecast = data_set.description.forecast
    assert forecast is not None
    series = list(_series_of(data_set, steps))
    if len(series) > MOST_SERIES:
        note = f"are fitted to {MOST_SERIES} series at most, and these are {len(series):,}"
        yield ModelForecasts(MODELS, None, note)
        return
    horizon, columns = data_set.description.horizon, len(forecast.columns)
    for kind in (
        _Kind("AR", "its order by AIC", autoregression),
        _Kind("exponential smoothing", _smoothing_in_words(forecast.season), exponential_smoothing),
    ):
        answers = np.empty((len(steps), horizon, columns))
        failed = 0
        for part in series:
            try:
                forecasts = _forecast(kind.model, part, forecast.season, horizon)
            except (ArithmeticError, ValueError, np.linalg.LinAlgError):  # of a constant, for one
                failed += 1
                forecasts = np.repeat(part.numbers[part.asked, None], horizon, axis=1)
            answers[part.places, :, part.column] = forecasts
        note = f"{kind.words}; fitted once to all before the test, through which its states run on"
        if data_set.description.known:
            note += "; it does not read what is known ahead"
        if failed:
            note += (
                f"; the last value in {failed} of {len(series)} series that it can't be fitted to"
            )
        yield ModelForecasts(f"{kind.name} by statsmodels", answers.reshape(len(steps), -1), note)


def _smoothing_in_words(season: int) -> str:
    words = "with a damped trend"
    return f"{words} and a season of {season} steps" if 0 < season <= LONGEST_SEASON else words


class _Series(NamedTuple):
    """One column of one series of the file, and where it is asked in the test."""

    numbers: Floats  #: (S,) from its first step to its last.
    column: int  #: which of the forecast columns it is.
    asked: Places  #: (m,) the steps of it at which the test is asked.
    places: Places  #: (m,) the places of these among all steps that are asked.


def _series_of(data_set: DataSet, steps: Places) -> Iterator[_Series]:
    """Yield the series of a data set, put together from the windows that overlap."""
    description, origin = data_set.description, data_set.origin
    forecast = description.forecast
    assert forecast is not None
    lengths = data_set.lengths
    steps_in_series = np.repeat(origin.firsts, lengths) + positions_of(data_set.starts)  # (T,)
    series_of_steps = np.repeat(origin.places, lengths)  # (T,)
    columns = [description.features.index(name) for name in forecast.columns]
    for series in np.unique(series_of_steps[steps]).tolist():
        rows = np.flatnonzero(series_of_steps == series)
        first = int(steps_in_series[rows].min())
        numbers = np.full((int(steps_in_series[rows].max()) - first + 1, len(columns)), np.nan)
        numbers[steps_in_series[rows] - first] = data_set.values[rows][:, columns]
        places = np.flatnonzero(series_of_steps[steps] == series)
        asked = steps_in_series[steps[places]] - first
        for column in range(len(columns)):
            yield _Series(numbers[:, column], column, asked, places)


#: takes the numbers (S,) of a series, of which the first so many are fitted on, its season, the
#: steps (m,) at which it is asked, and the horizon h; gives its forecasts (m, h).
Model = Callable[[Floats, int, int, Places, int], Floats]


class _Kind(NamedTuple):
    name: str
    words: str  #: what is chosen of it.
    model: Model


def _forecast(model: Model, series: _Series, season: int, horizon: int) -> Floats:
    """Return the forecasts (m, h) of a series; raises `ValueError` where it can't be fitted."""
    end = int(series.asked.min()) + 1
    begin = max(0, end - MOST_FITTED)
    numbers = series.numbers[begin:]
    fitted = end - begin
    if fitted < LEAST_FITTED or not np.isfinite(numbers).all() or np.ptp(numbers[:fitted]) == 0:
        raise ValueError("There is nothing to fit.")
    with warnings.catch_warnings(), single_blas_thread():
        warnings.simplefilter("ignore")  # that a fit has not converged: it is good enough by then
        answers = model(numbers, fitted, season, series.asked - begin, horizon)
    if not np.isfinite(answers).all():
        raise ValueError("The forecasts are no numbers.")
    return answers


def autoregression(
    numbers: Floats, fitted: int, season: int, asked: Places, horizon: int
) -> Floats:
    """Return the forecasts (m, h) of an AR by `AutoReg`, whose order has the least AIC.

    Args:
        numbers: (S,) of a series.
        fitted: how many of them, from the first, the model is fitted on.
        season: steps; the order may be as much and two more.
        asked: (m,) the last steps that are read.
        horizon: h.
    """
    from statsmodels.tsa.ar_model import ar_select_order  # an extra, a second, on use

    most = min(max(LEAST_LAGS, season + 2), fitted // STEPS_A_LAG)
    model = ar_select_order(numbers[:fitted], most, ic="aic", trend="c").model
    constant, *weights = model.fit().params.tolist()
    lags = list(model.ar_lags or ())
    forecasts = np.empty((len(asked), horizon))
    for ahead in range(1, horizon + 1):
        answer = np.full(len(asked), constant)
        for lag, weight in zip(lags, weights, strict=True):
            is_known = lag >= ahead
            earlier = numbers[asked + ahead - lag] if is_known else forecasts[:, ahead - lag - 1]
            answer += weight * earlier
        forecasts[:, ahead - 1] = answer
    return forecasts


@dataclass(frozen=True)
class _Smoothing:
    """An exponential smoothing with a damped trend, as `ETSModel` takes it."""

    seasonal: str | None  #: `add`, `mul` or None.
    season: int
    initial: str  #: how the first states are found.

    def of(self, numbers: Floats) -> Any:
        """Return the model of numbers."""
        from statsmodels.tsa.exponential_smoothing.ets import ETSModel  # an extra, on use

        return ETSModel(
            numbers,
            error="add",
            trend="add",
            damped_trend=True,
            seasonal=self.seasonal,
            seasonal_periods=self.season if self.seasonal else None,
            initialization_method=self.initial,
        )


def exponential_smoothing(
    numbers: Floats, fitted: int, season: int, asked: Places, horizon: int
) -> Floats:
    """Return the forecasts (m, h) of exponential smoothing by `ETSModel`.

    A season is added or multiplied, whichever has the lower AICc; a long one is left out, as is one
    of which fewer than two are fitted on. See `autoregression` for the arguments.
    """
    seasonal: list[str | None] = [None]
    if 0 < season <= min(LONGEST_SEASON, (fitted - 1) // 2):
        seasonal = ["add"]
        if (numbers > 0).all():
            seasonal.append("mul")
    candidates = [_Smoothing(kind, season, "heuristic") for kind in seasonal]
    fits = [candidate.of(numbers[:fitted]).fit(disp=False) for candidate in candidates]
    best = int(np.argmin([fit.aicc for fit in fits]))
    chosen = _Smoothing(candidates[best].seasonal, season, "estimated")
    fit = chosen.of(numbers[:fitted]).fit(disp=False)
    states = chosen.of(numbers).smooth(fit.params)
    damping = np.power(fit.damping_trend, np.arange(1, horizon + 1)).cumsum()  # (h,)
    levels = states.level[asked, None] + states.slope[asked, None] * damping
    if chosen.seasonal is None:
        return np.asarray(levels)
    ahead = np.arange(horizon) % season + 1 - season
    of_season = states.season[asked[:, None] + ahead]  # (m, h)
    return np.asarray(levels * of_season if chosen.seasonal == "mul" else levels + of_season)
