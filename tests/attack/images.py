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

from rnn_tui.engine.paths import asset_dir
from rnn_tui.engine.weights_file import read_weights
from rnn_tui.photos import METHODS
from rnn_tui.photos.reader import PhotoReader
from rnn_tui.tasks.mnist.inference import RowReaderNetwork
from tests.attack.attack import Attack, Attempt

SUFFIXES = (".png", ".jpg", ".bmp", ".tiff", ".webp")
NAMES = ("7", "\x1b[31m7", "a\nb", "\udcff", "é" * 100, "[b]7", " ", "-7", "7" * 200, "½", "%s")
# A photo of the size used here takes some hundredths of a second, and little memory.
MOST_SECONDS, MOST_GROWTH = 20.0, 1_500_000
SIZES = (1, 2, 27, 28, 61, 160)


class Images(Attack):
    """Whatever a file holds, a photo has an answer or a few words on why it has none."""

    name, unit, share, length = "images", "images", 200, 10_000

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        weights = read_weights(asset_dir() / "pretrained" / "mnist-lstm.safetensors")
        network = RowReaderNetwork(weights)
        self._readers = [PhotoReader(network, method, threads=1) for method in METHODS]

    def attempt(self, random: Random) -> Attempt:
        """Read a file."""
        suffix = random.choice(SUFFIXES)
        data, done = _image(random, suffix), []
        for _ in range(random.choice([0, 1, 1, 1, 2, 3])):
            damage = random.choice(DAMAGES)
            data = damage(bytearray(data), random)
            done.append(damage.__name__.strip("_"))
        named = random.choice([suffix, *SUFFIXES])
        path = self.folder / f"{random.choice(NAMES)}{named}"
        path.write_bytes(data)
        reader = random.choice(self._readers)
        tried = f"{suffix} as {path.name!a}, {len(data)} bytes, {', '.join(done) or 'whole'}"
        try:
            fault = self._fault(reader, path)
        finally:
            path.unlink()
        return Attempt(tried, fault)

    def _fault(self, reader: PhotoReader, path: Path) -> str:
        before, began = peak_memory(), time.monotonic()
        try:
            with _screen() as screen:
                [[reading]] = reader.read([path])
        except Exception as error:  # noqa: BLE001 - whatever it is, it is a fault
            return f"{type(error).__name__}: {error}"
        if screen:
            return f"on the screen: {screen[0][:200]!a}"
        seconds, grown = time.monotonic() - began, peak_memory() - before
        if seconds > MOST_SECONDS or grown > MOST_GROWTH:
            return f"took {seconds:.0f} s and {grown / 1e6:.1f} GB"
        if reading.error:
            return "" if reading.error.isprintable() else f"not printable: {reading.error!a}"
        numbers = reading.probabilities is not None and np.isfinite(reading.probabilities).all()
        return "" if numbers else f"probabilities {reading.probabilities}"


def peak_memory() -> int:
    """The most that this process had so far, in KB."""
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most // 1024 if sys.platform == "darwin" else most


@contextmanager
def _screen() -> Iterator[list[bytes]]:
    """What libraries write to standard error, where the app would have its screen."""
    told: list[bytes] = []
    sys.stderr.flush()
    kept = os.dup(2)
    with tempfile.TemporaryFile() as file:
        os.dup2(file.fileno(), 2)
        try:
            yield told
        finally:
            sys.stderr.flush()
            os.dup2(kept, 2)
            os.close(kept)
            file.seek(0)
            if text := file.read():
                told.append(text)


def _image(random: Random, suffix: str) -> bytes:
    """A digit on paper, or noise, of some size, depth and number of channels."""
    height, width = random.choice(SIZES), random.choice(SIZES)
    noise = np.random.default_rng(random.getrandbits(32))
    if random.random() < 0.7:
        paper = np.full((height, width, 3), random.randrange(256), np.uint8)
        ends = [tuple(random.randrange(max(height, width)) for _ in range(2)) for _ in range(2)]
        cv2.line(paper, ends[0], ends[1], [random.randrange(256)] * 3, random.choice([1, 4, 12]))
    else:
        paper = noise.integers(0, 256, (height, width, 3), np.uint8)
    picture: Any = paper
    kind = random.choice(["colour", "grey", "alpha", "deep", "float"])
    if kind == "grey":
        picture = paper[:, :, 0]
    elif kind == "alpha" and suffix in (".png", ".webp", ".tiff"):
        picture = np.dstack([paper, noise.integers(0, 256, (height, width), np.uint8)])
    elif kind == "deep" and suffix in (".png", ".tiff"):
        picture = paper.astype(np.uint16) * 257
    elif kind == "float" and suffix == ".tiff":
        picture = paper.astype(np.float32) * np.float32(random.choice([1e-9, 1, np.nan, 1e35]))
    return cv2.imencode(suffix, picture)[1].tobytes()


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
    """Four bytes, or two, in the header that say a huge number; of a PNG with their checksum."""
    huge = random.choice([0xFFFFFFFF, 0x7FFFFFFF, 0x80000000, 0x00010000, 50_000, 0])
    form = random.choice("<>") + random.choice("IH")
    value = struct.pack(form, huge & (0xFFFFFFFF if form[1] == "I" else 0xFFFF))
    at = random.randrange(max(1, min(200, len(data))))
    if data.startswith(b"\x89PNG"):
        at = random.choice([16, 20])
    data[at : at + len(value)] = value
    return _checked(data)


def _checked(data: bytearray) -> bytes:
    """A PNG's first checksum made right, so that what it says is believed."""
    if data.startswith(b"\x89PNG") and len(data) > 33:
        data[29:33] = struct.pack(">I", zlib.crc32(data[12:29]))
    return bytes(data)


def _odd_png(data: bytearray, random: Random) -> bytes:
    """Depth, colours, packing or interlacing that there is not."""
    if data.startswith(b"\x89PNG") and len(data) > 33:
        data[random.randrange(24, 29)] = random.choice([0, 1, 2, 3, 4, 6, 7, 16, 255])
    return _checked(data)


def _two_in_one(data: bytearray, random: Random) -> bytes:
    other = _image(random, random.choice(SUFFIXES))
    at = random.randrange(len(data) + 1)
    return bytes(data[:at]) + other[random.choice([0, at % len(other)]) :]


def _other_beginning(data: bytearray, random: Random) -> bytes:
    begins = (
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
    return random.choice(begins) + bytes(data[random.choice([0, 2, 8, 12]) :])


def _repeated(data: bytearray, random: Random) -> bytes:
    at = random.randrange(len(data) + 1)
    return bytes(data[:at]) + bytes(data[at : at + 40]) * random.choice([2, 200]) + bytes(data[at:])


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
