"""What a data set asks, as rows of a table that models without a network read."""

from typing import Any

import numpy as np
import numpy.typing as npt

from rnn_tui.data.data_set import TEST, TRAINING, DataSet
from rnn_tui.data.inputs import network_inputs, standardised_targets
from rnn_tui.data.options import Goal
from rnn_tui.data.sequences import positions_of
from rnn_tui.tasks.data_sets import figures as measured

Array = npt.NDArray[Any]
Floats = npt.NDArray[np.float64]

MOST_COLUMNS = 512  # numbers of a sequence that a linear model reads
WINDOW = 8  # steps that a linear model of every step reads at most: the last ones up to there
WORD_WINDOW = 3  # of words, whose columns are as many as the vocabulary has
MOST_ROWS = 20_000  # sequences or steps that a linear model is fitted on
#: rows times columns times classes that a logistic regression is fitted on: some ten seconds.
MOST_PRODUCTS = 50_000_000
WORD_COLUMNS = 100  # that are not zero, of a row
TEST_ROWS = 200_000  # steps that baselines of every step are measured on


class AskedRows:
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
        description = self.description
        features = description.input_size
        longest = description.longest
        fits = longest * features <= MOST_COLUMNS
        sequences = map(self.sequence, indices)
        if fits and description.shortest == longest:
            return np.stack([numbers.ravel() for numbers in sequences]).astype(np.float64)
        if description.alphabet:
            return np.stack([_summary(symbols) for symbols in sequences])
        points = max(2, min(longest, MOST_COLUMNS // features))
        return np.stack([_resampled(numbers, points) for numbers in sequences])

    def sequence(self, index: int) -> Array:
        """Return what networks read of a sequence (steps, F)."""
        starts = self.data_set.starts
        return self._inputs(slice(starts[index], starts[index + 1]))

    def fitted_on(self, columns: int, classes: int) -> tuple[npt.NDArray[np.int64], str]:
        """Return the training rows that a linear model is fitted on, and a note if not all are."""
        rows = self.of_part(TRAINING)
        if self.description.words:
            columns = WORD_COLUMNS
        most = min(MOST_ROWS, MOST_PRODUCTS // (columns * max(1, classes)))
        return some_rows(rows, most, "fitted on", self.every_step)

    def tested_on(self) -> tuple[npt.NDArray[np.int64], str]:
        """Return the test rows, and a note if not all are measured."""
        return some_rows(self.of_part(TEST), TEST_ROWS, "measured on", self.every_step)


def some_rows(
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
