"""Photos from files: upright, in colour, 8 bits, whatever the file holds.

Nothing about a file is trusted: neither its name nor that it is one, nor the size it claims. What can't be read says why.
"""

import errno
import os
import stat

import cv2
import numpy as np

from rnn_tui.engine.reach import reachable
from rnn_tui.photos.decoding import BROKEN, ImageError, decoded, is_heif, read_header
from rnn_tui.photos.digit.picture import Picture

MOST_PIXELS = 50_000_000
MOST_BYTES = 256 * 1024 * 1024
_TOO_LARGE = f"larger than {MOST_BYTES // 1024 // 1024} MiB"
# Digits are looked for in copies of 512 pixels or fewer.
ENOUGH = 768
WHITE = 255

_REASONS = {
    errno.ENOENT: "no such file",
    errno.ENOTDIR: "no such file",
    errno.EACCES: "no permission to read it",
    errno.EPERM: "no permission to read it",
    errno.ELOOP: "a circular link",
    errno.ENAMETOOLONG: "its name is too long",
}


def read_image(path: str | os.PathLike[str]) -> Picture:
    """The photo in a JPEG, PNG, BMP, TIFF or WebP, whatever its suffix: (H, W, 3) BGR uint8, upright, transparency on white.

    One much larger than preparing needs is halved until its longer side is below 1536 pixels: most of a JPEG's decoding.
    `ImageError`, with the reason, if it can't be read, or is no image, or one too large or damaged.
    """
    data = _bytes_of(path)
    if not data:
        raise ImageError("empty file")
    header = read_header(data)
    if header is None:
        raise ImageError("HEIC photo; save it as JPEG" if is_heif(data) else "not an image")
    if header.width * header.height > MOST_PIXELS:
        raise ImageError(f"larger than {MOST_PIXELS // 1_000_000} megapixels")
    if not header.complete:
        raise ImageError("cut off before its end")
    if not header.intact:
        raise ImageError(BROKEN)
    longest = max(header.width, header.height)
    factor = max(one for one in (1, 2, 4, 8) if one == 1 or longest // one >= ENOUGH)
    pixels = decoded(data, header, factor)
    if header.kind != "jpeg" and factor > 1:
        size = (max(1, pixels.shape[1] // factor), max(1, pixels.shape[0] // factor))
        pixels = cv2.resize(pixels, size, interpolation=cv2.INTER_AREA)
    return _upright(_colour(_eight_bits(pixels)), header.orientation)


def _bytes_of(path: str | os.PathLike[str]) -> bytes:
    """The content of a regular file; nothing else is ever opened for longer than a look."""
    try:
        real = reachable(path)
        # First without opening: opening some devices does something already.
        _check_regular(os.stat(real))
        # A pipe put there in between must not block; not every system has these flags.
        flags = getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
        descriptor = os.open(real, os.O_RDONLY | flags)
        with os.fdopen(descriptor, "rb") as file:
            _check_regular(os.fstat(descriptor))
            data = file.read(MOST_BYTES + 1)
    except OSError as error:
        if error.errno == errno.ENOENT and os.path.islink(path):
            raise ImageError("a link that leads nowhere") from error
        raise ImageError(_REASONS.get(error.errno or 0, (error.strerror or "can't be read").lower())) from error
    except ValueError as error:  # a NUL in the name
        raise ImageError("no such file") from error
    if len(data) > MOST_BYTES:
        raise ImageError(_TOO_LARGE)
    return data


def _check_regular(status: os.stat_result) -> None:
    if stat.S_ISDIR(status.st_mode):
        raise ImageError("a folder, not a file")
    if not stat.S_ISREG(status.st_mode):
        raise ImageError("not a regular file")
    if status.st_size > MOST_BYTES:
        raise ImageError(_TOO_LARGE)


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
    channels = 1 if pixels.ndim == 2 else pixels.shape[2]
    planes = pixels.reshape(*pixels.shape[:2], channels)
    if channels in (2, 4):
        alpha = planes[:, :, -1:].astype(np.uint16)
        on_white = planes[:, :, :-1] * alpha + WHITE * (WHITE - alpha) + WHITE // 2
        planes = (on_white // WHITE).astype(np.uint8)
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
