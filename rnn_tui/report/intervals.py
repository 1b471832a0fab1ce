"""What some seeds tell of all others: where the mean lies, and where the figure of one more seed."""

from dataclasses import dataclass
from functools import lru_cache

from rnn_tui.engine.metrics import Spread

SHARE, RESAMPLES = 0.95, 9_999
# How many intervals are remembered: a tab asks for the same ones whenever it is drawn.
MOST_REMEMBERED = 1000


@dataclass(frozen=True)
class Interval:
    """From `low` to `high`, both within."""

    low: float
    high: float

    def outside(self, value: float, decimals: int) -> float:
        """How far a value is below (negative) or above; 0 within. All are rounded first."""
        below = round(value - round(self.low, decimals), decimals)
        above = round(value - round(self.high, decimals), decimals)
        return min(0.0, below) or max(0.0, above)


def mean_interval(values: tuple[float, ...]) -> Interval:
    """The 95 % bootstrap interval of the mean of independent values, at least one, in any order.

    So much of the middle of the resampled means is taken that the interval of normal values is as wide as Student's t has it
    (expanded percentiles; Hesterberg, 2015): the middle 95 % is too narrow for few values. With the other sign it is the
    mirror image, of equal values it has no width. The first call loads SciPy: not for the thread of a face.
    """
    return _bootstrap(tuple(sorted(values)))


@lru_cache(MOST_REMEMBERED)
def _bootstrap(values: tuple[float, ...]) -> Interval:
    if values[0] == values[-1]:
        return Interval(values[0], values[0])
    import numpy as np  # noqa: PLC0415 - on use only, SciPy as well
    from scipy.special import ndtr  # noqa: PLC0415
    from scipy.stats import bootstrap  # noqa: PLC0415

    n = len(values)
    middle = 1 - 2 * float(ndtr(-_student(n) * (n / (n - 1)) ** 0.5))
    # Both ways round: which of two networks is taken from the other must change the sign alone.
    ahead, back = (
        bootstrap(
            (some,), np.mean, n_resamples=RESAMPLES, confidence_level=middle, method="percentile", rng=np.random.default_rng(0)
        ).confidence_interval
        for some in (values, tuple(-value for value in reversed(values)))
    )
    return Interval(float(ahead.low - back.high) / 2, float(ahead.high - back.low) / 2)


def next_interval(values: tuple[float, ...]) -> Interval | None:
    """The 95 % prediction interval for one more seed, within 0 and 100 %; None for fewer than two.

    Mean ± t · sd · √(1 + 1/n): of independent values that are roughly normal. It may load SciPy.
    """
    spread = Spread(values)
    if not values or spread.sd is None:
        return None
    reach = _student(spread.n) * spread.sd * (1 + 1 / spread.n) ** 0.5
    return Interval(max(spread.mean - reach, 0.0), min(spread.mean + reach, 100.0))


@lru_cache(MOST_REMEMBERED)
def _student(n: int) -> float:
    """How many standard deviations the middle 95 % of Student's t reach, with n − 1 degrees of freedom."""
    from scipy.special import stdtrit  # noqa: PLC0415 - on use only

    return float(stdtrit(n - 1, (1 + SHARE) / 2))
