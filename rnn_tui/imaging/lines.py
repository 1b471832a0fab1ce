"""Ruled and boxed lines: found in any direction, and painted over with the paper around them.

Paper is ruled in families: lines that run side by side across the sheet. Three of them are no
digit's strokes, whatever their direction. A single line, such as a table's or a box's, is taken for
one only if it is level or upright and comes in from the photo's border.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import cv2
import numpy as np
import numpy.typing as npt

from rnn_tui.imaging.ink import Ink, ink_on, noise_of, paper_of
from rnn_tui.imaging.prepared import Picture

# Shares of the longer side: how thick a line is at most, how far apart two of them are at least.
_THICKEST, _APART = 0.02, 0.02
# Ink below this is no line.
_FAINTEST = 0.03
_UNBROKEN = 0.75
_MOST_POINTS, _MOST_LINES = 6000, 60
# Votes a line needs, as a share of the shorter side.
_VOTES = 0.22
# A family: degrees between its members, how many there are at least, and how much of the longer
# side each covers.
_FAMILY_ANGLE = 4.0
# Members of a family are this much as long as most of them.
_ALIKE = 0.6
_FAMILIES = ((3, 0.4), (4, 0.2))
# A single line: degrees from level or upright, and the share of its way from border to border.
_SINGLE_ANGLE, _SINGLE_COVER = 10.0, 0.97
# Times a line's own ink, above which a pixel on it is a stroke's.
_DARKER = 1.45

Positions = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Line:
    """A thin and nearly straight line: `place = a + b·along + c·along²`.

    Attributes:
        steep: whether `along` counts rows and `place` is a column; the other way round if not.
        curve: a, b, c, in pixels.
        half: half its thickness, measured along the axis of `place`.
        start: where it begins, along.
        end: where it ends.
        ink: the median of its ink.
    """

    steep: bool
    curve: tuple[float, float, float]
    half: float
    start: float
    end: float
    ink: float
    cover: float = 0.0

    @property
    def length(self) -> float:
        """From its beginning to its end."""
        middle = (self.start + self.end) / 2
        slope = self.curve[1] + 2 * self.curve[2] * middle
        return (self.end - self.start) * float(np.hypot(1, slope))

    @property
    def angle(self) -> float:
        """Degrees from level, -90 … 90."""
        middle = (self.start + self.end) / 2
        degrees = float(np.degrees(np.arctan(self.curve[1] + 2 * self.curve[2] * middle)))
        if not self.steep:
            return degrees
        return 90 - degrees if degrees >= 0 else -90 - degrees

    def places(self, along: Positions) -> Positions:
        """Where the line's middle is."""
        a, b, c = self.curve
        return a + along * (b + along * c)

    def seen_from(self, left: float, top: float, across: float, down: float) -> Line:
        """The line in a part of the picture that begins at `left`, `top`, and is enlarged."""
        here, there = (top, left) if self.steep else (left, top)
        along, place = (down, across) if self.steep else (across, down)
        a, b, c = self.curve
        a, b = a + here * (b + here * c) - there, b + 2 * c * here
        return replace(
            self,
            # Pixels' middles lie at whole numbers: half a pixel shifts with the scale.
            curve=(
                (a + 0.5 - 0.5 * b) * place - 0.5 + 0.5 * b * place / along,
                b * place / along,
                c * place / along**2,
            ),
            half=self.half * place,
            start=(self.start - here) * along,
            end=(self.end - here) * along,
        )


def ruled_lines(plane: Picture) -> list[Line]:
    """Ruled lines in a photo (H, W), ink dark."""
    longest, shortest = max(plane.shape), min(plane.shape)
    if shortest < 48:
        return []
    thickest = max(3, round(_THICKEST * longest))
    ink = _thin_ink(plane, thickest)
    mask = _points(ink)
    found = cv2.HoughLines(mask, 1, np.pi / 180, max(20, round(_VOTES * shortest)))
    if found is None:
        return []
    lines = []
    candidates = _distinct(found[:400, 0].astype(np.float32), plane.shape, _APART * longest)
    for rho, theta in _worth_fitting(candidates):
        line = _fitted(ink, rho, theta, thickest)
        if line is not None:
            lines.append(line)
    return _accepted(lines, plane.shape)


def without_lines(plane: Picture, lines: Iterable[Line]) -> Picture:
    """`plane` (H, W) with lines painted over, but not the strokes that cross them."""
    result = plane.copy()
    turned = np.ascontiguousarray(plane.T)
    upright = [line for line in lines if line.steep]
    level = [line for line in lines if not line.steep]
    for line in upright:
        _paint(turned, line)
    result = np.ascontiguousarray(turned.T)
    for line in level:
        _paint(result, line)
    return result


def recentred(plane: Picture, line: Line) -> Line:
    """`line` moved and tilted to where it is darkest in an enlarged picture."""
    source = plane.T if line.steep else plane
    height, width = source.shape
    first, last = max(0, int(line.start)), min(width, int(line.end) + 1)
    if last - first < 8:
        return line
    reach = max(3, round(1.5 * line.half + 2))
    along = np.arange(first, last, dtype=np.float64)
    places = line.places(along)
    inside = (places > reach) & (places < height - 1 - reach)
    if inside.sum() < 8:
        return line
    along, places = along[inside], places[inside]
    offsets = np.arange(-reach, reach + 1)
    rows = np.rint(places).astype(np.int64)[None] + offsets[:, None]
    strip = source[rows, along.astype(np.int64)[None]].astype(np.float32)
    shifts: list[float] = []
    widths: list[float] = []
    for half in np.array_split(np.arange(len(along)), 2):
        # The median along the line is blind to strokes that cross it.
        profile = 255 - np.median(strip[:, half], axis=1)
        profile = profile - profile.min()
        total = float(profile.sum())
        widths.append(float((profile > 0.4 * profile.max()).sum()))
        shifts.append(float(profile @ offsets) / total if total > 1 else 0.0)
    gap = (along[-1] - along[0]) / 2 or 1.0
    slope = (shifts[1] - shifts[0]) / gap
    start = shifts[0] - slope * (along[0] + gap / 2)
    a, b, c = line.curve
    paper = np.maximum(strip[0], strip[-1]).clip(1)
    return replace(
        line,
        curve=(a + start, b + slope, c),
        half=min(line.half, max(widths) / 2),
        ink=float(np.median(1 - strip.min(axis=0) / paper)),
    )


def _thin_ink(plane: Picture, thickest: int) -> Ink:
    """Ink of what is at most `thickest` pixels thick."""
    smooth = cv2.blur(plane, (3, 3))
    return ink_on(smooth, paper_of(smooth, 2 * thickest + 1))


def _points(ink: Ink) -> Picture:
    """The darkest thin pixels, 0 or 255."""
    level = max(_FAINTEST, 2.5 * noise_of(ink))
    count = int(np.count_nonzero(ink > level))
    if count > _MOST_POINTS:
        flat = ink.ravel()
        level = float(np.partition(flat, -_MOST_POINTS)[-_MOST_POINTS])
    # Only the ridge of a line votes.
    ridge = (ink >= cv2.dilate(ink, np.ones((3, 1), np.uint8))) | (
        ink >= cv2.dilate(ink, np.ones((1, 3), np.uint8))
    )
    return np.where(ridge & (ink > level), 255, 0).astype(np.uint8)


def _distinct(
    found: npt.NDArray[np.float32], shape: tuple[int, ...], apart: float
) -> list[tuple[float, float]]:
    """The strongest of lines that lie side by side."""
    middle = np.array([shape[1] / 2, shape[0] / 2])
    kept: list[tuple[float, float]] = []
    centres: list[float] = []
    for rho, theta in found.tolist():
        centre = rho - middle[0] * np.cos(theta) - middle[1] * np.sin(theta)
        for (_, other), place in zip(kept, centres, strict=True):
            turn = abs(theta - other)
            opposite = turn > np.pi / 2
            turn = min(turn, np.pi - turn)
            distance = abs(centre + place) if opposite else abs(centre - place)
            if turn < 0.14 and distance < apart + 0.5 * max(shape) * np.sin(turn) * 0.6:
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
    beside = (np.minimum(turns, 180 - turns) <= 2 * _FAMILY_ANGLE).sum(axis=1) > _FAMILIES[0][0] - 1
    off = angles % 90
    straight = np.minimum(off, 90 - off) <= _SINGLE_ANGLE + 2
    return [one for one, worth in zip(found, beside | straight, strict=True) if worth]


def _fitted(  # noqa: PLR0911 - there are many ways to be no line
    ink: Ink, rho: float, theta: float, thickest: int
) -> Line | None:
    """The line of Hough's `rho` and `theta`, bent to the ink along it."""
    steep = abs(np.sin(theta)) < abs(np.cos(theta))
    source = ink.T if steep else ink
    height, width = source.shape
    sine, cosine = (np.cos(theta), np.sin(theta)) if steep else (np.sin(theta), np.cos(theta))
    # place = (rho - along·cosine)/sine
    curve = (rho / sine, -cosine / sine, 0.0)
    reach = thickest
    offsets = np.arange(-reach, reach + 1)
    for step in range(2):
        along = np.arange(width, dtype=np.float64)
        places = curve[0] + along * (curve[1] + along * curve[2])
        inside = (places >= 0) & (places <= height - 1)
        if inside.sum() < 16:
            return None
        along, places = along[inside], places[inside]
        rows = np.rint(places).astype(np.int64)[None] + offsets[:, None]
        strip = np.where(
            (rows >= 0) & (rows < height),
            source[np.clip(rows, 0, height - 1), along.astype(np.int64)[None]],
            0,
        )
        top = strip.max(axis=0)
        if step:
            break
        level = max(_FAINTEST * 0.7, 0.4 * float(np.percentile(top, 75)))
        on = top > level
        if on.sum() < 12:
            return None
        peak = rows[strip.argmax(axis=0), np.arange(len(along))]
        away = peak - places
        on &= np.abs(away) < reach
        for _ in range(2):
            if on.sum() < 12:
                return None
            bend = 2 if on.sum() > 60 else 1
            fit = np.polyfit(along[on], peak[on], bend)
            on &= np.abs(np.polyval(fit, along) - peak) < 2
        curve = tuple([*fit[::-1], 0.0][:3])
    near = np.abs(rows - places[None]) <= 1.5
    middle = np.where(near, strip, 0).max(axis=0)
    typical = float(np.median(middle[middle > _FAINTEST])) if (middle > _FAINTEST).any() else 0.0
    dark = middle > max(_FAINTEST, 0.4 * typical)
    if dark.sum() < 12:
        return None
    start, end, share = _extent(dark)
    if share < _UNBROKEN:
        return None
    profile = np.median(strip[:, dark], axis=1)
    thickness = float((profile > 0.35 * profile.max()).sum())
    if thickness > 1.6 * thickest + 1:
        return None
    return Line(
        bool(steep),
        curve,
        thickness / 2,
        along[start],
        along[end],
        typical,
        share * (end - start) / len(along),
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


def _accepted(lines: Sequence[Line], shape: tuple[int, ...]) -> list[Line]:
    """Lines that belong to a family, or come in from the border level or upright."""
    longest = max(shape)
    lines = _apart(lines, _APART * longest)
    chosen: dict[int, Line] = {}
    for least, length in _FAMILIES:
        long = [line for line in lines if line.length >= length * longest]
        for line in long:
            others = [one for one in long if _side_by_side(line, one)]
            if len(others) >= least and line.length >= _ALIKE * _usual(others):
                chosen[id(line)] = _extended(line, others)
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
    """The longest of lines that lie on each other."""
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


def _paint(plane: Picture, line: Line) -> None:
    """Paint over a level line in place."""
    height, width = plane.shape
    first, last = max(0, int(np.floor(line.start)) - 2), min(width, int(np.ceil(line.end)) + 3)
    if last <= first:
        return
    columns = np.arange(first, last)
    places = line.places(columns.astype(np.float64))
    reach = line.half + 1.0
    size = int(np.ceil(reach)) + 1
    rows = np.rint(places).astype(np.int64)[None] + np.arange(-size, size + 1)[:, None]
    inside = (rows >= 0) & (rows < height)
    clipped = np.clip(rows, 0, height - 1)
    values = plane[clipped, columns[None]].astype(np.float32)
    above, below = values[0], values[-1]
    share = ((rows - rows[0]) / (2 * size)).astype(np.float32)
    paper = above + (below - above) * share
    ground = np.maximum(np.maximum(above, below), 1)[None]
    near = np.abs(rows - places[None]) <= reach
    darkest = np.where(near, (ground - values) / ground, 0).max(axis=0)
    along = cv2.blur(darkest[None], (2 * int(2 * line.half + 2) + 1, 1))[0]
    chunks = np.array_split(np.arange(len(columns)), max(1, min(8, len(columns) // 24)))
    usual = np.interp(
        np.arange(len(columns)),
        [chunk.mean() for chunk in chunks],
        [np.median(darkest[chunk]) for chunk in chunks],
    )
    usual = np.clip(usual, 0.7 * line.ink, 1.4 * line.ink)
    on = inside & near & (along < _DARKER * usual + 0.02)
    painted = np.maximum(values, paper)
    plane[clipped[on], np.broadcast_to(columns[None], rows.shape)[on]] = painted[on]
