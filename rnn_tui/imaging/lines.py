"""Thin lines in a photo: moved to another copy of it, and painted over with the paper beside them.

Painting from one side of a line to the other brings back the strokes that cross it, as they are
dark on both sides. A stroke along a line is darker than the line alone, and is left.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

import cv2
import numpy as np
import numpy.typing as npt

from rnn_tui.imaging.prepared import Picture

# Times a line's own ink, above which there is a stroke on it.
_DARKER = 1.45
# Shorter ones are not worth moving.
_SHORTEST = 8

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
        cover: the share of its way from border to border that it covers.
    """

    steep: bool
    curve: tuple[float, float, float]
    half: float
    start: float
    end: float
    ink: float
    cover: float

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


def without_lines(plane: Picture, lines: Iterable[Line]) -> Picture:
    """`plane` (H, W) with lines painted over, but not the strokes that cross them."""
    lines = list(lines)
    turned = plane.T.copy()
    for line in lines:
        if line.steep:
            _paint(turned, line)
    result = turned.T.copy()
    for line in lines:
        if not line.steep:
            _paint(result, line)
    return result


def recentred(plane: Picture, line: Line) -> Line:
    """`line` moved and tilted to where it is darkest in an enlarged picture, and measured there."""
    source = plane.T if line.steep else plane
    reach = max(3, round(1.5 * line.half + 2))
    along = np.arange(max(0, int(line.start)), min(source.shape[1], int(line.end) + 1))
    places = line.places(along.astype(np.float64))
    inside = (places > reach) & (places < source.shape[0] - 1 - reach)
    along, places = along[inside], places[inside]
    if len(along) < _SHORTEST:
        return line
    offsets = np.arange(-reach, reach + 1)
    rows = np.rint(places).astype(np.int64)[None] + offsets[:, None]
    strip = source[rows, along[None]].astype(np.float32)
    shifts, widths = [], []
    for half in np.array_split(np.arange(len(along)), 2):
        # The median along the line is blind to strokes that cross it.
        profile = 255 - np.median(strip[:, half], axis=1)
        profile = profile - profile.min()
        total = float(profile.sum())
        widths.append(float((profile > 0.4 * profile.max()).sum()))
        shifts.append(float(profile @ offsets) / total if total > 1 else 0.0)
    gap = float(along[-1] - along[0]) / 2
    slope = (shifts[1] - shifts[0]) / gap
    a, b, c = line.curve
    paper = np.maximum(strip[0], strip[-1]).clip(1)
    return replace(
        line,
        curve=(a + shifts[0] - slope * (float(along[0]) + gap / 2), b + slope, c),
        half=min(line.half, max(widths) / 2),
        ink=float(np.median(1 - strip.min(axis=0) / paper)),
    )


def _paint(plane: Picture, line: Line) -> None:
    """Paint over a level line in place."""
    height, width = plane.shape
    columns = np.arange(max(0, int(line.start) - 2), min(width, int(line.end) + 4))
    if not columns.size:
        return
    places = line.places(columns.astype(np.float64))
    reach = line.half + 1
    size = int(np.ceil(reach)) + 1
    offsets = np.arange(-size, size + 1)[:, None]
    rows = np.rint(places).astype(np.int64)[None] + offsets
    clipped = np.clip(rows, 0, height - 1)
    values = plane[clipped, columns[None]].astype(np.float32)
    above, below = values[0], values[-1]
    paper = above + (below - above) * ((offsets + size) / (2 * size)).astype(np.float32)
    ground = np.maximum(np.maximum(above, below), 1)
    near = np.abs(rows - places[None]) <= reach
    ink = np.where(near, (ground - values) / ground, 0).max(axis=0)
    on = near & (rows == clipped) & ~_strokes(ink, line)
    painted = np.maximum(values, paper).astype(np.uint8)
    plane[clipped[on], np.broadcast_to(columns, rows.shape)[on]] = painted[on]


def _strokes(ink: npt.NDArray[np.float32], line: Line) -> npt.NDArray[np.bool_]:
    """Where along a line whose ink is (L,) a stroke lies on it."""
    smooth = cv2.blur(ink[None], (2 * int(2 * line.half + 2) + 1, 1))[0]
    # Lines fade along their way: what is usual is looked for piece by piece.
    pieces = np.array_split(np.arange(len(ink)), max(1, min(8, len(ink) // 24)))
    usual = np.interp(
        np.arange(len(ink)),
        [piece.mean() for piece in pieces],
        [np.median(ink[piece]) for piece in pieces],
    )
    usual = np.clip(usual, 0.7 * line.ink, 1.4 * line.ink)
    return np.asarray(smooth > _DARKER * usual + 0.02, bool)
