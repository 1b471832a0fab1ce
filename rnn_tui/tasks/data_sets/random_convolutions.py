"""Answer sequences by a linear model on random convolutions, which is often hard to beat.

Nothing recurs in it, and it trains in seconds: if it is better than a network, the network is no
good choice. It answers sequences as a whole; kernels are drawn with a fixed seed.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from rnn_tui.data.data_set import TEST, TRAINING
from rnn_tui.data.description import Description
from rnn_tui.engine.counts import count_of
from rnn_tui.engine.process.blas import single_blas_thread
from rnn_tui.engine.progress import Progress
from rnn_tui.tasks.data_sets.asked_rows import Array, AskedRows, Floats, some_rows
from rnn_tui.tasks.data_sets.random_kernels import Kernel, draw_kernels, kernel_features
from rnn_tui.tasks.data_sets.ridge import Ridge

NAME = "random convolutions"
MOST_KERNELS = 1000  # more say little more
FEWEST_KERNELS = 100
MOST_FITTED = 5000  # sequences that the linear model is fitted on
MOST_TESTED = 10_000  # sequences that it is measured on
#: steps times columns that kernels read, where more than the fewest are used: some ten seconds.
MOST_READ = 300_000_000


class ConvolvedAnswers(NamedTuple):
    """Answers to n test sequences."""

    targets: Array  #: (n,) the right classes, or (n, O) standardised numbers.
    answers: Floats  #: (n, C) scores of the classes, those not in training -inf; (n, O) numbers.
    note: str  #: how many kernels there are, and which sequences are left out.


def why_not(description: Description) -> str:
    """Say why random convolutions do not answer a data set; empty if they do."""
    if description.goal.every_step:
        return "answer whole sequences, and are not measured where each step is answered"
    if description.words:
        return "read numbers and characters, and are not measured on words"
    return ""


def convolved_answers(rows: AskedRows, progress: Progress) -> ConvolvedAnswers | None:
    """Fit the training sequences, and answer those of the test; None if it was stopped."""
    trained, fit_note = some_rows(rows.of_part(TRAINING), MOST_FITTED, "fitted on", False)
    tested, test_note = some_rows(rows.of_part(TEST), MOST_TESTED, "measured on", False)
    lengths = rows.data_set.lengths
    read = int(lengths[trained].sum() + lengths[tested].sum())
    # as long as those of training: the kernels must not depend on the test
    longest = int(lengths[trained].max())
    drawn = draw_kernels(MOST_KERNELS, longest, rows.description.input_size)
    kernels = drawn[: _affordable(drawn, read)]
    asked = np.concatenate([trained, tested])
    features = kernel_features(
        kernels,
        lengths[asked],
        rows.description.input_size,
        lambda place: rows.sequence(asked[place]),
        progress,
    )
    if progress.stopping:
        return None
    of_training, of_test = features[: len(trained)], features[len(trained) :]
    wanted = rows.targets(trained)
    with single_blas_thread():
        if rows.description.classifies:
            classes = len(rows.description.outputs)
            answers = _class_scores(of_training, wanted, of_test, classes)
        else:
            answers = _numbers(of_training, wanted, of_test)
    notes = [count_of(len(kernels), "kernel"), fit_note, test_note]
    note = ", ".join(part for part in notes if part)
    return ConvolvedAnswers(rows.targets(tested), answers, note)


def _affordable(kernels: Sequence[Kernel], steps: int) -> int:
    """Return how many kernels, the first ones, may read so many steps."""
    reads = steps * np.cumsum([len(kernel.columns) for kernel in kernels])
    return max(FEWEST_KERNELS, int(np.count_nonzero(reads <= MOST_READ)))


def _class_scores(features: Array, classes: Array, asked: Array, count: int) -> Floats:
    """Return a score of each class (m, C): its answer is near 1 where it is right, else near -1."""
    in_training = np.unique(classes)
    targets = np.where(classes[:, None] == in_training, 1.0, -1.0)
    scores = np.full((len(asked), count), -np.inf)
    scores[:, in_training] = Ridge(features, targets).answers(asked)
    return scores


def _numbers(features: Array, targets: Array, asked: Array) -> Floats:
    """Return standardised numbers (m, O), by a model for each; 0 where training has none."""
    answers = np.zeros((len(asked), targets.shape[1]))
    for output in range(targets.shape[1]):
        is_known = ~np.isnan(targets[:, output])
        if is_known.any():
            model = Ridge(features[is_known], targets[is_known, output : output + 1])
            answers[:, output] = model.answers(asked)[:, 0]
    return answers
