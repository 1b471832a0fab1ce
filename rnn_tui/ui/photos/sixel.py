"""Pictures by Sixel that leave no trace.

The widget of textual_image leaves cells around its data unpainted, so that parts of what was there
stay. It also leaves the cursor a line too low, so that lines beside it shift. This module is
imported by `pictures.py`, after textual_image.
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
        data_lines = super().render_lines(crop)
        if data_lines:
            lines[-1] = Strip([*blank, *data_lines[-1]], crop.width)
        return lines

    def _get_sixel_segments(self, sixel_data: str) -> Iterable[Segment]:
        """Go to the picture's first cell, draw it, and go on where the cursor would be."""
        region = self.screen.find_widget(self).visible_region
        start = Control.move_to(*region.offset)
        end = Control.move_to(region.right, region.bottom - 1)
        texts = (start.segment.text, sixel_data, end.segment.text)
        return [Segment(text, None, _CONTROL) for text in texts]
