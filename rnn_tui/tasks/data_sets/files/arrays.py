"""Read NumPy's `.npy` and `.npz` files; what is pickled in them is refused."""

import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import IO, Any

import numpy as np
import numpy.typing as npt

from rnn_tui.engine.counts import count_of
from rnn_tui.engine.errors import DataError, printable
from rnn_tui.engine.progress import Progress
from rnn_tui.tasks.data_sets.files.cells import MISSING_WORDS, Floats
from rnn_tui.tasks.data_sets.files.content import Content
from rnn_tui.tasks.data_sets.files.opening import MOST_BYTES, named, opened
from rnn_tui.tasks.data_sets.options import Layout, ReadingOptions
from rnn_tui.tasks.data_sets.sequences import (
    Label,
    Places,
    Sequences,
    joined_sequences,
    starts_of,
)

VALUES = ("x", "data", "values", "sequences", "inputs", "series", "features")
LABELS = ("y", "label", "labels", "target", "targets", "class", "classes")
LENGTHS = ("lengths", "length", "seq_lengths", "lens")
MOST_MEMBERS = 64
Arrays = Mapping[str, npt.NDArray[Any]]


def read(path: Path, options: ReadingOptions, progress: Progress) -> Content:
    """Read a file.

    Raises:
        DataError: if it can't be read, or its arrays are not those of sequences.
    """
    progress.advance(0, 1)
    try:
        with opened(path) as file:
            is_archive = file.read(2) == b"PK"
            file.seek(0)
            arrays = _archive(path, file) if is_archive else {"x": _array(path, file, path.stem)}
    except (EOFError, zipfile.BadZipFile, SyntaxError, NotImplementedError, RuntimeError) as error:
        raise _unreadable(path, error) from error
    progress.advance(1, 1)
    reading = _Reading(path, options, arrays)
    return Content("NPZ" if is_archive else "NPY", reading.sequences())


def _unreadable(path: Path, error: Exception) -> DataError:
    return DataError(f"{named(path)} can't be read ({printable(error, 80) or 'it is damaged'}).")


def _archive(path: Path, file: IO[bytes]) -> dict[str, npt.NDArray[Any]]:
    """Return the arrays of an archive, by the name in small letters."""
    arrays = {}
    with zipfile.ZipFile(file) as archive:
        members = [entry for entry in archive.infolist() if entry.filename.endswith(".npy")]
        if not members or len(members) > MOST_MEMBERS:
            raise DataError(
                f"{named(path)} is no archive of 1 to {MOST_MEMBERS} arrays; save a sheet as CSV."
            )
        if sum(entry.file_size for entry in members) > MOST_BYTES:
            raise DataError(f"The arrays in {named(path)} have more than 1 GiB.")
        for entry in members:
            name = entry.filename.removesuffix(".npy")
            with archive.open(entry) as member:
                arrays[name.lower()] = _array(path, member, name)
    return arrays


def _array(path: Path, file: IO[bytes], name: str) -> npt.NDArray[Any]:
    """Return an array without unpickling anything.

    Raises:
        DataError: if that can't be.
    """
    reader: dict[tuple[int, int], Callable[..., Any]] = {
        (1, 0): np.lib.format.read_array_header_1_0,
        (2, 0): np.lib.format.read_array_header_2_0,
    }
    at = f"The array {printable(name, 40)} in {named(path)}"
    try:
        version = np.lib.format.read_magic(file)
        shape, fortran, dtype = reader[version](file)
    except (KeyError, ValueError, EOFError) as error:
        raise _unreadable(path, error) from error
    if dtype.hasobject:
        raise DataError(
            f"{at} is pickled, which is never read; save numbers with NaN behind shorter "
            "sequences, or with an array of lengths."
        )
    count = int(np.prod(shape, dtype=object)) if shape else 1
    if count * dtype.itemsize > MOST_BYTES or len(shape) > 3:
        raise DataError(f"{at} has the shape {shape}: too large, or of more than 3 dimensions.")
    if dtype.kind not in "biufUS":
        raise DataError(f"{at} holds {printable(dtype, 40)}; numbers or text are read.")
    data = file.read(count * dtype.itemsize)
    if len(data) < count * dtype.itemsize:
        raise DataError(f"{at} is cut off.")
    array = np.frombuffer(data, dtype, count) if count else np.zeros(0, dtype)
    return array.reshape(shape, order="F" if fortran else "C")


class _Reading:
    """The way from arrays to sequences."""

    def __init__(self, path: Path, options: ReadingOptions, arrays: Arrays) -> None:
        self._path = path
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
                f"{named(self._path)} has no array of values; call one x, and its labels y. It has "
                f"{names}."
            )
        notes: list[str] = []
        cube = self._cube(values, notes)
        lengths = self._lengths(cube, self._named(LENGTHS, ending), notes)
        inside = np.arange(cube.shape[1]) < lengths[:, None]
        features = cube.shape[2]
        return Sequences(
            features=("value",) if features == 1 else tuple(f"x{n + 1}" for n in range(features)),
            alphabet=(),
            values=cube[inside],
            starts=starts_of(lengths),
            label=self._label(self._named(LABELS, ending), cube, inside),
            notes=tuple(notes),
        )

    def _cube(self, values: npt.NDArray[Any], notes: list[str]) -> Floats:
        """Return the values (N, steps, F)."""
        if values.dtype.kind not in "biuf":
            raise DataError(f"The values in {named(self._path)} are no numbers.")
        if values.size == 0 or values.ndim == 0:
            raise DataError(f"The values in {named(self._path)} are empty.")
        shape = values.shape
        cube = values.astype(np.float64)
        cube[np.isinf(cube)] = np.nan
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
                    f"The lengths in {named(self._path)} must be {count:,} whole numbers from 0 to "
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
            return Label("y", True, _label_values(labels[inside]))
        if labels.shape == (count,):
            return Label("y", False, _label_values(labels))
        raise DataError(
            f"The labels in {named(self._path)} have the shape {labels.shape}; it must be "
            f"({count},), one for each sequence, or ({count}, {steps}), one for each step."
        )


def _label_values(labels: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Return labels as numbers, or as words, "" for a missing one."""
    if labels.dtype.kind in "biuf":
        numbers = labels.astype(np.float64)
        numbers[np.isinf(numbers)] = np.nan
        return numbers
    if labels.dtype.kind == "S":
        words = [word.decode("utf-8", "replace").strip() for word in labels.tolist()]
    else:
        words = [str(word).strip() for word in labels.tolist()]
    return np.array(["" if word in MISSING_WORDS else word for word in words], object)
