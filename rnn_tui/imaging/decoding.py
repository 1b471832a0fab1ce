"""Bytes of an image file as pixels, without a word on the screen.

JPEG and PNG are decoded by Pillow, as the libraries that OpenCV has for them write their complaints
about damaged files to standard error, in the middle of the app's screen; the others by OpenCV,
whose own messages are turned off.
"""

from __future__ import annotations

import io
import struct
import warnings
import zlib

import cv2
import numpy as np
from PIL import Image

from rnn_tui.imaging.headers import Header
from rnn_tui.imaging.prepared import Picture

# Whatever is wrong with the text or the profile in a file does not concern its pixels.
warnings.filterwarnings("ignore", module=r"PIL\.")
# For good: to turn them on again afterwards would do so for another thread, too.
cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_SILENT)

_FORMATS = {"jpeg": "JPEG", "png": "PNG"}
# What Pillow raises for damaged files.
_DAMAGED = (
    OSError,
    SyntaxError,
    ValueError,
    EOFError,
    LookupError,
    TypeError,
    OverflowError,
    AttributeError,
    MemoryError,
    struct.error,
    zlib.error,
    Image.DecompressionBombError,
)


class DamagedError(Exception):
    """These bytes can't be decoded."""


def decoded(data: bytes, header: Header, factor: int) -> Picture:
    """Pixels as they lie in the file, not turned.

    Args:
        data: a file's bytes.
        header: what its beginning says.
        factor: 1, 2, 4 or 8, by which a JPEG is reduced while it is decoded; others are not.

    Returns:
        (H, W) grey or (H, W, 1 … 4) BGR with alpha, of any type of number.

    Raises:
        DamagedError: if they can't be decoded.
    """
    try:
        if header.kind in _FORMATS:
            return _by_pillow(data, header, factor)
        pixels: Picture | None = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED)
    except (cv2.error, *_DAMAGED) as error:
        raise DamagedError from error
    if pixels is None or not pixels.size:
        raise DamagedError
    return pixels


def _by_pillow(data: bytes, header: Header, factor: int) -> Picture:
    with Image.open(io.BytesIO(data), formats=[_FORMATS[header.kind]]) as image:
        if image.size != (header.width, header.height):
            raise DamagedError
        if factor > 1:
            image.draft(None, (header.width // factor, header.height // factor))
        if image.mode.startswith("I"):  # 16 bits of grey
            return np.asarray(image).astype(np.uint16)
        if image.mode in ("L", "RGB") and "transparency" not in image.info:
            pixels = np.asarray(image)
        elif image.mode in ("1", "CMYK", "YCbCr"):
            pixels = np.asarray(image.convert("RGB"))
        else:
            pixels = np.asarray(image.convert("RGBA"))
    if pixels.ndim == 2:
        return pixels
    order = cv2.COLOR_RGB2BGR if pixels.shape[2] == 3 else cv2.COLOR_RGBA2BGRA
    return cv2.cvtColor(pixels, order)
