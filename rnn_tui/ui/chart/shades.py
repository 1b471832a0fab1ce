"""Shaded areas of a chart, in cells of the terminal.

A cell has one background and no transparency. So an area is a set of whole cells, whose colours are
blended beforehand and laid under the text that the library has drawn.
"""

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import groupby

from rich.segment import Segment
from rich.style import Style

# The share of the run's colour in the cells of its band; the rest is the background.
BAND_SHARE = 0.25
# The share of the text's colour in the cells of the marked range: much fainter than any band.
MARK_SHARE = 0.08
# The bit of the marked range in a cell's layers. The bits above are those of the bands, in order.
MARK_LAYER = 1
# Gives a style the background of a cell, from the bits of the layers behind that cell.
Restyle = Callable[[Style | None, int], Style]


def band_share(count: int) -> float:
    """Return the share of the colour of each of ``count`` bands that lie in one cell.

    Together they have little more than one alone, or they would hide lines:

        1 - (1 - share) ** count = together
    """
    together = min(0.35, BAND_SHARE + 0.04 * (count - 1))
    return 1.0 - math.pow(1.0 - together, 1.0 / max(1, count))


def lay_under(
    segments: Iterable[Segment], left: int, row: Sequence[int], restyle: Restyle
) -> Iterator[Segment]:
    """Cut a line where the layers behind it change, and restyle what has some.

    Args:
        segments: The line, one character a cell.
        left: Cells before the plot, which have no layers.
        row: The layers behind each cell of the plot, as bits.
        restyle: Puts layers behind a style.
    """
    plot_parts = [(layers, len(list(cells))) for layers, cells in groupby(row)]
    parts = iter([(0, left), *plot_parts])
    layers, room = next(parts)
    for text, style, _ in segments:
        start = 0
        while start < len(text):
            while not room:
                # what follows the plot is blank to the end of the line
                layers, room = next(parts, (0, len(text)))
            piece = text[start : start + room]
            yield Segment(piece, restyle(style, layers) if layers else style)
            start += len(piece)
            room -= len(piece)
