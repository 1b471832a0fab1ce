"""Reads MNIST as tensors, from the files that ship or from a user's; never downloads anything.

A user may name a torchvision root, which replaces the files that ship, and another data set that is
read from there (`torchvision_sets`). A user may also name extra
images, such as photos exported with their labels, which are added to either. Extra images are in
one of two formats:

- an NPZ file with `images` (N, 28, 28) and `labels` (N,), both uint8;
- MNIST's own IDX files. The user names the file with the images; the labels are in a file beside
  it, with `labels-idx1` in place of `images-idx3` in its name.
"""

import gzip
import hashlib
import math
import os
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from rnn_tui.engine.errors import DataError, printable, why
from rnn_tui.engine.files import outside
from rnn_tui.engine.files.array_files import read_archive
from rnn_tui.engine.files.paths import asset_dir
from rnn_tui.engine.training.resources import heavy_imports
from rnn_tui.tasks.config import ImageConfig
from rnn_tui.tasks.image_sets import SHIPPED_SET, ImageSet, root_of
from rnn_tui.tasks.images.inference import CLASSES, SIDE

FILES = {  # the published files, by the MD5 of their uncompressed contents
    "train-images-idx3-ubyte": "6bbc9ace898e44ae57da46a324031adb",
    "train-labels-idx1-ubyte": "a25bea736e30d166cdddb491f175f624",
    "t10k-images-idx3-ubyte": "2646ac647ad5339dbf082846283269ea",
    "t10k-labels-idx1-ubyte": "27ae3e4e09519cfbb04c329615203637",
}
VALIDATION_SHARE = 1 / 6
_REMEDY = "leave --data-dir out to use the data that ships"


@dataclass(frozen=True)
class MnistImages:
    """The whole data set on the CPU."""

    train_images: Tensor  #: (N, 28, 28) uint8.
    train_labels: Tensor  #: (N,) int64.
    test_images: Tensor  #: (M, 28, 28) uint8.
    test_labels: Tensor  #: (M,) int64.


def _shipped(path: Path) -> Tensor:
    """Read a shipped file, and check its MD5 sum: images (N, 28, 28) or labels (N,).

    Raises:
        DataError: if it is missing or damaged.
    """
    name = path.stem
    remedy = "install rnn-tui again"
    subject = f"The data file {printable(path, 200)}"
    try:
        contents = gzip.decompress(path.read_bytes())
    except FileNotFoundError as error:
        raise DataError(f"{subject} is missing; {remedy}.") from error
    except (OSError, EOFError, zlib.error) as error:
        raise DataError(f"{subject} is damaged or can't be read; {remedy}.") from error
    if hashlib.md5(contents, usedforsecurity=False).hexdigest() != FILES[name]:
        raise DataError(f"{subject} is not as published; {remedy}.")
    if "images" in name:
        images = np.frombuffer(contents, np.uint8, offset=16).reshape(-1, SIDE, SIDE)
        return torch.from_numpy(images.copy())
    labels = np.frombuffer(contents, np.uint8, offset=8)
    return torch.from_numpy(labels.astype(np.int64))


def load_images(config: ImageConfig) -> MnistImages:
    """Read the data set of a run; it is kept in memory until its files change.

    Raises:
        DataError: if it can't be read; the text says what to do.
    """
    return load_set(config.image_set, config.data_dir)


def load_set(image_set: ImageSet, data_dir: str | None) -> MnistImages:
    """Read a data set from a torchvision root, as `load_images` does."""
    if image_set is SHIPPED_SET:
        return load_mnist(data_dir)
    root = root_of(data_dir)
    missing = image_set.missing(root)
    if missing:
        raise DataError(
            f"{image_set.label} is not in {printable(root, 200)} ({missing[0]} is missing); fetch "
            f"it with --dataset {image_set.name} --download, in the app by Download under More "
            "settings, or name another folder with --data-dir."
        )
    return _torchvision_images(image_set, root, _version([root / n for n in image_set.files]))


@lru_cache(maxsize=1)
def _torchvision_images(image_set: ImageSet, root: Path, version: object) -> MnistImages:  # noqa: ARG001 - of the cache
    with heavy_imports():
        from rnn_tui.tasks.mnist.torchvision_sets import read_images  # takes a second

    return MnistImages(*read_images(image_set, root))


def load_mnist(data_dir: str | None = None) -> MnistImages:
    """Read the data set; it is kept in memory until its files change.

    Args:
        data_dir: a torchvision root, with `MNIST/raw/…` below it; None for the files that ship.

    Raises:
        DataError: if it can't be read; the text says what to do.
    """
    if data_dir is None:
        folder = asset_dir() / "mnist"
        version = _version([folder / f"{name}.gz" for name in FILES])
        return _shipped_images(folder, version)
    try:
        root = Path(outside.expanded(data_dir))
        if not outside.is_folder(root):
            raise OSError("no such folder")
    except (OSError, ValueError) as error:
        raise DataError(
            f"The data folder {printable(data_dir, 200)} can't be used ({printable(error, 80)}); "
            f"name a folder with MNIST/raw below it, or {_REMEDY}."
        ) from error
    raw = root / "MNIST" / "raw"
    return _user_images(raw, _version([raw / name for name in FILES]))


def _version(paths: Sequence[Path]) -> tuple[tuple[int, int], ...]:
    """Return the time of change (ns) and the size of each file, which differ once it changes."""
    versions = []
    for path in paths:
        try:
            status = outside.status(path)
            versions.append((status.st_mtime_ns, status.st_size))
        except (OSError, ValueError):
            versions.append((0, 0))  # reading the file will say what is wrong
    return tuple(versions)


@lru_cache(maxsize=1)
def _shipped_images(folder: Path, version: object) -> MnistImages:  # noqa: ARG001 - of the cache
    return MnistImages(*(_shipped(folder / f"{name}.gz") for name in FILES))


@lru_cache(maxsize=1)
def _user_images(raw: Path, version: object) -> MnistImages:  # noqa: ARG001 - of the cache
    train_images, train_labels, test_images, test_labels = (
        _user_file(raw / name) for name in FILES
    )
    for images, labels in ((train_images, train_labels), (test_images, test_labels)):
        belong_together = len(images) == len(labels) > 0 and int(labels.max()) < CLASSES
        if not belong_together:
            raise DataError(
                f"Images and labels in {printable(raw, 200)} do not belong together; {_REMEDY}."
            )
    return MnistImages(train_images, train_labels.long(), test_images, test_labels.long())


def labelled_test_images(
    config: ImageConfig,
) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.int64]]:
    """Return the test images (N, 28, 28) of a run's data set and their classes (N,), to look into
    its networks with.

    Of MNIST they are those that ship, whatever images of a user's the run trained on.

    Raises:
        DataError: if the set does not ship and can't be read.
    """
    is_shipped = config.image_set is SHIPPED_SET
    data = load_images(config.replace(data_dir=None) if is_shipped else config)
    return data.test_images.numpy(), data.test_labels.numpy()


def _user_file(path: Path) -> Tensor:
    """Read a user's IDX file: images (N, 28, 28) or labels (N,), uint8.

    Raises:
        DataError: if it is not such a file, which is found out before its contents are read.
    """
    dimensions = 3 if "idx3" in path.name else 1
    try:
        return torch.from_numpy(_idx_array(path, dimensions).copy())
    except (OSError, ValueError) as error:
        raise DataError(
            f"{printable(path, 200)} can't be read ({why(error, 160)}); put the published file "
            f"there, or {_REMEDY}."
        ) from error


def split_indices(labels: Tensor, seed: int) -> tuple[Tensor, Tensor]:
    """Split the indices of `labels` (N,) into training and validation, five to one, stratified.

    The report split its data in the same way. The result equals that of scikit-learn's
    `train_test_split`, as tests show; importing that would delay training by a second.

    Raises:
        DataError: if there are too few images.
    """
    random = np.random.RandomState(seed)
    count = len(labels)
    _, classes, sizes = np.unique(labels.numpy(), return_inverse=True, return_counts=True)
    validation_count = math.ceil(VALIDATION_SHARE * count)
    train_count = count - validation_count
    has_enough = sizes.min(initial=count) >= 2 and min(validation_count, train_count) >= len(sizes)
    if not has_enough:
        raise DataError(f"{count} training images are too few to set a sixth of each class aside.")

    train_sizes = _shared_out(train_count, sizes, random)
    validation_sizes = _shared_out(validation_count, sizes - train_sizes, random)
    train_parts: list[npt.NDArray[np.int64]] = []
    validation_parts: list[npt.NDArray[np.int64]] = []
    for number, size in enumerate(sizes):
        of_class = np.flatnonzero(classes == number)[random.permutation(size)]
        middle = train_sizes[number]
        end = middle + validation_sizes[number]
        train_parts.append(of_class[:middle])
        validation_parts.append(of_class[middle:end])
    train = torch.from_numpy(random.permutation(np.concatenate(train_parts)))
    validation = torch.from_numpy(random.permutation(np.concatenate(validation_parts)))
    return train, validation


def _shared_out(
    count: int, sizes: npt.NDArray[np.int64], random: np.random.RandomState
) -> npt.NDArray[np.int64]:
    """Divide `count` among classes in proportion to their sizes (C,), in whole numbers (C,).

    All shares are rounded down, then those with the largest fractions up until the sum is `count`.
    Among equal fractions the choice is random.
    """
    fractions, whole = np.modf(sizes / sizes.sum() * count)
    shares: npt.NDArray[np.int64] = whole.astype(np.int64)
    for fraction in np.unique(fractions)[::-1]:
        missing = count - shares.sum()
        if missing:
            equal = np.flatnonzero(fractions == fraction)
            shares[random.choice(equal, min(len(equal), missing), replace=False)] += 1
    return shares


MOST_IMAGES = 1_000_000
# A few dozen images among 50,000 would teach nothing. So extra images are repeated within an epoch
# until they are this share of it, but no image more than `MOST_REPEATS` times.
SHARE = 0.1
MOST_REPEATS = 100

Bytes = npt.NDArray[np.uint8]


def load_extra(name: str, *, no_digits: bool = False) -> tuple[Tensor, Tensor]:
    """Read a user's own images.

    Args:
        name: the path of an NPZ file, or of an IDX file with images.
        no_digits: whether the label 10 is allowed, for images that show no digit.

    Returns:
        images (N, 28, 28) uint8 and labels (N,) int64.

    Raises:
        DataError: if the file can't be read, or does not have this format.
    """
    path = Path(outside.expanded(name))  # `~nobody` stays as it is, and is reported as missing
    subject = f"The extra data in {printable(path, 200)}"
    try:
        with outside.opened(path) as file:
            is_archive = file.read(2) == b"PK"
        images, labels = _read_npz(path) if is_archive else _read_idx(path)
    except (OSError, ValueError, KeyError, EOFError, MemoryError, DataError) as error:
        reason = why(error, 120).rstrip(".")
        raise DataError(
            f"{subject} can't be read ({reason}); name an NPZ file with images and labels, or an "
            "IDX file of images with its labels beside it."
        ) from error
    if images.ndim != 3 or images.shape[1:] != (SIDE, SIDE) or labels.shape != images.shape[:1]:
        raise DataError(
            f"{subject} must be images (N, 28, 28) and labels (N,), not {images.shape} and "
            f"{labels.shape}."
        )
    if images.dtype != np.uint8 or labels.dtype != np.uint8:
        raise DataError(f"{subject} must be bytes (uint8).")
    largest_label = CLASSES if no_digits else CLASSES - 1
    if not len(labels) or len(labels) > MOST_IMAGES or labels.max() > largest_label:
        raise DataError(
            f"{subject} must be 1 to {MOST_IMAGES:,} images with labels 0 … {largest_label}."
        )
    return torch.from_numpy(images.copy()), torch.from_numpy(labels.astype(np.int64))


def repeats(extra: int, others: int) -> int:
    """Return how often each of `extra` images is used in an epoch with `others`, 1 … 100."""
    # wanted / (wanted + others) = SHARE
    wanted = SHARE / (1 - SHARE) * others
    return min(MOST_REPEATS, max(1, round(wanted / extra)))


def _read_npz(path: Path) -> tuple[Bytes, Bytes]:
    """Read images and labels from an NPZ file; their shapes and types are not checked."""
    with outside.opened(path) as file:
        arrays = read_archive(file, printable(path.name), MOST_IMAGES * (SIDE * SIDE + 1))
    return arrays["images"], arrays["labels"]


def _read_idx(path: Path) -> tuple[Bytes, Bytes]:
    """Read images from an IDX file, and labels from the file beside it."""
    if "images-idx3" not in path.name:
        raise ValueError("its name must end in .npz or have images-idx3 in it")
    labels = path.with_name(path.name.replace("images-idx3", "labels-idx1"))
    if not outside.exists(labels):
        raise ValueError(f"there is no {labels.name} beside it")
    return _idx_array(path, 3), _idx_array(labels, 1)


def _idx_array(path: Path, dimensions: int) -> Bytes:
    """Read the array in an IDX file of bytes.

    The file has two zero bytes, the type 8 (unsigned byte), the number of dimensions, and the sizes
    in big-endian 32 bits before the values (Y. LeCun, the MNIST page).

    Raises:
        ValueError: if it is not such a file.
    """
    header_size = 4 + 4 * dimensions
    with outside.opened(path) as file:
        header = file.read(header_size)
        if len(header) < header_size or header[:4] != bytes((0, 0, 8, dimensions)):
            raise ValueError(f"{path.name} is not an IDX file of {dimensions} dimensions")
        shape = [int(size) for size in np.frombuffer(header[4:], ">u4")]
        if shape[0] > MOST_IMAGES:
            raise ValueError(f"{path.name} holds more than {MOST_IMAGES:,}")
        if dimensions == 3 and shape[1:] != [SIDE, SIDE]:
            raise ValueError(
                f"{path.name} holds images of {shape[2]}×{shape[1]}, not {SIDE}×{SIDE}"
            )
        if os.fstat(file.fileno()).st_size != header_size + math.prod(shape):
            raise ValueError(f"{path.name} is truncated or damaged")
        return np.frombuffer(file.read(), np.uint8).reshape(shape)
