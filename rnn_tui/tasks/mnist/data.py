"""MNIST as tensors: shipped files, a torchvision root of the user's, images of the user's own;
never from the network.

Images of the user's own, such as photos exported with their right digits, have two forms: an NPZ
file with `images` (N, 28, 28) and `labels` (N,), both uint8; or MNIST's own IDX files, of which
that with the images is named and that with the labels lies beside it, its name the same with
`labels-idx1` for `images-idx3`.
"""

import gzip
import hashlib
import math
import os
import zipfile
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from rnn_tui.engine import outside
from rnn_tui.engine.errors import DataError, printable, why
from rnn_tui.engine.paths import asset_dir
from rnn_tui.tasks.mnist.inference import CLASSES, SIDE

FILES = {  # the published files, by the MD5 of their uncompressed contents
    "train-images-idx3-ubyte": "6bbc9ace898e44ae57da46a324031adb",
    "train-labels-idx1-ubyte": "a25bea736e30d166cdddb491f175f624",
    "t10k-images-idx3-ubyte": "2646ac647ad5339dbf082846283269ea",
    "t10k-labels-idx1-ubyte": "27ae3e4e09519cfbb04c329615203637",
}
VALIDATION_SHARE = 1 / 6
_WITHOUT = "leave --data-dir out to use the data that ships"


@dataclass(frozen=True)
class MnistImages:
    """The whole data set on the CPU: images (N, 28, 28) uint8, labels (N,) int64."""

    train_images: Tensor
    train_labels: Tensor
    test_images: Tensor
    test_labels: Tensor


def _shipped(path: Path) -> Tensor:
    """What is in a shipped file: images (N, 28, 28) or labels (N,), as published; refused if
    missing or damaged.
    """
    name = path.stem
    remedy = "install rnn-tui again"
    shown = f"The data file {printable(path, 200)}"
    try:
        contents = gzip.decompress(path.read_bytes())
    except FileNotFoundError as error:
        raise DataError(f"{shown} is missing; {remedy}.") from error
    except (OSError, EOFError, zlib.error) as error:
        raise DataError(f"{shown} is damaged or can't be read; {remedy}.") from error
    if hashlib.md5(contents, usedforsecurity=False).hexdigest() != FILES[name]:
        raise DataError(f"{shown} is not as published; {remedy}.")
    if "images" in name:
        images = np.frombuffer(contents, np.uint8, offset=16).reshape(-1, SIDE, SIDE)
        return torch.from_numpy(images.copy())
    labels = np.frombuffer(contents, np.uint8, offset=8)
    return torch.from_numpy(labels.astype(np.int64))


def load_mnist(data_dir: str | None = None) -> MnistImages:
    """A torchvision root's images (`MNIST/raw/…` below it), or those that ship, kept in memory
    until their files change; `DataError` with the remedy.
    """
    if data_dir is None:
        folder = asset_dir() / "mnist"
        return _shipped_images(folder, _version([folder / f"{name}.gz" for name in FILES]))
    try:
        root = Path(outside.expanded(data_dir))
        if not outside.is_folder(root):
            raise OSError("no such folder")
    except (OSError, ValueError) as error:
        raise DataError(
            f"The data folder {printable(data_dir, 200)} can't be used ({printable(error, 80)}); "
            f"name a folder with MNIST/raw below it, or {_WITHOUT}."
        ) from error
    raw = root / "MNIST" / "raw"
    return _user_images(raw, _version([raw / name for name in FILES]))


def _version(paths: Sequence[Path]) -> tuple[tuple[int, int], ...]:
    """Tells states of files apart."""
    found = []
    for path in paths:
        try:
            status = outside.status(path)
            found.append((status.st_mtime_ns, status.st_size))
        except (OSError, ValueError):
            found.append((0, 0))  # reading it says what is wrong
    return tuple(found)


@lru_cache(maxsize=1)
def _shipped_images(folder: Path, version: object) -> MnistImages:  # noqa: ARG001 - of the cache
    return MnistImages(*(_shipped(folder / f"{name}.gz") for name in FILES))


@lru_cache(maxsize=1)
def _user_images(raw: Path, version: object) -> MnistImages:  # noqa: ARG001 - of the cache
    train_images, train_labels, test_images, test_labels = (
        _user_file(raw / name) for name in FILES
    )
    for images, labels in ((train_images, train_labels), (test_images, test_labels)):
        if len(images) != len(labels) or not len(labels) or int(labels.max()) >= CLASSES:
            raise DataError(
                f"Images and labels in {printable(raw, 200)} do not belong together; {_WITHOUT}."
            )
    return MnistImages(train_images, train_labels.long(), test_images, test_labels.long())


def _user_file(path: Path) -> Tensor:
    """Bytes of a user's file: images (N, 28, 28) or labels (N,); what is no such IDX file is
    refused before it is all read.
    """
    try:
        return torch.from_numpy(_idx_array(path, 3 if "idx3" in path.name else 1).copy())
    except (OSError, ValueError) as error:
        words = f"{printable(path, 200)} can't be read ({why(error, 160)})"
        raise DataError(f"{words}; put the published file there, or {_WITHOUT}.") from error


def split_indices(labels: Tensor, seed: int) -> tuple[Tensor, Tensor]:
    """Training and validation indices of `labels` (N,), five to one, stratified, as in the report;
    `DataError` for too few.
    """
    # Those of scikit-learn's `train_test_split`, as tests show; training would wait for a second
    # until that is loaded.
    random, count = np.random.RandomState(seed), len(labels)
    _, classes, sizes = np.unique(labels.numpy(), return_inverse=True, return_counts=True)
    aside = math.ceil(VALIDATION_SHARE * count)
    if sizes.min(initial=count) < 2 or min(aside, count - aside) < len(sizes):
        raise DataError(f"{count} training images are too few to set a sixth of each class aside.")
    begins = _shared_out(count - aside, sizes, random)
    ends = begins + _shared_out(aside, sizes - begins, random)
    drawn = [
        np.flatnonzero(classes == at)[random.permutation(size)] for at, size in enumerate(sizes)
    ]
    parts = zip(
        *(
            np.split(one[:end], [begin])
            for one, begin, end in zip(drawn, begins, ends, strict=True)
        ),
        strict=True,
    )
    train, validation = (
        torch.from_numpy(random.permutation(np.concatenate(part))) for part in parts
    )
    return train, validation


def _shared_out(
    count: int, sizes: npt.NDArray[np.int64], random: np.random.RandomState
) -> npt.NDArray[np.int64]:
    """So many shared out by sizes (C,), in whole numbers: the largest fractions are rounded up, by
    lot among equal ones.
    """
    fractions, whole = np.modf(sizes / sizes.sum() * count)
    shares: npt.NDArray[np.int64] = whole.astype(np.int64)
    for fraction in np.unique(fractions)[::-1]:
        if missing := count - shares.sum():
            equal = np.flatnonzero(fractions == fraction)
            shares[random.choice(equal, min(len(equal), missing), replace=False)] += 1
    return shares


MOST_IMAGES = 1_000_000
# A few dozen images among 50,000 would teach nothing: they are used again up to a tenth of an
# epoch, none more often than this.
SHARE, MOST_REPEATS = 0.1, 100

Bytes = npt.NDArray[np.uint8]


def load_extra(name: str, *, no_digits: bool = False) -> tuple[Tensor, Tensor]:
    """Images (N, 28, 28) uint8 and labels (N,) int64 in a file, else `DataError`; with `no_digits`,
    10 is what is no digit.
    """
    path = Path(outside.expanded(name))  # an unknown user's home is a file that is not there
    shown = f"The extra data in {printable(path, 200)}"
    try:
        with outside.opened(path) as file:
            is_archive = file.read(2) == b"PK"
        images, labels = _read_npz(path) if is_archive else _read_idx(path)
    except (OSError, ValueError, KeyError, EOFError, MemoryError, zipfile.BadZipFile) as error:
        raise DataError(
            f"{shown} can't be read ({why(error, 120)}); name an NPZ file with images and "
            "labels, or an IDX file of images "
            "with its labels beside it."
        ) from error
    if images.ndim != 3 or images.shape[1:] != (SIDE, SIDE) or labels.shape != images.shape[:1]:
        raise DataError(
            f"{shown} must be images (N, 28, 28) and labels (N,), not {images.shape} and "
            f"{labels.shape}."
        )
    if images.dtype != np.uint8 or labels.dtype != np.uint8:
        raise DataError(f"{shown} must be bytes (uint8).")
    last = CLASSES - 1 + no_digits
    if not len(labels) or len(labels) > MOST_IMAGES or labels.max() > last:
        raise DataError(f"{shown} must be 1 to {MOST_IMAGES:,} images with labels 0 … {last}.")
    return torch.from_numpy(images.copy()), torch.from_numpy(labels.astype(np.int64))


def repeats(extra: int, others: int) -> int:
    """How often each of `extra` images is used in an epoch beside `others`, 1 … 100."""
    return min(MOST_REPEATS, max(1, round(SHARE / (1 - SHARE) * others / extra)))


def _read_npz(path: Path) -> tuple[Bytes, Bytes]:
    with outside.opened(path) as file:
        with zipfile.ZipFile(file) as archive:
            # What is inside may unpack to far more than the file takes.
            if sum(entry.file_size for entry in archive.infolist()) > MOST_IMAGES * SIDE * SIDE * 2:
                raise ValueError(f"more than {MOST_IMAGES:,} images")
        file.seek(0)
        with np.load(file, allow_pickle=False) as arrays:
            return arrays["images"], arrays["labels"]


def _read_idx(path: Path) -> tuple[Bytes, Bytes]:
    if "images-idx3" not in path.name:
        raise ValueError("its name must end in .npz or have images-idx3 in it")
    labels = path.with_name(path.name.replace("images-idx3", "labels-idx1"))
    if not outside.exists(labels):
        raise ValueError(f"there is no {labels.name} beside it")
    return _idx_array(path, 3), _idx_array(labels, 1)


def _idx_array(path: Path, dimensions: int) -> Bytes:
    """The array in an IDX file of bytes; `ValueError` for another file. Two zero bytes, type 8
    (unsigned byte), number of dimensions, sizes in big-endian 32 bits (Y. LeCun, the MNIST page).
    """
    begin = 4 + 4 * dimensions
    with outside.opened(path) as file:
        header = file.read(begin)
        if len(header) < begin or header[:4] != bytes((0, 0, 8, dimensions)):
            raise ValueError(f"{path.name} is not an IDX file of {dimensions} dimensions")
        shape = [int(size) for size in np.frombuffer(header[4:], ">u4")]
        if shape[0] > MOST_IMAGES:
            raise ValueError(f"{path.name} holds more than {MOST_IMAGES:,}")
        if dimensions == 3 and shape[1:] != [SIDE, SIDE]:
            raise ValueError(
                f"{path.name} holds images of {shape[2]}×{shape[1]}, not {SIDE}×{SIDE}"
            )
        if os.fstat(file.fileno()).st_size != begin + math.prod(shape):
            raise ValueError(f"{path.name} is truncated or damaged")
        return np.frombuffer(file.read(), np.uint8).reshape(shape)
