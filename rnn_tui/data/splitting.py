"""Share sequences out to training, validation and test, the same way each time."""

import numpy as np
import numpy.typing as npt

from rnn_tui.data.data_set import TEST, TRAINING, VALIDATION
from rnn_tui.data.options import Split
from rnn_tui.data.sequences import Flags, Places
from rnn_tui.engine.counts import count_of
from rnn_tui.engine.errors import DataError

SHARE = 0.2  # of the sequences, for each of validation and test
SEED = 0
LEAST_PIECES = 3  # of a sequence that is split by time: one for each part

Parts = npt.NDArray[np.uint8]


def parts_of(split: Split, origins: Places, classes: Places, tests: Flags) -> Parts:
    """Return the part (N,) of each sequence.

    Args:
        split: how they are shared out.
        origins: (N,) the sequence that each is a piece of; pieces of one stay together, unless
            the split is by time.
        classes: (N,) of each; the same for all if there are none.
        tests: (N,) which come from a second file.

    Raises:
        DataError: if a part would be empty.
    """
    count = len(origins)
    if count < 3:
        raise DataError(
            f"This makes {count_of(count, 'sequence')}: training, validation and test need one "
            "each (--window cuts sequences into pieces)."
        )
    if split is Split.FILES:
        return _by_files(origins, classes, tests)
    if split is Split.TIME:
        return _by_time(origins)
    _, first, inverse = np.unique(origins, return_index=True, return_inverse=True)
    if len(first) < 3:
        raise DataError(
            "Pieces of one sequence stay in one part, and there are fewer than three sequences; "
            "share them out by time (--split time)."
        )
    return _by_chance(classes[first], (TEST, VALIDATION))[inverse]


def _by_chance(classes: Places, others: tuple[int, ...]) -> Parts:
    """Return parts with equal shares of each class: `SHARE` for each of `others`, else training.

    A class of one is in training, one of two in training and the first of the others.
    """
    random = np.random.default_rng(SEED)
    parts = np.full(len(classes), TRAINING, np.uint8)
    for name in np.unique(classes).tolist():
        members = random.permutation(np.flatnonzero(classes == name))
        share = max(1, round(SHARE * len(members)))
        begin = 0
        for part in others:
            share = min(share, len(members) - 1 - begin)
            parts[members[begin : begin + share]] = part
            begin += share
    for part in others:
        if not (parts == part).any():  # every class is too small
            free = np.flatnonzero(parts == TRAINING)
            parts[random.choice(free)] = part
    if not (parts == TRAINING).any():
        raise DataError("There are too few sequences to train on.")
    return parts


def _by_time(origins: Places) -> Parts:
    """Return parts in the order of the file: of all pieces, or of those of each sequence."""
    parts = np.full(len(origins), TRAINING, np.uint8)
    order = np.argsort(origins, kind="stable")
    begins = np.flatnonzero(np.diff(origins[order])) + 1
    groups = np.split(order, begins)  # the pieces of each sequence
    if max(map(len, groups)) < LEAST_PIECES:
        groups = [np.arange(len(origins))]
    for members in groups:
        if len(members) < LEAST_PIECES:
            continue
        share = max(1, round(SHARE * len(members)))
        parts[members[-share:]] = TEST
        parts[members[-2 * share : -share]] = VALIDATION
    return parts


def _by_files(origins: Places, classes: Places, tests: Flags) -> Parts:
    """Return the second file as the test, and a share of the first as the validation."""
    parts = np.full(len(origins), TEST, np.uint8)
    rest = np.flatnonzero(~tests)
    groups, first, inverse = np.unique(origins[rest], return_index=True, return_inverse=True)
    if len(rest) < 2:
        raise DataError("The file for training needs two sequences, one for validation.")
    if len(groups) >= 2:
        parts[rest] = _by_chance(classes[rest][first], (VALIDATION,))[inverse]
        return parts
    parts[rest] = TRAINING
    parts[rest[-max(1, round(SHARE * len(rest))) :]] = VALIDATION
    return parts
