"""A picture of ink on 28×28 pixels, which can be read by brightness or characters alone.

It is made without NumPy, as it is in the app's first frame.
"""

import math
from collections.abc import Sequence
from functools import lru_cache
from itertools import groupby
from operator import itemgetter
from typing import TYPE_CHECKING

from rich.color import Color as RichColor
from rich.segment import Segment
from rich.style import Style
from textual.color import Color
from textual.geometry import Region, Size
from textual.reactive import reactive
from textual.strip import Strip
from textual.widget import Widget

from rnn_tui.tasks.mnist.first_digits import SIDE

if TYPE_CHECKING:
    from rnn_tui.photos.drawing import Ink

# As many shades as can be distinguished. With fewer, more neighbours are one segment.
SHADES = 32
# Characters by shade, for terminals without colours. They have the colour of their background, so
# that they cannot be seen if there are colours.
_CHARACTERS = " ░▒▓█"
SMALL, PLAIN, LARGE, HUGE = "small", "plain", "large", "huge"
#: Cells that a pixel is wide; it is as many half cells high. `SMALL` has 2×2 pixels in place of
#: one.
ZOOM = {SMALL: 1, PLAIN: 1, LARGE: 2, HUGE: 3}
_SIZES = {
    SMALL: Size(SIDE // 2, SIDE // 4),
    PLAIN: Size(SIDE, SIDE // 2),
    LARGE: Size(2 * SIDE, SIDE),
    HUGE: Size(3 * SIDE, 3 * SIDE // 2),
}

Cell = tuple[str, Style]
Levels = Sequence[Sequence[int]]  # rows of shades, from 0 for bare paper to `SHADES` for full ink
FAINT = 0.35  # the shade of ink in rows that are not read yet, as a share of the full one


def shades_of(image: Sequence[Sequence[int]], rows_read: int) -> Levels:
    """Return the shades of grey levels (28, 28), 0 … 255; rows that are not read are faint."""
    shades = []
    for index, row in enumerate(image):
        scale = SHADES / 255
        if index >= rows_read:
            scale *= FAINT
        shades.append([round(level * scale) for level in row])
    return shades


class InkImage(Widget):
    """A picture of ink.

    It has 14 × 7 cells at half the resolution (`SMALL`), or 28 × 14 (`PLAIN`), 56 × 28 (`LARGE`) or
    84 × 42 (`HUGE`).
    """

    COMPONENT_CLASSES = {"ink-image--ink"}
    ALLOW_SELECT = False

    #: the size, one of `SMALL`, `PLAIN`, `LARGE` and `HUGE`.
    scale = reactive(PLAIN, layout=True, init=False)
    _levels: Levels = ((0,) * SIDE,) * SIDE

    def show_ink(self, ink: "Ink") -> None:
        """Draw ink (28, 28), 0 … 1."""
        self.show_levels((ink.clip(0, 1) * SHADES).round().astype(int).tolist())

    def show_levels(self, levels: Levels) -> None:
        """Draw shades (28, 28)."""
        changed_rows = [
            row
            for row, (new, old) in enumerate(zip(levels, self._levels, strict=True))
            if new != old
        ]
        self._levels = levels
        if changed_rows:
            self.refresh_rows(changed_rows[0], changed_rows[-1])

    def refresh_rows(self, first: int, last: int) -> None:
        """Draw rows of pixels again, and no others: most strokes change a few at a time."""
        size = _SIZES[self.scale]
        top = first * size.height // SIDE
        bottom = math.ceil((last + 1) * size.height / SIDE)
        self.refresh(Region(0, top, size.width, bottom - top))

    def get_content_width(self, container: Size, viewport: Size) -> int:  # noqa: ARG002
        return _SIZES[self.scale].width

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:  # noqa: ARG002
        return _SIZES[self.scale].height

    def render_line(self, y: int) -> Strip:
        width = self.size.width
        if y >= _SIZES[self.scale].height:
            return Strip.blank(width, self.rich_style)
        runs = groupby(self._cells(y), key=itemgetter(1))  # runs of cells of one style
        segments = [Segment("".join(text for text, _ in run), style) for style, run in runs]
        return Strip(segments).adjust_cell_length(width, self.rich_style)

    def _cells(self, y: int) -> list[Cell]:
        """Return the cells of a line, one for each column of pixels, as wide as the zoom."""
        shades, zoom = self._shades, ZOOM[self.scale]
        upper_row = self._row(2 * y // zoom)
        lower_row = self._row((2 * y + 1) // zoom)
        cells = [
            cell_of(shades, upper, lower) for upper, lower in zip(upper_row, lower_row, strict=True)
        ]
        return [(zoom * character, style) for character, style in cells]

    def _row(self, y: int) -> Sequence[int]:
        """Return the shades of a row of pixels; at half the resolution, means of 2×2 pixels."""
        if self.scale != SMALL:
            return self._levels[y]
        upper, lower = self._levels[2 * y], self._levels[2 * y + 1]
        sums = [above + below for above, below in zip(upper, lower, strict=True)]
        return [
            round((left + right) / 4) for left, right in zip(sums[::2], sums[1::2], strict=True)
        ]

    @property
    def _shades(self) -> tuple[RichColor, ...]:
        styles = self.get_component_styles("ink-image--ink")
        return _blended(styles.background, styles.color)


@lru_cache(maxsize=16)
def _blended(paper: Color, ink: Color) -> tuple[RichColor, ...]:
    """Return the colours from bare paper to full ink."""
    return tuple(paper.blend(ink, level / SHADES, 1.0).rich_color for level in range(SHADES + 1))


@lru_cache(maxsize=8192)
def cell_of(shades: tuple[RichColor, ...], upper: int, lower: int) -> Cell:
    """Draw two pixels in a cell: the one with more ink as a half block, the other as its ground."""
    if upper > lower:
        character = "▀"
    elif upper < lower:
        character = "▄"
    else:
        character = _CHARACTERS[round(upper / SHADES * (len(_CHARACTERS) - 1))]
    return character, Style(color=shades[max(upper, lower)], bgcolor=shades[min(upper, lower)])
