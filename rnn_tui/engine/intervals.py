"""Intervals from figures over seeds: for their mean, for one more seed, and for a share."""

from dataclasses import dataclass
from functools import lru_cache
from statistics import NormalDist
from typing import TYPE_CHECKING, TypeAlias

from rnn_tui.engine.metrics import Spread
from rnn_tui.engine.student import SHARE, students_t

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    Floats: TypeAlias = npt.NDArray[np.float64]

FEWEST_RESAMPLED = 6  # values of a bootstrap interval, for the reason that `mean_intervals` has
HUGE = 1e100  # of a figure of a formula; a square of it is a float still
RESAMPLES = 9_999  # resamples of the bootstrap
FEW_REMEMBERED = 4  # numbers of seeds, as the resamples of 1,000 are 80 MB
MOST_REMEMBERED = 1000  # intervals: a tab asks for the same ones whenever it is drawn


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
    """Return the 95 % interval of the mean of independent values, in any order.

    It is right for values around one peak. `SeedMean` says for which values there is none, and
    docs/explanation/intervals.md how often it has the true mean.

    With the other sign of all values it is the mirror image; of equal values it has no width. The
    first call loads SciPy: not for the thread of a face.

    Args:
        values: (n,) at least one.
    """
    if min(values) == max(values):
        return Interval(values[0], values[0])
    import numpy as np  # on use only

    low, high = mean_intervals(np.array([sorted(values)], dtype=np.float64))[0]
    return Interval(float(low), float(high))


def mean_intervals(samples: "Floats") -> "Floats":
    """Return the intervals of the means of many samples at once, as `mean_interval` has them.

    Of `FEWEST_RESAMPLED` values or more it is a bootstrap interval: values are drawn from the
    sample with replacement, as many as there are, `RESAMPLES` times; the interval is the middle of
    the means of these draws, as large as `expanded_middle` says. No such mean is beyond the
    smallest and the largest value, and five seeds have the true mean between these in 15 of 16
    cases at most. So of fewer values it is Student's:

        mean ± t · sd / √n

    Args:
        samples: (samples, n) of n ≥ 2 values each.

    Returns:
        (samples, 2) the lower and the upper ends.
    """
    import numpy as np  # on use only

    largest = np.abs(samples).max(axis=1, keepdims=True)
    scales = np.where(largest > HUGE, largest, 1.0)  # or differences may exceed all floats
    # Draws are by place, so the values and their mirror image are drawn alike, and averaged.
    ordered = np.sort(samples / scales, axis=1)
    ends = _ends_of_means(ordered)
    mirrored_ends = _ends_of_means(-ordered[:, ::-1])
    return scales * ((ends - mirrored_ends[:, ::-1]) / 2)


def _ends_of_means(ordered: "Floats") -> "Floats":
    """Return the ends (samples, 2) of intervals of the means of ascending samples (samples, n)."""
    import numpy as np  # on use only

    n = ordered.shape[1]
    if n >= FEWEST_RESAMPLED:
        return ends_of_draws(ordered, (1 / n,) * n)
    deviations = ordered.std(axis=1, ddof=1)
    means = ordered.mean(axis=1)
    reach = students_t(n) * deviations / n**0.5
    return np.stack((means - reach, means + reach), axis=1)


def ends_of_draws(ordered: "Floats", weights: tuple[float, ...]) -> "Floats":
    """Return where a statistic of draws from samples lies, in the middle of `RESAMPLES` cases.

    The statistic is Σ wₖ x₍ₖ₎, with x₍ₖ₎ the k-th smallest value of a draw. The middle is as large
    as `expanded_middle` says.

    Args:
        ordered: (samples, n) of n ≥ 2 ascending values each.
        weights: (n,) w₁ … wₙ.

    Returns:
        (samples, 2) the lower and the upper ends.
    """
    import numpy as np  # on use only

    figures = ordered @ _resamples(weights).T  # (samples, n) · (n, resamples)
    outside = (1 - expanded_middle(len(weights))) / 2
    return np.quantile(figures, (outside, 1 - outside), axis=1).T


@lru_cache(FEW_REMEMBERED)
def _resamples(weights: tuple[float, ...]) -> "Floats":
    """Return what each resample weighs the n ascending values of a sample with.

    Returns:
        (resamples, n) the same ones at each call.
    """
    import numpy as np  # on use only

    n = len(weights)
    places = np.sort(np.random.default_rng(0).integers(0, n, (RESAMPLES, n)), axis=1)
    # Each resample has n numbers of its own, so that one call adds up the weights of all.
    numbers = places + n * np.arange(RESAMPLES)[:, None]
    of_places = np.broadcast_to(np.array(weights), places.shape)
    summed = np.bincount(numbers.ravel(), of_places.ravel(), n * RESAMPLES)
    return summed.reshape(RESAMPLES, n).astype(np.float64, copy=False)


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
