"""Tells by its bytes what kind of file a network lies in, and reads the tensors of safetensors.

Nothing is unpickled: a pickle is recognised, refused, and converted by the line that is printed.
"""

import io
import os
import zipfile
from collections.abc import Mapping
from operator import attrgetter
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from rnn_tui.engine.errors import NetworkError, SafeText, printable, why
from rnn_tui.engine.extras import quoted
from rnn_tui.engine.files.outside import opened
from rnn_tui.engine.files.tensor_header import (
    HeaderError,
    TensorEntry,
    begins_as_header,
    read_header,
)
from rnn_tui.engine.files.weights_file import METADATA_KEY
from rnn_tui.networks.stepwise import Array

MOST_BYTES = 512 * 2**20
MOST_TENSORS = 5000
ZIP = b"PK\x03\x04"
PICKLE = b"\x80"  # followed by the protocol's number
HDF5 = b"\x89HDF"
#: turns a state_dict, or the one in a checkpoint, into safetensors; the names of files follow.
CONVERT = (
    "import sys, torch, safetensors.torch as s; "
    'd = torch.load(sys.argv[1], weights_only=True, map_location="cpu"); '
    'd = d.get("state_dict", d.get("model_state_dict", d)); '
    "s.save_file({k: v.clone().contiguous() for k, v in d.items()}, sys.argv[2])"
)
#: the numbers of a safetensors file, as NumPy calls them; bfloat16 is read by hand.
FLOATS = {"F16": "<f2", "F32": "<f4", "F64": "<f8"}
BFLOAT16 = "BF16"


def read_bytes(path: Path) -> bytes:
    """Read a file.

    Raises:
        NetworkError: if it can't be read or is too large.
    """
    name = printable(path, 200)
    try:
        with opened(path) as file:
            size = os.fstat(file.fileno()).st_size
            data = file.read(size) if size <= MOST_BYTES else b""
    except (OSError, ValueError) as error:
        raise NetworkError(f"{name} can't be read: {why(error)}.") from error
    if size > MOST_BYTES:
        raise NetworkError(
            f"{name} is larger than {MOST_BYTES // 2**20} MiB; larger networks are not read."
        )
    if not data:
        raise NetworkError(f"{name} is empty.")
    return data


def refuse_others(data: bytes, path: Path) -> None:
    """Raise `NetworkError` for a file of a kind that is known but not read."""
    name = printable(path, 200)
    if _is_pickle(data):
        raise NetworkError(
            f"{name} is a pickle, which can run code when it is opened, so it is not read; this "
            f"line converts its state_dict: {conversion(path)}"
        )
    if data.startswith(ZIP):
        raise NetworkError(f"{name} is a ZIP archive; {READABLE}.")
    if data.startswith(HDF5):
        raise NetworkError(f"{name} is an HDF5 file; {READABLE}.")


READABLE = "a network is read from a state_dict in safetensors, or from an ONNX file"


def _is_pickle(data: bytes) -> bool:
    if data.startswith(PICKLE) and data[1:2] in (b"\x02", b"\x03", b"\x04", b"\x05"):
        return True
    if not data.startswith(ZIP):
        return False
    try:
        names = zipfile.ZipFile(io.BytesIO(data)).namelist()
    except (zipfile.BadZipFile, ValueError, NotImplementedError):
        return b"data.pkl" in data[:1000]
    return any(name.rpartition("/")[2] == "data.pkl" for name in names)


def conversion(path: Path) -> SafeText:
    """Return the command that converts a file of PyTorch's to safetensors, quoted for a shell."""
    target = path.with_suffix(".safetensors")
    words = ["python", "-c", CONVERT, str(path), str(target)]
    return printable(quoted(words), 2000)


def is_safetensors(data: bytes) -> bool:
    """Return whether bytes begin as a safetensors file does: the header's length, then JSON."""
    return begins_as_header(data, len(data))


def read_safetensors(data: bytes, path: Path) -> Mapping[str, Array]:
    """Read the tensors of a safetensors file by name, in single precision or better.

    Raises:
        NetworkError: if they can't be read, are rnn-tui's own, or are no finite numbers.
    """
    name = printable(path, 200)
    try:
        header = read_header(io.BytesIO(data), len(data))
    except HeaderError as error:
        raise NetworkError(f"{name} is a damaged safetensors file ({why(error)}).") from error
    if METADATA_KEY in header.metadata:
        raise NetworkError(
            f"{name} was written by rnn-tui; look into it by its task, such as "
            "“rnn-tui inspect TASK --weights FILE”."
        )
    if len(header.tensors) > MOST_TENSORS:
        raise NetworkError(f"{name} has more than {MOST_TENSORS:,} tensors.")
    by_name = sorted(header.tensors, key=attrgetter("name"))  # in the file they are sorted by size
    arrays = {entry.name: _array(data, entry) for entry in by_name}
    for tensor_name, array in arrays.items():
        with np.errstate(over="ignore"):  # an infinite number is refused
            single = array.astype(np.float32)
        if not np.isfinite(single).all():
            raise NetworkError(f"{name}: {printable(tensor_name)} has numbers that are not finite.")
    return arrays


def _array(data: bytes, entry: TensorEntry) -> Array:
    """Return a tensor in single precision, or double if it is so; one of whole numbers is empty."""
    if entry.kind == BFLOAT16:  # the upper half of a float32
        halves = _numbers(data, entry, "<u2").astype(np.uint32)
        return (halves << 16).view(np.float32).reshape(entry.shape)
    if entry.kind in FLOATS:
        numbers = _numbers(data, entry, FLOATS[entry.kind])
        wide: type[np.floating[Any]] = np.float64 if entry.kind == "F64" else np.float32
        array: Array = numbers.astype(wide).reshape(entry.shape)
        return array
    return np.zeros(0, np.float32)  # no weight: a counter of whole numbers


def _numbers(data: bytes, entry: TensorEntry, kind: str) -> npt.NDArray[Any]:
    """Return the numbers of a tensor, one after another."""
    return np.frombuffer(data[entry.start : entry.end], kind)
