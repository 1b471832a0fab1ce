"""Share sequences out to training, validation and test, the same way each time."""

from typing import Any

import numpy as np
import numpy.typing as npt

from rnn_tui.data.data_set import PART_NAMES, TEST, TRAINING, VALIDATION
from rnn_tui.data.folds import Fold, test_of_fold
from rnn_tui.data.given_parts import SHARE
from rnn_tui.data.options import Split
from rnn_tui.data.sequences import Flags, Places, Sequences
from rnn_tui.engine.counts import count_of
from rnn_tui.engine.errors import DataError, printable

SEED = 0
LEAST_PIECES = 3  # of a sequence that is split by time: one for each part
MOST_DRAWS = 1000  # of groups, the best of which is taken
DRAWN_GROUPS = 1_000_000  # in all draws together

Parts = npt.NDArray[np.uint8]


def parts_of(
    split: Split,
    sequences: Sequences,
    classes: Places,
    *,
    by_group: bool,
    fold: Fold | None = None,
) -> Parts:
    """Return the part (N,) of each sequence.

    Args:
        split: how they are shared out.
        sequences: those of a file, or their pieces; pieces of one stay together, unless the split
            is by time or as the file says.
        classes: (N,) of each; the same for all if there are none.
        by_group: whether no group has sequences in two parts.
        fold: which is the test, in place of a share by chance.

    Raises:
        DataError: if a part would be empty.
    """
    origins = sequences.origins
    count = len(origins)
    if count < 3:
        raise DataError(
            f"This makes {count_of(count, 'sequence')}: training, validation and test need one "
            "each (--window cuts sequences into pieces)."
        )
    units = sequences.members if by_group else origins
    if fold is not None:
        is_test = test_of_fold(fold, units, classes, by_group=by_group)
        parts = np.full(count, TEST, np.uint8)
        rest = ~is_test
        parts[rest] = _by_chance(units[rest], classes[rest], (VALIDATION,), by_group=by_group)
        return parts
    match split:
        case Split.FILES:
            return _by_files(sequences, units, classes, by_group=by_group)
        case Split.TIME:
            return _by_time(origins)
        case Split.COLUMN | Split.FROM:
            return _as_given(sequences, units, classes, by_group=by_group)
        case _:
            return _by_chance(units, classes, (TEST, VALIDATION), by_group=by_group)


def _by_chance(units: Places, classes: Places, others: tuple[int, ...], *, by_group: bool) -> Parts:
    """Return parts (N,) of sequences, those of the same unit in the same part."""
    distinct, first, inverse = np.unique(units, return_index=True, return_inverse=True)
    if by_group:
        if len(distinct) <= len(others):
            raise DataError(
                f"There are {count_of(len(distinct), 'group')}, and each part needs one "
                "(--group); leave groups out, or say which part each is in (--split-column)."
            )
        counts = np.zeros((len(distinct), int(classes.max()) + 1), np.int64)
        np.add.at(counts, (inverse, np.maximum(classes, 0)), 1)
        return _drawn_groups(counts, others)[inverse]
    if len(distinct) <= len(others):
        raise DataError(
            "Pieces of one sequence stay in one part, and there are fewer than three sequences; "
            "share them out by time (--split time)."
        )
    return _drawn(classes[first], others)[inverse]


def _drawn(classes: Places, others: tuple[int, ...]) -> Parts:
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


def _drawn_groups(counts: Places, others: tuple[int, ...]) -> Parts:
    """Return the parts (G,) of groups: of many draws, the one with the most equal shares.

    A draw is the better the nearer each part comes to its share of the sequences of each class.

    Args:
        counts: (G, C) sequences of each class in each group.
        others: the parts besides training, of `SHARE` each.
    """
    groups = len(counts)
    random = np.random.default_rng(SEED)
    size = max(1, round(SHARE * groups))
    totals = np.maximum(counts.sum(0), 1)
    best = np.full(groups, TRAINING, np.uint8)
    least = np.inf
    for _ in range(max(1, min(MOST_DRAWS, DRAWN_GROUPS // groups))):
        parts = np.full(groups, TRAINING, np.uint8)
        order = random.permutation(groups)
        for place, part in enumerate(others):
            parts[order[place * size : (place + 1) * size]] = part
        # (parts, C)
        shares = np.stack([counts[parts == part].sum(0) for part in (TRAINING, *others)]) / totals
        wanted = np.array([1 - SHARE * len(others), *[SHARE] * len(others)])[:, None]
        cost = float(np.square(shares - wanted).sum() + (shares == 0).sum())
        if cost < least:
            best, least = parts, cost
    return best


def groups_in_two_parts(sequences: Sequences, parts: npt.NDArray[Any]) -> Flags:
    """Return which groups (G,) have sequences in more than one part (N,)."""
    has = np.zeros((len(sequences.groups), len(PART_NAMES)), np.bool_)
    has[sequences.members, parts] = True
    several: Flags = has.sum(1) > 1
    return several


def _check_groups(sequences: Sequences, parts: npt.NDArray[Any]) -> None:
    """Refuse a group that the file has in two parts."""
    spread = groups_in_two_parts(sequences, parts)
    if not spread.any():
        return
    group = int(spread.argmax())
    its_parts = np.unique(parts[sequences.members == group]).tolist()
    names = " and ".join(PART_NAMES[part] for part in its_parts)
    raise DataError(
        f"The group {printable(sequences.groups[group], 40)} is in {names} as the file says; leave "
        "out --group, or say another split."
    )


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


def _by_files(sequences: Sequences, units: Places, classes: Places, *, by_group: bool) -> Parts:
    """Return the second file as the test, and a share of the first as the validation."""
    parts = np.full(len(units), TEST, np.uint8)
    rest = np.flatnonzero(~sequences.tests)
    if len(rest) < 2:
        raise DataError("The file for training needs two sequences, one for validation.")
    if by_group:
        _check_groups(sequences, np.where(sequences.tests, TEST, TRAINING))
    if by_group or len(np.unique(units[rest])) >= 2:
        parts[rest] = _by_chance(units[rest], classes[rest], (VALIDATION,), by_group=by_group)
        return parts
    parts[rest] = TRAINING
    parts[rest[-max(1, round(SHARE * len(rest))) :]] = VALIDATION
    return parts


def _has_groups(members: Places, others: int) -> bool:
    """Return whether the groups of sequences suffice for training and so many other parts."""
    return len(np.unique(members)) > others


def _as_given(sequences: Sequences, units: Places, classes: Places, *, by_group: bool) -> Parts:
    """Return the parts as the file says; those that it lacks are made from training.

    These are made of whole groups if there are enough, even where the file's own parts share some.
    """
    parts = sequences.given[sequences.starts[:-1]].astype(np.uint8)
    if by_group:
        _check_groups(sequences, parts)
    missing = [part for part in (TEST, VALIDATION) if not (parts == part).any()]
    rest = np.flatnonzero(parts == TRAINING)
    if len(rest) <= len(missing):
        raise DataError(
            f"{count_of(len(rest), 'sequence')} of training in the file: too few to train on and "
            "to make what is missing."
        )
    if missing:
        others = tuple(missing)
        if len(sequences.members) and _has_groups(sequences.members[rest], len(others)):
            units, by_group = sequences.members, True
        if by_group or len(np.unique(units[rest])) > len(others):
            parts[rest] = _by_chance(units[rest], classes[rest], others, by_group=by_group)
        else:
            share = max(1, round(SHARE * len(rest)))
            for place, part in enumerate(others):
                parts[rest[len(rest) - (place + 1) * share : len(rest) - place * share]] = part
    return parts
