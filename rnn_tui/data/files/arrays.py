"""Read NumPy's `.npy` and `.npz` files; what is pickled in them is refused."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from rnn_tui.data.bounds import MOST_NUMBERS, check_sequences, check_words
from rnn_tui.data.description import LONGEST_NAME
from rnn_tui.data.files.cells import MISSING_WORDS
from rnn_tui.data.files.content import Content
from rnn_tui.data.files.dates import form_of, seconds_of
from rnn_tui.data.files.opening import named, opened
from rnn_tui.data.options import Layout, ReadingOptions
from rnn_tui.data.sequences import (
    Floats,
    Label,
    Places,
    Sequences,
    joined_sequences,
    starts_of,
)
from rnn_tui.engine.counts import count_of
from rnn_tui.engine.errors import NO_TEXT, DataError, SafeText, printable
from rnn_tui.engine.files.array_files import ARCHIVE, NUMBERS, as_doubles, read_archive, read_array
from rnn_tui.engine.progress import Progress

VALUES = ("x", "data", "values", "sequences", "inputs", "series", "features")
LABELS = ("y", "label", "labels", "target", "targets", "class", "classes")
GROUPS = tuple(
    f"{name}{ending}"
    for name in ("group", "subject", "patient", "participant", "user")
    for ending in ("s", "", "_id", "_ids")
)
IDS = ("ids", "id", "record_ids", "record_id", "sequence_ids", "sequence_id")
TIMES = ("times", "time", "timestamps", "timestamp")
LENGTHS = ("lengths", "length", "seq_lengths", "lens")
Arrays = Mapping[str, npt.NDArray[Any]]


def read(path: Path, options: ReadingOptions, progress: Progress) -> Content:
    """Read a file.

    Raises:
        DataError: if it can't be read, or its arrays are not those of sequences.
    """
    progress.advance(0, 1)
    with opened(path) as file:
        is_archive = file.read(len(ARCHIVE)) == ARCHIVE
        file.seek(0)
        if is_archive:
            arrays: Arrays = read_archive(file, named(path), MOST_NUMBERS)
        else:
            arrays = {"x": read_array(file, path.stem, named(path), MOST_NUMBERS)}
    progress.advance(1, 1)
    reading = ArrayReading(named(path), options, arrays)
    return Content("NPZ" if is_archive else "NPY", reading.sequences())


class ArrayReading:
    """The way from arrays to sequences.

    Args:
        name: what holds them, for sentences.
        options: whether an array of two dimensions is one sequence.
        arrays: values, and labels and lengths if there are any, by their names.
    """

    def __init__(self, name: str, options: ReadingOptions, arrays: Arrays) -> None:
        self._name = name
        self._options = options
        self._arrays = arrays

    def sequences(self) -> Sequences:
        """Return the sequences, those of a test behind those of the training."""
        for ending in ("_train", "train"):
            if any(f"{name}{ending}" in self._arrays for name in VALUES):
                training = self._part(ending)
                test = ending.replace("train", "test")
                if any(f"{name}{test}" in self._arrays for name in VALUES):
                    return joined_sequences(training, self._part(test))
                return training
        return self._part("")

    def _named(self, names: tuple[str, ...], ending: str) -> npt.NDArray[Any] | None:
        for name in names:
            array = self._arrays.get(f"{name}{ending}")
            if array is not None:
                return array
        return None

    def _part(self, ending: str) -> Sequences:
        values = self._named(VALUES, ending)
        if values is None and len(self._arrays) == 1:
            values = next(iter(self._arrays.values()))
        if values is None:
            names = ", ".join(printable(name, 20) for name in list(self._arrays)[:8])
            raise DataError(
                f"{self._name} has no array of values; call one x, and its labels y. It has "
                f"{names}."
            )
        notes: list[str] = []
        cube = self._cube(values, notes)
        lengths = self._lengths(cube, self._named(LENGTHS, ending), notes)
        inside = np.arange(cube.shape[1]) < lengths[:, None]
        features = cube.shape[2]
        return Sequences(
            features=feature_names(features),
            alphabet=(),
            values=_steps_of(cube, inside),
            starts=starts_of(lengths),
            label=self._label(self._named(LABELS, ending), cube, inside),
            ids=self._ids(ending, cube.shape[0]),
            **self._times(ending, inside),
            notes=tuple(notes),
            **self._groups(ending, cube.shape[0]),
        )

    def _ids(self, ending: str, count: int) -> tuple[str, ...]:
        """Return the names of the sequences; none without such an array.

        Raises:
            DataError: if there is not one for each.
        """
        array = self._named(IDS, ending)
        if array is None:
            return ()
        if array.shape != (count,):
            raise DataError(
                f"The names of sequences in {self._name} have the shape {array.shape}; they are "
                f"({count},), one for each sequence."
            )
        words = words_of(label_values(array, self._name))
        if NO_TEXT in words:
            raise DataError(
                f"{self._name} lacks the name of sequence {words.index(NO_TEXT) + 1:,}."
            )
        return tuple(words)

    def _times(self, ending: str, inside: npt.NDArray[np.bool_]) -> dict[str, Any]:
        """Return `times` and `dated` of sequences; nothing without such an array.

        Args:
            ending: of the names of the arrays.
            inside: (N, steps) which steps are inside sequences.

        Raises:
            DataError: if there is not one for each step, or they are neither numbers nor dates.
        """
        array = self._named(TIMES, ending)
        if array is None:
            return {}
        count, steps = inside.shape
        if array.shape not in ((steps,), (count, steps)):
            raise DataError(
                f"The times in {self._name} have the shape {array.shape}; it must be ({steps},), "
                f"the same for all sequences, or ({count}, {steps})."
            )
        times = label_values(array, self._name).reshape(array.shape)
        dated = times.dtype == object
        if dated:
            words = times.ravel().tolist()
            form = form_of(words)
            seconds = np.full(len(words), np.nan) if form is None else seconds_of(words, form)
            times = seconds.reshape(array.shape)
        of_steps = np.broadcast_to(times, inside.shape)[inside]
        if not np.isfinite(of_steps).all():
            raise DataError(f"The times in {self._name} must be numbers, or dates of one form.")
        return {"times": of_steps, "dated": dated}

    def _groups(self, ending: str, count: int) -> dict[str, Any]:
        """Return `groups`, `members` and `grouped_by` of sequences; nothing without such an array.

        Raises:
            DataError: if the user names an array that is not there, or it has not one for each.
        """
        wish = self._options.group
        wished = f"{wish}{ending}" if f"{wish}{ending}" in self._arrays else wish
        names = [f"{name}{ending}" for name in GROUPS] if wish is None else [wished]
        name = next((name for name in names if name in self._arrays), None)
        if name is None:
            if wish is None:
                return {}
            raise DataError(
                f"{self._name} has no array {printable(wish, 40)} (--group); it has "
                f"{', '.join(printable(name, 20) for name in list(self._arrays)[:8])}."
            )
        called = str(name).removesuffix(ending) if ending else str(name)
        is_plural = called in GROUPS and called.endswith("s")
        return groups_of_array(
            self._arrays[str(name)],
            count,
            f"The array {printable(name, 40)} in {self._name}",
            called.removesuffix("s") if is_plural else called,
        )

    def _cube(self, values: npt.NDArray[Any], notes: list[str]) -> Floats:
        """Return the values (N, steps, F)."""
        if values.dtype.kind not in NUMBERS:
            raise DataError(f"The values in {self._name} are no numbers.")
        if values.size == 0 or values.ndim == 0:
            raise DataError(f"The values in {self._name} are empty.")
        shape = values.shape
        if values.ndim > 1:
            check_sequences(shape[0], self._name)
        cube = as_doubles(values)
        cube[~np.isfinite(cube)] = np.nan
        if values.ndim == 1:
            cube = cube[None, :, None]
        elif values.ndim == 2:
            is_one_sequence = self._options.layout is Layout.LONG
            cube = cube[None] if is_one_sequence else cube[:, :, None]
        count, steps, features = cube.shape
        sizes = " × ".join(map(str, shape))
        notes.append(
            f"The array of {sizes} is read as {count_of(count, 'sequence')} of "
            f"{count_of(steps, 'step')} of {count_of(features, 'number')}"
            + (" (--layout long: one sequence)." if values.ndim == 2 and count > 1 else ".")
        )
        return cube

    def _lengths(self, cube: Floats, lengths: npt.NDArray[Any] | None, notes: list[str]) -> Places:
        """Return the steps (N,) of each sequence: as an array says, or up to the NaN at its end."""
        count, steps, _ = cube.shape
        if lengths is not None:
            fits = lengths.shape == (count,) and lengths.dtype.kind in "iu"
            if not fits or lengths.min() < 0 or lengths.max() > steps:
                raise DataError(
                    f"The lengths in {self._name} must be {count:,} whole numbers from 0 to "
                    f"{steps:,}."
                )
            return lengths.astype(np.int64)
        present = np.logical_not(np.isnan(cube).all(axis=2))
        ends = np.where(present.any(axis=1), steps - present[:, ::-1].argmax(axis=1), 0)
        if (ends < steps).any():
            notes.append("NaN at the end of a sequence counts as its end.")
        return ends.astype(np.int64)

    def _label(
        self, labels: npt.NDArray[Any] | None, cube: Floats, inside: npt.NDArray[np.bool_]
    ) -> Label | None:
        """Return the label: of sequences (N,), or of steps (N, steps)."""
        if labels is None:
            return None
        count, steps, _ = cube.shape
        if labels.shape == (count, 1) and steps > 1:
            labels = labels[:, 0]
        if count == 1 and labels.shape == (steps,):
            labels = labels[None]
        if labels.shape == (count, steps, 1):
            labels = labels[:, :, 0]
        if labels.shape == (count, steps) and labels.ndim == 2:
            return Label("y", True, label_values(labels[inside], self._name))
        if labels.shape == (count,):
            return Label("y", False, label_values(labels, self._name))
        raise DataError(
            f"The labels in {self._name} have the shape {labels.shape}; it must be "
            f"({count},), one for each sequence, or ({count}, {steps}), one for each step."
        )


def feature_names(count: int) -> tuple[str, ...]:
    """Return names of the numbers at a step that have none."""
    return ("value",) if count == 1 else tuple(f"x{number + 1}" for number in range(count))


def _steps_of(cube: Floats, inside: npt.NDArray[np.bool_]) -> Floats:
    """Return the steps (T, F) that are inside sequences; without a copy if all are."""
    return cube.reshape(-1, cube.shape[2]) if inside.all() else cube[inside]


def label_values(labels: npt.NDArray[Any], name: str) -> npt.NDArray[Any]:
    """Return labels as numbers, or as words, "" for a missing one."""
    if labels.dtype.kind in NUMBERS:
        numbers = as_doubles(labels)
        numbers[~np.isfinite(numbers)] = np.nan
        return numbers
    distinct, places = np.unique(labels, return_inverse=True)
    check_words(len(distinct), name)
    if labels.dtype.kind == "S":
        words = [word.decode("utf-8", "replace").strip() for word in distinct.tolist()]
    else:
        words = [str(word).strip() for word in distinct.tolist()]
    clean = np.array(["" if word in MISSING_WORDS else word for word in words], object)
    return clean[places.reshape(-1)]


def words_of(values: npt.NDArray[Any]) -> list[SafeText]:
    """Return words, or numbers, as short printable text; that of a missing number is empty."""
    words = [value if isinstance(value, str) else f"{value:.10g}" for value in values.tolist()]
    return [printable("" if word == "nan" else word, LONGEST_NAME) for word in words]


def groups_of_array(
    array: npt.NDArray[Any], count: int, name: str, grouped_by: str
) -> dict[str, Any]:
    """Return the fields of `Sequences` on groups.

    Args:
        array: the group of each sequence, a word or a number.
        count: how many sequences there are.
        name: what holds the groups, at the beginning of a sentence.
        grouped_by: what a group is, such as `subject`.

    Raises:
        DataError: if there is not one for each sequence.
    """
    if array.shape != (count,):
        raise DataError(
            f"{name} has the shape {array.shape}; groups are ({count},), one for each sequence."
        )
    values = label_values(array, name)
    missing = Label("", False, values).missing
    if missing.any():
        raise DataError(f"{name} lacks the group of sequence {int(missing.argmax()) + 1:,}.")
    kept, members = np.unique(values, return_inverse=True)
    return {
        "groups": tuple(words_of(kept)),
        "members": members.reshape(-1).astype(np.int64),
        "grouped_by": grouped_by,
    }
