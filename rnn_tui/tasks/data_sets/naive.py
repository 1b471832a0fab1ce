"""Answer the test sequences of a data set without a network.

The simplest answers are constants of the training sequences, or the last value read. The best of
the simple ones is mostly a linear model: logistic regression for classes and ridge regression for
numbers, by scikit-learn with its usual settings, on the sequence as a row of numbers.
"""

import warnings
from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from rnn_tui.data.data_set import TEST, TRAINING, DataSet
from rnn_tui.data.inputs import network_inputs, standardised_targets
from rnn_tui.data.options import Goal
from rnn_tui.data.sequences import positions_of
from rnn_tui.engine.process.blas import single_blas_thread
from rnn_tui.tasks.data_sets import figures as measured
from rnn_tui.tasks.data_sets.baseline import Baseline
from rnn_tui.tasks.data_sets.calibration import calibration_error, reliability
from rnn_tui.tasks.data_sets.series_baselines import series_baselines
from rnn_tui.tasks.data_sets.task import has_classes

Array = npt.NDArray[Any]
Floats = npt.NDArray[np.float64]

MOST_COLUMNS = 512  # numbers of a sequence that a linear model reads
WINDOW = 8  # steps that a linear model of every step reads at most: the last ones up to there
WORD_WINDOW = 3  # of words, whose columns are as many as the vocabulary has
MOST_ROWS = 20_000  # sequences or steps that a linear model is fitted on
#: rows times columns times classes that a logistic regression is fitted on: some ten seconds.
MOST_PRODUCTS = 50_000_000
WORD_COLUMNS = 100  # that are not zero, of a row
MOST_ITERATIONS = 300
TEST_ROWS = 200_000  # steps that baselines of every step are measured on


def naive_answers(data_set: DataSet) -> Iterator[Baseline]:
    """Yield the baselines of a data set, the simplest first."""
    goal = data_set.description.goal
    if data_set.description.forecast is not None:
        yield from series_baselines(data_set)
        return
    rows = _Rows(data_set)
    if data_set.description.classifies:
        yield _constant_class(rows)
        if data_set.description.alphabet and rows.every_step:
            yield _by_symbol(rows)
        yield _logistic_regression(rows)
    else:
        yield _constant_numbers(rows)
        if goal is Goal.NEXT:
            yield _last_values(rows)
        yield _ridge_regression(rows)


class _Rows:
    """What a data set asks, as rows of a table: a sequence each, or a step each.

    Args:
        data_set: the data set.
    """

    def __init__(self, data_set: DataSet) -> None:
        self.data_set = data_set
        self.description = data_set.description
        self.every_step = self.description.goal.every_step
        #: (T,) the number of each step in its sequence, from 0.
        self.positions = positions_of(data_set.starts)
        #: steps that a linear model of every step reads.
        self.window = max(1, min(WINDOW, MOST_COLUMNS // self.description.input_size))
        if self.description.words:  # each step is a word, and one column of many
            self.window = WORD_WINDOW
        #: (T,) how many steps follow in its sequence.
        self.left = np.repeat(data_set.lengths, data_set.lengths) - 1 - self.positions
        self.naive_errors = measured.naive_errors(data_set)  #: that MASE is scaled by.

    def of_part(self, part: int) -> npt.NDArray[np.int64]:
        """Return the sequences of a part, or the steps, of which something is asked and known."""
        if not self.every_step:
            indices = self.data_set.of_part(part)
            known_indices: npt.NDArray[np.int64] = indices[
                self._known(self.data_set.targets[indices])
            ]
            return known_indices
        in_part = np.repeat(self.data_set.parts == part, self.data_set.lengths)
        if self.description.goal is not Goal.NEXT:
            return np.flatnonzero(in_part & self._known(self.data_set.targets))
        # a number is asked wherever at least one step follows
        ahead = self.description.horizon if self.description.classifies else 1
        return np.flatnonzero(in_part & (self.left >= ahead))

    def _inputs(self, steps: npt.NDArray[np.int64] | slice) -> Array:
        """Return what is read at some steps (…, F): of all steps, symbols one-hot are wide."""
        return network_inputs(self.description, self.data_set.values[steps])

    def _known(self, targets: Array) -> npt.NDArray[np.bool_]:
        if self.description.classifies:
            return np.asarray(targets >= 0)
        return np.asarray(~np.isnan(targets).all(axis=1))

    def targets(self, rows: npt.NDArray[np.int64]) -> Array:
        """Return classes (n,), or standardised numbers (n, O), NaN where they are unknown."""
        description = self.description
        if description.goal is not Goal.NEXT:
            targets = self.data_set.targets[rows]
            if description.classifies:
                classes: Array = targets.astype(np.int64)
                return classes
            return standardised_targets(description, targets)
        if description.classifies:
            symbols: Array = self.data_set.values[rows + description.horizon, 0].astype(np.int64)
            return symbols
        last = len(self.data_set.values) - 1
        ahead = []
        for step in range(1, description.horizon + 1):
            values = self.data_set.to_come[np.minimum(rows + step, last)].astype(np.float64)
            values[self.left[rows] < step] = np.nan
            ahead.append(values)
        return standardised_targets(description, np.concatenate(ahead, axis=1))

    def columns(self, rows: npt.NDArray[np.int64]) -> Any:
        """Return what a linear model reads of each row (n, columns), of words as a sparse array."""
        if self.description.words:
            return self._words(rows)
        return self._windows(rows) if self.every_step else self._sequences(rows)

    def _words(self, rows: npt.NDArray[np.int64]) -> Any:
        """Return the counts of words in sequences, or which word stands how many steps before."""
        from scipy.sparse import csr_array  # on use only

        size, data_set = self.description.input_size, self.data_set
        places = data_set.values[:, 0].astype(np.int64)
        if self.every_step:
            back = np.minimum(np.arange(self.window), self.positions[rows][:, None])  # (n, W)
            columns = np.arange(self.window) * size + places[rows[:, None] - back]
            is_there = back == np.arange(self.window)  # not before the beginning
            owners, read = np.nonzero(is_there)[0], columns[is_there]
            shape = (len(rows), self.window * size)
        else:
            lengths = data_set.lengths[rows]
            owners = np.repeat(np.arange(len(rows)), lengths)
            read = np.concatenate([places[slice(*data_set.starts[at : at + 2])] for at in rows])
            shape = (len(rows), size)
        return csr_array((np.ones(len(read)), (owners, read)), shape)

    def _windows(self, steps: npt.NDArray[np.int64]) -> Floats:
        """Return the inputs of each step and of those before it, zero before the beginning."""
        parts = []
        for back in range(self.window):
            inputs = self._inputs(np.maximum(steps - back, 0)).astype(np.float64)
            inputs[self.positions[steps] < back] = 0
            parts.append(inputs)
        return np.concatenate(parts, axis=1)

    def _sequences(self, indices: npt.NDArray[np.int64]) -> Floats:
        """Return each sequence as a row: flattened, where all are as long and short enough.

        Numbers are otherwise read at equal distances, by lines between the steps; of symbols the
        shares are counted, and the first and last one are read.
        """
        description, data_set = self.description, self.data_set
        features = description.input_size
        longest = description.longest
        fits = longest * features <= MOST_COLUMNS
        of_each = [slice(data_set.starts[at], data_set.starts[at + 1]) for at in indices]
        if fits and description.shortest == longest:
            return np.stack([self._inputs(steps).ravel() for steps in of_each]).astype(np.float64)
        if description.alphabet:
            return np.stack([_summary(self._inputs(steps)) for steps in of_each])
        points = max(2, min(longest, MOST_COLUMNS // features))
        return np.stack([_resampled(self._inputs(steps), points) for steps in of_each])

    def fitted_on(self, columns: int, classes: int) -> tuple[npt.NDArray[np.int64], str]:
        """Return the training rows that a linear model is fitted on, and a note if not all are."""
        rows = self.of_part(TRAINING)
        if self.description.words:
            columns = WORD_COLUMNS
        most = min(MOST_ROWS, MOST_PRODUCTS // (columns * max(1, classes)))
        return _some(rows, most, "fitted on", self.every_step)

    def tested_on(self) -> tuple[npt.NDArray[np.int64], str]:
        """Return the test rows, and a note if not all are measured."""
        return _some(self.of_part(TEST), TEST_ROWS, "measured on", self.every_step)


def _some(
    rows: npt.NDArray[np.int64], most: int, verb: str, every_step: bool
) -> tuple[npt.NDArray[np.int64], str]:
    """Return some rows by chance, in their order, if there are more than `most`; and a note."""
    if len(rows) <= most:
        return rows, ""
    chosen = np.sort(np.random.default_rng(0).choice(rows, most, replace=False))
    unit = "steps" if every_step else "sequences"
    return chosen, f"{verb} {most:,} of {len(rows):,} {unit}"


def _summary(symbols: Array) -> Floats:
    """Return the shares of symbols, one-hot (T, F), and the first and the last one."""
    parts = [symbols.mean(axis=0), symbols[0], symbols[-1]]
    return np.concatenate(parts).astype(np.float64)


def _resampled(numbers: Array, points: int) -> Floats:
    """Return numbers (T, F) at equal distances, (points · F,)."""
    places = np.linspace(0, len(numbers) - 1, points)
    steps = np.arange(len(numbers))
    columns = [np.interp(places, steps, column) for column in numbers.T]
    return np.stack(columns, axis=1).ravel()


# Classes


class _Answers(NamedTuple):
    """Answers to n rows."""

    targets: Array  #: (n,) the right classes.
    classes: Array  #: (n,) those that are answered.
    probabilities: Array  #: (n, C).


def _constant_class(rows: _Rows) -> Baseline:
    """Answer the most frequent class of the training sequences."""
    counts = _counts(rows)
    tested, note = rows.tested_on()
    targets = rows.targets(tested)
    probabilities = (counts + 1) / (counts + 1).sum()
    shares = np.broadcast_to(probabilities, (len(targets), len(probabilities)))
    answers = _Answers(targets, np.full(len(targets), counts.argmax()), shares)
    word = "symbol" if rows.description.goal is Goal.NEXT else "class"
    return _of_classes(rows, f"most frequent {word}", answers, note)


def _counts(rows: _Rows) -> npt.NDArray[np.int64]:
    targets = rows.targets(rows.of_part(TRAINING))
    return np.bincount(targets, minlength=len(rows.description.outputs))


def _by_symbol(rows: _Rows) -> Baseline:
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


def _logistic_regression(rows: _Rows) -> Baseline:
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


def _of_classes(rows: _Rows, name: str, answers: _Answers, note: str) -> Baseline:
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


def _linear_name(name: str, rows: _Rows) -> str:
    """Return the name of a linear model, with what it reads of the past, or what it counts."""
    if not rows.every_step:
        return f"{name} on counts of words" if rows.description.words else name
    steps = "step" if rows.window == 1 else f"{rows.window} steps"
    return f"{name} on the last {steps}"


# Numbers


def _constant_numbers(rows: _Rows) -> Baseline:
    """Answer the mean of the training sequences."""
    tested, note = rows.tested_on()
    targets = rows.targets(tested)
    trained = rows.targets(rows.of_part(TRAINING)[:TEST_ROWS])
    means = _means_of_known(trained)
    return _of_numbers(rows, "mean", targets, np.broadcast_to(means, targets.shape), note)


def _last_values(rows: _Rows) -> Baseline:
    """Answer the values of the last step again."""
    tested, note = rows.tested_on()
    last = rows.data_set.values[tested]
    repeated = np.tile(last, (1, rows.description.horizon))
    answers = standardised_targets(rows.description, repeated)
    return _of_numbers(rows, "last value", rows.targets(tested), answers, note)


def _ridge_regression(rows: _Rows) -> Baseline:
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


def _of_numbers(rows: _Rows, name: str, targets: Array, answers: Array, note: str) -> Baseline:
    """Return the figures of answers (n, O) to targets (n, O), of which some are unknown."""
    figures = measured.of_answers(rows.description, rows.naive_errors, answers, targets)
    return Baseline(name, figures, note)
