"""The header of a safetensors file: read with bounds, before any library reads the file.

The file begins with the length of the header in eight bytes; the header is JSON that says of each
tensor which bytes after it are its numbers. A library makes some hundred bytes of objects for each
byte of a hostile header, so that its size and its parts are counted first.
"""

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import IO, Any

from rnn_tui.engine.errors import printable

MOST_HEADER = 16 * 2**20  # bytes
MOST_PARTS = 500_000  # lists, tables and commas between values
MOST_AXES = 32  # all that each version of NumPy has
MOST_NUMBERS = 2**48  # of a tensor, axes of no length left out
LENGTH_BYTES = 8
METADATA = "__metadata__"
#: bytes a number, by how a header calls its kind.
BYTES = {
    "BOOL": 1, "U8": 1, "I8": 1, "F8_E4M3": 1, "F8_E5M2": 1, "F8_E8M0": 1,
    "U16": 2, "I16": 2, "F16": 2, "BF16": 2,
    "U32": 4, "I32": 4, "F32": 4,
    "U64": 8, "I64": 8, "F64": 8, "C64": 8,
}  # fmt: skip
SEPARATORS = (b"[", b"{", b",")  # of the parts that are counted


class HeaderError(ValueError):
    """A header that is damaged or too large; its text is a reason, in a few words."""


@dataclass(frozen=True)
class TensorEntry:
    """What a header says of a tensor."""

    name: str
    kind: str  #: of its numbers, one of `BYTES`.
    shape: tuple[int, ...]
    start: int  #: the first of its bytes in the file.
    end: int  #: the first byte after them.


@dataclass(frozen=True)
class TensorHeader:
    """The header of a file."""

    metadata: Mapping[str, str]
    tensors: tuple[TensorEntry, ...]  #: in the order of their bytes.


def begins_as_header(data: bytes, size: int) -> bool:
    """Return whether a file of `size` bytes that begins with `data` begins with such a header."""
    length = int.from_bytes(data[:LENGTH_BYTES], "little")
    is_table = data[LENGTH_BYTES : LENGTH_BYTES + 1] == b"{"
    return is_table and 2 <= length <= size - LENGTH_BYTES


def read_header(file: IO[bytes], size: int) -> TensorHeader:
    """Read the header of a file of `size` bytes.

    Raises:
        HeaderError: if there is none, or if it does not fit the file.
        OSError: if the file can't be read.
    """
    length = int.from_bytes(file.read(LENGTH_BYTES), "little")
    if length > size - LENGTH_BYTES:
        raise HeaderError("it ends before its header does")
    if length > MOST_HEADER:
        raise HeaderError(f"its header is larger than {MOST_HEADER // 2**20} MiB")
    text = file.read(length)
    if sum(map(text.count, SEPARATORS)) > MOST_PARTS:
        raise HeaderError(f"its header has more than {MOST_PARTS:,} parts")
    content = _parsed(text)
    metadata = content.pop(METADATA, {})
    if not _are_texts(metadata):
        raise HeaderError(f"{METADATA} of its header is no table of texts")
    first = LENGTH_BYTES + length
    entries = [_entry(name, values, first) for name, values in content.items()]
    entries.sort(key=lambda entry: (entry.start, entry.end))
    _check_places(entries, first, size)
    return TensorHeader(metadata, tuple(entries))


def _parsed(text: bytes) -> dict[str, Any]:
    """Return the table that a header is."""
    try:
        content = json.loads(text, object_pairs_hook=_table, parse_constant=_no_number)
    except HeaderError:
        raise
    except (ValueError, RecursionError) as error:  # also of an integer of very many digits
        raise HeaderError("its header is no JSON that is read") from error
    if not isinstance(content, dict):
        raise HeaderError("its header is no table")
    return content


def _table(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    table = dict(pairs)
    if len(table) < len(pairs):
        raise HeaderError("its header has a name twice")
    return table


def _no_number(word: str) -> None:
    raise HeaderError(f"its header has {word}")


def _entry(name: str, values: Any, first: int) -> TensorEntry:
    """Return what the header says of a tensor, checked; its bytes are counted from `first`."""
    shown = printable(name)
    if not isinstance(values, dict) or values.keys() != {"dtype", "shape", "data_offsets"}:
        raise HeaderError(f"its header does not say what {shown} is")
    kind, shape, places = values["dtype"], values["shape"], values["data_offsets"]
    if not isinstance(kind, str) or kind not in BYTES:
        raise HeaderError(f"{shown} has numbers of an unknown kind")
    if not _are_counts(shape) or len(shape) > MOST_AXES:
        raise HeaderError(f"{shown} has an impossible shape")
    if math.prod(size for size in shape if size) > MOST_NUMBERS:
        raise HeaderError(f"{shown} has an impossible shape")
    if not _are_counts(places) or len(places) != 2:
        raise HeaderError(f"its header does not say where {shown} is")
    start, end = places
    if end - start != math.prod(shape) * BYTES[kind]:
        raise HeaderError(f"{shown} has other bytes than its shape needs")
    return TensorEntry(name, kind, tuple(shape), first + start, first + end)


def _are_texts(table: Any) -> bool:
    return isinstance(table, dict) and all(isinstance(text, str) for text in table.values())


def _are_counts(values: Any) -> bool:
    """Return whether values are a list of whole numbers from 0 on, of at most eight bytes."""
    return isinstance(values, list) and all(
        type(value) is int and 0 <= value < 2**63 for value in values
    )


def _check_places(entries: list[TensorEntry], first: int, size: int) -> None:
    """Raise `HeaderError` unless the tensors lie side by side up to the end of the file."""
    end = first
    for entry in entries:
        if entry.start != end:
            raise HeaderError(f"{printable(entry.name)} does not begin where the one before ends")
        end = entry.end
    if end != size:
        raise HeaderError("it does not end with its last tensor")
