"""Forecast the test of series without a network: by the last value, the season, a line, a model.

Each answers what networks are asked, from the steps of the same windows, and is measured in the
same scale.
"""

import warnings
from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from rnn_tui.data.data_set import TEST, TRAINING, DataSet
from rnn_tui.data.forecast import Transform
from rnn_tui.data.inputs import anchors, network_inputs, standardised_targets
from rnn_tui.data.relative import anchors_of
from rnn_tui.engine.process.blas import single_blas_thread
from rnn_tui.tasks.data_sets import figures
from rnn_tui.tasks.data_sets.baseline import Baseline
from rnn_tui.tasks.data_sets.figures import told_scale
from rnn_tui.tasks.data_sets.statistical_models import forecasts_of_models
from rnn_tui.tasks.data_sets.statsmodels_extra import are_models_installed

Floats = npt.NDArray[np.float64]
Places = npt.NDArray[np.int64]

READ_BY_RIDGE = 8  # steps at least, where the context has them; a season and two more
MOST_COLUMNS = 512  # numbers that ridge regression reads
MOST_ROWS = 20_000  # steps that it is fitted on


def series_baselines(data_set: DataSet) -> Iterator[Baseline]:
    """Yield the baselines of a data set of forecasts, the simplest first."""
    series = _Series(data_set)
    yield series.measured("last value", series.lagged(Transform.DIFFERENCE))
    season = series.forecast.season
    if season:
        name = f"the value a season of {season} steps before"
        yield series.measured(name, series.lagged(Transform.SEASONAL_DIFFERENCE))
    yield series.ridge()
    if are_models_installed():
        for model in forecasts_of_models(data_set, series.tested):
            if model.answers is None:
                yield Baseline(model.name, note=model.note)
            else:
                yield series.measured(model.name, model.answers, model.note)


class _Series:
    """The windows of a data set, and what their steps are asked.

    Args:
        data_set: of a forecast.
    """

    def __init__(self, data_set: DataSet) -> None:
        forecast = data_set.description.forecast
        assert forecast is not None
        self.data_set = data_set
        self.description = data_set.description
        self.forecast = forecast
        is_asked = ~np.isnan(data_set.targets).all(axis=1)
        parts = np.repeat(data_set.parts, data_set.lengths)
        self.tested: Places = np.flatnonzero(is_asked & (parts == TEST))
        self.trained: Places = np.flatnonzero(is_asked & (parts == TRAINING))
        self._naive_errors = figures.naive_errors(data_set)
        self.begins: Places = np.repeat(data_set.starts[:-1], data_set.lengths)

    def lagged(self, transform: Transform) -> Floats:
        """Return the numbers (n, O) at the test steps that answers of a transform add to."""
        description, data_set = self.description, self.data_set
        columns = [description.features.index(name) for name in self.forecast.columns]
        lagging = replace(self.forecast, transform=transform)
        values = data_set.values[:, columns]
        offsets = anchors_of(lagging, values, data_set.starts, description.horizon).offsets
        return offsets[self.tested]

    def ridge(self) -> Baseline:
        """Answer by ridge regression on the last steps as networks read them."""
        from sklearn.linear_model import Ridge  # seconds, on use only

        window = min(
            max(READ_BY_RIDGE, self.forecast.season + 2),
            max(1, self.forecast.context - self.forecast.lag),
            max(1, MOST_COLUMNS // len(self.description.features)),
        )
        data_set, description = self.data_set, self.description
        relative_to = anchors(description, data_set.values, data_set.starts)
        targets = standardised_targets(description, data_set.targets, relative_to)
        fitted = self.trained
        if len(fitted) > MOST_ROWS:
            fitted = np.sort(np.random.default_rng(0).choice(fitted, MOST_ROWS, replace=False))
        read, asked = self._columns(fitted, window), self._columns(self.tested, window)
        outputs = np.zeros((len(self.tested), targets.shape[1]))
        with warnings.catch_warnings(), single_blas_thread():
            warnings.simplefilter("ignore")  # columns that are all but the same
            for output, wanted in enumerate(targets[fitted].T):
                is_known = ~np.isnan(wanted)
                if is_known.any():
                    model = Ridge().fit(read[is_known], wanted[is_known])
                    outputs[:, output] = model.predict(asked)
        deviations = np.array(description.output_deviations)
        relative = outputs * deviations + np.array(description.output_means)
        answers = relative * relative_to.weights[self.tested] + relative_to.offsets[self.tested]
        return self.measured(f"ridge regression on the last {window} steps", answers)

    def _columns(self, steps: Places, window: int) -> Floats:
        """Return the inputs (n, window · F) of steps and those before, 0 before a window."""
        inputs = network_inputs(self.description, self.data_set.values, self.data_set.starts)
        parts = []
        for back in range(window):
            earlier = inputs[np.maximum(steps - back, 0)].astype(np.float64)
            earlier[steps - back < self.begins[steps]] = 0.0
            parts.append(earlier)
        return np.concatenate(parts, axis=1)

    def measured(self, name: str, answers: Floats, note: str = "") -> Baseline:
        """Return the figures of answers (n, O) to the test, in units of the file."""
        means, deviations = told_scale(self.data_set)
        true = (self.data_set.targets[self.tested].astype(np.float64) - means) / deviations
        told = (answers - means) / deviations
        measured = figures.of_answers(self.description, self._naive_errors, told, true)
        return Baseline(name, measured, note)
