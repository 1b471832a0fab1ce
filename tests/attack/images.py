"""Damaged and hostile image files, read as `predict` and the app read them."""

from __future__ import annotations

import os
import resource
import struct
import sys
import tempfile
import time
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from random import Random
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from rnn_tui.engine.files.paths import asset_dir
from rnn_tui.engine.files.weights_file import read_weights
from rnn_tui.photos import METHODS
from rnn_tui.photos.reader import PhotoReader
from rnn_tui.tasks.images.inference import RowReaderNetwork
from tests.attack.attack import Attack, Attempt

SUFFIXES = (".png", ".jpg", ".bmp", ".tiff", ".webp")
NAMES = ("7", "\x1b[31m7", "a\nb", "\udcff", "é" * 100, "[b]7", " ", "-7", "7" * 200, "½", "%s")
# A photo of the size used here takes some hundredths of a second, and little memory.
MOST_SECONDS = 20.0
MOST_GROWTH_KB = 1_500_000
SIZES = (1, 2, 27, 28, 61, 160)
PNG_SIGNATURE = b"\x89PNG"  # its first four bytes


class Images(Attack):
    """Whatever a file holds, a photo has an answer or a few words on why it has none."""

    name = "images"
    unit = "images"
    share = 200
    length = 10_000

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        weights = read_weights(asset_dir() / "pretrained" / "mnist-lstm.safetensors")
        network = RowReaderNetwork(weights)
        self._readers = [PhotoReader(network, method, threads=1) for method in METHODS]

    def attempt(self, random: Random) -> Attempt:
        """Read a file."""
        suffix = random.choice(SUFFIXES)
        data = _image(random, suffix)
        damages = []
        for _ in range(random.choice([0, 1, 1, 1, 2, 3])):
            damage = random.choice(DAMAGES)
            data = damage(bytearray(data), random)
            damages.append(damage.__name__.strip("_"))
        name_suffix = random.choice([suffix, *SUFFIXES])
        path = self.folder / f"{random.choice(NAMES)}{name_suffix}"
        path.write_bytes(data)
        reader = random.choice(self._readers)
        tried = f"{suffix} as {path.name!a}, {len(data)} bytes, {', '.join(damages) or 'whole'}"
        try:
            fault = self._fault(reader, path)
        finally:
            path.unlink()
        return Attempt(tried, fault)

    def _fault(self, reader: PhotoReader, path: Path) -> str:
        """What was wrong with how a file was read; empty where nothing was."""
        peak_before = peak_memory()
        began = time.monotonic()
        try:
            with _standard_error() as output:
                [[reading]] = reader.read([path])
        except Exception as error:  # noqa: BLE001 - whatever it is, it is a fault
            return f"{type(error).__name__}: {error}"
        if output:
            return f"on the screen: {output[0][:200]!a}"
        seconds = time.monotonic() - began
        growth_kb = peak_memory() - peak_before
        if seconds > MOST_SECONDS or growth_kb > MOST_GROWTH_KB:
            return f"took {seconds:.0f} s and {growth_kb / 1e6:.1f} GB"
        if reading.error:
            return "" if reading.error.isprintable() else f"not printable: {reading.error!a}"
        if reading.probabilities is None or not np.isfinite(reading.probabilities).all():
            return f"probabilities {reading.probabilities}"
        return ""


def peak_memory() -> int:
    """The most that this process had so far, in KB."""
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most // 1024 if sys.platform == "darwin" else most


@contextmanager
def _standard_error() -> Iterator[list[bytes]]:
    """Collect what libraries write to standard error, where the app would have its screen.

    Yields:
        A list that is empty until the block ends; then it has the output, if there was any.
    """
    output: list[bytes] = []
    sys.stderr.flush()
    original = os.dup(2)
    with tempfile.TemporaryFile() as file:
        os.dup2(file.fileno(), 2)
        try:
            yield output
        finally:
            sys.stderr.flush()
            os.dup2(original, 2)
            os.close(original)
            file.seek(0)
            text = file.read()
            if text:
                output.append(text)


def _image(random: Random, suffix: str) -> bytes:
    """A digit on paper, or noise, of some size, depth and number of channels."""
    height = random.choice(SIZES)
    width = random.choice(SIZES)
    noise = np.random.default_rng(random.getrandbits(32))
    if random.random() < 0.7:
        paper = np.full((height, width, 3), random.randrange(256), np.uint8)
        _draw_line(paper, random)
    else:
        paper = noise.integers(0, 256, (height, width, 3), np.uint8)
    picture: Any = paper
    kind = random.choice(["colour", "grey", "alpha", "deep", "float"])
    if kind == "grey":
        picture = paper[:, :, 0]
    elif kind == "alpha" and suffix in (".png", ".webp", ".tiff"):
        alpha = noise.integers(0, 256, (height, width), np.uint8)
        picture = np.dstack([paper, alpha])
    elif kind == "deep" and suffix in (".png", ".tiff"):
        picture = paper.astype(np.uint16) * 257
    elif kind == "float" and suffix == ".tiff":
        factor = np.float32(random.choice([1e-9, 1, np.nan, 1e35]))
        picture = paper.astype(np.float32) * factor
    _, encoded = cv2.imencode(suffix, picture)
    return encoded.tobytes()


def _draw_line(paper: npt.NDArray[np.uint8], random: Random) -> None:
    """Draw a line as from a pen; parts of it may lie beside the paper."""
    height, width, _ = paper.shape
    longer = max(height, width)
    start = (random.randrange(longer), random.randrange(longer))
    end = (random.randrange(longer), random.randrange(longer))
    grey = random.randrange(256)
    thickness = random.choice([1, 4, 12])
    cv2.line(paper, start, end, (grey, grey, grey), thickness)


# --- damages --------------------------------------------------------------------------------------


def _cut(data: bytearray, random: Random) -> bytes:
    return bytes(data[: random.randrange(len(data) + 1)])


def _flipped(data: bytearray, random: Random) -> bytes:
    for _ in range(random.choice([1, 3, 30])):
        if data:
            data[random.randrange(len(data))] = random.randrange(256)
    return bytes(data)


def _wrong_header(data: bytearray, random: Random) -> bytes:
    for _ in range(random.choice([1, 2, 6])):
        if data:
            data[random.randrange(min(64, len(data)))] ^= 1 << random.randrange(8)
    return bytes(data)


def _huge_size(data: bytearray, random: Random) -> bytes:
    """Write a huge number over two or four bytes of the header.

    In a PNG these are the bytes of its width or height, and the checksum is made right.
    """
    number = random.choice([0xFFFFFFFF, 0x7FFFFFFF, 0x80000000, 0x00010000, 50_000, 0])
    byte_order = random.choice("<>")
    integer = random.choice("IH")  # of four bytes, or of two
    if integer == "H":
        number &= 0xFFFF
    value = struct.pack(byte_order + integer, number)
    place = random.randrange(max(1, min(200, len(data))))
    if data.startswith(PNG_SIGNATURE):
        place = random.choice([16, 20])
    data[place : place + len(value)] = value
    return _with_png_checksum(data)


def _with_png_checksum(data: bytearray) -> bytes:
    """The same with the checksum of a PNG's header made right, or no reader looks further.

    The header is the chunk in bytes 12 … 28; its checksum follows. Other files stay as they are.
    """
    if _has_png_header(data):
        data[29:33] = struct.pack(">I", zlib.crc32(data[12:29]))
    return bytes(data)


def _has_png_header(data: bytearray) -> bool:
    return data.startswith(PNG_SIGNATURE) and len(data) > 33


def _odd_png(data: bytearray, random: Random) -> bytes:
    """Give a PNG a depth, colour type, compression, filter or interlacing that is not defined."""
    if _has_png_header(data):
        value = random.choice([0, 1, 2, 3, 4, 6, 7, 16, 255])
        field = random.randrange(24, 29)
        data[field] = value
    return _with_png_checksum(data)


def _two_in_one(data: bytearray, random: Random) -> bytes:
    """The beginning of a file, and after it another file, whole or without its beginning."""
    other = _image(random, random.choice(SUFFIXES))
    cut = random.randrange(len(data) + 1)
    start = random.choice([0, cut % len(other)])
    return bytes(data[:cut]) + other[start:]


def _other_beginning(data: bytearray, random: Random) -> bytes:
    """Other first bytes, in place of some of the file's own or before them."""
    beginnings = (
        b"\xff\xd8\xff",
        b"\x89PNG\r\n\x1a\n",
        b"RIFF\0\0\0\0WEBP",
        b"II*\0",
        b"MM\0*",
        b"BM",
        b"GIF89a",
        b"\0\0\0\x18ftypheic",
        b"%PDF-1.7",
        b"PK\3\4",
        b"",
    )
    beginning = random.choice(beginnings)
    left_out = random.choice([0, 2, 8, 12])
    return beginning + bytes(data[left_out:])


def _repeated(data: bytearray, random: Random) -> bytes:
    """Repeat forty bytes at some place."""
    place = random.randrange(len(data) + 1)
    times = random.choice([2, 200])
    piece = bytes(data[place : place + 40])
    return bytes(data[:place]) + piece * times + bytes(data[place:])


def _noise(data: bytearray, random: Random) -> bytes:
    return random.randbytes(random.choice([0, 1, 11, 400]))


DAMAGES = (
    _cut,
    _flipped,
    _wrong_header,
    _huge_size,
    _odd_png,
    _two_in_one,
    _other_beginning,
    _repeated,
    _noise,
)
