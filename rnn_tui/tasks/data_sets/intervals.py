"""Intervals of the numbers that networks answer, from their errors in the validation."""

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from rnn_tui.data.conformal import Intervals
from rnn_tui.data.data_set import VALIDATION, DataSet
from rnn_tui.data.description import Description
from rnn_tui.data.goals import numbers_to_come
from rnn_tui.data.inputs import in_units, movements, network_inputs
from rnn_tui.data.options import Goal
from rnn_tui.data.sequences import Places, starts_of

MOST_SEQUENCES = 500  # or windows, of the validation, that intervals are made of
MOST_STEPS = 1 << 17  # of these together

#: answers (n, O) to what networks read (T, F), of sequences that begin at (N + 1,) steps.
Answering = Callable[[npt.NDArray[Any], Places], npt.NDArray[Any]]


def intervals_of(data_set: DataSet, answering: Answering) -> Intervals:
    """Return the intervals of networks; where the validation is large, from some of it by chance.

    Args:
        data_set: that they were trained on, whose answers are numbers.
        answering: what they answer, in the scale of their outputs.
    """
    description = data_set.description
    chosen = data_set.of_part(VALIDATION)
    most = max(1, min(MOST_SEQUENCES, MOST_STEPS // description.longest))
    if len(chosen) > most:
        chosen = np.sort(np.random.default_rng(0).choice(chosen, most, replace=False))
    starts = starts_of(data_set.lengths[chosen])
    rows = np.concatenate(
        [np.arange(data_set.starts[index], data_set.starts[index + 1]) for index in chosen]
    )
    values = data_set.values[rows]
    outputs = answering(network_inputs(description, values, starts), starts)
    numbers = in_units(description, outputs, values, starts)
    return Intervals.of_errors(
        numbers - _right(data_set, chosen, rows, starts),
        scales_of(description, numbers, values, starts),
    )


def scales_of(
    description: Description,
    numbers: npt.NDArray[Any],
    values: npt.NDArray[Any],
    starts: Places | None = None,
) -> npt.NDArray[np.float64]:
    """Return what errors of numbers (n, O) grow with: 1 but of forecasts, see `movements_of`.

    Args:
        description: of the data set.
        numbers: (n, O) that are answered.
        values: (T, F) that were read, in the units of the file.
        starts: (N + 1,) the first step of each sequence, then T; None for one sequence.
    """
    if description.forecast is None:
        return np.ones(numbers.shape)
    return movements(description, values, starts)


def _right(
    data_set: DataSet, chosen: Places, rows: Places, starts: Places
) -> npt.NDArray[np.float64]:
    """Return the right answers (n, O) to some sequences, or to their steps (T,)."""
    description = data_set.description
    if description.goal is Goal.NEXT:
        to_come = numbers_to_come(data_set.to_come[rows], starts, description.horizon)
        return to_come.astype(np.float64)
    known = data_set.targets[rows if description.goal.every_step else chosen]
    return known.astype(np.float64)
