"""Find where there is small ink in a large photo, so that a second look can be taken there.

Ink is darker or lighter than what surrounds it, and narrow. The mean over blocks of the contrast of
narrow things says where there are some. Blocks beside each other are one thing. Long ones, such as
pens, the edges of a sheet and printed lines, are no row of digits.
"""

from collections.abc import Iterator

import cv2
import numpy as np

from rnn_tui.photos.digit.finder import Integers
from rnn_tui.photos.digit.picture import Picture, contrasts, halved

_LARGEST = 2048  # larger photos are halved until their longer side is below twice this
_NARROW = 19  # pixels: what is narrower may be a stroke
_BLOCK = 12  # pixels of a block's sides

# A block has ink if its contrast lies above the median of all blocks by this, and by so many
# deviations of theirs.
_LEAST_CONTRAST = 0.015
_DEVIATIONS = 6.0
_PER_MEDIAN = 1.48  # deviations to a median distance from the median, of a normal distribution

_LONGEST = 24  # blocks: longer things are no row of small digits
_MOST = 6  # things that are looked at, those with the most contrast first
_MARGIN = 0.7  # the paper around them, as a share of their height
_LEAST_MARGIN = 1.5  # blocks


def windows_of_ink(image: Picture) -> Iterator[Integers]:
    """Yield parts (4,) of a photo (H, W, 3) with small ink, left, top, right, bottom, in pixels.

    Those with most contrast come first.
    """
    grey = cv2.cvtColor(halved(image, _LARGEST), cv2.COLOR_BGR2GRAY)
    darker, lighter = contrasts(grey, _NARROW)
    height, width = grey.shape
    blocks = max(1, width // _BLOCK), max(1, height // _BLOCK)
    contrast = cv2.max(
        cv2.resize(darker, blocks, interpolation=cv2.INTER_AREA),
        cv2.resize(lighter, blocks, interpolation=cv2.INTER_AREA),
    )  # (R, C)
    median = float(np.median(contrast))
    deviation = _PER_MEDIAN * float(np.median(np.abs(contrast - median)))
    has_ink = contrast > median + max(_LEAST_CONTRAST, _DEVIATIONS * deviation)
    # digits of a number are a block apart
    near = cv2.dilate(has_ink.astype(np.uint8), np.ones((2, 3), np.uint8))
    count, things, stats, _ = cv2.connectedComponentsWithStats(near)
    amounts = np.bincount(things.ravel(), weights=(contrast - median).ravel(), minlength=count)
    is_short = stats[:, [cv2.CC_STAT_WIDTH, cv2.CC_STAT_HEIGHT]].max(axis=1) <= _LONGEST
    is_short[0] = False
    scale = np.tile(np.array(image.shape[1::-1]) / blocks, 2)
    sides = np.tile(image.shape[1::-1], 2)
    candidates = np.flatnonzero(is_short)
    for thing in candidates[np.argsort(-amounts[candidates], kind="stable")][:_MOST]:
        left, top, wide, tall, _ = stats[thing].tolist()
        margin = max(_LEAST_MARGIN, _MARGIN * tall)
        place = np.array([left - margin, top - margin, left + wide + margin, top + tall + margin])
        yield np.rint((place * scale).clip(0, sides)).astype(int)
