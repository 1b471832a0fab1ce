"""Quantiles of Student's distribution, for intervals from a few values."""

from functools import lru_cache

SHARE = 0.95  # the share of cases that an interval covers
MOST_REMEMBERED = 1000  # quantiles: a tab asks for the same ones whenever it is drawn


@lru_cache(MOST_REMEMBERED)
def students_t(n: int) -> float:
    """Return the t of the middle 95 %: of n ≥ 2 values, with n − 1 degrees of freedom."""
    from scipy.special import stdtrit  # on use only

    return float(stdtrit(n - 1, (1 + SHARE) / 2))
