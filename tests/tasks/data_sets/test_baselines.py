"""Baselines are what one works out by hand, and say whether networks beat them."""

import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.linear_model import LogisticRegression

from rnn_tui.data import store
from rnn_tui.data.data_set import TEST, TRAINING, DataSet
from rnn_tui.data.options import Goal
from rnn_tui.engine.errors import DataError
from rnn_tui.tasks.data_sets import asked_rows, naive, random_convolutions
from rnn_tui.tasks.data_sets.baselines import (
    Baseline,
    baselines_of,
    best_of,
    kept_baselines,
    verdict,
)
from rnn_tui.tasks.data_sets.naive import naive_answers
from rnn_tui.tasks.data_sets.task import stored_task
from tests.data.examples import data_set_of, every_goal, rising_or_falling, walks
from tests.data.reading import Read
from tests.tasks.data_sets.conftest import SmallOn


def column(*values: float) -> Any:
    return np.array(values, np.float32)[:, None]


def by_name(data_set: DataSet) -> dict[str, dict[str, float]]:
    return {baseline.name: baseline.figures for baseline in naive_answers(data_set)}


def test_classes_are_those_that_training_has_most() -> None:
    # of each five sequences, the last one tests, the first three train
    classes = np.array([0, 0, 1, 1, 0] * 2 + [0, 0, 1, 1, 1] * 2)
    data_set = data_set_of("c", Goal.CLASS, walks(20), classes, outputs=("p", "q"))
    figures = by_name(data_set)["most frequent class"]
    # two p and two q are all answered p: F1 of p is 2 · 2 / (4 + 2), of q 0
    assert figures["test_accuracy"] == figures["test_balanced_accuracy"] == 50.0
    assert figures["test_macro_f1"] == pytest.approx(100 / 3)
    assert figures["test_auc"] == 0.5


def test_unknown_answers_count_for_nothing() -> None:
    classes = np.array([0, 0, -1, 1, 0] * 2 + [0, 0, 1, 1, -1] * 2)
    data_set = data_set_of("c", Goal.CLASS, walks(20), classes, outputs=("p", "q"))
    assert by_name(data_set)["most frequent class"]["test_accuracy"] == 100.0


def test_a_line_that_classes_depend_on_is_learnt_by_logistic_regression() -> None:
    figures = by_name(rising_or_falling())["logistic regression"]
    assert figures["test_accuracy"] == figures["test_macro_f1"] == 100.0
    assert figures["test_auc"] == 1.0


def test_the_last_value_is_off_by_a_constant_step() -> None:
    lines = [column(*(start + 2.0 * np.arange(6))) for start in range(10)]
    data_set = data_set_of("s", Goal.NEXT, lines, horizon=2)
    figures = by_name(data_set)
    # five answers are 2 off and four are 4 off, of each test sequence
    assert figures["last value"]["test_rmse"] == pytest.approx(
        np.sqrt((5 * 2**2 + 4 * 4**2) / 9), rel=1e-5
    )
    ridge = figures["ridge regression on the last 8 steps"]
    assert ridge["test_rmse"] < 0.5
    assert ridge["test_r2"] > 0.98


def test_a_mean_has_no_share_of_what_varies() -> None:
    lines = walks(20, columns=1)
    numbers = np.arange(20, dtype=np.float32)[:, None] % 5  # all that test are 4
    data_set = data_set_of("m", Goal.NUMBER, lines, numbers, outputs=("y",))
    mean = by_name(data_set)["mean"]
    assert mean["test_rmse"] == pytest.approx(3.0)  # those that train are 0, 1 and 2
    assert mean["test_r2"] == 0.0


def test_a_symbol_follows_another() -> None:
    words = [column(*([0, 1, 0, 2] * 3)) for _ in range(10)]
    data_set = data_set_of("w", Goal.NEXT, words, alphabet=("a", "b", "c"), horizon=1)
    figures = by_name(data_set)
    # of eleven next symbols five are a, three b and three c
    assert figures["most frequent symbol"]["test_accuracy"] == pytest.approx(100 * 5 / 11)
    following = figures["most frequent symbol after the last one"]
    # after b and c comes a; after a comes b or c, three times each, of which b is answered
    assert following["test_accuracy"] == pytest.approx(100 * 8 / 11)
    # training has 18 pairs ab, 18 ac, 18 ba, 12 ca; one more of each pair is counted
    expected = -(6 * np.log2(19 / 39) + 3 * np.log2(19 / 21) + 2 * np.log2(13 / 15)) / 11
    assert following["test_bits"] == pytest.approx(expected)
    window = figures["logistic regression on the last 8 steps"]
    assert window["test_accuracy"] == pytest.approx(100.0)


def test_a_linear_model_is_called_by_what_it_reads() -> None:
    letters = tuple(f"s{number}" for number in range(150))  # of which 512 columns hold three
    places = [np.arange(start, start + 12) % 150 for start in range(20)]
    sequences = [column(*steps.tolist()) for steps in places]
    data_set = data_set_of("s", Goal.NEXT, sequences, alphabet=letters, horizon=1)
    assert "logistic regression on the last 3 steps" in by_name(data_set)


def test_constant_steps_are_answered_by_their_class() -> None:
    words = [column(*([0, 1] * 3)) for _ in range(10)]
    classes = np.array([1, 0, 0, 0, -1, 1] * 10)
    data_set = data_set_of(
        "s", Goal.STEP_CLASS, words, classes, outputs=("p", "q"), alphabet=("a", "b")
    )
    assert by_name(data_set)["most frequent class"]["test_accuracy"] == pytest.approx(60.0)


def test_a_word_is_tagged_as_it_mostly_is_in_training(read: Read) -> None:
    random = np.random.default_rng(0)
    lines = []
    for sentence in range(60):
        words = random.choice(["run", "runs", "dog"], 4)
        tags = ["V" if word == "runs" or random.random() < 0.7 else "N" for word in words]
        lines += [f"{word} {tag}" for word, tag in zip(words, tags, strict=True)]
        lines += [f"own{sentence} N", ""]
    data_set = read("\n".join(lines), "tagged.conll", tokens="words").data_set
    description = data_set.description
    trained = np.repeat(data_set.parts == TRAINING, data_set.lengths)
    tested = np.repeat(data_set.parts == TEST, data_set.lengths)
    places, targets = data_set.values[:, 0].astype(int), data_set.targets
    likeliest = [
        np.bincount(targets[trained & (places == place)], minlength=2).argmax()
        for place in range(len(description.alphabet))
    ]
    assert description.outputs[int(likeliest[0])] == "N"  # of words that training has once
    expected = np.array(likeliest)[places[tested]] == targets[tested]
    figures = by_name(data_set)
    found = figures["most frequent class of the word"]["test_accuracy"]
    assert found == pytest.approx(100 * expected.mean())
    assert found > figures["most frequent class"]["test_accuracy"]


def test_counts_of_words_are_those_of_scikit_learn(read: Read) -> None:
    random = np.random.default_rng(1)
    texts = [" ".join(random.choice(["good", "bad", "film", "a"], 6)) for _ in range(60)]
    labels = ["p" if text.count("good") > text.count("bad") else "n" for text in texts]
    content = "\n".join(["text,label", *map(",".join, zip(texts, labels, strict=True)), ""])
    data_set = read(content, layout="wide", tokens="words").data_set
    trained, tested = data_set.of_part(TRAINING), data_set.of_part(TEST)
    counter = CountVectorizer(analyzer=str.split)
    counts = counter.fit_transform([texts[at] for at in trained])
    model = LogisticRegression(max_iter=300).fit(counts, [labels[at] for at in trained])
    in_test = counter.transform([texts[at] for at in tested])
    expected = 100 * model.score(in_test, [labels[at] for at in tested])
    figures = by_name(data_set)["logistic regression on counts of words"]
    assert figures["test_accuracy"] == pytest.approx(expected)


@pytest.mark.parametrize("goal", every_goal())
def test_each_baseline_has_the_figures_of_the_test(goal: str) -> None:
    data_set = every_goal()[goal]
    store.keep(data_set)
    task = stored_task(data_set.description.name)
    names = {metric.name for metric in task.metric_definitions if metric.stage == "test"}
    baselines = baselines_of(data_set.description.name)
    assert len(baselines) >= 2
    for baseline in baselines:
        if not baseline.figures:
            assert baseline.name == random_convolutions.NAME
            assert "each step" in baseline.note
            continue
        missing = {"test_loss", "test_temperature"}
        if baseline.name == random_convolutions.NAME:
            missing.add("test_ece")  # scores are no probabilities
        assert set(baseline.figures) == names - missing
        assert np.isfinite([*baseline.figures.values()]).all()


def test_baselines_are_computed_once_and_go_with_their_data_set(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    data_set = rising_or_falling()
    name = data_set.description.name
    with pytest.raises(DataError, match="no longer on this machine"):
        baselines_of(name)
    store.keep(data_set)
    assert kept_baselines(name) is None
    baselines = baselines_of(name)
    assert kept_baselines(name) == baselines
    monkeypatch.setattr(naive, "naive_answers", lambda _: pytest.fail("computed again"))
    assert baselines_of(name) == baselines
    store.baselines_path(name).write_text("{}")  # a damaged file
    assert kept_baselines(name) is None
    store.remove(name)
    assert not store.baselines_path(name).exists()


def test_a_large_set_is_fitted_on_a_part_and_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(asked_rows, "MOST_ROWS", 20)
    monkeypatch.setattr(asked_rows, "TEST_ROWS", 10)
    [*_, linear, _] = naive_answers(every_goal()["step-class"])
    assert linear.note.startswith("fitted on 20 of ")
    assert "measured on 10 of " in linear.note


@pytest.mark.parametrize(
    ("values", "beats", "words"),
    [
        ((91.0, 92.0, 93.0), True, "beats the best baseline: test accuracy 92.00 ± 1.00 % over 3"),
        ((89.0, 92.0, 95.0), False, "may be no better than the best baseline"),
        ((70.0, 71.0, 72.0), False, "does not beat the best baseline"),
        ((89.0, 89.0, 89.0), False, "does not beat the best baseline"),
        ((99.0,), False, "with its one seed, which may be chance"),
        ((math.nan, 99.0, 99.0), False, "does not beat the best baseline"),
    ],
)
def test_verdicts_take_the_seeds_into_account(
    small_on: SmallOn, values: tuple[float, ...], beats: bool, words: str
) -> None:
    config = small_on(rising_or_falling(), hidden_sizes=(4,), seeds=len(values))
    baselines = [
        Baseline("most frequent class", {"test_accuracy": 50.0}),
        Baseline("logistic regression", {"test_accuracy": 89.0}),
    ]
    found = verdict(config, values, baselines)
    assert found is not None
    assert found.beats is beats
    assert words in found.sentence
    assert found.sentence.startswith("H 4 ce ")
    assert found.sentence.endswith("logistic regression 89.00 %.")


def test_of_several_networks_the_best_one_is_compared(small_on: SmallOn) -> None:
    config = small_on(every_goal()["number"], seeds=2)
    baselines = [Baseline("mean", {"test_rmse": 2.0}), Baseline("ridge", {"test_rmse": 1.5})]
    found = verdict(config, (3.0, 3.1, 1.0, 1.01), baselines)
    assert found is not None
    assert found.beats
    assert found.sentence.startswith("H 5 mse, the best of 2 networks, beats the best baseline")


def test_a_lead_on_a_few_test_sequences_of_a_class_is_none(small_on: SmallOn) -> None:
    classes = np.array([int(number in (0, 1, 4, 9)) for number in range(40)])
    data_set = data_set_of("few", Goal.CLASS, walks(40), classes, outputs=("usual", "rare"))
    description = replace(data_set.description, class_counts=(36, 4))
    config = small_on(replace(data_set, description=description), hidden_sizes=(4,), seeds=3)
    baselines = [Baseline("most frequent class", {"test_balanced_accuracy": 50.0})]
    compared = verdict(config, (100.0, 100.0, 100.0), baselines)
    assert compared is not None
    assert not compared.beats
    assert "but the test has only 2 sequences of the class rare, which is too few" in (
        compared.sentence
    )


def test_a_network_that_diverged_is_not_the_best(small_on: SmallOn) -> None:
    config = small_on(every_goal()["number"], seeds=2)
    baselines = [Baseline("mean", {"test_rmse": 2.0})]
    compared = verdict(config, (math.nan, 3.1, 1.0, 1.01), baselines)
    assert compared is not None
    assert compared.beats
    assert compared.sentence.startswith("H 5 mse, the best of 2 networks, beats")


def test_nothing_is_compared_without_figures(small_on: SmallOn) -> None:
    config = small_on(rising_or_falling())
    assert verdict(config, (), [Baseline("mean", {"test_accuracy": 1.0})]) is None
    assert verdict(config, (50.0,) * 2, []) is None
    assert best_of([Baseline("mean", {})], stored_task(config.task).metric("test_accuracy")) is None


def test_baselines_that_were_edited_or_are_of_another_data_set_are_computed_again() -> None:
    data_set = rising_or_falling()
    store.keep(data_set)
    name = data_set.description.name
    computed = baselines_of(name)
    path = store.baselines_path(name)
    text = path.read_text(encoding="utf-8")
    assert kept_baselines(name) == computed
    path.write_text(text.replace("100.0", "10.0"), encoding="utf-8")
    assert kept_baselines(name) is None
    assert baselines_of(name) == computed
    other = rising_or_falling(seed=1)
    store.keep(other)
    store.baselines_path(other.description.name).write_text(text, encoding="utf-8")
    assert kept_baselines(other.description.name) is None
