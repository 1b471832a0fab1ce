"""Readings as files: a table for people, images with labels for training.

`rnn_tui train mnist --extra-data` reads the images back, in either format.
"""

import csv
import io
import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from rnn_tui.engine.errors import DataError, as_cell, printable
from rnn_tui.engine.files import make_folder, write_file
from rnn_tui.engine.reach import as_told

if TYPE_CHECKING:
    from rnn_tui.photos.reader import Reading

CLASSES, SIDE, WHITE = 10, 28, 255
IDX_IMAGES, IDX_LABELS = "images-idx3-ubyte", "labels-idx1-ubyte"
# MNIST's own: unsigned bytes in three dimensions, and in one.
_MAGIC_IMAGES, _MAGIC_LABELS = 0x803, 0x801
_PROBABILITIES = [f"p{digit}" for digit in range(CLASSES)]
HEAD = ["path", "prediction", "confidence", *_PROBABILITIES, "no_digit", "label", "doubt", "error", "number"]


@dataclass(frozen=True)
class LabelledImages:
    """Images with the digits that they show."""

    images: npt.NDArray[np.uint8]  #: (N, 28, 28), 0 for background … 255 for ink.
    labels: npt.NDArray[np.uint8]  #: (N,), 0 … 9.


def labelled(readings: "Iterable[Reading]", *, predicted: bool = False) -> LabelledImages:
    """Images of readable photos whose digit is known, or also `predicted` without doubt; of numbers each digit."""
    images: list[npt.NDArray[np.uint8]] = []
    labels: list[int] = []
    for reading in chain.from_iterable(one.digits for one in readings):
        label = label_for(reading, predicted=predicted)
        if label is not None and reading.digit is not None:
            images.append(np.rint(reading.digit * WHITE).clip(0, WHITE).astype(np.uint8))
            labels.append(label)
    stacked = np.stack(images) if images else np.zeros((0, SIDE, SIDE), np.uint8)
    return LabelledImages(stacked, np.array(labels, np.uint8))


def label_for(reading: "Reading", *, predicted: bool) -> int | None:
    """The digit that a photo is exported with; None if it is left out."""
    if reading.digit is None:
        return None
    if reading.label is None and predicted:
        return reading.prediction
    return reading.label


def write_table(path: Path, readings: "Iterable[Reading]") -> None:
    """Write a row for each photo, as `rnn-tui predict --csv` does.

    Raises:
        DataError: if the file can't be written.
    """
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(HEAD)
    writer.writerows(map(table_row, readings))
    # Names may have bytes that are no characters: they come out as they lie on the disk.
    _write(path, text.getvalue().encode("utf-8", "surrogateescape"))


def table_row(reading: "Reading") -> list[str]:
    """A photo's row under `HEAD`; what there is none of stays empty.

    A path that a spreadsheet would take for a formula has an apostrophe before it.
    """
    values = [""] * CLASSES
    if reading.probabilities is not None:
        values = [f"{value:.6f}" for value in reading.probabilities]
    confidence = "" if reading.confidence is None else f"{reading.confidence:.6f}"
    answer = [_or_empty(reading.prediction), confidence, *values]
    words = [as_cell(text) for text in (str(as_told(reading.path)), reading.doubt, reading.error)]
    none = "" if reading.probabilities is None else f"{reading.no_digit:.6f}"
    number = reading.text if reading.rows else ""
    return [words[0], *answer, none, _or_empty(reading.label), *words[1:], number]


def write_npz(path: Path, data: LabelledImages) -> None:
    """Write `images` and `labels` as numpy's compressed arrays.

    Raises:
        DataError: if the file can't be written.
    """
    buffer = io.BytesIO()
    np.savez_compressed(buffer, images=data.images, labels=data.labels)
    _write(path, buffer.getvalue())


def write_idx(folder: Path, data: LabelledImages) -> None:
    """Write `images-idx3-ubyte` and `labels-idx1-ubyte` into a folder, made where it is missing.

    Raises:
        DataError: if they can't be written.
    """
    try:
        make_folder(folder)
    except (OSError, ValueError) as error:
        raise _cannot(folder, error) from error
    for name, magic, array in ((IDX_IMAGES, _MAGIC_IMAGES, data.images), (IDX_LABELS, _MAGIC_LABELS, data.labels)):
        _write(folder / name, np.array([magic, *array.shape], ">u4").tobytes() + array.tobytes())


def in_the_way(path: Path, *, idx: bool) -> Sequence[Path]:
    """Files that writing to `path` would replace."""
    files = [path / IDX_IMAGES, path / IDX_LABELS] if idx else [path]
    return [file for file in files if os.path.isfile(file)]


def _or_empty(value: int | None) -> str:
    return "" if value is None else str(value)


def _write(path: Path, data: bytes) -> None:
    """Write a whole file or none of it: a full disk must not cost what was there before."""
    try:
        write_file(path, data)
    except (OSError, ValueError) as error:
        raise _cannot(path, error) from error


def _cannot(path: Path, error: OSError | ValueError) -> DataError:
    reason = (error.strerror if isinstance(error, OSError) else None) or "this is not a valid name"
    return DataError(f"{printable(path, 200)} can't be written: {reason.lower()}.")
