"""The mean of a figure over seeds, with an interval where seeds are enough to know one.

Networks that solve a task or fail it have figures around two peaks, and their mean depends on how
often either happens. Of 20 seeds of which none or one solves the task, this is nearly unknown: an
interval from their figures says how far the common ones lie apart. Where 1 in 20 networks solves
its task, such intervals have the true mean in two of three cases, not in 95 of 100. There, what is
known is a share: how many seeds have solved it, with Wilson's interval.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from math import comb, isfinite

from rnn_tui.engine.averages import mean_of
from rnn_tui.engine.intervals import Interval, mean_interval, share_interval
from rnn_tui.engine.student import SHARE

#: seeds on each side of a threshold without which a mean has no interval.
FEWEST_A_SIDE = 3
#: seeds of which some may have the very same figure; of fewer, two alike say nothing.
FEWEST_ALIKE = 6

#: what the interval assumes, and what it is worth; a test simulates it.
ASSUMED = (
    "It assumes that seeds are independent, and that figures lie around one peak, or that at least "
    f"{FEWEST_A_SIDE} seeds are at either of two. In simulations with 6 to 20 seeds it then has "
    "the true mean in 95 of 100 cases around one peak, in 88 to 93 where figures pile up below "
    "100 %, and in 94 to 100 around two."
)


@dataclass(frozen=True)
class Solved:
    """How many seeds reach a threshold."""

    count: int  #: how many reach it.
    n: int  #: of how many; at least 1.

    @property
    def share(self) -> float:
        """The share, between 0 and 1."""
        return self.count / self.n

    @property
    def interval(self) -> Interval:
        """Wilson's 95 % interval of the share that all seeds would have, between 0 and 1."""
        return share_interval(self.share, self.n)

    @property
    def of_100(self) -> str:
        """That interval in whole percent, such as `1 … 24 %`."""
        return f"{100 * self.interval.low:.0f} … {100 * self.interval.high:.0f} %"

    @property
    def in_words(self) -> str:
        """Count and interval, such as `1 of 20 (1 … 24 %)`."""
        return f"{self.count} of {self.n} ({self.of_100})"


def solved_share(values: Sequence[float], threshold: float) -> Solved:
    """Count the figures that are at least `threshold`.

    Args:
        values: (seeds,) at least one.
        threshold: in the unit of the values.
    """
    return Solved(sum(value >= threshold for value in values), len(values))


@dataclass(frozen=True)
class SeedMean:
    """The mean of figures over seeds, and what is known of it."""

    values: tuple[float, ...]  #: one for each seed; at least one.
    #: the figure from which on a network has solved its task; None if there is no such figure.
    threshold: float | None = None
    #: why the mean has no interval, in a sentence; empty if it has one.
    reason: str = field(init=False)
    #: the 95 % interval of the mean over all seeds that could be drawn; None with a reason.
    interval: Interval | None = field(init=False)

    def __post_init__(self) -> None:
        reason = self._reason()
        object.__setattr__(self, "reason", reason)
        object.__setattr__(self, "interval", None if reason else mean_interval(self.values))

    @property
    def mean(self) -> float:
        """The arithmetic mean."""
        return mean_of(self.values)

    @property
    def solved(self) -> Solved | None:
        """How many seeds have solved their task; None without a threshold."""
        return None if self.threshold is None else solved_share(self.values, self.threshold)

    @property
    def failed_mean(self) -> float | None:
        """The mean of the seeds below the threshold; None without any."""
        return self._mean_of_side(solved=False)

    @property
    def solved_mean(self) -> float | None:
        """The mean of the seeds that have solved their task; None without any."""
        return self._mean_of_side(solved=True)

    def _mean_of_side(self, *, solved: bool) -> float | None:
        if self.threshold is None:
            return None
        side = tuple(value for value in self.values if (value >= self.threshold) == solved)
        return mean_of(side) if side else None

    def _reason(self) -> str:
        """Return why the mean has no interval; empty if it has one."""
        n = len(self.values)
        if n < 2:
            return "One seed has no interval."
        if not all(map(isfinite, self.values)):
            return "The figure of some seeds is no number."
        solved = self.solved
        if solved is not None and min(solved.count, n - solved.count) < FEWEST_A_SIDE:
            number = _number(solved.count, n)
            return (
                f"{number} from {self.threshold:g} on. The mean depends on how often that "
                f"happens, and {solved.of_100} is all that is known of it."
            )
        _, alike = Counter(self.values).most_common(1)[0]
        if alike == n:
            return f"All {n} seeds have the same figure."
        if n >= FEWEST_ALIKE and n - alike < FEWEST_A_SIDE:
            return f"{alike} of {n} seeds have the same figure, and the others are too few."
        return ""


def _number(count: int, n: int) -> str:
    """Say how many of n seeds are, such as `1 of 20 seeds is`."""
    if count == 0:
        return f"None of {n} seeds is"
    if count == n:
        return f"All {n} seeds are"
    return f"{count} of {n} seeds {'is' if count == 1 else 'are'}"


def majority(above: int, below: int) -> int:
    """Return on which side more seeds are than chance would put there, by the sign test.

    If a seed is on either side with probability 1/2, as many of n = above + below seeds or more
    are on one of them with probability

        2 Σ C(n, k) / 2ⁿ, k = 0 … min(above, below)

    (two-sided, exact; Conover, Practical Nonparametric Statistics, 1999, section 3.4). Six of six
    are enough, and 15 of 20. It says nothing of means.

    Args:
        above: how many seeds are on one side.
        below: how many are on the other; those on none are left out.

    Returns:
        1 for `above`, −1 for `below`, 0 where chance may have done it.
    """
    n = above + below
    chance = 2 * sum(comb(n, k) for k in range(min(above, below) + 1)) / 2**n
    if chance > 1 - SHARE:
        return 0
    return 1 if above > below else -1
