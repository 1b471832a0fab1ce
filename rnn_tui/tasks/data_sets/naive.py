"""Answer the test sequences of a data set without a network.

The simplest answers are constants of the training sequences, or the last value read. The best of
the simple ones is mostly a linear model: logistic regression for classes and ridge regression for
numbers, by scikit-learn with its usual settings, on the sequence as a row of numbers. Random
convolutions are no simple answer, but one that takes seconds and is often better than a network.
"""

import warnings
from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from rnn_tui.data.data_set import TRAINING, DataSet
from rnn_tui.data.inputs import standardised_targets
from rnn_tui.data.options import Goal
from rnn_tui.engine.process.blas import single_blas_thread
from rnn_tui.engine.progress import UNWATCHED, Progress
from rnn_tui.tasks.data_sets import figures as measured
from rnn_tui.tasks.data_sets.asked_rows import TEST_ROWS, AskedRows
from rnn_tui.tasks.data_sets.baseline import Baseline
from rnn_tui.tasks.data_sets.calibration import calibration_error, reliability
from rnn_tui.tasks.data_sets.random_convolutions import NAME, convolved_answers, why_not
from rnn_tui.tasks.data_sets.series_baselines import series_baselines
from rnn_tui.tasks.data_sets.task import has_classes

Array = npt.NDArray[Any]
Floats = npt.NDArray[np.float64]

MOST_ITERATIONS = 300


def naive_answers(data_set: DataSet, progress: Progress = UNWATCHED) -> Iterator[Baseline]:
    """Yield the baselines of a data set, the simplest first.

    The last one takes longest, and reports progress; it is left out if it is stopped.
    """
    description = data_set.description
    if description.forecast is not None:
        yield from series_baselines(data_set)
    else:
        yield from _of_sequences(AskedRows(data_set))
    reason = why_not(description)
    if reason:
        yield Baseline(NAME, note=reason)
    else:
        yield from _random_convolutions(AskedRows(data_set), progress)


def _of_sequences(rows: AskedRows) -> Iterator[Baseline]:
    """Yield the simple baselines of what is no forecast."""
    if rows.description.classifies:
        yield _constant_class(rows)
        if rows.description.alphabet and rows.every_step:
            yield _by_symbol(rows)
        yield _logistic_regression(rows)
    else:
        yield _constant_numbers(rows)
        if rows.description.goal is Goal.NEXT:
            yield _last_values(rows)
        yield _ridge_regression(rows)


def _random_convolutions(rows: AskedRows, progress: Progress) -> Iterator[Baseline]:
    """Yield the answers of random convolutions, unless they were stopped."""
    convolved = convolved_answers(rows, progress)
    if convolved is None:
        return
    targets, answers, note = convolved
    if not rows.description.classifies:
        yield _of_numbers(rows, NAME, targets, answers, note)
        return
    # scores are in the order of probabilities, but are none: there is no error of calibration
    shares = np.exp(answers - answers.max(axis=1, keepdims=True))
    in_order = _Answers(targets, answers.argmax(axis=1), shares)
    baseline = _of_classes(rows, NAME, in_order, note)
    del baseline.figures["test_ece"]
    yield baseline


# Classes


class _Answers(NamedTuple):
    """Answers to n rows."""

    targets: Array  #: (n,) the right classes.
    classes: Array  #: (n,) those that are answered.
    probabilities: Array  #: (n, C).


def _constant_class(rows: AskedRows) -> Baseline:
    """Answer the most frequent class of the training sequences."""
    counts = _counts(rows)
    tested, note = rows.tested_on()
    targets = rows.targets(tested)
    probabilities = (counts + 1) / (counts + 1).sum()
    shares = np.broadcast_to(probabilities, (len(targets), len(probabilities)))
    answers = _Answers(targets, np.full(len(targets), counts.argmax()), shares)
    word = "symbol" if rows.description.goal is Goal.NEXT else "class"
    return _of_classes(rows, f"most frequent {word}", answers, note)


def _counts(rows: AskedRows) -> npt.NDArray[np.int64]:
    targets = rows.targets(rows.of_part(TRAINING))
    return np.bincount(targets, minlength=len(rows.description.outputs))


def _by_symbol(rows: AskedRows) -> Baseline:
    """Answer what most often follows the symbol that was read last, or the class it mostly has.

    What follows is counted once more for each pair. Classes are counted once more in all, in their
    shares: so a symbol that training lacks has the most frequent one.
    """
    description = rows.description
    symbols, size = description.input_size, len(description.outputs)
    trained = rows.of_part(TRAINING)
    tested, note = rows.tested_on()
    places = rows.data_set.values[:, 0].astype(np.int64)
    pairs = places[trained] * size + rows.targets(trained)
    counts = np.bincount(pairs, minlength=symbols * size).reshape(symbols, size)
    is_next = description.goal is Goal.NEXT
    smoothed = counts + (1.0 if is_next else counts.sum(axis=0) / max(1, counts.sum()))
    probabilities = smoothed / smoothed.sum(axis=1, keepdims=True)
    last, targets = places[tested], rows.targets(tested)
    answers = _Answers(targets, probabilities.argmax(axis=1)[last], probabilities[last])
    name = "most frequent symbol after the last one"
    if not is_next:
        name = f"most frequent class of the {'word' if description.words else 'symbol'}"
    return _of_classes(rows, name, answers, note)


def _logistic_regression(rows: AskedRows) -> Baseline:
    """Answer by logistic regression."""
    from sklearn.linear_model import LogisticRegression  # seconds, on use only
    from sklearn.preprocessing import StandardScaler

    classes = len(rows.description.outputs)
    width = rows.columns(rows.of_part(TRAINING)[:1]).shape[1]
    trained, fit_note = rows.fitted_on(width, classes)
    tested, test_note = rows.tested_on()
    targets = rows.targets(tested)
    wanted = rows.targets(trained)
    note = ", ".join(part for part in (fit_note, test_note) if part)
    name = _linear_name("logistic regression", rows)
    if len(np.unique(wanted)) < 2:
        only = np.full(len(targets), wanted[0])
        return _of_classes(rows, name, _Answers(targets, only, np.eye(classes)[only]), note)
    # counts of words say more as they are: scaled, a rare word would count as much as any other
    is_counted = rows.description.words
    scaler = StandardScaler(with_mean=not is_counted, with_std=not is_counted)
    model = LogisticRegression(max_iter=MOST_ITERATIONS)
    with warnings.catch_warnings(), single_blas_thread():
        warnings.simplefilter("ignore")  # that it has not converged: it is good enough by then
        model.fit(scaler.fit_transform(rows.columns(trained)), wanted)
    of_known = model.predict_proba(scaler.transform(rows.columns(tested)))
    probabilities = np.zeros((len(targets), classes))
    probabilities[:, model.classes_] = of_known
    answers = _Answers(targets, probabilities.argmax(axis=1), probabilities)
    return _of_classes(rows, name, answers, note)


def _of_classes(rows: AskedRows, name: str, answers: _Answers, note: str) -> Baseline:
    """Return the figures of answers."""
    right = answers.classes == answers.targets
    figures = {"test_accuracy": 100.0 * float(right.mean())}
    if has_classes(rows.description):
        of_classes = measured.of_classes(*answers)
        figures |= {f"test_{key}": figure for key, figure in of_classes.items()}
        bins = reliability(answers.probabilities, answers.targets)
        figures["test_ece"] = 100 * calibration_error(bins)
    else:
        of_targets = answers.probabilities[np.arange(len(right)), answers.targets]
        likely = np.maximum(of_targets, np.finfo(np.float64).tiny)
        figures["test_bits"] = float(-np.log2(likely).mean())
    return Baseline(name, figures, note)


def _linear_name(name: str, rows: AskedRows) -> str:
    """Return the name of a linear model, with what it reads of the past, or what it counts."""
    if not rows.every_step:
        return f"{name} on counts of words" if rows.description.words else name
    steps = "step" if rows.window == 1 else f"{rows.window} steps"
    return f"{name} on the last {steps}"


# Numbers


def _constant_numbers(rows: AskedRows) -> Baseline:
    """Answer the mean of the training sequences."""
    tested, note = rows.tested_on()
    targets = rows.targets(tested)
    trained = rows.targets(rows.of_part(TRAINING)[:TEST_ROWS])
    means = _means_of_known(trained)
    return _of_numbers(rows, "mean", targets, np.broadcast_to(means, targets.shape), note)


def _last_values(rows: AskedRows) -> Baseline:
    """Answer the values of the last step again."""
    tested, note = rows.tested_on()
    last = rows.data_set.values[tested]
    repeated = np.tile(last, (1, rows.description.horizon))
    answers = standardised_targets(rows.description, repeated)
    return _of_numbers(rows, "last value", rows.targets(tested), answers, note)


def _ridge_regression(rows: AskedRows) -> Baseline:
    """Answer by ridge regression, a model for each output."""
    from sklearn.linear_model import Ridge  # seconds, on use only

    width = rows.columns(rows.of_part(TRAINING)[:1]).shape[1]
    trained, fit_note = rows.fitted_on(width, 1)
    tested, test_note = rows.tested_on()
    columns, targets = rows.columns(trained), rows.targets(trained)
    read, expected = rows.columns(tested), rows.targets(tested)
    answers = np.zeros(expected.shape)
    with warnings.catch_warnings(), single_blas_thread():
        warnings.simplefilter("ignore")  # columns that are all but the same
        for output in range(targets.shape[1]):
            is_known = ~np.isnan(targets[:, output])
            if is_known.any():
                model = Ridge().fit(columns[is_known], targets[is_known, output])
                answers[:, output] = model.predict(read)
    note = ", ".join(part for part in (fit_note, test_note) if part)
    return _of_numbers(rows, _linear_name("ridge regression", rows), expected, answers, note)


def _means_of_known(targets: Array) -> Floats:
    """Return the means (O,) of targets (n, O), of which some are unknown; 0 if all are."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that there are none
        means: Floats = np.nan_to_num(np.nanmean(targets, axis=0))
    return means


def _of_numbers(rows: AskedRows, name: str, targets: Array, answers: Array, note: str) -> Baseline:
    """Return the figures of answers (n, O) to targets (n, O), of which some are unknown."""
    figures = measured.of_answers(rows.description, rows.naive_errors, answers, targets)
    return Baseline(name, figures, note)
