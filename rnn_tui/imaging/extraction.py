"""The digit's ink alone, from the photo's full resolution, once it is known where it is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np

from rnn_tui.imaging.ink import Channel, Ink, ink_on, paper_of
from rnn_tui.imaging.lines import Lines
from rnn_tui.imaging.painting import recentred, without_lines
from rnn_tui.imaging.parts import Box, parts_of, with_near
from rnn_tui.imaging.prepared import Picture
from rnn_tui.imaging.resizing import resized
from rnn_tui.imaging.ruling import ruled_lines

# Longer side of the digit in the cut-out; the paper around it, as a share of that.
FINE, MARGIN = 120, 0.45
# Thresholds with hysteresis, as shares of the strong ink.
HIGH, LOW = 0.5, 0.25
# A reach this little different needs no second time.
SAME_REACH = 0.15
# The strong ink is this percentile of the digit's.
STRONG = 85
# Below and above these shares of the strong ink there is none, or all of it.
NONE, ALL = 0.12, 1.0

Note = Callable[[str, Picture], None]


@dataclass(frozen=True)
class Place:
    """Where the digit is in a coarse copy of the photo.

    Attributes:
        box: left, top, right, bottom in the coarse copy's pixels.
        mask: (h, w) where its ink is, on any grid over the same picture.
        shape: height and width of the coarse copy.
        channel: how its ink shows.
        lines: ruled lines, in the coarse copy's pixels.
    """

    box: Box
    mask: Picture
    shape: tuple[int, int]
    channel: Channel
    lines: Lines


def extracted(image: Picture, place: Place, note: Note) -> Ink:
    """The digit's ink (H, W), 0 … 1, about 120 pixels long.

    Args:
        image: (H, W, 3) BGR, the photo.
        place: where the digit is.
        note: is given the pictures on the way, each with its name.
    """
    plane, near = _cut_out(image, place, note)
    plane = cv2.blur(plane, (3, 3))
    reach = 0
    for _ in range(2):
        # The paper is what is wider than the strokes, whose width is better known the second time.
        widest = 2 * float(cv2.distanceTransform(near, cv2.DIST_L2, 3).max())
        before, reach = reach, int(min(max(1.6 * widest + 6, 15), 0.6 * FINE)) | 1
        if abs(reach - before) <= SAME_REACH * before:
            break
        paper = paper_of(plane, reach)
        ink = ink_on(plane, paper)
        inside = ink[near > 0]
        strong = max(float(np.percentile(inside, STRONG)) if inside.size else 0.0, 1e-3)
        mask = _hysteresis(ink, strong)
        found = _of_the_digit(mask, ink, near, strong)
        if not found.any():
            break
        near = found
    grown = cv2.dilate(near, np.ones((3, 3), np.uint8))
    alone = np.clip((ink / strong - NONE) / (ALL - NONE), 0, 1)
    alone[grown == 0] = 0
    note("paper without its ink", paper)
    note("paper divided out", as_picture((ink / strong).astype(np.float32)))
    note("threshold", mask)
    note("digit alone", as_picture(alone))
    result: Ink = alone.astype(np.float32)
    return result


def as_picture(ink: Ink) -> Picture:
    """Ink 0 … 1 as grey levels."""
    picture: Picture = np.rint(np.clip(ink, 0, 1) * 255).astype(np.uint8)
    return picture


def _cut_out(image: Picture, place: Place, note: Note) -> tuple[Picture, Picture]:
    """The digit with some paper around it, without ruled lines; and where its ink was found."""
    height, width = place.shape
    left, top, right, bottom = place.box
    size = max(right - left, bottom - top)
    margin = max(2, round(MARGIN * size))
    left, top = max(0, left - margin), max(0, top - margin)
    right, bottom = min(width, right + margin), min(height, bottom + margin)
    rows, columns = _part(image.shape, place, (left, top, right, bottom))
    plane = place.channel.of(image[rows, columns])
    plane = resized(plane, FINE / size * (right - left) / plane.shape[1])
    note("cut out", plane)
    rows, columns = _part(place.mask.shape, place, (left, top, right, bottom))
    near = cv2.resize(place.mask[rows, columns], plane.shape[::-1], interpolation=cv2.INTER_LINEAR)
    scale = plane.shape[1] / (right - left), plane.shape[0] / (bottom - top)
    lines = recentred(plane, place.lines.seen_from(left, top, *scale))
    lined = without_lines(plane, lines)
    # Here lines run from border to border that were too short to be seen in the whole photo.
    more = ruled_lines(lined)
    if len(lines) or len(more):
        plane = without_lines(lined, more)
        note("cut out, without ruled lines", plane)
    return plane, np.where(near > 127, 255, 0).astype(np.uint8)


def _part(shape: tuple[int, ...], place: Place, box: Box) -> tuple[slice, slice]:
    """Rows and columns of `box` on another grid over the same picture."""
    down, across = shape[0] / place.shape[0], shape[1] / place.shape[1]
    left, top = round(box[0] * across), round(box[1] * down)
    right, bottom = max(left + 1, round(box[2] * across)), max(top + 1, round(box[3] * down))
    return slice(top, bottom), slice(left, right)


def _hysteresis(ink: Ink, strong: float) -> Picture:
    """Where ink is above the lower threshold, together with some above the higher one."""
    above = np.where(ink > LOW * strong, 255, 0).astype(np.uint8)
    count, labels = cv2.connectedComponents(above, ltype=cv2.CV_16U)
    keep = np.zeros(count, np.uint8)
    keep[labels[ink > HIGH * strong]] = 255
    keep[0] = 0
    mask: Picture = keep[labels]
    return mask


def _of_the_digit(mask: Picture, ink: Ink, near: Picture, strong: float) -> Picture:
    """The parts of `mask` that belong to what was found `near`: (H, W), 0 or 255."""
    parts = parts_of(mask, ink, LOW * strong)
    overlap = np.bincount(parts.labels[near > 0], minlength=len(parts.ink))
    overlap[0] = 0
    main = int(np.argmax(overlap))
    if not main:
        return np.zeros_like(mask)
    # A stroke that falls apart here was in one piece before, or its pieces were near.
    pixels = np.bincount(parts.labels.ravel(), minlength=len(parts.ink))
    return parts.mask_of(with_near(parts, main) | (overlap > 0.5 * pixels))
