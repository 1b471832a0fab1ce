"""Mean and standard deviation of any numbers: where a sum has no number, that is no error.

`math.fsum` and `statistics.fmean` raise an error where the sum of finite numbers is larger than a
float can be, and for infinities of both signs. What comes from a file or a database may be so.
"""

import math
from collections.abc import Sequence


def mean_of(values: Sequence[float]) -> float:
    """Return the arithmetic mean of at least one number; NaN where there is none."""
    count = len(values)
    try:
        return math.fsum(values) / count
    except OverflowError:  # the sum is too large, but not the mean
        return sum(value / count for value in values)
    except ValueError:  # infinities of both signs
        return math.nan


def deviation_of(values: Sequence[float]) -> float:
    """Return the sample standard deviation (n − 1 below the sum) of at least two numbers."""
    mean = mean_of(values)
    degrees = len(values) - 1
    try:
        return math.sqrt(math.fsum((value - mean) ** 2 for value in values) / degrees)
    except OverflowError:  # a square is too large, but not its root
        return math.hypot(*(value - mean for value in values)) / math.sqrt(degrees)
