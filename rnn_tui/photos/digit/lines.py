"""Thin and nearly straight lines in a photo, many at a time.

A sheet of ruled paper has dozens, and a photo is prepared in milliseconds: so they are arrays, and
whatever is done to them is done to all at once.
"""

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from rnn_tui.photos.digit.picture import Picture
from rnn_tui.tasks.mnist.centre import Ink

Numbers = npt.NDArray[np.floating[Any]]
Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class PrintedLines:
    """N lines: `place = a + b·along + c·along²`."""

    steep: Flags  #: (N,) whether `along` counts rows and `place` is a column; the other way round if not.
    curve: Numbers  #: (N, 3) a, b, c, in pixels.
    half: Numbers  #: (N,) half the thickness, measured along the axis of `place`.
    start: Numbers  #: (N,) where they begin, along.
    end: Numbers  #: (N,) where they end.
    ink: Numbers  #: (N,) the median of their ink.
    cover: Numbers  #: (N,) the share of their way from border to border that they cover.

    def __len__(self) -> int:
        return len(self.steep)

    @classmethod
    def joined(cls, parts: "Sequence[PrintedLines]") -> "PrintedLines":
        """All lines of `parts`, which may be empty."""
        if not parts:
            none = np.zeros(0)
            return cls(none.astype(bool), np.zeros((0, 3)), none, none, none, none, none)
        columns = [np.concatenate([getattr(part, field.name) for part in parts]) for field in fields(cls)]
        return cls(*columns)

    def chosen(self, which: npt.NDArray[np.bool_ | np.int64]) -> "PrintedLines":
        """The lines that a mask or numbers choose."""
        return PrintedLines(*(getattr(self, field.name)[which] for field in fields(self)))

    @property
    def slopes(self) -> Numbers:
        """(N,) pixels that `place` changes by with `along`, in the middle."""
        middle = (self.start + self.end) / 2
        return np.asarray(self.curve[:, 1] + 2 * self.curve[:, 2] * middle)

    @property
    def lengths(self) -> Numbers:
        """(N,) from their beginnings to their ends."""
        return np.asarray((self.end - self.start) * np.hypot(1, self.slopes))

    @property
    def angles(self) -> Numbers:
        """(N,) degrees from level, -90 … 90."""
        degrees = np.degrees(np.arctan(self.slopes))
        upright = np.where(degrees >= 0, 90 - degrees, -90 - degrees)
        return np.asarray(np.where(self.steep, upright, degrees))

    def seen_from(self, left: float, top: float, across: float, down: float) -> "PrintedLines":
        """The lines in a part of the picture that begins at `left`, `top`, and is enlarged."""
        here, there = (np.where(self.steep, *sides) for sides in ((top, left), (left, top)))
        along, place = (np.where(self.steep, *sides) for sides in ((down, across), (across, down)))
        a, b, c = self.curve.T
        a, b = a + here * (b + here * c) - there, b + 2 * c * here
        # Pixels' middles lie at whole numbers: half a pixel shifts with the scale.
        moved = (a + 0.5 - 0.5 * b) * place - 0.5 + 0.5 * b * place / along
        return replace(
            self, curve=np.stack([moved, b * place / along, c * place / along**2], axis=1),
            half=self.half * place, start=(self.start - here) * along, end=(self.end - here) * along,
        )  # fmt: skip


def places(curve: Numbers, along: Numbers) -> Numbers:
    """Where curves (N, 3) are at `along`, (N, L) or (L,): (N, L)."""
    a, b, c = curve.T[:, :, None]
    return np.asarray(a + along * (b + along * c))


def quantiles(values: Ink | Numbers, chosen: Flags, share: float) -> Numbers:
    """The value below which `share` of the chosen ones of each row lie: (..., L) to (...).

    Without interpolation: the nearest of the values. Rows of which none is chosen give 0.
    """
    ordered = np.sort(np.where(chosen, values, np.inf), axis=-1)
    count = chosen.sum(axis=-1)
    at = np.rint(share * np.maximum(count - 1, 0)).astype(np.int64)
    picked = np.take_along_axis(ordered, at[..., None], axis=-1)[..., 0]
    return np.asarray(np.where(count > 0, picked, 0.0))


# Times a line's own ink, above which there is a stroke on it.
_DARKER = 1.45
# Lines fade along their way: what ink is usual is looked for in so many pieces at most, each of so
# many pixels at least, from so many samples.
_PIECES, _PIECE, _SAMPLES = 8, 24, 24
# Lines of fewer pixels are not worth moving; samples along each half of the others.
_SHORTEST, _SAMPLES_OF_HALF = 8, 64

Levels = npt.NDArray[np.float32]


def without_lines(plane: Picture, lines: PrintedLines) -> Picture:
    """`plane` (H, W) with lines painted over, but not the strokes that cross them.

    Painting from one side of a line to the other brings back the strokes that cross it, as they are
    dark on both sides. A stroke along a line is darker than the line alone, and is left.
    """
    result = plane.copy()
    if lines.steep.any():
        turned = np.ascontiguousarray(plane.T)
        _paint(turned, lines.chosen(lines.steep))
        result = np.ascontiguousarray(turned.T)
    if not lines.steep.all():
        _paint(result, lines.chosen(~lines.steep))
    return result


def recentred(plane: Picture, lines: PrintedLines) -> PrintedLines:
    """Lines moved and tilted to where they are darkest in an enlarged picture, and measured there.

    Those that are hardly in the picture are left as they are.
    """
    parts = []
    for steep in (True, False):
        group = lines.chosen(lines.steep == steep)
        if len(group):
            source = np.ascontiguousarray(plane.T) if steep else plane
            parts.append(_recentred(source, group))
    return PrintedLines.joined(parts)


def _recentred(source: Picture, lines: PrintedLines) -> PrintedLines:
    """The same for lines that are all level."""
    height, width = source.shape
    reach = np.maximum(3, np.rint(1.5 * lines.half + 2)).astype(np.int64)
    every = np.arange(width)
    where = places(lines.curve, every.astype(np.float64))
    inside = (where > reach[:, None]) & (where < height - 1 - reach[:, None])
    inside &= (every >= lines.start.astype(np.int64)[:, None]) & (every <= lines.end[:, None])
    first, last = inside.argmax(axis=1), width - 1 - inside[:, ::-1].argmax(axis=1)
    steps = np.linspace(0, 1, 2 * _SAMPLES_OF_HALF)
    along = np.rint(first[:, None] + (last - first)[:, None] * steps).astype(np.int64)
    offsets = np.arange(-reach.max(), reach.max() + 1)
    rows = np.rint(np.take_along_axis(where, along, axis=1)).astype(np.int64)[:, None]
    # (N, offsets, samples)
    at = np.clip(rows + offsets[:, None], 0, height - 1) * width + along[:, None]
    strip = source.ravel().take(at).astype(np.float32)
    # The median along the line is blind to strokes that cross it.
    halves = strip.reshape(*strip.shape[:2], 2, _SAMPLES_OF_HALF)
    profile = 255 - _medians(halves).transpose(0, 2, 1)
    near = np.abs(offsets) <= reach[:, None]
    profile -= np.where(near[:, None], profile, np.inf).min(axis=2, keepdims=True)
    profile *= near[:, None]
    total = profile.sum(axis=2)
    shift = np.where(total > 1, profile @ offsets / np.maximum(total, 1), 0.0)
    thick = (profile > 0.4 * profile.max(axis=2, keepdims=True)).sum(axis=2).max(axis=1)
    slope = (shift[:, 1] - shift[:, 0]) / np.maximum((last - first) / 2, 1)
    moved = shift[:, 0] - slope * (first + (last - first) / 4)
    found = inside.sum(axis=1) >= _SHORTEST
    change = np.stack([moved, slope, np.zeros_like(slope)], axis=1)
    return replace(
        lines,
        curve=np.where(found[:, None], lines.curve + change, lines.curve),
        half=np.where(found, np.minimum(lines.half, thick / 2), lines.half),
        ink=np.where(found, _ink_of(strip, near), lines.ink),
    )


def _ink_of(strip: Levels, near: Flags) -> Numbers:
    """The usual ink of lines in a strip (N, offsets, samples), of which these offsets are near."""
    top = near.argmax(axis=1)
    each = np.arange(len(strip))
    paper = np.maximum(strip[each, top], strip[each, near.shape[1] - 1 - top])
    darkest = np.where(near[:, :, None], strip, 255).min(axis=1)
    return _medians(1 - darkest / paper.clip(1))


def _medians(values: Levels) -> Numbers:
    """Medians along the last axis (..., L) of few values, L even: faster than `np.median`."""
    middle = values.shape[-1] // 2
    ordered = np.sort(values, axis=-1)
    return np.asarray((ordered[..., middle - 1] + ordered[..., middle]) / 2)


def _paint(plane: Picture, lines: PrintedLines) -> None:
    """Paint over level lines in place."""
    height, width = plane.shape
    columns = np.arange(width)
    start = np.maximum(0, lines.start.astype(np.int64) - 2)
    end = np.minimum(width, lines.end.astype(np.int64) + 4)
    seen = end > start
    if not seen.any():
        return
    lines, start, end = lines.chosen(seen), start[seen], end[seen]
    inside = (columns >= start[:, None]) & (columns < end[:, None])
    where = places(lines.curve, columns.astype(np.float64))
    middle = np.rint(np.clip(where, -1, height)).astype(np.int64)
    reach = (lines.half + 1).astype(np.float32)[:, None]
    size = np.ceil(reach).astype(np.int64) + 1
    most = int(size.max())
    # The border's pixels carried on, so that what is beyond it needs no care.
    padded = np.asarray(cv2.copyMakeBorder(plane, most + 1, most + 1, 0, 0, cv2.BORDER_REPLICATE), np.uint8)
    pixels = padded.reshape(-1)
    first = (middle + 1) * width + columns
    # (offsets, N, W)
    at = first + width * np.arange(2 * most + 1)[:, None, None]
    values = pixels.take(at)
    offsets = np.arange(-most, most + 1, dtype=np.float32)[:, None, None]
    near = np.abs(offsets - (where - middle).astype(np.float32)) <= reach
    above, below = (pixels.take(first + width * (most + side * size)).astype(np.float32) for side in (-1, 1))
    ground = np.maximum(np.maximum(above, below), 1)
    ink = np.maximum(ground - np.where(near, values, 255).min(axis=0), 0) / ground
    near &= inside & ~_strokes(ink.astype(np.float32), lines, start, end)
    slope = (below - above) / (2 * size).astype(np.float32)
    paper = above + slope * size.astype(np.float32) + slope * offsets
    painted = np.maximum(values, paper).astype(np.uint8)
    pixels[at[near]] = painted[near]
    plane[:] = padded[most + 1 : -most - 1]


def _strokes(ink: Levels, lines: PrintedLines, start: npt.NDArray[np.int64], end: npt.NDArray[np.int64]) -> Flags:
    """Where along lines whose ink is (N, W), from `start` to `end`, a stroke lies on them."""
    columns = np.arange(ink.shape[1])
    smooth = np.empty_like(ink)
    for number, half in enumerate(lines.half.tolist()):
        part = slice(int(start[number]), int(end[number]))
        kernel = (2 * int(2 * half + 2) + 1, 1)
        smooth[number, part] = cv2.blur(ink[number : number + 1, part], kernel)[0]
    length = (end - start)[:, None]
    pieces = np.clip(length // _PIECE, 1, _PIECES)
    steps = (np.arange(_PIECES)[:, None] + (np.arange(_SAMPLES) + 0.5) / _SAMPLES).ravel()
    share = np.minimum(steps / pieces, 1 - 1e-6)
    samples = np.take_along_axis(ink, (start[:, None] + share * length).astype(np.int64), axis=1)
    usual = _medians(samples.reshape(len(ink), _PIECES, _SAMPLES))
    # Between the pieces' middles, linearly.
    at = np.clip((columns - start[:, None] + 0.5) / length * pieces - 0.5, 0, pieces - 1)
    before = at.astype(np.int64)
    after = np.minimum(before + 1, pieces - 1)
    low, high = (np.take_along_axis(usual, piece, axis=1) for piece in (before, after))
    level = low + (at - before) * (high - low)
    level = np.clip(level, 0.7 * lines.ink[:, None], 1.4 * lines.ink[:, None])
    return np.asarray(smooth > _DARKER * level + 0.02, bool)
