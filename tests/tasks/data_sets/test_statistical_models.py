"""AR and exponential smoothing forecast as statsmodels does by itself, step for step."""

import warnings
from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from rnn_tui.data import store
from rnn_tui.data.options import Goal
from rnn_tui.tasks.data_sets import statsmodels_extra
from rnn_tui.tasks.data_sets.baselines import baselines_of, kept_baselines
from tests.data.reading import Read

MONTHS = np.arange(96)
SALES = (100 + 2 * MONTHS) * (1 + 0.3 * np.sin(MONTHS * 2 * np.pi / 12))
SALES = (SALES + np.random.default_rng(0).normal(0, 4, 96)).astype(np.float32).astype(np.float64)
FITTED = 77  # steps before the test, whose 19 steps follow
TABLE = "sales\n" + "".join(f"{number}\n" for number in SALES)

Floats = npt.NDArray[np.float64]


def _rmse_ahead(forecasts: list[Floats]) -> list[float]:
    """Return the error of each step ahead, of forecasts (h,) from each step before the test on."""
    errors: list[list[float]] = [[] for _ in forecasts[0]]
    for origin, numbers in enumerate(forecasts, start=FITTED - 1):
        for ahead, number in enumerate(numbers, start=1):
            if origin + ahead < len(SALES):
                errors[ahead - 1].append(number - SALES[origin + ahead])
    return [float(np.sqrt(np.mean(np.square(of_step)))) for of_step in errors]


def _by_autoreg(horizon: int) -> Iterator[Floats]:
    ar_model = pytest.importorskip("statsmodels.tsa.ar_model")
    lags = ar_model.ar_select_order(SALES[:FITTED], 14, ic="aic", trend="c").ar_lags
    parameters = ar_model.AutoReg(SALES[:FITTED], lags, trend="c").fit().params
    for end in range(FITTED, len(SALES)):
        model = ar_model.AutoReg(SALES[:end], lags, trend="c")
        yield model.predict(parameters, start=end, end=end + horizon - 1)


def _by_ets(horizon: int) -> Iterator[Floats]:
    ets = pytest.importorskip("statsmodels.tsa.exponential_smoothing.ets")

    def model(numbers: Floats) -> Any:
        options = {"error": "add", "trend": "add", "damped_trend": True, "seasonal": "mul"}
        return ets.ETSModel(numbers, seasonal_periods=12, **options)

    parameters = model(SALES[:FITTED]).fit(disp=False).params
    for end in range(FITTED, len(SALES)):
        yield model(SALES[:end]).smooth(parameters).forecast(horizon)


@pytest.mark.filterwarnings("ignore")
def test_models_forecast_as_statsmodels_does_from_each_step_of_the_test(read: Read) -> None:
    data_set = read(TABLE, goal=Goal.NEXT, horizon=14, season=12).data_set
    store.keep(data_set)
    baselines = {baseline.name: baseline for baseline in baselines_of(data_set.description.name)}
    for name, forecasts in (
        ("AR by statsmodels", list(_by_autoreg(14))),
        ("exponential smoothing by statsmodels", list(_by_ets(14))),
    ):
        expected = _rmse_ahead(forecasts)
        counts = [19 - ahead for ahead in range(14)]
        overall = np.sqrt(np.average(np.square(expected), weights=counts))
        assert baselines[name].figures["test_rmse"] == pytest.approx(overall, rel=1e-4)
        assert "fitted once to all before the test" in baselines[name].note


def test_a_series_that_can_not_be_fitted_is_told(read: Read) -> None:
    pytest.importorskip("statsmodels")
    days = [f"2000-{1 + row // 28:02}-{1 + row % 28:02}" for row in range(40)]
    rows = [f"{day},{7 + (row > 37)},{SALES[row]},{row}" for row, day in enumerate(days)]
    table = "day,store_1,store_2,store_3\n" + "\n".join(rows)
    data_set = read(table, goal=Goal.NEXT, season=0).data_set
    store.keep(data_set)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        baselines = baselines_of(data_set.description.name)
    autoregression = baselines[-2]
    assert "the last value in 1 of 3 series" in autoregression.note
    assert np.isfinite(autoregression.figures["test_rmse"])


def test_what_installs_the_models_is_said_and_they_are_fitted_once_they_are_there(
    read: Read, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("statsmodels")
    data_set = read(TABLE, goal=Goal.NEXT).data_set
    store.keep(data_set)
    name = data_set.description.name
    with monkeypatch.context() as patched:
        patched.setattr(statsmodels_extra.importlib.util, "find_spec", lambda _: None)
        *_, missing = baselines_of(name)
        assert "[forecast]" in missing.note
        assert kept_baselines(name) is not None
    assert kept_baselines(name) is None
    measured = [baseline.name for baseline in baselines_of(name) if baseline.figures]
    assert measured[-1].endswith("by statsmodels")
