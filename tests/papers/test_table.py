"""The plan's limits, and where a published figure lies."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rnn_tui.archive.export.page.blocks import markdown_text
from rnn_tui.engine.errors import SettingError
from rnn_tui.engine.intervals import Interval, mean_interval
from rnn_tui.engine.seed_means import Solved
from rnn_tui.engine.tables import cells_of
from rnn_tui.papers.best import best_interval
from rnn_tui.papers.columns import columns_of, row_document
from rnn_tui.papers.inventory import Inventory
from rnn_tui.papers.paper import Published, PublishedKind
from rnn_tui.papers.plan import Plan
from rnn_tui.papers.rows import Row
from rnn_tui.papers.schedule import planned_runs
from rnn_tui.papers.shipped import paper_named
from rnn_tui.tasks import TASKS
from rnn_tui.tasks.config import SequenceConfig
from tests.papers.small_plans import COURSE, cells, config_of, course_plan

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
    assert row_document(one)["sd"] is row_document(one)["next_seed_95"] is None
    assert cells(one)[2:] == (
        "98.50",
        "1 of 3",
        "–",
        "one seed only",
        "98.50 … 98.50",
        "1:01",
    )
    two = Row(lstm, (0, 1), (98.0, 99.0), ("a", "b"), 3.0, 2)
    assert row_document(two)["sd"] == pytest.approx(0.5**0.5)
    assert row_document(two)["next_seed_95"] == pytest.approx(
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
    assert row_document(row)["published_inside"] is None


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


# Other papers

CHOMSKY = paper_named("chomsky-hierarchy")


def row_of_several(published: float | None, values: tuple[float, ...], kind: Published) -> Row:
    experiment = replace(CHOMSKY.experiments[0], published=published, others={"Other": 12.0})
    seeds = tuple(range(len(values)))
    return Row(experiment, seeds, values, ("a",) * len(values), 1.0, len(values), True, kind, 90.0)


def test_a_best_of_several_is_compared_with_the_best_of_as_many_of_ours() -> None:
    values = (50.0,) * 10 + (90.0,) * 6 + (100.0,) * 4
    best_of_10 = Published(PublishedKind.BEST, 10)
    row = row_of_several(100.0, values, best_of_10)
    assert (row.published_is, row.best, row.solved) == ("inside", 100.0, Solved(10, 20))
    assert row.expected == best_interval(values, 10) == Interval(90.0, 100.0)
    assert row_of_several(80.0, values, best_of_10).published_is == "10.00 below"
    assert row_of_several(None, values, best_of_10).published_is == ""
    document = row_document(row)
    assert document["published_kind"] == "best of 10"
    assert (document["best"], document["solved"], document["others"]) == (
        100.0,
        10,
        {"Other": 12.0},
    )
    paper = replace(CHOMSKY, experiments=(row.experiment,))
    of_mean = mean_interval(values)
    columns = columns_of(paper)
    assert dict(zip([column.head for column in columns], cells_of(row, columns), strict=True)) == {
        "experiment": "Even pairs, RNN",
        "published": "100.00",
        "mean ± sd": "72.00 ± 22.85",
        "validation": "–",
        "n": "20",
        "mean, 95 %": f"{of_mean.low:.2f} … {of_mean.high:.2f}",
        "best": "100.00",
        "≥ 90 %": "10 of 20 (30 … 70 %)",
        "below | ≥ 90 %": "50.00 | 94.00",
        "best of 10, 95 %": "90.00 … 100.00",
        "published is": "inside",
        "Other": "12.00",
        "time": "0:01",
    }
    empty = row_of_several(100.0, (), best_of_10)
    assert set(cells_of(empty, columns)[2:-2]) == {"–", "0"}


def test_a_mean_of_several_is_compared_with_the_mean_of_as_many_of_ours() -> None:
    values = (90.0, 92.0, 94.0, 96.0, 98.0)
    rows = [row_of_several(90.5, values, Published(PublishedKind.MEAN, n)) for n in (1, 5)]
    one, five = (replace(row, threshold=None) for row in rows)
    assert (one.published_is, five.published_is) == ("inside", "inside")
    assert one.expected is not None
    assert five.expected is not None
    # t = 2.776, sd = √10: 94 ± t · sd · √(1/5 + 1/5)
    assert (five.expected.low, five.expected.high) == pytest.approx((88.447, 99.553), abs=1e-3)
    assert one.expected.low < five.expected.low
    # All five are above 90, and say little of how many are not.
    assert (rows[1].expected, rows[1].published_is) == (None, "no interval")


def test_a_paper_without_published_figures_has_no_columns_for_them() -> None:
    experiment = replace(COURSE.experiments[0], published=None)
    heads = [column.head for column in columns_of(replace(COURSE, experiments=(experiment,)))]
    assert heads == ["experiment", "mean ± sd", "n", "smallest … largest", "time"]
    solving = replace(COURSE, experiments=(experiment,), solved=90.0)
    row = replace(row_of(0.0, (98.0, 80.0, 99.0)), threshold=90.0)
    assert cells_of(row, columns_of(solving))[3] == "2 of 3 (21 … 94 %)"
    assert row_document(row)["solved"] == 2
    assert Plan(COURSE, preset="fast", only=("mnist",)).notes
    unpublished = replace(COURSE, experiments=(experiment,))
    assert not Plan(unpublished, preset="fast").notes


def test_a_preset_may_have_some_of_the_tasks() -> None:
    fast, paper = Plan(CHOMSKY), Plan(CHOMSKY, preset="paper")
    assert (len(fast.tasks), len(fast.networks)) == (8, 8 * 3 * 20)
    assert len(paper.experiments) == 15 * 3
    assert fast.command == "rnn-tui rerun chomsky-hierarchy --seeds 20"
    assert paper.command == "rnn-tui rerun chomsky-hierarchy --preset paper --seeds 20"
    assert fast.group != course_plan().group == "report"
    assert fast.notes
    assert any("has no GRU" in note for note in paper.notes)
    with pytest.raises(SettingError, match="bucket-sort"):
        Plan(CHOMSKY, only=("bucket-sort",))


def test_what_a_preset_scales_down_is_what_its_settings_say() -> None:
    plan = Plan(CHOMSKY)
    rnn, lstm = (plan.config(experiment, 0) for experiment in plan.experiments[:2])
    assert isinstance(rnn, SequenceConfig)
    assert isinstance(lstm, SequenceConfig)
    rnn_steps, steps = (
        config.epochs * -(-config.training_size // config.batch_size) for config in (rnn, lstm)
    )
    for words in (
        f"{lstm.hidden_sizes[0]} units",
        f"{steps:,} steps of {lstm.batch_size} words (RNN: {rnn_steps:,})",
        f"with {lstm.test_size} words of each",
    ):
        assert words in plan.notes[0]


def test_runs_train_all_seeds_of_a_cell_together() -> None:
    plan = Plan(CHOMSKY, 4, only=("parity-check", "even-pairs"))
    runs = planned_runs(Inventory(plan, {}, {}, (), (), lambda *_: ()))
    assert [run.label for run in runs] == [
        f"{task}, {cell} × 4 seeds"
        for task in ("Even pairs", "Parity check")
        for cell in ("RNN", "LSTM", "GRU")
    ]


def test_text_in_markdown_means_itself() -> None:
    assert markdown_text("98.50 ± 0.71 [98.00, 99.00]") == "98.50 ± 0.71 [98.00, 99.00]"
    assert markdown_text("[a](b) <i> *x* |\x1b") == r"[a\](b) \<i\> \*x\* \|�"
