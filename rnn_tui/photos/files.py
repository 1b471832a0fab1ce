"""Photos from files: upright, in colour, 8 bits, whatever the file holds.

Nothing about a file is trusted. A decoder takes memory for as many pixels as a file claims to have,
and some return a half grey picture for a file cut off in the middle: size, completeness and
orientation are read first. What can't be read says why.

Pillow reads the header of a JPEG. It can't be asked about the others: of a WebP it takes memory for
the whole picture, of a TIFF for every tag that claims to be long, and it refuses TIFFs and BMPs
that OpenCV reads; of a PNG it asks that the checksums hold before it tells the size. What reads
those looks only at bytes that are there. JPEG and PNG are decoded by Pillow, as OpenCV's libraries
for them write complaints about damaged files into the app's screen; the others by OpenCV, silenced.
"""

import errno
import io
import os
import struct
import threading
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import cv2
import numpy as np
from PIL import Image
from PIL.JpegImagePlugin import JpegImageFile

from rnn_tui.engine.errors import UserError
from rnn_tui.engine.outside import opened
from rnn_tui.photos.digit.picture import Picture

_JPEG, _JPEG_END, _PNG = b"\xff\xd8\xff", b"\xff\xd9", b"\x89PNG\r\n\x1a\n"
_TIFF, _EXIF = (b"II*\x00", b"MM\x00*"), b"Exif\x00\x00"
# a photo has about ten scans; thousands of empty ones would take minutes to decode
_JPEG_MOST_SCANS = 100
# pixels of all scans together, which the decoder goes through one by one
_JPEG_MOST_SCANNED = 1_000_000_000
_ORIENTATION, _TILES = 274, (322, 323)
_TIFF_FORMATS, _MOST_ENTRIES = {1: "B", 3: "H", 4: "I"}, 4096
DAMAGED = (  # what Pillow raises for damaged files
    OSError,
    SyntaxError,
    ValueError,
    EOFError,
    LookupError,
    TypeError,
    ArithmeticError,
    AttributeError,
    MemoryError,
    struct.error,
    zlib.error,
    Image.DecompressionBombError,
)
BROKEN = "damaged"


class ImageError(UserError):
    """A file that is no readable photo; the text says why in a few words, without the name."""


@dataclass(frozen=True)
class ImageHeader:
    """What a file says about the picture in it."""

    kind: str  #: `jpeg`, `png`, `bmp`, `tiff` or `webp`.
    width: int  #: in pixels, before it is turned upright.
    height: int  #: in pixels, before it is turned upright.
    orientation: int = 1  #: EXIF's 1 … 8 as far as the decoder leaves it to us; 1 is upright.
    #: False if the file ends before the picture does, as far as the header tells.
    complete: bool = True
    intact: bool = True  #: False if a checksum does not hold.


def read_header(data: bytes) -> ImageHeader | None:
    """The header of an image file's bytes; None if it is none that is known here."""
    read = next((read for start, read in _READERS.items() if data.startswith(start)), None)
    try:
        return read and read(data)
    except (struct.error, IndexError):
        return None


def _jpeg(data: bytes) -> ImageHeader | None:
    stream = io.BytesIO(data)
    try:
        with JpegImageFile(stream) as image:  # reads up to the first scan, and decodes nothing
            (width, height), scan = image.size, stream.tell()
            exif = image.info.get("exif", b"")
    except DAMAGED:  # maybe with an end, but without a beginning that makes sense
        return ImageHeader("jpeg", 0, 0, intact=False) if data.endswith(_JPEG_END) else None
    # inside a scan 0xFF is followed by zero or a restart, so this end is no accident
    ended = data.rfind(_JPEG_END, scan) >= 0
    most_scans = min(_JPEG_MOST_SCANS, _JPEG_MOST_SCANNED // max(1, width * height))
    if ended and data.count(b"\xff\xda", scan) >= most_scans:
        return None
    return ImageHeader("jpeg", width, height, _exif_orientation(exif.removeprefix(_EXIF)), ended)


def _png(data: bytes) -> ImageHeader | None:
    if data[12:16] != b"IHDR":
        return None
    width, height = struct.unpack_from(">II", data, 16)
    orientation, complete, intact, at = 1, False, True, 8
    while at + 12 <= len(data):
        length, name = struct.unpack_from(">I4s", data, at)
        end = at + 8 + length
        if end + 4 <= len(data):
            # checked, as libpng would write its complaint on the screen
            (told,) = struct.unpack_from(">I", data, end)
            intact &= zlib.crc32(memoryview(data)[at + 4 : end]) == told
        if name == b"eXIf":
            orientation = _exif_orientation(data[at + 8 : at + 8 + length])
        at += 12 + length
        if name == b"IEND":
            complete = at <= len(data)
            break
    return ImageHeader("png", width, height, orientation, complete, intact)


def _webp(data: bytes) -> ImageHeader | None:
    if data[8:12] != b"WEBP":
        return None
    (length,) = struct.unpack_from("<I", data, 4)
    width = height = 0
    orientation, at = 1, 12
    while at + 8 <= len(data):
        name, size = struct.unpack_from("<4sI", data, at)
        if name == b"VP8X":
            width, height = (
                1 + int.from_bytes(data[start : start + 3], "little")
                for start in (at + 12, at + 15)
            )
        elif name == b"VP8L" and not width:
            (bits,) = struct.unpack_from("<I", data, at + 9)
            width, height = 1 + (bits & 0x3FFF), 1 + (bits >> 14 & 0x3FFF)
        elif name == b"VP8 " and not width:
            width, height = (side & 0x3FFF for side in struct.unpack_from("<HH", data, at + 14))
        elif name == b"EXIF":
            orientation = _exif_orientation(data[at + 8 : at + 8 + size].removeprefix(_EXIF))
        at += 8 + size + size % 2
    return (
        ImageHeader("webp", width, height, orientation, length + 8 <= len(data))
        if width and height
        else None
    )


def _bmp(data: bytes) -> ImageHeader | None:
    pixels, size = struct.unpack_from("<II", data, 10)
    width, height, _, depth, *packed = struct.unpack_from(
        "<HHHH" if size == 12 else "<iiHHI", data, 18
    )
    height = abs(height)
    if width <= 0 or not height:
        return None
    row = (width * depth + 31) // 32 * 4
    return ImageHeader(
        "bmp", width, height, 1, packed in ([1], [2]) or pixels + row * height <= len(data)
    )


def _tiff(data: bytes) -> ImageHeader | None:
    tags = dict(_tiff_tags(data))
    width, height = tags.get(256, 0), tags.get(257, 0)
    if not (width and height):
        return None
    # A decoder takes memory for one whole tile, however small the picture. OpenCV turns a TIFF
    # upright whatever it is asked.
    return ImageHeader(
        "tiff", max(width, tags.get(_TILES[0], 0)), max(height, tags.get(_TILES[1], 0))
    )


def _tiff_tags(data: bytes) -> Iterator[tuple[int, int]]:
    """Tags of the first directory whose value is one whole number."""
    order = "<" if data.startswith(b"II") else ">"
    (directory,) = struct.unpack_from(order + "I", data, 4)
    (count,) = struct.unpack_from(order + "H", data, directory)
    for entry in range(min(count, _MOST_ENTRIES)):
        at = directory + 2 + 12 * entry
        tag, form, values = struct.unpack_from(order + "HHI", data, at)
        if form in _TIFF_FORMATS and values == 1:
            yield tag, struct.unpack_from(order + _TIFF_FORMATS[form], data, at + 8)[0]


def _exif_orientation(block: bytes) -> int:
    """The orientation in an EXIF block, which is a small TIFF file; 1 if there is none."""
    try:
        orientation = dict(_tiff_tags(block)).get(_ORIENTATION, 1) if block.startswith(_TIFF) else 1
    except struct.error:
        return 1
    return orientation if 1 <= orientation <= 8 else 1


_READERS: dict[bytes, Callable[[bytes], ImageHeader | None]] = {  # by what the files begin with
    _JPEG: _jpeg,
    _PNG: _png,
    b"RIFF": _webp,
    **dict.fromkeys(_TIFF, _tiff),
    b"BM": _bmp,
}


def decoded(data: bytes, header: ImageHeader, factor: int) -> Picture:
    """Pixels as they lie in the file, not turned: a JPEG's reduced by a factor of 1, 2, 4 or 8,
    others' as many as there are.

    They are (H, W) grey or (H, W, 1 … 4) BGR with alpha, of any number type, not to be written to;
    an `ImageError` if damaged.
    """
    try:
        if header.kind in ("jpeg", "png"):
            return _by_pillow(data, header, factor)
        pixels: Picture | None = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED)
    except (cv2.error, *DAMAGED) as error:
        raise ImageError(BROKEN) from error
    if pixels is None or not pixels.size:
        raise ImageError(BROKEN)
    return pixels


def _by_pillow(data: bytes, header: ImageHeader, factor: int) -> Picture:
    with Image.open(io.BytesIO(data), formats=[header.kind.upper()]) as image:
        if image.size != (header.width, header.height):
            raise ImageError(BROKEN)
        if factor > 1:
            image.draft(None, (max(1, header.width // factor), max(1, header.height // factor)))
        # in one piece: between two, a thread would wait for the others' Python
        image.decodermaxblock = len(data)
        if image.mode.startswith("I"):  # 16 bits of grey
            return np.asarray(image).astype(np.uint16)
        plain = "transparency" not in image.info
        if image.mode == "L" and plain:
            return np.asarray(image)
        opaque = image.mode in ("1", "CMYK", "YCbCr") or (image.mode == "RGB" and plain)
        mode, order = ("RGB", "BGR") if opaque else ("RGBA", "BGRA")
        coloured = image if image.mode == "RGB" and plain else image.convert(mode)
        return np.frombuffer(coloured.tobytes("raw", order), np.uint8).reshape(
            coloured.height, coloured.width, len(order)
        )


MOST_PIXELS, MOST_BYTES = 50_000_000, 256 * 1024 * 1024
MOST_SIDE = 65_535  # a JPEG has no more; millions of rows of one pixel take seconds to decode
_TOO_LARGE = f"larger than {MOST_BYTES // 1024 // 1024} MiB"
ENOUGH = 768  # digits are looked for in copies of 512 pixels or fewer
WHITE = 255

_REASONS = {
    **dict.fromkeys((errno.ENOENT, errno.ENOTDIR), "no such file"),
    errno.ELOOP: "a circular link",
    **dict.fromkeys((errno.EACCES, errno.EPERM), "no permission to read it"),
    errno.ENAMETOOLONG: "its name is too long",
    errno.EISDIR: "a folder, not a file",
    errno.EINVAL: "not a regular file",
}


class PixelBudget:
    """Pixels that may be decoded at once, by all threads together.

    A decoder takes up to 16 bytes for each, so that memory does not depend on how many threads
    read large pictures.
    """

    def __init__(self, pixels: int) -> None:
        self._free = pixels
        self._changed = threading.Condition()

    @contextmanager
    def share(self, pixels: int) -> Iterator[None]:
        """Wait until there are so many, and have them for a while."""
        with self._changed:
            self._changed.wait_for(lambda: self._free >= pixels)
            self._free -= pixels
        try:
            yield
        finally:
            with self._changed:
                self._free += pixels
                self._changed.notify_all()


_budget = PixelBudget(MOST_PIXELS)


def read_image(
    path: str | os.PathLike[str], stopping: Callable[[], bool] = lambda: False
) -> Picture:
    """The photo in a JPEG, PNG, BMP, TIFF or WebP, whatever its suffix: (H, W, 3) BGR uint8,
    upright, transparency on white.

    One much larger than preparing needs is halved until its longer side is below 1536 pixels. An
    `ImageError` has the reason; nothing is decoded once `stopping` is true.
    """
    data = _bytes_of(path)
    if not data:
        raise ImageError("empty file")
    header = read_header(data)
    if header is None:
        # phones make HEIC or AVIF
        phone = data[4:8] == b"ftyp" and data[8:12] in (b"heic", b"heix", b"mif1", b"avif", b"msf1")
        raise ImageError("HEIC photo; save it as JPEG" if phone else "not an image")
    if header.width * header.height > MOST_PIXELS:
        raise ImageError(f"larger than {MOST_PIXELS // 1_000_000} megapixels")
    if max(header.width, header.height) > MOST_SIDE:
        raise ImageError(f"a side of more than {MOST_SIDE:,} pixels")
    if not header.complete:
        raise ImageError("cut off before its end")
    if not header.intact:
        raise ImageError(BROKEN)
    factor = max(
        one for one in (1, 2, 4, 8) if one == 1 or max(header.width, header.height) // one >= ENOUGH
    )
    reduced = factor if header.kind == "jpeg" else 1  # in the decoder
    with _budget.share(header.width * header.height // reduced**2):
        if stopping():
            raise ImageError("stopped before it was read")
        pixels = decoded(data, header, factor)
        if factor > reduced:
            size = (max(1, pixels.shape[1] // factor), max(1, pixels.shape[0] // factor))
            pixels = cv2.resize(pixels, size, interpolation=cv2.INTER_AREA)
    return _upright(_colour(_eight_bits(pixels)), header.orientation)


def _bytes_of(path: str | os.PathLike[str]) -> bytes:
    """The content of a regular file."""
    try:
        with opened(path) as file:
            if os.fstat(file.fileno()).st_size > MOST_BYTES:
                raise ImageError(_TOO_LARGE)
            data = file.read(MOST_BYTES + 1)
    except OSError as error:
        if error.errno == errno.ENOENT and os.path.islink(path):
            raise ImageError("a link that leads nowhere") from error
        raise ImageError(
            _REASONS.get(error.errno or 0, (error.strerror or "can't be read").lower())
        ) from error
    except ValueError as error:  # a NUL in the name
        raise ImageError("no such file") from error
    if len(data) > MOST_BYTES:
        raise ImageError(_TOO_LARGE)
    return data


def _eight_bits(pixels: Picture) -> Picture:
    """Any number type as 0 … 255, by the range of the type (floats: 0 … 1 or up to their top)."""
    if pixels.dtype == np.uint8:
        return pixels
    if np.issubdtype(pixels.dtype, np.floating):
        clean = np.nan_to_num(pixels.astype(np.float32), posinf=1.0, neginf=0.0)
        top = max(1.0, float(clean.max()))
    else:
        clean, top = pixels.astype(np.float32), float(np.iinfo(pixels.dtype.name).max)
    return np.asarray(np.clip(np.rint(clean * (WHITE / top)), 0, WHITE).astype(np.uint8))


def _colour(pixels: Picture) -> Picture:
    """(H, W), or (H, W, 1 … 4) with alpha in the second or fourth channel, as BGR on white."""
    planes = pixels.reshape(*pixels.shape[:2], -1)
    if planes.shape[2] in (2, 4):
        alpha = planes[:, :, -1:].astype(np.uint16)
        planes = (
            (planes[:, :, :-1] * alpha + WHITE * (WHITE - alpha) + WHITE // 2) // WHITE
        ).astype(np.uint8)
    if planes.shape[2] == 1:
        planes = np.repeat(planes, 3, axis=2)
    return np.ascontiguousarray(planes[:, :, :3])


def _upright(picture: Picture, orientation: int) -> Picture:
    """`picture` turned as EXIF's `orientation` (1 … 8) asks."""
    if orientation in (5, 6, 7, 8):
        picture = picture.transpose(1, 0, 2)
    if orientation in (2, 3, 6, 7):
        picture = picture[:, ::-1]
    if orientation in (3, 4, 7, 8):
        picture = picture[::-1]
    return np.ascontiguousarray(picture)
