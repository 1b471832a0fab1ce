"""Readings as files: a table for people; images with labels, in formats that `rnn_tui train mnist
--extra-data` reads.
"""

import csv
import io
import os
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from rnn_tui.engine.errors import DataError, as_cell, printable
from rnn_tui.engine.files import make_folder, write_file
from rnn_tui.engine.outside import shown

if TYPE_CHECKING:
    from rnn_tui.photos.reading import Reading

CLASSES, SIDE, WHITE = 10, 28, 255
IDX_IMAGES, IDX_LABELS = "images-idx3-ubyte", "labels-idx1-ubyte"
_MAGIC = 0x800  # MNIST's own for unsigned bytes; the number of dimensions is added
_CHANCES = [*(f"p{digit}" for digit in range(CLASSES)), "no_digit"]
HEAD = ["path", "prediction", "confidence", *_CHANCES, "label", "doubt", "error", "number"]


@dataclass(frozen=True)
class LabelledImages:
    """Images with the digits that they show."""

    images: npt.NDArray[np.uint8]  #: (N, 28, 28), 0 for background … 255 for ink.
    labels: npt.NDArray[np.uint8]  #: (N,), 0 … 9.


def labelled(readings: "Iterable[Reading]", *, predicted: bool = False) -> LabelledImages:
    """Images of readable photos whose digit is known, or also `predicted` without doubt; of numbers
    each digit.
    """
    each = (
        (digit.digit, label_for(digit, predicted=predicted))
        for one in readings
        for digit in one.digits
    )
    known = [(ink, label) for ink, label in each if label is not None]
    images = np.array([ink for ink, _ in known], np.float32).reshape(-1, SIDE, SIDE)
    levels = np.rint(images * WHITE).clip(0, WHITE).astype(np.uint8)
    return LabelledImages(levels, np.array([label for _, label in known], np.uint8))


def label_for(reading: "Reading", *, predicted: bool) -> int | None:
    """The digit that a photo is exported with; None if it is left out."""
    label = reading.prediction if reading.label is None and predicted else reading.label
    return None if reading.digit is None else label


def write_table(path: Path, readings: "Iterable[Reading]") -> None:
    """Write a row for each photo, as `rnn-tui predict --csv` does; `DataError` if the file can't be
    written.
    """
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(HEAD)
    writer.writerows(map(table_row, readings))
    # Names may have bytes that are no characters: they come out as they lie on the disk.
    _write(path, text.getvalue().encode("utf-8", "surrogateescape"))


def table_row(reading: "Reading") -> list[str]:
    """A photo's row under `HEAD`, no text of which a spreadsheet takes for a formula; what there is
    none of stays empty.
    """
    said = reading.probabilities
    chances: list[float | None] = (
        [None] * len(_CHANCES) if said is None else [*said, reading.no_digit]
    )
    shares = ["" if share is None else f"{share:.6f}" for share in (reading.confidence, *chances)]
    prediction, label = (
        "" if digit is None else str(digit) for digit in (reading.prediction, reading.label)
    )
    path, doubt, error = (
        as_cell(text) for text in (str(shown(reading.path)), reading.doubt, reading.error)
    )
    return [path, prediction, *shares, label, doubt, error, reading.text if reading.rows else ""]


def write_npz(path: Path, data: LabelledImages) -> None:
    """Write `images` and `labels` as numpy's compressed arrays; `DataError` if the file can't be
    written.
    """
    buffer = io.BytesIO()
    np.savez_compressed(buffer, images=data.images, labels=data.labels)
    _write(path, buffer.getvalue())


def write_idx(folder: Path, data: LabelledImages) -> None:
    """Write MNIST's two files into a folder, made where it is missing; `DataError` if they can't be
    written.
    """
    with _writing(folder):
        make_folder(folder)
    for name, array in ((IDX_IMAGES, data.images), (IDX_LABELS, data.labels)):
        _write(
            folder / name,
            np.array([_MAGIC + array.ndim, *array.shape], ">u4").tobytes() + array.tobytes(),
        )


def in_the_way(path: Path, *, idx: bool) -> Sequence[Path]:
    """Files that writing to `path` would replace."""
    return [
        file
        for file in ((path / IDX_IMAGES, path / IDX_LABELS) if idx else (path,))
        if os.path.isfile(file)
    ]


def _write(path: Path, data: bytes) -> None:
    """Write a whole file or none of it: a full disk must not cost what was there before."""
    with _writing(path):
        write_file(path, data)


@contextmanager
def _writing(path: Path) -> Iterator[None]:
    """Say of what goes wrong that `path` can't be written, and why."""
    try:
        yield
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "this is not a valid name"
        raise DataError(f"{printable(path, 200)} can't be written: {reason.lower()}.") from error
