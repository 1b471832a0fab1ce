"""Where the ink is: whether it is dark or light, in which colour it shows, how strong it is.

Ink is what differs from the paper around it. So the paper is estimated, as the photo without
anything narrow and dark, and divided out: shading and coloured light go with it. Closing leaves
edges where they are, so that a hard shadow's edge makes no ink either.
"""

from dataclasses import dataclass

import cv2
import numpy as np

from rnn_tui.photos.digit.picture import Picture
from rnn_tui.tasks.mnist.centre import Ink

# Share of the longer side that a stroke may be wide without being taken for paper.
WIDEST_STROKE = 0.25
# Below this of 255 a camera sees noise, which a ratio would blow up.
_DARKEST_PAPER = 24
# Widths of strokes, as shares of the longer side, by which light ink is told from dark; and how
# much the border's brightness counts beside them.
_POLARITY_SCALES = (0.025, 0.05, 0.1)
_BORDER_WEIGHT = 1.5
_MOST_LEAN = 1.5
# The lean at which light and dark are as probable, and how steeply that changes: dark ink leans
# to -7 … 1.2, light ink to 3.3 … 6.
_DOUBTFUL_LEAN, _LEAN_WEIGHT = 1.2, 2.0
# Share of the pixels that ink covers at least, for measuring how strong it is.
_TOP = 0.03
_BINS = 256
# Noise that no channel is without, so that a clean drawing's are told apart by their contrast.
_GIVEN_NOISE = 0.02
# Pixels that noise is measured on, at least half as many.
_NOISE_SAMPLE = 3000
_LIGHTNESS = 3
# What light ink turns to: by the logarithm, for in a shadow it is darker by a factor.
_NEGATIVE = np.rint(255 * (1 - np.log1p(np.arange(256) / 40) / np.log1p(255 / 40))).astype(np.uint8)
# It averages the noise of three channels, and is sharper in a JPEG.
_LIGHTNESS_FIRST = 1.1


@dataclass(frozen=True)
class Channel:
    """How to look at a photo so that its ink is dark and stands out."""

    number: int  #: 0 … 2 for blue, green, red; 3 for lightness.
    light: bool  #: whether the ink is lighter than its ground, so that the photo is turned negative.

    def of(self, picture: Picture) -> Picture:
        """This channel of (H, W, 3) BGR: (H, W), ink dark."""
        if self.number == _LIGHTNESS:
            plane = cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY)
        else:
            plane = cv2.extractChannel(picture, self.number)
        return np.asarray(cv2.LUT(plane, _NEGATIVE) if self.light else plane)


def best_channel(small: Picture, light: bool) -> Channel:
    """The channel in which the ink of a small photo (H, W, 3) stands out most.

    Args:
        small: BGR.
        light: whether to look for ink that is lighter than the paper.
    """
    found = []
    for number in range(4):
        plane = Channel(number, light).of(small)
        ink = ink_on(plane, paper_of(plane, reach_of(plane.shape)))
        found.append(_top_mean(ink) / (noise_of(ink) + _GIVEN_NOISE))
    found[_LIGHTNESS] *= _LIGHTNESS_FIRST
    return Channel(int(np.argmax(found)), light)


def paper_of(plane: Picture, reach: int) -> Picture:
    """`plane` (H, W) without anything dark that is narrower than `reach` pixels."""
    kernel = cv2.getStructuringElement(cv2.MORPH_RECT, (reach, reach))
    return np.asarray(cv2.morphologyEx(plane, cv2.MORPH_CLOSE, kernel))


def ink_on(plane: Picture, paper: Picture) -> Ink:
    """What share of the paper's light is missing: (H, W), 0 … 1."""
    ground = cv2.max(paper, np.full_like(paper, _DARKEST_PAPER))
    missing = cv2.subtract(paper, plane)
    return np.asarray(cv2.divide(missing, ground, dtype=cv2.CV_32F), np.float32)


def noise_of(ink: Ink) -> float:
    """Standard deviation of the paper in `ink`, from the differences of neighbours."""
    # A sample of rows tells as much.
    every = max(2, ink.size // _NOISE_SAMPLE)
    steps = np.abs(ink[::every, 1:] - ink[::every, :-1]).ravel()
    if not steps.size:
        return 0.0
    middle = steps.size // 2
    # Median of the difference of two normal numbers.
    return float(np.partition(steps, middle)[middle]) / 0.954


def reach_of(size: tuple[int, ...], share: float = WIDEST_STROKE) -> int:
    """`share` of the longer side as an odd number of pixels."""
    return max(3, round(share * max(size[:2])) | 1)


def _top_mean(ink: Ink) -> float:
    """Mean of the highest three per cent of `ink`, from a histogram, as sorting takes longer."""
    counts = cv2.calcHist([ink], [0], None, [_BINS], [0, 1 + 1 / _BINS]).ravel()[::-1]
    wanted = max(1, round(_TOP * ink.size))
    above = np.cumsum(counts) - counts
    taken = np.clip(wanted - above, 0, counts)
    values = np.arange(_BINS)[::-1] + 0.5
    return float(taken @ values) / wanted / _BINS * (1 + 1 / _BINS)


def chance_of_light(small: Picture) -> float:
    """How probable it is, 0 … 1, that the writing in (H, W, 3) is lighter than its ground.

    Strokes are narrow: closing removes dark ones, opening light ones, and what takes more away
    names the ink. Where strokes are thick, the spaces between them are as narrow; but the border is
    mostly ground.
    """
    grey = cv2.blur(cv2.cvtColor(small, cv2.COLOR_BGR2GRAY), (3, 3))
    negative = cv2.bitwise_not(grey)
    lean = -_BORDER_WEIGHT * _border_lightness(grey)
    for scale in _POLARITY_SCALES:
        reach = reach_of(grey.shape, scale)
        dark, light = (_energy(cv2.subtract(paper_of(one, reach), one)) for one in (grey, negative))
        lean += float(np.clip(np.log((light + 1) / (dark + 1)), -_MOST_LEAN, _MOST_LEAN))
    return float(1 / (1 + np.exp(_DOUBTFUL_LEAN - lean) ** _LEAN_WEIGHT))


def _energy(picture: Picture) -> float:
    """Mean of the squares."""
    return float(cv2.norm(picture, cv2.NORM_L2SQR)) / picture.size


def _border_lightness(grey: Picture) -> float:
    """Where the border lies between the darkest (-1) and the lightest (1) of the picture."""
    counts = np.cumsum(cv2.calcHist([grey], [0], None, [256], [0, 256]))
    low, high = np.searchsorted(counts, np.array([0.003, 0.997]) * grey.size).tolist()
    edges = grey[:2], grey[-2:], grey[:, :2], grey[:, -2:]
    border = np.concatenate([edge.ravel() for edge in edges])
    if high - low < 1:
        return 0.0
    return float(np.clip(2 * (np.median(border) - low) / (high - low) - 1, -1, 1))
