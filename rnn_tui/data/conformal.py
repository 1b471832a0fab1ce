"""Make intervals of numbers from how wrong earlier ones were: split conformal prediction.

Where errors to come are like those of the validation, an interval of a prediction plus and minus
the q-th smallest of n absolute errors holds the truth with a probability of q / (n + 1) at least
(Lei and others 2018, Distribution-free predictive inference for regression). The errors of a
forecast are divided by how far its series moved lately, and so grow and shrink with it (the same
paper, section 5.2). Errors of a series are not exchangeable even so: the share that holds is
measured on the test.
"""

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

INTERVAL = 0.9  # the share of numbers that intervals are to hold
LEAST_SHARE = 0.1  # of the median scale, which a scale counts for at least

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Intervals:
    """How wide the intervals of O numbers are, for the scale that an error has there."""

    factors: Floats  #: (O,) half a width for a scale of 1; infinite where errors are too few.
    floors: Floats  #: (O,) the scale that a smaller one counts for.

    @classmethod
    def of_errors(cls, errors: Floats, scales: Floats, share: float = INTERVAL) -> "Intervals":
        """Return the intervals that hold a share of the numbers.

        Args:
            errors: (n, O) of the validation, NaN where nothing was asked.
            scales: (n, O) of these errors.
            share: of the numbers that intervals are to hold.
        """
        outputs = errors.shape[1]
        factors, floors = np.full(outputs, np.inf), np.ones(outputs)
        for output in range(outputs):
            known = ~np.isnan(errors[:, output])
            sizes = np.abs(errors[known, output])
            place = math.ceil((len(sizes) + 1) * share)
            if place > len(sizes):
                continue
            floor = LEAST_SHARE * np.median(scales[known, output])
            if floor > 0:
                floors[output] = floor
            ratios = np.sort(sizes / np.maximum(scales[known, output], floors[output]))
            factors[output] = ratios[place - 1]
        return cls(factors, floors)

    def half_widths(self, scales: Floats) -> Floats:
        """Return half the widths (n, O) of intervals at scales (n, O)."""
        widths: Floats = self.factors * np.maximum(scales, self.floors)
        return widths

    def coverage(self, errors: Floats, scales: Floats) -> float:
        """Return the share of errors (n, O) within the intervals; NaN if none has a width."""
        widths = self.half_widths(scales)
        is_measured = ~np.isnan(errors) & np.isfinite(widths)
        if not is_measured.any():
            return math.nan
        return float((np.abs(errors) <= widths)[is_measured].mean())
