"""Turn the values of a data set into what networks read, and what they answer into its units.

Networks read standardised numbers, symbols one-hot, or words by their places; numbers that they
answer are standardised as well. Means and deviations are those of the training sequences, as the
description has them. The columns of a forecast are read and answered relative to earlier numbers.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from rnn_tui.data.description import Description
from rnn_tui.data.forecast import Forecast
from rnn_tui.data.relative import Anchors, Places, anchors_of, movements_of, relative_inputs

Floats = npt.NDArray[np.float32]


def network_inputs(
    description: Description, values: npt.NDArray[Any], starts: Places | None = None
) -> npt.NDArray[Any]:
    """Return what a network reads, float32 or, of symbols, uint8 (T, F); of words places (T, 1).

    Args:
        description: of the data set.
        values: (T, F) numbers in the units of the file, or (T, 1) places in the alphabet.
        starts: (N + 1,) the first step of each sequence, then T; None for one sequence.
    """
    if description.words:
        places: npt.NDArray[Any] = values.astype(np.int64)
        return places
    if description.alphabet:
        one_hot = np.eye(len(description.alphabet), dtype=np.uint8)
        return one_hot[values[:, 0].astype(np.int64)]
    forecast = description.forecast
    if forecast is None or not forecast.lag:
        return _standardised(values, description.means, description.deviations)
    relative = relative_values(description.features, forecast, values, _starts_of(values, starts))
    standardised = _standardised(relative, description.means, description.deviations)
    return np.nan_to_num(standardised, nan=0.0)  # at the first steps: nothing is known there


def relative_values(
    features: Sequence[str], forecast: Forecast, values: npt.NDArray[Any], starts: Places
) -> npt.NDArray[np.float64]:
    """Return numbers (T, F), of which the forecast columns are relative to earlier ones."""
    columns = [features.index(name) for name in forecast.columns]
    relative: npt.NDArray[np.float64] = values.astype(np.float64)
    relative[:, columns] = relative_inputs(forecast, values[:, columns], starts)
    return relative


def anchors(
    description: Description, values: npt.NDArray[Any], starts: Places | None = None
) -> Anchors:
    """Return what the answers of a forecast are relative to, (T, O) for values (T, F)."""
    forecast = description.forecast
    assert forecast is not None
    columns = [description.features.index(name) for name in forecast.columns]
    begins = _starts_of(values, starts)
    return anchors_of(forecast, values[:, columns], begins, description.horizon)


def movements(
    description: Description, values: npt.NDArray[Any], starts: Places | None = None
) -> npt.NDArray[np.float64]:
    """Return what the errors (T, O) of a forecast grow with, in the units of the file."""
    forecast = description.forecast
    assert forecast is not None
    columns = [description.features.index(name) for name in forecast.columns]
    begins = _starts_of(values, starts)
    return movements_of(forecast, values[:, columns], begins, description.horizon)


def standardised_targets(
    description: Description, targets: npt.NDArray[Any], relative_to: Anchors | None = None
) -> Floats:
    """Return numbers (…, O) in the units of the file as networks answer them; NaN stays.

    Args:
        description: of the data set.
        targets: (…, O); those of a forecast are (T, O).
        relative_to: of a forecast, what they are relative to.
    """
    if relative_to is not None:
        targets = (targets - relative_to.offsets) / relative_to.weights
    return _standardised(targets, description.output_means, description.output_deviations)


def in_units(
    description: Description,
    outputs: npt.NDArray[Any],
    values: npt.NDArray[Any] | None = None,
    starts: Places | None = None,
) -> npt.NDArray[np.float64]:
    """Return the answers (…, O) of networks in the units of the file.

    Args:
        description: of the data set.
        outputs: (…, O); those of a forecast are (…, T, O).
        values: of a forecast, the numbers (T, F) that were read; where these are too few for what
            its answers are relative to, they are NaN.
        starts: of these, (N + 1,) the first step of each sequence, then T; None for one sequence.
    """
    deviations = np.array(description.output_deviations)
    means = np.array(description.output_means)
    numbers: npt.NDArray[np.float64] = outputs.astype(np.float64) * deviations + means
    if description.forecast is None:
        return numbers
    assert values is not None
    offsets, weights = anchors(description, values, starts)
    return numbers * weights + offsets


def _starts_of(values: npt.NDArray[Any], starts: Places | None) -> Places:
    return np.array([0, len(values)]) if starts is None else starts


def _standardised(
    values: npt.NDArray[Any], means: tuple[float, ...], deviations: tuple[float, ...]
) -> Floats:
    standardised = (values.astype(np.float64) - np.array(means)) / np.array(deviations)
    result: Floats = standardised.astype(np.float32)
    return result
