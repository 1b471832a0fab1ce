"""Photos from files: upright, in colour, 8 bits, whatever the file holds.

Nothing about a file is trusted. A decoder takes memory for as many pixels as a file claims to have,
and some return a half grey picture for a file cut off in the middle: size, completeness and
orientation are read first. What can't be read says why.

Headers: Pillow reads that of a JPEG. It can't be asked about the others. For a WebP it takes memory
for the whole picture, for a TIFF for every tag that claims to be long; it refuses TIFFs and BMPs
that OpenCV reads; and of a PNG it tells the size only if the checksums hold. The functions here
that read those headers look only at bytes that are there.

Pixels: JPEG and PNG are decoded by Pillow, since OpenCV's libraries for them write complaints about
damaged files into the app's screen. The others are decoded by OpenCV, silenced.
"""

import errno
import io
import os
import struct
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import cv2
import numpy as np
from PIL import Image
from PIL.JpegImagePlugin import JpegImageFile

from rnn_tui.engine import waits
from rnn_tui.engine.errors import UserError
from rnn_tui.engine.files import decoders
from rnn_tui.engine.files.outside import opened
from rnn_tui.photos.digit.picture import Picture

# what files begin with, and a JPEG ends with
_JPEG = b"\xff\xd8\xff"
_JPEG_END = b"\xff\xd9"
_PNG = b"\x89PNG\r\n\x1a\n"
_TIFF = (b"II*\x00", b"MM\x00*")
_EXIF = b"Exif\x00\x00"

_JPEG_SCAN = b"\xff\xda"  # what a scan begins with
# a photo has about ten scans; thousands of empty ones would take minutes to decode
_JPEG_MOST_SCANS = 100
# pixels of all scans together, which the decoder goes through one by one
_JPEG_MOST_SCANNED = 1_000_000_000

# segments and bytes of padding before the first scan of a JPEG; large descriptions take some 1,000
_JPEG_MOST_MARKERS = 10_000
_JPEG_MOST_JUNK = 1 << 20  # bytes between them, which Pillow would pass over one by one
_MOST_CHUNKS = 100_000  # of a PNG or WebP; a large PNG in small pieces has some 30,000

# tags of a TIFF
_WIDTH = 256
_HEIGHT = 257
_ORIENTATION = 274
_TILE_WIDTH = 322
_TILE_HEIGHT = 323
_TIFF_FORMATS = {1: "B", 3: "H", 4: "I"}  # whole numbers: the type's number and `struct`'s letter
_MOST_ENTRIES = 4096  # entries of a directory; further ones are not read
#: what Pillow raises for damaged files.
DAMAGED: tuple[type[Exception], ...] = (*decoders.DAMAGED, Image.DecompressionBombError)
UNDECODED: tuple[type[Exception], ...] = (cv2.error, *DAMAGED)
BROKEN = "damaged"


class ImageError(UserError):
    """A file that is no readable photo; the text says why in a few words, without the name."""


@dataclass(frozen=True)
class ImageHeader:
    """The properties of a picture, from the header of its file."""

    kind: str  #: `jpeg`, `png`, `bmp`, `tiff` or `webp`.
    width: int  #: in pixels, before it is turned upright.
    height: int  #: in pixels, before it is turned upright.
    orientation: int = 1  #: EXIF's 1 … 8 as far as the decoder leaves it to us; 1 is upright.
    #: False if the file ends before the picture does, as far as the header tells.
    complete: bool = True
    intact: bool = True  #: False if a checksum does not hold.


def read_header(data: bytes) -> ImageHeader | None:
    """Return the header of an image file's bytes; None if it is none that is known here."""
    for start, read in _READERS.items():
        if data.startswith(start):
            try:
                return read(data)
            except (struct.error, IndexError):
                return None
    return None


def _has_too_many_markers(data: bytes) -> bool:
    """Return whether Pillow would go through a JPEG's beginning for minutes."""
    at = 2
    junk = 0
    for _ in range(_JPEG_MOST_MARKERS):
        found = data.find(b"\xff", at)
        if found < 0 or found + 1 >= len(data):
            return len(data) - at > _JPEG_MOST_JUNK
        junk += found - at
        if junk > _JPEG_MOST_JUNK:
            return True
        marker = data[found + 1]
        at = found + 1 if marker == 0xFF else found + 2
        if marker == _JPEG_SCAN[1]:
            return False
        if 0xC0 <= marker < 0xFF and not 0xD0 <= marker <= 0xD9:  # with a length
            at += int.from_bytes(data[at : at + 2], "big")
    return True


def _jpeg(data: bytes) -> ImageHeader | None:
    if _has_too_many_markers(data):
        return None
    stream = io.BytesIO(data)
    try:
        with JpegImageFile(stream) as image:  # reads up to the first scan, and decodes nothing
            width, height = image.size
            first_scan = stream.tell()
            exif = image.info.get("exif", b"")
    except DAMAGED:  # maybe with an end, but without a beginning that makes sense
        return ImageHeader("jpeg", 0, 0, intact=False) if data.endswith(_JPEG_END) else None
    # inside a scan 0xFF is followed by zero or a restart, so this end is no accident
    has_end = data.rfind(_JPEG_END, first_scan) >= 0
    most_scans = min(_JPEG_MOST_SCANS, _JPEG_MOST_SCANNED // max(1, width * height))
    if has_end and data.count(_JPEG_SCAN, first_scan) >= most_scans:
        return None
    orientation = _exif_orientation(exif.removeprefix(_EXIF))
    return ImageHeader("jpeg", width, height, orientation, complete=has_end)


def _png(data: bytes) -> ImageHeader | None:
    if data[12:16] != b"IHDR":
        return None
    width, height = struct.unpack_from(">II", data, 16)
    orientation = 1
    complete = False
    intact = True
    at = 8
    # chunks: the length of the contents, a name, the contents, their checksum
    for _ in range(_MOST_CHUNKS):
        if at + 12 > len(data):
            break
        length, name = struct.unpack_from(">I4s", data, at)
        end = at + 8 + length
        if end + 4 <= len(data):
            # checked, as libpng would write its complaint on the screen
            (checksum,) = struct.unpack_from(">I", data, end)
            intact &= zlib.crc32(memoryview(data)[at + 4 : end]) == checksum
        if name == b"eXIf":
            orientation = _exif_orientation(data[at + 8 : end])
        at = end + 4
        if name == b"IEND":
            complete = at <= len(data)
            break
    return ImageHeader("png", width, height, orientation, complete, intact)


def _webp(data: bytes) -> ImageHeader | None:
    if data[8:12] != b"WEBP":
        return None
    (length,) = struct.unpack_from("<I", data, 4)
    width = height = 0
    orientation = 1
    at = 12
    # chunks: a name, the size of the contents, the contents, a byte if the size is odd
    for _ in range(_MOST_CHUNKS):
        if at + 8 > len(data):
            break
        name, size = struct.unpack_from("<4sI", data, at)
        if name == b"VP8X":
            width = 1 + int.from_bytes(data[at + 12 : at + 15], "little")
            height = 1 + int.from_bytes(data[at + 15 : at + 18], "little")
        elif name == b"VP8L" and not width:
            (bits,) = struct.unpack_from("<I", data, at + 9)
            width, height = 1 + (bits & 0x3FFF), 1 + (bits >> 14 & 0x3FFF)
        elif name == b"VP8 " and not width:
            width, height = (side & 0x3FFF for side in struct.unpack_from("<HH", data, at + 14))
        elif name == b"EXIF":
            orientation = _exif_orientation(data[at + 8 : at + 8 + size].removeprefix(_EXIF))
        at += 8 + size + size % 2
    if not (width and height):
        return None
    return ImageHeader("webp", width, height, orientation, complete=length + 8 <= len(data))


def _bmp(data: bytes) -> ImageHeader | None:
    pixels, size = struct.unpack_from("<II", data, 10)
    fields = "<HHHH" if size == 12 else "<iiHHI"  # the first version's, and later ones'
    width, height, _, depth, *compression = struct.unpack_from(fields, data, 18)
    height = abs(height)  # below 0 if the top row comes first
    if width <= 0 or not height:
        return None
    row_bytes = (width * depth + 31) // 32 * 4
    is_run_length_coded = compression in ([1], [2])
    complete = is_run_length_coded or pixels + row_bytes * height <= len(data)
    return ImageHeader("bmp", width, height, complete=complete)


def _tiff(data: bytes) -> ImageHeader | None:
    tags = dict(_tiff_tags(data))
    width, height = tags.get(_WIDTH, 0), tags.get(_HEIGHT, 0)
    if not (width and height):
        return None
    # A decoder takes memory for one whole tile, however small the picture.
    width = max(width, tags.get(_TILE_WIDTH, 0))
    height = max(height, tags.get(_TILE_HEIGHT, 0))
    # OpenCV turns a TIFF upright whatever it is asked: its orientation is not told.
    return ImageHeader("tiff", width, height)


def _tiff_tags(data: bytes) -> Iterator[tuple[int, int]]:
    """Yield the tags of the first directory whose value is one whole number, with the value.

    Raises:
        struct.error: if the data end too early.
    """
    order = "<" if data.startswith(b"II") else ">"
    (directory,) = struct.unpack_from(order + "I", data, 4)
    (count,) = struct.unpack_from(order + "H", data, directory)
    for entry in range(min(count, _MOST_ENTRIES)):
        at = directory + 2 + 12 * entry
        tag, number_type, value_count = struct.unpack_from(order + "HHI", data, at)
        if number_type in _TIFF_FORMATS and value_count == 1:
            (value,) = struct.unpack_from(order + _TIFF_FORMATS[number_type], data, at + 8)
            yield tag, value


def _exif_orientation(block: bytes) -> int:
    """Return the orientation in an EXIF block, which is a small TIFF file; 1 if there is none."""
    if not block.startswith(_TIFF):
        return 1
    try:
        orientation = dict(_tiff_tags(block)).get(_ORIENTATION, 1)
    except struct.error:
        return 1
    return orientation if 1 <= orientation <= 8 else 1


_READERS: dict[bytes, Callable[[bytes], ImageHeader | None]] = {  # by the first bytes of a file
    _JPEG: _jpeg,
    _PNG: _png,
    b"RIFF": _webp,
    **dict.fromkeys(_TIFF, _tiff),
    b"BM": _bmp,
}


def decoded(data: bytes, header: ImageHeader, factor: int) -> Picture:
    """Return the pixels of a file, as they lie in it, not turned.

    Args:
        data: the whole file.
        header: what `read_header` says of it.
        factor: 1, 2, 4 or 8, by which a JPEG is reduced; others are not.

    Returns:
        (H, W) grey or (H, W, 1 … 4) BGR with alpha, of any number type, not to be written to.

    Raises:
        ImageError: if the file is damaged.
    """
    try:
        if header.kind in ("jpeg", "png"):
            return _by_pillow(data, header, factor)
        pixels: Picture | None = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED)
    except UNDECODED as error:
        raise ImageError(BROKEN) from error
    if pixels is None or not pixels.size:
        raise ImageError(BROKEN)
    return pixels


def _by_pillow(data: bytes, header: ImageHeader, factor: int) -> Picture:
    """Return the pixels of a JPEG or PNG, likewise."""
    with Image.open(io.BytesIO(data), formats=[header.kind.upper()]) as image:
        if image.size != (header.width, header.height):
            raise ImageError(BROKEN)
        if factor > 1:
            image.draft(None, (max(1, header.width // factor), max(1, header.height // factor)))
        # in one piece: between two, a thread would wait for the others' Python
        image.decodermaxblock = len(data)
        if image.mode.startswith("I"):  # 16 bits of grey
            return np.asarray(image).astype(np.uint16)
        # a PNG may make one colour of a picture without alpha transparent
        has_clear_colour = "transparency" in image.info
        if image.mode == "L" and not has_clear_colour:
            return np.asarray(image)
        is_rgb = image.mode == "RGB" and not has_clear_colour
        is_opaque = is_rgb or image.mode in ("1", "CMYK", "YCbCr")
        mode, order = ("RGB", "BGR") if is_opaque else ("RGBA", "BGRA")
        coloured = image if is_rgb else image.convert(mode)
        pixels = np.frombuffer(coloured.tobytes("raw", order), np.uint8)
        return pixels.reshape(coloured.height, coloured.width, len(order))


MOST_PIXELS = 50_000_000
MOST_BYTES = 256 * 1024 * 1024
MOST_SIDE = 65_535  # a JPEG has no more; millions of rows of one pixel take seconds to decode
_TOO_LARGE = f"larger than {MOST_BYTES // 1024 // 1024} MiB"
ENOUGH = 768  # digits are looked for in copies of 512 pixels or fewer
WHITE = 255

_PHONE_KINDS = (b"heic", b"heix", b"mif1", b"avif", b"msf1")  # HEIC or AVIF

_REASONS = {  # short reasons, by the number of an `OSError`
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
        self._changed = waits.condition("the pixels that are decoded")

    @contextmanager
    def share(self, pixels: int) -> Iterator[None]:
        """Wait until there are so many, and have them for a while."""
        with self._changed:
            waits.wait(
                lambda seconds: self._changed.wait_for(lambda: self._free >= pixels, seconds),
                "the decoders of other pictures",
            )
            self._free -= pixels
        try:
            yield
        finally:
            with self._changed:
                self._free += pixels
                self._changed.notify_all()


_budget = PixelBudget(MOST_PIXELS)


def _never() -> bool:
    return False


def read_image(path: str | os.PathLike[str], stopping: Callable[[], bool] = _never) -> Picture:
    """Read the photo in a JPEG, PNG, BMP, TIFF or WebP, whatever its suffix.

    One much larger than preparing needs is halved until its longer side is below 1536 pixels.
    Nothing is decoded once `stopping` is true.

    Returns:
        (H, W, 3) BGR uint8, upright, transparency on white.

    Raises:
        ImageError: if there is no such photo, or it can't be read; the text is the reason.
    """
    data = _bytes_of(path)
    header = _checked_header(data)
    factor = _halving_factor(max(header.width, header.height))
    decoder_factor = factor if header.kind == "jpeg" else 1
    with _budget.share(header.width * header.height // decoder_factor**2):
        if stopping():
            raise ImageError("stopped before it was read")
        pixels = decoded(data, header, factor)
        if factor > decoder_factor:
            size = (max(1, pixels.shape[1] // factor), max(1, pixels.shape[0] // factor))
            pixels = cv2.resize(pixels, size, interpolation=cv2.INTER_AREA)
    return _upright(_colour(_eight_bits(pixels)), header.orientation)


def _halving_factor(side: int) -> int:
    """Return the largest of 1, 2, 4, 8 by which a longer side in pixels may be divided."""
    return max(factor for factor in (1, 2, 4, 8) if factor == 1 or side // factor >= ENOUGH)


def _checked_header(data: bytes) -> ImageHeader:
    """Return the header of a file's bytes.

    Raises `ImageError` if it is no photo of a size that is read here.
    """
    if not data:
        raise ImageError("empty file")
    header = read_header(data)
    if header is None:
        is_of_phone = data[4:8] == b"ftyp" and data[8:12] in _PHONE_KINDS
        raise ImageError("HEIC photo; save it as JPEG" if is_of_phone else "not an image")
    if header.width * header.height > MOST_PIXELS:
        raise ImageError(f"larger than {MOST_PIXELS // 1_000_000} megapixels")
    if max(header.width, header.height) > MOST_SIDE:
        raise ImageError(f"a side of more than {MOST_SIDE:,} pixels")
    if not header.complete:
        raise ImageError("cut off before its end")
    if not header.intact:
        raise ImageError(BROKEN)
    return header


def _bytes_of(path: str | os.PathLike[str]) -> bytes:
    """Return the content of a regular file."""
    try:
        with opened(path) as file:
            if os.fstat(file.fileno()).st_size > MOST_BYTES:
                raise ImageError(_TOO_LARGE)
            data = file.read(MOST_BYTES + 1)
    except OSError as error:
        if error.errno == errno.ENOENT and os.path.islink(path):
            raise ImageError("a link that leads nowhere") from error
        other_reason = (error.strerror or "can't be read").lower()
        raise ImageError(_REASONS.get(error.errno or 0, other_reason)) from error
    except ValueError as error:  # a NUL in the name
        raise ImageError("no such file") from error
    if len(data) > MOST_BYTES:
        raise ImageError(_TOO_LARGE)
    return data


def _eight_bits(pixels: Picture) -> Picture:
    """Convert numbers of any type to 0 … 255, by the range of the type.

    The range of floats is 0 … 1, or up to their maximum.
    """
    if pixels.dtype == np.uint8:
        return pixels
    if np.issubdtype(pixels.dtype, np.floating):
        values = np.nan_to_num(pixels.astype(np.float32), posinf=1.0, neginf=0.0)
        top = max(1.0, float(values.max()))
    else:
        values = pixels.astype(np.float32)
        top = float(np.iinfo(pixels.dtype.name).max)
    levels = np.clip(np.rint(values * (WHITE / top)), 0, WHITE)
    return np.asarray(levels.astype(np.uint8))


def _colour(pixels: Picture) -> Picture:
    """Return a picture as BGR on white.

    It is (H, W), or (H, W, 1 … 4) with alpha in the second or fourth channel.
    """
    planes = pixels.reshape(*pixels.shape[:2], -1)  # (H, W, 1 … 4)
    has_alpha = planes.shape[2] in (2, 4)
    if has_alpha and planes[:, :, -1].min() < WHITE:
        planes = _on_white(planes[:, :, :-1], planes[:, :, -1:])
    match planes.shape[2]:
        case 1 | 2:
            grey = np.ascontiguousarray(planes[:, :, 0])
            return np.asarray(cv2.cvtColor(grey, cv2.COLOR_GRAY2BGR))
        case 4:
            return np.asarray(cv2.cvtColor(planes, cv2.COLOR_BGRA2BGR))
    return np.ascontiguousarray(planes[:, :, :3])


def _on_white(colours: Picture, alpha: Picture) -> Picture:
    """Return colours (H, W, 1 or 3) with an alpha (H, W, 1) as they look on white."""
    shares = alpha.astype(np.uint16)
    ink = colours * shares
    paper = WHITE * (WHITE - shares)
    return ((ink + paper + WHITE // 2) // WHITE).astype(np.uint8)


def _upright(picture: Picture, orientation: int) -> Picture:
    """Return `picture` turned as EXIF's `orientation` (1 … 8) asks."""
    if orientation in (5, 6, 7, 8):
        picture = picture.transpose(1, 0, 2)
    if orientation in (2, 3, 6, 7):
        picture = picture[:, ::-1]
    if orientation in (3, 4, 7, 8):
        picture = picture[::-1]
    return np.ascontiguousarray(picture)
