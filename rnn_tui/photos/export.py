"""Readings as files: a table for people, and images with labels to train with.

`rnn_tui train mnist --extra-data` reads the formats of the latter.
"""

import csv
import io
import os
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from rnn_tui.engine.errors import DataError, as_cell, printable
from rnn_tui.engine.files.atomic import whole_folder, write_file
from rnn_tui.engine.files.outside import shown
from rnn_tui.engine.tables import Column, cells_of, chosen, document_of

if TYPE_CHECKING:
    from rnn_tui.photos.reading import Reading

CLASSES, SIDE, WHITE = 10, 28, 255
IDX_IMAGES, IDX_LABELS = "images-idx3-ubyte", "labels-idx1-ubyte"
_MAGIC = 0x800  # MNIST's own for unsigned bytes; the number of dimensions is added


@dataclass(frozen=True)
class LabelledImages:
    """Images with the digits that they show."""

    images: npt.NDArray[np.uint8]  #: (N, 28, 28), 0 for background … 255 for ink.
    labels: npt.NDArray[np.uint8]  #: (N,), 0 … 9.


def labelled_images(readings: "Iterable[Reading]", *, predicted: bool = False) -> LabelledImages:
    """Return the images of readable photos whose digit is known; of numbers each digit.

    Args:
        readings: the photos.
        predicted: take predictions without doubt if there is no label, too.
    """
    images: list[npt.NDArray[np.float32]] = []
    labels: list[int] = []
    for reading in readings:
        for digit in reading.digits:
            label = export_label(digit, predicted=predicted)
            if digit.digit is not None and label is not None:
                images.append(digit.digit)
                labels.append(label)
    inks = np.array(images, np.float32).reshape(-1, SIDE, SIDE)
    levels = np.rint(inks * WHITE).clip(0, WHITE).astype(np.uint8)
    return LabelledImages(levels, np.array(labels, np.uint8))


def export_label(reading: "Reading", *, predicted: bool) -> int | None:
    """Return the digit that a photo is exported with; None if it is left out.

    It is the label, or, if `predicted` is set and there is none, the prediction.
    """
    if reading.digit is None:
        return None
    if reading.label is None and predicted:
        return reading.prediction
    return reading.label


def _digit_cell(digit: int | None) -> str:
    return "" if digit is None else str(digit)


def _share_cell(share: float | None) -> str:
    return "" if share is None else f"{share:.6f}"


def _share_column(digit: int) -> "Column[Reading]":
    """Return the column of the probability of a digit."""

    def share(reading: "Reading") -> float | None:
        return None if reading.probabilities is None else float(reading.probabilities[digit])

    return Column(f"p{digit}", share, lambda reading: _share_cell(share(reading)))


def _probabilities(reading: "Reading") -> list[float] | None:
    probabilities = reading.probabilities
    return None if probabilities is None else probabilities.tolist()


def _no_digit(reading: "Reading") -> float | None:
    return None if reading.error or reading.rows else reading.no_digit


def _no_digit_cell(reading: "Reading") -> str:
    return _share_cell(None if reading.probabilities is None else reading.no_digit)


def _digit_documents(reading: "Reading") -> list[dict[str, Any]]:
    """Return each digit in a photo with its place."""
    rows = reading.rows or [reading.digits]
    return [
        {
            #: left, top, right, bottom as fractions of the photo's width and height; null if no
            #: place was searched for.
            "box": digit.box,
            "row": row_number,  #: its row in the photo, from 0.
            "prediction": digit.prediction,  #: the digit; null if the answer is unsure.
            #: the probability of the most probable digit, 0 … 1; for a number the lowest of its
            #: digits; null if the file cannot be read.
            "confidence": digit.confidence,
        }
        for row_number, row in enumerate(rows)
        for digit in row
    ]


#: all columns of a photo. No text is one that a spreadsheet takes for a formula.
READING_COLUMNS: "tuple[Column[Reading], ...]" = (
    Column(
        "path",  #: the file.
        lambda reading: str(reading.path),
        lambda reading: as_cell(str(shown(reading.path))),
    ),
    Column(
        "prediction",  #: the digit; null if the answer is unsure.
        lambda reading: reading.prediction,
        lambda reading: _digit_cell(reading.prediction),
    ),
    #: the probability of the most probable digit, 0 … 1; for a number the lowest of its digits;
    #: null if the file cannot be read.
    Column(
        "confidence",
        lambda reading: reading.confidence,
        lambda reading: _share_cell(reading.confidence),
    ),
    #: of the ten digits, assuming that it is a digit, 0 … 1.
    Column("probabilities", _probabilities),
    *map(_share_column, range(CLASSES)),
    #: the probability that it is no digit, 0 … 1; 0 if the network has not learned this; null for a
    #: number.
    Column("no_digit", _no_digit, _no_digit_cell),
    #: why the file cannot be read.
    Column("error", lambda reading: reading.error or None, lambda reading: as_cell(reading.error)),
    #: the digits of a photo of several, with a blank between rows and `?` for unsure digits; null
    #: for one digit.
    Column(
        "number",
        lambda reading: reading.text if reading.rows else None,
        lambda reading: reading.text if reading.rows else "",
    ),
    #: every digit found, row by row from the left; empty after an error.
    Column("digits", _digit_documents),
    #: why the answer is unsure.
    Column("doubt", lambda reading: reading.doubt, lambda reading: as_cell(reading.doubt)),
    #: with `--labels`: the digit according to the name.
    Column("label", lambda reading: reading.label, lambda reading: _digit_cell(reading.label)),
    Column("correct", lambda reading: reading.correct),  #: whether it is right.
)
#: those of a table of photos.
TABLE_COLUMNS = chosen(
    READING_COLUMNS,
    (
        "path",
        "prediction",
        "confidence",
        *(f"p{digit}" for digit in range(CLASSES)),
        "no_digit",
        "label",
        "doubt",
        "error",
        "number",
    ),
)
HEAD = [column.head for column in TABLE_COLUMNS]


def reading_document(reading: "Reading") -> dict[str, Any]:
    """Return a photo as JSON has it; doubt and label are there only if there is one."""
    keys = [
        "path",
        "prediction",
        "confidence",
        "probabilities",
        "no_digit",
        "error",
        "number",
        "digits",
    ]
    if reading.doubt:
        keys.append("doubt")
    if reading.label is not None:
        keys += ["label", "correct"]
    return document_of(reading, chosen(READING_COLUMNS, keys))


def write_table(path: Path, readings: "Iterable[Reading]") -> None:
    """Write a row for each photo, as `rnn-tui predict --csv` does.

    Raises:
        DataError: if the file can't be written.
    """
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(HEAD)
    writer.writerows(cells_of(reading, TABLE_COLUMNS) for reading in readings)
    # Names may have bytes that are no characters: they come out as they lie on the disk.
    _write(path, text.getvalue().encode("utf-8", "surrogateescape"))


def write_npz(path: Path, data: LabelledImages) -> None:
    """Write `images` and `labels` as NumPy's compressed arrays.

    Raises:
        DataError: if the file can't be written.
    """
    buffer = io.BytesIO()
    np.savez_compressed(buffer, images=data.images, labels=data.labels)
    _write(path, buffer.getvalue())


def write_idx(folder: Path, data: LabelledImages) -> None:
    """Write MNIST's two files into a folder, made if it is missing.

    Raises:
        DataError: if the folder or a file can't be written.
    """
    with _naming_failures(folder), whole_folder(folder) as place:
        write_file(place / IDX_IMAGES, _idx_bytes(data.images))
        write_file(place / IDX_LABELS, _idx_bytes(data.labels))


def _idx_bytes(array: npt.NDArray[np.uint8]) -> bytes:
    """Return an IDX file: its kind and number of dimensions, the sizes, then all values."""
    header = np.array([_MAGIC + array.ndim, *array.shape], ">u4")
    return header.tobytes() + array.tobytes()


def files_to_replace(path: Path, *, idx: bool) -> Sequence[Path]:
    """Return the files that writing to `path`, a folder if `idx`, would replace."""
    files = [path / IDX_IMAGES, path / IDX_LABELS] if idx else [path]
    return [file for file in files if os.path.isfile(file)]


def _write(path: Path, data: bytes) -> None:
    """Write a whole file or none of it: a full disk must not cost what was there before."""
    with _naming_failures(path):
        write_file(path, data)


@contextmanager
def _naming_failures(path: Path) -> Iterator[None]:
    """Say of what goes wrong that `path` can't be written, and why."""
    try:
        yield
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "this is not a valid name"
        failed = getattr(error, "filename", None) or path
        raise DataError(f"{printable(failed, 200)} can't be written: {reason.lower()}.") from error
