"""Ink on 28×28 pixels, to be read by brightness or characters alone; for the first frame, so
without NumPy.
"""

from collections.abc import Sequence
from functools import lru_cache
from itertools import groupby
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

# as many shades as can be told apart; with fewer of them more neighbours are drawn in one go
SHADES = 32
# what stands for ink where a terminal has no colours; in its own colour it can't be seen
_CHARACTERS = " ░▒▓█"
SMALL, PLAIN, LARGE, HUGE = "small", "plain", "large", "huge"
# cells of a pixel's width; as many half cells of its height
ZOOM = {SMALL: 1, PLAIN: 1, LARGE: 2, HUGE: 3}
_SIZES = {scale: Size(zoom * SIDE, zoom * SIDE // 2) for scale, zoom in ZOOM.items()} | {
    SMALL: Size(SIDE // 2, SIDE // 4)
}

Cell = tuple[str, Style]
Levels = Sequence[Sequence[int]]  # rows of shades, from 0 for bare paper to `SHADES` for full ink
FAINT = 0.35  # the shade of ink in rows that are not read yet, as a share of the full one


def shades_of(image: Sequence[Sequence[int]], rows_read: int) -> Levels:
    """The shades of grey levels (28, 28), 0 … 255, faint from the first row on that isn't read."""
    scales = [SHADES / 255 * (1 if row < rows_read else FAINT) for row in range(SIDE)]
    return [[round(at * scale) for at in row] for row, scale in zip(image, scales, strict=True)]


class InkImage(Widget):
    """A picture of ink: `small`, of 14 × 7 cells, at half the resolution; the others have 28 × 14,
    56 × 28 and 84 × 42.
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
        changed = [
            at for at, (new, old) in enumerate(zip(levels, self._levels, strict=True)) if new != old
        ]
        self._levels = levels
        if changed:
            self.refresh_rows(changed[0], changed[-1])

    def refresh_rows(self, first: int, last: int) -> None:
        """Draw rows of pixels again, and no others: most strokes change a few at a time."""
        size = _SIZES[self.scale]
        top, end = first * size.height // SIDE, -(-(last + 1) * size.height // SIDE)
        self.refresh(Region(0, top, size.width, end - top))

    def get_content_width(self, container: Size, viewport: Size) -> int:  # noqa: ARG002
        return _SIZES[self.scale].width

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:  # noqa: ARG002
        return _SIZES[self.scale].height

    def render_line(self, y: int) -> Strip:
        width = self.size.width
        if y >= _SIZES[self.scale].height:
            return Strip.blank(width, self.rich_style)
        runs = groupby(self._cells(y), lambda cell: cell[1])
        segments = [Segment("".join(text for text, _ in run), style) for style, run in runs]
        return Strip(segments).adjust_cell_length(width, self.rich_style)

    def _cells(self, y: int) -> list[Cell]:
        """What stands in a line, by columns of pixels, each as wide as the zoom."""
        shades, zoom = self._shades, ZOOM[self.scale]
        upper, lower = self._row(2 * y // zoom), self._row((2 * y + 1) // zoom)
        pairs = (pair(shades, *levels) for levels in zip(upper, lower, strict=True))
        return [(zoom * character, style) for character, style in pairs]

    def _row(self, y: int) -> Sequence[int]:
        if self.scale != SMALL:
            return self._levels[y]
        both = [a + b for a, b in zip(*self._levels[2 * y : 2 * y + 2], strict=True)]
        return [round((a + b) / 4) for a, b in zip(both[::2], both[1::2], strict=True)]

    @property
    def _shades(self) -> tuple[RichColor, ...]:
        styles = self.get_component_styles("ink-image--ink")
        return _blended(styles.background, styles.color)


@lru_cache(maxsize=16)
def _blended(paper: Color, ink: Color) -> tuple[RichColor, ...]:
    """The colours from bare paper to full ink."""
    return tuple(paper.blend(ink, level / SHADES, 1.0).rich_color for level in range(SHADES + 1))


@lru_cache(maxsize=8192)
def pair(shades: tuple[RichColor, ...], upper: int, lower: int) -> Cell:
    """Two pixels in a cell: the darker one is drawn, the other one is its ground."""
    alike = _CHARACTERS[round(upper / SHADES * (len(_CHARACTERS) - 1))]
    character = "▀" if upper > lower else "▄" if upper < lower else alike
    return character, Style(color=shades[max(upper, lower)], bgcolor=shades[min(upper, lower)])
