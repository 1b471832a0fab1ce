"""Makes the sample photos in `assets/samples`: `python -m tests.make_samples`.

Digits from MNIST's test images, which no network has been trained on, are drawn on random paper:
grain, shading, ruled lines, a slight turn, several inks. The seed is fixed, so that every run makes
the same files, to the byte on the same version of OpenCV.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt

from rnn_tui.engine.files.paths import asset_dir
from rnn_tui.tasks.mnist.data import load_mnist

Plane = npt.NDArray[np.float32]
Colour = tuple[int, int, int]

SEED = 2024
QUALITY = 72
MOST_BYTES = 60_000
MOST_BYTES_IN_ALL = 400_000

README = """\
# Sample photos

{count} pictures to try rnn-tui on. The first character of a name is the digit. Those in `numbers` show the number in their name,
with `_` between rows. They are not photos of real paper: the digits are MNIST test images (no shipped network was trained on
them), placed on synthetic paper with grain, shading, ruled lines, a slight rotation and several inks, some of them light on
dark. `python -m tests.make_samples` makes them again; another version of OpenCV may round differently.

MNIST is by Yann LeCun and Corinna Cortes and may be shared under
[CC BY-SA 3.0](https://creativecommons.org/licenses/by-sa/3.0/); so may these pictures, which are
derived from it.
"""


@dataclass(frozen=True)
class Sample:
    """A picture to make.

    Attributes:
        name: of the file, without its suffix; it begins with the digit. In `numbers` it has all
            digits, with `_` between rows.
        index: which test image of its class the first digit is; each further digit takes the next
            index, in its own class.
        size: width and height in pixels.
        place: of the middle of all digits, as shares of width and height.
        height: of the digit, as a share of the picture's height.
        turn: in degrees.
        ink: colour of the pen (red, green, blue).
        paper: colour of the paper.
        shade: how much darker the darkest corner is, 0 … 1.
        lines: `ruled`, `squared`, or none.
        grain: strength of the paper's grain, in grey levels.
        blur: of the lens, in pixels.
        pen: how evenly ink covers: 0 as a felt pen, 1 as chalk.
    """

    name: str
    index: int
    size: tuple[int, int] = (640, 480)
    place: tuple[float, float] = (0.5, 0.5)
    height: float = 0.5
    turn: float = 0
    ink: Colour = (38, 40, 48)
    paper: Colour = (226, 222, 212)
    shade: float = 0.3
    lines: str = ""
    grain: float = 5
    blur: float = 1.2
    pen: float = 0.15


WHITE, CREAM, GREY, YELLOW = (232, 231, 228), (228, 216, 190), (186, 188, 190), (240, 222, 130)
BLUE, RED, GREEN, PENCIL = (34, 52, 138), (170, 36, 44), (30, 104, 66), (92, 92, 98)
BOARD, CHALK, NIGHT = (44, 66, 56), (226, 230, 222), (34, 36, 46)

SAMPLES = (
    Sample("0-ballpoint", 4, (720, 540), (0.44, 0.52), 0.44, -6, BLUE, WHITE),
    Sample("1-ruled", 7, (640, 480), (0.55, 0.46), 0.5, 5, BLUE, WHITE, 0.35, "ruled"),
    Sample("2-felt-pen", 16, (800, 600), (0.5, 0.52), 0.55, 4, shade=0.45, paper=CREAM),
    Sample("3-blackboard", 6, (640, 480), (0.52, 0.5), 0.6, -3, CHALK, BOARD, 0.3, pen=0.8),
    Sample("4-squared", 9, (720, 540), (0.47, 0.5), 0.46, -4, BLUE, WHITE, 0.25, "squared"),
    Sample("5-pencil", 5, (640, 480), (0.5, 0.48), 0.55, 6, PENCIL, WHITE, 0.3, pen=0.45),
    Sample("6-shadow", 8, (800, 600), (0.54, 0.5), 0.45, 3, paper=CREAM, shade=0.62),
    Sample("7-ruled", 12, (640, 480), (0.42, 0.55), 0.48, -5, RED, CREAM, 0.3, "ruled"),
    Sample("8-sticky-note", 3, (640, 640), (0.5, 0.5), 0.5, 7, GREEN, YELLOW, 0.25),
    Sample("9-grey", 10, (720, 540), (0.58, 0.46), 0.4, -7, paper=GREY, shade=0.35, grain=7),
    Sample("2-night", 20, (640, 480), (0.48, 0.5), 0.5, -4, (214, 216, 226), NIGHT, 0.35),
    Sample("5-small", 15, (800, 600), (0.4, 0.44), 0.24, 2, RED, WHITE, 0.3),
    Sample("numbers/1984", 30, (800, 600), (0.5, 0.48), 0.26, 2, BLUE, CREAM, 0.35, "ruled"),
    Sample("numbers/27_508_3146", 40, (600, 600), (0.5, 0.5), 0.16, -2, paper=WHITE, shade=0.4),
)


def main() -> None:
    """Write all pictures and their README."""
    folder = asset_dir() / "samples"
    (folder / "numbers").mkdir(parents=True, exist_ok=True)
    total = 0
    for path, data in files(folder):
        path.write_bytes(data)
        total += len(data)
        print(f"{path.name:24} {len(data):7,} bytes")
    print(f"{total:,} bytes in all")
    (folder / "README.md").write_text(README.format(count=len(SAMPLES)), encoding="utf-8")


def files(folder: Path) -> Iterator[tuple[Path, bytes]]:
    """Where each picture goes, and the bytes of the file."""
    total = 0
    for number, sample in enumerate(SAMPLES):
        picture = photo(sample, np.random.default_rng((SEED, number)))
        _, data = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, QUALITY])
        total += data.size
        assert data.size < MOST_BYTES, f"{sample.name} is too large: {data.size:,} bytes"
        assert total < MOST_BYTES_IN_ALL, "the pictures are too large"
        yield folder / f"{sample.name}.jpg", data.tobytes()


def photo(sample: Sample, random: np.random.Generator) -> npt.NDArray[np.uint8]:
    """A picture (H, W, 3) in blue, green and red."""
    width, height = sample.size
    light = _light(sample, random)
    canvas = np.empty((height, width, 3), np.float32)
    canvas[:] = sample.paper[::-1]
    canvas += _grain(sample.size, random)[..., None] * sample.grain
    for cover, colour in _lines(sample):
        canvas += cover[..., None] * (np.float32(colour[::-1]) - canvas)
    ink = _ink(sample, random)
    canvas += ink[..., None] * (np.float32(sample.ink[::-1]) - canvas)
    canvas = cv2.GaussianBlur(canvas * light[..., None], (0, 0), sample.blur)
    # The sensor's noise comes after the lens.
    canvas += random.normal(0, 1.6, (height, width, 1)).astype(np.float32)
    return np.clip(np.rint(canvas), 0, 255).astype(np.uint8)


def _ink(sample: Sample, random: np.random.Generator) -> Plane:
    """How much of each pixel is ink (H, W), 0 … 1."""
    width, height = sample.size
    # MNIST's digits are 20 of 28 pixels high. They are enlarged, and sharpened at the strokes' edges.
    scale = sample.height * height / 20
    soft = np.zeros((height, width), np.float32)
    for number, (label, across, down) in enumerate(_placed_digits(sample)):
        turn = cv2.getRotationMatrix2D((13.5, 13.5), sample.turn, scale)  # (2, 3)
        offset = turn[:, :2] @ np.array([across, down])
        turn[:, 2] += np.array(sample.place) * sample.size - 13.5 + offset
        digit = _digit(label, sample.index + number)
        enlarged = cv2.warpAffine(digit, turn, sample.size, flags=cv2.INTER_CUBIC)
        soft = np.maximum(soft, enlarged)
    soft = cv2.GaussianBlur(soft, (0, 0), 0.32 * scale)
    # A hand's edges are not quite smooth.
    soft += 0.035 * _cloud(sample.size, 0.35 * scale, random)
    edge = np.clip((soft - 0.42) * scale / 3 + 0.5, 0, 1)
    # Chalk and pencil leave pits of the paper white; ink gathers in pools.
    pits = np.clip(0.9 + 0.5 * _cloud(sample.size, 1.1, random), 0, 1)
    pools = 0.93 + 0.05 * _cloud(sample.size, scale, random)
    cover = (1 - sample.pen) * pools + sample.pen * pits
    result: Plane = np.clip(edge * cover, 0, 1).astype(np.float32)
    assert result.shape == (height, width)
    return result


def _placed_digits(sample: Sample) -> Iterator[tuple[int, float, float]]:
    """The digits to draw, with their places.

    Yields:
        The digit, and how far right and how far down it is of the middle of all digits, in pixels
        of MNIST's images.
    """
    folder, _, name = sample.name.rpartition("/")
    rows = name.split("_") if folder else [name[0]]
    middle_row = (len(rows) - 1) / 2
    for row, digits in enumerate(rows):
        middle_column = (len(digits) - 1) / 2
        for column, digit in enumerate(digits):
            yield int(digit), 25 * (column - middle_column), 27 * (row - middle_row)


def _digit(label: int, index: int) -> Plane:
    """A test image of a class (28, 28), 0 … 1; `index` counts within the class."""
    mnist = load_mnist()
    places = np.flatnonzero(mnist.test_labels.numpy() == label)
    image = mnist.test_images[places[index]]
    result: Plane = image.numpy().astype(np.float32) / 255
    return result


def _lines(sample: Sample) -> Iterator[tuple[Plane, Colour]]:
    """Printed lines: how much they cover of each pixel (H, W), 0 … 1, and their colour.

    They are turned by a third of what the digits are.
    """
    width, height = sample.size
    down, across = np.mgrid[0:height, 0:width].astype(np.float32)
    angle = np.radians(sample.turn / 3)
    along = across * np.cos(angle) - down * np.sin(angle)
    below = across * np.sin(angle) + down * np.cos(angle)
    if sample.lines == "ruled":
        yield 0.45 * _stripes(below, height / 8.5, 1.6), (120, 150, 190)
        yield 0.5 * _stripes(along - 0.12 * width, 4 * width, 1.6), (205, 110, 115)
    if sample.lines == "squared":
        for direction in (below, along):
            yield 0.34 * _stripes(direction, height / 15, 1.4), (130, 155, 190)


def _stripes(place: Plane, period: float, thickness: float) -> Plane:
    """Lines a period apart, soft at the edges: how much they cover (H, W), 0 … 1.

    Args:
        place: of each pixel (H, W), across the lines.
        period: from line to line, in pixels.
        thickness: of a line, in pixels.
    """
    distance = np.abs((place + period / 2) % period - period / 2)  # to the nearest line
    result: Plane = np.clip(thickness / 2 + 0.5 - distance, 0, 1).astype(np.float32)
    return result


def _light(sample: Sample, random: np.random.Generator) -> Plane:
    """How much light falls on each pixel (H, W), at most 1: it comes from one side.

    Corners get less; where `shade` is above 0.55, a shadow with an edge falls on the paper.
    """
    width, height = sample.size
    down, across = np.mgrid[0 : 1 : height * 1j, 0 : 1 : width * 1j].astype(np.float32)
    angle = random.uniform(0, 2 * np.pi)
    slope = (across - 0.5) * np.cos(angle) + (down - 0.5) * np.sin(angle)
    vignette = 0.15 * ((across - 0.5) ** 2 + (down - 0.5) ** 2)
    light = 1 - sample.shade * (slope / 1.4 + 0.5) - vignette
    if sample.shade > 0.55:  # the shadow of a hand or a phone
        border = random.uniform(0.15, 0.3)
        light *= 1 - 0.35 / (1 + np.exp((across + 0.4 * down - 0.2 - border) * 28))
    result: Plane = (light / light.max()).astype(np.float32)
    return result


def _grain(size: tuple[int, int], random: np.random.Generator) -> Plane:
    """Fibres and spots of paper (H, W), of a deviation below 1."""
    fibres = _cloud(size, 1.2, random)
    spots = _cloud(size, 14, random)
    return 0.6 * fibres + 0.3 * spots


def _cloud(size: tuple[int, int], width: float, random: np.random.Generator) -> Plane:
    """Noise (H, W) of deviation 1 whose spots are about `width` pixels wide."""
    noise = random.normal(size=size[::-1]).astype(np.float32)
    blurred = cv2.GaussianBlur(noise, (0, 0), max(width, 0.3))
    result: Plane = blurred / blurred.std()
    return result


if __name__ == "__main__":
    main()
