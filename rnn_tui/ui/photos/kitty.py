"""Pictures by Kitty's protocol, sent as large as they are; imported by `pictures.py`, behind
textual_image. Its widget enlarges them to the pixels of their place, as terminals do anyway: of
one picture in a large window it sends 19 MB, and nothing else is drawn for four seconds.
"""

from textual_image.renderable.tgp import Image
from textual_image.widget import TGPImage


class _SmallImage(Image):
    def _send_image_to_terminal(self, width: int, height: int) -> None:
        picture = self._image_data
        super()._send_image_to_terminal(min(width, picture.width), min(height, picture.height))


class SmallKittyImage(TGPImage, Renderable=_SmallImage):
    """A picture by Kitty's protocol."""
