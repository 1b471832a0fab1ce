"""What is measured for the claims of a paper: comparisons, and a verdict on each claim."""

from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass
from typing import Any

from rnn_tui.archive.verdicts import (
    FEWEST,
    LARGEST,
    Comparison,
    ComparisonOutcome,
    Verdict,
    verdict_of,
)
from rnn_tui.engine.counts import count_of
from rnn_tui.engine.intervals import RESAMPLES, Interval
from rnn_tui.engine.seed_means import ASSUMED, FEWEST_A_SIDE
from rnn_tui.papers.best import best_less_mean
from rnn_tui.papers.curves import AccuracyByLength
from rnn_tui.papers.expression import ExperimentFigures
from rnn_tui.papers.paper import Claim, PaperComparison
from rnn_tui.papers.rows import Results

RULE = (
    f"A comparison in which at least {FEWEST} seeds differ counts for a conclusion if its whole "
    "95 % interval is above zero, and against it if all of it is below; any other is open, but "
    "where a mean has no interval, it counts if more seeds are on one side than by chance in 95 of "
    "100 cases (sign test: 6 of 6, 15 of 20). A "
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
    f"seeds are few. {ASSUMED} It is not widened for the number of comparisons.",
    f"Where fewer than {FEWEST_A_SIDE} seeds of a network are on one side of what counts as "
    "solved, its mean, and differences from it, have no interval: how often such a seed comes is "
    "nearly unknown, and the mean depends on it. The sign test is exact there. It says on which "
    "side most seeds are, and nothing of the mean.",
)


@dataclass(frozen=True)
class BestComparison(Comparison):
    """By how much the expected best of several seeds exceeds the mean, perhaps less a number.

    `differences` are the figures of the seeds, as no seed alone has a best.
    """

    count: int  #: of how many seeds the best is.
    less: float  #: what is taken from the difference.

    def __post_init__(self) -> None:
        interval = None
        if self.n >= FEWEST:
            found = best_less_mean(tuple(self.differences.values()), self.count)
            interval = Interval(found.interval.low - self.less, found.interval.high - self.less)
        object.__setattr__(self, "interval", interval)

    @property
    def seeds(self) -> None:
        """None: no single seed has a best."""

    @property
    def _equal(self) -> int:
        is_equal = self.interval == Interval(0.0, 0.0)
        return self.n if is_equal else 0

    @property
    def difference(self) -> float | None:
        """The difference, in points; None without any seed."""
        if not self.differences:
            return None
        return best_less_mean(tuple(self.differences.values()), self.count).difference - self.less


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
    """A claim of a paper, and what is measured for it."""

    claim: str  #: in the paper's words.
    measured: str  #: which points are compared, in a sentence.
    clauses: tuple[Clause, ...]
    preset: str = ""  #: with which the networks were trained; empty for the paper's own.

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
        if all(comparison.outcome is ComparisonOutcome.EQUAL for comparison in comparisons):
            return "Open: all networks compared are equal in every seed."
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
        """The preset in words, unless it is the paper's own."""
        return f" and preset {self.preset}" if self.preset else ""

    def to_dict(self) -> dict[str, Any]:
        """Return a JSON-ready form."""
        return {
            "claim": self.claim,  #: the claim.
            #: `supported`, `partly supported`, `contradicted` or `open`, by `rule`.
            "verdict": self.verdict.value,
            "text": self.sentence,  #: in words.
            "measured": self.measured,  #: the figures behind the claim, in a sentence.
            #: the comparisons behind the verdict.
            "comparisons": [comparison.to_dict() for comparison in self.comparisons],
        }


def conclusions(
    results: Results, by_length: Sequence[AccuracyByLength] = ()
) -> tuple[Conclusion, ...]:
    """Return what is measured for the paper's claims; none for those on other experiments.

    Loads SciPy: not for the thread of a face.

    Args:
        results: the table.
        by_length: the accuracy at each length of experiments on which a claim rests.
    """
    plan = results.plan
    figures = ExperimentFigures(
        {row.experiment.key: dict(zip(row.seeds, row.values, strict=True)) for row in results.rows},
        {accuracy.experiment.key: accuracy.values for accuracy in by_length},
    )
    chosen = {experiment.key for experiment in plan.experiments}
    preset = "" if plan.recipe.own else plan.preset
    no_intervals = {
        row.experiment.key: f"{row.experiment.label}: {row.no_interval}"
        for row in results.rows
        if row.no_interval and row.threshold is not None
    }
    judged = (_judged(claim, chosen, figures, no_intervals, preset) for claim in plan.paper.claims)
    return tuple(conclusion for conclusion in judged if conclusion.clauses)


def _judged(
    claim: Claim,
    chosen: Set[str],
    figures: ExperimentFigures,
    no_intervals: Mapping[str, str],
    preset: str,
) -> Conclusion:
    """Return what is measured for a claim, by the comparisons of chosen experiments.

    Args:
        claim: of the paper.
        chosen: the keys of the experiments of the plan.
        figures: those of each of their seeds.
        no_intervals: why the mean of an experiment has no interval, by its key.
        preset: with which they were trained; empty for the paper's own.
    """
    clauses = []
    left_out = 0
    for clause in claim.clauses:
        comparisons = [
            _compared(comparison, figures, no_intervals)
            for comparison in clause.comparisons
            if chosen >= set(comparison.expression.keys.values())
        ]
        left_out += len(clause.comparisons) - len(comparisons)
        if comparisons:
            clauses.append(
                Clause(clause.holds, clause.opposite, clause.question, tuple(comparisons))
            )
    measured = claim.measured
    if left_out:
        verb = "needs" if left_out == 1 else "need"
        measured += (
            f" {count_of(left_out, 'further comparison')} {verb} experiments that were not chosen."
        )
    measured += _without_number([each for clause in clauses for each in clause.comparisons])
    return Conclusion(claim.says, measured, tuple(clauses), preset)


def _compared(
    comparison: PaperComparison, figures: ExperimentFigures, no_intervals: Mapping[str, str]
) -> Comparison:
    evaluated = comparison.expression.evaluate(figures)
    points = evaluated.points
    undefined = evaluated.undefined
    best = comparison.expression.best
    if best is not None:
        return BestComparison(
            comparison.subject, points, best.count, best.less, undefined=undefined
        )
    reasons = [
        no_intervals[key] for key in comparison.expression.keys.values() if key in no_intervals
    ]
    no_interval = reasons[0] if reasons else ""
    return Comparison(comparison.subject, points, undefined=undefined, no_interval=no_interval)


def _without_number(comparisons: Sequence[Comparison]) -> str:
    """Say which comparisons leave seeds out, since their formulas have no number; empty if none."""
    lacking = [
        f"{each.subject} ({each.undefined} of {each.undefined + each.n} seeds)"
        for each in comparisons
        if each.undefined
    ]
    if not lacking:
        return ""
    return (
        f" Left out, since the formula divides by zero or exceeds {LARGEST:g}: "
        f"{'; '.join(lacking)}."
    )


def _in_how_many(count: int, comparisons: int) -> str:
    """Say in how many comparisons something holds; empty if there is only one."""
    if comparisons == 1:
        return ""
    share = "all" if count == comparisons else f"{count} of"
    return f" in {share} {comparisons} comparisons"
