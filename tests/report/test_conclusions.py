"""The report's conclusions, held against figures that are made to support or contradict them."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from rnn_tui.report.conclusions import Conclusion, Verdict, conclusions
from rnn_tui.report.curves import AccuracyByLength
from rnn_tui.report.plan import EXPERIMENTS, Plan
from rnn_tui.report.rows import Results, Row

ADDERS = {one.short_label: one for one in EXPERIMENTS if one.task == "adder"}
LENGTHS = tuple(range(1, 21))
# As the report has it: higher at larger states, mse above ce at small ones.
AS_REPORTED = {
    "H 3 mse": (92.0, 93.0, 92.5), "H 5 mse": (97.0, 98.0, 97.5), "H 10 mse": (100.0,) * 3,
    "H 3 ce": (88.0, 90.0, 89.0), "H 5 ce": (95.0, 95.5, 96.0), "H 10 ce": (99.9, 100.0, 99.8),
}  # fmt: skip


def held(figures: Mapping[str, Sequence[float]], falls: Mapping[str, float] | None = None) -> tuple[Conclusion, ...]:
    rows = [
        Row(one, tuple(range(len(figures.get(name, ())))), tuple(figures.get(name, ())),
            ("run",) * len(figures.get(name, ())), 1.0, 3)
        for name, one in ADDERS.items()
    ]  # fmt: skip
    by_length = [
        AccuracyByLength(
            ADDERS[name], LENGTHS,
            {seed: tuple(100.0 - fall * (at + seed / 9) for at in range(20)) for seed in (0, 1)},
            ("run", "run"),
        )
        for name, fall in (falls or {}).items()
    ]  # fmt: skip
    return conclusions(Results(Plan(3, only=("adder",)), tuple(rows)), by_length)


def test_figures_like_the_report_s_support_all_three() -> None:
    falls = {"H 3 mse": 1.0, "H 5 mse": 0.5, "H 10 mse": 0.1,
             "H 3 ce": 1.5, "H 5 ce": 0.6, "H 10 ce": 0.2}  # fmt: skip
    size, loss, length = held(AS_REPORTED, falls)
    assert [one.verdict for one in (size, loss, length)] == [Verdict.SUPPORTED] * 3
    # The sentences have the figures, the seeds and the rule.
    assert "mse H 3 92.50 %, H 5 97.50 %, H 10 100.00 %" in size.text
    assert "H 3 → H 5 ce in 3 of 3" in size.text
    assert "In 4 of 4 comparisons" in size.text
    assert "+3.50 points at H 3, +2.00 points at H 5, +0.10 points at H 10" in loss.text
    assert "H 3 mse 97.94 → 82.94 %" in length.text
    for one in (size, loss, length):
        assert one.text.endswith("supported by these seeds (“supported” needs all comparisons, “partly” at least one).")
        assert "signific" not in one.text


def test_the_opposite_is_not_supported() -> None:
    turned = {
        "H 3 mse": AS_REPORTED["H 10 ce"], "H 5 mse": AS_REPORTED["H 5 ce"],
        "H 10 mse": AS_REPORTED["H 3 ce"], "H 3 ce": AS_REPORTED["H 10 mse"],
        "H 5 ce": AS_REPORTED["H 5 mse"], "H 10 ce": AS_REPORTED["H 3 mse"],
    }  # fmt: skip
    rises = {"H 3 mse": -0.5, "H 5 mse": -0.4, "H 10 mse": -0.2,
             "H 3 ce": -0.5, "H 5 ce": -0.4, "H 10 ce": -0.2}  # fmt: skip
    assert [one.verdict for one in held(turned, rises)] == [Verdict.NOT_SUPPORTED] * 3


def test_a_gap_that_changes_its_sign_has_not_closed() -> None:
    size, loss, _ = held(AS_REPORTED | {"H 10 mse": (90.0, 90.0, 90.0)})
    assert size.verdict is Verdict.PARTLY
    assert loss.verdict is Verdict.PARTLY
    assert [one.holds for one in loss.comparisons] == [True, True, False]


def test_mean_and_majority_must_agree() -> None:
    # One seed lifts the mean; two of three are the other way round.
    _, loss, _ = held(AS_REPORTED | {"H 3 mse": (99.0, 89.0, 88.0)})
    first = loss.comparisons[0]
    assert first.difference > 0
    assert (first.seeds_for, first.seeds_against, first.holds) == (1, 2, False)


def test_equal_figures_say_nothing() -> None:
    size, loss, _ = held(dict.fromkeys(ADDERS, (100.0, 100.0, 100.0)))
    assert (size.verdict, loss.verdict) == (Verdict.OPEN, Verdict.OPEN)
    assert "equal in every seed" in size.text
    aside, _, _ = held(AS_REPORTED | {"H 5 mse": (100.0,) * 3})
    assert aside.verdict is Verdict.SUPPORTED
    assert "not counting 1 equal in every seed" in aside.text


def test_what_is_missing_is_said() -> None:
    some = {name: values for name, values in AS_REPORTED.items() if name != "H 10 ce"}
    size, loss, length = held(some)
    assert size.verdict is loss.verdict is length.verdict is Verdict.OPEN
    assert size.missing == ("H 10 ce",)
    assert "no figures yet for H 10 ce" in size.text
    assert "H 3 92.50 %" in size.text  # what there is, is told
    assert len(length.missing) == 6
    assert held({})[0].verdict is Verdict.OPEN


def test_seeds_are_compared_with_themselves() -> None:
    """Of networks with different seeds, those that both have."""
    (row, *others) = [Row(one, (0, 1), (90.0 + at, 91.0 + at), ("a", "a"), 1.0, 2) for at, one in enumerate(ADDERS.values())]
    apart = replace(row, seeds=(1, 2))
    size, *_ = conclusions(Results(Plan(2, only=("adder",)), (apart, *others)))
    assert size.comparisons[0].n == 1


def test_without_the_adder_there_is_nothing_to_say() -> None:
    recall = [one for one in EXPERIMENTS if one.task == "recall"]
    rows = tuple(Row(one, (), (), (), 0.0, 1) for one in recall)
    assert conclusions(Results(Plan(1, only=("recall",)), rows)) == ()
