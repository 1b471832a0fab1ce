"""What the best of several networks says: where it would lie, and how it exceeds the mean.

Papers often print the best of n networks alone. From the figures of our seeds it follows which best
n such networks would have, by their empirical distribution: with F(x) the share of our figures that
are at most x, the largest of n independent draws is at most x with probability

    F(x)^n

so that nothing has to be drawn (David & Nagaraja, Order Statistics, 2003, section 2.1). For scores
of networks, Dodge et al. use the same distribution (Show Your Work, EMNLP 2019, arXiv 1909.03004).

It can't reach above our own best, and that is its fault: see `chance_above`. The largest is the
best throughout; where the smallest is, give the negative values.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from typing import TYPE_CHECKING, TypeAlias

from rnn_tui.engine.intervals import (
    MOST_REMEMBERED,
    Interval,
    ends_of_draws,
)
from rnn_tui.engine.student import SHARE

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    Floats: TypeAlias = npt.NDArray[np.float64]

BEST = (
    "Best of n, 95 %: the interval in which the best of n networks would lie in 95 of 100 cases if "
    "they were drawn from ours with replacement (the largest of n draws is at most x with "
    "probability F(x)^n). It ends at our own best at the latest, since no draw can be better. So "
    "“above” is no proof that the published networks were others: the best of n networks just like "
    "ours lies above the best of our s with a probability of up to n / (n + s), which is one third "
    "for a best of 10 beside 20 seeds. “Below” is stronger."
)


def best_interval(values: Sequence[float], n: int, share: float = SHARE) -> Interval:
    """Return the middle interval in which the best of n draws from `values` lies.

    Its ends are figures of ours: the smallest x with F(x)^n at least (1 − share) / 2, and the
    smallest with F(x)^n at least (1 + share) / 2.

    Args:
        values: (seeds,) at least one, in any order.
        n: of how many networks the best is; at least 1.
        share: of the cases that it covers.
    """
    ordered = sorted(values)
    low = _best_quantile(ordered, n, (1 - share) / 2)
    high = _best_quantile(ordered, n, (1 + share) / 2)
    return Interval(low, high)


def _best_quantile(ordered: Sequence[float], n: int, probability: float) -> float:
    """Return the smallest of the ascending figures with F(x)^n at least `probability`."""
    seeds = len(ordered)
    for rank, value in enumerate(ordered, 1):
        if (rank / seeds) ** n >= probability:
            return value
    return ordered[-1]


def expected_best(values: Sequence[float], n: int) -> float:
    """Return the mean of the best of n draws from `values`.

    With the figures x₁ ≤ … ≤ xₛ it is

        Σ xₖ ((k / s)ⁿ − ((k − 1) / s)ⁿ)

    It is too low for the best of n new networks, since these may exceed our best (Tang et al.,
    Showing Your Work Doesn't Always Work, ACL 2020, arXiv 2004.13705).

    Args:
        values: (seeds,) at least one, in any order.
        n: of how many networks the best is; at least 1.
    """
    ordered = sorted(values)
    chances = _chances(len(ordered), n)
    best = sum(value * chance for value, chance in zip(ordered, chances, strict=True))
    # Rounding must not lead out of the figures.
    return min(max(best, ordered[0]), ordered[-1])


@lru_cache
def _chances(seeds: int, n: int) -> tuple[float, ...]:
    """Return the probability of each rank, the lowest first, to be the best of n draws; sum 1."""
    up_to = [(rank / seeds) ** n for rank in range(seeds + 1)]
    return tuple(high - low for low, high in pairwise(up_to))


def chance_above(seeds: int, n: int) -> float:
    """Return how probably the best of n networks like ours exceeds the best of all our seeds.

        n / (n + seeds)

    Each of these networks is the best of all with the same probability. With equal figures it is
    less (Gumbel & von Schelling, The Distribution of the Number of Exceedances, Annals of
    Mathematical Statistics, 1950). Resampling takes it for 0.
    """
    return n / (n + seeds)


@dataclass(frozen=True)
class BestLessMean:
    """By how much the best of n exceeds the mean."""

    difference: float  #: `expected_best` less the mean; never below zero.
    interval: Interval  #: the 95 % bootstrap interval of it, over seeds.


@lru_cache(MOST_REMEMBERED)
def best_less_mean(values: tuple[float, ...], n: int) -> BestLessMean:
    """Return the expected best of n draws less the mean, with its 95 % bootstrap interval.

    As many seeds as there are, are drawn with replacement, as for `mean_interval`, and the
    difference is computed for each of these samples. The same values have the same interval.

    The lower end can be trusted, the upper end is too low, since the best that none of our seeds
    shows is in no sample. With 20 seeds and n = 10, the true difference lay below the interval in
    at most 1 of 100 simulated cases, and above it in 22 to 46 where figures lie around one peak or
    1 of 20 networks is far better. The first call loads SciPy: not for the thread of a face.

    Args:
        values: (seeds,) at least one, in any order.
        n: of how many networks the best is; at least 1.
    """
    if min(values) == max(values):
        return BestLessMean(0.0, Interval(0.0, 0.0))
    import numpy as np  # on use only

    ordered = np.sort(np.array(values))
    difference = float(ordered @ _best_less_mean_weights(len(values), n))
    low, high = best_less_mean_intervals(ordered[None], n)[0]
    return BestLessMean(max(difference, 0.0), Interval(float(low), float(high)))


def best_less_mean_intervals(ordered: "Floats", n: int) -> "Floats":
    """Return the intervals of many samples at once, as `best_less_mean` has them.

    Args:
        ordered: (samples, seeds) of two ascending values or more each.
        n: of how many networks the best is; at least 1.

    Returns:
        (samples, 2) the lower and the upper ends.
    """
    weights = _best_less_mean_weights(ordered.shape[1], n)
    return ends_of_draws(ordered, weights).clip(min=0.0)


def _best_less_mean_weights(seeds: int, n: int) -> tuple[float, ...]:
    """Return the weights of ascending figures whose sum is the expected best less the mean."""
    return tuple(chance - 1 / seeds for chance in _chances(seeds, n))
