"""A grey image drawn with half blocks, two pixels a cell: white ink on black, as MNIST has it."""

from collections.abc import Sequence

from rich.style import Style
from rich.text import Text
from textual.widgets import Static

HALF_BLOCK = "▀"
Image = Sequence[Sequence[int]]


def draw_image(image: Image) -> Text:
    """`image`, rows of grey values 0 … 255 (an even number of rows), as half as many lines."""
    text = Text(no_wrap=True, end="")
    for at in range(0, len(image), 2):
        if at:
            text.append("\n")
        for upper, lower in zip(image[at], image[at + 1], strict=True):
            style = Style(
                color=f"rgb({upper},{upper},{upper})", bgcolor=f"rgb({lower},{lower},{lower})"
            )
            text.append(HALF_BLOCK, style)
    return text


def halve(image: Image) -> list[list[int]]:
    """The image at half its size, each pixel the mean of four."""
    return [
        [
            (int(upper[x]) + int(upper[x + 1]) + int(lower[x]) + int(lower[x + 1])) // 4
            for x in range(0, len(upper), 2)
        ]
        for upper, lower in zip(image[::2], image[1::2], strict=True)
    ]


class DigitImage(Static):
    """A 28×28 image in 28 × 14 cells, or in 14 × 7 where `small`."""

    def show(self, image: Image, small: bool) -> None:
        """Draw `image`."""
        self.update(draw_image(halve(image) if small else image))
