"""The report's three conclusions on the adder, each held against the measured figures."""

import itertools
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from statistics import fmean
from typing import Any

from rnn_tui.engine.config import Variant
from rnn_tui.report.curves import AccuracyByLength
from rnn_tui.report.plan import DECIMALS
from rnn_tui.report.rows import RESAMPLES, Interval, Results, mean_interval
from rnn_tui.runs.words import NOTHING

SIZES, LOSSES, SHORT, LONG = (3, 5, 10), ("mse", "ce"), (1, 5), (16, 20)
FEWEST = 6  # seeds, for the reason that `BASIS` has
RULE = (
    f"A comparison in which at least {FEWEST} seeds differ counts for a conclusion if its whole "
    "95 % interval is above zero, "
    "and against it if all of it is below; any other is open; a conclusion is supported if every "
    "comparison counts for it, "
    "partly supported if only some do, and not supported if none does."
)
BASIS = (
    f"Why {FEWEST}: that five seeds all agree happens by chance in 1 of 16 cases, more than 5 %. "
    "With fewer seeds there is no "
    "verdict. Comparisons that are equal in every seed are left out.",
    "A difference is taken seed by seed, in percentage points; the table has its mean, and how "
    "many seeds are for the "
    "conclusion, against it, or equal. The interval is for the mean (bootstrap): as many seeds "
    "as there are, are drawn from "
    f"ours with replacement, {RESAMPLES:,} times, and the middle of the means of these draws is "
    "taken, more of it where seeds "
    "are few. It takes seeds as independent, and has the true mean in about 94 of 100 cases with "
    "20 seeds, in about 92 with "
    "6. It is not widened for the number of comparisons.",
)
COMPARED = ("compared", "points", "95 % interval", "for", "against", "equal", "says")
COMPARED_RIGHT = COMPARED[1:-1]  # figures, which end below each other
# by network, then by seed; empty for one that is not there
Figures = Mapping[Variant, Mapping[int, float]]


class Says(StrEnum):
    """What a comparison says of its conclusion."""

    FOR, AGAINST, OPEN, EQUAL, FEW = "for", "against", "open", "equal", "too few"


class Verdict(StrEnum):
    """What the comparisons say of a conclusion together."""

    SUPPORTED, PARTLY, NOT_SUPPORTED, NONE = (
        "supported",
        "partly supported",
        "not supported",
        "no verdict",
    )


@dataclass(frozen=True)
class Comparison:
    """A figure less another one, of which the conclusion says that it is above zero."""

    subject: str  #: what is taken from what.
    differences: Mapping[int, float]  #: points by seed that has both.
    #: the 95 % interval of their mean; None for fewer than `FEWEST` seeds.
    interval: Interval | None = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(
            self,
            "interval",
            mean_interval(tuple(self.differences.values())) if self.n >= FEWEST else None,
        )

    @property
    def n(self) -> int:
        """How many seeds have both figures."""
        return len(self.differences)

    @property
    def seeds(self) -> tuple[int, int, int]:
        """How many seeds are as claimed, the other way round, and equal."""
        counts = Counter((value > 0) - (value < 0) for value in self.differences.values())
        return counts[1], counts[-1], counts[0]

    @property
    def difference(self) -> float | None:
        """The mean over seeds, in points; None without any."""
        return fmean(self.differences.values()) if self.differences else None

    @property
    def says(self) -> Says:
        """What it says of the conclusion, by `RULE`."""
        if self.interval is None:
            return Says.FEW
        differ = self.n - self.seeds[2]
        if differ < FEWEST:
            return Says.OPEN if differ else Says.EQUAL
        return (
            Says.FOR
            if self.interval.low > 0
            else Says.AGAINST
            if self.interval.high < 0
            else Says.OPEN
        )

    @property
    def cells(self) -> tuple[str, ...]:
        """Its row of the table under `COMPARED`."""
        mean = NOTHING if self.difference is None else _signed(self.difference)
        interval = (
            NOTHING
            if self.interval is None
            else f"{_signed(self.interval.low)} … {_signed(self.interval.high)}"
        )
        return (self.subject, mean, interval, *map(str, self.seeds), self.says.value)

    def to_dict(self) -> dict[str, Any]:
        """A JSON-ready form."""
        return {
            "compared": self.subject,
            "mean_difference": self.difference,
            "interval_95": self.interval and [self.interval.low, self.interval.high],
            "seeds": self.n,
            **dict(zip(("seeds_for", "seeds_against", "seeds_equal"), self.seeds, strict=True)),
            "says": self.says.value,
        }


@dataclass(frozen=True)
class Clause:
    """A clause of a conclusion: what holds where it is right, and where it is not, in words."""

    holds: str
    fails: str
    comparisons: tuple[Comparison, ...]

    @property
    def told(self) -> str:
        """What its comparisons come to; empty where all are equal in every seed."""
        clear = [one.says for one in self.comparisons if one.says is not Says.EQUAL]
        right, wrong, n = clear.count(Says.FOR), clear.count(Says.AGAINST), len(clear)
        many = f" in {'all' if right == n else f'{right} of'} {n} comparisons" if n > 1 else ""
        text = f"{self.holds}{many}" if right else self.fails if n else ""
        where = f"in {wrong} of {n} " if n > 1 else ""
        return f"{text} ({where}it is reliably the other way round)" if wrong else text


@dataclass(frozen=True)
class Conclusion:
    """A conclusion in the report's words, what is measured for it, and its clauses."""

    claim: str
    measured: str
    clauses: tuple[Clause, ...]

    @property
    def comparisons(self) -> tuple[Comparison, ...]:
        """All that was compared."""
        return tuple(one for clause in self.clauses for one in clause.comparisons)

    @property
    def verdict(self) -> Verdict:
        """What the comparisons say together."""
        return verdict_of([one.says for one in self.comparisons])

    @property
    def sentence(self) -> str:
        """The verdict, in one sentence that is understood without the table."""
        if few := sum(one.says is Says.FEW for one in self.comparisons):
            return (
                f"No verdict yet: fewer than {FEWEST} seeds in {few} of {len(self.comparisons)} "
                "comparisons."
            )
        if self.verdict is Verdict.NONE:
            return "No verdict: all networks compared are equal in every seed."
        counts = sorted({one.n for one in self.comparisons})
        seeds = " to ".join(map(str, dict.fromkeys((counts[0], counts[-1]))))
        told = ", and ".join(filter(None, (clause.told for clause in self.clauses)))
        return f"{self.verdict.value.capitalize()}: with these {seeds} seeds {told}."

    def to_dict(self) -> dict[str, Any]:
        """A JSON-ready form."""
        return {
            "claim": self.claim,
            "verdict": self.verdict.value,
            "text": self.sentence,
            "measured": self.measured,
            "comparisons": [one.to_dict() for one in self.comparisons],
        }


def verdict_of(comparisons: Sequence[Says]) -> Verdict:
    """The verdict by `RULE`; none while a comparison has too few seeds, or where all are equal."""
    clear = [one for one in comparisons if one is not Says.EQUAL]
    if not clear or Says.FEW in clear:
        return Verdict.NONE
    right = clear.count(Says.FOR)
    return (
        Verdict.SUPPORTED
        if right == len(clear)
        else Verdict.PARTLY
        if right
        else Verdict.NOT_SUPPORTED
    )


def conclusions(
    results: Results, by_length: Sequence[AccuracyByLength] = ()
) -> tuple[Conclusion, ...]:
    """The conclusions on what is trained, one by `by_length`; none without the adder. Loads SciPy:
    not for a face's thread.
    """
    mine = {
        row.experiment.variant: row
        for row in results.rows
        if row.experiment.task == "adder" and row.experiment.variant
    }
    if not mine:
        return ()
    figures, falls = (
        defaultdict[Variant, dict[int, float]](dict),
        defaultdict[Variant, dict[int, float]](dict),
    )
    figures |= {
        variant: dict(zip(row.seeds, row.values, strict=True)) for variant, row in mine.items()
    }
    for one in by_length:
        if one.experiment.variant is not None:
            falls[one.experiment.variant] = _less(one.between(*SHORT), one.between(*LONG))
    return (_on_size(figures), _on_loss(figures), _on_length(falls))


def _on_size(figures: Figures) -> Conclusion:
    compared = tuple(_size_by_size("{0}, H {2} − H {1}", figures, larger_less_smaller=True))
    clause = Clause(
        "a larger state is reliably better", "a larger state is not reliably better", compared
    )
    measured = "Points: mean bit accuracy at the larger state less that at the smaller one."
    return Conclusion("A larger state gives higher bit accuracy.", measured, (clause,))


def _on_loss(figures: Figures) -> Conclusion:
    *small, large = (_less(*(figures[Variant(size, loss)] for loss in LOSSES)) for size in SIZES)
    mean = {
        seed: fmean(gap[seed] for gap in small)
        for seed in sorted(set.intersection(*map(set, small)))
    }
    subject = f"gap H {', '.join(map(str, SIZES[:-1]))} − H {SIZES[-1]}"
    better, better_not = (
        f"MSE is {word} better than CE at small states" for word in ("reliably", "not reliably")
    )
    at_small = tuple(
        Comparison(f"H {size}, mse − ce", gap) for size, gap in zip(SIZES, small, strict=False)
    )
    # of either sign, it is a gap that has not closed
    sign = -1 if large and fmean(large.values()) < 0 else 1
    closing = (
        Comparison(subject, _less(mean, {seed: sign * value for seed, value in large.items()})),
    )
    return Conclusion(
        "MSE beats CE at small states, and the gap closes as the state grows.",
        "Points: mean bit accuracy with mse less that with ce; then this gap at the small states "
        "(their mean) less the "
        "size of the gap at the largest.",
        (
            Clause(better, better_not, at_small),
            Clause("the gap reliably closes", "the gap does not reliably close", closing),
        ),
    )


def _on_length(falls: Figures) -> Conclusion:
    networks = (Variant(size, loss) for loss in LOSSES for size in SIZES)
    falling = tuple(Comparison(f"{one.label}, short − long", falls[one]) for one in networks)
    most = tuple(_size_by_size("{0}, fall H {1} − H {2}", falls, larger_less_smaller=False))
    return Conclusion(
        "Bit accuracy falls with length, most at small states.",
        f"Points: mean bit accuracy at {SHORT[0]}–{SHORT[1]} bits (short) less that at "
        f"{LONG[0]}–{LONG[1]} bits (long); "
        "then this fall at the smaller state less that at the larger one.",
        (
            Clause(
                "bit accuracy reliably falls with length",
                "bit accuracy does not reliably fall with length",
                falling,
            ),
            Clause(
                "it falls reliably more at the smaller state",
                "it does not fall reliably more at the smaller state",
                most,
            ),
        ),
    )


def _size_by_size(
    subject: str, figures: Figures, *, larger_less_smaller: bool
) -> Iterator[Comparison]:
    """From each size to the next, for each loss; `subject` gets loss, smaller and larger size."""
    for loss, sizes in itertools.product(LOSSES, itertools.pairwise(SIZES)):
        first, second = (
            figures[Variant(size, loss)] for size in sorted(sizes, reverse=larger_less_smaller)
        )
        yield Comparison(subject.format(loss, *sizes), _less(first, second))


def _signed(points: float) -> str:
    return f"{points:+.{DECIMALS}f}".replace("-", "−")


def _less(first: Mapping[int, float], second: Mapping[int, float]) -> dict[int, float]:
    """The first figure less the second, over the seeds that have both."""
    return {seed: first[seed] - second[seed] for seed in first if seed in second}
