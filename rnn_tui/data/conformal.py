"""Make intervals of numbers from how wrong earlier ones were: split conformal prediction.

Where errors to come are like those of the validation, an interval of a prediction plus and minus
the q-th smallest of n absolute errors holds the truth with a probability of q / (n + 1) at least
(Lei and others 2018, Distribution-free predictive inference for regression). Errors of a series
are not exchangeable, so the share that holds is measured on the test.
"""

import math

import numpy as np
import numpy.typing as npt

INTERVAL = 0.9  # the share of numbers that intervals are to hold

Floats = npt.NDArray[np.float64]


def half_widths(errors: Floats, share: float = INTERVAL) -> Floats:
    """Return half the widths (O,) of intervals; infinite where the errors are too few to say.

    Args:
        errors: (n, O) of the validation, NaN where nothing was asked.
        share: of the numbers that intervals are to hold.
    """
    widths = np.full(errors.shape[1], np.inf)
    for output, column in enumerate(errors.T):
        sizes = np.sort(np.abs(column[~np.isnan(column)]))
        place = math.ceil((len(sizes) + 1) * share)
        if place <= len(sizes):
            widths[output] = sizes[place - 1]
    return widths


def coverage(errors: Floats, widths: Floats) -> float:
    """Return the share of errors (n, O) within the widths (O,); NaN if none has a width."""
    is_measured = ~np.isnan(errors) & np.isfinite(widths)
    if not is_measured.any():
        return math.nan
    return float((np.abs(errors) <= widths)[is_measured].mean())
