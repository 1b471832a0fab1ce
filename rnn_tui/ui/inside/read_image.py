"""The digit that is read row by row, and over it which of its pixels speak for the answer."""

from functools import lru_cache

import numpy as np
from rich.color import Color as RichColor
from rich.style import Style
from textual import events
from textual.color import Color
from textual.geometry import Size

from rnn_tui.photos.drawing import SIDE, Ink
from rnn_tui.ui.common.widgets.ink_image import LARGE, Cell, InkImage
from rnn_tui.ui.inside.colours import GREY, LEVELS, Heatscale, levels_of, sign_of
from rnn_tui.ui.inside.step_grid import StepPicked

# The paper of rows that are not read yet, how much of their ink shows; columns for the mark beside
# a row.
UNREAD_PAPER, UNREAD_INK, MARGIN = 58, 0.35, 2
TINT = 0.85  # how much of its colour the pixel that counts most gets
BLACK = Color(0, 0, 0)


class ReadImage(InkImage):
    """A picture of which rows that are not read yet lie on grey paper, with a mark beside the row
    that is being read.
    """

    _ink: Ink = np.zeros((SIDE, SIDE), np.float32)
    _tints = np.zeros((SIDE, SIDE), np.int8)
    _last_row = SIDE - 1

    def show(self, ink: Ink, row: int, added: Ink | None = None) -> None:
        """Draw ink (28, 28) in 0 … 1 of which `row`, from 0, is the last one read; over it what
        pixels `added`, (28, 28).
        """
        tints = np.zeros((SIDE, SIDE), np.float32) if added is None else added
        self._ink, self._last_row = ink, row
        self._tints = levels_of(tints, float(np.abs(tints).max()), signed=True)
        self.refresh()

    def get_content_width(self, container: Size, viewport: Size) -> int:
        return super().get_content_width(container, viewport) + MARGIN

    def on_click(self, event: events.Click) -> None:
        if (at := event.get_content_offset(self)) is not None:
            self.post_message(StepPicked(self, at.y if self.scale == LARGE else 2 * at.y + 1))

    def _cells(self, y: int) -> list[Cell]:
        large = self.scale == LARGE
        rows, marks, glyph = (
            (range(y, y + 1), "◀", "  ") if large else (range(2 * y, 2 * y + 2), "▀▄", "▀")
        )
        colours = [self._colours(row) for row in rows]
        cells = [
            (glyph, Style(color=upper, bgcolor=lower))
            for upper, lower in zip(colours[0], colours[-1], strict=True)
        ]
        if self.app.no_color:
            for x, tints in enumerate(self._tints[rows.start : rows.stop].T.tolist()):
                sign = sign_of(max(tints, key=abs))
                if sign != " ":
                    cells[x] = (
                        sign * len(glyph),
                        Style(color=GREY.rich_color, bgcolor=cells[x][1].bgcolor),
                    )
        if self._last_row in rows:
            accent = Color.parse(self.app.theme_variables["accent"]).rich_color
            cells.append(
                (
                    marks[rows.index(self._last_row)],
                    self.rich_style + Style(color=accent, bold=True),
                )
            )
        return cells

    def _colours(self, row: int) -> list[RichColor]:
        read, scale = row <= self._last_row, Heatscale(self.app.current_theme, BLACK)
        inks = np.rint(np.clip(self._ink[row], 0, 1) * LEVELS).astype(int).tolist()
        tints = self._tints[row].tolist() if not self.app.no_color else [0] * SIDE
        return [
            _pixel(ink, read, scale.hue(tint, signed=True), abs(tint))
            for ink, tint in zip(inks, tints, strict=True)
        ]


@lru_cache(maxsize=4096)
def _pixel(ink: int, read: bool, hue: Color, tint: int) -> RichColor:
    """Ink on paper, both in grey, with a tint over them."""
    paper, full = (0, 255) if read else (UNREAD_PAPER, UNREAD_PAPER + UNREAD_INK * 197)
    grey = round(paper + (full - paper) * ink / LEVELS)
    return Color(grey, grey, grey).blend(hue, TINT * tint / LEVELS, 1.0).rich_color
