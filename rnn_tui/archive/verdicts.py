"""The verdict on a difference of two figures over seeds: of runs, and for the claims of papers."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from rnn_tui.archive.words import NOTHING
from rnn_tui.engine.averages import mean_of
from rnn_tui.engine.intervals import Interval
from rnn_tui.engine.seed_means import SeedMean, majority
from rnn_tui.engine.tables import Column, chosen, document_of
from rnn_tui.engine.two_samples import welch_interval

# seeds: that five all agree happens by chance in 1 of 16 cases, more than 5 %
FEWEST = 6
DECIMALS = 2  # of differences in percentage points
# the largest figure that is compared: no sum, square or resample of such is beyond a float
LARGEST = 1e15


class ComparisonOutcome(StrEnum):
    """The result of a comparison for its conclusion."""

    FOR = "for"
    AGAINST = "against"
    OPEN = "open"
    EQUAL = "equal"
    FEW = "too few"


#: by the side of zero that a difference is reliably on.
OUTCOMES = {
    1: ComparisonOutcome.FOR,
    0: ComparisonOutcome.OPEN,
    -1: ComparisonOutcome.AGAINST,
}


class Verdict(StrEnum):
    """The verdict of all comparisons on a conclusion."""

    SUPPORTED = "supported"
    PARTLY = "partly supported"
    CONTRADICTED = "contradicted"
    OPEN = "open"


@dataclass(frozen=True)
class Comparison:
    """A difference of two figures, of which the conclusion says that it is above zero."""

    subject: str  #: which figure less which one.
    differences: Mapping[int, float]  #: points, by the seeds that have both.
    #: how many seeds are left out, since the formula has no number for them.
    undefined: int = field(default=0, kw_only=True)
    #: why their mean has no interval, in a sentence, such as that a figure's own mean has none;
    #: empty if it has one. What the differences themselves lack is found here.
    no_interval: str = field(default="", kw_only=True)
    #: the 95 % interval of their mean; None for fewer than `FEWEST` seeds, and with a reason.
    interval: Interval | None = field(init=False)

    def __post_init__(self) -> None:
        interval = None
        if self.n >= FEWEST and not self.no_interval:
            over_seeds = SeedMean(tuple(self.differences.values()))
            interval = over_seeds.interval
            object.__setattr__(self, "no_interval", over_seeds.reason)
        object.__setattr__(self, "interval", interval)

    @property
    def n(self) -> int:
        """The number of seeds that have both values."""
        return len(self.differences)

    @property
    def seeds(self) -> tuple[int, int, int] | None:
        """The numbers of seeds that support the claim, contradict it, and are equal.

        None for a comparison that no single seed has.
        """
        signs = Counter((value > 0) - (value < 0) for value in self.differences.values())
        return signs[1], signs[-1], signs[0]

    @property
    def _equal(self) -> int:
        """The number of seeds that speak neither for the claim nor against it."""
        return sum(value == 0 for value in self.differences.values())

    @property
    def difference(self) -> float | None:
        """The mean over seeds, in points; None without any."""
        return mean_of(tuple(self.differences.values())) if self.differences else None

    @property
    def outcome(self) -> ComparisonOutcome:
        """The result for the conclusion, by `RULE`."""
        if self.n < FEWEST:
            return ComparisonOutcome.FEW
        equal = self._equal
        if equal == self.n:
            return ComparisonOutcome.EQUAL
        if self.n - equal < FEWEST:
            return ComparisonOutcome.OPEN
        return OUTCOMES[self._side]

    @property
    def _side(self) -> int:
        """The side of zero that it is reliably on: 1 above, −1 below, 0 for none."""
        if self.interval is not None:
            return (self.interval.low > 0) - (self.interval.high < 0)
        above, below, _ = self.seeds or (0, 0, 0)
        return majority(above, below)

    @property
    def is_by_seeds(self) -> bool:
        """Whether the outcome rests on how many seeds are on a side, without an interval."""
        decided = self.outcome in (ComparisonOutcome.FOR, ComparisonOutcome.AGAINST)
        return decided and self.interval is None

    def to_dict(self) -> dict[str, Any]:
        """Return a JSON-ready form."""
        return document_of(self, COMPARISON_COLUMNS)


@dataclass(frozen=True)
class UnpairedComparison(Comparison):
    """A difference of two means whose seeds are not the same, so that no two figures belong
    together.

    `differences` are empty. The interval is Welch's; there is none where one of the two means has
    none.
    """

    first: tuple[float, ...]  #: the figures of one, of which more is better.
    second: tuple[float, ...]  #: those of the other.

    def __post_init__(self) -> None:
        interval = None
        if self.n >= FEWEST:
            reason = SeedMean(self.first).reason or SeedMean(self.second).reason
            interval = None if reason else welch_interval(self.first, self.second)
            object.__setattr__(self, "no_interval", reason)
        object.__setattr__(self, "interval", interval)

    @property
    def n(self) -> int:
        """The number of seeds of the one with fewer."""
        return min(len(self.first), len(self.second))

    @property
    def seeds(self) -> None:
        """None: no seed has both."""

    @property
    def _equal(self) -> int:
        return self.n if len({*self.first, *self.second}) == 1 else 0

    @property
    def difference(self) -> float | None:
        """The difference of the means; None without a seed of each."""
        return mean_of(self.first) - mean_of(self.second) if self.n else None


def _signed(points: float) -> str:
    return f"{points:+.{DECIMALS}f}".replace("-", "−")


def _difference(comparison: Comparison) -> str:
    return NOTHING if comparison.difference is None else _signed(comparison.difference)


def _interval(comparison: Comparison) -> str:
    interval = comparison.interval
    return NOTHING if interval is None else f"{_signed(interval.low)} … {_signed(interval.high)}"


def _outcome(comparison: Comparison) -> str:
    by_seeds = ", by seeds" if comparison.is_by_seeds else ""
    return comparison.outcome.value + by_seeds


def _seeds_column(key: str, name: str, place: int) -> Column[Comparison]:
    """Return the column of one of the numbers of `Comparison.seeds`."""

    def count(comparison: Comparison) -> int | None:
        return None if comparison.seeds is None else comparison.seeds[place]

    def text(comparison: Comparison) -> str:
        return NOTHING if comparison.seeds is None else str(comparison.seeds[place])

    return Column(key, count, text, name=name, right=True)


#: the fields of a comparison's document.
COMPARISON_COLUMNS: tuple[Column[Comparison], ...] = (
    Column("compared", lambda comparison: comparison.subject),  #: what is compared, in words.
    #: mean over seeds of the first figure minus the second, in percentage points.
    Column(
        "mean_difference",
        lambda comparison: comparison.difference,
        _difference,
        name="points",
        right=True,
    ),
    #: its 95 % interval over seeds, lower and upper end; null if there is none.
    Column(
        "interval_95",
        lambda comparison: comparison.interval and comparison.interval.ends,
        _interval,
        name="95 % interval",
        right=True,
    ),
    #: why there is none, in a sentence; null with an interval, and with too few seeds.
    Column("no_interval", lambda comparison: comparison.no_interval or None),
    Column("seeds", lambda comparison: comparison.n),  #: number of seeds that have both.
    _seeds_column("seeds_for", "for", 0),  #: number of seeds that agree with the claim.
    _seeds_column("seeds_against", "against", 1),  #: number of seeds that contradict it.
    _seeds_column("seeds_equal", "equal", 2),  #: number of seeds with equal figures.
    #: number of seeds left out, as the formula has no number for them.
    Column("seeds_without_number", lambda comparison: comparison.undefined),
    #: `for`, `against`, `open`, `equal` or `too few`, by `rule`.
    Column("says", lambda comparison: comparison.outcome.value, _outcome, name="verdict"),
)
#: those that tables show.
COMPARED = chosen(
    COMPARISON_COLUMNS,
    (
        "compared",
        "mean_difference",
        "interval_95",
        "seeds_for",
        "seeds_against",
        "seeds_equal",
        "says",
    ),
)


def verdict_of(outcomes: Sequence[ComparisonOutcome]) -> Verdict:
    """Return the verdict by `RULE`.

    It is open while a comparison has too few seeds, and if all are equal.
    """
    clear = [outcome for outcome in outcomes if outcome is not ComparisonOutcome.EQUAL]
    if not clear or ComparisonOutcome.FEW in clear:
        return Verdict.OPEN
    right = clear.count(ComparisonOutcome.FOR)
    if right == len(clear):
        return Verdict.SUPPORTED
    if right:
        return Verdict.PARTLY
    return Verdict.CONTRADICTED if ComparisonOutcome.AGAINST in clear else Verdict.OPEN
