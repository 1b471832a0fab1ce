"""What makes photos hard to read: shadows, turns, small digits, noise, blur, rules, few pixels.

All are drawn from a given generator, so that a photo is always changed in the same way. Where a
photo needs a wider border, its paper is continued without a seam.
"""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np
import numpy.typing as npt

from rnn_tui.photos.digit.picture import Picture

Plane = npt.NDArray[np.float32]


def framed(
    picture: Picture, sides: tuple[int, int, int, int], random: np.random.Generator
) -> Picture:
    """More of the same paper around a photo, shaded as its border is and as noisy as it is.

    Args:
        picture: (H, W, 3).
        sides: pixels to add above, below, left and right.
        random: for the noise.
    """
    height, width = picture.shape[:2]
    above, below, left, right = sides
    size = width + left + right, height + above + below
    factor = min(1.0, 192 / max(size))
    coarse = cv2.resize(
        picture,
        (max(9, round(width * factor)), max(9, round(height * factor))),
        interpolation=cv2.INTER_AREA,
    )
    # The median takes narrow strokes away that reach the border: they are no paper.
    window = 2 * (min(coarse.shape[:2]) // 10) + 3
    coarse = cv2.medianBlur(coarse, window).astype(np.float32)
    border = np.ones(coarse.shape[:2], np.float32)  # 1 where the paper is taken from
    border_rows, border_columns = (max(2, side // 12) for side in border.shape)
    border[border_rows:-border_rows, border_columns:-border_columns] = 0
    margins = [round(side * factor) for side in sides]
    slope = _slope(coarse, border, margins)
    inside = slice(margins[0], margins[0] + len(coarse)), slice(margins[2], -margins[3] or None)
    values = _with_margins((coarse - slope[inside]) * border[:, :, None], margins)
    weights = _with_margins(border, margins)
    result = cv2.resize(slope + _filled(values, weights), size, interpolation=cv2.INTER_CUBIC)
    # Differences of neighbours have the median 0.954 σ where the noise has the deviation σ.
    steps = np.abs(np.diff(picture.astype(np.float32), axis=1))
    deviation = np.median(steps) / 0.954 + 0.01
    result += random.normal(0, deviation, result.shape).astype(np.float32)
    result = np.clip(np.rint(result), 0, 255).astype(np.uint8)
    result[above : above + height, left : left + width] = picture
    return result


def _with_margins(plane: Plane, margins: list[int]) -> Plane:
    """A plane with zeros around it."""
    return cv2.copyMakeBorder(plane, *margins, cv2.BORDER_CONSTANT, value=(0, 0, 0))


def _slope(picture: Plane, known: Plane, margins: list[int]) -> Plane:
    """The plane through the known pixels, continued into the margins, where it levels off.

    Args:
        picture: (H, W, 3).
        known: (H, W), 0 where a pixel is not known.
        margins: pixels above, below, left and right.

    Returns:
        (above + H + below, left + W + right, 3).
    """
    height, width = known.shape
    down = np.linspace(-1, 1, height, dtype=np.float32)
    across = np.linspace(-1, 1, width, dtype=np.float32)
    rows, columns = np.nonzero(known)
    terms = np.stack([np.ones(len(rows), np.float32), down[rows], across[columns]], axis=1)
    (constant, per_row, per_column), *_ = np.linalg.lstsq(terms, picture[rows, columns], rcond=None)
    above, below, left, right = margins
    down = _levelling_places(height, above, below)[:, None, None]
    across = _levelling_places(width, left, right)[None, :, None]
    result: Plane = (constant + down * per_row + across * per_column).astype(np.float32)
    return result


def _levelling_places(side: int, before: int, after: int) -> npt.NDArray[np.float64]:
    """Places of pixels, -1 … 1 within a side; in its margins they approach ±1.4."""
    place = (np.arange(-before, side + after) * 2 + 1) / side - 1
    distance = np.abs(place)
    beyond = np.maximum(distance - 1, 0)
    return np.sign(place) * (np.minimum(distance, 1) + 0.4 * np.tanh(beyond / 0.4))


def _filled(values: Plane, weights: Plane) -> Plane:
    """`values` (H, W, 3), known with `weights` (H, W), spread smoothly to where they are unknown.

    Averages of what is known, at ever coarser scales, fill the gaps of the next finer one: the
    pull-push of Gortler et al., The Lumigraph (1996).
    """
    mean = values / np.maximum(weights, 1e-6)[:, :, None]
    share = weights[:, :, None]
    height, width = weights.shape
    if min(height, width) <= 2:
        return share * mean + (1 - share) * values.sum(axis=(0, 1)) / weights.sum()
    half = max(1, width // 2), max(1, height // 2)
    half_values = cv2.resize(values, half, interpolation=cv2.INTER_AREA)
    half_weights = cv2.resize(weights, half, interpolation=cv2.INTER_AREA)
    # A quarter of known pixels suffices for a full weight at the coarser scale.
    factor = np.minimum(1, 4 * half_weights) / np.maximum(half_weights, 1e-6)
    filled = _filled(half_values * factor[:, :, None], half_weights * factor)
    spread = cv2.resize(filled, (width, height), interpolation=cv2.INTER_CUBIC)
    return share * mean + (1 - share) * spread


def shadowed(
    picture: Picture, random: np.random.Generator, least: float = 0.5, soft: float | None = None
) -> Picture:
    """Darker on one side of a straight edge that runs through the middle of the photo.

    Args:
        picture: (H, W, 3).
        random: for where the edge is.
        least: the share of the light on the darker side.
        soft: pixels over which the edge fades; None for half a per cent of the longer side.
    """
    height, width = picture.shape[:2]
    angle = random.uniform(0, 2 * np.pi)
    rows, columns = np.mgrid[:height, :width].astype(np.float32)
    x, y = random.uniform(0.35, 0.65, 2) * (width, height)
    # How far each pixel is from the edge; negative on the darker side.
    distance = (columns - x) * np.cos(angle) + (rows - y) * np.sin(angle)
    if soft is None:
        soft = max(1.0, 0.005 * max(height, width))
    light = least + (1 - least) / (1 + np.exp(np.clip(-distance / soft, -30, 30)))
    return np.rint(picture * light[:, :, None]).astype(np.uint8)


def turned(picture: Picture, random: np.random.Generator, degrees: float = 25.0) -> Picture:
    """Turned by so many degrees to one side or the other, on more of the same paper."""
    height, width = picture.shape[:2]
    margin = round(0.3 * max(height, width))
    picture = framed(picture, (margin, margin, margin, margin), random)
    middle = width / 2 + margin, height / 2 + margin
    angle = degrees * random.choice((-1, 1))
    turn = cv2.getRotationMatrix2D(middle, angle, 1.0)
    cosine, sine = abs(turn[0, 0]), abs(turn[0, 1])
    size = round(width * cosine + height * sine), round(height * cosine + width * sine)
    turn[:, 2] += size[0] / 2 - middle[0], size[1] / 2 - middle[1]
    return cv2.warpAffine(
        picture, turn, size, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
    )


def small(picture: Picture, random: np.random.Generator) -> Picture:
    """Somewhere in a frame three times as high and wide, of the same paper."""
    longest = max(picture.shape[:2])
    if longest > 420:
        factor = 420 / longest
        picture = cv2.resize(picture, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA)
    height, width = picture.shape[:2]
    top = round(random.uniform(0.6, 1.4) * height)
    left = round(random.uniform(0.6, 1.4) * width)
    return framed(picture, (top, 2 * height - top, left, 2 * width - left), random)


def noisy(picture: Picture, random: np.random.Generator) -> Picture:
    """With noise of a standard deviation of 40 of 255 levels, each pixel and channel its own."""
    return np.clip(np.rint(picture + random.normal(0, 40, picture.shape)), 0, 255).astype(np.uint8)


def blurred(picture: Picture, _: np.random.Generator) -> Picture:
    """Blurred twice, by a hundredth of the longer side each time."""
    sigma = 0.01 * max(picture.shape[:2])
    return cv2.GaussianBlur(cv2.GaussianBlur(picture, (0, 0), sigma), (0, 0), sigma)


def paled(contrast: float) -> Callable[[Picture, np.random.Generator], Picture]:
    """A function that leaves a picture with a share of its contrast, around its mean."""

    def pale(picture: Picture, _: np.random.Generator) -> Picture:
        mean = picture.mean(axis=(0, 1))
        return np.clip(np.rint(mean + contrast * (picture - mean)), 0, 255).astype(np.uint8)

    return pale


def coarse(side: int) -> Callable[[Picture, np.random.Generator], Picture]:
    """A function that shrinks a picture to a longer side of so many pixels, if it is larger."""

    def shrink(picture: Picture, _: np.random.Generator) -> Picture:
        height, width = picture.shape[:2]
        factor = side / max(height, width)
        if factor >= 1:
            return picture
        size = max(1, round(factor * width)), max(1, round(factor * height))
        return cv2.resize(picture, size, interpolation=cv2.INTER_AREA)

    return shrink


def ruled(picture: Picture, random: np.random.Generator) -> Picture:
    """With blue-grey lines, a sixth to a quarter of the height apart, slightly tilted.

    They darken the paper and the ink. A picture that is light on dark gets light lines.
    """
    height, width = picture.shape[:2]
    light = bool(np.median(picture) < 100)
    ground = np.zeros((height, width), np.float32)
    period = height * random.uniform(1 / 6, 1 / 4)
    slope = np.tan(np.radians(random.uniform(-3, 3)))
    first = random.uniform(0, period)
    thickness = max(1, round(0.006 * max(height, width)))
    for number in range(-2, 9):
        row = first + number * period
        start = 0, round(row)
        end = width - 1, round(row + slope * width)
        cv2.line(ground, start, end, 1.0, thickness, cv2.LINE_AA)
    strength = random.uniform(0.25, 0.5) * np.array([0.6, 0.85, 1.0])  # blue is kept most
    share = 1 - ground[:, :, None] * strength
    lined = 255 - (255 - picture) * share if light else picture * share
    return np.clip(np.rint(lined), 0, 255).astype(np.uint8)


STRESSES: dict[str, Callable[[Picture, np.random.Generator], Picture]] = {
    "as they are": lambda picture, _: picture,
    "shadow": shadowed,
    "turned": turned,
    "small": small,
    "hard shadow": lambda picture, random: shadowed(picture, random, 1 / 3, 0.25),
    "turned 35": lambda picture, random: turned(picture, random, 35.0),
    "noise 40": noisy,
    "blurred twice": blurred,
    "contrast 0.3": paled(0.3),
    "contrast 0.15": paled(0.15),
    "48 pixels": coarse(48),
    "24 pixels": coarse(24),
    "ruled lines": ruled,
}
