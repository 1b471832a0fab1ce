"""Random convolutions are those of the paper, are fitted on training alone, and are bounded."""

import math
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.linear_model import RidgeClassifierCV, RidgeCV
from sklearn.preprocessing import StandardScaler

from rnn_tui.data import store
from rnn_tui.data.data_set import TEST, DataSet
from rnn_tui.data.options import Goal
from rnn_tui.engine.errors import DataError
from rnn_tui.engine.progress import Progress
from rnn_tui.tasks.data_sets import random_convolutions, random_kernels
from rnn_tui.tasks.data_sets.asked_rows import AskedRows
from rnn_tui.tasks.data_sets.baseline import Baseline
from rnn_tui.tasks.data_sets.baselines import baselines_of, best_of
from rnn_tui.tasks.data_sets.naive import naive_answers
from rnn_tui.tasks.data_sets.random_convolutions import NAME, ConvolvedAnswers, convolved_answers
from rnn_tui.tasks.data_sets.random_kernels import Kernel, draw_kernels, kernel_features
from rnn_tui.tasks.data_sets.ridge import PENALTIES, Ridge
from rnn_tui.tasks.data_sets.task import stored_task
from tests.data.examples import data_set_of, every_goal, rising_or_falling, words
from tests.data.reading import Read
from tests.make_shapes import cylinders_bells_funnels, table

Array = npt.NDArray[Any]


def features_of(kernels: list[Kernel], sequences: list[Array], **more: Any) -> Array:
    lengths = np.array([len(sequence) for sequence in sequences])
    columns = sequences[0].shape[1]
    return kernel_features(kernels, lengths, columns, sequences.__getitem__, **more)


def by_loops(kernel: Kernel, sequence: Array) -> tuple[float, float]:
    """The share of positive outputs and the largest, as the paper describes them."""
    steps, length = len(sequence), kernel.weights.shape[1]
    spread = (length - 1) * kernel.dilation
    padding = spread // 2 if kernel.padded or steps <= spread else 0
    outputs = []
    for start in range(-padding, steps + padding - spread):
        output = kernel.bias
        for column, weights in zip(kernel.columns, kernel.weights, strict=True):
            for place in range(length):
                step = start + place * kernel.dilation
                if 0 <= step < steps:
                    output += float(weights[place]) * float(sequence[step, column])
        outputs.append(output)
    return sum(output > 0 for output in outputs) / len(outputs), max(outputs)


def answers_of(data_set: DataSet) -> ConvolvedAnswers:
    answers = convolved_answers(AskedRows(data_set), Progress())
    assert answers is not None
    return answers


def baseline_of(data_set: DataSet) -> Baseline:
    [baseline] = [each for each in naive_answers(data_set) if each.name == NAME]
    return baseline


@settings(deadline=None, max_examples=40)
@given(
    lengths=st.lists(st.integers(1, 40), min_size=1, max_size=6),
    columns=st.integers(1, 4),
    seed=st.integers(0, 999),
)
def test_features_are_those_of_plain_loops(lengths: list[int], columns: int, seed: int) -> None:
    random = np.random.default_rng(seed)
    sequences = [random.normal(size=(length, columns)).astype(np.float32) for length in lengths]
    kernels = draw_kernels(6, max(lengths), columns, seed)
    features = features_of(kernels, sequences)
    assert features.shape == (len(lengths), 12)
    for sequence, row in zip(sequences, features, strict=True):
        expected = np.array([by_loops(kernel, sequence) for kernel in kernels])
        np.testing.assert_allclose(row[1::2], expected[:, 1], rtol=1e-4, atol=1e-4)
        # an output of about 0 may round to either side
        assert np.abs(row[::2] - expected[:, 0]).max() <= 1 / len(sequence) + 1e-6


@given(steps=st.integers(1, 1000), columns=st.integers(1, 256), seed=st.integers(0, 99))
def test_kernels_are_drawn_as_published(steps: int, columns: int, seed: int) -> None:
    kernels = draw_kernels(20, steps, columns, seed)
    for kernel in kernels:
        read, length = kernel.weights.shape
        assert length in (7, 9, 11)
        assert 1 <= read == len(set(kernel.columns.tolist())) <= columns
        assert -1 <= kernel.bias <= 1
        assert kernel.dilation == 1 or (length - 1) * kernel.dilation <= steps - 1
        np.testing.assert_allclose(kernel.weights.mean(axis=1), 0, atol=1e-6)
    again = draw_kernels(20, steps, columns, seed)
    assert [kernel.bias for kernel in kernels] == [kernel.bias for kernel in again]


def test_half_of_the_kernels_are_padded_and_dilations_are_spread_by_their_logarithm() -> None:
    kernels = draw_kernels(2000, 257, 1)
    assert 0.45 < np.mean([kernel.padded for kernel in kernels]) < 0.55
    widest = [math.log2(256 / (kernel.weights.shape[1] - 1)) for kernel in kernels]
    below_half = [
        kernel.dilation <= 2 ** (most / 2) for kernel, most in zip(kernels, widest, strict=True)
    ]
    assert 0.45 < np.mean(below_half) < 0.65


def test_a_sequence_has_the_same_features_whatever_lies_beside_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    random = np.random.default_rng(1)
    sequences = [random.normal(size=(length, 2)) for length in (3, 30, 17, 30, 1)]
    kernels = draw_kernels(50, 30, 2)
    features = features_of(kernels, sequences)
    alone = np.concatenate([features_of(kernels, [sequence]) for sequence in sequences])
    np.testing.assert_array_equal(features, alone)
    monkeypatch.setattr(random_kernels, "MOST_OUTPUTS", 1)
    np.testing.assert_array_equal(features, features_of(kernels, sequences))


@settings(deadline=None, max_examples=25)
@given(
    rows=st.integers(3, 60),
    columns=st.integers(1, 50),
    outputs=st.integers(1, 3),
    seed=st.integers(0, 99),
)
def test_the_ridge_is_that_of_scikit_learn(
    rows: int, columns: int, outputs: int, seed: int
) -> None:
    random = np.random.default_rng(seed)
    read = random.normal(5, 3, (rows, columns))
    wanted = read[:, :1] + random.normal(0, 3, (rows, outputs))
    scaler = StandardScaler()
    model = RidgeCV(PENALTIES).fit(scaler.fit_transform(read), wanted)
    asked = random.normal(5, 3, (7, columns))
    ours = Ridge(read, wanted)
    assert ours.penalty == pytest.approx(float(model.alpha_))
    expected = model.predict(scaler.transform(asked)).reshape(7, outputs)
    np.testing.assert_allclose(ours.answers(asked), expected, rtol=1e-5, atol=1e-6)


def test_classes_are_those_of_scikit_learn() -> None:
    random = np.random.default_rng(3)
    centres = random.normal(size=(3, 20))
    classes = np.arange(90) % 3
    read = centres[classes] + random.normal(0, 1.5, (90, 20))
    scaler = StandardScaler()
    model = RidgeClassifierCV(PENALTIES).fit(scaler.fit_transform(read[:60]), classes[:60])
    targets = np.where(classes[:60, None] == np.arange(3), 1.0, -1.0)
    answered = Ridge(read[:60], targets).answers(read[60:]).argmax(axis=1)
    np.testing.assert_array_equal(answered, model.predict(scaler.transform(read[60:])))


@pytest.mark.parametrize("rows", [1, 2])
def test_columns_that_do_not_differ_are_answered_by_the_mean(rows: int) -> None:
    model = Ridge(np.ones((rows, 4)), np.arange(rows, dtype=float)[:, None])
    np.testing.assert_allclose(model.answers(np.zeros((3, 4))), (rows - 1) / 2)


def test_what_classes_depend_on_is_seen() -> None:
    baseline = baseline_of(rising_or_falling())
    assert baseline.figures["test_accuracy"] == 100.0
    assert baseline.figures["test_auc"] == 1.0
    assert baseline.note == "1,000 kernels"


def test_shapes_are_told_apart_that_a_linear_model_confuses(read: Read) -> None:
    shapes = cylinders_bells_funnels(150, 0)
    data_set = read(table(shapes), layout="wide").data_set
    figures = {each.name: each.figures["test_accuracy"] for each in naive_answers(data_set)}
    assert figures[NAME] >= 95.0 > figures["logistic regression"]


def test_a_number_is_answered_where_it_is_a_matter_of_shape() -> None:
    random = np.random.default_rng(4)
    speeds = random.uniform(0.2, 1.2, 200)
    lines = [
        np.sin(np.arange(40) * speed + random.uniform(0, 6))[:, None].astype(np.float32)
        for speed in speeds
    ]
    targets = speeds[:, None].astype(np.float32)
    data_set = data_set_of("speed", Goal.NUMBER, lines, targets, outputs=("speed",))
    figures = {each.name: each.figures for each in naive_answers(data_set)}
    assert figures[NAME]["test_r2"] > 0.95 > figures["ridge regression"]["test_r2"]


def test_the_test_changes_neither_kernels_nor_the_model() -> None:
    data_set = every_goal()["class"]
    alone = answers_of(data_set).answers
    values, lengths = data_set.values.copy(), data_set.lengths
    in_test = data_set.of_part(TEST)
    other = in_test[1:]  # the first one stays as it is
    is_other = np.repeat(np.isin(np.arange(data_set.count), other), lengths)
    values[is_other] = 1e4
    targets = data_set.targets.copy()
    targets[in_test] = (targets[in_test] + 1) % 3
    changed = answers_of(replace(data_set, values=values, targets=targets)).answers
    rows = AskedRows(data_set).of_part(TEST)
    first = int(np.flatnonzero(rows == in_test[0])[0])
    np.testing.assert_array_equal(changed[first], alone[first])


def test_longer_sequences_of_the_test_do_not_change_the_kernels() -> None:
    lines = [np.full((5, 1), number % 2, np.float32) for number in range(20)]
    longer = [
        np.resize(line, (60, 1)) if at % 5 == 4 and at > 4 else line
        for at, line in enumerate(lines)
    ]
    classes = np.arange(20) % 2
    answers = [
        answers_of(data_set_of("k", Goal.CLASS, some, classes, outputs=("p", "q"))).answers
        for some in (lines, longer)
    ]
    np.testing.assert_array_equal(answers[0][0], answers[1][0])


@settings(deadline=None, max_examples=10)
@given(steps=st.integers(1, 6), columns=st.integers(1, 3), seed=st.integers(0, 99))
def test_sequences_of_a_few_steps_are_answered(steps: int, columns: int, seed: int) -> None:
    random = np.random.default_rng(seed)
    classes = np.arange(40) // 5 % 2
    lines = [
        random.normal(3.0 * which, 0.1, (steps, columns)).astype(np.float32) for which in classes
    ]
    data_set = data_set_of("s", Goal.CLASS, lines, classes, outputs=("low", "high"))
    assert baseline_of(data_set).figures["test_accuracy"] == 100.0


def test_symbols_are_read_one_hot() -> None:
    letters = words(100, letters=4)
    classes = np.array([int((word == 2).sum() > (word == 1).sum()) for word in letters])
    data_set = data_set_of(
        "w", Goal.CLASS, letters, classes, outputs=("fewer", "more"), alphabet=("a", "b", "c", "d")
    )
    assert baseline_of(data_set).figures["test_accuracy"] >= 90.0


def test_words_are_refused_in_a_sentence(read: Read) -> None:
    lines = ["text,label", *(f"{('good', 'bad')[at % 2]} film,{at % 2}" for at in range(60))]
    data_set = read("\n".join([*lines, ""]), layout="wide", tokens="words").data_set
    baseline = baseline_of(data_set)
    assert not baseline.figures
    assert "not measured on words" in baseline.note


def test_a_class_that_training_lacks_is_never_answered() -> None:
    lines = [np.full((8, 1), at % 2, np.float32) for at in range(20)]
    classes = np.where(np.arange(20) % 5 == 4, 2, np.arange(20) % 2)  # the third tests only
    data_set = data_set_of("c", Goal.CLASS, lines, classes, outputs=("p", "q", "r"))
    answers = answers_of(data_set).answers
    assert (answers.argmax(axis=1) < 2).all()
    assert baseline_of(data_set).figures["test_accuracy"] == 0.0


def test_a_large_set_has_fewer_kernels_and_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    data_set = rising_or_falling()
    monkeypatch.setattr(random_convolutions, "MOST_READ", 1)
    monkeypatch.setattr(random_convolutions, "MOST_FITTED", 10)
    monkeypatch.setattr(random_convolutions, "MOST_TESTED", 4)
    note = answers_of(data_set).note
    assert note == "100 kernels, fitted on 10 of 24 sequences, measured on 4 of 8 sequences"


def test_progress_is_shown_and_nothing_is_kept_of_what_was_stopped() -> None:
    data_set = rising_or_falling()
    store.keep(data_set)
    name = data_set.description.name
    seen: list[float] = []
    stopped = Progress(lambda progress: progress.stop())
    with pytest.raises(DataError, match="stopped"):
        baselines_of(name, stopped)
    assert not store.baselines_path(name).exists()
    baselines = baselines_of(name, Progress(lambda progress: seen.append(progress.share)))
    assert seen == sorted(seen)
    assert seen[-1] == 1.0
    best = best_of(baselines, stored_task(name).metric("test_accuracy"))
    assert best is not None


def test_the_same_data_have_the_same_answers() -> None:
    data_set = every_goal()["number"]
    np.testing.assert_array_equal(answers_of(data_set).answers, answers_of(data_set).answers)
