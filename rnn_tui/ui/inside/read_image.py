"""The digit that is read row by row, and over it which pixels support or oppose the answer."""

from functools import lru_cache

import numpy as np
from rich.color import Color as RichColor
from rich.style import Style
from textual import events
from textual.color import Color
from textual.geometry import Size

from rnn_tui.photos.drawing import SIDE, Ink
from rnn_tui.ui.inside.colours import GREY, LEVELS, Heatscale, levels_of, sign_of
from rnn_tui.ui.inside.step_grid import StepPicked
from rnn_tui.ui.widgets.ink_image import LARGE, Cell, InkImage

WHITE_GREY = 255  # the grey of full ink that is read, on black paper
UNREAD_PAPER = 58  # the grey of the paper where rows are not read yet
UNREAD_INK = 127  # the grey of full ink there
MARGIN = 2  # columns for the mark beside a row
TINT = 0.85  # the share of its hue in the colour of the pixel that counts most
BLACK = Color(0, 0, 0)


class ReadImage(InkImage):
    """A picture of a digit, with a mark beside the row that is being read.

    Rows that are not read yet lie on grey paper.
    """

    _ink: Ink = np.zeros((SIDE, SIDE), np.float32)
    _tints = np.zeros((SIDE, SIDE), np.int8)  #: Levels of what pixels add to the answer.
    _last_row = SIDE - 1  #: The last row that was read.

    def show(self, ink: Ink, row: int, attributions: Ink | None = None) -> None:
        """Draw a digit.

        Args:
            ink: (28, 28), 0 … 1.
            row: The last one that was read, from 0.
            attributions: (28, 28) How much each pixel adds to the answer; None to show the ink
                alone.
        """
        tints = np.zeros((SIDE, SIDE), np.float32) if attributions is None else attributions
        self._ink = ink
        self._last_row = row
        self._tints = levels_of(tints, float(np.abs(tints).max()), signed=True)
        self.refresh()

    def get_content_width(self, container: Size, viewport: Size) -> int:
        return super().get_content_width(container, viewport) + MARGIN

    def on_click(self, event: events.Click) -> None:
        """Go to the row that was clicked; of two rows in a line, to the lower one."""
        offset = event.get_content_offset(self)
        if offset is not None:
            row = offset.y if self.scale == LARGE else 2 * offset.y + 1
            self.post_message(StepPicked(self, row))

    def _cells(self, y: int) -> list[Cell]:
        if self.scale == LARGE:
            rows = range(y, y + 1)
            marks = "◀"
            glyph = "  "
        else:
            rows = range(2 * y, 2 * y + 2)
            marks = "▀▄"
            glyph = "▀"
        upper_colours = self._colours(rows[0])
        lower_colours = self._colours(rows[-1])
        cells = [
            (glyph, Style(color=upper, bgcolor=lower))
            for upper, lower in zip(upper_colours, lower_colours, strict=True)
        ]
        if self.app.no_color:
            self._write_signs(cells, rows)
        if self._last_row in rows:
            accent = Color.parse(self.app.theme_variables["accent"]).rich_color
            style = self.rich_style + Style(color=accent, bold=True)
            cells.append((marks[rows.index(self._last_row)], style))
        return cells

    def _write_signs(self, cells: list[Cell], rows: range) -> None:
        """Write the signs of attributions into the cells, for a terminal without colours."""
        for column, tints in enumerate(self._tints[rows.start : rows.stop].T.tolist()):
            sign = sign_of(max(tints, key=abs))
            if sign != " ":
                text, style = cells[column]
                style = Style(color=GREY.rich_color, bgcolor=style.bgcolor)
                cells[column] = (sign * len(text), style)

    def _colours(self, row: int) -> list[RichColor]:
        """Return the colours of the pixels of a row, blended with the tints of attributions."""
        read = row <= self._last_row
        scale = Heatscale(self.app.current_theme, BLACK)
        inks = np.rint(np.clip(self._ink[row], 0, 1) * LEVELS).astype(int).tolist()
        tints = [0] * SIDE if self.app.no_color else self._tints[row].tolist()
        return [
            _pixel(ink, read, scale.hue(tint, signed=True), abs(tint))
            for ink, tint in zip(inks, tints, strict=True)
        ]


@lru_cache(maxsize=4096)
def _pixel(ink: int, read: bool, hue: Color, tint: int) -> RichColor:
    """Blend ink on paper, both in grey, with a tint; `ink` and `tint` go from 0 to `LEVELS`."""
    paper, full_ink = (0, WHITE_GREY) if read else (UNREAD_PAPER, UNREAD_INK)
    grey = round(paper + (full_ink - paper) * ink / LEVELS)
    return Color(grey, grey, grey).blend(hue, TINT * tint / LEVELS, 1.0).rich_color
