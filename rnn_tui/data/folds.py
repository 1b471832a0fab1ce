"""Share sequences out to folds, each of which is the test once, by scikit-learn's splitters."""

import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from rnn_tui.data.options import ALL_GROUPS
from rnn_tui.data.sequences import Flags, Places
from rnn_tui.engine.counts import count_of
from rnn_tui.engine.errors import DataError, SafeText, printable

SEED = 0
LEAST_GROUPS = 3  # one for each part


@dataclass(frozen=True)
class Fold:
    """One of several folds of the same sequences."""

    number: int  #: from 1.
    count: int  #: how many folds there are.

    @property
    def words(self) -> str:
        """Which it is, such as `fold 2 of 5`."""
        return f"fold {self.number} of {self.count}"

    def named(self, text: str, longest: int) -> SafeText:
        """Return a text of at most so many characters with the words behind it."""
        return printable(f"{text[: longest - len(self.words) - 1]} {self.words}", longest)


def fold_of(folds: str, fold: int | None, units: Places, *, by_group: bool) -> Fold:
    """Return which fold is the test, of how many.

    Args:
        folds: how many there are, or `groups` for one for each group.
        fold: its number from 1; None for the first.
        units: (N,) the group of each sequence, or the sequence of the file that each is a piece of.
        by_group: whether units are groups.

    Raises:
        DataError: if there can't be so many, or it is none of them.
    """
    distinct = len(np.unique(units))
    noun = "group" if by_group else "sequence"
    if folds == ALL_GROUPS and not by_group:
        raise DataError(
            "--folds groups leaves out one group in turn, and there are no groups here; name their "
            "column (--group), or say how many folds (--folds 5)."
        )
    if distinct < LEAST_GROUPS:
        raise DataError(
            f"There are {count_of(distinct, noun)}: folds need three, for training, validation and "
            "test."
        )
    count = distinct if folds == ALL_GROUPS else int(folds)
    if by_group:
        count = min(count, distinct)
    elif count > distinct:
        raise DataError(
            f"There are {count_of(distinct, noun)}, which can't be shared out to {count} folds; "
            "say fewer (--folds)."
        )
    number = 1 if fold is None else fold
    if number > count:
        raise DataError(f"There is no fold {number} (--fold): there are {count}.")
    return Fold(number, count)


def test_of_fold(fold: Fold, units: Places, classes: Places, *, by_group: bool) -> Flags:
    """Return which sequences (N,) are the test of a fold.

    No unit is in two folds. As many folds as groups leave one group out each, in the order of the
    file. Folds are otherwise drawn, the same way each time, with equal shares of each class where
    classes allow.

    Args:
        fold: which.
        units: (N,) as for `fold_of`.
        classes: (N,) of each sequence; the same for all if there are none.
        by_group: whether units are groups.
    """
    distinct = len(np.unique(units))
    tests = [test for _, test in _splits(fold.count, distinct, units, classes, by_group=by_group)]
    is_test: Flags = np.zeros(len(units), np.bool_)
    is_test[tests[fold.number - 1]] = True
    return is_test


def _splits(
    count: int, distinct: int, units: Places, classes: Places, *, by_group: bool
) -> Iterator[tuple[Any, npt.NDArray[np.int64]]]:
    """Yield training and test of each fold, as scikit-learn does."""
    from sklearn.model_selection import (  # a second, on use only
        GroupKFold,
        KFold,
        LeaveOneGroupOut,
        StratifiedGroupKFold,
        StratifiedKFold,
    )

    rows = np.zeros((len(units), 1))
    if by_group and count == distinct:
        yield from LeaveOneGroupOut().split(rows, groups=units)
        return
    in_units = distinct < len(units)
    if np.unique(classes, return_counts=True)[1].max() == len(classes):  # one class
        plain = GroupKFold(count) if in_units else KFold(count, shuffle=True, random_state=SEED)
        yield from plain.split(rows, groups=units)
        return
    splitter = StratifiedGroupKFold if in_units else StratifiedKFold
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that a class is rarer than folds
        try:
            drawn = splitter(count, shuffle=True, random_state=SEED)
            splits = list(drawn.split(rows, classes, groups=units))
        except ValueError:  # every class is rarer than folds
            splits = []
    if not splits or not all(len(test) for _, test in splits):
        plain = GroupKFold(count) if in_units else KFold(count, shuffle=True, random_state=SEED)
        splits = list(plain.split(rows, groups=units))
    yield from splits
