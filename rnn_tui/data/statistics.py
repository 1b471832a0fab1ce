"""Measure numbers that are read and answered, so that networks work with standardised ones."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from rnn_tui.data.data_set import TRAINING
from rnn_tui.data.description import LONGEST_NAME, MOST_OUTPUTS, unique_names
from rnn_tui.data.forecast import Forecast
from rnn_tui.data.goals import Answers
from rnn_tui.data.inputs import relative_values
from rnn_tui.data.relative import anchors_of
from rnn_tui.data.sequences import Floats, Sequences
from rnn_tui.data.splitting import Parts
from rnn_tui.engine.errors import DataError, printable


@dataclass(frozen=True)
class Statistics:
    """The means and standard deviations of numbers with names; none of symbols or classes."""

    names: tuple[str, ...]
    means: tuple[float, ...]
    deviations: tuple[float, ...]


def statistics(names: tuple[str, ...], values: npt.NDArray[Any]) -> Statistics:
    """Return the statistics of numbers (T, F), NaN left out.

    What is always the same has the deviation 1.
    """
    wide = values.astype(np.float64)
    means = np.nan_to_num(means_of(wide))
    variances = np.nan_to_num(means_of(np.square(wide - means)))
    deviations = np.sqrt(variances)
    rounding = 1e-7 * np.maximum(1e-30, np.abs(means))  # single precision has seven digits
    deviations[deviations <= rounding] = 1.0
    return Statistics(names, tuple(means.tolist()), tuple(deviations.tolist()))


def relative_statistics(
    forecast: Forecast, inputs: Statistics, sequences: Sequences, answers: Answers, parts: Parts
) -> tuple[Statistics, Statistics]:
    """Return the statistics of what is read, and of what is answered, relative to earlier numbers.

    Args:
        forecast: which columns are, and how.
        inputs: of all features, with their names.
        sequences: windows.
        answers: of each step.
        parts: of each window.
    """
    values = sequences.values.astype(np.float32)
    training = np.repeat(parts == TRAINING, sequences.lengths)
    relative = relative_values(inputs.names, forecast, values, sequences.starts)
    horizon = len(answers.names) // len(forecast.columns)
    columns = [inputs.names.index(name) for name in forecast.columns]
    offsets, weights = anchors_of(forecast, values[:, columns], sequences.starts, horizon)
    targets = (answers.targets - offsets) / weights
    if np.isnan(targets[training]).all():
        raise DataError(
            "The series are too short to learn from with this context and season; say a shorter "
            "one (--context, --season)."
        )
    return (
        statistics(inputs.names, relative[training]),
        statistics(answers.names, targets[training]),
    )


def names_ahead(columns: tuple[str, ...], horizon: int) -> tuple[str, ...]:
    """Return the names of answers: the columns for each step ahead in turn."""
    if len(columns) * horizon > MOST_OUTPUTS:
        raise DataError(
            f"{len(columns)} inputs for {horizon} steps ahead are more than {MOST_OUTPUTS} "
            "numbers to predict; name the one that is wanted (--label), or fewer inputs (--inputs) "
            "or steps (--horizon)."
        )
    names = [
        f"{printable(name, LONGEST_NAME - 5)} +{step}"
        for step in range(1, horizon + 1)
        for name in columns
    ]
    return tuple(unique_names(names))


def next_outputs(sequences: Sequences, inputs: Statistics, horizon: int) -> Statistics:
    """Return the inputs to come: symbols, or the features of each step ahead in turn."""
    if sequences.alphabet:
        return Statistics(sequences.alphabet, (), ())
    names = names_ahead(inputs.names, horizon)
    return Statistics(names, inputs.means * horizon, inputs.deviations * horizon)


def means_of(values: Floats) -> Floats:
    """Return the means (F,) of numbers that are there; NaN where none is."""
    present = ~np.isnan(values)
    with np.errstate(invalid="ignore", divide="ignore"):
        means: Floats = np.where(present, values, 0.0).sum(0) / present.sum(0)
    return means
