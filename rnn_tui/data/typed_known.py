"""Steps as one types them where columns are known ahead: those of the past, then of the future."""

import re
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from rnn_tui.data.description import LARGEST, Description
from rnn_tui.data.typed import numbers_of_steps, typed_numbers
from rnn_tui.engine.counts import count_of
from rnn_tui.engine.errors import QueryError, printable

_BETWEEN_STEPS = re.compile(r"[;\n]")
_BETWEEN_NUMBERS = re.compile(r"[\s,]+")

Floats = npt.NDArray[np.float64]


def read_with_known(text: str, description: Description) -> list[list[float]]:
    """Return the numbers (T, F) of the steps of the past, what is known ahead among them.

    A step of the past has a number of each column, one of the future of each that is known ahead.

    Raises:
        QueryError: if the steps of the future are not as many as are forecast, or anything is wrong
            with a number.
    """
    known, horizon, columns = description.known, description.horizon, description.columns_read
    steps = [
        [word for word in _BETWEEN_NUMBERS.split(step) if word]
        for step in _BETWEEN_STEPS.split(text)
        if step.strip(" \t,")
    ]
    future = 0
    while future < len(steps) and len(steps[-1 - future]) == len(known):
        future += 1
    if future != horizon:
        raise QueryError(
            f"The last {count_of(horizon, 'step')} must have what is known ahead, "
            f"{printable(', '.join(known), 100)}, and no other numbers; "
            f"{count_of(future, 'step')} {'is' if future == 1 else 'are'} typed so."
        )
    past = np.array(numbers_of_steps(steps[:-horizon], len(columns), largest=LARGEST))
    to_come = np.array(numbers_of_steps(steps[-horizon:], len(known), largest=LARGEST))
    all_known = np.concatenate([past[:, [columns.index(name) for name in known]], to_come])
    ahead = [all_known[step : step + len(past)] for step in range(1, horizon + 1)]
    rows: list[list[float]] = np.concatenate([past, *ahead], axis=1).tolist()
    return rows


def typed_with_known(values: Sequence[Sequence[float]], description: Description) -> str:
    """Return steps (T, F) as `read_with_known` reads them."""
    count, known = len(description.columns_read), len(description.known)
    last = values[-1][count:]
    future = [last[step * known : (step + 1) * known] for step in range(description.horizon)]
    # with semicolons, also between steps of one number
    return "; ".join(typed_numbers([row]) for row in [*(row[:count] for row in values), *future])
