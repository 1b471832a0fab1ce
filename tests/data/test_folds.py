"""Folds: those of scikit-learn, each sequence in one test, no group in two parts."""

from collections import Counter
from typing import Any

import numpy as np
import pytest
from sklearn.model_selection import LeaveOneGroupOut, StratifiedKFold

from rnn_tui.data.data_set import TEST, TRAINING, VALIDATION
from rnn_tui.engine.errors import DataError, SettingError
from tests.data.reading import LONG, Read
from tests.data.test_groups import beats, parts_of_groups, trials


def folds_of(read: Read, content: str, folds: str) -> list[list[int]]:
    """Return the test sequences of all folds of a file."""
    first = read(content, folds=folds)
    count = int(first.chosen.folds or 0)
    parts = [first.data_set.parts]
    parts += [read(content, folds=folds, fold=n).data_set.parts for n in range(2, count + 1)]
    return [np.flatnonzero(each == TEST).tolist() for each in parts]


def test_leave_one_group_out_is_that_of_scikit_learn(read: Read) -> None:
    data_set = read(trials()).data_set
    members = data_set.origin.members
    expected = [test.tolist() for _, test in LeaveOneGroupOut().split(np.zeros(60), groups=members)]
    assert folds_of(read, trials(), "groups") == expected
    assert folds_of(read, trials(), "10") == folds_of(read, trials(), "99") == expected


@pytest.mark.parametrize("content", [trials(), beats(split=False)])
def test_no_group_is_in_two_parts_and_each_sequence_is_tested_once(
    read: Read, content: str
) -> None:
    tests = folds_of(read, content, "3")
    count = read(content).data_set.count
    assert sorted(index for test in tests for index in test) == list(range(count))
    for fold in (1, 2, 3):
        data_set = read(content, folds="3", fold=fold).data_set
        assert all(len(parts) == 1 for parts in parts_of_groups(data_set).values())
        assert set(data_set.parts.tolist()) == {TRAINING, VALIDATION, TEST}


def test_folds_without_groups_have_equal_shares_of_each_class(read: Read) -> None:
    data_set = read(LONG).data_set
    splitter = StratifiedKFold(3, shuffle=True, random_state=0)
    expected = splitter.split(np.zeros(data_set.count), data_set.targets)
    tests = folds_of(read, LONG, "3")
    assert tests == [test.tolist() for _, test in expected]
    assert all(Counter(data_set.targets[test]) == {0: 2, 1: 2} for test in tests)


def test_a_fold_is_a_data_set_of_its_own_that_is_read_again_alike(read: Read) -> None:
    first, second = (read(trials(), folds="5", fold=fold) for fold in (1, 2))
    names = [understanding.data_set.description.name for understanding in (first, second)]
    assert names[0].startswith("data-fold-1-of-5-")
    assert names[1].startswith("data-fold-2-of-5-")
    assert second.data_set.description.label == "data fold 2 of 5"
    chosen = second.chosen
    again = read(trials(), folds=chosen.folds, fold=chosen.fold)
    assert again.data_set.description.name == names[1]


@pytest.mark.parametrize(
    ("content", "options", "words"),
    [
        (trials(), {"folds": "3", "fold": 4}, "no fold 4"),
        (trials(), {"folds": "3", "split": "time"}, "split by time"),
        (trials(subjects=2), {"folds": "3", "group": "subject"}, "2 groups: folds need three"),
        (LONG, {"folds": "groups"}, "no groups here"),
        (LONG, {"folds": "13"}, "12 sequences, which can't be shared out to 13"),
        (LONG, {"folds": "3", "goal": "next", "split": "time"}, "split by time"),
        (beats(), {"folds": "3"}, "by a column that says the parts; say --split chance"),
    ],
)
def test_what_has_no_folds_is_refused(
    read: Read, content: str, options: dict[str, Any], words: str
) -> None:
    with pytest.raises(DataError, match=words):
        read(content, **options)


@pytest.mark.parametrize(("folds", "fold"), [("1", None), ("many", None), (None, 2), ("3", 0)])
def test_numbers_of_folds_are_checked(read: Read, folds: str | None, fold: int | None) -> None:
    with pytest.raises(SettingError):
        read(LONG, folds=folds, fold=fold)
