"""Values as colours: the stronger the value, the further from the ground."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import numpy.typing as npt
from rich.color import Color as RichColor
from textual.color import Color
from textual.theme import Theme

from rnn_tui.engine.palette import DARK_PALETTE, LIGHT_PALETTE
from rnn_tui.networks.stepwise import Array

# As many levels as can be told apart; with fewer, more neighbours are drawn in one go.
LEVELS = 20
# How far what is not read yet fades towards the ground.
FADED = 0.72

Levels = npt.NDArray[np.int8]


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
