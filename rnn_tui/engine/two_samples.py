"""Compare the figures of few seeds: permutation tests, Welch's interval, Holm's correction.

A permutation test asks how often a difference at least as large comes out if which figure is whose
is left to chance. It assumes no distribution, and says plainly what few seeds can't show: of n
pairs that all agree, p is 2 / 2^n at the least. SciPy is loaded on use.
"""

from collections.abc import Sequence
from typing import Any

from rnn_tui.engine.averages import deviation_of, mean_of
from rnn_tui.engine.intervals import Interval
from rnn_tui.engine.student import SHARE

# exact up to 13 pairs, of which there are 2^13 = 8,192 signs; above that, so many by chance
PERMUTATIONS = 9_999


def sign_flip_p(differences: Sequence[float]) -> float:
    """Return the two-sided p of a mean difference of pairs, under any sign of each of them.

    Args:
        differences: (n,) at least two finite numbers.
    """
    return _permutation_p([differences], "samples")


def exchange_p(first: Sequence[float], second: Sequence[float]) -> float:
    """Return the two-sided p of a difference of means, under any exchange of the figures.

    Args:
        first: (n,) at least two finite numbers.
        second: (m,) as many or others.
    """
    return _permutation_p([first, second], "independent")


def _permutation_p(samples: Sequence[Sequence[float]], kind: str) -> float:
    """Return the p of the mean of one sample, or of the difference of the means of two.

    All permutations are counted if they are at most `PERMUTATIONS`, else so many by chance, the
    same ones at each call.
    """
    import numpy as np  # on use only
    from scipy.stats import permutation_test

    # The size of a difference is compared, so that ties of both signs are ties.
    def size(first: Any, second: Any = None, *, axis: int) -> Any:
        difference = first.mean(axis=axis)
        if second is not None:
            difference = difference - second.mean(axis=axis)
        return np.abs(difference)

    tested = permutation_test(
        [np.array(sample, np.float64) for sample in samples],
        size,
        permutation_type=kind,
        alternative="greater",
        n_resamples=PERMUTATIONS,
        vectorized=True,
        rng=np.random.default_rng(0),
    )
    return float(tested.pvalue)


def welch_interval(first: Sequence[float], second: Sequence[float]) -> Interval:
    """Return the 95 % interval of the difference of two means of independent figures.

        mean₁ − mean₂ ± t √(v₁ + v₂),  v = sd² / n

    with t of (v₁ + v₂)² / (v₁² / (n₁ − 1) + v₂² / (n₂ − 1)) degrees of freedom (Welch, The
    Generalization of “Student's” Problem when Several Different Population Variances are Involved,
    Biometrika, 1947). Of figures that are equal in each of both it has no width.

    Args:
        first: (n₁,) at least two finite numbers.
        second: (n₂,) as many or others.
    """
    from scipy.special import stdtrit  # on use only

    if len(set(first)) == len(set(second)) == 1:
        return Interval(first[0] - second[0], first[0] - second[0])
    difference = mean_of(first) - mean_of(second)
    errors = [deviation_of(values) / len(values) ** 0.5 for values in (first, second)]
    error = (errors[0] ** 2 + errors[1] ** 2) ** 0.5
    # as shares of the error, whose fourth powers a float can hold
    shares = [(part / error) ** 4 for part in errors]
    freedom = 1 / (shares[0] / (len(first) - 1) + shares[1] / (len(second) - 1))
    reach = float(stdtrit(freedom, (1 + SHARE) / 2)) * error
    return Interval(difference - reach, difference + reach)


def holm(ps: Sequence[float]) -> list[float]:
    """Return p corrected for the number of comparisons, in their order.

    The smallest of m is multiplied by m, the next by m − 1 and so on, none is below the one before,
    and none above 1 (Holm, A Simple Sequentially Rejective Multiple Test Procedure, Scandinavian
    Journal of Statistics, 1979).
    """
    corrected = [0.0] * len(ps)
    largest = 0.0
    for rank, place in enumerate(sorted(range(len(ps)), key=ps.__getitem__)):
        largest = max(largest, min(1.0, (len(ps) - rank) * ps[place]))
        corrected[place] = largest
    return corrected
