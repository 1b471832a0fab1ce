"""Thin and nearly straight lines in a photo, many at a time.

A sheet of ruled paper has dozens, and a photo is prepared in milliseconds: so they are arrays, and
whatever is done to them is done to all at once.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from rnn_tui.photos.digit.ink import Ink

Numbers = npt.NDArray[np.floating[Any]]
Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class PrintedLines:
    """N lines: `place = a + b·along + c·along²`.

    Attributes:
        steep: (N,) whether `along` counts rows and `place` is a column; the other way round if not.
        curve: (N, 3) a, b, c, in pixels.
        half: (N,) half the thickness, measured along the axis of `place`.
        start: (N,) where they begin, along.
        end: (N,) where they end.
        ink: (N,) the median of their ink.
        cover: (N,) the share of their way from border to border that they cover.
    """

    steep: Flags
    curve: Numbers
    half: Numbers
    start: Numbers
    end: Numbers
    ink: Numbers
    cover: Numbers

    def __len__(self) -> int:
        return len(self.steep)

    @classmethod
    def joined(cls, parts: Sequence[PrintedLines]) -> PrintedLines:
        """All lines of `parts`, which may be empty."""
        if not parts:
            none = np.zeros(0)
            return cls(none.astype(bool), np.zeros((0, 3)), none, none, none, none, none)
        columns = [
            np.concatenate([getattr(part, field.name) for part in parts]) for field in fields(cls)
        ]
        return cls(*columns)

    def chosen(self, which: npt.NDArray[np.bool_ | np.int64]) -> PrintedLines:
        """The lines that a mask or numbers choose."""
        return PrintedLines(*(getattr(self, field.name)[which] for field in fields(self)))

    @property
    def slopes(self) -> Numbers:
        """(N,) pixels that `place` changes by with `along`, in the middle."""
        middle = (self.start + self.end) / 2
        slopes: Numbers = self.curve[:, 1] + 2 * self.curve[:, 2] * middle
        return slopes

    @property
    def lengths(self) -> Numbers:
        """(N,) from their beginnings to their ends."""
        lengths: Numbers = (self.end - self.start) * np.hypot(1, self.slopes)
        return lengths

    @property
    def angles(self) -> Numbers:
        """(N,) degrees from level, -90 … 90."""
        degrees = np.degrees(np.arctan(self.slopes))
        upright = np.where(degrees >= 0, 90 - degrees, -90 - degrees)
        angles: Numbers = np.where(self.steep, upright, degrees)
        return angles

    def seen_from(self, left: float, top: float, across: float, down: float) -> PrintedLines:
        """The lines in a part of the picture that begins at `left`, `top`, and is enlarged."""
        here, there = (np.where(self.steep, *sides) for sides in ((top, left), (left, top)))
        along, place = (np.where(self.steep, *sides) for sides in ((down, across), (across, down)))
        a, b, c = self.curve.T
        a, b = a + here * (b + here * c) - there, b + 2 * c * here
        # Pixels' middles lie at whole numbers: half a pixel shifts with the scale.
        moved = (a + 0.5 - 0.5 * b) * place - 0.5 + 0.5 * b * place / along
        return replace(
            self,
            curve=np.stack([moved, b * place / along, c * place / along**2], axis=1),
            half=self.half * place,
            start=(self.start - here) * along,
            end=(self.end - here) * along,
        )


def places(curve: Numbers, along: Numbers) -> Numbers:
    """Where curves (N, 3) are at `along`, (N, L) or (L,): (N, L)."""
    a, b, c = curve.T[:, :, None]
    result: Numbers = a + along * (b + along * c)
    return result


def quantiles(values: Ink | Numbers, chosen: Flags, share: float) -> Numbers:
    """The value below which `share` of the chosen ones of each row lie: (..., L) to (...).

    Without interpolation: the nearest of the values. Rows of which none is chosen give 0.
    """
    ordered = np.sort(np.where(chosen, values, np.inf), axis=-1)
    count = chosen.sum(axis=-1)
    at = np.rint(share * np.maximum(count - 1, 0)).astype(np.int64)
    picked = np.take_along_axis(ordered, at[..., None], axis=-1)[..., 0]
    result: Numbers = np.where(count > 0, picked, 0.0)
    return result
