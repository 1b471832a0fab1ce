"""Reads labelled images by torchvision's classes, and brings them to the form of MNIST's.

torchvision takes a second to import, so this module is imported only for a set that does not ship.
Sizes are checked before torchvision reads, since it unpacks whatever it finds. An old root's folder
`processed` is refused: it holds pickles.
"""

import bz2
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from torchvision import datasets
from torchvision.transforms.v2 import functional as transforms

from rnn_tui.engine.errors import DataError, printable, why
from rnn_tui.engine.files import outside
from rnn_tui.tasks.image_sets import ImageSet
from rnn_tui.tasks.images.inference import SIDE

MOST_IMAGES = 1_000_000  # in a file; the largest set, EMNIST, has 280,000 digits
MOST_BYTES = MOST_IMAGES * SIDE * SIDE + 16  # of an IDX file with its header
MOST_TEXT = 100_000_000  # bytes in an unpacked file of USPS, which has 24 million
UNPACKED_AT_ONCE = 1 << 20  # bytes
DIGIT_SIDE = 20  # pixels a side that a digit of MNIST has, within its border
# What torchvision raises for a file that is not as it expects: it also asserts.
READING_ERRORS = (
    OSError,
    EOFError,
    RuntimeError,
    ValueError,
    TypeError,
    LookupError,
    AssertionError,
    MemoryError,
)


def read_images(image_set: ImageSet, root: Path) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Read a set from a torchvision root, whose files must be there.

    Returns:
        the training images (N, 28, 28) uint8 and their labels (N,) int64, then those of the test.

    Raises:
        DataError: if a file is not as torchvision expects, or too large.
    """
    processed = root / image_set.torchvision_name / "processed"
    if outside.exists(processed):
        # torchvision would read it in place of the files, by pickle
        raise DataError(
            f"{printable(processed, 200)} is from an old torchvision, whose pickles are not read; "
            "move it away."
        )
    for name in image_set.files:
        _check_size(root / name)
    real_root = Path(outside.real_path(root))
    train_images, train_labels = _read_part(image_set, real_root, train=True)
    test_images, test_labels = _read_part(image_set, real_root, train=False)
    return train_images, train_labels, test_images, test_labels


def _check_size(path: Path) -> None:
    """Check that a regular file is not larger, as torchvision would unpack it, than it can be."""
    try:
        with outside.opened(path) as file:
            if path.suffix == ".bz2":
                too_large = sum(map(len, _unpacked(bz2.BZ2File(file)))) > MOST_TEXT
            else:
                too_large = file.seek(0, 2) > MOST_BYTES
    except (OSError, ValueError, EOFError) as error:
        raise DataError(f"{printable(path, 200)} can't be read ({why(error, 160)}).") from error
    if too_large:
        raise DataError(f"{printable(path, 200)} is too large: it can't be the published file.")


def _unpacked(file: bz2.BZ2File) -> Iterator[bytes]:
    """Yield the contents of a packed file, up to the first part beyond `MOST_TEXT` bytes."""
    count = 0
    while count <= MOST_TEXT and (part := file.read(UNPACKED_AT_ONCE)):
        count += len(part)
        yield part


def _read_part(image_set: ImageSet, root: Path, *, train: bool) -> tuple[Tensor, Tensor]:
    """Read the training or the test images (N, 28, 28) of a set, and their labels (N,)."""
    options: dict[str, Any] = {"train": train}
    if image_set.torchvision_name == "EMNIST":
        options["split"] = "digits"
    read_set = getattr(datasets, image_set.torchvision_name)
    subject = f"{image_set.label} in {printable(root, 200)}"
    try:
        dataset = read_set(root, **options)
        images = torch.as_tensor(dataset.data)
        labels = torch.as_tensor(dataset.targets).long()
    except READING_ERRORS as error:
        raise DataError(f"{subject} can't be read ({why(error, 160)}).") from error
    if labels.ndim == 2:  # QMNIST's, which tell the writer too
        labels = labels[:, 0]
    images = _like_mnist(image_set, images)
    belong_together = labels.shape == images.shape[:1] and len(labels) > 0
    if images.shape[1:] != (SIDE, SIDE) or not belong_together:
        shapes = f"{tuple(images.shape)} and {tuple(labels.shape)}"
        raise DataError(f"{subject} must be images (N, 28, 28) and labels (N,), not {shapes}.")
    if int(labels.min()) < 0 or int(labels.max()) >= len(image_set.classes):
        raise DataError(f"{subject} has labels beyond its {len(image_set.classes)} classes.")
    return images.contiguous(), labels


def _like_mnist(image_set: ImageSet, images: Tensor) -> Tensor:
    """Return images as MNIST's lie: upright, 28 × 28, and within a border if they are digits.

    EMNIST's files have rows in place of columns. USPS has 16 × 16 pixels without a border, which
    become MNIST's 20 × 20 within one of 4: distortions need it, and photos are prepared with it.
    """
    if image_set.torchvision_name == "EMNIST" and images.ndim == 3:
        return images.transpose(1, 2)
    if image_set.torchvision_name == "USPS":
        enlarged = transforms.resize(images[:, None], [DIGIT_SIDE, DIGIT_SIDE])[:, 0]
        padded: Tensor = transforms.pad(enlarged, [(SIDE - DIGIT_SIDE) // 2])
        return padded
    return images
