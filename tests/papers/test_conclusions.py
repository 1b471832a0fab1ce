"""The report's conclusions, with figures that are made to support or contradict them."""

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import replace

import pytest

from rnn_tui.archive.verdicts import (
    COMPARED,
    FEWEST,
    Comparison,
    ComparisonOutcome,
    Verdict,
    verdict_of,
)
from rnn_tui.engine.tables import cells_of
from rnn_tui.papers.conclusions import BASIS, RULE, BestComparison, Conclusion, conclusions
from rnn_tui.papers.curves import AccuracyByLength
from rnn_tui.papers.plan import Plan
from rnn_tui.papers.rows import Results, Row
from rnn_tui.papers.shipped import paper_named
from tests.papers.small_plans import COURSE, course_plan

ADDERS = {
    experiment.short_label: experiment
    for experiment in COURSE.experiments
    if experiment.task == "adder"
}
LENGTHS = tuple(range(1, 21))
SEEDS = 8
# As the report has it: higher at larger states, mse above ce at small ones.
AS_REPORTED = {
    "H 3 mse": (92.0, 93.0, 92.5, 92.2) * 2,
    "H 5 mse": (97.0, 98.0, 97.5, 97.7) * 2,
    "H 10 mse": (100.0,) * SEEDS,
    "H 3 ce": (88.0, 90.0, 89.0, 89.5) * 2,
    "H 5 ce": (95.0, 95.5, 96.0, 95.8) * 2,
    "H 10 ce": (99.9, 99.7, 99.8, 99.6) * 2,
}
FALLS = {
    "H 3 mse": 1.0,
    "H 5 mse": 0.5,
    "H 10 mse": 0.1,
    "H 3 ce": 1.5,
    "H 5 ce": 0.6,
    "H 10 ce": 0.2,
}


def conclusions_on(
    figures: Mapping[str, Sequence[float]],
    falls: Mapping[str, float] | None = None,
    preset: str = "report",
) -> tuple[Conclusion, ...]:
    """The conclusions on figures, by network one a seed.

    `falls` has by network how many points each further bit costs its first seed.
    """
    rows = []
    for name, experiment in ADDERS.items():
        values = tuple(figures.get(name, ()))
        seeds = tuple(range(len(values)))
        rows.append(Row(experiment, seeds, values, ("run",) * len(values), 1.0, SEEDS))
    by_length = [
        AccuracyByLength(ADDERS[name], falling_accuracy(fall), ("run",) * SEEDS)
        for name, fall in (falls or {}).items()
    ]
    plan = course_plan(SEEDS, only=("adder",), preset=preset)
    return conclusions(Results(plan, tuple(rows)), by_length)


def falling_accuracy(fall: float) -> dict[int, dict[int, float]]:
    """By seed, then by length, an accuracy that falls with length, more with each further seed."""
    return {
        seed: {length: 100.0 - fall * (length - 1) * (1 + seed / 9) for length in LENGTHS}
        for seed in range(SEEDS)
    }


def test_figures_like_the_report_s_support_all_three() -> None:
    size, loss, length = conclusions_on(AS_REPORTED, FALLS)
    assert [conclusion.verdict for conclusion in (size, loss, length)] == [Verdict.SUPPORTED] * 3
    assert (
        size.sentence
        == "Supported: with these 8 seeds a larger state is reliably better in all 4 comparisons."
    )
    assert loss.sentence == (
        "Supported: with these 8 seeds MSE is reliably better than CE at small states in all 2 "
        "comparisons, "
        "and the gap reliably closes."
    )
    assert length.sentence.startswith(
        "Supported: with these 8 seeds bit accuracy reliably falls with length in all 6 "
    )
    # A row has what is compared, the mean, its interval, and the seeds.
    assert cells_of(size.comparisons[0], COMPARED)[:2] == ("mse, H 5 − H 3", "+5.12")
    assert cells_of(size.comparisons[0], COMPARED)[2:] == (
        "–",  # all seeds have the same difference
        "8",
        "0",
        "0",
        "for, by seeds",
    )
    assert [cells_of(comparison, COMPARED)[:2] for comparison in loss.comparisons] == [
        ("H 3, mse − ce", "+3.30"),
        ("H 5, mse − ce", "+1.98"),
        ("gap H 3, 5 − H 10", "+2.39"),
    ]
    falls = dict(cells_of(comparison, COMPARED)[:2] for comparison in length.comparisons)
    assert falls["H 3 mse, short − long"] == "+20.83"  # 15 steps of 1 × the mean of 1 … 1 + 7/9
    assert falls["ce, fall H 5 − H 10"] == "+8.33"
    for comparison in (*size.comparisons, *loss.comparisons, *length.comparisons):
        assert len(cells_of(comparison, COMPARED)) == len(COMPARED)
        assert (comparison.interval is None) == bool(comparison.no_interval)
        assert comparison.difference is not None
        if comparison.interval is not None:
            assert comparison.interval.low <= comparison.difference <= comparison.interval.high


def test_a_verdict_names_a_preset_that_is_not_the_report_s() -> None:
    size, *_ = conclusions_on(AS_REPORTED, FALLS, preset="fast")
    assert size.sentence.startswith("Supported: with these 8 seeds and preset fast a larger state")


def test_the_opposite_is_contradicted() -> None:
    turned = {
        "H 3 mse": AS_REPORTED["H 10 ce"],
        "H 5 mse": AS_REPORTED["H 5 ce"],
        "H 10 mse": AS_REPORTED["H 3 ce"],
        "H 3 ce": AS_REPORTED["H 10 mse"],
        "H 5 ce": AS_REPORTED["H 5 mse"],
        "H 10 ce": AS_REPORTED["H 3 mse"],
    }
    opposite = conclusions_on(turned, {name: -fall for name, fall in FALLS.items()})
    assert [conclusion.verdict for conclusion in opposite] == [Verdict.CONTRADICTED] * 3
    assert opposite[0].sentence == (
        "Contradicted: with these 8 seeds a larger state is reliably worse in all 4 comparisons."
    )


def test_without_evidence_a_conclusion_is_open() -> None:
    """Half of the seeds say the one, half the other, so no comparison decides."""
    spread = (80.0, 99.0, 81.0, 98.0, 82.0, 97.0, 83.0, 96.0)
    figures = {
        name: spread if number % 2 else tuple(reversed(spread))
        for number, name in enumerate(ADDERS)
    }
    size, loss, _ = conclusions_on(figures)
    assert (size.verdict, loss.verdict) == (Verdict.OPEN, Verdict.OPEN)
    assert size.sentence == "Open: 8 seeds do not decide whether a larger state is better."
    assert loss.sentence == (
        "Open: 8 seeds do not decide whether MSE is better than CE at small states, nor whether "
        "the gap closes."
    )
    assert loss.to_dict()["verdict"] == "open"


def test_what_seeds_do_not_agree_on_is_open() -> None:
    """Seed by seed both are as often better, whatever the means."""
    size, loss, _ = conclusions_on(
        AS_REPORTED | {"H 3 mse": (86.0, 92.0, 87.0, 95.0, 85.0, 99.0, 80.0, 91.0)}
    )
    first = loss.comparisons[0]
    assert (first.outcome, first.seeds) == (ComparisonOutcome.OPEN, (4, 4, 0))
    assert loss.sentence.startswith(
        "Partly supported: with these 8 seeds MSE is reliably better than CE at small states in "
        "1 of 2 "
    )
    assert size.verdict is Verdict.SUPPORTED


def test_a_gap_that_changes_its_sign_has_not_closed() -> None:
    size, loss, _ = conclusions_on(AS_REPORTED | {"H 10 mse": (90.0,) * SEEDS})
    assert size.verdict is Verdict.PARTLY
    assert (
        "a larger state is reliably better in 3 of 4 comparisons (in 1 of 4 it is reliably the "
        "other way round)" in size.sentence
    )
    assert loss.verdict is Verdict.PARTLY
    assert [comparison.outcome for comparison in loss.comparisons] == [
        ComparisonOutcome.FOR,
        ComparisonOutcome.FOR,
        ComparisonOutcome.AGAINST,
    ]
    assert loss.sentence.endswith("and the gap reliably widens.")


def test_equal_figures_say_nothing() -> None:
    size, loss, _ = conclusions_on(dict.fromkeys(ADDERS, (100.0,) * SEEDS))
    assert (size.verdict, loss.verdict) == (Verdict.OPEN, Verdict.OPEN)
    assert size.sentence == "Open: all networks compared are equal in every seed."
    assert cells_of(size.comparisons[0], COMPARED)[1:] == (
        "+0.00",
        "–",
        "0",
        "0",
        "8",
        "equal",
    )
    without_equal, _, _ = conclusions_on(AS_REPORTED | {"H 5 mse": (100.0,) * SEEDS})
    assert [comparison.outcome for comparison in without_equal.comparisons[:2]] == [
        ComparisonOutcome.FOR,
        ComparisonOutcome.EQUAL,
    ]
    assert without_equal.verdict is Verdict.SUPPORTED
    assert "in all 3 comparisons" in without_equal.sentence


def test_with_few_seeds_there_is_no_verdict() -> None:
    few = {name: values[: FEWEST - 1] for name, values in AS_REPORTED.items()}
    size, *_ = conclusions_on(few)
    assert size.sentence == "No verdict yet: fewer than 6 seeds in 4 of 4 comparisons."
    assert cells_of(size.comparisons[0], COMPARED)[2:] == ("–", "5", "0", "0", "too few")
    assert (
        conclusions_on({name: values[:FEWEST] for name, values in AS_REPORTED.items()})[0].verdict
        is Verdict.SUPPORTED
    )
    some = {name: values for name, values in AS_REPORTED.items() if name != "H 10 ce"}
    size, loss, length = conclusions_on(some)
    assert size.verdict is loss.verdict is length.verdict is Verdict.OPEN
    assert size.sentence == "No verdict yet: fewer than 6 seeds in 1 of 4 comparisons."
    assert size.comparisons[0].difference == pytest.approx(5.125)  # what there is, is shown
    assert cells_of(length.comparisons[0], COMPARED)[1:] == ("–", "–", "0", "0", "0", "too few")
    assert conclusions_on({})[0].verdict is Verdict.OPEN


@pytest.mark.parametrize(
    ("differences", "outcome"),
    [
        ((1.0,) * 5, ComparisonOutcome.FEW),
        ((1.0,) * 6, ComparisonOutcome.FOR),
        ((-1.0,) * 6, ComparisonOutcome.AGAINST),
        ((0.0,) * 6, ComparisonOutcome.EQUAL),
        # However far from zero: five that differ are as few as five alone.
        ((1.0,) * 5 + (0.0,) * 3, ComparisonOutcome.OPEN),
        ((1.0, 1.1) * 3 + (0.0,) * 3, ComparisonOutcome.FOR),
        ((5.0, -5.0) * 4, ComparisonOutcome.OPEN),
        ((), ComparisonOutcome.FEW),
    ],
)
def test_the_outcome_of_a_comparison(
    differences: tuple[float, ...], outcome: ComparisonOutcome
) -> None:
    assert Comparison("this − that", dict(enumerate(differences))).outcome is outcome


def test_the_verdict_of_all_cases_is_that_of_the_rule() -> None:
    """Each set of up to four comparisons."""
    for count in range(5):
        for outcomes in itertools.product(ComparisonOutcome, repeat=count):
            verdict = verdict_of(outcomes)
            clear = [outcome for outcome in outcomes if outcome is not ComparisonOutcome.EQUAL]
            if ComparisonOutcome.FEW in clear or not clear:
                assert verdict is Verdict.OPEN
            elif all(outcome is ComparisonOutcome.FOR for outcome in clear):
                assert verdict is Verdict.SUPPORTED
            elif ComparisonOutcome.FOR in clear:
                assert verdict is Verdict.PARTLY
            elif ComparisonOutcome.AGAINST in clear:
                assert verdict is Verdict.CONTRADICTED
            else:
                assert verdict is Verdict.OPEN
            assert all(verdict_of(order) is verdict for order in itertools.permutations(outcomes))


def test_the_rule_is_two_sentences() -> None:
    assert RULE.count(".") == 2
    assert RULE.endswith(".")
    assert str(FEWEST) in RULE
    for words in (RULE, *BASIS):
        assert "signific" not in words


def test_seeds_are_compared_with_themselves() -> None:
    """Of networks with different seeds, those that both have."""
    (row, *others) = [
        Row(experiment, (0, 1), (90.0 + number, 91.0 + number), ("a", "a"), 1.0, 2)
        for number, experiment in enumerate(ADDERS.values())
    ]
    other_seeds = replace(row, seeds=(1, 2))
    size, *_ = conclusions(Results(course_plan(2, only=("adder",)), (other_seeds, *others)))
    assert size.comparisons[0].n == 1


def test_what_is_missing_is_named_once() -> None:
    rows = tuple(
        Row(experiment, (0,), (90.0,), ("a",), 1.0, 1 + number % 2)
        for number, experiment in enumerate(ADDERS.values())
    )
    results = Results(course_plan(2, only=("adder",)), rows)
    names = [f"Adder, {name} (1 of 2)" for name in ("H 5 mse", "H 3 ce", "H 10 ce")]
    assert (
        results.missing_seeds()
        == results.missing_seeds("adder")
        == f"Not complete: seeds are missing for {'; '.join(names)}."
    )
    assert results.missing_seeds("recall") == ""


def test_the_best_of_several_is_compared_with_the_mean() -> None:
    """By seeds drawn anew: no seed alone is for it or against it."""
    values = dict(enumerate((50.0,) * 14 + (100.0,) * 6))
    more = BestComparison("best − mean − 5", values, 10, 5.0)
    assert cells_of(more, COMPARED)[3:] == ("–", "–", "–", "for")
    assert more.difference == pytest.approx(100 - 50 * 0.7**10 - 65 - 5)
    assert more.to_dict()["seeds_for"] is None
    alike = dict.fromkeys(range(20), 100.0)
    assert BestComparison("", alike, 10, 5.0).outcome is ComparisonOutcome.AGAINST
    assert BestComparison("", alike, 10, 0.0).outcome is ComparisonOutcome.EQUAL
    assert BestComparison("", {0: 1.0}, 10, 0.0).outcome is ComparisonOutcome.FEW


def test_comparisons_of_other_experiments_are_left_out() -> None:
    chomsky = paper_named("chomsky-hierarchy")
    plan = Plan(chomsky, 8, only=("parity-check",))
    rows = tuple(
        Row(experiment, tuple(range(8)), (99.0,) * 8, ("a",) * 8, 1.0, 8)
        for experiment in plan.experiments
    )
    regular, best = conclusions(Results(plan, rows))
    assert regular.sentence == (
        "Supported: with these 8 seeds and preset fast networks reliably solve regular tasks in "
        "all 2 comparisons."
    )
    assert regular.measured.endswith("6 further comparisons need experiments that were not chosen.")
    assert best.verdict is Verdict.CONTRADICTED


def test_without_the_adder_there_is_nothing_to_say() -> None:
    recall = [experiment for experiment in COURSE.experiments if experiment.task == "recall"]
    rows = tuple(Row(experiment, (), (), (), 0.0, 1) for experiment in recall)
    assert conclusions(Results(course_plan(1, only=("recall",)), rows)) == ()
