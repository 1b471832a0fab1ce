"""Tells by its bytes what kind of file a network lies in, and reads the tensors of safetensors.

Nothing is unpickled: a pickle is recognised, refused, and converted by the line that is printed.
"""

import io
import json
import zipfile
from collections.abc import Mapping
from operator import itemgetter
from pathlib import Path
from typing import Any

import numpy as np

from rnn_tui.engine.errors import NetworkError, SafeText, printable, why
from rnn_tui.engine.extras import quoted
from rnn_tui.engine.outside import opened
from rnn_tui.engine.weights_file import METADATA_KEY
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
FLOATS = {"F16": np.float16, "F32": np.float32, "F64": np.float64}
BFLOAT16 = "BF16"


def read_bytes(path: Path) -> bytes:
    """Read a file.

    Raises:
        NetworkError: if it can't be read or is too large.
    """
    name = printable(path, 200)
    try:
        with opened(path) as file:
            data = file.read(MOST_BYTES + 1)
    except (OSError, ValueError) as error:
        raise NetworkError(f"{name} can't be read: {why(error)}.") from error
    if len(data) > MOST_BYTES:
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
    length = int.from_bytes(data[:8], "little")
    return data[8:9] == b"{" and 2 <= length <= len(data) - 8


def read_safetensors(data: bytes, path: Path) -> Mapping[str, Array]:
    """Read the tensors of a safetensors file by name, in single precision.

    Raises:
        NetworkError: if they can't be read, are rnn-tui's own, or are no finite numbers.
    """
    from safetensors import SafetensorError, deserialize  # noqa: PLC0415 - on use only

    name = printable(path, 200)
    try:
        tensors: list[tuple[str, dict[str, Any]]] = deserialize(data)  # type: ignore[no-untyped-call]
    except (SafetensorError, ValueError, TypeError, OverflowError) as error:
        raise NetworkError(f"{name} is a damaged safetensors file ({why(error)}).") from error
    header = json.loads(data[8 : 8 + int.from_bytes(data[:8], "little")])
    if METADATA_KEY in header.get("__metadata__", {}):
        raise NetworkError(
            f"{name} was written by rnn-tui; look into it by its task, such as "
            "“rnn-tui inspect TASK --weights FILE”."
        )
    if len(tensors) > MOST_TENSORS:
        raise NetworkError(f"{name} has more than {MOST_TENSORS:,} tensors.")
    by_name = sorted(tensors, key=itemgetter(0))  # in the file they are sorted by size
    arrays = {tensor_name: _array(tensor) for tensor_name, tensor in by_name}
    for tensor_name, array in arrays.items():
        if not np.isfinite(array).all():
            raise NetworkError(f"{name}: {printable(tensor_name)} has numbers that are not finite.")
    return arrays


def _array(tensor: Mapping[str, Any]) -> Array:
    """Return a tensor in single precision; one of whole numbers, too."""
    kind, raw, shape = tensor["dtype"], tensor["data"], tensor["shape"]
    if kind == BFLOAT16:  # the upper half of a float32
        halves = np.frombuffer(raw, "<u2").astype(np.uint32)
        return (halves << 16).view(np.float32).reshape(shape)
    if kind in FLOATS:
        with np.errstate(over="ignore"):  # an infinite number is refused later
            return np.frombuffer(raw, FLOATS[kind]).astype(np.float32).reshape(shape)
    return np.zeros(0, np.float32)  # no weight: a counter of whole numbers
