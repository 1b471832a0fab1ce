"""The charts of a document as SVG that points at nothing outside."""

import base64
import html
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from xml.etree import ElementTree

from rnn_tui.archive.export.formats import imported
from rnn_tui.archive.export.page.blocks import markdown_text
from rnn_tui.archive.export.plots import MARK, STYLE, WIDE, figure_bytes
from rnn_tui.engine.palette import curve_colour

SVG = "http://www.w3.org/2000/svg"
XLINK = "http://www.w3.org/1999/xlink"
TEXT_WIDTH = 800  # the page's width of text, in pixels
ROW_HEIGHT = 0.24  # inches of a row of a chart
HEIGHT_AROUND = 0.75  # inches above and below the rows
OUR_COLOUR = curve_colour(0, dark=False)
PUBLISHED_COLOUR = "#b3261e"
GREY = "#555555"
# The text before the id of a part of the drawing, in attributes that refer to it.
_REFERENCE = re.compile(r"url\(#|^#")


@dataclass(frozen=True)
class ReportChart:
    """A chart with a caption: a picture in Markdown, a drawing among the words in HTML."""

    key: str  #: its id, unique in the document, such as `rows-adder`.
    title: str
    caption: str
    drawing: bytes  #: SVG, as matplotlib writes it.

    @property
    def markdown(self) -> str:
        """The chart in a Markdown document."""
        data = base64.b64encode(svg(self).encode()).decode()
        image = f"![{markdown_text(self.title)}](data:image/svg+xml;base64,{data})"
        return f"{image}\n\n*{markdown_text(self.caption)}*"

    @property
    def html(self) -> str:
        """The chart in a page."""
        caption = f"<figcaption>{html.escape(self.caption)}</figcaption>"
        return f"<figure>\n{svg(self)}\n{caption}\n</figure>"


@dataclass(frozen=True)
class ChartRow:
    """A row of a chart: a name, a mean with its interval, and the numbers."""

    label: str
    numbers: str
    mean: float | None
    interval: tuple[float, float] | None  #: its ends.
    filled: bool = True  #: whether the mark of the mean is, or else a ring.
    published: float | None = None


def svg(chart: ReportChart) -> str:
    """Return a chart's drawing as an `<svg>` as wide as text, without outside references.

    A page has several: the ids of each begin with its key.
    """
    ElementTree.register_namespace("", SVG)
    # Drawn by this program a moment ago: no XML from elsewhere is read.
    root = ElementTree.fromstring(chart.drawing)
    for metadata in root.findall(f"{{{SVG}}}metadata"):
        root.remove(metadata)
    for element in root.iter():
        attributes = dict(element.attrib)
        element.attrib.clear()
        for name, value in attributes.items():
            plain_name = "href" if name == f"{{{XLINK}}}href" else name
            element.attrib[plain_name] = _with_key(plain_name, value, chart.key)
    _, _, width, height = map(float, root.get("viewBox", "").split())
    root.attrib |= {
        "role": "img",
        "aria-label": chart.title,
        "width": f"{TEXT_WIDTH}",
        "height": f"{TEXT_WIDTH * height / width:.0f}",
    }
    return ElementTree.tostring(root, encoding="unicode")


def _with_key(attribute: str, value: str, key: str) -> str:
    """Return the value of an attribute with a chart's key before the id in it."""
    if attribute == "id":
        return f"{key}-{value}"
    return _REFERENCE.sub(rf"\g<0>{key}-", value)


def draw_rows(rows: Sequence[ChartRow], *, x_label: str, head: str, zero: bool = False) -> bytes:
    """Draw rows below each other, as SVG.

    Args:
        rows: from the top down.
        x_label: what means and intervals are of.
        head: what stands above the numbers.
        zero: whether there is a line at 0.
    """
    figures = imported("matplotlib.figure", "plots", "Charts")
    styles = imported("matplotlib.style", "plots", "Charts")
    with styles.context(STYLE):
        figure = figures.Figure(
            figsize=(WIDE, HEIGHT_AROUND + ROW_HEIGHT * len(rows)), layout="constrained"
        )
        axes = figure.subplots()
        for place, row in enumerate(rows):
            _draw_row(axes, place, row)
        if zero:
            axes.axvline(0.0, color=GREY, linewidth=0.8)
        axes.set_xlabel(x_label)
        axes.text(1.01, 1.02, head, transform=axes.transAxes, fontsize=7, color=GREY)
        _write_beside(axes, [row.label for row in rows])
        _write_beside(axes.twinx(), [row.numbers for row in rows])
        return figure_bytes(figure, "svg")


def _draw_row(axes: Any, place: int, row: ChartRow) -> None:
    """Draw interval, mean and published figure of a row, so many rows from the top."""
    if row.interval is not None:
        axes.plot(row.interval, [place, place], color=OUR_COLOUR)
    if row.mean is not None:
        inner_colour = OUR_COLOUR if row.filled else "white"
        axes.plot(
            row.mean, place, "o", color=OUR_COLOUR, markersize=5, markerfacecolor=inner_colour
        )
    if row.published is not None:
        axes.plot(row.published, place, color=PUBLISHED_COLOUR, **MARK, markeredgewidth=1.4)


def _write_beside(axes: Any, texts: Sequence[str]) -> None:
    """Write a text beside each row, the first row at the top, on the side of these axes."""
    axes.set_ylim(len(texts) - 0.5, -0.5)
    axes.set_yticks(range(len(texts)), texts)
    axes.tick_params(axis="y", length=0)
    axes.grid(visible=False, axis="y")
