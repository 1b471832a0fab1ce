"""Pictures of stripes, dots, noise, hairlines, frames and crowds of digits, read as photos.

They have thousands of parts, some of which are no wider than a pixel.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from pathlib import Path
from random import Random
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from rnn_tui.engine.files.paths import asset_dir
from rnn_tui.engine.files.weights_file import read_weights
from rnn_tui.photos import METHODS, NUMBERS
from rnn_tui.photos.reader import PhotoReader
from rnn_tui.tasks.images.inference import RowReaderNetwork
from rnn_tui.tasks.mnist.data import load_mnist
from tests.attack.attack import Attack, Attempt
from tests.attack.images import peak_memory

Grey = npt.NDArray[np.uint8]

# The worst picture so far takes 3 s and 130 MB on a busy machine; one of stripes once took 52 s and
# 1.5 GB.
MOST_SECONDS = 20.0
MOST_KB = 400_000
# A photo from a file is reduced to a longer side below 1536.
SIDES = (1, 28, 64, 96, 128, 200, 256, 400, 512, 700, 1024, 1535)
PERIODS = (2, 3, 4, 5, 6, 8, 10, 12, 16, 20, 24, 32, 48, 64, 100)
DIGIT_SIDES = (8, 12, 16, 20, 24, 28, 32, 40, 64)


class Patterns(Attack):
    """Whatever a picture shows, reading it takes seconds and some memory."""

    name = "patterns"
    unit = "pictures"
    share = 25
    length = 5_000

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        weights = read_weights(asset_dir() / "pretrained" / "mnist-lstm.safetensors")
        self._network = RowReaderNetwork(weights)
        self._digits: Grey = load_mnist().test_images[:500].numpy()

    def attempt(self, random: Random) -> Attempt:
        """Read a picture."""
        kind = random.choice(list(KINDS))
        height = random.choice(SIDES)
        width = random.choice(SIDES)
        if random.random() < 0.6:
            width = height
        grey = random.choice((255, 200, 128, 40, 0))
        ground = np.full((height, width), grey, np.uint8)
        picture = KINDS[kind](ground, random, self._digits)
        picture = _spoiled(picture, random)
        number = random.choice(list(NUMBERS))
        method = next(iter(METHODS))
        reader = PhotoReader(self._network, method, number=number, threads=1)
        peak_before = peak_memory()
        began = time.monotonic()
        prepared = reader.prepare(np.dstack([picture] * 3))
        [reading] = reader.answer([prepared])
        seconds = time.monotonic() - began
        growth_kb = peak_memory() - peak_before
        tried = f"{kind} of {width}×{height}, read as {number}"
        if seconds > MOST_SECONDS or growth_kb > MOST_KB:
            return Attempt(tried, f"took {seconds:.0f} s and {growth_kb / 1e3:.0f} MB")
        confidences = [digit.confidence for digit in reading.digits]
        if not all(_is_share(confidence) for confidence in confidences):
            return Attempt(tried, f"confidences {confidences}")
        return Attempt(tried)


def _is_share(confidence: float | None) -> bool:
    return confidence is not None and 0 <= confidence <= 1


def _spoiled(picture: Grey, random: Random) -> Grey:
    """The picture as it is, with noise, or out of focus."""
    spoiling = random.choice(("none", "none", "noise", "blur"))
    if spoiling == "noise":
        noise = _numpy(random).integers(-20, 21, picture.shape)
        return (picture.astype(np.int64) + noise).clip(0, 255).astype(np.uint8)
    if spoiling == "blur":
        deviation = random.choice((0.7, 1.5, 3.0))
        return np.asarray(cv2.GaussianBlur(picture, (0, 0), deviation), np.uint8)
    return picture


def _numpy(random: Random) -> np.random.Generator:
    """A generator of NumPy's, seeded with the next draw."""
    return np.random.default_rng(random.getrandbits(32))


def _ink(random: Random) -> int:
    """A grey level, 0 … 255."""
    return random.choice((0, 30, 90, 140, 255))


# --- what a picture shows -------------------------------------------------------------------------


def _stripes(picture: Grey, random: Random, _digits: Grey) -> Grey:
    """Stripes of some width at some angle, whole or in pieces."""
    rows, columns = np.indices(picture.shape)
    angle = np.pi / 180 * random.choice((0, 90, 45, 180 * random.random()))
    period = random.choice(PERIODS)
    across = columns * np.cos(angle) + rows * np.sin(angle)
    thickness = random.randint(1, period - 1)
    striped = across % period < thickness
    share_of_holes = random.choice((0.0, 0.0, 0.1, 0.5, 0.9))
    ink = _ink(random)
    holes = _blocks(picture, 8, share_of_holes, random)
    picture[striped & ~holes] = ink
    return picture


def _dots(picture: Grey, random: Random, _digits: Grey) -> Grey:
    """Dots in rows and columns."""
    rows, columns = np.indices(picture.shape)
    period = random.choice(PERIODS)
    radius = random.randint(1, period - 1) / 2
    middle = period / 2
    distance = np.hypot(rows % period - middle, columns % period - middle)
    picture[distance <= radius] = _ink(random)
    return picture


def _checks(picture: Grey, random: Random, _digits: Grey) -> Grey:
    """A checkerboard."""
    rows, columns = np.indices(picture.shape)
    period = random.choice((1, *PERIODS))
    picture[(rows // period + columns // period) % 2 == 0] = _ink(random)
    return picture


def _noise(picture: Grey, random: Random, _digits: Grey) -> Grey:
    """Square blocks at random places."""
    share = random.choice((0.01, 0.1, 0.3, 0.5))
    ink = _ink(random)
    side = random.choice((1, *PERIODS))
    picture[_blocks(picture, side, share, random)] = ink
    return picture


def _blocks(picture: Grey, side: int, share: float, random: Random) -> npt.NDArray[np.bool_]:
    """A mask (H, W) of random blocks, each of `side` x `side` pixels.

    Args:
        picture: gives the shape of the mask.
        side: of a block, in pixels.
        share: of all blocks, 0 … 1.
        random: chooses the blocks.
    """
    height, width = picture.shape
    rows = height // side + 1
    columns = width // side + 1
    chosen = _numpy(random).random((rows, columns)) < share
    block = np.ones((side, side), bool)
    pixels = np.kron(chosen, block)  # (rows · side, columns · side), at least (H, W)
    return pixels[:height, :width]


def _hairlines(picture: Grey, random: Random, _digits: Grey) -> Grey:
    """Lines of one to three pixels."""
    ink = _ink(random)
    for _ in range(random.choice((1, 5, 50, 500))):
        start = _point(picture, random)
        end = _point(picture, random)
        thickness = random.choice((1, 1, 3))
        cv2.line(picture, start, end, ink, thickness)
    return picture


def _spots(picture: Grey, random: Random, _digits: Grey) -> Grey:
    """Spots and rings at random places."""
    ink = _ink(random)
    for _ in range(random.choice((5, 50, 500, 3000))):
        radius = random.choice((1, 2, 3, 5, 8))
        thickness = random.choice((-1, 1))  # -1 fills the circle
        cv2.circle(picture, _point(picture, random), radius, ink, thickness)
    return picture


def _point(picture: Grey, random: Random) -> tuple[int, int]:
    """A column and a row of the picture."""
    height, width = picture.shape
    return random.randrange(width), random.randrange(height)


def _frames(picture: Grey, random: Random, _digits: Grey) -> Grey:
    """Frames in frames."""
    height, width = picture.shape
    ink = _ink(random)
    thickness = random.choice((1, 2, 4))
    distance = random.choice(PERIODS)
    for inset in range(0, min(height, width) // 2, distance):
        bottom_right = (width - 1 - inset, height - 1 - inset)
        cv2.rectangle(picture, (inset, inset), bottom_right, ink, thickness)
    return picture


def _crowd(picture: Grey, random: Random, digits: Grey) -> Grey:
    """Rows of digits, some of which are missing."""
    side = random.choice(DIGIT_SIDES)
    ink = _ink(random)
    missing = random.choice((0.0, 0.1, 0.3))
    height, width = picture.shape
    row_gap = random.choice((0, 1, 4))
    for top in range(0, height - side, side + row_gap):
        for left in range(0, width - side, side):
            if random.random() >= missing:
                part = picture[top : top + side, left : left + side]
                part[:] = _drawn(part, random.choice(digits), ink)
    return picture


def _digit_on_stripes(picture: Grey, random: Random, digits: Grey) -> Grey:
    """A digit on striped paper."""
    picture = _stripes(picture, random, digits)
    height, width = picture.shape
    part = picture[height // 4 : height, width // 4 : width]
    part[:] = _drawn(part, random.choice(digits), _ink(random))
    return picture


def _drawn(part: Grey, digit: Grey, ink: int) -> Grey:
    """A digit (28, 28) drawn over a part (H, W) of a picture."""
    height, width = part.shape
    fitted: Any = cv2.resize(digit, (width, height), interpolation=cv2.INTER_AREA)
    cover = fitted / 255  # (H, W), 0 … 1: how much of each pixel is ink
    return np.asarray(part * (1 - cover) + ink * cover, np.uint8)


KINDS: Mapping[str, Callable[[Grey, Random, Grey], Grey]] = {
    "stripes": _stripes,
    "dots": _dots,
    "checks": _checks,
    "noise": _noise,
    "hairlines": _hairlines,
    "spots": _spots,
    "frames": _frames,
    "a crowd of digits": _crowd,
    "a digit on stripes": _digit_on_stripes,
}
