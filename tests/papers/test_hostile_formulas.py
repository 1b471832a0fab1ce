"""Formulas of a stranger's paper: each is a figure, or a sentence says why not."""

import json
import math
import warnings
from collections.abc import Mapping

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rnn_tui.archive.verdicts import COMPARED, Comparison
from rnn_tui.engine.errors import UserError, printable
from rnn_tui.engine.tables import cells_of
from rnn_tui.papers.conclusions import BestComparison, conclusions
from rnn_tui.papers.expression import LONGEST, ExperimentFigures, in_words, read_expression
from rnn_tui.papers.plan import Plan
from rnn_tui.papers.rows import Results, Row
from tests.papers.test_paper import SMALL_PAPER, paper_of

KEYS = {"a": "a", "b_c": "b-c"}
NUMBERS = ("0", "1", "90", "0.5", "1e9", "-1e9", "1e-300", "5e-324", ".1e-9", "999999999")
EXTREMES = (0.0, 100.0, 1e308, -1e308, 5e-324, math.inf, -math.inf, math.nan)

parts = st.recursive(
    st.sampled_from((*NUMBERS, "a", "b_c", "a[1:5]", "b_c[2:2]")),
    lambda inner: st.one_of(
        st.tuples(inner, st.sampled_from("+-*/"), inner).map(" ".join),
        st.tuples(inner, st.sampled_from("*/"), inner).map(lambda three: f"({''.join(three)})"),
        inner.map("-{}".format),
        inner.map("size({})".format),
        st.lists(inner, min_size=1, max_size=3).map(lambda many: f"mean({', '.join(many)})"),
        inner.map(lambda part: f"{part}{'*1e9' * 36}"),
    ),
    max_leaves=8,
)
bests = st.tuples(st.integers(0, 1001), st.sampled_from(NUMBERS)).map(
    lambda two: f"best(a, {two[0]}) - a - {two[1]}"
)
junk = st.text("ab_c01e9.*/+-()[]:, 'is\\\"#\u0660", max_size=40)
seeds = st.dictionaries(
    st.integers(0, 9), st.one_of(st.sampled_from(EXTREMES), st.floats(0, 100)), max_size=10
)


def check_sentence(error: UserError) -> None:
    assert str(error) == printable(error, 1000)
    assert str(error).endswith(".")


@pytest.mark.filterwarnings("error")
@settings(max_examples=150, deadline=None)
@given(st.one_of(parts, bests, junk), seeds, seeds, seeds)
def test_a_formula_is_a_figure_or_a_sentence(
    text: str, first: Mapping[int, float], second: Mapping[int, float], lengths: Mapping[int, float]
) -> None:
    try:
        expression = read_expression(text, KEYS)
    except UserError as error:
        check_sentence(error)
        return
    by_length = {seed: dict(lengths) for seed in first}
    figures = ExperimentFigures({"a": first, "b-c": second}, {"a": by_length})
    evaluated = expression.evaluate(figures)
    comparison = Comparison("subject", evaluated.points, undefined=evaluated.undefined)
    if expression.best is not None:
        comparison = BestComparison(
            "subject", evaluated.points, expression.best.count, expression.best.less
        )
    json.dumps(comparison.to_dict(), allow_nan=False)
    shown = " ".join(cells_of(comparison, COMPARED)) + in_words(expression, {"a": "A", "b-c": "BC"})
    assert "inf" not in shown
    assert "nan" not in shown
    assert shown.isprintable()


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize(
    "text",
    [
        "a" + "*1e9" * 40,
        "a" + "*1e9" * 34 + "*a",
        "mean(a" + "*1e9" * 34 + ", a)",
        "size(a" + "*1e9" * 34 + ")",
        "0 * a / (a - a)",
        "size(a / 0)",
        "a * 1e9 * 1e9",
    ],
)
def test_what_has_no_number_is_counted(text: str) -> None:
    figures = ExperimentFigures({"a": {seed: 90.0 + seed for seed in range(8)}}, {})
    evaluated = read_expression(text, KEYS).evaluate(figures)
    assert (evaluated.points, evaluated.undefined) == ({}, 8)


@pytest.mark.parametrize(
    "text",
    [
        *("1is a", "1if a else a", "'\\d' + a", "a + 1_0", "a + 0x1", "a + 1j", "a # a"),
        *("best(a, 10) - a - 1e308", "best(a, 10) - a - 1e308 - 1e308", "best(a, True) - a"),
        *("a[True:5]", "-" * 290 + "a", "a\n+ a", "a .b", "\u0660 + a", "a" * LONGEST),
        "11 " * 90 + "!",
    ],
)
def test_what_is_no_formula_makes_no_warning(text: str) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(UserError):
            read_expression(text, KEYS)


def test_a_claim_says_which_seeds_have_no_number() -> None:
    formulas = '["too large", "recall_lstm * 1e9 * 1e9"], "recall_lstm / (recall_rnn - 21)"'
    paper = paper_of(SMALL_PAPER.replace('"recall_lstm - 90"', formulas))
    plan = Plan(paper, 8)
    rows = [
        Row(each, tuple(range(8)), tuple(20.0 + seed for seed in range(8)), ("run",) * 8, 1.0, 8)
        for each in paper.experiments
    ]
    (conclusion,) = conclusions(Results(plan, tuple(rows)))
    assert conclusion.measured == (
        "Accuracy. Left out, since the formula divides by zero or exceeds 1e+15: too large (8 of 8 "
        "seeds); Recall, LSTM / (Recall, RNN − 21) (1 of 8 seeds)."
    )
    first, second = conclusion.to_dict()["comparisons"]
    assert (first["seeds"], first["seeds_without_number"], first["mean_difference"]) == (0, 8, None)
    assert (second["seeds"], second["seeds_without_number"]) == (7, 1)
    assert conclusion.sentence.startswith("No verdict yet: fewer than 6 seeds in 1 of 2")
