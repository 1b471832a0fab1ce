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

LEVELS = 20  # as many levels as can be told apart; with fewer, more neighbours are drawn in one go
# How far what is not read yet fades towards the ground. Of values with a sign, small ones are to
# stand out: below 1.
FADED, GAMMA = 0.72, 0.7
GREY = Color(128, 128, 128)
_UP = " ▁▂▃▄▅▆▇█"

Levels = npt.NDArray[np.int8]


def levels_of(values: Array, limit: float, *, signed: bool) -> Levels:
    """Levels −`LEVELS` … `LEVELS` of values; without a sign, from 0. NaN counts as 0."""
    scaled = np.nan_to_num(values / limit) if limit > 0 else np.zeros_like(values)
    result: Levels = np.rint(np.clip(scaled, -1.0 if signed else 0.0, 1.0) * LEVELS).astype(np.int8)
    return result


class Heatscale:
    """The colours of a theme: zero looks like the `ground`; `plain` where there are none, so that
    signs are written.
    """

    def __init__(self, theme: Theme, ground: Color, *, plain: bool = False) -> None:
        if ground.ansi is not None:  # there is no saying what the terminal shows
            ground = Color(0, 0, 0) if theme.dark else Color(255, 255, 255)
        self.ground, self._plain = ground, plain
        # Of what is below zero, of what is above it, of shares.
        self._hues = [Color.parse(curve_colour(at, theme.dark)) for at in range(3)]

    def hue(self, level: int, *, signed: bool) -> Color:
        """The full colour of levels like this one."""
        return self._hues[level >= 0 if signed else 2]

    def colour(self, level: int, *, signed: bool, faded: bool = False) -> RichColor:
        return _blended(
            self.ground,
            self.hue(level, signed=signed),
            (abs(level) / LEVELS) ** (GAMMA if signed else 1),
            faded,
        )

    def cell(
        self, level: int, width: int, text: str = "", *, signed: bool, faded: bool = False
    ) -> Segment:
        """A cell of a level, with its sign where there are no colours, or with a text."""
        text = text or width * (sign_of(level) if signed and self._plain else " ")
        ink, ground = (
            self.ground if abs(level) > LEVELS // 2 else GREY,
            self.colour(level, signed=signed, faded=faded),
        )
        return Segment(text, Style(color=ink.rich_color, bgcolor=ground))


@lru_cache(maxsize=2048)
def _blended(ground: Color, hue: Color, share: float, faded: bool) -> RichColor:
    full = ground.blend(hue, share, 1.0)
    return (full.blend(ground, FADED, 1.0) if faded else full).rich_color


def sign_of(level: int) -> str:
    """A level of at least a quarter as a sign, for where there are no colours."""
    return " " if abs(level) < LEVELS // 4 else "+" if level > 0 else "−"


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
