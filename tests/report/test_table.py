"""The plan's limits, and where a published figure lies."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rnn_tui.engine.errors import SettingError
from rnn_tui.report.rows import Row, markdown_text
from rnn_tui.tasks import TASKS
from tests.report.small_plans import COURSE, cells, config_of, course_plan

PERCENT = st.floats(0, 100)
PUBLISHED = st.integers(0, 10_000).map(lambda hundredths: hundredths / 100)


def row_of(published: float, values: tuple[float, ...]) -> Row:
    """A published figure beside these values."""
    experiment = replace(COURSE.experiments[0], published=published)
    seeds = tuple(range(len(values)))
    return Row(experiment, seeds, values, ("a",) * len(values), 0.0, len(values))


@given(PUBLISHED, st.lists(PERCENT, min_size=2, max_size=20).map(tuple))
def test_where_a_published_figure_lies(published: float, values: tuple[float, ...]) -> None:
    row = row_of(published, values)
    assert row.expected is not None
    low, high = round(row.expected.low, 2), round(row.expected.high, 2)
    if low <= published <= high:
        assert (row.published_is, row.inside) == ("inside", True)
    else:
        points, side = row.published_is.split(" ", 1)
        below = published < low
        assert float(points) == pytest.approx(low - published if below else published - high)
        assert float(points) > 0
        assert (side, row.inside) == ("below" if below else "above", False)


def test_few_seeds_say_little() -> None:
    """The same spread: what is outside with many seeds may be inside with three."""
    many, few = row_of(97.6, (98.0, 98.4, 98.2, 98.1, 98.3) * 4), row_of(97.6, (98.0, 98.4, 98.2))
    assert (many.published_is, few.published_is) == ("0.29 below", "inside")
    assert few.expected is not None
    assert many.expected is not None
    assert few.expected.high - few.expected.low > 2 * (many.expected.high - many.expected.low)


@given(PUBLISHED, PERCENT)
def test_one_value_is_no_range(published: float, value: float) -> None:
    row = row_of(published, (value,))
    assert (row.published_is, row.inside, row.expected) == ("one seed only", None, None)


def test_the_table_says_what_there_is() -> None:
    lstm = COURSE.experiments[1]
    assert cells(Row(lstm, (), (), (), 0.0, 3)) == (
        "MNIST, LSTM",
        "98.73",
        "–",
        "0 of 3",
        "–",
        "–",
        "–",
        "–",
    )
    one = Row(lstm, (0,), (98.5,), ("a",), 61.2, 3)
    assert one.to_dict()["sd"] is one.to_dict()["next_seed_95"] is None
    assert cells(one)[2:] == (
        "98.50",
        "1 of 3",
        "–",
        "one seed only",
        "98.50 … 98.50",
        "1:01",
    )
    two = Row(lstm, (0, 1), (98.0, 99.0), ("a", "b"), 3.0, 2)
    assert two.to_dict()["sd"] == pytest.approx(0.5**0.5)
    assert two.to_dict()["next_seed_95"] == pytest.approx(
        [98.5 - 12.7062 * 0.75**0.5, 100.0], abs=1e-3
    )
    assert cells(two)[2:] == (
        "98.50 ± 0.71",
        "2",
        "87.50 … 100.00",
        "inside",
        "98.00 … 99.00",
        "0:03",
    )


def test_the_report_s_own_preset_is_followed_to_the_letter() -> None:
    plan = course_plan()
    assert (len(plan.experiments), len(plan.networks)) == (12, 9 * 20 + 3 * 3)
    for experiment in plan.experiments:
        config = plan.config(experiment, 0)
        usual = TASKS[experiment.task].config(experiment.cell, "report")
        assert config == usual


def test_fast_trains_the_losses_that_the_report_compares_and_says_so() -> None:
    plan = course_plan(2, preset="fast", only=("adder",))
    config = config_of(plan, "adder", 0)
    assert (config.variants, config.recipe.augmentation) == (
        config_of(course_plan(2, only=("adder",)), "adder", 0).variants,
        "none",
    )
    assert any("losses mse and ce" in note for note in plan.notes)
    (note,) = course_plan(2, preset="fast", only=("recall",)).notes
    assert "not the report's recipe" in note
    assert not course_plan(2).notes


def test_figures_of_another_recipe_are_not_compared() -> None:
    row = replace(row_of(98.0, (98.0, 98.4, 98.2)), comparable=False)
    assert (row.published_is, row.inside, row.distance) == ("other recipe", None, None)
    assert row.to_dict()["published_inside"] is None


@pytest.mark.parametrize(
    ("arguments", "options"),
    [
        ((0,), {}),
        ((1001,), {}),
        ((1, 0), {}),
        ((), {"first_seed": -1}),
        ((20,), {"first_seed": 2**32 - 10}),
        ((), {"only": ("recal",)}),
        ((), {"preset": "best"}),
        ((), {"device": "tpu"}),
        ((), {"overrides": {"adder": {"epochs": 0}}}),
    ],
)
def test_a_plan_that_can_not_be(arguments: tuple[int, ...], options: dict[str, object]) -> None:
    with pytest.raises(SettingError):
        course_plan(*arguments, **options)  # type: ignore[arg-type]


def test_the_command_of_a_plan() -> None:
    assert course_plan().command == "rnn-tui report --seeds 20 --mnist-seeds 3"
    some = course_plan(2, only=("adder", "recall"), preset="fast", first_seed=5, device="cpu")
    assert some.command == (
        "rnn-tui report --only recall,adder --preset fast --seeds 2 --seed 5 --device cpu"
    )


def test_text_in_markdown_means_itself() -> None:
    assert markdown_text("98.50 ± 0.71 [98.00, 99.00]") == "98.50 ± 0.71 [98.00, 99.00]"
    assert markdown_text("[a](b) <i> *x* |\x1b") == r"[a\](b) \<i\> \*x\* \|�"
