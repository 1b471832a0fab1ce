"""Ruled and boxed lines, found in any direction.

Paper is ruled in families: lines that run side by side across the sheet. Three of them are no
digit's strokes, whatever their direction. A single line, such as a table's or a box's, is taken for
one only if it is level or upright and runs from border to border.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import cv2
import numpy as np
import numpy.typing as npt

from rnn_tui.imaging.ink import Ink, ink_on, noise_of, paper_of
from rnn_tui.imaging.lines import Line, Positions
from rnn_tui.imaging.prepared import Picture

# Shorter sides below this many pixels show no lines.
_SMALLEST = 48
# Shares of the longer side: how thick a line is at most, how far apart two of them are at least.
_THICKEST, _APART = 0.02, 0.02
# Ink below this is no line; share of a line that is above it; pixels a line has at least.
_FAINTEST, _UNBROKEN, _FEWEST = 0.03, 0.75, 12
# Votes a line needs, as a share of the shorter side; degrees between the directions that are tried;
# and limits on time.
_VOTES = 0.22
_STEP = 1.0
_MOST_POINTS, _MOST_FOUND, _MOST_LINES = 6000, 400, 60
# A family: degrees between its members; how many there are at least of which length, as a share of
# the longer side; members are this much as long as most of them.
_FAMILY_ANGLE = 4.0
_FAMILIES = ((3, 0.4), (4, 0.2))
_ALIKE = 0.6
# Those that a corner cuts short cover this share of their way at least.
_CORNER_COVER = 0.9
# A single line: degrees from level or upright, and the share of its way from border to border.
_SINGLE_ANGLE, _SINGLE_COVER = 10.0, 0.97


def ruled_lines(plane: Picture) -> list[Line]:
    """Ruled lines in a photo (H, W), ink dark."""
    longest, shortest = max(plane.shape), min(plane.shape)
    if shortest < _SMALLEST:
        return []
    thickest = max(3, round(_THICKEST * longest))
    smooth = np.asarray(cv2.blur(plane, (3, 3)), np.uint8)
    ink = ink_on(smooth, paper_of(smooth, 2 * thickest + 1))
    # As rho and theta: x cos(theta) + y sin(theta) = rho.
    found = cv2.HoughLines(_ridges(ink), 1, np.radians(_STEP), max(20, round(_VOTES * shortest)))
    if found is None:
        return []
    distinct = _distinct(found[:_MOST_FOUND, 0].tolist(), plane.shape, _APART * longest)
    fitted = [_fitted(ink, rho, theta, thickest) for rho, theta in _worth_fitting(distinct)]
    return _accepted([line for line in fitted if line is not None], longest)


def _ridges(ink: Ink) -> Picture:
    """Where ink is darkest across a line: (H, W), 0 or 1."""
    level = max(_FAINTEST, 2.5 * noise_of(ink))
    if np.count_nonzero(ink > level) > _MOST_POINTS:
        level = float(np.partition(ink.ravel(), -_MOST_POINTS)[-_MOST_POINTS])
    across, down = (cv2.dilate(ink, np.ones(side, np.uint8)) for side in ((3, 1), (1, 3)))
    ridge = ((ink >= across) | (ink >= down)) & (ink >= level)
    if np.count_nonzero(ridge) > 2 * _MOST_POINTS:
        # As dark all over: no lines, and a long time to look for them.
        ridge[:] = False
    return ridge.view(np.uint8)


def _distinct(
    found: Sequence[tuple[float, float]], shape: tuple[int, ...], apart: float
) -> list[tuple[float, float]]:
    """The strongest of lines that lie on each other, of lines given strongest first."""
    kept: list[tuple[float, float]] = []
    centres: list[float] = []
    for rho, theta in found:
        # From the picture's middle, where distances mean most.
        centre = rho - shape[1] / 2 * np.cos(theta) - shape[0] / 2 * np.sin(theta)
        for (_, other), place in zip(kept, centres, strict=True):
            turn = abs(theta - other)
            distance = abs(centre + place) if turn > np.pi / 2 else abs(centre - place)
            turn = min(turn, np.pi - turn)
            if turn < np.radians(8) and distance < apart + 0.3 * max(shape) * np.sin(turn):
                break
        else:
            kept.append((rho, theta))
            centres.append(centre)
            if len(kept) == _MOST_LINES:
                break
    return kept


def _worth_fitting(found: Sequence[tuple[float, float]]) -> list[tuple[float, float]]:
    """Lines that are level or upright, or run beside two others; a tilted one alone is a stroke."""
    angles = np.degrees(np.array([theta for _, theta in found]))
    turns = np.abs(angles[:, None] - angles[None])
    beside = (np.minimum(turns, 180 - turns) <= 2 * _FAMILY_ANGLE).sum(axis=1) >= _FAMILIES[0][0]
    off = angles % 90
    straight = np.minimum(off, 90 - off) <= _SINGLE_ANGLE + 2
    return [one for one, worth in zip(found, beside | straight, strict=True) if worth]


def _fitted(ink: Ink, rho: float, theta: float, thickest: int) -> Line | None:
    """The line of Hough's `rho` and `theta`, bent to the ink along it; None if it is none."""
    steep = abs(np.sin(theta)) < abs(np.cos(theta))
    source = ink.T if steep else ink
    sine, cosine = (np.cos(theta), np.sin(theta)) if steep else (np.sin(theta), np.cos(theta))
    strip = _Strip(source, (float(rho / sine), float(-cosine / sine), 0.0), thickest)
    curve = strip.bent()
    if curve is None:
        return None
    strip = _Strip(source, curve, thickest)
    return strip.measured(bool(steep))


class _Strip:
    """Ink along a curve, unrolled.

    Args:
        source: (H, W) ink; the curve runs level.
        curve: `place = a + b·along + c·along²`.
        reach: pixels to either side.
    """

    def __init__(self, source: Ink, curve: tuple[float, float, float], reach: int) -> None:
        height, width = source.shape
        along = np.arange(width)
        places = curve[0] + along * (curve[1] + along * curve[2])
        inside = (places >= 0) & (places <= height - 1)
        self._curve, self._reach = curve, reach
        self._along, self._places = along[inside], places[inside]
        offsets = np.arange(-reach, reach + 1)[:, None]
        self._rows = np.rint(self._places).astype(np.int64)[None] + offsets
        clipped = np.clip(self._rows, 0, height - 1)
        self._ink = source[clipped, self._along[None]]
        self._ink[self._rows != clipped] = 0

    def bent(self) -> tuple[float, float, float] | None:
        """The curve through the darkest ink on the way; None without enough of it."""
        if len(self._along) < _FEWEST:
            return None
        darkest = self._ink.max(axis=0)
        on = darkest > max(0.7 * _FAINTEST, 0.4 * float(np.percentile(darkest, 75)))
        peak = self._rows[self._ink.argmax(axis=0), np.arange(len(self._along))]
        on &= np.abs(peak - self._places) < self._reach
        fit: Positions = np.zeros(1)
        for _ in range(2):
            if on.sum() < _FEWEST:
                return None
            fit = np.polyfit(self._along[on], peak[on], 2 if on.sum() > 5 * _FEWEST else 1)
            on &= np.abs(np.polyval(fit, self._along) - peak) < 2
        a, b, c = [*fit[::-1].tolist(), 0.0][:3]
        return a, b, c

    def measured(self, steep: bool) -> Line | None:
        """The line along the curve; None if it is broken, or too thick."""
        if not len(self._along):
            return None
        near = np.abs(self._rows - self._places[None]) <= 1.5
        middle = np.where(near, self._ink, 0).max(axis=0)
        there = middle[middle > _FAINTEST]
        typical = float(np.median(there)) if there.size else 0.0
        dark = middle > max(_FAINTEST, 0.4 * typical)
        if dark.sum() < _FEWEST:
            return None
        start, end, share = _extent(dark)
        profile = np.median(self._ink[:, dark], axis=1)
        thickness = float((profile > 0.35 * profile.max()).sum())
        if share < _UNBROKEN or thickness > 1.6 * self._reach + 1:
            return None
        return Line(
            steep,
            self._curve,
            half=thickness / 2,
            start=float(self._along[start]),
            end=float(self._along[end]),
            ink=typical,
            cover=share * (end - start) / len(self._along),
        )


def _extent(dark: npt.NDArray[np.bool_]) -> tuple[int, int, float]:
    """First and last index of the longest run that is dark but for short gaps, and its share."""
    at = np.flatnonzero(dark)
    gaps = np.flatnonzero(np.diff(at) > max(6, 0.05 * len(dark)))
    starts = np.concatenate([[0], gaps + 1])
    ends = np.concatenate([gaps, [len(at) - 1]])
    best = int(np.argmax(at[ends] - at[starts]))
    start, end = int(at[starts[best]]), int(at[ends[best]])
    return start, end, float(dark[start : end + 1].mean())


def _accepted(lines: Sequence[Line], longest: int) -> list[Line]:
    """Lines that belong to a family, or come in from the border level or upright."""
    lines = _apart(lines, _APART * longest)
    chosen: dict[int, Line] = {}
    for least, length in _FAMILIES:
        long = [line for line in lines if line.length >= length * longest]
        for line in long:
            others = [one for one in long if _side_by_side(line, one)]
            if len(others) >= least and line.length >= _ALIKE * _usual(others):
                chosen[id(line)] = _extended(line, others)
    # At a corner the others' neighbour is short.
    families = list(chosen.values())
    for line in lines:
        if line.cover >= _CORNER_COVER and any(
            _turn(line, one) <= _FAMILY_ANGLE for one in families
        ):
            chosen.setdefault(id(line), line)
    for line in lines:
        level = min(abs(line.angle), 90 - abs(line.angle))
        if level <= _SINGLE_ANGLE and line.cover >= _SINGLE_COVER:
            chosen[id(line)] = line
    return list(chosen.values())


def _usual(family: Sequence[Line]) -> float:
    """The length that most of a family reach."""
    return float(np.percentile([one.length for one in family], 75))


def _extended(line: Line, family: Sequence[Line]) -> Line:
    """`line` as long as its family: where it was too faint to be found, it may be there."""
    start = float(np.median([one.start for one in family]))
    end = float(np.median([one.end for one in family]))
    return replace(line, start=min(line.start, start), end=max(line.end, end))


def _apart(lines: Sequence[Line], apart: float) -> list[Line]:
    """Of lines that lie on each other, the one that covers most of its way."""
    kept: list[Line] = []
    for line in sorted(lines, key=lambda one: -one.cover):
        if not any(_on_each_other(line, one, apart) for one in kept):
            kept.append(line)
    return kept


def _on_each_other(one: Line, other: Line, apart: float) -> bool:
    if one.steep != other.steep:
        return _turn(one, other) < 8
    along = np.linspace(one.start, one.end, 5)
    return bool((np.abs(one.places(along) - other.places(along)) < apart).any())


def _side_by_side(one: Line, other: Line) -> bool:
    """Whether lines are parallel, and at least half of the shorter lies beside the longer."""
    if one.steep != other.steep or _turn(one, other) > _FAMILY_ANGLE:
        return False
    shared = min(one.end, other.end) - max(one.start, other.start)
    return shared > 0.5 * min(one.end - one.start, other.end - other.start)


def _turn(one: Line, other: Line) -> float:
    turn = abs(one.angle - other.angle)
    return min(turn, 180 - turn)
