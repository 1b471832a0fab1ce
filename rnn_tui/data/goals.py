"""Decide what is learned of sequences, and name the answers."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from rnn_tui.data.data_set import UNKNOWN
from rnn_tui.data.description import LONGEST_NAME, MOST_OUTPUTS, unique_names
from rnn_tui.data.files.cells import as_word, number_of
from rnn_tui.data.looks import (
    MOST_CLASSES_IN_A_ROW,
    MOST_CLASSES_OF_NUMBERS,
    is_numbered,
)
from rnn_tui.data.options import Goal
from rnn_tui.data.sequences import Floats, Label, Places, Sequences
from rnn_tui.engine.errors import DataError, printable

FEW_OF_A_CLASS = 3  # sequences, one for each part


@dataclass(frozen=True, eq=False)
class Answers:
    """What is answered: of each sequence, of each step, or nothing that the file need say."""

    names: tuple[str, ...]  #: of classes, or of the one number; empty if inputs are answered.
    targets: npt.NDArray[Any]  #: as `DataSet.targets`.

    def counts(self) -> list[int]:
        """Return how many sequences, or steps, have each class."""
        known = self.targets[self.targets >= 0]
        counts: list[int] = np.bincount(known, minlength=len(self.names)).tolist()
        return counts


def goal_of(sequences: Sequences, wish: Goal | None, notes: list[str]) -> Goal:
    """Return the goal: the user's, or the guess from the label.

    Raises:
        DataError: if the user's does not fit.
    """
    label = sequences.label
    if wish is Goal.NEXT:
        return Goal.NEXT
    if label is None:
        if wish is not None:
            raise DataError(f"The goal {wish} needs a label; name its column (--label).")
        notes.append("There is no label: the next inputs are predicted.")
        return Goal.NEXT
    if label.every_step and wish in (Goal.CLASS, Goal.NUMBER):
        raise DataError(
            f"The label {label.name} changes within sequences; choose --goal step-class or "
            "--goal step-number, or name the column of sequences (--sequence)."
        )
    if wish is not None:
        if wish.every_step and not label.every_step:
            raise DataError(
                f"The label {label.name} is one for a whole sequence; choose --goal class or "
                "--goal number."
            )
        return wish
    return _guess(label, notes)


def _guess(label: Label, notes: list[str]) -> Goal:
    """Return the goal that fits to a label."""
    if _looks_like_classes(label):
        classes = label.is_text or label.is_class
        goal = Goal.STEP_CLASS if label.every_step else Goal.CLASS
        if not classes:
            other = Goal.STEP_NUMBER if label.every_step else Goal.NUMBER
            notes.append(
                f"The few whole numbers of {label.name} are taken as classes (--goal {other} "
                "predicts them as numbers)."
            )
        return goal
    return Goal.STEP_NUMBER if label.every_step else Goal.NUMBER


def _looks_like_classes(label: Label) -> bool:
    if label.is_text or label.is_class:
        return True
    if label.is_number:
        return False
    values = label.values[~label.missing].astype(np.float64)
    distinct = np.unique(values)
    whole = bool((values == np.round(values)).all())
    if whole and len(distinct) <= min(MOST_CLASSES_OF_NUMBERS, max(2, len(values) // 2)):
        return True
    most = min(MOST_CLASSES_IN_A_ROW, len(values) // 4)
    return whole and not label.every_step and is_numbered(values, most)


def answers_of(label: Label | None, goal: Goal) -> Answers:
    """Return the names of the answers, and the targets.

    Raises:
        DataError: if the label does not fit to the goal.
    """
    if goal is Goal.NEXT or label is None:
        return Answers((), np.zeros(0, np.float32))
    if label.missing.all():
        raise DataError(f"The label {label.name} is missing everywhere.")
    if goal in (Goal.NUMBER, Goal.STEP_NUMBER):
        return _numbers(label)
    return _classes(label)


def answers_to_come(answers: Answers, sequences: Sequences, horizon: int) -> Answers:
    """Return the numbers of the steps that follow each step, NaN where its sequence has ended.

    Args:
        answers: numbers of each step, (T, C); those of each step ahead in turn are returned.
        sequences: which steps belong together.
        horizon: how many steps are answered.
    """
    names = [
        f"{printable(name, LONGEST_NAME - 5)} +{step}"
        for step in range(1, horizon + 1)
        for name in answers.names
    ]
    targets = numbers_to_come(answers.targets, sequences.starts, horizon)
    return Answers(tuple(names), targets)


def numbers_to_come(
    numbers: npt.NDArray[Any], starts: Places, horizon: int
) -> npt.NDArray[np.float32]:
    """Return the numbers (T, h · C) of the steps that follow each, NaN where it has ended.

    Args:
        numbers: (T, C) of each step.
        starts: (N + 1,) the first step of each sequence, then T.
        horizon: how many steps h follow.
    """
    steps, count = numbers.shape
    left = np.repeat(starts[1:], np.diff(starts)) - np.arange(steps) - 1
    targets = np.full((steps, horizon * count), np.nan, np.float32)
    for ahead in range(1, horizon + 1):
        known = np.flatnonzero(left >= ahead)
        targets[known, (ahead - 1) * count : ahead * count] = numbers[known + ahead]
    return targets


def _numbers(label: Label) -> Answers:
    values = label.values
    if label.is_text:
        values = _as_numbers(label)
    numbers = values.astype(np.float64)
    if np.nanmax(np.abs(numbers)) > np.finfo(np.float32).max:
        raise DataError(f"The label {label.name} has numbers beyond 1e38.")
    if np.nanmin(numbers) == np.nanmax(numbers):
        raise DataError(
            f"The label {label.name} is {np.nanmin(numbers):.6g} everywhere: nothing to learn."
        )
    name = printable(label.name, LONGEST_NAME)
    return Answers((name,), numbers.astype(np.float32)[:, None])


def _as_numbers(label: Label) -> Floats:
    """Return the numbers that the words of a label are, NaN where they are missing."""
    numbers = []
    for word in label.values.tolist():
        try:
            numbers.append(number_of(word, "."))
        except ValueError as error:
            raise DataError(
                f"The label {label.name} holds words such as “{printable(word, 30)}”; "
                f"choose --goal {Goal.STEP_CLASS if label.every_step else Goal.CLASS}."
            ) from error
    return np.array(numbers)


def _classes(label: Label) -> Answers:
    words = label.values.tolist() if label.is_text else [*map(as_word, label.values.tolist())]
    present = set(words) - {""}
    if label.is_text:
        classes = [name for name in label.classes if name in present]
        classes += sorted(present - set(classes))
    else:
        classes = sorted(present, key=float)
    if len(classes) == 1:
        raise DataError(
            f"All labels in {label.name} are “{printable(classes[0])}”: with one class only there "
            "is nothing to learn (--goal next predicts the inputs)."
        )
    if len(classes) > MOST_OUTPUTS:
        raise DataError(
            f"The label {label.name} has {len(classes):,} classes, and at most {MOST_OUTPUTS} are "
            "learned; is it another column (--label), or a number (--goal number)?"
        )
    places = {name: place for place, name in enumerate(classes)} | {"": UNKNOWN}
    targets = np.array([places[word] for word in words], np.int64)
    names = unique_names(printable(name, LONGEST_NAME) for name in classes)
    return Answers(tuple(names), targets)


def tell_rare_classes(answers: Answers, notes: list[str]) -> None:
    """Note the classes that are too rare to be in each part."""
    rare = [
        f"{name} ({count})"
        for name, count in zip(answers.names, answers.counts(), strict=True)
        if count < FEW_OF_A_CLASS
    ]
    if rare:
        some = ", ".join(rare[:5]) + (", …" if len(rare) > 5 else "")
        notes.append(
            f"Classes with fewer than {FEW_OF_A_CLASS} sequences can't be in each part: {some}."
        )


def tell_alike_classes(answers: Answers, notes: list[str]) -> None:
    """Note classes whose names differ in the case of letters or in blanks only."""
    groups: dict[str, list[str]] = {}
    for name, count in zip(answers.names, answers.counts(), strict=True):
        simple = "".join(name.split()).casefold()
        groups.setdefault(simple, []).append(f"“{name}” ({count:,})")
    alike = [" and ".join(group) for group in groups.values() if len(group) > 1]
    if alike:
        some = "; ".join(alike[:3]) + ("; …" if len(alike) > 3 else "")
        notes.append(
            f"Each of these is a class of its own, though only the case or blanks differ: {some}."
        )
