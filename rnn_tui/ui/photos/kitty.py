"""Pictures by Kitty's protocol, sent as large as they are.

The widget of textual_image enlarges a picture to the pixels of its place, which terminals do
anyway. For one picture in a large window it sends 19 MB, and nothing else is drawn for four
seconds. This module is imported by `pictures.py`, after textual_image.
"""

from textual_image.renderable.tgp import Image
from textual_image.widget import TGPImage


class _SmallImage(Image):
    def _send_image_to_terminal(self, width: int, height: int) -> None:
        picture = self._image_data
        super()._send_image_to_terminal(min(width, picture.width), min(height, picture.height))


class SmallKittyImage(TGPImage, Renderable=_SmallImage):
    """A picture by Kitty's protocol."""
