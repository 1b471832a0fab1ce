"""Further training images of the user's own, such as photos exported with their right digits.

Two forms: an NPZ file with `images` (N, 28, 28) and `labels` (N,), both uint8; or MNIST's own IDX
files, of which that with the images is named and that with the labels lies beside it, its name the
same with `labels-idx1` for `images-idx3`.
"""

from __future__ import annotations

import zipfile
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from rnn_tui.engine.errors import DataError, printable
from rnn_tui.tasks.mnist.data import CLASSES, COLUMNS, ROWS

MOST_IMAGES = 1_000_000
# A few dozen images among 50,000 would teach nothing: they are used again until they make up a
# tenth of an epoch, but none more often than this.
SHARE = 0.1
MOST_REPEATS = 100

Bytes = npt.NDArray[np.uint8]


def load_extra(name: str) -> tuple[Tensor, Tensor]:
    """Images (N, 28, 28) uint8 and labels (N,) int64 in a file.

    Raises:
        DataError: if it can't be read, or is not what it should be.
    """
    path = Path(name).expanduser()
    shown = printable(path, 200)
    try:
        with path.open("rb") as file:
            start = file.read(4)
        images, labels = _read_npz(path) if start[:2] == b"PK" else _read_idx(path)
    except (OSError, ValueError, KeyError, EOFError, MemoryError, zipfile.BadZipFile) as error:
        reason = error.strerror if isinstance(error, OSError) else None
        raise DataError(
            f"The extra data in {shown} can't be read ({printable(reason or error, 120)}); name an "
            "NPZ file with images and labels, or an IDX file of images with its labels beside it."
        ) from error
    if images.ndim != 3 or images.shape[1:] != (ROWS, COLUMNS) or labels.shape != images.shape[:1]:
        raise DataError(
            f"The extra data in {shown} must be images (N, 28, 28) and labels (N,), not "
            f"{images.shape} and {labels.shape}."
        )
    if images.dtype != np.uint8 or labels.dtype != np.uint8:
        raise DataError(f"The extra data in {shown} must be bytes (uint8).")
    if not len(labels) or len(labels) > MOST_IMAGES or labels.max() >= CLASSES:
        raise DataError(
            f"The extra data in {shown} must be 1 to {MOST_IMAGES:,} images with labels 0 … 9."
        )
    return torch.from_numpy(images.copy()), torch.from_numpy(labels.astype(np.int64))


def repeats(extra: int, others: int) -> int:
    """How often each of `extra` images is used in an epoch beside `others`, 1 … 100."""
    wanted = SHARE / (1 - SHARE) * others / extra
    return min(MOST_REPEATS, max(1, round(wanted)))


def _read_npz(path: Path) -> tuple[Bytes, Bytes]:
    with zipfile.ZipFile(path) as archive:
        # What is inside may unpack to far more than the file takes.
        if sum(entry.file_size for entry in archive.infolist()) > MOST_IMAGES * ROWS * COLUMNS * 2:
            raise ValueError(f"more than {MOST_IMAGES:,} images")
    with np.load(path, allow_pickle=False) as arrays:
        return arrays["images"], arrays["labels"]


def _read_idx(path: Path) -> tuple[Bytes, Bytes]:
    if "images-idx3" not in path.name:
        raise ValueError("its name must end in .npz or have images-idx3 in it")
    labels = path.with_name(path.name.replace("images-idx3", "labels-idx1"))
    if not labels.is_file():
        raise ValueError(f"there is no {labels.name} beside it")
    return _idx_array(path, 3), _idx_array(labels, 1)


def _idx_array(path: Path, dimensions: int) -> Bytes:
    """The array in an IDX file of bytes (format: see `data`)."""
    with path.open("rb") as file:
        header = file.read(4 + 4 * dimensions)
        if header[:4] != bytes((0, 0, 8, dimensions)) or len(header) < 4 + 4 * dimensions:
            raise ValueError(f"{path.name} is no IDX file of {dimensions} dimensions")
        shape = [int(size) for size in np.frombuffer(header[4:], ">u4")]
        if shape[0] > MOST_IMAGES or (dimensions == 3 and shape[1:] != [ROWS, COLUMNS]):
            raise ValueError(f"{path.name} holds {'×'.join(map(str, shape))} bytes")
        contents = file.read()
    return np.frombuffer(contents, np.uint8).reshape(shape)
