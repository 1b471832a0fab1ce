"""Which runs are better: judged over seeds, with figures that are made for it."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from rnn_tui.archive.run_comparison import RunComparison
from rnn_tui.archive.run_record import RunRecord
from rnn_tui.archive.run_verdicts import EACH_WITH_EACH, RUN_RULE, verdicts_of
from rnn_tui.archive.verdicts import FEWEST, Verdict
from rnn_tui.engine.errors import SafeText
from rnn_tui.engine.intervals import mean_interval
from rnn_tui.engine.state import Status
from rnn_tui.tasks import TASKS

NAN = float("nan")
#: whole eighths, whose sums are exact: by rounding, equal sums would count as larger or smaller.
PERCENT = st.integers(0, 800).map(lambda eighths: eighths / 8)


def run(name: str, values: Sequence[float], task: str = "recall", **changes: Any) -> RunRecord:
    """A finished run with these figures in the test, one a seed (variant by variant)."""
    cell = changes.pop("cell", "lstm")
    changes = {"hidden_sizes": (5,), "seeds": len(values), **changes}
    return RunRecord(
        name,
        SafeText(name),
        TASKS[task].config(cell, "fast", **changes),
        Status.FINISHED,
        0.0,
        0.0,
        specs=TASKS[task].metric_definitions,
        final_metric=SafeText(TASKS[task].headline),
        final_values=tuple(values),
    )


def image(name: str, seed: int, value: float, cell: str) -> RunRecord:
    """A finished run on images, which has one seed."""
    return replace(
        run(name, (), "mnist", cell=cell, hidden_sizes=None, seeds=None, seed=seed), final=value
    )


def only(*runs: RunRecord) -> RunComparison:
    [comparison] = verdicts_of(runs).comparisons
    return comparison


def gru(values: Sequence[float], **changes: Any) -> RunRecord:
    return run("gru", values, cell="gru", **changes)


@settings(max_examples=30, deadline=None)
@given(st.lists(st.tuples(PERCENT, PERCENT), min_size=FEWEST, max_size=12))
def test_paired_figures_are_as_scipys(pairs: list[tuple[float, float]]) -> None:
    first, second = zip(*pairs, strict=True)
    judged = only(run("lstm", first), gru(second))
    differences = [one - other for one, other in pairs]
    assert judged.paired
    assert judged.comparison.n == len(pairs)
    assert judged.comparison.difference == pytest.approx(sum(differences) / len(pairs))
    if len(set(differences)) > 1 and judged.comparison.interval is not None:
        assert judged.comparison.interval == mean_interval(tuple(differences))
    test = stats.permutation_test(
        (first, second),
        lambda x, y, axis: x.sum(axis=axis) - y.sum(axis=axis),
        permutation_type="samples",
        vectorized=True,
        n_resamples=9_999,
    )
    assert judged.p == pytest.approx(test.pvalue, abs=1e-9)


@settings(max_examples=30, deadline=None)
@given(
    st.lists(PERCENT, min_size=FEWEST, max_size=12), st.lists(PERCENT, min_size=FEWEST, max_size=12)
)
def test_other_seeds_are_compared_by_their_means(first: list[float], second: list[float]) -> None:
    judged = only(run("lstm", first), gru(second, seed=100))
    assert not judged.paired
    interval = judged.comparison.interval
    if interval is None:
        # nearly all seeds of one of them have the same figure
        assert max(Counter(first).most_common(1)[0][1], Counter(second).most_common(1)[0][1]) >= 4
        assert judged.verdict is Verdict.OPEN
        assert judged.comparison.no_interval
        return
    if len(set(first)) > 1 and len(set(second)) > 1:
        expected = stats.ttest_ind(first, second, equal_var=False).confidence_interval(0.95)
        assert interval.ends == pytest.approx([expected.low, expected.high])
    if judged.verdict is Verdict.SUPPORTED:
        assert interval.low > 0
    elif judged.verdict is Verdict.CONTRADICTED:
        assert interval.high < 0
    else:
        assert interval.low <= 0 <= interval.high


def test_a_better_run_is_told_from_a_worse_one() -> None:
    high = run("lstm", [90.0, 91.0, 93.0, 90.5, 92.0, 91.5])
    low = gru([80.0, 82.0, 81.0, 80.5, 83.0, 79.0])
    assert only(high, low).verdict is Verdict.SUPPORTED
    assert only(low, high).verdict is Verdict.CONTRADICTED
    assert only(high, low).claim == "lstm better than gru"
    judged = only(high, low)
    assert judged.noise == pytest.approx(
        ((stats.tstd(high.final_values) ** 2 + stats.tstd(low.final_values) ** 2) / 2) ** 0.5
    )
    assert judged.effect == pytest.approx(judged.comparison.difference / judged.noise)  # type: ignore[operator]
    first, *_ = judged.sentences
    assert first.startswith("Test accuracy, higher is better: +10.42 points (95 % interval +")
    assert first.endswith("paired over 6 seeds: 6 for, 0 against, 0 equal.")


def test_of_errors_the_lower_one_is_better() -> None:
    losses = [0.5, 0.51, 0.52, 0.53, 0.54, 0.55]
    low, high = (
        replace(made, final_metric=SafeText("test_loss"))
        for made in (run("lstm", losses), gru([loss + 0.1 + loss / 9 for loss in losses]))
    )
    judged = only(low, high)
    assert judged.verdict is Verdict.SUPPORTED
    assert next(judged.sentences).startswith("Test loss, lower is better: +0.1583 (95 % interval +")


def test_figures_are_paired_by_seed_wherever_a_seed_stands() -> None:
    rising = [10.0 * place for place in range(10)]
    late = run("lstm", [value + 1 + value / 100 for value in rising[2:]], seed=2)
    judged = only(late, gru(rising))
    assert dict(judged.comparison.differences) == pytest.approx(
        {seed: 1 + rising[seed] / 100 for seed in range(2, 10)}
    )
    # runs of one seed each, in any order
    order = (5, 3, 0, 1, 4, 2)
    lstms = [image(f"lstm-seed{seed}", seed, 90.0 + seed, "lstm") for seed in order]
    grus = [image(f"gru-seed{seed}", seed, 89.0 + 1.01 * seed, "gru") for seed in reversed(order)]
    judged = only(*lstms, *grus)
    assert (judged.first, judged.second) == ("lstm", "gru")
    assert dict(judged.comparison.differences) == pytest.approx(
        {seed: 1 - seed / 100 for seed in range(6)}
    )
    assert judged.verdict is Verdict.SUPPORTED


def test_too_few_seeds_are_open_and_say_how_to_train_more() -> None:
    verdicts = verdicts_of([run("lstm", [90.0] * 8), gru([10.0, 20.0, 30.0])])
    [judged] = verdicts.comparisons
    assert judged.verdict is Verdict.OPEN
    assert judged.comparison.interval is None
    assert "A verdict needs at least 6 seeds that both have, not 3." in judged.sentences
    assert judged.commands == (
        "rnn-tui train recall --cell gru --preset fast --hidden-size 5 --seeds 6",
    )
    assert any(judged.commands[0] in note for note in verdicts.notes)
    assert judged.p == pytest.approx(0.25)  # the least of three seeds


def test_one_seed_has_neither_noise_nor_a_test() -> None:
    judged = only(image("a", 0, 99.0, "lstm"), image("b", 0, 98.0, "gru"))
    assert judged.verdict is Verdict.OPEN
    assert (judged.comparison.n, judged.noise, judged.effect, judged.p) == (1, None, None, None)
    first, second = judged.commands
    assert first.startswith("rnn-tui train mnist")
    assert "--seed 1" in first
    assert "--cell gru" in second


def test_equal_runs_are_open() -> None:
    values = [90.0, 91.0, 92.0, 93.0, 94.0, 95.0]
    judged = only(run("lstm", values), gru(values))
    assert judged.verdict is Verdict.OPEN
    assert "All seeds are equal." in judged.sentences
    assert judged.p == 1.0
    # the same recipe twice
    again = only(run("lstm", values), run("again", values))
    assert again.verdict is Verdict.OPEN
    assert again.settings == ()


def test_seeds_without_a_number_are_left_out_and_counted() -> None:
    values = [90.0, 91.5, 92.0, 93.5, 94.0, 95.5, 96.0, 97.5]
    worse = [NAN, *(value - 20 for value in values[1:7]), float("inf")]
    judged = only(run("lstm", values), gru(worse))
    assert judged.comparison.n == 6
    assert judged.comparison.undefined == 2
    assert any("2 seeds whose figures are no numbers" in text for text in judged.sentences)
    nothing = only(run("lstm", values), gru([NAN] * 8))
    assert nothing.verdict is Verdict.OPEN
    assert "No seed of both has a test accuracy." in nothing.sentences


def test_networks_are_compared_with_the_same_ones_and_p_is_corrected() -> None:
    generous = [50.0 + place for place in range(6)]
    first = run("lstm", [*generous, *generous], hidden_sizes=(5, 10), seeds=6)
    second = gru([value - 7 - value / 50 for value in generous], hidden_sizes=(10,), seeds=6)
    judged = only(first, second)
    assert judged.claim == "lstm better than gru (H 10 ce)"
    assert judged.p_holm is None
    third = run(
        "rnn",
        [value - 9 - value / 50 for value in generous] * 2,
        cell="rnn",
        hidden_sizes=(5, 10),
        seeds=6,
    )
    verdicts = verdicts_of([first, third])
    assert [judged.network for judged in verdicts.comparisons] == ["H 5 ce", "H 10 ce"]
    assert [judged.p for judged in verdicts.comparisons] == pytest.approx([2 / 64, 2 / 64])
    assert [judged.p_holm for judged in verdicts.comparisons] == pytest.approx([4 / 64, 4 / 64])
    assert any(note.startswith("These are 2 comparisons") for note in verdicts.notes)
    other = gru(generous, hidden_sizes=(7,), seeds=6)
    [note] = verdicts_of([first, other]).notes
    assert "no network in common" in note


def test_each_is_compared_with_each_and_of_many_with_the_first() -> None:
    runs = [
        run(
            f"rate{place}",
            [place + 0.1 * seed for seed in range(6)],
            learning_rate=0.01 * (place + 1),
        )
        for place in range(EACH_WITH_EACH + 1)
    ]
    few = verdicts_of(runs[:3])
    assert [(judged.first, judged.second) for judged in few.comparisons] == [
        ("rate0", "rate1"),
        ("rate0", "rate2"),
        ("rate1", "rate2"),
    ]
    many = verdicts_of(runs)
    assert [judged.first for judged in many.comparisons] == ["rate0"] * EACH_WITH_EACH
    assert any("compared with the first" in note for note in many.notes)


def test_what_differs_is_said() -> None:
    values = [90.0, 91.0, 92.0, 93.0, 94.0, 95.0]
    one = verdicts_of([run("a", values), run("b", values, learning_rate=0.01)])
    assert one.notes[0] == "a and b differ in one setting: learning rate."
    assert one.explanations == (*one.notes, RUN_RULE)
    two = verdicts_of([run("a", values), run("b", values, learning_rate=0.01, batch_size=7)])
    assert two.notes[0] == (
        "a and b differ in 2 settings (batch size, learning rate), so no difference can be put "
        "down to one of them."
    )


@pytest.mark.parametrize(
    ("other", "reason"),
    [
        (run("b", [1.0] * 6, "adder"), "they are of two tasks, recall and adder"),
        (run("b", [1.0] * 6, lengths=(3, 5)), "test data are not the same, since lengths differs"),
        (run("b", [1.0] * 6, position=2), "test data are not the same, since position differs"),
        (replace(run("b", [1.0] * 6), final_metric=SafeText("")), "no figure that both"),
    ],
)
def test_what_can_not_be_compared_says_why(other: RunRecord, reason: str) -> None:
    verdicts = verdicts_of([run("a", [2.0] * 6, learning_rate=0.01), other])
    assert verdicts.comparisons == ()
    [note] = verdicts.notes
    assert note.startswith("a and b can't be compared: ")
    assert reason in note


def test_a_run_that_is_not_finished_is_compared_by_its_last_epoch() -> None:
    values = [90.0, 91.0, 92.0, 93.5, 94.0, 95.0]
    first, second = (
        replace(made, metric=SafeText("val_accuracy"), last_values=made.final_values)
        for made in (run("lstm", values), gru([value - 20 - value / 50 for value in values]))
    )
    stopped = replace(second, final_metric=SafeText(""), final_values=(), status=Status.STOPPED)
    judged = only(first, stopped)
    assert judged.metric.name == "val_accuracy"
    assert judged.verdict is Verdict.SUPPORTED


def test_words_of_all_lengths_are_another_test_than_those_of_a_few() -> None:
    values = [90.0, 91.0, 93.0, 90.5, 92.0, 91.5]
    changes = {"hidden_sizes": (32,)}
    few = run("few", values, "parity-check", **changes)
    every = run("every", values, "parity-check", test_lengths="all", **changes)
    [note] = verdicts_of([few, every]).notes
    assert "test data are not the same, since test lengths differs" in note


def test_the_adder_is_tested_on_lengths_of_its_own() -> None:
    values = [90.0, 91.0, 92.0, 93.0, 94.0, 95.0]
    judged = only(run("a", values, "adder"), run("b", values, "adder", lengths=(1, 10)))
    assert judged.settings == ("lengths",)


def test_runs_that_differ_in_seeds_only_are_not_judged() -> None:
    verdicts = verdicts_of([run("a", [1.0] * 6), run("b", [2.0] * 6, seed=6)])
    assert verdicts.comparisons == ()
    assert "differ in their seeds only" in verdicts.notes[0]
    assert verdicts_of([run("a", [1.0] * 6)] * 2).notes == ()
    assert verdicts_of([]).notes == ()
