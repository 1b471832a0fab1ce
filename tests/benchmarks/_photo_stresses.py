"""What happens to photos: a shadow's edge, a turn, a digit small in the frame, noise, blur, rules,
few pixels.

All are drawn from a given generator, so that a photo is always spoilt in the same way. Where a
photo is to show more than it does, its paper is carried on without a seam.
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
    # Narrow strokes that reach the border are no paper.
    coarse = cv2.medianBlur(coarse, 2 * (min(coarse.shape[:2]) // 10) + 3).astype(np.float32)
    known = np.ones(coarse.shape[:2], np.float32)
    inner = [max(2, side // 12) for side in known.shape]
    known[inner[0] : -inner[0], inner[1] : -inner[1]] = 0
    margins = [round(side * factor) for side in sides]
    slope = _slope(coarse, known, margins)
    inside = slice(margins[0], margins[0] + len(coarse)), slice(margins[2], -margins[3] or None)
    values, weights = (
        cv2.copyMakeBorder(plane, *margins, cv2.BORDER_CONSTANT, value=(0, 0, 0))
        for plane in ((coarse - slope[inside]) * known[:, :, None], known)
    )
    result = cv2.resize(slope + _filled(values, weights), size, interpolation=cv2.INTER_CUBIC)
    steps = np.abs(np.diff(picture.astype(np.float32), axis=1))
    result += random.normal(0, np.median(steps) / 0.954 + 0.01, result.shape).astype(np.float32)
    result = np.clip(np.rint(result), 0, 255).astype(np.uint8)
    result[above : above + height, left : left + width] = picture
    return result


def _slope(picture: Plane, known: Plane, margins: list[int]) -> Plane:
    """The plane through what is known of (H, W, 3), carried on and levelling off in the margins."""
    height, width = known.shape
    down = np.linspace(-1, 1, height, dtype=np.float32)
    across = np.linspace(-1, 1, width, dtype=np.float32)
    rows, columns = np.nonzero(known)
    terms = np.stack([np.ones(len(rows), np.float32), down[rows], across[columns]], axis=1)
    fit = np.linalg.lstsq(terms, picture[rows, columns], rcond=None)[0]
    places = []
    for side, before, after in ((height, *margins[:2]), (width, *margins[2:])):
        place = (np.arange(-before, side + after) * 2 + 1) / side - 1
        beyond = np.maximum(np.abs(place) - 1, 0)
        places.append(np.sign(place) * (np.minimum(np.abs(place), 1) + 0.4 * np.tanh(beyond / 0.4)))
    down, across = places[0][:, None, None], places[1][None, :, None]
    result: Plane = (fit[0] + down * fit[1] + across * fit[2]).astype(np.float32)
    return result


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
    coarse = [cv2.resize(plane, half, interpolation=cv2.INTER_AREA) for plane in (values, weights)]
    sure = np.minimum(1, 4 * coarse[1]) / np.maximum(coarse[1], 1e-6)
    filled = _filled(coarse[0] * sure[:, :, None], coarse[1] * sure)
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
    middle = random.uniform(0.35, 0.65, 2) * (width, height)
    side = (columns - middle[0]) * np.cos(angle) + (rows - middle[1]) * np.sin(angle)
    soft = max(1.0, 0.005 * max(height, width)) if soft is None else soft
    light = least + (1 - least) / (1 + np.exp(np.clip(-side / soft, -30, 30)))
    return np.rint(picture * light[:, :, None]).astype(np.uint8)


def turned(picture: Picture, random: np.random.Generator, degrees: float = 25.0) -> Picture:
    """Turned by so many degrees to one side or the other, on more of the same paper."""
    height, width = picture.shape[:2]
    add = round(0.3 * max(height, width))
    picture = framed(picture, (add, add, add, add), random)
    middle = width / 2 + add, height / 2 + add
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
    top, left = (round(random.uniform(0.6, 1.4) * side) for side in (height, width))
    return framed(picture, (top, 2 * height - top, left, 2 * width - left), random)


def noisy(picture: Picture, random: np.random.Generator) -> Picture:
    """With noise of a standard deviation of 40 of 255 levels, each pixel and channel its own."""
    return np.clip(np.rint(picture + random.normal(0, 40, picture.shape)), 0, 255).astype(np.uint8)


def blurred(picture: Picture, _: np.random.Generator) -> Picture:
    """Blurred twice, by a hundredth of the longer side each time."""
    sigma = 0.01 * max(picture.shape[:2])
    return cv2.GaussianBlur(cv2.GaussianBlur(picture, (0, 0), sigma), (0, 0), sigma)


def paled(contrast: float) -> Callable[[Picture, np.random.Generator], Picture]:
    """Brought towards the picture's mean, so that a share of the contrast is left."""

    def pale(picture: Picture, _: np.random.Generator) -> Picture:
        mean = picture.mean(axis=(0, 1))
        return np.clip(np.rint(mean + contrast * (picture - mean)), 0, 255).astype(np.uint8)

    return pale


def coarse(side: int) -> Callable[[Picture, np.random.Generator], Picture]:
    """Shrunk to a longer side of so many pixels; smaller ones stay as they are."""

    def shrink(picture: Picture, _: np.random.Generator) -> Picture:
        factor = side / max(picture.shape[:2])
        size = tuple(max(1, round(factor * one)) for one in picture.shape[1::-1])
        return picture if factor >= 1 else cv2.resize(picture, size, interpolation=cv2.INTER_AREA)

    return shrink


def ruled(picture: Picture, random: np.random.Generator) -> Picture:
    """On ruled paper: blue-grey lines, a sixth to a quarter of the picture's height apart, slightly
    tilted.

    The lines are printed under the ink, which they darken. What is light on dark gets light lines.
    """
    height, width = picture.shape[:2]
    light = bool(np.median(picture) < 100)
    ground = np.zeros((height, width), np.float32)
    apart, slope = height * random.uniform(1 / 6, 1 / 4), np.tan(np.radians(random.uniform(-3, 3)))
    start, thick = random.uniform(0, apart), max(1, round(0.006 * max(height, width)))
    for number in range(-2, 9):
        at = start + number * apart
        cv2.line(
            ground, (0, round(at)), (width - 1, round(at + slope * width)), 1.0, thick, cv2.LINE_AA
        )
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
