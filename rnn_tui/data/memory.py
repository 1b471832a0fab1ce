"""Read sequences that are in memory: an array, a list of arrays, or a data frame."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from rnn_tui.data.bounds import check_sequences
from rnn_tui.data.description import LONGEST_NAME, unique_names
from rnn_tui.data.files import frames
from rnn_tui.data.files.arrays import (
    ArrayReading,
    feature_names,
    groups_of_array,
    label_values,
)
from rnn_tui.data.files.content import Content
from rnn_tui.data.folds import LEAST_GROUPS
from rnn_tui.data.options import Layout, ReadingOptions, Split
from rnn_tui.data.sequences import Floats, Label, Sequences, starts_of
from rnn_tui.data.understanding import Understanding, understood
from rnn_tui.engine.counts import count_of
from rnn_tui.engine.errors import ArgumentError, DataError, printable
from rnn_tui.engine.files.array_files import NUMBERS

ARRAYS = Path("arrays")  # stands for the file
FRAME = Path("frame")
SHAPES = "an array (N, T, F) or (N, T), or a list of arrays (T, F) or (T,)"
#: options that name columns, and what says the same of arrays.
OF_COLUMNS = {
    "sequence": "ids=[…] names sequences",
    "step": "steps are in order",
    "label": "y has the labels",
    "group": "groups=[…] has them",
    "split_column": "leave it out",
    "inputs": "leave out numbers of X",
    "ignored": "leave out numbers of X",
}
Array = npt.NDArray[Any]


def understand_frame(frame: Any, labels: Any, options: ReadingOptions) -> Understanding:
    """Read a frame of pandas or polars as a table of a file is read.

    Args:
        frame: its columns have names.
        labels: one for each row, None if they are in a column.
        options: as for a file.

    Raises:
        DataError: if it can't be read as sequences.
    """
    if labels is not None and options.label is not None:
        raise DataError("Labels are in y or in a column (label); give one of them.")
    _check_labels(labels)
    content, label = frames.read(frame, labels)
    if label is not None:
        options = replace(options, label=label)
    return understood(FRAME, options, content)


def understand_arrays(
    values: Any,
    labels: Any,
    options: ReadingOptions,
    *,
    ids: Sequence[Any] | None,
    groups: Any,
    names: Sequence[str] | None,
) -> Understanding:
    """Read arrays as sequences.

    Args:
        values: the numbers of the sequences: one array, or a list of one for each.
        labels: one for each sequence, or one for each step; None to predict the next steps.
        options: what is left open is guessed.
        ids: the names of the sequences.
        groups: of each sequence, such as its subject; no group is in two parts. None for none.
        names: of the numbers at a step.

    Raises:
        DataError: if they can't be read as sequences.
    """
    for option, remedy in OF_COLUMNS.items():
        if getattr(options, option):
            raise DataError(f"Arrays have no columns, so {option} names none; {remedy}.")
    if options.layout not in (None, Layout.LONG):
        raise DataError("Arrays are laid out by their shape; leave out layout.")
    _check_labels(labels)
    if isinstance(values, list | tuple) and any(map(_has_several, values)):
        sequences = _of_list(values, labels)
        form = "a list of arrays"
    else:
        sequences = _of_array(values, labels, options)
        form = "an array"
    if names is not None:
        sequences = replace(sequences, features=_features(names, len(sequences.features)))
    if ids is not None:
        sequences = replace(sequences, ids=_ids(ids, sequences.count))
    if groups is not None:
        grouped = groups_of_array(_labels(groups), sequences.count, "groups", "group")
        sequences = replace(sequences, **grouped)
        options = _split_by_groups(options, len(sequences.groups))
    return understood(ARRAYS, options, Content(form, sequences))


def _split_by_groups(options: ReadingOptions, count: int) -> ReadingOptions:
    """Return options that share out so many groups whole; raises `DataError` if they can't be."""
    if options.split not in (None, Split.CHANCE):
        raise DataError("groups are shared out whole, by chance; leave out split, or groups.")
    if count < LEAST_GROUPS:
        raise DataError(
            f"groups has {count_of(count, 'group')}: training, validation and test need one each."
        )
    return replace(options, split=Split.CHANCE)


def _check_labels(labels: Any) -> None:
    """Refuse labels that are no list, array or column."""
    has_order = isinstance(labels, list | tuple) or hasattr(labels, "__array__")
    if labels is not None and (not has_order or frames.is_frame(labels)):
        raise ArgumentError(
            f"y is a list, an array or a column of labels, not {printable(type(labels).__name__)}."
        )


def _has_several(item: Any) -> bool:
    """Return whether an item of a list is itself a list, an array or a frame."""
    return isinstance(item, list | tuple) or len(getattr(item, "shape", ())) > 0


def _of_array(values: Any, labels: Any, options: ReadingOptions) -> Sequences:
    """Return the sequences of one array, which end at their last number."""
    array = np.array(_numbers(values, "X"))  # a copy: reading changes it
    if array.ndim > 3:
        raise DataError(f"X has {array.ndim} dimensions; give {SHAPES}.")
    arrays = {"x": array}
    if labels is not None:
        arrays["y"] = _labels(labels)
    return ArrayReading("X", options, arrays).sequences()


def _of_list(values: Sequence[Any], labels: Any) -> Sequences:
    """Return the sequences of a list of arrays, each as long as it is."""
    check_sequences(len(values), "X")
    names = _columns(values)
    parts = [_steps(item, number) for number, item in enumerate(values)]
    sizes = {part.shape[1] for part in parts}
    if len(sizes) > 1:
        shown = " and ".join(map(str, sorted(sizes)[:2]))
        raise DataError(
            f"The arrays in X have {shown} numbers at a step; all need the same numbers."
        )
    [features] = sizes
    lengths = np.array([*map(len, parts)])
    return Sequences(
        features=names or feature_names(features),
        alphabet=(),
        values=np.concatenate(parts),
        starts=starts_of(lengths),
        label=None if labels is None else _label(labels, lengths),
    )


def _columns(values: Sequence[Any]) -> tuple[str, ...]:
    """Return the names of the columns of frames, each a sequence; none of arrays."""
    columns = {tuple(map(str, getattr(item, "columns", ()))) for item in values}
    if len(columns) > 1:
        raise DataError("The frames in X have different columns; all need the same, in one order.")
    return _features([*columns.pop()], None)


def _steps(item: Any, number: int) -> Floats:
    """Return a sequence of a list as (T, F), NaN where a number is missing."""
    array = _numbers(item, f"X[{number}]")
    if array.ndim == 1:
        array = array[:, None]
    if array.ndim != 2:
        raise DataError(
            f"X[{number}] has the shape {array.shape}; a sequence of a list is an array (T, F) or "
            "(T,), one row a step."
        )
    steps = array.astype(np.float64)
    return np.where(np.isfinite(steps), steps, np.nan)


def _numbers(values: Any, name: str) -> Array:
    """Return an array of numbers; refuses anything else by its name."""
    array = _array(values, name)
    if array.dtype.kind == "O":
        try:
            array = array.astype(np.float64)
        except (TypeError, ValueError, OverflowError) as error:
            raise DataError(f"{name} holds no numbers only; give {SHAPES} of numbers.") from error
    if array.dtype.kind not in NUMBERS:
        raise DataError(
            f"{name} holds no numbers; give {SHAPES} of numbers, or words as a column of a frame "
            "with a row a step."
        )
    return array


def _array(values: Any, name: str) -> Array:
    """Return anything that NumPy takes for an array; what is masked becomes NaN."""
    if isinstance(values, np.ma.MaskedArray):  # what is masked is missing
        values = values.astype(np.float64 if values.dtype.kind in NUMBERS else object)
        values = values.filled(np.nan)
    try:
        return np.asarray(values)
    except (TypeError, ValueError, RuntimeError) as error:
        raise DataError(
            f"{name} can't be read as an array ({printable(error, 80)}); give {SHAPES}."
        ) from error


def _labels(labels: Any) -> Array:
    """Return labels as numbers, NaN where they are missing, or as words, "" where they are."""
    array = _array(labels, "y")
    if array.dtype.kind != "O":
        return array
    flat = array.ravel().tolist()
    cells = [*map(frames.cell_of, flat)]
    are_words = any(isinstance(value, str) for value in flat)
    if are_words:
        return np.array(cells, np.str_).reshape(array.shape)
    try:
        return np.array([float(cell or "nan") for cell in cells]).reshape(array.shape)
    except ValueError:  # such as dates
        return np.array(cells, np.str_).reshape(array.shape)


def _label(labels: Any, lengths: npt.NDArray[np.int64]) -> Label:
    """Return labels of a list of sequences, or of their steps."""
    count = len(lengths)
    items = [*labels] if getattr(labels, "shape", (1,)) else []
    if len(items) != count:
        given = count_of(len(items), "label")
        raise DataError(f"y has {given} for the {count_of(count, 'sequence')} of X.")
    of_steps = [*map(_has_several, items)]
    if not any(of_steps):
        return Label("y", False, label_values(_labels(labels), "y"))
    if not all(of_steps):
        raise DataError("y is a label for each sequence, or an array of labels for each; not both.")
    parts = [_labels(item).reshape(-1) for item in items]
    for number, (part, steps) in enumerate(zip(parts, lengths.tolist(), strict=True)):
        if len(part) != steps and len(part) != 1:
            raise DataError(
                f"y[{number}] has {count_of(len(part), 'label')} for the {count_of(steps, 'step')} "
                f"of X[{number}]."
            )
    every_step = any(len(part) != 1 for part in parts) or bool((lengths == 1).all())
    if every_step and any(len(part) != steps for part, steps in zip(parts, lengths, strict=True)):
        raise DataError("y is a label for each sequence, or one for each step; not both.")
    joined = [value for part in parts for value in part.tolist()]
    return Label("y", every_step, label_values(_labels(np.array(joined, object)), "y"))


def _features(names: Sequence[str], count: int | None) -> tuple[str, ...]:
    """Return the names of the numbers at a step, all different.

    Args:
        names: as the user gives them.
        count: how many there must be; None for any number.
    """
    if count is not None and len(names) != count:
        raise DataError(
            f"names has {count_of(len(names), 'name')} for {count_of(count, 'number')} at a step."
        )
    return tuple(unique_names(printable(name, LONGEST_NAME) for name in names))


def _ids(ids: Sequence[Any], count: int) -> tuple[str, ...]:
    """Return the names of the sequences."""
    words = [frames.cell_of(value) for value in np.asarray(ids, object).ravel().tolist()]
    if len(words) != count:
        raise DataError(
            f"ids has {count_of(len(words), 'name')} for {count_of(count, 'sequence')}."
        )
    return tuple(printable(word, LONGEST_NAME) for word in words)
