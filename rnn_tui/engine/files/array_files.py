"""Read NumPy's `.npy` and `.npz` files of strangers: bounded before anything is taken for them.

A small file can ask for any amount of memory: by the length of its header, by a shape, by what its
members unpack to, or by how many there are. Here a header is at most as long as NumPy writes one,
elements are counted before they are read, and only what NumPy itself writes is unpacked: stored or
deflated members. What is pickled is refused.
"""

import io
import math
import struct
import warnings
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from typing import IO, Any

import numpy as np
import numpy.typing as npt

from rnn_tui.engine.errors import DataError, printable
from rnn_tui.engine.files.decoders import decoding

MAGIC = b"\x93NUMPY"
ARCHIVE = b"PK"  # what an archive begins with
MOST_MEMBERS = 64
MOST_DIRECTORY = 1 << 20  # bytes of an archive's list of members
LONGEST_HEADER = 10_000  # bytes, the bound of NumPy's own reader
MOST_DIMENSIONS = 3
NUMBERS = "biuf"  # kinds of NumPy's types: Booleans, whole numbers, numbers with a point
TEXTS = "US"
WIDEST_NUMBER = 16  # bytes of an element
LARGEST_CHARACTER = 0x10FFFF
#: the bytes of the header's length, and its reader, by the version of the format.
_VERSIONS: dict[bytes, tuple[str, Callable[..., Any]]] = {
    b"\1\0": ("<H", np.lib.format.read_array_header_1_0),
    b"\2\0": ("<I", np.lib.format.read_array_header_2_0),
}
Array = npt.NDArray[Any]


@dataclass(frozen=True)
class _Header:
    """What the beginning of an array says of it."""

    shape: tuple[int, ...]
    by_columns: bool  #: whether the first place counts fastest, as in Fortran.
    dtype: "np.dtype[Any]"

    @property
    def count(self) -> int:
        """The elements."""
        return math.prod(self.shape)

    @property
    def size(self) -> int:
        """The elements, or of text the characters."""
        if self.dtype.kind not in TEXTS:
            return self.count
        width = 4 if self.dtype.kind == "U" else 1  # bytes of a character
        return self.count * max(1, self.dtype.itemsize // width)


@dataclass(frozen=True)
class _Bounds:
    """How much may be read of a file."""

    name: str  #: what the file is called in sentences.
    most: int  #: elements, or characters of text.
    read: int = 0  #: those of other arrays of the file.

    def unreadable(self, reason: str) -> DataError:
        """Return the refusal of a damaged file."""
        return DataError(f"{self.name} can't be read ({reason}).")


class _WithinBounds(io.RawIOBase):
    """A file of which at most so many bytes are read at once.

    `zipfile` reads the whole list of an archive's members, as long as the archive says that it is.
    """

    def __init__(self, file: IO[bytes], most: int) -> None:
        self._file = file
        self.most: int | None = most

    def seekable(self) -> bool:
        return True

    def readable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._file.tell()

    def seek(self, place: int, whence: int = io.SEEK_SET) -> int:
        return self._file.seek(place, whence)

    def read(self, count: int = -1) -> bytes:
        if self.most is None:
            return self._file.read(count)
        if count > self.most:
            raise ValueError("its list of members is too long")
        return self._file.read(self.most if count < 0 else count)


def read_archive(file: IO[bytes], name: str, most: int) -> dict[str, Array]:
    """Return the arrays of an archive, by their names in small letters.

    Args:
        file: the archive.
        name: what it is called in sentences.
        most: elements, or characters of text, of all arrays together.

    Raises:
        DataError: if it is damaged, not made of arrays, or too large.
    """
    bounded = _WithinBounds(file, MOST_DIRECTORY)
    with decoding(_Bounds(name, most).unreadable):
        archive = zipfile.ZipFile(bounded)
    bounded.most = None
    members = [entry for entry in archive.infolist() if entry.filename.endswith(".npy")]
    if not members or len(members) > MOST_MEMBERS:
        raise DataError(f"{name} is no archive of 1 to {MOST_MEMBERS} arrays; save a sheet as CSV.")
    arrays: dict[str, Array] = {}
    for entry in members:
        key = entry.filename.removesuffix(".npy").lower()
        if key in arrays:
            raise DataError(f"{name} has two arrays called {printable(key, 40)}; leave one out.")
        arrays[key] = _member(archive, entry, _Bounds(name, most, _size_of(arrays)))
    return arrays


def _size_of(arrays: dict[str, Array]) -> int:
    headers = [_Header(array.shape, False, array.dtype) for array in arrays.values()]
    return sum(header.size for header in headers)


def _member(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, bounds: _Bounds) -> Array:
    """Return the array in a member of an archive."""
    if entry.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        # others are unpacked without a bound on what comes out
        raise DataError(
            f"{bounds.name} is packed in a way that is not read; save it again by NumPy "
            "(savez_compressed)."
        )
    with decoding(bounds.unreadable):
        file = archive.open(entry)
    array = _array(file, entry.filename.removesuffix(".npy"), bounds)
    with decoding(bounds.unreadable):
        file.read(1)  # at its end the checksum is compared
        file.close()
    return array


def read_array(file: IO[bytes], array: str, name: str, most: int) -> Array:
    """Return an array, of numbers or text, without unpickling anything.

    Args:
        file: begins with the array.
        array: what the array is called in sentences.
        name: what the file is called in sentences.
        most: its elements, or characters of text.

    Raises:
        DataError: if it is damaged, of another kind, or too large.
    """
    return _array(file, array, _Bounds(name, most))


def _array(file: IO[bytes], array: str, bounds: _Bounds) -> Array:
    """Return an array, as `read_array` does."""
    at = f"The array {printable(array, 40)} in {bounds.name}"
    header = _header_of(file, bounds.unreadable)
    _check(header, at, bounds)
    length = header.count * header.dtype.itemsize
    with decoding(bounds.unreadable):
        data = file.read(length)
    if len(data) < length:
        raise DataError(f"{at} is cut off.")
    if not length:
        return np.zeros(header.shape, header.dtype)
    values = np.frombuffer(data, header.dtype, header.count)
    if header.dtype.kind == "U":
        codes = np.frombuffer(data, np.dtype(np.uint32).newbyteorder(header.dtype.byteorder))
        if codes.max() > LARGEST_CHARACTER:
            raise DataError(f"{at} holds what are no characters.")
    return values.reshape(header.shape, order="F" if header.by_columns else "C")


def as_doubles(array: Array) -> npt.NDArray[np.float64]:
    """Return numbers of a file in double precision; its bits may be those of odd NaN."""
    with np.errstate(all="ignore"):  # of which NumPy would complain on the screen
        return array.astype(np.float64)


def _header_of(file: IO[bytes], refusal: Callable[[str], DataError]) -> _Header:
    """Return the header of an array; no more is read than NumPy writes."""
    with decoding(refusal):
        start = file.read(len(MAGIC) + 2)
    version = start[len(MAGIC) :]
    if not start.startswith(MAGIC) or version not in _VERSIONS:
        raise refusal("it holds no array of a version that is known")
    length_format, read_header = _VERSIONS[version]
    with decoding(refusal):
        packed_length = file.read(struct.calcsize(length_format))
        (length,) = struct.unpack(length_format, packed_length)
    if length > LONGEST_HEADER:
        raise refusal(f"a header of {length:,} bytes")
    with decoding(refusal), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that it was written by Python 2
        header = io.BytesIO(packed_length + file.read(length))
        shape, by_columns, dtype = read_header(header)
    if not all(type(size) is int and size >= 0 for size in shape):
        raise refusal("its shape is none")
    return _Header(shape, by_columns, dtype)


def _check(header: _Header, at: str, bounds: _Bounds) -> None:
    """Refuse an array that is no numbers or text, or too large."""
    if header.dtype.hasobject:
        raise DataError(
            f"{at} is pickled, which is never read; save numbers with NaN behind shorter "
            "sequences, or with an array of lengths."
        )
    of_known_kind = header.dtype.kind in NUMBERS + TEXTS
    if not of_known_kind or (
        header.dtype.kind in NUMBERS and header.dtype.itemsize > WIDEST_NUMBER
    ):
        raise DataError(f"{at} holds {printable(header.dtype, 40)}; numbers or text are read.")
    shape = printable(header.shape, 60)
    if len(header.shape) > MOST_DIMENSIONS:
        raise DataError(f"{at} has the shape {shape}: more than {MOST_DIMENSIONS} dimensions.")
    # the sizes beside one of 0 are no bound of their product
    if bounds.read + header.size > bounds.most or max(header.shape, default=0) > bounds.most:
        raise DataError(
            f"{at} has the shape {shape}: too large, as at most {bounds.most:,} numbers or "
            "characters of a file are read."
        )
