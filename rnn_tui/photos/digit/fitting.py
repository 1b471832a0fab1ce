"""Rough straight lines bent to the ink along them, and measured, all at once.

Hough's transform knows lines to a pixel and a degree, and says nothing of where they begin, whether
they are broken or how thick they are. For that the ink along each is unrolled to a strip.
"""

from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from rnn_tui.photos.digit.lines import Flags, Numbers, PrintedLines, places, quantiles
from rnn_tui.tasks.mnist.centre import Ink

# Ink below this is no line.
FAINTEST = 0.03
# Share of a line that is above it; pixels a line has at least.
_UNBROKEN, _FEWEST = 0.75, 12
# Gaps in a line, such as where a shadow's edge crosses it: pixels, and as a share of its way.
_SHORT_GAP, _GAP = 6, 0.08
# Pixels that bend a line at least.
_BENDING = 60
# One pixel of so many along a line is looked at.
_STEP = 2

Integers = npt.NDArray[np.int64]


def fitted(ink: Ink, rough: Numbers, thickest: int) -> PrintedLines:
    """Lines that are there, bent to the ink along them.

    Args:
        ink: (H, W).
        rough: (N, 2) rho and theta: x cos(theta) + y sin(theta) = rho.
        thickest: pixels that a line is thick at most.
    """
    steep = np.abs(np.sin(rough[:, 1])) < np.abs(np.cos(rough[:, 1]))
    parts = []
    for upright in (False, True):
        rho, theta = rough[steep == upright].T
        if not len(rho):
            continue
        source = ink.T if upright else ink
        along, across = np.cos(theta), np.sin(theta)
        if upright:
            along, across = across, along
        straight = np.stack([rho / across, -along / across, np.zeros(len(rho))], axis=1)
        bent = _bent(_strips(source, straight, thickest))
        if len(bent):
            parts.append(_measured(_strips(source, bent, thickest), upright))
    return PrintedLines.joined(parts)


@dataclass(frozen=True)
class _Strips:
    """Ink along N curves, unrolled."""

    curve: Numbers  #: (N, 3) as `PrintedLines` has it.
    reach: int  #: pixels to either side.
    along: Integers  #: (L,) where it was looked at.
    places: Numbers  #: (N, L) of the curves.
    inside: Flags  #: (N, L) whether that is in the picture.
    rows: Integers  #: (N, L) the pixels in the middle.
    ink: Ink  #: (2 · reach + 1, N, L).


def _strips(source: Ink, curve: Numbers, reach: int) -> _Strips:
    """Strips of ink (H, W) in which the curves run level."""
    height, width = source.shape
    along = np.arange(_STEP // 2, width, _STEP)
    where = places(curve, along.astype(np.float64))
    inside = (where >= 0) & (where <= height - 1)
    rows = np.rint(np.clip(where, 0, height - 1)).astype(np.int64)
    padded = cv2.copyMakeBorder(np.ascontiguousarray(source), reach, reach, 0, 0, cv2.BORDER_CONSTANT, value=0).ravel()
    first = rows * width + along
    ink = np.empty((2 * reach + 1, *first.shape), padded.dtype)
    for offset in range(2 * reach + 1):
        padded.take(first + offset * width, out=ink[offset], mode="clip")
    return _Strips(curve, reach, along, where, inside, rows, ink)


def _bent(strips: _Strips) -> Numbers:
    """The curves (M, 3) through the darkest ink on the way; none for lines without enough of it."""
    darkest = strips.ink.max(axis=0)
    level = np.maximum(0.7 * FAINTEST, 0.4 * quantiles(darkest, strips.inside, 0.75))
    peak = strips.rows - strips.reach
    offsets = np.zeros(peak.shape, np.int8)
    # argmax over the first of three axes takes four times as long.
    for offset, ink in enumerate(strips.ink):
        np.copyto(offsets, offset, where=ink == darkest)
    peak += offsets
    on = strips.inside & (darkest > level[:, None])
    on &= np.abs(peak - strips.places) < strips.reach
    # From -1 to 1, lest the powers lie orders of magnitude apart.
    middle = half = max(1.0, float(strips.along[-1]) / 2)
    powers = np.vander((strips.along - middle) / half, 5, increasing=True)
    for _ in range(2):
        count = _STEP * on.sum(axis=1)
        fit = _least_squares(on, peak, powers, count)
        on &= np.abs(fit @ powers[:, :3].T - peak) < 2
    level_, slope, bend = fit[count >= _FEWEST].T
    return np.stack(
        [
            level_ - slope * middle / half + bend * (middle / half) ** 2,
            slope / half - 2 * bend * middle / half**2,
            bend / half**2,
        ],
        axis=1,
    )


def _least_squares(on: Flags, peak: Integers, powers: Numbers, count: Integers) -> Numbers:
    """Parabolas (N, 3) through the peaks that are on; straight through few, level without enough.

    Args:
        on: (N, L) which peaks count.
        peak: (N, L).
        powers: (L, 5) of where they are, 0th to 4th.
        count: (N,) how many pixels are on.
    """
    weights = on.astype(np.float64)
    moments, right = weights @ powers, (weights * peak) @ powers[:, :3]
    matrix = moments[:, np.arange(3)[:, None] + np.arange(3)]
    for order, least in ((2, _BENDING + 1), (1, _FEWEST), (0, _FEWEST)):
        none = count < least
        matrix[none, order, :] = matrix[none, :, order] = 0
        matrix[none, order, order] = 1
        right[none, order] = 0
    return np.asarray(np.linalg.solve(matrix, right[:, :, None])[:, :, 0])


def _measured(strips: _Strips, steep: bool) -> PrintedLines:
    """The lines along the curves, but for those that are broken or too thick."""
    reach, inside = strips.reach, strips.inside
    middle = np.where(inside, strips.ink[reach - 1 : reach + 2].max(axis=0), 0)
    typical = quantiles(middle, middle > FAINTEST, 0.5)
    dark = middle > np.maximum(FAINTEST, 0.4 * typical)[:, None]
    profile = quantiles(strips.ink, dark[None], 0.5)
    thickness = (profile > 0.35 * profile.max(axis=0)).sum(axis=0)
    length = inside.sum(axis=1)
    start, end, share = _extent(dark, np.maximum(_SHORT_GAP, _GAP * _STEP * length) / _STEP)
    lines = PrintedLines(
        steep=np.full(len(length), steep), curve=strips.curve, half=thickness / 2,
        start=strips.along[start].astype(np.float64), end=strips.along[end].astype(np.float64), ink=typical,
        cover=share * (end - start) / np.maximum(length, 1),
    )  # fmt: skip
    there = (_STEP * dark.sum(axis=1) >= _FEWEST) & (share >= _UNBROKEN)
    return lines.chosen(there & (thickness <= 1.6 * reach + 1))


def _extent(dark: Flags, most: Numbers) -> tuple[Integers, Integers, Numbers]:
    """First and last index of each row's longest run that is dark but for gaps, and dark's share.

    Args:
        dark: (N, L).
        most: (N,) how long a gap may be.
    """
    row, at = np.nonzero(dark)
    start, end = np.zeros((2, len(dark)), np.int64)
    share = np.zeros(len(dark))
    if not len(at):
        return start, end, share
    cut = np.flatnonzero((row[1:] != row[:-1]) | (at[1:] - at[:-1] > most[row[1:]]))
    first, last = np.append(0, cut + 1), np.append(cut, len(at) - 1)
    # Every row's longest run is written last.
    order = np.argsort(at[last] - at[first], kind="stable")
    first, last = first[order], last[order]
    start[row[first]], end[row[first]] = at[first], at[last]
    share[row[first]] = (last - first + 1) / (at[last] - at[first] + 1)
    return start, end, share
