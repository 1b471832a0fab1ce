"""Intervals from figures over seeds: for their mean, for one more seed, and for a share."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from statistics import NormalDist
from typing import Any, TypeAlias

from rnn_tui.engine.metrics import Spread
from rnn_tui.engine.student import SHARE, students_t

RESAMPLES = 9_999  # resamples of the bootstrap
MOST_REMEMBERED = 1000  # intervals: a tab asks for the same ones whenever it is drawn

#: A figure of each sample of an array, taken along the `axis` that it is given by name.
Statistic: TypeAlias = Callable[..., Any]


@dataclass(frozen=True)
class Interval:
    """The interval from `low` to `high`, ends included."""

    low: float
    high: float

    @property
    def ends(self) -> list[float]:
        """Its lower and its upper end."""
        return [self.low, self.high]

    def distance(self, value: float, decimals: int) -> float:
        """Return how far a value is below (negative) or above the interval; 0 within.

        Value and ends are rounded to `decimals` first, as they are shown.
        """
        from_low = round(value - round(self.low, decimals), decimals)
        from_high = round(value - round(self.high, decimals), decimals)
        if from_low < 0:
            return from_low
        return max(0.0, from_high)

    def place(self, value: float, decimals: int) -> str:
        """Return where a value lies: `inside`, or by how much it is `below` or `above`."""
        distance = self.distance(value, decimals)
        if distance == 0:
            return "inside"
        side = "below" if distance < 0 else "above"
        return f"{abs(distance):.{decimals}f} {side}"


@lru_cache(MOST_REMEMBERED)
def mean_interval(values: tuple[float, ...]) -> Interval:
    """Return the 95 % bootstrap interval of the mean of independent values, in any order.

    Values are drawn from `values` with replacement, as many as there are, `RESAMPLES` times; the
    interval is the middle of the means of these draws, as large as `expanded_middle` says.

    With the other sign of all values it is the mirror image; of equal values it has no width. The
    first call loads SciPy: not for the thread of a face.

    Args:
        values: (n,) at least one.
    """
    values = tuple(sorted(values))
    if values[0] == values[-1]:
        return Interval(values[0], values[0])
    import numpy as np  # on use only

    middle = expanded_middle(len(values))
    # Draws are by place, so the values and their mirror image are drawn alike, and averaged.
    mirrored = tuple(-value for value in reversed(values))
    low, high = resampled_ends(values, np.mean, middle)
    mirrored_low, mirrored_high = resampled_ends(mirrored, np.mean, middle)
    return Interval((low - mirrored_high) / 2, (high - mirrored_low) / 2)


def expanded_middle(n: int) -> float:
    """Return the share of resampled means of n values that makes a 95 % interval.

    The middle 95 % would be too narrow for few values, so more is taken, until the interval of
    normal values is as wide as by Student's t (expanded percentiles; Hesterberg, What Teachers
    Should Know About the Bootstrap, 2015):

        middle = 1 − 2 Φ(−t √(n / (n − 1)))

    Args:
        n: at least 2.
    """
    from scipy.special import ndtr  # on use only

    return 1 - 2 * float(ndtr(-students_t(n) * (n / (n - 1)) ** 0.5))


def resampled_ends(
    values: tuple[float, ...], statistic: Statistic, middle: float
) -> tuple[float, float]:
    """Return the ends of the middle share of a statistic of draws from `values`.

    They are the same at each call.
    """
    import numpy as np  # on use only
    from scipy.stats import bootstrap

    interval = bootstrap(
        (values,),
        statistic,
        n_resamples=RESAMPLES,
        confidence_level=middle,
        method="percentile",
        rng=np.random.default_rng(0),
    ).confidence_interval
    return float(interval.low), float(interval.high)


def next_interval(values: tuple[float, ...], count: int = 1) -> Interval | None:
    """Return the 95 % prediction interval for the mean of more seeds, within 0 and 100 %.

        mean ± t · sd · √(1/count + 1/n)

    `EXPECTED` says what it assumes. Loads SciPy.

    Args:
        values: (n,) a figure for each seed.
        count: of how many more seeds the mean is; by default of one.

    Returns:
        None below two seeds.
    """
    if len(values) < 2:
        return None
    spread = Spread(values)
    assert spread.sd is not None
    reach = students_t(spread.n) * spread.sd * (1 / count + 1 / spread.n) ** 0.5
    return Interval(max(spread.mean - reach, 0.0), min(spread.mean + reach, 100.0))


def share_interval(share: float, count: int) -> Interval:
    """Return Wilson's 95 % interval of a share that was counted, between 0 and 1.

    With z = 1.96, share p and count n its ends are

        (p + z²/2n ± z √(p(1 − p)/n + z²/4n²)) / (1 + z²/n)

    (Wilson, Probable Inference, the Law of Succession, and Statistical Inference, Journal of the
    American Statistical Association, 1927)

    Args:
        share: between 0 and 1.
        count: of how many; at least 1.
    """
    z = NormalDist().inv_cdf((1 + SHARE) / 2)
    divisor = 1 + z**2 / count
    middle = (share + z**2 / (2 * count)) / divisor
    half = z / divisor * (share * (1 - share) / count + (z / (2 * count)) ** 2) ** 0.5
    return Interval(max(middle - half, 0.0), min(middle + half, 1.0))
