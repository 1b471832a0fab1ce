"""What a `StepGrid` draws over time steps: words, colours, bars, and how many lines each gets."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TypeAlias

import numpy as np
import numpy.typing as npt
from rich.color import Color as RichColor
from rich.style import Style
from textual.color import Color
from textual.theme import Theme

from rnn_tui.engine.palette import DARK_PALETTE, LIGHT_PALETTE
from rnn_tui.networks.stepwise import Array

# Lines of a curve: fewest, as many as it needs, and most that it profits from.
CURVE_LINES = 4, 6, 8
# Lines below which a heatmap is no picture any more.
FEWEST_HEAT_LINES = 5
# As many levels as can be told apart; with fewer, more neighbours are drawn in one go.
LEVELS = 20
# How far what is not read yet fades towards the ground.
FADED = 0.72
_UP = " ▁▂▃▄▅▆▇█"

Levels = npt.NDArray[np.int8]


@dataclass(frozen=True, eq=False)
class WordBand:
    """A word for each step.

    Attributes:
        label: what they are.
        words: T of them; where columns are narrower, their beginnings.
        wrong: T, those to mark as wrong; empty for none.
        strong: whether they stand out.
        chosen: T, those to mark as asked for; empty for none.
    """

    label: str
    words: Sequence[str]
    wrong: Sequence[bool] = ()
    strong: bool = False
    chosen: Sequence[bool] = ()


@dataclass(frozen=True, eq=False)
class HeadingBand:
    """A line of text across.

    Attributes:
        text: shown as it is.
    """

    text: str


@dataclass(frozen=True, eq=False)
class HeatBand:
    """Rows of values as colours.

    Attributes:
        name: which one it is, for whoever picks a place in it.
        labels: R names of rows.
        values: (R, T).
        limit: the value without sign that gets the full colour.
        signed: whether values below zero have a colour of their own.
        form: how the value at the cursor is written.
        row: the row with the cursor; None for none.
        written: whether values are written into their cells, where columns are wide enough.
    """

    name: str
    labels: Sequence[str]
    values: Array
    limit: float = 1.0
    signed: bool = False
    form: str = "+.2f"
    row: int | None = None
    written: bool = False


@dataclass(frozen=True, eq=False)
class BarBand:
    """Values as bars from zero, up and down.

    Attributes:
        label: what it is, in the narrow column beside it.
        values: (T,); NaN where there is none.
        low, high: the range that is drawn.
        form: how values are written.
    """

    label: str
    values: Array
    low: float
    high: float
    form: str = "+.2f"


StepBand: TypeAlias = WordBand | HeadingBand | HeatBand | BarBand


def allot(height: int, bands: Sequence[StepBand]) -> tuple[int, ...]:
    """Lines for each of the bands, together at most `height`.

    A heatmap of as many lines as rows has a line each; of fewer, two rows a line. Where all is too
    much, curves go first, then heatmaps shrink, then what is last is cut.
    """
    lines = [_fewest(band) for band in bands]
    heats = [at for at, band in enumerate(bands) if isinstance(band, HeatBand)]
    curves = [at for at, band in enumerate(bands) if isinstance(band, BarBand)]
    for at in curves:
        if sum(lines) > height:
            lines[at] = 0
    while heats and sum(lines) > height:
        largest = max(heats, key=lines.__getitem__)
        if lines[largest] <= 1:
            break
        lines[largest] -= 1
    for at in reversed(range(len(bands))):
        lines[at] -= min(lines[at], max(0, sum(lines) - height))

    def grow(at: int, to: int, share: int = 1) -> None:
        """Let a band that is there have `to` lines, or so many as that share of the free ones."""
        if lines[at]:
            lines[at] += max(0, min(to - lines[at], (height - sum(lines)) // share))

    for at in curves:
        grow(at, CURVE_LINES[1], 3)
    for at in sorted(heats, key=lambda at: _rows(bands[at])):
        rows = _rows(bands[at])
        # A line a row where that fits, or two rows a line.
        fits = rows - lines[at] <= height - sum(lines)
        grow(at, rows if fits else (rows + 1) // 2)
    for at in curves:
        grow(at, CURVE_LINES[2])
    return tuple(lines)


def _rows(band: StepBand) -> int:
    return len(band.values) if isinstance(band, HeatBand) else 1


def _fewest(band: StepBand) -> int:
    if isinstance(band, BarBand):
        return CURVE_LINES[0]
    return min((_rows(band) + 1) // 2, FEWEST_HEAT_LINES)


def levels_of(values: Array, limit: float, *, signed: bool) -> Levels:
    """Levels −`LEVELS` … `LEVELS` of values; without a sign, from 0. NaN counts as 0."""
    scaled = np.nan_to_num(values / limit) if limit > 0 else np.zeros_like(values)
    lowest = -1.0 if signed else 0.0
    result: Levels = np.rint(np.clip(scaled, lowest, 1.0) * LEVELS).astype(np.int8)
    return result


class Heatscale:
    """The colours of a theme.

    Args:
        theme: the one in use.
        ground: what zero looks like.
    """

    def __init__(self, theme: Theme, ground: Color) -> None:
        palette = DARK_PALETTE if theme.dark else LIGHT_PALETTE
        below, above, share = (Color.parse(palette[at]) for at in (0, 1, 2))
        if ground.ansi is not None:  # there is no saying what the terminal shows
            ground = Color(0, 0, 0) if theme.dark else Color(255, 255, 255)
        self.ground = ground
        self._hues = {"below": below, "above": above, "share": share}

    def colour(self, level: int, *, signed: bool, faded: bool = False) -> RichColor:
        """The colour of a level."""
        hue = "share" if not signed else "below" if level < 0 else "above"
        return _blended(self.ground, self._hues[hue], abs(level), faded)


@lru_cache(maxsize=2048)
def _blended(ground: Color, hue: Color, level: int, faded: bool) -> RichColor:
    full = ground.blend(hue, level / LEVELS, 1.0)
    return (full.blend(ground, FADED, 1.0) if faded else full).rich_color


def rows_at(band: HeatBand, lines: int, line: int) -> tuple[int, ...]:
    """The row, or the two rows, that a line of a heatmap shows; the cursor stays in view."""
    count = len(band.values)
    a_line = 1 if lines >= count else 2
    shown = min(count, lines * a_line)
    first = max(0, min((band.row or 0) - shown // 2, count - shown))
    first -= first % a_line
    start = first + line * a_line
    return tuple(range(start, min(start + a_line, count)))


def bar_cell(
    value: float, top: float, height: float, colour: RichColor, ground: RichColor
) -> tuple[str, Style]:
    """What a cell from `top` down by `height` shows of a bar from zero to `value`."""
    covered = min(max(value, 0.0), top) - max(min(value, 0.0), top - height)
    eighths = max(0, min(8, round(covered / height * 8)))
    if value >= 0:
        # From the bottom up; where zero lies within the cell the bar begins at its foot.
        return _UP[eighths], Style(color=colour)
    # From the top down: the rest is drawn in the colour of the ground.
    return (_UP[8 - eighths], Style(color=ground, bgcolor=colour)) if eighths else (" ", Style())
