"""The colours of values in the look inside: how deep, for a sign which hue, how a bar is drawn."""

from functools import lru_cache

import numpy as np
import numpy.typing as npt
from rich.color import Color as RichColor
from rich.segment import Segment
from rich.style import Style
from textual.color import Color
from textual.theme import Theme

from rnn_tui.engine.palette import curve_colour
from rnn_tui.networks.stepwise import Array

# Levels of a colour: as many as can be distinguished. With fewer, more neighbours are one segment.
LEVELS = 20
FADED = 0.72  # the share of the background in the colour of what is not read yet
GAMMA = 0.7  # the exponent of values with a sign: below 1, so that small ones stand out
GREY = Color(128, 128, 128)
_UP = " ▁▂▃▄▅▆▇█"

Levels = npt.NDArray[np.int8]


def levels_of(values: Array, limit: float, *, signed: bool) -> Levels:
    """Return the levels of values, of the same shape; NaN counts as 0.

    They go from −`LEVELS` to `LEVELS` for −`limit` to `limit`; without a sign, from 0.
    """
    scaled = np.nan_to_num(values / limit) if limit > 0 else np.zeros_like(values)
    clipped = np.clip(scaled, -1.0 if signed else 0.0, 1.0)
    levels: Levels = np.rint(clipped * LEVELS).astype(np.int8)
    return levels


class Heatscale:
    """The colours of a heatmap in a theme."""

    def __init__(self, theme: Theme, ground: Color, *, plain: bool = False) -> None:
        """Create a scale.

        Args:
            theme: Gives the colours.
            ground: The colour of zero: that of the background.
            plain: Whether the terminal has no colours, so that signs are written.
        """
        if ground.ansi is not None:  # the terminal chooses the actual colour
            ground = Color(0, 0, 0) if theme.dark else Color(255, 255, 255)
        self.ground = ground
        self._plain = plain
        self._below_zero, self._above_zero, self._unsigned = (
            Color.parse(curve_colour(index, theme.dark)) for index in range(3)
        )

    def hue(self, level: int, *, signed: bool) -> Color:
        """Return the full colour of levels like this one."""
        if not signed:
            return self._unsigned
        return self._above_zero if level >= 0 else self._below_zero

    def colour(self, level: int, *, signed: bool, faded: bool = False) -> RichColor:
        share = (abs(level) / LEVELS) ** (GAMMA if signed else 1)
        return _blended(self.ground, self.hue(level, signed=signed), share, faded)

    def cell(
        self, level: int, width: int, text: str = "", *, signed: bool, faded: bool = False
    ) -> Segment:
        """Draw a cell of a level, with its sign if there are no colours, or with a text."""
        if not text:
            character = sign_of(level) if signed and self._plain else " "
            text = width * character
        ink = self.ground if abs(level) > LEVELS // 2 else GREY
        colour = self.colour(level, signed=signed, faded=faded)
        return Segment(text, Style(color=ink.rich_color, bgcolor=colour))


@lru_cache(maxsize=2048)
def _blended(ground: Color, hue: Color, share: float, faded: bool) -> RichColor:
    full = ground.blend(hue, share, 1.0)
    return (full.blend(ground, FADED, 1.0) if faded else full).rich_color


def sign_of(level: int) -> str:
    """Return the sign of a level of at least a quarter, for if there are no colours."""
    if abs(level) < LEVELS // 4:
        return " "
    return "+" if level > 0 else "−"


def bar_cell(
    value: float, top: float, height: float, colour: RichColor, ground: RichColor
) -> tuple[str, Style]:
    """Draw the part of a bar from zero to `value` that lies in a cell.

    Args:
        value: Where the bar ends.
        top: The value at the upper edge of the cell.
        height: How much of the value a cell is high.
        colour: Of the bar.
        ground: Of the background.
    """
    bar_top, bar_bottom = max(value, 0.0), min(value, 0.0)
    covered = min(bar_top, top) - max(bar_bottom, top - height)
    eighths = max(0, min(8, round(covered / height * 8)))
    if value >= 0:
        # From the bottom up; where zero lies within the cell the bar begins at its foot.
        return _UP[eighths], Style(color=colour)
    if not eighths:
        return " ", Style()
    # From the top down: the rest is drawn in the colour of the background.
    return _UP[8 - eighths], Style(color=ground, bgcolor=colour)
