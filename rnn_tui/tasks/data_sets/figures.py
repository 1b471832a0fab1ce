"""Figures of answers to a data set, as a reviewer asks for them.

Where scikit-learn has a figure it is scikit-learn's; what is measured in every epoch is computed
for all replicas at once, and a test compares the two. Errors are in the units of the file if all
answers share one, else in standard deviations of the training sequences: see `has_own_unit`. Those
of a forecast are measured in that scale from the start: networks answer it relative to what they
read, so that no factor alone turns their errors into it.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from rnn_tui.data.data_set import TRAINING, DataSet
from rnn_tui.data.description import Description
from rnn_tui.data.options import Goal
from rnn_tui.tasks.data_sets.task import has_own_unit

if TYPE_CHECKING:
    from torch import Tensor

Array = npt.NDArray[Any]
Floats = npt.NDArray[np.float64]
Places = npt.NDArray[np.int64]


# Classes


def of_counts(right: "Tensor", true: "Tensor", answered: "Tensor") -> "dict[str, Tensor]":
    """Return balanced accuracy and macro F1 in percent, of R replicas (R,) each.

    As in scikit-learn, the recall of classes that do not occur counts for nothing, nor does the F1
    of those that neither occur nor are answered.

    Args:
        right: (R, C) right answers of each class.
        true: (R, C) targets of each class.
        answered: (R, C) answers of each class.
    """
    occurs = true > 0
    recall = right.double() / true.clamp(min=1)
    met = (true + answered) > 0
    f1 = 2 * right.double() / (true + answered).clamp(min=1)
    return {
        "balanced_accuracy": 100 * (recall * occurs).sum(dim=1) / occurs.sum(dim=1),
        "macro_f1": 100 * (f1 * met).sum(dim=1) / met.sum(dim=1),
    }


def area_under_curve(targets: Array, probabilities: Array) -> float | None:
    """Return the area under the ROC curve, one class against the rest, as the mean over classes.

    Of two classes it is the usual one. Classes that do not occur, or alone do, have no curve.

    Args:
        targets: (n,) classes.
        probabilities: (n, C), of which each row is brought to the sum 1.

    Returns:
        None if no class has a curve.
    """
    from sklearn.metrics import roc_auc_score  # a second, on use only

    counts = np.bincount(targets, minlength=probabilities.shape[1])
    classes = np.flatnonzero((counts > 0) & (counts < len(targets)))
    shares = probabilities / probabilities.sum(axis=1, keepdims=True).clip(1e-300)
    if not len(classes) or not np.isfinite(shares).all():
        return None
    indicators = targets[:, None] == classes
    return float(roc_auc_score(indicators, shares[:, classes], average="macro"))


def of_classes(targets: Array, answers: Array, probabilities: Array) -> dict[str, float]:
    """Return the figures of answers with a class each, but for their accuracy.

    Args:
        targets: (n,) the right classes.
        answers: (n,) those that are answered.
        probabilities: (n, C).
    """
    import torch  # on use only

    classes = np.arange(probabilities.shape[1])
    true, answered = targets[:, None] == classes, answers[:, None] == classes  # (n, C)
    counts = [
        torch.from_numpy(cells.sum(axis=0)[None]) for cells in (true & answered, true, answered)
    ]
    figures = {name: float(values[0]) for name, values in of_counts(*counts).items()}
    area = area_under_curve(targets, probabilities)
    return figures if area is None else {**figures, "auc": area}


# Numbers


def units_of(description: Description) -> Floats:
    """Return what the error of each output (O,) is multiplied by: 1 if it stays as it is."""
    if has_own_unit(description) and description.forecast is None:
        return np.array(description.output_deviations)
    return np.ones(len(description.outputs))


def naive_errors(data_set: DataSet) -> Floats | None:
    """Return the mean error (O,) of the last value as a forecast, over the training sequences.

    It is what MASE is scaled by (Hyndman & Koehler 2006): one step ahead, in the units of the file,
    also where more steps are predicted. NaN where it is 0 or nothing is known.

    Returns:
        None if the answers are no series.
    """
    description = data_set.description
    if description.classifies or not description.goal.every_step:
        return None
    if description.forecast is not None:
        return _naive_errors_of_forecast(data_set)
    is_next = description.goal is Goal.NEXT
    series = (data_set.to_come if is_next else data_set.targets).astype(np.float64)  # (T, F or O)
    follows = np.ones(len(series), bool)
    follows[data_set.starts[:-1]] = False
    trained = np.repeat(data_set.parts == TRAINING, data_set.lengths)
    after = np.flatnonzero(follows & trained)
    differences = np.abs(series[after] - series[after - 1])
    known = ~np.isnan(differences)
    sums = np.where(known, differences, 0.0).sum(axis=0)
    means = np.full(series.shape[1], np.nan)
    np.divide(sums, known.sum(axis=0), out=means, where=sums > 0)
    return np.tile(means, description.horizon) if is_next else means


def told_scale(data_set: DataSet) -> tuple[Floats, Floats]:
    """Return the scale (O,) in which errors of a forecast are told: means and deviations.

    They are those of the training steps, each counted once; the deviations are 1 if there is one
    column, whose errors are told in its own unit.
    """
    description = data_set.description
    columns = _forecast_columns(description)
    trained = np.repeat(data_set.parts == TRAINING, data_set.lengths)
    steps = _each_once(data_set, np.flatnonzero(trained))
    numbers = data_set.values[steps][:, columns].astype(np.float64)
    deviations = numbers.std(axis=0)
    deviations = np.where(deviations > 0, deviations, 1.0)
    if len(columns) == 1:
        deviations = np.ones(1)
    horizon = description.horizon
    return np.tile(numbers.mean(axis=0), horizon), np.tile(deviations, horizon)


def _each_once(data_set: DataSet, steps: Places) -> Places:
    """Return steps of windows that overlap, each step of the file once."""
    origin = data_set.origin
    lengths = data_set.lengths
    in_file = np.repeat(origin.firsts - data_set.starts[:-1], lengths)[steps] + steps
    of_series = np.repeat(origin.places, lengths)[steps]
    _, chosen = np.unique(np.stack([of_series, in_file]), axis=1, return_index=True)
    once: Places = steps[chosen]
    return once


def _naive_errors_of_forecast(data_set: DataSet) -> Floats:
    """Return the same for a forecast, in the scale in which its errors are told."""
    description = data_set.description
    columns = _forecast_columns(description)
    next_ones = data_set.targets[:, : len(columns)].astype(np.float64)
    asked = ~np.isnan(next_ones).all(axis=1)
    trained = np.repeat(data_set.parts == TRAINING, data_set.lengths)
    steps = _each_once(data_set, np.flatnonzero(asked & trained))
    errors = np.abs(next_ones[steps] - data_set.values[steps][:, columns])
    known = ~np.isnan(errors)
    sums = np.where(known, errors, 0.0).sum(axis=0)
    means = np.full(len(columns), np.nan)
    np.divide(sums, known.sum(axis=0), out=means, where=sums > 0)
    _, deviations = told_scale(data_set)
    scaled: Floats = np.tile(means, description.horizon) / deviations
    return scaled


def _forecast_columns(description: Description) -> list[int]:
    """Return the places of the columns that are forecast among the features."""
    assert description.forecast is not None
    return [description.features.index(name) for name in description.forecast.columns]


def of_sums(
    description: Description, naive: Floats | None, sums: Mapping[str, Array]
) -> dict[str, Floats]:
    """Return the errors of R sets of answers, (R,) each.

    Args:
        description: of the data set.
        naive: the errors that MASE is scaled by, of `naive_errors`.
        sums: over answers that are standardised, or, of a forecast, in the scale in which its
            errors are told: `squared` and `absolute` errors (R, O), how many `counts`
            (O,), and the sums of known `targets` and of their `squares` (O,).
    """
    squared, absolute, counts = sums["squared"], sums["absolute"], sums["counts"]
    units = units_of(description)
    count = max(1, counts.sum())
    figures = {
        "rmse": np.sqrt((squared * units**2).sum(axis=1) / count),
        "mae": (absolute * units).sum(axis=1) / count,
        "r2": _determination(squared.sum(axis=1), counts, sums["targets"], sums["squares"]),
    }
    scaled = np.zeros(len(counts), bool) if naive is None else (counts > 0) & ~np.isnan(naive)
    if naive is not None and scaled.any():
        units = np.array(description.output_deviations)
        if description.forecast is not None:
            units = np.ones(len(counts))
        in_units = absolute * units / np.maximum(counts, 1)
        figures["mase"] = (in_units[:, scaled] / naive[scaled]).mean(axis=1)
    return figures


def of_answers(
    description: Description, naive: Floats | None, answers: Array, targets: Array
) -> dict[str, float]:
    """Return the errors of one set of answers by the names of the test's metrics.

    Args:
        description: of the data set.
        naive: as `of_sums` takes it.
        answers: (n, O) in the scale that `of_sums` takes.
        targets: (n, O) in the same scale, NaN where they are unknown.
    """
    is_known = ~np.isnan(targets)
    known = np.where(is_known, targets, 0.0).astype(np.float64)
    errors = np.where(is_known, answers - targets, 0.0).astype(np.float64)
    sums = {
        "squared": np.square(errors).sum(axis=0)[None],
        "absolute": np.abs(errors).sum(axis=0)[None],
        "counts": is_known.sum(axis=0),
        "targets": known.sum(axis=0),
        "squares": np.square(known).sum(axis=0),
    }
    figures = of_sums(description, naive, sums)
    return {f"test_{name}": float(values[0]) for name, values in figures.items()}


def _determination(errors: Array, counts: Array, targets: Array, squares: Array) -> Floats:
    """Return R² (R,): 1 less the squared errors' share of the squares around the targets' means.

    As in scikit-learn, it is 1 or 0 where all targets are the same.
    """
    around_mean = (squares - np.square(targets) / np.maximum(counts, 1)).sum()
    if around_mean <= 0:
        return (errors <= 0).astype(np.float64)
    shares: Floats = 1 - errors / around_mean
    return shares
