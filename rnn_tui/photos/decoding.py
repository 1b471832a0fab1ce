"""Bytes of an image file as pixels, without a word on the screen.

JPEG and PNG are decoded by Pillow, as the libraries that OpenCV has for them write their complaints
about damaged files to standard error, in the middle of the app's screen; the others by OpenCV,
whose own messages are turned off.
"""

from __future__ import annotations

import io
import warnings

import cv2
import numpy as np
from PIL import Image

from rnn_tui.photos.digit.prepared import Picture
from rnn_tui.photos.headers import DAMAGED, Header

# Whatever is wrong with the text or the profile in a file does not concern its pixels.
warnings.filterwarnings("ignore", module=r"PIL\.")
# For good: to turn them on again afterwards would do so for another thread, too.
cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_SILENT)

_FORMATS = {"jpeg": "JPEG", "png": "PNG"}


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
    except (cv2.error, *DAMAGED) as error:
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
        # In one piece: between two, a thread would wait for the others' Python.
        image.decodermaxblock = len(data)
        if image.mode.startswith("I"):  # 16 bits of grey
            return np.asarray(image).astype(np.uint16)
        plain = "transparency" not in image.info
        if image.mode == "L" and plain:
            return np.asarray(image)
        if image.mode in ("1", "CMYK", "YCbCr"):
            return _blue_first(image.convert("RGB"))
        return _blue_first(image if image.mode == "RGB" and plain else image.convert("RGBA"))


def _blue_first(image: Image.Image) -> Picture:
    """RGB or RGBA as (H, W, 3) BGR or (H, W, 4) BGRA, not to be written to."""
    order = "BGRA" if image.mode == "RGBA" else "BGR"
    pixels = np.frombuffer(image.tobytes("raw", order), np.uint8)
    return pixels.reshape(image.height, image.width, len(order))
