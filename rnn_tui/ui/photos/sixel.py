"""Pictures by Sixel that leave no trace; imported by `pictures.py`, behind textual_image.
The widget of textual_image leaves cells unpainted around its data, and the cursor a line too low:
parts of what was there stay, lines beside it shift.
"""

from collections.abc import Iterable

from rich.control import Control
from rich.segment import ControlType, Segment
from textual.app import ComposeResult
from textual.geometry import Region
from textual.strip import Strip
from textual_image.widget import SixelImage
from textual_image.widget.sixel import _ImageSixelImpl

_CONTROL = ((ControlType.CURSOR_FORWARD, 0),)  # marks what takes no cells


class CleanSixelImage(SixelImage, Renderable=SixelImage._Renderable):  # noqa: SLF001
    """A picture by Sixel."""

    def compose(self) -> ComposeResult:
        yield _Data(self.image, self._sixel_options)


class _Data(_ImageSixelImpl):
    def render_lines(self, crop: Region) -> list[Strip]:
        """Paint every cell, then draw over them."""
        blank = Strip.blank(crop.width, self.visual_style.rich_style)
        lines = [blank] * crop.height
        if drawn := super().render_lines(crop):
            lines[-1] = Strip([*blank, *drawn[-1]], crop.width)
        return lines

    def _get_sixel_segments(self, sixel_data: str) -> Iterable[Segment]:
        region = self.screen.find_widget(self).visible_region
        start, end = (
            Control.move_to(*region.offset),
            Control.move_to(region.right, region.bottom - 1),
        )
        return [
            Segment(text, None, _CONTROL)
            for text in (start.segment.text, sixel_data, end.segment.text)
        ]
