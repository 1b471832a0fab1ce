"""Made-up data sets in the files that torchvision reads: small, and with known images and labels.

Image k of a part is dark but for a square of 5 × 5 pixels whose place tells its label, k modulo 10,
and for one pixel, at row 1 and column 2, that tells rows from columns.
"""

import bz2
import gzip
import hashlib
import io
import struct
import zipfile
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import numpy.typing as npt

from rnn_tui.tasks.image_sets import IMAGE_SETS, ImageSet

COUNTS = (120, 40)  # training and test images
MARK = (1, 2)  # row and column
SIDES = {"usps": 16}


def labels_of(count: int) -> npt.NDArray[np.uint8]:
    return (np.arange(count) % 10).astype(np.uint8)


def images_of(labels: npt.NDArray[np.uint8], side: int = 28) -> npt.NDArray[np.uint8]:
    """Images (N, side, side) as they lie upright."""
    images = np.zeros((len(labels), side, side), np.uint8)
    for image, label in zip(images, labels, strict=True):
        row = 3 + side // 2 * (label // 5)
        column = 3 + 2 * (label % 5)
        image[row : row + 5, column : column + 5] = 255
        image[MARK] = 200
    return images


def files_of(image_set: ImageSet) -> Mapping[str, bytes]:
    """The files below a torchvision root, by their names."""
    contents: dict[str, bytes] = {}
    for count, start in zip(COUNTS, range(0, len(image_set.files), 2), strict=False):
        labels = labels_of(count)
        images = images_of(labels)
        if image_set.name == "emnist-digits":
            images = images.transpose(0, 2, 1)
        images_name, labels_name = image_set.files[start : start + 2]
        contents[images_name] = struct.pack(">4I", 0x803, *images.shape) + images.tobytes()
        contents[labels_name] = _idx_labels(labels, of_qmnist=image_set.name == "qmnist")
    return contents


def _idx_labels(labels: npt.NDArray[np.uint8], *, of_qmnist: bool) -> bytes:
    if not of_qmnist:
        return struct.pack(">2I", 0x801, len(labels)) + labels.tobytes()
    columns = np.full((len(labels), 8), 77, ">i4")  # the writer, the form and so on
    columns[:, 0] = labels
    return struct.pack(">3I", 0xC02, *columns.shape) + columns.tobytes()


def usps_files() -> Mapping[str, bytes]:
    """The two files of USPS: a line for each image, with labels from 1 and pixels −1 … 1."""
    contents = {}
    for count, name in zip(COUNTS, IMAGE_SETS["usps"].files, strict=True):
        labels = labels_of(count)
        lines = []
        for label, image in zip(labels, images_of(labels, SIDES["usps"]), strict=True):
            pixels = image.ravel() / 127.5 - 1
            words = [f"{place}:{value:.6f}" for place, value in enumerate(pixels, start=1)]
            lines.append(" ".join([str(label + 1), *words]))
        contents[name] = bz2.compress(("\n".join(lines) + "\n").encode())
    return contents


def write_set(root: Path, name: str) -> Path:
    """Write a data set below a torchvision root; returns the root."""
    contents = usps_files() if name == "usps" else files_of(IMAGE_SETS[name])
    for file, data in contents.items():
        path = root / file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    return root


def packed(name: str) -> Mapping[str, bytes]:
    """What a mirror serves of a data set, by the last part of the address; the same at any time."""
    if name == "usps":
        return usps_files()
    contents = {Path(file).name: data for file, data in files_of(IMAGE_SETS[name]).items()}
    if name != "emnist-digits":
        return {f"{file}.gz": gzip.compress(data, mtime=0) for file, data in contents.items()}
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as file:
        for member, data in contents.items():
            file.writestr(zipfile.ZipInfo(f"gzip/{member}.gz"), gzip.compress(data, mtime=0))
        letters = zipfile.ZipInfo("gzip/emnist-letters-train-images-idx3-ubyte.gz")
        file.writestr(letters, b"not looked at")
        file.writestr(zipfile.ZipInfo("../outside.gz"), b"not looked at either")
    return {"gzip.zip": archive.getvalue()}


def md5(data: bytes) -> str:
    return hashlib.md5(data, usedforsecurity=False).hexdigest()
