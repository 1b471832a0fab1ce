"""The report's three conclusions on the adder, each compared with the measured figures."""

import itertools
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from statistics import fmean
from typing import Any

from rnn_tui.engine.config import Variant
from rnn_tui.report.curves import AccuracyByLength
from rnn_tui.report.intervals import RESAMPLES, Interval, mean_interval
from rnn_tui.report.plan import DECIMALS, REPORT_PRESET
from rnn_tui.report.rows import Results
from rnn_tui.runs.words import NOTHING

SIZES = (3, 5, 10)  # sizes of the state
LOSSES = ("mse", "ce")
SHORT = (1, 5)  # bits, from … to
LONG = (16, 20)
FEWEST = 6  # seeds, for the reason that `BASIS` has
RULE = (
    f"A comparison in which at least {FEWEST} seeds differ counts for a conclusion if its whole "
    "95 % interval is above zero, and against it if all of it is below; any other is open. A "
    "conclusion is supported if every comparison counts for it, partly supported if only some do, "
    "contradicted if none does and some count against it, and open if no comparison decides."
)
BASIS = (
    f"Why {FEWEST}: that five seeds all agree happens by chance in 1 of 16 cases, more than 5 %. "
    "With fewer seeds there is no verdict. Comparisons that are equal in every seed are left out.",
    "A difference is taken seed by seed, in percentage points; the table has its mean, and how "
    "many seeds are for the conclusion, against it, or equal. The interval is for the mean "
    "(bootstrap): as many seeds as there are, are drawn from ours with replacement, "
    f"{RESAMPLES:,} times, and the middle of the means of these draws is taken, more of it where "
    "seeds are few. It assumes that seeds are independent, and has the true mean in about 94 of "
    "100 cases with 20 seeds, in about 92 with 6. It is not widened for the number of comparisons.",
)
COMPARED = ("compared", "points", "95 % interval", "for", "against", "equal", "verdict")
COMPARED_RIGHT_ALIGNED = COMPARED[1:-1]  # columns of figures
# Points by network, then by seed; empty for a network that is not there.
PointsByNetwork = Mapping[Variant, Mapping[int, float]]


class ComparisonOutcome(StrEnum):
    """The result of a comparison for its conclusion."""

    FOR = "for"
    AGAINST = "against"
    OPEN = "open"
    EQUAL = "equal"
    FEW = "too few"


class Verdict(StrEnum):
    """The verdict of all comparisons on a conclusion."""

    SUPPORTED = "supported"
    PARTLY = "partly supported"
    CONTRADICTED = "contradicted"
    OPEN = "open"
    NONE = "no verdict"


@dataclass(frozen=True)
class Comparison:
    """A difference of two figures, of which the conclusion says that it is above zero."""

    subject: str  #: which figure less which one.
    differences: Mapping[int, float]  #: points, by the seeds that have both.
    #: the 95 % interval of their mean; None for fewer than `FEWEST` seeds.
    interval: Interval | None = field(init=False)

    def __post_init__(self) -> None:
        interval = None
        if self.n >= FEWEST:
            interval = mean_interval(tuple(self.differences.values()))
        object.__setattr__(self, "interval", interval)

    @property
    def n(self) -> int:
        """The number of seeds that have both values."""
        return len(self.differences)

    @property
    def seeds(self) -> tuple[int, int, int]:
        """The numbers of seeds that support the claim, contradict it, and are equal."""
        signs = Counter((value > 0) - (value < 0) for value in self.differences.values())
        return signs[1], signs[-1], signs[0]

    @property
    def difference(self) -> float | None:
        """The mean over seeds, in points; None without any."""
        return fmean(self.differences.values()) if self.differences else None

    @property
    def outcome(self) -> ComparisonOutcome:
        """The result for the conclusion, by `RULE`."""
        if self.interval is None:
            return ComparisonOutcome.FEW
        _, _, equal = self.seeds
        if equal == self.n:
            return ComparisonOutcome.EQUAL
        if self.n - equal < FEWEST:
            return ComparisonOutcome.OPEN
        if self.interval.low > 0:
            return ComparisonOutcome.FOR
        if self.interval.high < 0:
            return ComparisonOutcome.AGAINST
        return ComparisonOutcome.OPEN

    @property
    def cells(self) -> tuple[str, ...]:
        """The comparison's row of the table under `COMPARED`."""
        mean = NOTHING if self.difference is None else _signed(self.difference)
        interval = NOTHING
        if self.interval is not None:
            interval = f"{_signed(self.interval.low)} … {_signed(self.interval.high)}"
        return (self.subject, mean, interval, *map(str, self.seeds), self.outcome.value)

    def to_dict(self) -> dict[str, Any]:
        """Return a JSON-ready form."""
        seeds_for, seeds_against, seeds_equal = self.seeds
        return {
            "compared": self.subject,
            "mean_difference": self.difference,
            "interval_95": self.interval and [self.interval.low, self.interval.high],
            "seeds": self.n,
            "seeds_for": seeds_for,
            "seeds_against": seeds_against,
            "seeds_equal": seeds_equal,
            "says": self.outcome.value,
        }


@dataclass(frozen=True)
class Clause:
    """A clause of a conclusion with the comparisons that it rests on."""

    holds: str  #: what is measured if it is right, in words.
    opposite: str  #: what is measured if the reverse is right.
    question: str  #: what is open if no comparison decides, beginning with “whether”.
    comparisons: tuple[Comparison, ...]

    @property
    def clear_outcomes(self) -> list[ComparisonOutcome]:
        """The outcomes of its comparisons, except those that are equal in every seed."""
        outcomes = [comparison.outcome for comparison in self.comparisons]
        return [outcome for outcome in outcomes if outcome is not ComparisonOutcome.EQUAL]

    @property
    def summary(self) -> str:
        """The result of its comparisons in words; empty if all are equal in every seed."""
        outcomes = self.clear_outcomes
        if not outcomes:
            return ""
        right = outcomes.count(ComparisonOutcome.FOR)
        wrong = outcomes.count(ComparisonOutcome.AGAINST)
        if not right and not wrong:
            return f"{self.question} is open"
        if not right:
            return self.opposite + _in_how_many(wrong, len(outcomes))
        text = self.holds + _in_how_many(right, len(outcomes))
        if wrong:
            text += f" (in {wrong} of {len(outcomes)} it is reliably the other way round)"
        return text


@dataclass(frozen=True)
class Conclusion:
    """A conclusion of the report, and what is measured for it."""

    claim: str  #: in the report's words.
    measured: str  #: which points are compared, in a sentence.
    clauses: tuple[Clause, ...]
    preset: str = REPORT_PRESET  #: with which the networks were trained.

    @property
    def comparisons(self) -> tuple[Comparison, ...]:
        """The comparisons of all clauses."""
        return tuple(comparison for clause in self.clauses for comparison in clause.comparisons)

    @property
    def verdict(self) -> Verdict:
        """The verdict of all comparisons."""
        return verdict_of([comparison.outcome for comparison in self.comparisons])

    @property
    def sentence(self) -> str:
        """The verdict, in one sentence that is understood without the table."""
        comparisons = self.comparisons
        too_few = sum(comparison.outcome is ComparisonOutcome.FEW for comparison in comparisons)
        if too_few:
            return (
                f"No verdict yet: fewer than {FEWEST} seeds in {too_few} of {len(comparisons)} "
                "comparisons."
            )
        if self.verdict is Verdict.NONE:
            return "No verdict: all networks compared are equal in every seed."
        fewest = min(comparison.n for comparison in comparisons)
        most = max(comparison.n for comparison in comparisons)
        seeds = str(most) if fewest == most else f"{fewest} to {most}"
        verdict = self.verdict.value.capitalize()
        clauses = [clause for clause in self.clauses if clause.clear_outcomes]
        if self.verdict is Verdict.OPEN:
            questions = ", nor ".join(clause.question for clause in clauses)
            return f"{verdict}: {seeds} seeds{self._recipe} do not decide {questions}."
        summaries = ", and ".join(clause.summary for clause in clauses)
        return f"{verdict}: with these {seeds} seeds{self._recipe} {summaries}."

    @property
    def _recipe(self) -> str:
        """The preset in words, unless it is the report's own."""
        return "" if self.preset == REPORT_PRESET else f" and preset {self.preset}"

    def to_dict(self) -> dict[str, Any]:
        """Return a JSON-ready form."""
        return {
            "claim": self.claim,
            "verdict": self.verdict.value,
            "text": self.sentence,
            "measured": self.measured,
            "comparisons": [comparison.to_dict() for comparison in self.comparisons],
        }


def verdict_of(outcomes: Sequence[ComparisonOutcome]) -> Verdict:
    """Return the verdict by `RULE`.

    There is none while a comparison has too few seeds, or if all are equal.
    """
    clear = [outcome for outcome in outcomes if outcome is not ComparisonOutcome.EQUAL]
    if not clear or ComparisonOutcome.FEW in clear:
        return Verdict.NONE
    right = clear.count(ComparisonOutcome.FOR)
    if right == len(clear):
        return Verdict.SUPPORTED
    if right:
        return Verdict.PARTLY
    return Verdict.CONTRADICTED if ComparisonOutcome.AGAINST in clear else Verdict.OPEN


def conclusions(
    results: Results, by_length: Sequence[AccuracyByLength] = ()
) -> tuple[Conclusion, ...]:
    """Return the conclusions on what is trained; none without the adder.

    Loads SciPy: not for the thread of a face.

    Args:
        results: the table.
        by_length: the adders' accuracy at each length, on which one conclusion rests.
    """
    accuracies = defaultdict[Variant, dict[int, float]](dict)
    for row in results.rows:
        if row.experiment.task == "adder" and row.experiment.variant is not None:
            accuracies[row.experiment.variant] = dict(zip(row.seeds, row.values, strict=True))
    if not accuracies:
        return ()
    falls = defaultdict[Variant, dict[int, float]](dict)
    for accuracy in by_length:
        variant = accuracy.experiment.variant
        if variant is not None:
            falls[variant] = _less(accuracy.between(*SHORT), accuracy.between(*LONG))
    of_report = (_on_size(accuracies), _on_loss(accuracies), _on_length(falls))
    preset = results.plan.preset
    return tuple(replace(conclusion, preset=preset) for conclusion in of_report)


def _on_size(accuracies: PointsByNetwork) -> Conclusion:
    compared = tuple(
        Comparison(
            f"{loss}, H {larger} − H {smaller}",
            _less(accuracies[Variant(larger, loss)], accuracies[Variant(smaller, loss)]),
        )
        for loss, smaller, larger in _neighbouring_sizes()
    )
    clause = Clause(
        "a larger state is reliably better",
        "a larger state is reliably worse",
        "whether a larger state is better",
        compared,
    )
    return Conclusion(
        "A larger state gives higher bit accuracy.",
        "Difference in percentage points: mean bit accuracy of the larger state minus that of the "
        "smaller one.",
        (clause,),
    )


def _on_loss(accuracies: PointsByNetwork) -> Conclusion:
    gaps = {
        size: _less(accuracies[Variant(size, "mse")], accuracies[Variant(size, "ce")])
        for size in SIZES
    }
    small_sizes = SIZES[:-1]
    largest = SIZES[-1]
    at_small = tuple(Comparison(f"H {size}, mse − ce", gaps[size]) for size in small_sizes)
    subject = f"gap H {', '.join(map(str, small_sizes))} − H {largest}"
    closing = Comparison(subject, _closing(gaps))
    return Conclusion(
        "MSE beats CE at small states, and the gap closes as the state grows.",
        "Difference in percentage points: mean bit accuracy with mse minus that with ce; then the "
        "mean of this gap at the small states minus the size of the gap at the largest.",
        (
            Clause(
                "MSE is reliably better than CE at small states",
                "MSE is reliably worse than CE at small states",
                "whether MSE is better than CE at small states",
                at_small,
            ),
            Clause(
                "the gap reliably closes",
                "the gap reliably widens",
                "whether the gap closes",
                (closing,),
            ),
        ),
    )


def _closing(gaps: Mapping[int, Mapping[int, float]]) -> dict[int, float]:
    """Return by seed the mean gap at small states less the size of the gap at the largest one.

    If the latter is below zero on average, its sign is changed: a gap of either sign has not
    closed.

    Args:
        gaps: by size of the state, then by seed.
    """
    small = [gaps[size] for size in SIZES[:-1]]
    common_seeds = set(small[0]).intersection(*small[1:])
    mean_gap: dict[int, float] = {}
    for seed in sorted(common_seeds):
        mean_gap[seed] = fmean(gap[seed] for gap in small)
    at_largest = gaps[SIZES[-1]]
    if at_largest and fmean(at_largest.values()) < 0:
        at_largest = {seed: -gap for seed, gap in at_largest.items()}
    return _less(mean_gap, at_largest)


def _on_length(falls: PointsByNetwork) -> Conclusion:
    """`falls` are accuracies of short numbers less those of long ones."""
    variants = [Variant(size, loss) for loss in LOSSES for size in SIZES]
    falling = tuple(
        Comparison(f"{variant.label}, short − long", falls[variant]) for variant in variants
    )
    more_at_smaller = tuple(
        Comparison(
            f"{loss}, fall H {smaller} − H {larger}",
            _less(falls[Variant(smaller, loss)], falls[Variant(larger, loss)]),
        )
        for loss, smaller, larger in _neighbouring_sizes()
    )
    return Conclusion(
        "Bit accuracy falls with length, most at small states.",
        f"Difference in percentage points: mean bit accuracy at {SHORT[0]}–{SHORT[1]} bits (short) "
        f"minus that at {LONG[0]}–{LONG[1]} bits (long); then this fall at the smaller state minus "
        "that at the larger one.",
        (
            Clause(
                "bit accuracy reliably falls with length",
                "bit accuracy reliably rises with length",
                "whether bit accuracy falls with length",
                falling,
            ),
            Clause(
                "it falls reliably more at the smaller state",
                "it falls reliably less at the smaller state",
                "whether it falls more at the smaller state",
                more_at_smaller,
            ),
        ),
    )


def _neighbouring_sizes() -> Iterator[tuple[str, int, int]]:
    """Yield each loss with each size and the next larger one."""
    for loss in LOSSES:
        for smaller, larger in itertools.pairwise(SIZES):
            yield loss, smaller, larger


def _in_how_many(count: int, comparisons: int) -> str:
    """Say in how many comparisons something holds; empty if there is only one."""
    if comparisons == 1:
        return ""
    share = "all" if count == comparisons else f"{count} of"
    return f" in {share} {comparisons} comparisons"


def _signed(points: float) -> str:
    return f"{points:+.{DECIMALS}f}".replace("-", "−")


def _less(first: Mapping[int, float], second: Mapping[int, float]) -> dict[int, float]:
    """Return the first figure less the second, over the seeds that have both."""
    return {seed: first[seed] - second[seed] for seed in first if seed in second}
